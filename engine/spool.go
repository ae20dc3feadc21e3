package engine

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// A spool is a temporary file for what would take too much memory: pieces of bytes are put away and got back. It is made
// when it is first needed, and nothing is left of it, where open files can be removed not even by a run that is killed.
// Several goroutines may use it. The first error stays: after it nothing is put away any more.
type spool struct {
	failed func() // is called once, at the first error; may be nil

	mu   sync.Mutex
	file *os.File
	size int64
	err  error
}

// put puts a piece away and tells where; false says that it could not.
func (s *spool) put(b []byte) (at int64, ok bool) {
	f, at := s.room(int64(len(b)))
	if f == nil {
		return 0, false
	}
	if _, err := f.WriteAt(b, at); err != nil {
		s.fail(err)
		return 0, false
	}
	return at, true
}

// room gives out the next n bytes of the file.
func (s *spool) room(n int64) (*os.File, int64) {
	s.mu.Lock()
	if s.err == nil && s.file == nil {
		f, err := os.CreateTemp("", "tocsin-hunt-*")
		if err != nil {
			s.mu.Unlock()
			s.fail(err)
			return nil, 0
		}
		_ = os.Remove(f.Name())
		s.file = f
	}
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, 0
	}
	s.size += n
	return s.file, s.size - n
}

// get gets a piece back; nil says that it could not.
func (s *spool) get(at int64, n int) []byte {
	b := make([]byte, n)
	if _, err := s.file.ReadAt(b, at); err != nil {
		s.fail(err)
		return nil
	}
	return b
}

func (s *spool) fail(err error) {
	s.mu.Lock()
	first := s.err == nil
	if first {
		s.err = fmt.Errorf("the temporary file for matches: %w; set TMPDIR to a folder with space", err)
	}
	s.mu.Unlock()
	if first && s.failed != nil {
		s.failed()
	}
}

// Err is the first error, or nil.
func (s *spool) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close removes the file.
func (s *spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if e := os.Remove(s.file.Name()); err == nil && !errors.Is(e, os.ErrNotExist) {
		err = e
	}
	s.file = nil
	if s.err == nil {
		s.err = errors.New("the temporary file for matches is closed")
	}
	return err
}
