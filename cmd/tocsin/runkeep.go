package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/archive"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/store"
	"github.com/tocsin-ids/tocsin/tell"
)

// A keeper keeps the commits of a live run: events in the archive, all else in the store, in such an order that the store's
// transaction decides. Which alerts a commit gives is decided in it too, so that none is forgotten and none decided twice.
type keeper struct {
	store   *store.Store
	archive *archive.Archive // nil: no events are kept
	routes  []alertRoute
	log     *slog.Logger
	wake    func()                                      // says that there is something to send
	private func([]*tocsin.Campaign) []*tocsin.Campaign // as campaigns may be shown

	blocks sync.Pool // *archiveBlock, empty

	mu       sync.Mutex
	policy   tell.Policy
	appended map[*archiveBlock]bool // blocks of a commit that failed afterwards
	known    map[string]*tell.Known
	watch    map[string]waiting // campaigns of which something is to be told later
}

// An alertRoute is a route and from which level on it is used.
type alertRoute struct {
	name  string
	level tocsin.Level
}

// A waiting is a campaign of which something is to be told at a time.
type waiting struct {
	tenant   string
	campaign *tocsin.Campaign
	at       time.Time
}

// originKind is under which the store keeps positions.
const originKind = "origin"

type archiveBlock struct{ archive.Block }

// Block makes an empty block of events.
func (k *keeper) Block() engine.EventBlock {
	if k.archive == nil {
		return nothing{}
	}
	if b, ok := k.blocks.Get().(*archiveBlock); ok {
		return b
	}
	return &archiveBlock{}
}

// nothing is a block where no events are kept.
type nothing struct{}

func (nothing) Add(*tocsin.Event) {}
func (nothing) Len() int          { return 0 }

// Commit keeps a commit.
func (k *keeper) Commit(ctx context.Context, c *engine.Commit) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	sc := &store.Commit{At: c.At, Cursors: map[store.Origin]string{}, Meta: map[string]string{}}
	for id, p := range c.Positions {
		sc.Cursors[store.Origin{Kind: originKind, ID: id}] = p
	}
	for _, id := range c.Gone {
		sc.Gone = append(sc.Gone, store.Origin{Kind: originKind, ID: id})
	}
	for _, p := range c.Pieces {
		sc.Pieces = append(sc.Pieces, store.Piece(p))
	}
	for _, p := range c.Dropped {
		sc.Dropped = append(sc.Dropped, store.PieceName{Tenant: p.Tenant, Name: p.Name})
	}
	mark, err := k.events(c)
	if err != nil {
		return err
	}
	sc.Spool = mark
	known := map[string]*tell.Known{}
	k.tell(sc, c, known)
	if err := k.store.Commit(ctx, sc); err != nil {
		return err
	}
	for b := range k.appended {
		b.Reset()
		k.blocks.Put(b)
	}
	clear(k.appended)
	for id, x := range known {
		k.known[id] = x
	}
	if k.archive != nil && mark != "" {
		if err := k.archive.Committed(mark); err != nil {
			k.log.Error("the archive", "error", err.Error())
		}
	}
	if len(sc.Alert) > 0 && k.wake != nil {
		k.wake()
	}
	return nil
}

// follow says what is told from the next commit on.
func (k *keeper) follow(p tell.Policy) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.policy = p
}

// events puts the events of a commit into the archive, each block once, whatever fails afterwards.
func (k *keeper) events(c *engine.Commit) (mark string, err error) {
	if k.archive == nil || len(c.Blocks) == 0 {
		return "", nil
	}
	for _, b := range c.Blocks {
		block, ok := b.Events.(*archiveBlock)
		if !ok || k.appended[block] {
			continue
		}
		if err := k.archive.Append(b.Tenant, &block.Block); err != nil {
			return "", err
		}
		k.appended[block] = true
	}
	return k.archive.Sync()
}

// tell decides which alerts a commit gives.
func (k *keeper) tell(sc *store.Commit, c *engine.Commit, known map[string]*tell.Known) {
	by := map[string][]*tocsin.Campaign{}
	for _, x := range c.Campaigns {
		by[x.Tenant] = append(by[x.Tenant], x.Campaign)
	}
	for tenant, all := range by {
		all = k.private(all)
		by[tenant] = all
		for _, x := range all {
			sc.Told = append(sc.Told, store.Told{Tenant: tenant, Campaign: x, Updated: c.At})
		}
	}
	for id, w := range k.watch {
		if !w.at.After(c.At) {
			if !slices.ContainsFunc(by[w.tenant], func(x *tocsin.Campaign) bool { return x.ID == w.campaign.ID }) {
				by[w.tenant] = append(by[w.tenant], w.campaign)
			}
			delete(k.watch, id)
		}
	}
	for tenant, all := range by {
		p := k.policy
		p.Tenant = tenant
		was := func(id string) *tell.Known {
			name := toldName(tenant, id)
			if x := known[name]; x != nil {
				return x
			}
			return k.knownOf(name)
		}
		for _, n := range tell.Round(was, all, p, c.At) {
			k.news(sc, tenant, n, known)
		}
		for _, x := range all {
			if at, ok := tell.When(was(x.ID), x, p); ok && at.After(c.At) {
				k.watch[toldName(tenant, x.ID)] = waiting{tenant, x, at}
			}
		}
	}
	for _, x := range c.Principals {
		p := k.policy
		p.Tenant = x.Tenant
		name := toldName(x.Tenant, "principal "+x.Principal.Name)
		was := k.knownOf(name)
		if a, ok := tell.DecidePrincipal(was, x.Principal, p, c.At); ok {
			k.alert(sc, x.Tenant, a)
			k.remember(sc, name, tell.ToldPrincipal(was, x.Principal, &a), known)
		}
		if b, err := json.Marshal(x.Principal); err == nil {
			sc.Principals = append(sc.Principals, store.Principal{Tenant: x.Tenant, Name: x.Principal.Name, JSON: b, Updated: c.At})
		}
	}
}

