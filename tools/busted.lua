-- busted under whichever Lua runs this file: `luajit tools/busted.lua spec/some_spec.lua`. Debian's
-- /usr/bin/busted does the same for the default Lua; one that luarocks installed is a shell script.
require "busted.runner" { standalone = false }
