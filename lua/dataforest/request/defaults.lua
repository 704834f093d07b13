--- All defaults, once. The documentation quotes this table.
-- @module dataforest.request.defaults

return {
  base_url = "https://df.apigw.ntruss.com",
  format = "json",
  timeout = 30, -- seconds
  connect_timeout = 5, -- seconds
  max_response_bytes = 8 * 1024 * 1024,
  validate = true,
  password_rule = "strict",
  transport = "auto",
  pool_size = 64, -- connections
  pool_idle_timeout = 60, -- seconds

  -- A read over a kept connection that has been silent for so many seconds is sent again over a new one, if
  -- as much time is left for that: the path may have died without a sign.
  silence = 5,

  -- Keys that expire are asked for again so many seconds before.
  key_renewal = 300,

  -- Attempts in all, and pauses in seconds.
  retry = { attempts = 3, base_delay = 0.5, max_delay = 20 },

  -- Of `wait`, and of what waits in the same way; seconds.
  wait = { timeout = 300, interval = 2, max_interval = 15 },

  -- Calls at a time of `df:map`.
  concurrency = 64,
}
