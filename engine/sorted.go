package engine

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A Sorter takes texts in any order and gives them out in order of time, source and record. What is more than a few
// megabytes waits in a temporary file, in runs that are each in order, so that memory stays at a few dozen bytes a text and
// the file is read as it was written. Each goroutine puts texts into a Part of its own.
type Sorter struct {
	mu    sync.Mutex
	file  *os.File
	size  int64
	runs  []*sortedRun
	parts []*Part
	err   error
	names ranks // of the sources
}

type sorted struct {
	time   int64 // Unix nanoseconds
	source int32
	n      int32
	record uint64
	at     int64 // in the part's text
}

// A sortedRun is texts in order, in the file or in memory.
type sortedRun struct {
	lines []sorted // source is the Sorter's number of it
	text  io.Reader
	at    int64 // in the file
}

// A Part is one goroutine's share of what is put into a Sorter.
type Part struct {
	s     *Sorter
	names ranks
	lines []sorted
	text  []byte
}

// runSize is how many bytes of texts a part keeps in memory; maxReading how many the reading of all runs may take.
const (
	runSize    = 4 << 20
	maxReading = 32 << 20
)

// NewSorter makes an empty Sorter; Close removes its file.
func NewSorter() (*Sorter, error) {
	f, err := os.CreateTemp("", "tocsin-sort-*")
	if err != nil {
		return nil, fmt.Errorf("a temporary file for sorting: %w; set TMPDIR to a folder with space", err)
	}
	_ = os.Remove(f.Name()) // where open files may be removed, nothing is left behind even by a run that is killed
	return &Sorter{file: f}, nil
}

// Part returns a new share for one goroutine.
func (s *Sorter) Part() *Part {
	p := &Part{s: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts = append(s.parts, p)
	return p
}

// Put keeps a copy of text.
func (p *Part) Put(t time.Time, source string, record uint64, text []byte) {
	if len(p.text)+len(text) > runSize && len(p.lines) > 0 {
		p.away()
	}
	p.lines = append(p.lines, sorted{time: nano(t), source: p.names.number(source), n: int32(len(text)), record: record, at: int64(len(p.text))})
	p.text = append(p.text, text...)
}

// run puts the lines in order.
func (p *Part) run() *sortedRun {
	rank := p.names.ranked()
	slices.SortStableFunc(p.lines, func(a, b sorted) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(rank[a.source], rank[b.source]), compareRecords(a.record, b.record), cmp.Compare(a.at, b.at))
	})
	text := make([]byte, 0, len(p.text))
	for _, l := range p.lines {
		text = append(text, p.text[l.at:l.at+int64(l.n)]...)
	}
	return &sortedRun{lines: p.lines, text: bytes.NewReader(text)}
}

// away writes what the part has as a run of the file.
func (p *Part) away() {
	r := p.run()
	s := p.s
	s.mu.Lock()
	r.at = s.size
	s.size += int64(len(p.text))
	s.keep(r, p)
	failed := s.err != nil
	s.mu.Unlock()
	p.lines, p.text = nil, p.text[:0]
	if failed {
		return
	}
	if _, err := io.Copy(io.NewOffsetWriter(s.file, r.at), r.text); err != nil {
		s.mu.Lock()
		s.err = cmp.Or(s.err, err)
		s.mu.Unlock()
	}
	r.text = nil
}

// keep takes a run of a part. The lock is held.
func (s *Sorter) keep(r *sortedRun, p *Part) {
	number := make([]int32, len(p.names.names))
	for i, name := range p.names.names {
		number[i] = s.names.number(name)
	}
	for i := range r.lines {
		r.lines[i].source = number[r.lines[i].source]
	}

	s.runs = append(s.runs, r)
}

// nano is a time in Unix nanoseconds; what has none, or none that they can hold, comes last.
func nano(t time.Time) int64 {
	if t.IsZero() || t.Year() < 1678 || t.Year() > 2261 {
		return 1<<63 - 1
	}
	return t.UnixNano()
}

// compareRecords orders records of one source.
func compareRecords(a, b uint64) int {
	return tocsin.Place{Record: a}.Compare(tocsin.Place{Record: b})
}

// Len is the number of texts. No part may be in use.
func (s *Sorter) Len() (n int) {
	for _, p := range s.parts {
		n += len(p.lines)
	}
	for _, r := range s.runs {
		n += len(r.lines)
	}
	return n
}

// WriteTo writes all texts to w, in order, each by one Write. No part may be in use any more. It is called once.
func (s *Sorter) WriteTo(w io.Writer) (int64, error) {
	for _, p := range s.parts {
		if len(p.lines) > 0 {
			s.keep(p.run(), p)
		}
	}
	all := len(s.runs)
	s.parts = nil
	if s.err != nil {
		return 0, fmt.Errorf("the temporary file for sorting: %w; set TMPDIR to a folder with space", s.err)
	}
	h := &sortedHeads{rank: s.names.ranked(), left: make([][]sorted, all), runs: s.runs}
	buffer := max(4<<10, min(256<<10, maxReading/max(all, 1)))
	for i, r := range s.runs {
		h.left[i] = r.lines
		if r.text == nil {
			n := int64(0)
			for _, l := range r.lines {
				n += int64(l.n)
			}
			r.text = bufio.NewReaderSize(io.NewSectionReader(s.file, r.at, n), buffer)
		}
		h.order = append(h.order, i)
	}
	heap.Init(h)
	var written int64
	var buf []byte
	for len(h.order) > 0 {
		i := h.order[0]
		l := h.left[i][0]
		buf = slices.Grow(buf[:0], int(l.n))[:l.n]
		if _, err := io.ReadFull(s.runs[i].text, buf); err != nil {
			return written, fmt.Errorf("the temporary file for sorting: %w", err)
		}
		n, err := w.Write(buf)
		written += int64(n)
		if err != nil {
			return written, err
		}
		if h.left[i] = h.left[i][1:]; len(h.left[i]) > 0 {
			heap.Fix(h, 0)
		} else {
			heap.Pop(h)
		}
	}
	return written, nil
}

// sortedHeads is a heap of runs by the first line that each has left.
type sortedHeads struct {
	rank  []int32
	runs  []*sortedRun
	left  [][]sorted
	order []int
}

func (h *sortedHeads) Len() int { return len(h.order) }
func (h *sortedHeads) Less(i, j int) bool {
	a, b := &h.left[h.order[i]][0], &h.left[h.order[j]][0]
	if a.time != b.time {
		return a.time < b.time
	}
	return cmp.Or(cmp.Compare(h.rank[a.source], h.rank[b.source]), compareRecords(a.record, b.record), cmp.Compare(h.order[i], h.order[j])) < 0
}
func (h *sortedHeads) Swap(i, j int) { h.order[i], h.order[j] = h.order[j], h.order[i] }
func (h *sortedHeads) Push(x any)    { h.order = append(h.order, x.(int)) }
func (h *sortedHeads) Pop() any {
	last := h.order[len(h.order)-1]
	h.order = h.order[:len(h.order)-1]
	return last
}

// Close removes the temporary file.
func (s *Sorter) Close() error {
	err := s.file.Close()
	if e := os.Remove(s.file.Name()); err == nil && !errors.Is(e, os.ErrNotExist) {
		err = e
	}
	return err
}
