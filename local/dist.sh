#!/usr/bin/env bash
# Builds dist/rendergate-{api,worker}-{arm64,x86-64}.zip for Lambda's runtime provided.al2023; the same source gives the same bytes.
# ARCHS and BINS, space-separated, choose some of them.
set -euo pipefail
cd "$(dirname "$0")/.."

archs=${ARCHS:-arm64 x86-64} bins=${BINS:-api worker}
# shellcheck disable=SC2086
local/tools.sh cargo-lambda $archs
PATH=$PWD/local/.tools/bin:$PATH
export RUSTFLAGS="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo --remap-path-prefix=$PWD=rendergate"

mkdir -p dist
for arch in $archs; do
  # shellcheck disable=SC2086,SC2046
  cargo lambda build --locked $(printf -- '--bin %s ' $bins) "--$arch"
  for bin in $bins; do
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
