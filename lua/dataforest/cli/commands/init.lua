--- The command line as data: one tree, from which the parser, the help, the man pages and the
-- completions are made.
--
-- A command has a `name`, perhaps an `alias`, `hidden` names, a `summary` (one sentence), a `description`,
-- `arguments`, `options`, `examples` (`{ text, line }`), and either `commands` of its own or `run`: the name
-- of a module in this folder, whose `run` gets the context and returns the exit status. `shares` lists
-- the groups of `commands.common` whose options it takes as well.
--
-- An argument or an option has a `doc`, a `label` for its value (none: it is a flag), `choices`, `file`
-- (its value is a path), `many` (it may be repeated), `convert`, `candidates` (what completes it), and a
-- `target`: where its value is found.
--
-- @module dataforest.cli.commands

local api = require "dataforest.cli.api"
local defaults = require "dataforest.request.defaults"
local emulator = require "dataforest.cli.commands.emulator"
local values = require "dataforest.cli.values"

local commands = {}

--- The options that commands share, in groups.
commands.common = {
  {
    id = "watch",
    title = "Watching",
    options = {
      {
        names = { "--watch", "-w" },
        doc = "Look again and again, until Ctrl-C; on a terminal in place, else at each change.",
        target = "watch",
      },
      {
        names = { "--interval" },
        label = "SECONDS",
        doc = ("The pause between two looks of --watch (default %d)."):format(api.WATCH_INTERVAL),
        target = "interval",
        convert = values.seconds,
      },
    },
  },
  {
    id = "output",
    title = "Output",
    options = {
      {
        names = { "--format", "-f" },
        label = "FORMAT",
        choices = { "table", "json", "yaml", "csv" },
        doc = "How to print the response: table (the default), for people; json, yaml or csv, for programs, "
          .. "with the API's names of fields.",
        target = "format",
      },
      {
        names = { "--json" },
        doc = "Short for --format json. Errors are JSON, too, on standard error.",
        target = "json",
      },
      {
        names = { "--columns" },
        label = "NAMES",
        doc = "The columns of a table or of csv, by the API's names with commas between them.",
        target = "columns",
        convert = values.names,
      },
    },
  },
  {
    id = "xml",
    title = "XML",
    options = {
      {
        names = { "--xml" },
        doc = "Speak XML with the service, and print its response as it came (with --format: in that form).",
        target = "xml",
      },
    },
  },
  {
    id = "keys",
    title = "Keys",
    options = {
      {
        names = { "--profile" },
        label = "NAME",
        doc = "Take the keys from under [NAME] in ~/.ncloud/configure, and from nowhere else "
          .. "(default: DATAFOREST_PROFILE).",
        target = "profile",
        candidates = "profile",
      },
    },
  },
  {
    id = "connection",
    title = "Connection",
    options = {
      {
        names = { "--timeout" },
        label = "SECONDS",
        doc = ("The longest that a call takes, retries included (default %d)."):format(defaults.timeout),
        target = "timeout",
        convert = values.seconds,
      },
      {
        names = { "--base-url" },
        label = "URL",
        doc = ("Address of the service (default: DATAFOREST_BASE_URL, else %s)."):format(defaults.base_url),
        target = "base_url",
      },
      {
        names = { "--ca-file" },
        label = "FILE",
        file = true,
        doc = "Certificates to trust, PEM (default: DATAFOREST_CA_FILE, else the system's).",
        target = "ca_file",
      },
      {
        names = { "--connect-to" },
        label = "HOST:PORT",
        doc = "Connect to this in place of the address's host, whose name is still verified "
          .. "(default: DATAFOREST_CONNECT_TO).",
        target = "connect_to",
      },
      {
        names = { "--proxy" },
        label = "URL",
        doc = 'Go through a proxy (default: DATAFOREST_PROXY); "env" takes it from https_proxy and no_proxy. '
          .. "One with a password is taken from these variables only, or from a file: @FILE.",
        target = "proxy",
      },
      {
        names = { "--verbose", "-v" },
        doc = "Report each attempt on standard error.",
        target = "verbose",
      },
      {
        names = { "--debug" },
        doc = "Show the requests and responses on standard error, without secrets.",
        target = "debug",
      },
    },
  },
  {
    id = "help",
    title = "Help",
    options = {
      { names = { "--help", "-h" }, doc = "Show this help.", target = "help" },
      { names = { "--version" }, doc = "Show the version.", target = "version" },
    },
  },
}

