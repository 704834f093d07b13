#!/usr/bin/env bash
# What the examples print, against the emulator in process, without a network.
# labels: integration examples
. spec/support/checks.sh

prints_as_expected() { # <lua> <example>
  (
    eval "$(tools/env.sh "$1")"
    unset DATAFOREST_BASE_URL DATAFOREST_ACCOUNT DATAFOREST_PASSWORD
    diff "examples/$2.expected" <("$1" "examples/$2.lua" 2>&1)
  )
}
for lua in lua5.4 luajit lua5.1; do
  check "examples/lifecycle.lua prints what it should on $lua" prints_as_expected "$lua" lifecycle
done

says_what_is_missing() {
  local output
  output=$(
    eval "$(tools/env.sh lua5.4)"
    DATAFOREST_BASE_URL=https://127.0.0.1:1 DATAFOREST_PASSWORD="" lua5.4 examples/lifecycle.lua 2>&1
  ) && return 1
  echo "$output"
  [[ $output == *"DATAFOREST_PASSWORD is not set"* ]]
}
check "examples/lifecycle.lua asks for a password before it goes to a service" says_what_is_missing
finish
