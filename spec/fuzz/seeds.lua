--- Writes the seeds of the fuzz targets that are made of the documented examples.
--   lua5.4 spec/fuzz/seeds.lua <folder>       from the root of the tree, with the modules loadable
-- Into <folder>/decode and <folder>/xml: each response of the examples, behind a byte that chooses its type.

local checks = require "spec.fuzz.checks"
local examples = require "spec.support.examples"
local json = require "dataforest.codec.json"
local operations = require "dataforest.operations"

local folder = assert(arg[1], "the folder to write into")

local function write(target, name, bytes)
  local file = assert(io.open(("%s/%s/%s"):format(folder, target, name), "wb"))
  file:write(bytes)
  file:close()
end

local index_of = {}
for index, entry in ipairs(checks.types()) do
  if entry.type then
    index_of[entry.type] = index - 1
  end
end

local count = 0
for number, example in ipairs(examples) do
  local operation = operations.by_name[example.operation]
  local choice = string.char(operation and index_of[operation.result] or 0)
  local response = example.response or {}
  local name = ("example-%03d"):format(number)
  if type(response.json) == "table" then
    write("decode", name, choice .. json.encode(response.json))
    count = count + 1
  end
  if type(response.xml) == "string" then
    write("xml", name, choice .. response.xml)
    count = count + 1
  end
end
assert(count > 50, "the examples have become few: " .. count)
