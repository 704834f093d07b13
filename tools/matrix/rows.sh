# shellcheck shell=bash
# The rows of the matrix, a function each. To be sourced by tools/matrix/run.
: "${matrix:?}" "${results:?}"
root= # what make_root made last

# In this order they are listed and reported.
# shellcheck disable=SC2034 # for tools/matrix/run
rows=(debian-12 debian-13 debian-testing debian-13-i386 debian-13-arm64 debian-12-s390x lua5.5 poll musl openresty libcurl)

# record <row> <what is tried> <versions> <log> <what wire.sh says>: counts, and names of what failed, was skipped
# or passed at the second try, from a log of `make test` or again.sh that ends with its counts
record() {
  local counts
  counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$4" | tail -n 1)
  {
    echo "row: $1"
    echo "tried: $2"
    echo "date: $(date -u +%Y-%m-%d)"
    echo "versions: $3"
    echo "counts: ${counts:-0 passed, 1 failed}"
    [ -z "$5" ] || echo "$5"
    sed -n 's/^skipped: \(.*\)/skipped: \1/p; s/^not completed: /failed: /p; s/^not ok [0-9]* - /failed: /p
      s/^again: /again: /p' "$4"
    [ -n "$counts" ] || echo "failed: it ended before it could count"
  } >"$results/$1"
  echo "$1: ${counts:-no counts; see $4}"
  [[ $counts == *", 0 failed"* ]]
}

labels_of() { # <make argument>...: those of PARTS
  local argument
  for argument in "$@"; do
    case $argument in PARTS=*) echo "${argument#PARTS=}" ;; esac
  done
}

# tests <row> <what is tried> <make argument>...: `make test` as the user of $root
tests() {
  local row=$1 tried=$2
  shift 2
  local log=$matrix/$row.log
  if ! as_user dataforest make test "$@" >"$log" 2>&1 && grep -q '^[0-9]* passed' "$log"; then
    log=$matrix/$row.again.log
    # shellcheck disable=SC2046 # a list of labels
    as_user dataforest tools/matrix/again.sh $(labels_of "$@") >"$log" 2>&1
  fi
  record "$row" "$tried" "$(as_user dataforest tools/matrix/versions.sh)" "$log" \
    "$(as_user dataforest tools/matrix/wire.sh)"
}

# prepared <row> <suite> [<architecture>]: a root with the tree and all that `make deps` installs
prepared() {
  make_root "$@" && copy_here || return 1
  in_root make -C /home/user/dataforest deps >"$matrix/$1.deps.log" 2>&1 && return
  tail -n 5 "$matrix/$1.deps.log"
  echo "failed: make deps" >"$results/$1"
  return 1
}

# every_test <row> <what is tried> <make argument>...: all of `make test`, or with QUICK all but the slowest
every_test() {
  local row=$1 tried=$2
  shift 2
  if [ -n "${QUICK:-}" ]; then
    tests "$row" "$tried, without valgrind and sanitizers" PARTS="unit integration nginx package" \
      CMAKE_FLAGS="-DDATAFOREST_TEST_TIME=4 ${CMAKE_FLAGS:-}" "$@"
  else
    tests "$row" "$tried" CMAKE_FLAGS="${CMAKE_FLAGS:-}" "$@"
  fi
}

# whole <row> <suite> [<architecture>]: all that a user does
whole() {
  prepared "$@" || return 1
  local demo=ok
  as_user dataforest make demo >"$matrix/$1.demo.log" 2>&1 || demo="not ok"
  every_test "$1" "make deps, make demo ($demo), make test"
  [ "$demo" = ok ] || { echo "failed: make demo" >>"$results/$1" && return 1; }
}

row_debian-12() { whole debian-12 bookworm; }
row_debian-13() { whole debian-13 trixie; }
row_debian-testing() { whole debian-testing testing; }
row_debian-13-i386() { whole debian-13-i386 trixie i386; }

# Under qemu, without what starts servers: C tests, and the specs on Lua 5.4.
emulated() { # <row> <suite> <architecture>
  make_root "$@" && copy_here || return 1
  if ! { in_root /home/user/dataforest/tools/deps.sh build &&
    in_root apt-get -qq install --yes lua-busted libcmocka-dev lua-socket lua-sec; } >"$matrix/$1.deps.log" 2>&1; then
    tail -n 5 "$matrix/$1.deps.log"
    return 1
  fi
  tests "$1" "make test, the C tests and unit specs on Lua 5.4, under qemu" PARTS=unit \
    CMAKE_FLAGS="-DDATAFOREST_LUA=5.4 -DDATAFOREST_TEST_TIME=20 -DDATAFOREST_TEST_SERVERS=OFF"
}
row_debian-13-arm64() { emulated debian-13-arm64 trixie arm64; }
row_debian-12-s390x() { emulated debian-12-s390x bookworm s390x; } # big-endian

