local http_chunks = require "dataforest.transport.cosocket.http_chunks"

--- Feeds a text in pieces of one size; the last result of `feed`, and the reader.
local function feed(text, size, max_bytes)
  local chunks = http_chunks.new(max_bytes or 1000000)
  local done, message, kind = false, nil, nil
  for first = 1, #text, size do
    assert(done == false, "done before its end")
    done, message, kind = chunks:feed(text:sub(first, first + size - 1))
    if done == nil then
      break
    end
  end
  return done, message, kind, chunks
end

describe("a body in chunks", function()
  it("is the same whatever the pieces", function()
    local text = "5\r\nhello\r\n1;a=b\r\n \r\n00A \t;x\r\n1234567890\r\n0\r\nX-Trailer: a\r\n\r\n"
    for size = 1, #text do
      local done, message, _, chunks = feed(text, size)
      assert.is_true(done, message)
      assert.are.equal("hello 1234567890", chunks:body())
    end
  end)

  it("can be empty", function()
    local done, _, _, chunks = feed("0\r\n\r\n", 5)
    assert.is_true(done)
    assert.are.equal("", chunks:body())
  end)

  it("is not complete before its last empty line", function()
    local text = "5\r\nhello\r\n0\r\n\r\n"
    for count = 1, #text - 1 do
      assert.is_false((feed(text:sub(1, count), count)))
    end
  end)

  for what, text in pairs {
    ["no size"] = "\r\nhello\r\n",
    ["a size that is no number"] = "g\r\nhello\r\n",
    ["a signed size"] = "+5\r\nhello\r\n",
    ["a negative size"] = "-5\r\nhello\r\n",
    ["a size with 0x"] = "0x5\r\nhello\r\n",
    ["a blank before the size"] = " 5\r\nhello\r\n",
    ["a blank after the size"] = "5 \r\nhello\r\n",
    ["a huge size"] = "1000000000000\r\nhello\r\n",
    ["a bare LF after the size"] = "5\nhello\r\n",
    ["a bare LF after the data"] = "5\r\nhello\n0\r\n\r\n",
    ["data longer than its size"] = "5\r\nhello!\r\n0\r\n\r\n",
    ["data shorter than its size"] = "6\r\nhello\r\n0\r\n\r\n",
    ["an endless size line"] = "5;" .. ("x"):rep(300),
    ["endless trailers"] = "0\r\n" .. ("x: y\r\n"):rep(3000),
    ["a bare LF at the end"] = "0\r\n\n",
    ["something after its end"] = "0\r\n\r\nHTTP/1.1 200 OK\r\n",
  } do
    it("is refused with " .. what, function()
      local done, message, kind = feed(text, #text)
      assert.is_nil(done)
      assert.is_string(message)
      assert.are.equal("protocol", kind)
    end)
  end

  it("has a ceiling, before its bytes are read", function()
    assert.is_true((feed("5\r\nhello\r\n0\r\n\r\n", 100, 5)))
    local done, message, kind = feed("5\r\nhello\r\n1\r\n", 100, 5)
    assert.is_nil(done)
    assert.are.equal("the answer is larger than 5 bytes", message)
    assert.are.equal("limit", kind)
  end)
end)
