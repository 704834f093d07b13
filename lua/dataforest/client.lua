--- The client: what `dataforest.new` returns.
--
-- A client holds configuration, and opens nothing before its first call. One client serves every request of a
-- worker and every coroutine. The steps of a call are in `dataforest.request`, what combines calls is in
-- `dataforest.workflows`.
--
-- @module dataforest.client

local arguments = require "dataforest.workflows.arguments"
local budget = require "dataforest.request.budget"
local call = require "dataforest.request.call"
local defaults = require "dataforest.request.defaults"
local events = require "dataforest.request.events"
local keys = require "dataforest.request.keys"
local lazy = require "dataforest.util.lazy"
local nearest = require "dataforest.util.nearest"
local operations = require "dataforest.operations"
local options_of = require "dataforest.request.options"
local phase = require "dataforest.transport.phase"
local scheduler = require "dataforest.transport.scheduler"
local transports = require "dataforest.transport"
local version = require "dataforest.version"

local forest_apply = lazy "dataforest.workflows.apply"
local forest_export = lazy "dataforest.workflows.export"
local forest_plan = lazy "dataforest.workflows.plan"

local Client = {}
Client.__name = "dataforest.client"

-- What `df.accounts` and `df.apps` offer beyond the operations.
local EXTENSIONS = { accounts = require "dataforest.accounts", apps = require "dataforest.apps" }

local function user_agent(own)
  local agent = ("dataforest/%s (%s)"):format(version, rawget(_G, "jit") and "LuaJIT" or _VERSION)
  return own and own .. " " .. agent or agent
end

-- Names that are not there -------------------------------------------------------------