-- Whoever talks to the service needs keys.
local IMPLIED = { connection = "keys" }

--- The groups of shared options that a command takes.
-- @tparam table command
-- @treturn {table,...}
function commands.shared(command)
  local wanted = { help = true }
  for _, id in ipairs(command.shares or {}) do
    wanted[id] = true
    wanted[IMPLIED[id] or id] = true
  end
  local groups = {}
  for _, group in ipairs(commands.common) do
    groups[#groups + 1] = wanted[group.id] and group or nil
  end
  return groups
end

local CALL = {
  name = "call",
  summary = "Calls any operation by its API name.",
  description = "Calls any operation of the API by its name, one that has no command included. The "
    .. "parameters are a JSON object; what holds a password must come from standard input.",
  arguments = {
    {
      name = "operation",
      label = "GROUP/OPERATION",
      doc = "Name of the operation, such as accounts/getDetail.",
      target = "operation",
      candidates = "operation",
    },
    {
      name = "json",
      label = "JSON",
      optional = true,
      doc = "Its parameters; - reads them from standard input (default {}).",
      target = "parameters",
    },
  },
  options = { api.YES, api.DRY_RUN },
  examples = {
    {
      "Details of one account.",
      [[dataforest call accounts/getDetail '{"id": "axE7wU9ERm8fTc7e17vNvu"}']],
    },
    { "Parameters from a file.", "dataforest call apps/create - < app.json" },
  },
  shares = { "output", "xml", "connection" },
  run = "call",
}

local SIGN = {
  name = "sign",
  summary = "Signs a request, and prints the headers to send.",
  description = "Prints the headers that authenticate a request: timestamp, access key and signature. "
    .. "Neither the secret key nor the body goes into the output.",
  arguments = {
    { name = "method", label = "METHOD", doc = "HTTP method, such as POST.", target = "method" },
    {
      name = "target",
      label = "TARGET",
      doc = "Path and query exactly as they will be sent, such as /api/v2/accounts/getList.",
      target = "target",
    },
  },
  options = {
    {
      names = { "--timestamp" },
      label = "MS",
      doc = "Milliseconds since the epoch (default: now). The service refuses one that is five minutes off.",
      target = "timestamp",
    },
  },
  examples = {
    { "The headers for a list of accounts.", "dataforest sign POST /api/v2/accounts/getList" },
    {
      "A call through curl.",
      "dataforest sign POST /api/v2/accounts/getList |\n"
        .. "  curl -H @- -H 'Content-Type: application/json' -d '{}' "
        .. "\\\n  https://df.apigw.ntruss.com/api/v2/accounts/getList",
    },
  },
  shares = { "output", "keys" },
  run = "sign",
}

local DOCTOR = {
  name = "doctor",
  summary = "Finds out what is wrong here, and how to fix it.",
  description = "Tells what is configured and from where, whether the machine's clock agrees with the "
    .. "service's, whether DNS, TLS and a signed call work, and how to fix what does not. It only reads: "
    .. "nothing is changed, here or in the service.",
  examples = {
    { "Look at everything.", "dataforest doctor" },
    { "The same for a program.", "dataforest doctor --json" },
  },
  shares = { "output", "connection" },
  run = "doctor",
}

-- Its options are its own, and `bin/dataforest` sees to it before this Lua starts.
local EMULATOR = {
  name = "emulator",
  summary = "Runs a Data Forest on this machine, to try things on.",
  description = "Runs a Data Forest on this machine, over TLS, until Ctrl-C or SIGTERM, and prints the lines "
    .. "that point a client at it: DATAFOREST_BASE_URL, DATAFOREST_CA_FILE, NCLOUD_ACCESS_KEY and "
    .. "NCLOUD_SECRET_KEY, for the shell that runs the client. DATAFOREST_EMULATOR_ACCESS_KEY and "
    .. "DATAFOREST_EMULATOR_SECRET_KEY set its keys. After -- comes a command to run with these variables: "
    .. "the emulator ends with it, and with its status. Its clock, faults and data can be changed over HTTP "
    .. "at /_emulator/: by programs on this machine, or by whoever has the token of --control-token.",
  options = emulator.options,
  examples = {
    { "A Data Forest on a free port.", "dataforest emulator --listen 127.0.0.1:0" },
    {
      "A test suite with a Data Forest of its own.",
      "dataforest emulator --listen 127.0.0.1:0 -- make test",
    },
    {
      "Three minutes pass at once.",
      [[curl --cacert "$DATAFOREST_CA_FILE" -d '{"seconds":180}' \]]
        .. "\n  "
        .. [["$DATAFOREST_BASE_URL/_emulator/advance"]],
    },
  },
  first = true, -- bin/dataforest runs it
  run = "help",
}

local COMPLETION = {
  name = "completion",
  summary = "Prints the completions for a shell.",
  arguments = {
    {
      name = "shell",
      label = "SHELL",
      choices = { "bash", "zsh", "fish" },
      doc = "The shell: bash, zsh or fish.",
      target = "shell",
    },
  },
  examples = {
    { "bash: in ~/.bashrc.", [[eval "$(dataforest completion bash)"]] },
    { "zsh: in ~/.zshrc, after compinit.", [[eval "$(dataforest completion zsh)"]] },
    {
      "fish: once.",
      "dataforest completion fish > ~/.config/fish/completions/dataforest.fish",
    },
  },
  run = "completion",
}

local CONFIGURE = {
  name = "configure",
  summary = "Asks for the keys, tries them, and writes them to ~/.ncloud/configure.",
  description = "Asks for the access key and the secret key, tries them with one call that only reads, and "
    .. "writes them to ~/.ncloud/configure, readable by you alone. Other profiles in the file stay.",
  options = {
    {
      names = { "--keys-stdin" },
      doc = "Read the two keys from standard input, a line each, in place of asking.",
      target = "keys_stdin",
    },
    { names = { "--no-check" }, doc = "Write them without trying them.", target = "no_check" },
  },
  examples = {
    { "Once, on a new machine.", "dataforest configure" },
    { "A second pair of keys.", "dataforest configure --profile work" },
  },
  shares = { "connection" },
  run = "configure",
}

local SPEC = {
  name = "file",
  label = "FILE",
  file = true,
  doc = "The spec: a file that ends in .lua, .json, .yaml or .yml, or - for standard input.",
  target = "file",
}

local INPUT = {
  names = { "--input" },
  label = "FORMAT",
  choices = { "lua", "json", "yaml" },
  doc = "The spec's format, if its name does not show it.",
  target = "input",
}

local CONCURRENCY = {
  names = { "--concurrency" },
  label = "N",
  doc = "How many calls are made at a time (default 8).",
  target = "concurrency",
  convert = values.count,
}

local PRUNE = {
  names = { "--prune" },
  doc = "Delete what is there and not in the spec. Without it, that is named and left alone.",
  target = "prune",
}

local REPLACE = {
  names = { "--replace" },
  doc = "Delete and create anew what cannot be changed in place. Without it, that is an error.",
  target = "replace",
}

local ROTATE =
  { names = { "--rotate" }, doc = "Reset the account's password to the spec's.", target = "rotate" }

local PLAN = {
  name = "plan",
  summary = "Shows what apply would do to make the service as a spec says.",
  description = "Compares a spec with what is there, and shows the steps from one to the other. It only "
    .. "reads. All mistakes in the spec are reported at once.",
  arguments = { SPEC },
  options = {
    INPUT,
    PRUNE,
    REPLACE,
    ROTATE,
    CONCURRENCY,
    {
      names = { "--exit-code" },
      doc = "End with status 6 where something differs.",
      target = "exit_code",
    },
  },
  examples = {
    { "What would change?", "dataforest plan forest.lua" },
    { "In CI: fail where something differs.", "dataforest plan forest.yaml --exit-code" },
  },
  shares = { "output", "connection" },
  run = "plan",
}

local APPLY = {
  name = "apply",
  summary = "Makes the service as a spec says.",
  description = "Shows the plan, asks a person whether that is meant, and carries it out. It can be "
    .. "interrupted anywhere and run again: it goes on from there. Nothing is deleted "
    .. "without --prune or --replace.",
  arguments = { SPEC },
  options = {
    INPUT,
    api.YES,
    PRUNE,
    REPLACE,
    ROTATE,
    CONCURRENCY,
    {
      names = { "--wait-timeout" },
      label = "SECONDS",
      doc = "The longest that all of it takes (default 1800).",
      target = "wait_timeout",
      convert = values.seconds,
    },
  },
  examples = {
    { "After a look at the plan.", "dataforest apply forest.lua" },
    { "In CI, after a merge.", "dataforest apply forest.yaml --yes --prune" },
  },
  shares = { "output", "connection" },
  run = "apply",
}

local EXPORT = {
  name = "export",
  summary = "Prints what is there as a spec, which plans to nothing.",
  options = {
    {
      names = { "--format", "-f" },
      label = "FORMAT",
      choices = { "lua", "json", "yaml" },
      doc = "The spec's format: lua (the default), json or yaml.",
      target = "format",
    },
    { names = { "--json" }, doc = "Short for --format json.", target = "json" },
    {
      names = { "--account" },
      label = "ACCOUNT",
      doc = "The account, where there are several (default: DATAFOREST_ACCOUNT).",
      target = "account",
      candidates = "account",
    },
    CONCURRENCY,
  },
  examples = { { "Begin with what is there.", "dataforest export > forest.lua" } },
  shares = { "connection" },
  run = "export",
}

local HELP = {
  name = "help",
  summary = "Shows what a command takes.",
  arguments = {
    {
      name = "command",
      label = "COMMAND",
      optional = true,
      many = true,
      doc = "The words of the command; without any, the help of all.",
      target = "words",
      candidates = "command",
    },
  },
  examples = { { "How is an account created?", "dataforest help accounts create" } },
  run = "help",
}

--- Tells each command how it is called: its `names`, and in full `path`, such as `dataforest accounts list`.
local function name_paths(command, path)
  command.names = { command.name, command.alias }
  command.path = path and path .. " " .. command.name or command.name
  for _, child in ipairs(command.commands or {}) do
    name_paths(child, command.path)
  end
end

--- The whole command.
-- @treturn table the root of the tree
function commands.tree()
  local root = {
    name = "dataforest",
    summary = "The command line of Data Forest, a service of NAVER Cloud Platform.",
    description = "Calls the Data Forest API of NAVER Cloud Platform: accounts and apps, their keytabs and "
      .. "quotas. Keys come from the environment (NCLOUD_ACCESS_KEY_ID, NCLOUD_SECRET_ACCESS_KEY) or from "
      .. "~/.ncloud/configure, which dataforest configure writes.",
    commands = api.groups(),
    shares = { "watch", "output", "xml", "connection" },
    examples = {
      { "Keys for this machine.", "dataforest configure" },
      { "The accounts, as a table.", "dataforest accounts list" },
      { "A new account; the password is asked for.", "dataforest accounts create --name cloud1 --wait" },
      { "The apps of an account, for a program.", "dataforest apps list --account cloud1 --json" },
      { "What is wrong here?", "dataforest doctor" },
    },
  }
  local others = { PLAN, APPLY, EXPORT, CALL, CONFIGURE, DOCTOR, EMULATOR, SIGN, COMPLETION, HELP }
  for _, command in ipairs(others) do
    root.commands[#root.commands + 1] = command
  end
  name_paths(root)
  return root
end

return commands
