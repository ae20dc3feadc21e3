package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/console"
	"github.com/tocsin-ids/tocsin/store"
)

// A looking is what people have said in the console that they do not want to be told of any more, for a time.
type looking struct {
	store *store.Store
	all   atomic.Pointer[[]hushed]
}

// A hushed is one of these, as the store keeps its conditions.
type hushed struct {
	Hosts  []string `json:"hosts,omitempty"`
	Entity string   `json:"entity,omitempty"` // KIND:VALUE
	Own    bool     `json:"own,omitempty"`    // only of its tenant, also where that has no name

	tenant  string // the group's name; "" is all
	rule    string
	expires time.Time
}

// refresh reads what is in force.
func (l *looking) refresh(ctx context.Context) error {
	all, err := l.store.Suppressions(ctx, time.Now())
	if err != nil {
		return err
	}
	var now []hushed
	for _, s := range all {
		h := hushed{tenant: s.Tenant, rule: s.Rule, expires: s.Expires}
		if len(s.Fields) > 0 {
			if err := json.Unmarshal(s.Fields, &h); err != nil {
				return fmt.Errorf("suppression %d: %w", s.ID, err)
			}
		}
		now = append(now, h)
	}
	l.all.Store(&now)
	return nil
}

// known says that a match of a group of tenants is hushed.
func (l *looking) known(group string, m *tocsin.Match) bool {
	all := l.all.Load()
	return all != nil && slices.ContainsFunc(*all, func(h hushed) bool { return h.fits(group, m) })
}

func (h *hushed) fits(group string, m *tocsin.Match) bool {
	if (h.tenant != "" || h.Own) && h.tenant != group || h.rule != "" && !named(m.Rule, h.rule) || len(h.Hosts) > 0 && !slices.Contains(h.Hosts, m.Event.Host) || !m.Time.IsZero() && m.Time.After(h.expires) {
		return false
	}
	return h.Entity == "" || slices.ContainsFunc(m.Event.Entities(), func(e tocsin.Entity) bool { return e.Kind+":"+e.Value == h.Entity })
}

// add keeps a suppression. Of a campaign it is one for each rule that held in it, on the machines that it is about and in its
// tenant.
func (l *looking) add(ctx context.Context, who string, s console.Suppression, c *tocsin.Campaign) error {
	of := hushed{Entity: s.Entity}
	rules := []string{s.Rule}
	if c != nil {
		if rules = c.Rules; len(rules) == 0 {
			return fmt.Errorf("%w: no rule held in it, so there is nothing by which its like could be known", console.ErrRefused)
		}
		of.Own = true
		for i := range c.Victims {
			if c.Victims[i].Kind == "host" {
				of.Hosts = append(of.Hosts, c.Victims[i].Value)
			}
		}
	}
	fields, err := json.Marshal(of)
	if err != nil {
		return err
	}
	for _, rule := range rules {
		if _, err := l.store.AddSuppression(ctx, store.Suppression{Tenant: s.Tenant, Rule: rule, Fields: fields, Reason: s.Reason, By: who, At: time.Now(), Expires: s.Until}); err != nil {
			return err
		}
	}
	return l.refresh(ctx)
}
