#!/usr/bin/env bash
# Runs one test for CTest: a program that reports its cases in TAP, as cmocka, tools/busted_tap.lua and
# spec/support/checks.sh do.
#   tools/tap.sh <report> <command>...
# The report holds "<passed> <failed> <skipped>", then a line for each skipped case; <report>.tap holds all
# that the program printed, and stdout all but the cases that passed. A crash, a bad exit status without a
# failed case, fewer cases than planned, or no case at all is one failure more.
set -u
report=$1
shift
mkdir -p "${report%/*}" && rm -f "$report" || exit 1

{
  "$@" 2>&1 </dev/null
  printf '\n# exit status %d\n' $?
} | awk -v report="$report" '
  /^# exit status [0-9]+$/ { status = $4; next }
  { print >(report ".tap") }
  !/^ok [0-9]+/ || /# SKIP/ { print; fflush() }
  /^1\.\.[0-9]+/ { planned += substr($1, 4) }
  /^(not )?ok [0-9]+.*# SKIP/ {
    sub(/^(not )?ok [0-9]+ (- )?/, ""); sub(/^# SKIP /, "")
    skipped[++skips] = $0
    next
  }
  /^ok [0-9]+/ { passed++ }
  /^not ok [0-9]+/ { failed++ }
  END {
    ran = passed + failed + skips
    if (status == "") complaint = "it was stopped"
    else if (ran == 0) complaint = "no case was run"
    else if (ran < planned) complaint = ran " of " planned " cases were run"
    else if (status != 0 && !failed) complaint = "no case failed"
    if (complaint) {
      print "not ok - " complaint (status == "" ? "" : ", and the exit status is " status)
      failed++
    }
    printf "%d %d %d\n", passed, failed, skips >report
    for (i = 1; i <= skips; i++) print skipped[i] >report
    exit failed > 0
  }'
exit "${PIPESTATUS[1]}"
