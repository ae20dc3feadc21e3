package engine

import (
	"archive/zip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

// seen reads what lies below a folder and gives show(event) of each event, in order.
func seen(t *testing.T, path string, workers int, show func(*tocsin.Event) string) []string {
	t.Helper()
	var mu sync.Mutex
	var all []string
	_, err := Read(context.Background(), Input{Paths: []string{path}, Workers: workers}, func(int) Desk {
		return DeskFunc(func(ev *tocsin.Event) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, show(ev))
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// TestPlacesOfOneLine: the events of a line are numbered alike whoever decodes which part of it.
func TestPlacesOfOneLine(t *testing.T) {
	var records []string
	for i := range 9000 {
		records = append(records, fmt.Sprintf(`{"time":"2026-03-01T08:00:00Z","remote_addr":"203.0.113.7","method":"GET","uri":"/%d","status":200,"user_agent":"curl/8"}`, i))
	}
	file := filepath.Join(t.TempDir(), "log.json")
	if err := os.WriteFile(file, []byte("["+strings.Join(records[:3], ",\n")+","+strings.Join(records[3:], ",")+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	show := func(ev *tocsin.Event) string { return ev.Place().Number() + " " + ev.Text("cs-uri-stem") }
	var want []string
	for i := range records {
		place := tocsin.Place{Record: tocsin.Nth(uint64(min(i+1, 3)), int64(max(i-1, 1)))}
		want = append(want, fmt.Sprintf("%s /%d", place.Number(), i))
	}
	slices.Sort(want)
	for _, workers := range []int{1, 4} {
		if d := cmp.Diff(want, seen(t, file, workers, show)); d != "" {
			t.Errorf("%d workers: -want +got\n%.500s", workers, d)
		}
	}
}

// TestHostOfCollection: a record that names no machine is of the one that its collection is of.
func TestHostOfCollection(t *testing.T) {
	file := filepath.Join(t.TempDir(), "Collection-ws07-2026-03-01T08_00_00Z.zip")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	for name, text := range map[string]string{
		"uploads/file/access.log": `203.0.113.7 - - [01/Mar/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8"` + "\n",
		"uploads/file/auth.log":   "Mar  1 08:00:00 other sshd[1]: Failed password for root from 203.0.113.7 port 4711 ssh2\n",
	} {
		m, err := w.Create(name)
		if err == nil {
			_, err = m.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	got := seen(t, file, 1, func(ev *tocsin.Event) string { return filepath.Base(ev.Source) + " " + ev.Host })
	if d := cmp.Diff([]string{"access.log ws07", "auth.log other"}, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}
