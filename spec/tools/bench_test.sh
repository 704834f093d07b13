#!/usr/bin/env bash
# The bench with small numbers: that all of it works. No timing is asserted.
# labels: integration bench
# time limit: 300
# processors: 2
. spec/support/checks.sh
export BENCH_SMALL=1
check "every row and cost is measured, and every answer is right" tools/bench.sh
check "the results can be read" lua5.4 -e '
  local file = assert(io.open "build/bench/results.json")
  local results = require("cjson").decode(file:read "a")
  assert(#results.rows >= 18 and #results.costs >= 16)
  for _, row in ipairs(results.rows) do
    assert(row.ratio > 0 and row.ours_microseconds > 0 and row.reached == nil, row.id)
  end'
check "the plot is XML" lua5.4 -e '
  local file = assert(io.open "build/bench/bench.svg")
  local parser = require("lxp").new {}
  assert(parser:parse(file:read "a"))
  assert(parser:parse())'
finish
