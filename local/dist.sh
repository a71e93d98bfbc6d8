#!/usr/bin/env bash
# Builds dist/rendergate-{api,worker}-{arm64,x86-64}.zip for Lambda's runtime provided.al2023; the same source gives the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."

local/tools.sh cargo-lambda arm64 x86-64
PATH=$PWD/local/.tools/bin:$PATH
export RUSTFLAGS="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo --remap-path-prefix=$PWD=rendergate"

mkdir -p dist
for arch in arm64 x86-64; do
  cargo lambda build --locked --bin api --bin worker "--$arch"
  for bin in api worker; do
    python3 - "target/lambda/$bin/bootstrap" "dist/rendergate-$bin-$arch.zip" <<'PY'
import sys, zipfile

program, archive = sys.argv[1:]
entry = zipfile.ZipInfo("bootstrap", (1980, 1, 1, 0, 0, 0))
entry.external_attr = 0o100755 << 16
entry.create_system = 3
with open(program, "rb") as file, zipfile.ZipFile(archive, "w") as out:
    out.writestr(entry, file.read(), zipfile.ZIP_DEFLATED, 9)
PY
  done
done
ls -l dist
