-- Puts accounts into the emulator that the environment names, for tools/demo-openresty.sh.

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

local DAY = 86400

local function add(name, age_seconds, koya, tata)
  local function quota(pair)
    return ('{"spaceTb":%d,"fileCountMillion":%d}'):format(pair[1], pair[2])
  end
  local created_at = control("now", "{}") - age_seconds
  local text = '{"name":"%s","created_at":%.0f,"quotas":{"koya":%s,"tata":%s}}'
  control("add_account", text:format(name, created_at, quota(koya), quota(tata)))
end

add("analytics", 412 * DAY, { 500, 5 }, { 400, 3 })
add("search-logs", 230 * DAY, { 300, 2 }, { 200, 1 })
add("batch", 77 * DAY, { 200, 1 }, { 200, 4 })
add("cloud1", 0, { 200, 1 }, { 200, 1 })
