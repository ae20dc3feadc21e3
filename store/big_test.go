package store

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// How long a large store takes to open, to be read and to be backed up: TOCSIN_STORE_BIG is its size in MB.
func TestBig(t *testing.T) {
	mb, err := strconv.Atoi(os.Getenv("TOCSIN_STORE_BIG"))
	if err != nil {
		t.Skip("TOCSIN_STORE_BIG is no number of megabytes")
	}
	dir := t.TempDir()
	s := openIn(t, dir)
	data := make([]byte, 256<<10)
	for i := range mb / 16 {
		c := &Commit{}
		for k := range 64 {
			for j := 0; j < len(data); j += 64 {
				data[j] = byte(i*64 + k + j)
			}
			c.Pieces = append(c.Pieces, Piece{"", fmt.Sprintf("%06d", i*64+k), append([]byte(nil), data...)})
		}
		if err := s.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	step := func(what string, f func() error) {
		began := time.Now()
		if err := f(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %v", what, time.Since(began).Round(time.Millisecond))
	}
	step("open", func() (err error) { s, err = Open(s.path, Options{}); return err })
	defer s.Close()
	t.Log("not checked to the end:", s.Unchecked())
	step("read", func() error {
		n := 0
		for _, err := range s.Pieces(t.Context(), "") {
			if err != nil {
				return err
			}
			n++
		}
		if n != mb/16*64 {
			return fmt.Errorf("%d pieces", n)
		}
		return nil
	})
	step("back up", func() error { return s.Backup(t.Context(), s.path+".backup") })
}
