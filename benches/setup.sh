#!/usr/bin/env bash
# Puts the contenders and their packages into benches/.run; does nothing where they are there already.
# usage: setup.sh [size|cold|warm|callgrind|server|growth|copy]…     only what these parts need; without any, all
# Environment: QUICK builds without optimising; OURS and SERVER are programs that are built already.
set -euo pipefail
cd "$(dirname "$0")"

RUN=$PWD/.run
PARTS=" ${*:-size cold warm callgrind server growth copy} "

say() { echo "bench: $*" >&2; }
fail() { say "$*"; exit 1; }
wants() {
  local part
  for part in "$@"; do [[ $PARTS == *" $part "* ]] && return; done
  return 1
}

# installed NAME KEY FUNCTION: runs FUNCTION unless the last one that succeeded under NAME had the same KEY
installed() {
  [ "$(cat "$RUN/$1.stamp" 2>/dev/null)" = "$2" ] && return
  say "$1 …"
  rm -f "$RUN/$1.stamp"
  # In the background, because bash goes on after a failed line of a function inside a condition.
  "$3" >"$RUN/$1.log" 2>&1 &
  wait $! || { tail -n 20 "$RUN/$1.log" >&2; fail "$1 failed, see $RUN/$1.log"; }
  echo "$2" >"$RUN/$1.stamp"
}

node_peers() {
  mkdir -p "$RUN/peers"
  cp peers/* peers/.npmrc "$RUN/peers"
  cd "$RUN/peers"
  npm ci --ignore-scripts --no-audit --no-fund
  npx esbuild handler.mjs --bundle --minify --platform=node --target=node20 --format=esm --outfile=bundle.mjs
}

python_peers() {
  rm -rf "$RUN/venv"
  python3 -m venv "$RUN/venv"
  "$RUN/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r peers/requirements.txt
}

debian() {
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  say "apt-get install $1 …"
  "${root[@]}" apt-get -qq update >&2
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get -qq install -y --no-install-recommends "$1" >&2 || fail "install $1, as root"
}

# build DIRECTORY TARGET ARGUMENT…
build() {
  local directory=$1 target=$2
  shift 2
  [ -n "${QUICK:-}" ] || set -- --profile "${PROFILE:-release}" "$@"
  say "cargo build $* in $(realpath --relative-to .. "$directory") …"
  (cd "$directory" && CARGO_TARGET_DIR=$target cargo build --locked --quiet "$@") || fail "the build failed"
}

mkdir -p "$RUN/logs"
exec 9>"$RUN/lock"
flock 9

build harness "$RUN/harness-target"
if wants cold warm callgrind server; then
  build floor "$RUN/floor-target"
fi
ours=$RUN/target api=(--no-default-features --bin api)
[ -z "${QUICK:-}" ] || { ours=$PWD/../target api=(--bin api); }
if [ -z "${OURS:-}" ] && wants size cold warm callgrind; then build .. "$ours" "${api[@]}"; fi
if [ -z "${SERVER:-}" ] && wants server growth; then PROFILE=server build .. "$ours" --bin rendergate; fi
if wants cold warm server; then
  command -v node >/dev/null || fail "needs Node 20"
  installed node-peers "$(cat peers/* | sha256sum) $(node -v)" node_peers
fi
if wants cold warm; then
  python3 -c 'import ensurepip' 2>/dev/null || debian python3-venv
  installed python-peers "$(sha256sum <peers/requirements.txt) $(python3 -V)" python_peers
fi
if wants callgrind; then
  command -v valgrind >/dev/null || debian valgrind
fi
if wants size && [ -z "${QUICK:-}" ]; then
  ARCHS=arm64 BINS=api ../local/dist.sh >"$RUN/dist.log" 2>&1 || { tail -n 20 "$RUN/dist.log" >&2; fail "no zip for arm64"; }
fi
if wants copy; then
  ../local/setup.sh moto
fi
