// Node's https module: `node client.mjs AT_ONCE CALLS`.

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

const { BENCH_URL, BENCH_TARGET, BENCH_CA, BENCH_ACCESS_KEY, BENCH_SECRET_KEY, BENCH_BODY } = process.env;
const [atOnce, count] = process.argv.slice(2).map(Number);
const id = JSON.parse(BENCH_BODY).id;
const url = new URL(BENCH_URL);
const agent = new Agent({ keepAlive: true, maxSockets: atOnce, ca: readFileSync(BENCH_CA) });

function call() {
  const timestamp = String(Date.now());
  const text = `POST ${BENCH_TARGET}\n${timestamp}\n${BENCH_ACCESS_KEY}`;
  const body = JSON.stringify({ id });
  const options = {
    agent,
    host: url.hostname,
    family: 4, // the service of the bench has no other address
    port: url.port,
    path: BENCH_TARGET,
    method: "POST",
    timeout: 30000,
    headers: {
      "Content-Type": "application/json",
      "Content-Length": body.length,
      "x-ncp-apigw-timestamp": timestamp,
      "x-ncp-iam-access-key": BENCH_ACCESS_KEY,
      "x-ncp-apigw-signature-v2": createHmac("sha256", BENCH_SECRET_KEY).update(text).digest("base64"),
    },
  };
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const account = JSON.parse(Buffer.concat(parts));
        const right = response.statusCode === 200 && account.id === id && account.quotas[1].spaceTb === 200;
        right ? resolve() : reject(new Error("a wrong response"));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function run(calls) {
  let left = calls;
  const work = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

await run(Math.max(64, Math.floor(count / 10)));
const started = process.hrtime.bigint();
const cpuStarted = process.cpuUsage();
await run(count);
const cpu = process.cpuUsage(cpuStarted);
const seconds = Number(process.hrtime.bigint() - started) / 1e9;
console.log(`${seconds.toFixed(6)} ${((cpu.user + cpu.system) / 1e6).toFixed(6)}`);
process.exit(0);
