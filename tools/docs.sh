#!/bin/sh
# Builds the documentation as a site, in docs/site/ (argument: another folder), and makes anew what is kept
# in the tree: the tables of docs/errors.md, and types/.
set -eu
cd "$(dirname "$0")/.."
tools/deps.sh build docs
eval "$(tools/env.sh lua5.4)"
export LUA_PATH="./?.lua;$LUA_PATH"
lua5.4 -e 'require("tools.docs.tables").rewrite "docs/errors.md"'
lua5.4 tools/types.lua types

site=${1:-docs/site}
rm -rf "$site"
lua5.4 tools/docs/site.lua "$site"
