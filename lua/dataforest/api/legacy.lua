--- The operations that only pages up to November 2024 know: notebooks, AI workspaces and AI apps.
--
-- The current overview no longer names them, and whether they still work is not known. They
-- are data of the same kind as those of `dataforest.operations`, with `status = "older"`. Only
-- what the pages state plainly about their parameters is checked; of their responses the pages
-- show parts, so that those are given as they come (`result = "any"`).
--
-- @module dataforest.api.legacy

local params = require "dataforest.api.params"

local account_id, app_name = params.account_id, params.app_name

local function text(name, doc)
  return { name = name, type = "string", required = true, min_length = 1, doc = doc }
end

local function number(name, doc)
  return { name = name, type = "integer", required = true, doc = doc }
end

local function group_of_values(name, doc)
  return { name = name, type = { map = "any" }, required = true, doc = doc }
end

local NOTEBOOK_ID = text("id", "Notebook identifier, from notebooks/getList.")

local VPC = number("vpcNo", "Number of the VPC, from notebooks/getVpcList.")

local SUBNET = number("subnetNo", "Number of a public subnet, from notebooks/getSubnetList.")

local TYPE_CODE = text("typeCode", "Code of the notebook type, from notebooks/getTypeList.")

local TYPE_NAME =
  text("typeName", "Name of the notebook type, such as Jupyter Lab, from notebooks/getTypeList.")

local USER_CONFIGURATIONS = {
  name = "userConfigurations",
  type = {
    array = {
      object = "NotebookUserConfiguration",
      fields = {
        text("componentName", "Component that the setting belongs to."),
        text("name", "Name of the setting."),
        {
          name = "value",
          type = "string",
          required = true,
          secret = true,
          doc = "Value; passwords and keys are among them.",
        },
      },
    },
  },
  required = true,
  doc = "Settings of the user, as notebooks/getUserConfigurationSpecList names them.",
}

local WORKSPACE_CONFIGURATION =
  group_of_values("configuration", "The settings: data, docker, name, queueName, resource, userPackageUri.")

local function workspace_id(name)
  return account_id(name, "Identifier of the AI workspace, from aiworkspaces/getList.")
end

local WORKSPACE_ID = workspace_id "id"

local notebooks = {
  {
    name = "getVpcList",
    summary = "Lists the VPCs that a notebook can be created in.",
    effect = "read",
    params = {},
    xml = { response = "GetVpcListResponse" },
  },
  {
    name = "getVpcDetail",
    summary = "Gives the details of one VPC.",
    effect = "read",
    params = { VPC },
    xml = { request = "GetVpcDetailRequest", response = "GetVpcDetailResponse" },
  },
  {
    name = "getSubnetList",
    summary = "Lists the subnets that a notebook can be created in.",
    effect = "read",
    params = { TYPE_CODE, VPC },
    xml = { request = "GetSubnetListRequest", response = "GetSubnetListResponse" },
  },
  {
    name = "getSubnetDetail",
    summary = "Gives the details of one subnet.",
    effect = "read",
    params = { VPC, SUBNET },
    xml = { request = "GetSubnetDetailRequest", response = "GetSubnetDetailResponse" },
  },
  {
    name = "getTypeList",
    summary = "Lists the notebook types that can be created.",
    effect = "read",
    params = {},
    xml = { response = "GetTypeListResponse" },
  },
  {
    name = "getServerTypeList",
    summary = "Lists the server types that a notebook can be created with.",
    effect = "read",
    params = { TYPE_CODE },
    xml = { request = "GetServerTypeListRequest" },
  },
  {
    name = "getLoginKeyList",
    summary = "Lists the caller's login keys.",
    effect = "read",
    params = {},
    xml = { response = "GetLoginKeyListResponse" },
  },
  {
    name = "getUserConfigurationSpecList",
    summary = "Lists the user settings that a notebook type needs.",
    effect = "read",
    params = { TYPE_NAME },
    xml = { request = "GetNotebookUserConfigurationSpecListRequest" },
  },
  {
    name = "create",
    summary = "Creates a notebook.",
    effect = "once",
    params = {
      params.ACCOUNT,
      {
        name = "addStorage",
        type = "boolean",
        required = true,
        default = false,
        doc = "Whether to add block storage, of storageType and storageGB.",
      },
      text("bucketName", "Object Storage bucket; it must not be locked."),
      text("loginKeyName", "Name of a login key, from notebooks/getLoginKeyList."),
      {
        name = "name",
        type = "string",
        required = true,
        min_length = 3,
        max_length = 15,
        charset = "a-z0-9-",
        charset_doc = "a-z, 0-9 and -",
        edges = "a-z0-9",
        edges_doc = "a letter or a digit",
        doc = "Notebook name; unique, begins with a letter.",
      },
      text("serverTypeCode", "Code of the server type, from notebooks/getServerTypeList."),
      {
        name = "storageGB",
        type = "integer",
        minimum = 100,
        maximum = 2000,
        also = { 4000, 6000 },
        doc = "Size of the added block storage, in GB.",
      },
      {
        name = "storageType",
        type = "string",
        values = { "SSD", "HDD" },
        service_default = "SSD",
        doc = "Kind of the added block storage.",
      },
      SUBNET,
      TYPE_CODE,
      TYPE_NAME,
      USER_CONFIGURATIONS,
      VPC,
    },
  },
  {
    name = "getList",
    summary = "Lists the notebooks of an account.",
    effect = "read",
    params = {
      params.ACCOUNT,
      { name = "limit", type = "integer", within = "paging", minimum = 1, doc = "Most rows to list." },
      { name = "offset", type = "integer", within = "paging", minimum = 0, doc = "Rows to skip." },
    },
    xml = { request = "GetNotebookListRequest", response = "GetNotebookListResponse" },
  },
  {
    name = "getDetail",
    summary = "Gives the details of one notebook.",
    effect = "read",
    params = { NOTEBOOK_ID },
    xml = { request = "GetNotebookDetailRequest" },
  },
  {
    name = "setUserConfigurationList",
    summary = "Sets a notebook's user settings.",
    effect = "idempotent",
    params = { NOTEBOOK_ID, USER_CONFIGURATIONS },
    xml = {
      request = "SetNotebookUserConfigurationListRequest",
      response = "SetNotebookUserConfigurationListResponse",
    },
  },
  {
    name = "delete",
    summary = "Deletes a notebook.",
    effect = "idempotent",
    deletes = true,
    params = { NOTEBOOK_ID },
    xml = { request = "DeleteNotebookRequest" },
  },
}

