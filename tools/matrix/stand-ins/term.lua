-- What busted needs of lua-term, where that is not built: whether a stream is a terminal.
return {
  isatty = function()
    return false
  end,
}
