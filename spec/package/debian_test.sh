#!/usr/bin/env bash
# The Debian package, and the version that all files tell.
# labels: package
# time limit: 300
. spec/support/checks.sh
. spec/support/installed.sh

version=$(cat VERSION)
root=$work/root

check "the places that tell the version agree" tools/release-check.sh

disagreement_is_seen() {
  mkdir "$work/other" && cp -r VERSION dist.ini CHANGELOG.md ./*.rockspec tools "$work/other" || return 1
  cd "$work/other" && echo 9.9.9 >VERSION && ! tools/release-check.sh
}
check "a version that disagrees is seen" disagreement_is_seen

check "cpack makes a Debian package" tools/package.sh
package=$(ls build/release/lua-dataforest_"$version"_*.deb)

# A root of its own, so that the machine's packages stay as they are.
as_root=
if [ "$(id -u)" != 0 ]; then as_root=fakeroot; fi # dpkg gives what it unpacks to root
in_root() { $as_root dpkg --root="$root" --force-depends --force-not-root --log=/dev/null "$@"; }

installs() {
  mkdir -p "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/info" &&
    : >"$root/var/lib/dpkg/status" && in_root --install "$package"
}

works_from_root() { # <lua> <version of its folders>
  local libraries
  libraries=$(dirname "$(find "$root/usr/lib" -path "*/lua/$2/dataforest/core.so" -printf '%h\n')") || return 1
  loads_from "$1" "$root/usr/share/lua/$2" "$libraries"
}

man_page_works() { man -l "$root/usr/share/man/man1/dataforest.1"* | grep -q DATAFOREST; }

removes_all() { in_root --purge lua-dataforest && [ ! -e "$root/usr" ]; }

check "the Debian package installs" installs
check "its modules are hardened" is_hardened "$root/usr/lib"
check "Lua 5.4 works from it" works_from_root lua5.4 5.4
check "LuaJIT works from it" works_from_root luajit 5.1
check "the command works from it" command_works "$root/usr/bin"
if command -v man >/dev/null; then
  check "its man page is read by man" man_page_works
else
  skip "its man page is read by man" "there is no man"
fi
check "the Debian package goes without a trace" removes_all
finish
