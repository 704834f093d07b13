local cost = require "spec.support.cost"
local emulator_time = require "dataforest.emulator.time"
local time = require "dataforest.util.time"

describe("time.iso8601", function()
  local MOMENT = 1685068501 -- 2023-05-26T02:35:01Z

  it("reads both forms of the documentation", function()
    assert.are.equal(MOMENT, time.iso8601 "2023-05-26T11:35:01+09:00")
    assert.are.equal(1681973558.645, time.iso8601 "2023-04-20T06:52:38.645Z")
  end)

  it("reads offsets on both sides of UTC, with and without a colon", function()
    assert.are.equal(MOMENT, time.iso8601 "2023-05-26T02:35:01Z")
    assert.are.equal(MOMENT, time.iso8601 "2023-05-25T21:05:01-05:30")
    assert.are.equal(MOMENT, time.iso8601 "2023-05-26T11:35:01+0900")
  end)

  it("knows leap days, and the years that have none", function()
    assert.are.equal(951782400, time.iso8601 "2000-02-29T00:00:00Z")
    assert.are.equal(1709164800, time.iso8601 "2024-02-29T00:00:00Z")
    assert.is_nil(time.iso8601 "2023-02-29T00:00:00Z")
    assert.is_nil(time.iso8601 "1900-02-29T00:00:00Z")
    assert.are.equal(0, time.iso8601 "1970-01-01T00:00:00Z")
    assert.are.equal(-1, time.iso8601 "1969-12-31T23:59:59Z")
  end)

  it("refuses what is no moment, and says what it got", function()
    for _, text in ipairs {
      "",
      "yesterday",
      "2023-05-26",
      "2023-05-26T11:35:01",
      "2023-13-01T00:00:00Z",
      "2023-00-01T00:00:00Z",
      "2023-04-31T00:00:00Z",
      "2023-04-30T24:00:00Z",
      "2023-04-30T00:60:00Z",
      "2023-04-30T00:00:61Z",
      "2023-04-30T00:00:00.Z",
      "2023-04-30T00:00:00+24:00",
      "2023-04-30T00:00:00+09:60",
      "2023-04-30T00:00:00Zulu",
      "x2023-04-30T00:00:00Z",
    } do
      local seconds, message = time.iso8601(text)
      assert.is_nil(seconds, text)
      assert.matches("ISO 8601", message)
    end
    local seconds, message = time.iso8601(nil)
    assert.is_nil(seconds)
    assert.matches("got nil", message)
  end)
end)

describe("time.http_date", function()
  it("reads the three forms of RFC 9110", function()
    assert.are.equal(784111777, time.http_date "Sun, 06 Nov 1994 08:49:37 GMT")
    assert.are.equal(784111777, time.http_date "Sunday, 06-Nov-94 08:49:37 GMT")
    assert.are.equal(784111777, time.http_date "Sun Nov  6 08:49:37 1994")
  end)

  it("reads what it writes", function()
    for _, moment in ipairs { 0, 784111777, 951782400, 1700000000, 4102444799 } do
      assert.are.equal(moment, time.http_date(time.to_http_date(moment)))
    end
  end)

  it("tells times that 32 bits do not hold, by no clock of the system", function()
    assert.are.equal("Tue, 19 Jan 2038 03:14:08 GMT", time.to_http_date(2147483648))
    assert.are.equal("Fri, 31 Dec 2100 23:59:59 GMT", time.to_http_date(4133980799.9))
    assert.are.equal("Wed, 31 Dec 1969 23:59:59 GMT", time.to_http_date(-0.5))
    assert.are.equal("2038-01-19T12:14:08+09:00", emulator_time.iso(2147483648, "+09:00"))
    assert.are.equal("0001-01-01T00:00:00Z", emulator_time.iso(-62135596800, "Z"))
    for day = -719162, 2932896, 997 do -- 0001-01-01 to 9999-12-31
      local moment = day * 86400 + day % 86400
      assert.are.equal(moment, time.iso8601(emulator_time.iso(moment, "Z")))
      assert.are.equal((day + 4) % 7 + 1, time.utc(moment).wday)
    end
  end)

  it("gives nil for anything else", function()
    for _, text in ipairs {
      "",
      "now",
      "Sun, 06 Foo 1994 08:49:37 GMT",
      "Sun, 32 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 25:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:37 PST",
      "Sun, 06 Nov 1994 08:49:37 GMT\r\nX: y",
    } do
      assert.is_nil(time.http_date(text), text)
    end
    assert.is_nil(time.http_date(12))
  end)
end)

describe("time.retry_after", function()
  it("reads seconds and dates", function()
    assert.are.equal(120, time.retry_after("120", 0))
    assert.are.equal(0, time.retry_after("0", 0))
    assert.are.equal(3, time.retry_after(" 3 ", 0))
    assert.are.equal(7, time.retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 784111770))
  end)

  it("reads fractions, and takes the longest of several", function()
    assert.are.equal(1.5, time.retry_after("1.5", 0))
    assert.are.equal(1.25, time.retry_after(" 1.25 ", 0))
    assert.are.equal(7, time.retry_after("5, 7, 6", 0))
    assert.are.equal(7, time.retry_after({ "5", "7" }, 0))
    assert.are.equal(5, time.retry_after("soon, 5", 0))
    assert.are.equal(7, time.retry_after("3, Sun, 06 Nov 1994 08:49:37 GMT", 784111770))
    assert.are.equal(
      9,
      time.retry_after("Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:39 GMT", 784111770)
    )
    assert.are.equal(7, time.retry_after("Sunday, 06-Nov-94 08:49:37 GMT, 1", 784111770))
    assert.are.equal(7, time.retry_after("Sun Nov  6 08:49:37 1994, 1", 784111770))
  end)

  it("never gives a negative pause", function()
    assert.are.equal(0, time.retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 784111800))
  end)

  it("gives nil for anything else", function()
    for _, text in ipairs { "", "-1", "1.", ".5", "1.5.5", "1e3", "soon", "0x10" } do
      assert.is_nil(time.retry_after(text, 0), text)
    end
    assert.is_nil(time.retry_after(nil, 0))
  end)

  it("takes time with the length, not its square", function()
    cost.assert_linear(function(size)
      assert.is_nil(time.retry_after("x" .. (" "):rep(size) .. "x", 0))
      assert.is_nil(time.retry_after(("9"):rep(size) .. "x", 0))
      assert.is_nil(time.retry_after((","):rep(size) .. "x", 0))
    end, 7500)
  end)

  it("takes a number of any length without overflow", function()
    assert.are.equal(1e9, time.retry_after(("9"):rep(400), 0))
  end)
end)
