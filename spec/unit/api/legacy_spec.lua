local core = require "dataforest.core"
local operations = require "dataforest.operations"

local ID = "2mUVZaHseGadiNFAg5MHjk"

local client = require("spec.support.scripted_client").new

describe("the older groups", function()
  it("are data like the others, marked older", function()
    local counts = {}
    for _, operation in ipairs(operations.list) do
      if operation.status == "older" then
        counts[operation.group] = (counts[operation.group] or 0) + 1
        assert.are.equal("any", operation.result)
        assert.is_nil(operation.derives)
        local reads = operation.name:find "^get" or operation.name:find "^check"
        local once = operation.name == "create" or operation.name == "submit"
        assert.are.equal(reads and "read" or once and "once" or "idempotent", operation.effect)
      else
        assert.are.equal("current", operation.status)
      end
    end
    assert.are.same({ notebooks = 13, aiworkspaces = 8, aiapps = 3 }, counts)
    assert.are.equal(
      "https://api.ncloud-docs.com/docs/en/analytics-dataforest-notebooks-getsubnetlist",
      operations.by_name["notebooks/getSubnetList"].page
    )
  end)

  it("have methods, and send the documented examples", function()
    local CASES = {
      { "notebooks", "get_vpc_list", nil, "{}" },
      { "notebooks", "get_vpc_detail", { vpcNo = 8717 }, '{"vpcNo":8717}' },
      {
        "notebooks",
        "get_subnet_list",
        { typeCode = "SW.DFRNT.OS.LNX64.CNTOS.0708.B050", vpcNo = 8717 },
        '{"typeCode":"SW.DFRNT.OS.LNX64.CNTOS.0708.B050","vpcNo":8717}',
      },
      { "notebooks", "get_user_configuration_spec_list", "Jupyter Lab", '{"typeName":"Jupyter Lab"}' },
      {
        "notebooks",
        "get_list",
        { accountId = ID, paging = { limit = 10, offset = 0 } },
        '{"accountId":"' .. ID .. '","paging":{"limit":10,"offset":0}}',
      },
      { "notebooks", "delete", "7kHeVWhiRsxdRl0nXz04ri", '{"id":"7kHeVWhiRsxdRl0nXz04ri"}' },
      { "aiapps", "get_list", { search = { accountId = ID } }, '{"search":{"accountId":"' .. ID .. '"}}' },
      { "aiworkspaces", "delete", "5R4q4qDy7AafDHz9IeTIfu", '{"id":"5R4q4qDy7AafDHz9IeTIfu"}' },
    }
    for _, case in ipairs(CASES) do
      local df, transport = client { { body = '{"success":true,"message":"success","contents":[{"no":1}]}' } }
      local group = df[case[1]]
      local value, err = group[case[2]](group, case[3])
      assert.is_nil(err)
      assert.are.same({ contents = { { no = 1 } } }, value)
      assert.are.same(core.decode(case[4]), core.decode(transport.requests[1].body))
    end
  end)

  it("check what the pages state about parameters", function()
    local df, transport = client {}
    local CASES = {
      { "notebooks", "get_vpc_detail", {}, "vpcNo" },
      { "notebooks", "get_vpc_detail", { vpcNo = "8717" }, "vpcNo" },
      { "notebooks", "get_list", { accountId = ID, limit = 0 }, "paging.limit" },
      { "aiworkspaces", "get_docker_image_list", "mxnet", "search.typeName" },
      { "aiworkspaces", "check_available_name", { accountId = ID, name = "a--b" }, "name" },
      { "aiapps", "submit", { aiWorkspaceId = ID, namePrefix = "too-long-a-name" }, "namePrefix" },
    }
    for _, case in ipairs(CASES) do
      local group = df[case[1]]
      local value, err = group[case[2]](group, case[3])
      assert.is_nil(value)
      assert.are.equal("argument", err.kind)
      assert.are.equal(case[4], err.field)
    end
    assert.are.equal(0, #transport.requests)
  end)

  it("take any settings of a workspace", function()
    local df, transport = client { { body = '{"success":true,"id":"' .. ID .. '"}' } }
    local created = df.aiworkspaces:create {
      accountId = ID,
      name = "vision",
      configuration = { resource = { gpuCount = 1 }, docker = { exposeTcpPorts = { 8080 } } },
    }
    assert.are.same({ id = ID }, created)
    assert.is_true(transport.requests[1].once)
    assert.matches('"exposeTcpPorts":[8080]', transport.requests[1].body, 1, true)
  end)

  it("speak XML where the pages name the root, and say so where they do not", function()
    local df, transport = client({
      { body = "<GetVpcDetailResponse><success>true</success><vpcNo>1</vpcNo></GetVpcDetailResponse>" },
    }, { format = "xml" })
    assert.are.same({ vpcNo = "1" }, df.notebooks:get_vpc_detail { vpcNo = 8717 })
    assert.matches(
      "<GetVpcDetailRequest><vpcNo>8717</vpcNo></GetVpcDetailRequest>",
      transport.requests[1].body,
      1,
      true
    )
    local value, err = df.notebooks:get_vpc_list()
    assert.is_nil(value)
    assert.are.equal("argument", err.kind)
    assert.matches("use the format json", err.message, 1, true)
  end)

  it("keep the values of user settings out of messages", function()
    local settings = {
      { componentName = "Jupyter Lab", name = "Access Password", value = "hunter22" },
    }
    local df = client { { status = 400, body = '{"success":false,"message":"bad value \'hunter22\'"}' } }
    local _, err = df.notebooks:set_user_configuration_list { id = ID, userConfigurations = settings }
    assert.are.equal("bad value '[redacted]'", err.message)
    settings[1].value = 7
    _, err = df.notebooks:set_user_configuration_list { id = ID, userConfigurations = settings }
    assert.are.equal("argument", err.kind)
    assert.are.equal("userConfigurations[1].value", err.field)
  end)
end)

describe("methods beside the operations", function()
  it("say how to call where the colon was forgotten", function()
    local df = client {}
    local ok, message = pcall(df.accounts.save_kerberos_keytab, { id = ID, path = "x" })
    assert.is_false(ok)
    assert.matches("df.accounts:save_kerberos_keytab(...)", message, 1, true)
  end)
end)
