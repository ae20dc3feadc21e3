#!/usr/bin/env bash
# Makes a module proxy of this commit, from which "go install" gets it as from any other: packaging/goproxy.sh FOLDER
# Prints the version: that of the commit's tag, else a pseudo-version. Then
#   GOPROXY=file://FOLDER,https://proxy.golang.org GONOSUMDB=github.com/tocsin-ids go install github.com/tocsin-ids/tocsin/cmd/tocsin@VERSION
# https://go.dev/ref/mod#goproxy-protocol
set -euo pipefail
cd "$(dirname "$0")/.."
module=$(sed -n 's/^module //p' go.mod)
version=$(git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null) ||
  version=v0.0.0-$(TZ=UTC git log -1 --format=%cd --date=format-local:%Y%m%d%H%M%S)-$(git log -1 --format=%h --abbrev=12)
mkdir -p "$1/$module/@v"
at=$1/$module/@v
echo "$version" >"$at/list"
printf '{"Version":"%s","Time":"%s"}\n' "$version" "$(TZ=UTC git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ)" >"$at/$version.info"
git show HEAD:go.mod >"$at/$version.mod"
git archive --format=zip --prefix="$module@$version/" -o "$at/$version.zip" HEAD
echo "$version"
