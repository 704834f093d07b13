#!/bin/sh
# Installs what is missing, through apt where that is there, and says what it installs; elsewhere it names the
# packages. What counts is what compiles and runs here, not who installed it: where all is there, it needs
# neither root nor the network.
#   tools/deps.sh [--try] [<group>...]
# Groups: build demo test browser lint bench docs fuzz package (default: build demo test).
# --try: where something is missing and cannot be installed, say so and end with status 0, since the build may
# be told of another place.
set -u
cd "$(dirname "$0")/.." || exit 1

# Words are names of commands but for those that `is_there` knows.
words_of() { # <group>
  case $1 in
  build) echo cc make cmake pkg-config openssl-dev curl-dev lua5.4 lua5.4-dev luajit luajit-dev lua:cjson lua:lxp ;;
  demo) echo openssl nginx-with-lua ;;
  test)
    words_of demo
    echo git curl tmux zsh fish luarocks ninja valgrind cmocka-dev lua:busted.runner lua:copas lua:cqueues lua:luv lua:socket lua:ssl
    # Other systems may have one Lua only, and the tests are content with it.
    ! command -v apt-get >/dev/null || echo lua5.1 lua5.1-dev lua5.2 lua5.2-dev lua5.3 lua5.3-dev locales
    ;;
  lint) echo luacheck cmocka-dev clang-format clang-tidy cppcheck shellcheck yamllint node npm ;;
  browser) echo chromium chromedriver ;;
  bench) echo lua:socket lua:ssl lua:openssl.hmac python3 ;;
  docs) echo lua5.4 node npm ;;
  fuzz) echo clang fuzzer ;;
  package) echo dpkg-dev file fakeroot ;;
  *)
    echo "deps: no group called $1 (build demo test browser lint bench docs fuzz package)" >&2
    return 2
    ;;
  esac
}

try=''
if [ "${1-}" = --try ]; then
  try=yes
  shift
fi
[ $# -gt 0 ] || set -- build demo test
words=''
for group in "$@"; do
  words="$words $(words_of "$group")" || exit 2
done

work=$(mktemp -d "${TMPDIR:-/tmp}/dataforest-deps.XXXXXX") || exit 1
clear_up() { rm -rf "$work"; }
trap clear_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What is there -----------------------------------------------------------------------------------------

PATH=$PWD/build/bin:$PATH:/usr/sbin # where Luas of other names have links; where nginx may be
CC=${CC:-cc}

# compiles <flags> <line>...: whether a program that begins with these lines compiles and links
compiles() {
  flags=$1
  shift
  printf '%s\n' "$@" 'int main(void) { return 0; }' >"$work/try.c"
  # shellcheck disable=SC2086 # flags
  $CC "$work/try.c" $flags -o "$work/try" >/dev/null 2>&1
}

flags_of() { pkg-config --cflags --libs "$1" 2>/dev/null || pkgconf --cflags --libs "$1" 2>/dev/null; }

# library_is_there <pkg-config name> <flag> <line>...
library_is_there() {
  name=$1 flag=$2
  shift 2
  compiles "$flag" "$@" || compiles "$(flags_of "$name")" "$@"
}

names_of_lua() { # <lua5.4>: what systems call it
  case $1 in
  luajit) echo luajit luajit-5.1 luajit-2.1 ;;
  *) echo "$1 $(echo "$1" | tr -d .) lua-${1#lua} lua/${1#lua} lua" ;;
  esac
}

lua_of() { # <lua5.4>: prints the command
  for name in $(names_of_lua "$1"); do
    # shellcheck disable=SC2016
    told=$("$name" -e 'io.write(rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d.%d")' 2>/dev/null)
    if [ "$told" = "$1" ]; then
      echo "$name"
      return
    fi
  done
  return 1
}

headers_are_there() { # <lua5.4>
  line='#include <luajit.h>'
  [ "$1" = luajit ] || line=$(printf '#if LUA_VERSION_NUM != 50%s\n#error another\n#endif' "${1#lua5.}")
  for name in $(names_of_lua "$1"); do
    compiles "$(pkg-config --cflags "$name" 2>/dev/null)" '#include <lua.h>' "$line" && return
    for folder in /usr/include /usr/local/include; do
      compiles "-I$folder/$name" '#include <lua.h>' "$line" && return
    done
  done
  return 1
}

