package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/tocsin-ids/tocsin"
)

// TestCoverageAgrees wants one coverage, faults included, whatever the number of workers and the order of paths.
func TestCoverageAgrees(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(5, 6))
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	lines := func(n int) string {
		var b strings.Builder
		for i := range n {
			switch stamp := at.Add(time.Duration(i) * time.Second); rng.IntN(40) {
			case 0:
				b.WriteString("{\"broken\":\n")
			case 1:
				b.WriteString(stamped("2199-01-01T00:00:00Z"))
			case 2:
				b.WriteString(stamped("1601-01-01T00:00:00Z") + "\n")
			case 3:
				b.WriteString(stamped(stamp.Add(-48 * time.Hour).Format(time.RFC3339)))
			default:
				b.WriteString(stamped(stamp.Format(time.RFC3339)))
			}
		}
		return b.String()
	}
	paths := []string{write(t, dir, "big.jsonl", lines(30_000)), filepath.Join(dir, "gone.log")}
	for i := range 120 {
		switch i % 4 {
		case 0:
			paths = append(paths, write(t, dir, fmt.Sprintf("d%d/access.log", i), accessLog(50)+"no line of any kind\n"))
		case 1:
			paths = append(paths, write(t, dir, fmt.Sprintf("d%d/notes.txt", i), "some words\nof no log\n"))
		default:
			paths = append(paths, write(t, dir, fmt.Sprintf("d%d/events.jsonl", i), lines(150)))
		}
	}
	for i := range 4 { // long values leave long buffers behind, and empty lines are no block
		long := fmt.Sprintf("{\"pad\":\"%s\"}\n", strings.Repeat("x", 700_000))
		paths = append(paths, write(t, dir, fmt.Sprintf("long%d.jsonl", i), long+strings.Repeat("\n", 300_000)+lines(2000)+long+"{\"broken\":\n"+strings.Repeat("\n", 200_000)))
	}
	paths = append(paths, paths[2], paths[2], paths[5]) // the same again
	for _, p := range paths {
		if err := os.Chtimes(p, at, at.Add(10*time.Hour)); err != nil && !strings.HasSuffix(p, "gone.log") {
			t.Fatal(err)
		}
	}
	var want *tocsin.Coverage
	workers := []int{1, 2, 3, 4, 8, 1}
	if testing.Short() {
		workers = []int{1, 3, 8}
	}
	for _, n := range workers {
		c, err := Read(context.Background(), Input{Paths: paths, Workers: n}, func(int) Desk {
			return DeskFunc(func(ev *tocsin.Event) {
				if ev.Record%97 == 5 {
					panic(fmt.Sprint("record ", ev.Record))
				}
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = c
			if c.FaultN <= tocsin.MaxFaults || len(c.Faults) != tocsin.MaxFaults || c.Doubted == 0 || len(c.Gaps) == 0 {
				t.Fatalf("%d faults, of which %d are kept, %d stamps, %d gaps: too little to compare", c.FaultN, len(c.Faults), c.Doubted, len(c.Gaps))
			}
		}
		// A mistake says where it was made, but not which worker made it.
		same := cmp.Comparer(func(a, b *tocsin.Fault) bool {
			var m, o Mistake
			for i, f := range []*tocsin.Fault{a, b} {
				if p := (*Mistake)(nil); errors.As(f, &p) {
					*[]*Mistake{&m, &o}[i] = *p
				}
			}
			return a.Error() == b.Error() && m == o
		})
		if d := cmp.Diff(want, c, same, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("%d workers: -one +got\n%.3000s", n, d)
		}
		rng.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	}
}
