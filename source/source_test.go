package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// A reading is all that came of reading some arguments.
type reading struct {
	streams []string          // paths, in order
	format  map[string]string // by path
	data    map[string]string // the records of a path, joined
	skipped map[string]string // reasons by path
	faults  []string
	bytes   int64
	total   int64
}

type record struct {
	line, offset int64
	data         string
}

// below strips the folder from the paths of a reading.
func (r *reading) below(dir string) (streams []string, skipped map[string]string) {
	skipped = map[string]string{}
	for _, s := range r.streams {
		streams = append(streams, filepath.ToSlash(strings.TrimPrefix(s, dir)))
	}
	for s, why := range r.skipped {
		skipped[filepath.ToSlash(strings.TrimPrefix(s, dir))] = strings.ReplaceAll(why, dir, "DIR")
	}
	return streams, skipped
}

// read lists, opens and cuts.
func read(t testing.TB, o Options, args ...string) *reading {
	t.Helper()
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	all := &reading{format: map[string]string{}, data: map[string]string{}, skipped: map[string]string{}}
	text := map[string][]byte{}
	skip := func(f tocsin.File) { all.skipped[f.Path] = f.Skipped }
	for _, u := range r.List(args, skip) {
		all.total += u.Size
		err := r.Open(u, Hooks{
			Skip:  skip,
			Fault: func(f *tocsin.Fault) { all.faults = append(all.faults, f.Error()) },
			Bytes: func(n int64) { all.bytes += n },
		}, func(s *Stream) error {
			all.streams = append(all.streams, s.Path)
			all.format[s.Path] = s.Format.Name
			return s.Frames(func(rec *tocsin.Record) error {
				if rec.Source != s.Path {
					t.Errorf("record of %s says %s", s.Path, rec.Source)
				}
				text[s.Path] = append(text[s.Path], rec.Data...)
				for i := range rec.Data {
					rec.Data[i] = '!' // nobody may still read it
				}
				r.Release(rec)
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, b := range text {
		all.data[path] = string(b)
	}
	return all
}

// line is a text line that some format takes, told apart by its number.
func line(i int) string {
	return `192.0.2.` + string(rune('0'+i%10)) + ` - - [17/May/2026:10:05:03 +0000] "GET / HTTP/1.1" 200 42 "-" "-"` + "\n"
}

// lay writes files below a new folder and returns it.
func lay(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestRecordings reads all recordings, which must go without a fault of this package's.
func TestRecordings(t *testing.T) {
	dir := os.Getenv("TOCSIN_DATA")
	if dir == "" {
		dir = "../../shared/data"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no recordings: ", err)
	}
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var size, progress int64
	var streams, skipped int
	skip := func(f tocsin.File) { skipped++ }
	var total int64
	for _, u := range r.List([]string{dir}, skip) {
		size += u.Size
		r.Open(u, Hooks{
			Skip:  skip,
			Fault: func(f *tocsin.Fault) { t.Errorf("%v", f) },
			Bytes: func(n int64) { progress += n },
		}, func(s *Stream) error {
			streams++
			return s.Frames(func(rec *tocsin.Record) error {
				total += int64(len(rec.Data))
				r.Release(rec)
				return nil
			})
		})
	}
	if progress != size {
		t.Errorf("progress of %d bytes, want %d", progress, size)
	}
	t.Logf("%d bytes on disk, %d streams of %d bytes, %d skipped", size, streams, total, skipped)
}

// A stream whose local stamps only a later record explains gets a decoder of its own, and loses nothing to the look ahead.
func TestLookAhead(t *testing.T) {
	dir := t.TempDir()
	security := `{"EventTime":"2024-02-12 02:10:11","Channel":"Security","EventID":4689,"Hostname":"pc7","SourceName":"Microsoft-Windows-Security-Auditing"}` + "\n"
	sysmon := `{"EventTime":"2024-02-12 02:10:12","UtcTime":"2024-02-12 09:10:12.120","Channel":"Microsoft-Windows-Sysmon/Operational","EventID":10,"Hostname":"pc7","SourceName":"Microsoft-Windows-Sysmon"}` + "\n"
	in := strings.Repeat(security, 2000) + sysmon
	path := filepath.Join(dir, "a.json")
	if err := os.WriteFile(path, []byte(in), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	events := 0
	err = r.Open(Unit{Path: path, Size: int64(len(in))}, Hooks{}, func(s *Stream) error {
		if s.Format.Cut != decode.OrderedValues {
			t.Errorf("cut %d", s.Format.Cut)
		}
		d := s.Format.New(decode.Options{})
		return s.Frames(func(rec *tocsin.Record) error {
			d.Decode(rec, func(e *tocsin.Event) {
				if events++; e.Time.Hour() != 9 {
					t.Errorf("event %d at %v", events, e.Time)
				}
			})
			r.Release(rec)
			return nil
		})
	})
	if err != nil || events != 2001 {
		t.Errorf("%d events, %v", events, err)
	}
}
