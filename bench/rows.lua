--- What is measured, against what, and what must be reached.
--
-- A row's two commands do the same number of calls, in turns. `rate`: the share of the other's rate that
-- is reached at least; `time`: how many times the other's time may be taken at most.

local rows = {}

local CONTENDERS = "bench/contenders/"

local function lua(name, script)
  return { lua = name, command = name .. " " .. CONTENDERS .. script }
end

local function c(program)
  return { command = "build/bench/" .. program }
end

-- Name, title, and what must be reached of libcurl's rate: one after another, and with 64 at once.
local LUAS = { { "lua5.4", "Lua 5.4", 1.0, 1.4 }, { "luajit", "LuaJIT", 1.05, 1.7 } }

local function add(row)
  rows[#rows + 1] = row
end

for _, each in ipairs(LUAS) do
  local name, title = each[1], each[2]
  add {
    id = "sequential " .. name,
    what = "get_detail, one after another, " .. title,
    against = "libcurl in C, one after another",
    ours = lua(name, "calls.lua sequential"),
    theirs = c "libcurl easy",
    calls = 6000,
    rate = each[3],
    network = true,
  }
end

for _, each in ipairs(LUAS) do
  local name, title = each[1], each[2]
  add {
    id = "map " .. name,
    what = "df:map, 64 at once, " .. title,
    against = "curl_multi in C, 64 handles",
    ours = lua(name, "calls.lua map"),
    theirs = c "libcurl multi",
    calls = 20000,
    rate = each[4],
    network = true,
  }
end

for _, each in ipairs(LUAS) do
  local name, title = each[1], each[2]
  add {
    id = "sign " .. name,
    what = "signer:sign, " .. title,
    against = "3 SHA-256 compressions and base64 in C",
    ours = lua(name, "sign.lua"),
    theirs = c "signature",
    calls = 1000000,
    time = 3,
  }
end

for _, each in ipairs(LUAS) do
  local name, title = each[1], each[2]
  for _, answer in ipairs { { "account", "an account", 150000 }, { "list", "a list of 100", 5000 } } do
    add {
      id = ("decode %s %s"):format(answer[1], name),
      what = ("core.decode, %s, %s"):format(answer[2], title),
      against = "cjson.decode of the same bytes",
      ours = lua(name, "decode.lua core " .. answer[1]),
      theirs = lua(name, "decode.lua cjson " .. answer[1]),
      calls = answer[3],
      time = 1.25,
    }
  end
end

for _, each in ipairs(LUAS) do
  local name, title = each[1], each[2]
  add {
    id = "wrapper " .. name,
    what = "a call without the network, " .. title,
    against = "encode, sign and decode by hand",
    ours = lua(name, "wrapper.lua library"),
    theirs = lua(name, "wrapper.lua by-hand"),
    calls = 60000,
    time = 2.5,
  }
end

-- `p99`: how many times the other's 99th percentile of a call's time may be reached at most.
for _, connections in ipairs { 1, 64, 256 } do
  add {
    id = "cosocket " .. connections,
    what = ("a call for each request in nginx, %d at once"):format(connections),
    against = "the same handler on ngx.socket.tcp",
    ours = { command = "build/bench/load " .. connections, through = "library" },
    theirs = { command = "build/bench/load " .. connections, through = "by-hand" },
    calls = 10000,
    rate = 1.0,
    p99 = 1.0,
    network = true,
  }
end

add {
  id = "resty-http",
  what = "a call for each request in nginx, 64 at once",
  against = "the same handler on lua-resty-http",
  ours = { command = "build/bench/load 64", through = "library" },
  theirs = {
    command = "build/bench/load 64",
    through = "resty-http",
    needs = 'test -f "$BENCH_RESTY_HTTP/resty/http.lua"',
  },
  calls = 10000,
  rate = 1.5,
  network = true,
}

-- Published as they come.
for _, each in ipairs(LUAS) do
  local name, title = each[1], each[2]
  add {
    id = "luasocket kept " .. name,
    what = "get_detail, one after another, " .. title,
    against = "LuaSocket, LuaSec, luaossl, kept alive",
    ours = lua(name, "calls.lua sequential"),
    theirs = lua(name, "luasocket.lua kept"),
    calls = 5000,
    network = true,
  }
end

add {
  id = "luasocket request lua5.4",
  what = "get_detail, one after another, Lua 5.4",
  against = "LuaSec's ssl.https.request",
  ours = lua("lua5.4", "calls.lua sequential"),
  theirs = lua("lua5.4", "luasocket.lua request"),
  calls = 40,
  network = true,
}

-- The floor: OpenSSL and sockets in C.
for _, each in ipairs(LUAS) do
  local name, title = each[1], each[2]
  add {
    id = "floor one " .. name,
    what = "get_detail, one after another, " .. title,
    against = "OpenSSL and a socket in C, nothing else",
    ours = lua(name, "calls.lua sequential"),
    theirs = c "floor one",
    calls = 6000,
    network = true,
  }
  add {
    id = "floor many " .. name,
    what = "df:map, 64 at once, " .. title,
    against = "OpenSSL and epoll in C, nothing else",
    ours = lua(name, "calls.lua map"),
    theirs = c "floor many",
    calls = 20000,
    network = true,
  }
end

-- Peers. `needs` is a command that fails where one is not there: its row is left out then.
local PEERS = {
  { "http.client", "Python's http.client", "@PYTHON@", "client.py http.client", calls = 4000 },
  { "pycurl", "pycurl", "@PYTHON@", "client.py pycurl", calls = 4000, needs = "@PYTHON@ -c 'import pycurl'" },
  {
    "requests",
    "Python's requests",
    "@PYTHON@",
    "client.py requests",
    calls = 1000,
    needs = "@PYTHON@ -c 'import requests'",
  },
  {
    "aiohttp",
    "Python's aiohttp, 64 at once",
    "@PYTHON@",
    "client.py aiohttp",
    calls = 3000,
    many = true,
    needs = "@PYTHON@ -c 'import aiohttp'",
  },
  { "node one", "Node's https", "node", "client.mjs 1", calls = 4000, needs = "command -v node" },
  {
    "node many",
    "Node's https, 64 at once",
    "node",
    "client.mjs 64",
    calls = 10000,
    many = true,
    needs = "command -v node",
  },
  { "java one", "Java's HttpClient", "java", "Client.java 1", calls = 4000, needs = "command -v javac" },
  {
    "java many",
    "Java's HttpClient, 64 at once",
    "java",
    "Client.java 64",
    calls = 10000,
    many = true,
    needs = "command -v javac",
  },
}
for _, peer in ipairs(PEERS) do
  add {
    id = "peer " .. peer[1],
    what = (peer.many and "df:map, 64 at once" or "get_detail, one after another") .. ", Lua 5.4",
    against = peer[2] .. (peer.many and "" or ", kept alive"),
    ours = lua("lua5.4", peer.many and "calls.lua map" or "calls.lua sequential"),
    theirs = { command = peer[3] .. " " .. CONTENDERS .. peer[4], needs = peer.needs },
    calls = peer.calls,
    network = true,
  }
end

return rows
