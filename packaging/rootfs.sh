#!/usr/bin/env bash
# Makes the root file system of the container image of a release archive, which packaging/Containerfile adds to nothing:
# packaging/rootfs.sh dist/tocsin-VERSION-linux-ARCH.tar.gz ROOTFS.tar
# The program, a folder for temporary files, one for logs, and a user who is not root. The same archive gives the same bytes.
set -euo pipefail
archive=$(readlink -f "$1")
out=$(readlink -f "$2")
name=$(basename "$archive" .tar.gz)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -C "$work" -xzf "$archive"
from=$work/$name
root=$work/root
install -D -m 755 "$from/tocsin" "$root/usr/bin/tocsin"
install -D -m 644 "$from/LICENSE" "$root/usr/share/doc/tocsin/LICENSE"
install -D -m 644 "$from/LICENCES.txt" "$root/usr/share/doc/tocsin/LICENCES.txt"
mkdir -p "$root/etc" "$root/tmp" "$root/data"
echo "tocsin:x:65532:65532::/tmp:/sbin/nologin" >"$root/etc/passwd"
echo "tocsin:x:65532:" >"$root/etc/group"
chmod 644 "$root"/etc/*
find "$root" -type d -exec chmod 755 {} +
chmod 1777 "$root/tmp"
find "$root" -exec touch -h -d "@$(stat -c %Y "$from")" {} +
LC_ALL=C tar -C "$root" --sort=name --owner=0 --group=0 --numeric-owner --format=gnu -cf "$out" .
