#!/bin/sh
# In a Debian that holds the source: makes the package.   build.sh <where the .deb goes>
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends build-essential cmake dpkg-dev file libcurl4-openssl-dev libluajit-5.1-dev \
  liblua5.4-dev libssl-dev lua5.4 luajit pkg-config
cmake -S . -B /tmp/build -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr
cmake --build /tmp/build --parallel "$(nproc)"
(cd /tmp/build && cpack -G DEB)
mv /tmp/build/*.deb "$1"
