--- What an operation's page shows: the API's own examples (spec/vectors/examples.json), as the client sends
-- and reads them, and errors.
-- @module tools.docs.samples

local core = require "dataforest.core"
local dataforest = require "dataforest"
local examples = require "spec.support.examples"
local pretty = require "dataforest.cli.output.pretty"
local testing = require "dataforest.testing"
local text = require "dataforest.cli.output.text"

local samples = {}

local WIDTH = 78
local HEADERS =
  { "x-ncp-apigw-timestamp", "x-ncp-iam-access-key", "x-ncp-apigw-signature-v2", "Content-Type", "Accept" }

--- A value as Lua, which is laid out as JSON is.
local function lua_of(value)
  local code = pretty.json(value):gsub('"([%a_][%w_]*)": ', "%1 = ")
  return (code:gsub("%[\n", "{\n"):gsub("(\n *)%]", "%1}"):gsub("%[%]", "{}"):gsub("\n$", ""))
end

--- A body of JSON or XML over several lines.
local function spread(body, format)
  if format == "json" then
    return pretty.json(assert(core.decode(body)))
  end
  local lines, depth = {}, 0
  for line in body:gsub("><", ">\n<"):gmatch "[^\n]+" do
    depth = depth - (line:find "^</" and 1 or 0)
    lines[#lines + 1] = ("  "):rep(depth) .. line
    depth = depth + ((line:find "^<%?" or line:find "</" or line:find "/>$") and 0 or 1)
  end
  return table.concat(lines, "\n") .. "\n"
end

--- Makes the call of an example, and responds as the page does.
-- @treturn table `value` or `err`, and `wire`: what went over it
local function replay(operation, example, format)
  local response, wire, transport = example.response, {}, {}
  local body = response[format] or "the bytes"
  body = type(body) == "table" and pretty.line(body) or body
  function transport.now()
    return 1740011575 -- the pages are the same each time that they are made
  end
  function transport.send(_, request)
    wire[1] = ("POST %s HTTP/1.1"):format(request.target)
    for _, name in ipairs(HEADERS) do
      wire[#wire + 1] = ("%s: %s"):format(name, request.headers[name])
    end
    wire[#wire + 1] = "\n" .. spread(request.body, format)
    wire[#wire + 1] = ("HTTP/1.1 %d\n"):format(response.status)
    wire[#wire + 1] = response[format] and spread(body, format) or "(the bytes of the file)"
    return { status = response.status, headers = {}, body = body }
  end
  local df = dataforest.new {
    access_key = "AKEXAMPLE0000000001",
    secret_key = "an example",
    format = format,
    retry = false,
    validate = false,
    transport = transport,
  }
  local value, err = df:call(operation.id, example.request.json)
  return { value = value, err = err, wire = table.concat(wire, "\n") }
end

local function block(title, language, code)
  code = code:gsub("[^\n]+", function(line)
    return #line > WIDTH and line:sub(1, WIDTH - 3) .. "..." or line
  end)
  return { title = title, language = language, text = code:gsub("%s+$", "") }
end

local function blocks_of(operation, example, command)
  local method = ("local value, err = df.%s:%s"):format(operation.group, operation.method)
  if not example then
    return { block("Lua", "lua", method .. "(params)"), block("Command line", "sh", command) }
  end
  local params = example.request.json
  local bare = #operation.params == 1 and params[operation.params[1].name]
  local argument = next(params) == nil and "()" or " " .. lua_of(type(bare) == "string" and bare or params)
  local json = replay(operation, example, "json")
  assert(json.value ~= nil, json.err)
  local result = operation.binary and "a string: the bytes of the file" or lua_of(json.value)
  return {
    block("Lua", "lua", method .. argument .. "\n\n-- " .. result:gsub("\n", "\n-- ")),
    block("Command line", "sh", command),
    block("JSON on the wire", "http", json.wire),
    operation.xml and block("XML on the wire", "http", replay(operation, example, "xml").wire),
  }
end

--- Errors of a call, each with `kind`, `when` and `line`: what a service without accounts says, and those of
-- the page.
local function errors_of(operation, params)
  local list = {}
  local function add(when, err)
    list[#list + 1] =
      { kind = err.kind, when = when, line = table.concat(text.wrap(tostring(err), WIDTH), "\n") }
  end
  local emulated = testing.client { retry = false, emulator = { seed = 1 } }
  local _, missing = emulated:call(operation.id, {})
  if missing and missing.kind == "argument" then
    add(("where `%s` is missing or breaks a limit; nothing is sent"):format(missing.field), missing)
  end
  local _, unknown = emulated:call(operation.id, params)
  if unknown and next(params) then
    add("where the identifier is unknown or belongs to somebody else", unknown)
  end
  for _, other in ipairs(examples) do
    local refusal = other.operation == operation.id and other.pages ~= "common" and other.response
    if refusal and refusal.json and (refusal.status >= 400 or refusal.json.success == false) then
      add("an example of the page: " .. other.about, replay(operation, other, "json").err)
    end
  end
  return list
end

--- Everything that an operation's page shows.
-- @tparam table operation an entry of `dataforest.operations`
-- @tparam string command lines that call it
-- @treturn table `blocks` of code, each with `title`, `language` and `text`; and `errors`
function samples.of(operation, command)
  local found
  for _, example in ipairs(examples) do
    found = found or example.operation == operation.id and example.about == "the example" and example or nil
  end
  return {
    blocks = blocks_of(operation, found, command),
    errors = errors_of(operation, found and found.request.json or {}),
  }
end

return samples
