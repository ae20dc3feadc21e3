package tell

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// An outbox in memory, as a database keeps one: it outlives senders.
type box struct {
	mu    sync.Mutex
	items []*boxed
	fail  error // of Sent
	ready bool  // Due gives only what may be tried now, the longest due first, as a query by an index does
}

type boxed struct {
	Item
	state  string // "", sent, failed
	answer string
}

func (b *box) put(route string, a Alert, since time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.add(Item{ID: a.ID, Route: route, Body: a.Encode(), Since: since})
}

func (b *box) add(i Item) {
	if !slices.ContainsFunc(b.items, func(x *boxed) bool { return x.ID == i.ID && x.Route == i.Route }) {
		b.items = append(b.items, &boxed{Item: i})
	}
}

func (b *box) Due(route string, n int, now time.Time) (all []Item, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, x := range b.items {
		if x.Route == route && x.state == "" && (!b.ready || !x.Next.After(now)) {
			all = append(all, x.Item)
		}
	}
	if b.ready {
		slices.SortStableFunc(all, func(x, y Item) int { return x.Next.Compare(y.Next) })
	}
	return all[:min(len(all), n)], nil
}

func (b *box) one(id, route string) *boxed {
	for _, x := range b.items {
		if x.ID == id && x.Route == route {
			return x
		}
	}
	panic("no item " + id)
}

func (b *box) Sent(id, route, answer string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	x := b.one(id, route)
	x.state, x.answer = "sent", answer
	return nil
}

func (b *box) Failed(id, route, why string, next time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.one(id, route)
	x.Tries, x.Next, x.answer = x.Tries+1, next, why
	if next.IsZero() {
		x.state = "failed"
	}
	return nil
}

func (b *box) Fold(ids []string, into Item) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range ids {
		x := b.one(id, into.Route)
		x.state, x.answer = "sent", into.ID
	}
	b.add(into)
	return nil
}

func (b *box) count(state string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, x := range b.items {
		if x.state == state {
			n++
		}
	}
	return n
}

// A way is a route that does what a test says of an id and try.
type way struct {
	mu   sync.Mutex
	ids  []string
	when []time.Time
	f    func(ctx context.Context, id string, try int) error
}

func (w *way) Send(ctx context.Context, id string, _ []byte) (string, error) {
	w.mu.Lock()
	w.ids, w.when = append(w.ids, id), append(w.when, time.Now())
	try := 0
	for _, x := range w.ids {
		if x == id {
			try++
		}
	}
	w.mu.Unlock()
	if w.f == nil {
		return "ok", nil
	}
	return "ok", w.f(ctx, id, try)
}

func (w *way) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.ids)
}

func numbered(n int) Alert {
	a, _ := Decide(nil, campaign(func(c *tocsin.Campaign) { c.ID = fmt.Sprintf("c-%012d", n) }), Policy{}, at(10))
	return a
}

