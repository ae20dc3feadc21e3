// Package store keeps what a live run must not forget, in one SQLite file: how far each source was read, the pages of what was
// seen, the campaigns that were told and what people made of them, alerts that are to be sent,
// suppressions, incidents about the run itself, and an audit log.
//
// It promises that a Commit is kept whole or not at all, and is on disk once it returned nil, also after kill -9 or a power
// cut; that the same Commit can be tried again after an error; that a piece whose bytes changed on disk is reported and
// never given out as good; that a damaged or newer file is refused and left as it is; and that one process at a time writes.
// Full disks, locks held by others and damage come as ErrFull, ErrLocked and ErrCorrupt, and the store can be used on.
//
// Errors leave one thing open: where the disk fails while a Commit is being synced and the process ends before the Commit is
// tried again, it may turn out at the next start that it took effect. It is whole then too.
//
// The writer is one connection with synchronous=FULL on a write-ahead log; readers are others, and do not wait for it. The log
// is copied into the file in the background. Room that was freed is used again; the file does not shrink.
//
// It leaves out events (see package archive), and does not compress or encrypt: files are for their owner only (mode 0600).
// While a Store is open, nothing else in the process may open and close its database file: on POSIX systems that drops
// SQLite's locks.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	pageSize = 8192     // of new files; pieces are long, rows are short: measured best of 4, 8 and 16 KiB
	walSoft  = 4 << 20  // the write-ahead log is copied into the file in the background from this size
	walHard  = 64 << 20 // and by the writer itself from this size
	readers  = 4        // connections that read at the same time
)

// Options are how a store is opened. The zero value is for use.
type Options struct {
	Busy  time.Duration // how long to wait for another program's lock on the file; 0 is 5 s
	Check time.Duration // how long the check at the start may take: what of the file it does not reach is not checked; 0 is 2 s, below 0 is no check
	Log   *slog.Logger  // nil: nothing is logged
}

// A Store is an open file. Any number of goroutines may use it.
type Store struct {
	path   string
	o      Options
	locked *os.File      // holds the folder; nil where it was opened to read
	turn   chan struct{} // holds one token while someone writes
	writer *sql.DB       // one connection; nil where it was opened to read
	keeper *sql.DB       // one connection that copies the log into the file
	reader *sql.DB
	hot    map[string]*sql.Stmt // statements of the writer, by text

	full    chan struct{} // has one token when the log is to be copied
	copying sync.Mutex    // held while it is
	done    chan struct{}
	tasks   sync.WaitGroup

	commits, failed atomic.Int64
	took            atomic.Int64 // nanoseconds of the last commit
	unchecked       bool
	closing         sync.Once
	closed          error
}

// Open opens the file, or makes it where there is none, with its folder. It fails with ErrRunning where another process has
// the folder, with ErrNewer where a later version of Tocsin wrote the file and with ErrCorrupt where it is damaged; these
// leave the file untouched. The caller closes it.
func Open(path string, o Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if o.Busy == 0 {
		o.Busy = 5 * time.Second
	}
	if o.Check == 0 {
		o.Check = 2 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &Error{Op: "open", Path: path, Err: err, Hint: "choose a folder that this user may write to (--data)"}
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, o: o, locked: lock, turn: make(chan struct{}, 1), full: make(chan struct{}, 1), done: make(chan struct{})}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.tasks.Go(s.keep)
	return s, nil
}

// OpenReadOnly opens a file, or a copy of one, to read it: no lock is taken, nothing is checked beforehand, and all that
// writes fails. It may be open in another process. A damaged file opens as long as its beginning can be read.
func OpenReadOnly(path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, o: Options{Busy: 5 * time.Second, Log: slog.New(slog.DiscardHandler)}, done: make(chan struct{})}
	if _, err := os.Stat(path); err != nil {
		return nil, &Error{Op: "open", Path: path, Err: err, Hint: "name the store's database file"}
	}
	for _, mode := range []string{"mode=ro", "mode=ro&immutable=1"} {
		s.reader, err = sql.Open("sqlite", s.dsn(mode, "query_only(1)"))
		if err != nil {
			return nil, err
		}
		s.reader.SetMaxOpenConns(readers)
		if err = s.known(); err == nil {
			return s, nil
		}
		s.reader.Close()
		// On a medium that cannot be written SQLite can do without its shared memory only when told that nothing changes,
		// and then it does not see what the log has.
		if info, e := os.Stat(path + "-wal"); e == nil && info.Size() > 0 {
			break
		}
	}
	return nil, err
}

