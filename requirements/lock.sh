#!/usr/bin/env bash
# Rewrites the hash-locked requirement files from the .in files. Needs uv on the PATH (it is in dev.txt).
set -euo pipefail
cd "$(dirname "$0")"
lock() {
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-emit-find-links --custom-compile-command "make lock" "$@"
}
lock api.in -o api.txt
lock api.in worker.in -o worker.txt
lock dev.in -o dev.txt
lock peers.in -o peers.txt
lock mongodb.in -o mongodb.txt
lock build.in -c dev.txt -o build.txt
