--- The Data Forest API as data.
--
-- One entry an operation; methods, validation, encoding, decoding, retries, the
-- emulator, the reference pages and the editor types are all derived from it.
-- To add an operation, add an entry: no code.
--
-- **Types** describe parameters and results alike:
--
--     "string" | "integer" | "number" | "boolean" | "any"
--     { array = type }
--     { map = type }                    string keys, each value of that type
--     { object = "Name", fields = { field, ... } }   in the order of the pages
--
-- **Fields** (and parameters) have a `name`, a `type` and a `doc`. A parameter also has
-- `required` and its documented limits:
--
-- - `min_length`, `max_length`: in characters, not bytes;
-- - `charset`: what may stand inside a Lua `[...]` class, with `charset_doc` for people;
-- - `edges`: the same for the first and the last character, with `edges_doc`;
-- - `no_double`: a character that may not stand twice in a row;
-- - `values`: the only values allowed;
-- - `minimum`, `maximum`, `multiple_of`, and `also` for values allowed besides;
-- - `default`: what is sent where the caller gives nothing;
-- - `service_default`: what the service takes where nothing is sent;
-- - `rule = "password"`: the password rules of `dataforest.api.password`;
-- - `multiline`: line breaks and tabs may stand in it (no other string takes them);
-- - `stated`: the limits in the words of the API's pages, for the documentation;
-- - `secret`: never shown in a message, an event or a file;
-- - `within`: the object that the parameter travels in. Callers write it flat or nested.
--
-- A result field may have `aliases` (other spellings met in the pages), `values` (the
-- documented ones; the service may send others), and `seconds_as`: the name of a `derived`
-- field that holds the number of seconds which its text names.
--
-- **Effect** says what a second run of the same call does, and so what may be retried:
-- `read` changes nothing, `idempotent` leaves the same state as one run, `once` must
-- reach the service at most once.
--
-- The language is compiled by `dataforest.api.schema`, and its limits are in `dataforest.api.limits`. A key
-- that they do not know is refused when this module is loaded.
--
-- @module dataforest.operations

local ascii = require "dataforest.util.ascii"
local legacy = require "dataforest.api.legacy"
local params = require "dataforest.api.params"
local schema = require "dataforest.api.schema"

local account_id, account_name, app_name = params.account_id, params.account_name, params.app_name

local ACCOUNT_ID = account_id "id"
local APP_ID = account_id("id", "App identifier, from apps/getList.")

local function password(doc)
  return {
    name = "password",
    type = "string",
    required = true,
    min_length = 8,
    max_length = 20,
    rule = "password",
    stated = "8 to 20 characters with a letter, a digit and a special character, without ' \" ₩ / & ` or "
      .. "a space. Older pages ask for upper and lower case, a digit and a special character; their error "
      .. "message, for three of these.",
    secret = true,
    doc = doc,
  }
end

local APP_TYPE_ID = {
  name = "appTypeId",
  type = "string",
  required = true,
  min_length = 1,
  max_length = 60,
  stated = "Up to 60 characters.",
  doc = "Application type and version such as DEV-1.0.0, from apps/getAppTypeIdList.",
}

local QUEUE_NAME = {
  name = "queueName",
  type = "string",
  min_length = 1,
  max_length = 60,
  required = true,
  default = "longlived",
  stated = "Up to 60 characters; longlived by default. Older pages allow nothing else.",
  doc = "YARN queue that the app runs in.",
}

local function lifetime(fields)
  fields.name = "lifetime"
  fields.type = "integer"
  fields.minimum = 300
  fields.maximum = 604800
  return fields
end

local ACCOUNT_STATUS = { "ACCEPTED", "RUNNING", "CHANGING" }

local CREATED_AT = {
  name = "createdAt",
  type = "string",
  aliases = { "createAt" },
  doc = "Creation time, ISO 8601; dataforest.time reads it.",
}

