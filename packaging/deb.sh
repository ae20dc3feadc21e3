#!/usr/bin/env bash
# Makes the Debian package of a release archive: packaging/deb.sh dist/tocsin-VERSION-linux-ARCH.tar.gz [FOLDER]
# Besides the program it has a service, its configuration and its user; installed, the service is neither enabled nor started:
# Tocsin is a program that one calls, and runs on its own only where somebody says so. The same archive gives the same bytes.
# Needs dpkg-deb.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
archive=$(readlink -f "$1")
out=${2:-$(dirname "$archive")}
name=$(basename "$archive" .tar.gz)
arch=${name##*-}
version=${name#tocsin-}
version=${version%-linux-*}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
tar -C "$work" -xzf "$archive"
from=$work/$name
SOURCE_DATE_EPOCH=$(stat -c %Y "$from")
export SOURCE_DATE_EPOCH
root=$work/root
doc=$root/usr/share/doc/tocsin
put() { install -D -m 644 "$1" "$2"; }
install -D -m 755 "$from/tocsin" "$root/usr/bin/tocsin"
for page in "$from"/man/*.1; do
  put "$page" "$root/usr/share/man/man1/${page##*/}"
done
gzip -n9 "$root"/usr/share/man/man1/*
put "$from/completions/tocsin.bash" "$root/usr/share/bash-completion/completions/tocsin"
put "$from/completions/_tocsin" "$root/usr/share/zsh/vendor-completions/_tocsin"
put "$from/completions/tocsin.fish" "$root/usr/share/fish/vendor_completions.d/tocsin.fish"
put "$from/service/tocsin.service" "$root/usr/lib/systemd/system/tocsin.service"
put "$from/service/run.yaml" "$root/etc/tocsin/run.yaml"
for f in "$from"/*.md; do put "$f" "$doc/${f##*/}"; done
for f in "$from"/docs/*; do put "$f" "$doc/docs/${f##*/}"; done
mkdir -p "$doc"
{
  echo "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
  echo "Upstream-Name: tocsin"
  echo "Source: https://github.com/tocsin-ids/tocsin"
  echo
  echo "Files: *"
  echo "Copyright: $(date -u -d "@$SOURCE_DATE_EPOCH" +%Y) the Tocsin contributors"
  echo "License: Apache-2.0"
  echo " On Debian systems the text is in /usr/share/common-licenses/Apache-2.0."
  echo " What is linked into the program has its licences in LICENCES.txt here."
} >"$doc/copyright"
put "$from/LICENCES.txt" "$doc/LICENCES.txt"
{
  echo "tocsin ($version) unstable; urgency=medium"
  echo
  echo "  * This version."
  echo
  echo " -- Tocsin contributors <noreply@github.com>  $(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -n9 >"$doc/changelog.gz"
mkdir -p "$root/usr/share/lintian/overrides"
{
  echo "# One static program without cgo is what it is: it runs in an empty root."
  echo "tocsin: statically-linked-binary [usr/bin/tocsin]"
} >"$root/usr/share/lintian/overrides/tocsin"
find "$root" -type d -exec chmod 755 {} + -o -type f ! -path "$root/usr/bin/*" -exec chmod 644 {} +
mkdir "$root/DEBIAN"
echo /etc/tocsin/run.yaml >"$root/DEBIAN/conffiles"
for f in postinst prerm postrm; do install -m 755 "$here/debian/$f" "$root/DEBIAN/$f"; done
{
  echo "Package: tocsin"
  echo "Version: $version"
  echo "Architecture: $arch"
  echo "Maintainer: Tocsin contributors <noreply@github.com>"
  echo "Installed-Size: $(find "$root/usr" "$root/etc" -type f -printf '%s\n' | awk '{ n += int(($1 + 1023) / 1024) } END { print n }')"
  echo "Section: admin"
  echo "Priority: optional"
  echo "Depends: adduser"
  echo "Recommends: ca-certificates"
  echo "Homepage: https://github.com/tocsin-ids/tocsin"
  echo "Description: finds intrusions run by machines in logs of any kind"
  echo " Tocsin reads logs of hosts, networks, web servers, clouds and AI agents,"
  echo " matches them against Sigma rules, joins what happened to campaigns with the"
  echo " evidence of every link, and says what it could not read. As a service, which"
  echo " is off until it is enabled, it follows logs and tells of intrusions while"
  echo " they happen."
} >"$root/DEBIAN/control"
(cd "$root" && find usr etc -type f | sort | xargs md5sum >DEBIAN/md5sums)
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$out"
dpkg-deb --root-owner-group -Zxz -z3 --build "$root" "$out/tocsin_${version}_$arch.deb" >/dev/null
echo "$out/tocsin_${version}_$arch.deb"
