-- What was wrong, and what the command says to do about it: each situation against the emulator's server, the
-- hint of a command beside what doctor says.

local files = require "spec.support.files"
local servers = require "spec.support.server"

local server, home

--- Runs a command line without a terminal.
-- @treturn number status
-- @treturn string what was printed, on both streams
local function run(line, more)
  local status, out, err = servers.run(line, server:environment(home, more))
  return status, out .. err
end

setup(function()
  home = files.new_folder()
  server = servers.start { creation_delay = 60, seed = 1 }
  os.execute(("mkdir %s/.ncloud"):format(home))
  files.write(
    home .. "/.ncloud/configure",
    "[work]\nncloud_access_key_id = ",
    server.access_key,
    "\nncloud_secret_access_key = ",
    server.secret_key,
    "\n[half]\nncloud_access_key_id = A\n"
  )
  os.execute(("chmod 600 %s/.ncloud/configure"):format(home))
end)

teardown(function()
  server:stop()
  files.remove(home)
end)

before_each(function()
  server:reset()
end)

local NO_KEYS = { NCLOUD_ACCESS_KEY = false, NCLOUD_SECRET_KEY = false }

-- `what` was wrong, the command `line`, more of its `environment` (or a function for it), its `status`, the
-- `hint` as a pattern, and what `doctor` says in the same situation.
local SITUATIONS = {
  {
    what = "a profile that does not exist",
    line = "accounts list --profile wrk",
    status = 5,
    hint = "did you mean %-%-profile work%?; dataforest configure %-%-profile wrk makes one",
    doctor = { "doctor --profile wrk", "FAIL  keys.*did you mean %-%-profile work%?" },
  },
  {
    what = "a profile of the environment that does not exist",
    line = "accounts list",
    environment = { DATAFOREST_PROFILE = "something-else" },
    status = 5,
    hint = "the profiles are work and half",
    doctor = { "doctor", "the profiles are work and half" },
  },
  {
    what = "a profile that lacks a key",
    line = "accounts list --profile half",
    status = 5,
    hint = "the profile half lacks a key: dataforest configure %-%-profile half writes both",
    doctor = { "doctor --profile half", "the profile half lacks a key" },
  },
  {
    what = "no keys at all",
    line = "accounts list",
    environment = { NCLOUD_ACCESS_KEY = false, NCLOUD_SECRET_KEY = false, HOME = "/nonexistent" },
    status = 5,
    hint = "dataforest configure asks for keys",
    doctor = { "doctor", "FAIL  keys.*dataforest configure asks for keys" },
  },
  {
    what = "wrong halves of a key pair",
    line = "accounts list",
    environment = { NCLOUD_SECRET_KEY = "of-another-key" },
    status = 5,
    hint = "the secret key must belong to the access key, and both must be active; these are from the "
      .. "environment %(NCLOUD_ACCESS_KEY%)",
    doctor = { "doctor", "FAIL  signed call.*the secret key must belong to the access key" },
  },
  {
    what = "variables that win over the ones just pasted",
    line = "accounts list",
    environment = { NCLOUD_ACCESS_KEY_ID = "OLD", NCLOUD_SECRET_ACCESS_KEY = "OLD" },
    status = 5,
    hint = "NCLOUD_ACCESS_KEY_ID and NCLOUD_SECRET_ACCESS_KEY win over NCLOUD_ACCESS_KEY and "
      .. "NCLOUD_SECRET_KEY; to use the latter: unset NCLOUD_ACCESS_KEY_ID NCLOUD_SECRET_ACCESS_KEY",
    doctor = { "doctor", "warn  keys +the environment has two pairs of keys.*unset NCLOUD_ACCESS_KEY_ID" },
  },
  {
    what = "a name that nothing has",
    line = "accounts show cloud9",
    status = 3,
    hint = "there are no accounts",
  },
  {
    what = "a name where the API wants an identifier",
    line = [[call accounts/getDetail '{"id":"cloud1"}']],
    status = 3,
    hint = "cloud1 is a name, or part of an identifier: call takes identifiers, dataforest accounts takes",
  },
  {
    what = "an identifier that does not exist",
    line = "accounts show axE7wU9ERm8fTc7e17vNvu",
    status = 3,
    hint = "an identifier that does not exist is refused like this, too: dataforest accounts list",
  },
  {
    what = "an app type without its version",
    line = "apps create --app-type-id KAFKA --name kafka1 --defaults",
    account = true,
    status = 3,
    hint = "an app type has its version in its name, such as KAFKA%-2%.4%.0: "
      .. "dataforest apps get%-app%-type%-id%-list shows them",
  },
  {
    what = "a proxy that is down",
    line = "accounts list --proxy http://127.0.0.1:9 --timeout 3",
    status = 4,
    hint = "check the proxy http://127%.0%.0%.1:9, or go without one: unset DATAFOREST_PROXY",
    doctor = {
      "doctor --proxy http://127.0.0.1:9 --timeout 3",
      "FAIL  connection.*check the proxy http://127%.0%.0%.1:9",
    },
  },
  {
    what = "http spoken to a TLS port",
    line = "accounts list --timeout 3",
    environment = function()
      return { DATAFOREST_BASE_URL = (server.base_url:gsub("^https", "http")) }
    end,
    status = "[134]",
    hint = "%-%-base%-url https://127%.0%.0%.1:%d+",
    doctor = { "doctor --timeout 3", "%-%-base%-url https://127%.0%.0%.1:%d+" },
  },
  {
    what = "a certificate that nobody trusts",
    line = "accounts list",
    environment = { DATAFOREST_CA_FILE = false },
    status = 4,
    hint = "%-%-ca%-file FILE or DATAFOREST_CA_FILE names certificates to trust",
    doctor = { "doctor", "FAIL  TLS.*%-%-ca%-file FILE" },
  },
  {
    what = "a certificate for another name",
    line = "accounts list --base-url https://other.example --connect-to ${DATAFOREST_BASE_URL#https://}",
    status = 4,
    hint = "the certificate is for another name: check the address in %-%-base%-url or DATAFOREST_BASE_URL",
    doctor = {
      "doctor --base-url https://other.example --connect-to ${DATAFOREST_BASE_URL#https://}",
      "FAIL  TLS.*the certificate is for another name",
    },
  },
  {
    what = "a port that nobody listens on",
    line = "accounts list --timeout 3",
    environment = { DATAFOREST_BASE_URL = "https://127.0.0.1:9" },
    status = 4,
    hint = "check the network, and the address in %-%-base%-url or DATAFOREST_BASE_URL",
    doctor = { "doctor", "FAIL  connection.*check the network, and the address" },
  },
  {
    what = "a call that takes too long",
    line = "accounts list --timeout 0.4",
    fault = { operation = "accounts/getList", delay = 2, times = 3 },
    status = 4,
    hint = "%-%-timeout SECONDS gives it longer than 0%.4",
  },
  {
    what = "a wait that takes too long",
    line = "accounts wait cloud1 CHANGING --wait-timeout 1",
    account = true,
    status = 4,
    hint = "%-%-wait%-timeout SECONDS waits longer than 1",
  },
  {
    what = "a change that may have been made",
    line = [[call accounts/resetKerberosKeytab '{"id":"axE7wU9ERm8fTc7e17vNvu"}']],
    fault = { operation = "accounts/resetKerberosKeytab", status = 504, times = 3 },
    status = 3,
    hint = "it may have been carried out: look with dataforest accounts show axE7wU9ERm8fTc7e17vNvu "
      .. "before you repeat it",
  },
  {
    what = "an operation whose name is mistyped",
    line = "call accounts/getDetial '{}'",
    status = 3,
    hint = "did you mean accounts/getDetail%?\n$",
  },
  {
    what = "a command whose name is mistyped",
    line = "apps lits",
    status = 2,
    hint = "dataforest apps %-%-help",
  },
  {
    what = "too many calls",
    line = "accounts list",
    fault = { operation = "accounts/getList", status = 429, code = "410", times = 9 },
    status = 3,
    hint = "too many calls: wait",
  },
}

