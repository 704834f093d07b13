--- Which authorities a connection of nginx's is verified with.
--
-- nginx's directives say so for a location. They cannot be read from Lua, but the location can be told from
-- others, so that one does not use a connection that another has verified.
--
-- @module dataforest.transport.cosocket.trust

local trust = {}

-- What an ngx_http_request_t begins with ("HTTP"), and the word of it that is its loc_conf: the same in every
-- version of nginx, on 32 and 64 bits.
local HTTP_REQUEST = 0x50545448
local LOC_CONF = 5

local function load_reader()
  local has_ffi, ffi = pcall(require, "ffi")
  local has_base, base = pcall(require, "resty.core.base")
  if not (has_ffi and has_base and base.get_request) then
    return nil
  end
  local words, numbers = ffi.typeof "const uintptr_t *", ffi.typeof "const uint32_t *"
  return function()
    local request = base.get_request()
    if not request or ffi.cast(numbers, request)[0] ~= HTTP_REQUEST then
      return nil
    end
    return tonumber(ffi.cast(words, request)[LOC_CONF])
  end
end

local read_location

--- Tells the location of nginx's configuration that runs from others.
-- @treturn number the same for all requests of a location; 0 where it cannot be told
function trust.location()
  if read_location == nil then
    read_location = load_reader() or false
  end
  return read_location and read_location() or 0
end

--- Whether the option `ca_file` reaches a socket: the Lua module of nginx has had this since 2026.
-- @tparam table sock
-- @treturn boolean
function trust.takes_store(sock)
  return sock.settrustedstore ~= nil
end

local declared = false

local function declare(ffi)
  if not declared then
    declared = true
    pcall(
      ffi.cdef,
      [[
        typedef struct x509_store_st X509_STORE;
        X509_STORE *X509_STORE_new(void);
        void X509_STORE_free(X509_STORE *store);
        int X509_STORE_load_locations(X509_STORE *store, const char *file, const char *folder);
      ]]
    )
  end
end

--- The authorities of a file, as `settrustedstore` takes them.
-- @tparam string path of a PEM bundle
-- @treturn[1] cdata X509_STORE
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function trust.load_store(path)
  local ffi = require "ffi"
  declare(ffi)
  local found, store = pcall(function()
    return ffi.C.X509_STORE_new()
  end)
  if not found or store == nil then
    return nil, "ca_file cannot be used here: nginx's OpenSSL is out of reach"
  end
  store = ffi.gc(store, ffi.C.X509_STORE_free)
  if ffi.C.X509_STORE_load_locations(store, path, nil) ~= 1 then
    return nil, ("ca_file %s cannot be read, or holds no certificate in PEM"):format(path)
  end
  return store
end

return trust
