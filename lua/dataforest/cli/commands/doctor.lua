--- `dataforest doctor`: what is configured and from where, what works, and how to fix the rest.
--
-- Each look ends as a finding: `check`, `status` (`ok`, `warning`, `failed` or `skipped`), `message`, and
-- `hint` where something is to be done. The exit status is that of the first one that failed.
--
-- @module dataforest.cli.commands.doctor

local core = require "dataforest.core"
local credentials = require "dataforest.credentials"
local exit = require "dataforest.cli.exit"
local hints = require "dataforest.cli.hints"
local operations = require "dataforest.operations"
local printer = require "dataforest.cli.output.printer"
local read_file = require "dataforest.util.read_file"
local route = require "dataforest.transport.route"
local secrets = require "dataforest.secrets"
local session = require "dataforest.cli.session"
local shell = require "dataforest.util.shell"
local text = require "dataforest.cli.output.text"
local time = require "dataforest.util.time"
local url = require "dataforest.transport.url"
local words_of = require "dataforest.util.words"

local doctor = {}

-- From so many seconds on a clock is worth a word.
local CLOCK_DRIFTS = 30

local PROBE = operations.by_name["accounts/getList"]
local PROBE_TIMEOUT = 15

local Findings = {}
Findings.__index = Findings

function Findings:add(status, check, message, hint, code)
  self[#self + 1] = { status = status, check = check, message = message, hint = hint }
  if status == "failed" and not self.code then
    self.code = code or exit.UNEXPECTED
  end
end

local function ok(findings, check, message)
  findings:add("ok", check, message)
end

local function skipped(findings, check, message)
  findings:add("skipped", check, message)
end

-- Programs and files ----------------------------------------------------------------------

local function check_version(findings)
  local lua = rawget(_G, "jit") and rawget(_G, "jit").version or _VERSION
  local message = ("dataforest %s on %s"):format(require "dataforest.version", lua)
  if pcall(require, "lxp") then
    ok(findings, "version", message)
  else
    findings:add(
      "warning",
      "version",
      message .. "; lua-expat is missing, which --xml needs",
      "apt-get install lua-expat, or luarocks install luaexpat"
    )
  end
end

--- The permissions of a file, as `ls` writes them: `-rw-------`.
local function permissions(system, path)
  local line = system.capture("LC_ALL=C ls -ldL -- " .. shell.word(path) .. " 2>/dev/null")
  return line:match "^(%S%S%S%S%S%S%S%S%S%S)"
end

local function check_key_file(context, findings, path)
  local mode = permissions(context.system, path)
  if not mode then
    skipped(findings, "key file", path .. ": its permissions cannot be found out")
  elseif mode:sub(5):find "[rw]" then
    findings:add(
      "warning",
      "key file",
      ("%s can be read or changed by others (%s)"):format(path, mode),
      "chmod 600 " .. shell.word(path)
    )
  else
    ok(findings, "key file", ("%s is its owner's alone (%s)"):format(path, mode))
  end
end

-- Keys ------------------------------------------------------------------------------------

local function check_keys(context, findings)
  local keys, message = session.provider(context) {}
  local path = credentials.default_path()
  if not keys then
    findings:add("failed", "keys", message, hints.no_keys(context), exit.AUTH)
  else
    ok(
      findings,
      "keys",
      ("access key %s, from %s"):format(secrets.shown_key(keys.access_key), hints.key_source(context))
    )
    local two = hints.two_pairs(context)
    if two then
      findings:add("warning", "keys", "the environment has two pairs of keys", two)
    end
  end
  if path and read_file(path, 0) then
    check_key_file(context, findings, path)
    if keys and keys.source:find "^the environment" then
      ok(findings, "key file", path .. " is not used: the environment comes first")
    end
  end
  return keys
end

-- The address and what it takes to reach it -------------------------------------------------

local function source_of(context, option, variable)
  if context.args[option] then
    return "--" .. option:gsub("_", "-")
  end
  return context:variable(variable) and variable or nil
end

local function check_address(context, findings, settings)
  local source = source_of(context, "base_url", "DATAFOREST_BASE_URL")
  local origin = source and ", from " .. source or ", the default"
  local message = settings.origin .. settings.path_prefix .. origin
  if settings.connect_to then
    message = message .. "; dialled at " .. settings.connect_to
  end
  if settings.proxy then
    message = message .. "; through " .. hints.proxy_words(settings.proxy)
  end
  ok(findings, "address", message)
  if not settings.proxy and hints.set_names(context, route.PROXY_VARIABLES)[1] then
    findings:add("ok", "proxy", "the environment names a proxy, which is not used", "--proxy env uses it")
  end
end

local function check_ca_file(context, findings, settings)
  local path = settings.ca_file
  if not path then
    return
  end
  local source = source_of(context, "ca_file", "DATAFOREST_CA_FILE")
  local fix = ("name a file with certificates (PEM) in %s, or leave it out for the system's"):format(source)
  local content, message = read_file(path, 1024 * 1024)
  if not content then
    findings:add("failed", "CA file", message, fix, exit.NETWORK)
  elseif not content:find("-----BEGIN CERTIFICATE-----", 1, true) then
    findings:add("failed", "CA file", path .. " holds no certificate", fix, exit.NETWORK)
  else
    ok(findings, "CA file", ("%s, from %s"):format(path, source))
  end
end

local function host_of(settings)
  local host = settings.connect_to and url.authority(settings.connect_to) or url.parse(settings.origin).host
  return host:match "^%[(.*)%]$" or host
end

local function addresses_of(system, host)
  local found, seen = {}, {}
  local output = system.capture("getent ahosts -- " .. shell.word(host) .. " 2>/dev/null")
  for address in output:gmatch "([^%s]+)%s+STREAM" do
    if not seen[address] then
      seen[address] = true
      found[#found + 1] = address
    end
  end
  return found
end

local function found_address(context, findings, settings)
  local host = host_of(settings)
  if settings.proxy then
    skipped(findings, "DNS", "the proxy looks the name up")
  elseif url.address_bytes(host) then
    ok(findings, "DNS", host .. " is an address: nothing to look up")
  else
    local addresses = addresses_of(context.system, host)
    ok(
      findings,
      "DNS",
      host .. (addresses[1] and " is " .. words_of.listed(addresses, "and") or " was found")
    )
  end
end

local NOT_REACHED = "not reached"

local function check_failed_probe(context, findings, settings, failure)
  local message = session.spoken(failure.message)
  local fix = hints.of(context, failure)
  if failure.kind == "network" and message:find "cannot find the address" then
    findings:add(
      "failed",
      "DNS",
      message,
      "check the network, /etc/resolv.conf and the address",
      exit.NETWORK
    )
    skipped(findings, "connection", NOT_REACHED)
  elseif failure.kind == "tls" then
    found_address(context, findings, settings)
    ok(findings, "connection", host_of(settings) .. " takes connections")
    findings:add("failed", "TLS", message, hints.of(context, failure), exit.NETWORK)
    return
  else
    found_address(context, findings, settings)
    findings:add("failed", "connection", message, fix, exit.of(failure.kind))
  end
  skipped(findings, "TLS", NOT_REACHED)
end

--- Sends a request without keys, to see how far it gets.
-- @treturn ?table response
-- @treturn ?number seconds by which this machine's clock is ahead
local function probe(context, findings, client, transport)
  local settings = client.settings
  local target = settings.path_prefix .. PROBE.path
  local started = transport:now()
  local response, failure = transport:send {
    method = "POST",
    url = settings.origin .. target,
    target = target,
    headers = { ["Content-Type"] = "application/json", Accept = "application/json" },
    body = "{}",
    deadline = client.transport:monotonic() + math.min(settings.timeout, PROBE_TIMEOUT),
    connect_timeout = settings.connect_timeout,
    max_response_bytes = settings.max_response_bytes,
    connect_to = settings.connect_to,
  }
  if not response then
    check_failed_probe(context, findings, settings, failure)
    return nil
  end
  local ended = transport:now()
  found_address(context, findings, settings)
  ok(findings, "connection", ("a response after %.3f s (HTTP %d)"):format(ended - started, response.status))
  if settings.origin:find "^https" then
    ok(findings, "TLS", "the certificate is good for " .. url.parse(settings.origin).authority)
  else
    skipped(findings, "TLS", "http:// has none (allowed for this machine itself only)")
  end
  local date = time.http_date(response.headers.date)
  -- The header has whole seconds: on average half of one has passed.
  return response, date and (started + ended) / 2 - (date + 0.5)
end

local function check_clock(findings, offset)
  if not offset then
    skipped(findings, "clock", "the service sent no time to compare with")
    return
  end
  local off = math.abs(offset)
  local message = hints.clock_words(offset)
  if off < CLOCK_DRIFTS then
    ok(findings, "clock", "agrees with the service's")
  elseif off < hints.CLOCK_OFF then
    findings:add("warning", "clock", message .. "; from five minutes on calls are refused", hints.FIX_CLOCK)
  else
    findings:add(
      "failed",
      "clock",
      message .. "; from five minutes on calls are refused",
      hints.FIX_CLOCK,
      exit.AUTH
    )
  end
end

-- The signed call -----------------------------------------------------------------------------

local function signed_hint(context, err)
  if err.kind == "auth" then
    return hints.of(context, err) .. ": compare them with the console's"
  elseif err.kind == "forbidden" then
    return "the keys are good, and not allowed to do this: give their user a policy for Data Forest"
  end
  return hints.of(context, err)
end

local function check_signed_call(context, findings, client)
  local started = core.monotonic()
  local corrected
  context.on_event = function(event)
    corrected = corrected or event.name == "clock"
  end
  local list, err =
    client:call(PROBE.id, nil, { retry = false, timeout = math.min(client.settings.timeout, PROBE_TIMEOUT) })
  if not list then
    findings:add(
      "failed",
      "signed call",
      session.spoken(tostring(err)),
      signed_hint(context, err),
      exit.of(err.kind)
    )
    return
  end
  local message = ("%s: %s, in %.3f s"):format(
    PROBE.id,
    words_of.counted(#list.contents, "account"),
    core.monotonic() - started
  )
  ok(findings, "signed call", message .. (corrected and "; signed with the service's clock" or ""))
end

-- Telling -------------------------------------------------------------------------------------

local LABELS = {
  ok = { "ok", "green" },
  warning = { "warn", "yellow" },
  failed = { "FAIL", "red" },
  skipped = { "-", "dim" },
}

local CHECK_COLUMN = 6
local MESSAGE_COLUMN = 19

local function print_finding(context, style, finding)
  local label = LABELS[finding.status]
  local width = style.width and math.max(style.width - MESSAGE_COLUMN, 30) or math.huge
  local margin = (" "):rep(MESSAGE_COLUMN)
  local lines = text.wrap(text.safe(finding.message), width)
  local head = style:paint(label[2], text.pad(label[1], CHECK_COLUMN))
    .. style:paint("bold", text.pad(finding.check, MESSAGE_COLUMN - CHECK_COLUMN))
  context:print(head .. (lines[1] or "") .. "\n")
  for i = 2, #lines do
    context:print(margin .. lines[i] .. "\n")
  end
  for i, line in ipairs(text.wrap(text.safe(finding.hint or ""), width - 4)) do
    context:print(margin .. style:paint("cyan", (i == 1 and "--> " or "    ") .. line) .. "\n")
  end
end

local function count_of(findings, status)
  local count = 0
  for _, finding in ipairs(findings) do
    count = count + (finding.status == status and 1 or 0)
  end
  return count
end

local function summary(findings)
  local failed, warnings = count_of(findings, "failed"), count_of(findings, "warning")
  local parts = {}
  if failed > 0 then
    parts[#parts + 1] = words_of.counted(failed, "thing") .. " to fix"
  end
  if warnings > 0 then
    parts[#parts + 1] = words_of.counted(warnings, "warning")
  end
  return parts[1] and table.concat(parts, ", ") or "all is well",
    failed > 0 and "red" or warnings > 0 and "yellow" or "green"
end

--- Tells the findings: those for people as they come, the ones for programs at the end.
local function listener(context)
  local style = context:style "stdout"
  return function(finding)
    if context:format() == "table" then
      print_finding(context, style, finding)
    end
  end
end

local function telling(findings, tell)
  local add = findings.add
  findings.add = function(self, ...)
    add(self, ...)
    tell(self[#self])
  end
  return findings
end

local function examine(context, findings)
  check_version(findings)
  local keys = check_keys(context, findings)
  local made, client, transport = pcall(session.client, context)
  if not made then
    findings:add(
      "failed",
      "options",
      client.message or tostring(client),
      "correct it, or leave it out",
      exit.USAGE
    )
    return
  end
  check_address(context, findings, client.settings)
  check_ca_file(context, findings, client.settings)
  local response, offset = probe(context, findings, client, transport)
  if not response then
    skipped(findings, "clock", NOT_REACHED)
    skipped(findings, "signed call", NOT_REACHED)
    return
  end
  check_clock(findings, offset)
  if keys then
    check_signed_call(context, findings, client)
  else
    skipped(findings, "signed call", "there are no keys to sign with")
  end
end

--- Runs the command.
-- @tparam table context
-- @treturn number exit status
function doctor.run(context)
  local findings = telling(setmetatable({}, Findings), listener(context))
  examine(context, findings)
  local words, colour = summary(findings)
  if context:format() ~= "table" then
    local checks = {}
    for i, finding in ipairs(findings) do
      checks[i] = finding
    end
    printer.response(context, {}, { checks = checks, ok = findings.code == nil })
  else
    context:print("\n" .. context:style("stdout"):paint(colour, words) .. "\n")
  end
  return findings.code or exit.OK
end

return doctor
