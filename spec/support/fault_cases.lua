--- What a service and a network can do wrong, as data, and what a client is to make of it. The same cases
-- run over libcurl and over nginx's cosockets.
--
-- A case:
--
-- - `name`; what `fault_server.start` takes: `tls` ("good" unless said otherwise; false: plain HTTP), `raw`,
--   `refuse`, `full`, `connections`, `mended`;
-- - `options` of the client (besides those of fault_calls.lua), and `proxied`: it goes through the case's
--   port as a proxy;
-- - `kind`, `sent` (nil where the error is of an answer), `status`, `message` (a pattern), or `value`: a
--   function that is given the value of a success;
-- - `attempts`: how many for each effect ("read", "idempotent", "once"); the call is made for each of them;
-- - `requests`: how many the server sees, where those are not one an attempt;
-- - `stays`: the next call meets the same; `roomier`: the next call has room for what the answer holds;
-- - `operation` and `params`, in place of the effect's own; `warm`: seconds to wait after a good call over
--   the same connection (its answer is part of the script);
-- - `seconds`: the most that the call may take;
-- - `curl`, `cosocket`: what is otherwise over this transport, and `because`.

local answers = require "spec.support.fault_server"

local answer, answering, saying = answers.answer, answers.answering, answers.saying

local LIST = '{"success":true,"total":0,"contents":[]}'
local CHUNKED = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

-- Attempts, where three are allowed.
local UNSENT = { read = 3, idempotent = 3, once = 3 }
local LOST = { read = 3, idempotent = 1, once = 1 }
local FINAL = { read = 1 }

local NOTHING, MIDDLE = "ended without a response", "ended in the middle of the response"

local cases = {}

local function add(case)
  cases[#cases + 1] = case
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
  attempts = UNSENT,
}
add {
  name = "nobody is let in",
  full = true,
  options = { connect_timeout = 0.15 },
  kind = "timeout",
  sent = false,
  message = "no connection to",
  attempts = UNSENT,
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
  attempts = UNSENT,
  seconds = 3,
  cosocket = { message = "no resolver defined.*directive resolver" },
}

-- TLS ---------------------------------------------------------------------------------------------------

add {
  name = "accepted, and not a word of TLS",
  raw = true,
  connections = { { { "hold" } } },
  mended = { { "tls" }, { "read" }, { "send", answer(LIST) }, { "again", 2 } },
  options = { connect_timeout = 0.15 },
  kind = "timeout",
  sent = false,
  message = "no .*connection to",
  attempts = UNSENT,
  seconds = 2,
}

--- A fault in place of a handshake.
local function without_handshake(name, ...)
  add {
    name = name,
    raw = true,
    connections = { { { "read_bytes", 1 }, ... } },
    mended = { { "tls" }, { "read" }, { "send", answer(LIST) }, { "again", 2 } },
    kind = "tls",
    sent = false,
    message = "no TLS with",
    attempts = { read = 1, idempotent = 1, once = 1 },
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
    connections = { answering(LIST) },
    kind = "tls",
    sent = false,
    message = message,
    attempts = { read = 1, idempotent = 1, once = 1 },
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
    connections = { answering(LIST) },
    kind = "tls",
    sent = false,
    message = "TLS 1.2 is the least",
    attempts = { read = 1, once = 1 },
    requests = 0,
    cosocket = { message = "no TLS with" },
  }
end

-- Before the answer -------------------------------------------------------------------------------------

