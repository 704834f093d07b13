-- Forests in processes of their own, against the emulator as a server: killed, and two at once.

local core = require "dataforest.core"
local dataforest = require "dataforest"
local files = require "spec.support.files"
local server_of = require "spec.support.server"
local spec_file = require "dataforest.workflows.spec_file"
local spec_text = require "dataforest.workflows.spec_text"

local LUA = server_of.LUA

local KILLS = 7
local FIRST, LAST = 0.05, 0.9 -- seconds until a kill

local function spec_of(memory)
  return {
    account = {
      name = "df001",
      password = "Abcdef1!",
      quotas = { koya = { spaceTb = 300, fileCountMillion = 2 } },
    },
    apps = {
      {
        name = "kafka",
        type = "KAFKA-2.4.0",
        dependsOn = { "zoo" },
        components = { broker = { containerCount = 3 } },
      },
      { name = "zoo", type = "ZOOKEEPER-3.4.13", components = { zk = { memoryMb = memory } } },
      { name = "dev1", type = "DEV-1.0.0", state = "STOPPED" },
      { name = "dev2", type = "DEV-1.0.0", lifetime = 86400 },
    },
  }
end

describe("the example of a forest #full", function()
  it("runs in an emulator in process", function()
    local text = server_of.output_of(("DATAFOREST_BASE_URL= %s examples/forest/apply.lua 2>&1"):format(LUA))
    assert.truthy(text:find("5 done, 0 not done, 0 in doubt\nNothing to do", 1, true), text)
  end)

  it("has a workflow whose commands plan and apply", function()
    local folder = files.new_folder()
    local server = server_of.start { creation_delay = 0, app_delay = 0, container_delay = 0 }
    local function run(job, step)
      local file = assert(io.open("examples/forest/ci.yml", "rb"))
      local workflow = require("lyaml").load(file:read "*a")
      file:close()
      local script = workflow.jobs[job].steps[step].run
      files.write(folder .. "/script", script)
      local words = {
        "cd " .. folder .. " && env GITHUB_STEP_SUMMARY=summary DF_PASSWORD=Abcdef1!",
        "DATAFOREST_BASE_URL=" .. server.base_url,
        "DATAFOREST_CA_FILE=" .. server.ca_file,
        "NCLOUD_ACCESS_KEY_ID=" .. server.access_key,
        "NCLOUD_SECRET_ACCESS_KEY='" .. server.secret_key .. "'",
        'PATH="$OLDPWD/bin:$PATH" sh -e script 2>&1; echo status $?; cat summary 2>/dev/null',
      }
      return server_of.output_of(table.concat(words, " "))
    end
    files.write(
      folder .. "/forest.yaml",
      spec_text.write(assert(spec_file.load "examples/forest/forest.lua"), "yaml")
    )
    local planned, applied, again = run("plan", 2), run("apply", 2), run("plan", 2)
    server:stop()
    files.remove(folder)
    assert.truthy(planned:find("5 to create", 1, true), planned)
    assert.truthy(applied:find("status 0", 1, true), applied)
    assert.truthy(again:find("Nothing to do", 1, true), again)
  end)
end)

describe("a forest that processes make #full", function()
  local server, df, path

  setup(function()
    server = server_of.start {
      creation_delay = 0.4,
      app_delay = 0.3,
      container_delay = 0.1,
      deletion_delay = 0.2,
      strict = true,
      second_account = 400, -- so that a status tells what was carried out
    }
    path = os.tmpname()
  end)

  teardown(function()
    server:stop()
    os.remove(path)
    os.remove(path .. ".1")
    os.remove(path .. ".2")
  end)

  before_each(function()
    server:reset()
    df = dataforest.new(server.options)
  end)

  after_each(function()
    df:close()
  end)

  local function use(spec)
    files.write(path, spec_text.write(spec, "lua"))
  end

  --- Starts a process that applies the spec; returns its number.
  local function start(out)
    local words = "%s spec/support/forest_apply.lua '%s' '%s' '%s' '%s' '%s' >'%s' 2>&1 </dev/null & echo $!"
    local command =
      words:format(LUA, server.base_url, server.ca_file, server.access_key, server.secret_key, path, out)
    return tonumber(server_of.output_of(command))
  end

  local function ended(pid)
    return server_of.wait_until(function()
      return not server_of.is_running(pid)
    end, 60)
  end

  --- How often an operation was carried out.
  local function carried_out(operation)
    local count = 0
    for _, call in ipairs(server:calls()) do
      count = count + (call.operation == operation and call.status == 200 and 1 or 0)
    end
    return count
  end

  --- Kills runs at various moments; then one goes to its end.
  local function apply_through_kills(spec)
    use(spec)
    for kill = 1, KILLS do
      local pid = start(path .. ".1")
      core.sleep(FIRST + (LAST - FIRST) * (kill * 7 % KILLS) / KILLS)
      os.execute(("kill -KILL %d 2>/dev/null"):format(pid))
      assert.is_true(ended(pid))
    end
    local pid = start(path .. ".1")
    assert.is_true(ended(pid))
    assert.truthy(files.read(path .. ".1"):find("0 not done, 0 in doubt", 1, true), files.read(path .. ".1"))
    core.sleep(0.3) -- what was deleted is gone
    local plan = assert(df:plan(spec, { prune = true }))
    assert.is_true(plan.empty, tostring(plan))
    local exported = assert(df:export())
    assert.are.equal(#spec.apps, #exported.apps)
  end

  it("is whole whenever they are killed, with nothing made twice", function()
    apply_through_kills(spec_of(nil))
    assert.are.equal(1, carried_out "accounts/create")
    assert.are.equal(4, carried_out "apps/create")
    assert.are.equal(0, carried_out "apps/delete")
    -- An app is replaced, with the one that depends on it, and another one goes.
    local spec = spec_of(2048)
    table.remove(spec.apps)
    apply_through_kills(spec)
    assert.are.equal(1, carried_out "accounts/create")
    assert.are.equal(6, carried_out "apps/create")
  end)

  it("is the same when two make it at once", function()
    for _, spec in ipairs { spec_of(nil), spec_of(2048) } do
      use(spec)
      local first, second = start(path .. ".1"), start(path .. ".2")
      assert.is_true(ended(first))
      assert.is_true(ended(second))
      local texts = { files.read(path .. ".1"), files.read(path .. ".2") }
      local succeeded = 0
      for _, text in ipairs(texts) do
        if text:find("0 not done, 0 in doubt", 1, true) then
          succeeded = succeeded + 1
        else
          assert.truthy(text:find "^[%w/]+: %l+: " or text:find "^%l+: ", text)
        end
      end
      assert.is_true(succeeded >= 1, table.concat(texts, "\n"))
      core.sleep(0.3)
      local plan = assert(df:plan(spec, { prune = true }))
      assert.is_true(plan.empty, tostring(plan))
      assert.are.equal(#spec.apps, #assert(df:export()).apps)
      assert.are.equal(1, carried_out "accounts/create")
    end
  end)
end)
