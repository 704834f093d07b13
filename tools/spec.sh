#!/bin/bash
# Runs the test files named in SPEC: busted specs with LUA, C tests as they are. See `make help`.
# time limit: 600
. tools/testing.sh

lua_specs=()
for spec in ${SPEC:?names the files}; do
  case $spec in
  *.c) build_c_tests c-tests && run_cmocka c-tests "$(basename "$spec" .c)" ;;
  *) lua_specs+=("$spec") ;;
  esac
done
if [ ${#lua_specs[@]} -gt 0 ]; then run_busted "${LUA:-lua5.4}" "${lua_specs[@]}"; fi
