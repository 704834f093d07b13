#!/bin/sh
# In a Debian: installs the package and what the emulator's server needs, and makes its user.   install.sh <.deb>
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends "$1" curl libnginx-mod-http-lua lua-cjson lua-expat lua5.4 \
  nginx-light openssl
rm -rf /var/lib/apt/lists/*
useradd --system --home-dir /var/lib/dataforest --shell /usr/sbin/nologin dataforest
install -d -o dataforest -g dataforest -m 755 /var/lib/dataforest
