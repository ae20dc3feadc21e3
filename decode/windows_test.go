package decode

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/evtx"
)

// recordings returns the path of a recording, or skips the test where there are none.
func windowsRecording(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("TOCSIN_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	p := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(p); err != nil {
		t.Skipf("no recording %s: set TOCSIN_DATA", p)
	}
	return p
}

// members reads the files with an extension out of a .tar.gz, each distinct content once.
func tarMembers(t testing.TB, file, ext string) map[string][]byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string][]byte)
	seen := make(map[[32]byte]bool)
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if path.Ext(h.Name) != ext {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(b); !seen[sum] {
			seen[sum] = true
			all[h.Name] = b
		}
	}
}

// decodeEVTX runs a file through the evtx format as the engine does.
func decodeEVTX(d Decoder, name string, b []byte, emit func(*tocsin.Event)) {
	d.Decode(&tocsin.Record{Source: name, Data: b[:min(len(b), evtx.HeaderSize)], Line: 1}, emit)
	line := int64(2)
	for off := evtx.HeaderSize; off < len(b); off += evtx.ChunkSize {
		d.Decode(&tocsin.Record{Source: name, Data: b[off:min(off+evtx.ChunkSize, len(b))], Line: line, Offset: int64(off)}, emit)
		line++
	}
}

func TestEVTXRecordings(t *testing.T) {
	for _, c := range []struct {
		file                  string
		files, events, faults int
	}{
		{"windows/evtx-attack-samples.tar.gz", 276, 8248, 0},
		{"windows/deepblue-yamato.tar.gz", 34, 6786, 0},
		{"windows/sigma-regression.tar.gz", 201, 237, 0},
		// Files with zeroed pages: 30 records with holes (2 of them nothing but), 19 chunks with holes or overwritten.
		{"windows/benign-evtx-omer.tar.gz", 22, 18603, 49},
	} {
		t.Run(path.Base(c.file), func(t *testing.T) {
			files := tarMembers(t, windowsRecording(t, c.file), ".evtx")
			f, _ := ByName("evtx")
			d := f.New(Options{})
			events, faults := 0, 0
			for name, b := range files {
				if got, ok := Detect(name, b[:min(len(b), 65536)]); !ok || got.Name != "evtx" {
					t.Errorf("%s detected as %q", name, got.Name)
				}
				decodeEVTX(d, name, b, func(ev *tocsin.Event) {
					if ev.Fault != nil {
						faults++
						t.Log(ev.Fault)
					}
					if len(ev.Fields) > 0 {
						events++
					}
					if ev.Fault == nil && (ev.Time.IsZero() || ev.Record == 0 || ev.Host == "" || len(ev.Sources) == 0) {
						t.Errorf("%s: event without time, record id, host or source: %+v", name, ev)
					}
				})
			}
			if len(files) != c.files || events != c.events || faults != c.faults {
				t.Errorf("%d files, %d events, %d faults; want %d, %d, %d", len(files), events, faults, c.files, c.events, c.faults)
			}
		})
	}
}

