-- examples/nightly.lua, against the emulator: what a job that runs every night may meet.

local files = require "spec.support.files"
local testing = require "dataforest.testing"

local nightly = dofile "examples/nightly.lua"

local df, emulator, folder, job

before_each(function()
  df, emulator = testing.client { emulator = { seed = 7 } }
  folder = files.new_folder()
  job = {
    account = "df001",
    password = "Forest-7",
    app = "dev1",
    type = "DEV-1.0.0",
    report = folder .. "/report.csv",
    keytab = folder .. "/df001.keytab",
  }
end)

after_each(function()
  df:close()
  files.remove(folder)
end)

local REPORT = [[
account,kind,name,state,files_million,space_tb
df001,quota,koya,RUNNING,1,200
df001,quota,tata,RUNNING,1,200
df001,app,dev1,RUNNING,,
]]

local function count(operation)
  local found = 0
  for _, call in ipairs(emulator.calls) do
    found = found + (call.operation == operation and 1 or 0)
  end
  return found
end

describe("the nightly job", function()
  it("creates what is missing, and reports it", function()
    nightly(df, job)
    assert.are.equal(REPORT, files.read(job.report))
    assert.are.equal("\5\2", files.read(job.keytab):sub(1, 2))
  end)

  it("creates nothing in the second night, and rotates the keytab", function()
    nightly(df, job)
    local keytab = files.read(job.keytab)
    emulator:advance(24 * 3600)
    nightly(df, job)
    assert.are.equal(REPORT, files.read(job.report))
    assert.are_not.equal(keytab, files.read(job.keytab))
    assert.are.same({ 1, 1 }, { count "accounts/create", count "apps/create" })
  end)

  it("copes with throttling", function()
    emulator:fail_next { status = 429, code = "410", times = 12 }
    nightly(df, job)
    assert.are.equal(REPORT, files.read(job.report))
  end)

  it("looks if a create or a rotation is in doubt", function()
    for _, operation in ipairs { "accounts/create", "apps/create", "accounts/resetKerberosKeytab" } do
      emulator:fail_next { operation = operation, when = "after", kind = "network" }
    end
    nightly(df, job)
    assert.are.equal(REPORT, files.read(job.report))
    assert.are.same({ 1, 1 }, { count "accounts/create", count "apps/create" })
    assert.are.equal(1, count "accounts/resetKerberosKeytab")
  end)

  it("ends at its deadline", function()
    emulator:fail_next { status = 503, times = 1000 }
    job.seconds = 600
    local started = emulator:now()
    local ok, err = pcall(nightly, df, job)
    assert.is_false(ok)
    assert.matches("server", tostring(err))
    assert.is_true(emulator:now() - started <= 600)
    assert.is_nil((io.open(job.report)))
  end)

  it("says what is wrong if nothing can be done", function()
    job.password = "short"
    local ok, err = pcall(nightly, df, job)
    assert.is_false(ok)
    assert.matches("password must be 8 to 20 characters", tostring(err))
    assert.is_nil((io.open(job.report)))
  end)
end)
