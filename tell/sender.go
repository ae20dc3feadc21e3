package tell

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
)

// An Item is an alert that is to go by a route.
type Item struct {
	ID    string    // the alert's
	Route string    // its name
	Body  []byte    // as [Alert.Encode] writes it
	Since time.Time // when it was put into the outbox
	Tries int       // how often it failed
	Next  time.Time // not to be tried before; zero: at once
}

// An Outbox keeps items until they are sent. An item is known by its ID and Route: putting it in twice is once, also after it was
// sent. Several goroutines use it, each with a route of its own. What a method did is durable when it returns without an error.
type Outbox interface {
	// Due gives at most n items of a route that are neither sent nor given up, those first that have waited longest. Those whose
	// Next is later than now may be left out; where they are not, those behind them wait also after a restart.
	Due(route string, n int, now time.Time) ([]Item, error)
	// Sent notes that an item was delivered, and what was answered.
	Sent(id, route, answer string) error
	// Failed notes that an item was not delivered and why; Tries grows by one. It is tried again at next; a zero next gives it up.
	Failed(id, route, why string, next time.Time) error
	// Fold puts an item in the place of others of its route, at once: these count as sent, with the item's id as the answer.
	Fold(ids []string, into Item) error
}

// Bounds of sending.
const (
	giveUp    = 3 * 24 * time.Hour
	longest   = 15 * time.Minute // between two tries
	patience  = 6                // tries for which those behind an item wait for it: about a minute
	batch     = 256
	maxFolded = 20
	maxFolds  = 1000            // in a row
	grace     = 5 * time.Second // for what is being sent when the process is to end
)

// A Sender takes items out of an outbox and sends them.
type Sender struct {
	outbox   Outbox
	channels map[string]Channel
	log      *slog.Logger
	wake     map[string]chan struct{}
	first    time.Duration // the first wait after a failure
	poll     time.Duration

	mu    sync.Mutex
	stats map[string]*RouteStat
}

// A RouteStat says how it goes with a route, since the process began.
type RouteStat struct {
	Route   string    `json:"route"`
	Sent    int64     `json:"sent"`
	Failed  int64     `json:"failed"`   // tries
	GivenUp int64     `json:"given_up"` // alerts that nobody got
	Folded  int64     `json:"folded"`   // alerts that went as a part of a summary
	Waiting int       `json:"waiting"`  // when it was looked last; at most 256 are counted
	Off     bool      `json:"off"`      // the route said that it wants no more
	Last    time.Time `json:"last"`     // when something was delivered last; zero: never
	Error   string    `json:"error,omitempty"`
}

// NewSender makes a sender; log may be nil. The map is not changed afterwards.
func NewSender(outbox Outbox, channels map[string]Channel, log *slog.Logger) (*Sender, error) {
	s := &Sender{outbox: outbox, channels: channels, log: log, wake: map[string]chan struct{}{}, stats: map[string]*RouteStat{}, first: time.Second, poll: time.Second}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	for name, c := range channels {
		if c.Route == nil || c.Format == nil {
			return nil, fmt.Errorf("route %q: it needs a way and a format", name)
		}
		s.wake[name] = make(chan struct{}, 1)
		s.stats[name] = &RouteStat{Route: name}
	}
	return s, nil
}

// Deliver is a sender's Run.
func Deliver(ctx context.Context, outbox Outbox, channels map[string]Channel, log *slog.Logger) error {
	s, err := NewSender(outbox, channels, log)
	if err != nil {
		return err
	}
	s.Run(ctx)
	return nil
}