// run runs a sender in a bubble of its own time, for so long.
func run(t *testing.T, b *box, channels map[string]Channel, long time.Duration) *Sender {
	t.Helper()
	s, err := NewSender(b, channels, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	s.Run(ctx)
	return s
}

func TestSenderOrderAndBackoff(t *testing.T) {
	for _, ready := range []bool{false, true} {
		t.Run(fmt.Sprintf("ready %v", ready), func(t *testing.T) { orderAndBackoff(t, ready) })
	}
}

func orderAndBackoff(t *testing.T, ready bool) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{ready: ready}
		down := time.Now().Add(10 * time.Second)
		w := &way{f: func(context.Context, string, int) error {
			if time.Now().Before(down) {
				return errors.New("down")
			}
			return nil
		}}
		slow := &way{f: func(ctx context.Context, _ string, _ int) error { <-ctx.Done(); return ctx.Err() }}
		for i := range 3 {
			b.put("a", numbered(i), time.Now())
			b.put("slow", numbered(i), time.Now())
			time.Sleep(time.Millisecond)
		}
		s := run(t, b, map[string]Channel{"a": {Route: w, Format: JSON}, "slow": {Route: slow, Format: JSON}}, time.Minute)
		ids := w.seen()
		if len(ids) < 5 || len(ids) > 8 || !slices.Equal(ids[len(ids)-3:], []string{numbered(0).ID, numbered(1).ID, numbered(2).ID}) {
			t.Errorf("%v", ids)
		}
		for i := 1; i < len(ids)-2; i++ { // 1, 2, 4, 8 s, give or take a quarter and the second at which the outbox is looked into
			gap, want := w.when[i].Sub(w.when[i-1]), time.Second<<(i-1)
			if gap < want*3/4 || gap > want*5/4+time.Second {
				t.Errorf("%s after try %d, want about %s", gap, i, want)
			}
		}
		for _, st := range s.Stats() {
			if st.Route == "a" && (st.Sent != 3 || st.Failed < 2 || st.Error != "" || st.Last.IsZero()) || st.Route == "slow" && st.Sent != 0 {
				t.Errorf("%+v", st)
			}
		}
		if n := len(slow.seen()); n != 1 {
			t.Errorf("the slow one was asked %d times within a minute", n)
		}
	})
}

// TestSenderPoison: one alert that fails for ever does not hold up the others for ever, and is given up after three days.
func TestSenderPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{}
		begin := time.Now()
		bad := numbered(0).ID
		var goodAt time.Time
		w := &way{f: func(_ context.Context, id string, _ int) error {
			if id == bad {
				return errors.New("500")
			}
			goodAt = time.Now()
			return nil
		}}
		b.put("a", numbered(0), begin)
		b.put("a", numbered(1), begin)
		s := run(t, b, map[string]Channel{"a": {Route: w, Format: JSON}}, 80*time.Hour)
		if d := goodAt.Sub(begin); d < 20*time.Second || d > 3*time.Minute {
			t.Errorf("the good one came after %s", d)
		}
		if st := s.Stats()[0]; st.GivenUp != 1 || st.Sent != 1 || b.count("failed") != 1 || b.count("") != 0 {
			t.Errorf("%+v", st)
		}
		if n := len(w.seen()); n < 200 || n > 400 { // every 15 minutes for three days
			t.Errorf("%d tries", n)
		}
	})
}

// TestSenderTooLate: what would be tried again after its three days only is given up now, and that is said.
func TestSenderTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{}
		b.put("a", numbered(0), time.Now().Add(-giveUp+time.Minute))
		b.put("a", numbered(1), time.Now())
		w := &way{f: func(context.Context, string, int) error {
			return &Later{Err: errors.New("429"), After: 2 * 24 * time.Hour}
		}}
		s := run(t, b, map[string]Channel{"a": {Route: w, Format: JSON}}, time.Minute)
		if st := s.Stats()[0]; st.GivenUp != 1 || b.count("failed") != 1 || b.one(numbered(0).ID, "a").answer != "given up after 3 days: 429" || b.count("") != 1 {
			t.Errorf("%+v", st)
		}
	})
}

func TestSenderPermanent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{}
		for i := range 3 {
			b.put("a", numbered(i), time.Now())
			b.put("gone", numbered(i), time.Now())
		}
		b.add(Item{ID: "a-broken", Route: "a", Body: []byte("{"), Since: time.Now()})
		w := &way{f: func(_ context.Context, id string, _ int) error {
			if id == numbered(1).ID {
				return &Permanent{Err: errors.New("400")}
			}
			return nil
		}}
		gone := &way{f: func(context.Context, string, int) error { return &Permanent{Err: errors.New("410"), Off: true} }}
		s := run(t, b, map[string]Channel{"a": {Route: w, Format: JSON}, "gone": {Route: gone, Format: JSON}}, 10*time.Second)
		if len(w.seen()) != 3 || len(gone.seen()) != 1 || b.count("sent") != 2 || b.count("failed") != 5 {
			t.Errorf("%v %v, %d sent, %d failed", w.seen(), gone.seen(), b.count("sent"), b.count("failed"))
		}
		if st := s.Stats()[1]; !st.Off || st.GivenUp != 3 || st.Error == "" {
			t.Errorf("%+v", st)
		}
	})
}

func TestSenderLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{}
		b.put("a", numbered(0), time.Now())
		w := &way{f: func(_ context.Context, _ string, try int) error {
			if try == 1 {
				return &Later{Err: errors.New("429"), After: 90 * time.Second}
			}
			return nil
		}}
		run(t, b, map[string]Channel{"a": {Route: w, Format: JSON}}, 2*time.Minute)
		if len(w.when) != 2 || w.when[1].Sub(w.when[0]) < 90*time.Second {
			t.Errorf("%v", w.when)
		}
	})
}

// TestSenderFlood: an intruder makes 2,000 campaigns within 10 minutes. The channel gets 30 messages a minute, and each alert is
// delivered or counted in a summary that is.
func TestSenderFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{}
		var all []Alert
		worst := ""
		w := &way{}
		keep := func(a *Alert) ([]byte, error) {
			if !slices.ContainsFunc(all, func(x Alert) bool { return x.ID == a.ID }) {
				all = append(all, *a)
			}
			return JSON(a)
		}
		const n = 2000
		go func() {
			for i := range n {
				a := numbered(i)
				if i == 1500 {
					a.Level, a.Title = tocsin.Critical, "the one that matters"
					worst = a.ID
				}
				b.put("a", a, time.Now())
				time.Sleep(300 * time.Millisecond)
			}
		}()
		s := run(t, b, map[string]Channel{"a": {Route: w, Format: keep}}, 15*time.Minute)
		for from := range w.when {
			k := from
			for k < len(w.when) && w.when[k].Sub(w.when[from]) < 30*time.Second {
				k++
			}
			if k-from > 60 { // two windows may meet
				t.Fatalf("%d messages within 30 s", k-from)
			}
		}
		if len(w.ids) > 30*12 {
			t.Errorf("%d messages in 10 minutes", len(w.ids))
		}
		told, named := 0, false
		for _, a := range all {
			if a.Kind == Summary {
				told += a.More
				if len(a.Folded) > maxFolded || a.Title == "" || len(a.Encode()) > 20_000 {
					t.Errorf("%+v", a)
				}
				for i, l := range a.Folded {
					if l.ID == worst {
						named = i == 0 && a.Level == tocsin.Critical && strings.HasSuffix(a.Title, "critical")
					}
				}
				continue
			}
			told++
			named = named || a.ID == worst
		}
		if told != n || !named || b.count("") != 0 {
			t.Errorf("%d of %d told, the worst one: %v; %d left", told, n, named, b.count(""))
		}
		if st := s.Stats()[0]; int(st.Sent) != len(w.ids) || st.Folded == 0 || st.GivenUp != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// TestSenderBacklog: thousands that waited are one summary after the first.
func TestSenderBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{}
		for i := range 1000 {
			b.put("a", numbered(i), time.Now())
		}
		w := &way{}
		run(t, b, map[string]Channel{"a": {Route: w, Format: JSON, Rate: 5}}, 3*time.Minute)
		if len(w.ids) != 6 || b.count("") != 0 {
			t.Errorf("%d messages, %d left", len(w.ids), b.count(""))
		}
	})
}

// TestSenderCrash: a process that ends between the sending and the noting sends again under the same id, so a receiver that counts
// ids has each once. What could not be noted while the process lives is not sent again.
func TestSenderCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{fail: errors.New("database is locked")}
		b.put("a", numbered(0), time.Now())
		b.put("a", numbered(1), time.Now())
		w := &way{}
		run(t, b, map[string]Channel{"a": {Route: w, Format: JSON}}, time.Minute)
		if got := w.seen(); len(got) != 1 {
			t.Fatalf("sent %v though the first could not be noted", got)
		}
		b.fail = nil // and a new process
		run(t, b, map[string]Channel{"a": {Route: w, Format: JSON}}, time.Minute)
		got := w.seen()
		slices.Sort(got)
		if len(got) != 3 || len(slices.Compact(got)) != 2 || b.count("sent") != 2 {
			t.Errorf("%v", w.seen())
		}
	})
}

