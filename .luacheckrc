-- One source runs on Lua 5.1 to 5.4 and LuaJIT: only what all of them have is allowed ("min"), and a few
-- names that are there to be asked for: `table.unpack or unpack`, `if math.tointeger then`.
std = "min"
max_line_length = 110
read_globals = {
  "unpack",
  table = { fields = { "unpack" } },
  math = { fields = { "tointeger", "type" } },
}
exclude_files = { "build", "build.luarocks", "types" }

local function inside_nginx(paths)
  for _, path in ipairs(paths) do
    files[path] = { globals = { "ngx" } } -- whose status and header are set
  end
end

inside_nginx {
  "bench/nginx_check.lua",
  "bench/nginx_handlers.lua",
  "lua/dataforest/transport/scheduler.lua",
  "lua/dataforest/transport/cosocket/init.lua",
  "lua/dataforest/transport/cosocket/connection.lua",
  "lua/dataforest/transport/cosocket/dial.lua",
  "lua/dataforest/transport/cosocket/limiter.lua",
  "lua/dataforest/emulator/nginx.lua",
  "lua/dataforest/emulator/nginx_process.lua",
  "examples/openresty",
}
files["spec"] = { std = "+busted" }
files["spec/nginx"] = { std = "+busted", globals = { "ngx" }, read_globals = { "service_ports" } }
files["spec/soak"] = { std = "+busted", globals = { "ngx" }, read_globals = { "service_port" } }
files["examples/busted"] = { std = "+busted" }
files["*.rockspec"] = { std = "+rockspec" }
files[".luacheckrc"] = { std = "+luacheckrc" }
