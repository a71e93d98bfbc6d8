#!/usr/bin/env bash
# Runs the Lambda program under cargo-lambda's Runtime API, sends it one event, prints its answer; logs go to stderr.
# usage: invoke.sh EVENT.json     with RENDERGATE_FUNCTION_NAME set, the settings and AWS keys of your shell are used
set -euo pipefail
[ $# = 1 ] || { sed -n '3s/^# //p' "$0" >&2; exit 2; }
[ -r "$1" ] || { echo "no such event: $1" >&2; exit 2; }
event=$(realpath "$1")
cd "$(dirname "$0")/.."

local/tools.sh cargo-lambda
cargo build --quiet --locked --bin api

# Enough for all that is answered without AWS, which can't be reached.
if [ -z "${RENDERGATE_FUNCTION_NAME:-}" ]; then
  export RENDERGATE_FUNCTION_NAME=remotion-render-4-0-527-mem2048mb-disk2048mb-120sec
  export RENDERGATE_BUCKET=remotionlambda-useast1-abcdefghij
  export RENDERGATE_SERVE_URL=https://remotionlambda-useast1-abcdefghij.s3.us-east-1.amazonaws.com/sites/example/index.html
  export RENDERGATE_COMPOSITION=main RENDERGATE_STATE=s3://records RENDERGATE_DESTINATIONS=videos
  export AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_ENDPOINT_URL=http://127.0.0.1:9
fi

pids=()
stop() { kill "${pids[@]}" 2>/dev/null || true; wait; }
trap stop EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
local/.tools/bin/cargo-lambda lambda watch --only-lambda-apis --invoke-address 127.0.0.1 --invoke-port "$port" >/dev/null 2>&1 &
pids+=($!)
until (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
  kill -0 "${pids[0]}" 2>/dev/null || { echo "cargo lambda watch did not start" >&2; exit 1; }
  sleep 0.1
done

AWS_LAMBDA_RUNTIME_API=http://127.0.0.1:$port/.rt/api AWS_LAMBDA_FUNCTION_NAME=api AWS_LAMBDA_FUNCTION_VERSION=1 \
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256 "${CARGO_TARGET_DIR:-target}/debug/api" >&2 &
program=$!
local/.tools/bin/cargo-lambda lambda invoke --invoke-address 127.0.0.1 --invoke-port "$port" api --data-file "$event" &
invocation=$!
pids+=("$program" "$invocation")

# Whichever ends first: a program that refuses its settings never answers.
wait -n -p ended "$program" "$invocation" && status=0 || status=$?
[ "$ended" = "$invocation" ] || { echo "the program ended with status $status" >&2; exit 1; }
exit "$status"
