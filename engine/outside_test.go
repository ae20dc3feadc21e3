package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
)

// What is outside the time range is counted with its span, and no desk sees it, whatever the number of workers.
func TestOutside(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.log": "2026-11-20T10:00:00Z web01 sshd[1]: Failed password for ann from 192.0.2.7 port 4000 ssh2\n" +
			"2026-11-20T12:00:00Z web01 sshd[1]: Failed password for ann from 192.0.2.7 port 4000 ssh2\n",
		"b.log": "2026-11-20T11:00:00Z web01 sshd[1]: Failed password for ann from 192.0.2.7 port 4000 ssh2\n" +
			"2026-11-20T09:00:00Z web01 sshd[1]: Failed password for ann from 192.0.2.7 port 4000 ssh2\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	at := func(hour int) time.Time { return time.Date(2026, 11, 20, hour, 0, 0, 0, time.UTC) }
	for _, workers := range []int{1, 3} {
		seen := make([]int, workers)
		c, err := engine.Read(context.Background(), engine.Input{Paths: []string{dir}, Workers: workers, From: at(10), To: at(11)}, func(i int) engine.Desk {
			return engine.DeskFunc(func(*tocsin.Event) { seen[i]++ })
		})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, s := range seen {
			n += s
		}
		if n != 2 || c.Events != 2 || c.Outside != 2 || !c.OutFirst.Equal(at(9)) || !c.OutLast.Equal(at(12)) || !c.First.Equal(at(10)) || !c.Last.Equal(at(11)) {
			t.Errorf("%d workers: %d seen, %d events %v to %v, outside %d %v to %v", workers, n, c.Events, c.First, c.Last, c.Outside, c.OutFirst, c.OutLast)
		}
	}
}
