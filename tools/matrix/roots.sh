# shellcheck shell=bash
# Roots of other systems: made, entered, and given a copy of the tree. To be sourced by tools/matrix/run.
: "${matrix:?}"

# make_root <name> <suite> [<architecture>]: $matrix/<name>, with a user called user. Other architectures need
# qemu-user-static.
make_root() {
  root=$matrix/$1
  [ ! -e "$root/made" ] || return 0
  local mirror
  # shellcheck disable=SC2016 # a field of apt's
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
  echo "matrix: making $root"
  rm -rf "$root"
  debootstrap --variant=minbase ${3:+--arch="$3"} --include=ca-certificates "$2" "$root" "$mirror" >"$root.log" 2>&1 || {
    tail -n 5 "$root.log"
    return 1
  }
  printf 'deb %s %s main\ndeb-src %s %s main\n' "$mirror" "$2" "$mirror" "$2" >"$root/etc/apt/sources.list"
  # A mirror may be older than the clock of this machine allows.
  echo 'Acquire::Check-Valid-Until "false"; APT::Install-Recommends "false";' >"$root/etc/apt/apt.conf.d/99matrix"
  printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts" # as an installed system has it
  in_root useradd --create-home --shell /bin/bash user &&
    in_root apt-get -qq update && in_root apt-get -qq install --yes make >>"$root.log" 2>&1 && touch "$root/made"
}

# sources_of <suite>...: has apt-get source know those of other releases, too, where testing's are in motion
sources_of() {
  local mirror suite
  mirror=$(sed -n 's/^deb \([^ ]*\) .*/\1/p' "$root/etc/apt/sources.list")
  for suite in "$@"; do echo "deb-src $mirror $suite main"; done >"$root/etc/apt/sources.list.d/other.list"
  in_root apt-get -qq update
}

# enter <user> <command>...: in $root, with /proc, /dev and a /tmp of its own. Its mounts have no other root, since
# no namespaces of users can be had in a chroot (Chromium wants them). Where this machine reaches npm through an
# authority of its own, so does the root.
enter() {
  # shellcheck disable=SC2016 # for the other bash
  unshare --mount --propagation private bash -c '
    root=$1 user=$2
    shift 2
    mount --bind "$root" "$root" && mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" &&
      mount -t tmpfs -o mode=1777 tmpfs "$root/tmp" || exit 1
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    home=/root
    [ "$user" = root ] || home=/home/$user
    authority=
    if [ -e "${NODE_EXTRA_CA_CERTS:-}" ]; then
      cp -L "$NODE_EXTRA_CA_CERTS" "$root/etc/npm-authority.pem"
      authority=NODE_EXTRA_CA_CERTS=/etc/npm-authority.pem
    fi
    cd "$root" && pivot_root . . && umount --lazy . || exit 1
    exec chroot --userspec="$user" / /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \
      HOME="$home" USER="$user" LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive $authority "$@"
  ' enter "$root" "$@" </dev/null
}

in_root() { enter root "$@"; }
# shellcheck disable=SC2016 # for the other bash
as_user() { enter user bash -c 'cd && cd "$1" && shift && exec "$@"' user "$@"; }

# copy_here: the tree as ~user/dataforest, without .git
copy_here() {
  rm -rf "$root/home/user/dataforest"
  tools/copy-tree.sh "$root/home/user/dataforest" && in_root chown -R user /home/user/dataforest
}
