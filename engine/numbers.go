package engine

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// numbers are the numbers that a log file counts its records by, as runs without a gap in the order of the file. A log
// that begins anew at its start when it is full has its oldest records behind its newest, so that only the runs of the
// whole file, put in order, tell what is missing. A file whose own numbers are not those that its records tell of
// themselves was written from another, with whatever records somebody chose, and its gaps say nothing.
type numbers struct {
	runs          []numberRun
	records       int64
	last          uint64 // in order of the file
	foreign       bool   // it cannot be judged: copied from another log, of several logs, or in too many pieces
	channel, host string // of its first record
}

// A numberRun is records whose numbers follow each other.
type numberRun struct {
	first, last uint64
	from, to    time.Time // of the first and the last of them
}

// A file in more pieces than these is no log as it was written: of the recordings, logs whose records were deleted on
// purpose have one gap or a few, and copies with stale pages (VSS) have eleven and more, nearly as many as chunks.
const (
	mostRuns  = 64
	fewGaps   = 3
	gapsShare = 0.05 // of all records, where they are many
)

// add takes the next event of a block. Only logs that number their records are looked at.
func (n *numbers) add(ev *tocsin.Event) {
	if ev.Serial == 0 {
		return
	}
	if n.records++; n.records == 1 {
		n.channel, n.host = strings.Clone(ev.Text("Channel")), strings.Clone(ev.Host)
	}
	n.foreign = n.foreign || ev.Serial != ev.Record
	at := ev.Time
	if decode.Judge(at, time.Time{}) != decode.Sound {
		at = time.Time{}
	}
	n.put(numberRun{ev.Serial, ev.Serial, at, at})
}

func (n *numbers) put(r numberRun) {
	if k := len(n.runs); k > 0 && n.runs[k-1].last+1 == r.first {
		n.runs[k-1].last, n.runs[k-1].to = r.last, r.to
	} else if k < mostRuns {
		n.runs = append(n.runs, r)
	} else {
		n.foreign = true
	}
	n.last = r.last
}

// join appends the numbers of the block that comes next.
func (n *numbers) join(next *numbers) {
	if next.records == 0 {
		return
	}
	if n.records == 0 {
		n.channel, n.host = next.channel, next.host
	}
	n.foreign = n.foreign || next.foreign || n.channel != next.channel || n.host != next.host
	n.records += next.records
	for _, r := range next.runs {
		n.put(r)
	}
	n.last = next.last
}

// before says that the block that comes next is older: the log began anew at its start.
func (n *numbers) before(next *numbers) bool {
	return n.records > 0 && next.records > 0 && next.runs[0].first <= n.last
}

// missing says which records of a file are not there although others before and after them are.
func (n *numbers) missing(path string) (out []tocsin.Gap) {
	if n.foreign {
		return nil
	}
	runs := slices.Clone(n.runs)
	slices.SortFunc(runs, func(a, b numberRun) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last)) })
	for i := 1; i < len(runs); i++ {
		a, b := &runs[i-1], &runs[i]
		if b.last <= a.last { // a second copy of records
			*b = *a
			continue
		}
		if b.first > a.last+1 {
			out = append(out, tocsin.Gap{Path: path, Kind: tocsin.GapMissing, From: a.to, To: b.from, Channel: n.channel, Host: n.host, Before: a.last, After: b.first})
		}
	}
	if float64(len(out)) > max(fewGaps, gapsShare*float64(n.records)) {
		return nil
	}
	return out
}
