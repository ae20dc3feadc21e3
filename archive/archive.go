// Package archive keeps events in hourly Parquet files, which Tocsin reads like any folder of logs, and other tools too.
//
// Events are handed in as blocks, which are appended to a spool: a few files of checksummed, compressed blocks. What was
// synced and then committed by the caller is never lost; what was not is cut off when the archive is opened again, since its
// sources deliver it again. Once its hour is over, a spool file becomes Parquet files, DIR/TENANT/2026/11/28/14-N.parquet,
// where N is the number of the spool file: each hour of each tenant has one file of each spool file that told of it.
//
// It promises that a reader of the folder is given each event once, whatever was interrupted and when, that converting takes
// bounded memory whatever the order of events, and that an event is given back exactly as it was: its place is the
// original's. A full disk is an error and tears nothing. What is damaged is told and costs its block.
//
// It leaves out finding events faster than its row groups' statistics allow, changing what is kept, and keeping two processes
// from one folder.
package archive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/tocsin-ids/tocsin/full"
)

// Options of an archive; the zero value is a new one's.
type Options struct {
	// Mark is the last mark of Sync that was committed; "" says that nothing was. What the spool has beyond it is cut off.
	Mark string
	// MaxSpool is how many bytes a spool file has before another is begun within the hour; 0 is 256 MiB.
	MaxSpool int64
	// Memory bounds the packed events that are sorted in memory at a time while a spool file is converted; 0 is 64 MiB.
	Memory int64
}

// ErrFull says that the disk is full. What was asked for was not done, and can be asked for again.
var ErrFull = errors.New("the disk is full")

var errStopped = errors.New("stopped")

// An Archive is one folder of events. Append may be called by several goroutines at once, as may all other methods; Roll and
// Retain wait for each other and hold up nobody else.
type Archive struct {
	dir  string
	opt  Options
	cut  Cut
	step func(string) error // of tests: is called before each step, whose error its error is; errStopped ends everything as a crash does

	mu        sync.Mutex
	seq       uint64 // of the current spool file
	file      *os.File
	at        int64     // where the next block goes
	torn      bool      // a write failed and what it left could not be cut off yet
	hour      time.Time // in which the current spool file was first seen to have something; zero: not yet
	end       mark      // behind all that was ever appended
	closed    []spoolFile
	committed mark

	rolling sync.Mutex
	holding sync.RWMutex // read: somebody reads the folder
}

// A spoolFile is one to which nothing is appended any more.
type spoolFile struct {
	seq  uint64
	size int64
}

// Cut says what of the spool was cut off when the archive was opened: it was never committed, so that its sources deliver it
// again.
type Cut struct {
	Blocks int
	Events int64
	Bytes  int64
	// Missing are bytes that were committed and are not there: the disk has lost what it said it had.
	Missing int64
}

// A mark is a place in the spool.
type mark struct {
	seq uint64
	at  int64
}

func (m mark) String() string { return fmt.Sprintf("%d:%d", m.seq, m.at) }

func parseMark(s string) (m mark, err error) {
	if s == "" {
		return m, nil
	}
	if n, err := fmt.Sscanf(s, "%d:%d", &m.seq, &m.at); n != 2 || err != nil || m.at < 0 || m.String() != s {
		return m, fmt.Errorf("%q is no mark of an archive", s)
	}
	return m, nil
}

// Open opens the archive in dir, which is made if there is none, and finishes what was interrupted.
func Open(dir string, o Options) (*Archive, error) { return open(dir, o, nil) }

func open(dir string, o Options, step func(string) error) (*Archive, error) {
	if o.MaxSpool <= 0 {
		o.MaxSpool = 256 << 20
	}
	if o.Memory <= 0 {
		o.Memory = 64 << 20
	}
	a := &Archive{dir: dir, opt: o, step: step}
	var err error
	if a.committed, err = parseMark(o.Mark); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(a.spool(), 0o750); err != nil {
		return nil, fullOr(err)
	}
	if err := a.recover(); err != nil {
		return nil, fmt.Errorf("archive %s: %w", dir, fullOr(err))
	}
	return a, nil
}

// Cut is what was cut off when the archive was opened.
func (a *Archive) Cut() Cut { return a.cut }

// Close closes the spool. What was appended and not synced may be lost with the machine's power, not with the process.
func (a *Archive) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.file == nil {
		return nil
	}
	err := a.file.Close()
	a.file = nil
	return err
}

// Hold keeps files from being converted and removed until release is called, so that whoever reads the folder in this process
// meets each event once. Roll and Retain wait.
func (a *Archive) Hold() (release func()) {
	a.holding.RLock()
	return sync.OnceFunc(a.holding.RUnlock)
}

