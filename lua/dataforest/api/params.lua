--- Parameters that many operations have.
-- @module dataforest.api.params

local params = {}

--- An identifier.
-- @tparam string name
-- @tparam[opt] string doc by default an account's
-- @tparam[opt] string within the object that it travels in
-- @treturn table a field of `dataforest.operations`
function params.account_id(name, doc, within)
  return {
    name = name,
    type = "string",
    required = true,
    within = within,
    min_length = 1,
    max_length = 22,
    charset = "0-9A-Za-z",
    charset_doc = "0-9, A-Z and a-z",
    stated = "0 to 22 characters: a UUID in base62.",
    doc = doc or "Account identifier, from accounts/getList.",
  }
end

--- The account that something belongs to.
params.ACCOUNT = params.account_id "accountId"

--- The same where it travels in `search`.
params.SEARCHED_ACCOUNT = params.account_id("accountId", nil, "search")

--- The parameter `name`, of letters, digits and hyphens.
local function hyphenated_name(min_length, max_length, doc)
  return {
    name = "name",
    type = "string",
    required = true,
    min_length = min_length,
    max_length = max_length,
    charset = "a-z0-9-",
    charset_doc = "a-z, 0-9 and -",
    edges = "a-z0-9",
    edges_doc = "a letter or a digit",
    doc = doc,
  }
end

--- The name of an account. The pages state the rule about the first and the last character for
-- checkAvailableName alone.
-- @tparam string doc
-- @tparam[opt=false] boolean has_edges
-- @treturn table
function params.account_name(doc, has_edges)
  local name = hyphenated_name(2, 16, doc)
  name.stated = "2 to 16 characters of a-z, 0-9 and -."
  if has_edges then
    name.stated = "2 to 16 characters of a-z, 0-9 and -; begins and ends with a letter or a digit."
  else
    name.edges, name.edges_doc = nil, nil
  end
  return name
end

--- The name of an app, and of what the older groups make: no two hyphens in a row.
-- @tparam string doc
-- @tparam[opt=3] integer min_length
-- @treturn table
function params.app_name(doc, min_length)
  local name = hyphenated_name(min_length or 3, 15, doc)
  name.no_double = "-"
  name.stated = "3 to 15 characters of a-z, 0-9 and -; begins and ends with a letter or a digit; no --. "
    .. "Older pages state the length alone."
  return name
end

return params
