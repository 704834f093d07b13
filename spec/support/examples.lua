--- The documented examples, for every spec that replays them.
--
-- Each is a table: `operation` (its API name), `pages` (`current`, `older` or `common`), `about`,
-- and where the pages have them `request` (`json`, `xml`, `breaks`, `no_body`) and `response`
-- (`status`, `json`, `xml`, `binary`). `title` says which one it is.

local core = require "dataforest.core"

local file = assert(io.open("spec/vectors/examples.json", "rb"))
local examples = assert(core.decode(file:read "*a")).cases
file:close()

for _, example in ipairs(examples) do
  local status = example.response and " " .. example.response.status or ""
  example.title = ("%s%s: %s (%s pages)"):format(example.operation, status, example.about, example.pages)
end

return examples
