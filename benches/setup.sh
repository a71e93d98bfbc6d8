#!/usr/bin/env bash
# Puts the contenders and their packages into benches/.run; does nothing where they are there already.
# usage: setup.sh [cold|warm|server|growth|size|copy|callgrind]…     only what these parts need; without any, all
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

valgrind_package() {
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get -qq update
  "${root[@]}" apt-get -qq install -y --no-install-recommends valgrind
}

# build DIRECTORY TARGET ARGUMENT…
build() {
  local directory=$1 target=$2
  shift 2
  say "cargo build in ${directory#"$PWD/"} …"
  (cd "$directory" && CARGO_TARGET_DIR="$RUN/$target" cargo build --locked --quiet --release "$@") || fail "the build failed"
}

mkdir -p "$RUN/logs"
exec 9>"$RUN/lock"
flock 9

build harness harness-target
if wants cold warm callgrind server growth; then
  build floor floor-target
fi
# Both at once: built one after the other, with and without the feature `sso`, they would take twice as long.
if [ -z "${OURS:-}" ] && wants cold warm callgrind server growth; then
  build .. target --no-default-features --bin api --bin rendergate
fi
if wants cold warm server; then
  command -v node >/dev/null || fail "needs Node 20"
  installed node-peers "$(cat peers/* | sha256sum) $(node -v)" node_peers
fi
if wants cold warm; then
  python3 -c 'import ensurepip' 2>/dev/null || fail "needs python3-venv"
  installed python-peers "$(sha256sum <peers/requirements.txt) $(python3 -V)" python_peers
fi
if wants callgrind && ! command -v valgrind >/dev/null; then
  installed valgrind "$(date +%s)" valgrind_package
fi
if wants size; then
  ARCHS=arm64 BINS=api ../local/dist.sh >"$RUN/dist.log" 2>&1 || { tail -n 20 "$RUN/dist.log" >&2; fail "no zip for arm64"; }
fi
if wants copy; then
  ../local/setup.sh moto
fi
