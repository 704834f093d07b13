#!/usr/bin/env bash
# Does what packaging/docker/Dockerfile says without a container engine, in two Debians made by debootstrap: builds the
# package in one, installs it in the other, runs the emulator there as its user, and looks at it from outside. As root;
# takes some minutes and fetches a few hundred MB, so that no test runs it.
#   tools/container.sh           MIRROR=... for another mirror than apt's own
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "debootstrap and chroot need root" >&2; exit 1; }
release=bookworm
# shellcheck disable=SC2016 # apt's variable
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $release" | head -1)}
work=$(mktemp -d)
server=''

enter() { # <root> <command...>
  local root=$1
  shift
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 ${TOKEN:+DATAFOREST_EMULATOR_TOKEN="$TOKEN"} \
    DATAFOREST_EMULATOR_LISTEN=127.0.0.1:$port chroot "$root" "$@"
}

# processes: those whose root is the Debian that runs the emulator
inside() {
  local process
  processes=()
  for process in /proc/[0-9]*; do
    [ "$(readlink "$process/root" 2>/dev/null)" = "$work/run" ] && processes+=("${process#/proc/}")
  done
  [ ${#processes[@]} -gt 0 ]
}

clean_up() {
  if inside; then kill "${processes[@]}" 2>/dev/null || true; sleep 1; fi
  for root in "$work/build" "$work/run"; do
    umount "$root/proc" 2>/dev/null || true
  done
  if mount | grep -q " $work/"; then
    echo "something is still mounted below $work: it is left there" >&2
  else
    rm -rf "$work"
  fi
}
trap clean_up EXIT
port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))

echo "== a Debian"
debootstrap --variant=minbase "$release" "$work/build" "$mirror" >"$work/log" || { tail -20 "$work/log"; exit 1; }
rm -rf "$work/build/etc/apt/apt.conf.d" && cp -r /etc/apt/apt.conf.d "$work/build/etc/apt/"
cp -a "$work/build" "$work/run"
for root in "$work/build" "$work/run"; do
  mount --bind /proc "$root/proc"
  cp /etc/resolv.conf "$root/etc/"
done

echo "== the package"
mkdir "$work/build/source"
git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C "$work/build/source"
enter "$work/build" sh -c 'cd /source && packaging/docker/build.sh /lua-dataforest.deb' >"$work/log" 2>&1 ||
  { tail -30 "$work/log"; exit 1; }
ls -l "$work/build/lua-dataforest.deb"

echo "== installed"
lib=/usr/local/lib/dataforest-emulator
mkdir -p "$work/run$lib"
cp packaging/docker/{install,start,healthy}.sh "$work/run$lib/"
cp "$work/build/lua-dataforest.deb" "$work/run/tmp/"
enter "$work/run" "$lib/install.sh" /tmp/lua-dataforest.deb >"$work/log" 2>&1 || { tail -30 "$work/log"; exit 1; }

start() {
  enter "$work/run" setpriv --reuid dataforest --regid dataforest --clear-groups "$lib/start.sh" --seed 1 \
    >"$work/out" 2>"$work/err" </dev/null &
  server=$!
  for _ in $(seq 100); do
    enter "$work/run" "$lib/healthy.sh" 2>/dev/null && return
    sleep 0.1
  done
  cat "$work/err"
  exit 1
}

control() { # <command> <body>
  curl -sS --cacert "$work/run/var/lib/dataforest/ca.pem" -H "x-emulator-token: open-sesame" -d "$2" \
    "https://127.0.0.1:$port/_emulator/$1"
}

echo "== running"
TOKEN=open-sesame
start
cat "$work/err"
id=$(control add_account '{"name":"df001"}')
echo "add_account: $id"
ca=$(sha256sum <"$work/run/var/lib/dataforest/ca.pem")
without=$(curl -sS --cacert "$work/run/var/lib/dataforest/ca.pem" -d '{}' "https://127.0.0.1:$port/_emulator/dump")
echo "without the token: $without"

echo "== killed, and started again"
inside # every process of that Debian, and no other
kill -KILL "${processes[@]}" 2>/dev/null || true
wait "$server" 2>/dev/null || true
start
dump=$(control dump '{}')
case $dump in *'"name":"df001"'*) echo "df001 is still there" ;; *) echo "df001 is gone: $dump"; exit 1 ;; esac
[ "$ca" = "$(sha256sum <"$work/run/var/lib/dataforest/ca.pem")" ] && echo "the authority is the same"
case $without in *x-emulator-token*) ;; *) exit 1 ;; esac
owner=$(stat -c '%U %a' "$work/run/var/lib/dataforest/state.json" 2>/dev/null || true)
echo "state.json: ${owner##* }"
kill "$server"
wait "$server" || true
server=''
echo "== all as it should be"
