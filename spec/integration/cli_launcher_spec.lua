-- `bin/dataforest`: which Lua it finds, and what of the environment and of the current folder may not change
-- what it runs.

local files = require "spec.support.files"
local servers = require "spec.support.server"
local shell = require "dataforest.util.shell"

local LUA = servers.LUA

local root, folder

--- Runs a shell command in a folder of its own.
-- @treturn number status
-- @treturn string what was printed, on both streams
local function run(line)
  local words = { "cd", shell.word(folder), "&& { env -u LUA_PATH -u LUA_CPATH" }
  words[#words + 1] = ("DATAFOREST_LUA=%s sh -c %s; } 2>&1; printf '=%%d' $?"):format(LUA, shell.word(line))
  local printed, status = servers.output_of(table.concat(words, " ")):match "^(.*)=(%d+)$"
  return tonumber(status), printed
end

local function write(name, content)
  files.write(folder .. "/" .. name, content)
end

setup(function()
  root = servers.output_of("pwd"):match "[^\n]+"
end)

before_each(function()
  folder = files.new_folder()
end)

after_each(function()
  files.remove(folder)
end)

local function version_of(line)
  local status, printed = run(line)
  assert.are.equal(0, status, printed)
  assert.matches("^dataforest %d+%.%d+%.%d+[^\n]*\n$", printed)
end

describe("the launcher #full", function()
  it("is found by every path, whatever CDPATH says", function()
    os.execute(("mkdir -p '%s/bin' '%s/else'"):format(folder, folder))
    os.execute(("ln -s '%s/bin/dataforest' '%s/else/df'"):format(root, folder))
    for _, line in ipairs {
      ("'%s/bin/dataforest' --version"):format(root),
      "else/df --version",
      "CDPATH=.:/tmp else/df --version",
      "PATH=$PWD/else:$PATH CDPATH=$PWD df --version",
      ("cd '%s' && CDPATH=%s bin/dataforest --version"):format(root, folder),
      ("cd '%s' && CDPATH=.:/usr bin/dataforest --version"):format(root),
    } do
      version_of(line)
    end
    local _, exports = run(("cd '%s' && CDPATH=.:/tmp make -s env LUA=lua5.4"):format(root))
    assert.matches("^export LUA_PATH='" .. root:gsub("%p", "%%%0") .. "/lua/", exports)
  end)

  it("runs no code of the current folder, whichever module is asked for", function()
    for _, name in ipairs { "cjson", "lxp", "dataforest", "argparse", "string", "openssl" } do
      write(name .. ".lua", "print 'STRANGE' os.exit(7)")
      os.execute(("mkdir -p '%s/%s'"):format(folder, name))
      write(name .. "/init.lua", "print 'STRANGE' os.exit(7)")
    end
    local strange = {
      "",
      "LUA_PATH='./?.lua;;' ",
      "LUA_PATH='?.lua;./?/init.lua' LUA_CPATH='./?.so' ",
      "LUA_PATH_5_4='./?.lua;;' LUA_PATH_5_3='./?.lua;;' ",
    }
    for _, environment in ipairs(strange) do
      for _, command in ipairs { "accounts list --xml", "doctor", "__complete bash acc" } do
        local _, printed = run(
          environment
            .. "NCLOUD_ACCESS_KEY=a NCLOUD_SECRET_KEY=b DATAFOREST_BASE_URL=http://127.0.0.1:9 "
            .. ("'%s/bin/dataforest' %s"):format(root, command)
        )
        assert.is_nil(printed:find "STRANGE", environment .. command)
      end
    end
  end)

  it("takes modules from absolute entries of LUA_PATH", function()
    write("cjson.lua", "print 'OWN' os.exit(7)")
    local status, printed = run(("LUA_PATH='%s/?.lua;;' '%s/bin/dataforest' doctor"):format(folder, root))
    assert.are.same({ 7, "OWN\n" }, { status, printed })
  end)

  it("does not run LUA_INIT", function()
    for _, name in ipairs { "LUA_INIT", "LUA_INIT_5_1", "LUA_INIT_5_3", "LUA_INIT_5_4" } do
      version_of(([[%s='print "hello" os.exit(3)' '%s/bin/dataforest' --version]]):format(name, root))
    end
  end)

  it("takes a Lua whose path has blanks, and says if it finds none", function()
    os.execute(("mkdir '%s/a b' && ln -s \"$(command -v %s)\" '%s/a b/%s'"):format(folder, LUA, folder, LUA))
    version_of(("DATAFOREST_LUA='%s/a b/%s' '%s/bin/dataforest' --version"):format(folder, LUA, root))
    local status, printed = run(("DATAFOREST_LUA=nowhere/lua '%s/bin/dataforest' --version"):format(root))
    assert.are.equal(1, status)
    assert.matches("^dataforest: DATAFOREST_LUA names no Lua that the library is built for", printed)
  end)

  it("leaves the environment of what the emulator runs as it was", function()
    os.execute(("mkdir '%s/t'"):format(folder))
    write(
      "try.sh",
      ([[
      %s/bin/dataforest emulator --listen 127.0.0.1:0 >out 2>err &
      for i in $(seq 150); do grep -q SECRET out && break; sleep 0.1; done
      kill $!
      wait $!
      cat out err]]):format(root)
    )
    local _, printed = run "TMPDIR=t LUA_INIT=abc timeout 20 sh try.sh"
    assert.matches("NCLOUD_SECRET_KEY", printed)
    assert.are.equal("", servers.output_of(("ls -A '%s/t'"):format(folder)))
  end)
end)
