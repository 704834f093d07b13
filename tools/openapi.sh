#!/bin/sh
# The OpenAPI document of the operations.
#   tools/openapi.sh           writes docs/public/openapi.json anew
#   tools/openapi.sh --check   validates it with Redocly's validator, generates a client of it with openapi-typescript, and
#                              lets that one talk to the emulator; fetches these from npm, so that no test runs it
set -eu
cd "$(dirname "$0")/.."
eval "$(tools/env.sh lua5.4)"
if [ "${1:-}" != --check ]; then
  mkdir -p docs/public
  lua5.4 -e 'io.write(require("dataforest.emulator.openapi").text())' >docs/public/openapi.json
  exit
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp docs/public/openapi.json "$folder/"
(cd "$folder" && npm install --no-audit --no-fund --loglevel=error @redocly/cli@2 openapi-typescript@7 openapi-fetch@0.17 \
  typescript@5 @types/node@20 >/dev/null)
bin="$folder/node_modules/.bin"
"$bin/redocly" lint "$folder/openapi.json"
"$bin/openapi-typescript" "$folder/openapi.json" -o "$folder/api.d.ts"

cat >"$folder/client.mts" <<'TS'
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import createClient from "openapi-fetch";
import type { paths } from "./api.d.ts";

const { DATAFOREST_BASE_URL: baseUrl = "", NCLOUD_ACCESS_KEY: key = "", NCLOUD_SECRET_KEY: secret = "" } = process.env;
const client = createClient<paths>({ baseUrl });
client.use({
  onRequest({ request }) {
    const { pathname, search } = new URL(request.url);
    const timestamp = String(Date.now());
    request.headers.set("x-ncp-apigw-timestamp", timestamp);
    request.headers.set("x-ncp-iam-access-key", key);
    request.headers.set(
      "x-ncp-apigw-signature-v2",
      createHmac("sha256", secret).update(`POST ${pathname}${search}\n${timestamp}\n${key}`).digest("base64"),
    );
    return request;
  },
});
const control = async (name: string, given: object = {}) => {
  const response = await fetch(`${baseUrl}/_emulator/${name}`, { method: "POST", body: JSON.stringify(given) });
  assert.equal(response.status, 200);
  return ((await response.json()) as { result: unknown }).result;
};

const made = await client.POST("/api/v2/accounts/create", { body: { name: "df001", password: "Forest-77" } });
const id = made.data?.id ?? assert.fail("no id");
const refused = await client.POST("/api/v2/accounts/create", { body: { name: "df002", password: "Forest-77" } });
assert.equal(refused.data?.success, false);
await control("advance", { seconds: 1000 });
const detail = await client.POST("/api/v2/accounts/getDetail", { body: { id } });
assert.equal(detail.data?.status, "RUNNING");
assert.equal(detail.data?.quotas?.[0]?.spaceTb, 200);
const quota = { id, namespace: "tata" as const, fileCountMillion: 2, spaceTb: 300 };
assert.equal((await client.POST("/api/v2/accounts/setQuota", { body: quota })).data?.success, true);
const app = await client.POST("/api/v2/apps/create", {
  body: {
    accountId: id,
    appTypeId: "DEV-1.0.0",
    name: "dev001",
    queueName: "longlived",
    lifetime: 604800,
    components: [{ name: "shell", memoryMb: 2048, cpuCount: 1, containerCount: 1 }],
  },
});
const appId = app.data?.id ?? assert.fail("no app");
const apps = await client.POST("/api/v2/apps/getList", { body: { search: { accountId: id } } });
assert.equal(apps.data?.contents?.[0]?.state, "ACCEPTED");
const wrong = await client.POST("/api/v2/apps/getDetail", { body: { id: "nope" } });
assert.equal(wrong.response.status, 403);
assert.ok(wrong.error && "error" in wrong.error && wrong.error.error.errorCode === "10002");
assert.equal((await client.POST("/api/v2/apps/delete", { body: { id: appId } })).data?.success, true);
assert.equal((await client.POST("/api/v2/accounts/delete", { body: { id } })).data?.success, true);
console.log("the generated client: 10 calls as they should be");
TS
cat >"$folder/tsconfig.json" <<'JSON'
{ "compilerOptions": { "strict": true, "module": "nodenext", "target": "es2022", "skipLibCheck": false,
  "noUncheckedIndexedAccess": true, "allowImportingTsExtensions": true, "rewriteRelativeImportExtensions": true },
  "files": ["client.mts"] }
JSON
(cd "$folder" && "$bin/tsc" -p .)
# shellcheck disable=SC2016 # the variables are the emulator's
bin/dataforest emulator --listen 127.0.0.1:0 -- sh -c 'NODE_EXTRA_CA_CERTS=$DATAFOREST_CA_FILE exec node "$0/client.mjs"' "$folder"
