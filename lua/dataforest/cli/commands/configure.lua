--- `dataforest configure`: asks for the keys, tries them, and writes them to the key file.
-- @module dataforest.cli.commands.configure

local core = require "dataforest.core"
local credentials = require "dataforest.credentials"
local exit = require "dataforest.cli.exit"
local read_file = require "dataforest.util.read_file"
local session = require "dataforest.cli.session"
local trim = require "dataforest.util.trim"
local words_of = require "dataforest.util.words"

local configure = {}

local NO_SUCH_FILE = 2 -- errno

local NAMES = { access_key = "ncloud_access_key_id", secret_key = "ncloud_secret_access_key" }

-- Asking ------------------------------------------------------------------------------------

local function ask(context, question, echo)
  local reply, reason = context.system:ask(question, echo)
  if reply and trim(reply) ~= "" then
    return trim(reply)
  elseif reason == "no terminal" then
    context:usage(
      "there is no terminal to ask for the keys on",
      "give them through --keys-stdin, a line each"
    )
  end
  context:fail(exit.USAGE, "no key was given: nothing was written")
end

local function given_keys(context)
  if not context.args.keys_stdin then
    context:note("Both keys are in the console of NAVER Cloud, under Authentication Key Management.", "dim")
    return ask(context, "Access key: ", true), ask(context, "Secret key (not shown): ")
  end
  local access_key, secret_key, more = context:read_file("-"):match "^%s*(%S+)[ \t]*\r?\n%s*(%S+)%s*(.*)$"
  if not access_key or more ~= "" then
    context:usage "--keys-stdin: two lines are wanted, the access key and the secret key"
  end
  return access_key, secret_key
end

local function check_form(context, name, key)
  if key:find "[^!-~]" then
    context:usage(("the %s holds a blank or a character that no key has"):format(name), "paste it again")
  end
end

--- Tries the keys with a call that only reads.
local function try(context, access_key, secret_key)
  context.system.provider = function()
    return { access_key = access_key, secret_key = secret_key, source = "what was typed" }
  end
  local list, err = session.client(context):call "accounts/getList"
  if not list then
    session.fail(context, err)
  end
  context:note("the keys work: they see " .. words_of.counted(#list.contents, "account"))
end

-- Writing -----------------------------------------------------------------------------------

--- Puts both keys under a heading, or above all headings, and leaves every other line as it is.
-- @tparam string content of the file
-- @tparam ?string profile
-- @tparam table keys by the file's names
-- @treturn string
function configure.merged(content, profile, keys)
  local lines, section, placed = {}, nil, false
  local ours = {}
  for _, name in ipairs { NAMES.access_key, NAMES.secret_key } do
    ours[#ours + 1] = ("%s = %s"):format(name, keys[name])
  end
  local function place()
    if not placed then
      placed = true
      for _, line in ipairs(ours) do
        lines[#lines + 1] = line
      end
    end
  end
  if not profile then
    place()
  end
  for line in (content:gsub("^\239\187\191", "") .. "\n"):gmatch "(.-)\r?\n" do
    local heading = line:match "^%s*%[(.-)%]%s*$"
    local name = line:match "^%s*([%w_.-]+)%s*="
    section = heading and trim(heading) or section
    if not (section == profile and keys[name or ""]) then
      lines[#lines + 1] = line
    end
    if heading and section == profile then
      place()
    end
  end
  while lines[#lines] == "" do
    lines[#lines] = nil
  end
  if not placed then
    lines[#lines + 1] = lines[1] and "" or nil
    lines[#lines + 1] = ("[%s]"):format(profile)
    place()
  end
  return table.concat(lines, "\n") .. "\n"
end

local function write(context, access_key, secret_key)
  local path = credentials.default_path()
  if not path then
    context:fail(exit.UNEXPECTED, "the key file is ~/.ncloud/configure, and HOME is not set")
  end
  local before, reason, number = read_file(path)
  if not before and number ~= NO_SUCH_FILE then
    context:fail(exit.UNEXPECTED, reason)
  end
  local content = configure.merged(before or "", context:profile(), {
    [NAMES.access_key] = access_key,
    [NAMES.secret_key] = secret_key,
  })
  context.system:make_folder(path:match "^(.*)/")
  local saved, message = core.save(path, content)
  if not saved then
    context:fail(exit.UNEXPECTED, "not saved: " .. message)
  end
  context:note(("written to %s, readable by you alone"):format(path))
end

--- What would make the written keys go unused.
local function tell_what_wins(context)
  for _, names in ipairs { credentials.ACCESS_KEY_NAMES, credentials.SECRET_KEY_NAMES } do
    for _, name in ipairs(names) do
      if context:variable(name) and not context:profile() then
        context:note(("%s is set, and wins over the file: unset %s"):format(name, name), "yellow")
      end
    end
  end
end

--- Runs the command.
-- @tparam table context
-- @treturn number exit status
function configure.run(context)
  local profile = context:profile()
  if profile and profile:find "[%c%[%]]" then
    context:usage "--profile must be a name without brackets"
  end
  local access_key, secret_key = given_keys(context)
  check_form(context, "access key", access_key)
  check_form(context, "secret key", secret_key)
  if not context.args.no_check then
    try(context, access_key, secret_key)
  end
  write(context, access_key, secret_key)
  tell_what_wins(context)
  return exit.OK
end

return configure
