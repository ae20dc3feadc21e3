package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

var day = time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC)

// events are those of all test data, and some of nobody's making.
func testEvents(t testing.TB) (events []*tocsin.Event) {
	for _, root := range []string{"../decode/testdata", "../example"} {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil || len(data) > 4<<20 {
				return err
			}
			_ = decode.All(path, data, day, func(ev *tocsin.Event) { events = append(events, plain(ev)) })
			return nil
		})
	}
	if len(events) < 1000 {
		t.Skip("no test data")
	}
	return append(events, oddEvents()...)
}

func oddEvents() (events []*tocsin.Event) {
	for _, when := range []time.Time{{}, time.Unix(0, 0).UTC(), day, day.Add(time.Nanosecond), time.Unix(1<<40, 7).UTC(), time.Unix(-1<<40, 7).UTC(), time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC)} {
		for _, record := range []uint64{0, 1, 1 << 62, 1 << 63, tocsin.Nth(5, 3), 1<<64 - 1} {
			events = append(events, &tocsin.Event{Time: when, Sensor: when, Record: record, Serial: record, Source: "odd\xff", Host: strings.Repeat("h", int(record%7)*100),
				Fields: []tocsin.Field{{Name: "", Value: ""}, {Name: "a\xc3", Value: "é\xff"}, {Name: "A", Value: "UPPER İ"}}, Guessed: 1<<31 + 5})
		}
	}
	return append(events, &tocsin.Event{Time: day, Fault: &tocsin.Fault{Source: "x", Line: 7, Rule: "r", Err: errors.New("what"), Hint: "do"}, Raw: "a\x00b"},
		&tocsin.Event{Time: day, Fault: &tocsin.Fault{}})
}

func plain(ev *tocsin.Event) *tocsin.Event {
	c := ev.Clone()
	c.Source = strings.Clone(c.Source)
	if f := c.Fault; f != nil {
		g := *f
		if f.Err != nil {
			g.Err = errors.New(f.Err.Error())
		}
		c.Fault = &g
	}
	if len(c.Fields) == 0 {
		c.Fields = nil
	}
	return c
}

// text is an event in a form that can be sorted and compared.
func text(ev *tocsin.Event) string {
	return fmt.Sprintf("%q %d %s %v %d %q %q %q %d %+v %v", ev.Source, ev.Record, ev.Time.Format(time.RFC3339Nano), ev.Sensor, ev.Serial, ev.Format, ev.Host, ev.Raw, ev.Guessed, ev.Sources, ev.Fields) + fmt.Sprintf("%+v", ev.Fault)
}

func texts(events []*tocsin.Event) (all []string) {
	for _, ev := range events {
		all = append(all, text(ev))
	}
	slices.Sort(all)
	return all
}

