#!/bin/sh
# Builds the documentation as a site, in docs/site/ (argument: another folder), and rewrites types/.
set -eu
cd "$(dirname "$0")/.."
tools/deps.sh --try build docs
eval "$(tools/env.sh lua5.4)"
export LUA_PATH="./?.lua;$LUA_PATH"
lua5.4 tools/types.lua types

site=${1:-docs/site}
case $site in /*) ;; *) site=$PWD/$site ;; esac
work=$PWD/build/docs
mkdir -p "$work"
if ! cmp -s tools/docs/vitepress/package-lock.json "$work/package-lock.json"; then
  cp tools/docs/vitepress/package.json tools/docs/vitepress/package-lock.json "$work/"
  (cd "$work" && npm ci --silent --no-audit --no-fund) || { rm -f "$work/package-lock.json"; exit 1; }
fi
rm -rf "$work/source" "$site"
mkdir -p "$work/source/.vitepress"
cp -R tools/docs/vitepress/config.mjs tools/docs/vitepress/theme "$work/source/.vitepress/"
lua5.4 tools/docs/pages.lua "$work/source"
(cd "$work" && node_modules/.bin/vitepress build source --outDir "$site") >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  exit 1
}
rm -rf "$work/source"
echo "docs: $(find "$site" -name '*.html' | wc -l) pages in $site"
