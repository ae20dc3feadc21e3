package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every report that package report keeps as a golden file is known for what it is, whole and cut short; those for a
// terminal with colour are never written to a file.
func TestResultOfReports(t *testing.T) {
	files, err := filepath.Glob("../report/testdata/*.*")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name == "hunt.small.txt" || name == "timeline.text" {
			continue // coloured; for standard output
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{len(data), 5000, 1000, 400, 150, 120} {
			if n > len(data) {
				continue
			}
			if ResultOf(data[:n]) == "" {
				t.Errorf("%s: the first %d bytes are not known", name, n)
			}
		}
	}
}

// A table of metrics is known, whatever it counts.
func TestResultOfTables(t *testing.T) {
	for _, head := range []string{
		"EVENTS  SOURCE  ID  WHAT  FIRST  LAST\n",
		"LOGONS  WORKED  FAILED  ACCOUNT  ADDRESS  HOST  TYPE  FIRST  LAST\n",
		"EVENTS  SENT  RECEIVED  FROM  TO  FIRST  LAST\n",
		"RECORDS  KIND     OF          NAME  GRADE    BY         FROM              TO                DOUBT  FIRST                LAST\n",
		"RECORDS  KIND  OF  NAME  GRADE  BY  FROM  TO  DOUBT  FIRST  LAST\n",
	} {
		if ResultOf([]byte(head)) == "" {
			t.Errorf("%q is not known", head)
		}
	}
	if kind := ResultOf([]byte("RECORDS  KIND  FIRST  LAST\n")); kind != "" {
		t.Errorf("another's table: taken for %s", kind)
	}
}

// What others write in like shapes is no result.
func TestResultOfOthers(t *testing.T) {
	for _, text := range []string{
		"",
		"{",
		`{"kind":"`,
		`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata"}`,
		`{"kind":"event","time":"2026-11-20T10:00:00Z","host":"web01","message":"started"}` + "\n",
		`{"kind":"match","time":"2026-11-20T10:00:00Z","player":"ann"}` + "\n",
		`{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[{"type":"identity","spec_version":"2.1","id":"identity--00000000-0000-4000-8000-000000000000"}]}`,
		`{"category_uid":2,"category_name":"Findings","class_uid":2004,"class_name":"Detection Finding","activity_id":1,"activity_name":"Create","type_uid":200401,"metadata":{"product":{"name":"Other"}}}` + "\n",
		`{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[` + strings.Repeat(`{"type":"report"},`, 20) + `]}`,
		`{"kind":"event","time":` + strings.Repeat(`"10:00",`, 2000),
		"message,datetime,timestamp_desc,source\n",
		"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>A page</title>\n",
		"2026-11-20 10:00:00.123  INFO  started  [main.c:12]\n",
		"# Incidents\n",
		"3 matches of the pattern\n",
	} {
		if kind := ResultOf([]byte(text)); kind != "" {
			t.Errorf("%.60q: taken for %s", text, kind)
		}
	}
}

// A result among logs is said to be one, and read only if it is asked for.
func TestResultAmongLogs(t *testing.T) {
	line := `{"kind":"event","time":"2026-11-20T10:00:00Z","host":"web01","details":"login failed","event":{"source":"logs/auth.log","record":1}}` + "\n"
	dir := lay(t, map[string]string{"out.jsonl": line, "packed.gz": gzipOf(t, line)})
	for _, asked := range []bool{false, true} {
		streams, skipped := read(t, Options{Results: asked}, dir).below(dir)
		for _, name := range []string{"out.jsonl", "packed.gz"} {
			if asked != slices.Contains(streams, "/"+name) || asked == strings.HasPrefix(skipped["/"+name], "a result of Tocsin's own (events as jsonl); --read-results") {
				t.Errorf("asked %v: %s: streams %q, skipped %q", asked, name, streams, skipped)
			}
		}
	}
}

// Any head can be looked at, and a mark counts only where the head begins.
func FuzzResultOf(f *testing.F) {
	for _, m := range resultMarks {
		f.Add([]byte(m.sure + m.rest))
	}
	f.Add([]byte(`{"kind":"match","time":"2026-11-20T10:00:00Z","rule":{"id":"x"}}`))
	f.Add([]byte("1,234 matches of 12 rules: 3 high\n"))
	f.Fuzz(func(t *testing.T, head []byte) {
		_ = ResultOf(head)
		if kind := ResultOf(append([]byte("x"), head...)); kind != "" {
			t.Errorf("x%q: known as %s", head, kind)
		}
	})
}
