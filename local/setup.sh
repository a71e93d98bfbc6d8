#!/usr/bin/env bash
# Puts what the local Remotion Lambda needs into local/.runtime; does nothing where it is there already.
# usage: setup.sh [moto|all]     moto: only the Python environment, which is all that the tests need
set -euo pipefail
cd "$(dirname "$0")"

REMOTION=4.0.527
RUNTIME=$PWD/.runtime

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }

# build NAME KEY FUNCTION: runs FUNCTION unless the last one that succeeded under NAME had the same KEY
build() {
  local stamp=$RUNTIME/$1.stamp
  [ "$(cat "$stamp" 2>/dev/null)" = "$2" ] && return
  say "$1 …"
  rm -rf "$stamp" "${RUNTIME:?}/$1"
  # Not inside a condition: there bash would go on after a failed line.
  set +e
  (set -e; "$3") >"$RUNTIME/$1.log" 2>&1
  local status=$?
  set -e
  [ $status = 0 ] || { tail -n 20 "$RUNTIME/$1.log" >&2; fail "$1 failed, see $RUNTIME/$1.log"; }
  echo "$2" >"$stamp"
}

hash_of() { cat "$@" | sha256sum | cut -c1-16; }

debian() {
  local missing=() package root=()
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null || { say "needs ${missing[*]} (Debian's names)"; return 1; }
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { say "run as root: apt-get install ${missing[*]}"; return 1; }
    root=(sudo)
  fi
  say "apt-get install ${missing[*]} …"
  "${root[@]}" apt-get -qq update >&2
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get -qq install -y --no-install-recommends "${missing[@]}" >&2
}

venv() {
  python3 -m venv "$RUNTIME/venv"
  "$RUNTIME/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.txt
}

# Only index.js and mappings.wasm of the function's zip are used: its programs are for ARM, those of the compositor for this machine.
fn() {
  mkdir "$RUNTIME/fn"
  cd "$RUNTIME/fn"
  npm pack --silent "@remotion/lambda@$REMOTION" "@remotion/compositor-linux-$ARCH@$REMOTION"
  tar xzf remotion-compositor-*.tgz --strip-components=1 --exclude='*index.*'
  tar xzf remotion-lambda-*.tgz --strip-components=1 package/remotionlambda-arm64.zip
  python3 - <<'PY'
import zipfile
zipfile.ZipFile("remotionlambda-arm64.zip").extractall(members=["index.js", "mappings.wasm"])
PY
  rm ./*.tgz ./*.zip
  sha256sum --check ../../function.sha256
}

bundler() {
  mkdir "$RUNTIME/bundler"
  cp site/package.json site/package-lock.json "$RUNTIME/bundler"
  cd "$RUNTIME/bundler"
  npm ci --ignore-scripts --no-audit --no-fund
}

site() {
  mkdir -p "$RUNTIME/bundler/src"
  cp site/*.* "$RUNTIME/bundler/src"
  node "$RUNTIME/bundler/src/bundle.mjs" "$RUNTIME/site"
  find "$RUNTIME/site" -name '*.map' -delete
}

PART=${1:-all}
[[ $PART =~ ^(moto|all)$ ]] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }

mkdir -p "$RUNTIME"
exec 9>"$RUNTIME/lock"
flock 9

command -v python3 >/dev/null || fail "needs Python 3"
python3 -c 'import ensurepip' 2>/dev/null || debian python3-venv
build venv "$(hash_of requirements.txt) $(python3 -V)" venv
[ "$PART" = moto ] && exit

[ "$(uname -s)" = Linux ] || fail "the local Remotion Lambda runs on Linux only"
case $(uname -m) in
  x86_64) ARCH=x64-gnu ;;
  aarch64) ARCH=arm64-gnu ;;
  *) fail "Remotion has no programs for $(uname -m)" ;;
esac
node -e 'process.exit(require("node:zlib").crc32 ? 0 : 1)' || fail "needs Node 20.15 or later"
if [ -n "${CHROMIUM_BIN:-}" ]; then
  [ -x "$CHROMIUM_BIN" ] || fail "CHROMIUM_BIN=$CHROMIUM_BIN is not a program"
else
  debian chromium-headless-shell fonts-dejavu-core || fail "chromium-headless-shell is missing: install it, or set CHROMIUM_BIN to a Chrome Headless Shell"
fi
build fn "$REMOTION $ARCH" fn
build bundler "$(hash_of site/package-lock.json) $(node -v)" bundler
build site "$(hash_of site/*.*)" site
