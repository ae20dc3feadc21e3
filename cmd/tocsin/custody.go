package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/rules"
)

// digestOf is the digest of several files that are one thing: that of the lines which sha256sum writes of them, in the
// order of their paths, so that it can be made again with sort, sha256sum and nothing else.
func digestOf(kind, path string, files []rules.File) tocsin.Digest {
	d := tocsin.Digest{Kind: kind, Path: path}
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b rules.File) int { return strings.Compare(a.Path, b.Path) })
	all := sha256.New()
	for _, f := range files {
		d.Bytes += int64(len(f.Data))
		fmt.Fprintf(all, "%x  %s\n", sha256.Sum256(f.Data), f.Path)
	}
	d.SHA256 = hex.EncodeToString(all.Sum(nil))
	return d
}

// digestOfFile is the digest of a file that a flag named.
func digestOfFile(flag, path string, data []byte) tocsin.Digest {
	sum := sha256.Sum256(data)
	return tocsin.Digest{Kind: flag, Path: path, Bytes: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
}
