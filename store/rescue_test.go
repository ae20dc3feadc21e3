package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

func TestRescueSavesWhatCanBeRead(t *testing.T) {
	s := openIn(t, t.TempDir())
	ctx := t.Context()
	const all = 80
	c := &Commit{At: day, Cursors: map[Origin]string{}, Meta: map[string]string{"salt": "x"}, Spool: "s", Raise: []Raised{{"disk", "", "full"}},
		Principals: []Principal{{"org", "ann", []byte("{}"), day}}}
	for i := range all {
		id := fmt.Sprintf("c-%03d", i)
		k := campaignOf(id, tocsin.Low, day)
		k.Was = []string{"was-" + id}
		c.Told = append(c.Told, Told{"org", k, day})
		c.Pieces = append(c.Pieces, Piece{"org", id, bytes.Repeat([]byte(id), 100)}, Piece{"", id, nil})
		c.Alert = append(c.Alert, Alert{ID: id, Tenant: "org", Campaign: "was-" + id, Body: bytes.Repeat([]byte("body "), 40), At: day})
		c.Cursors[Origin{"file", id}] = id
		c.Audit = append(c.Audit, Entry{Who: "ann", What: "looked", Subject: id, Detail: "for long, and with care, at everything"})
	}
	_, err := s.AddSuppression(ctx, Suppression{Rule: "r", Reason: "x", By: "ann", At: day, Expires: day.Add(time.Hour)})
	if err := errors.Join(err, s.Commit(ctx, c),
		s.SetStatus(ctx, "org", "c-001", Status{State: StateClosed, By: "ann", At: day})); err != nil {
		t.Fatal(err)
	}
	head := try(s.Head(ctx))(t)
	s.Close()
	whole, _ := os.ReadFile(s.path)

	// Nothing is damaged: all of it.
	to := filepath.Join(t.TempDir(), "state.db")
	got := try(Rescue(ctx, s.path, to))(t)
	equal(t, got, Rescued{Rows: map[string]int64{"piece": 2 * all, "campaign": all, "was": all, "history": 1, "outbox": all, "cursor": all, "audit": head.N,
		"meta": 1, "mark": 1, "principal": 1, "incident": 1, "suppression": 1}})
	if _, err := Rescue(ctx, s.path, to); !errors.Is(err, os.ErrExist) {
		t.Errorf("over another: %v", err)
	}
	fresh := openIn(t, filepath.Dir(to))
	equal(t, try(fresh.VerifyAudit(ctx, head))(t).N, int(head.N))
	equal(t, try(fresh.Campaign(ctx, "org", "was-c-001"))(t).Status.State, StateClosed)
	equal(t, len(try(fresh.Deliveries(ctx, DeliveryQuery{Campaign: "c-007"}))(t)), 1)
	fresh.Close()

	// Each page in turn, or some of them, is noise.
	step := 6 // TOCSIN_STORE_PAGES=1: each page, which takes its time
	if n, err := strconv.Atoi(os.Getenv("TOCSIN_STORE_PAGES")); err == nil {
		step = n
	}
	tried, failed, rows := 0, 0, int64(0)
	for page := 1; page < len(whole)/pageSize; page += step {
		b := bytes.Clone(whole)
		for i := range pageSize {
			b[page*pageSize+i] = byte(i*11 + 5)
		}
		dir := t.TempDir()
		from, to := filepath.Join(dir, "damaged.db"), filepath.Join(dir, "state.db")
		os.WriteFile(from, b, 0o600)
		got, err := Rescue(ctx, from, to)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Errorf("page %d: %v", page, err)
			}
			failed++
			continue
		}
		tried++
		for _, n := range got.Rows {
			rows += n
		}
		if after, _ := os.ReadFile(from); !bytes.Equal(after, b) {
			t.Errorf("page %d: the damaged file was changed", page)
		}
		fresh := openIn(t, dir)
		have, errs := pieces(t, fresh, "org")
		equal(t, len(errs), 0)
		for name, data := range have {
			if string(bytes.Repeat([]byte(name), 100)) != data {
				t.Errorf("page %d: piece %s has other bytes", page, name)
			}
		}
		if len(have) < all && len(got.Lost) == 0 {
			t.Errorf("page %d: %d pieces are lost and nothing is said", page, all-len(have))
		}
		if end, err := fresh.VerifyAudit(ctx, head); end.N < head.N && err == nil {
			t.Errorf("page %d: %d entries are lost and it is not seen", page, head.N-end.N)
		}
		fresh.Close()
		os.RemoveAll(dir)
	}
	t.Logf("%d pages, %d where nothing could be saved, %.1f%% of the rows saved else", tried, failed, 100*float64(rows)/float64(tried)/float64(7*all+14))
	if tried < 4 || failed > 2 {
		t.Errorf("%d pages, %d failed", tried, failed)
	}
}
