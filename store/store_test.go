package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

var day = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	if dir := os.Getenv("TOCSIN_STORE_CHILD"); dir != "" {
		child(dir)
		return
	}
	os.Exit(m.Run())
}

func openIn(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(filepath.Join(dir, "state.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// raw is another program's connection.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(2000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func mustExec(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func campaignOf(id string, level tocsin.Level, last time.Time) *tocsin.Campaign {
	return &tocsin.Campaign{ID: id, Title: "something happened " + id, Level: level, First: last.Add(-time.Hour), Last: last, Actions: 3,
		Anchors: []uint64{1, 1 << 63}, Share: map[string]float64{"agent": 1}}
}

func pieces(t testing.TB, s *Store, tenant string) (map[string]string, []error) {
	t.Helper()
	got := map[string]string{}
	var errs []error
	for p, err := range s.Pieces(t.Context(), tenant) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		got[p.Name] = string(p.Data)
	}
	return got, errs
}

func TestCommitIsKeptAcrossRestarts(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	c := &Commit{
		At:      day,
		Cursors: map[Origin]string{{"file", "a"}: "1", {"file", "b"}: "2", {"journal", "a"}: "3"},
		Pieces:  []Piece{{"", "p1", []byte("one")}, {"", "empty", nil}, {"org", "p1", []byte("other\x00one")}},
		Told:    []Told{{"", campaignOf("c-1", tocsin.High, day), day}},
		Alert:   []Alert{{ID: "a1", Campaign: "c-1", Route: "hook", Kind: "new", Body: []byte("{}"), At: day}},
		Spool:   "s1", Meta: map[string]string{"salt": "x", "other": "y"},
		Principals: []Principal{{"org", "ann", []byte(`{"v":1}`), day}},
		Raise:      []Raised{{"silent", "a", "nothing came"}},
		Audit:      []Entry{{Who: "ann", What: "login"}},
	}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), &Commit{
		Cursors: map[Origin]string{{"file", "a"}: "10"}, Gone: []Origin{{"file", "b"}, {"file", "never"}},
		Pieces: []Piece{{"", "p2", []byte("two")}, {"org", "p1", []byte("changed")}}, Dropped: []PieceName{{"", "p1"}},
		Meta: map[string]string{"other": ""}, Alert: c.Alert,
	}); err != nil {
		t.Fatal(err)
	}
	for _, again := range []bool{false, true} {
		if again {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(s.path + "-wal"); err == nil {
				t.Error("the log is still there after Close")
			}
			s = openIn(t, dir)
		}
		equal(t, try(s.Cursors(t.Context(), "file"))(t), map[string]string{"a": "10"})
		equal(t, try(s.Cursors(t.Context(), "journal"))(t), map[string]string{"a": "3"})
		got, errs := pieces(t, s, "")
		equal(t, got, map[string]string{"p2": "two", "empty": ""})
		got, more := pieces(t, s, "org")
		equal(t, got, map[string]string{"p1": "changed"})
		equal(t, len(errs)+len(more), 0)
		equal(t, try(s.Tenants(t.Context()))(t), []string{"", "org"})
		equal(t, try(s.Spool(t.Context()))(t), "s1")
		equal(t, try(s.Meta(t.Context(), "salt"))(t)+try(s.Meta(t.Context(), "other"))(t), "x")
		equal(t, try(s.Principals(t.Context(), nil))(t), c.Principals)
		equal(t, len(try(s.Principals(t.Context(), []string{"x"}))(t)), 0)
		equal(t, len(try(s.Principals(t.Context(), []string{}))(t)), 0)
		equal(t, try(s.Campaign(t.Context(), "", "c-1"))(t), Case{Campaign: c.Told[0].Campaign, Began: day, Updated: day, Status: Status{State: StateOpen}})
		equal(t, len(try(s.Next(t.Context(), "", 10, day))(t)), 1)
		equal(t, try(s.Incidents(t.Context(), true))(t), []Incident{{1, "silent", "a", "nothing came", day, time.Time{}, day}})
		equal(t, try(s.VerifyAudit(t.Context(), Head{}))(t).N, 1)
	}
	if _, err := s.Piece(t.Context(), "", "p1"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}

