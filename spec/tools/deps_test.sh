#!/usr/bin/env bash
# tools/deps.sh: content with what is there, whoever installed it, and clear about what is not.
# labels: integration tools
. spec/support/checks.sh

# The commands of this machine without package managers, sudo, and the named ones.
mkdir "$work/commands"
commands_without() {
  rm -rf "$work/commands" && mkdir "$work/commands"
  local folder
  for folder in /usr/local/bin /usr/bin /bin /usr/sbin; do
    cp --symbolic-link "$folder"/* "$work/commands/" 2>/dev/null
  done
  (cd "$work/commands" && rm -f apt-get dpkg dpkg-query dnf apk pacman brew pkg sudo "$@")
}
# deps <argument>...: with these commands only; its own addition to PATH must not bring others back
deps() {
  # shellcheck disable=SC2016 # a line of the script
  sed 's|^PATH=.*|PATH=$PATH|' tools/deps.sh >"$work/tools/deps.sh"
  PATH=$work/commands sh "$work/tools/deps.sh" "$@" >"$work/out" 2>"$work/err"
  local status=$?
  cat "$work/out" "$work/err"
  return $status
}
mkdir "$work/tools"

content() { commands_without && deps build && [ ! -s "$work/out" ] && [ ! -s "$work/err" ]; }
check "where all is there, it needs no package manager and says nothing" content

has_cmake_of_its_own() {
  commands_without cmake && printf '#!/bin/sh\n' >"$work/commands/cmake" && chmod +x "$work/commands/cmake" && deps build
}
check "a command from elsewhere will do" has_cmake_of_its_own

names() { # <manager> <line> <command that is missing>...
  local manager=$1 line=$2
  shift 2
  commands_without "$@" && printf '#!/bin/sh\nexit 1\n' >"$work/commands/$manager" && chmod +x "$work/commands/$manager"
  ! deps build && grep -qxF "$line" "$work/err"
}
check "names packages for dnf" names dnf "  dnf install cmake pkgconf" cmake pkg-config pkgconf
check "names packages for apk" names apk "  apk add cmake" cmake
check "names packages for pacman" names pacman "  pacman -S cmake" cmake
check "names packages for brew" names brew "  brew install cmake luajit" cmake luajit luajit-2.1.0-beta3
check "names packages for pkg" names pkg "  pkg install cmake luajit-openresty" cmake luajit luajit-2.1.0-beta3
one_of_two() {
  commands_without luajit luajit-2.1.0-beta3
  ! deps build && grep -Eq '^  these, as Debian calls them: luajit2( |$)' "$work/err"
}
check "names one of those that Debian has for LuaJIT" one_of_two
check "names Debian's packages where there is no manager" names none "  these, as Debian calls them: cmake" cmake

try_goes_on() { commands_without cmake && deps --try build && grep -q cmake "$work/err"; }
check "--try says what is missing and goes on" try_goes_on

unknown_group() { ! deps nonsense; }
check "an unknown group is refused" unknown_group
finish
