-- An output handler for busted: its plain one, which also appends "passed failed skipped" to the file
-- that the environment's COUNTS names (see tools/testing.sh).

return function(options)
  local busted = require "busted"
  local handler = require "busted.outputHandlers.plainTerminal"(options)

  busted.subscribe({ "suite", "end" }, function()
    local path = os.getenv "COUNTS"
    if path then
      local file = assert(io.open(path, "a"))
      local failed = handler.failuresCount + handler.errorsCount
      file:write(("%d %d %d\n"):format(handler.successesCount, failed, handler.pendingsCount))
      file:close()
    end
    return nil, true
  end)

  return handler
end
