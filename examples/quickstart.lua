-- A first look at Data Forest: an account is made, listed and looked at; a second one is refused.
--
--     make demo                        runs it against the emulator
--     lua5.4 examples/quickstart.lua   runs it against what the environment names: it creates an account

local dataforest = require "dataforest"

-- How it looks: colours on a terminal only.
local on_terminal = os.getenv "TERM" ~= "dumb" and not os.getenv "NO_COLOR" and os.execute "test -t 1"
local coloured = on_terminal == true or on_terminal == 0 -- Lua 5.1 gives the status

local function paint(code, text)
  return coloured and ("\27[%sm%s\27[0m"):format(code, text) or text
end

local steps, took = 0, ""

local function step(title, outcome)
  steps = steps + 1
  local shown, time = ("%-26s"):format(outcome), ("%8s"):format(took)
  print(("  %s  %-28s%s%s"):format(paint("36", steps), title, paint("1", shown), paint("2", time)))
end

local function line(...)
  print("       " .. string.format(...))
end

-- A client: keys and address come from the environment. The hook tells how long each call took.
local df = dataforest.new {
  on_event = function(event)
    if event.name == "success" or event.name == "failure" then
      took = ("%.1f ms"):format(event.seconds * 1000)
    end
  end,
}

print(paint("1", "Data Forest at " .. (os.getenv "DATAFOREST_BASE_URL" or "https://df.apigw.ntruss.com")))
print()

-- Every operation is a method; it returns a value, or nil and an error. `assert` will do here.
local name, password = "cloud1", "Forest-7"

local check = assert(df.accounts:check_available_name(name))
step(("Is the name %s free?"):format(name), check.availableName and "yes" or "no")

local created = assert(df.accounts:create { name = name, password = password })
step("Create the account", created.id)

local list = assert(df.accounts:get_list())
step("List the accounts", list.total == 1 and "1 account" or list.total .. " accounts")
for _, account in ipairs(list.contents) do
  line("%-12s%-12s%s", account.name, account.status, account.principal)
end

local detail = assert(df.accounts:get_detail(created.id))
step("Look at it closely", detail.createdAt)
for _, quota in ipairs(detail.quotas) do
  line("%-12s%d million files, %d TB", quota.namespace, quota.fileCountMillion, quota.spaceTb)
end

-- What the service refuses is an error with a kind, never a surprise in the data.
local second, err = df.accounts:create { name = "cloud2", password = password }
assert(not second and err.kind == "refused", "a second account should be refused")
step("Create a second one", err.kind)
line("%s", err.message)

df:close()