add {
  name = "closed without an answer",
  connections = saying(),
  kind = "network",
  sent = true,
  message = NOTHING,
  attempts = LOST,
}
add {
  name = "cut without an answer",
  connections = saying { "cut" },
  kind = "network",
  sent = true,
  message = NOTHING,
  attempts = LOST,
}
add {
  name = "reset without an answer",
  connections = saying { "reset" },
  kind = "network",
  sent = true,
  message = NOTHING,
  attempts = LOST,
}
add {
  name = "reset in the request",
  connections = { { { "read_bytes", 20 }, { "reset" } } },
  kind = "network",
  sent = true,
  message = NOTHING,
  attempts = LOST,
  requests = 0,
}
add {
  name = "silence after the handshake",
  connections = { { { "hold" } } },
  options = { attempt_timeout = 0.2 },
  kind = "timeout",
  sent = true,
  message = "no response",
  attempts = LOST,
  requests = 0,
  seconds = 2,
}
add {
  name = "silence until the deadline",
  connections = { { { "read" }, { "hold" } } },
  options = { timeout = 0.4 },
  kind = "timeout",
  sent = true,
  message = "no response",
  attempts = { read = 1, idempotent = 1, once = 1 },
  seconds = 1.4,
}
add {
  name = "an attempt's timeout within the deadline",
  connections = { { { "read" }, { "hold" } } },
  options = { attempt_timeout = 0.2, timeout = 0.5 },
  kind = "timeout",
  sent = true,
  message = "the attempt before ended with timeout",
  attempts = { read = 3 },
  seconds = 1.5,
}
add {
  name = "silence over plain HTTP",
  tls = false,
  connections = { { { "read" }, { "hold" } } },
  options = { timeout = 0.3 },
  kind = "timeout",
  sent = true,
  message = "no response",
  attempts = FINAL,
  seconds = 1.3,
}

-- In the head --------------------------------------------------------------------------------------------

add {
  name = "half a status line",
  connections = saying "HTTP/1.1 2",
  kind = "network",
  sent = true,
  message = MIDDLE,
  attempts = LOST,
}
add {
  name = "half a head",
  connections = saying "HTTP/1.1 200 OK\r\nContent-Le",
  kind = "network",
  sent = true,
  message = MIDDLE,
  attempts = LOST,
}
add {
  name = "reset in the head",
  connections = saying("HTTP/1.1 200 OK\r\nA: b\r\n", { "sleep", 0.03 }, { "reset" }),
  kind = "network",
  sent = true,
  message = MIDDLE,
  attempts = LOST,
}
add {
  name = "reset in the head, over plain HTTP",
  tls = false,
  connections = saying("HTTP/1.1 200 OK\r\nA: b\r\n", { "sleep", 0.03 }, { "reset" }),
  kind = "network",
  sent = true,
  message = MIDDLE,
  attempts = LOST,
}
add {
  name = "a head that does not end",
  connections = saying("HTTP/1.1 200 OK\r\nA: b\r\n", { "hold" }),
  options = { timeout = 0.3 },
  kind = "timeout",
  sent = true,
  message = "no whole response",
  attempts = FINAL,
  seconds = 1.3,
}
add {
  name = "a head that drips",
  connections = saying("HTTP/1.1 200 OK\r\n", { "send", "A: b\r\n", 100, 0.02 }),
  options = { timeout = 0.3 },
  kind = "timeout",
  sent = true,
  message = "no whole response",
  attempts = FINAL,
  seconds = 1.3,
}

--- A head that no client should take.
local function bad_head(name, kind, message, ...)
  add {
    name = name,
    connections = saying(...),
    kind = kind,
    sent = true,
    message = message,
    attempts = FINAL,
  }
end

local LINE = { "send", "A: " .. ("x"):rep(1000) .. "\r\n", 500 }
bad_head("a head of very many lines", "limit", "head", "HTTP/1.1 200 OK\r\n", LINE)
bad_head(
  "a head of very many small fields",
  "limit",
  "head",
  "HTTP/1.1 200 OK\r\n",
  { "send", "A: b\r\n", 20000 }
)
bad_head(
  "a head of one endless line",
  "limit",
  "large",
  "HTTP/1.1 200 OK\r\nA: ",
  { "send", ("x"):rep(10000), 40 }
)
bad_head("informational answers without end", "limit", "", {
  "send",
  "HTTP/1.1 103 Early\r\nA: b\r\n\r\n",
  20000,
})
bad_head(
  "another protocol from now on",
  "protocol",
  "",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"
)
bad_head("another protocol altogether", "protocol", "HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n")
bad_head("a page without a head", "protocol", "HTTP", "<html><body>hello</body></html>\r\n\r\n")
bad_head("a version from elsewhere", "protocol", "", "HTTP/7.3 200 OK\r\nContent-Length: 2\r\n\r\n{}")
bad_head("a status that is no number", "protocol", "", "HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\n{}")
bad_head("a status of two digits", "protocol", "", "HTTP/1.1 99 OK\r\nContent-Length: 2\r\n\r\n{}")
bad_head("a line without a colon", "protocol", "", "HTTP/1.1 200 OK\r\nhello\r\nContent-Length: 2\r\n\r\n{}")
bad_head(
  "a blank in a header's name",
  "protocol",
  "",
  "HTTP/1.1 200 OK\r\nA b: c\r\nContent-Length: 2\r\n\r\n{}"
)
bad_head("a NUL in the head", "protocol", "", "HTTP/1.1 200 OK\r\nA: b\0c\r\nContent-Length: 2\r\n\r\n{}")

