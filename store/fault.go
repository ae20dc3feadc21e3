package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// What a caller tells apart, with errors.Is.
var (
	ErrFull    = errors.New("the disk is full")                            // nothing of the commit is there; it can be tried again
	ErrLocked  = errors.New("another program holds the database")          // longer than Options.Busy; it can be tried again
	ErrCorrupt = errors.New("the database is damaged")                     // what could be read was given
	ErrNewer   = errors.New("the database is of a newer version")          // of Tocsin than this
	ErrRunning = errors.New("another process runs on this folder")         // its number is in the message
	ErrUnknown = errors.New("not known")                                   // what was asked for is not there
	ErrBroken  = errors.New("the audit log was changed after it was made") // see AuditError
	ErrBad     = errors.New("not valid")                                   // what was given; the message says what
)

// An Error says what could not be done with which file, and what to do.
type Error struct {
	Op   string // open, commit, backup …
	Path string // of the database
	What string // of which it is true, as piece NAME of tenant TENANT; "" is the file
	Err  error
	Hint string // what to do; "" where the message says it
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("store: " + e.Op + " " + e.Path + ": ")
	if e.What != "" {
		b.WriteString(e.What + ": ")
	}
	b.WriteString(e.Err.Error())
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }

// mend is what to do with a damaged file.
const mend = "it was left as it is: restore it from a backup, or move it and its -wal file aside, or choose another folder with --data to begin anew"

// said gives SQLite's errors the names that callers know.
func (s *Store) said(op string, err error) error {
	if err == nil {
		return nil
	}
	var own *Error
	if errors.As(err, &own) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnknown) {
		return err
	}
	e := &Error{Op: op, Path: s.path, Err: err}
	var sq *sqlite.Error
	if !errors.As(err, &sq) {
		return e
	}
	wrap := func(kind error) { e.Err = fmt.Errorf("%w: %w", kind, err) }
	switch code := sq.Code(); code & 0xff {
	case lib.SQLITE_FULL:
		wrap(ErrFull)
		e.Hint = "free some room; it is tried again"
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		wrap(ErrLocked)
		e.Hint = fmt.Sprintf("end the program that has it open; waited %s", s.o.Busy.Round(time.Millisecond))
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		wrap(ErrCorrupt)
		e.Hint = mend
	case lib.SQLITE_IOERR:
		// Shared memory and the log are made longer by other means than writing, and their errors do not say why.
		if free, e2 := s.Free(); e2 == nil && free >= 0 && free < 1<<20 {
			wrap(ErrFull)
			e.Hint = "free some room; it is tried again"
		}
	case lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_PERM:
		e.Hint = "see who owns the file and its folder, and whether the disk can be written"
	}
	return e
}

// damaged is an ErrCorrupt of one thing in the file.
func (s *Store) damaged(what, why string) error {
	return &Error{Op: "read", Path: s.path, What: what, Err: fmt.Errorf("%w: %s", ErrCorrupt, why), Hint: "it is left out; restore the file from a backup to have it back"}
}

func isCorrupt(err error) bool {
	var sq *sqlite.Error
	if errors.As(err, &sq) {
		switch sq.Code() & 0xff {
		case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
			return true
		}
	}
	return errors.Is(err, ErrCorrupt)
}

func bad(format string, args ...any) error {
	return fmt.Errorf("store: %w: %s", ErrBad, fmt.Sprintf(format, args...))
}
