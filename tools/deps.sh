#!/bin/sh
# Installs what is missing on Debian 12, through apt, and says what it installs.
# Arguments: what it is wanted for, of build, demo, test, browser, bench, lint, docs, fuzz and package
# (default: build demo test).
# A second run, with everything there, asks apt nothing.
set -eu

# A package a word; command:package where any provider of the command will do (npm comes with nodejs
# from elsewhere, for example).
build="libc6-dev cmake:cmake pkg-config:pkg-config libssl-dev libcurl4-openssl-dev
  lua5.4 liblua5.4-dev luajit2 libluajit2-5.1-dev lua-cjson lua-expat"
demo="openssl:openssl nginx:nginx-light libnginx-mod-http-lua"
test="$demo curl:curl tmux:tmux zsh:zsh fish:fish lua-busted lua-cqueues lua-socket lua-sec luarocks:luarocks libcmocka-dev
  valgrind:valgrind
  lua5.1 liblua5.1-0-dev lua5.2 liblua5.2-dev lua5.3 liblua5.3-dev"
lint="lua-check libcmocka-dev clang-format:clang-format clang-tidy:clang-tidy cppcheck:cppcheck
  shellcheck:shellcheck node:nodejs npm:npm"
browser="chromium:chromium chromedriver:chromium-driver"
bench="lua-socket lua-sec lua-luaossl python3:python3"
docs="lua5.4 lua-cjson node:nodejs npm:npm"
fuzz="clang:clang libclang-rt-14-dev"
package="dpkg-dev:dpkg-dev file:file"

installed() { # a package, fully
  [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]
}

[ $# -gt 0 ] || set -- build demo test
missing=
for group in "$@"; do
  case $group in
  build) words=$build ;;
  demo) words=$demo ;;
  test) words=$test ;;
  browser) words=$browser ;;
  lint) words=$lint ;;
  bench) words=$bench ;;
  docs) words=$docs ;;
  fuzz) words=$fuzz ;;
  package) words=$package ;;
  *)
    echo "deps: no group called $group (build demo test browser bench lint docs fuzz package)" >&2
    exit 2
    ;;
  esac
  for word in $words; do
    package=${word#*:}
    if [ "$package" != "$word" ] && command -v "${word%%:*}" >/dev/null; then continue; fi
    if installed "$package"; then continue; fi
    case " $missing " in *" $package "*) ;; *) missing="$missing $package" ;; esac
  done
done

if [ -z "$missing" ]; then exit 0; fi
missing=${missing# }

if ! command -v apt-get >/dev/null; then
  echo "deps: there is no apt-get here; install these by your own means (named as in Debian 12):" >&2
  echo "  $missing" >&2
  exit 1
fi

plain=
for package in luajit libluajit-5.1-dev libluajit-5.1-2 libluajit-5.1-common; do
  if installed "$package"; then plain="$plain $package"; fi
done
case " $missing " in *luajit*)
  if [ -n "$plain" ]; then
    echo "deps: Debian 12 has LuaJIT twice, and only one of them can be installed. This project uses luajit2," >&2
    echo "deps: OpenResty's, as nginx's Lua module does; the other one is here. Take it away, and run this again:" >&2
    echo "  apt-get remove$plain" >&2
    exit 1
  fi
  ;;
esac

as_root=
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "deps: these packages are missing, and installing them needs root (there is no sudo here):" >&2
    echo "  apt-get install --no-install-recommends $missing" >&2
    exit 1
  fi
  as_root=sudo
fi

echo "Installing with apt: $missing"

# A package that brings a service (nginx) starts it, and at each boot, which nobody asked for: forbid
# that while apt runs, with Debian's own means, unless the machine has a policy of its own.
policy=/usr/sbin/policy-rc.d
case " $missing " in *" nginx-light "*) new_nginx=yes ;; *) new_nginx= ;; esac
if [ -n "$new_nginx" ] && [ ! -e $policy ]; then
  trap '$as_root rm -f $policy' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
  $as_root chmod 755 $policy
fi

apt() { # --no-remove: rather fail than take away something that is in the way
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@"
}
apt update
# shellcheck disable=SC2086 # a list of packages
apt install --yes --no-install-recommends --no-remove $missing >/dev/null || {
  echo "deps: apt could not install them; what it said is above. To see the whole of it:" >&2
  echo "  apt-get install --no-install-recommends $missing" >&2
  exit 1
}

if [ -n "$new_nginx" ] && [ -d /run/systemd/system ]; then
  echo "nginx was installed as a tool: its service is switched off (systemctl enable --now nginx brings it back)"
  $as_root systemctl --quiet disable nginx.service || true
fi
