#!/usr/bin/env bash
# Prints, of the last `make test`, what looks at the wire over libcurl: the vectors of HTTP/1.1, and the specs labelled
# wire on Lua 5.4 and LuaJIT. First the counts, then those of cases in which versions of libcurl once differed.
# Nothing where they were not run.
cd "$(dirname "$0")/../.." || exit 1
specs=$(ctest --test-dir build -N -L '^wire$' | sed -n 's/^ *Test *#[0-9]*: //p')
[ -n "$specs" ] || exit 0
passed=0 failed=0 skipped=0 output=()
for name in c/http1_vectors $specs; do
  report=build/reports/${name//\//.}
  [ -s "$report" ] || continue
  read -r p f s <"$report"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s)) output+=("$report.tap")
done
[ $((passed + failed)) -gt 0 ] || exit 0
echo "wire: $passed passed, $failed failed, $skipped skipped"

# of <name> <pattern of its cases>
of() {
  local cases
  cases=$(grep -hE "^(not )?ok [0-9]+ - .*($2)" "${output[@]}")
  echo "case: $1: $(grep -c '^ok' <<<"$cases") passed, $(grep -c '^not ok' <<<"$cases") failed"
}
of "unrequested response" 'nobody asked for'
of "refused connection" 'nobody listens'
of "kept connection" 'connections? (are|is) (used again|kept for)|and a kept connection'
of "endless header" 'one endless header'
of "folded header" 'folded lines|has the verdict that it has everywhere'