// news keeps an alert and what is known after it.
func (k *keeper) news(sc *store.Commit, tenant string, n tell.News, known map[string]*tell.Known) {
	if n.Alert.ID != "" {
		k.alert(sc, tenant, n.Alert)
	}
	if n.Known != nil {
		k.remember(sc, toldName(tenant, n.Known.Of), n.Known, known)
	}
}

// alert puts an alert into the outbox, for each route that is used for its level.
func (k *keeper) alert(sc *store.Commit, tenant string, a tell.Alert) {
	k.log.Info("alert", "kind", string(a.Kind), "campaign", a.Campaign, "principal", a.Principal, "level", a.Level.String(), "reason", a.Reason)
	for _, r := range k.routes {
		if a.Level >= r.level {
			sc.Alert = append(sc.Alert, store.Alert{ID: outboxID(a.ID, r.name), Tenant: tenant, Campaign: a.Campaign, Route: r.name, Kind: string(a.Kind), Body: a.Encode(), At: sc.At})
		}
	}
}

func (k *keeper) remember(sc *store.Commit, name string, x *tell.Known, known map[string]*tell.Known) {
	known[name] = x
	if b, err := json.Marshal(x); err == nil {
		sc.Meta[name] = string(b)
	}
}

// toldName is under which the store keeps what was told of something.
func toldName(tenant, id string) string { return "told " + tenant + "\x00" + id }

// knownOf is what was told under a name, nil where nothing was.
func (k *keeper) knownOf(name string) *tell.Known {
	if x, ok := k.known[name]; ok {
		return x
	}
	var x *tell.Known
	if text, err := k.store.Meta(context.Background(), name); err == nil && text != "" {
		x = &tell.Known{}
		if json.Unmarshal([]byte(text), x) != nil {
			x = nil
		}
	}
	k.known[name] = x
	return x
}

// status notes what a person said of a campaign, so that alerts heed it.
func (k *keeper) status(ctx context.Context, tenant, id string, to tell.Status) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	name := toldName(tenant, id)
	x := tell.Known{Of: id}
	if was := k.knownOf(name); was != nil {
		x = *was
	}
	x.Status = to
	b, err := json.Marshal(&x)
	if err != nil {
		return err
	}
	if err := k.store.Commit(ctx, &store.Commit{Meta: map[string]string{name: string(b)}}); err != nil {
		return err
	}
	k.known[name] = &x
	return nil
}

// kept is what the store has for a run that goes on.
func (k *keeper) kept(ctx context.Context, bad func(tenant, piece string, err error)) (*engine.Kept, error) {
	positions, err := k.store.Cursors(ctx, originKind)
	if err != nil {
		return nil, err
	}
	tenants, err := k.store.Tenants(ctx)
	if err != nil {
		return nil, err
	}
	return &engine.Kept{Positions: positions, Tenants: tenants, Bad: bad, Pieces: func(tenant string) iter.Seq2[string, []byte] {
		return func(yield func(string, []byte) bool) {
			for p, err := range k.store.Pieces(ctx, tenant) {
				if err != nil {
					bad(tenant, p.Name, err)
					continue
				}
				if !yield(p.Name, p.Data) {
					return
				}
			}
		}
	}}, nil
}

// outboxID tells an alert's deliveries by different routes apart.
func outboxID(alert, route string) string { return alert + " " + route }

// An outbox is the store as alerts are sent from it.
type outbox struct{ store *store.Store }

// Due gives items of a route that are to be sent.
func (o outbox) Due(route string, n int, now time.Time) ([]tell.Item, error) {
	all, err := o.store.Next(context.Background(), route, n, now)
	if err != nil {
		return nil, err
	}
	var items []tell.Item
	for _, d := range all {
		id, _, _ := strings.Cut(d.ID, " ")
		items = append(items, tell.Item{ID: id, Route: d.Route, Body: d.Body, Since: d.At, Tries: d.Tries, Next: d.Next})
	}
	return items, nil
}

// Sent notes that an item was delivered.
func (o outbox) Sent(id, route, answer string) error {
	err := o.store.Sent(context.Background(), outboxID(id, route), answer, time.Now())
	if errors.Is(err, store.ErrUnknown) {
		return nil
	}
	return err
}

// Failed notes that an item was not delivered.
func (o outbox) Failed(id, route, why string, next time.Time) error {
	err := o.store.Failed(context.Background(), outboxID(id, route), errors.New(why), next)
	if errors.Is(err, store.ErrUnknown) {
		return nil
	}
	return err
}

// Fold puts an item in the place of others.
func (o outbox) Fold(ids []string, into tell.Item) error {
	ctx := context.Background()
	err := o.store.Commit(ctx, &store.Commit{Alert: []store.Alert{{ID: outboxID(into.ID, into.Route), Route: into.Route, Kind: string(tell.Summary), Body: into.Body, At: into.Since}}})
	if err != nil {
		return err
	}
	for _, id := range ids { // the summary is there already: after a crash in between it goes out, and what is left of these besides
		if err := o.Sent(id, into.Route, "in "+into.ID); err != nil {
			return fmt.Errorf("folding alerts: %w", err)
		}
	}
	return nil
}
