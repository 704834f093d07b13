#!/usr/bin/env bash
# Rocks: built from a clean copy of the tree and from the archive of a release, packed, and installed.
# labels: package
# time limit: 300
. spec/support/checks.sh
. spec/support/installed.sh

version=$(cat VERSION)
tools/copy-tree.sh "$work/copy"

rockspec_builds() { # <version of Lua>
  cd "$work/copy" && luarocks --lua-version="$1" --tree="$work/rocks" make --deps-mode=none dataforest-scm-1.rockspec
}
check "the rockspec is well formed" luarocks lint dataforest-scm-1.rockspec
for lua in 5.4 5.1; do
  check "luarocks make, for Lua $lua" rockspec_builds $lua
  check "lua$lua loads from the tree of luarocks" \
    loads_from lua$lua "$work/rocks/share/lua/$lua" "$work/rocks/lib/lua/$lua"
  check "modules built by luarocks are hardened, for Lua $lua" is_hardened "$work/rocks/lib/lua/$lua"
  check "luarocks installs every Lua file, for Lua $lua" \
    diff -r lua/dataforest "$work/rocks/share/lua/$lua/dataforest"
  check "the command works from the tree of luarocks, for Lua $lua" command_works "$work/rocks/bin"
done

# The archive that a tag's release has, with the rockspec beside it.
mkdir "$work/release" && cp "dataforest-$version-1.rockspec" "$work/release/"
archive() { tar -C "$work" --transform="s|^copy|dataforest-$version|" -czf "$work/release/dataforest-$version.tar.gz" copy; }
rocks() { (cd "$work/release" && luarocks --lua-version=5.4 --tree="$work/released" "$@"); }

rm -rf "$work/copy" && tools/copy-tree.sh "$work/copy"
check "the released rockspec is well formed" luarocks lint "dataforest-$version-1.rockspec"
check "an archive of the tree" archive
check "luarocks build, from the released rockspec" rocks build --deps-mode=none "dataforest-$version-1.rockspec"
check "luarocks pack, of what was built" rocks pack dataforest "$version-1"
rm -rf "$work/released"
check "luarocks install, of the packed rock" rocks install --deps-mode=none "$work"/release/*.rock
check "lua5.4 loads from the packed rock" \
  loads_from lua5.4 "$work/released/share/lua/5.4" "$work/released/lib/lua/5.4"
finish
