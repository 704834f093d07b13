-- Every example of README.md and docs/*.md, run as it stands there: see spec/support/docs.lua.

local docs = require "spec.support.docs"
local server_of = require "spec.support.server"

-- Blocks that cannot be run, and how many: each says why where it stands, and a new one is put down here.
local NOT_RUN = {
  ["README.md"] = 1,
  ["docs/credentials.md"] = 1,
  ["docs/emulator.md"] = 2,
  ["docs/installation.md"] = 3,
  ["docs/openresty.md"] = 2,
  ["docs/recipes.md"] = 2,
  ["docs/tutorial.md"] = 1,
}

local function pages()
  local list = { "README.md" }
  for path in server_of.output_of("ls docs/*.md | LC_ALL=C sort"):gmatch "%S+" do
    list[#list + 1] = path
  end
  return list
end

describe("the examples of the documentation #full", function()
  for _, path in ipairs(pages()) do
    local blocks = docs.blocks(path)
    local not_run = 0
    for _, block in ipairs(blocks) do
      if docs.role(block) == "not run" then
        not_run = not_run + 1
      end
    end

    it(("are all accounted for in %s"):format(path), function()
      assert.are.equal(NOT_RUN[path] or 0, not_run)
    end)

    if #blocks > not_run then
      describe("in " .. path, function()
        local page

        setup(function()
          page = docs.page()
        end)

        teardown(function()
          page:close()
        end)

        for index, block in ipairs(blocks) do
          local role = docs.role(block)
          if role == "file" then
            it(("block %d is the file %s"):format(index, block.file), function()
              page:run(block)
            end)
          elseif role == "run" then
            it(("block %d, %s, does as the page says"):format(index, block.language), function()
              if block.needs and server_of.output_of("command -v " .. block.needs) == "" then
                pending("there is no " .. block.needs .. " here")
                return
              end
              page:run(block)
            end)
          end
        end
      end)
    end
  end
end)

describe("the runner of examples", function()
  it("takes ... for anything within a line, and a line of it for any lines", function()
    assert.is_true(docs.matches("a 1 b\n", "a ... b\n"))
    assert.is_false(docs.matches("a 1\n b\n", "a ... b\n"))
    assert.is_true(docs.matches("a\n1\n2\nb\n", "a\n...\nb\n"))
    assert.is_false(docs.matches("a\nb", "a\n"))
    assert.is_false(docs.matches("ab", "a.b"))
  end)

  local function page_of(text)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
    local ok, blocks = pcall(docs.blocks, path)
    os.remove(path)
    assert(ok, blocks)
    return blocks
  end

  it("refuses blocks that nobody runs and nobody excuses", function()
    assert.has_error(function()
      docs.role(page_of("```ruby\nputs 1\n```\n")[1])
    end)
    assert.has_error(function()
      docs.role(page_of("```\nputs 1\n```\n")[1])
    end)
    assert.has_error(function()
      docs.role(page_of("```text\nalone\n```\n")[1])
    end)
    assert.has_error(function()
      page_of "<!-- example: whatever -->\n```lua\nprint(1)\n```\n"
    end)
    assert.has_error(function()
      page_of "<!-- example: after -->\n\nNo block.\n"
    end)
  end)

  it("knows which text is an output", function()
    local blocks = page_of "```lua\nprint(1)\n```\n\nIt prints:\n\n```text\n1\n```\n"
    assert.are.equal("1\n", blocks[1].expected)
    assert.are.equal("output", docs.role(blocks[2]))
    blocks = page_of "```lua\nx = 1\n```\n<!-- example: to look at -->\n```text\n1\n```\n"
    assert.is_nil(blocks[1].expected)
    assert.are.equal("look", docs.role(blocks[2]))
  end)

  it("fails if a page is wrong #full", function()
    local page = docs.page()
    local function fails(text)
      local blocks = page_of(text)
      local ok, message = pcall(page.run, page, blocks[1])
      return not ok and message
    end
    local wrong_output = fails "```lua\nprint(1)\n```\n```text\n2\n```\n"
    local unsaid = fails "```lua\nprint(1)\n```\n"
    local raises = fails '```lua\nerror "oh"\n```\n'
    local shell = fails "```sh\nfalse\n```\n"
    local nginx = fails "```nginx\nlocation = / { nonsense; }\n```\n"
    local fine = fails "```lua\nprint(1)\n```\n```text\n1\n```\n"
    page:close()
    assert.matches("it printed\n1", wrong_output)
    assert.matches("it printed\n1", unsaid)
    assert.matches("ended with status 1", raises)
    assert.matches("ended with status 1", shell)
    assert.matches("unknown directive", nginx)
    assert.is_false(fine)
  end)
end)
