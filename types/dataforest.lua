---@meta dataforest
-- Made by tools/types.lua from operations.lua and the doc comments: do not edit (make types).

---What there is to do until a spec is true. `tostring(plan)` is a diff; no secret is in it.
---@class dataforest.Plan
---@field steps dataforest.Step[] in the order in which they are carried out
---@field empty boolean whether there are none
---@field account table its `name` and, where it is there, `id`
---@field pending table[] what is on its way without a step: `kind`, `name`, `id`, `state`
---@field unmanaged table[] what is there and not in the spec, and is left alone: the same fields
---@field warnings string[] such as about a password that stands in the spec

---One step of a plan.
---@class dataforest.Step
---@field action string `"create"`, `"update"`, `"start"`, `"stop"`, `"replace"` or `"delete"`
---@field kind string `"account"` or `"app"`
---@field name string
---@field id? string nil where it is to be created
---@field before? table what changes, as it is
---@field after? table what changes, as it will be
---@field destructive boolean whether something is deleted
---@field reason? string why, where the fields do not tell

---What `apply` did.
---@class dataforest.Report
---@field account table its `name` and `id`
---@field done dataforest.Step[]
---@field undone dataforest.Step[]
---@field in_doubt dataforest.Step[] steps that may have been carried out although they failed
---@field unmanaged table[] as of the plan
---@field warnings string[] as of the plan
---@field seconds number that it took

---An error. What is not known is nil.
---@class dataforest.Error
---@field kind string one of the names in `errors.kinds`
---@field message string one line for people, without secrets
---@field operation? string such as `"accounts/getDetail"`
---@field status? integer HTTP status
---@field code? string of the service, such as `"410"`
---@field request_id? string of the service
---@field details? string of the service
---@field attempts? integer how often the call was tried
---@field retryable boolean whether trying again later may help
---@field retry_after? number seconds after which the service says to try again
---@field field? string which parameter or option is wrong (kind `argument`)
---@field sent? boolean whether the request may have reached the service
---@field in_doubt boolean whether the operation changes something, and may have been carried out although the call failed
---@field state? string the last one that `wait` saw

---Keys, as a provider gives them.
---@class dataforest.Keys
---@field access_key string
---@field secret_key string
---@field expires? number seconds since the epoch; without it the provider is asked for each attempt
---@field source? string where they come from, for messages

---What a provider is called with.
---@class dataforest.Context
---@field transport dataforest.Transport of the client, for providers that ask a server
---@field deadline number of the call, seconds by the transport's `monotonic`
---@field timeout number seconds that are left until then
---@field retry table `attempts`, `base_delay` and `max_delay` of the call
---@field refused? string the access key that the service has just refused: the keys may have been revoked, and what a provider remembers of them is of no use

---An entry of `operations.list` and `operations.by_name`.
---@class dataforest.Operation
---@field group string `"accounts"` or `"apps"`, and among the older ones `"notebooks"`, `"aiworkspaces"`, `"aiapps"`
---@field name string as the API spells it, `"getDetail"`
---@field id string group and name, `"accounts/getDetail"`
---@field method string name of the Lua method, `"get_detail"`
---@field path string `"/api/v2/accounts/getDetail"`
---@field status string `"current"`, or `"older"` where only pages up to 2024 know it
---@field summary string one sentence
---@field effect string `"read"`, `"idempotent"` or `"once"`
---@field deletes? boolean true where a 404 on a second attempt means that the first one worked
---@field binary? boolean true where the response is bytes
---@field derives? boolean true where a field of the response is read out of another one
---@field params table list of parameters
---@field result table|string type of the response; `"any"` where the pages do not show it whole
---@field xml? table names of the XML roots: `request`, `response`; either may be missing where no page names it
---@field page string the API page that the operation stands for

---A transport, built in or user-supplied.
---@class dataforest.Transport
---@field send fun(self:dataforest.Transport,request:dataforest.Request):(dataforest.Response?,table?) returns the response; or nil and a table with `kind` (such as `"network"`), `message`, and `sent`: whether any byte of the request may have reached the server
---@field sleep? fun(self:dataforest.Transport,seconds:number):?boolean waits; false says that it cannot wait here, and ends the call. By default as the built-in ones do
---@field now? fun(self:dataforest.Transport):number seconds since the epoch, with fractions; requests are signed by it
---@field monotonic? fun(self:dataforest.Transport):number seconds since whenever, of a clock that nobody sets: what deadlines and pauses go by. One that has its own `sleep` on a clock of its own should have this, too.
---@field close? fun(self:dataforest.Transport) ends it, where there is something to close

---What a transport is to send.
---@class dataforest.Request
---@field method string such as `"POST"`
---@field url string whole address
---@field target string path and query, as they were signed
---@field headers table by name
---@field body string bytes
---@field once boolean the request must not reach the server twice: a transport never repeats it
---@field deadline number seconds, by the transport's `monotonic`
---@field timeout number seconds that are left until then
---@field connect_timeout number seconds
---@field max_response_bytes integer larger responses are an error of kind `limit`
---@field connect_to? string `"host:port"` to dial in place of the address's

---What a transport brings back.
---@class dataforest.Response
---@field status integer HTTP status
---@field headers table by lower-case name
---@field body string bytes
---@field reused? boolean whether it came over a connection of an earlier call

---A call as an emulator remembers it.
---@class dataforest.Call
---@field method string
---@field target string path and query as sent
---@field access_key? string as sent
---@field user? string whose key that is
---@field operation? string such as `"accounts/create"`
---@field params table with `[redacted]` in place of secrets
---@field left_out? string what is not in `params`, where the body was large
---@field status? integer of the response
---@field reason? string of a refusal
---@field string_to_sign? string where the signature was refused: the text that should have been signed
---@field dropped? string the kind of fault, where no response went out
---@field format string `"json"` or `"xml"`
---@field time number seconds since the epoch, by the emulator's clock

---@class dataforest.NameAvailability
---@field availableName boolean True where the name can be used.
---@field message string Why it cannot, where the service says so.

---@class dataforest.ResourceCheck
---@field hasResource boolean True where the account still owns resources.

---@class dataforest.AccountChanged
---@field id string Account identifier.

---@class dataforest.AccountList
---@field total integer Number of accounts.
---@field contents dataforest.Account[] The accounts.

---@class dataforest.Account
---@field id string Account identifier.
---@field name string Account name.
---@field status "ACCEPTED"|"RUNNING"|"CHANGING"|string State of the account.
---@field createdAt string Creation time, ISO 8601; dataforest.time reads it.
---@field principal string Kerberos principal, <name>@KR.DF.NAVERNCP.COM.
---@field disabled boolean True where the caller has no permission on the account.

---@class dataforest.AccountDetail
---@field id string Account identifier.
---@field name string Account name.
---@field status "ACCEPTED"|"RUNNING"|"CHANGING"|string State of the account.
---@field createdAt string Creation time, ISO 8601; dataforest.time reads it.
---@field quotas dataforest.Quota[] HDFS quota of each namespace.

---@class dataforest.Quota
---@field namespace "koya"|"tata"|string HDFS namespace.
---@field fileCountMillion integer Largest number of files, in millions.
---@field spaceTb integer Largest space, in TB.

---@class dataforest.AppComponentRequest
---@field name string Component name, from apps/getAppBasicSetting.
---@field memoryMb integer Memory of each container, in MB.
---@field cpuCount integer CPUs of each container.
---@field containerCount integer Number of containers.

---@class dataforest.AppTypeIdList
---@field contents string[] Application type ids.

---@class dataforest.AppTypeTemplate
---@field template string Template text; opaque, it need not parse as JSON.

---@class dataforest.AppBasicSetting
---@field template string Template text; opaque, it need not parse as JSON.
---@field dependableApp dataforest.DependableApp The apps that this type can depend on.
---@field appMasterCpuCount integer CPUs of the application master.
---@field appMasterMemoryMb integer Memory of the application master, in MB.
---@field publicQueueNames string[] Queues open to every account.
---@field privateQueueNames string[] Queues of this account.

---@class dataforest.DependableApp
---@field appTypeName string Name of the application type.
---@field appTypeVersion string Version of the application type.
---@field candidates dataforest.App[] Apps that can be depended on.

