#!/usr/bin/env bash
# Writes the seeds that are made of the documented examples into <folder>/<target>/.
set -eu
folder=$(mkdir -p "${1:?names the folder}/decode" "$1/xml" && cd "$1" && pwd)
cd "$(dirname "$0")/.."
eval "$(DATAFOREST_BUILD=build tools/env.sh lua5.4)"
exec lua5.4 spec/fuzz/seeds.lua "$folder"
