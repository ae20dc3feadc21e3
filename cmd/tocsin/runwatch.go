package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin/archive"
	"github.com/tocsin-ids/tocsin/console"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/store"
)

// When something about the run itself is an incident.
const (
	watchEach   = 5 * time.Second
	silentLeast = 15 * time.Minute // a stream that has delivered, and is silent for so long …
	silentTimes = 50               // … and for so many times its mean distance between two events
	silentFrom  = 100              // events that it must have delivered
	lagMost     = 5 * time.Minute  // what is behind for so long
	clockMost   = 5 * time.Minute  // how far a stream's clock may be off
	leastFree   = 1 << 30          // bytes that the disk should have left
	rollEach    = time.Minute
	forgetEach  = time.Hour
)

// watch looks after the run itself until ctx ends: what is wrong with it is an incident, what is old is let go, and events
// whose hour is over go into Parquet files.
func (v *service) watch(ctx context.Context) {
	tick := time.NewTicker(watchEach)
	defer tick.Stop()
	var rolled, forgot time.Time
	last := time.Now()
	open := map[[2]string]bool{}
	if all, err := v.store.Incidents(ctx, true); err == nil {
		for _, x := range all {
			open[[2]string{x.Kind, x.Subject}] = true
		}
	}
	streams := map[string]*pace{}
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			found := map[[2]string]string{}
			say := func(kind, subject, format string, args ...any) {
				found[[2]string{kind, subject}] = report.Visible(fmt.Sprintf(format, args...))
			}
			// The wall clock against the one that only goes forward.
			if jump := now.Round(0).Sub(last.Round(0)) - now.Sub(last); jump.Abs() > clockAway {
				say("clock", "this machine", "the clock of this machine jumped by %s: event times around it may be off", jump.Round(time.Millisecond))
			}
			last = now
			v.lookAtSources(now, say, streams)
			if err := v.live.Failing(); err != nil {
				say(failingKind(err), "commit", "what was read cannot be kept: %v; nothing is lost: it is tried again, and reading waits", err)
			}
			if free, err := v.store.Free(); err == nil && free >= 0 && free < leastFree {
				say("disk", v.dir, "%d MiB are left on the disk that holds %s: make room, or lower archive: {size, age}", free>>20, v.dir)
			}
			for key, text := range found {
				v.raise(key[0], key[1], text)
				if !open[key] {
					v.log.Warn("incident", "kind", key[0], "subject", key[1], "what", text)
				}
				open[key] = true
			}
			for key := range open {
				if _, still := found[key]; !still && watched[key[0]] {
					v.clear(key[0], key[1])
					delete(open, key)
				}
			}
			if v.archive != nil && now.Sub(rolled) >= rollEach {
				rolled = now
				v.roll(now)
			}
			if now.Sub(forgot) >= forgetEach {
				forgot = now
				if _, err := v.store.Forget(ctx, store.Retention{Before: now.Add(-v.config().Retention.Campaigns.or(400 * 24 * time.Hour))}); err != nil {
					v.log.Error("what is old cannot be let go", "error", err.Error())
				}
			}
			if err := v.looking.refresh(ctx); err != nil {
				v.log.Error("suppressions", "error", err.Error())
			}
			v.takeActs(ctx)
			v.console.Changed(console.Change{Kind: "source"})
		}
	}
}

// clockAway is how far the clock may be moved between two looks before that is an incident.
const clockAway = 2 * time.Second

// watched are the kinds of incidents that are looked for again and again, so that they end when they are not found.
var watched = map[string]bool{"silent": true, "lag": true, "clock": true, "disk": true, "broken": true, "lost": true, "commit": true, "locked": true, "unread": true}

// failingKind is the kind of incident that a failed commit is.
func failingKind(err error) string {
	switch {
	case errors.Is(err, store.ErrFull), errors.Is(err, archive.ErrFull):
		return "disk"
	case errors.Is(err, store.ErrLocked):
		return "locked"
	}
	return "commit"
}

// A pace is how a stream delivered so far.
type pace struct {
	first  time.Time
	events int64
	lost   int64
}