// Wake says that something was put into the outbox; without it that is seen within a second. It never waits.
func (s *Sender) Wake() {
	for _, c := range s.wake {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Stats are those of all routes, by name. Several goroutines may call it.
func (s *Sender) Stats() []RouteStat {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []RouteStat
	for _, x := range s.stats {
		all = append(all, *x)
	}
	slices.SortFunc(all, func(a, b RouteStat) int { return cmp.Compare(a.Route, b.Route) })
	return all
}

// Run sends until ctx ends, each route by a goroutine of its own. What is being sent then has 5 seconds to end.
//
// The items of a route go in their order. One that fails is tried again after 1 s, 2 s, 4 s and so on up to 15 minutes, give or take
// a quarter; for the first six tries those behind it wait, then they pass it. After three days it is given up. When the rate of a
// route is used up, what comes within the rest of the minute is folded into one summary, which has an id of its own.
func (s *Sender) Run(ctx context.Context) {
	var all sync.WaitGroup
	for name, c := range s.channels {
		all.Go(func() { (&worker{Sender: s, name: name, channel: c}).run(ctx) })
	}
	all.Wait()
}

// A worker sends by one route.
type worker struct {
	*Sender
	name    string
	channel Channel
	window  time.Time // when the minute began in which used were sent
	used    int
	over    bool      // the rate was used up while something waited
	hold    time.Time // until then what failed is waited for
	off     bool
	// delivered are answers that could not be noted yet, by item: what they are of is not sent again.
	delivered map[string]string
}

func (w *worker) note(f func(x *RouteStat)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w.stats[w.name])
}

func (w *worker) run(ctx context.Context) {
	broken := false
	for ctx.Err() == nil {
		wait, err := w.round(ctx)
		if err != nil {
			if !broken {
				w.log.Error("the outbox cannot be used; alerts wait", "route", w.name, "error", shown(err))
			}
			w.note(func(x *RouteStat) { x.Error = shown(err) })
		}
		broken = err != nil
		t := time.NewTimer(min(max(wait, 10*time.Millisecond), w.poll))
		select {
		case <-ctx.Done():
		case <-t.C:
		case <-w.wake[w.name]:
		}
		t.Stop()
	}
}

// round sends what can be sent now, and says how long nothing more will be to do unless something is put in.
func (w *worker) round(ctx context.Context) (time.Duration, error) {
	for id, answer := range w.delivered {
		if err := w.outbox.Sent(id, w.name, answer); err != nil {
			return w.poll, err
		}
		delete(w.delivered, id)
	}
	now := time.Now()
	if w.hold.After(now) && w.hold.Sub(now) <= 2*24*time.Hour { // else the clock was set back
		return w.hold.Sub(now), nil
	}
	items, err := w.due(now)
	if err != nil {
		return w.poll, err
	}
	w.note(func(x *RouteStat) { x.Waiting = len(items) })
	rate := cmp.Or(w.channel.Rate, 30)
	if now.Sub(w.window) >= time.Minute || now.Before(w.window) {
		w.window, w.used = now, 0
		for n := 0; w.over && rate > 0 && n < maxFolds; n++ { // of what is more than a batch, summaries are folded in turn
			folded, err := w.fold(items, now)
			if err != nil {
				return w.poll, err
			}
			if !folded {
				break
			}
			if items, err = w.due(now); err != nil {
				return w.poll, err
			}
		}
		w.over = false
	}
	for i := range items {
		item := &items[i]
		if ctx.Err() != nil {
			return 0, nil
		}
		if item.Next.After(now) {
			if item.Tries < patience {
				return item.Next.Sub(now), nil
			}
			continue
		}
		if rate > 0 && w.used >= rate {
			w.over = true
			return w.window.Add(time.Minute).Sub(now), nil
		}
		waits, err := w.deliver(ctx, item, now)
		if err != nil {
			return w.poll, err
		}
		if waits {
			return w.first, nil
		}
		now = time.Now()
	}
	if len(items) == batch {
		return 0, nil
	}
	return w.poll, nil
}

// due are the items that wait, in the order in which they were put in.
func (w *worker) due(now time.Time) ([]Item, error) {
	items, err := w.outbox.Due(w.name, batch, now)
	slices.SortStableFunc(items, func(x, y Item) int { return x.Since.Compare(y.Since) })
	return items, err
}

// deliver sends an item once and notes what came of it. waits says that those behind wait for it.
func (w *worker) deliver(ctx context.Context, item *Item, now time.Time) (waits bool, _ error) {
	if now.Sub(item.Since) >= giveUp && item.Tries > 0 {
		return false, w.abandon(item, "given up after 3 days")
	}
	a, err := Decode(item.Body)
	if err != nil {
		return false, w.abandon(item, shown(err))
	}
	body, err := w.channel.Format(&a)
	if err != nil {
		return false, w.abandon(item, shown(err))
	}
	if w.off {
		return false, w.abandon(item, "the route said that it wants no more")
	}
	w.used++
	answer, err := w.send(ctx, item.ID, body)
	if err == nil {
		w.note(func(x *RouteStat) { x.Sent, x.Last, x.Error = x.Sent+1, time.Now(), "" })
		w.log.Info("alert sent", "route", w.name, "id", item.ID, "kind", string(a.Kind), "campaign", a.Campaign, "tries", item.Tries+1)
		if err := w.outbox.Sent(item.ID, w.name, answer); err != nil {
			if w.delivered == nil {
				w.delivered = map[string]string{}
			}
			w.delivered[item.ID] = answer
			return false, err
		}
		return false, nil
	}
	if ctx.Err() != nil {
		return true, nil // the process ends: it is tried again by the next
	}
	var permanent *Permanent
	if errors.As(err, &permanent) {
		if permanent.Off {
			w.off = true
			w.note(func(x *RouteStat) { x.Off = true })
			w.log.Error("a route wants no more alerts and is off until the next start", "route", w.name, "error", shown(err))
		}
		return false, w.abandon(item, shown(err))
	}
	next := time.Now().Add(w.backoff(item.Tries))
	var later *Later
	if errors.As(err, &later) {
		if t := time.Now().Add(later.After); t.After(next) {
			next = t
		}
	}
	if next.Sub(item.Since) > giveUp {
		return false, w.abandon(item, "given up after 3 days: "+shown(err))
	}
	if item.Tries == 0 {
		w.log.Warn("an alert could not be sent and is tried again", "route", w.name, "id", item.ID, "error", shown(err))
	}
	w.note(func(x *RouteStat) { x.Failed, x.Error = x.Failed+1, shown(err) })
	if waits = item.Tries+1 < patience; waits {
		w.hold = next
	}
	return waits, w.outbox.Failed(item.ID, w.name, shown(err), next)
}

// send gives a route until a while after ctx ends.
func (w *worker) send(ctx context.Context, id string, body []byte) (string, error) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-t.C:
			cancel()
		case <-own.Done():
		}
	})()
	return w.channel.Route.Send(own, id, body)
}

