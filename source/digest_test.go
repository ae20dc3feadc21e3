package source

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// TestDigest holds what is hashed while it is read against the file as it lies on disk.
func TestDigest(t *testing.T) {
	lines := strings.Repeat("Mar  1 08:00:07 web1 sshd[77]: Accepted password for ann from 203.0.113.9 port 50022 ssh2\n", 9000)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(lines))
	_ = z.Close()
	noise := make([]byte, 300<<10) // more than one gap wide, and no log
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(noise)
	var archive bytes.Buffer
	a := zip.NewWriter(&archive)
	for name, data := range map[string]string{"a.log": lines, "noise.bin": string(noise), "b.log": lines} {
		w, err := a.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(data))
	}
	_ = a.Close()
	for name, data := range map[string]string{
		"plain": lines, "gzip": packed.String(), "gzip with a tail": packed.String() + strings.Repeat("\x00", 200<<10), "zip": archive.String(),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
			want := sha256.Sum256([]byte(data))
			for arg, stdin := range map[string]*strings.Reader{path: nil, "-": strings.NewReader(data)} {
				o := Options{}
				if stdin != nil {
					o.Stdin = stdin
				}
				reader, err := New(o)
				if err != nil {
					t.Fatal(err)
				}
				told := 0
				for _, u := range reader.List([]string{arg}, nil) {
					_ = reader.Open(u, Hooks{Digest: func(size int64, sum [32]byte, ok bool) {
						told++
						if arg == "-" && name == "gzip with a tail" { // what comes after is not waited for
							if ok {
								t.Error("standard input that was not read to its end has a digest")
							}
							return
						}
						if !ok || sum != want || size != int64(len(data)) {
							t.Errorf("%s: ok %v, %d bytes of %d, right sum: %v", arg, ok, size, len(data), sum == want)
						}
					}}, func(s *Stream) error {
						return s.Frames(func(rec *tocsin.Record) error { reader.Release(rec); return nil })
					})
				}
				if told != 1 {
					t.Errorf("%s: told %d times", arg, told)
				}
			}
		})
	}
}

// TestDigestOfWhatIsNotRead: what is no log is no evidence that a report rests on, and what was stopped has no digest.
func TestDigestOfWhatIsNotRead(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{"picture": "\x89PNG\r\n\x1a\n\x00\x00", "auth.log": "Mar  1 08:00:07 web1 sshd[77]: Accepted password for ann from 203.0.113.9 port 50022 ssh2\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reader, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, u := range reader.List([]string{dir}, nil) {
		_ = reader.Open(u, Hooks{Digest: func(_ int64, _ [32]byte, ok bool) {
			if told++; ok {
				t.Errorf("%s has a digest", u.Path)
			}
		}}, func(*Stream) error { return errors.New("stopped") })
	}
	if told != 1 {
		t.Errorf("told of %d files, want only the log", told)
	}
}
