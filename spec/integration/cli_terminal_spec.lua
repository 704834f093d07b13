-- The command line as a person meets it: in a real terminal, typed into through tmux, against the
-- emulator's server over TLS. And as a program does: through pipes.

local cjson = require "cjson"
local files = require "spec.support.files"
local servers = require "spec.support.server"
local terminals = require "spec.support.terminal"
local text = require "dataforest.cli.output.text"

local PASSWORD = "Passw0rd!"

local server, home

local function environment(more)
  return server:environment(home, more)
end

local function run(line, more)
  return servers.run(line, environment(more))
end

setup(function()
  home = files.new_folder()
  server = servers.start { creation_delay = 60, seed = 1, strict_clock = true }
end)

teardown(function()
  server:stop()
  files.remove(home)
end)

before_each(function()
  server:reset()
end)

describe("the command in a terminal #full", function()
  local terminal

  local function open(width, more)
    terminal = terminals.open { width = width, environment = environment(more) }
    return terminal
  end

  after_each(function()
    if terminal then
      terminal:close()
      terminal = nil
    end
  end)

  if not servers.has "tmux" then
    pending "is not tried: there is no tmux"
    return
  end

  it("fits its tables to 120, 80 and 60 columns", function()
    local id = server:add_account { name = "cloud1" }
    local headings = {
      [120] = "^ID +NAME +STATUS +CREATED AT +PRINCIPAL +DISABLED$",
      [80] = "^ID +NAME +STATUS +CREATED AT +DISABLED$",
      [60] = "^ID +NAME +STATUS +DISABLED$",
    }
    for width, heading in pairs(headings) do
      open(width)
      local screen, status = terminal:run "dataforest accounts list"
      assert.are.equal(0, status)
      local found
      for _, line in ipairs(files.lines(screen)) do
        found = found or line:find(heading) ~= nil
      end
      assert.is_true(found, screen)
      assert.matches("\n" .. id .. "  cloud1  RUNNING ", screen)
      assert.are.equal(width < 120, screen:find "too narrow for " ~= nil, screen)
      terminal:close()
    end
    terminal = nil
  end)

  it("aligns what is twice as wide", function()
    local body = cjson.encode {
      total = 2,
      contents = {
        { id = "axE7wU9ERm8fTc7e17vNvu", name = "데이터-포레스트", status = "RUNNING" },
        { id = "bxE7wU9ERm8fTc7e17vNvu", name = "データ🙂e\204\129", status = "CHANGING" },
      },
    }
    server:fail_next { operation = "accounts/getList", status = 200, body = body }
    open(80)
    local screen = terminal:run "dataforest accounts list"
    local columns = {}
    for _, line in ipairs(files.lines(screen)) do
      local before = line:match "^(.*)STATUS$" or line:match "^(.*)RUNNING$" or line:match "^(.*)CHANGING$"
      columns[#columns + 1] = before and text.width(before)
    end
    assert.are.same({ 41, 41, 41 }, columns, screen)
  end)

  it("is coloured, unless the user or the terminal says no", function()
    server:add_account { name = "cloud1" }
    open(80)
    terminal:run "dataforest accounts list"
    assert.matches("\27%[32mRUNNING", terminal:screen(true))
    for _, without in ipairs { "NO_COLOR=1", "TERM=dumb" } do
      terminal:run(without .. " dataforest accounts list")
      assert.is_nil(terminal:screen(true):find "\27%[%d+m%u")
    end
    terminal:run "dataforest accounts list | cat"
    assert.is_nil(terminal:screen(true):find "\27%[%d+m%u")
    terminal:run "dataforest accounts lst"
    assert.matches("\27%[31mdataforest:", terminal:screen(true))
  end)

  it("asks for a password that is not seen", function()
    open(80)
    terminal:type 'dataforest accounts create --name cloud1; echo "[status $?]"'
    terminal:wait_for "\nPassword: *\n"
    terminal:type "short"
    terminal:wait_for "it is too short[^:]*:[^:]*character\nPassword: *\n"
    terminal:type(PASSWORD)
    terminal:wait_for "\nPassword again: *\n"
    terminal:type(PASSWORD)
    local screen = terminal:wait_for "%[status 0%]"
    assert.is_nil(screen:find(PASSWORD, 1, true))
    assert.is_nil(screen:find("short *\n[^P]", 1, false))
    assert.matches("\nid  %w+\n", screen)
    assert.matches("[^-]echo ", terminal:run "stty -a")
  end)

  it("asks on the terminal even if its streams lead elsewhere", function()
    open(80)
    terminal:type "echo no | dataforest accounts create --name cloud1 --json >$HOME/out 2>&1; cat $HOME/out"
    terminal:wait_for "\nPassword: *\n"
    terminal:type(PASSWORD)
    terminal:wait_for "\nPassword again: *\n"
    terminal:type(PASSWORD)
    terminal:wait_for '\n{\n  "id": "%w+"\n}\n'
  end)

  it("restores the echo if Ctrl-C ends the question", function()
    open(80)
    for _, key in ipairs { "C-c", "C-d" } do
      terminal:press "C-l"
      terminal:type "dataforest accounts create --name cloud1"
      terminal:wait_for "\nPassword: *\n"
      terminal:keys "half a pass"
      terminal:press "C-u"
      terminal:press(key)
      terminal:wait_for "\n%$ *\n"
      assert.matches("[^-]echo ", (terminal:run "stty -a"))
      terminal:type "echo vis''ible"
      terminal:wait_for "%$ echo vis''ible\nvisible\n"
    end
    assert.are.same({}, server:calls())
  end)

  it("restores the terminal if a signal ends the question", function()
    open(80)
    -- Unlike bash, a shell without an editor of lines does not put the terminal right by itself.
    terminal:type "exec sh -i"
    for number, signal in ipairs { "TERM", "HUP", "QUIT" } do
      terminal:type(
        ("timeout --foreground -s %s 3 dataforest accounts create --name cloud%d"):format(signal, number)
      )
      terminal:wait_for(("cloud%d\nPassword: *\n"):format(number))
      terminal:keys "half"
      terminal:wait_for(("cloud%d\nPassword: *\n.*[$#] *\n"):format(number), 10)
      terminal:type(("stty -a | grep -q '[^-]echo ' && echo still $((6 * %d))"):format(number))
      terminal:wait_for(("\nstill %d\n"):format(6 * number))
    end
    assert.are.same({}, server:calls())
  end)

  it("asks again after it was stopped and continued", function()
    open(80)
    terminal:type "dataforest accounts create --name cloud1"
    terminal:wait_for "\nPassword: *\n"
    terminal:press "C-z"
    terminal:wait_for "Stopped"
    assert.matches("[^-]echo ", (terminal:run "stty -a"))
    terminal:type "fg"
    terminal:wait_for "\nPassword: *\n$*"
    terminal:type(PASSWORD)
    terminal:wait_for "\nPassword again: *\n"
    terminal:type(PASSWORD)
    terminal:wait_for "\nid  %w+\n"
    assert.is_nil(terminal:screen():find(PASSWORD, 1, true))
  end)

  it("says what was begun if Ctrl-C ends a wait", function()
    open(80)
    terminal:type(
      ("echo '%s' | dataforest accounts create --name cloud1 --password-stdin --wait"):format(PASSWORD)
    )
    terminal:wait_for "waiting for cloud1 to be RUNNING: ACCEPTED, [1-9]%d* s"
    terminal:press "C-c"
    local screen = terminal:wait_for "\nhint: dataforest accounts wait %w+ RUNNING"
    local id = screen:match "\nthe account cloud1 has the id (%w+)"
    assert.matches("interrupted: the account cloud1 has the id " .. id, screen)
  end)

  it("says what may have been done if Ctrl-C ends a change", function()
    server:fail_next { operation = "accounts/create", delay = 20 }
    open(80)
    terminal:type(("echo '%s' | dataforest accounts create --name cloud1 --password-stdin"):format(PASSWORD))
    assert.is_true(servers.wait_until(function()
      return #server:calls() > 0
    end, 10))
    terminal:press "C-c"
    local screen = terminal:wait_for "interrupted: accounts/create may have been carried out"
    assert.matches("hint: look with dataforest accounts list before you repeat it", screen)
  end)

  it("says what is done, in doubt and not begun if Ctrl-C ends an apply", function()
    files.write(
      home .. "/forest.lua",
      [[return { account = { name = "cloud1", password = { env = "DF_PASSWORD" } },
      apps = { { name = "dev1", type = "DEV-1.0.0" } } }]]
    )
    open(100, { DF_PASSWORD = PASSWORD })
    terminal:type "dataforest apply ~/forest.lua"
    terminal:wait_for "\nCarry out 2 steps%? %[y/N%]"
    terminal:type "y"
    terminal:wait_for "1/2 create account cloud1: waiting, ACCEPTED"
    terminal:press "C-c"
    local screen = terminal:wait_for "\nhint: dataforest apply %S+ goes on from there"
    assert.matches(
      "done: nothing; in doubt: create account cloud1; not begun: create app dev1",
      (screen:gsub("\n", ""))
    )
    server:advance(120)
    terminal:press "C-l"
    terminal:type "dataforest apply --yes ~/forest.lua"
    terminal:wait_for "1/1 create app dev1: waiting, ACCEPTED"
    server:advance(120)
    terminal:wait_for("1/1 create app dev1: done\ndone in ", 20)
  end)

  it("ends the shell's loop, too, if Ctrl-C ends it", function()
    server:fail_next { operation = "accounts/getList", delay = 20, times = 3 }
    open(80)
    terminal:type "for i in 1 2 3; do dataforest accounts list; echo round $i; done; echo after"
    assert.is_true(servers.wait_until(function()
      return #server:calls() > 0
    end, 10))
    terminal:press "C-c"
    local screen = terminal:wait_for("\n%^C\n%$ *\n", 10)
    assert.is_nil(screen:find "\nround")
    assert.is_nil(screen:find "\nafter")
    assert.is_nil(screen:find "dataforest: ")
  end)

  it("shows how waiting goes, and leaves the response alone", function()
    open(80)
    local create = "dataforest accounts create --name cloud1 --password-stdin --wait"
    terminal:type(("echo '%s' | %s; echo \"[status $?]\""):format(PASSWORD, create))
    terminal:wait_for "waiting for cloud1 to be RUNNING: ACCEPTED, [1-9]%d* s"
    server:advance(120)
    local screen = terminal:wait_for "%[status 0%]"
    assert.is_nil(screen:find "waiting for")
    assert.matches("\nid          %w+\nname        cloud1\nstatus      RUNNING\n", screen)
  end)

  it("asks before it deletes", function()
    local id = server:add_account { name = "cloud1" }
    open(80)
    terminal:type("dataforest accounts delete " .. id .. '; echo "[status $?]"')
    terminal:wait_for("Delete the account cloud1 %(" .. id .. "%)%? %[y/N%]")
    terminal:type "n"
    terminal:wait_for "nothing was changed\n.*%[status 2%]"
    terminal:press "C-l"
    terminal:type("dataforest accounts delete " .. id .. '; echo "[status $?]"')
    terminal:wait_for "%[y/N%]"
    terminal:type "y"
    terminal:wait_for "%[status 0%]"
    assert.matches("no accounts", (terminal:run "dataforest accounts list"))
  end)

  it("keeps bytes off the screen", function()
    local id = server:add_account { name = "cloud1" }
    open(80)
    local screen, status = terminal:run("dataforest accounts get-kerberos-keytab " .. id)
    assert.are.equal(2, status)
    assert.matches("binary data is not printed on a terminal\nhint: %-%-output FILE saves it", screen)
    screen, status = terminal:run("dataforest accounts get-kerberos-keytab " .. id .. " -o $HOME/a.keytab")
    assert.are.equal(0, status, screen)
    assert.matches("saved %d+ bytes to ", screen)
    assert.matches("\n%-rw%-%-%-%-%-%-%- ", (terminal:run "ls -l $HOME/a.keytab"))
  end)

  it("shows doctor's findings within the terminal", function()
    for _, width in ipairs { 80, 60 } do
      open(width)
      local screen, status = terminal:run "dataforest doctor"
      assert.are.equal(0, status)
      assert.matches("\nok    signed call  accounts/getList: 0 accounts", screen)
      assert.matches("\n\nall is well\n", screen)
      for _, line in ipairs(files.lines(screen)) do
        assert.is_true(line:find "^ok" ~= nil or line:find "^ " ~= nil or line == "" or #line < 60, line)
      end
      terminal:close()
    end
    terminal = nil
  end)
end)

describe("the command in a pipe #full", function()
  it("gives JSON and nothing else", function()
    local id = server:add_account { name = "cloud1" }
    local status, out, err = run "dataforest accounts list --json"
    assert.are.same({ 0, "" }, { status, err })
    assert.are.equal(id, cjson.decode(out).contents[1].id)
    status, out, err = run("dataforest accounts get-detail " .. id)
    assert.are.same({ 0, "" }, { status, err })
    assert.matches("^id          " .. id .. "\nname        cloud1\nstatus      RUNNING\n", out)
  end)

  it("tells failures apart by its exit code", function()
    local nowhere = { DATAFOREST_BASE_URL = "https://127.0.0.1:9", DATAFOREST_CA_FILE = false }
    for _, case in ipairs {
      { 2, "dataforest" },
      { 2, "dataforest accounts create --name cloud1 --password x" },
      { 2, "dataforest accounts create --name cloud1" },
      { 3, "dataforest accounts get-detail axE7wU9ERm8fTc7e17vNvu" },
      { 4, "dataforest accounts list --timeout 2", nowhere },
      { 4, "dataforest accounts list", { DATAFOREST_CA_FILE = "/etc/passwd" } },
      { 5, "dataforest accounts list", { NCLOUD_SECRET_KEY = "wrong" } },
      { 5, "dataforest accounts list", { NCLOUD_SECRET_KEY = "" } },
      { 1, "dataforest accounts list --format csv >/dev/full" },
      { 0, "dataforest accounts list --json >&-" },
      { 0, "dataforest accounts list 2>&-" },
    } do
      local status, out, err = run(case[2], case[3])
      assert.are.equal(case[1], status, case[2] .. ": " .. err)
      assert.are.equal("", out)
      if case[1] == 0 then
        assert.are.equal("", err)
      else
        assert.matches("dataforest: [^\n]+\n", err)
      end
    end
    local _, _, err = run "dataforest accounts create --name cloud1"
    assert.are.equal(
      "dataforest: there is no terminal to ask for the password on\nhint: give it through --password-stdin\n",
      err
    )
  end)

  it("says nothing if its reader has gone", function()
    local status, out, err = run "{ dataforest accounts create --help; echo $? >&2; } | true"
    assert.are.same({ 0, "" }, { status, out })
    assert.is_nil(err:find "dataforest")
    status, out, err = run "trap '' PIPE; { sleep 0.3; dataforest accounts create --help; } | true"
    assert.are.same({ 0, "", "" }, { status, out, err })
  end)

  it("makes headers that a server takes", function()
    local status, out = run(
      "dataforest sign POST /api/v2/accounts/getList | curl -sS --max-time 20 --cacert $DATAFOREST_CA_FILE "
        .. "-H @- -H 'Content-Type: application/json' -d '{}' $DATAFOREST_BASE_URL/api/v2/accounts/getList"
    )
    assert.are.equal(0, status)
    assert.are.equal(0, cjson.decode(out).total)
  end)

  it("takes keys from a file and its headings", function()
    local none = { NCLOUD_ACCESS_KEY = false, NCLOUD_SECRET_KEY = false }
    assert.are.equal(5, (run("dataforest accounts list", none)))
    local file = [[mkdir -p $HOME/.ncloud; umask 077; printf '%s\n' '[work]' "ncloud_access_key_id = ]]
      .. server.access_key
      .. [[" "ncloud_secret_access_key = ]]
      .. server.secret_key
      .. [[" >$HOME/.ncloud/configure; ]]
    assert.are.equal(0, (run(file .. "dataforest accounts list --profile work", none)))
    assert.are.equal(5, (run("dataforest accounts list --profile home", none)))
    local status, out = run("dataforest doctor", none)
    assert.are.equal(0, status, out)
    assert.matches(
      "\nok    key file     %S+/.ncloud/configure is its owner's alone %(%-rw%-%-%-%-%-%-%-%)",
      out
    )
    status, out = run("chmod 644 $HOME/.ncloud/configure; dataforest doctor", none)
    assert.are.equal(0, status)
    assert.matches("\nwarn  key file     %S+ can be read or changed by others %(%-rw%-r%-%-r%-%-%)", out)
    assert.matches("%-%-> chmod 600 ", out)
    assert.matches("\n\n1 warning\n$", out)
    assert.is_nil(out:find(server.secret_key, 1, true))
    run "rm -r $HOME/.ncloud"
  end)
end)

describe("doctor, without a terminal #full", function()
  it("finds wrong keys", function()
    local status, out = run("dataforest doctor", { NCLOUD_SECRET_KEY = "wrong" })
    assert.are.equal(5, status)
    assert.matches("\nFAIL  signed call  accounts/getList: auth: ", out)
    assert.matches("\nok    TLS ", out)
    status, out = run("dataforest doctor", { NCLOUD_SECRET_KEY = false })
    assert.are.equal(5, status)
    assert.matches("\nFAIL  keys         [^\n]*only NCLOUD_ACCESS_KEY is set", out)
    assert.matches("\nok    TLS ", out)
    assert.matches("\n%-     signed call  there are no keys to sign with\n", out)
  end)

  it("finds a wrong clock", function()
    server:control("set_clock", { seconds = server:control "now" - 3600 })
    local status, out = run "dataforest doctor"
    assert.are.equal(5, status)
    assert.matches("\nFAIL  clock        60 minutes ahead of the service's", out)
    assert.matches("timedatectl set%-ntp true", out)
  end)

  it("finds a port that nobody listens on", function()
    local status, out = run("dataforest doctor", { DATAFOREST_BASE_URL = "https://127.0.0.1:9" })
    assert.are.equal(4, status)
    assert.matches("\nFAIL  connection   cannot connect to 127.0.0.1:9: Connection refused\n", out)
    assert.matches("\n%-     signed call  not reached\n", out)
  end)

  it("finds a name that is nowhere", function()
    -- Longer than a part of a name can be: the resolver refuses it without asking anybody.
    local name = ("a"):rep(64) .. ".invalid"
    local status, out = run("dataforest doctor", { DATAFOREST_BASE_URL = "https://" .. name })
    assert.are.equal(4, status)
    assert.matches("\nFAIL  DNS          cannot find the address of " .. name, out)
    assert.matches("\n%-     TLS          not reached\n", out)
  end)

  it("finds a certificate that is not trusted", function()
    local status, out = run("dataforest doctor", { DATAFOREST_CA_FILE = false })
    assert.are.equal(4, status)
    assert.matches("\nFAIL  TLS          no TLS with 127.0.0.1:%d+: ", out)
    assert.matches("%-%-> %-%-ca%-file FILE or DATAFOREST_CA_FILE", out)
    assert.matches("\nok    connection ", out)
  end)
end)

describe("the completions #full", function()
  it("are loaded by bash", function()
    server:add_account { name = "cloud1" }
    run [[mkdir -p $HOME/.ncloud; printf '[my work]\n' >$HOME/.ncloud/configure]]
    local status, out = run [[bash -c '
      eval "$(dataforest completion bash)" && complete -p dataforest
      try() {
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
        _dataforest; printf "%s\n" "${COMPREPLY[*]}"
      }
      try dataforest acc
      try dataforest accounts set
      try dataforest accounts set-quota --namespace ""
      try dataforest accounts set-quota --namespace = t
      try dataforest --timeout 3 apps get-app-t
      try dataforest accounts create --name create --pass
      try dataforest call accounts/getD
      try dataforest completion ""
      try dataforest accounts list --ca-file /etc/passw
      try dataforest accounts list --profile "my\\ w"
      try dataforest accounts list --profile "\"my w"
      try dataforest accounts show ""']]
    assert.are.equal(0, status)
    local lines = files.lines(out)
    assert.are.equal("complete -F _dataforest dataforest", lines[1])
    assert.are.equal("accounts", lines[2])
    assert.are.equal("set-quota", lines[3])
    assert.are.equal("koya tata", lines[4])
    assert.are.equal("tata", lines[5])
    assert.are.equal("get-app-type-id-list get-app-type-template", lines[6])
    assert.are.equal("--password-stdin --password-rule", lines[7])
    assert.are.equal("accounts/getDetail", lines[8])
    assert.are.equal("bash zsh fish", lines[9])
    assert.matches("/etc/passwd", lines[10])
    assert.are.same({ "my\\ work", "my work", "cloud1" }, { lines[11], lines[12], lines[13] })
    run "rm -r $HOME/.ncloud"
  end)

  local in_zsh = servers.has "zsh" and servers.has "tmux" and it or pending
  in_zsh("are loaded by zsh", function()
    local terminal = terminals.open { width = 120, environment = environment() }
    local ok, err = pcall(function()
      terminal:type "zsh -f"
      terminal:type [[PS1='z> '; autoload -U compinit; compinit -u -d $HOME/.zcompdump]]
      terminal:type [[eval "$(dataforest completion zsh)"; echo loaded $_comps[dataforest] ]]
      terminal:wait_for "\nloaded _dataforest"
      terminal:press "C-l"
      terminal:keys "dataforest accounts set-"
      terminal:press "Tab"
      terminal:wait_for "z> dataforest accounts set%-quota"
      terminal:keys "x --names"
      terminal:press "Tab"
      terminal:wait_for "z> dataforest accounts set%-quota x %-%-namespace"
      terminal:keys "ko"
      terminal:press "Tab"
      terminal:wait_for "%-%-namespace koya"
      terminal:press "C-u"
      terminal:keys "dataforest accounts "
      terminal:press "Tab"
      terminal:wait_for "\nset%-quota +%-%- Changes the HDFS quota"
    end)
    terminal:close()
    assert.is_true(ok, err)
  end)

  local in_fish = servers.has "fish" and it or pending
  in_fish("are loaded by fish", function()
    local status, out = run [[fish --no-config -c '
      dataforest completion fish | source
      complete -C "dataforest acc"
      complete -C "dataforest accounts set-quota --namespace "
      complete -C "dataforest --timeout 3 accounts set"
      complete -C "dataforest accounts create --pass"
      complete -C "dataforest completion "
      complete -C "dataforest call accounts/getD"']]
    assert.are.equal(0, status)
    local lines = files.lines(out)
    assert.matches("^accounts\tAccounts: create", lines[1])
    assert.are.same({ "koya", "tata" }, { lines[2], lines[3] })
    assert.matches("^set%-quota\tChanges the HDFS quota", lines[4])
    assert.matches("^%-%-password%-rule\t", lines[5])
    assert.matches("^%-%-password%-stdin\tRead the password", lines[6])
    assert.are.same({ "bash", "fish", "zsh" }, { lines[7], lines[8], lines[9] })
    assert.matches("^accounts/getDetail", lines[10])
  end)
end)