# The poll back end in place of epoll.
row_poll() {
  prepared debian-13 trixie || return 1
  CMAKE_FLAGS=-DDATAFOREST_POLL=poll every_test poll "make test with DATAFOREST_POLL=poll"
}

copy_modules() { # to where modules.sh looks for sources
  rm -rf "$root/opt/modules"
  if [ -n "${MODULES:-}" ]; then cp -r "$MODULES" "$root/opt/modules"; fi
}

# Lua 5.5, which has no modules in Debian yet: those written in C are built from Debian's sources, and those in
# Lua are Lua 5.4's.
row_lua5.5() {
  prepared debian-testing testing || return 1
  copy_modules
  if ! { sources_of trixie bookworm &&
    in_root apt-get -qq install --yes lua5.5 liblua5.5-dev libexpat1-dev dpkg-dev &&
    in_root sh -c 'rm -rf /usr/local/share/lua/5.5 && mkdir -p /usr/local/share/lua/5.5 &&
      cp -rs /usr/share/lua/5.4/. /usr/local/share/lua/5.5/' &&
    in_root /home/user/dataforest/tools/matrix/modules.sh /usr/local/lib/lua/5.5 /usr/local/share/lua/5.5 \
      -I/usr/include/lua5.5; } \
    >"$matrix/lua5.5.deps.log" 2>&1; then
    tail -n 5 "$matrix/lua5.5.deps.log"
    return 1
  fi
  tests lua5.5 "make test, the specs on Lua 5.5" PARTS=lua5.5
}

# here <row> <what is tried> <versions> <make argument>...: `make test` in a copy of the tree on this system
here() {
  local row=$1 tried=$2 versions=$3 copy=$matrix/here/$1
  shift 3
  rm -rf "$copy" && tools/copy-tree.sh "$copy" || return 1
  local log=$matrix/$row.log
  if ! make -C "$copy" test "$@" >"$log" 2>&1 && grep -q '^[0-9]* passed' "$log"; then
    log=$matrix/$row.again.log
    # shellcheck disable=SC2046 # a list of labels
    "$copy/tools/matrix/again.sh" $(labels_of "$@") >"$log" 2>&1
  fi
  record "$row" "$tried" "$versions" "$log" "$("$copy/tools/matrix/wire.sh")"
  local status=$?
  rm -rf "$copy"
  return $status
}

# What goes over the wire, with each libcurl of CURL_ROOTS.
row_libcurl() {
  local prefix version failed=0
  for prefix in ${CURL_ROOTS:?names folders with a libcurl each}; do
    version=$(sed -n 's/^#define LIBCURL_VERSION "\(.*\)"/\1/p' "$prefix/include/curl/curlver.h")
    here "libcurl-$version" "make test, C tests, failed allocations and what goes over the wire" \
      "$(LIBCURL=$version tools/matrix/versions.sh)" PARTS="c wire allocations" \
      CMAKE_FLAGS="-DCURL_ROOT=$prefix '-DDATAFOREST_LUA=5.4;luajit'" || failed=1
  done
  return $failed
}

# OpenResty as its users have it, in the folder OPENRESTY.
row_openresty() {
  local prefix=${OPENRESTY:?names a folder with OpenResty}
  PATH=$prefix/bin:$prefix/nginx/sbin:$PATH here openresty "make test, inside nginx" \
    "$(PATH=$prefix/luajit/bin:$prefix/nginx/sbin:$PATH tools/matrix/versions.sh)" PARTS=nginx \
    CMAKE_FLAGS="'-DDATAFOREST_LUA=5.4;luajit'"
}

# musl: everything that is linked or loaded is built with musl-gcc, Lua too.
row_musl() {
  prepared debian-12 bookworm || return 1
  copy_modules
  if ! in_root /home/user/dataforest/tools/matrix/musl.sh >"$matrix/musl.deps.log" 2>&1; then
    tail -n 5 "$matrix/musl.deps.log"
    return 1
  fi
  as_user dataforest env PATH=/opt/musl/bin:/usr/bin:/bin PKG_CONFIG_LIBDIR=/opt/musl/lib/pkgconfig \
    make test PARTS="c lua5.4 embedded allocations" CMAKE_FLAGS="-DCMAKE_C_COMPILER=musl-gcc -DDATAFOREST_LUA=5.4
      -DOPENSSL_ROOT_DIR=/opt/musl -DOPENSSL_USE_STATIC_LIBS=ON -DCURL_ROOT=/opt/musl -DDATAFOREST_TEST_SERVERS=OFF" \
    >"$matrix/musl.log" 2>&1
  # shellcheck disable=SC2016 # a field of dpkg's
  record musl "make test with musl-gcc, C tests, programs that embed Lua, and specs without servers" \
    "$(as_user dataforest tools/matrix/versions.sh), musl $(in_root dpkg-query -W -f '${Version}' musl)" \
    "$matrix/musl.log" ""
}
