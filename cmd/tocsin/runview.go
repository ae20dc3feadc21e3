package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/console"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/store"
	"github.com/tocsin-ids/tocsin/tell"
)

// makeConsole makes the console. Nothing is served yet.
func (v *service) makeConsole() (err error) {
	if v.accounts, err = console.OpenAccounts(filepath.Join(v.dir, accountsFile)); err != nil {
		return err
	}
	var secure *tls.Config
	if secure, err = sourceTLS(v.config().TLS); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	v.console, err = console.New(console.Options{Run: v, Listen: []string{v.config().Listen}, TLS: secure, Login: v.config().Login, Accounts: v.accounts, Hosts: v.config().Hosts, Version: version(), Log: v.log})
	return err
}

// turned tells those who look on what a turn changed.
func (v *service) turned(*engine.View) {
	v.console.Changed(console.Change{Kind: "campaign"})
}

// groups are what is known of a tenant's group, or of all.
func (v *service) groups(tenant string) (all []*engine.GroupView) {
	for _, g := range v.live.View().Groups {
		if tenant == "" || g.Name == tenant {
			all = append(all, g)
		}
	}
	return all
}

// Campaigns gives what is told now, with what people made of it: what the store has not yet is of this moment.
func (v *service) Campaigns(ctx context.Context, q console.Query) ([]console.Told, string, error) {
	sq := store.Query{Since: q.Since, Level: q.Level, State: q.Status, ByUpdated: true, Limit: q.Limit, Cursor: q.Cursor}
	if q.Tenant != "" {
		sq.Tenants = []string{q.Tenant}
	}
	cases, next, err := v.store.Campaigns(ctx, sq)
	if err != nil {
		return nil, "", refused(err)
	}
	var all []console.Told
	have := map[string]bool{}
	fresh := v.fresh(q.Tenant)
	now := map[string]*tocsin.Campaign{}
	for _, t := range fresh {
		now[t.Tenant+"\x00"+t.Campaign.ID] = t.Campaign
	}
	for _, c := range cases {
		t := toldOf(c)
		if x := now[c.Tenant+"\x00"+c.Campaign.ID]; x != nil {
			t.Campaign = x
		}
		for _, id := range append([]string{t.Campaign.ID}, t.Campaign.Was...) {
			have[c.Tenant+"\x00"+id] = true
		}
		all = append(all, t)
	}
	if q.Cursor == "" && (q.Status == "" || q.Status == console.Open) { // told since the last commit
		var more []console.Told
		for _, t := range fresh {
			if have[t.Tenant+"\x00"+t.Campaign.ID] || t.Campaign.Level < q.Level {
				continue
			}
			if _, err := v.store.Campaign(ctx, t.Tenant, t.Campaign.ID); err == nil {
				continue // on a later page, or not of this query
			}
			more = append(more, t)
		}
		all = append(more, all...)
	}
	return all, next, nil
}

// fresh are the campaigns of a tenant's group, or of all, as they are told now.
func (v *service) fresh(tenant string) (all []console.Told) {
	at := v.live.View().At
	for _, g := range v.groups(tenant) {
		for _, x := range v.private(g.Campaigns) {
			all = append(all, console.Told{Tenant: g.Name, Campaign: x, Updated: at, Status: console.Open})
		}
	}
	return all
}

func toldOf(c store.Case) console.Told {
	return console.Told{Tenant: c.Tenant, Campaign: c.Campaign, Updated: c.Updated, Status: cmp.Or(c.Status.State, console.Open), Note: c.Status.Note, By: c.Status.By}
}

// refused is an error as who asked is told it: what the store calls bad was asked wrongly.
func refused(err error) error {
	if errors.Is(err, store.ErrBad) {
		return fmt.Errorf("%w: %w", console.ErrRefused, err)
	}
	return err
}

