// Package rules holds Tocsin's own Sigma rules, so that a fresh binary finds things.
//
// The rules are the .yml files below this folder, one rule (or one correlation with its bases) a file, each with its
// tests in a .txtar of the same name. What is embedded is rules.bin, the same files packed and compressed: rule texts
// name what malware does, and an antivirus that finds them plain in a program deletes the program. TestPacked keeps
// the two the same; "go test ./rules -update" packs anew.
package rules

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"errors"
	"io"
)

//go:embed rules.bin
var packed []byte

// A File is one rule file.
type File struct {
	Path string // "builtin/linux/sshd_bruteforce.yml"
	Data []byte
}

var errPacked = errors.New("the embedded rules are damaged: build Tocsin anew")

// Files returns the embedded rule files in order of their paths.
func Files() ([]File, error) { return Unpack(packed) }

// Pack encodes rule files: for each, the length of its path and of its text as varints, then both; the whole gzipped.
func Pack(files []File) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	for _, f := range files {
		head := binary.AppendUvarint(nil, uint64(len(f.Path)))
		head = binary.AppendUvarint(head, uint64(len(f.Data)))
		_, _ = z.Write(head) // a bytes.Buffer does not fail
		_, _ = io.WriteString(z, f.Path)
		_, _ = z.Write(f.Data)
	}
	_ = z.Close()
	return out.Bytes()
}

// Unpack decodes what Pack made.
func Unpack(data []byte) ([]File, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, errPacked
	}
	b, err := io.ReadAll(z)
	if err != nil {
		return nil, errPacked
	}
	var files []File
	for len(b) > 0 {
		np, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errPacked
		}
		nd, m := binary.Uvarint(b[n:])
		b = b[n:]
		if m <= 0 || np > uint64(len(b)-m) || nd > uint64(len(b)-m)-np {
			return nil, errPacked
		}
		b = b[m:]
		files = append(files, File{string(b[:np]), b[np : np+nd]})
		b = b[np+nd:]
	}
	return files, nil
}