---@class dataforest.App
---@field id string App identifier.
---@field name string App name.
---@field state string State of the app.
---@field queueName string YARN queue.
---@field accountId string Identifier of the account that the app belongs to.
---@field accountName string Name of that account.
---@field startedAt string Start time, ISO 8601.
---@field finishedAt string End time, ISO 8601.
---@field lifetimeMillis integer Lifetime. Milliseconds by its name, seconds in the pages' example: do not compute with it.
---@field disabled boolean True where the caller has no permission on the app.

---@class dataforest.AppList
---@field total integer Number of apps.
---@field contents dataforest.App[] The apps.

---@class dataforest.AppDetail
---@field id string App identifier.
---@field appId string App identifier, again.
---@field name string App name.
---@field appTypeId string Application type and version.
---@field version string Version of the app's definition.
---@field lifetime string Lifetime as text, such as 7 days, 0:0:0 (604800 seconds).
---@field lifetimeSeconds integer Lifetime in seconds, read out of lifetime where that holds it.
---@field queueName string YARN queue.
---@field description string Free text.
---@field state string State of the app.
---@field links table<string, string> Addresses of the app's pages, by name.
---@field components dataforest.AppComponent[] The components.

---@class dataforest.AppComponent
---@field name string Component name, as apps/setContainerCount takes it.
---@field state string State of the component.
---@field desired integer Containers asked for.
---@field allocated integer Containers given.
---@field memoryMb integer Memory of each container, in MB.
---@field cpuCount integer CPUs of each container.
---@field image string Container image.
---@field containerCount integer Number of containers.
---@field containers dataforest.AppContainer[] The containers.

---@class dataforest.AppContainer
---@field id string Container identifier.
---@field name string Container name, as apps/killContainer takes it.
---@field state string State of the container.
---@field launchedAt string Launch time, ISO 8601.
---@field hostName string Host name of the container.

---@class dataforest.AppChanged
---@field id string App identifier.

---@class dataforest.NotebookUserConfiguration
---@field componentName string Component that the setting belongs to.
---@field name string Name of the setting.
---@field value string Value; passwords and keys are among them.

---What `dataforest.new` returns: one client serves all requests of a worker and all coroutines.
---@class dataforest.Client
---@field accounts dataforest.Accounts
---@field apps dataforest.Apps
---@field notebooks dataforest.Notebooks
---@field aiworkspaces dataforest.Aiworkspaces
---@field aiapps dataforest.Aiapps
local Client = {}

---Closes the client: its connections, and the key material. Later calls fail with kind `closed`. Closing
---again does nothing.
function Client:close() end

---@class dataforest.CallOptions
---@field timeout? number seconds for the whole call, retries included
---@field retry? table|boolean as of `dataforest.new`
---@field format? string `"json"` or `"xml"`
---@field headers? table more headers to send, by name

---Calls any operation by its API name, one that this version does not know included.
---@param name string such as `"accounts/getDetail"`
---@param params? table as the operation takes them; those of an unknown one are sent as given
---@param options? dataforest.CallOptions of the call
---@return table|string|nil # value
---@return dataforest.Error? # what went wrong
function Client:call(name, params, options) end

---Runs a function for each item, several at a time. Within it, the ordinary methods are
---called as always. In plain Lua the calls share libcurl's one multi handle, in nginx light
---threads run them; a transport of the user's own is called one after another.
---@param items table a list
---@param fn function called with an item and its index. Its first result is the item's value; nil and a second one is the item's error, and so is whatever it raises, with its traceback: text has it at its end, a table as its field `traceback`.
---@param options? table `concurrency`: how many at a time, 64 by default
---@return table # values, indexed as the items are
---@return table? # errors, indexed as the items are; nil where all went well
function Client:map(items, fn, options) end

---@class dataforest.ClientPlanOptions
---@field prune? boolean whether to delete what is there and not in the spec (default false)
---@field replace? boolean whether `apply` may delete, and create anew, what cannot be changed in place (default false)
---@field rotate? boolean whether to reset the account's password (default false)
---@field concurrency? integer how many details are asked for at a time (default 8)
---@field timeout? number seconds in all

---Compares a spec with what is there. Only reads. The whole spec is checked first.
---
---    local plan, err = df:plan(spec, { prune = false, replace = false })
---    print(plan)
---@param spec table see `docs/forest-as-code.md`
---@param options? dataforest.ClientPlanOptions as of each call, and
---@return dataforest.Plan?
---@return dataforest.Error? # `argument`: `problems` lists each mistake of the spec (`path`, `message`); else as of the operations
function Client:plan(spec, options) end

---@class dataforest.ClientApplyOptions
---@field on_step? function called with each event: `event` (`started`, `waiting`, `done`, `failed`), `step`, `index`, `total`, `state`, `error`, `seconds`; `tostring` of it is one line
---@field concurrency? integer how many apps are worked on at a time (default 8)
---@field timeout? number seconds in all (default 1800)
---@field interval? number seconds between looks, with `max_interval`, as of `wait` (default 2)

---Carries out a plan, or what makes the spec true. May be interrupted anywhere and called again.
---
---    local report, err = df:apply(plan, { on_step = print })
---@param spec table|dataforest.Plan a spec, or a plan of `df:plan`; a plan that no longer fits what is there is refused
---@param options? dataforest.ClientApplyOptions as of `plan`, and
---@return dataforest.Report?
---@return dataforest.Error? # the first that stopped it: `step` is the step, `report` the report
---@return dataforest.Report? # where anything was begun
function Client:apply(spec, options) end

---@class dataforest.ClientExportOptions
---@field account? string name of the account; needed where there are several
---@field concurrency? integer how many details are asked for at a time (default 8)

---What is there, as a spec that plans to nothing.
---@param options? dataforest.ClientExportOptions as of each call, and
---@return table? # spec
---@return dataforest.Error?
---@return table? # what was left out: a list of `path` and `message`
function Client:export(options) end

---The time by the client's clock: the system's or, with the emulator in process, the emulated one.
---@return number # seconds since the epoch, with the fraction
function Client:now() end

---Waits, as the client's own pauses do: without blocking others in nginx and within `df:map`, and by moving
---the clock of an emulator in process.
---@param seconds number 0 or more
---@return boolean? # true
---@return dataforest.Error? # of kind `argument`, where code cannot wait here (a phase of nginx that cannot yield)
function Client:sleep(seconds) end

---Parameters of accounts/checkAvailableName.
---@class dataforest.AccountsCheckAvailableNameParams
---@field name string Account name to test (2 to 16 characters of a-z, 0-9 and -; begins and ends with a letter or a digit)

---Parameters of accounts/checkHasResource.
---@class dataforest.AccountsCheckHasResourceParams
---@field id string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)

---Parameters of accounts/create.
---@class dataforest.AccountsCreateParams
---@field name string Account name (2 to 16 characters of a-z, 0-9 and -)
---@field password string Account password (8 to 20 characters; with an upper-case letter, a lower-case letter, a digit and a special character; without ' " ₩ / & ` or a space)

---Parameters of accounts/getDetail.
---@class dataforest.AccountsGetDetailParams
---@field id string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)

---Parameters of accounts/getKerberosKeytab.
---@class dataforest.AccountsGetKerberosKeytabParams
---@field id string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)

---Parameters of accounts/resetKerberosKeytab.
---@class dataforest.AccountsResetKerberosKeytabParams
---@field id string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)

---Parameters of accounts/resetPassword.
---@class dataforest.AccountsResetPasswordParams
---@field id string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)
---@field password string New password (8 to 20 characters; with an upper-case letter, a lower-case letter, a digit and a special character; without ' " ₩ / & ` or a space)

---Parameters of accounts/setQuota.
---@class dataforest.AccountsSetQuotaParams
---@field id string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)
---@field namespace "koya"|"tata" HDFS namespace (one of "koya", "tata")
---@field fileCountMillion integer Largest number of files, in millions (1 to 5)
---@field spaceTb integer Largest space, in TB (200 to 500 in steps of 100)

---Parameters of accounts/delete.
---@class dataforest.AccountsDeleteParams
---@field id string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)

---The operations of the group accounts.
---@class dataforest.Accounts
local accounts = {}

---Checks whether an account name is valid and still free.
---
---[accounts/checkAvailableName](https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-checkavailablename)
---@param params string|dataforest.AccountsCheckAvailableNameParams
---@param options? dataforest.CallOptions
---@return dataforest.NameAvailability? value
---@return dataforest.Error? err
function accounts:check_available_name(params, options) end