func equal(t testing.TB, got, want any) {
	t.Helper()
	if n, ok := got.(int64); ok {
		got = int(n)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func try[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestFilesAreTheOwnersOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are of POSIX")
	}
	dir := filepath.Join(t.TempDir(), "new", "data ?#%")
	s := openIn(t, dir)
	if err := s.Commit(t.Context(), &Commit{Spool: "x"}); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v", info.Mode())
	}
	names, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), "data*", "*"))
	if len(names) < 4 {
		t.Errorf("files: %q", names)
	}
	for _, name := range names {
		if info, _ := os.Stat(name); info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", name, info.Mode())
		}
	}
	s.Close()
	os.Chmod(s.path, 0o644)
	s = openIn(t, dir)
	if info, _ := os.Stat(s.path); info.Mode().Perm() != 0o600 {
		t.Errorf("opened again: %v", info.Mode())
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TOCSIN_STORE_CHILD="+dir)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), fmt.Sprintf("pid %d", os.Getpid())) || !strings.Contains(string(out), ErrRunning.Error()) {
		t.Errorf("a second process: %v, %s", err, out)
	}
	if _, err := Open(filepath.Join(dir, "other.db"), Options{}); !errors.Is(err, ErrRunning) {
		t.Errorf("another file in the folder: %v", err)
	}
	s.Close()
	openIn(t, dir)
}