local aiworkspaces = {
  {
    name = "checkAvailableName",
    summary = "Checks whether the name of an AI workspace can be used.",
    effect = "read",
    params = { params.ACCOUNT, app_name("Name to test.", 1) },
    xml = {
      request = "CheckAiWorkspaceAvailableNameRequest",
      response = "CheckAiWorkspaceAvailableNameResponse",
    },
  },
  {
    name = "getDockerImageList",
    summary = "Lists the Docker images for AI workspaces.",
    effect = "read",
    params = {
      {
        name = "typeName",
        type = "string",
        required = true,
        within = "search",
        values = { "tensorflow", "pytorch" },
        doc = "Family of images.",
      },
    },
    xml = {
      request = "GetAiWorkspaceDockerImageListRequest",
      response = "GetAiWorkspaceDockerImageListResponse",
    },
  },
  {
    name = "create",
    summary = "Creates an AI workspace.",
    effect = "once",
    params = {
      params.ACCOUNT,
      app_name("Name; it begins with a letter.", 1),
      { name = "description", type = "string", max_length = 255, multiline = true, doc = "Free text." },
      WORKSPACE_CONFIGURATION,
    },
    xml = { request = "CreateAiWorkspaceRequest" },
  },
  {
    name = "getList",
    summary = "Lists the AI workspaces of an account.",
    effect = "read",
    params = { params.SEARCHED_ACCOUNT },
    xml = { request = "GetAiWorkspaceListRequest", response = "GetAiWorkspaceListResponse" },
  },
  {
    name = "getDetail",
    summary = "Gives the details of one AI workspace.",
    effect = "read",
    params = { WORKSPACE_ID },
    xml = { request = "GetAiWorkspaceDetailRequest", response = "GetAiWorkspaceDetailResponse" },
  },
  {
    name = "getConfigurationList",
    summary = "Lists the configurations of an AI workspace.",
    effect = "read",
    params = { WORKSPACE_ID },
    xml = {
      request = "GetAiWorkspaceConfigurationListRequest",
      response = "GetAiWorkspaceConfigurationListResponse",
    },
  },
  {
    name = "setConfiguration",
    summary = "Changes the settings of an AI workspace.",
    effect = "idempotent",
    params = { WORKSPACE_ID, WORKSPACE_CONFIGURATION },
  },
  {
    name = "delete",
    summary = "Deletes an AI workspace.",
    effect = "idempotent",
    deletes = true,
    params = { WORKSPACE_ID },
    xml = { request = "DeleteAiWorkspaceRequest", response = "DeleteAiWorkspaceResponse" },
  },
}

local aiapps = {
  {
    name = "submit",
    summary = "Runs an AI app.",
    effect = "once",
    params = {
      workspace_id "aiWorkspaceId",
      {
        name = "namePrefix",
        type = "string",
        required = true,
        min_length = 2,
        max_length = 8,
        doc = "Beginning of the app's name.",
      },
      {
        name = "queueName",
        type = "string",
        required = true,
        min_length = 1,
        default = "gpu",
        doc = "YARN queue that the app runs in.",
      },
      group_of_values("data", "Input and output: lists of paths."),
      group_of_values("docker", "Image, command, arguments, environment and ports."),
      group_of_values("resource", "CPUs, GPUs and memory."),
    },
  },
  {
    name = "getList",
    summary = "Lists the AI apps of an account.",
    effect = "read",
    params = { params.SEARCHED_ACCOUNT },
    xml = { request = "GetAiAppListRequest", response = "GetAiAppListResponse" },
  },
  {
    name = "getDetail",
    summary = "Gives the details of one AI app.",
    effect = "read",
    params = { account_id("id", "AI app identifier, from aiapps/getList.") },
    xml = { request = "GetAiAppDetailRequest" },
  },
}

local list = {}
local function add(group, operations)
  for _, operation in ipairs(operations) do
    operation.group = group
    operation.status = "older"
    operation.result = "any"
    list[#list + 1] = operation
  end
end
add("notebooks", notebooks)
add("aiworkspaces", aiworkspaces)
add("aiapps", aiapps)
return list