---Tells whether the account still owns resources; asked before it is deleted.
---
---[accounts/checkHasResource](https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-checkhasresource)
---@param params string|dataforest.AccountsCheckHasResourceParams
---@param options? dataforest.CallOptions
---@return dataforest.ResourceCheck? value
---@return dataforest.Error? err
function accounts:check_has_resource(params, options) end

---Creates the Data Forest account; each user can have one.
---
---[accounts/create](https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-create)
---@param params dataforest.AccountsCreateParams
---@param options? dataforest.CallOptions
---@return dataforest.AccountChanged? value
---@return dataforest.Error? err
function accounts:create(params, options) end

---Lists all accounts.
---
---[accounts/getList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-getlist)
---@param params? table
---@param options? dataforest.CallOptions
---@return dataforest.AccountList? value
---@return dataforest.Error? err
function accounts:get_list(params, options) end

---Gives the details of one account, with its HDFS quotas.
---
---[accounts/getDetail](https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-getdetail)
---@param params string|dataforest.AccountsGetDetailParams
---@param options? dataforest.CallOptions
---@return dataforest.AccountDetail? value
---@return dataforest.Error? err
function accounts:get_detail(params, options) end

---Downloads the account's Kerberos keytab file.
---
---[accounts/getKerberosKeytab](https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-getkerberoskeytab)
---@param params string|dataforest.AccountsGetKerberosKeytabParams
---@param options? dataforest.CallOptions
---@return string? value
---@return dataforest.Error? err
function accounts:get_kerberos_keytab(params, options) end

---Makes a new Kerberos keytab; the old one stops being valid.
---
---[accounts/resetKerberosKeytab](https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-resetkerberoskeytab)
---@param params string|dataforest.AccountsResetKerberosKeytabParams
---@param options? dataforest.CallOptions
---@return dataforest.AccountChanged? value
---@return dataforest.Error? err
function accounts:reset_kerberos_keytab(params, options) end

---Sets a new account password.
---
---[accounts/resetPassword](https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-resetpassword)
---@param params dataforest.AccountsResetPasswordParams
---@param options? dataforest.CallOptions
---@return dataforest.AccountChanged? value
---@return dataforest.Error? err
function accounts:reset_password(params, options) end

---Deletes the account.
---
---[accounts/delete](https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-delete)
---@param params string|dataforest.AccountsDeleteParams
---@param options? dataforest.CallOptions
---@return dataforest.AccountChanged? value
---@return dataforest.Error? err
function accounts:delete(params, options) end

---Goes through the accounts.
---
---    for account in assert(df.accounts:each()) do
---      print(account.id, account.name)
---    end
---
---The list is asked for at once, in one call, before the loop. Where that fails there is no
---iterator: a loop without `assert` raises as well, only with a poorer message.
---
---<https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-getlist>
---@param params? table none
---@param options? dataforest.CallOptions of the call
---@return (fun():dataforest.Account?)? # iterator over the entries of `get_list`
---@return dataforest.Error? # as of `get_list`
function accounts:each(params, options) end

---Finds an account by its name.
---
---<https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-getlist>
---@param params string|table the name, or `{ name = }`
---@param options? dataforest.CallOptions of the call
---@return dataforest.Account? # the entry of `get_list`
---@return dataforest.Error? # `not_found` where there is no such account; `argument` where no name is given; `protocol` where the name is not found in a list that is not whole; else as of `get_list`
function accounts:find(params, options) end

---Makes sure that there is an account of that name, and tells its id whatever happens on the way.
---
---It looks first, creates the account where there is none, and looks again where the outcome is
---unknown (a lost response, a timeout, a server error) or the service says that one exists.
---The service keeps to one account a user, so that callers who do this at once end with the same
---account, and a call that failed can be made again. The password of an account that is there
---already is neither compared nor changed.
---
---<https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-create>
---@param params table `name` and `password`, as `create` takes them
---@param options? dataforest.CallOptions of the call; `timeout` (seconds) is for all of it, twice the client's where it is not given; `retry` says how often a create is tried
---@return dataforest.Account? # the entry of `get_list`; of a new account that could not be listed, `id` and `name`
---@return dataforest.Error?
---@return boolean? # whether this call created the account; true as well where the account appeared after a create of this call whose outcome is unknown
function accounts:ensure(params, options) end

---@class dataforest.WaitOptions
---@field timeout? number seconds in all (default 300)
---@field interval? number seconds, the longest that the first pause is (default 2)
---@field max_interval? number seconds, the longest that any pause is (default 15)
---@field retry? table|boolean as in every call, with `format` and `headers`: of each look

---Waits until an account is in a state.
---
---    local account, err = df.accounts:wait(id, "RUNNING", { timeout = 300 })
---
---Looks at once, then with growing pauses of random length. Network faults, throttling and server
---errors are waited out; any other error ends the wait. Each look is told to `on_event` (`wait`).
---
---<https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-getdetail>
---@param id string|table account identifier, or a table with `id`
---@param state string|table|function such as `"RUNNING"`, a list of such, or a function that is given the detail and says whether it will do
---@param options? dataforest.WaitOptions
---@return dataforest.AccountDetail? # the detail, as of `get_detail`
---@return dataforest.Error? # `timeout` where the time is over; `refused`, at once, where the account is in a state that the wanted one cannot follow (both with the last state in the message and in field `state`); else as of `get_detail`
function accounts:wait(id, state, options) end

---@class dataforest.AccountsRemoveParams
---@field id string account identifier

---@class dataforest.AccountsRemoveOptions
---@field force? boolean whether to remove the account's apps, too (default false)
---@field ignore_missing? boolean whether an account that is not there is no error (default false)
---@field timeout? number seconds in all (default 300)
---@field interval? number seconds, as of `wait`, with `max_interval`

---Removes an account, and returns once it is gone.
---
---Where the account still has resources, nothing is deleted: the error is of kind `refused` and names
---them. With `force = true` its apps are stopped and removed first. (`delete` is the operation alone.)
---
---<https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-delete>
---@param params string|dataforest.AccountsRemoveParams account identifier, or a table
---@param options? dataforest.AccountsRemoveOptions as of every call, and:
---@return dataforest.AccountChanged? # `id`
---@return dataforest.Error?
---@return boolean? # whether this call removed something; false where the account was not there
function accounts:remove(params, options) end

---@class dataforest.AccountsSetQuotaOptions
---@field id? string Account identifier, from accounts/getList.
---@field namespace? string HDFS namespace.
---@field fileCountMillion? integer Largest number of files, in millions.
---@field spaceTb? integer Largest space, in TB.
---@field merge? boolean whether what is left out stays as `get_detail` tells it; without it all are required. Between the two calls a change by somebody else can be lost. (default false)

---Changes the HDFS quota of one namespace of an account.
---
---<https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-setquota>
---@param params dataforest.AccountsSetQuotaParams as of the operation: `id`, `namespace`, `fileCountMillion`, `spaceTb`
---@param options? dataforest.AccountsSetQuotaOptions as of every call; with `merge`, `timeout` is for both calls
---@return dataforest.AccountChanged? # `id`
---@return dataforest.Error? # as of the operation
function accounts:set_quota(params, options) end

---Downloads the account's Kerberos keytab into a file that only its owner can read
---(mode 0600). The file is written whole or not at all; one that is there is replaced.
---
---<https://api.ncloud-docs.com/docs/en/analytics-dataforest-accounts-getkerberoskeytab>
---@param params table `id`: account identifier; `path`: of the file
---@param options? dataforest.CallOptions of the call, as in every method
---@return string? # the path
---@return dataforest.Error? # an error; of kind `argument` with field `path` where the file cannot be written
function accounts:save_kerberos_keytab(params, options) end

---Parameters of apps/checkAvailableName.
---@class dataforest.AppsCheckAvailableNameParams
---@field accountId string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)
---@field name string App name to test (3 to 15 characters of a-z, 0-9 and -; begins and ends with a letter or a digit; no --)

---Parameters of apps/getAppTypeTemplate.
---@class dataforest.AppsGetAppTypeTemplateParams
---@field appTypeId string Application type and version such as DEV-1.0.0, from apps/getAppTypeIdList (1 to 60 characters)

---Parameters of apps/getAppBasicSetting.
---@class dataforest.AppsGetAppBasicSettingParams
---@field accountId string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)
---@field appTypeId string Application type and version such as DEV-1.0.0, from apps/getAppTypeIdList (1 to 60 characters)

