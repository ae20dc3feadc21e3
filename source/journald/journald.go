// Package journald follows systemd's journals through journalctl, as a source of a live run.
//
// A child "journalctl --output=export --follow" reads: the machine's journals, those of a folder, or files. Its output is
// cut at whole entries, values of any bytes included, and handed on as decode's format journal-export, in journalctl's
// order. The child is begun again with growing pauses where it ends, behind the last entry that was delivered.
//
// Promises: a cursor goes on exactly behind the entry it stands for, over restarts and rotation. Lines are numbered by the
// line ends in the bytes of the export, from 1 at the first entry ever delivered, and the number goes on in the cursor: as
// decode numbers an entry by the line it begins on, that number is the entry's own for good. All entries of a batch were
// received by the journal within the minute before Batch.At. Where entries went before they were read (vacuumed), the next
// that is there is gone on with, and Stat and log say how much time and, where the journal's numbers tell, how many entries.
//
// It leaves out: reading journals without journalctl, matches (everything is read), and remote or container journals other
// than those that journalctl --merge shows. An entry longer than 16 MiB is passed over and counted as refused.
package journald

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

// Options of a source; the zero value follows this machine's journals from now on.
type Options struct {
	Dir    string   // a folder of journal files instead of the machine's journals
	Files  []string // or journal files
	Tenant string
	Start  string // where the first start begins: "end" or "" is with what comes after it, "start" with the oldest entry

	Program string       // instead of journalctl of PATH
	Log     *slog.Logger // nil discards
}

// A Source follows one journal, which is one origin. Run may be called once.
type Source struct {
	opt    Options
	origin *feed.Origin
	log    *slog.Logger

	pauseMin, pauseMax time.Duration // between two children
	search             time.Duration // for which the entry of a cursor is waited for

	mu   sync.Mutex
	stat feed.Stat
	note string // of entries that are missing

	limited bool // journalctl says that it may not read all
}

// New gives the source; it starts nothing.
func New(opt Options) *Source {
	name := "journal"
	if opt.Dir != "" {
		name += ":" + opt.Dir
	} else if len(opt.Files) > 0 {
		name += ":" + strings.Join(opt.Files, ",")
	}
	if opt.Program == "" {
		opt.Program = "journalctl"
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if opt.Tenant != "" {
		name += "@" + opt.Tenant
	}
	s := &Source{opt: opt, log: opt.Log, pauseMin: 200 * time.Millisecond, pauseMax: 30 * time.Second, search: time.Second,
		origin: &feed.Origin{ID: name, Kind: "journal", Path: name, Tenant: opt.Tenant, Format: "journal-export"}}
	s.stat = feed.Stat{ID: name, Kind: "journal", Path: name, Tenant: opt.Tenant, State: "waiting", Why: "not begun", Behind: -1}
	return s
}

// Run follows the journal until ctx ends; a journalctl that cannot be run or may not read is told by Stats and tried again.
func (s *Source) Run(ctx context.Context, cursors map[string]string, sink feed.Sink, ready func()) error {
	f := &follower{Source: s, sink: sink, ready: sync.OnceFunc(ready)}
	f.resume(cursors[s.origin.ID])
	pause := s.pauseMin
	for ctx.Err() == nil {
		began, before := time.Now(), f.pos
		err := f.once(ctx)
		if ctx.Err() != nil {
			break
		}
		if err == errAgain {
			continue
		}
		if f.pos != before || time.Since(began) > s.pauseMax {
			pause = s.pauseMin
		}
		s.failed(err, pause)
		f.ready() // what cannot be followed now is said, and must not hold up the rest
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, s.pauseMax)
	}
	return nil
}

// Committed does nothing: the journal keeps its entries whether they were read or not.
func (s *Source) Committed(map[string]string) {}

// Stats has one Stat. Why may also say of a journal that is followed that entries are missing.
func (s *Source) Stats() []feed.Stat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []feed.Stat{s.stat}
}

// failed says that a child ended, or was not to be had.
func (s *Source) failed(err error, pause time.Duration) {
	state, why := "waiting", err.Error()
	if advice := adviceOn(why); advice != "" {
		state, why = "broken", why+"; "+advice
	}
	s.mu.Lock()
	same := s.stat.State == state && s.stat.Why == why
	s.stat.State, s.stat.Why, s.stat.Behind = state, why, -1
	s.mu.Unlock()
	if !same {
		s.log.Warn("journal is not followed", "journal", s.origin.Path, "why", why, "again_in", pause)
	}
}

const rights = "run as a member of group systemd-journal or adm (usermod -a -G systemd-journal USER, then start again), or give the files' read right"

// adviceOn says what to do about what journalctl says, "" where there is no more to do than to try again.
func adviceOn(said string) string {
	low := strings.ToLower(said)
	switch {
	case strings.Contains(low, "executable file not found"), strings.Contains(low, "no such file or directory") && strings.Contains(low, "fork/exec"):
		return "journalctl is not installed here: install systemd, or leave the journal out of the configuration"
	case strings.Contains(low, "insufficient permission"), strings.Contains(low, "permission denied"), strings.Contains(low, "not seeing messages"):
		return rights
	case strings.Contains(low, "failed to open"):
		return "name a folder or files of journals that are there"
	}
	return ""
}