// Campaign is one campaign.
func (v *service) Campaign(ctx context.Context, tenant, id string) (*console.Told, error) {
	for _, g := range v.groups(tenant) {
		for _, x := range g.Campaigns {
			if x.ID != id && !slices.Contains(x.Was, id) {
				continue
			}
			t := console.Told{Tenant: g.Name, Campaign: v.private([]*tocsin.Campaign{x})[0], Updated: v.live.View().At, Status: console.Open}
			if c, err := v.store.Campaign(ctx, g.Name, x.ID); err == nil {
				now := t.Campaign
				t = toldOf(c)
				t.Campaign = now
			}
			return &t, nil
		}
	}
	tenants := []string{tenant}
	if tenant == "" {
		all, err := v.store.Tenants(ctx)
		if err != nil {
			return nil, err
		}
		tenants = append(tenants, all...)
	}
	for _, name := range tenants {
		c, err := v.store.Campaign(ctx, name, id)
		if errors.Is(err, store.ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		t := toldOf(c)
		return &t, nil
	}
	return nil, fmt.Errorf("campaign %s: %w", id, console.ErrNotFound)
}

// Principals are those for whom agents work.
func (v *service) Principals(tenant string) (all []*tocsin.Principal) {
	for _, g := range v.groups(tenant) {
		all = append(all, g.Principals...)
	}
	return all
}

// Matches are the newest matches.
func (v *service) Matches(ctx context.Context, q console.MatchQuery) ([]*tocsin.Match, error) {
	var of *tocsin.Campaign
	if q.Campaign != "" {
		t, err := v.Campaign(ctx, q.Tenant, q.Campaign)
		if err != nil {
			return nil, err
		}
		of = t.Campaign
	}
	var groups [][]engine.LiveMatch
	for _, g := range v.groups(q.Tenant) {
		groups = append(groups, v.live.Matches(g.Name))
	}
	return v.hidden(newestMatches(groups, of, q.Limit), q.Tenant), nil
}

// hidden are matches without what may not be shown.
func (v *service) hidden(all []*tocsin.Match, tenant string) (shown []*tocsin.Match) {
	h := report.Private(&report.Hunt{Matches: report.List(all), Principals: v.Principals(tenant)}, report.Privacy{Redact: v.rules.Load().know.Redact})
	for m := range h.Matches.All(true) {
		c := *m
		c.Event = m.Event.Clone()
		shown = append(shown, &c)
	}
	return shown
}

// newestMatches are the newest of all groups, of which each has its newest first: of one campaign where it is named, at most limit
// of them where that is no zero, in order of time.
func newestMatches(groups [][]engine.LiveMatch, of *tocsin.Campaign, limit int) (all []*tocsin.Match) {
	for _, g := range groups {
		n := 0
		for _, m := range g {
			if of != nil && !holdsPlace(of, m.Event.Place()) {
				continue
			}
			if all, n = append(all, m.Match), n+1; n == limit {
				break
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *tocsin.Match) int { return a.Time.Compare(b.Time) })
	if limit > 0 {
		all = all[max(0, len(all)-limit):]
	}
	return all
}

// holdsPlace says that a record is one of a campaign's.
func holdsPlace(c *tocsin.Campaign, at tocsin.Place) bool {
	return slices.ContainsFunc(c.Records, func(s tocsin.Span) bool { return s.Source == at.Source && s.From <= at.Record && at.Record <= s.To })
}

// Ready says that all sources are followed.
func (v *service) Ready() bool { return v.ready.Load() }

// Sources say how it goes with what is followed and received.
func (v *service) Sources() (all []feed.Stat) {
	seen := map[string]engine.OriginView{}
	for _, o := range v.live.View().Origins {
		seen[o.ID] = o
	}
	for _, s := range v.sources {
		for _, x := range s.Stats() {
			if o, ok := seen[x.ID]; ok && x.Why == "" {
				x.Why = o.Why
			}
			all = append(all, x)
		}
	}
	for _, l := range v.listeners {
		all = append(all, l.Stats()...)
	}
	return all
}

// Rules say what rules found.
func (v *service) Rules() (all []console.RuleCost) {
	hits := map[*tocsin.Rule]int64{}
	for _, g := range v.live.View().Groups {
		for r, n := range g.Held {
			hits[r] += n
		}
	}
	costs := v.live.Costs() // of a run without rules that are put aside
	for _, r := range v.rules.Load().told() {
		all = append(all, console.RuleCost{ID: r.ID, Title: r.Title, Level: r.Level, Hits: hits[r], Cost: costs[r]})
	}
	for id := range v.putAside() {
		all = append(all, console.RuleCost{ID: id, PutAside: "for what it costs, until rules are read anew"})
	}
	slices.SortStableFunc(all, func(a, b console.RuleCost) int {
		return cmp.Or(cmp.Compare(b.Hits, a.Hits), cmp.Compare(b.Level, a.Level), strings.Compare(a.Title, b.Title))
	})
	return all
}

// Incidents are what was and is wrong with the run itself.
func (v *service) Incidents() (all []console.Incident) {
	list, err := v.store.Incidents(context.Background(), false)
	all = v.unkept.list()
	if err != nil {
		return append(all, console.Incident{Time: time.Now(), Kind: "store", What: err.Error()})
	}
	for _, x := range list {
		all = append(all, console.Incident{ID: fmt.Sprint(x.ID), Time: x.Since, Ended: x.Until, Kind: x.Kind, Source: x.Subject, What: x.Text})
	}
	return all
}

// Numbers are counts and sizes.
func (v *service) Numbers() console.Numbers {
	view := v.live.View()
	n := console.Numbers{Events: v.live.Events(), Turns: view.Turns, Turn: view.Slowest, Mark: view.Mark, Lag: map[string]time.Duration{}, Dropped: map[string]int64{}, Alerts: map[string]int64{}, GivenUp: map[string]int64{}}
	now, sources := time.Now(), v.Sources()
	n.Lag["read"] = max(v.lags.look(now, sources).takes, lateStreams(now, view.Origins, sources))
	n.Lag["join"] = now.Sub(view.At)
	for _, g := range view.Groups {
		for _, m := range g.Held {
			n.Matches += m
		}
		for _, l := range g.LetGo {
			n.Dropped[l.Kind] += l.N
		}
		n.Pages += int64(g.Pages)
	}
	for _, s := range sources {
		if s.Lost > 0 {
			n.Dropped["lost by "+s.Kind] += s.Lost
		}
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	n.Memory = int64(mem.HeapAlloc)
	if s, err := v.store.Size(); err == nil {
		n.Store, n.Free = s.File+s.Log, max(0, s.Free)
	}
	n.Archive = v.archived.Load()
	for _, r := range v.sender.Stats() {
		n.Alerts[r.Route], n.GivenUp[r.Route] = r.Sent, r.GivenUp
		n.Unsent += int64(r.Waiting)
	}
	return n
}

var errNoEvents = console.Refused("no events are kept: the configuration turned the archive off")

// Search goes through the archive.
func (v *service) Search(ctx context.Context, q console.SearchQuery) iter.Seq2[*tocsin.Event, error] {
	return func(yield func(*tocsin.Event, error) bool) {
		if v.archive == nil {
			yield(nil, errNoEvents)
			return
		}
		release := v.archive.Hold()
		defer release()
		found, err := v.search(ctx, q)
		for _, ev := range found {
			if !yield(ev, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// Record is one event of the archive.
func (v *service) Record(ctx context.Context, tenant string, at tocsin.Place) (*tocsin.Event, error) {
	for _, g := range v.groups(tenant) { // those that matched are at hand
		for _, m := range v.live.Matches(g.Name) {
			if m.Event.Place() == at {
				return v.shown(m.Event), nil
			}
		}
	}
	if v.archive == nil {
		return nil, console.ErrNotFound
	}
	release := v.archive.Hold()
	defer release()
	ev, err := v.record(ctx, tenant, at)
	if err != nil {
		return nil, err
	}
	return v.shown(ev), nil
}

// shown is an event as it may be shown.
func (v *service) shown(ev *tocsin.Event) *tocsin.Event {
	m := &tocsin.Match{Time: ev.Time, Rule: &tocsin.Rule{}, Event: ev}
	h := report.Private(&report.Hunt{Matches: report.List{m}, Principals: v.principals()}, report.Privacy{Redact: v.rules.Load().know.Redact})
	for x := range h.Matches.All(true) {
		return x.Event.Clone()
	}
	return ev
}

// Report writes a campaign, or all.
func (v *service) Report(ctx context.Context, w io.Writer, q console.ReportQuery) error {
	h := &report.Hunt{Version: version(), Made: time.Now().UTC(), Principals: v.Principals(q.Tenant), Coverage: v.coverage()}
	if q.ID == "" {
		for _, g := range v.groups(q.Tenant) {
			h.Campaigns = append(h.Campaigns, g.Campaigns...)
		}
	} else {
		t, err := v.Campaign(ctx, q.Tenant, q.ID)
		if err != nil {
			return err
		}
		h.Campaigns = []*tocsin.Campaign{t.Campaign}
	}
	matches, err := v.Matches(ctx, console.MatchQuery{Tenant: q.Tenant, Campaign: q.ID, Limit: 1000})
	if err != nil {
		return err
	}
	h.Matches = report.List(matches)
	h = report.Private(h, report.Privacy{Redact: v.rules.Load().know.Redact})
	return (&huntCmd{Lang: q.Lang, Full: true}).writeReport(w, h, q.Format, std{ctx: ctx, out: w, err: io.Discard})
}

// coverage is what a report says about what was read.
func (v *service) coverage() *tocsin.Coverage {
	view := v.live.View()
	c := &tocsin.Coverage{Rules: len(v.compiled().Rules()), Rejected: v.rules.Load().rejected, RuleSets: v.rules.Load().sets}
	c.Faults, c.FaultN = v.live.Faults()
	for _, o := range view.Origins {
		f := tocsin.File{Path: o.Path, Format: o.Format, Events: o.Events, Faults: o.Faults, Last: o.Newest, Skipped: o.Why}
		c.Files = append(c.Files, f)
		c.Events += o.Events
		if o.Newest.After(c.Last) {
			c.Last = o.Newest
		}
	}
	for _, g := range view.Groups {
		c.LetGo = append(c.LetGo, g.LetGo...)
		for _, x := range g.Campaigns {
			if c.First.IsZero() || x.First.Before(c.First) {
				c.First = x.First
			}
		}
	}
	slices.SortFunc(c.Files, func(a, b tocsin.File) int { return strings.Compare(a.Path, b.Path) })
	return c
}

// SetStatus acknowledges, closes or opens a campaign.
func (v *service) SetStatus(ctx context.Context, who string, s console.StatusChange) error {
	t, err := v.Campaign(ctx, s.Tenant, s.ID)
	if err != nil {
		return err
	}
	err = v.store.SetStatus(ctx, t.Tenant, t.Campaign.ID, store.Status{State: s.Status, Benign: s.Benign, Note: s.Note, By: who, At: time.Now()})
	if errors.Is(err, store.ErrUnknown) {
		return fmt.Errorf("%w: it was told a moment ago and is not yet kept; try again in a second", console.ErrRefused)
	}
	if err != nil {
		return refused(err)
	}
	to := map[string]tell.Status{console.Open: tell.Open, console.Acknowledged: tell.Acknowledged, console.Closed: tell.Closed}[s.Status]
	if s.Status == console.Closed && s.Benign {
		to = tell.Benign
	}
	return v.keep.status(ctx, t.Tenant, t.Campaign.ID, to)
}

// Suppress keeps what is like something from being told.
func (v *service) Suppress(ctx context.Context, who string, s console.Suppression) error {
	var of *tocsin.Campaign
	if s.Campaign != "" {
		t, err := v.Campaign(ctx, s.Tenant, s.Campaign)
		if err != nil {
			return err
		}
		of, s.Tenant = t.Campaign, t.Tenant
	}
	return refused(v.looking.add(ctx, who, s, of))
}

// Audit notes what a person did.
func (v *service) Audit(ctx context.Context, a console.Act) error {
	detail := a.Detail
	if a.From != "" {
		detail = strings.TrimSpace(detail + " from " + a.From)
	}
	return v.store.Audit(ctx, store.Entry{At: a.Time, Who: a.Who, What: a.What, Subject: a.On, Detail: detail})
}

var _ console.Run = (*service)(nil)
