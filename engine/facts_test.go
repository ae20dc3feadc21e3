package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Facts are told of events outside the time range too, whose mistakes cost no more than they do.
func TestFactsOutsideRange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	var text []byte
	for h := range 10 {
		text = fmt.Appendf(text, "192.0.2.7 - - [04/Mar/2026:%02d:00:00 +0000] \"GET /%d HTTP/1.1\" 200 5 \"-\" \"curl/8.5\"\n", h, h)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	var seen, facts atomic.Int64
	in := Input{Paths: []string{path}, Workers: 2, From: time.Date(2026, 3, 4, 7, 0, 0, 0, time.UTC), Facts: func(int) Desk {
		return DeskFunc(func(*tocsin.Event) {
			if facts.Add(1) == 2 {
				panic("a mistake of ours")
			}
		})
	}}
	c, err := Read(context.Background(), in, func(int) Desk { return DeskFunc(func(*tocsin.Event) { seen.Add(1) }) })
	if err != nil || seen.Load() != 3 || facts.Load() != 10 || c.Outside != 7 || c.FaultN != 1 {
		t.Errorf("%v: %d events and %d for facts; %d outside, %d faults", err, seen.Load(), facts.Load(), c.Outside, c.FaultN)
	}
}
