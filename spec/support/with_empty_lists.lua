--- Gives a value the empty lists that a response has where its type has a list and the body none.

local function with_empty_lists(value, of)
  if type(of) ~= "table" then
    return value
  elseif of.array then
    for i, item in ipairs(value) do
      value[i] = with_empty_lists(item, of.array)
    end
  elseif of.fields then
    for _, field in ipairs(of.fields) do
      local kind = field.type
      if value[field.name] ~= nil then
        value[field.name] = with_empty_lists(value[field.name], kind)
      elseif type(kind) == "table" and kind.array then
        value[field.name] = {}
      end
    end
  end
  return value
end

return with_empty_lists
