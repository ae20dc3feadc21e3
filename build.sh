#!/usr/bin/env bash
# Builds the release binaries for Linux, Windows and macOS on amd64 and arm64: ./build.sh [FOLDER]
# The commit is stamped by the Go tool; the same commit and Go version give the same bytes.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-dist}
mkdir -p "$out"
for os in linux windows darwin; do
  for arch in amd64 arm64; do
    name="$out/tocsin-$os-$arch"
    [ "$os" = windows ] && name="$name.exe"
    CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build -buildvcs=auto -trimpath -ldflags='-s -w' -o "$name" ./cmd/tocsin
    echo "$name"
  done
done
(cd "$out" && sha256sum tocsin-* >SHA256SUMS)
