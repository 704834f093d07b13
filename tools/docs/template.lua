--- Templates of pages. A template is Markdown in which a line that begins with `%` is Lua, and
-- `<% expression %>` stands for the expression's value. Both see the values that the page is made of, and the
-- functions below.
-- @module tools.docs.template

local template = {}

--- Text in which `<` and `{{` mean themselves; code in backquotes stays as it is.
function template.text(text)
  local out = (text .. "``"):gsub("([^`]*)(`[^`]*`)", function(plain, code)
    return plain:gsub("<", "&lt;"):gsub("{{", "&#123;&#123;") .. code
  end)
  return (out:gsub("``$", ""))
end

--- The same as a sentence in one line: the first letter is made a capital, and it ends with a full stop.
function template.sentence(text)
  text = template.text(text):gsub("%s+", " "):gsub("^%l", string.upper)
  return (text == "" or text:find "[%.:!?]$") and text or text .. "."
end

local function compiled(path)
  local code = { "local emit, _ENV = ..." }
  for line in io.lines(path) do
    local statement = line:match "^%%(.*)$"
    if not statement then
      local rest = line:gsub("(.-)<%%(.-)%%>", function(before, expression)
        code[#code + 1] = ("emit(%q) emit((%s))"):format(before, expression)
        return ""
      end)
      statement = ("emit(%q)"):format(rest .. "\n")
    end
    code[#code + 1] = statement
  end
  return assert(load(table.concat(code, "\n"), "@" .. path, "t"))
end

--- Makes a page.
-- @tparam string name of the template, such as `operation`
-- @tparam table values what its Lua sees, besides this module's functions and Lua's own
-- @treturn string Markdown
function template.page(name, values)
  local out = {}
  local function emit(text)
    out[#out + 1] = text or ""
  end
  local seen = setmetatable(values, {
    __index = function(_, key)
      return template[key] or _G[key]
    end,
  })
  compiled(("tools/docs/%s.md"):format(name))(emit, seen)
  return table.concat(out)
end

return template
