--- The exit statuses of the command, in one table: the help, the man page and every error take
-- theirs from here.
-- @module dataforest.cli.exit

local exit = {}

--- The codes in order: `code`, and `when` it is given, for people.
exit.codes = {
  { code = 0, when = "it worked" },
  { code = 1, when = "something unexpected: a response that cannot be read, a file that cannot be written" },
  { code = 2, when = "usage: a wrong option, a parameter beyond its limits, a password as an argument" },
  { code = 3, when = "the service refused, or responded with an error" },
  { code = 4, when = "the network: DNS, connection, TLS, or no response in time" },
  { code = 5, when = "no keys were found, or the service did not take them" },
  { code = 6, when = "plan --exit-code: what is there is not as the spec says" },
}

exit.OK = 0
exit.UNEXPECTED = 1
exit.USAGE = 2
exit.REFUSED = 3
exit.NETWORK = 4
exit.AUTH = 5
exit.DIFFERS = 6

--- What a shell reports for a command that Ctrl-C ended.
exit.INTERRUPTED = 130

local BY_KIND = {
  argument = exit.USAGE,
  credentials = exit.AUTH,
  auth = exit.AUTH,
  forbidden = exit.REFUSED,
  not_found = exit.REFUSED,
  invalid = exit.REFUSED,
  quota = exit.REFUSED,
  throttled = exit.REFUSED,
  refused = exit.REFUSED,
  server = exit.REFUSED,
  timeout = exit.NETWORK,
  network = exit.NETWORK,
  tls = exit.NETWORK,
  protocol = exit.UNEXPECTED,
  limit = exit.UNEXPECTED,
  closed = exit.UNEXPECTED,
}

--- The exit code for an error of the library.
-- @tparam string kind one of `dataforest.errors.kinds`
-- @treturn number
function exit.of(kind)
  return BY_KIND[kind] or exit.UNEXPECTED
end

return exit