func BenchmarkEVTX(b *testing.B) {
	files := tarMembers(b, windowsRecording(b, "windows/evtx-attack-samples.tar.gz"), ".evtx")
	f, _ := ByName("evtx")
	b.ReportAllocs()
	b.ResetTimer()
	n := 0
	for range b.N {
		d := f.New(Options{})
		n = 0
		for name, data := range files {
			decodeEVTX(d, name, data, func(*tocsin.Event) { n++ })
		}
	}
	if n != 8248 {
		b.Fatalf("%d events, want 8248", n)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// The same events as EVTX and as evtx_dump's JSON of it give the same fields and log sources. What evtx_dump writes
// otherwise: GUIDs without braces, times with fewer digits, text without spaces at its end, empty values as null.
func TestShapesAgree(t *testing.T) {
	file := windowsRecording(t, "windows/sigma-regression.tar.gz")
	logs, dumps := tarMembers(t, file, ".evtx"), tarMembers(t, file, ".json")
	format, _ := ByName("evtx")
	values, _ := ByName("json")
	flat := func(ev *tocsin.Event) map[string]string {
		m := map[string]string{"sources": fmt.Sprint(ev.Sources), "time": ev.Time.Truncate(time.Microsecond).String(), "host": ev.Host}
		for _, f := range ev.Fields {
			v := strings.TrimRight(strings.Trim(f.Value, "{}"), " ")
			if len(v) == 28 && v[10] == 'T' {
				v = v[:26] + "Z"
			}
			if v != "" && !strings.HasSuffix("\n"+m[f.Name], "\n"+v+"\n") { // what was padded is there twice
				m[f.Name] += v + "\n"
			}
		}
		return m
	}
	compared, differ := 0, 0
	for name, dump := range dumps {
		log, ok := logs[strings.TrimSuffix(name, ".json")+".evtx"]
		if !ok {
			continue
		}
		want := make(map[string]map[string]string)
		decodeEVTX(format.New(Options{}), name, log, func(ev *tocsin.Event) { want[ev.Text("EventRecordID")] = flat(ev) })
		values.New(Options{}).Decode(&tocsin.Record{Source: name, Data: dump, Line: 1}, func(ev *tocsin.Event) {
			log := want[ev.Text("EventRecordID")]
			if log == nil {
				return // some dumps have events that the log beside them does not
			}
			if diff := cmp.Diff(log, flat(ev)); diff != "" {
				t.Logf("%s: EVTX and JSON differ (-evtx +json):\n%s", name, diff)
				differ++
			}
			compared++
		})
	}
	// One dump was made of another copy of its event.
	if compared < 190 || differ > 1 {
		t.Errorf("%d of %d events differ; want at most 1 of at least 190", differ, compared)
	}
}

func BenchmarkWindowsJSON(b *testing.B) {
	z, err := zip.OpenReader(windowsRecording(b, "windows/otrf-atomic/other/aptsimulator_cobaltstrike.zip"))
	if err != nil {
		b.Fatal(err)
	}
	defer z.Close()
	m, err := z.File[0].Open()
	if err != nil {
		b.Fatal(err)
	}
	data, err := io.ReadAll(m)
	if err != nil {
		b.Fatal(err)
	}
	benchmarkDecode(b, "json", data, bytes.Count(data, []byte("\n")))
}

func BenchmarkWindowsXML(b *testing.B) {
	event := "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Sysmon' Guid='{5770385f-c22a-43e0-bf4c-06f5698ffbd9}'/><EventID>1</EventID><Version>5</Version><Level>4</Level><Task>1</Task><Opcode>0</Opcode><Keywords>0x8000000000000000</Keywords><TimeCreated SystemTime='2026-03-04T05:06:07.1234567Z'/><EventRecordID>7</EventRecordID><Correlation/><Execution ProcessID='2' ThreadID='3'/><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>ws1.corp.example</Computer><Security UserID='S-1-5-18'/></System><EventData><Data Name='RuleName'>-</Data><Data Name='UtcTime'>2026-03-04 05:06:07.123</Data><Data Name='ProcessId'>4</Data><Data Name='Image'>C:\\Windows\\System32\\cmd.exe</Data><Data Name='CommandLine'>cmd /c &quot;whoami &amp; hostname&quot;</Data><Data Name='User'>CORP\\ann</Data><Data Name='ParentImage'>C:\\Windows\\explorer.exe</Data></EventData></Event>\n"
	benchmarkDecode(b, "windows-xml", []byte("<Events>"+strings.Repeat(event, 1000)+"</Events>"), 1000)
}

func benchmarkDecode(b *testing.B, format string, data []byte, want int) {
	f, _ := ByName(format)
	d := f.New(Options{})
	n := 0
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		n = 0
		d.Decode(&tocsin.Record{Source: "x", Data: data, Line: 1}, func(ev *tocsin.Event) {
			if ev.Fault == nil {
				n++
			}
		})
		d.Flush(func(*tocsin.Event) {})
	}
	if n != want {
		b.Fatalf("%d events, want %d", n, want)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