local function account_fields(more)
  local fields = {
    { name = "id", type = "string", doc = "Account identifier." },
    { name = "name", type = "string", doc = "Account name." },
    { name = "status", type = "string", values = ACCOUNT_STATUS, doc = "State of the account." },
    CREATED_AT,
  }
  for _, field in ipairs(more) do
    fields[#fields + 1] = field
  end
  return fields
end

local Account = {
  object = "Account",
  fields = account_fields {
    { name = "principal", type = "string", doc = "Kerberos principal, <name>@KR.DF.NAVERNCP.COM." },
    { name = "disabled", type = "boolean", doc = "True where the caller has no permission on the account." },
  },
}

local Quota = {
  object = "Quota",
  fields = {
    { name = "namespace", type = "string", values = { "koya", "tata" }, doc = "HDFS namespace." },
    { name = "fileCountMillion", type = "integer", doc = "Largest number of files, in millions." },
    { name = "spaceTb", type = "integer", doc = "Largest space, in TB." },
  },
}

local AccountList = {
  object = "AccountList",
  fields = {
    { name = "total", type = "integer", doc = "Number of accounts." },
    { name = "contents", type = { array = Account }, doc = "The accounts." },
  },
}

local AccountDetail = {
  object = "AccountDetail",
  fields = account_fields {
    { name = "quotas", type = { array = Quota }, doc = "HDFS quota of each namespace." },
  },
}

local function changed(object, doc)
  return { object = object, fields = { { name = "id", type = "string", doc = doc } } }
end

local AccountChanged = changed("AccountChanged", "Account identifier.")
local AppChanged = changed("AppChanged", "App identifier.")

local NameAvailability = {
  object = "NameAvailability",
  fields = {
    { name = "availableName", type = "boolean", doc = "True where the name can be used." },
    { name = "message", type = "string", doc = "Why it cannot, where the service says so." },
  },
}

local AppContainer = {
  object = "AppContainer",
  fields = {
    { name = "id", type = "string", doc = "Container identifier." },
    { name = "name", type = "string", doc = "Container name, as apps/killContainer takes it." },
    { name = "state", type = "string", doc = "State of the container." },
    { name = "launchedAt", type = "string", doc = "Launch time, ISO 8601." },
    { name = "hostName", type = "string", doc = "Host name of the container." },
  },
}

local AppComponent = {
  object = "AppComponent",
  fields = {
    { name = "name", type = "string", doc = "Component name, as apps/setContainerCount takes it." },
    { name = "state", type = "string", doc = "State of the component." },
    { name = "desired", type = "integer", doc = "Containers asked for." },
    { name = "allocated", type = "integer", doc = "Containers given." },
    { name = "memoryMb", type = "integer", doc = "Memory of each container, in MB." },
    { name = "cpuCount", type = "integer", doc = "CPUs of each container." },
    { name = "image", type = "string", doc = "Container image." },
    { name = "containerCount", type = "integer", doc = "Number of containers." },
    { name = "containers", type = { array = AppContainer }, doc = "The containers." },
  },
}

local App = {
  object = "App",
  fields = {
    { name = "id", type = "string", doc = "App identifier." },
    { name = "name", type = "string", doc = "App name." },
    { name = "state", type = "string", doc = "State of the app." },
    { name = "queueName", type = "string", doc = "YARN queue." },
    { name = "accountId", type = "string", doc = "Identifier of the account that the app belongs to." },
    { name = "accountName", type = "string", doc = "Name of that account." },
    { name = "startedAt", type = "string", doc = "Start time, ISO 8601." },
    { name = "finishedAt", type = "string", doc = "End time, ISO 8601." },
    {
      name = "lifetimeMillis",
      type = "integer",
      doc = "Lifetime. Milliseconds by its name, seconds in the pages' example: do not compute with it.",
    },
    { name = "disabled", type = "boolean", doc = "True where the caller has no permission on the app." },
  },
}

local AppList = {
  object = "AppList",
  fields = {
    { name = "total", type = "integer", doc = "Number of apps." },
    { name = "contents", type = { array = App }, doc = "The apps." },
  },
}

local AppDetail = {
  object = "AppDetail",
  fields = {
    { name = "id", type = "string", doc = "App identifier." },
    { name = "appId", type = "string", doc = "App identifier, again." },
    { name = "name", type = "string", doc = "App name." },
    { name = "appTypeId", type = "string", doc = "Application type and version." },
    { name = "version", type = "string", doc = "Version of the app's definition." },
    {
      name = "lifetime",
      type = "string",
      seconds_as = "lifetimeSeconds",
      doc = "Lifetime as text, such as 7 days, 0:0:0 (604800 seconds).",
    },
    {
      name = "lifetimeSeconds",
      type = "integer",
      derived = true,
      doc = "Lifetime in seconds, read out of lifetime where that holds it.",
    },
    { name = "queueName", type = "string", doc = "YARN queue." },
    { name = "description", type = "string", doc = "Free text." },
    { name = "state", type = "string", doc = "State of the app." },
    { name = "links", type = { map = "string" }, doc = "Addresses of the app's pages, by name." },
    { name = "components", type = { array = AppComponent }, doc = "The components." },
  },
}

local DependableApp = {
  object = "DependableApp",
  fields = {
    { name = "appTypeName", type = "string", doc = "Name of the application type." },
    { name = "appTypeVersion", type = "string", doc = "Version of the application type." },
    { name = "candidates", type = { array = App }, doc = "Apps that can be depended on." },
  },
}

local AppBasicSetting = {
  object = "AppBasicSetting",
  fields = {
    { name = "template", type = "string", doc = "Template text; opaque, it need not parse as JSON." },
    { name = "dependableApp", type = DependableApp, doc = "The apps that this type can depend on." },
    { name = "appMasterCpuCount", type = "integer", doc = "CPUs of the application master." },
    { name = "appMasterMemoryMb", type = "integer", doc = "Memory of the application master, in MB." },
    { name = "publicQueueNames", type = { array = "string" }, doc = "Queues open to every account." },
    { name = "privateQueueNames", type = { array = "string" }, doc = "Queues of this account." },
  },
}

local AppTypeIdList = {
  object = "AppTypeIdList",
  fields = { { name = "contents", type = { array = "string" }, doc = "Application type ids." } },
}

local AppTypeTemplate = {
  object = "AppTypeTemplate",
  fields = {
    { name = "template", type = "string", doc = "Template text; opaque, it need not parse as JSON." },
  },
}

local AppComponentRequest = {
  object = "AppComponentRequest",
  fields = {
    {
      name = "name",
      type = "string",
      required = true,
      min_length = 1,
      doc = "Component name, from apps/getAppBasicSetting.",
    },
    {
      name = "memoryMb",
      type = "integer",
      required = true,
      minimum = 1,
      doc = "Memory of each container, in MB.",
    },
    { name = "cpuCount", type = "integer", required = true, minimum = 1, doc = "CPUs of each container." },
    {
      name = "containerCount",
      type = "integer",
      required = true,
      minimum = 1,
      doc = "Number of containers.",
    },
  },
}

local definitions = {
  {
    group = "accounts",
    name = "checkAvailableName",
    summary = "Checks whether an account name is valid and still free.",
    effect = "read",
    params = { account_name("Account name to test.", true) },
    result = NameAvailability,
    xml = { request = "CheckAccountAvailableNameRequest", response = "CheckAccountAvailableNameResponse" },
  },
  {
    group = "accounts",
    name = "checkHasResource",
    summary = "Tells whether the account still owns resources; asked before it is deleted.",
    effect = "read",
    params = { ACCOUNT_ID },
    result = {
      object = "ResourceCheck",
      fields = {
        { name = "hasResource", type = "boolean", doc = "True where the account still owns resources." },
      },
    },
    xml = { request = "CheckAccountHasResourceRequest", response = "CheckAccountHasResourceResponse" },
  },
  {
    group = "accounts",
    name = "create",
    summary = "Creates the Data Forest account; each user can have one.",
    effect = "once",
    params = { account_name("Account name."), password("Account password.") },
    result = AccountChanged,
    xml = { request = "CreateAccountRequest", response = "CreateAccountResponse" },
  },
  {
    group = "accounts",
    name = "getList",
    summary = "Lists all accounts.",
    effect = "read",
    params = {},
    result = AccountList,
    xml = { request = "GetAccountListRequest", response = "GetAccountListResponse" },
  },
  {
    group = "accounts",
    name = "getDetail",
    summary = "Gives the details of one account, with its HDFS quotas.",
    effect = "read",
    params = { ACCOUNT_ID },
    result = AccountDetail,
    xml = { request = "GetAccountDetailRequest", response = "GetAccountDetailResponse" },
  },
  {
    group = "accounts",
    name = "getKerberosKeytab",
    summary = "Downloads the account's Kerberos keytab file.",
    effect = "read",
    binary = true,
    params = { ACCOUNT_ID },
    result = "string",
    xml = { request = "GetAccountKerberosKeytabRequest" },
  },
  {
    group = "accounts",
    name = "resetKerberosKeytab",
    summary = "Makes a new Kerberos keytab; the old one stops being valid.",
    effect = "once",
    params = { ACCOUNT_ID },
    result = AccountChanged,
    xml = { request = "ResetAccountKerberosKeytabRequest", response = "ResetAccountKerberosKeytabResponse" },
  },
  {
    group = "accounts",
    name = "resetPassword",
    summary = "Sets a new account password.",
    effect = "idempotent",
    params = { ACCOUNT_ID, password("New password.") },
    result = AccountChanged,
    xml = { request = "ResetAccountPasswordRequest", response = "ResetAccountPasswordResponse" },
  },
  {
    group = "accounts",
    name = "setQuota",
    summary = "Changes the HDFS quota of one namespace of an account.",
    effect = "idempotent",
    params = {
      ACCOUNT_ID,
      {
        name = "namespace",
        type = "string",
        required = true,
        values = { "koya", "tata" },
        stated = "koya or tata. Older pages take koya by default.",
        doc = "HDFS namespace.",
      },
      {
        name = "fileCountMillion",
        type = "integer",
        required = true,
        minimum = 1,
        maximum = 5,
        stated = "1 to 5; 1 by default.",
        doc = "Largest number of files, in millions.",
      },
      {
        name = "spaceTb",
        type = "integer",
        required = true,
        minimum = 200,
        maximum = 500,
        multiple_of = 100,
        stated = "200 to 500 in steps of 100; 200 by default.",
        doc = "Largest space, in TB.",
      },
    },
    result = AccountChanged,
    xml = { request = "SetAccountQuotaRequest", response = "SetAccountQuotaResponse" },
  },
  {
    group = "accounts",
    name = "delete",
    summary = "Deletes the account.",
    effect = "idempotent",
    deletes = true,
    params = { ACCOUNT_ID },
    result = AccountChanged,
    xml = { request = "DeleteAccountRequest", response = "DeleteAccountResponse" },
  },
  {
    group = "apps",
    name = "checkAvailableName",
    summary = "Checks whether an app name is valid and still free in an account.",
    effect = "read",
    params = { params.ACCOUNT, app_name("App name to test.") },
    result = NameAvailability,
    xml = { request = "CheckAppAvailableNameRequest", response = "CheckAppAvailableNameResponse" },
  },
  {
    group = "apps",
    name = "getAppTypeIdList",
    summary = "Lists the application types that can be created.",
    effect = "read",
    params = {},
    result = AppTypeIdList,
    xml = { request = "GetAppTypeIdListRequest", response = "GetAppTypeIdListResponse" },
  },
  {
    group = "apps",
    name = "getAppTypeTemplate",
    summary = "Gives the template of an application type.",
    effect = "read",
    params = { APP_TYPE_ID },
    result = AppTypeTemplate,
    xml = { request = "GetAppTypeTemplateRequest", response = "GetAppTypeTemplateResponse" },
  },
  {
    group = "apps",
    name = "getAppBasicSetting",
    summary = "Gives the default settings for creating an app of a type.",
    effect = "read",
    params = { params.ACCOUNT, APP_TYPE_ID },
    result = AppBasicSetting,
    xml = { request = "GetAppBasicSettingRequest", response = "GetAppBasicSettingResponse" },
  },
  {
    group = "apps",
    name = "create",
    summary = "Creates an app.",
    effect = "once",
    params = {
      params.ACCOUNT,
      QUEUE_NAME,
      APP_TYPE_ID,
      app_name("App name."),
      lifetime {
        required = true,
        default = 604800,
        also = { -1 },
        stated = "300 to 604800, or -1.",
        doc = "Running time in seconds; -1 for no end.",
      },
      {
        name = "description",
        type = "string",
        max_length = 2048,
        multiline = true,
        stated = "Up to 2048 characters.",
        doc = "Free text.",
      },
      {
        name = "dependentIds",
        type = { array = "string" },
        doc = "Identifiers of the apps that this one depends on, from apps/getAppBasicSetting.",
      },
      {
        name = "components",
        type = { array = AppComponentRequest },
        required = true,
        doc = "Components of the app; their names come from apps/getAppBasicSetting.",
      },
    },
    result = AppChanged,
    xml = { request = "CreateAppRequest", response = "CreateAppResponse" },
  },
  {
    group = "apps",
    name = "getList",
    summary = "Lists the apps of an account.",
    effect = "read",
    params = { params.SEARCHED_ACCOUNT },
    result = AppList,
    xml = { request = "GetAppListRequest", response = "GetAppListResponse" },
  },
  {
    group = "apps",
    name = "getDetail",
    summary = "Gives the details of one app.",
    effect = "read",
    params = { APP_ID },
    result = AppDetail,
    xml = { request = "GetAppDetailRequest", response = "GetAppDetailResponse" },
  },
  {
    group = "apps",
    name = "setContainerCount",
    summary = "Changes the number of containers of a component.",
    effect = "idempotent",
    params = {
      APP_ID,
      {
        name = "componentName",
        type = "string",
        required = true,
        min_length = 1,
        doc = "Component name, from apps/getDetail.",
      },
      {
        name = "containerCount",
        type = "integer",
        required = true,
        doc = "New number of containers; the pages state no range.",
      },
    },
    result = AppChanged,
    xml = { request = "SetAppContainerCountRequest", response = "SetAppContainerCountResponse" },
  },
  {
    group = "apps",
    name = "setLifetime",
    summary = "Changes the running time of an app.",
    effect = "idempotent",
    params = {
      APP_ID,
      lifetime {
        service_default = 604800,
        stated = "300 to 604800; 604800 by default.",
        doc = "Running time in seconds.",
      },
    },
    result = AppChanged,
    xml = { request = "SetAppLifetimeRequest", response = "SetAppLifetimeResponse" },
  },
  {
    group = "apps",
    name = "killContainer",
    summary = "Restarts one container of an app.",
    effect = "once",
    params = {
      APP_ID,
      {
        name = "containerName",
        type = "string",
        required = true,
        min_length = 1,
        max_length = 60,
        stated = "Up to 60 characters.",
        doc = "Container name, from apps/getDetail.",
      },
    },
    result = AppChanged,
    xml = { request = "KillAppContainerRequest", response = "KillAppContainerResponse" },
  },
  {
    group = "apps",
    name = "killMaster",
    summary = "Restarts the application master of an app.",
    effect = "once",
    params = { APP_ID },
    result = AppChanged,
    xml = { request = "KillAppMasterRequest", response = "KillAppMasterResponse" },
  },
  {
    group = "apps",
    name = "start",
    summary = "Starts a stopped app.",
    effect = "idempotent",
    params = { APP_ID },
    result = AppChanged,
    xml = { request = "StartAppRequest", response = "StartAppResponse" },
  },
  {
    group = "apps",
    name = "stop",
    summary = "Stops an app.",
    effect = "idempotent",
    params = { APP_ID },
    result = AppChanged,
    xml = { request = "StopAppRequest", response = "StopAppResponse" },
  },
  {
    group = "apps",
    name = "delete",
    summary = "Deletes an app.",
    effect = "idempotent",
    deletes = true,
    params = { APP_ID },
    result = AppChanged,
    xml = { request = "DeleteAppRequest", response = "DeleteAppResponse" },
  },
}

--- The API's name in Lua's spelling: `getDetail` is `get_detail`.
-- @tparam string name name as the API spells it
-- @treturn string name of the method
local function method_name(name)
  return (name:gsub("[A-Z]", function(letter)
    return "_" .. ascii.lower(letter)
  end))
end

local operations = { list = {}, by_name = {}, groups = {}, path_prefix = "/api/v2/" }

--- An entry of `operations.list` and `operations.by_name`.
-- @table Operation
-- @tfield string group `"accounts"` or `"apps"`, and among the older ones `"notebooks"`, `"aiworkspaces"`,
--   `"aiapps"`
-- @tfield string name as the API spells it, `"getDetail"`
-- @tfield string id group and name, `"accounts/getDetail"`
-- @tfield string method name of the Lua method, `"get_detail"`
-- @tfield string path `"/api/v2/accounts/getDetail"`
-- @tfield string status `"current"`, or `"older"` where only pages up to 2024 know it
-- @tfield string summary one sentence
-- @tfield string effect `"read"`, `"idempotent"` or `"once"`
-- @tfield ?boolean deletes true where a 404 on a second attempt means that the first one worked
-- @tfield ?boolean binary true where the response is bytes
-- @tfield ?boolean derives true where a field of the response is read out of another one
-- @tfield table params list of parameters
-- @tfield table|string result type of the response; `"any"` where the pages do not show it whole
-- @tfield ?table xml names of the XML roots: `request`, `response`; either may be missing where no page
--   names it
-- @tfield string page the API page that the operation stands for

local function complete(operation)
  operation.id = operation.group .. "/" .. operation.name
  operation.method = method_name(operation.name)
  operation.path = operations.path_prefix .. operation.id
  operation.status = operation.status or "current"
  for _, field in ipairs(type(operation.result) == "table" and operation.result.fields or {}) do
    operation.derives = operation.derives or field.derived
  end
  operation.page = ("https://api.ncloud-docs.com/docs/en/analytics-dataforest-%s-%s"):format(
    operation.group,
    ascii.lower(operation.name)
  )
end

local function add(list)
  for _, operation in ipairs(list) do
    schema.check(operation)
    complete(operation)
    operations.list[#operations.list + 1] = operation
    operations.by_name[operation.id] = operation
    local group = operations.groups[operation.group]
    if not group then
      group = {}
      operations.groups[operation.group] = group
      operations.groups[#operations.groups + 1] = operation.group
    end
    group[#group + 1] = operation
  end
end

add(definitions)
add(legacy)

return operations
