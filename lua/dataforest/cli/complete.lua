--- What completes a command line, for the scripts of `dataforest completion`.
--
-- A shell runs `dataforest __complete SHELL WORD...`, with the word under the cursor last. The first line
-- printed says what follows: `words`, each with what it means behind a tab, or `files`. It is quick and never
-- an error: what the service would have to tell comes from a cache of some seconds, or within a short time.
--
-- @module dataforest.cli.complete

local commands = require "dataforest.cli.commands"
local core = require "dataforest.core"
local exit = require "dataforest.cli.exit"
local hints = require "dataforest.cli.hints"
local json = require "dataforest.codec.json"
local operations = require "dataforest.operations"
local parser = require "dataforest.cli.parser"
local read_file = require "dataforest.util.read_file"
local session = require "dataforest.cli.session"
local states = require "dataforest.api.states"
local text = require "dataforest.cli.output.text"

local complete = {}

-- Seconds: how long names are kept, and the longest that a shell waits for them.
local KEPT, PATIENCE = 10, 2

-- Names from the service ------------------------------------------------------------------------

--- The file that keeps the names of one address and one pair of keys.
local function cache_path(context)
  local folder = context:variable "XDG_CACHE_HOME"
  local home = context:variable "HOME"
  folder = folder and folder:find "^/" and folder or home and home .. "/.cache"
  return folder and folder .. "/dataforest/names"
end

local function cache_key(context, client)
  local keys =
    session.provider(context) { transport = client.transport, deadline = core.monotonic() + PATIENCE }
  return keys and ("%s %s"):format(client.settings.origin, keys.access_key)
end

local function read_cache(path, key)
  local content = path and read_file(path, 1024 * 1024)
  local kept = content and json.decode(content)
  local age = kept and type(kept.at) == "number" and core.now() - kept.at
  return age and kept.key == key and age >= 0 and age < KEPT and kept.names or nil
end

local function write_cache(context, path, key, names)
  local content = json.encode { at = core.now(), key = key, names = names }
  if path and content and not core.save(path, content) then
    context.system:make_folder(path:match "^(.*)/")
    core.save(path, content)
  end
end

--- What the keys can see: accounts and their apps, as far as it can be learnt in a moment.
local function ask_service(client)
  local deadline = core.monotonic() + PATIENCE
  local found = {}
  local function list(operation, params)
    local left = deadline - core.monotonic()
    local value = left > 0 and client:call(operation, params, { timeout = left, retry = false })
    return value and value.contents or {}
  end
  for i, account in ipairs(list("accounts/getList", {})) do
    found[i] = { id = account.id, name = account.name, apps = {} }
    for at, app in ipairs(account.disabled and {} or list("apps/getList", { accountId = account.id })) do
      found[i].apps[at] = { id = app.id, name = app.name }
    end
  end
  return found
end

local function known_names(context)
  local client = session.client(context)
  local key = cache_key(context, client)
  if not key then
    return {}
  end
  local path = cache_path(context)
  local found = read_cache(path, key)
  if not found then
    found = ask_service(client)
    write_cache(context, path, key, found)
  end
  return found
end

-- Candidates -----------------------------------------------------------------------------------

--- A sentence for a list of candidates: without its full stop, and short.
local function brief(doc)
  return doc:match "^(.-[^.])%.%s" or (doc:gsub("%.$", ""))
end

