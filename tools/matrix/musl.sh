#!/usr/bin/env bash
# Builds, with musl-gcc and from Debian's source packages, what dataforest needs: OpenSSL, libcurl, Expat,
# libyaml, cmocka and Lua 5.4 with its modules, in /opt/musl. As root on Debian.
set -eu
prefix=/opt/musl
here=$(cd "$(dirname "$0")" && pwd)
[ ! -e $prefix/made ] || exit 0
apt-get -qq install --yes musl-tools dpkg-dev cmake make perl file
export CC=musl-gcc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

source_of() { # <package>: leaves the shell in its folder
  cd "$work" && apt-get -qq source "$1" && cd "$1"-*/
}
by_cmake() { # <folder> <argument>...
  cmake -S "$1" -B b -DCMAKE_C_COMPILER=$CC -DCMAKE_INSTALL_PREFIX=$prefix -DCMAKE_INSTALL_LIBDIR=lib \
    -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_BUILD_TYPE=Release "${@:2}"
  cmake --build b --parallel "$(nproc)" && cmake --install b
}

source_of openssl
./Configure linux-x86_64 no-shared no-tests no-engine no-afalgeng no-secure-memory --prefix=$prefix --libdir=lib \
  --openssldir=/etc/ssl -fPIC
make -s -j"$(nproc)" build_libs && make -s install_dev

source_of curl
./configure --prefix=$prefix --disable-shared --with-pic --with-openssl=$prefix --disable-ldap --without-zlib \
  --without-brotli --without-zstd --without-libpsl --without-nghttp2 --without-libidn2 --without-libssh2 \
  --without-librtmp --disable-manual --with-ca-bundle=/etc/ssl/certs/ca-certificates.crt
make -s -j"$(nproc)" -C lib && make -s -C lib install && make -s -C include install && make -s install-pkgconfigDATA

source_of cmocka
by_cmake . -DWITH_EXAMPLES=OFF -DUNIT_TESTING=OFF
source_of libyaml
by_cmake . -DBUILD_TESTING=OFF
source_of expat
# Debian's patches want a value, which only Expat's other way to be built gives it.
sed -i 's/^#cmakedefine XML_DTD$/#define XML_DTD 1/' "$(find . -name expat_config.h.cmake)"
by_cmake "$(dirname "$(find . -name CMakeLists.txt | head -n 1)")" -DEXPAT_BUILD_TOOLS=OFF -DEXPAT_BUILD_TESTS=OFF \
  -DEXPAT_BUILD_EXAMPLES=OFF -DEXPAT_BUILD_DOCS=OFF -DEXPAT_SHARED_LIBS=OFF

# A Lua that does not look into the folders of modules for glibc: the interpreter, and the library for programs that
# embed it.
source_of lua5.4
mkdir -p $prefix/bin $prefix/include
echo '#define DEB_HOST_MULTIARCH "musl"' >src/lua5.4-deb-multiarch.h # which Debian's luaconf.h includes
cp src/lua5.4-deb-multiarch.h src/lua.h src/luaconf.h src/lualib.h src/lauxlib.h $prefix/include/
rm src/luac.c
compile=("$CC" -O2 -fPIC -DLUA_USE_LINUX
  "-DLUA_PATH_DEFAULT=\"./?.lua;$prefix/lib/lua/?.lua;/usr/share/lua/5.4/?.lua;/usr/share/lua/5.4/?/init.lua\""
  "-DLUA_CPATH_DEFAULT=\"$prefix/lib/lua/?.so\"")
"${compile[@]}" -Wl,-E src/*.c -lm -o $prefix/bin/lua5.4
rm src/lua.c
"${compile[@]}" -shared src/*.c -lm -o $prefix/lib/liblua5.4.so
printf '%s\n' 'Name: Lua' 'Description: Lua' 'Version: 5.4' "includedir=$prefix/include" "Cflags: -I$prefix/include" \
  "Libs: -L$prefix/lib -llua5.4" >$prefix/lib/pkgconfig/lua5.4.pc
CC="$CC -I$prefix/include -L$prefix/lib" "$here/modules.sh" $prefix/lib/lua $prefix/lib/lua ""
touch $prefix/made