func TestRefusedFilesAreLeftAsTheyAre(t *testing.T) {
	ours := func(t *testing.T, dir string, change string) {
		s := openIn(t, dir)
		if err := s.Commit(t.Context(), &Commit{Pieces: []Piece{{"", "p", bytes.Repeat([]byte("x"), 100_000)}}}); err != nil {
			t.Fatal(err)
		}
		s.Close()
		if change != "" {
			db := raw(t, s.path)
			mustExec(t, db, change)
			db.Close()
		}
	}
	for name, c := range map[string]struct {
		make func(t *testing.T, path string)
		want error
		text string
	}{
		"newer":     {func(t *testing.T, p string) { ours(t, filepath.Dir(p), "PRAGMA user_version = 99") }, ErrNewer, "99, and this program knows up to"},
		"not ours":  {func(t *testing.T, p string) { mustExec(t, raw(t, p), "CREATE TABLE x (y)") }, nil, "not one of Tocsin"},
		"no sqlite": {func(t *testing.T, p string) { os.WriteFile(p, bytes.Repeat([]byte("log line\n"), 5000), 0o600) }, ErrCorrupt, "--data"},
		"truncated": {func(t *testing.T, p string) { ours(t, filepath.Dir(p), ""); os.Truncate(p, 3*pageSize+5) }, ErrCorrupt, "backup"},
		"a page of noise": {func(t *testing.T, p string) {
			ours(t, filepath.Dir(p), "")
			f, _ := os.OpenFile(p, os.O_RDWR, 0)
			f.WriteAt(bytes.Repeat([]byte{0xa5}, pageSize), 2*pageSize)
			f.Close()
		}, ErrCorrupt, "backup"},
		"log alone": {func(t *testing.T, p string) { os.WriteFile(p+"-wal", []byte("x"), 0o600) }, nil, "write-ahead log is there"},
		"a folder":  {func(t *testing.T, p string) { os.Mkdir(p, 0o700) }, nil, "not a file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			c.make(t, path)
			before, _ := os.ReadFile(path)
			for range 2 {
				s, err := Open(path, Options{})
				if err == nil {
					s.Close()
					t.Fatal("it was opened")
				}
				if c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
					t.Errorf("got %v", err)
				}
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestOlderFilesAreBroughtForward(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	if err := s.Commit(t.Context(), &Commit{Spool: "kept"}); err != nil {
		t.Fatal(err)
	}
	broken := append(migrations[:len(migrations):len(migrations)], `CREATE TABLE added (x); INSERT INTO mark VALUES ('new', 'y'); INSERT INTO nowhere VALUES (1)`)
	if err := s.migrate(broken); err == nil {
		t.Fatal("a broken step was taken")
	}
	if v, err := s.word(t.Context(), `SELECT value FROM mark WHERE name = ?`, "new"); v != "" || err != nil {
		t.Errorf("half a step was kept: %q %v", v, err)
	}
	if err := s.migrate(append(migrations[:len(migrations):len(migrations)], `CREATE TABLE added (x)`, `ALTER TABLE added ADD COLUMN y`)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(s.path, Options{}); !errors.Is(err, ErrNewer) {
		t.Errorf("a file of a later version: %v", err)
	}
	if v := raw(t, s.path).QueryRow("SELECT value FROM mark"); v.Scan(new(string)) != nil {
		t.Error("what was kept before is gone")
	}
}

func TestFullDiskKeepsNothingAndCanBeTriedAgain(t *testing.T) {
	s := openIn(t, t.TempDir())
	if err := s.Commit(t.Context(), &Commit{Cursors: map[Origin]string{{"file", "a"}: "1"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.writer.Exec("PRAGMA max_page_count = 60"); err != nil {
		t.Fatal(err)
	}
	c := &Commit{Cursors: map[Origin]string{{"file", "a"}: "2"}, Pieces: []Piece{{"", "small", []byte("x")}, {"", "big", make([]byte, 1<<20)}},
		Alert: []Alert{{ID: "a1"}}, Audit: []Entry{{Who: "ann"}}}
	for range 3 {
		if err := s.Commit(t.Context(), c); !errors.Is(err, ErrFull) {
			t.Fatalf("got %v", err)
		}
		got, _ := pieces(t, s, "")
		equal(t, got, map[string]string{})
		equal(t, try(s.Cursors(t.Context(), "file"))(t), map[string]string{"a": "1"})
	}
	if err := s.Commit(t.Context(), &Commit{Spool: "small ones go on"}); err != nil {
		t.Error(err)
	}
	if _, err := s.writer.Exec("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	got, errs := pieces(t, s, "")
	equal(t, len(got)+len(errs), 2)
	equal(t, try(s.VerifyAudit(t.Context(), Head{}))(t).N, 1)
	equal(t, s.Stats().Failed, 3)
}

func TestLockedByAnother(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "state.db"), Options{Busy: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := &Commit{Spool: "1"}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	other := raw(t, s.path)
	mustExec(t, other, "BEGIN EXCLUSIVE")
	c.Spool = "2"
	if err := s.Commit(t.Context(), c); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v", err)
	}
	equal(t, try(s.Spool(t.Context()))(t), "1") // readers do not wait
	mustExec(t, other, "ROLLBACK")
	if err := s.Commit(t.Context(), c); err != nil {
		t.Error(err)
	}
	equal(t, try(s.Spool(t.Context()))(t), "2")
}

func TestContextAndClose(t *testing.T) {
	s := openIn(t, t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	s.turn <- struct{}{} // someone writes
	went := make(chan error)
	go func() { went <- s.Commit(ctx, &Commit{Spool: "x"}) }()
	stop()
	if err := <-went; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	go func() { went <- s.Commit(context.Background(), &Commit{Spool: "x"}) }()
	<-s.turn
	if err := <-went; err != nil {
		t.Error(err)
	}
	s.Close()
	if err := s.Commit(t.Context(), &Commit{Spool: "y"}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, err := s.Spool(t.Context()); err == nil {
		t.Error("it can be read after Close")
	}
}

func TestFlippedBitIsFoundAndTheRestIsRead(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	c := &Commit{}
	for i := range 20 {
		c.Pieces = append(c.Pieces, Piece{"org", fmt.Sprintf("p%02d", i), bytes.Repeat([]byte{byte(i + 'a')}, 30_000)})
	}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	s.Close()
	b, _ := os.ReadFile(s.path)
	at := bytes.Index(b, bytes.Repeat([]byte{7 + 'a'}, 5000))
	b[at+4000] ^= 1
	os.WriteFile(s.path, b, 0o600)
	s = openIn(t, dir)
	got, errs := pieces(t, s, "org")
	equal(t, len(got), 19)
	if len(errs) != 1 || !errors.Is(errs[0], ErrCorrupt) || !strings.Contains(errs[0].Error(), `piece "p07" of tenant "org"`) {
		t.Errorf("got %v", errs)
	}
	// It is mended by being written again.
	if err := s.Commit(t.Context(), &Commit{Pieces: c.Pieces[7:8]}); err != nil {
		t.Fatal(err)
	}
	got, errs = pieces(t, s, "org")
	equal(t, len(got)+len(errs), 20)
}

// A page of structure that turned to noise costs what hangs on it, and nothing else.
func TestNoiseInPagesIsReadAround(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	const all = 600
	c := &Commit{}
	for i := range all {
		c.Pieces = append(c.Pieces, Piece{"org", fmt.Sprintf("%04d-%s", i, strings.Repeat("n", 100)), bytes.Repeat([]byte{byte(i)}, 200)})
	}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	s.Close()
	whole, _ := os.ReadFile(s.path)
	tried, lost := 0, 0
	for page := 40; page < len(whole)/pageSize; page += 5 {
		b := bytes.Clone(whole)
		for i := range pageSize {
			b[page*pageSize+i] = byte(i*7 + 3)
		}
		path := filepath.Join(t.TempDir(), "state.db")
		os.WriteFile(path, b, 0o600)
		if w, err := Open(path, Options{}); err == nil {
			w.Close()
			t.Fatalf("page %d: the check found nothing", page)
		}
		r, err := OpenReadOnly(path)
		if err != nil {
			t.Fatalf("page %d: %v", page, err)
		}
		got, errs := pieces(t, r, "org")
		for name, data := range got {
			var i int
			fmt.Sscanf(name, "%04d", &i)
			if data != string(c.Pieces[i].Data) {
				t.Fatalf("page %d: piece %s has another's bytes", page, name)
			}
		}
		if len(got) < all-150 {
			t.Errorf("page %d: only %d pieces were read", page, len(got))
		}
		if len(got) < all && len(errs) == 0 {
			t.Errorf("page %d: %d pieces are lost and nothing is said", page, all-len(got))
		}
		for _, err := range errs {
			if !errors.Is(err, ErrCorrupt) {
				t.Errorf("page %d: %v", page, err)
			}
		}
		tried++
		lost += all - len(got)
		r.Close()
	}
	t.Logf("%d pages, %d pieces lost on average", tried, lost/max(tried, 1))
}

func TestReadOnly(t *testing.T) {
	if _, err := OpenReadOnly(filepath.Join(t.TempDir(), "none.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	s := openIn(t, t.TempDir())
	if err := s.Commit(t.Context(), &Commit{Spool: "1"}); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReadOnly(s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	equal(t, try(r.Spool(t.Context()))(t), "1")
	if err := r.Commit(t.Context(), &Commit{Spool: "2"}); err == nil {
		t.Error("it was written to")
	}
	if err := s.Commit(t.Context(), &Commit{Spool: "3"}); err != nil {
		t.Fatal(err)
	}
	equal(t, try(r.Spool(t.Context()))(t), "3")
}

func TestBackup(t *testing.T) {
	s := openIn(t, t.TempDir())
	if err := s.Commit(t.Context(), &Commit{Spool: "1", Pieces: []Piece{{"", "p", make([]byte, 1<<20)}}, Audit: []Entry{{Who: "x"}, {Who: "y"}}}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "it's a backup.db")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Error(info.Mode())
	}
	if err := s.Backup(t.Context(), path); !errors.Is(err, os.ErrExist) {
		t.Errorf("over another: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := s.Backup(ctx, filepath.Join(dir, "other")); err == nil {
		t.Error("not ended")
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) != 1 {
		t.Errorf("left there: %q", names)
	}
	r, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, try(r.VerifyAudit(t.Context(), try(s.Head(t.Context()))(t)))(t).N, 2)
	r.Close()
	b, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	equal(t, try(b.Spool(t.Context()))(t), "1")
	z := try(s.Size())(t)
	if z.Free == 0 || z.File+z.Log < 1<<20 {
		t.Errorf("%+v", z)
	}
}

func TestManyAtOnce(t *testing.T) {
	s := openIn(t, t.TempDir())
	var all sync.WaitGroup
	ctx := t.Context()
	for g := range 4 {
		all.Go(func() {
			for i := range 15 {
				name := fmt.Sprintf("%d-%d", g, i)
				err := errors.Join(s.Commit(ctx, &Commit{
					Cursors: map[Origin]string{{"file", fmt.Sprint(g)}: fmt.Sprint(i)}, Pieces: []Piece{{"", name, []byte(name)}},
					Alert: []Alert{{ID: name, At: day}}, Told: []Told{{"", campaignOf("c-1", tocsin.Level(1+i%5), day), day}}}),
					s.Audit(ctx, Entry{Who: name}), s.Raise(ctx, Raised{"lag", "", name}, day), s.Sent(ctx, name, "ok", day))
				if err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for range 15 {
				_, _, err := s.Campaigns(ctx, Query{})
				_, e2 := s.Next(ctx, "", 10, day)
				_, e3 := s.VerifyAudit(ctx, Head{})
				_, e4 := s.Size()
				if err := errors.Join(err, e2, e3, e4); err != nil {
					t.Error(err)
				}
				pieces(t, s, "")
			}
		})
	}
	all.Wait()
	got, errs := pieces(t, s, "")
	equal(t, len(got), 60)
	equal(t, len(errs), 0)
	head := try(s.Head(ctx))(t)
	equal(t, try(s.VerifyAudit(ctx, head))(t), head)
	equal(t, len(try(s.Next(ctx, "", 100, day))(t)), 0)
}

func BenchmarkCommit(b *testing.B) {
	for name, c := range map[string]struct{ pieces, size int }{
		"small": {1, 2000}, "1MB": {4, 256 << 10}, "20MB": {40, 512 << 10}, "20MB-of-4KB": {5000, 4 << 10},
	} {
		b.Run(name, func(b *testing.B) {
			s := openIn(b, b.TempDir())
			data := make([]byte, c.size)
			for i := range data {
				data[i] = byte(i * 131 >> 3)
			}
			n := 0
			for b.Loop() {
				n++
				commit := &Commit{Cursors: map[Origin]string{{"file", "a"}: fmt.Sprint(n)}}
				for i := 0; i < len(data); i += 100 { // SQLite writes no page that is as it was
					data[i]++
				}
				for i := range c.pieces {
					commit.Pieces = append(commit.Pieces, Piece{"", fmt.Sprintf("page-%d", i), data})
				}
				if err := s.Commit(b.Context(), commit); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(c.pieces * c.size))
			z, _ := s.Size()
			b.ReportMetric(float64(z.Log)/(1<<20), "MiB-log")
		})
	}
}

// A full disk as the system makes it: needs a small file system, as root: mount -t tmpfs -o size=4m none DIR.
func TestSmallDisk(t *testing.T) {
	dir := os.Getenv("TOCSIN_STORE_SMALL_DISK")
	if dir == "" {
		t.Skip("TOCSIN_STORE_SMALL_DISK names no folder on a file system of some megabytes")
	}
	s := openIn(t, filepath.Join(dir, "data"))
	defer os.RemoveAll(filepath.Join(dir, "data"))
	var err error
	n := 0
	for ; err == nil && n < 10000; n++ {
		err = s.Commit(t.Context(), &Commit{Spool: fmt.Sprint(n), Pieces: []Piece{{"", fmt.Sprint(n), make([]byte, 100_000)}}})
	}
	if !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	t.Log(n-1, "commits, then", err)
	got, errs := pieces(t, s, "")
	equal(t, len(got), n-1)
	equal(t, len(errs), 0)
	equal(t, try(s.Spool(t.Context()))(t), fmt.Sprint(n-2))
	s.Close()
	s = openIn(t, filepath.Join(dir, "data"))
	got, errs = pieces(t, s, "")
	equal(t, len(got), n-1)
	equal(t, len(errs), 0)
}

func TestLogStaysBounded(t *testing.T) {
	s := openIn(t, t.TempDir())
	data := make([]byte, 1<<20)
	var longest int64
	for n := range 15 {
		c := &Commit{}
		for i := range 10 {
			for k := 0; k < len(data); k += 1000 {
				data[k]++
			}
			c.Pieces = append(c.Pieces, Piece{"", fmt.Sprint(i), bytes.Clone(data)})
		}
		if err := s.Commit(t.Context(), c); err != nil {
			t.Fatal(n, err)
		}
		longest = max(longest, try(s.Size())(t).Log)
	}
	if longest > walHard+12<<20 {
		t.Errorf("the log grew to %d MiB", longest>>20)
	}
}

// Every commit is synced: no test without a power switch can see that it is not.
func TestWriterSyncs(t *testing.T) {
	s := openIn(t, t.TempDir())
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "page_size": "8192", "wal_autocheckpoint": "0"} {
		var got string
		if err := s.writer.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, want %q, %v", pragma, got, want, err)
		}
	}
	if _, err := s.reader.Exec("DELETE FROM piece"); err == nil {
		t.Error("a reader's connection can write")
	}
}
