#!/bin/sh
# Prints the rockspec of the released version, made from the one for the source tree: it differs in its
# version and in where the sources come from, the archive that `git archive` makes of the tag.
set -eu
version=$(cat VERSION)
sed -e "s/^version = .*/version = \"$version-1\"/" \
  -e "s|^  url = .*|  url = \"dataforest-$version.tar.gz\", -- beside this file|" \
  -e "/^  url = /a\\
\\  dir = \"dataforest-$version\"," dataforest-scm-1.rockspec
