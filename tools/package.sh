#!/bin/bash
# Makes build/package/lua-dataforest_<version>_<architecture>.deb with the modules for each Lua.
set -eu
tools/deps.sh build package
cmake -S . -B build/package -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr >/dev/null
cmake --build build/package --parallel "$(nproc)" >/dev/null
rm -f build/package/*.deb
(cd build/package && cpack -G DEB >/dev/null)
ls build/package/*.deb
