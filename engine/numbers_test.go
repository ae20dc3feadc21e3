package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// blocks joins blocks of records, each given as first and last number of runs, to the span of a file.
func blocks(change func(ev *tocsin.Event), all ...[]uint64) *span {
	var f file
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for seq, runs := range all {
		s := span{seq: seq}
		for i := 0; i < len(runs); i += 2 {
			for n := runs[i]; n <= runs[i+1]; n++ {
				ev := tocsin.Event{Record: n, Serial: n, Host: "ws1", Time: at.Add(time.Duration(n) * time.Second), Fields: []tocsin.Field{{Name: "Channel", Value: "Security"}}}
				if change != nil {
					change(&ev)
				}
				s.numbers.add(&ev)
				s.add(ev.Time)
			}
		}
		f.add(s)
	}
	return &f.all
}

func TestMissing(t *testing.T) {
	many := []uint64{}
	for i := range uint64(40) {
		many = append(many, 1+i*10, 5+i*10)
	}
	long := []uint64{1, 1000}
	for i := range uint64(20) { // one record in a hundred deleted
		long = append(long, 1002+i*100, 1100+i*100)
	}
	for _, c := range []struct {
		name, want string
		change     func(ev *tocsin.Event)
		blocks     [][]uint64
	}{
		{"whole", "", nil, [][]uint64{{1, 100}, {101, 150}}},
		{"begins late, as after rotation", "", nil, [][]uint64{{5001, 5100}, {5101, 5150}}},
		{"begins anew at its start", "", nil, [][]uint64{{301, 400}, {101, 200}, {201, 300}}},
		{"one deleted", "missing 1 after 41 at 05:06:48", nil, [][]uint64{{1, 41, 43, 100}, {101, 150}}},
		{"many deleted", "missing 37 after 60 at 05:07:07", nil, [][]uint64{{1, 60}, {98, 150}}},
		{"deleted in a log that began anew", "missing 9 after 140 at 05:08:27", nil, [][]uint64{{301, 400}, {101, 140, 150, 200}, {201, 300}}},
		{"in three places", "missing 1 after 10 at 05:06:17 missing 1 after 20 at 05:06:27 missing 2 after 30 at 05:06:37", nil, [][]uint64{{1, 10, 12, 20, 22, 30, 33, 60}}},
		{"in twenty places of two thousand records", "20", nil, [][]uint64{long}},
		{"a selection", "", nil, [][]uint64{many}},
		{"a block twice", "", nil, [][]uint64{{1, 100}, {1, 100}, {101, 150}}},
		{"an export, which numbers anew", "", func(ev *tocsin.Event) { ev.Record += 7 }, [][]uint64{{1, 41, 43, 100}}},
		{"two logs in a file", "", func(ev *tocsin.Event) {
			if ev.Record > 100 {
				ev.Fields = []tocsin.Field{{Name: "Channel", Value: "System"}}
			}
		}, [][]uint64{{1, 41, 43, 100}, {101, 120}}},
		{"no numbers", "", func(ev *tocsin.Event) { ev.Serial = 0 }, [][]uint64{{1, 41, 43, 100}}},
		{"every other number, forever", "", func(ev *tocsin.Event) { ev.Serial *= 2; ev.Record *= 2 }, [][]uint64{{1, 5000}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := blocks(c.change, c.blocks...)
			var got []string
			for _, g := range s.gaps("x") {
				if g.Kind == tocsin.GapMissing {
					got = append(got, fmt.Sprintf("missing %d after %d at %s", g.Missing(), g.Before, g.From.Format(time.TimeOnly)))
					if g.Channel != "Security" || g.Host != "ws1" || !g.To.After(g.From) {
						t.Errorf("%+v", g)
					}
				}
			}
			if s := strings.Join(got, " "); s != c.want && fmt.Sprint(len(got)) != c.want {
				t.Errorf("%q, want %q", s, c.want)
			}
			if len(s.numbers.runs) > mostRuns {
				t.Errorf("%d runs kept", len(s.numbers.runs))
			}
		})
	}
	damaged := blocks(nil, []uint64{1, 41, 43, 100})
	damaged.faults = 1
	if g := damaged.gaps("x"); len(g) > 0 {
		t.Errorf("a damaged file, whose faults tell of it: %v", g)
	}
}

// A log that began anew at its start has its oldest records in the middle: that is no clock that went back.
func TestAnewIsNotBack(t *testing.T) {
	if g := blocks(nil, []uint64{5001, 6000}, []uint64{1, 1000}, []uint64{1001, 5000}).gaps("x"); len(g) > 0 {
		t.Errorf("%v", g)
	}
	back := func(ev *tocsin.Event) {
		if ev.Record > 1500 {
			ev.Time = ev.Time.Add(-10 * time.Minute)
		}
	}
	if g := blocks(back, []uint64{1, 1000}, []uint64{1001, 3000}).gaps("x"); len(g) != 1 || g[0].Kind != "backwards" {
		t.Errorf("a clock that went back: %v", g)
	}
}

// Captures that were exported miss most of their log's records, and nothing is to be told of that; one copy of a disk's
// shadow lost a part of a log.
func TestMissingRecordings(t *testing.T) {
	dir := os.Getenv("TOCSIN_DATA")
	if dir == "" {
		t.Skip("no recordings: set TOCSIN_DATA")
	}
	for name, want := range map[string]int{"evtx-attack-samples": 0, "deepblue-yamato": 0, "sigma-regression": 0, "benign-evtx-omer": 1} {
		c, err := Read(context.Background(), Input{Paths: []string{filepath.Join(dir, "windows", name+".tar.gz")}}, func(int) Desk { return DeskFunc(func(*tocsin.Event) {}) })
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, g := range c.Gaps {
			if g.Kind == tocsin.GapMissing {
				n++
				t.Log(g)
			}
		}
		if n != want {
			t.Errorf("%s: %d gaps, want %d", name, n, want)
		}
	}
}