// Append writes the block's events, which are the tenant's, to the spool, and empties the block. After an error the block is
// as it was, and nothing of it is in the archive; of ErrFull errors.Is says so.
func (a *Archive) Append(tenant string, b *Block) error {
	if b.n == 0 {
		return nil
	}
	if len(tenant) > mostTenant {
		return fmt.Errorf("archive: a tenant's name has %d bytes; at most %d are kept", len(tenant), mostTenant)
	}
	b.encode(tenant)
	a.mu.Lock()
	err := a.write(b.out)
	a.mu.Unlock()
	if err != nil {
		return fmt.Errorf("archive: %w", fullOr(err))
	}
	b.Reset()
	return nil
}

// write appends bytes to the current spool file, all or nothing.
func (a *Archive) write(p []byte) error {
	if a.at >= a.opt.MaxSpool {
		if err := a.rotate(); err != nil {
			return err
		}
	}
	if a.file == nil {
		if err := a.begin(); err != nil {
			return err
		}
	}
	if a.torn {
		if err := a.file.Truncate(a.at); err != nil {
			return err
		}
		a.torn = false
	}
	if err := a.do("append"); err != nil {
		return err
	}
	n, err := a.file.WriteAt(p, a.at)
	if err != nil {
		a.torn = n > 0 && a.file.Truncate(a.at) != nil
		return err
	}
	a.at += int64(n)
	a.end = mark{a.seq, a.at}
	return nil
}

// begin makes a new spool file.
func (a *Archive) begin() error {
	if err := a.do("begin"); err != nil {
		return err
	}
	name := a.spoolPath(a.seq + 1)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	if _, err = f.WriteAt([]byte(spoolMagic), 0); err == nil {
		err = syncFolder(a.spool())
	}
	if err != nil {
		f.Close()
		os.Remove(name)
		return err
	}
	a.file, a.at, a.torn, a.hour = f, int64(len(spoolMagic)), false, time.Time{}
	a.seq++
	return nil
}

// Sync brings all that was appended before it to the disk and returns the mark behind it, for the caller to commit together
// with what says that it need not be delivered again, and then to tell by Committed.
func (a *Archive) Sync() (string, error) {
	a.mu.Lock()
	f, m := a.file, a.end
	a.mu.Unlock()
	if err := a.do("sync"); err != nil {
		return "", fmt.Errorf("archive: %w", fullOr(err))
	}
	if f == nil { // nothing was appended since the file before was synced and closed
		return m.String(), nil
	}
	if err := f.Sync(); err != nil && !errors.Is(err, os.ErrClosed) { // it was synced when it was closed
		return "", fmt.Errorf("archive: %w", fullOr(err))
	}
	return m.String(), nil
}

// Committed says that the caller has committed a mark: what is before it will not be delivered again, and may be converted.
func (a *Archive) Committed(m string) error {
	at, err := parseMark(m)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if at.seq > a.committed.seq || at.seq == a.committed.seq && at.at > a.committed.at {
		a.committed = at
	}
	return nil
}

// rotate closes the current spool file, so that the next block begins another.
func (a *Archive) rotate() error {
	if a.file == nil {
		return nil
	}
	if a.torn {
		if err := a.file.Truncate(a.at); err != nil {
			return err
		}
		a.torn = false
	}
	if err := a.file.Sync(); err != nil {
		return err
	}
	err := a.file.Close()
	a.closed = append(a.closed, spoolFile{a.seq, a.at})
	a.file, a.at, a.hour = nil, 0, time.Time{}
	return err
}

// do is before a step.
func (a *Archive) do(step string) error {
	if a.step == nil {
		return nil
	}
	return a.step(step)
}

func (a *Archive) spool() string { return filepath.Join(a.dir, spoolFolder) }

func (a *Archive) spoolPath(seq uint64) string {
	return filepath.Join(a.spool(), fmt.Sprintf("%08d.spool", seq))
}

func (a *Archive) planPath(seq uint64) string {
	return filepath.Join(a.spool(), fmt.Sprintf("%08d.plan", seq))
}

// partsPath is the folder in which the Parquet files of a spool file are made.
func (a *Archive) partsPath(seq uint64) string {
	return filepath.Join(a.spool(), fmt.Sprintf("%08d.parts", seq))
}

// syncFolder brings the names in a folder to the disk, where the system lets it be asked for.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, os.ErrInvalid) {
		return err
	}
	return nil
}

// fullOr makes an error of a full disk ErrFull.
func fullOr(err error) error {
	if full.Is(err) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}
