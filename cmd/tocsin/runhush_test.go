package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/console"
	"github.com/tocsin-ids/tocsin/store"
)

// TestSuppressEntity hides what one entity does, whatever the rule, and refuses what would hide everything.
func TestSuppressEntity(t *testing.T) {
	v := partOfRun(t)
	v.looking = &looking{store: v.store}
	ctx, now := context.Background(), time.Now()
	s := console.Suppression{Entity: "user:svc-backup", Reason: "the backup", Until: now.Add(time.Hour)}
	if err := v.Suppress(ctx, "ann", s); err != nil {
		t.Fatal(err)
	}
	match := func(user string) *tocsin.Match {
		return &tocsin.Match{Time: now, Rule: &tocsin.Rule{ID: "any"}, Event: &tocsin.Event{Host: "h", Fields: []tocsin.Field{{Name: "User", Value: user}}}}
	}
	hides := func(m *tocsin.Match) bool { return v.looking.known("", m) && v.looking.known("acme", m) }
	if !hides(match("svc-backup")) || hides(match("svc-other")) {
		t.Errorf("hidden: %v, and %v of another", hides(match("svc-backup")), hides(match("svc-other")))
	}
	if err := v.Suppress(ctx, "ann", console.Suppression{Reason: "all", Until: now.Add(time.Hour)}); !errors.Is(err, console.ErrRefused) || !errors.Is(err, store.ErrBad) {
		t.Errorf("neither rule nor entity: %v", err)
	}
}

// TestSuppressTenant says that what is hushed in one tenant is told in another.
func TestSuppressTenant(t *testing.T) {
	v := partOfRun(t)
	v.looking = &looking{store: v.store}
	ctx, now := context.Background(), time.Now()
	m := func(rule string) *tocsin.Match {
		return &tocsin.Match{Time: now, Rule: &tocsin.Rule{ID: rule}, Event: &tocsin.Event{Host: "h"}}
	}
	of := &tocsin.Campaign{Rules: []string{"of a campaign"}}
	for rule, c := range map[string]*tocsin.Campaign{"for all": nil, "of a campaign": of} {
		s := console.Suppression{Reason: "x", Until: now.Add(time.Hour)}
		if c == nil {
			s.Rule = rule
		}
		if err := v.looking.add(ctx, "ann", s, c); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.looking.add(ctx, "ann", console.Suppression{Tenant: "acme+beta", Rule: "joined", Reason: "x", Until: now.Add(time.Hour)}, nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rule, group string
		want        bool
	}{
		{"joined", "acme+beta", true}, {"joined", "gamma", false}, {"joined", "", false},
		{"for all", "", true}, {"for all", "gamma", true},
		{"of a campaign", "", true}, {"of a campaign", "gamma", false}, // whose tenant has no name
	} {
		if got := v.looking.known(c.group, m(c.rule)); got != c.want {
			t.Errorf("the rule %q in tenant %q is hushed: %v", c.rule, c.group, got)
		}
	}
}
