#!/usr/bin/env bash
# Writes the licences of all that is linked into the program: of Go and of each module.
set -euo pipefail
cd "$(dirname "$0")/.."
part() { printf '%s\n%s\n\n' "== $1" "$(cat "$2")"; }
echo "The program is under the Apache License 2.0 (LICENSE). It has in it:"
echo
part "Go $(go env GOVERSION)" "$(go env GOROOT)/LICENSE"
go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/tocsin | sort -u |
  while read -r path version dir; do
    found=
    for f in "$dir"/LICEN[CS]E* "$dir"/COPYING* "$dir"/NOTICE*; do
      if [ -f "$f" ]; then part "$path $version: ${f##*/}" "$f"; found=1; fi
    done
    [ "$found" ] || { echo "no licence found for $path" >&2; exit 1; }
  done