// TestSenderEnds: what is being sent when the process is to end may end, for a while.
func TestSenderEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{}
		b.put("a", numbered(0), time.Now())
		b.put("hangs", numbered(1), time.Now())
		w := &way{f: func(context.Context, string, int) error { time.Sleep(3 * time.Second); return nil }}
		hangs := &way{f: func(ctx context.Context, _ string, _ int) error { <-ctx.Done(); return ctx.Err() }}
		begin := time.Now()
		run(t, b, map[string]Channel{"a": {Route: w, Format: JSON}, "hangs": {Route: hangs, Format: JSON}}, time.Second)
		if d := time.Since(begin); d < 3*time.Second || d > 7*time.Second || b.count("sent") != 1 || b.count("") != 1 || b.one(numbered(1).ID, "hangs").Tries != 0 {
			t.Errorf("after %s: %d sent, %d left", d, b.count("sent"), b.count(""))
		}
	})
}

// TestDeliverAtLeastOnce is the whole way over a real server that errs in every way: each alert arrives, all tries of one under one id.
func TestDeliverAtLeastOnce(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("webhook-id")
		mu.Lock()
		seen[id]++
		try, n := seen[id], len(seen)
		mu.Unlock()
		if try > 1 {
			return
		}
		switch n % 4 {
		case 0:
			w.WriteHeader(http.StatusInternalServerError)
		case 1: // the body was read and nothing is answered
			c, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = c.(*net.TCPConn).SetLinger(0)
				_ = c.Close()
			}
		case 2:
			<-hang
		}
	}))
	defer server.Close()
	defer close(hang)
	route, err := NewWebhook(WebhookOptions{URL: server.URL, Timeout: 150 * time.Millisecond, SecretFile: file(t, "whsec_"+webhookSecret)})
	if err != nil {
		t.Fatal(err)
	}
	b := &box{}
	for i := range 8 {
		b.put("a", numbered(i), time.Now())
	}
	s, err := NewSender(b, map[string]Channel{"a": {Route: route, Format: Slack, Rate: -1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.first, s.poll = 5*time.Millisecond, 10*time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	for deadline := time.Now().Add(10 * time.Second); b.count("sent") < 8 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
	}
	cancel()
	<-done
	mu.Lock()
	defer mu.Unlock()
	if b.count("sent") != 8 || len(seen) != 8 {
		t.Errorf("%d sent; %v", b.count("sent"), seen)
	}
	twice := 0
	for _, n := range seen {
		if n > 1 {
			twice++
		}
	}
	if twice != 6 {
		t.Errorf("%d of 8 came twice, want those 6 that were not answered well: %v", twice, seen)
	}
}

func TestTest(t *testing.T) {
	w := &way{}
	var got Alert
	keep := func(a *Alert) ([]byte, error) { got = *a; return Text(a) }
	answer, err := Test(t.Context(), Channel{Route: w, Format: keep}, Policy{Base: "https://tocsin.example", Tenant: "shop"}, at(1))
	if err != nil || answer != "ok" || got.Kind != Trial || got.Link != "https://tocsin.example/" || got.ID != w.ids[0] {
		t.Errorf("%q %v %+v", answer, err, got)
	}
	if b, _ := Text(&got); !strings.HasPrefix(string(b), "Test: Test alert of Tocsin\n") {
		t.Errorf("%s", b)
	}
}

func TestNewSenderRefuses(t *testing.T) {
	if _, err := NewSender(&box{}, map[string]Channel{"a": {}}, nil); err == nil {
		t.Error("a route without a way is taken")
	}
	if err := Deliver(t.Context(), &box{}, map[string]Channel{"a": {Route: &way{}}}, nil); err == nil {
		t.Error("a route without a format is taken")
	}
}
