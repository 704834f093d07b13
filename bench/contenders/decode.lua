--- Bytes to tables: `decode.lua core|cjson account|list CALLS`.

local answers = require "bench.answers"
local cjson = require "cjson"
local core = require "dataforest.core"
local operations = require "dataforest.operations"
local timing = require "bench.contenders.timing"

local is_list = arg[2] == "list"
local body = is_list and answers.list(100) or answers.account
local operation = operations.by_name[is_list and "accounts/getList" or "accounts/getDetail"]

local function check(value)
  assert(is_list and #value.contents == 100 or answers.is_account(value))
end

if arg[1] == "core" then
  local core_decode, shape = core.decode, core.shape(operation.result)
  timing.run(function(count)
    local value
    for _ = 1, count do
      value = core_decode(body, shape)
    end
    check(value)
  end)
else
  local decode = cjson.decode
  timing.run(function(count)
    local value
    for _ = 1, count do
      value = decode(body)
    end
    check(value)
  end)
end
