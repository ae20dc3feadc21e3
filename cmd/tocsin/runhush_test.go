package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/console"
	"github.com/tocsin-ids/tocsin/engine"
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
	hides := v.looking.known(engine.Input{}).Known
	if !hides(match("svc-backup")) || hides(match("svc-other")) {
		t.Errorf("hidden: %v, and %v of another", hides(match("svc-backup")), hides(match("svc-other")))
	}
	if err := v.Suppress(ctx, "ann", console.Suppression{Reason: "all", Until: now.Add(time.Hour)}); !errors.Is(err, console.ErrRefused) || !errors.Is(err, store.ErrBad) {
		t.Errorf("neither rule nor entity: %v", err)
	}
}
