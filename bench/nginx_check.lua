--- Inside the bench's nginx: looks at a sample of the requests as the service would.

local answers = require "bench.answers"
local core = require "dataforest.core"

local check = {}

local ACCESS_KEY, SECRET_KEY = os.getenv "BENCH_ACCESS_KEY", os.getenv "BENCH_SECRET_KEY"
local LATE = 300 -- seconds

local signer = core.signer(ACCESS_KEY, SECRET_KEY)
local counts = { right = 0, wrong = 0 }

local function fault()
  local headers = ngx.req.get_headers()
  local timestamp = headers["x-ncp-apigw-timestamp"] or ""
  local seconds = (tonumber(timestamp) or 0) / 1000
  ngx.req.read_body()
  if ngx.var.scheme ~= "https" then
    return "it came over " .. ngx.var.scheme
  elseif ngx.var.server_protocol ~= "HTTP/1.1" then
    return "it came in " .. ngx.var.server_protocol
  elseif headers["x-ncp-iam-access-key"] ~= ACCESS_KEY then
    return "another access key"
  elseif math.abs(seconds - core.now()) > LATE then
    return "another time"
  elseif
    headers["x-ncp-apigw-signature-v2"] ~= signer:sign(ngx.req.get_method(), ngx.var.request_uri, timestamp)
  then
    return "another signature"
  elseif ngx.req.get_body_data() ~= os.getenv "BENCH_BODY" then
    return "another body"
  end
end

--- Answers one of the sample.
function check.answer()
  local what = fault()
  counts[what and "wrong" or "right"] = counts[what and "wrong" or "right"] + 1
  if what then
    ngx.log(ngx.ERR, "a request of the sample is wrong: ", what)
    return ngx.exit(ngx.HTTP_UNAUTHORIZED)
  end
  ngx.header["Content-Length"] = #answers.account
  ngx.print(answers.account)
end

--- Tells how many were right and wrong.
function check.report()
  ngx.print(counts.right, " ", counts.wrong)
end

return check
