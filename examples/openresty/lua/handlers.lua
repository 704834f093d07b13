--- The handlers of the locations in nginx.conf.

local accounts = require "accounts"
local cjson = require "cjson.safe"
local page = require "page"

local handlers = {}

-- HTTP statuses for the kinds of error of the library; 502 for the others.
local STATUSES = {
  argument = 400,
  invalid = 400,
  forbidden = 403,
  not_found = 404,
  quota = 503,
  throttled = 503,
  timeout = 504,
  internal = 500,
}

local function status_of(err)
  return STATUSES[err.kind] or 502
end

--- A list as JSON. (cjson writes an empty table as an object.)
local function array(items, encode)
  local parts = {}
  for i, item in ipairs(items) do
    parts[i] = encode(item)
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function account_json(account)
  local quotas = account.quotas
  account.quotas = nil
  local text = cjson.encode(account)
  account.quotas = quotas
  return (text:sub(1, -2) .. ',"quotas":' .. array(quotas or {}, cjson.encode) .. "}"):gsub("^{,", "{")
end

local function send_json(status, text)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Cache-Control"] = "no-store"
  ngx.print(text, "\n")
end

local function send_error(err)
  send_json(status_of(err), cjson.encode { error = { kind = err.kind, message = err.message } })
end

--- `/accounts`: `{ "accounts": [...], "asOf": seconds }`, with `"problem"` where that is not the latest.
function handlers.all()
  local list, at, err = accounts.all()
  if not list then
    return send_error(err)
  end
  local problem = err and (',"problem":' .. cjson.encode(err.message)) or ""
  send_json(200, ('{"accounts":%s,"asOf":%.3f%s}'):format(array(list, account_json), at, problem))
end

--- `/accounts/<id>`: one account.
function handlers.one(id)
  local account, _, err = accounts.one(id)
  if not account then
    return send_error(err)
  end
  send_json(200, account_json(account))
end

--- `/`: the page.
function handlers.page()
  local list, at, err = accounts.all()
  ngx.status = list and 200 or status_of(err)
  ngx.header["Content-Type"] = "text/html; charset=utf-8"
  ngx.header["Cache-Control"] = "no-store"
  ngx.print(page.render { accounts = list, at = at, problem = err })
end

return handlers
