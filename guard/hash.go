package guard

import (
	"encoding/binary"
	"hash/maphash"

	"github.com/dchest/siphash"
)

// A hasher makes what is kept of results, secrets and commands: SipHash-2-4 under the owner's key, so that who reads what a Book
// has written, and has no key, can test no guess. J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF" (2012).
type hasher struct{ k0, k1 uint64 }

func newHasher(key [16]byte) hasher {
	return hasher{binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])}
}

// anyHasher has a key of its own that nobody knows.
func anyHasher() hasher {
	return hasher{maphash.String(maphash.MakeSeed(), ""), maphash.String(maphash.MakeSeed(), "")}
}

// of is the hash of a text, never 0.
func (h hasher) of(s string) uint64 {
	var buf [64]byte
	return max(siphash.Hash(h.k0, h.k1, append(buf[:0], s...)), 1)
}

// run is the hash of the hashes of words that follow each other.
func (h hasher) run(words *[runOf]uint64) uint64 {
	var buf [8 * runOf]byte
	for i, w := range words {
		binary.LittleEndian.PutUint64(buf[8*i:], w)
	}
	return max(siphash.Hash(h.k0, h.k1, buf[:]), 1)
}
