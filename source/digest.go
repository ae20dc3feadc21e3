package source

import (
	"crypto/sha256"
	"hash"
	"io"
)

// A digest takes the SHA-256 of a file while it is read. Bytes that are read in order cost no reading of their own; the
// members of an archive lie in order too, with gaps of a header between them.
type digest struct {
	hash hash.Hash
	file *io.SectionReader // nil for standard input
	at   int64             // bytes hashed
	used bool              // something of the file was looked into, so that it is evidence
	done bool              // standard input has ended
	bad  bool
}

// maxGap bounds what lies between two reads and is read for the digest alone.
const maxGap = 64 << 10

func newDigest(file *io.SectionReader) *digest { return &digest{hash: sha256.New(), file: file} }

// use says that something of the file is looked into.
func (d *digest) use() {
	if d != nil {
		d.used = true
	}
}

// saw takes bytes that were read at a place of the file.
func (d *digest) saw(p []byte, at int64) {
	if d == nil || len(p) == 0 || at > d.at+maxGap {
		return
	}
	if at > d.at {
		d.take(at - d.at)
	}
	if end := at + int64(len(p)); at <= d.at && d.at < end {
		d.hash.Write(p[d.at-at:])
		d.at = end
	}
}

// take reads what comes next of the file.
func (d *digest) take(n int64) {
	if d.file == nil {
		d.bad = true
		return
	}
	got, err := io.Copy(d.hash, io.NewSectionReader(d.file, d.at, n))
	d.at += got
	d.bad = d.bad || err != nil || got < n
}

// sum is the digest of the whole file; what was not read until now is. It is not ok where the file cannot be read or has
// become shorter, and for standard input that was not read to its end.
func (d *digest) sum() (sum [sha256.Size]byte, ok bool) {
	if d.file != nil && !d.bad && d.at < d.file.Size() {
		d.take(d.file.Size() - d.at)
	}
	if d.bad || d.file == nil && !d.done {
		return sum, false
	}
	d.hash.Sum(sum[:0])
	return sum, true
}
