package actor

import (
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// TestForgedTimes holds that one who is on very many pages, each with a time of its own choice, takes nothing from others:
// what they did stays, whoever comes first, and memory is bounded.
func TestForgedTimes(t *testing.T) {
	if testing.Short() {
		t.Skip("ten seconds")
	}
	n := 3 * bounds[telling]
	fill := func(order []int) *Pages {
		s := NewPages(Key{1})
		for _, part := range order {
			switch part {
			case 0: // an intruder's hour
				for i := range 300 {
					a := act(time.Duration(i)*10*time.Second, "198.51.100.7", fmt.Sprintf("h%d", i%40), "run", fmt.Sprint("T", 1000+i%30), tocsin.Worked, tocsin.Medium)
					s.Add(&a)
				}
			case 1: // forged
				for i := range n {
					a := act(0, "203.0.113.9", "h1", "run", "T1059", tocsin.Worked, tocsin.Medium)
					a.Time = time.Unix(0, int64(i)*slotLength+1).UTC().AddDate(5, 0, 0)
					a.Place.Record = uint64(i)
					s.Add(&a)
				}
			}
		}
		s.Whole()
		return s
	}
	first := fill([]int{0, 1})
	got := 0
	for _, a := range first.Actors(0) {
		if a.ID != "address:198.51.100.7" {
			continue
		}
		for _, d := range a.Deeds {
			got += d.N
		}
	}
	if got != 300 {
		t.Errorf("of 300 actions of an intruder %d are left", got)
	}
	if len(first.pages) > bounds[telling] || first.Len() > bounds[telling] {
		t.Errorf("%d pages with %d deeds", len(first.pages), first.Len())
	}
	let := int64(0)
	for _, l := range first.LetGo() {
		if l.Kind == "telling actions" {
			let += l.N
		}
	}
	kept := int64(0)
	for _, p := range first.pages {
		kept += p.of[telling].told()
	}
	if let+kept != int64(n+300) {
		t.Errorf("%d let go and %d kept, want %d", let, kept, n+300)
	}
	same(t, "the forger first", inventory(first), inventory(fill([]int{1, 0})))
}
