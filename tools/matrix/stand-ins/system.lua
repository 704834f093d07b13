-- What busted needs of luasystem, where that is not built: its clocks, roughly.
return { gettime = os.time, monotime = os.clock, sleep = function() end }
