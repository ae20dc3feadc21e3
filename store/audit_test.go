package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func audited(t *testing.T, n int) *Store {
	t.Helper()
	s := openIn(t, t.TempDir())
	var entries []Entry
	for i := range n {
		entries = append(entries, Entry{day.Add(time.Duration(i) * time.Second), "ann", "campaign.closed", fmt.Sprintf("c-%d", i), "note <&> \u2028"})
	}
	if err := s.Audit(t.Context(), entries...); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAuditLogIsOnlyAddedTo(t *testing.T) {
	s := audited(t, 3)
	db := raw(t, s.path)
	for _, query := range []string{
		`UPDATE audit SET who = 'bob' WHERE n = 2`, `DELETE FROM audit WHERE n = 3`, `DELETE FROM audit`,
		`INSERT OR REPLACE INTO audit SELECT n, at, 'bob', what, subject, detail, hash FROM audit WHERE n = 2`,
		`INSERT INTO audit SELECT 0, at, 'bob', what, subject, detail, hash FROM audit WHERE n = 2`,
	} {
		if _, err := db.Exec(query); err == nil {
			t.Errorf("%s: it was done", query)
		}
	}
	equal(t, try(s.VerifyAudit(t.Context(), Head{}))(t).N, 3)
}

func TestAuditLogThatWasChangedIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		query string
		good  int64 // entries before the first that does not follow
		why   string
		noted bool // it is seen only against a head that was noted
	}{
		"nothing":           {`SELECT 1`, 20, "", false},
		"a word":            {`UPDATE audit SET who = 'bob' WHERE n = 7`, 6, "entry 7: its hash does not follow", false},
		"a time":            {`UPDATE audit SET at = at + 1 WHERE n = 7`, 6, "entry 7", false},
		"letters moved":     {`UPDATE audit SET who = 'an', what = 'n' || what WHERE n = 7`, 6, "entry 7", false},
		"a hash":            {`UPDATE audit SET hash = zeroblob(32) WHERE n = 7`, 6, "entry 7", false},
		"a short hash":      {`UPDATE audit SET hash = x'00' WHERE n = 7`, 6, "entry 7: its hash is not one", false},
		"taken out":         {`DELETE FROM audit WHERE n = 7`, 6, "entry 7: it is missing: the next is 8", false},
		"closed up":         {`DELETE FROM audit WHERE n = 7; UPDATE audit SET n = n - 1 WHERE n > 7`, 6, "entry 7", false},
		"put in":            {`UPDATE audit SET n = -n WHERE n > 6; UPDATE audit SET n = 1 - n WHERE n < 0; INSERT INTO audit SELECT 7, at, who, what, subject, detail, hash FROM audit WHERE n = 6`, 6, "entry 7", false},
		"swapped":           {`UPDATE audit SET n = -1 WHERE n = 7; UPDATE audit SET n = 7 WHERE n = 8; UPDATE audit SET n = 8 WHERE n = -1`, 6, "entry 7", false},
		"first taken":       {`DELETE FROM audit WHERE n = 1`, 0, "entry 1: it is missing", false},
		"before the first":  {`INSERT INTO audit SELECT 0, at, who, what, subject, detail, hash FROM audit WHERE n = 1`, 0, "", false},
		"a word for a time": {`UPDATE audit SET at = 'x' WHERE n = 7`, 6, "entry 7", false},
		"end cut off":       {`DELETE FROM audit WHERE n > 15`, 15, "entry 16: it is missing, and up to 20 were noted", true},
		"all cut off":       {`DELETE FROM audit`, 0, "entry 1: it is missing", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := audited(t, 20)
			head := try(s.Head(t.Context()))(t)
			db := raw(t, s.path)
			for _, trigger := range []string{"audit_update", "audit_delete", "audit_insert"} {
				mustExec(t, db, "DROP TRIGGER "+trigger)
			}
			mustExec(t, db, c.query)
			for _, noted := range []Head{{}, head} {
				end, err := s.VerifyAudit(t.Context(), noted)
				ok := name == "nothing" || c.noted && noted == Head{}
				if ok != (err == nil) || err != nil && (!errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), c.why)) || end.N != c.good {
					t.Errorf("noted %v: %d entries, %v", noted != Head{}, end.N, err)
				}
			}
		})
	}
}

func TestAuditLogMadeAnewIsFoundByWhatWasNoted(t *testing.T) {
	s, other := audited(t, 5), openIn(t, t.TempDir())
	head := try(s.Head(t.Context()))(t)
	for range 9 {
		if err := other.Audit(t.Context(), Entry{day, "bob", "x", "y", "z"}); err != nil {
			t.Fatal(err)
		}
	}
	end, err := other.VerifyAudit(t.Context(), head)
	if end.N != 4 || !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "made anew") {
		t.Errorf("%d, %v", end.N, err)
	}
	if again, err := ParseHead(" " + head.String() + "\n"); err != nil || again != head {
		t.Errorf("%v, %v", again, err)
	}
	for _, text := range []string{"", "5", "5:", "5:00", "x" + head.String(), head.String() + "0", "-" + head.String()} {
		if _, err := ParseHead(text); !errors.Is(err, ErrBad) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAuditLogIsExportedAndCheckedElsewhere(t *testing.T) {
	s := audited(t, 20)
	if err := s.Audit(t.Context(), Entry{day, "a\xffb", strings.Repeat("é", entryWord), "\x00", "\n"}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	head := try(s.ExportAudit(t.Context(), &out))(t)
	equal(t, head.String(), try(s.Head(t.Context()))(t).String())
	equal(t, try(VerifyExport(bytes.NewReader(out.Bytes()), head))(t).N, 21)
	lines := strings.SplitAfter(out.String(), "\n")
	for name, text := range map[string]string{
		"changed": strings.Replace(out.String(), "c-7", "c-8", 1), "taken out": strings.Join(append(lines[:7:7], lines[8:]...), ""),
		"noise": strings.Join(lines[:7], "") + "{",
	} {
		if end, err := VerifyExport(strings.NewReader(text), Head{}); end.N != 7 || !errors.Is(err, ErrBroken) {
			t.Errorf("%s: %d, %v", name, end.N, err)
		}
	}
	if end, err := VerifyExport(strings.NewReader(strings.Join(lines[:7], "")), head); end.N != 7 || !errors.Is(err, ErrBroken) {
		t.Errorf("cut: %d, %v", end.N, err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	s.Close()
	b, _ := os.ReadFile(s.path)
	os.WriteFile(copied, b, 0o400)
	r, err := OpenReadOnly(copied)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	equal(t, try(r.VerifyAudit(t.Context(), head))(t).N, 21)
}

func FuzzParseHead(f *testing.F) {
	f.Add(Head{N: 7, Hash: [32]byte{1}}.String())
	f.Add("1:")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseHead(text)
		if err != nil {
			return
		}
		if again, err := ParseHead(h.String()); err != nil || again != h {
			t.Errorf("%q: %v, %v, %v", text, h, again, err)
		}
	})
}

func FuzzVerifyExport(f *testing.F) {
	f.Add([]byte(`{"n":1,"at":"2026-11-28T12:00:00Z","who":"a","what":"b","subject":"c","hash":"00"}`))
	f.Add([]byte(`{"n":1} 7 [`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if end, err := VerifyExport(bytes.NewReader(b), Head{}); err == nil && end.N > 0 && !bytes.Contains(b, []byte("hash")) {
			t.Errorf("%d entries without hashes", end.N)
		}
	})
}