--- Raises, at the line of its caller's caller, where a name is nearly one that exists; other names are nil.
-- (Never a tail call, which would hide a level.)
local function check_name(whole, name, known, form)
  if type(name) ~= "string" then
    return
  end
  local names = {}
  for each in pairs(known) do
    if type(each) == "string" and not each:find "^__" then
      names[#names + 1] = each
    end
  end
  table.sort(names)
  local meant = nearest(name, names)
  if meant then
    error(("%s has no %s; did you mean %s?"):format(whole, name, form:format(meant)), 3)
  end
end

-- Groups -------------------------------------------------------------------------------

local function misuse(group, method)
  error(("call it with a colon: df.%s:%s(...)"):format(group, method), 3)
end

local function operation_method(operation)
  return function(group, params, options)
    local client = type(group) == "table" and group.client
    if not client then
      misuse(operation.group, operation.method)
    end
    return client:run(operation, params, options)
  end
end

local function extension_method(name, method, extension)
  return function(group, ...)
    if type(group) ~= "table" or not group.client then
      misuse(name, method)
    end
    return extension(group, ...)
  end
end

--- The class of each group: a method an operation, and the group's extensions.
local Groups = {}
for _, name in ipairs(operations.groups) do
  local methods = {}
  for _, operation in ipairs(operations.groups[name]) do
    methods[operation.method] = operation_method(operation)
  end
  for method, extension in pairs(EXTENSIONS[name] or {}) do
    methods[method] = extension_method(name, method, extension)
  end
  setmetatable(methods, {
    __index = function(_, method)
      check_name("df." .. name, method, methods, "df." .. name .. ":%s")
      return nil
    end,
  })
  Groups[name] = { __name = "dataforest." .. name, __index = methods }
end

-- Making and closing -------------------------------------------------------------------

--- Makes a client. See `dataforest.new`.
-- @tparam table given options
-- @tparam number level of the caller, for errors
-- @tparam[opt=os.getenv] function getenv gives the value of an environment variable
-- @treturn table the client
function Client.new(given, level, getenv)
  if given ~= nil and type(given) ~= "table" then
    error("dataforest.new takes a table of options, got a " .. type(given), level)
  end
  local settings, message = options_of.client(given or {}, getenv)
  if not settings then
    error("dataforest.new: " .. message, level)
  end
  local transport
  transport, message = transports.resolve(settings.transport, settings)
  if not transport then
    error("dataforest.new: " .. message, level)
  end
  local self = {
    settings = settings,
    transport = transport,
    budget = budget.new(),
    addresses = setmetatable({}, { __mode = "k" }), -- of operations
    clock_offset = 0, -- seconds that this machine's clock is behind the service's
    user_agent = user_agent(settings.user_agent),
    closed = false,
    hook_raised = false,
  }
  self.keys, message = keys.new(settings, transport)
  if not self.keys then
    error("dataforest.new: " .. message, level)
  end
  settings.secret_key = nil
  for name, class in pairs(Groups) do
    self[name] = setmetatable({ client = self }, class)
  end
  return setmetatable(self, Client)
end

function Client.__index(self, name)
  local method = Client[name]
  if method == nil then
    check_name("the client", name, self, "df.%s")
  end
  return method
end

--- Closes the client: its connections, and the key material. Later calls fail with kind `closed`. Closing
-- again does nothing.
function Client:close()
  if not self.closed then
    self.closed = true
    self.keys:close()
    if type(self.transport.close) == "function" then
      self.transport:close()
    end
  end
end

Client.__close = Client.close

function Client:__tostring()
  return ("dataforest.client (%s)"):format(self.settings.base_url)
end

-- Calls --------------------------------------------------------------------------------

--- Runs an operation. See `dataforest.request.call`.
Client.run = call.run

--- Tells the caller's hook what happened. See `dataforest.request.events`.
Client.tell = events.tell

local function unknown_operation(name)
  local group, action = name:match "^([A-Za-z][A-Za-z0-9]*)/([A-Za-z][A-Za-z0-9]*)$"
  if not group then
    return nil
  end
  -- What is not known may not be harmless: only what says that it reads is tried again freely.
  local reads = action:find "^get[A-Z]" or action:find "^check[A-Z]"
  return {
    id = name,
    group = group,
    name = action,
    path = operations.path_prefix .. name,
    effect = reads and "read" or "once",
    result = "any",
  }
end

--- Calls any operation by its API name, one that this version does not know included.
-- @tparam string name such as `"accounts/getDetail"`
-- @tparam ?table params as the operation takes them; those of an unknown one are sent as given
-- @tparam[opt] table options of the call
-- @tparam[opt] number options.timeout seconds for the whole call, retries included
-- @tparam[opt] table|boolean options.retry as of `dataforest.new`
-- @tparam[opt] string options.format `"json"` or `"xml"`
-- @tparam[opt] table options.headers more headers to send, by name
-- @treturn[1] table|string value
-- @treturn[2] nil
-- @treturn[2] Error what went wrong
function Client:call(name, params, options)
  local operation = type(name) == "string" and (operations.by_name[name] or unknown_operation(name))
  if not operation then
    return arguments.error(nil, 'name must be an API name such as "accounts/getDetail"', "name")
  end
  return self:run(operation, params, options)
end

-- Many calls at once -------------------------------------------------------------------

local MAP_OPTIONS = { concurrency = options_of.WHOLE }

--- Runs a function for each item, several at a time. Within it, the ordinary methods are
-- called as always. In plain Lua the calls share libcurl's one multi handle, in nginx light
-- threads run them; a transport of the user's own is called one after another.
-- @tparam table items a list
-- @tparam function fn called with an item and its index. Its first result is the item's value;
--   nil and a second one is the item's error, and so is whatever it raises, with its traceback:
--   text has it at its end, a table as its field `traceback`.
-- @tparam[opt] table options `concurrency`: how many at a time, 64 by default
-- @treturn table values, indexed as the items are
-- @treturn ?table errors, indexed as the items are; nil where all went well
function Client.map(_, items, fn, options)
  if type(items) ~= "table" or type(fn) ~= "function" or type(options or {}) ~= "table" then
    error("df:map takes a list, a function and perhaps a table of options", 2)
  end
  local message = options_of.check(options or {}, MAP_OPTIONS)
  if message then
    error("df:map: " .. message, 2)
  end
  local may_yield, has_cosockets = phase.may_yield()
  local map = may_yield and scheduler.map_threads
    or has_cosockets and scheduler.map_one_by_one
    or scheduler.map
  return map(items, fn, options and options.concurrency or defaults.concurrency)
end

-- Forest as code -----------------------------------------------------------------------

--- What there is to do until a spec is true. `tostring(plan)` is a diff; no secret is in it.
-- @table Plan
-- @tfield {Step,...} steps in the order in which they are carried out
-- @tfield boolean empty whether there are none
-- @tfield table account its `name` and, where it is there, `id`
-- @tfield {table,...} pending what is on its way without a step: `kind`, `name`, `id`, `state`
-- @tfield {table,...} unmanaged what is there and not in the spec, and is left alone: the same fields
-- @tfield {string,...} warnings such as about a password that stands in the spec

--- One step of a plan.
-- @table Step
-- @tfield string action `"create"`, `"update"`, `"start"`, `"stop"`, `"replace"` or `"delete"`
-- @tfield string kind `"account"` or `"app"`
-- @tfield string name
-- @tfield ?string id nil where it is to be created
-- @tfield ?table before what changes, as it is
-- @tfield ?table after what changes, as it will be
-- @tfield boolean destructive whether something is deleted
-- @tfield ?string reason why, where the fields do not tell

--- What `apply` did.
-- @table Report
-- @tfield table account its `name` and `id`
-- @tfield {Step,...} done
-- @tfield {Step,...} undone
-- @tfield {Step,...} in_doubt steps that may have been carried out although they failed
-- @tfield {table,...} unmanaged as of the plan
-- @tfield {string,...} warnings as of the plan
-- @tfield number seconds that it took

--- Compares a spec with what is there. Only reads. The whole spec is checked first.
--
--     local plan, err = df:plan(spec, { prune = false, replace = false })
--     print(plan)
--
-- @tparam table spec see `docs/forest-as-code.md`
-- @tparam[opt] table options as of each call, and
-- @tparam[opt=false] boolean options.prune whether to delete what is there and not in the spec
-- @tparam[opt=false] boolean options.replace whether `apply` may delete, and create anew, what cannot be
--   changed in place
-- @tparam[opt=false] boolean options.rotate whether to reset the account's password
-- @tparam[opt=8] integer options.concurrency how many details are asked for at a time
-- @tparam[opt] number options.timeout seconds in all
-- @treturn[1] Plan
-- @treturn[2] nil
-- @treturn[2] Error `argument`: `problems` lists each mistake of the spec (`path`, `message`); else as of
--   the operations
function Client:plan(spec, options)
  return forest_plan.of(self, spec, options)
end

--- Carries out a plan, or what makes the spec true. May be interrupted anywhere and called again.
--
--     local report, err = df:apply(plan, { on_step = print })
--
-- @tparam table|Plan spec a spec, or a plan of `df:plan`; a plan that no longer fits what is there is refused
-- @tparam[opt] table options as of `plan`, and
-- @tparam[opt] function options.on_step called with each event: `event` (`started`, `waiting`, `done`,
--   `failed`), `step`, `index`, `total`, `state`, `error`, `seconds`; `tostring` of it is one line
-- @tparam[opt=8] integer options.concurrency how many apps are worked on at a time
-- @tparam[opt=1800] number options.timeout seconds in all
-- @tparam[opt=2] number options.interval seconds between looks, with `max_interval`, as of `wait`
-- @treturn[1] Report
-- @treturn[2] nil
-- @treturn[2] Error the first that stopped it: `step` is the step, `report` the report
-- @treturn[2] ?Report where anything was begun
function Client:apply(spec, options)
  return forest_apply.run(self, spec, options)
end

--- What is there, as a spec that plans to nothing.
-- @tparam[opt] table options as of each call, and
-- @tparam[opt] string options.account name of the account; needed where there are several
-- @tparam[opt=8] integer options.concurrency how many details are asked for at a time
-- @treturn[1] table spec
-- @treturn[1] nil
-- @treturn[1] table what was left out: a list of `path` and `message`
-- @treturn[2] nil
-- @treturn[2] Error as of the operations
function Client:export(options)
  return forest_export(self, options)
end

-- Time ---------------------------------------------------------------------------------

--- The time by the client's clock: the system's or, with the emulator in process, the emulated one.
-- @treturn number seconds since the epoch, with the fraction
function Client:now()
  return self.transport:now()
end

--- Waits, as the client's own pauses do: without blocking others in nginx and within `df:map`, and by moving
-- the clock of an emulator in process.
-- @tparam number seconds 0 or more
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] Error of kind `argument`, where code cannot wait here (a phase of nginx that cannot yield)
function Client:sleep(seconds)
  if type(seconds) ~= "number" or not (seconds >= 0 and seconds < math.huge) then
    error("df:sleep takes a number of seconds, 0 or more", 2)
  end
  local waited, why_not = self.transport:sleep(seconds)
  if waited == false then
    return arguments.error(nil, why_not or phase.reason())
  end
  return true
end

return Client
