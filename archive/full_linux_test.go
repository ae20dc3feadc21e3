package archive

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// TestFullDisk fills a disk of its own, where one can be had.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("no disk of one's own: ", err)
	}
	defer func() { _ = syscall.Unmount(dir, 0) }()
	a, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var b Block
	n, kept := 0, 0
	for r := rand.New(rand.NewPCG(1, 1)); ; n++ {
		b.Add(&tocsin.Event{Time: day, Record: uint64(n), Source: "s", Raw: fmt.Sprint(r.Uint64(), r.Uint64(), r.Uint64())})
		if b.Events() < 100 {
			continue
		}
		err := a.Append("", &b)
		if err == nil {
			kept += 100
			continue
		}
		if !errors.Is(err, ErrFull) || b.Events() != 100 {
			t.Fatalf("%v, %d events", err, b.Events())
		}
		break
	}
	commit(t, a)
	if got := len(read(t, dir)); got != kept {
		t.Fatalf("%d events, want %d", got, kept)
	}
	_, _ = a.Roll(day)
	if _, err := a.Roll(day.Add(time.Hour)); !errors.Is(err, ErrFull) {
		t.Fatalf("%v, want that the disk is full", err)
	}
	if got := len(read(t, dir)); got != kept {
		t.Fatalf("%d events, want %d", got, kept)
	}
	_ = syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=16m")
	if r, err := a.Roll(day.Add(2 * time.Hour)); err != nil || r.Events != int64(kept) {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := a.Append("", &b); err != nil {
		t.Fatal(err)
	}
	if got := len(read(t, dir)); got != kept+100 {
		t.Fatalf("%d events, want %d", got, kept+100)
	}
}