// read reads all of an archive's folder, as a reader who lists it first does.
func read(t testing.TB, dir string) (events []*tocsin.Event) {
	t.Helper()
	listed := map[string]bool{}
	var names []string
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, path)
			listed[path] = strings.HasSuffix(path, ".parquet")
		}
		return nil
	})
	d := decode.Stored().New(decode.Options{})
	emit := func(block []byte) {
		d.Decode(&tocsin.Record{Source: "archive", Data: block}, func(ev *tocsin.Event) { events = append(events, plain(ev)) })
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		info, _ := f.Stat()
		head := make([]byte, 64)
		n, _ := f.ReadAt(head, 0)
		var next func([]byte) ([]byte, error)
		switch {
		case strings.HasSuffix(name, ".parquet"):
			p, err := OpenParquet(f, info.Size(), ReadOptions{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			defer p.Close()
			next = p.Next
		case IsSpool(head[:n]):
			next = OpenSpool(f, info.Size(), name, SpoolOptions{Read: func(p string) bool { return listed[p] }}).Next
		}
		for next != nil {
			b, err := next(nil)
			if err == io.EOF {
				break
			}
			if err != nil && !Torn(err) {
				t.Fatalf("%s: %v", name, err)
			}
			emit(b)
		}
		f.Close()
	}
	return events
}

// fill appends events to an archive in blocks of n.
func fill(t testing.TB, a *Archive, tenant string, events []*tocsin.Event, n int) {
	t.Helper()
	var b Block
	for i, ev := range events {
		if b.Add(ev); b.Events() == n || i == len(events)-1 {
			if err := a.Append(tenant, &b); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func commit(t testing.TB, a *Archive) string {
	t.Helper()
	m, err := a.Sync()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Committed(m); err != nil {
		t.Fatal(err)
	}
	return m
}

func mustOpen(t testing.TB, dir string, o Options) *Archive {
	t.Helper()
	a, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// TestArchive keeps events of two tenants, reads them from the spool and then from Parquet files.
func TestArchive(t *testing.T) {
	events := testEvents(t)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(events), func(i, k int) { events[i], events[k] = events[k], events[i] })
	want := texts(append(slices.Clone(events), events[:100]...))
	for _, memory := range []int64{0, 200 << 10} { // the second puts away
		dir := t.TempDir()
		a := mustOpen(t, dir, Options{Memory: memory})
		fill(t, a, "", events, 100)
		fill(t, a, "ACME/..", events[:100], 7)
		if d := cmp.Diff(want, texts(read(t, dir))); d != "" {
			t.Fatalf("spool (-want +got):\n%.2000s", d)
		}
		if r, err := a.Roll(day); err != nil || r.Files > 0 {
			t.Fatalf("%+v, %v: want nothing made within the hour", r, err)
		}
		if r, err := a.Roll(day.Add(time.Hour)); err != nil || r.Files > 0 || r.Waiting != 1 {
			t.Fatalf("%+v, %v: want nothing made of what is not committed", r, err)
		}
		commit(t, a)
		r, err := a.Roll(day.Add(time.Hour))
		if err != nil || r.Events != int64(len(want)) || r.Damaged > 0 || r.Waiting > 0 {
			t.Fatalf("%+v, %v: want %d events", r, err, len(want))
		}
		if entries, _ := os.ReadDir(a.spool()); len(entries) > 0 {
			t.Errorf("left in the spool: %v", entries)
		}
		if d := cmp.Diff(want, texts(read(t, dir))); d != "" {
			t.Fatalf("Parquet (-want +got):\n%.2000s", d)
		}
		files, err := a.files()
		if err != nil || len(files) != r.Files {
			t.Fatalf("%d files, %v; want %d", len(files), err, r.Files)
		}
		for _, f := range files {
			lookAt(t, a, f)
		}
	}
}

// lookAt reads a file with the library's own reader: it must be in order of time, within the time of its name, and have
// statistics and filters.
func lookAt(t *testing.T, a *Archive, s storedFile) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(a.dir, s.path))
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("%s: %v", s.path, err)
	}
	r := parquet.NewGenericReader[storedRow](f)
	defer r.Close()
	rows := make([]storedRow, f.NumRows())
	if n, err := r.Read(rows); n != len(rows) || err != nil && err != io.EOF {
		t.Fatalf("%s: %d rows of %d, %v", s.path, n, len(rows), err)
	}
	last := int64(-1 << 63)
	for i := range rows {
		if rows[i].Time == nil {
			continue
		}
		at := *rows[i].Time
		if at < last {
			t.Errorf("%s: row %d is before the one before it", s.path, i)
		}
		last = at
		if when := time.Unix(0, at).UTC(); !strings.Contains(s.path, "/after-") && (when.Before(s.from) || !when.Before(s.to)) {
			t.Errorf("%s: %s is not of this time", s.path, when)
		}
	}
	for _, g := range f.Metadata().RowGroups {
		if m := chunk(&g, "time"); m.Statistics.NullCount == 0 && len(m.Statistics.MinValue) != 8 {
			t.Errorf("%s: no statistics of time", s.path)
		}
		if m := chunk(&g, "host"); len(m.Statistics.MaxValue) == 0 && rows[0].Host != "" {
			t.Errorf("%s: no statistics of host", s.path)
		}
		if m := chunk(&g, "fields.list.element.value"); m.BloomFilterOffset == 0 && m.Statistics.NullCount != m.NumValues {
			t.Errorf("%s: no filter of values", s.path)
		}
	}
}

// TestTenantOf finds the tenant of each file that is made.
func TestTenantOf(t *testing.T) {
	for _, tenant := range []string{"", "acme", "default", "spool", "2026", "a+b", "ACME/..", "é %41", "com1"} {
		for _, g := range []grain{hourly, daily, monthly, yearly} {
			for _, root := range []string{"", "/srv/", "/srv/2026/11/28/14/", "acme/", "default/"} {
				file := root + filePath(tenant, g.of(day).path, 7)
				if got, ok := TenantOf(filepath.FromSlash(file)); got != tenant || !ok {
					t.Errorf("%s: %q, %v", file, got, ok)
				}
			}
		}
		if got, ok := TenantOf(filePath(tenant, undatedName, 7)); got != tenant || !ok {
			t.Errorf("undated of %q: %q, %v", tenant, got, ok)
		}
	}
	for _, file := range []string{"", "/", "x.parquet", "acme/x.parquet", "acme/2026/11/28/14.parquet", "acme/2026/11/28/14-7.log", "ACME/undated-7.parquet", "%61cme/undated-7.parquet", "spool/7.parts/undated-7.parquet"} {
		if got, ok := TenantOf(filepath.FromSlash(file)); ok {
			t.Errorf("%s: of %q", file, got)
		}
	}
}