// lookAtSources finds what is wrong with what is followed and received.
func (v *service) lookAtSources(now time.Time, say func(kind, subject, format string, args ...any), streams map[string]*pace) {
	sources := v.Sources()
	if b := v.lags.look(now, sources); b.takes > lagMost && b.grows {
		say("lag", "all sources", "what is there and not read grows: %d bytes, which take %s at the pace of now", b.bytes, b.takes.Round(time.Second))
	}
	for _, s := range sources {
		name := sourceName(s)
		if s.State == "broken" {
			say("broken", name, "%s", s.Why)
		}
		p := streams[s.ID]
		if p == nil {
			p = &pace{first: now}
			streams[s.ID] = p
		}
		if s.Lost > p.lost {
			say("lost", name, "%d records were lost since the process began: %s", s.Lost, s.Why)
		}
		if s.Behind > 0 && !s.Last.IsZero() && now.Sub(s.Last) > lagMost && s.State != "waiting" {
			say("lag", name, "%d bytes are there and nothing was read for %s", s.Behind, now.Sub(s.Last).Round(time.Second))
		}
	}
	for _, o := range v.live.View().Origins {
		p := streams["events "+o.ID]
		if p == nil {
			p = &pace{first: now}
			streams["events "+o.ID] = p
		}
		p.events = o.Events
		silence, lived := now.Sub(o.Took), o.Took.Sub(p.first)
		if o.Events >= silentFrom && lived > 0 && silence > silentLeast && silence > silentTimes*lived/time.Duration(o.Events) {
			say("silent", o.Path, "nothing came for %s, and before that something every %s", silence.Round(time.Second), (lived / time.Duration(o.Events)).Round(time.Millisecond))
		}
		if o.Why != "" {
			say("unread", o.Path, "not read: %s", o.Why)
		}
		if !v.replay && !o.Behind {
			v.clockOf(o, say)
		}
	}
}

// clockOf says that a stream's clock is off.
func (v *service) clockOf(o engine.OriginView, say func(kind, subject, format string, args ...any)) {
	switch {
	case o.Late < -clockMost:
		say("clock", o.Path, "its stamps are %s ahead of this machine's clock: its clock or zone is wrong; they are held to when they were received (zone in the configuration says which it is)", (-o.Late).Round(time.Second))
	case o.Late > clockMost:
		say("clock", o.Path, "its stamps are %s behind when they were received: its clock or zone is wrong, or it is sent late; a campaign's steps may stand in another order than they happened", o.Late.Round(time.Second))
	}
}

func sourceName(s feed.Stat) string {
	if s.Path != "" {
		return s.Path
	}
	return s.ID
}

// roll makes Parquet files of what is over, and removes what is older or more than is to be kept.
func (v *service) roll(now time.Time) {
	r, err := v.archive.Roll(now)
	if err != nil {
		v.raise("archive", "roll", fmt.Sprintf("events cannot be put into Parquet files: %v; they stay where they are and can be read", err))
		v.log.Error("the archive", "error", err.Error())
	} else {
		v.clear("archive", "roll")
	}
	if text := lostOf(r); text != "" {
		v.raise("corrupt", "archive", text)
	}
	c := v.config().Archive
	gone, err := v.archive.Retain(c.Age.or(30*24*time.Hour), c.Size.or(20<<30), now)
	if err != nil {
		v.log.Error("the archive", "error", err.Error())
	}
	if n := gone.Kept + gone.Spool; n > 0 || err == nil {
		v.archived.Store(n)
	}
	if gone.Files > 0 {
		v.log.Info("events were let go", "files", gone.Files, "bytes", gone.Bytes, "oldest", gone.Oldest)
	}
	runtime.GC() // what converting took is given back
}

// lostOf says what a spool file had that could not be read; "" where there is nothing of the kind.
func lostOf(r archive.Rolled) string {
	var all []string
	if r.Damaged > 0 || r.Lost > 0 {
		all = append(all, fmt.Sprintf("%d blocks of the archive's spool are damaged: %d events of them are lost", r.Damaged, r.Lost))
	}
	if r.LostBytes > 0 {
		all = append(all, fmt.Sprintf("%d bytes of the archive's spool are in no block that can be read: the events in them are lost", r.LostBytes))
	}
	return strings.Join(all, "; ")
}

// When a rule costs too much: a share of all processors' time over a while, by itself.
const (
	dearShare = 0.25
	dearWhile = 30 * time.Second
)

// spent is what a rule had cost at a time.
type spent struct {
	at    time.Time
	costs map[string]time.Duration
}

// dear puts aside rules that cost too much, so that one rule does not hold up all others, and says so.
func (v *service) dear() bool {
	now, last := time.Now(), v.spent
	if last.costs != nil && now.Sub(last.at) < dearWhile {
		return false
	}
	costs := map[string]time.Duration{}
	for r, d := range v.live.Costs() {
		costs[r.ID] += d
	}
	v.spent = spent{now, costs}
	if last.costs == nil {
		return false
	}
	aside := maps.Clone(v.putAside())
	if aside == nil {
		aside = map[string]bool{}
	}
	found := false
	for _, r := range v.compiled().Rules() {
		share := float64(costs[r.ID]-last.costs[r.ID]) / float64(now.Sub(last.at)) / float64(runtime.GOMAXPROCS(0))
		if share < dearShare || r.ID == "" {
			continue
		}
		found = true
		aside[r.ID] = true
		text := fmt.Sprintf("the rule %q took %.0f %% of all processors' time and is put aside until rules are read anew: mend it, or leave it out", r.Title, 100*share)
		v.raise("rule", r.ID, report.Visible(text))
		v.log.Warn("incident", "kind", "rule", "subject", r.ID, "what", report.Visible(text))
	}
	if found {
		v.aside.Store(&aside)
	}
	return found
}
