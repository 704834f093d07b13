--- The command line as data: one tree, from which the parser, the help, the man page and the
-- completions are made.
--
-- A command has a `name`, `aliases`, `hidden` names, a `summary` (one sentence), a `description`,
-- `arguments`, `options`, `examples` (`{ text, line }`), and either `commands` of its own or `run`, a
-- function of a context and the parsed arguments that returns the exit code.
--
-- An argument or an option has a `doc`, a `label` for its value (none: it is a flag), `choices`, `file`
-- (its value is a path), `many` (it may be repeated), `convert`, and a `target`: where its value is found.
--
-- @module dataforest.cli.commands

local api = require "dataforest.cli.api"
local emulator = require "dataforest.cli.commands.emulator"
local values = require "dataforest.cli.values"

local commands = {}

local function run_module(name)
  return function(context, args)
    return require("dataforest.cli.commands." .. name).run(context, args)
  end
end

--- The options that every command takes, in groups.
commands.common = {
  {
    title = "Output",
    options = {
      {
        names = { "--json" },
        doc = "Print the answer as JSON, its keys in order; for programs.",
        target = "json",
      },
      {
        names = { "--xml" },
        doc = "Speak XML with the service, and print its answer as it came (with --json: as JSON).",
        target = "xml",
      },
      {
        names = { "--verbose", "-v" },
        doc = "Tell each attempt on standard error.",
        target = "verbose",
      },
    },
  },
  {
    title = "Connection",
    options = {
      {
        names = { "--timeout" },
        label = "SECONDS",
        doc = "The longest that a call takes, retries included (default 30).",
        target = "timeout",
        convert = values.seconds,
      },
      {
        names = { "--base-url" },
        label = "URL",
        doc = "Address of the service (default: DATAFOREST_BASE_URL, else https://df.apigw.ntruss.com).",
        target = "base_url",
      },
      {
        names = { "--profile" },
        label = "NAME",
        doc = "Take the keys from under [NAME] in ~/.ncloud/configure, and from nowhere else.",
        target = "profile",
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
        doc = "Dial this in place of the address's host, whose name is still verified.",
        target = "connect_to",
      },
      {
        names = { "--proxy" },
        label = "URL",
        doc = 'Go through a proxy; "env" takes it from https_proxy and no_proxy.',
        target = "proxy",
      },
    },
  },
  {
    title = "Help",
    options = {
      { names = { "--help", "-h" }, doc = "Show this help.", target = "help" },
      { names = { "--version" }, doc = "Show the version.", target = "version" },
    },
  },
}

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
      operations = true,
    },
    {
      name = "json",
      label = "JSON",
      optional = true,
      doc = "Its parameters; - reads them from standard input (default {}).",
      target = "parameters",
    },
  },
  examples = {
    {
      "Details of one account.",
      [[dataforest call accounts/getDetail '{"id": "axE7wU9ERm8fTc7e17vNvu"}']],
    },
    { "Parameters from a file.", "dataforest call apps/create - < app.json" },
  },
  run = run_module "call",
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
  run = run_module "sign",
}

local DOCTOR = {
  name = "doctor",
  summary = "Finds out what is wrong here, and how to mend it.",
  description = "Tells what is configured and from where, whether the machine's clock agrees with the "
    .. "service's, whether DNS, TLS and a signed call work, and how to mend what does not. It only reads: "
    .. "nothing is changed, here or in the service.",
  examples = {
    { "Look at everything.", "dataforest doctor" },
    { "The same for a program.", "dataforest doctor --json" },
  },
  run = run_module "doctor",
}

-- Its options are its own, and `bin/dataforest` sees to it before this Lua starts.
local EMULATOR = {
  name = "emulator",
  summary = "Runs a Data Forest on this machine, to try things on.",
  description = "Runs a Data Forest on this machine, over TLS, until Ctrl-C or SIGTERM, and prints the lines "
    .. "that point a client at it: DATAFOREST_BASE_URL, DATAFOREST_CA_FILE, NCLOUD_ACCESS_KEY and "
    .. "NCLOUD_SECRET_KEY, for the shell that runs the client. DATAFOREST_EMULATOR_ACCESS_KEY and "
    .. "DATAFOREST_EMULATOR_SECRET_KEY set its keys. Its clock and faults can be set from outside, if it "
    .. "listens on this machine only.",
  options = emulator.options,
  alone = true,
  examples = {
    { "A Data Forest on a free port.", "dataforest emulator --listen 127.0.0.1:0" },
    {
      "Three minutes pass at once.",
      [[curl --cacert "$DATAFOREST_CA_FILE" -d '{"seconds":180}' \]]
        .. "\n  "
        .. [["$DATAFOREST_BASE_URL/_emulator/advance"]],
    },
  },
  run = function(context)
    context:usage("emulator must be the first word", "dataforest emulator [OPTIONS]")
  end,
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
  run = run_module "completion",
}

--- Tells each command how it is called in full: `path`, such as `dataforest accounts list`.
local function name_paths(command, path)
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
      .. "~/.ncloud/configure.",
    commands = api.groups(),
    examples = {
      { "The accounts, as a table.", "dataforest accounts list" },
      { "A new account; the password is asked for.", "dataforest accounts create --name cloud1 --wait" },
      { "The apps of an account, for a program.", "dataforest apps list --account cloud1 --json" },
      { "What is wrong here?", "dataforest doctor" },
    },
  }
  for _, command in ipairs { CALL, SIGN, DOCTOR, EMULATOR, COMPLETION } do
    root.commands[#root.commands + 1] = command
  end
  name_paths(root)
  return root
end

return commands