-- As above, with a spec for `apply -`.
local SPECS = {
  {
    what = "a password that a spec takes from a variable that is not set",
    spec = [[{"account":{"name":"df001","password":{"env":"NONE"}}}]],
    status = 2,
    hint = "apply needs it to create the account, and for %-%-rotate\n$",
  },
  {
    what = "a spec that needs --replace",
    account = true,
    app = true,
    spec = [[{"account":{"name":"cloud1"},"apps":[{"name":"dev1","type":"KAFKA-2.4.0"}]}]],
    status = 3,
    hint = "with %-%-replace, apply deletes these and creates them anew\n$",
  },
}
for _, case in ipairs(SPECS) do
  case.line = ("apply - --input json --yes <<'END'\n%s\nEND"):format(case.spec)
  SITUATIONS[#SITUATIONS + 1] = case
end

describe("the hint #full", function()
  for _, case in ipairs(SITUATIONS) do
    it("fits " .. case.what, function()
      local environment = case.environment
      if type(environment) == "function" then
        environment = environment()
      end
      if case.account then
        local account = server:add_account { name = "cloud1" }
        if case.app then
          server:control("add_app", { accountId = account, name = "dev1", appTypeId = "DEV-1.0.0" })
        end
      end
      if case.fault then
        server:fail_next(case.fault)
      end
      local status, printed = run("dataforest " .. case.line, environment)
      assert.matches("^" .. case.status .. "$", tostring(status), printed)
      assert.matches("\nhint: [^\n]*" .. case.hint, printed)
      assert.is_nil(printed:find(server.secret_key, 1, true))
      if case.doctor then
        local _, found = run("dataforest " .. case.doctor[1], environment)
        assert.matches(case.doctor[2], (found:gsub("\n +", " "):gsub("%-%-> ", "")))
      end
    end)
  end

  it("can be pasted", function()
    local old = { NCLOUD_ACCESS_KEY_ID = "OLD", NCLOUD_SECRET_ACCESS_KEY = "OLD" }
    local _, printed = run("dataforest accounts list", old)
    local paste = printed:match "to use the latter: (unset [%u_ ]+)"
    assert.is_string(paste, printed)
    local status, out = run(paste .. "; dataforest accounts list", old)
    assert.are.equal(0, status, out)
    os.execute(("chmod 644 %s/.ncloud/configure"):format(home))
    _, out = run("dataforest doctor --profile work", NO_KEYS)
    paste = out:match "%-%-> (chmod 600 %S+)"
    assert.is_string(paste, out)
    assert.are.equal(0, (run(paste)))
    _, out = run("dataforest doctor --profile work", NO_KEYS)
    assert.matches("\nall is well\n$", out)
    -- A name with a quote stays a word of its own.
    _, out = run [[dataforest accounts list --profile "it's; rm -rf x"]]
    assert.matches([[%-%-profile 'it'\''s; rm %-rf x']], out)
  end)
end)
