#!/bin/sh
# Starts the emulator as a TLS server on a free port, runs examples/quickstart.lua against it with Lua 5.4
# through libcurl, and stops it.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d "${TMPDIR:-/tmp}/dataforest-demo.XXXXXX")
emulator=''
clear_up() {
  trap '' INT TERM HUP
  if [ -n "$emulator" ]; then
    kill -TERM "$emulator" 2>/dev/null || true
    wait "$emulator" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap clear_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

bin/dataforest emulator --listen 127.0.0.1:0 --parent $$ >"$work/environment" 2>"$work/complaint" </dev/null &
emulator=$!
while ! grep -qs NCLOUD_SECRET_KEY "$work/environment"; do
  if ! kill -0 "$emulator" 2>/dev/null; then
    cat "$work/complaint" >&2
    exit 1
  fi
  sleep 0.05
done
# shellcheck source=/dev/null
. "$work/environment"
eval "$(tools/env.sh lua5.4)"

lua5.4 examples/quickstart.lua
echo
echo "  All over TLS, against the emulator of bin/dataforest emulator; the script is examples/quickstart.lua."
