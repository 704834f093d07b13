#!/bin/sh
# Whether the emulator that start.sh runs is ready.
listen=${DATAFOREST_EMULATOR_LISTEN:-0.0.0.0:8443}
exec curl -fsS --max-time 2 --cacert "${DATAFOREST_EMULATOR_STATE:-/var/lib/dataforest}/ca.pem" -o /dev/null \
  "https://localhost:${listen##*:}/_emulator/ready"