-- Framing of the body ------------------------------------------------------------------------------------

local HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

local function with_length(length, body)
  return ("%sContent-Length: %s\r\n\r\n%s"):format(HEAD, tostring(length), body or LIST)
end

add {
  name = "half a body",
  connections = saying(with_length(#LIST, LIST:sub(1, 10))),
  kind = "network",
  sent = true,
  message = MIDDLE,
  attempts = LOST,
}
add {
  name = "half a body, and no goodbye",
  connections = saying(with_length(#LIST, LIST:sub(1, 10)), { "cut" }),
  kind = "network",
  sent = true,
  message = MIDDLE,
  attempts = LOST,
}
add {
  name = "reset after the head",
  connections = saying(with_length(#LIST, ""), { "sleep", 0.03 }, { "reset" }),
  kind = "network",
  sent = true,
  message = MIDDLE,
  attempts = LOST,
}
add {
  name = "reset in the body",
  connections = saying(with_length(#LIST, LIST:sub(1, 10)), { "sleep", 0.03 }, { "reset" }),
  kind = "network",
  sent = true,
  message = MIDDLE,
  attempts = LOST,
}
add {
  name = "reset in the body, over plain HTTP",
  tls = false,
  connections = saying(with_length(#LIST, LIST:sub(1, 10)), { "sleep", 0.03 }, { "reset" }),
  kind = "network",
  sent = true,
  message = MIDDLE,
  attempts = LOST,
}

--- A body whose framing is wrong: a broken answer for every effect.
local function bad_body(name, message, ...)
  add {
    name = name,
    connections = saying(...),
    kind = "protocol",
    sent = true,
    message = message,
    attempts = FINAL,
  }
end

--- A body that is not whole: as if the connection had been reset.
local function cut_body(name, ...)
  add {
    name = name,
    connections = saying(...),
    kind = "network",
    sent = true,
    message = MIDDLE,
    attempts = LOST,
  }
end

cut_body("a Content-Length that is too large", with_length(#LIST + 5))
bad_body("a Content-Length that is too small", "cannot be read", with_length(#LIST - 5), { "sleep", 0.1 })
cases[#cases].status = 200
bad_body("two lengths that differ", "", HEAD .. "Content-Length: 3\r\n" .. with_length(#LIST):sub(#HEAD + 1))
bad_body(
  "two lengths that differ, the right one first",
  "",
  HEAD .. ("Content-Length: %d\r\nContent-Length: 3\r\n\r\n"):format(#LIST) .. LIST
)
bad_body("two lengths in one field", "", HEAD .. ("Content-Length: %d, 3\r\n\r\n"):format(#LIST) .. LIST)
bad_body(
  "a length and chunks",
  "",
  HEAD
    .. ("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"):format(
      #LIST,
      #LIST,
      LIST
    )
)
bad_body("an unknown Transfer-Encoding", "", HEAD .. "Transfer-Encoding: rot13\r\n\r\n" .. LIST)
bad_body("a length that is no number", "", with_length "abc")
bad_body("a negative length", "", with_length(-1))

local function chunk(body)
  return ("%x\r\n%s\r\n"):format(#body, body)
end

bad_body("a chunk of no size", "", CHUNKED .. "zz\r\n" .. LIST .. "\r\n0\r\n\r\n")
bad_body("a chunk of a negative size", "", CHUNKED .. "-1\r\n" .. LIST .. "\r\n0\r\n\r\n")
bad_body("a chunk without its end", "", CHUNKED .. ("%x\r\n%sXX0\r\n\r\n"):format(#LIST, LIST))
cut_body("half a chunk", CHUNKED .. ("%x\r\n%s"):format(#LIST, LIST:sub(1, 10)))
cut_body("no last chunk", CHUNKED .. chunk(LIST))
cut_body("half of the last chunk", CHUNKED .. chunk(LIST) .. "0\r\n")
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
    sent = true,
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
  add {
    name = name,
    connections = saying(...),
    kind = "limit",
    sent = true,
    message = "max_response_bytes",
    attempts = { read = 1, idempotent = 1, once = 1 },
  }
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
    sent = true,
    message = "max_response_bytes",
    attempts = FINAL,
  }
end

add {
  name = "a body that drips",
  connections = saying(with_length(200, ""), { "send", " ", 200, 0.02 }),
  options = { timeout = 0.3 },
  kind = "timeout",
  sent = true,
  message = "no whole response",
  attempts = { read = 1, idempotent = 1, once = 1 },
  seconds = 1.3,
}
add {
  name = "chunks that drip",
  connections = saying(CHUNKED, { "send", "1\r\n \r\n", 200, 0.02 }),
  options = { attempt_timeout = 0.2 },
  kind = "timeout",
  sent = true,
  message = "no whole response",
  attempts = LOST,
  seconds = 2,
}
add {
  name = "a body that does not end",
  connections = saying(with_length(#LIST + 1), { "hold" }),
  options = { timeout = 0.3 },
  kind = "timeout",
  sent = true,
  message = "no whole response",
  attempts = FINAL,
  seconds = 1.3,
}

-- What the body says -------------------------------------------------------------------------------------

--- HTTP that is right, and a body that is not.
local function bad_content(name, message, body, headers)
  add {
    name = name,
    connections = { answering(body, { headers = headers }) },
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
  "text that is no answer",
  "expected JSON or XML",
  "Service is up\n",
  "Content-Type: text/plain\r\n"
)
add {
  name = "packed bytes that nobody asked for",
  connections = {
    answering("\31\139\8\0\0\0\0\0\0\3\171\174\5\0", { headers = "Content-Encoding: gzip\r\n" }),
  },
  kind = "protocol",
  sent = true,
  message = "Content%-Encoding: gzip",
  attempts = FINAL,
}
add {
  name = "an error in packed bytes",
  connections = {
    answering("\31\139\8", { status = "404 Not Found", headers = "Content-Encoding: gzip\r\n" }),
  },
  kind = "not_found",
  status = 404,
  message = "",
  attempts = FINAL,
}
add {
  name = "a part of what was asked for",
  connections = { answering(LIST, { status = "206 Partial Content" }) },
  kind = "protocol",
  sent = true,
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
  connections = { answering(LIST, { headers = "Content-Type: text/plain;charset=UTF-8\r\n" }) },
  value = is_list,
  attempts = FINAL,
}
cut_body("half a keytab", with_length(40, "\5\2\0\0"))
cases[#cases].operation, cases[#cases].attempts = "accounts/getKerberosKeytab", { read = 3 }
add {
  name = "a page in place of a keytab",
  connections = { answering("<html><body>Log in</body></html>") },
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
        answer(
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
    connections = { answering("", { status = status, headers = ("Location: %s\r\n"):format(location) }) },
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
    connections = { answering(body, { status = status, headers = more and more.headers }) },
    kind = kind,
    status = tonumber(status:match "%d+"),
    message = more and more.message or "",
    attempts = attempts,
    seconds = more and more.seconds,
    options = more and more.options,
  }
  add(case)
end

local ALWAYS_AGAIN = { read = 3, idempotent = 3, once = 3 }
local NEVER_AGAIN = { read = 1, idempotent = 1, once = 1 }

refusing(
  "429, throttled",
  "429 Too Many Requests",
  envelope("410", "Throttle Limited"),
  "throttled",
  ALWAYS_AGAIN
)
refusing("429, too fast", "429 Too Many Requests", envelope("420", "Rate Limited"), "throttled", ALWAYS_AGAIN)
refusing(
  "429, a quota used up",
  "429 Too Many Requests",
  envelope("400", "Quota Exceeded"),
  "quota",
  NEVER_AGAIN
)
refusing("500", "500 Internal Server Error", envelope("900", "Unexpected Error"), "server", {
  read = 2,
  idempotent = 1,
  once = 1,
})
refusing("501", "501 Not Implemented", "", "server", NEVER_AGAIN)
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
refusing("400", "400 Bad Request", envelope("100", "Bad Request Exception"), "invalid", NEVER_AGAIN)
refusing("401", "401 Unauthorized", envelope("200", "Authentication Failed"), "auth", NEVER_AGAIN)
refusing("401, not permitted", "401 Unauthorized", envelope("210", "Permission Denied"), "forbidden", FINAL)
refusing(
  "403, a page of a proxy",
  "403 Forbidden",
  "<html><body>no</body></html>",
  "forbidden",
  NEVER_AGAIN,
  {
    headers = "Content-Type: text/html\r\n",
  }
)
refusing("407 of a proxy", "407 Proxy Authentication Required", "", "invalid", FINAL)
refusing("413", "413 Payload Too Large", envelope("430", "Request Entity Too Large"), "invalid", FINAL)
refusing(
  "a success that is a refusal",
  "200 OK",
  '{"success":false,"message":"one account per user"}',
  "refused",
  NEVER_AGAIN
)
refusing(
  "a success with an error in it",
  "200 OK",
  envelope("900", "Unexpected Error"),
  "refused",
  NEVER_AGAIN
)
refusing(
  "Retry-After behind the deadline",
  "503 Service Unavailable",
  envelope("500", "Endpoint Error"),
  "server",
  NEVER_AGAIN,
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
  NEVER_AGAIN,
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
  ALWAYS_AGAIN,
  {
    headers = "Retry-After: soon\r\n",
  }
)

--- An answer for each connection, which is closed behind it.
local function in_turn(...)
  local scripts = {}
  for index = 1, select("#", ...) do
    local given = select(index, ...)
    local more = { status = given.status, headers = "Connection: close\r\n" .. (given.headers or "") }
    scripts[index] = { { "read" }, { "send", answer(given.body, more) }, { "close" } }
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
  attempts = ALWAYS_AGAIN,
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
  connections = { { { "read" }, { "send", answer(LIST) }, { "close" } }, answering(LIST) },
  warm = 0.05,
  value = is_list,
  attempts = { read = 1, idempotent = 1, once = 1 },
  requests = 2,
}
add {
  name = "reset while idle",
  connections = { { { "read" }, { "send", answer(LIST) }, { "sleep", 0.02 }, { "reset" } }, answering(LIST) },
  warm = 0.08,
  value = is_list,
  attempts = { read = 1, idempotent = 1, once = 1 },
  requests = 2,
}
add {
  name = "closed as the next request comes",
  connections = { { { "read" }, { "send", answer(LIST) }, { "read" }, { "close" } }, answering(LIST) },
  warm = 0.02,
  value = is_list,
  attempts = { read = 1, idempotent = 1, once = 1 },
  requests = { read = 3, idempotent = 2, once = 2 }, -- what changes something has a connection of its own
}
add {
  name = "closed as each request comes",
  connections = {
    { { "read" }, { "send", answer(LIST) }, { "read" }, { "close" } },
    { { "read" }, { "close" } },
  },
  warm = 0.02,
  kind = "network",
  sent = true,
  message = NOTHING,
  attempts = LOST,
  requests = { read = 5, idempotent = 2, once = 2 },
}
add {
  name = "an answer that nobody asked for",
  connections = {
    {
      { "read" },
      { "send", answer(LIST) },
      { "sleep", 0.03 },
      { "send", answer '{"success":true,"total":9}' },
      { "hold" },
    },
    answering(LIST),
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
  { "send", answer(LIST) },
  { "again", 4 },
}

local function proxy(name, message, case)
  case.name, case.message = name, message
  case.proxied, case.raw, case.mended = true, true, THROUGH
  case.kind, case.sent = case.kind or "network", false
  case.attempts = case.attempts or UNSENT
  add(case)
end

proxy("a proxy that refuses", "403", {
  connections = saying "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
})
proxy("a proxy that wants a password", "407", {
  kind = "argument",
  attempts = { read = 1, idempotent = 1, once = 1 },
  connections = saying "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
})
proxy("a proxy that hangs up", "", { connections = saying() })
proxy("a proxy that says nothing", "no connection", {
  connections = { { { "read" }, { "hold" } } },
  options = { connect_timeout = 0.15 },
  kind = "timeout",
  seconds = 2,
})
proxy("a proxy that is not there", "", { refuse = true, requests = 0 })

return cases
