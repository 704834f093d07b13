#!/usr/bin/env bash
# Runs examples/openresty against the emulator, each on a free port of this machine, until Ctrl-C.
# PORT=8080 chooses the port of the page.
set -eu
cd "$(dirname "$0")/.."

# Within the emulator, which has an account, sets the variables that lead to it, and ends with this script.
if [ -z "${DATAFOREST_DEMO:-}" ]; then
  export DATAFOREST_DEMO=yes
  exec bin/dataforest emulator --listen 127.0.0.1:0 --creation-delay 60 --latency 0.05 \
    --fixtures tools/demo-openresty.json -- tools/demo-openresty.sh
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/dataforest-openresty.XXXXXX")
nginx=''
# shellcheck disable=SC2317 # called by trap
clear_up() {
  trap '' INT TERM HUP
  if [ -n "$nginx" ]; then
    kill -TERM "$nginx" 2>/dev/null || true
    wait "$nginx" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap clear_up EXIT
trap 'exit 0' INT TERM HUP

# The application, in a folder of its own: other ports and authorities, the same otherwise. nginx verifies
# names and no addresses, and its resolver does not know localhost.
emulator_port=${DATAFOREST_BASE_URL##*:}
export DATAFOREST_CONNECT_TO=127.0.0.1:$emulator_port
export DATAFOREST_BASE_URL=https://localhost:$emulator_port
cp -r examples/openresty/. "$work"
[ "$(id -u)" -ne 0 ] || echo 'user root;' >>"$work/nginx.conf"
sed -i "s|^  lua_ssl_trusted_certificate .*|  lua_ssl_trusted_certificate $DATAFOREST_CA_FILE;|" "$work/nginx.conf"
eval "$(tools/env.sh luajit)"
program=$(command -v openresty || command -v nginx || echo /usr/sbin/nginx)
if "$program" -V 2>&1 | grep -q openresty; then sed -i '/^load_module/d' "$work/nginx.conf"; fi

start_nginx() { # <port>: 1 where it is taken
  sed "s|listen 127.0.0.1:8080;|listen 127.0.0.1:$1;|" "$work/nginx.conf" >"$work/listening.conf"
  "$program" -p "$work/" -e stderr -c listening.conf >"$work/log" 2>&1 </dev/null &
  nginx=$!
  until [ -s "$work/nginx.pid" ]; do
    if grep -qs 'Address already in use' "$work/log"; then
      kill -TERM "$nginx"
      wait "$nginx" || true
      return 1
    elif ! kill -0 "$nginx" 2>/dev/null; then
      cat "$work/log" >&2
      exit 1
    fi
    sleep 0.05
  done
}

if [ -n "${PORT:-}" ]; then
  start_nginx "$PORT" || {
    echo "port $PORT is taken" >&2
    exit 1
  }
else
  until start_nginx "${PORT:=$((20000 + RANDOM % 12000))}"; do PORT=; done
fi

cat <<END

  The account of an emulated Data Forest, in a browser and as JSON:

    http://127.0.0.1:$PORT/
    http://127.0.0.1:$PORT/accounts

  To see how a failure looks, for half a minute:

    curl --cacert $DATAFOREST_CA_FILE $DATAFOREST_BASE_URL/_emulator/fail_next -d '{"code":"500","times":20}'

  Ctrl-C ends it.

END

wait "$nginx" || true
echo "nginx ended by itself; what it said:" >&2
cat "$work/log" >&2
exit 1
