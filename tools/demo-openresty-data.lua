-- Puts an account into the emulator that the environment names, for tools/demo-openresty.sh.

local curl = require "dataforest.curl"
local json = require "dataforest.codec.json"

local engine = curl.engine { ca_file = os.getenv "DATAFOREST_CA_FILE" }

local function control(what, body)
  local response, failure = engine:perform {
    method = "POST",
    url = os.getenv "DATAFOREST_BASE_URL" .. "/_emulator/" .. what,
    headers = {},
    body = body,
    timeout = 10,
    connect_timeout = 5,
    max_response_bytes = 100000,
  }
  assert(response, failure and failure.message)
  assert(response.status == 200, response.body)
  return json.decode(response.body).result
end

-- A user has one account, and so has the emulator's.
control("add_account", '{"name":"cloud1","quotas":{"koya":{"spaceTb":300,"fileCountMillion":2}}}')