---Parameters of apps/create.
---@class dataforest.AppsCreateParams
---@field accountId string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)
---@field queueName? string YARN queue that the app runs in (1 to 60 characters; default: "longlived")
---@field appTypeId string Application type and version such as DEV-1.0.0, from apps/getAppTypeIdList (1 to 60 characters)
---@field name string App name (3 to 15 characters of a-z, 0-9 and -; begins and ends with a letter or a digit; no --)
---@field lifetime? integer Running time in seconds; -1 for no end (300 to 604800, or -1; default: 604800)
---@field description? string Free text (at most 2048 characters)
---@field dependentIds? string[] Identifiers of the apps that this one depends on, from apps/getAppBasicSetting.
---@field components dataforest.AppComponentRequest[] Components of the app; their names come from apps/getAppBasicSetting.

---Parameters of apps/getList.
---@class dataforest.AppsGetListParams
---@field accountId string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)

---Parameters of apps/getDetail.
---@class dataforest.AppsGetDetailParams
---@field id string App identifier, from apps/getList (1 to 22 characters of 0-9, A-Z and a-z)

---Parameters of apps/setContainerCount.
---@class dataforest.AppsSetContainerCountParams
---@field id string App identifier, from apps/getList (1 to 22 characters of 0-9, A-Z and a-z)
---@field componentName string Component name, from apps/getDetail (not empty)
---@field containerCount integer New number of containers; the pages state no range.

---Parameters of apps/setLifetime.
---@class dataforest.AppsSetLifetimeParams
---@field id string App identifier, from apps/getList (1 to 22 characters of 0-9, A-Z and a-z)
---@field lifetime? integer Running time in seconds (300 to 604800; the service's default: 604800)

---Parameters of apps/killContainer.
---@class dataforest.AppsKillContainerParams
---@field id string App identifier, from apps/getList (1 to 22 characters of 0-9, A-Z and a-z)
---@field containerName string Container name, from apps/getDetail (1 to 60 characters)

---Parameters of apps/killMaster.
---@class dataforest.AppsKillMasterParams
---@field id string App identifier, from apps/getList (1 to 22 characters of 0-9, A-Z and a-z)

---Parameters of apps/start.
---@class dataforest.AppsStartParams
---@field id string App identifier, from apps/getList (1 to 22 characters of 0-9, A-Z and a-z)

---Parameters of apps/stop.
---@class dataforest.AppsStopParams
---@field id string App identifier, from apps/getList (1 to 22 characters of 0-9, A-Z and a-z)

---Parameters of apps/delete.
---@class dataforest.AppsDeleteParams
---@field id string App identifier, from apps/getList (1 to 22 characters of 0-9, A-Z and a-z)

---The operations of the group apps.
---@class dataforest.Apps
local apps = {}

---Checks whether an app name is valid and still free in an account.
---
---[apps/checkAvailableName](https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-checkavailablename)
---@param params dataforest.AppsCheckAvailableNameParams
---@param options? dataforest.CallOptions
---@return dataforest.NameAvailability? value
---@return dataforest.Error? err
function apps:check_available_name(params, options) end

---Lists the application types that can be created.
---
---[apps/getAppTypeIdList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-getapptypeidlist)
---@param params? table
---@param options? dataforest.CallOptions
---@return dataforest.AppTypeIdList? value
---@return dataforest.Error? err
function apps:get_app_type_id_list(params, options) end

---Gives the template of an application type.
---
---[apps/getAppTypeTemplate](https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-getapptypetemplate)
---@param params string|dataforest.AppsGetAppTypeTemplateParams
---@param options? dataforest.CallOptions
---@return dataforest.AppTypeTemplate? value
---@return dataforest.Error? err
function apps:get_app_type_template(params, options) end

---Gives the default settings for creating an app of a type.
---
---[apps/getAppBasicSetting](https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-getappbasicsetting)
---@param params dataforest.AppsGetAppBasicSettingParams
---@param options? dataforest.CallOptions
---@return dataforest.AppBasicSetting? value
---@return dataforest.Error? err
function apps:get_app_basic_setting(params, options) end

---Lists the apps of an account.
---
---[apps/getList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-getlist)
---@param params string|dataforest.AppsGetListParams
---@param options? dataforest.CallOptions
---@return dataforest.AppList? value
---@return dataforest.Error? err
function apps:get_list(params, options) end

---Gives the details of one app.
---
---[apps/getDetail](https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-getdetail)
---@param params string|dataforest.AppsGetDetailParams
---@param options? dataforest.CallOptions
---@return dataforest.AppDetail? value
---@return dataforest.Error? err
function apps:get_detail(params, options) end

---Changes the number of containers of a component.
---
---[apps/setContainerCount](https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-setcontainercount)
---@param params dataforest.AppsSetContainerCountParams
---@param options? dataforest.CallOptions
---@return dataforest.AppChanged? value
---@return dataforest.Error? err
function apps:set_container_count(params, options) end

---Changes the running time of an app.
---
---[apps/setLifetime](https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-setlifetime)
---@param params dataforest.AppsSetLifetimeParams
---@param options? dataforest.CallOptions
---@return dataforest.AppChanged? value
---@return dataforest.Error? err
function apps:set_lifetime(params, options) end

---Restarts one container of an app.
---
---[apps/killContainer](https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-killcontainer)
---@param params dataforest.AppsKillContainerParams
---@param options? dataforest.CallOptions
---@return dataforest.AppChanged? value
---@return dataforest.Error? err
function apps:kill_container(params, options) end

---Restarts the application master of an app.
---
---[apps/killMaster](https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-killmaster)
---@param params string|dataforest.AppsKillMasterParams
---@param options? dataforest.CallOptions
---@return dataforest.AppChanged? value
---@return dataforest.Error? err
function apps:kill_master(params, options) end

---Starts a stopped app.
---
---[apps/start](https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-start)
---@param params string|dataforest.AppsStartParams
---@param options? dataforest.CallOptions
---@return dataforest.AppChanged? value
---@return dataforest.Error? err
function apps:start(params, options) end

---Stops an app.
---
---[apps/stop](https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-stop)
---@param params string|dataforest.AppsStopParams
---@param options? dataforest.CallOptions
---@return dataforest.AppChanged? value
---@return dataforest.Error? err
function apps:stop(params, options) end

---Deletes an app.
---
---[apps/delete](https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-delete)
---@param params string|dataforest.AppsDeleteParams
---@param options? dataforest.CallOptions
---@return dataforest.AppChanged? value
---@return dataforest.Error? err
function apps:delete(params, options) end

---Goes through the apps of an account.
---
---    for app in assert(df.apps:each { accountId = id }) do
---      print(app.id, app.name)
---    end
---
---The list is asked for at once, in one call, before the loop. Where that fails there is no
---iterator: a loop without `assert` raises as well, only with a poorer message.
---
---<https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-getlist>
---@param params string|table `accountId`, as of `get_list`
---@param options? dataforest.CallOptions of the call
---@return (fun():dataforest.App?)? # iterator over the entries of `get_list`
---@return dataforest.Error? # as of `get_list`
function apps:each(params, options) end

---Finds an app of an account by its name.
---
---<https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-getlist>
---@param params table `accountId` and `name`
---@param options? dataforest.CallOptions of the call
---@return dataforest.App? # the entry of `get_list`
---@return dataforest.Error? # `not_found` where there is no such app; `argument` where no name is given; `protocol` where the name is not found in a list that is not whole; else as of `get_list`
function apps:find(params, options) end

---@class dataforest.AppsCreateShorthand
---@field accountId? string Account identifier, from accounts/getList.
---@field queueName? string YARN queue that the app runs in.
---@field appTypeId? string Application type and version such as DEV-1.0.0, from apps/getAppTypeIdList.
---@field name? string App name.
---@field lifetime? integer Running time in seconds; -1 for no end.
---@field description? string Free text.
---@field dependentIds? string[] Identifiers of the apps that this one depends on, from apps/getAppBasicSetting.
---@field components? dataforest.AppComponentRequest[]|table Components of the app; their names come from apps/getAppBasicSetting.
---@field type? string application type such as `"KAFKA-2.4.0"`, in place of `appTypeId`

---@class dataforest.AppsCreateOptions
---@field accountId? string Account identifier, from accounts/getList.
---@field queueName? string YARN queue that the app runs in.
---@field appTypeId? string Application type and version such as DEV-1.0.0, from apps/getAppTypeIdList.
---@field name? string App name.
---@field lifetime? integer Running time in seconds; -1 for no end.
---@field description? string Free text.
---@field dependentIds? string[] Identifiers of the apps that this one depends on, from apps/getAppBasicSetting.
---@field components? dataforest.AppComponentRequest[] Components of the app; their names come from apps/getAppBasicSetting.
---@field defaults? boolean whether to ask for what was left out (default false)

---Creates an app. Takes the documented form and a shorthand, in which components go by their names:
---
---    df.apps:create({
---      accountId = account.id,
---      name = "kafka",
---      type = "KAFKA-2.4.0",
---      components = {
---        broker = { memoryMb = 2048, cpuCount = 4, containerCount = 3 },
---      },
---    }, { defaults = true })
---
---With `defaults = true` what is left out comes from `get_app_basic_setting`: the queue, the lifetime,
---components and parts of them as far as the template can be read, and the app to depend on where there
---is exactly one. Several, or a template that cannot be read, are an `argument` error that says what to give.
---
---<https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-create>
---@param params dataforest.AppsCreateParams|dataforest.AppsCreateShorthand as of the operation, with `type` for `appTypeId`
---@param options? dataforest.AppsCreateOptions as of every call; with `defaults`, `timeout` is for both calls
---@return dataforest.AppChanged? # `id`
---@return dataforest.Error? # as of the operation
function apps:create(params, options) end

---Waits until an app is in a state.
---
---    local app, err = df.apps:wait(id, "RUNNING", { timeout = 300, interval = 2 })
---    app, err = df.apps:wait(id, function(detail)
---      return detail.components[1].state == "STABLE"
---    end)
---
---Looks at once, then with growing pauses of random length. Network faults, throttling and server
---errors are waited out; any other error ends the wait. Each look is told to `on_event` (`wait`).
---
---<https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-getdetail>
---@param id string|table app identifier, or a table with `id`
---@param state string|table|function such as `"RUNNING"`, a list of such, or a function that is given the detail and says whether it will do
---@param options? dataforest.WaitOptions
---@return dataforest.AppDetail? # the detail, as of `get_detail`
---@return dataforest.Error? # `timeout` where the time is over; `refused`, at once, where the app is in a state that the wanted one cannot follow, such as STOPPED where RUNNING is wanted (both with the last state in the message and in field `state`); else as of `get_detail`. A function is never refused.
function apps:wait(id, state, options) end

---@class dataforest.AppsRemoveParams
---@field id string app identifier
---@field accountId? string of the app's account; saves calls where the service does not tell an app that is gone from one that is not allowed

---@class dataforest.AppsRemoveOptions
---@field ignore_missing? boolean whether an app that is not there is no error (default false)
---@field force? boolean taken for the likeness to accounts; it changes nothing
---@field timeout? number seconds in all (default 300)
---@field interval? number seconds, as of `wait`, with `max_interval`

---Removes an app, and returns once it is gone. One that runs is stopped first. (`delete` is the operation
---alone.)
---
---<https://api.ncloud-docs.com/docs/en/analytics-dataforest-apps-delete>
---@param params string|dataforest.AppsRemoveParams app identifier, or a table
---@param options? dataforest.AppsRemoveOptions as of every call, and:
---@return dataforest.AppChanged? # `id`
---@return dataforest.Error?
---@return boolean? # whether this call removed it; false where it was not there
function apps:remove(params, options) end

---Parameters of notebooks/getVpcDetail.
---@class dataforest.NotebooksGetVpcDetailParams
---@field vpcNo integer Number of the VPC, from notebooks/getVpcList.

---Parameters of notebooks/getSubnetList.
---@class dataforest.NotebooksGetSubnetListParams
---@field typeCode string Code of the notebook type, from notebooks/getTypeList (not empty)
---@field vpcNo integer Number of the VPC, from notebooks/getVpcList.

---Parameters of notebooks/getSubnetDetail.
---@class dataforest.NotebooksGetSubnetDetailParams
---@field vpcNo integer Number of the VPC, from notebooks/getVpcList.
---@field subnetNo integer Number of a public subnet, from notebooks/getSubnetList.

---Parameters of notebooks/getServerTypeList.
---@class dataforest.NotebooksGetServerTypeListParams
---@field typeCode string Code of the notebook type, from notebooks/getTypeList (not empty)

---Parameters of notebooks/getUserConfigurationSpecList.
---@class dataforest.NotebooksGetUserConfigurationSpecListParams
---@field typeName string Name of the notebook type, such as Jupyter Lab, from notebooks/getTypeList (not empty)

---Parameters of notebooks/create.
---@class dataforest.NotebooksCreateParams
---@field accountId string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)
---@field addStorage? boolean Whether to add block storage, of storageType and storageGB (default: false)
---@field bucketName string Object Storage bucket; it must not be locked (not empty)
---@field loginKeyName string Name of a login key, from notebooks/getLoginKeyList (not empty)
---@field name string Notebook name; unique, begins with a letter (3 to 15 characters of a-z, 0-9 and -; begins and ends with a letter or a digit)
---@field serverTypeCode string Code of the server type, from notebooks/getServerTypeList (not empty)
---@field storageGB? integer Size of the added block storage, in GB (100 to 2000, or 4000, 6000)
---@field storageType? "SSD"|"HDD" Kind of the added block storage (one of "SSD", "HDD"; the service's default: "SSD")
---@field subnetNo integer Number of a public subnet, from notebooks/getSubnetList.
---@field typeCode string Code of the notebook type, from notebooks/getTypeList (not empty)
---@field typeName string Name of the notebook type, such as Jupyter Lab, from notebooks/getTypeList (not empty)
---@field userConfigurations dataforest.NotebookUserConfiguration[] Settings of the user, as notebooks/getUserConfigurationSpecList names them.
---@field vpcNo integer Number of the VPC, from notebooks/getVpcList.

---Parameters of notebooks/getList.
---@class dataforest.NotebooksGetListParams
---@field accountId string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)
---@field limit? integer Most rows to list (at least 1)
---@field offset? integer Rows to skip (at least 0)

