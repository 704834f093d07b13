# shellcheck shell=bash
# For tests written as shell scripts: cases reported in TAP. To be sourced from the root of the tree; the
# last line of a script is `finish`.
set -u

checks=0
work=$(mktemp -d "${TMPDIR:-/tmp}/dataforest-check.XXXXXX") || exit 1 # a folder of the script's own
trap 'rm -rf "$work"' EXIT

# check <what> <command>...: one case. It passes if the command does; what the command prints is shown if not.
check() {
  local what=$1 output
  shift
  checks=$((checks + 1))
  if output=$("$@" 2>&1); then
    echo "ok $checks - $what"
  else
    echo "not ok $checks - $what"
    echo "#   ${output//$'\n'/$'\n'#   }"
  fi
}

# skip <what> <reason>
skip() {
  checks=$((checks + 1))
  echo "ok $checks # SKIP $1: $2"
}

finish() {
  echo "1..$checks"
}