local function children(command)
  local list = {}
  for _, child in ipairs(command.commands or {}) do
    for _, name in ipairs(child.names) do
      list[#list + 1] = { name, brief(child.summary) }
    end
  end
  return list
end

local function options(found)
  local given, list = {}, {}
  for _, pair in ipairs(found.given) do
    given[pair.name] = true
  end
  for _, option in ipairs(parser.options_of(found.command)) do
    if option.many or not given[option.names[1]] and not given[option.names[2] or ""] then
      for _, name in ipairs(option.names) do
        list[#list + 1] = { name, brief(option.doc) }
      end
    end
  end
  return list
end

--- Names that say all by themselves.
local function plain(names)
  local list = {}
  for i, name in ipairs(names) do
    list[i] = { name, "" }
  end
  return list
end

local CANDIDATES = {
  account = function(context)
    local list = {}
    for i, account in ipairs(known_names(context)) do
      list[i] = { account.name or account.id, account.id }
    end
    return list
  end,
  app = function(context)
    local wanted, list = context.args.account, {}
    for _, account in ipairs(known_names(context)) do
      if not wanted or wanted == account.name or wanted == account.id then
        for _, app in ipairs(account.apps) do
          list[#list + 1] = { app.name or app.id, ("%s of %s"):format(app.id, account.name or account.id) }
        end
      end
    end
    return list
  end,
  operation = function()
    local list = {}
    for i, operation in ipairs(operations.list) do
      list[i] = { operation.id, brief(operation.summary) }
    end
    return list
  end,
  profile = function()
    return plain(hints.profiles())
  end,
  ["accounts state"] = function()
    return plain(states.accounts.known)
  end,
  ["apps state"] = function()
    return plain(states.apps.known)
  end,
}

--- What completes the value of an option or an argument.
-- @treturn ?{table,...} pairs of a word and what it means
-- @treturn boolean whether names of files do
local function values_of(context, what)
  if what.choices then
    return plain(what.choices), false
  elseif what.file then
    return nil, true
  elseif CANDIDATES[what.candidates or ""] then
    local ok, list = pcall(CANDIDATES[what.candidates], context)
    return ok and list or {}, false
  end
  return {}, false
end

--- The argument at a place among the words.
local function argument_at(command, place)
  local last
  for i, argument in ipairs(command.arguments or {}) do
    last = argument
    if i == place then
      return argument
    end
  end
  return last and last.many and last or nil
end

--- The words without those that bash makes of `--name=value`, which it takes for three.
local function joined(words)
  local list, i = {}, 1
  while i <= #words do
    if words[i] == "=" and list[1] then
      list[#list] = list[#list] .. "=" .. (words[i + 1] or "")
      i = i + 1
    else
      list[#list + 1] = words[i]
    end
    i = i + 1
  end
  return list
end

local function read_options(context, found)
  context.args = { command = found.command }
  for _, pair in ipairs(found.given) do
    local option = parser.find_option(found.command, pair.name)
    if option and option.label and pair.value then
      context.args[option.target] = pair.value
    end
  end
  local args = context.args
  args.account = args.account or args["parameter accountId"] or context:variable "DATAFOREST_ACCOUNT"
  args.timeout = PATIENCE
end

--- Finds what may stand in the place of the last word.
-- @tparam table context
-- @tparam {string,...} words after the command's own name
-- @treturn ?{table,...} pairs of a word and what it means, all that begin as the last word does
-- @treturn boolean whether names of files do
-- @treturn string what the last word has in front of the part that is completed: `--name=`
function complete.candidates(context, words)
  words = joined(words)
  local current = table.remove(words) or ""
  local found = parser.scan(commands.tree(), words)
  read_options(context, found)
  local lead, value = current:match "^(%-%-[^=]*=)(.*)$"
  local list, files
  if lead or found.open then
    local option = parser.find_option(found.command, lead and lead:sub(1, -2) or found.open)
    current = lead and value or current
    list, files = values_of(context, option or {})
  elseif current:find "^%-" then
    list = options(found)
  elseif found.command.commands then
    list = found.unknown and {} or children(found.command)
  elseif found.command.name == "help" then
    list = children(parser.scan(commands.tree(), found.words).command)
  else
    local argument = argument_at(found.command, #found.words + 1)
    if argument then
      list, files = values_of(context, argument)
    else
      list = options(found)
    end
  end
  local matching = list and {}
  for _, one in ipairs(list or {}) do
    if one[1]:sub(1, #current) == current then
      matching[#matching + 1] = one
    end
  end
  return matching, files or false, lead or ""
end

--- Runs `dataforest __complete SHELL WORD...`. Whatever goes wrong, there are no candidates.
-- @tparam table context
-- @tparam {string,...} argv
-- @treturn number exit status
function complete.run(context, argv)
  local shell, words = argv[2], { (unpack or table.unpack)(argv, 3) }
  local ok, list, files, lead = pcall(complete.candidates, context, words)
  if not ok then
    list, files = {}, false
  end
  local lines = { files and "files" or "words" }
  for _, one in ipairs(list or {}) do
    -- fish replaces the whole word, the others what stands behind the sign.
    local word = (shell == "fish" and lead or "") .. one[1]
    lines[#lines + 1] = text.safe(word) .. "\t" .. text.safe(one[2])
  end
  context:print(table.concat(lines, "\n") .. "\n")
  return exit.OK
end

return complete
