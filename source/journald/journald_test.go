package journald

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/feed/feedtest"
)

// remote writes journals: Debian's package systemd-journal-remote.
const remote = "/lib/systemd/systemd-journal-remote"

func needJournals(t *testing.T) {
	t.Helper()
	for _, tool := range []string{remote, "journalctl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not here: install the packages systemd and systemd-journal-remote for this test", tool)
		}
	}
}

const start = int64(1_700_000_000_000_000)

// export is an entry as journals are made of.
func export(real int64, boot byte, message string) string {
	e := fmt.Sprintf("__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n_HOSTNAME=web1\nPRIORITY=6\n", real, real-start+1, strings.Repeat(string(boot), 32))
	if strings.ContainsAny(message, "\n\x00") {
		return e + "MESSAGE\n" + string(binary.LittleEndian.AppendUint64(nil, uint64(len(message)))) + message + "\n\n"
	}
	return e + "MESSAGE=" + message + "\n\n"
}

// journal writes a journal file with n entries "TAG I", a second apart from from on, or adds them to it.
func journal(t *testing.T, file, tag string, boot byte, from int64, n int, more ...string) {
	t.Helper()
	var b strings.Builder
	for i := range n {
		b.WriteString(export(start+from*1e6+int64(i)*1e6, boot, fmt.Sprint(tag, " ", i)))
	}
	for i, m := range more {
		b.WriteString(export(start+from*1e6+int64(n+i)*1e6, boot, m))
	}
	in := filepath.Join(t.TempDir(), "export")
	if err := os.WriteFile(in, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(remote, "-o", file, in).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// messages are those of batches, each after its number.
func messages(t *testing.T, batches []*feed.Batch) []string {
	t.Helper()
	f, ok := decode.ByName("journal-export")
	if !ok {
		t.Fatal("decode knows no journal-export")
	}
	var all []string
	for _, b := range batches {
		d := f.New(decode.Options{})
		emit := func(e *tocsin.Event) {
			if e.Fault != nil {
				all = append(all, "FAULT "+e.Fault.Err.Error())
				return
			}
			i := slices.IndexFunc(e.Fields, func(f tocsin.Field) bool { return f.Name == "MESSAGE" })
			if i < 0 {
				all = append(all, "no message")
				return
			}
			all = append(all, fmt.Sprintf("%d %s", e.Record, e.Fields[i].Value))
		}
		d.Decode(&tocsin.Record{Source: b.Origin.Path, Data: b.Data, Line: b.Line, Offset: b.Offset}, emit)
		d.Flush(emit)
	}
	return all
}

func untilCount(t *testing.T, k *feedtest.Sink, n int) []string {
	t.Helper()
	return feedtest.Count(t, n, func() []string { return messages(t, k.Batches()) })
}

func quick(s *Source) *Source {
	s.pauseMin, s.pauseMax, s.search = 5*time.Millisecond, 20*time.Millisecond, 300*time.Millisecond
	return s
}

// TestFollow reads journals of several boots from their start, with values of any bytes, then follows them and new files,
// and goes on exactly where any batch was committed.
func TestFollow(t *testing.T) {
	needJournals(t)
	dir := t.TempDir()
	journal(t, filepath.Join(dir, "a.journal"), "a", 'a', 0, 100, "two\n\nlines", "nul\x00 in it\n", strings.Repeat("x\n\n", 300_000))
	journal(t, filepath.Join(dir, "b.journal"), "b", 'b', 200, 50)
	k := &feedtest.Sink{}
	s := quick(New(Options{Dir: dir, Start: "start"}))
	stop := feedtest.Run(t, s, nil, k)
	untilCount(t, k, 153)
	journal(t, filepath.Join(dir, "c.journal"), "c", 'c', 400, 20)
	all := untilCount(t, k, 173)
	stop()
	seen := map[string]bool{}
	for _, m := range all {
		n, _, _ := strings.Cut(m, " ")
		if seen[n] {
			t.Errorf("number %s twice", n)
		}
		seen[n] = true
	}
	if !strings.HasSuffix(all[100], " two\n\nlines") || !strings.HasSuffix(all[101], " nul\x00 in it\n") || !strings.HasSuffix(all[172], " c 19") {
		t.Errorf("values: %q %q %q", all[100], all[101], all[172])
	}
	offset, line := int64(0), int64(1)
	for i, b := range k.Batches() {
		if b.Offset != offset || b.Line != line {
			t.Fatalf("batch %d at line %d, offset %d; want %d, %d", i, b.Line, b.Offset, line, offset)
		}
		offset, line = offset+int64(len(b.Data)), line+int64(bytes.Count(b.Data, newline))
		if b.Past != (len(b.Data) > 0) || b.At.After(time.Now()) || b.At.UnixMicro() < start {
			t.Errorf("batch %d: past %v at %v", i, b.Past, b.At)
		}
	}
	if len(k.Batches()) < 3 {
		t.Errorf("%d batches of entries minutes apart", len(k.Batches()))
	}
	if st := s.Stats()[0]; st.Read != offset || st.State != "following" || st.Lost != 0 {
		t.Errorf("stat %+v", st)
	}

	// Any batch may be the last that was committed.
	for _, i := range []int{0, len(k.Batches()) / 2, len(k.Batches()) - 2} {
		first := k.Batches()[:i+1]
		want := all[len(messages(t, first)):]
		again := &feedtest.Sink{}
		stop := feedtest.Run(t, quick(New(Options{Dir: dir, Start: "start"})), feedtest.Cursors(first), again)
		got := untilCount(t, again, len(want))
		stop()
		if !slices.Equal(got, want) {
			t.Errorf("after batch %d: got %.300q want %.300q", i, got, want)
		}
	}
}

// TestFromNow begins with what comes after the first start, and commits the place of the end at once.
func TestFromNow(t *testing.T) {
	needJournals(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "a.journal")
	journal(t, file, "old", 'a', 0, 30)
	k := &feedtest.Sink{}
	stop := feedtest.Run(t, quick(New(Options{Dir: dir})), nil, k)
	feedtest.Until(t, "the place", func() bool { return len(k.Batches()) > 0 })
	stop()
	journal(t, filepath.Join(dir, "b.journal"), "while stopped", 'a', 100, 3)
	again := &feedtest.Sink{}
	stop = feedtest.Run(t, quick(New(Options{Dir: dir})), k.Cursors(), again)
	untilCount(t, again, 3)
	journal(t, filepath.Join(dir, "c.journal"), "live", 'b', 200, 2)
	got := untilCount(t, again, 5)
	stop()
	for i, want := range []string{"while stopped 0", "while stopped 1", "while stopped 2", "live 0", "live 1"} {
		if !strings.HasSuffix(got[i], want) {
			t.Errorf("%d: %q, want %q", i, got[i], want)
		}
	}
	for _, b := range again.Batches() {
		if b.Past {
			t.Error("what came after the first start is no past")
		}
	}
}

// TestNothingYet begins where there is no entry, or no folder, and takes what comes while it does not run for new.
func TestNothingYet(t *testing.T) {
	needJournals(t)
	for _, from := range []string{"end", "start"} {
		for _, what := range []string{"a folder", "no folder"} {
			dir := filepath.Join(t.TempDir(), "journals")
			make := func() {
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if what == "a folder" {
				make()
			}
			k := &feedtest.Sink{}
			stop := feedtest.Run(t, quick(New(Options{Dir: dir, Start: from})), nil, k)
			feedtest.Until(t, "the place", func() bool { return len(k.Batches()) > 0 })
			stop()
			if what == "no folder" {
				make()
			}
			var b strings.Builder
			for i := range 2 {
				b.WriteString(export(time.Now().UnixMicro()+int64(i), 'a', fmt.Sprint("new ", i)))
			}
			in := filepath.Join(t.TempDir(), "export")
			if err := os.WriteFile(in, []byte(b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(remote, "-o", filepath.Join(dir, "a.journal"), in).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			again := &feedtest.Sink{}
			stop = feedtest.Run(t, quick(New(Options{Dir: dir, Start: from})), k.Cursors(), again)
			untilCount(t, again, 2)
			stop()
			for _, b := range again.Batches() {
				if b.Past || b.Line != 1 && len(b.Data) > 0 {
					t.Errorf("%s, from the %s: past %v line %d", what, from, b.Past, b.Line)
				}
			}
		}
	}
}

// TestEmpty follows a folder of empty, cut off and damaged files, and a first journal that appears in it.
func TestEmpty(t *testing.T) {
	needJournals(t)
	dir := t.TempDir()
	for name, data := range map[string][]byte{"empty.journal": nil, "short.journal": []byte("LPKSHHRH"), "noise.journal": bytes.Repeat([]byte("noise"), 100_000)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k := &feedtest.Sink{}
	s := quick(New(Options{Dir: dir}))
	stop := feedtest.Run(t, s, nil, k)
	feedtest.Until(t, "following", func() bool { return s.Stats()[0].State == "following" })
	journal(t, filepath.Join(dir, "a.journal"), "first", 'a', 0, 3)
	untilCount(t, k, 3)
	stop()
}

// TestVacuum goes on where the oldest files were removed between cursors, with no entry that is there passed over, and
// says what may be missing; with what was read removed as well as with what was not.
func TestVacuum(t *testing.T) {
	needJournals(t)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name+".journal") }
	journal(t, file("a"), "a", 'a', 0, 20)
	k := &feedtest.Sink{}
	stop := feedtest.Run(t, quick(New(Options{Dir: dir, Start: "start"})), nil, k)
	untilCount(t, k, 20)
	stop()
	journal(t, file("b"), "b", 'b', 100, 20)
	journal(t, file("c"), "c", 'c', 200, 20)

	// Rotated: the file has another name, nothing is missing.
	if err := os.Rename(file("a"), file("a@1")); err != nil {
		t.Fatal(err)
	}
	for name, gone := range map[string][]string{"rotated": nil, "read gone": {"a@1"}, "unread gone": {"a@1", "b"}} {
		for _, f := range gone {
			if err := os.Rename(file(f), filepath.Join(dir, f+".gone")); err != nil {
				t.Fatal(err)
			}
		}
		again := &feedtest.Sink{}
		s := quick(New(Options{Dir: dir}))
		stop := feedtest.Run(t, s, k.Cursors(), again)
		n := 40
		if name == "unread gone" {
			n = 20
		}
		got := untilCount(t, again, n)
		feedtest.Until(t, "following", func() bool { return s.Stats()[0].State == "following" })
		st := s.Stats()[0]
		stop()
		want := "b 0"
		if n == 20 {
			want = "c 0"
		}
		if !strings.HasSuffix(got[0], want) {
			t.Errorf("%s: first is %q, want %q", name, got[0], want)
		}
		if said := strings.Contains(st.Why, "2023-11-14T22:13:39Z"); said != (gone != nil) {
			t.Errorf("%s: says %q", name, st.Why)
		}
		for _, f := range gone {
			if err := os.Rename(filepath.Join(dir, f+".gone"), file(f)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestVacuumCounted counts what is missing where the journal's own numbers tell.
func TestVacuumCounted(t *testing.T) {
	s := quick(New(Options{}))
	f := &follower{Source: s, pos: position{Cursor: "s=1;i=f;b=2", Real: start}}
	f.missing(entry{cursor: "s=1;i=14;b=2", real: start + 5e6})
	if st := s.stat; st.Lost != 4 || !strings.HasPrefix(s.note, "4 entries") {
		t.Errorf("lost %d, note %q", st.Lost, s.note)
	}
}

// TestBadCursor goes on by time where journalctl does not take the cursor.
func TestBadCursor(t *testing.T) {
	needJournals(t)
	dir := t.TempDir()
	journal(t, filepath.Join(dir, "a.journal"), "a", 'a', 0, 20)
	p := position{Cursor: "nonsense", Line: 71, Offset: 1000, Real: start + 9e6}
	k := &feedtest.Sink{}
	s := quick(New(Options{Dir: dir}))
	stop := feedtest.Run(t, s, map[string]string{s.origin.ID: p.text()}, k)
	got := untilCount(t, k, 10)
	stop()
	if got[0] != "71 a 10" {
		t.Errorf("first is %q", got[0])
	}
}
