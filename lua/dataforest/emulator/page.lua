--- The page for people at `/_emulator/`: what is there, what came, why it was refused, and buttons.
--
-- It holds no data: its script asks the control API, with the token where there is one. What comes from
-- outside is put in as text, never as markup; the policy allows nothing from elsewhere.
-- @module dataforest.emulator.page

-- luacheck: no max line length (JavaScript)

local page = {}

page.html = [[
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Data Forest emulator</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="page.css">
</head>
<body>
<header>
  <h1>Data Forest emulator</h1>
  <p><span id="state" role="status">Loading…</span> · <a href="openapi.json">OpenAPI</a></p>
</header>
<main>
<noscript><p class="bad">This page needs JavaScript. The same is there with curl: POST /_emulator/dump.</p></noscript>
<form id="token-form" hidden>
  <label>Token of --control-token <input id="token" type="password" autocomplete="off"></label>
  <button>Use it</button>
</form>
<p id="message" role="alert"></p>
<section aria-labelledby="h-time">
  <h2 id="h-time">Time</h2>
  <p><output id="now">–</output></p>
  <div class="row">
    <button data-advance="60">+1 min</button>
    <button data-advance="180">+3 min</button>
    <button data-advance="3600">+1 h</button>
    <button data-advance="86400">+1 day</button>
    <button data-advance="604800">+7 days</button>
    <form id="clock-form" class="row">
      <label>Set to <input id="clock" type="datetime-local" step="1" required></label>
      <button>Set (UTC)</button>
    </form>
  </div>
</section>
<section aria-labelledby="h-accounts">
  <h2 id="h-accounts">Accounts</h2>
  <div class="scroll"><table id="accounts"></table></div>
</section>
<section aria-labelledby="h-apps">
  <h2 id="h-apps">Apps</h2>
  <div class="scroll"><table id="apps"></table></div>
</section>
<section aria-labelledby="h-faults">
  <h2 id="h-faults">Faults to come</h2>
  <div class="scroll"><table id="faults"></table></div>
  <form id="fault-form" class="row">
    <label>Next call of <select id="fault-operation"><option value="">any operation</option></select></label>
    <label>fails with <select id="fault-what">
      <option value="status:503">503 Endpoint Error</option>
      <option value="status:500">500 Unexpected Error</option>
      <option value="status:504">504 Endpoint Timeout</option>
      <option value="code:410">429 Throttle Limited</option>
      <option value="code:210">401 Permission Denied</option>
      <option value="kind:network">a closed connection</option>
      <option value="kind:timeout">no response</option>
    </select></label>
    <label><select id="fault-when">
      <option value="before">before it is carried out</option>
      <option value="after">after it was carried out</option>
    </select></label>
    <label>times <input id="fault-times" type="number" min="1" value="1" required></label>
    <button>Add</button>
    <button type="button" id="clear-faults">Clear all</button>
  </form>
</section>
<section aria-labelledby="h-calls">
  <h2 id="h-calls">Last calls</h2>
  <div class="row">
    <label><input type="checkbox" id="live" checked> live</label>
    <label><input type="checkbox" id="refused"> refused only</label>
    <button id="clear-calls">Clear</button>
  </div>
  <div class="scroll"><table id="calls"></table></div>
</section>
<section aria-labelledby="h-reset">
  <h2 id="h-reset">Start over</h2>
  <p>Forgets accounts, apps, faults and calls, and sets the clock right. Keys stay.</p>
  <button id="reset" class="danger">Reset</button>
  <button id="reset-really" class="danger" hidden>Yes, reset everything</button>
</section>
</main>
<script src="page.js"></script>
</body>
</html>
]]

