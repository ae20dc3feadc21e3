package engine

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A Sorter takes texts in any order and gives them out in order of time, source and record. The texts wait in a
// temporary file, so that memory stays at a few dozen bytes a text. Put may be called by several goroutines.
type Sorter struct {
	mu    sync.Mutex
	file  *os.File
	w     *bufio.Writer
	size  int64
	lines []sorted
	err   error
	names ranks // of the sources
}

type sorted struct {
	time   int64 // Unix nanoseconds
	source int32
	n      int32
	record uint64
	at     int64
}

// NewSorter makes an empty Sorter; Close removes its file.
func NewSorter() (*Sorter, error) {
	f, err := os.CreateTemp("", "tocsin-sort-*")
	if err != nil {
		return nil, fmt.Errorf("a temporary file for sorting: %w; set TMPDIR to a folder with space", err)
	}
	_ = os.Remove(f.Name()) // where open files may be removed, nothing is left behind even by a run that is killed
	return &Sorter{file: f, w: bufio.NewWriterSize(f, 1<<20)}, nil
}

// Put keeps a copy of text.
func (s *Sorter) Put(t time.Time, source string, record uint64, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.lines = append(s.lines, sorted{time: nano(t), source: s.names.number(source), n: int32(len(text)), record: record, at: s.size})
	s.size += int64(len(text))
	_, s.err = s.w.Write(text)
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

// Len is the number of texts.
func (s *Sorter) Len() int { return len(s.lines) }

// WriteTo writes all texts to w, in order.
func (s *Sorter) WriteTo(w io.Writer) (int64, error) {
	if s.err == nil {
		s.err = s.w.Flush()
	}
	if s.err != nil {
		return 0, fmt.Errorf("the temporary file for sorting: %w; set TMPDIR to a folder with space", s.err)
	}
	rank := s.names.ranked()
	slices.SortStableFunc(s.lines, func(a, b sorted) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(rank[a.source], rank[b.source]),
			compareRecords(a.record, b.record), cmp.Compare(a.at, b.at))
	})
	var written int64
	var buf []byte
	for _, l := range s.lines {
		buf = slices.Grow(buf[:0], int(l.n))[:l.n]
		if _, err := s.file.ReadAt(buf, l.at); err != nil {
			return written, err
		}
		n, err := w.Write(buf)
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// Close removes the temporary file.
func (s *Sorter) Close() error {
	err := s.file.Close()
	if e := os.Remove(s.file.Name()); err == nil && !errors.Is(e, os.ErrNotExist) {
		err = e
	}
	return err
}
