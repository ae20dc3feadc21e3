package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/archive"
	"github.com/tocsin-ids/tocsin/store"
)

// partOfRun is as much of a run as keeps things: a store and an archive.
func partOfRun(t *testing.T) *service {
	t.Helper()
	v := &service{dir: t.TempDir(), log: slog.New(slog.DiscardHandler)}
	v.settings.Store(&Config{})
	var err error
	if v.store, err = store.Open(filepath.Join(v.dir, storeFile), store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.store.Close() })
	if v.archive, err = archive.Open(filepath.Join(v.dir, "archive"), archive.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.archive.Close() })
	return v
}

// keepEvents puts events of a tenant into a run's archive, as one block.
func keepEvents(t *testing.T, v *service, tenant string, events ...*tocsin.Event) {
	t.Helper()
	var b archive.Block
	for _, ev := range events {
		b.Add(ev)
	}
	if err := v.archive.Append(tenant, &b); err != nil {
		t.Fatal(err)
	}
	m, err := v.archive.Sync()
	if err == nil {
		err = v.archive.Committed(m)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestArchived says that the size of the archive is what lies in its folder.
func TestArchived(t *testing.T) {
	v := partOfRun(t)
	for n := range uint64(2) {
		now := time.Now().Add(time.Duration(n) * time.Hour)
		keepEvents(t, v, "", &tocsin.Event{Time: now, Source: "x.log", Record: n + 1, Raw: "something that was said"})
		v.roll(now) // the second makes a Parquet file of the first
		var want int64
		if err := filepath.WalkDir(filepath.Join(v.dir, "archive"), func(_ string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			want += info.Size()
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got := v.archived.Load(); got != want || want == 0 {
			t.Errorf("%d bytes, want %d", got, want)
		}
	}
}

// TestRollSaysLost says that what a damaged spool loses is an incident, also where the head of a block is damaged.
func TestRollSaysLost(t *testing.T) {
	const magic = "TBLK"
	for what, c := range map[string]struct {
		at   int // behind the beginning of a block
		want string
	}{
		"text": {70, "1 blocks of the archive's spool are damaged: 1 events of them are lost"},
		"head": {20, " bytes of the archive's spool are in no block that can be read"},
	} {
		v := partOfRun(t)
		now := time.Now()
		keepEvents(t, v, "", &tocsin.Event{Time: now, Source: "x.log", Record: 1, Raw: "something that was said at some length"})
		keepEvents(t, v, "", &tocsin.Event{Time: now, Source: "x.log", Record: 2, Raw: "something else"})
		names, _ := filepath.Glob(filepath.Join(v.dir, "archive", "spool", "*.spool"))
		if len(names) != 1 {
			t.Fatalf("%q", names)
		}
		b, err := os.ReadFile(names[0])
		if err != nil {
			t.Fatal(err)
		}
		b[strings.Index(string(b), magic)+c.at] ^= 4
		if err := os.WriteFile(names[0], b, 0o600); err != nil {
			t.Fatal(err)
		}
		v.roll(now)
		v.roll(now.Add(2 * time.Hour))
		all, err := v.store.Incidents(context.Background(), true)
		if err != nil || len(all) != 1 || all[0].Kind != "corrupt" || !strings.Contains(all[0].Text, c.want) {
			t.Errorf("%s: %+v, %v", what, all, err)
		}
	}
}

// TestFailingKind says that a full disk is told as one, whoever met it.
func TestFailingKind(t *testing.T) {
	for err, want := range map[error]string{
		fmt.Errorf("x: %w", store.ErrFull):   "disk",
		fmt.Errorf("x: %w", archive.ErrFull): "disk",
		store.ErrLocked:                      "locked",
		os.ErrPermission:                     "commit",
	} {
		if got := failingKind(err); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}
