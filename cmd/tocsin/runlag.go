package main

import (
	"sync"
	"time"

	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/feed"
)

const (
	// growsIn is over how long a backlog is said to grow or not.
	growsIn = time.Minute
	// lagLook is the least between two looks by which a pace is told.
	lagLook = 5 * time.Second
	// lagStays is how long a stream whose rest is not known counts as behind after something came.
	lagStays = 10 * time.Second
)

// lags tell how far what is read is behind what is there, by how fast it is read. The zero value is ready for use, by several
// goroutines.
type lags struct {
	mu  sync.Mutex
	of  map[string]*reading
	was backlog   // when it was last asked whether it grows
	at  time.Time // when that was
}

// A backlog is what is there of all sources and was not read.
type backlog struct {
	bytes int64
	takes time.Duration // at the pace at which it is read; of what is not read at all, for how long that has been so
	grows bool          // it is more than a minute or so before
}

// A reading is how far a source was read at a look.
type reading struct {
	at   time.Time
	read int64
	rate float64 // bytes a second since the look before; negative: not known yet
}

// look takes in how it goes with the sources. Those that are gone are forgotten.
func (l *lags) look(now time.Time, sources []feed.Stat) (b backlog) {
	l.mu.Lock()
	defer l.mu.Unlock()
	met := make(map[string]*reading, len(sources))
	rate := 0.0
	for i := range sources {
		s := &sources[i]
		x := l.of[s.ID]
		if x == nil {
			x = &reading{at: now, read: s.Read, rate: -1}
		} else if d := now.Sub(x.at); d >= lagLook {
			x.at, x.read, x.rate = now, s.Read, float64(s.Read-x.read)/d.Seconds()
		}
		met[s.ID] = x
		if s.Behind <= 0 {
			continue
		}
		b.bytes += s.Behind
		rate += max(x.rate, 0)
		if x.rate == 0 && !s.Last.IsZero() {
			b.takes = max(b.takes, now.Sub(s.Last))
		}
	}
	l.of = met
	if rate > 0 {
		b.takes = max(b.takes, time.Duration(float64(b.bytes)/rate*float64(time.Second)))
	}
	b.grows = l.was.grows
	if now.Sub(l.at) >= growsIn {
		b.grows = !l.at.IsZero() && b.bytes > l.was.bytes
		l.was, l.at = b, now
	}
	return b
}

// lateStreams is how old the newest event is of streams that deliver what was received a while ago and whose rest is not known.
func lateStreams(now time.Time, origins []engine.OriginView, sources []feed.Stat) (most time.Duration) {
	unknown := map[string]bool{}
	for i := range sources {
		unknown[sources[i].ID] = sources[i].Behind < 0
	}
	for _, o := range origins {
		if unknown[o.ID] && o.Behind && !o.Newest.IsZero() && now.Sub(o.Took) < lagStays {
			most = max(most, now.Sub(o.Newest))
		}
	}
	return most
}
