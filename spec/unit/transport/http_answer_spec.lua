local http_answer = require "dataforest.transport.cosocket.http_answer"

local ENDED = { kind = "protocol", message = "closed", sent = true, ended = true }
local RESET = { kind = "network", message = "reset", sent = true }

--- Reads an answer that comes in pieces of one size, and ends with a failure.
local function read(text, options)
  options = options or {}
  local size, position = options.size or #text, 1
  return http_answer.read(function()
    if position > #text then
      return nil, options.failure or ENDED
    end
    local piece = text:sub(position, position + size - 1)
    position = position + size
    return piece
  end, options.method or "POST", options.max_bytes or 1000, options.end_is_uncertain)
end

local OK = "HTTP/1.1 200 OK\r\n"

describe("an answer", function()
  it("is the same whatever its pieces", function()
    local interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    for _, text in ipairs {
      OK .. "Content-Length: 5\r\n\r\nhello",
      OK .. "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
      OK .. "\r\nhello",
      interim .. OK .. "Content-Length: 5\r\n\r\nhello",
    } do
      for size = 1, #text do
        local answer, _, failed = read(text, { size = size })
        assert.is_nil(failed)
        assert.are.equal(200, answer.status)
        assert.are.equal("hello", answer.body)
      end
    end
  end)

  it("tells whether its connection can be used again", function()
    local function reusable(text, method)
      local answer, result = read(text, { method = method })
      assert.is_table(answer)
      return result
    end
    assert.is_true(reusable(OK .. "Content-Length: 0\r\n\r\n"))
    assert.is_true(reusable(OK .. "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
    assert.is_true(reusable "HTTP/1.1 204 No Content\r\n\r\n")
    assert.is_true(reusable(OK .. "Content-Length: 9\r\n\r\n", "HEAD"))
    assert.is_false(reusable(OK .. "\r\n"))
    assert.is_false(reusable(OK .. "Content-Length: 0\r\nConnection: close\r\n\r\n"))
    assert.is_false(reusable "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
  end)

  it("is never whole when it was cut short", function()
    for _, text in ipairs {
      OK .. "Content-Length: 5\r\n\r\nhello",
      OK .. "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    } do
      for count = 0, #text - 1 do
        local answer, reusable, failed = read(text:sub(1, count))
        assert.is_nil(answer)
        assert.is_false(reusable)
        assert.are.equal(ENDED, failed)
      end
    end
  end)

  it("is lost with its connection, however it was framed", function()
    for _, fields in ipairs { "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "" } do
      local answer, _, failed = read(OK .. fields .. "\r\n", { failure = RESET })
      assert.is_nil(answer)
      assert.are.equal(RESET, failed)
    end
  end)

  local long = ("HTTP/1.1 100 Continue\r\n\r\n"):rep(17)
  for what, text in pairs {
    ["more than its length"] = OK .. "Content-Length: 5\r\n\r\nhello!",
    ["another answer behind it"] = OK .. "Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n",
    ["something behind its chunks"] = OK .. "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nx",
    ["a body where none can be"] = "HTTP/1.1 204 No Content\r\n\r\nx",
    ["a broken chunk"] = OK .. "Transfer-Encoding: chunked\r\n\r\nx\r\n",
    ["two lengths"] = OK .. "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    ["another protocol"] = "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ["no HTTP at all"] = "220 mail.example ESMTP\r\n\r\n",
  } do
    it("is malformed with " .. what, function()
      local answer, reusable, failed = read(text)
      assert.is_nil(answer)
      assert.is_false(reusable)
      assert.are.equal("protocol", failed.kind)
      assert.is_true(failed.sent)
      assert.is_nil(failed.ended)
    end)
  end

  it("may be cut short where only an end tells its end, and ends can be cuts", function()
    local answer = read(OK .. "\r\nhello", { end_is_uncertain = true })
    assert.are.equal("hello", answer.body)
    assert.is_true(answer.end_uncertain)
    assert.is_nil(read(OK .. "\r\nhello", {}).end_uncertain)
    assert.is_nil(read(OK .. "Content-Length: 5\r\n\r\nhello", { end_is_uncertain = true }).end_uncertain)
  end)

  for what, text in pairs {
    ["informational ones have no end"] = long .. OK .. "Content-Length: 0\r\n\r\n",
    ["its length says so"] = OK .. "Content-Length: 1001\r\n\r\n",
    ["a chunk's size says so"] = OK .. "Transfer-Encoding: chunked\r\n\r\n3e9\r\n",
    ["it goes on and on"] = OK .. "\r\n" .. ("x"):rep(1001),
    ["its head has no end"] = OK .. "A: " .. ("x"):rep(70000),
    ["its heads are too much together"] = ("HTTP/1.1 103 OK\r\nA: " .. ("x"):rep(9000) .. "\r\n\r\n"):rep(8),
  } do
    it("is too large where " .. what, function()
      local answer, _, failed = read(text, { size = 4096, failure = RESET })
      assert.is_nil(answer)
      assert.are.equal("limit", failed.kind)
    end)
  end
end)
