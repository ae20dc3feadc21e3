package decode

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

func gunzip(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestAgentRecordings counts the calls and results of every recorded session against the counts that its recorder
// took from it independently.
func TestAgentRecordings(t *testing.T) {
	dir := dataDir(t, "agents")
	labels, err := os.ReadFile(filepath.Join(dir, "LABELS.tsv"))
	if err != nil {
		t.Skip(err)
	}
	type count struct{ calls, results, times int }
	want, got := map[string]count{}, map[string]count{}
	var column map[string]int
	for line := range strings.Lines(string(labels)) {
		cells := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		if column == nil {
			column = map[string]int{}
			for i, c := range cells {
				column[c] = i
			}
			continue
		}
		n := func(name string) int {
			v, err := strconv.Atoi(cells[column[name]])
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		want[cells[column["source"]]+" "+cells[column["session"]]] = count{n("n_tool_calls"), n("n_with_results"), n("n_with_timestamps")}
	}
	faults := 0
	tally := func(key string, ev *tocsin.Event) {
		if ev.Fault != nil {
			faults++
			t.Logf("%v", ev.Fault)
			return
		}
		c := got[key]
		c.calls++
		if ev.Text("has_result") == "true" {
			c.results++
		}
		if !ev.Time.IsZero() {
			c.times++
		}
		got[key] = c
	}
	decodeFile := func(path string, f func(*tocsin.Event)) {
		data := gunzip(t, path)
		format, ok := Detect(path, data[:min(len(data), 64<<10)])
		if !ok || format.Name == "json" || format.Name == "text" {
			t.Fatalf("%s: taken for %q", path, format.Name)
		}
		d := format.New(Options{})
		d.Decode(&tocsin.Record{Source: path, Data: bytes.Clone(data), Line: 1}, f)
		d.Flush(f)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.jsonl.gz"))
	for _, path := range files {
		source := strings.TrimSuffix(filepath.Base(path), ".jsonl.gz")
		decodeFile(path, func(ev *tocsin.Event) { tally(source+" "+ev.Text("session"), ev) })
	}
	native, _ := filepath.Glob(filepath.Join(dir, "native", "*", "*.gz"))
	for _, path := range native {
		session, _, _ := strings.Cut(filepath.Base(path), ".")
		for key := range want {
			if strings.HasPrefix(key, "native/") && strings.HasSuffix(key, " "+session) {
				decodeFile(path, func(ev *tocsin.Event) { tally(key, ev) })
			}
		}
	}
	bad := 0
	for key, w := range want {
		// A call that has no time of its own may have that of its result; where nothing has one, no call has.
		if g := got[key]; g.calls != w.calls || g.results != w.results || g.times < w.times || g.times > 0 && w.times == 0 {
			if bad++; bad < 20 {
				t.Errorf("%s: %+v, labelled %+v", key, got[key], w)
			}
		}
	}
	if len(files)+len(native) == 0 || bad > 0 {
		t.Errorf("%d of %d sessions differ", bad, len(want))
	}
	if faults > 1 { // the last line of the Copilot log is no JSON
		t.Errorf("%d faults", faults)
	}
}
