#!/usr/bin/env bash
# Builds a version of libcurl, with OpenSSL and of HTTP what dataforest uses, for the row libcurl.
#   tools/matrix/curl.sh <tag of curl's repository> <prefix>       such as curl-8_5_0 /opt/curl-8.5.0
# CURL_REPOSITORY names another place to take it from than curl's own.
set -eu
tag=$1 prefix=$2
[ ! -e "$prefix/lib/libcurl.so" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git -c advice.detachedHead=false clone --quiet --depth 1 --branch "$tag" \
  "${CURL_REPOSITORY:-https://github.com/curl/curl}" "$work/curl"
uses=CURL_USE
grep -q CURL_USE_OPENSSL "$work/curl/CMakeLists.txt" || uses=CMAKE_USE # as options were called before 7.81
cmake -S "$work/curl" -B "$work/build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_INSTALL_PREFIX="$prefix" \
  -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=ON -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF \
  "-D${uses}_OPENSSL=ON" -DCURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
  -DCURL_CA_PATH=/etc/ssl/certs -DUSE_NGHTTP2=OFF -DUSE_LIBIDN2=OFF -DCURL_USE_LIBPSL=OFF "-D${uses}_LIBSSH2=OFF" \
  -DCURL_DISABLE_LDAP=ON -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF -DENABLE_MANUAL=OFF \
  -DENABLE_CURL_MANUAL=OFF -DBUILD_LIBCURL_DOCS=OFF -DBUILD_MISC_DOCS=OFF
cmake --build "$work/build" --parallel "$(nproc)"
cmake --install "$work/build"
