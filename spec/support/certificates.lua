--- Certificates for test servers, made by the openssl tool.
--
--     local made = certificates.make(folder)   -- made.ca, made.good.certificate, made.good.key, ...

local files = require "spec.support.files"
local certificates = {}

-- What every good certificate is for.
certificates.HOST = "df.test"

-- Arguments of `openssl x509`, for the shell: 3.5 refuses a negative -days, and before 3.4 it knows no
-- -not_after.
certificates.EXPIRED = "$(if openssl x509 -help 2>&1 | grep -q not_after;"
  .. " then echo -not_before 20200101000000Z -not_after 20200102000000Z; else echo -days -1; fi)"
local VALID = "-days 30"

local NEW_KEY = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -config c.cnf "

local CONFIG = [[
[req]
distinguished_name = name
prompt = no
[name]
CN = %s
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[server]
subjectAltName = %s
]]

-- Names, dates, and who signs ("ca", "stranger": a CA that nobody trusts, or "self").
local KINDS = {
  good = { names = "DNS:df.test, DNS:localhost, IP:127.0.0.1, IP:::1", dates = VALID, by = "ca" },
  wrong_host = { names = "DNS:elsewhere.test", dates = VALID, by = "ca" },
  expired = { names = "DNS:df.test, IP:127.0.0.1", dates = certificates.EXPIRED, by = "ca" },
  untrusted = { names = "DNS:df.test, IP:127.0.0.1", dates = VALID, by = "stranger" },
  self_signed = { names = "DNS:df.test, IP:127.0.0.1", dates = VALID, by = "self" },
}

local function write(path, text)
  files.write(path, text)
end

local function run(folder, command)
  local pipe = io.popen(("cd '%s' && { %s; } 2>&1 </dev/null; echo =$?"):format(folder, command))
  local said = pipe:read "*a"
  pipe:close()
  if not said:find "=0\n$" then
    error("openssl: " .. said)
  end
end

local function make_ca(folder, name)
  write(folder .. "/c.cnf", CONFIG:format("dataforest test " .. name, "DNS:unused"))
  run(folder, NEW_KEY .. ("-x509 -days 30 -extensions ca -keyout %s.key -out %s.pem"):format(name, name))
end

local function make(folder, name, kind)
  write(folder .. "/c.cnf", CONFIG:format(name, kind.names))
  if kind.by == "self" then
    run(
      folder,
      NEW_KEY .. ("-x509 -days 30 -extensions server -keyout %s.key -out %s.pem"):format(name, name)
    )
    return
  end
  run(folder, NEW_KEY .. ("-keyout %s.key -out %s.csr"):format(name, name))
  run(
    folder,
    ("openssl x509 -req -sha256 %s -in %s.csr -CA %s.pem -CAkey %s.key -CAcreateserial"):format(
      kind.dates,
      name,
      kind.by,
      kind.by
    ) .. (" -extfile c.cnf -extensions server -out %s.pem"):format(name)
  )
end

--- Makes a CA and a certificate of each kind.
-- @tparam string folder which exists
-- @treturn table `ca`: path of the CA's certificate; for each kind (`good`, `wrong_host`, `expired`,
--   `untrusted`, `self_signed`) a table of paths, `certificate` and `key`
function certificates.make(folder)
  local made = { ca = folder .. "/ca.pem" }
  make_ca(folder, "ca")
  make_ca(folder, "stranger")
  for name, kind in pairs(KINDS) do
    make(folder, name, kind)
    made[name] =
      { certificate = ("%s/%s.pem"):format(folder, name), key = ("%s/%s.key"):format(folder, name) }
  end
  return made
end

return certificates
