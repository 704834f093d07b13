#!/bin/bash
# Prints the counts of the last `make test` for what looks at the wire over libcurl: the vectors of HTTP/1.1, and the
# specs labelled wire on Lua 5.4 and LuaJIT. Nothing where they were not run.
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0 skipped=0
specs=$(ctest --test-dir build -N -L '^wire$' | sed -n 's/^ *Test *#[0-9]*: //p')
[ -n "$specs" ] || exit 0
for name in c/http1_vectors $specs; do
  report=build/reports/${name//\//.}
  [ -s "$report" ] || continue
  read -r p f s <"$report"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
if [ $((passed + failed)) -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; fi
