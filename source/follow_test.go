package source

import (
	"fmt"
	"strings"
	"testing"
)

// oldTar is a tar of before POSIX: without a magic, known by the sum of its header.
func oldTar(t testing.TB) string {
	b := []byte(tarOf(t, member{"a.log", line(1)}))
	clear(b[257:500])
	copy(b[148:156], "        ")
	sum := 0
	for _, c := range b[:512] {
		sum += int(c)
	}
	copy(b[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return string(b)
}

// TestFollowing holds that what is an archive or a store of its own to Open is not followed by line.
func TestFollowing(t *testing.T) {
	for name, head := range map[string]string{
		"zip": zipOf(t, member{"a.log", line(1)}), "empty zip": "PK\x05\x06" + strings.Repeat("\x00", 18), "spanned zip": "PK\x07\x08" + zipOf(t, member{"a.log", line(1)}),
		"7z": "7z\xbc\xaf\x27\x1c\x00\x04", "tar": tarOf(t, member{"a.log", line(1)}), "old tar": oldTar(t),
		"evtx": "ElfFile\x00" + strings.Repeat("\x00", 4088), "parquet": "PAR1\x15\x04", "gzip": "\x1f\x8b\x08\x00",
	} {
		if f, why := Follow("/var/log/a.log", []byte(head)); f.Lines || why != "" {
			t.Errorf("%s: lines %v, %q", name, f.Lines, why)
		}
	}
	if f, why := Follow("/var/log/a.log", []byte(line(1))); !f.Lines || why != "" {
		t.Errorf("lines %v, %q", f.Lines, why)
	}
}
