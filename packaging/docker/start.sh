#!/bin/sh
# Runs the emulator with its state and its authority in /var/lib/dataforest. Control wants a token: the one of
# DATAFOREST_EMULATOR_TOKEN, else one that is made, kept there and printed.
set -eu
umask 077
state=${DATAFOREST_EMULATOR_STATE:-/var/lib/dataforest}
if [ -z "${DATAFOREST_EMULATOR_TOKEN:-}" ]; then
  [ -s "$state/token" ] || od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$state/token"
  DATAFOREST_EMULATOR_TOKEN=$(cat "$state/token")
fi
export DATAFOREST_EMULATOR_TOKEN
exec dataforest emulator --listen "${DATAFOREST_EMULATOR_LISTEN:-0.0.0.0:8443}" --state "$state/state.json" \
  --ca-file "$state/ca.pem" "$@"
