#!/usr/bin/env bash
# Copies what git has, or would have, and nothing that was built; without git, all but build/ and the site.
#   tools/copy-tree.sh <folder>
set -eu
folder=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/.."
if [ -e .git ]; then
  git ls-files -z --cached --others --exclude-standard
else
  find . \( -path ./build -o -path ./docs/site \) -prune -o -type f -print0
fi | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
  tar --create --no-recursion --null --files-from=- | tar --extract --directory="$folder"