is_for_luajit() { case $1 in cjson | lxp | busted.runner) ;; *) return 1 ;; esac } # as well as for Lua 5.4

module_is_there() { # <module>: for Lua 5.4, and LuaJIT where programs of both use it
  if [ "$1" = copas ]; then # which Debian has for LuaJIT, and not for Lua 5.4
    luajit -e "require '$1'" >/dev/null 2>&1
    return
  fi
  lua=$(lua_of lua5.4) && "$lua" -e "require '$1'" >/dev/null 2>&1 || return 1
  ! is_for_luajit "$1" || luajit -e "require '$1'" >/dev/null 2>&1
}

nginx_has_lua() {
  for nginx in openresty /usr/local/openresty/nginx/sbin/nginx nginx; do
    about=$("$nginx" -V 2>&1) || continue
    case $about in *openresty* | *lua*nginx*module* | *http*lua*) return 0 ;; esac
    folder=$(echo "$about" | sed -n 's/.*--modules-path=\([^ ]*\).*/\1/p')
    [ ! -e "${folder:-/usr/lib/nginx/modules}/ngx_http_lua_module.so" ] || return 0
  done
  return 1
}

fuzzer_links() {
  echo 'int LLVMFuzzerTestOneInput(const char *d, __SIZE_TYPE__ n) { return d && n > 9; }' >"$work/try.c"
  clang -fsanitize=fuzzer,address "$work/try.c" -o "$work/try" >/dev/null 2>&1
}

is_there() { # <word>
  case $1 in
  cc) compiles '' '#include <stdio.h>' ;;
  pkg-config) command -v pkg-config >/dev/null || command -v pkgconf >/dev/null ;;
  openssl-dev) library_is_there libcrypto -lcrypto '#include <openssl/evp.h>' ;;
  curl-dev) library_is_there libcurl -lcurl '#include <curl/curl.h>' ;;
  cmocka-dev)
    library_is_there cmocka -lcmocka '#include <stdarg.h>' '#include <stddef.h>' '#include <stdint.h>' \
      '#include <setjmp.h>' '#include <cmocka.h>'
    ;;
  lua5.?-dev | luajit-dev) headers_are_there "${1%-dev}" ;;
  lua5.? | luajit) lua_of "$1" >/dev/null ;;
  # Debian testing has Copas without a module that it loads. Its tests are skipped then.
  lua:copas) module_is_there copas || [ -e /usr/share/lua/5.1/copas.lua ] ;;
  lua:*) module_is_there "${1#lua:}" ;;
  nginx-with-lua) nginx_has_lua ;;
  fuzzer) fuzzer_links ;;
  chromium) command -v chromium >/dev/null || command -v google-chrome >/dev/null ;;
  locales) [ -e /usr/share/i18n/locales/de_DE ] ;;
  dpkg-dev) command -v dpkg-shlibdeps >/dev/null ;;
  *) command -v "$1" >/dev/null ;;
  esac
}

look() { # sets missing
  missing=''
  for word in $words; do
    case " $missing " in *" $word "*) continue ;; esac
    is_there "$word" || missing="$missing $word"
  done
}
look
[ -n "$missing" ] || exit 0

# What it is called -------------------------------------------------------------------------------------

