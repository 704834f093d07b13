#!/usr/bin/env bash
# tools/matrix/run: what it makes of the results of rows, and which rows the public workflow has. The rows
# themselves take hours, root and the network.
# labels: integration tools
. spec/support/checks.sh

every_row_is_there() {
  local row
  for row in $(tools/matrix/run list); do grep -q "^row_$row() {" tools/matrix/rows.sh || return 1; done
}
check "each row that is listed is there" every_row_is_there

# By name in its list, or in a job of its own.
workflow_runs_each() {
  local row missing=0
  for row in $(tools/matrix/run list); do
    grep -Eq "[[ ]${row}[],]|tools/matrix/run ${row}\$" .github/workflows/platforms.yml || { echo "$row" && missing=1; }
  done
  [ $missing = 0 ]
}
check "the public workflow runs each row" workflow_runs_each

workflow_runs_no_other() {
  local row
  for row in $(sed -n '/^ *row:/,/\]/p' .github/workflows/platforms.yml | sed '1d' | tr -d '[],'); do
    tools/matrix/run list | grep -qxF "$row" || { echo "$row" && return 1; }
  done
}
check "the public workflow runs no row that is none" workflow_runs_no_other

refuses_unknown() {
  tools/matrix/run debian-13 debian-0 >"$work/out" 2>&1
  [ $? = 2 ] && grep -q "no row called debian-0" "$work/out" && [ ! -e "$MATRIX/debian-13" ]
}
export MATRIX=$work/matrix
check "a row that is none is refused before any is run" refuses_unknown

result() { printf '%s\n' "row: $1" "${@:2}" >"$MATRIX/results/$1"; }
result libcurl-10.2.0 "tried: all" "counts: 3 passed, 0 failed" "versions: OpenSSL 3.5; libcurl 10.2.0" \
  "wire: 2 passed, 0 failed, 0 skipped" "case: cut: 2 passed, 0 failed" "case: late: 0 passed, 1 failed"
result libcurl-9.10.0 "tried: all" "counts: 5 passed, 1 failed, 2 skipped" "versions: OpenSSL 3.0; libcurl 9.10.0" \
  "wire: 4 passed, 1 failed, 1 skipped" "failed: a|b" "skipped: none here" "skipped: none here"
result poll "tried: all" "counts: 7 passed, 0 failed" "versions: libcurl 9.10.0" "again: late" "skipped: none here"
echo "failed: make deps" >"$MATRIX/results/debian-12"

reports() {
  tools/matrix/run report "$work/page.md" || return 1
  cat "$work/page.md"
  [ "$(sed -n '/^| platform/,/^$/s/^| \([a-z][^ ]*\) .*/\1/p' "$work/page.md" | paste -sd ' ')" = \
    "platform debian-12 poll libcurl-9.10.0 libcurl-10.2.0" ]
}
check "rows stand in their order, those of libcurl by version" reports
has_line() { grep -qxF -- "$1" "$work/page.md"; }
check "a row has its counts" has_line '| libcurl-9.10.0 | all |  | 5 | 1 | 2 |'
check "a row that could not begin has failed" has_line '| debian-12 | make deps |  | 0 | 1 | 0 |'
check "what failed is named, and what would break a table escaped" has_line '- a\|b (libcurl-9.10.0)'
check "what was skipped is named once, with its rows" has_line '- none here (poll, libcurl-9.10.0)'
check "what passed at the second try is named" has_line '- late (poll)'
check "what goes over the wire has a table by libcurl" has_line '| 9.10.0 | 3.0 | libcurl-9.10.0 | 4 | 1 | 1 |'
check "cases have a column each" has_line '| libcurl | OpenSSL | cut | late |'
check "and counts by libcurl" has_line '| 10.2.0 | 3.5 | 2 / 0 | 0 / 1 |'
finish
