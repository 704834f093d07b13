--- What a service and a network can do wrong, as data, and what a client is to make of it. The same cases
-- run over libcurl and over nginx's cosockets.
--
-- A case:
--
-- - `name`; what `fault_server.start` takes: `tls` ("good" unless said otherwise; false: plain HTTP), `raw`,
--   `refuse`, `full`, `connections`, `fixed`;
-- - `options` of the client (besides those of fault_calls.lua), and `proxied`: it goes through the case's
--   port as a proxy;
-- - `kind`, `sent` (true unless said otherwise), `status`, `message` (a pattern), or `value`: a function that
--   is given the value of a success;
-- - `attempts`: how many for each effect ("read", "idempotent", "once"); the call is made for each of them;
-- - `requests`: how many the server sees, where those are not one an attempt;
-- - `stays`: the next call meets the same; `roomier`: the next call has room for what the response holds;
-- - `operation` and `params`, in place of the effect's own; `warm`: seconds to wait after a good call over
--   the same connection (its response is part of the script);
-- - `seconds`: the most that the call may take;
-- - `curl`, `cosocket`: what is otherwise over this transport, and `because`.

local fault_server = require "spec.support.fault_server"
local tables = require "dataforest.util.tables"

local whole_response, responding, saying =
  fault_server.whole_response, fault_server.responding, fault_server.saying

local LIST = '{"success":true,"total":0,"contents":[]}'
local CHUNKED = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

-- Attempts, where three are allowed.
local ALWAYS = { read = 3, idempotent = 3, once = 3 }
local NEVER = { read = 1, idempotent = 1, once = 1 }
local LOST = { read = 3, idempotent = 1, once = 1 }
local FINAL = { read = 1 }

local NOTHING, MIDDLE = "ended without a response", "ended in the middle of the response"

local cases = {}

