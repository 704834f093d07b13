#!/usr/bin/env bash
# The documentation as a site: it is built, its links lead somewhere, it loads nothing from elsewhere, and its
# search finds what people look for. (Its examples are run by spec/integration/docs_spec.lua.)
# labels: integration docs
# time limit: 300
. spec/support/checks.sh

if [ "$(node -p process.arch)" = ia32 ]; then
  skip "the site and its search" "VitePress is built with Rollup, which has no build for this processor"
  finish
  exit
fi

# The files that are kept in the tree are made in a copy, so that this changes nothing here.
mkdir "$work/tree" && cp -r bench bin docs lua src spec tools types ./*.md VERSION "$work/tree/" || exit 1
ln -s "$PWD/build" "$work/tree/build"

check "the site is built, and its links lead somewhere" "$work/tree/tools/docs.sh" "$work/site"
check "what is kept in the tree is up to date (if not: make docs)" \
  diff -r --exclude=site docs "$work/tree/docs"
check "types/ is up to date (if not: make types)" diff -r types "$work/tree/types"

has_a_page_an_operation() {
  local expected found
  expected=$(sed -n 's/^    group = "\(.*\)",$/\1/p' lua/dataforest/operations.lua | wc -l)
  found=$(find "$work/site/operations" -name 'accounts-*.html' -o -name 'apps-*.html' | wc -l)
  echo "$expected operations, $found pages"
  [ "$expected" -gt 20 ] && [ "$found" = "$expected" ]
}
check "each operation has a page" has_a_page_an_operation
check "fragments of links exist, and nothing is loaded from elsewhere" node tools/docs/check.mjs "$work/site"

code_is_narrow() {
  (
    cd "$work/tree" || exit 1
    eval "$(tools/env.sh lua5.4)"
    LUA_PATH="./?.lua;$LUA_PATH" lua5.4 tools/docs/pages.lua "$work/source"
  ) || return
  # shellcheck disable=SC2016 # awk's own
  find "$work/source" -name '*.md' -exec awk '
    FNR == 1 { code = 0 }
    /^ *```/ { code = !code; next }
    code && length > 80 { print FILENAME ":" FNR " has " length " columns"; wide = 1 }
    END { exit wide }' {} +
}
check "code fits 80 columns, in the pages that are made, too" code_is_narrow

operations_say_it_all() {
  local page words
  for page in "$work"/source/operations/{accounts,apps}-*.md; do
    for words in 'in doubt' "on the API's pages" '^## Errors' '^## Try it on the emulator'; do
      grep -qi "$words" "$page" || { echo "$page says nothing of $words" && return 1; }
    done
  done
}
check "the pages of operations have doubts, source, errors and an example" operations_say_it_all

a_dead_link_is_seen() {
  echo '[nowhere](nowhere.md)' >>"$work/tree/docs/tutorial.md" && ! "$work/tree/tools/docs.sh" "$work/other"
}
check "a link that leads nowhere is seen" a_dead_link_is_seen

search_works() { DATAFOREST_SITE=$work/site tools/spec.sh lua5.4 spec/site/search_spec.lua; }
check "its search finds what people look for" search_works
finish
