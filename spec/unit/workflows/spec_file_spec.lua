local cost = require "spec.support.cost"
local files = require "spec.support.files"
local spec_file = require "dataforest.workflows.spec_file"
local spec_text = require "dataforest.workflows.spec_text"

local SPEC = {
  account = { name = "df001", quotas = { koya = { spaceTb = 300, fileCountMillion = 2 } } },
  apps = {
    {
      name = "kafka-1",
      type = "KAFKA-2.4.0",
      queue = "longlived",
      lifetime = -1,
      description = 'a "quoted" \\ text,\nof two lines: für #immer',
      components = { ["kafka-manager"] = { memoryMb = 2048 }, ["end"] = { cpuCount = 1 }, null = {} },
      dependsOn = {},
      state = "STOPPED",
    },
    { name = "no", type = "1.0" },
  },
}

local function refused(text, kind, message)
  local spec, err = spec_file.parse(text, kind, "f." .. kind)
  assert.is_nil(spec)
  assert.are.equal("argument", err.kind)
  assert.are.equal("spec", err.field)
  assert.truthy(err.message:find(message, 1, true), err.message)
  assert.truthy(err.message:find("f." .. kind, 1, true), err.message)
end

describe("a spec in a file", function()
  it("reads back as it was written, in each format", function()
    for _, kind in ipairs { "lua", "json", "yaml" } do
      local omitted = { { path = "account.password", message = "it\nis secret" } }
      local text = spec_text.write(SPEC, kind, omitted)
      assert.are.equal(text, spec_text.write(SPEC, kind, omitted))
      assert.are.same(SPEC, assert(spec_file.parse(text, kind)))
      assert.are.same(SPEC, assert(spec_file.parse("\239\187\191" .. text, kind)))
    end
    local empty = { account = false, apps = {} }
    for _, kind in ipairs { "lua", "json", "yaml" } do
      assert.are.same(empty, assert(spec_file.parse(spec_text.write(empty, kind), kind)))
    end
    assert.truthy(spec_text.write(empty, "json"):find '"apps": %[%]')
  end)

  it("may be a Lua program, without globals", function()
    local text = [[#!/usr/bin/env dataforest
      local apps = {}
      for i = 1, 3 do
        apps[i] = { name = "dev" .. i, type = "DEV-1.0.0" }
      end
      return { account = { name = "df001" }, apps = apps }]]
    assert.are.equal("dev3", assert(spec_file.parse(text, "lua")).apps[3].name)
    for _, name in ipairs { "os", "io", "require", "setmetatable", "pcall", "string", "_G", "load" } do
      refused("return " .. name, "lua", "no globals, and uses " .. name)
    end
    refused("x = 1", "lua", "no globals")
    refused("return _ENV and _ENV.os or os", "lua", "no globals")
  end)

  it("is stopped when a Lua program takes too much, and leaves everything as it was", function()
    refused("while true do end", "lua", "instructions")
    refused("local function f() return f() end return f()", "lua", "instructions")
    refused("local function f() return 1 + f() end return f()", "lua", "")
    refused("local s = 'x' while true do s = s .. s end", "lua", "memory")
    refused("local t = {} for i = 1, 1e9 do t[i] = { i } end return t", "lua", "")
    refused("return ('x'):rep(1e9)", "lua", "to index")
    refused("local s = ('a'):rep(30) return { s:find(('a*'):rep(30) .. 'b') }", "lua", "to index")
    assert.are.equal("xxx", ("x"):rep(3))
    assert.is_nil((debug.gethook()))
    local before = collectgarbage "count"
    for _ = 1, 50 do
      spec_file.parse("return { ('x'):rep(9) }", "lua")
      spec_file.parse("local t = {} for i = 1, 300 do t[i] = { i } end return t", "lua")
    end
    collectgarbage()
    assert.is_true(collectgarbage "count" < before + 4096, "the collector still works")
  end)

  it("holds plain values only", function()
    refused("return { account = function() end }", "lua", "a function")
    refused("local t = {} t.t = t return t", "lua", "holds itself")
    refused("return { [{}] = 1 }", "lua", "a table for a name")
    refused("return 5", "lua", "must hold a table")
    refused("", "lua", "returns nothing")
    refused("return {", "lua", "f.lua:1")
    refused("\27Lua", "lua", "")
    refused(
      string.dump(function()
        return {}
      end),
      "lua",
      ""
    )
    refused("{", "json", "JSON")
    refused("5", "json", "must hold a table")
    refused(("["):rep(100000), "json", "nested")
    assert.are.same({}, assert(spec_file.parse('{"account":null,"apps":null}', "json")))
  end)

  it("may be YAML of one document, whose aliases do not grow without end", function()
    assert.are.same(
      { account = { name = "df001" }, apps = { { name = "a", lifetime = -1 } } },
      assert(
        spec_file.parse("account: {name: df001}\napps:\n- name: a\n  lifetime: -1\n  queue: ~\n", "yaml")
      )
    )
    refused("a: [", "yaml", "f.yaml")
    refused("--- {}\n--- {}", "yaml", "one document")
    refused("", "yaml", "one document")
    refused("a: &a [*a]", "yaml", "holds itself")
    local lines = { "a0: &a0 [x,x,x,x,x,x,x,x,x,x]" }
    for level = 1, 8 do
      local alias = "*a" .. (level - 1)
      lines[level + 1] = ("a%d: &a%d [%s]"):format(level, level, (alias .. ","):rep(9) .. alias)
    end
    refused(table.concat(lines, "\n"), "yaml", "more than 100000 values")
  end)

  it("is refused where a name stands twice, with its path", function()
    local json = [[{"account": {"name": "a"}, "apps": [{"name": "name", "type": "}\"{"},
      {"name": "b", "na\u006de": -1.5e3, "components": {"a": null, "a": [1, {"x": {}, "y": [], "x": 1}]}}]}]]
    refused(json, "json", "apps[2].name is there twice (line 2); apps[2].components.a is there twice")
    refused(json, "json", "apps[2].components.a[2].x is there twice")
    refused('{"account":false,\n\n"account":{"name":"a"}}', "json", "account is there twice (lines 1 and 3)")
    assert(spec_file.parse('{"account":{"name":"name"},"apps":[{"name":"name"},{"name":"apps"}]}', "json"))

    local yaml =
      "account: {name: a, 'name': b}\napps:\n- name: a\n  ? [k, k]\n  : 1\n  name: ~\naccount: false\n"
    refused(
      yaml,
      "yaml",
      "account.name is there twice (line 1); apps[1].name is there twice (lines 3 and 6); "
    )
    refused(yaml, "yaml", "account is there twice (lines 1 and 7)")
    assert(spec_file.parse("account: &a {name: a}\napps:\n- <<: *a\n  type: b\n- <<: *a\n- [a, a]\n", "yaml"))

    refused("{" .. ('"a":1,'):rep(30) .. '"a":1}', "json", "and 10 more")
  end)

  it("takes time with its length, not its square", function()
    refused('{"a":' .. ("["):rep(60) .. ("]"):rep(60) .. ',"a":1}', "json", "nested")
    cost.assert_linear(function(size)
      local deep = ("["):rep(3 * size) .. "{" .. ("a: 1, "):rep(size) .. "a: 1}" .. ("]"):rep(3 * size)
      refused("a: " .. deep .. "\na: 1", "yaml", "nested")
    end, 1250)
    cost.assert_linear(function(size)
      refused("[" .. ('{"a":1,"a":2},'):rep(size) .. "1]", "json", ("and %d more"):format(size - 20))
    end, 2250)
    cost.assert_linear(function(size)
      refused(("- - - - - - {a: 1, a: 2}\n"):rep(size), "yaml", ("and %d more"):format(size - 20))
    end, 1250)
  end)

  it("is read from a path, whose end tells the format", function()
    local path = os.tmpname()
    files.write(path, '{"account":false}')
    assert.are.same({ account = false }, assert(spec_file.load(path, "json")))
    local spec, err = spec_file.load(path)
    assert.is_nil(spec)
    assert.truthy(err.message:find(".yaml", 1, true))
    files.write(path, (" "):rep(spec_file.MAX_BYTES + 1))
    assert.truthy(select(2, spec_file.load(path, "json")).message:find("longer than", 1, true))
    os.remove(path)
    assert.are.equal("spec", select(2, spec_file.load(path .. ".lua")).field)
    assert.are.equal("spec", select(2, spec_file.load("/", "lua")).field)
  end)
end)