local function add(case)
  if case.sent == nil then
    case.sent = true
  end
  cases[#cases + 1] = case
end

--- A response that does not come, or not whole.
local function lost(name, message, connections, more)
  add(tables.copy({
    name = name,
    connections = connections,
    kind = "network",
    message = message,
    attempts = LOST,
  }, more))
end

--- One that takes too long.
local function late(name, message, connections, options, attempts, seconds)
  add {
    name = name,
    connections = connections,
    options = options,
    kind = "timeout",
    message = message,
    attempts = attempts,
    seconds = seconds,
  }
end

--- One that no client should take: a broken response for every effect.
local function broken(name, kind, message, ...)
  add { name = name, connections = saying(...), kind = kind, message = message, attempts = FINAL }
end

local function is_list(value)
  return value.total == 0 and #value.contents == 0
end

-- Connecting ------------------------------------------------------------------------------------------

add {
  name = "nobody listens",
  refuse = true,
  kind = "network",
  sent = false,
  message = "[Cc]onnection refused",
  attempts = ALWAYS,
}
add {
  name = "nobody is let in",
  full = true,
  options = { connect_timeout = 0.15 },
  kind = "timeout",
  sent = false,
  message = "no connection to",
  attempts = ALWAYS,
  seconds = 2,
}
add {
  name = "a name that nobody knows",
  refuse = true,
  options = { base_url = "https://nobody.invalid", connect_to = false, timeout = 2 },
  stays = true, -- the next call meets the same
  kind = "network",
  sent = false,
  message = "cannot find the address of nobody.invalid",
  attempts = ALWAYS,
  seconds = 3,
  cosocket = { message = "no resolver defined.*directive resolver" },
}

-- TLS ---------------------------------------------------------------------------------------------------

add {
  name = "accepted, and not a word of TLS",
  raw = true,
  connections = { { { "hold" } } },
  fixed = { { "tls" }, { "read" }, { "send", whole_response(LIST) }, { "again", 2 } },
  options = { connect_timeout = 0.15 },
  kind = "timeout",
  sent = false,
  message = "no .*connection to",
  attempts = ALWAYS,
  seconds = 2,
}

--- A fault in place of a handshake.
local function without_handshake(name, ...)
  add {
    name = name,
    raw = true,
    connections = { { { "read_bytes", 1 }, ... } },
    fixed = { { "tls" }, { "read" }, { "send", whole_response(LIST) }, { "again", 2 } },
    kind = "tls",
    sent = false,
    message = "no TLS with",
    attempts = NEVER,
    requests = 0,
  }
end

without_handshake("reset in the handshake", { "reset" })
without_handshake("closed in the handshake", { "close" })
without_handshake("plain HTTP on a port of TLS", { "send", "HTTP/1.1 400 Bad Request\r\n\r\n" }, { "close" })
without_handshake("noise in place of TLS", { "send", ("\255\0"):rep(500) }, { "close" })

--- A server whose certificate or protocol will not do.
local function refused(name, tls, message, nginx_message)
  add {
    name = name,
    tls = tls,
    connections = { responding(LIST) },
    kind = "tls",
    sent = false,
    message = message,
    attempts = NEVER,
    requests = 0,
    -- Without OpenResty's patches, nginx loses the reason of some refusals: the advice names all causes then.
    cosocket = { message = nginx_message },
  }
end

refused("an expired certificate", "expired", "expired.*dates", "certificate.*dates")
refused("a self-signed certificate", "self_signed", "ca_file or DATAFOREST", "lua_ssl_trusted_certificate")
refused("a certificate of another host", "wrong_host", "base_url %(connect_to", "the host in base_url")
refused("one of an unknown authority", "untrusted", "ca_file or DATAFOREST", "lua_ssl_trusted_certificate")
for _, version in ipairs { "1", "1.1" } do
  add {
    name = "TLS " .. version .. " only",
    tls = { certificate = "good", protocol = version == "1" and "tlsv1" or "tlsv1_1" },
    connections = { responding(LIST) },
    kind = "tls",
    sent = false,
    message = "TLS 1.2 is the least",
    attempts = { read = 1, once = 1 },
    requests = 0,
    cosocket = { message = "no TLS with" },
  }
end

-- Before the response -------------------------------------------------------------------------------------

lost("closed without a response", NOTHING, saying())
lost("cut without a response", NOTHING, saying { "cut" })
lost("reset without a response", NOTHING, saying { "reset" })
add {
  name = "reset in the request",
  connections = { { { "read_bytes", 20 }, { "reset" } } },
  kind = "network",
  message = NOTHING,
  attempts = LOST,
  requests = 0,
}
add {
  name = "silence after the handshake",
  connections = { { { "hold" } } },
  options = { attempt_timeout = 0.2 },
  kind = "timeout",
  message = "no response",
  attempts = LOST,
  requests = 0,
  seconds = 2,
}
late(
  "silence until the deadline",
  "no response",
  { { { "read" }, { "hold" } } },
  { timeout = 0.4 },
  NEVER,
  1.4
)
late(
  "an attempt's timeout within the deadline",
  "the attempt before ended with timeout",
  { { { "read" }, { "hold" } } },
  { attempt_timeout = 0.2, timeout = 0.5 },
  { read = 3 },
  1.5
)
add {
  name = "silence over plain HTTP",
  tls = false,
  connections = { { { "read" }, { "hold" } } },
  options = { timeout = 0.3 },
  kind = "timeout",
  message = "no response",
  attempts = FINAL,
  seconds = 1.3,
}

-- In the headers -----------------------------------------------------------------------------------------

lost("half a status line", MIDDLE, saying "HTTP/1.1 2")
lost("half of the headers", MIDDLE, saying "HTTP/1.1 200 OK\r\nContent-Le")
lost("reset in the headers", MIDDLE, saying("HTTP/1.1 200 OK\r\nA: b\r\n", { "sleep", 0.03 }, { "reset" }))
lost(
  "reset in the headers, over plain HTTP",
  MIDDLE,
  saying("HTTP/1.1 200 OK\r\nA: b\r\n", { "sleep", 0.03 }, { "reset" }),
  { tls = false }
)
late(
  "headers that do not end",
  "no whole response",
  saying("HTTP/1.1 200 OK\r\nA: b\r\n", { "hold" }),
  { timeout = 0.3 },
  FINAL,
  1.3
)
late(
  "headers that drip",
  "no whole response",
  saying("HTTP/1.1 200 OK\r\n", { "send", "A: b\r\n", 100, 0.02 }),
  { timeout = 0.3 },
  FINAL,
  1.3
)

local LINE = { "send", "A: " .. ("x"):rep(1000) .. "\r\n", 500 }
broken("very many long headers", "limit", "head", "HTTP/1.1 200 OK\r\n", LINE)
broken("very many short headers", "limit", "head", "HTTP/1.1 200 OK\r\n", { "send", "A: b\r\n", 20000 })
broken("one endless header", "limit", "large", "HTTP/1.1 200 OK\r\nA: ", { "send", ("x"):rep(10000), 40 })
broken("informational responses without end", "limit", "", {
  "send",
  "HTTP/1.1 103 Early\r\nA: b\r\n\r\n",
  20000,
})
broken(
  "another protocol from now on",
  "protocol",
  "",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"
)
broken("another protocol altogether", "protocol", "HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n")
broken("a page without headers", "protocol", "HTTP", "<html><body>hello</body></html>\r\n\r\n")
broken("a version from elsewhere", "protocol", "", "HTTP/7.3 200 OK\r\nContent-Length: 2\r\n\r\n{}")
broken("a status that is no number", "protocol", "", "HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\n{}")
broken("a status of two digits", "protocol", "", "HTTP/1.1 99 OK\r\nContent-Length: 2\r\n\r\n{}")
broken("a line without a colon", "protocol", "", "HTTP/1.1 200 OK\r\nhello\r\nContent-Length: 2\r\n\r\n{}")
broken(
  "a blank in a header's name",
  "protocol",
  "",
  "HTTP/1.1 200 OK\r\nA b: c\r\nContent-Length: 2\r\n\r\n{}"
)
broken("a NUL in a header", "protocol", "", "HTTP/1.1 200 OK\r\nA: b\0c\r\nContent-Length: 2\r\n\r\n{}")

-- Framing of the body ------------------------------------------------------------------------------------

local HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

local function with_length(length, body)
  return ("%sContent-Length: %s\r\n\r\n%s"):format(HEAD, tostring(length), body or LIST)
end

lost("half a body", MIDDLE, saying(with_length(#LIST, LIST:sub(1, 10))))
lost("half a body, and no goodbye", MIDDLE, saying(with_length(#LIST, LIST:sub(1, 10)), { "cut" }))
lost("reset after the headers", MIDDLE, saying(with_length(#LIST, ""), { "sleep", 0.03 }, { "reset" }))
lost("reset in the body", MIDDLE, saying(with_length(#LIST, LIST:sub(1, 10)), { "sleep", 0.03 }, { "reset" }))
lost(
  "reset in the body, over plain HTTP",
  MIDDLE,
  saying(with_length(#LIST, LIST:sub(1, 10)), { "sleep", 0.03 }, { "reset" }),
  { tls = false }
)

lost("a Content-Length that is too large", MIDDLE, saying(with_length(#LIST + 5)))
broken(
  "a Content-Length that is too small",
  "protocol",
  "cannot be read",
  with_length(#LIST - 5),
  { "sleep", 0.1 }
)
cases[#cases].status = 200
broken(
  "two lengths that differ",
  "protocol",
  "",
  HEAD .. "Content-Length: 3\r\n" .. with_length(#LIST):sub(#HEAD + 1)
)
broken(
  "two lengths that differ, the right one first",
  "protocol",
  "",
  HEAD .. ("Content-Length: %d\r\nContent-Length: 3\r\n\r\n"):format(#LIST) .. LIST
)
broken(
  "two lengths in one field",
  "protocol",
  "",
  HEAD .. ("Content-Length: %d, 3\r\n\r\n"):format(#LIST) .. LIST
)
broken(
  "a length and chunks",
  "protocol",
  "",
  HEAD
    .. ("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"):format(
      #LIST,
      #LIST,
      LIST
    )
)
broken("an unknown Transfer-Encoding", "protocol", "", HEAD .. "Transfer-Encoding: rot13\r\n\r\n" .. LIST)
broken("a length that is no number", "protocol", "", with_length "abc")
broken("a negative length", "protocol", "", with_length(-1))

local function chunk(body)
  return ("%x\r\n%s\r\n"):format(#body, body)
end

broken("a chunk of no size", "protocol", "", CHUNKED .. "zz\r\n" .. LIST .. "\r\n0\r\n\r\n")
broken("a chunk of a negative size", "protocol", "", CHUNKED .. "-1\r\n" .. LIST .. "\r\n0\r\n\r\n")
broken("a chunk without its end", "protocol", "", CHUNKED .. ("%x\r\n%sXX0\r\n\r\n"):format(#LIST, LIST))
lost("half a chunk", MIDDLE, saying(CHUNKED .. ("%x\r\n%s"):format(#LIST, LIST:sub(1, 10))))
lost("no last chunk", MIDDLE, saying(CHUNKED .. chunk(LIST)))
lost("half of the last chunk", MIDDLE, saying(CHUNKED .. chunk(LIST) .. "0\r\n"))
-- A body that ends with a connection that is cut. nginx cannot tell that from a proper end, so what came is
-- judged there.
local NGINX_CANNOT_TELL = "nginx tells an end with close_notify and one without by the same word"

local function cut_at_its_end(name, text, in_nginx, operation)
  in_nginx.status, in_nginx.because = 200, NGINX_CANNOT_TELL
  add {
    name = name,
    connections = saying(text, { "cut" }),
    operation = operation,
    kind = "protocol",
    message = "close_notify",
    attempts = FINAL,
    cosocket = in_nginx,
  }
end

cut_at_its_end(
  "a success that was cut short",
  HEAD .. "\r\n" .. LIST:sub(1, -2),
  { message = "cannot be read" }
)
cut_at_its_end("a success that was cut before its body", HEAD .. "\r\n", {
  kind = "network",
  message = "cut short",
  attempts = LOST,
})
cut_at_its_end("a success that ends with its connection", HEAD .. "\r\n" .. LIST, { value = is_list })
cut_at_its_end(
  "a keytab that may have been cut short",
  "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n\5\2\0\0",
  { kind = "network", message = "cut short", attempts = { read = 3 } },
  "accounts/getKerberosKeytab"
)

local function too_much(name, ...)
  broken(name, "limit", "max_response_bytes", ...)
  cases[#cases].attempts = NEVER
end

too_much("a body without end", HEAD .. "\r\n", { "send", (" "):rep(10000), 400 })
too_much("chunks without end", CHUNKED, { "send", chunk((" "):rep(1000)), 4000 })
too_much("a declared body that is too large", with_length(99999999, "{"))
too_much("a length beyond all numbers", with_length(("9"):rep(40)))
too_much("a chunk of a huge size", CHUNKED .. ("f"):rep(30) .. "\r\n" .. LIST)

for _, edge in ipairs { "its length", "its chunks" } do
  local body = edge == "its chunks" and CHUNKED .. chunk(LIST) .. "0\r\n\r\n" or with_length(#LIST)
  local connections = { { { "read" }, { "send", body }, { "again" } } }
  add {
    name = "as large as may be, by " .. edge,
    connections = connections,
    options = { max_response_bytes = #LIST },
    value = is_list,
    attempts = FINAL,
  }
  add {
    name = "a byte too large, by " .. edge,
    connections = connections,
    options = { max_response_bytes = #LIST - 1 },
    roomier = true, -- the next call is of a client with more room
    kind = "limit",
    message = "max_response_bytes",
    attempts = FINAL,
  }
end

late(
  "a body that drips",
  "no whole response",
  saying(with_length(200, ""), { "send", " ", 200, 0.02 }),
  { timeout = 0.3 },
  NEVER,
  1.3
)
late(
  "chunks that drip",
  "no whole response",
  saying(CHUNKED, { "send", "1\r\n \r\n", 200, 0.02 }),
  { attempt_timeout = 0.2 },
  LOST,
  2
)
late(
  "a body that does not end",
  "no whole response",
  saying(with_length(#LIST + 1), { "hold" }),
  { timeout = 0.3 },
  FINAL,
  1.3
)

-- What the body says -------------------------------------------------------------------------------------

--- HTTP that is right, and a body that is not.
local function bad_content(name, message, body, headers)
  add {
    name = name,
    connections = { responding(body, { headers = headers }) },
    kind = "protocol",
    status = 200,
    message = message,
    attempts = FINAL,
    options = { max_response_bytes = 4 * 1024 * 1024 },
  }
end

bad_content(
  "a picture",
  "expected JSON or XML",
  "\137PNG\r\n\26\n\0\0\0\rIHDR",
  "Content-Type: image/png\r\n"
)
bad_content(
  "text that is no response",
  "expected JSON or XML",
  "Service is up\n",
  "Content-Type: text/plain\r\n"
)
add {
  name = "packed bytes that nobody asked for",
  connections = {
    responding("\31\139\8\0\0\0\0\0\0\3\171\174\5\0", { headers = "Content-Encoding: gzip\r\n" }),
  },
  kind = "protocol",
  message = "Content%-Encoding: gzip",
  attempts = FINAL,
}
add {
  name = "an error in packed bytes",
  connections = {
    responding("\31\139\8", { status = "404 Not Found", headers = "Content-Encoding: gzip\r\n" }),
  },
  kind = "not_found",
  status = 404,
  message = "",
  attempts = FINAL,
}
add {
  name = "a part of what was asked for",
  connections = { responding(LIST, { status = "206 Partial Content" }) },
  kind = "protocol",
  message = "206",
  attempts = FINAL,
}
bad_content("nothing where a list is due", "empty", "")
bad_content("white space only", "expected JSON or XML", " \r\n \t")
bad_content("bytes that are no UTF-8", "UTF%-8", '{"success":true,"total":0,"contents":[{"name":"\255"}]}')
bad_content("half a character", "UTF%-8", '{"success":true,"total":0,"contents":[{"name":"\237\149"}]}')
bad_content(
  "a surrogate as UTF-8",
  "UTF%-8",
  '{"success":true,"total":0,"contents":[{"name":"\237\160\128"}]}'
)
bad_content(
  "JSON of great depth",
  "",
  '{"success":true,"contents":' .. ("["):rep(100) .. ("]"):rep(100) .. "}"
)
bad_content("JSON of enormous depth", "", ("["):rep(200000))
bad_content("objects of enormous depth", "", ('{"a":'):rep(200000))
bad_content("a number beyond all bounds", "", '{"success":true,"total":1e999,"contents":[]}')
bad_content("a number that no double holds", "", '{"success":true,"total":9007199254740994,"contents":[]}')
bad_content("half a number where a whole one is due", "integer", '{"success":true,"total":1.5,"contents":[]}')
bad_content("NaN", "", '{"success":true,"total":NaN,"contents":[]}')
bad_content("nan beside the fields", "", '{"success":true,"total":0,"contents":[],"more":nan}')
bad_content("Infinity", "", '{"success":true,"total":-Infinity,"contents":[]}')
bad_content("a hexadecimal number", "", '{"success":true,"total":0x10,"contents":[]}')
bad_content("truncated JSON", "", LIST:sub(1, -2))
bad_content("JSON and more", "", LIST .. LIST)
bad_content("a list where a table is due", "", "[1,2,3]")
bad_content("null", "expected JSON or XML", "null")
bad_content("a field of the wrong type", "contents", '{"success":true,"total":0,"contents":"none at all"}')
bad_content("truncated XML", "invalid XML", "<GetAccountListResponse><total>0</total>")
bad_content("XML of great depth", "nested", ("<a>"):rep(2000) .. ("</a>"):rep(2000))
bad_content("XML and more", "invalid XML", "<a><total>0</total></a><b/>")
bad_content(
  "XML in Latin 1",
  "ISO%-8859%-1",
  '<?xml version="1.0" encoding="ISO-8859-1"?><a><total>0</total></a>'
)
bad_content(
  "a billion laughs",
  "DTD",
  '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a0 "ha">'
    .. '<!ENTITY a1 "&a0;&a0;&a0;&a0;&a0;&a0;&a0;&a0;"><!ENTITY a2 "&a1;&a1;&a1;&a1;&a1;&a1;&a1;&a1;">'
    .. '<!ENTITY a3 "&a2;&a2;&a2;&a2;&a2;&a2;&a2;&a2;"><!ENTITY a4 "&a3;&a3;&a3;&a3;&a3;&a3;&a3;&a3;">]>'
    .. "<a><name>&a4;</name></a>"
)
bad_content(
  "an entity from a file",
  "DTD",
  '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><name>&x;</name></a>'
)
bad_content(
  "a DTD from elsewhere",
  "DTD",
  '<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://127.0.0.1:@PORT redirect target@a.dtd"><a/>'
)
bad_content("an entity that nobody declared", "invalid XML", "<a><name>&x;</name></a>")
bad_content(
  "a page of a proxy",
  "HTML page",
  "<!DOCTYPE html><html><body>Log in</body></html>",
  "Content-Type: text/html\r\n"
)
bad_content("a page that says it is JSON", "HTML page", "<html><body>ok</body></html>")

add {
  name = "JSON that says it is text",
  connections = { responding(LIST, { headers = "Content-Type: text/plain;charset=UTF-8\r\n" }) },
  value = is_list,
  attempts = FINAL,
}
lost("half a keytab", MIDDLE, saying(with_length(40, "\5\2\0\0")))
cases[#cases].operation, cases[#cases].attempts = "accounts/getKerberosKeytab", { read = 3 }
add {
  name = "a page in place of a keytab",
  connections = { responding("<html><body>Log in</body></html>") },
  operation = "accounts/getKerberosKeytab",
  kind = "protocol",
  status = 200,
  message = "text came where bytes were expected",
  attempts = FINAL,
}

-- Early responses ----------------------------------------------------------------------------------------

add {
  name = "a refusal while the request is still being sent",
  tls = false,
  connections = {
    {
      { "read_bytes", 2000 },
      {
        "send",
        whole_response(
          '{"error":{"errorCode":"430","message":"too big"}}',
          { status = "413 Payload Too Large", headers = "Connection: close\r\n" }
        ),
      },
      { "sleep", 0.05 },
      { "reset" },
    },
  },
  operation = "foo/createBig",
  params = { x = ("a"):rep(5000000) },
  kind = "invalid",
  status = 413,
  message = "too big",
  attempts = { once = 1 },
  requests = 0,
}

-- Redirects ----------------------------------------------------------------------------------------------

cases.REDIRECT_TARGET = "redirect target"

for _, status in ipairs {
  "301 Moved Permanently",
  "302 Found",
  "303 See Other",
  "307 Temporary Redirect",
  "308 Permanent Redirect",
} do
  local number = tonumber(status:match "%d+")
  local location = number == 303 and "/elsewhere" or "http://127.0.0.1:@PORT redirect target@"
  add {
    name = "a redirect with " .. status,
    connections = { responding("", { status = status, headers = ("Location: %s\r\n"):format(location) }) },
    kind = "protocol",
    status = number,
    message = "redirect, which is never followed",
    attempts = { read = 1, once = 1 },
  }
end

-- Errors of the service ----------------------------------------------------------------------------------

local function envelope(code, message)
  return ('{"error":{"errorCode":"%s","message":"%s"}}'):format(code, message)
end

--- The same answer each time.
local function refusing(name, status, body, kind, attempts, more)
  local case = {
    name = name,
    connections = { responding(body, { status = status, headers = more and more.headers }) },
    kind = kind,
    status = tonumber(status:match "%d+"),
    message = more and more.message or "",
    attempts = attempts,
    seconds = more and more.seconds,
    options = more and more.options,
  }
  add(case)
end

refusing("429, throttled", "429 Too Many Requests", envelope("410", "Throttle Limited"), "throttled", ALWAYS)
refusing("429, too fast", "429 Too Many Requests", envelope("420", "Rate Limited"), "throttled", ALWAYS)
refusing("429, a quota used up", "429 Too Many Requests", envelope("400", "Quota Exceeded"), "quota", NEVER)
refusing("500", "500 Internal Server Error", envelope("900", "Unexpected Error"), "server", {
  read = 2,
  idempotent = 1,
  once = 1,
})
refusing("501", "501 Not Implemented", "", "server", NEVER)
refusing(
  "502, a page of a proxy",
  "502 Bad Gateway",
  "<html><body>502 Bad Gateway</body></html>",
  "server",
  LOST,
  {
    headers = "Content-Type: text/html\r\n",
    message = "bad gateway",
  }
)
refusing("503 of the gateway", "503 Service Unavailable", envelope("500", "Endpoint Error"), "server", {
  read = 3,
  idempotent = 3,
  once = 1,
})
refusing("503 of somebody else", "503 Service Unavailable", "", "server", LOST)
refusing("504", "504 Gateway Timeout", envelope("510", "Endpoint Timeout"), "server", LOST)
refusing("400", "400 Bad Request", envelope("100", "Bad Request Exception"), "invalid", NEVER)
refusing("401", "401 Unauthorized", envelope("200", "Authentication Failed"), "auth", NEVER)
refusing("401, not permitted", "401 Unauthorized", envelope("210", "Permission Denied"), "forbidden", FINAL)
refusing("403, a page of a proxy", "403 Forbidden", "<html><body>no</body></html>", "forbidden", NEVER, {
  headers = "Content-Type: text/html\r\n",
})
refusing("407 of a proxy", "407 Proxy Authentication Required", "", "invalid", FINAL)
refusing("413", "413 Payload Too Large", envelope("430", "Request Entity Too Large"), "invalid", FINAL)
refusing(
  "a success that is a refusal",
  "200 OK",
  '{"success":false,"message":"one account per user"}',
  "refused",
  NEVER
)
refusing("a success with an error in it", "200 OK", envelope("900", "Unexpected Error"), "refused", NEVER)
refusing(
  "Retry-After behind the deadline",
  "503 Service Unavailable",
  envelope("500", "Endpoint Error"),
  "server",
  NEVER,
  {
    headers = "Retry-After: 60\r\n",
    seconds = 1,
  }
)
refusing(
  "a date to retry after, behind the deadline",
  "429 Too Many Requests",
  envelope("410", "x"),
  "throttled",
  NEVER,
  {
    headers = "Retry-After: @DATE+60@\r\n",
    seconds = 1,
  }
)
refusing(
  "a Retry-After that is neither",
  "429 Too Many Requests",
  envelope("410", "x"),
  "throttled",
  ALWAYS,
  {
    headers = "Retry-After: soon\r\n",
  }
)

--- A response for each connection, which is closed behind it.
local function in_turn(...)
  local scripts = {}
  for index = 1, select("#", ...) do
    local given = select(index, ...)
    local more = { status = given.status, headers = "Connection: close\r\n" .. (given.headers or "") }
    scripts[index] = { { "read" }, { "send", whole_response(given.body, more) }, { "close" } }
  end
  return scripts
end

local UNAVAILABLE = { status = "503 Service Unavailable", body = envelope("500", "Endpoint Error") }
local GONE = { status = "404 Not Found", body = '{"message":"no such element","success":false}' }
local THROTTLED = { status = "429 Too Many Requests", body = envelope("410", "Throttle Limited") }
local WELL = { body = LIST }

local function unavailable(retry_after)
  local headers = ("Retry-After: %s\r\n"):format(retry_after)
  return { status = UNAVAILABLE.status, body = UNAVAILABLE.body, headers = headers }
end

add {
  name = "unavailable for a second, in seconds",
  connections = in_turn(unavailable "1", WELL),
  value = is_list,
  attempts = { read = 2 },
  at_least = 1,
  seconds = 2.5,
}
add {
  name = "unavailable for a second, as a date",
  connections = in_turn(unavailable "@DATE+1@", WELL),
  value = is_list,
  attempts = { read = 2 },
  at_least = 0.9,
  seconds = 3.5,
}
add {
  name = "throttled twice, then well",
  connections = in_turn(THROTTLED, THROTTLED, WELL),
  value = is_list,
  attempts = ALWAYS,
}
add {
  name = "a deletion that had worked",
  connections = in_turn(UNAVAILABLE, GONE),
  operation = "accounts/delete",
  value = function(value)
    return type(value.id) == "string" and next(value, next(value)) == nil
  end,
  status = 404,
  attempts = { idempotent = 2 },
}
add {
  name = "a deletion of nothing",
  connections = in_turn(GONE),
  operation = "accounts/delete",
  kind = "not_found",
  status = 404,
  message = "no such element",
  attempts = { idempotent = 1 },
}

-- Kept connections ---------------------------------------------------------------------------------------

-- The good call comes first, and its connection is in the pool when the call is made that counts.
add {
  name = "closed while idle",
  connections = { { { "read" }, { "send", whole_response(LIST) }, { "close" } }, responding(LIST) },
  warm = 0.05,
  value = is_list,
  attempts = NEVER,
  requests = 2,
}
add {
  name = "reset while idle",
  connections = {
    { { "read" }, { "send", whole_response(LIST) }, { "sleep", 0.02 }, { "reset" } },
    responding(LIST),
  },
  warm = 0.08,
  value = is_list,
  attempts = NEVER,
  requests = 2,
}
add {
  name = "closed as the next request comes",
  connections = {
    { { "read" }, { "send", whole_response(LIST) }, { "read" }, { "close" } },
    responding(LIST),
  },
  warm = 0.02,
  value = is_list,
  attempts = NEVER,
  requests = { read = 3, idempotent = 2, once = 2 }, -- what changes something has a connection of its own
}
add {
  name = "closed as each request comes",
  connections = {
    { { "read" }, { "send", whole_response(LIST) }, { "read" }, { "close" } },
    { { "read" }, { "close" } },
  },
  warm = 0.02,
  kind = "network",
  message = NOTHING,
  attempts = LOST,
  requests = { read = 5, idempotent = 2, once = 2 },
}
add {
  name = "a response that nobody asked for",
  connections = {
    {
      { "read" },
      { "send", whole_response(LIST) },
      { "sleep", 0.03 },
      { "send", whole_response '{"success":true,"total":9}' },
      { "hold" },
    },
    responding(LIST),
  },
  warm = 0.1,
  value = is_list,
  attempts = { read = 1, once = 1 },
  requests = 2,
}

-- Proxies ------------------------------------------------------------------------------------------------

local THROUGH = {
  { "read" },
  { "send", "HTTP/1.1 200 Connection established\r\n\r\n" },
  { "tls" },
  { "read" },
  { "send", whole_response(LIST) },
  { "again", 4 },
}

local function proxy(name, message, case)
  case.name, case.message = name, message
  case.proxied, case.raw, case.fixed = true, true, THROUGH
  case.kind, case.sent = case.kind or "network", false
  case.attempts = case.attempts or ALWAYS
  add(case)
end

proxy("a proxy that refuses", "403", {
  connections = saying "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
})
proxy("a proxy that wants a password", "407", {
  kind = "argument",
  attempts = NEVER,
  connections = saying "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
})
proxy("a proxy that hangs up", "", { connections = saying() })
proxy("a proxy that says nothing", "proxy 127", {
  connections = { { { "read" }, { "hold" } } },
  options = { connect_timeout = 0.15 },
  kind = "timeout",
  seconds = 2,
})
proxy("a proxy that is not there", "", { refuse = true, requests = 0 })

return cases
