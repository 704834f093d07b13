--- The names of events in their order, as one text.
-- @tparam table events
-- @treturn string
return function(events)
  local names = {}
  for index, event in ipairs(events) do
    names[index] = event.name
  end
  return table.concat(names, " ")
end