---Parameters of notebooks/getDetail.
---@class dataforest.NotebooksGetDetailParams
---@field id string Notebook identifier, from notebooks/getList (not empty)

---Parameters of notebooks/setUserConfigurationList.
---@class dataforest.NotebooksSetUserConfigurationListParams
---@field id string Notebook identifier, from notebooks/getList (not empty)
---@field userConfigurations dataforest.NotebookUserConfiguration[] Settings of the user, as notebooks/getUserConfigurationSpecList names them.

---Parameters of notebooks/delete.
---@class dataforest.NotebooksDeleteParams
---@field id string Notebook identifier, from notebooks/getList (not empty)

---The operations of the group notebooks.
---@class dataforest.Notebooks
local notebooks = {}

---Lists the VPCs that a notebook can be created in.
---
---Only pages up to November 2024 know this operation.
---
---[notebooks/getVpcList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-notebooks-getvpclist)
---@param params? table
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function notebooks:get_vpc_list(params, options) end

---Gives the details of one VPC.
---
---Only pages up to November 2024 know this operation.
---
---[notebooks/getVpcDetail](https://api.ncloud-docs.com/docs/en/analytics-dataforest-notebooks-getvpcdetail)
---@param params dataforest.NotebooksGetVpcDetailParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function notebooks:get_vpc_detail(params, options) end

---Lists the subnets that a notebook can be created in.
---
---Only pages up to November 2024 know this operation.
---
---[notebooks/getSubnetList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-notebooks-getsubnetlist)
---@param params dataforest.NotebooksGetSubnetListParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function notebooks:get_subnet_list(params, options) end

---Gives the details of one subnet.
---
---Only pages up to November 2024 know this operation.
---
---[notebooks/getSubnetDetail](https://api.ncloud-docs.com/docs/en/analytics-dataforest-notebooks-getsubnetdetail)
---@param params dataforest.NotebooksGetSubnetDetailParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function notebooks:get_subnet_detail(params, options) end

---Lists the notebook types that can be created.
---
---Only pages up to November 2024 know this operation.
---
---[notebooks/getTypeList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-notebooks-gettypelist)
---@param params? table
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function notebooks:get_type_list(params, options) end

---Lists the server types that a notebook can be created with.
---
---Only pages up to November 2024 know this operation.
---
---[notebooks/getServerTypeList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-notebooks-getservertypelist)
---@param params string|dataforest.NotebooksGetServerTypeListParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function notebooks:get_server_type_list(params, options) end

---Lists the caller's login keys.
---
---Only pages up to November 2024 know this operation.
---
---[notebooks/getLoginKeyList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-notebooks-getloginkeylist)
---@param params? table
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function notebooks:get_login_key_list(params, options) end

---Lists the user settings that a notebook type needs.
---
---Only pages up to November 2024 know this operation.
---
---[notebooks/getUserConfigurationSpecList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-notebooks-getuserconfigurationspeclist)
---@param params string|dataforest.NotebooksGetUserConfigurationSpecListParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function notebooks:get_user_configuration_spec_list(params, options) end

---Creates a notebook.
---
---Only pages up to November 2024 know this operation.
---
---[notebooks/create](https://api.ncloud-docs.com/docs/en/analytics-dataforest-notebooks-create)
---@param params dataforest.NotebooksCreateParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function notebooks:create(params, options) end

---Lists the notebooks of an account.
---
---Only pages up to November 2024 know this operation.
---
---[notebooks/getList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-notebooks-getlist)
---@param params dataforest.NotebooksGetListParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function notebooks:get_list(params, options) end

---Gives the details of one notebook.
---
---Only pages up to November 2024 know this operation.
---
---[notebooks/getDetail](https://api.ncloud-docs.com/docs/en/analytics-dataforest-notebooks-getdetail)
---@param params string|dataforest.NotebooksGetDetailParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function notebooks:get_detail(params, options) end

---Sets a notebook's user settings.
---
---Only pages up to November 2024 know this operation.
---
---[notebooks/setUserConfigurationList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-notebooks-setuserconfigurationlist)
---@param params dataforest.NotebooksSetUserConfigurationListParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function notebooks:set_user_configuration_list(params, options) end

---Deletes a notebook.
---
---Only pages up to November 2024 know this operation.
---
---[notebooks/delete](https://api.ncloud-docs.com/docs/en/analytics-dataforest-notebooks-delete)
---@param params string|dataforest.NotebooksDeleteParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function notebooks:delete(params, options) end

---Parameters of aiworkspaces/checkAvailableName.
---@class dataforest.AiworkspacesCheckAvailableNameParams
---@field accountId string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)
---@field name string Name to test (1 to 15 characters of a-z, 0-9 and -; begins and ends with a letter or a digit; no --)

---Parameters of aiworkspaces/getDockerImageList.
---@class dataforest.AiworkspacesGetDockerImageListParams
---@field typeName "tensorflow"|"pytorch" Family of images (one of "tensorflow", "pytorch")

---Parameters of aiworkspaces/create.
---@class dataforest.AiworkspacesCreateParams
---@field accountId string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)
---@field name string Name; it begins with a letter (1 to 15 characters of a-z, 0-9 and -; begins and ends with a letter or a digit; no --)
---@field description? string Free text (at most 255 characters)
---@field configuration table<string, any> The settings: data, docker, name, queueName, resource, userPackageUri.

---Parameters of aiworkspaces/getList.
---@class dataforest.AiworkspacesGetListParams
---@field accountId string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)

---Parameters of aiworkspaces/getDetail.
---@class dataforest.AiworkspacesGetDetailParams
---@field id string Identifier of the AI workspace, from aiworkspaces/getList (1 to 22 characters of 0-9, A-Z and a-z)

---Parameters of aiworkspaces/getConfigurationList.
---@class dataforest.AiworkspacesGetConfigurationListParams
---@field id string Identifier of the AI workspace, from aiworkspaces/getList (1 to 22 characters of 0-9, A-Z and a-z)

---Parameters of aiworkspaces/setConfiguration.
---@class dataforest.AiworkspacesSetConfigurationParams
---@field id string Identifier of the AI workspace, from aiworkspaces/getList (1 to 22 characters of 0-9, A-Z and a-z)
---@field configuration table<string, any> The settings: data, docker, name, queueName, resource, userPackageUri.

---Parameters of aiworkspaces/delete.
---@class dataforest.AiworkspacesDeleteParams
---@field id string Identifier of the AI workspace, from aiworkspaces/getList (1 to 22 characters of 0-9, A-Z and a-z)

---The operations of the group aiworkspaces.
---@class dataforest.Aiworkspaces
local aiworkspaces = {}

---Checks whether the name of an AI workspace can be used.
---
---Only pages up to November 2024 know this operation.
---
---[aiworkspaces/checkAvailableName](https://api.ncloud-docs.com/docs/en/analytics-dataforest-aiworkspaces-checkavailablename)
---@param params dataforest.AiworkspacesCheckAvailableNameParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function aiworkspaces:check_available_name(params, options) end

---Lists the Docker images for AI workspaces.
---
---Only pages up to November 2024 know this operation.
---
---[aiworkspaces/getDockerImageList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-aiworkspaces-getdockerimagelist)
---@param params string|dataforest.AiworkspacesGetDockerImageListParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function aiworkspaces:get_docker_image_list(params, options) end

---Creates an AI workspace.
---
---Only pages up to November 2024 know this operation.
---
---[aiworkspaces/create](https://api.ncloud-docs.com/docs/en/analytics-dataforest-aiworkspaces-create)
---@param params dataforest.AiworkspacesCreateParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function aiworkspaces:create(params, options) end

---Lists the AI workspaces of an account.
---
---Only pages up to November 2024 know this operation.
---
---[aiworkspaces/getList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-aiworkspaces-getlist)
---@param params string|dataforest.AiworkspacesGetListParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function aiworkspaces:get_list(params, options) end

---Gives the details of one AI workspace.
---
---Only pages up to November 2024 know this operation.
---
---[aiworkspaces/getDetail](https://api.ncloud-docs.com/docs/en/analytics-dataforest-aiworkspaces-getdetail)
---@param params string|dataforest.AiworkspacesGetDetailParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function aiworkspaces:get_detail(params, options) end

---Lists the configurations of an AI workspace.
---
---Only pages up to November 2024 know this operation.
---
---[aiworkspaces/getConfigurationList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-aiworkspaces-getconfigurationlist)
---@param params string|dataforest.AiworkspacesGetConfigurationListParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function aiworkspaces:get_configuration_list(params, options) end

---Changes the settings of an AI workspace.
---
---Only pages up to November 2024 know this operation.
---
---[aiworkspaces/setConfiguration](https://api.ncloud-docs.com/docs/en/analytics-dataforest-aiworkspaces-setconfiguration)
---@param params dataforest.AiworkspacesSetConfigurationParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function aiworkspaces:set_configuration(params, options) end

---Deletes an AI workspace.
---
---Only pages up to November 2024 know this operation.
---
---[aiworkspaces/delete](https://api.ncloud-docs.com/docs/en/analytics-dataforest-aiworkspaces-delete)
---@param params string|dataforest.AiworkspacesDeleteParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function aiworkspaces:delete(params, options) end

---Parameters of aiapps/submit.
---@class dataforest.AiappsSubmitParams
---@field aiWorkspaceId string Identifier of the AI workspace, from aiworkspaces/getList (1 to 22 characters of 0-9, A-Z and a-z)
---@field namePrefix string Beginning of the app's name (2 to 8 characters)
---@field queueName? string YARN queue that the app runs in (not empty; default: "gpu")
---@field data table<string, any> Input and output: lists of paths.
---@field docker table<string, any> Image, command, arguments, environment and ports.
---@field resource table<string, any> CPUs, GPUs and memory.

---Parameters of aiapps/getList.
---@class dataforest.AiappsGetListParams
---@field accountId string Account identifier, from accounts/getList (1 to 22 characters of 0-9, A-Z and a-z)

---Parameters of aiapps/getDetail.
---@class dataforest.AiappsGetDetailParams
---@field id string AI app identifier, from aiapps/getList (1 to 22 characters of 0-9, A-Z and a-z)

---The operations of the group aiapps.
---@class dataforest.Aiapps
local aiapps = {}

---Runs an AI app.
---
---Only pages up to November 2024 know this operation.
---
---[aiapps/submit](https://api.ncloud-docs.com/docs/en/analytics-dataforest-aiapps-submit)
---@param params dataforest.AiappsSubmitParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function aiapps:submit(params, options) end

---Lists the AI apps of an account.
---
---Only pages up to November 2024 know this operation.
---
---[aiapps/getList](https://api.ncloud-docs.com/docs/en/analytics-dataforest-aiapps-getlist)
---@param params string|dataforest.AiappsGetListParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function aiapps:get_list(params, options) end

---Gives the details of one AI app.
---
---Only pages up to November 2024 know this operation.
---
---[aiapps/getDetail](https://api.ncloud-docs.com/docs/en/analytics-dataforest-aiapps-getdetail)
---@param params string|dataforest.AiappsGetDetailParams
---@param options? dataforest.CallOptions
---@return table? value
---@return dataforest.Error? err
function aiapps:get_detail(params, options) end

---@class dataforest.errors
---@field kinds { name: string, when: string }[] The kinds, in the order of the documentation.
---@field ARGUMENT "argument"
---@field CREDENTIALS "credentials"
---@field AUTH "auth"
---@field FORBIDDEN "forbidden"
---@field NOT_FOUND "not_found"
---@field INVALID "invalid"
---@field QUOTA "quota"
---@field THROTTLED "throttled"
---@field REFUSED "refused"
---@field SERVER "server"
---@field TIMEOUT "timeout"
---@field NETWORK "network"
---@field TLS "tls"
---@field PROTOCOL "protocol"
---@field LIMIT "limit"
---@field CLOSED "closed"
local errors = {}

---Makes an error out of its fields.
---@param fields table `kind` and `message`, and of the other fields of `Error` what is known
---@return dataforest.Error # the same table, with a message of one line
function errors.new(fields) end

---Tells whether a value is an error of this library.
---@param value any anything
---@param kind? string whether it is of this kind
---@return boolean
function errors.is(value, kind) end

---@class dataforest.credentials
local credentials = {}

---Keys that are known already.
---@param access_key string
---@param secret_key string
---@return fun(context: table): (dataforest.Keys?, string?) # a provider
function credentials.static(access_key, secret_key) end

---Keys from the environment: `NCLOUD_ACCESS_KEY_ID` with `NCLOUD_SECRET_ACCESS_KEY`, or else
---`NCLOUD_ACCESS_KEY` with `NCLOUD_SECRET_KEY`. Half a pair is an error, and so is a key with blanks or
---quotation marks: no other source is asked then.
---@return fun(context: table): (dataforest.Keys?, string?) # a provider
function credentials.environment() end

---Reads the text of a key file: `key = value` lines, with `#` comments and, optionally, `[profile]`
---headings. Without a profile the last section with a key in it counts, as in NAVER's own SDKs; a heading
---that comes twice goes on with its section. Keys of different sections are never mixed.
---@param text string
---@param profile? string heading under which to look
---@return table # the values by name
---@return string? # name of the section
function credentials.parse_file(text, profile) end

---The key file that is read where no other is named.
---@return string? # path; nil without a home folder
function credentials.default_path() end

---Keys from a file, by default `~/.ncloud/configure`, with the lines
---`ncloud_access_key_id = ...` and `ncloud_secret_access_key = ...`.
---@param options? table `path`, and `profile`: a `[heading]` in the file
---@return fun(context: table): (dataforest.Keys?, string?) # a provider
function credentials.file(options) end

---Asks providers in turn, and takes the keys of the first that has any. A provider whose third result is
---true ends the search: what it found is wrong, and other keys would hide that.
---@param providers function[]
---@return fun(context: table): (dataforest.Keys?, string?) # a provider
function credentials.chain(providers) end

---The order in which a client looks that was given no keys.
---@return fun(context: table): (dataforest.Keys?, string?) # a provider
function credentials.default() end

---Keys of the role of the server that the program runs on. They expire, and are taken anew five minutes
---before, or when the service refuses them: once for all callers, while those go on with the old ones.
---@param options? table `role`: its name, by default the first one listed; `endpoint`: in place of `NCLOUD_METADATA_ENDPOINT`, `NCLOUD_METADATA_API_ENDPOINT` or the link-local address
---@return fun(context: table): (dataforest.Keys?, string?) # a provider
function credentials.server_role(options) end

---@class dataforest.operations
---@field list dataforest.Operation[] All of them.
---@field by_name table<string, dataforest.Operation> By API name, such as "accounts/getDetail".
---@field groups table Names of the groups, and the list of each group's operations by its name.
local operations = {}

---@class dataforest.Emulator
---@field access_key string of the (first) user
---@field secret_key string of the (first) user
---@field calls dataforest.Call[] those that came, oldest first, at least the last thousand; `count_calls` counts the others too
local Emulator = {}

---Forgets accounts, apps, faults and calls, and sets the clock back to `options.clock`; keys stay. With
---`options.fixtures` those are loaded again.
---@param user? string forget this user's accounts and apps only, and leave everything else
function Emulator:reset(user) end

---The emulator's time.
---@return number # seconds since the epoch, fractional
function Emulator:now() end

---Lets time pass at once: accounts and apps start, lifetimes run out.
---@param seconds number how much, 0 or more
function Emulator:advance(seconds) end

---Sets the emulator's clock. The age of signatures is still judged by `options.clock`, unless the emulator
---has the option `strict_clock`.
---@param seconds number since the epoch, up to the end of the year 9999
function Emulator:set_clock(seconds) end

---@class dataforest.EmulatorAddKeyGiven
---@field access_key string
---@field secret_key string
---@field user? string whose key it is; a user of its own by default

---Makes another key known. Users do not see each other's accounts and apps.
---@param given dataforest.EmulatorAddKeyGiven
---@return string # the user
function Emulator:add_key(given) end

---@class dataforest.EmulatorAddAccountGiven
---@field name string
---@field user? string whose account it is; the first user's by default
---@field access_key? string in place of `user`: a key of that user
---@field id? string 1 to 22 letters and digits
---@field status? string `"RUNNING"` or `"ACCEPTED"`
---@field created_at? number seconds since the epoch; long enough ago by default
---@field quotas? table `{ koya = { fileCountMillion =, spaceTb = }, tata = ... }`, or a list as in getDetail

---Puts an account in, without a call.
---@param given dataforest.EmulatorAddAccountGiven
---@return string # the account's id
function Emulator:add_account(given) end

---@class dataforest.EmulatorAddAppGiven
---@field name string
---@field accountId? string of the account; may be left out where there is only one
---@field appTypeId? string  (default "DEV-1.0.0")
---@field queueName? string
---@field lifetime? integer seconds; -1: without end (default 604800)
---@field description? string
---@field components? table as apps/create takes them
---@field dependentIds? string[]
---@field id? string 1 to 22 letters and digits
---@field state? string `"ACCEPTED"`, `"RUNNING"`, `"STOPPED"` or `"FINISHED"` (default "RUNNING")

---Puts an app in, without a call. What is not given is as the app type has it.
---@param given dataforest.EmulatorAddAppGiven
---@return string # the app's id
function Emulator:add_app(given) end

---All there is, whoever it belongs to: for assertions, without calls.
---@return table # `accounts` and `apps`, each a list of what getDetail gives, with what it does not show in a member `emulator`
function Emulator:dump() end

---What `dump` gives, with the time and the sources of made-up values: with it an emulator goes on as this
---one.
---@return table
function Emulator:snapshot() end

---Puts in the place of all accounts and apps what a dump holds, and sets the clock to its moment. Entries
---may also be written by hand, with the fields of `add_account` and `add_app`. Faults, calls and keys stay.
---@param given table what `dump` or `snapshot` gave
function Emulator:load(given) end

---@class dataforest.Fault
---@field operation? string such as `"accounts/create"`; any by default
---@field access_key? string strikes requests with this key only
---@field times? integer how many calls it strikes (default 1)
---@field skip? integer how many calls it lets through first (default 0)
---@field when? string `"before"`: the operation is not carried out; `"after"`: it is, and its response is lost (default "before")
---@field status? integer HTTP status, 200 to 599; alone, it brings the gateway's error of that status
---@field code? string code of a gateway error, such as `"410"`; alone, it brings its status
---@field message? string in the error, or of `kind`
---@field details? string in the error
---@field headers? table more headers, such as `{ ["retry-after"] = "2" }`
---@field body? string|table the body itself: bytes, or a table to encode
---@field kind? string `"network"`, `"timeout"`, `"tls"` or `"protocol"`: no response arrives
---@field sent? boolean whether the client believes that the request left: true by default where the operation is carried out and for `timeout` and `protocol`, else false
---@field delay? number seconds until the response, up to a day

---Orders a fault for a call to come.
---
---With `status`, `code` or `body` the fault is the response; with `kind` no response arrives; with
---`delay` alone the response comes late. Faults strike in the order in which they were given.
---@param fault dataforest.Fault
---@param source? string the text of a `body` in JSON, to be sent as it is
function Emulator:fail_next(fault, source) end

---The faults that are still to come, in their order.
---@return table[] # as `fail_next` took them; `times` and `skip` are what is left of them
function Emulator:list_faults() end

---Takes back all faults that are still to come.
function Emulator:clear_faults() end

---Forgets the calls that came.
function Emulator:clear_calls() end

---@class dataforest.EmulatorTransportOptions
---@field real_time? boolean really wait (default false)
---@field clock_offset? number seconds that the client's clock is ahead of the emulator's (default 0)

---A transport for `dataforest.new`: calls reach the emulator in process.
---
---Its `sleep` moves the emulator's clock and returns at once, so that retries and waits take no
---time; its `now` is the emulator's clock, and signatures are judged by it.
---@param options? dataforest.EmulatorTransportOptions
---@return dataforest.Transport # with `send`, `sleep`, `now` and `monotonic`
function Emulator:transport(options) end

---How many calls of an operation came, those included that `calls` no longer holds.
---@param operation string such as `"accounts/create"`
---@return integer
function Emulator:count_calls(operation) end

---@class dataforest.EmulatorHandleRequest
---@field method string
---@field target string path and query as sent
---@field headers table by name
---@field body? string
---@field now? number the clock of whoever sends it, in seconds since the epoch, to judge the signature by; by default `options.clock`, or with `strict_clock` the emulator's

---Responds to one request.
---@param request dataforest.EmulatorHandleRequest
---@return table # `status`, `headers` (by lower-case name), `body`; `delay` (seconds) where the response should come late; `drop` (`kind`, `message`, `sent`) where it should never arrive
function Emulator:handle(request) end

---@class dataforest.emulator
---@field access_key string The access key that an emulator knows where none is given.
---@field secret_key string Its secret key.
local emulator = {}

---@class dataforest.EmulatorOptions
---@field access_key? string access key of the (first) user
---@field secret_key? string its secret key
---@field keys? table more keys: `{ [access_key] = secret_key }`, each a user of its own, or `{ [access_key] = { secret =, user = } }` for several keys of one user
---@field clock? function returns seconds since the epoch; the system's clock by default
---@field strict_clock? boolean judge the age of signatures by the emulator's clock, moved or not, rather than by `options.clock` (default false)
---@field seed? integer the same seed gives the same ids and keys
---@field ids? string[] ids to hand out first, in this order
---@field zone? string of the times in responses (default "+09:00")
---@field creation_delay? number seconds from ACCEPTED to RUNNING of an account (default 150)
---@field change_delay? number seconds of CHANGING after setQuota and resetPassword (default 0)
---@field deletion_delay? number seconds that what was deleted is still there (default 0)
---@field app_delay? number seconds from ACCEPTED to RUNNING of an app (default 60)
---@field container_delay? number seconds until a new container is READY (default 10)
---@field max_apps? integer apps an account can have (default 50)
---@field max_containers? integer containers an app can have (default 100)
---@field max_request_bytes? integer larger bodies are refused with 413 (default 1048576)
---@field latency? number|function|table seconds that each response takes; a function gets the operation's name; a table has seconds by operation, and those of the others as `"*"` (default 0)
---@field strict? boolean refuse what any page refuses, see above (default false)
---@field unknown_id? integer status for an unknown id: 403 with code 10002, or 404 (default 403)
---@field second_account? integer status for a user's second account: 200 with `success` false, or 400 "exceeded limit on resource quota" (default 200)
---@field fixtures? table what is there at the start and after `reset`: what `emulator:load` takes
---@field on_call? function called with each entry of `calls` as it is made

---Makes an emulator.
---
---A wrong option raises at the caller's line.
---@param options? dataforest.EmulatorOptions
---@return dataforest.Emulator
function emulator.new(options) end

---@class dataforest.Recorder: dataforest.Transport
local Recorder = {}

---Ends the recording, and closes the transport below.
function Recorder:close() end

---@class dataforest.Player: dataforest.Transport
local Player = {}

---The exchanges that were not asked for yet.
---@return integer
function Player:left() end

---@class dataforest.testing
---@field recorder fun(options: table): dataforest.Recorder A transport that writes calls to a file.
---@field player fun(options: table): dataforest.Player A transport that answers from such a file.
local testing = {}

---Makes an emulator, and a client on it. Nothing waits: pauses move the emulator's clock. No environment
---variable is read.
---@param options? table of the client, as for `dataforest.new`; besides, `emulator`: the emulator's own, as for `dataforest.emulator.new`
---@return dataforest.Client # the client
---@return dataforest.Emulator # the emulator
function testing.client(options) end

---@class dataforest
---@field _VERSION string
---@field credentials dataforest.credentials
---@field emulator dataforest.emulator
---@field errors dataforest.errors
---@field operations dataforest.operations
---@field testing dataforest.testing
local dataforest = {}

---@class dataforest.Options
---@field access_key? string together with `secret_key`; without the two, see `dataforest.credentials`
---@field secret_key? string goes with `access_key`; it is copied into C once, and wiped there
---@field credentials? function|table a provider of keys: a function, see `dataforest.credentials`, or a table with such a method `get`
---@field base_url? string address of the service; or `DATAFOREST_BASE_URL` (default "https://df.apigw.ntruss.com")
---@field format? string what to speak, `"json"` or `"xml"` (default "json")
---@field timeout? number seconds for the whole call, retries included (default 30)
---@field connect_timeout? number seconds for making a connection (default 5)
---@field attempt_timeout? number seconds for one attempt
---@field max_response_bytes? number the largest response, in bytes; a larger one is an error of kind `limit` (default 8388608)
---@field retry? table|boolean what differs from `{ attempts = 3, base_delay = 0.5, max_delay = 20 }` (seconds), or false for one attempt
---@field validate? boolean false turns the checks of parameters off (default true)
---@field password_rule? string what a password must have: `"strict"`, upper and lower case, a digit and a special character; `"current"`, a letter, a digit and a special character (default "strict")
---@field headers? table|function more headers of each request, by name; or a function that returns them, called before each attempt with a table (`operation`, `method`, `url`, `target`, `attempt`)
---@field ca_file? string certificates to trust, PEM; or `DATAFOREST_CA_FILE`
---@field connect_to? string `"host:port"` to dial in place of the base address's; or `DATAFOREST_CONNECT_TO`
---@field proxy? string address of a proxy, or `"env"`: what `https_proxy` and the like say; or `DATAFOREST_PROXY`; none by default
---@field transport? string|dataforest.Transport|function `"auto"` (cosockets where nginx can wait, else libcurl), `"curl"`, `"cosocket"`, or one's own (default "auto")
---@field on_event? function called with a table for each attempt, retry, success and failure
---@field on_error? function called once, with a message and the event, where `on_event` raises; without it nginx's log or stderr gets the message
---@field user_agent? string put in front of the library's own
---@field pool_size? number idle connections kept (default 64)
---@field pool_idle_timeout? number seconds that they are kept (default 60)
---@field pool_name? string clients of nginx that give the same name share connections; they must trust the same authorities (cosocket transport; without it, each location has its own)

---Makes a client. Nothing is opened or read before its first call.
---@param options? dataforest.Options
---@return dataforest.Client # a client; raises at the caller's line where an option is unknown or wrong
function dataforest.new(options) end

---@class dataforest.DataforestSignFields
---@field method string such as `"POST"`
---@field target string path and query exactly as sent
---@field timestamp number|string milliseconds since the epoch
---@field access_key string
---@field secret_key string

---Signs a request by hand.
---
---<https://api.ncloud-docs.com/docs/en/common-ncpapi>
---@param fields dataforest.DataforestSignFields
---@return string # the signature, for the header `x-ncp-apigw-signature-v2`
---@return string # the exact text that was signed
function dataforest.sign(fields) end

---Seconds since the epoch of a time as the API writes it.
---@param text string such as `2023-05-26T11:35:01+09:00` or `2023-04-20T06:52:38.645Z`
---@return number? # seconds, with the fraction
---@return string? # what is wrong with the text
function dataforest.time(text) end

return dataforest
