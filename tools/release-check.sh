#!/usr/bin/env bash
# Fails where the places that tell the version disagree. The file VERSION is the one that counts; the
# build takes it from there.
set -u
version=$(cat VERSION)
faults=0

expect() { # <what> <expected> <found>
  if [ "$2" = "$3" ]; then
    echo "ok      $1: $2"
  else
    echo "FAILED  $1: expected $2, found ${3:-nothing}"
    faults=$((faults + 1))
  fi
}

form=$(grep -Exc '[0-9]+\.[0-9]+\.[0-9]+' VERSION)
expect "VERSION holds one line, a version" 1 "$form"
expect "dist.ini" "$version" "$(sed -n 's/^version *= *//p' dist.ini)"
expect "CHANGELOG.md, its newest release" "$version" \
  "$(sed -n 's/^## \[\([0-9][^]]*\)\] - [0-9]\{4\}-[0-9]\{2\}-[0-9]\{2\}$/\1/p' CHANGELOG.md | head -n 1)"
rockspecs=$(ls dataforest-[0-9]*.rockspec 2>/dev/null)
expect "the released rockspec" "dataforest-$version-1.rockspec" "$rockspecs"
if [ -f "dataforest-$version-1.rockspec" ]; then
  difference=$(tools/rockspec.sh | diff - "dataforest-$version-1.rockspec")
  expect "the released rockspec is what tools/rockspec.sh prints" "" "$difference"
fi
exit $((faults > 0))