page.style = [[
:root { color-scheme: light dark; --line: #c8ccd0; --bad: #b00020; --good: #14692f; --soft: #f2f4f6; }
@media (prefers-color-scheme: dark) {
  :root { --line: #4a5058; --bad: #ff8a95; --good: #7fd99a; --soft: #23272c; }
}
* { box-sizing: border-box; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 75rem; padding: 0 1rem 3rem; }
h1 { font-size: 1.4rem; margin: 1rem 0 0; }
h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
p { margin: .3rem 0; }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .4rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; }
th { font-weight: 600; white-space: nowrap; }
td.code, pre { font-family: ui-monospace, monospace; font-size: .87em; }
pre { background: var(--soft); margin: .2rem 0; padding: .4rem; white-space: pre-wrap; overflow-wrap: anywhere; }
td.reason { min-width: 14rem; overflow-wrap: anywhere; }
button, input, select { font: inherit; max-width: 100%; min-height: 2.2rem; padding: .2rem .6rem; }
input[type=checkbox] { min-height: 0; }
input[type=number] { width: 5rem; }
.bad { color: var(--bad); }
.good { color: var(--good); }
.danger { border: 1px solid var(--bad); color: var(--bad); }
.empty { color: GrayText; }
#message:empty { display: none; }
#message { border-left: 4px solid var(--bad); color: var(--bad); padding-left: .6rem; }
@media (max-width: 40rem) {
  table, tbody, tr, td { display: block; }
  thead { display: none; }
  tr { border-bottom: 1px solid var(--line); padding: .4rem 0; }
  td { border: 0; overflow-wrap: anywhere; padding: .1rem 0; }
  td[data-name]::before { content: attr(data-name) ": "; font-weight: 600; }
  td:empty { display: none; }
}
]]

page.script = [[
"use strict";
const id = (name) => document.getElementById(name);
let token = sessionStorage.getItem("x-emulator-token") || "";
let busy = false, failed = false;

async function command(name, given) {
  const headers = { "content-type": "application/json" };
  if (token) headers["x-emulator-token"] = token;
  const response = await fetch(name, { method: "POST", headers, body: JSON.stringify(given || {}) });
  const body = await response.json();
  if (response.status === 403) id("token-form").hidden = !/token/.test(body.error);
  if (!response.ok) throw new Error(body.error || "status " + response.status);
  return body.result;
}

function tell(error) {
  id("message").textContent = error ? error.message || String(error) : "";
}

async function change(name, given) {
  try {
    await command(name, given);
    tell();
  } catch (error) {
    tell(error);
  }
  await refresh(true);
}

function cell(value, kind, name) {
  const td = document.createElement("td");
  if (kind) td.className = kind;
  td.dataset.name = name;
  if (value instanceof Node) td.append(value);
  else td.textContent = value === undefined || value === null ? "" : String(value);
  return td;
}

function fill(table, names, rows, empty) {
  const head = document.createElement("thead"), body = document.createElement("tbody");
  const line = document.createElement("tr");
  for (const name of names) {
    const th = document.createElement("th");
    th.scope = "col";
    th.textContent = name;
    line.append(th);
  }
  head.append(line);
  for (const row of rows) {
    const tr = document.createElement("tr");
    row.forEach((entry, i) => {
      const given = entry !== null && typeof entry === "object" && !(entry instanceof Node) ? entry : { value: entry };
      tr.append(cell(given.value, given.kind, names[i]));
    });
    body.append(tr);
  }
  if (!rows.length) {
    const tr = document.createElement("tr"), td = document.createElement("td");
    td.colSpan = names.length;
    td.className = "empty";
    td.textContent = empty;
    tr.append(td);
    body.append(tr);
  }
  table.replaceChildren(head, body);
}

const iso = (seconds) => new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19);
const quota = (list, name) => {
  const found = list.find((entry) => entry.namespace === name);
  return found ? found.spaceTb + " TB, " + found.fileCountMillion + " M files" : "";
};

function reason(call) {
  if (!call.string_to_sign) return { value: call.reason, kind: "reason" };
  const box = document.createElement("div"), pre = document.createElement("pre");
  box.append(call.reason + "; the text that should have been signed:");
  pre.textContent = call.string_to_sign;
  box.append(pre);
  return { value: box, kind: "reason" };
}

function outcome(call) {
  const bad = call.reason !== undefined || call.status === undefined || call.status >= 400;
  return { value: call.status === undefined ? "dropped: " + call.dropped : call.status, kind: bad ? "bad" : "good" };
}

function show(dump, faults, calls) {
  id("now").textContent = iso(dump.now) + " UTC" +
    (Math.abs(dump.offset) < 0.5 ? "" : " (" + (dump.offset > 0 ? "+" : "") + Math.round(dump.offset) + " s)");
  fill(id("accounts"), ["Name", "User", "Status", "Created", "koya", "tata", "Id"], dump.accounts.map((a) => [
    a.name, a.emulator.user, a.status, a.createdAt, quota(a.quotas, "koya"), quota(a.quotas, "tata"),
    { value: a.id, kind: "code" }]), "No accounts.");
  const owners = Object.fromEntries(dump.accounts.map((a) => [a.id, a.name]));
  fill(id("apps"), ["Name", "Account", "Type", "State", "Lifetime", "Containers", "Id"], dump.apps.map((app) => [
    app.name, owners[app.emulator.accountId], app.appTypeId, app.state, app.lifetime,
    app.components.map((c) => c.name + " " + c.allocated + "/" + c.containerCount).join(", "),
    { value: app.id, kind: "code" }]), "No apps.");
  fill(id("faults"), ["Operation", "Fails with", "When", "Times", "Skips"], faults.map((fault) => [
    fault.operation || "any",
    fault.kind || [fault.status, fault.code, fault.delay && fault.delay + " s late"].filter(Boolean).join(" ") || "a body",
    fault.when, fault.times, fault.skip]), "None: every call is answered as it should be.");
  const shown = calls.filter((call) => !id("refused").checked || call.reason !== undefined).slice(-100).reverse();
  fill(id("calls"), ["Time", "Status", "Call", "User", "Reason"], shown.map((call) => [
    iso(call.time).slice(11), outcome(call), call.operation || call.method + " " + call.target,
    call.user || call.access_key || "", reason(call)]), "No calls yet.");
}

async function refresh(now) {
  if (busy || (!now && (document.hidden || !id("live").checked))) return;
  busy = true;
  try {
    const [dump, faults, calls] = await Promise.all([command("dump"), command("faults"), command("calls", { last: 200 })]);
    id("token-form").hidden = true;
    id("state").textContent = "Running";
    if (failed) tell();
    failed = false;
    show(dump, faults, calls);
  } catch (error) {
    id("state").textContent = error instanceof TypeError ? "Not reachable" : "No access";
    failed = !(error instanceof TypeError);
    if (failed) tell(error);
  }
  busy = false;
}

for (const button of document.querySelectorAll("[data-advance]"))
  button.addEventListener("click", () => change("advance", { seconds: Number(button.dataset.advance) }));
id("clock-form").addEventListener("submit", (event) => {
  event.preventDefault();
  change("set_clock", { seconds: Date.parse(id("clock").value + "Z") / 1000 });
});
id("fault-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const [name, value] = id("fault-what").value.split(":");
  const fault = { when: id("fault-when").value, times: Number(id("fault-times").value) };
  fault[name] = name === "status" ? Number(value) : value;
  if (id("fault-operation").value) fault.operation = id("fault-operation").value;
  change("fail_next", fault);
});
id("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  token = id("token").value;
  sessionStorage.setItem("x-emulator-token", token);
  id("token").value = "";
  tell();
  refresh(true);
});
id("clear-faults").addEventListener("click", () => change("clear_faults"));
id("clear-calls").addEventListener("click", () => change("clear_calls"));
id("refused").addEventListener("change", () => refresh(true));
id("reset").addEventListener("click", () => { id("reset-really").hidden = !id("reset-really").hidden; });
id("reset-really").addEventListener("click", () => { id("reset-really").hidden = true; change("reset"); });
fetch("openapi.json").then((response) => response.json()).then((api) => {
  for (const item of Object.values(api.paths)) {
    if (item.post.deprecated) continue;
    const option = document.createElement("option");
    option.textContent = item.post.operationId.replace("_", "/");
    id("fault-operation").append(option);
  }
});
refresh(true);
setInterval(refresh, 1000);
]]

--- The headers that keep the page to itself.
page.headers = {
  ["content-security-policy"] = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    .. "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ["referrer-policy"] = "no-referrer",
  ["cross-origin-opener-policy"] = "same-origin",
  ["cross-origin-resource-policy"] = "same-origin",
}

return page
