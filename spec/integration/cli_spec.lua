-- The command line, in process: an emulator for the service, made-up streams for the terminal.

local cjson = require "cjson"
local commands = require "dataforest.cli.commands"
local context_of = require "dataforest.cli.context"
local core = require "dataforest.core"
local errors = require "dataforest.errors"
local exit = require "dataforest.cli.exit"
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

local function lines_of(content)
  local lines = {}
  for line in content:gmatch "([^\n]*)\n" do
    lines[#lines + 1] = line
  end
  return lines
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local content = file:read "*a"
  file:close()
  return content
end

--- A text without the breaks of its lines.
local function flowed(content)
  return (content:gsub("\n$", ""):gsub("\n", " "))
end

local function with_file(content, body)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(content)
  file:close()
  local ok, err = pcall(body, path)
  os.remove(path)
  if not ok then
    error(err, 0)
  end
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

describe("text for terminals", function()
  it("shows control characters in place of obeying them", function()
    assert.are.equal("a\\x1b[31mb\\x07", text.safe "a\27[31mb\7")
    assert.are.equal("\\n\\r\\t\\x7f", text.safe "\n\r\t\127")
    assert.are.equal("\\u009b2J", text.safe "\194\1552J") -- CSI of 8 bits
    assert.are.equal("a\\u202eb", text.safe "a\226\128\174b") -- right-to-left override
    assert.are.equal("\\xff\\xc3", text.safe "\255\195")
    assert.are.equal("\\x00", text.safe "\0")
  end)

  it("leaves plain and other writing alone", function()
    for _, given in ipairs { "", "plain ~", "안녕", "é日本", "🙂" } do
      assert.are.equal(given, text.safe(given))
    end
    assert.are.equal("a\n\tb\\x1b", text.safe("a\n\tb\27", true))
  end)

  it("measures columns", function()
    assert.are.equal(3, text.width "abc")
    assert.are.equal(4, text.width "안녕")
    assert.are.equal(2, text.width "🙂")
    assert.are.equal(1, text.width "e\204\129") -- with a combining accent
    assert.are.equal(2, text.width "ｱｲ") -- half-width katakana
    assert.are.equal(4, text.width "ＡＢ") -- full-width letters
  end)

  it("cuts, pads and wraps by columns", function()
    assert.are.equal("안...", text.cut("안녕하세요", 6, "..."))
    assert.are.equal("안녕", text.cut("안녕", 4, "..."))
    assert.are.equal("안녕  ", text.pad("안녕", 6))
    assert.are.equal("  안녕", text.pad("안녕", 6, true))
    assert.are.same({ "a bb", "안녕", "longword" }, text.wrap("a bb 안녕 longword", 5))
  end)
end)

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
      for _, option in ipairs(command.options or {}) do
        for _, name in ipairs(option.names) do
          local kind = { takes_value = option.label ~= nil, file = option.file or false }
          assert.are.same(known[name] or kind, kind, name)
          known[name] = kind
        end
      end
    end)
    for _, group in ipairs(commands.common) do
      for _, option in ipairs(group.options) do
        for _, name in ipairs(option.names) do
          -- The emulator, which takes none of the common options, has some of these names itself.
          local own = name == "--help" or name == "--verbose" or name == "--ca-file"
          assert.is_true(known[name] == nil or own, name)
        end
      end
    end
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
        for _, line in ipairs(lines_of(help.of(command, { width = width }))) do
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
      assert.is_truthy(read("docs/man/dataforest.1"):find(("\\fB%d\\fR"):format(code.code), 1, true))
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
    local lines = lines_of(result.err)
    assert.are.equal(2, #lines, result.err)
    assert.matches("^dataforest: ", lines[1])
    assert.matches(pattern, lines[1])
    assert.matches("^hint: " .. (hint or ".*%-%-help shows what it takes"), lines[2])
    assert.are.equal(0, #emulator.calls)
  end

  it("is told in one line and a hint", function()
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

  it("shows the help where there is no command", function()
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
    local lines = lines_of(result.out)
    assert.are.equal(2, #lines)
    local headings = "ID                      NAME    STATUS   CREATED AT"
      .. "                 PRINCIPAL                  DISABLED"
    assert.are.equal(headings, lines[1])
    assert.matches(
      "^" .. account .. "  cloud1  RUNNING  %d+%-%d+%-%d+T%S+  cloud1@KR%.DF%.NAVERNCP%.COM  no$",
      lines[2]
    )
  end)

  it("leave out columns where the terminal is narrow, and say which", function()
    for width, missing in pairs { [80] = "principal", [60] = "created at and principal" } do
      local result = run("accounts list", { width = width, environment = {} })
      assert.are.equal(
        ("too narrow for %s: --columns chooses, --json has all"):format(missing),
        flowed(result.err)
      )
      for _, line in ipairs(lines_of(result.out)) do
        assert.is_true(text.width(line) <= width, line)
      end
      assert.matches("\n" .. account .. "  cloud1  RUNNING", result.out)
    end
  end)

  it("become records where not even two columns fit", function()
    local result = run("accounts list", { width = 25, environment = {} })
    assert.matches("^id\n  " .. account .. "\nname        cloud1\nstatus      RUNNING\n", result.out)
  end)

  it("are written whole into a pipe", function()
    local result = run "accounts list"
    assert.matches("PRINCIPAL", result.out)
    assert.is_nil(result.out:find "\27")
    assert.are.equal("", result.err)
  end)

  it("are coloured on a terminal alone, and where the user wants it", function()
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

  it("have empty lists where the type says so", function()
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

  it("find out what is left out, where asked", function()
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
    with_file(params, function(path)
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
    assert.are.equal(result.out, read(path))
    assert.are.equal("rw-------", lfs.attributes(path, "permissions"))
    os.remove(path)
    saved = run("accounts get-kerberos-keytab " .. account .. " -o /does/not/exist")
    assert.are.equal(exit.USAGE, saved.code)
    assert.matches("%-%-output /does/not/exist: No such file", saved.err)
    assert.are.equal(exit.USAGE, run("accounts get-kerberos-keytab --json " .. account).code)
  end)

  it("are deleted after a question, where a person sits there", function()
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

  it("is asked for again where it breaks the rules or differs", function()
    local result = create { answers = { "short", PASSWORD, PASSWORD .. "x", PASSWORD, PASSWORD } }
    assert.are.equal(exit.OK, result.code)
    assert.are.equal(5, #result.asked)
    assert.are.same({
      "password must be 8 to 20 characters, and have an upper-case letter, a lower-case letter, a digit and a "
        .. "special character; it is too short: add an upper-case letter, a digit and a special character",
      "the two passwords differ",
    }, lines_of(result.err))
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

  it("is not asked for where the rest is wrong already", function()
    local result = run("accounts create --name x", { answers = { PASSWORD, PASSWORD } })
    assert.are.same({ exit.USAGE, {} }, { result.code, result.asked })
  end)

  it("is asked by ensure only where there is no account", function()
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
      local lines = lines_of(result.err)
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
    assert.are.equal(2, #lines_of(result.err))
  end)

  it("bring none in answers, in whatever form", function()
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

  it("are quiet where the reader has gone away, and told where the disk is full", function()
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

  it("are explained attempt by attempt where asked", function()
    emulator:fail_next { status = 503, code = "500" }
    local result = run "accounts list -v"
    local lines = lines_of(result.err)
    assert.matches("^accounts/getList: attempt 1: HTTP 503 in ", lines[1])
    assert.matches("^accounts/getList: trying again in [%d.]+ s %(server%)$", lines[2])
    assert.matches("^accounts/getList: attempt 2: HTTP 200 in ", lines[3])
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

  it("is content where all works", function()
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
      findings { keys = { access_key = "NOBODYKNOWS", secret_key = "this", source = "a test" } }
    assert.are.equal(exit.AUTH, result.code)
    assert.are.equal("failed", found["signed call"].status)
    assert.matches("the secret key must belong to the access key", found["signed call"].hint)
    assert.are.equal("access key NOBO*******, from a test", found.keys.message)
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

  it("tells how far it came, where the network is the fault", function()
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
    with_file("no certificate", function(path)
      local finding = cjson.decode(run("doctor --json --ca-file " .. path).out).checks
      local last
      for _, one in ipairs(finding) do
        last = one.check == "CA file" and one or last
      end
      assert.are.equal("failed", last.status)
      assert.matches("holds no certificate", last.message)
    end)
  end)

  it("tells a wrong address in its own way", function()
    local result = run "doctor --base-url ftp://x"
    assert.are.equal(exit.USAGE, result.code)
    assert.matches("FAIL  options +%-%-base%-url must begin with https://", result.out)
  end)
end)

describe("completions", function()
  local function completed(words, given)
    local argv = { "__complete", "bash" }
    for word in (words .. " "):gmatch "([^ ]*) " do
      argv[#argv + 1] = word
    end
    local lines = lines_of(run(argv, given).out)
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
    local home = os.tmpname()
    os.remove(home)
    local given = { environment = { HOME = home } }
    assert.is_true(os.execute("mkdir -p " .. home .. "/.cache/dataforest") ~= nil)
    assert.are.equal("cloud1", (completed("accounts show ", given)))
    local calls = #emulator.calls
    assert.are.equal("cloud1", (completed("accounts show ", given)))
    assert.are.equal(calls, #emulator.calls)
    assert.are.equal("rw-------", lfs.attributes(home .. "/.cache/dataforest/names", "permissions"))
    os.execute("rm -r " .. home)
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
      assert.is_true(page == read("docs/man/" .. name), name .. " is out of date: make man")
    end
  end)
end)
