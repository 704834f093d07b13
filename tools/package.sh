#!/usr/bin/env bash
# Makes build/release/lua-dataforest_<version>_<architecture>.deb with the modules for each Lua.
set -eu
cd "$(dirname "$0")/.."
tools/deps.sh --try build package
cmake --preset release >/dev/null
cmake --build --preset release --parallel "$(nproc)" >/dev/null
rm -f build/release/*.deb
(cd build/release && cpack -G DEB >/dev/null)
ls build/release/*.deb
