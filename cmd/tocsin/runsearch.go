package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/console"
	"github.com/tocsin-ids/tocsin/engine"
)

// Bounds of a search.
const (
	searchUsual = 200
	searchMost  = 5000
)

// errFoundRecord ends a search that has found what it looks for.
var errFoundRecord = errors.New("enough was found")

// search goes through the archive for the first events that a query asks for, in order of time.
func (v *service) search(ctx context.Context, q console.SearchQuery) ([]*tocsin.Event, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = searchUsual
	}
	limit = min(limit, searchMost)
	text := strings.ToLower(q.Text)
	var mu sync.Mutex
	var found []*tocsin.Event
	order := func(a, b *tocsin.Event) int { return a.Time.Compare(b.Time) }
	err := v.kept(ctx, engine.Input{From: q.From, To: q.To}, q.Tenant, func(int) engine.Desk {
		return engine.DeskFunc(func(ev *tocsin.Event) {
			if !wantedBy(ev, text, q.Fields) {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if len(found) >= limit && !ev.Time.Before(found[limit-1].Time) {
				return
			}
			c := ev.Clone()
			at, _ := slices.BinarySearchFunc(found, c, order)
			found = slices.Insert(found, at, c)
			found = found[:min(len(found), limit)]
		})
	})
	for i, ev := range found {
		found[i] = v.shown(ev)
	}
	return found, err
}

// wantedBy says that an event is one that a search asks for.
func wantedBy(ev *tocsin.Event, text string, fields []tocsin.Field) bool {
	for _, f := range fields {
		if f.Name == "Host" || f.Name == "host" {
			if like(f.Value, ev.Host) {
				continue
			}
		}
		if !hasLike(ev, f.Name, f.Value) {
			return false
		}
	}
	if text == "" || strings.Contains(strings.ToLower(ev.Raw), text) || strings.Contains(strings.ToLower(ev.Host), text) {
		return true
	}
	return slices.ContainsFunc(ev.Fields, func(f tocsin.Field) bool { return strings.Contains(strings.ToLower(f.Value), text) })
}

// record looks for one event in the archive.
func (v *service) record(ctx context.Context, tenant string, at tocsin.Place) (*tocsin.Event, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var mu sync.Mutex
	var found *tocsin.Event
	err := v.kept(ctx, engine.Input{}, tenant, func(int) engine.Desk {
		return engine.DeskFunc(func(ev *tocsin.Event) {
			if ev.Record != at.Record || ev.Source != at.Source {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if found == nil {
				found = ev.Clone()
				stop(errFoundRecord)
			}
		})
	})
	switch {
	case found != nil:
		return found, nil
	case err != nil:
		return nil, err
	}
	return nil, console.ErrNotFound
}

// kept reads the events that are kept of a tenant or a group of joined ones, or of all where its name is empty.
func (v *service) kept(ctx context.Context, in engine.Input, tenant string, desk func(int) engine.Desk) error {
	in.Paths = []string{filepath.Join(v.dir, archiveFolder)}
	if tenant != "" {
		group := joinedTenants(v.config().Tenants.Joined)
		in.Source.Tenant = func(t string) bool { return t == tenant || group != nil && group(t) == tenant }
	}
	_, err := engine.Read(ctx, in, desk)
	return err
}
