-- The command line, in process: an emulator for the service, made-up streams for the terminal.

local cjson = require "cjson"
local commands = require "dataforest.cli.commands"
local context_of = require "dataforest.cli.context"
local core = require "dataforest.core"
local errors = require "dataforest.errors"
local exit = require "dataforest.cli.exit"
local files = require "spec.support.files"
local help = require "dataforest.cli.help"
local lfs = require "lfs"
local operations = require "dataforest.operations"
local parser = require "dataforest.cli.parser"
local support = require "spec.support.cli"
local system_of = require "dataforest.cli.terminal.system"
local text = require "dataforest.cli.output.text"

local PASSWORD = "Passw0rd!"

local machine, emulator

before_each(function()
  machine = support.machine { seed = 1, creation_delay = 30, app_delay = 30 }
  emulator = machine.emulator
end)

local function words_of(line)
  local words = {}
  for word in line:gmatch "%S+" do
    words[#words + 1] = word
  end
  return words
end

local function run(line, given)
  return machine:run(type(line) == "table" and line or words_of(line), given)
end

--- A text without the breaks of its lines.
local function flowed(content)
  return (content:gsub("\n$", ""):gsub("\n", " "))
end

--- Every command of the tree, with the words that lead to it.
local function each_command(visit, command, words)
  command, words = command or commands.tree(), words or {}
  visit(command, words)
  for _, child in ipairs(command.commands or {}) do
    local longer = { (unpack or table.unpack)(words) }
    longer[#longer + 1] = child.name
    each_command(visit, child, longer)
  end
end

describe("the commands", function()
  it("are one for each account and app operation", function()
    local found = {}
    each_command(function(command)
      if command.operation then
        found[command.operation.id] = command.path
      end
    end)
    for _, operation in ipairs(operations.list) do
      if operation.status == "current" then
        local name = operation.name:gsub("%u", function(letter)
          return "-" .. letter:lower()
        end)
        assert.are.equal(("dataforest %s %s"):format(operation.group, name), found[operation.id])
      else
        assert.is_nil(found[operation.id])
      end
    end
  end)

  it("give each option the same kind of value everywhere", function()
    local known = {}
    each_command(function(command)
      for _, option in ipairs(parser.options_of(command)) do
        for _, name in ipairs(option.names) do
          local kind = { takes_value = option.label ~= nil, file = option.file or false }
          assert.are.same(known[name] or kind, kind, name)
          known[name] = kind
        end
      end
    end)
  end)

  it("have examples that can be read", function()
    each_command(function(command)
      for _, example in ipairs(command.examples or {}) do
        local line = example[2]:match "^dataforest ([^|<>\n]*)"
        if line and not line:find "%$" and not line:find "^emulator" then -- bin/dataforest's own
          local argv = {}
          for word in
            line
              :gsub("'([^']*)'", function(quoted)
                return (quoted:gsub(" ", ""))
              end)
              :gmatch "%S+"
          do
            argv[#argv + 1] = word
          end
          local args, early = parser.parse(commands.tree(), argv)
          assert.is_truthy(args, example[2] .. ": " .. tostring(early and early.message))
        end
      end
    end)
  end)

  it("have help that keeps within its width", function()
    each_command(function(command)
      for _, width in ipairs { 60, 80, 100 } do
        for _, line in ipairs(files.lines(help.of(command, { width = width }))) do
          -- Addresses and the words of an example stay whole.
          local whole = line:find "https://" or line:find "^  dataforest" or line:find "^ +%-?%-?%S+ ?[^ ]*$"
          assert.is_true(text.width(line) <= width or whole ~= nil, line)
        end
      end
    end)
  end)

  it("show their help wherever it is asked for", function()
    each_command(function(command, words)
      local asked = run(table.concat(words, " ") .. " --help")
      assert.are.equal(exit.OK, asked.code)
      assert.are.equal("", asked.err)
      assert.are.equal("Usage: " .. command.path, asked.out:sub(1, 7 + #command.path))
    end)
  end)

  it("have their exit codes in help and man page", function()
    local shown = run("--help").out
    for _, code in ipairs(exit.codes) do
      assert.is_truthy(shown:find(("\n  %d "):format(code.code)))
      assert.is_truthy(files.read("docs/man/dataforest.1"):find(("\\fB%d\\fR"):format(code.code), 1, true))
    end
    for _, kind in ipairs(errors.kinds) do
      assert.is_number(exit.of(kind.name))
    end
  end)

  it("tell the version", function()
    assert.are.same({ 0, "dataforest " .. core.version .. "\n", "" }, {
      run("--version").code,
      run("accounts list --version").out,
      run("--version").err,
    })
  end)
end)

describe("a wrong command line", function()
  local function refused(line, pattern, hint)
    local result = run(line)
    local told = type(line) == "table" and table.concat(line, " ") or line
    assert.are.equal(exit.USAGE, result.code, told)
    assert.are.equal("", result.out)
    local lines = files.lines(result.err)
    assert.are.equal(2, #lines, result.err)
    assert.matches("^dataforest: ", lines[1])
    assert.matches(pattern, lines[1])
    assert.matches("^hint: " .. (hint or ".*%-%-help shows what it takes"), lines[2])
    assert.are.equal(0, #emulator.calls)
  end

  it("is reported in one line and a hint", function()
    refused("accounts creat", "unknown command 'creat'. Did you mean 'create'%?")
    refused("acounts", "unknown command 'acounts'. Did you mean 'accounts'%?")
    refused("accounts list --jsn", "unknown option '%-%-jsn'")
    refused("accounts get-detail", "missing argument 'ACCOUNT'", "dataforest accounts get%-detail %-%-help")
    refused("accounts get-detail a b", "too many arguments")
    refused("accounts list --timeout soon", "%-%-timeout: a number of seconds above 0")
    refused("accounts list --timeout 0", "%-%-timeout: a number of seconds above 0")
    refused("accounts list --base-url http://example.com", "%-%-base%-url must begin with https://")
    refused("accounts set-quota a --namespace x", "must be one of 'koya', 'tata'")
    refused("accounts create --password-stdin", "%-%-name is missing: Account name")
    refused("accounts create --name x --password-stdin", "%-%-name must be 2 to 16 characters")
    refused("accounts get-detail a/b", "ACCOUNT must be a name or an identifier")
    refused(
      "apps create --account c --app-type-id D --name a--b --component a:memoryMb=1",
      "%-%-name must not have"
    )
    refused("sign get /", "METHOD must be an HTTP method in capitals")
    refused("sign GET x", "TARGET must begin with /")
    refused("sign GET https://a/b?c", "without scheme and host", "this one would be /b%?c")
    refused("sign GET / --timestamp now", "whole number of milliseconds")
  end)

  it("shows the help if there is no command", function()
    for _, line in ipairs { "", "accounts" } do
      local result = run(line)
      assert.are.equal(exit.USAGE, result.code)
      assert.are.equal("", result.out)
      assert.matches("^Usage: dataforest", result.err)
      assert.matches("\ndataforest: a command is required\nhint: [^\n]*\n$", result.err)
    end
  end)

  it("never shows a password that it holds", function()
    for _, line in ipairs {
      "accounts create --name cloud1 --password " .. PASSWORD,
      "accounts create --name cloud1 --password=" .. PASSWORD,
      "accounts create --name cloud1 --password" .. PASSWORD,
      "accounts create --name cloud1 -password " .. PASSWORD,
      "accounts create --name cloud1 --passwd " .. PASSWORD,
      "accounts create --name cloud1 " .. PASSWORD,
      "accounts create --name cloud1 -p" .. PASSWORD,
      "accounts create --name cloud1 --pw=" .. PASSWORD,
      "accounts reset-password id " .. PASSWORD,
      "accounts ensure --name cloud1 --password " .. PASSWORD,
      "accounts list --password " .. PASSWORD,
      "--password " .. PASSWORD,
      'call accounts/create {"name":"cloud1","password":"' .. PASSWORD .. '"}',
      'call accounts/create {"name":"cloud1","password":"' .. PASSWORD,
      'call other/operation {"a":[{"newPassword":"' .. PASSWORD .. '"}]}',
      "sign POST / --secret-key " .. PASSWORD,
      "accounts list --secretKey=" .. PASSWORD,
      "accounts create --name cloud1 --passphrase " .. PASSWORD,
      "accounts create --name cloud1 --pwd=" .. PASSWORD,
      "accounts list --token " .. PASSWORD,
      "accounts list --access-key=" .. PASSWORD,
    } do
      local result = run(line)
      assert.are.equal(exit.USAGE, result.code, line)
      assert.are.equal("", result.out)
      assert.is_nil(result.err:find(PASSWORD, 1, true), result.err)
    end
    assert.matches("a password is not taken as an argument", run("accounts create --password x").err)
    assert.are.equal(0, #emulator.calls)
  end)

  it("takes values that begin with a dash", function()
    local args = parser.parse(commands.tree(), words_of "apps set-lifetime x --lifetime -1")
    assert.are.equal("-1", args["parameter lifetime"])
    args = parser.parse(commands.tree(), words_of "apps create --description -x- --name=-y")
    assert.are.equal("-x-", args["parameter description"])
    local _, early = parser.parse(commands.tree(), words_of "apps create --description --name y")
    assert.matches("'%-%-description' requires an argument", early.message)
  end)
end)

describe("accounts and apps", function()
  local account

  before_each(function()
    account = emulator:add_account { name = "cloud1" }
  end)

  local function create_app(more)
    return run(
      "apps create --account cloud1 --app-type-id DEV-1.0.0 --name dev1 "
        .. "--component shell:memoryMb=2048,cpuCount=1,containerCount=2 "
        .. (more or "")
    )
  end

  it("are tables for people", function()
    local result = run("accounts list", { width = 120, environment = {} })
    assert.are.equal(exit.OK, result.code)
    assert.are.equal("", result.err)
    local lines = files.lines(result.out)
    assert.are.equal(2, #lines)
    local headings = "ID                      NAME    STATUS   CREATED AT"
      .. "                 PRINCIPAL                  DISABLED"
    assert.are.equal(headings, lines[1])
    assert.matches(
      "^" .. account .. "  cloud1  RUNNING  %d+%-%d+%-%d+T%S+  cloud1@KR%.DF%.NAVERNCP%.COM  no$",
      lines[2]
    )
  end)

  it("leave out columns if the terminal is narrow, and say which", function()
    for width, missing in pairs { [80] = "principal", [60] = "created at and principal" } do
      local result = run("accounts list", { width = width, environment = {} })
      assert.are.equal(
        ("too narrow for %s: --columns chooses, --json has all"):format(missing),
        flowed(result.err)
      )
      for _, line in ipairs(files.lines(result.out)) do
        assert.is_true(text.width(line) <= width, line)
      end
      assert.matches("\n" .. account .. "  cloud1  RUNNING", result.out)
    end
  end)

  it("become records if not even two columns fit", function()
    local result = run("accounts list", { width = 25, environment = {} })
    assert.matches("^id\n  " .. account .. "\nname        cloud1\nstatus      RUNNING\n", result.out)
  end)

  it("are written whole into a pipe", function()
    local result = run "accounts list"
    assert.matches("PRINCIPAL", result.out)
    assert.is_nil(result.out:find "\27")
    assert.are.equal("", result.err)
  end)

  it("are coloured on a terminal only, and only if the user wants it", function()
    local function coloured(environment, width)
      return run("accounts list", { width = width, environment = environment }).out:find "\27" ~= nil
    end
    assert.is_true(coloured({ TERM = "xterm" }, 120))
    assert.is_true(coloured({ TERM = "xterm", NO_COLOR = "" }, 120))
    assert.is_false(coloured({ TERM = "xterm", NO_COLOR = "1" }, 120))
    assert.is_false(coloured({ TERM = "dumb" }, 120))
    assert.is_false(coloured({}, 120))
    assert.is_false(coloured { TERM = "xterm" })
  end)

  it("are JSON for programs, its keys in order", function()
    local result = run "accounts show --json"
    assert.are.equal(exit.USAGE, result.code)
    result = run("accounts show --json " .. account)
    assert.are.equal(exit.OK, result.code)
    assert.are.equal("", result.err)
    assert.are.equal(account, cjson.decode(result.out).id)
    local keys = {}
    for key in result.out:gmatch '\n  "(%w+)":' do
      keys[#keys + 1] = key
    end
    assert.are.same({ "createdAt", "id", "name", "quotas", "status" }, keys)
    assert.matches('\n      "fileCountMillion": 1,\n', result.out)
    assert.are.equal(result.out, run("--json accounts getDetail " .. account).out)
    assert.are.equal(result.out, run("accounts show --json " .. account, { width = 40 }).out)
  end)

  it("have empty lists if the type says so", function()
    assert.are.equal('{\n  "contents": [],\n  "total": 0\n}\n', run("apps list --account cloud1 --json").out)
    local result = run "apps list --account cloud1"
    assert.are.same({ 0, "", "no apps\n" }, { result.code, result.out, result.err })
  end)

  it("are XML as it came, or the same JSON out of it", function()
    local result = run("accounts show --xml " .. account)
    assert.matches("^<%?xml .*<GetAccountDetailResponse>.*</GetAccountDetailResponse>\n$", result.out)
    assert.are.equal("xml", emulator.calls[#emulator.calls].format)
    assert.are.equal(
      run("accounts show --json " .. account).out,
      run("accounts show --json --xml " .. account).out
    )
  end)

  it("are found by name and by id", function()
    assert.are.equal(exit.OK, create_app().code)
    local by_name = run "apps list --account cloud1"
    assert.matches("dev1", by_name.out)
    assert.is_nil(by_name.out:find("ACCOUNT ID", 1, true)) -- the question gives it away
    local before = #emulator.calls
    assert.are.equal(by_name.out, run("apps list --account " .. account).out)
    assert.are.equal(before + 1, #emulator.calls) -- what has the length of an id is not looked up
    assert.are.equal(by_name.out, run("apps list --account-id=" .. account).out)
    local unknown = run "apps list --account cloud9"
    assert.are.equal(exit.REFUSED, unknown.code)
    assert.matches("no account has the name or the identifier cloud9", unknown.err)
    assert.matches("did you mean cloud1%? the accounts are cloud1 %(" .. account .. "%)", unknown.err)
  end)

  it("take the parts of a component", function()
    assert.are.equal(exit.OK, create_app("--lifetime -1").code)
    local sent = emulator.calls[#emulator.calls].params
    assert.are.same(
      { { name = "shell", memoryMb = 2048, cpuCount = 1, containerCount = 2 } },
      sent.components
    )
    assert.are.equal(-1, sent.lifetime)
    assert.are.equal(account, sent.accountId)
    emulator:advance(60)
    local app = cjson.decode(run("apps list --account cloud1 --json").out).contents[1]
    local shown = run("apps show " .. app.id, { width = 100, environment = {} })
    assert.matches("\ncomponents\n  NAME +STATE .*\n  shell", shown.out)
    assert.matches("\n  containers of shell\n    ID ", shown.out)
  end)

  it("find out what is left out, if asked", function()
    local result = run "apps create --account cloud1 --app-type-id DEV-1.0.0 --name dev1 --defaults"
    assert.are.equal(exit.OK, result.code, result.err)
    assert.are.equal("shell", emulator.calls[#emulator.calls].params.components[1].name)
    result = run "apps create --account cloud1 --name dev1 --defaults"
    assert.are.equal(exit.USAGE, result.code)
    assert.matches("%-%-app%-type%-id is missing", result.err)
    result = run("accounts set-quota --merge --namespace koya --space-tb 400 " .. account)
    assert.are.equal(exit.OK, result.code, result.err)
    local sent = emulator.calls[#emulator.calls].params
    assert.are.same(
      { account, "koya", 1, 400 },
      { sent.id, sent.namespace, sent.fileCountMillion, sent.spaceTb }
    )
    assert.are.equal(exit.USAGE, run("accounts set-quota --namespace koya --space-tb 400 " .. account).code)
  end)

  it("tell what is wrong with a component", function()
    for given, pattern in pairs {
      ["a:memoryMb=x"] = '%-%-component memoryMb must be a whole number, got "x"',
      ["a:memory=1"] = '%-%-component has no part "memory": did you mean memoryMb%?',
      ["a:zzz=1"] = '%-%-component has no part "zzz": it has name, memoryMb, cpuCount and containerCount',
      ["a:memoryMb"] = "%-%-component is made of name=value parts",
      ["a:memoryMb=0,cpuCount=1,containerCount=1"] = "%-%-component %(number 1%): memoryMb must be at least",
      ["a:cpuCount=1,containerCount=1"] = "%-%-component %(number 1%): memoryMb is missing",
      ["{"] = "%-%-component is not JSON",
    } do
      local result = run {
        "apps",
        "create",
        "--account",
        "cloud1",
        "--app-type-id",
        "D",
        "--name",
        "dev1",
        "--component",
        given,
      }
      assert.are.equal(exit.USAGE, result.code)
      assert.matches(pattern, result.err)
    end
  end)

  it("take parameters from a file or standard input", function()
    local params = cjson.encode {
      appTypeId = "DEV-1.0.0",
      name = "from-file",
      components = { { name = "shell", memoryMb = 2048, cpuCount = 1, containerCount = 1 } },
    }
    files.with(params, function(path)
      local result =
        run { "apps", "create", "--account", "cloud1", "--from-json", path, "--name", "from-option" }
      assert.are.equal(exit.OK, result.code, result.err)
    end)
    assert.are.equal("from-option", emulator.calls[#emulator.calls].params.name)
    local result = run("apps create --account cloud1 --from-json -", { stdin = params })
    assert.are.equal(exit.OK, result.code, result.err)
    for content, pattern in pairs {
      ["[1]"] = "%-%-from %-: it must hold one JSON object",
      ["{"] = "%-%-from %-: ",
      ['{"nme":"x"}'] = "nme is not a parameter: did you mean name%?",
    } do
      result = run("apps create --account cloud1 --from-json -", { stdin = content })
      assert.are.equal(exit.USAGE, result.code)
      assert.matches(pattern, result.err)
    end
    assert.are.equal(exit.USAGE, run("apps create --from-json /does/not/exist").code)
  end)

  it("keep a keytab off the terminal, and in a file that is one's own", function()
    local result = run("accounts get-kerberos-keytab " .. account, { width = 80 })
    assert.are.equal(exit.USAGE, result.code)
    assert.matches("binary data is not printed on a terminal", result.err)
    assert.are.equal(0, #emulator.calls)
    result = run("accounts get-kerberos-keytab " .. account)
    assert.are.equal(exit.OK, result.code)
    assert.are.equal("\5\2", result.out:sub(1, 2))
    local path = os.tmpname()
    local saved = run("accounts get-kerberos-keytab " .. account .. " --output " .. path, { width = 80 })
    assert.are.equal(exit.OK, saved.code, saved.err)
    assert.are.equal("", saved.out)
    assert.are.equal(result.out, files.read(path))
    assert.are.equal("rw-------", lfs.attributes(path, "permissions"))
    os.remove(path)
    saved = run("accounts get-kerberos-keytab " .. account .. " -o /does/not/exist")
    assert.are.equal(exit.USAGE, saved.code)
    assert.matches("%-%-output /does/not/exist: No such file", saved.err)
    assert.are.equal(exit.USAGE, run("accounts get-kerberos-keytab --json " .. account).code)
  end)

  it("are deleted after a question, if a person is there", function()
    local result = run("accounts delete " .. account, { width = 80, answers = { "n" } })
    assert.are.same({ ("Delete the account cloud1 (%s)? [y/N] "):format(account) }, result.asked)
    assert.are.equal(exit.USAGE, result.code)
    assert.are.equal(1, #emulator.dump(emulator).accounts)
    result = run("accounts delete --yes " .. account, { width = 80 })
    assert.are.same({ 0, {} }, { result.code, result.asked })
    local other = emulator:add_account { name = "cloud2" }
    assert.are.equal(exit.OK, run("accounts delete " .. other, { width = 80, answers = { "yes" } }).code)
    local third = emulator:add_account { name = "cloud3" }
    assert.are.equal(exit.OK, run("accounts delete " .. third).code)
  end)

  it("are waited for, and removed with care", function()
    local result = create_app "--wait"
    assert.are.equal(exit.OK, result.code, result.err)
    assert.matches("state +RUNNING\n", result.out)
    assert.matches("^the app dev1 has the id %w+\n$", result.err)
    local app = emulator:dump().apps[1]
    assert.are.equal(exit.OK, run("apps stop --wait " .. app.id).code)
    result = run("apps wait " .. app.id .. " running")
    assert.are.equal(exit.REFUSED, result.code)
    assert.matches("start it first, with dataforest apps start", result.err)
    result = run("accounts remove " .. account)
    assert.are.equal(exit.REFUSED, result.code)
    assert.matches("still has apps: dev1 %(STOPPED%); remove them first, or give %-%-force", result.err)
    result = run("accounts remove --force " .. account)
    assert.are.same({ 0, "removed\n" }, { result.code, result.err })
    result = run("accounts remove " .. account)
    assert.are.equal(exit.REFUSED, result.code)
    assert.are.same({ 0, "there was none\n" }, {
      run("accounts remove --ignore-missing " .. account).code,
      run("accounts remove --ignore-missing cloud1").err,
    })
    emulator:add_account { name = "cloud1" }
    assert.are.same({ 3, 0 }, {
      run("apps remove nobody").code,
      run("apps remove --ignore-missing nobody").code,
    })
  end)
end)

describe("a password", function()
  local function create(given)
    return run("accounts create --name cloud1", given)
  end

  local function created()
    return #emulator:dump().accounts == 1
  end

  it("is asked for twice", function()
    local result = create { answers = { PASSWORD, PASSWORD } }
    assert.are.equal(exit.OK, result.code, result.err)
    assert.are.same({ "Password: ", "Password again: " }, result.asked)
    assert.is_true(created())
    assert.is_nil((result.out .. result.err):find(PASSWORD, 1, true))
  end)

  it("is asked for again if it breaks the rules or differs", function()
    local result = create { answers = { "short", PASSWORD, PASSWORD .. "x", PASSWORD, PASSWORD } }
    assert.are.equal(exit.OK, result.code)
    assert.are.equal(5, #result.asked)
    assert.are.same({
      "password must be 8 to 20 characters, and have an upper-case letter, a lower-case letter, a digit and "
        .. "a special character; it is too short: add an upper-case letter, a digit and a special character",
      "the two passwords differ",
    }, files.lines(result.err))
    local given_up = create { answers = { "short", "short", "short", "short" } }
    assert.are.same({ exit.USAGE, 3 }, { given_up.code, #given_up.asked })
  end)

  it("can follow the rules of today's pages", function()
    local result = create { answers = { "passw0rd!", "passw0rd!", "passw0rd!" } }
    assert.matches("give %-%-password%-rule current", result.err)
    result =
      run("accounts create --name cloud1 --password-rule current", { answers = { "passw0rd!", "passw0rd!" } })
    assert.are.equal(exit.OK, result.code, result.err)
  end)

  it("can be refused", function()
    local result = create { answers = {} }
    assert.are.equal(exit.USAGE, result.code)
    assert.matches("no password was given: nothing was sent", result.err)
    assert.is_false(created())
  end)

  it("needs a terminal, or standard input", function()
    local result = create {}
    assert.are.equal(exit.USAGE, result.code)
    assert.matches(
      "no terminal to ask for the password on\nhint: give it through %-%-password%-stdin",
      result.err
    )
    for _, ending in ipairs { "", "\n", "\r\n" } do
      emulator:reset()
      result = run("accounts create --name cloud1 --password-stdin", { stdin = PASSWORD .. ending })
      assert.are.same({ 0, {}, true }, { result.code, result.asked, created() })
    end
    result = run("accounts create --name cloud1 --password-stdin", { stdin = "one\ntwo\n" })
    assert.are.equal(exit.USAGE, result.code)
    assert.matches("more than one line", result.err)
    assert.is_nil(result.err:find("two", 1, true))
    result = run("accounts create --name cloud1 --password-stdin", { stdin = "" })
    assert.are.equal(exit.USAGE, result.code)
  end)

  it("is not asked for if the rest is wrong already", function()
    local result = run("accounts create --name x", { answers = { PASSWORD, PASSWORD } })
    assert.are.same({ exit.USAGE, {} }, { result.code, result.asked })
  end)

  it("is asked by ensure only if there is no account", function()
    local result = run("accounts ensure --name cloud1", { answers = { PASSWORD, PASSWORD } })
    assert.are.same({ 0, 2, "created\n" }, { result.code, #result.asked, result.err })
    result = run("accounts ensure --name cloud1", {})
    assert.are.same({ 0, 0, "it was there already\n" }, { result.code, #result.asked, result.err })
  end)

  it("may come in the parameters of a call on standard input", function()
    local params = cjson.encode { name = "cloud1", password = PASSWORD }
    assert.are.equal(exit.OK, run("call accounts/create -", { stdin = params }).code)
    assert.is_true(created())
  end)
end)

describe("a call by name", function()
  it("gives what the operation's command gives", function()
    local account = emulator:add_account { name = "cloud1" }
    local params = ('{"id":"%s"}'):format(account)
    assert.are.equal(run("accounts show " .. account).out, run({ "call", "accounts/getDetail", params }).out)
    assert.are.equal(run("accounts list --json").out, run({ "call", "--json", "accounts/getList" }).out)
    assert.are.equal("\5\2", run({ "call", "accounts/getKerberosKeytab", params }).out:sub(1, 2))
    local result = run({ "call", "accounts/getKerberosKeytab", params }, { width = 80 })
    assert.are.equal(exit.USAGE, result.code)
  end)

  it("reaches operations that have no command", function()
    emulator:fail_next { status = 200, body = '{"success":true,"a":[],"b":{"c":1.5,"d":"\\u001b"}}' }
    local result = run { "call", "things/getList" }
    assert.are.equal(exit.OK, result.code, result.err)
    assert.are.same({ c = 1.5, d = "\27" }, cjson.decode(result.out).b)
    assert.is_nil(result.out:find "\27")
  end)

  it("wants an API name and a JSON object", function()
    for _, argv in ipairs {
      { "call", "getList" },
      { "call", "accounts/getList", "[" },
      { "call", "accounts/getList", "1" },
      { "call", "accounts/getDetail", '{"idd":"x"}' },
    } do
      assert.are.equal(exit.USAGE, run(argv).code)
    end
  end)
end)

describe("sign", function()
  it("prints the headers, and no secret", function()
    local keys = { access_key = "AK_TEST", secret_key = "SK_TEST", source = "a test" }
    local line = "sign POST /api/v2/accounts/create --timestamp 1700000000000"
    local result = run(line, { keys = keys })
    assert.are.equal(
      "x-ncp-apigw-timestamp: 1700000000000\nx-ncp-iam-access-key: AK_TEST\n"
        .. "x-ncp-apigw-signature-v2: BX2biPzME+TYyzL5N+xAOjcUYYxfj1ohvEvwT4sEznw=\n",
      result.out
    )
    assert.is_nil(result.out:find("SK_TEST", 1, true))
    local headers = cjson.decode(run(line .. " --json", { keys = keys }).out)
    assert.are.equal("BX2biPzME+TYyzL5N+xAOjcUYYxfj1ohvEvwT4sEznw=", headers["x-ncp-apigw-signature-v2"])
    local now = tonumber(run("sign GET /", { keys = keys }).out:match "timestamp: (%d+)")
    assert.is_true(math.abs(now / 1000 - core.now()) < 60)
    assert.are.equal(exit.AUTH, run("sign GET /", { keys = false }).code)
  end)
end)

describe("errors", function()
  it("have the exit code and a hint of their kind", function()
    for _, case in ipairs {
      { { status = 401, code = "200" }, exit.AUTH, "auth" },
      { { status = 401, code = "210" }, exit.REFUSED, "forbidden" },
      { { status = 403 }, exit.REFUSED, "forbidden" },
      { { status = 404 }, exit.REFUSED, "not_found" },
      { { status = 400 }, exit.REFUSED, "invalid" },
      { { status = 429, code = "400" }, exit.REFUSED, "quota" },
      { { status = 429, code = "410", times = 3 }, exit.REFUSED, "throttled" },
      { { status = 200, body = '{"success":false,"message":"no"}' }, exit.REFUSED, "refused" },
      { { status = 500, times = 3 }, exit.REFUSED, "server" },
      { { kind = "timeout" }, exit.NETWORK, "timeout" },
      { { kind = "network", times = 3 }, exit.NETWORK, "network" },
      { { kind = "tls" }, exit.NETWORK, "tls" },
      { { status = 200, body = "<html>" }, exit.UNEXPECTED, "protocol" },
    } do
      emulator:reset()
      emulator:fail_next(case[1])
      local result = run "accounts list"
      assert.are.equal(case[2], result.code, result.err)
      assert.are.equal("", result.out)
      local lines = files.lines(result.err)
      assert.are.equal(2, #lines)
      assert.matches("^dataforest: accounts/getList: " .. case[3] .. ": ", lines[1])
      assert.matches("^hint: %S", lines[2])
    end
    local result = run("accounts list", { keys = false })
    assert.are.equal(exit.AUTH, result.code)
    assert.matches("no keys found; looked at a test", result.err)
  end)

  it("bring no control characters from the service", function()
    emulator:fail_next { status = 400, message = "bad\27]0;title\7 \194\155 thing\nsecond line" }
    local result = run("accounts list", { width = 80 })
    assert.is_nil(result.err:gsub("\27%[%d+m", ""):find "[%z\1-\9\11-\31]")
    assert.is_nil(result.err:find("\194\155", 1, true))
    assert.are.equal(2, #files.lines(result.err))
  end)

  it("bring none in responses, in any format", function()
    local account = emulator:add_account { name = "cloud1" }
    local body = '{"id":"x","name":"a\\u001b[2Jb\\u009bc","status":"RUNNING","quotas":[],"\\u001bx":"y"}'
    for _, option in ipairs { "", " --json", " --xml" } do
      emulator:fail_next { status = 200, body = body }
      local result = run("accounts show " .. account .. option, { width = 80, environment = {} })
      assert.are.equal(exit.OK, result.code, result.err)
      assert.is_nil(result.out:find "[%z\1-\9\11-\31\127]")
      assert.is_nil(result.out:find("\194\155", 1, true))
    end
  end)

  it("say nothing if the reader has gone, and report a full disk", function()
    local function stdout(message)
      return {
        write = function()
          return nil, message
        end,
        flush = function()
          return true
        end,
        text = function()
          return ""
        end,
      }
    end
    emulator:add_account { name = "cloud1" }
    local result = run("accounts list", { stdout = stdout "Broken pipe" })
    assert.are.same({ exit.UNEXPECTED, "" }, { result.code, result.err })
    result = run("accounts list", { stdout = stdout "No space left on device" })
    assert.are.equal(exit.UNEXPECTED, result.code)
    assert.matches("standard output: No space left on device", result.err)
  end)

  it("of our own are told in one line, too", function()
    local context = context_of.new(system_of.with {}, {})
    assert.is_false(context_of.is_failure "text")
    local ok, raised = pcall(context.fail, context, 3, "message", "hint")
    assert.is_false(ok)
    assert.is_true(context_of.is_failure(raised))
    assert.are.same({ 3, "message", "hint" }, { raised.code, raised.message, raised.hint })
  end)

  it("are explained attempt by attempt if asked", function()
    emulator:fail_next { status = 503, code = "500" }
    local result = run "accounts list -v"
    local lines = files.lines(result.err)
    assert.matches("^accounts/getList: attempt 1: HTTP 503 in ", lines[1])
    assert.matches("^accounts/getList: trying again in [%d.]+ s %(server%)$", lines[2])
    assert.matches("^accounts/getList: attempt 2: HTTP 200 in ", lines[3])
  end)
end)

describe("hints", function()
  it("name the clock if it is off, in calls and to doctor", function()
    emulator:fail_next { status = 401, code = "200", times = 9 }
    local result = run("accounts list", { clock_offset = 3600 })
    assert.are.equal(exit.AUTH, result.code)
    assert.matches(
      "this machine's clock is 60 minutes ahead of the service's; set the clock: timedatectl",
      result.err
    )
    emulator:reset()
    emulator:fail_next { kind = "tls", message = "no TLS with x: certificate is not yet valid", times = 9 }
    assert.matches(
      "hint: the certificate's dates and this machine's clock disagree",
      run("accounts list").err
    )
    assert.matches("TLS +no TLS with x: .*clock disagree", (run("doctor").out:gsub("\n +", " ")))
  end)

  it("name what a proxy wants", function()
    emulator:fail_next { kind = "network", message = "the proxy answered 407", times = 9 }
    local result = run "accounts list --proxy http://127.0.0.1:9"
    assert.matches("hint: the proxy http://127%.0%.0%.1:9 wants another user or password", result.err)
    result = run "accounts list --proxy http://user:hidden@127.0.0.1:9"
    assert.are.equal(exit.USAGE, result.code)
    assert.matches("a proxy's password is not taken as an argument", result.err)
    assert.is_nil(result.err:find("hidden", 1, true))
    files.with("http://user:hidden@127.0.0.1:9\n", function(path)
      emulator:reset()
      emulator:fail_next { kind = "network", message = "the proxy answered 407", times = 9 }
      result = run("accounts list --proxy @" .. path)
      assert.matches("hint: the proxy http://127%.0%.0%.1:9 wants another", result.err)
      assert.is_nil(result.err:find("hidden", 1, true))
    end)
  end)
end)

describe("doctor", function()
  local function findings(given)
    local result = run("doctor --json", given)
    local by_check = {}
    for _, finding in ipairs(cjson.decode(result.out).checks) do
      by_check[finding.check] = finding
    end
    return by_check, result
  end

  it("finds nothing if all works", function()
    emulator:add_account { name = "cloud1" }
    local found, result = findings()
    assert.are.equal(exit.OK, result.code)
    assert.is_true(cjson.decode(result.out).ok)
    assert.matches("accounts/getList: 1 account", found["signed call"].message)
    assert.are.equal("ok", found.clock.status)
    assert.is_nil(result.out:find(emulator.secret_key, 1, true))
    assert.is_nil(result.out:find(emulator.access_key, 1, true))
    result = run "doctor"
    assert.matches("\nok    signed call  accounts/getList: 1 account", result.out)
    assert.matches("\n\nall is well\n$", result.out)
  end)

  it("finds wrong keys, and none", function()
    local found, result =
      findings { keys = { access_key = "NOBODYKNOWSIT", secret_key = "this", source = "a test" } }
    assert.are.equal(exit.AUTH, result.code)
    assert.are.equal("failed", found["signed call"].status)
    assert.matches("the secret key must belong to the access key", found["signed call"].hint)
    assert.are.equal("access key NOBO[redacted], from a test", found.keys.message)
    found, result = findings { keys = false }
    assert.are.equal(exit.AUTH, result.code)
    assert.are.same({ "failed", "ok", "skipped" }, {
      found.keys.status,
      found.connection.status,
      found["signed call"].status,
    })
    assert.matches("NCLOUD_ACCESS_KEY_ID", found.keys.hint)
  end)

  it("finds a clock that is wrong, and says which way", function()
    local found, result = findings { clock_offset = 700 }
    assert.are.equal(exit.AUTH, result.code)
    assert.are.equal("failed", found.clock.status)
    assert.matches("^12 minutes ahead of the service's", found.clock.message)
    assert.matches("timedatectl", found.clock.hint)
    found, result = findings { clock_offset = -100 }
    assert.are.equal(exit.OK, result.code)
    assert.are.equal("warning", found.clock.status)
    assert.matches("^100 seconds behind the service's", found.clock.message)
  end)

  it("says how far it came if the network is at fault", function()
    for message, failed in pairs {
      ["cannot find the address of df.example: no"] = "DNS",
      ["cannot connect to df.example: refused"] = "connection",
    } do
      emulator:reset()
      emulator:fail_next { kind = "network", message = message, times = 9 }
      local found, result = findings()
      assert.are.equal(exit.NETWORK, result.code)
      assert.are.equal("failed", found[failed].status)
      assert.are.equal("skipped", found.TLS.status)
      assert.are.equal("skipped", found["signed call"].status)
    end
    emulator:reset()
    emulator:fail_next { kind = "tls", message = "no TLS; name it in ca_file", times = 9 }
    local found, result = findings()
    assert.are.equal(exit.NETWORK, result.code)
    assert.are.equal("no TLS; name it in --ca-file", found.TLS.message)
    assert.are.equal("ok", found.connection.status)
  end)

  it("looks at the file of certificates", function()
    local found, result = findings { environment = { DATAFOREST_CA_FILE = "" } }
    assert.is_nil(found["CA file"])
    assert.are.equal(exit.OK, result.code)
    files.with("no certificate", function(path)
      local finding = cjson.decode(run("doctor --json --ca-file " .. path).out).checks
      local last
      for _, one in ipairs(finding) do
        last = one.check == "CA file" and one or last
      end
      assert.are.equal("failed", last.status)
      assert.matches("holds no certificate", last.message)
    end)
  end)

  it("reports a wrong address in its own words", function()
    local result = run "doctor --base-url ftp://x"
    assert.are.equal(exit.USAGE, result.code)
    assert.matches("FAIL  options +%-%-base%-url must begin with https://", result.out)
  end)
end)

describe("forms of output", function()
  local account

  before_each(function()
    account = emulator:add_account { name = "cloud1" }
  end)

  it("are YAML in which every text reads as a text", function()
    local result = run("accounts show cloud1 --format yaml")
    assert.are.equal(exit.OK, result.code, result.err)
    assert.matches('^createdAt: "20', result.out)
    assert.matches("\nname: cloud1\nquotas:\n  %- fileCountMillion: 1\n    namespace: koya\n", result.out)
    emulator:fail_next {
      status = 200,
      body = '{"id":"true","name":"a: b #c","status":"-x","deep":[[1,{"a":" "}],[]],"quotas":[]}',
    }
    assert.are.equal(
      'deep:\n  - - 1\n    - a: " "\n  - {}\nid: "true"\nname: "a: b #c"\nquotas: []\nstatus: "-x"\n',
      run({ "call", "accounts/getDetail", '{"id":"x"}', "--format", "yaml" }).out
    )
  end)

  it("are CSV with the API's names, and what is nested as JSON", function()
    local result = run "accounts list --format csv"
    local lines = files.lines(result.out)
    assert.are.equal("id,name,status,createdAt,principal,disabled\r", lines[1])
    assert.matches("^" .. account .. ",cloud1,RUNNING,[^,]+,cloud1@KR%.DF%.NAVERNCP%.COM,false\r$", lines[2])
    result = run "accounts show cloud1 --format csv --columns name,quotas"
    assert.matches('^name,quotas\r\ncloud1,"%[{""fileCountMillion"":1,', result.out)
    emulator:fail_next { status = 200, body = '{"total":1,"contents":[{"id":"a,b","name":"c\\"d\\ne"}]}' }
    assert.are.equal(
      'id,name\r\n"a,b","c""d\ne"\r\n',
      run("accounts list --format csv --columns id,name").out
    )
    emulator:reset()
    assert.are.equal("id,name\r\n", run("accounts list --format csv --columns id,name").out)
  end)

  it("have the columns that are asked for, however narrow the terminal is", function()
    local given = { width = 120, environment = {} }
    assert.are.equal(
      "STATUS   NAME\nRUNNING  cloud1\n",
      run("accounts list --columns status,name", given).out
    )
    given = { width = 15, environment = {} }
    local line = "accounts list --columns name,disabled"
    assert.are.equal("name\n  cloud1\ndisabled  no\n", run(line, given).out)
    given.width = 10
    assert.are.equal("name\n  cloud1\ndisabled\n  no\n", run(line, given).out)
    local result = run "accounts list --columns nme"
    assert.are.equal(exit.USAGE, result.code)
    assert.matches("%-%-columns: there is no column nme: did you mean name%?", result.err)
  end)

  it("keep within the narrowest terminals", function()
    for width = 8, 40 do
      local result = run("accounts list", { width = width, environment = {} })
      for _, line in ipairs(files.lines(result.out)) do
        assert.is_true(text.width(line) <= math.max(width, 12), width .. ": " .. line)
      end
    end
  end)

  it("tell seconds as seconds", function()
    run "apps create --app-type-id DEV-1.0.0 --name dev1 --defaults"
    local shown = run("apps list").out
    assert.matches("LIFETIME SECONDS", shown)
    assert.matches("604800", shown)
    assert.is_nil(shown:find "MILLIS")
    assert.matches("lifetimeMillis", run("apps list --json").out)
  end)

  it("drop nothing that a response holds", function()
    emulator:fail_next { status = 200, body = '{"id":"x","tags":["a","b"],"more":{"k":[1]},"none":[]}' }
    local shown = run("accounts show " .. account).out
    for _, part in ipairs { "tags", "a, b", "more", '{"k":%[1%]}', "none" } do
      assert.matches(part, shown)
    end
  end)

  it("exclude each other", function()
    assert.are.equal(exit.OK, run("accounts list --json --format json").code)
    local result = run "accounts list --json --format yaml"
    assert.are.equal(exit.USAGE, result.code)
    assert.are.equal("usage", cjson.decode(result.err).error.kind)
  end)

  it("are JSON for errors, too, if that was asked for", function()
    local result = run "accounts show cloud9 --json"
    assert.are.same({ exit.REFUSED, "" }, { result.code, result.out })
    local err = cjson.decode(result.err).error
    assert.are.equal(3, err.exit_status)
    assert.matches("no account has the name", err.message)
    assert.matches("the accounts are cloud1", err.hint)
    emulator:fail_next { status = 503, times = 9, operation = "accounts/create" }
    result = run("accounts create --name cloud2 --password-stdin --json", { stdin = PASSWORD })
    err = cjson.decode(result.err).error
    assert.are.same({ "server", true, "accounts/create" }, { err.kind, err.in_doubt, err.operation })
    assert.matches("^it may have been carried out: look with dataforest accounts list", err.hint)
    assert.is_nil(result.err:find(PASSWORD, 1, true))
    for _, line in ipairs { "accounts lst --json", "--format=json nonsense", "apps list --format json x" } do
      result = run(line)
      assert.are.equal(2, cjson.decode(result.err).error.exit_status)
    end
  end)
end)

describe("names", function()
  local account

  before_each(function()
    account = emulator:add_account { name = "cloud1" }
    run "apps create --app-type-id DEV-1.0.0 --name dev1 --defaults"
    emulator:advance(60)
  end)

  it("stand for accounts and apps everywhere", function()
    assert.are.equal(run("accounts show " .. account).out, run("accounts show cloud1").out)
    local app = emulator:dump().apps[1].id
    assert.are.equal(run("apps show " .. app).out, run("apps show dev1").out)
    assert.are.equal(exit.OK, run("apps wait dev1 RUNNING").code)
    assert.are.equal(exit.OK, run("apps set-lifetime dev1 --lifetime 600 --account cloud1").code)
    assert.are.equal(exit.OK, run("accounts get-kerberos-keytab cloud1").code)
  end)

  it("may be left out if there is one account, or DATAFOREST_ACCOUNT names one", function()
    assert.matches("dev1", run("apps list").out)
    emulator:add_account { name = "cloud2" }
    local result = run "apps list"
    assert.are.equal(exit.USAGE, result.code)
    assert.matches("%-%-account is missing, and there is more than one", result.err)
    assert.matches("the accounts are cloud%d %(%w+%), cloud%d", result.err)
    local given = { environment = { DATAFOREST_ACCOUNT = "cloud1" } }
    assert.matches("dev1", run("apps list", given).out)
    assert.are.equal("no apps\n", run("apps list --account cloud2", given).err)
    emulator:reset()
    assert.matches("there are no accounts", run("apps list").err)
  end)

  it("are told apart if they are ambiguous", function()
    local second = emulator:add_account { name = "cloud2" }
    run("apps create --account cloud2 --app-type-id DEV-1.0.0 --name dev1 --defaults")
    local result = run "apps show dev1"
    assert.are.equal(exit.USAGE, result.code)
    assert.matches("2 apps have the name dev1", result.err)
    assert.matches("dev1 %(%w+ of cloud1%)", result.err)
    assert.matches("dev1 %(%w+ of cloud2%)", result.err)
    assert.are.equal(exit.OK, run("apps show dev1 --account cloud2").code)
    assert.are.equal(exit.OK, run("apps show dev1 --account " .. second).code)
  end)

  it("list the candidates if they are unknown", function()
    local result = run "apps show dev2"
    assert.are.equal(exit.REFUSED, result.code)
    assert.matches("no app has the name or the identifier dev2", result.err)
    assert.matches("did you mean dev1%? the apps are dev1 %(%w+ of cloud1%)", result.err)
    result = run("accounts remove " .. account:sub(1, -2))
    assert.are.equal(exit.REFUSED, result.code)
    assert.are.equal(1, #emulator:dump().accounts)
  end)

  it("stand in questions, and every one can be answered with no", function()
    local questions = {
      ["apps stop dev1"] = "Stop the app dev1 ",
      ["apps kill-master dev1"] = "Kill the master of the app dev1 ",
      ["apps kill-container dev1 --container-name shell-0"] = "Kill a container of the app dev1 ",
      ["apps delete dev1"] = "Delete the app dev1 ",
      ["apps remove dev1"] = "Delete the app dev1 ",
      ["accounts remove cloud1"] = "Delete the account cloud1 ",
      ["accounts reset-kerberos-keytab cloud1"] = "Reset the keytab of the account cloud1 ",
    }
    local before = cjson.encode(emulator:dump().apps)
    for line, question in pairs(questions) do
      local result = run(line, { width = 80, answers = { "n" } })
      assert.are.equal(exit.USAGE, result.code, line)
      assert.are.equal(question, result.asked[1]:sub(1, #question))
      assert.matches("nothing was changed", result.err)
    end
    local params = ('{"id":"%s"}'):format(account)
    local result = run({ "call", "accounts/delete", params }, { width = 80, answers = { "n" } })
    assert.are.same({ ("Delete the account cloud1 (%s)? [y/N] "):format(account) }, result.asked)
    assert.are.equal(before, cjson.encode(emulator:dump().apps))
    assert.are.equal(exit.OK, run({ "call", "accounts/delete", params, "--dry-run" }, { width = 80 }).code)
  end)
end)

describe("a change", function()
  it("can be tried without making it", function()
    local account = emulator:add_account { name = "cloud1" }
    local function sent()
      local changes = 0
      for _, call in ipairs(emulator.calls) do
        changes = changes + (operations.by_name[call.operation].effect ~= "read" and 1 or 0)
      end
      return changes
    end
    for _, line in ipairs {
      "accounts create --name cloud2 --dry-run",
      "accounts ensure --name cloud2 --dry-run",
      "accounts remove cloud1 --dry-run",
      "accounts reset-kerberos-keytab cloud1 --dry-run",
      "apps create --app-type-id DEV-1.0.0 --name dev1 --defaults --dry-run",
    } do
      local result = run(line, { width = 80 })
      assert.are.equal(exit.OK, result.code, line .. result.err)
      assert.matches("nothing was sent; this would be %l+/%a+ with\n{", result.out)
      assert.are.same({}, result.asked)
    end
    assert.are.equal(0, sent())
    local result = run({ "call", "accounts/create", "-", "--dry-run", "--json" }, {
      stdin = cjson.encode { name = "cloud2", password = PASSWORD },
    })
    local plan = cjson.decode(result.out)
    assert.are.same(
      { true, "accounts/create", "cloud2" },
      { plan.dryRun, plan.operation, plan.parameters.name }
    )
    assert.is_nil(result.out:find(PASSWORD, 1, true))
    assert.is_truthy(account)
  end)

  it("is made for each object of a file", function()
    emulator:add_account { name = "cloud1" }
    local one = { appTypeId = "DEV-1.0.0", name = "dev1" }
    local list = cjson.encode { one, { appTypeId = "DEV-1.0.0", name = "dev2" } }
    local result = run("apps create --from - --defaults", { stdin = list })
    assert.are.equal(exit.OK, result.code, result.err)
    assert.matches("^NAME  ID *\ndev1  %w+\ndev2  %w+\n$", result.out)
    assert.matches("1 of 2: dev1 is %w+\n2 of 2: dev2 is %w+\n", result.err)
    local lines = cjson.encode { appTypeId = "DEV-1.0.0", name = "dev3" } .. "\n" .. cjson.encode(one) .. "\n"
    result = run("apps create --from - --defaults --json", { stdin = "\239\187\191" .. lines })
    assert.are.equal(exit.REFUSED, result.code)
    assert.are.equal("dev3", cjson.decode(result.out).contents[1].name)
    assert.matches("1 done before it, 0 not tried", cjson.decode(result.err).error.hint)
    assert.are.equal(3, #emulator:dump().apps)
  end)

  it("is checked in each object before the first is sent", function()
    emulator:add_account { name = "cloud1" }
    local function app(name)
      local shell = { name = "shell", memoryMb = 2048, cpuCount = 1, containerCount = 1 }
      return { appTypeId = "DEV-1.0.0", name = name, components = { shell } }
    end
    local result = run("apps create --from -", {
      stdin = cjson.encode { app "dev1", app "x" },
    })
    assert.are.equal(exit.USAGE, result.code)
    assert.matches("number 2 in %-: ", result.err)
    assert.are.equal(0, #emulator.calls)
  end)

  it("resets the keytab and saves the new one", function()
    local account = emulator:add_account { name = "cloud1" }
    local path = os.tmpname()
    local old = run("accounts get-kerberos-keytab cloud1").out
    local result = run("accounts reset-kerberos-keytab cloud1 --yes --output " .. path)
    assert.are.equal(exit.OK, result.code, result.err)
    local new = files.read(path)
    assert.are_not.equal(old, new)
    assert.are.equal(run("accounts get-kerberos-keytab cloud1").out, new)
    assert.are.equal("rw-------", lfs.attributes(path, "permissions"))
    -- What cannot be saved is not reset.
    result = run "accounts reset-kerberos-keytab cloud1 --yes --output /does/not/exist"
    assert.are.equal(exit.USAGE, result.code)
    assert.are.equal(new, run("accounts get-kerberos-keytab cloud1").out)
    emulator:fail_next { status = 500, times = 9, operation = "accounts/getKerberosKeytab" }
    result = run("accounts reset-kerberos-keytab cloud1 --yes --output " .. path)
    assert.are.equal(exit.REFUSED, result.code)
    assert.matches("the keytab was reset, and not saved: ", result.err)
    assert.matches(
      "hint: dataforest accounts get%-kerberos%-keytab " .. account .. " %-%-output FILE",
      result.err
    )
    os.remove(path)
  end)
end)

describe("configure", function()
  local home

  before_each(function()
    home = files.new_folder()
  end)

  after_each(function()
    files.remove(home)
  end)

  local configure = require "dataforest.cli.commands.configure"
  local keys = { ncloud_access_key_id = "AK", ncloud_secret_access_key = "SK" }
  local both = "ncloud_access_key_id = AK\nncloud_secret_access_key = SK\n"

  it("changes its own two lines and no other", function()
    assert.are.equal(both, configure.merged("", nil, keys))
    assert.are.equal(
      both .. "# mine\n[work]\na = b\n",
      configure.merged(
        "# mine\nncloud_access_key_id = OLD\nncloud_secret_access_key=OLD\n[work]\na = b\n",
        nil,
        keys
      )
    )
    assert.are.equal("x = y\n\n[work]\n" .. both, configure.merged("x = y\n", "work", keys))
    assert.are.equal(
      "[work]\n" .. both .. "\n[home]\nncloud_access_key_id = H\n",
      configure.merged(
        "\239\187\191[work]\r\nncloud_access_key_id = OLD\r\n\r\n[home]\r\nncloud_access_key_id = H\r\n",
        "work",
        keys
      )
    )
  end)

  it("tries the keys before it writes them", function()
    local result = run("configure", { answers = { "WRONG", "alsowrong" }, environment = {} })
    assert.are.equal(exit.AUTH, result.code)
    assert.is_nil(result.err:find("alsowrong", 1, true))
    assert.are.same({ "Access key: ", "Secret key (not shown): " }, result.asked)
    result = run("configure", { environment = {} })
    assert.are.equal(exit.USAGE, result.code)
    assert.matches("no terminal to ask for the keys on", result.err)
    for _, stdin in ipairs { "", "one\n", "a\nb\nc\n" } do
      assert.are.equal(exit.USAGE, run("configure --keys-stdin", { stdin = stdin, environment = {} }).code)
    end
  end)

  it("does not replace a key file that it cannot read", function()
    local getenv = os.getenv
    finally(function()
      os.getenv = getenv -- luacheck: ignore 122
    end)
    os.getenv = function(name) -- luacheck: ignore 122
      return name == "HOME" and home or getenv(name)
    end
    assert(os.execute(("mkdir -p '%s/.ncloud/configure'"):format(home)))
    local stdin = ("%s\n%s\n"):format(emulator.access_key, emulator.secret_key)
    local result = run("configure --keys-stdin", { stdin = stdin, environment = {} })
    assert.are.equal(exit.UNEXPECTED, result.code)
    assert.matches(home .. "/.ncloud/configure: ", result.err, 1, true)
  end)
end)

describe("help", function()
  it("is there for each command by its words", function()
    each_command(function(command, words)
      assert.are.equal(help.of(command, {}), run("help " .. table.concat(words, " ")).out, command.path)
    end)
    local result = run "help accounts creat"
    assert.are.equal(exit.USAGE, result.code)
    assert.matches("there is no command dataforest accounts creat", result.err)
  end)

  it("shows options only where they mean something", function()
    for _, line in ipairs {
      "completion bash --timeout 3",
      "sign GET / --xml",
      "accounts create --name cloud1 --watch",
      "help --json",
      "configure --json",
    } do
      local result = run(line)
      assert.are.equal(exit.USAGE, result.code)
      assert.matches("takes no option '%-%-", result.err)
    end
  end)
end)

describe("plans", function()
  local SPEC = [[return {
    account = { name = "cloud1", password = { env = "HOME" } },
    apps = { { name = "dev1", type = "DEV-1.0.0" } },
  }]]

  it("are shown, carried out and empty then", function()
    emulator:add_account { name = "cloud1" }
    files.with(SPEC, function(path)
      local result = run("plan " .. path .. " --input lua --exit-code")
      assert.are.equal(exit.DIFFERS, result.code, result.err)
      assert.matches("%+ create app dev1", result.out)
      assert.are.equal(exit.OK, run("plan " .. path .. " --input lua").code)
      result = run("apply --yes --input lua " .. path, { width = 80 })
      assert.are.equal(exit.OK, result.code, result.err)
      assert.matches("1/1 create app dev1: started", result.err)
      assert.matches("1/1 create app dev1: done", result.err)
      result = run("plan --exit-code --json --input lua " .. path)
      assert.are.equal(exit.OK, result.code)
      assert.are.same({ true, 0 }, { cjson.decode(result.out).empty, #cjson.decode(result.out).steps })
    end)
    for _, format in ipairs { "lua", "json" } do
      local exported = run("export --format " .. format)
      assert.are.equal(exit.OK, exported.code, exported.err)
      local result = run("plan - --exit-code --input " .. format, { stdin = exported.out })
      assert.are.equal(exit.OK, result.code, result.err)
    end
  end)

  it("are asked about by a person, and can be refused", function()
    emulator:add_account { name = "cloud1" }
    local result = run("apply - --input lua", { stdin = SPEC, width = 80, answers = { "n" } })
    assert.are.same({ "Carry out 1 step? [y/N] " }, result.asked)
    assert.are.equal(exit.USAGE, result.code)
    assert.are.equal(0, #emulator:dump().apps)
  end)

  it("report all mistakes of a spec at once", function()
    local result =
      run("plan - --input lua", { stdin = 'return { account = { name = "x" }, apps = { {} }, k = 1 }' })
    assert.are.equal(exit.USAGE, result.code)
    for _, path in ipairs { "account%.name: ", "apps%[1%]%.name: ", "apps%[1%]%.type: ", "k: " } do
      assert.matches("\n?" .. path, result.err)
    end
    assert.matches("has 4 mistakes\n", result.err)
    result = run("plan - --input json --json", { stdin = "{" })
    assert.are.equal(2, cjson.decode(result.err).error.exit_status)
    assert.are.equal(exit.USAGE, run("plan /does/not/exist.lua").code)
    assert.are.equal(0, #emulator.calls)
  end)

  it("say what was done, and how to go on, if they fail", function()
    emulator:add_account { name = "cloud1" }
    emulator:fail_next { status = 403, operation = "apps/create", times = 9 }
    local result = run("apply - --input lua --json", { stdin = SPEC })
    assert.are_not.equal(exit.OK, result.code)
    local err = cjson.decode(result.err).error
    assert.matches("dataforest apply %- goes on from there", err.hint)
    emulator:fail_next { status = 403, operation = "apps/create", times = 9 }
    result = run("apply - --input lua", { stdin = SPEC })
    assert.matches("; done: nothing; failed: create app dev1", result.err)
  end)
end)

describe("watching", function()
  --- The clock of the emulator goes on with each pause; the third one is interrupted, as by Ctrl-C.
  local function watched(line, given)
    local pauses = 0
    given.on_sleep = function(seconds)
      pauses = pauses + 1
      emulator:advance(seconds)
      if pauses == 3 then
        error("interrupted!", 0)
      end
    end
    return run(line, given)
  end

  it("prints each change into a pipe", function()
    run("accounts create --name cloud1 --password-stdin", { stdin = PASSWORD })
    local result = watched("accounts list --watch --interval 20 --columns name,status", {})
    assert.are.equal(exit.INTERRUPTED, result.code)
    assert.are.equal("NAME    STATUS\ncloud1  ACCEPTED\nNAME    STATUS\ncloud1  RUNNING\n", result.out)
    assert.are.equal("", result.err)
  end)

  it("redraws on a terminal", function()
    local account = emulator:add_account { name = "cloud1" }
    local given = { width = 80, environment = { TERM = "xterm", NO_COLOR = "1" } }
    local result = watched("accounts show " .. account .. " -w", given)
    local draws = select(2, result.out:gsub("\27%[H\27%[2J", ""))
    assert.are.equal(3, draws)
  end)
end)

describe("the wire", function()
  it("is shown without secrets", function()
    local result = run("accounts create --name cloud1 --password-stdin --debug", { stdin = PASSWORD })
    assert.are.equal(exit.OK, result.code, result.err)
    assert.matches("> POST https?://%S+/api/v2/accounts/create\n", result.err)
    assert.matches('> {"name":"cloud1","password":"%[redacted%]"}\n', result.err)
    assert.matches("< HTTP 200 after %d+%.%d+ s, %d+ bytes\n", result.err)
    for _, secret in ipairs { PASSWORD, emulator.access_key, emulator.secret_key } do
      assert.is_nil(result.err:find(secret, 1, true))
    end
    result = run "accounts get-kerberos-keytab cloud1 --debug"
    assert.matches("< keytab, taken out", result.err)
    emulator:fail_next { kind = "network", message = "gone", times = 9 }
    assert.matches("< no response after %d+%.%d+ s: network: gone", run("accounts list --debug").err)
  end)
end)

describe("completions", function()
  local function completed(words, given)
    local argv = { "__complete", "bash" }
    for word in (words .. " "):gmatch "([^ ]*) " do
      argv[#argv + 1] = word
    end
    local lines = files.lines(run(argv, given).out)
    local kind, found = table.remove(lines, 1), {}
    for i, line in ipairs(lines) do
      found[i] = line:match "^[^\t]*"
    end
    return table.concat(found, " "), kind
  end

  it("know every command and option", function()
    each_command(function(command, words)
      local line = table.concat(words, " ") .. (words[1] and " " or "")
      if command.name ~= "help" then
        for _, child in ipairs(command.commands or {}) do
          assert.are.equal(child.name, completed(line .. child.name):match "^%S+")
        end
      end
      for _, option in ipairs(parser.options_of(command)) do
        for _, name in ipairs(option.names) do
          assert.is_truthy(
            (" " .. completed(line .. name) .. " "):find(" " .. name .. " ", 1, true),
            line .. name
          )
        end
      end
    end)
  end)

  it("offer what an option or an argument may be", function()
    assert.are.equal("koya tata", (completed "accounts set-quota --namespace "))
    assert.are.equal("tata", (completed "accounts set-quota --namespace = t"))
    assert.are.equal("json", (completed "accounts list --format=j"))
    assert.are.equal("bash zsh fish", (completed "completion "))
    assert.are.equal("accounts/getDetail", (completed "call accounts/getD"))
    assert.are.equal("RUNNING", (completed "apps wait x R"))
    assert.are.equal("set-quota", (completed "help accounts set"))
    assert.are.same({ "", "files" }, { completed "accounts list --ca-file " })
    assert.are.equal("", (completed "nonsense "))
    assert.are.equal("", (completed "accounts create --name "))
  end)

  it("offer the names of accounts and apps, and are never an error", function()
    emulator:add_account { name = "cloud1" }
    emulator:add_account { name = "cloud2" }
    run "apps create --account cloud1 --app-type-id DEV-1.0.0 --name dev1 --defaults"
    assert.are.equal("cloud1 cloud2", (completed "accounts show "))
    assert.are.equal("dev1", (completed "apps show "))
    assert.are.equal("", (completed "apps show --account cloud2 "))
    assert.are.equal("dev1", (completed "apps show --account cloud1 d"))
    assert.are.equal("", (completed("accounts show ", { keys = false })))
    emulator:fail_next { status = 500, times = 9 }
    assert.are.equal("", (completed "accounts show "))
    assert.are.equal("", (completed "accounts show --base-url nonsense "))
  end)

  it("ask the service once in a while only", function()
    emulator:add_account { name = "cloud1" }
    local home = files.new_folder()
    local given = { environment = { HOME = home } }
    assert.is_true(os.execute("mkdir -p " .. home .. "/.cache/dataforest") ~= nil)
    assert.are.equal("cloud1", (completed("accounts show ", given)))
    local calls = #emulator.calls
    assert.are.equal("cloud1", (completed("accounts show ", given)))
    assert.are.equal(calls, #emulator.calls)
    assert.are.equal("rw-------", lfs.attributes(home .. "/.cache/dataforest/names", "permissions"))
    files.remove(home)
  end)

  it("are scripts that ask the command", function()
    for _, shell in ipairs { "bash", "zsh", "fish" } do
      assert.matches("__complete " .. shell, run("completion " .. shell).out)
    end
    assert.are.equal(exit.USAGE, run("completion tcsh").code)
  end)
end)

describe("the man pages", function()
  it("are what the commands make them", function()
    local pages = dofile "tools/man.lua"
    for name in lfs.dir "docs/man" do
      assert.is_true(name:find "^%." ~= nil or pages[name] ~= nil, name)
    end
    for name, page in pairs(pages) do
      assert.is_true(page == files.read("docs/man/" .. name), name .. " is out of date: make man")
    end
  end)
end)
