local time = require "dataforest.emulator.time"

describe("the emulator's times", function()
  it("have a zone", function()
    for zone, text in pairs {
      ["+09:00"] = "2025-02-20T09:32:55+09:00",
      ["Z"] = "2025-02-20T00:32:55Z",
      ["-03:30"] = "2025-02-19T21:02:55-03:30",
      ["+14:00"] = "2025-02-20T14:32:55+14:00",
    } do
      assert.equal(text, time.iso(1740011575.9, zone))
    end
    assert.equal("1970-01-01T00:00:00Z", time.iso(0, "Z"))
    assert.equal("9999-12-31T23:59:59Z", time.iso(253402300799, "Z"))
  end)

  it("have no zone but those of ISO 8601", function()
    for _, zone in ipairs { "", "KST", "+9:00", "+09", "+15:00", "+09:60", "09:00", "z", "+09:00 " } do
      assert.is_nil(time.zone_seconds(zone))
    end
    assert.same({ 0, 32400, -12600 }, {
      time.zone_seconds "Z",
      time.zone_seconds "+09:00",
      time.zone_seconds "-03:30",
    })
  end)
end)
