--- Many calls at once in plain Lua: coroutines over the libcurl engine.
--
-- A task is a coroutine that works through the items of a `df:map`. When one of its calls sends a request,
-- or a retry sleeps, the task yields to its loop, which starts the transfer, goes on with the others and
-- waits for all of them at once. Outside a task, and where a task cannot yield, a call blocks.
--
-- What a task waits for is begun by the loop, after the task has yielded: a yield that fails leaves
-- nothing behind.
--
-- @module dataforest.transport.scheduler

local core = require "dataforest.core"
local guarded = require "dataforest.util.guarded"

local continue, running, yield = coroutine.resume, coroutine.running, coroutine.yield
local is_yieldable = core.is_yieldable

local scheduler = {}

-- How long one engine is waited for while another one has transfers in flight too (seconds).
local TURN = 0.005

-- The longest wait where nothing is known to be due (seconds): a bound, not a period. Lua's hooks, such as
-- that for Ctrl-C, have their turn at least this often.
local LONGEST_WAIT = 1

local tasks = setmetatable({}, { __mode = "k" })

-- For each engine, its transfers in flight by number, and the tasks that wait for them. Shared by
-- all loops: one may be driven from within another, and meets the other's transfers.
local waiting = setmetatable({}, { __mode = "k" })

local Loop = {}
Loop.__index = Loop

local function new_loop()
  return setmetatable({ ready = {}, spare = {}, sleepers = {}, engines = {} }, Loop)
end

--- The task that is running and can yield; nil where a call has to block.
-- @treturn ?table
function scheduler.current()
  local thread = running()
  local task = thread and tasks[thread]
  return task and is_yieldable() and task or nil
end

