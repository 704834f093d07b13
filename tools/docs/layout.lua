--- What is around every page: the list of pages, the head and the foot.
-- @module tools.docs.layout

local markdown = require "tools.docs.markdown"

local escape = markdown.escape

local layout = {}

-- On a screen the list of pages is always open; what is typed above it leaves those whose names have it.
local SCRIPT = [[
<script>
(function () {
  var menu = document.getElementById("menu");
  var wide = window.matchMedia("(min-width: 62rem)");
  function adapt() { menu.open = wide.matches; }
  adapt();
  wide.addEventListener("change", adapt);
  var find = document.getElementById("find");
  find.hidden = false;
  find.addEventListener("input", function () {
    var wanted = find.value.toLowerCase();
    document.querySelectorAll(".side nav li").forEach(function (item) {
      item.hidden = wanted !== "" && item.textContent.toLowerCase().indexOf(wanted) < 0;
    });
    document.querySelectorAll(".side nav details").forEach(function (group) {
      if (!group.dataset.open) { group.dataset.open = group.open ? "yes" : "no"; }
      group.open = wanted !== "" || group.dataset.open === "yes";
    });
  });
  var current = document.querySelector(".side [aria-current]");
  var side = document.querySelector(".side");
  if (current && wide.matches) { side.scrollTop = current.offsetTop - side.clientHeight / 2; }
})();
</script>
]]

local function entry(page, current, root)
  local mark = page == current and ' aria-current="page"' or ""
  return ('<li><a href="%s%s"%s>%s</a></li>'):format(root, page.path, mark, escape(page.label or page.title))
end

local function contains(pages, current)
  for _, page in ipairs(pages) do
    if page == current then
      return true
    end
  end
  return false
end

local function section_html(section, current, root)
  local html = { ("<h2>%s</h2>"):format(escape(section.title)) }
  for _, part in ipairs(section.parts) do
    local items = {}
    for index, page in ipairs(part.pages) do
      items[index] = entry(page, current, root)
    end
    local list = "<ul>" .. table.concat(items, "\n") .. "</ul>"
    if part.title then
      local open = contains(part.pages, current) and " open" or ""
      list = ("<details%s><summary>%s</summary>%s</details>"):format(open, escape(part.title), list)
    end
    html[#html + 1] = list
  end
  return table.concat(html, "\n")
end

--- A whole page.
-- @tparam table page `title`, `path` (from the root of the site), `html`, and perhaps `previous` and `next`
-- @tparam table site `sections`, `version`
-- @treturn string
function layout.page(page, site)
  local root = ("../"):rep(select(2, page.path:gsub("/", "")))
  local sections = {}
  for index, section in ipairs(site.sections) do
    sections[index] = section_html(section, page, root)
  end
  local brand = ('dataforest <span class="version">%s</span>'):format(escape(site.version))
  local foot = {}
  if page.previous then
    foot[#foot + 1] = ('<a href="%s%s" rel="prev">← %s</a>'):format(
      root,
      page.previous.path,
      escape(page.previous.title)
    )
  end
  if page.next then
    foot[#foot + 1] = ('<a href="%s%s" rel="next">%s →</a>'):format(
      root,
      page.next.path,
      escape(page.next.title)
    )
  end
  return table.concat {
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
    ("<title>%s · dataforest</title>\n"):format(escape(page.title)),
    ('<link rel="stylesheet" href="%sstyle.css">\n</head>\n<body>\n'):format(root),
    '<a class="skip" href="#page">To the page</a>\n<div class="side">',
    ('<a class="brand" href="%sindex.html">%s</a>'):format(root, brand),
    ('<details id="menu"><summary>%s</summary>\n<nav aria-label="Pages">'):format(brand),
    '<input id="find" type="search" placeholder="Find a page" aria-label="Find a page" hidden>\n',
    table.concat(sections, "\n"),
    "</nav></details></div>\n",
    '<main id="page">\n',
    page.html,
    #foot > 0 and "<footer>" .. table.concat(foot, "\n") .. "</footer>\n" or "",
    "</main>\n",
    SCRIPT,
    "</body>\n</html>\n",
  }
end

return layout