func (s *Store) dsn(more string, pragmas ...string) string {
	q := url.Values{"_pragma": append([]string{
		"busy_timeout(" + strconv.FormatInt(s.o.Busy.Milliseconds(), 10) + ")",
		"trusted_schema(0)", "cell_size_check(1)",
	}, pragmas...), "_defensive": {"1"}, "_error_rc": {"1"}, "_dqs": {"0"}}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(s.path), RawQuery: q.Encode()}
	if !strings.HasPrefix(u.Path, "/") {
		u.Path = "/" + u.Path // of Windows, with a drive's letter
	}
	if more != "" {
		u.RawQuery += "&" + more
	}
	return u.String()
}

func (s *Store) open() error {
	if err := s.lay(); err != nil {
		return err
	}
	single := func(pragmas ...string) (*sql.DB, error) {
		db, err := sql.Open("sqlite", s.dsn("_txlock=immediate", pragmas...))
		if err == nil {
			db.SetMaxOpenConns(1)
			db.SetMaxIdleConns(1)
		}
		return db, err
	}
	var err error
	// With mode=ro a file that is refused stays as it is, its log too, which other connections copy when they close.
	if s.reader, err = sql.Open("sqlite", s.dsn("mode=ro", "query_only(1)")); err != nil {
		return err
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	if err := s.known(); err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	if s.writer, err = single(fmt.Sprintf("page_size(%d)", pageSize), "synchronous(FULL)", "fullfsync(1)", "checkpoint_fullfsync(1)",
		fmt.Sprintf("journal_size_limit(%d)", walHard), "wal_autocheckpoint(0)", "cache_size(-16384)"); err != nil {
		return err
	}
	var mode string
	if err := s.writer.QueryRow("PRAGMA journal_mode=WAL").Scan(&mode); err != nil {
		return s.said("open", err)
	}
	if mode != "wal" {
		return &Error{Op: "open", Path: s.path, Err: fmt.Errorf("the file system cannot hold a write-ahead log (journal mode %s)", mode),
			Hint: "choose a folder on a local disk (--data)"}
	}
	if err := s.migrate(migrations); err != nil {
		return err
	}
	if s.keeper, err = single("synchronous(FULL)", "fullfsync(1)", "checkpoint_fullfsync(1)"); err != nil {
		return err
	}
	s.hot = map[string]*sql.Stmt{}
	for _, q := range hot {
		if s.hot[q], err = s.writer.Prepare(q); err != nil {
			return s.said("open", err)
		}
	}
	return nil
}

// lay makes an empty file that only its owner can read, so that SQLite never makes one that others can.
func (s *Store) lay() error {
	info, err := os.Stat(s.path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return &Error{Op: "open", Path: s.path, Err: errors.New("not a file"), Hint: "choose another place (--data)"}
	case err == nil:
		if info.Mode().Perm()&0o077 != 0 {
			return os.Chmod(s.path, 0o600)
		}
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if wal, err := os.Stat(s.path + "-wal"); err == nil && wal.Size() > 0 {
		return &Error{Op: "open", Path: s.path, Err: errors.New("the database is gone, but its write-ahead log is there"),
			Hint: "put the database back beside its -wal file, or move that file away too"}
	}
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return &Error{Op: "open", Path: s.path, Err: err, Hint: "choose a folder that this user may write to (--data)"}
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(s.path))
}

// Close waits for the one who writes, and closes. The log is copied into the file then.
func (s *Store) Close() error {
	s.closing.Do(func() {
		close(s.done)
		if s.turn != nil {
			s.turn <- struct{}{} // kept: nobody writes any more
		}
		s.tasks.Wait()
		var errs []error
		for _, st := range s.hot {
			errs = append(errs, st.Close())
		}
		for _, db := range []*sql.DB{s.reader, s.keeper, s.writer} { // the writer last: it may copy the log
			if db != nil {
				errs = append(errs, db.Close())
			}
		}
		if s.locked != nil {
			errs = append(errs, s.locked.Close())
		}
		s.closed = errors.Join(errs...)
	})
	return s.closed
}

// Path is the file's.
func (s *Store) Path() string { return s.path }

// Unchecked says that the check at the start ran out of its time, so that damage may lie where it did not get to.
func (s *Store) Unchecked() bool { return s.unchecked }

// A txn is a transaction that writes, with its statements prepared once.
type txn struct {
	*sql.Tx
	s     *Store
	stmts map[string]*sql.Stmt
}

func (t *txn) stmt(query string) (*sql.Stmt, error) {
	if st := t.stmts[query]; st != nil {
		return st, nil
	}
	var st *sql.Stmt
	var err error
	if h := t.s.hot[query]; h != nil {
		st = t.Stmt(h)
	} else if st, err = t.Prepare(query); err != nil {
		return nil, err
	}
	t.stmts[query] = st
	return st, nil
}

func (t *txn) exec(query string, args ...any) (sql.Result, error) {
	st, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.Exec(args...)
}

// do is exec where only the error counts.
func (t *txn) do(query string, args ...any) error {
	_, err := t.exec(query, args...)
	return err
}

func (t *txn) row(query string, args ...any) *row {
	st, err := t.stmt(query)
	if err != nil {
		return &row{err: err}
	}
	return &row{Row: st.QueryRow(args...)}
}

type row struct {
	*sql.Row
	err error
}

func (r *row) Scan(to ...any) error {
	if r.err != nil {
		return r.err
	}
	return r.Row.Scan(to...)
}

// write runs f in a transaction, alone. ctx ends the wait for one's turn, not what has begun.
func (s *Store) write(ctx context.Context, op string, f func(*txn) error) (err error) {
	if s.writer == nil {
		return &Error{Op: op, Path: s.path, Err: errors.New("the store was opened to read")}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return &Error{Op: op, Path: s.path, Err: fs.ErrClosed}
	}
	defer func() { <-s.turn }()
	began := time.Now()
	defer func() {
		if err != nil {
			s.failed.Add(1)
			return
		}
		s.commits.Add(1)
		s.took.Store(int64(time.Since(began)))
		s.nudge()
	}()
	tx, err := s.writer.BeginTx(context.Background(), nil)
	if err != nil {
		return s.said(op, err)
	}
	defer tx.Rollback() // does nothing after Commit
	if err := f(&txn{Tx: tx, s: s, stmts: map[string]*sql.Stmt{}}); err != nil {
		return s.said(op, err)
	}
	if err := tx.Commit(); err != nil {
		return s.said(op, err)
	}
	return nil
}

// nudge has the log copied into the file once it is long, by its caller, who writes, where the background cannot keep up:
// the log begins anew only when all of it was copied while nobody wrote.
func (s *Store) nudge() {
	info, err := os.Stat(s.path + "-wal")
	if err != nil || info.Size() < walSoft {
		return
	}
	if info.Size() >= walHard {
		s.copyLog(s.writer)
		return
	}
	select {
	case s.full <- struct{}{}:
	default:
	}
}

// keep copies the log into the file, beside the writer and the readers. What fails here is tried again after the next commit,
// and nothing is lost by it: the log grows meanwhile.
func (s *Store) keep() {
	for {
		select {
		case <-s.done:
			return
		case <-s.full:
		}
		s.copyLog(s.keeper)
	}
}

func (s *Store) copyLog(db *sql.DB) {
	s.copying.Lock()
	defer s.copying.Unlock()
	var busy, frames, copied int
	if err := db.QueryRow("PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &frames, &copied); err != nil {
		s.o.Log.Warn("store: the write-ahead log could not be copied into the database", "err", err)
	}
}

// Times are kept as microseconds since 1970, UTC; zero is no time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