// backoff is how long to wait after so many tries before that one.
func (w *worker) backoff(tries int) time.Duration {
	d := longest
	if tries < 20 {
		d = min(w.first<<tries, longest)
	}
	return time.Duration(float64(d) * (0.75 + rand.Float64()/2))
}

func (w *worker) abandon(item *Item, why string) error {
	w.note(func(x *RouteStat) { x.GivenUp, x.Error = x.GivenUp+1, why })
	w.log.Error("an alert is given up: nobody got it by this route", "route", w.name, "id", item.ID, "tries", item.Tries+1, "why", why)
	return w.outbox.Failed(item.ID, w.name, why, time.Time{})
}

// fold puts a summary in the place of what waits because of the rate. What was tried before may have arrived and is not folded.
func (w *worker) fold(items []Item, now time.Time) (bool, error) {
	var ids []string
	var all []Alert
	for i := range items {
		if items[i].Tries > 0 {
			continue
		}
		a, err := Decode(items[i].Body)
		if err != nil {
			continue
		}
		ids, all = append(ids, items[i].ID), append(all, a)
	}
	if len(all) < 2 {
		return false, nil
	}
	a := summary(all, now)
	if err := w.outbox.Fold(ids, Item{ID: a.ID, Route: w.name, Body: a.Encode(), Since: now}); err != nil {
		return false, err
	}
	n := len(all)
	w.note(func(x *RouteStat) { x.Folded += int64(n) })
	w.log.Warn("alerts came faster than a route takes and are told as one", "route", w.name, "alerts", n, "id", a.ID)
	return true, nil
}

// summary is one alert for several, some of which may be summaries. Its id is of theirs.
func summary(all []Alert, at time.Time) Alert {
	s := Alert{Kind: Summary, At: at.UTC(), Tenant: all[0].Tenant, Lang: all[0].Lang}
	parts := []string{"summary"}
	for i := range all {
		a := &all[i]
		parts = append(parts, a.ID)
		s.Level = max(s.Level, a.Level)
		if a.Tenant != s.Tenant {
			s.Tenant = "" // it is of several
		}
		if a.Kind == Summary {
			s.More += a.More
			s.Folded = append(s.Folded, a.Folded...)
			continue
		}
		s.More++
		s.Folded = append(s.Folded, Line{ID: a.ID, Kind: a.Kind, Level: a.Level, Title: a.Title, Link: a.Link})
	}
	slices.SortStableFunc(s.Folded, func(x, y Line) int { return cmp.Compare(y.Level, x.Level) })
	s.Folded = s.Folded[:min(len(s.Folded), maxFolded)]
	s.ID = stable(parts...)
	w := in(s.Lang)
	s.Title = fill(report.Typeset(s.Lang, w.summary), map[string]string{"0": strconv.Itoa(s.More), "1": w.levels[min(s.Level, tocsin.Critical)]})
	s.Reason = fillSentence(s.Lang, w.summaryWhy)
	return s
}
