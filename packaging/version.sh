#!/usr/bin/env bash
# Says which version the sources here are: that of the tag if the commit has one, else 0.0.0+gitDATE.COMMIT.
set -euo pipefail
cd "$(dirname "$0")/.."
if tag=$(git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null); then
  echo "${tag#v}"
else
  echo "0.0.0+git$(TZ=UTC git log -1 --format=%cd --date=format-local:%Y%m%d).$(git log -1 --format=%h --abbrev=12)"
fi