local function make_ready(task, first, second)
  local ready = task.loop.ready
  ready[#ready + 1] = task
  task.first, task.second = first, second
end

--- Sends a request from a task that can yield, while others go on.
-- @tparam userdata engine of `dataforest.curl`
-- @tparam table request
-- @treturn[1] table response
-- @treturn[2] nil
-- @treturn[2] table failure
function scheduler.send(engine, request)
  local transfer, err = yield(scheduler, engine, request)
  if not transfer then
    return nil, err
  end
  return transfer:result()
end

--- Starts what a task that has yielded wants sent.
local function start(task, engine, request)
  -- A task has one transfer, which one call after another uses.
  local transfer, number = engine:start(request, task.transfer)
  if not transfer then
    make_ready(task, nil, number) -- which is the error
    return
  end
  task.transfer = transfer
  local by_number = waiting[engine]
  if not by_number then
    by_number = {}
    waiting[engine] = by_number
  end
  by_number[number] = task
  local engines = task.loop.engines
  engines[engine] = (engines[engine] or 0) + 1
end

local function put_to_sleep(task, seconds)
  local sleepers = task.loop.sleepers
  task.wake_at = core.monotonic() + seconds
  local index = #sleepers + 1
  while index > 1 and sleepers[index - 1].wake_at < task.wake_at do
    index = index - 1
  end
  -- The first to wake stands last, where it is taken from.
  table.insert(sleepers, index, task)
end

--- Waits so many seconds: in a task the others go on meanwhile, elsewhere the thread blocks.
-- @tparam number seconds
function scheduler.pause(seconds)
  if scheduler.current() then
    yield(scheduler, seconds)
  else
    core.sleep(seconds)
  end
end

local function wake(engine, by_number, number)
  local task = by_number[number]
  if task then
    by_number[number] = nil
    local engines = task.loop.engines
    local others = engines[engine] - 1
    engines[engine] = others > 0 and others or nil
    make_ready(task, task.transfer)
  end
end

--- Lets the engine do its work, for so many seconds at most, and wakes whose transfers have ended.
local function step(engine, seconds)
  local in_flight = engine:step(seconds)
  local by_number, ended = waiting[engine], engine.ended
  local number = ended(engine)
  while number do
    wake(engine, by_number, number)
    number = ended(engine)
  end
  if in_flight == 0 then
    -- Still waited for: the engine was closed, and each transfer's result says so.
    local left = {}
    for each in pairs(by_number) do
      left[#left + 1] = each
    end
    for _, each in ipairs(left) do
      wake(engine, by_number, each)
    end
  end
end

--- Waits until a transfer ends or a sleeper is due.
local function wait(loop)
  local sleepers = loop.sleepers
  local first = sleepers[#sleepers]
  local seconds = first and math.max(0, first.wake_at - core.monotonic()) or LONGEST_WAIT
  local engine = next(loop.engines)
  if not engine then
    core.sleep(seconds)
  elseif not next(loop.engines, engine) then
    step(engine, seconds)
  else
    local several = {}
    for each in pairs(loop.engines) do
      several[#several + 1] = each
    end
    for _, each in ipairs(several) do
      step(each, math.min(seconds, TURN))
    end
  end
  local now = core.monotonic()
  while first and first.wake_at <= now do
    sleepers[#sleepers] = nil
    make_ready(first)
    first = sleepers[#sleepers]
  end
end

-- Groups: one `map` each --------------------------------------------------------------

local function record(group, index, value, err)
  group.values[index] = value
  if value == nil and err ~= nil then
    group.errors = group.errors or {}
    group.errors[index] = err
  end
end

--- What was raised, with where: text gets the traceback behind it, a table as a field.
local function with_traceback(raised, traceback)
  if type(raised) == "table" then
    raised.traceback = raised.traceback or traceback
    return raised
  end
  return guarded.text(raised) .. "\n" .. traceback
end

--- The body of a task: works until the group has no item left.
local function work(task)
  local group = task.group
  while group.next <= group.count do
    local index = group.next
    group.next = index + 1
    task.index = index
    record(group, index, group.fn(group.items[index], index))
  end
end

local function spawn(loop, group)
  local task = { loop = loop, group = group }
  task.thread = coroutine.create(work)
  tasks[task.thread] = task
  group.active = group.active + 1
  make_ready(task, task)
end

local function populate(loop, group)
  for _ = 1, math.min(group.concurrency, group.count) do
    spawn(loop, group)
  end
end

local function resume(loop, task)
  local thread = task.thread
  local ok, yielded, wanted, request = continue(thread, task.first, task.second)
  if ok and yielded == scheduler then -- by one of the functions above
    if request then
      start(task, wanted, request)
    elseif type(wanted) == "number" then
      put_to_sleep(task, wanted)
    else -- a group
      wanted.waiter = task
      populate(task.loop, wanted)
    end
    return
  elseif ok and coroutine.status(thread) == "suspended" then
    ok, yielded = false, "the function given to map must not yield by itself"
  end
  local group = task.group
  group.active = group.active - 1
  tasks[thread] = nil
  if not ok then
    record(group, task.index, nil, with_traceback(yielded, debug.traceback(thread)))
    if group.next <= group.count then
      spawn(loop, group)
    end
  end
  if group.active == 0 and group.waiter then
    make_ready(group.waiter)
  end
end

--- Runs all that is ready, and waits for more, until a group has ended.
local function run(loop, group)
  while group.active > 0 do
    local ready = loop.ready
    if #ready == 0 then
      wait(loop)
    else
      loop.ready, loop.spare = loop.spare, ready
      for index = 1, #ready do
        local task = ready[index]
        ready[index] = nil
        resume(loop, task)
      end
    end
  end
end

local function new_group(items, fn, concurrency)
  return {
    items = items,
    fn = fn,
    count = #items,
    concurrency = concurrency,
    next = 1,
    active = 0,
    values = {},
  }
end

--- Calls `fn(item, index)` for each item, several at a time, in plain Lua.
-- @tparam table items a list
-- @tparam function fn its first result is the item's value; nil and a second one is its error
-- @tparam number concurrency how many at a time
-- @treturn table values, indexed as the items are
-- @treturn ?table errors, indexed as the items are; nil where all went well
function scheduler.map(items, fn, concurrency)
  local group = new_group(items, fn, concurrency)
  if group.count == 0 then
    return group.values
  elseif scheduler.current() then
    coroutine.yield(scheduler, group)
  else
    local loop = new_loop()
    populate(loop, group)
    run(loop, group)
  end
  return group.values, group.errors
end

local function traced(raised)
  return { raised = raised, traceback = debug.traceback("", 2) }
end

local function run_items(group)
  while group.next <= group.count do
    local index = group.next
    group.next = index + 1
    local ok, value, err = xpcall(group.fn, traced, group.items[index], index)
    if ok then
      record(group, index, value, err)
    else
      record(group, index, nil, with_traceback(value.raised, value.traceback))
    end
  end
end

--- The same one after another, where code that Lua cannot yield across is running inside nginx: each call
-- says so.
-- @tparam table items a list
-- @tparam function fn
-- @treturn table values
-- @treturn ?table errors
function scheduler.map_one_by_one(items, fn)
  local group = new_group(items, fn, 1)
  run_items(group)
  return group.values, group.errors
end

--- The same with nginx's light threads, in phases that can yield.
-- @tparam table items a list
-- @tparam function fn
-- @tparam number concurrency how many at a time
-- @treturn table values
-- @treturn ?table errors
function scheduler.map_threads(items, fn, concurrency)
  local group = new_group(items, fn, concurrency)
  local spawn_thread, wait_thread = ngx.thread.spawn, ngx.thread.wait
  local function worker()
    run_items(group)
  end
  local threads = {}
  for index = 1, math.min(concurrency, group.count) do
    threads[index] = spawn_thread(worker)
  end
  for _, thread in ipairs(threads) do
    wait_thread(thread)
  end
  return group.values, group.errors
end

return scheduler
