--- `dataforest completion`: scripts by which bash, zsh and fish ask `dataforest __complete` what may come
-- next (see `dataforest.cli.complete`).
-- @module dataforest.cli.commands.completion

local exit = require "dataforest.cli.exit"
local word = require("dataforest.util.shell").word

local completion = {}

-- In each script @PROGRAM@ is this command, for where it is not found by the name that was typed.

local BASH = [==[
# bash completion for dataforest, made by: dataforest completion bash
_dataforest() {
  local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} kind='' word i
  local -a words=()
  command -v -- "$program" >/dev/null 2>&1 || program=@PROGRAM@
  for ((i = 1; i < COMP_CWORD; i++)); do words+=("${COMP_WORDS[i]}"); done
  COMPREPLY=()
  case $current in
  [\"\']*) word=${current:1} ;;
  *) word=${current//\\/} ;;
  esac
  while IFS=$'\t' read -r word _; do
    if [ -z "$kind" ]; then
      kind=$word
    elif [[ $current == [\"\']* ]]; then
      COMPREPLY+=("$word")
    else
      printf -v word %q "$word"
      COMPREPLY+=("$word")
    fi
  done < <("$program" __complete bash "${words[@]}" "$word" 2>/dev/null)
  if [ "${kind:-files}" = files ]; then
    [ "$current" != = ] || current=''
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
  fi
}
complete -F _dataforest dataforest
]==]

local ZSH = [==[
#compdef dataforest
# zsh completion for dataforest, made by: dataforest completion zsh
_dataforest() {
  local program=$words[1] line
  local -a lines candidates given
  whence -- "$program" >/dev/null || program=@PROGRAM@
  given=("${(@Q)words[2,CURRENT]}")
  lines=("${(@f)$("$program" __complete zsh "${given[@]}" 2>/dev/null)}")
  [[ $words[CURRENT] = --*=* ]] && compset -P '*='
  if [[ ${lines[1]} = files ]]; then
    _files
    return
  fi
  for line in "${lines[@]:1}"; do
    candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  _describe -V command candidates
}
# Read from a file of $fpath, it is the function; read by eval, it announces one.
if [[ ${funcstack[1]-} = _dataforest ]]; then _dataforest "$@"; else compdef _dataforest dataforest; fi
]==]

local FISH = [==[
# fish completion for dataforest, made by: dataforest completion fish
function __dataforest_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l program $words[1]
  command -q -- $program; or set program @PROGRAM@
  set -l lines ($program __complete fish $words[2..-1] "$current" 2>/dev/null)
  if test "$lines[1]" = files
    __fish_complete_path (string replace -r -- '^--[^=]*=' '' "$current")
  else
    printf '%s\n' $lines[2..-1]
  end
end
complete -c dataforest -f -a '(__dataforest_complete)'
]==]

local SCRIPTS = { bash = BASH, zsh = ZSH, fish = FISH }

--- The completions for a shell.
-- @tparam string shell `"bash"`, `"zsh"` or `"fish"`
-- @tparam[opt="dataforest"] string program the command to ask
-- @treturn string
local function script_of(shell, program)
  return (SCRIPTS[shell]:gsub("@PROGRAM@", function()
    return word(program or "dataforest")
  end))
end

--- Runs the command.
-- @tparam table context
-- @treturn number exit status
function completion.run(context)
  context:print(script_of(context.args.shell, context:variable "DATAFOREST_PROGRAM"))
  return exit.OK
end

return completion
