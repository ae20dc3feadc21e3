#!/usr/bin/env bash
# Builds the release archives: ./build.sh [FOLDER]
# One for each of Linux, Windows and macOS on amd64 and arm64, with the program, its pages, completions, documents and the
# licences of what is in it, and their SHA256SUMS. The same commit and Go version give the same bytes.
# TARGETS="linux/amd64" builds fewer. Needs Go, git, GNU tar and, for Windows, zip.
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-dist}
version=$(packaging/version.sh)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C CGO_ENABLED=0
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build() { go build -buildvcs=auto -trimpath -ldflags="-s -w -X main.built=$version" -o "$1" ./cmd/tocsin; }

# What is the same in all archives: pages and completions come from the program itself.
build "$work/tocsin"
common=$work/common
mkdir -p "$common/man" "$common/completions"
"$work/tocsin" man --dir "$common/man"
"$work/tocsin" completion bash >"$common/completions/tocsin.bash"
"$work/tocsin" completion zsh >"$common/completions/_tocsin"
"$work/tocsin" completion fish >"$common/completions/tocsin.fish"
cp -R README.md ARCHITECTURE.md CONTRIBUTING.md SECURITY.md LICENSE docs packaging/service "$common"
packaging/licences.sh >"$common/LICENCES.txt"

cd "$(git rev-parse --show-toplevel)"
: >"$work/names"
for target in ${TARGETS:-linux/amd64 linux/arm64 windows/amd64 windows/arm64 darwin/amd64 darwin/arm64}; do
  export GOOS=${target%/*} GOARCH=${target#*/}
  name=tocsin-$version-$GOOS-$GOARCH
  mkdir "$work/$name"
  cp -R "$common/." "$work/$name"
  if [ "$GOOS" = windows ]; then
    build "$work/$name/tocsin.exe"
    archive=$name.zip
  else
    build "$work/$name/tocsin"
    archive=$name.tar.gz
  fi
  find "$work/$name" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
  chmod 755 "$work/$name"/tocsin*
  find "$work/$name" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  rm -f "$out/$archive"
  if [ "$GOOS" = windows ]; then
    (cd "$work" && find "$name" -type f | sort | zip -q -X -@ "$out/$archive")
  else
    tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --format=gnu -cf - "$name" | gzip -n9 >"$out/$archive"
  fi
  echo "$archive" >>"$work/names"
  echo "$out/$archive"
done
(cd "$out" && xargs sha256sum <"$work/names" >SHA256SUMS)
