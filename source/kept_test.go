package source

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/archive"
	"github.com/tocsin-ids/tocsin/decode"
)

// keptFolder is an archive of n events in Parquet and as many in its spool, and what may lie in one besides.
func keptFolder(t *testing.T, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	day := time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC)
	var b archive.Block
	put := func() {
		for i := range n {
			b.Add(&tocsin.Event{Time: day.Add(time.Duration(i) * time.Second), Source: "/var/log/x", Record: uint64(i + 1), Format: "syslog", Raw: fmt.Sprint("line ", i)})
			if b.Events() == 50 {
				if err := a.Append("", &b); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := a.Append("", &b); err != nil {
			t.Fatal(err)
		}
	}
	put()
	m, _ := a.Sync()
	if err := a.Committed(m); err != nil {
		t.Fatal(err)
	}
	_, _ = a.Roll(day)
	if _, err := a.Roll(day.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	put()
	return dir
}

// readKept reads paths and says how many events there are, and what is said besides.
func readKept(t *testing.T, o Options, paths ...string) (events int, skipped, faults []string) {
	t.Helper()
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	skip := func(f tocsin.File) { skipped = append(skipped, filepath.Base(f.Path)+": "+f.Skipped) }
	for _, u := range r.List(paths, skip) {
		var done int64
		var sum [32]byte
		h := Hooks{Skip: skip, Fault: func(f *tocsin.Fault) { faults = append(faults, f.Error()) }, Bytes: func(n int64) { done += n },
			Digest: func(size int64, s [32]byte, ok bool) {
				if sum = s; !ok || size != u.Size {
					t.Errorf("%s: no digest", u.Path)
				}
			}}
		visited := false
		_ = r.Open(u, h, func(s *Stream) error {
			visited = true
			d := s.Format.New(decode.Options{})
			return s.Frames(func(rec *tocsin.Record) error {
				d.Decode(rec, func(ev *tocsin.Event) {
					if events++; ev.Source != "/var/log/x" && s.Format.Name == decode.StoredName {
						t.Errorf("an event of %s, want of the original", ev.Source)
					}
				})
				r.Release(rec)
				return nil
			})
		})
		if u.stdin {
			continue
		}
		if b, err := os.ReadFile(u.Path); visited && err == nil && sum != sha256.Sum256(b) {
			t.Errorf("%s: another digest", u.Path)
		}
		if done != u.Size {
			t.Errorf("%s: %d bytes are done of %d", u.Path, done, u.Size)
		}
	}
	return events, skipped, faults
}

func has(list []string, want string) bool {
	for _, s := range list {
		if strings.Contains(s, want) {
			return true
		}
	}
	return false
}

// TestKept reads an archive of events, and what cannot be read of one is said.
func TestKept(t *testing.T) {
	dir := keptFolder(t, 120)
	if n, skipped, faults := readKept(t, Options{}, dir); n != 240 || len(skipped)+len(faults) > 0 {
		t.Errorf("%d events, skipped %q, faults %q", n, skipped, faults)
	}
	var parquet []byte
	var spool, packed string
	_ = filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		switch filepath.Ext(path) {
		case ".parquet":
			packed = path
			parquet, _ = os.ReadFile(path)
		case ".spool":
			spool = path
		}
		return nil
	})
	other := t.TempDir()
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(other, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	f, _ := w.Create("in.parquet")
	_, _ = f.Write(parquet)
	_ = w.Close()
	write("a.zip", z.Bytes())
	write("000001.part", parquet)
	write("cut.parquet", parquet[:len(parquet)-4])
	write("damaged.parquet", append(append([]byte("PAR1"), bytes.Repeat([]byte{0x15}, 100)...), "\x60\x00\x00\x00PAR1"...))
	b, _ := os.ReadFile(spool)
	write("torn.spool", b[:len(b)-10])
	b[len(b)-5] ^= 1
	write("rotten.spool", b)
	n, skipped, faults := readKept(t, Options{}, other)
	if n != 100+100 || len(faults) != 1 || !has(faults, "its 20 events are lost") {
		t.Errorf("%d events, faults %q", n, faults)
	}
	for _, want := range []string{"in.parquet: Parquet, or Tocsin's archive", "000001.part: a Parquet file that is being made", "cut.parquet: a Parquet file without its end", "damaged.parquet: Parquet that cannot be read", "torn.spool: its last bytes"} {
		if !has(skipped, want) {
			t.Errorf("want %q in %q", want, skipped)
		}
	}
	if n, skipped, _ := readKept(t, Options{Stdin: bytes.NewReader(parquet)}, "-"); n != 0 || !has(skipped, "read from files only") {
		t.Errorf("%d events of standard input, %q", n, skipped)
	}
	if n, _, _ := readKept(t, Options{Format: "syslog"}, packed); n != 120 {
		t.Errorf("%d events with a format given, want 120", n)
	}

	r, _ := New(Options{})
	var said []string
	_ = r.Open(Unit{Path: filepath.Join(other, "gone.spool")}, Hooks{Skip: func(f tocsin.File) { said = append(said, f.Skipped) }}, nil)
	if !has(said, "read the folder again") {
		t.Errorf("%q of a spool file that is gone", said)
	}
}

// TestKeptLimits holds an archive to the bounds of what is unpacked.
func TestKeptLimits(t *testing.T) {
	dir := keptFolder(t, 5000)
	n, _, faults := readKept(t, Options{Limits: Limits{Size: 20 << 10}}, dir)
	if n == 0 || n >= 10000 || !has(faults, "--max-size") {
		t.Errorf("%d events, %q", n, faults)
	}
	if _, skipped, faults := readKept(t, Options{Limits: Limits{Whole: 64}}, dir); !has(append(faults, skipped...), "--max-whole") {
		t.Errorf("%q, %q", skipped, faults)
	}
}

// TestKeptTenant reads of an archive, and of what lies beside it, what is of some tenants.
func TestKeptTenant(t *testing.T) {
	dir := keptFolder(t, 120)
	for name, text := range map[string]string{"x.log": "line\n", "x.spool": "line\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for want, n := range map[string]int{"": 240, "acme": 0} {
		o := Options{Stdin: strings.NewReader("line\n"), Tenant: func(tenant string) bool { return tenant == want }}
		got, skipped, faults := readKept(t, o, dir, "-")
		if got != n || len(faults) > 0 {
			t.Errorf("%d events of %q, faults %q", got, want, faults)
		}
		for _, file := range []string{"x.log", "x.spool", "-"} {
			if !has(skipped, file+": it does not tell of which tenant") {
				t.Errorf("%s is not said to be left out: %q", file, skipped)
			}
		}
		if has(skipped, ".parquet: of another tenant") != (n == 0) {
			t.Errorf("skipped for %q: %q", want, skipped)
		}
	}
}
