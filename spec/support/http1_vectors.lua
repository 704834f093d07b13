--- The responses of spec/vectors/http and their verdicts; see the README there.

local vectors = {}

local ROOT = debug.getinfo(1, "S").source:match "^@(.*)spec/support/" or ""

vectors.FILES = { ROOT .. "spec/vectors/http/policy.txt", ROOT .. "spec/vectors/http/curl.txt" }

local NAMED = {
  ok = "HTTP/1.1 200 OK\r\n",
  chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
}

local ESCAPES = { r = "\r", n = "\n", t = "\t", ["\\"] = "\\" }

local function unescape(text)
  return (
    text:gsub("\\(.)(%x?%x?)", function(letter, digits)
      if letter == "x" then
        return string.char(tonumber(digits, 16))
      end
      return assert(ESCAPES[letter], text) .. digits
    end)
  )
end

local function expand(text)
  return (
    text:gsub("%$(%b())", function(inner)
      inner = inner:sub(2, -2)
      local times, piece = inner:match "^(%d+)%*(.*)$"
      return times and unescape(piece):rep(tonumber(times)):gsub("\\", "\\\\") or assert(NAMED[inner], inner)
    end)
  )
end

local function read_verdict(case, text)
  case.verdict = text
  local status, use, rest, body = text:match '^(%d%d%d) (%l+)( ?%l*) "(.*)"$'
  if status then
    case.status, case.keep, case.surplus = tonumber(status), use == "keep", rest ~= ""
    case.body = unescape(body)
  else
    case.kind, case.words = text:match "^(%l+) ?(.*)$"
  end
end

--- Reads the cases of a file.
-- @treturn table list of `name`, `bytes`, `method`, `max`, `ending`, `headers`; `status`, `keep`, `surplus`
--   and `body`, or `kind` and `words`
function vectors.read(path)
  local cases, case = {}, nil
  for line in io.lines(path) do
    local mark, text = line:match "^([>:=h]) ?(.*)$"
    if line:find "^%[" then
      case = { name = line:match "^%[(.*)%]$", bytes = "", headers = {} }
      case.method, case.max, case.ending = "GET", 65536, "clean"
      cases[#cases + 1] = case
    elseif mark == ">" then
      case.bytes = case.bytes .. unescape(expand(text))
    elseif mark == ":" then
      local name, value = text:match "^(%l+) (.*)$"
      case[name == "end" and "ending" or name] = tonumber(value) or value
    elseif mark == "=" then
      read_verdict(case, text)
    elseif mark == "h" then
      local name, value = text:match "^(.-): (.*)$"
      case.headers[name] = unescape(value)
    else
      assert(line == "" or line:find "^#", line)
    end
  end
  return cases
end

--- All cases, of all files.
function vectors.all()
  local all = {}
  for _, path in ipairs(vectors.FILES) do
    for _, case in ipairs(vectors.read(path)) do
      all[#all + 1] = case
    end
  end
  return all
end

--- What is wrong with a transport's outcome.
-- @tparam table case
-- @tparam ?table response
-- @tparam ?table failure
-- @treturn ?string nil where it is as it should be
function vectors.difference(case, response, failure)
  if case.kind then
    if response then
      return ("a response of %s in place of %s"):format(response.status, case.kind)
    elseif failure.kind ~= case.kind or not failure.message:find(case.words, 1, true) then
      return ("%s in place of %s: %s"):format(failure.kind, case.verdict, failure.message)
    end
    return failure.sent ~= true and "it says that nothing was sent" or nil
  elseif not response then
    return ("%s (%s) in place of %s"):format(failure.kind, failure.message, case.verdict)
  elseif response.status ~= case.status or response.body ~= case.body then
    return ("%d %q in place of %s"):format(response.status, response.body:sub(1, 100), case.verdict)
  end
  for name, value in pairs(case.headers) do
    if response.headers[name] ~= value then
      return ("header %s: %q in place of %q"):format(name, tostring(response.headers[name]), value)
    end
  end
end

return vectors
