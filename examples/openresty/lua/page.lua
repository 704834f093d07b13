--- The page: the accounts with their status and their quotas.

local page = {}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- Text as it may stand in HTML, in content and in attributes. All that comes from the service goes through
-- here: a name may hold anything.
local function escaped(text)
  return (tostring(text):gsub("[&<>\"']", ESCAPES))
end

--- Fills a template: `{{name}}` with text, which is escaped, and `{{{name}}}` with HTML that is ready. In one
-- pass, so that nothing that was filled in is looked at again.
local function filled(template, values)
  return (
    template:gsub("({{{?)(%w+)}}}?", function(braces, name)
      return braces == "{{{" and values[name] or escaped(values[name])
    end)
  )
end

--- A message as a sentence.
local function sentence(message)
  return message:find "[.!?]$" and message or message .. "."
end

local STATUSES = {
  RUNNING = { class = "running", text = "Running" },
  ACCEPTED = { class = "waiting", text = "Being created", hint = "It takes two to three minutes." },
  CHANGING = { class = "waiting", text = "Changing", hint = "A new quota or password is taking effect." },
}

local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

--- `2026-11-24T04:18:49+09:00` as `24 Nov 2026, 04:18 +09:00`.
local function readable_time(text)
  local year, month, day, clock, zone =
    tostring(text):match "^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d:%d%d)[%d:.]*(%S*)$"
  if not year or not MONTHS[tonumber(month)] then
    return tostring(text or "unknown")
  end
  return ("%d %s %s, %s %s"):format(
    tonumber(day),
    MONTHS[tonumber(month)],
    year,
    clock,
    zone == "Z" and "UTC" or zone
  )
end

-- The parts ----------------------------------------------------------------------------

local QUOTAS = [[
<table class="quotas">
  <caption>Quotas: the most that may be stored</caption>
  <thead><tr><th scope="col">Namespace</th><th scope="col">Space</th><th scope="col">Files</th></tr></thead>
  <tbody>
{{{rows}}}
  </tbody>
</table>]]

local QUOTA = [[
  <tr><th scope="row">{{namespace}}</th><td>{{space}} TB</td><td>{{files}} million</td></tr>]]

local ACCOUNT = [[
<article class="account" id="account-{{id}}">
  <header>
    <h2>{{name}}</h2>
    <span class="status {{class}}">{{status}}</span>
  </header>
{{{hint}}}
  <dl>
    <div><dt>Identifier</dt><dd class="code">{{id}}</dd></div>
    <div><dt>Created</dt><dd>{{created}}</dd></div>
  </dl>
{{{body}}}
</article>]]

local function quotas_html(account)
  if account.problem then
    return filled('<p class="problem">No details: {{problem}}</p>', { problem = sentence(account.problem) })
  end
  local rows = {}
  for i, quota in ipairs(account.quotas or {}) do
    rows[i] = filled(QUOTA, {
      namespace = quota.namespace or "unnamed",
      space = quota.spaceTb or "unknown",
      files = quota.fileCountMillion or "unknown",
    })
  end
  return rows[1] and filled(QUOTAS, { rows = table.concat(rows, "\n") }) or '<p class="quiet">No quotas.</p>'
end

local function account_html(account)
  local status = STATUSES[account.status]
  return filled(ACCOUNT, {
    id = account.id or "unknown",
    name = account.name or "unnamed",
    class = status and status.class or "other",
    status = status and status.text or account.status or "unknown",
    hint = status and status.hint and filled('<p class="hint">{{hint}}</p>', status) or "",
    created = readable_time(account.createdAt),
    body = quotas_html(account),
  })
end

local EMPTY = [[
<section class="message">
  <h2>No accounts yet</h2>
  <p>Create one in the console, or with <code>df.accounts:create{ name =, password = }</code>.
    It appears here a few seconds later.</p>
</section>]]

local FAILURE = [[
<section class="message failure" role="alert">
  <h2>The accounts cannot be shown</h2>
  <p>{{message}} {{hint}}</p>
  <p class="quiet">Kind of error: {{kind}}. This page tries again by itself.</p>
</section>]]

-- What may help, for kinds of error whose messages are the service's own.
local HINTS = {
  auth = "Are NCLOUD_ACCESS_KEY and NCLOUD_SECRET_KEY right, and this machine's clock?",
  forbidden = "These keys may not list the accounts.",
  throttled = "The service asks for fewer calls.",
}

local NOTICE = [[
<p class="notice" role="status">These are the accounts as of {{time}}: the latest refresh failed.
  <span>{{message}}</span></p>]]

local PAGE = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="15">
<title>Data Forest accounts</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header class="top">
  <h1>Data Forest accounts</h1>
  <p class="summary">{{summary}}</p>
</header>
<main>
{{{notice}}}
{{{content}}}
</main>
<footer>
  <p>{{footer}}</p>
  <p><a href="/accounts">The same as JSON</a></p>
</footer>
</body>
</html>
]]

local function summary_of(accounts)
  local running = 0
  for _, account in ipairs(accounts) do
    running = running + (account.status == "RUNNING" and 1 or 0)
  end
  if #accounts == 0 then
    return "Nothing here"
  end
  return ("%d account%s, %d running"):format(#accounts, #accounts == 1 and "" or "s", running)
end

local function clock(seconds)
  return os.date("!%H:%M:%S UTC", math.floor(seconds))
end

--- The whole page.
-- @tparam table given `accounts` (a list) or nil, `at` (their time, seconds since the epoch), and `problem`
--   (`kind`, `message`) where the latest look failed
-- @treturn string HTML
function page.render(given)
  local accounts, problem = given.accounts, given.problem
  local parts = {}
  for i, account in ipairs(accounts or {}) do
    parts[i] = account_html(account)
  end
  local content, notice, message = EMPTY, "", problem and sentence(problem.message)
  if not accounts then
    content = filled(FAILURE, { kind = problem.kind, message = message, hint = HINTS[problem.kind] or "" })
  elseif #parts > 0 then
    content = '<div class="accounts">\n' .. table.concat(parts, "\n") .. "\n</div>"
  end
  if accounts and problem then
    notice = filled(NOTICE, { time = clock(given.at), message = message })
  end
  return filled(PAGE, {
    summary = accounts and summary_of(accounts) or "Not available",
    notice = notice,
    content = content,
    footer = given.at and "As of " .. clock(given.at) or "No accounts were read yet",
  })
end

return page
