#!/bin/sh
# The emulator under load, beside Prism with the same OpenAPI document: 64 clients at once, by autocannon. Fetches both
# from npm, so that no test runs it.
#   CALLS=200000 bench/emulator.sh
set -eu
cd "$(dirname "$0")/.."
calls=${CALLS:-200000}
folder=$(mktemp -d)
prism=''
trap '[ -z "$prism" ] || kill $prism $(pgrep -P $prism) 2>/dev/null; rm -rf "$folder"' EXIT
(cd "$folder" && npm install --no-audit --no-fund --loglevel=error autocannon@8 @stoplight/prism-cli@5 >/dev/null)

cat >"$folder/load.sh" <<'LOAD'
# load.sh <name> <address> <calls> <process>: prints a line
now=$(date +%s)000 key=${NCLOUD_ACCESS_KEY:-none} path=/api/v2/accounts/getList
signature=$(printf 'POST %s\n%s\n%s' "$path" "$now" "$key" |
  openssl dgst -sha256 -hmac "${NCLOUD_SECRET_KEY:-none}" -binary | base64)
before=$(ps -o rss= -p "$4")
"$(dirname "$0")/node_modules/.bin/autocannon" -j -c 64 -a "$3" -m POST -b '{}' -H 'content-type: application/json' \
  -H "x-ncp-apigw-timestamp: $now" -H "x-ncp-iam-access-key: $key" -H "x-ncp-apigw-signature-v2: $signature" \
  "$2$path" 2>/dev/null | node -e '
    const r = JSON.parse(require("fs").readFileSync(0, "utf8"));
    console.log(`${process.argv[1]}: ${r["2xx"]} good, ${r.non2xx} refused, ${r.errors} failed; ${Math.round(r.requests.average)} a second, 99% within ${r.latency.p99} ms`);
  ' "$1"
echo "$1: memory $before kB before, $(ps -o rss= -p "$4") kB after"
LOAD

for _ in 1 2 3; do
  # shellcheck disable=SC2016 # the variables are the emulator's
  bin/dataforest emulator --http --listen 127.0.0.1:0 -- sh -c '
    curl -sS -o /dev/null -d "{\"name\":\"df001\"}" "$DATAFOREST_BASE_URL/_emulator/add_account"
    exec sh "$0/load.sh" emulator "$DATAFOREST_BASE_URL" "$1" "$(pgrep -n nginx)"' "$folder" $((calls / 3))
done

"$folder/node_modules/.bin/prism" mock -p 24010 docs/public/openapi.json >"$folder/prism.log" 2>&1 &
prism=$!
until curl -s -o /dev/null http://127.0.0.1:24010/; do sleep 0.2; done
sh "$folder/load.sh" prism http://127.0.0.1:24010 5000 "$prism"
