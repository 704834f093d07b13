-- A nightly job: sees to it that the account and an app are there and run, rotates and saves the keytab, and
-- reports accounts, apps and quotas as CSV. Whatever happened, it can be run again.
--     DF_PASSWORD=... lua5.4 examples/nightly.lua df001 dev1 report.csv df001.keytab

local function must(value, err)
  return value or error(tostring(err), 0)
end

local function nightly(df, job)
  local deadline = df:now() + (job.seconds or 3600) -- absolute: for all of it, however many calls there are
  -- Makes a call until it succeeds. The client retries by itself for some seconds; the job has an hour.
  local function patiently(group, method, params)
    while true do
      local left = math.max(deadline - df:now(), 0.001)
      local value, err = df[group][method](df[group], params, { timeout = left })
      local pause = err and (err.retry_after or 30)
      if value or not err.retryable or err.in_doubt or df:now() + pause >= deadline then
        return value, err
      end
      df:sleep(pause)
    end
  end
  local function running(group, id)
    return must(df[group]:wait(id, "RUNNING", { timeout = math.max(deadline - df:now(), 0.001) }))
  end
  local account = must(patiently("accounts", "ensure", { name = job.account, password = job.password }))
  running("accounts", account.id)
  local wanted = { accountId = account.id, name = job.app }
  local app, err = patiently("apps", "find", wanted)
  if not app and err.kind == "not_found" then
    local options = { defaults = true, timeout = math.max(deadline - df:now(), 0.001) }
    app, err = df.apps:create({ accountId = account.id, name = job.app, type = job.type }, options)
    if not app and err.in_doubt then -- it may be there all the same: look, do not repeat it
      app, err = patiently("apps", "find", wanted)
    end
  end
  running("apps", must(app, err).id)
  local _, doubt = patiently("accounts", "reset_kerberos_keytab", { id = account.id })
  must(not doubt or doubt.in_doubt, doubt) -- rotated or not: the file gets the one that is valid now
  must(patiently("accounts", "save_kerberos_keytab", { id = account.id, path = job.keytab }))
  local rows = { "account,kind,name,state,files_million,space_tb" }
  for _, one in ipairs(must(patiently("accounts", "get_list")).contents) do
    for _, quota in ipairs(must(patiently("accounts", "get_detail", one.id)).quotas) do
      local place = { one.name, "quota", quota.namespace, one.status, quota.fileCountMillion, quota.spaceTb }
      rows[#rows + 1] = table.concat(place, ",")
    end
    for _, each in ipairs(must(patiently("apps", "get_list", { accountId = one.id })).contents) do
      rows[#rows + 1] = table.concat({ one.name, "app", each.name, each.state, "", "" }, ",")
    end
  end
  local file = must(io.open(job.report, "w"))
  must(file:write(table.concat(rows, "\n"), "\n") and file:close())
end

if arg and arg[0] and arg[0]:find "nightly%.lua$" then -- as a script; a suite loads the function
  local job = { account = arg[1], app = arg[2], report = arg[3], keytab = arg[4], type = "DEV-1.0.0" }
  job.password = assert(os.getenv "DF_PASSWORD", "DF_PASSWORD is not set")
  nightly(require("dataforest").new(), job)
end
return nightly
