--- `dataforest completion`: completions for bash, zsh and fish, made from the tree of
-- `dataforest.cli.commands`.
--
-- Each script walks the words that are there to find the command they lead to (its place, such as
-- `/accounts/create`), and offers what may come next. Nothing is asked of the service.
--
-- @module dataforest.cli.commands.completion

local commands = require "dataforest.cli.commands"
local exit = require "dataforest.cli.exit"
local operations = require "dataforest.operations"
local system_of = require "dataforest.cli.terminal.system"

local completion = {}

local quoted = system_of.quoted

-- The tree, laid out ------------------------------------------------------------------------

local function names_of(command)
  local names = { command.name }
  for _, alias in ipairs(command.aliases or {}) do
    names[#names + 1] = alias
  end
  return names
end

local function operation_ids()
  local ids = {}
  for _, operation in ipairs(operations.list) do
    ids[#ids + 1] = operation.id
  end
  return ids
end

--- The words that a command's argument may be.
local function argument_words(command)
  for _, argument in ipairs(command.arguments or {}) do
    if argument.choices then
      return argument.choices
    elseif argument.operations then
      return operation_ids()
    end
  end
  return {}
end

--- A sentence for a list of candidates: without its full stop, and short.
local function brief(doc)
  local first = doc:match "^(.-[^.])%.%s" or doc:gsub("%.$", "")
  return first
end

local function lay_out(command, place, places)
  places[#places + 1] = { place = place, command = command, words = argument_words(command) }
  for _, child in ipairs(command.commands or {}) do
    lay_out(child, place .. "/" .. child.name, places)
  end
  return places
end

local function common_options()
  local options = {}
  for _, group in ipairs(commands.common) do
    for _, option in ipairs(group.options) do
      options[#options + 1] = option
    end
  end
  return options
end

--- All options of the command, each name once: what a value may be depends on the name alone.
local function all_options(places)
  local options, seen = {}, {}
  local function add(option)
    if not seen[option.names[1]] then
      seen[option.names[1]] = true
      options[#options + 1] = option
    end
  end
  for _, at in ipairs(places) do
    for _, option in ipairs(at.command.options or {}) do
      add(option)
    end
  end
  for _, option in ipairs(common_options()) do
    add(option)
  end
  return options
end

--- Where each command word leads: `from`, `words` (its names), `to`.
local function steps(places)
  local list = {}
  for _, at in ipairs(places) do
    for _, child in ipairs(at.command.commands or {}) do
      list[#list + 1] = { from = at.place, words = names_of(child), to = at.place .. "/" .. child.name }
    end
  end
  return list
end

local Script = {}
Script.__index = Script

function Script:line(indent, content, ...)
  self[#self + 1] = ("  "):rep(indent) .. (select("#", ...) > 0 and content:format(...) or content)
end

local function new_script()
  return setmetatable({}, Script)
end

local function text_of(script)
  return table.concat(script, "\n") .. "\n"
end

--- The names of the options that take a value, as a pattern of `case`.
local function valued(places)
  local names = {}
  for _, option in ipairs(all_options(places)) do
    if option.label then
      for _, name in ipairs(option.names) do
        names[#names + 1] = name
      end
    end
  end
  return table.concat(names, "|")
end

--- Writes the walk over the words, which bash and zsh have in common.
local function add_walk(script, places, word)
  script:line(2, "case %s in", word)
  script:line(2, "%s) ((i++)); continue ;;", valued(places))
  script:line(2, "-*) continue ;;")
  script:line(2, "esac")
  script:line(2, "case $at/%s in", word)
  for _, step in ipairs(steps(places)) do
    local patterns = {}
    for i, name in ipairs(step.words) do
      patterns[i] = step.from .. "/" .. name
    end
    script:line(2, "%s) at=%s ;;", table.concat(patterns, "|"), step.to)
  end
  script:line(2, "esac")
end

-- bash ----------------------------------------------------------------------------------------

local function bash_values(script, places)
  script:line(1, 'case "$previous" in')
  for _, option in ipairs(all_options(places)) do
    if option.label then
      script:line(1, "%s)", table.concat(option.names, "|"))
      if option.choices then
        script:line(
          2,
          'COMPREPLY=($(compgen -W %s -- "$current"))',
          quoted(table.concat(option.choices, " "))
        )
      elseif option.file then
        script:line(2, 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current"))')
      end
      script:line(2, "return ;;")
    end
  end
  script:line(1, "esac")
end

local function option_words(options)
  local words = {}
  for _, option in ipairs(options or {}) do
    for _, name in ipairs(option.names) do
      words[#words + 1] = name
    end
  end
  return table.concat(words, " ")
end

local function bash(places)
  local script = new_script()
  script:line(0, "# bash completion for dataforest, made by: dataforest completion bash")
  script:line(0, "_dataforest() {")
  script:line(1, "local at='' i word words='' options=%s", quoted(option_words(common_options())))
  script:line(1, "local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}")
  script:line(1, "COMPREPLY=()")
  script:line(1, "# bash takes --name=value for three words.")
  script:line(1, 'if [ "$current" = "=" ]; then current=""')
  script:line(1, 'elif [ "$previous" = "=" ]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi')
  script:line(1, "for ((i = 1; i < COMP_CWORD; i++)); do")
  script:line(2, "word=${COMP_WORDS[i]}")
  script:line(2, '[ "${COMP_WORDS[i+1]}" != "=" ] || { ((i += 2)); continue; }')
  add_walk(script, places, "$word")
  script:line(1, "done")
  bash_values(script, places)
  script:line(1, "case $at in")
  for _, at in ipairs(places) do
    local words = {}
    for _, child in ipairs(at.command.commands or {}) do
      words[#words + 1] = table.concat(names_of(child), " ")
    end
    words[#words + 1] = at.words[1] and table.concat(at.words, " ")
    script:line(
      1,
      '%s) words=%s options="%s $options" ;;',
      at.place == "" and "''" or at.place,
      quoted(table.concat(words, " ")),
      option_words(at.command.options)
    )
  end
  script:line(1, "esac")
  script:line(1, 'if [ -z "$words" ] || [ "${current:0:1}" = "-" ]; then words=$options; fi')
  script:line(1, 'COMPREPLY=($(compgen -W "$words" -- "$current"))')
  script:line(0, "}")
  script:line(0, "complete -F _dataforest dataforest")
  return text_of(script)
end

-- zsh -----------------------------------------------------------------------------------------

--- A candidate of _describe: `name:what it is`.
local function described(name, doc)
  return quoted(name:gsub(":", "\\:") .. ":" .. brief(doc))
end

local function described_options(options)
  local words = {}
  for _, option in ipairs(options or {}) do
    for _, name in ipairs(option.names) do
      words[#words + 1] = described(name, option.doc)
    end
  end
  return table.concat(words, " ")
end

local function zsh_values(script, places)
  script:line(1, "case $previous in")
  for _, option in ipairs(all_options(places)) do
    if option.label then
      local act = ("_message %s"):format(quoted(option.label))
      if option.choices then
        act = "compadd -- " .. table.concat(option.choices, " ")
      elseif option.file then
        act = "_files"
      end
      script:line(1, "%s) %s; return ;;", table.concat(option.names, "|"), act)
    end
  end
  script:line(1, "esac")
end

local function zsh(places)
  local script = new_script()
  script:line(0, "#compdef dataforest")
  script:line(0, "# zsh completion for dataforest, made by: dataforest completion zsh")
  script:line(0, "_dataforest() {")
  script:line(1, "local at='' previous=$words[CURRENT-1]")
  script:line(1, "integer i")
  script:line(1, "local -a candidates options")
  script:line(1, "options=(%s)", described_options(common_options()))
  script:line(1, "if [[ $words[CURRENT] = --*=* ]]; then")
  script:line(2, "previous=${words[CURRENT]%%%%=*}")
  script:line(2, "compset -P '*='")
  script:line(1, "fi")
  script:line(1, "for ((i = 2; i < CURRENT; i++)); do")
  add_walk(script, places, "$words[i]")
  script:line(1, "done")
  zsh_values(script, places)
  script:line(1, "case $at in")
  for _, at in ipairs(places) do
    local words = {}
    for _, child in ipairs(at.command.commands or {}) do
      for _, name in ipairs(names_of(child)) do
        words[#words + 1] = described(name, child.summary)
      end
    end
    for _, word in ipairs(at.words) do
      words[#words + 1] = quoted(word)
    end
    script:line(1, "%s)", at.place == "" and "''" or at.place)
    script:line(2, "candidates=(%s)", table.concat(words, " "))
    script:line(2, "options=(%s $options) ;;", described_options(at.command.options))
  end
  script:line(1, "esac")
  script:line(1, "if [[ $#candidates -gt 0 && $words[CURRENT] != -* ]]; then")
  script:line(2, "_describe command candidates")
  script:line(1, "else")
  script:line(2, "_describe -o option options")
  script:line(1, "fi")
  script:line(0, "}")
  script:line(0, "# Read from a file of $fpath, it is the function; read by eval, it announces one.")
  script:line(
    0,
    'if [[ ${funcstack[1]-} = _dataforest ]]; then _dataforest "$@"; else compdef _dataforest dataforest; fi'
  )
  return text_of(script)
end

-- fish ----------------------------------------------------------------------------------------

local function fish_walk(script, places)
  script:line(0, "function __dataforest_at")
  script:line(1, "set -l at ''")
  script:line(1, "set -l skip 0")
  script:line(1, "set -l words (commandline -opc)")
  script:line(1, "for word in $words[2..-1]")
  script:line(2, "if test $skip = 1")
  script:line(3, "set skip 0")
  script:line(3, "continue")
  script:line(2, "end")
  script:line(2, "switch $word")
  script:line(3, "case %s", (valued(places):gsub("|", " ")))
  script:line(4, "set skip 1")
  script:line(4, "continue")
  script:line(3, "case '-*'")
  script:line(4, "continue")
  script:line(2, "end")
  script:line(2, 'switch "$at/$word"')
  for _, step in ipairs(steps(places)) do
    local patterns = {}
    for i, name in ipairs(step.words) do
      patterns[i] = step.from .. "/" .. name
    end
    script:line(3, "case %s", table.concat(patterns, " "))
    script:line(4, "set at %s", step.to)
  end
  script:line(2, "end")
  script:line(1, "end")
  script:line(1, 'test "$at" = "$argv[1]"')
  script:line(0, "end")
end

local function fish_quoted(word)
  return "'" .. word:gsub("[\\']", "\\%0") .. "'"
end

local function fish_option(script, condition, option)
  local parts = { "complete -c dataforest" }
  if condition then
    parts[#parts + 1] = "-n " .. fish_quoted(condition)
  end
  for _, name in ipairs(option.names) do
    local long = name:match "^%-%-(.+)$"
    parts[#parts + 1] = long and "-l " .. long or "-s " .. name:sub(2)
  end
  if option.choices then
    parts[#parts + 1] = "-xa " .. fish_quoted(table.concat(option.choices, " "))
  elseif option.file then
    parts[#parts + 1] = "-rF"
  elseif option.label then
    parts[#parts + 1] = "-x"
  end
  parts[#parts + 1] = "-d " .. fish_quoted(brief(option.doc))
  script:line(0, "%s", table.concat(parts, " "))
end

local function fish(places)
  local script = new_script()
  script:line(0, "# fish completion for dataforest, made by: dataforest completion fish")
  fish_walk(script, places)
  script:line(0, "complete -c dataforest -f")
  for _, option in ipairs(common_options()) do
    fish_option(script, nil, option)
  end
  for _, at in ipairs(places) do
    local condition = ("__dataforest_at %s"):format(at.place == "" and "''" or at.place)
    for _, child in ipairs(at.command.commands or {}) do
      script:line(
        0,
        "complete -c dataforest -n %s -a %s -d %s",
        fish_quoted(condition),
        fish_quoted(table.concat(names_of(child), " ")),
        fish_quoted(brief(child.summary))
      )
    end
    if at.words[1] then
      script:line(
        0,
        "complete -c dataforest -n %s -a %s",
        fish_quoted(condition),
        fish_quoted(table.concat(at.words, " "))
      )
    end
    for _, option in ipairs(at.command.options or {}) do
      fish_option(script, condition, option)
    end
  end
  return text_of(script)
end

local SHELLS = { bash = bash, zsh = zsh, fish = fish }

--- The completions for a shell.
-- @tparam string shell `"bash"`, `"zsh"` or `"fish"`
-- @treturn string a script of that shell
function completion.script(shell)
  return SHELLS[shell](lay_out(commands.tree(), "", {}))
end

--- Runs the command.
-- @tparam table context
-- @tparam table args
-- @treturn number exit code
function completion.run(context, args)
  context:print(completion.script(args.shell))
  return exit.OK
end

return completion
