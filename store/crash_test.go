package store

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// numbered is the n-th commit of a run of them: what is there must be of one n in all parts.
func numbered(n int) *Commit {
	text := strconv.Itoa(n)
	return &Commit{
		At:      day,
		Cursors: map[Origin]string{{"file", "a"}: text, {"file", "only-" + text}: text}, Gone: []Origin{{"file", "only-" + strconv.Itoa(n-1)}},
		Pieces:  []Piece{{"", "p" + strconv.Itoa(n%7), bytes.Repeat([]byte(text+" "), 5000)}, {"", "latest", []byte(text)}},
		Dropped: []PieceName{{"", "d" + strconv.Itoa(n-1)}},
		Told:    []Told{{"", campaignOf("c-1", tocsin.Level(1+n%5), day.Add(time.Duration(n)*time.Second)), day.Add(time.Duration(n) * time.Second)}},
		Alert:   []Alert{{ID: "a" + text, At: day}},
		Spool:   text,
		Audit:   []Entry{{Who: "tocsin", What: "commit", Subject: text}},
	}
}

// whichOne says of which commit the store is, and fails where its parts are of several.
func whichOne(t *testing.T, s *Store) int {
	t.Helper()
	text := try(s.Spool(t.Context()))(t)
	if text == "" {
		text = "0"
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	alerts := try(s.Next(t.Context(), "", 100_000, day))(t)
	if len(alerts) != n {
		t.Errorf("of commit %d: %d alerts", n, len(alerts))
	}
	got := try(s.VerifyAudit(t.Context(), Head{}))(t)
	if int(got.N) != n {
		t.Errorf("of commit %d: %d entries", n, got.N)
	}
	if n == 0 {
		return 0
	}
	equal(t, try(s.Cursors(t.Context(), "file"))(t), map[string]string{"a": text, "only-" + text: text})
	want := map[string]string{"latest": text}
	for i := max(1, n-6); i <= n; i++ {
		want["p"+strconv.Itoa(i%7)] = strings.Repeat(strconv.Itoa(i)+" ", 5000)
	}
	have, errs := pieces(t, s, "")
	equal(t, have, want)
	equal(t, errors.Join(errs...), nil)
	c := try(s.Campaign(t.Context(), "", "c-1"))(t)
	if !c.Updated.Equal(day.Add(time.Duration(n)*time.Second)) || c.Campaign.Level != tocsin.Level(1+n%5) {
		t.Errorf("of commit %d: campaign of %v", n, c.Updated)
	}
	return n
}

// child commits from where it finds the store until it is killed, and says each number once it is committed.
func child(dir string) {
	s, err := Open(filepath.Join(dir, "state.db"), Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	text, err := s.Spool(context.Background())
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	n, _ := strconv.Atoi(text)
	fmt.Println("from", n)
	for {
		n++
		if err := s.Commit(context.Background(), numbered(n)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

// TOCSIN_STORE_KILLS says how often.
func TestKilledAtAnyMoment(t *testing.T) {
	kills := 20
	if testing.Short() {
		kills = 5
	}
	if n, err := strconv.Atoi(os.Getenv("TOCSIN_STORE_KILLS")); err == nil {
		kills = n
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	total := 0
	for k := range kills {
		if total > 2000 { // the check of all of it takes long then
			dir, total = t.TempDir(), 0
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "TOCSIN_STORE_CHILD="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := bufio.NewScanner(out)
		if !said.Scan() || said.Text() != fmt.Sprintf("from %d", total) {
			t.Fatalf("kill %d: the process began with %q, want from %d", k, said.Text(), total)
		}
		timer := time.AfterFunc(time.Duration(random.IntN(150_000))*time.Microsecond, func() { cmd.Process.Kill() })
		last := total
		for said.Scan() {
			if last, err = strconv.Atoi(said.Text()); err != nil {
				t.Fatal(said.Text())
			}
		}
		cmd.Wait()
		timer.Stop()
		s := openIn(t, dir)
		got := whichOne(t, s)
		if got != last && got != last+1 {
			t.Errorf("kill %d: %d was said to be committed, %d is there", k, last, got)
		}
		total = got
		s.Close()
	}
	if total == 0 {
		t.Error("nothing was ever committed")
	}
	t.Logf("%d kills, %d commits in the last folder", kills, total)
}

// powered is a database and its log at a moment, and how long the log was after each commit.
type powered struct {
	db, wal []byte
	ends    []int // of the log after commit i+first
	first   int
}

func power(t *testing.T, before, commits int) powered {
	t.Helper()
	dir := t.TempDir()
	s := openIn(t, dir)
	for n := 1; n <= before; n++ {
		if err := s.Commit(t.Context(), numbered(n)); err != nil {
			t.Fatal(err)
		}
	}
	s.Close() // the log begins anew
	s = openIn(t, dir)
	p := powered{first: before + 1}
	for n := before + 1; n <= before+commits; n++ {
		if err := s.Commit(t.Context(), numbered(n)); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(s.path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		p.ends = append(p.ends, int(info.Size()))
	}
	p.db, p.wal = read(t, s.path), read(t, s.path+"-wal")
	return p
}

// read reads a file without this process closing it itself, which would drop SQLite's locks on it.
func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := exec.Command("cat", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (p *powered) at(size int) int {
	n := p.first - 1
	for i, end := range p.ends {
		if end <= size {
			n = p.first + i
		}
	}
	return n
}

func openWith(t *testing.T, db, wal []byte) *Store {
	t.Helper()
	dir := t.TempDir()
	for name, b := range map[string][]byte{"state.db": db, "state.db-wal": wal} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return openIn(t, dir)
}

func TestPowerCutKeepsWhatWasCommitted(t *testing.T) {
	p := power(t, 3, 8)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, log of %d bytes", seed, len(p.wal))
	random := rand.New(rand.NewPCG(seed, 0))
	sizes := []int{0, 1, 31, 32, 33, len(p.wal) - 1, len(p.wal)}
	for _, end := range p.ends {
		sizes = append(sizes, end-1, end, end+1)
	}
	cuts := 10
	if n, err := strconv.Atoi(os.Getenv("TOCSIN_STORE_CUTS")); err == nil {
		cuts = n
	}
	for range cuts {
		sizes = append(sizes, random.IntN(len(p.wal)))
	}
	for _, size := range sizes {
		size = min(size, len(p.wal))
		s := openWith(t, p.db, p.wal[:size])
		if got := whichOne(t, s); got != p.at(size) {
			t.Errorf("the log cut at %d of %d: commit %d, want %d", size, len(p.wal), got, p.at(size))
		}
		s.Close()
		// The length was written and the bytes were not, or others were.
		if size%3 == 0 {
			torn := bytes.Clone(p.wal)
			for i := size; i < len(torn); i++ {
				torn[i] = 0
				if size%2 == 0 {
					torn[i] = byte(random.Uint32())
				}
			}
			s := openWith(t, p.db, torn)
			if got, want := whichOne(t, s), p.at(size); got != want {
				t.Errorf("the log torn at %d of %d: commit %d, want %d", size, len(p.wal), got, want)
			}
			s.Close()
		}
	}
}

// The log is copied into the database, and the power is cut: some sectors are new, some old. The log is whole.
func TestPowerCutWhileTheLogIsCopied(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	for n := 1; n <= 10; n++ {
		if err := s.Commit(t.Context(), numbered(n)); err != nil {
			t.Fatal(err)
		}
		if n == 3 {
			s.Close()
			s = openIn(t, dir)
		}
	}
	old, wal := read(t, s.path), read(t, s.path+"-wal")
	s.Close()
	after := read(t, s.path)
	const sector = 512
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	for range 10 {
		mixed := bytes.Clone(after[:len(old)+random.IntN((len(after)-len(old))/sector+1)*sector])
		for i := 0; i < len(old); i += sector {
			if random.IntN(2) == 0 {
				copy(mixed[i:i+sector], old[i:])
			}
		}
		s := openWith(t, mixed, wal)
		if got := whichOne(t, s); got != 10 {
			t.Errorf("commit %d, want 10", got)
		}
		s.Close()
	}
}

// What a refused file's log holds is not copied into it, and not lost.
func TestRefusedFileKeepsItsLog(t *testing.T) {
	s := openIn(t, t.TempDir())
	for n := 1; n <= 3; n++ {
		if err := s.Commit(t.Context(), numbered(n)); err != nil {
			t.Fatal(err)
		}
	}
	mustExec(t, s.writer, "PRAGMA user_version = 99")
	db, wal := read(t, s.path), read(t, s.path+"-wal")
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	if err := errors.Join(os.WriteFile(path, db, 0o600), os.WriteFile(path+"-wal", wal, 0o600)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := Open(path, Options{}); !errors.Is(err, ErrNewer) {
			t.Fatalf("got %v", err)
		}
		if _, err := OpenReadOnly(path); !errors.Is(err, ErrNewer) {
			t.Fatalf("to read: %v", err)
		}
		if !bytes.Equal(read(t, path), db) || !bytes.Equal(read(t, path+"-wal"), wal) {
			t.Fatal("the files were changed")
		}
	}
}