# package_of <manager> <word>: the packages; "a|b" for the first that there is; rock:<name> for luarocks; nothing
# where advice_of has more to say
package_of() {
  case $1:$2 in
  apt:cc) echo gcc libc6-dev ;;
  apt:openssl-dev) echo libssl-dev ;;
  apt:curl-dev) echo libcurl4-openssl-dev ;;
  apt:dpkg-dev) echo dpkg-dev ;;
  apt:cmocka-dev) echo libcmocka-dev ;;
  apt:ninja | dnf:ninja) echo ninja-build ;;
  apt:lua5.1-dev) echo liblua5.1-0-dev ;;
  apt:lua5.?-dev) echo "lib$2" ;;
  # Debian 12 has LuaJIT twice; nginx's Lua module goes with OpenResty's, which is the only one since.
  apt:luajit) echo "luajit2|luajit" ;;
  apt:luajit-dev) echo "libluajit2-5.1-dev|libluajit-5.1-dev" ;;
  apt:lua:lxp) echo lua-expat ;;
  apt:lua:ssl) echo lua-sec ;;
  apt:lua:openssl*) echo lua-luaossl ;;
  apt:lua:*) echo "lua-$(echo "${2#lua:}" | cut -d . -f 1)" ;;
  apt:luacheck) echo lua-check ;;
  apt:nginx-with-lua) echo nginx-light libnginx-mod-http-lua ;;
  apt:node) echo nodejs ;;
  apt:chromedriver) echo chromium-driver ;;
  apt:fuzzer) # goes with the version of clang
    echo "libclang-rt-$(apt-cache show clang 2>/dev/null | sed -n 's/^Depends:.*clang-\([0-9]*\).*/\1/p' | head -n 1)-dev"
    ;;
  apk:lua:cjson) echo lua5.4-cjson lua5.1-cjson ;;
  apk:lua:lxp) echo lua5.4-expat lua5.1-expat ;;
  *:lua:lxp) echo rock:luaexpat ;;
  *:lua:ssl) echo rock:luasec ;;
  *:lua:openssl*) echo rock:luaossl ;;
  *:lua:socket) echo rock:luasocket ;;
  *:lua:cjson) echo rock:lua-cjson ;;
  *:lua:*) echo "rock:$(echo "${2#lua:}" | cut -d . -f 1)" ;;
  *:luacheck) echo rock:luacheck ;;
  apk:nginx-with-lua) echo nginx nginx-mod-http-lua ;;
  brew:nginx-with-lua) echo openresty/brew/openresty ;;
  pkg:nginx-with-lua) echo openresty ;;
  *:nginx-with-lua | brew:cc | brew:make | brew:valgrind) ;;
  apk:cc) echo build-base ;;
  *:cc) echo gcc ;;
  apk:ninja) echo samurai ;;
  apk:luarocks) echo luarocks5.4 ;;
  pkg:make) echo gmake ;;
  dnf:pkg-config | apk:pkg-config | pkg:pkg-config) echo pkgconf ;;
  dnf:openssl-dev) echo openssl-devel ;;
  dnf:curl-dev) echo libcurl-devel ;;
  dnf:lua5.4) echo lua ;;
  dnf:lua5.4-dev) echo lua-devel ;;
  dnf:luajit-dev) echo luajit-devel ;;
  dnf:cmocka-dev) echo libcmocka-devel ;;
  dnf:clang-format | dnf:clang-tidy) echo clang-tools-extra ;;
  dnf:shellcheck) echo ShellCheck ;;
  apk:clang-format | apk:clang-tidy) echo clang-extra-tools ;;
  apk:*-dev) echo "$2" ;;
  brew:openssl-dev | brew:openssl) echo openssl@3 ;;
  brew:lua5.4*) echo lua@5.4 ;;
  pkg:luajit*) echo luajit-openresty ;;
  pkg:luarocks) echo lua54-luarocks ;;
  pkg:shellcheck) echo hs-ShellCheck ;;
  pacman:chromedriver | pkg:chromedriver) echo chromium ;;
  pacman:clang-*) echo clang ;;
  pacman:lua5.4* | pkg:lua5.4*) echo lua54 ;;
  brew:clang* | brew:fuzzer | pkg:clang* | pkg:fuzzer) echo llvm ;;
  *:fuzzer) echo compiler-rt ;;
  pkg:node | dnf:node | apk:node | pacman:node) echo nodejs ;;
  *:*-dev) echo "${2%-dev}" ;;
  *) echo "$2" ;;
  esac
}

# advice_of <manager> <word>: what else it takes
# shellcheck disable=SC2016 # for the reader's shell
advice_of() {
  case $1:$2 in
  dnf:nginx-with-lua | pacman:nginx-with-lua) echo "OpenResty: https://openresty.org/en/linux-packages.html" ;;
  brew:cc | brew:make) echo "xcode-select --install" ;;
  # Homebrew keeps it out of the way of its newest Lua.
  brew:lua5.4) echo 'export PATH="$(brew --prefix lua@5.4)/bin:$PATH"' ;;
  brew:lua5.4-dev) echo 'export PKG_CONFIG_PATH="$(brew --prefix lua@5.4)/lib/pkgconfig"' ;;
  esac
}

give_up() {
  [ -n "$try" ] && exit 0
  exit 1
}

for manager in apt-get dnf apk pacman brew pkg none; do
  if command -v $manager >/dev/null; then break; fi
done

