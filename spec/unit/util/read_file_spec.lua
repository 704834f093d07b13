local read_file = require "dataforest.util.read_file"

describe("util.read_file", function()
  local path

  before_each(function()
    path = os.tmpname()
  end)

  after_each(function()
    os.remove(path)
  end)

  it("reads a file whole, or so many bytes of it", function()
    local text = ("x"):rep(70000)
    local handle = assert(io.open(path, "wb"))
    handle:write(text)
    handle:close()
    assert.are.equal(text, read_file(path))
    assert.are.equal(text, read_file(path, 70000))
    assert.are.equal("xxx", read_file(path, 3))
    assert.are.equal("", read_file(path, 0))
  end)

  it("reads an empty file", function()
    assert.are.equal("", read_file(path))
    assert.are.equal("", read_file(path, 9))
  end)

  it("says why it cannot, with the path, and whether there is no such file", function()
    local content, message, number = read_file(path .. ".none")
    assert.is_nil(content)
    assert.matches(path .. ".none: ", message, 1, true)
    assert.are.equal(2, number)
    content, message = read_file "/"
    assert.is_nil(content)
    assert.matches("^/: ", message)
  end)
end)
