--- The headers of the API gateway, by name.
-- @module dataforest.api.headers

return {
  TIMESTAMP = "x-ncp-apigw-timestamp",
  ACCESS_KEY = "x-ncp-iam-access-key",
  SIGNATURE = "x-ncp-apigw-signature-v2",
  TRACE_ID = "x-ncp-trace-id",
}