if [ "$manager" != apt-get ]; then
  case $manager in
  dnf) install="dnf install" ;;
  apk) install="apk add" ;;
  pacman) install="pacman -S" ;;
  brew) install="brew install" ;;
  pkg) install="pkg install" ;;
  *) install="these, as Debian calls them:" manager=apt ;;
  esac
  packages='' rocks='' luajit_rocks=''
  for word in $missing; do
    for name in $(package_of "$manager" "$word"); do
      case $name in
      libclang-rt-*) name=libclang-rt-dev ;; # of a version that only apt tells
      *\|*) name=${name%%|*} ;;
      esac
      case $name in
      rock:*)
        rocks="$rocks ${name#rock:}"
        ! is_for_luajit "${word#lua:}" || luajit_rocks="$luajit_rocks ${name#rock:}"
        ;;
      *) case " $packages " in *" $name "*) ;; *) packages="$packages $name" ;; esac ;;
      esac
    done
  done
  {
    echo "deps: not found here:$missing"
    [ -z "$packages" ] || echo "  $install$packages"
    [ -z "$rocks" ] || echo "  luarocks --lua-version=5.4 install, each of:$rocks"
    [ -z "$luajit_rocks" ] || echo "  luarocks --lua-version=5.1 install, each of:$luajit_rocks"
    for word in $missing; do advice_of "$manager" "$word"; done | sort -u | sed 's/^/  /'
  } >&2
  give_up
fi

# Through apt -------------------------------------------------------------------------------------------

if [ "$(id -u)" = 0 ]; then
  as_root=''
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
  as_root=sudo
else
  as_root=none
fi

has_candidate() { apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'; }

choose() { # <a|b>: the first that apt knows
  for name in $(echo "$1" | tr '|' ' '); do
    if has_candidate "$name"; then
      echo "$name"
      return
    fi
  done
  echo "${1%%|*}"
}

list_packages() {
  packages=''
  for word in $missing; do
    for name in $(package_of apt "$word"); do
      name=$(choose "$name")
      case " $packages " in *" $name "*) ;; *) packages="$packages $name" ;; esac
    done
  done
  packages=${packages# }
}

if [ "$as_root" = none ]; then
  list_packages
  echo "deps: not found here:$missing. Installing them needs root:" >&2
  echo "  apt-get install --no-install-recommends $packages" >&2
  give_up
fi

apt() { # --no-remove: rather fail than take away something that is in the way
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@"
}

# A package that brings a service (nginx) starts it, and at each boot, which nobody asked for: forbid
# that while apt runs, with Debian's own means, unless the machine has a policy of its own.
policy=/usr/sbin/policy-rc.d
forbid_services() {
  [ ! -e $policy ] || return 0
  clear_up() { rm -rf "$work" && $as_root rm -f $policy; }
  printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
  $as_root chmod 755 $policy
}

# Releases of Ubuntu lack some: the others are installed nevertheless.
leave_out_unknown() {
  known=''
  for name in $packages; do
    if has_candidate "$name"; then
      known="$known $name"
    else
      echo "deps: apt has no package $name" >&2
    fi
  done
  packages=${known# }
}

install_missing() {
  apt update
  list_packages
  leave_out_unknown
  echo "Installing with apt: $packages"
  case " $packages " in *" nginx-light "*) forbid_services ;; esac
  # shellcheck disable=SC2086 # a list of packages
  apt install --yes --no-install-recommends --no-remove $packages >/dev/null
}

if ! install_missing; then
  echo "deps: apt could not install them; what it said is above. To see the whole of it:" >&2
  echo "  apt-get install --no-install-recommends $packages" >&2
  case " $packages " in *luajit2*)
    echo "deps: Debian 12 has LuaJIT twice, and only one of them can be installed. nginx's Lua module needs luajit2," >&2
    echo "deps: OpenResty's; if the other one is here, take it away:  apt-get remove luajit libluajit-5.1-2" >&2
    ;;
  esac
  give_up
fi

look
if [ -n "$missing" ]; then
  echo "deps: apt installed them, but these are not found:$missing" >&2
  give_up
fi

case " $packages " in *" nginx-light "*)
  if [ -d /run/systemd/system ]; then
    echo "nginx was installed as a tool: its service is switched off (systemctl enable --now nginx brings it back)"
    $as_root systemctl --quiet disable nginx.service || true
  fi
  ;;
esac
