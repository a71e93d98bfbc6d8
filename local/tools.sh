#!/usr/bin/env bash
# Puts pinned tools into local/.tools/bin; does nothing where they are there already.
# usage: tools.sh [cargo-lambda|sam|cargo-deny|arm64|x86-64]…     the last two: Rust's standard library for that target
set -euo pipefail
cd "$(dirname "$0")"

DENY=0.20.2
TOOLS=$PWD/.tools

say() { echo "tools: $*" >&2; }
fail() { say "$*"; exit 1; }

# install NAME KEY COMMAND…: runs COMMAND unless the last one that succeeded under NAME had the same KEY
install() {
  local name=$1 key=$2
  shift 2
  [ "$(cat "$TOOLS/$name.stamp" 2>/dev/null)" = "$key" ] && return
  say "$name …"
  rm -rf "$TOOLS/$name.stamp" "${TOOLS:?}/$name"
  # In the background, because bash goes on after a failed line of a function inside a condition.
  "$@" >"$TOOLS/$name.log" 2>&1 &
  wait $! || { tail -n 20 "$TOOLS/$name.log" >&2; fail "$name failed, see $TOOLS/$name.log"; }
  echo "$key" >"$TOOLS/$name.stamp"
}

# venv NAME PROGRAM…: the packages of tools/NAME.txt
venv() {
  local name=$1 program
  shift
  python3 -m venv "$TOOLS/$name"
  "$TOOLS/$name/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "tools/$name.txt"
  for program in "$@"; do ln -sf "../$name/bin/$program" "$TOOLS/bin/$program"; done
}

cargo_lambda() {
  venv cargo-lambda cargo-lambda
  # cargo-lambda looks for zig on PATH, where the package doesn't put it.
  ln -sf "$("$TOOLS/cargo-lambda/bin/python" -c 'import ziglang; print(ziglang.__path__[0])')/zig" "$TOOLS/bin/zig"
}

# Unoptimised: it is built in a tenth of the time, and checks our tree in seconds.
cargo_deny() {
  cargo install --locked --quiet --debug --version "$DENY" --root "$TOOLS/cargo-deny" --target-dir "$TOOLS/build" cargo-deny
  ln -sf ../cargo-deny/bin/cargo-deny "$TOOLS/bin/cargo-deny"
  rm -r "$TOOLS/build"
}

target() {
  rustup target list --installed | grep -qx "$1" || rustup target add "$1"
}

needs_venv() {
  python3 -c 'import ensurepip' 2>/dev/null && return
  say "apt-get install python3-venv …"
  { apt-get -qq update && apt-get -qq install -y python3-venv; } >&2 || fail "install python3-venv, as root"
}

python_key() { echo "$(sha256sum <"tools/$1.txt") $(python3 -V)"; }

[ $# -gt 0 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
mkdir -p "$TOOLS/bin"
exec 9>"$TOOLS/lock"
flock 9

for tool in "$@"; do
  case $tool in
    cargo-lambda)
      needs_venv
      install cargo-lambda "$(python_key cargo-lambda)" cargo_lambda
      ;;
    sam)
      needs_venv
      install sam "$(python_key sam)" venv sam sam cfn-lint
      ;;
    cargo-deny) install cargo-deny "$DENY $(rustc -V)" cargo_deny ;;
    arm64) target aarch64-unknown-linux-gnu ;;
    x86-64) target x86_64-unknown-linux-gnu ;;
    *) fail "unknown: $tool" ;;
  esac
done
