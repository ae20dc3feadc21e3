package main

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/console"
	"github.com/tocsin-ids/tocsin/engine"
)

// TestKeptOfTenants says that what is kept of a tenant is found under its name and that of the tenants it is joined to, in the
// spool and in Parquet files, and nothing of others.
func TestKeptOfTenants(t *testing.T) {
	v := partOfRun(t)
	v.settings.Store(&Config{Tenants: ConfigTenants{Joined: [][]string{{"acme", "beta"}}}})
	now := time.Now().Add(-2 * time.Hour)
	put := func(n uint64) {
		for _, tenant := range []string{"acme", "beta", "gamma", ""} {
			keepEvents(t, v, tenant, &tocsin.Event{Time: now, Source: "x.log of " + tenant, Record: n})
		}
	}
	put(1)
	for after := range 2 {
		if _, err := v.archive.Roll(time.Now().Add(time.Duration(after) * time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(v.dir, "archive", "*", "*", "*", "*", "*.parquet")); len(files) != 4 {
		t.Fatalf("%q", files)
	}
	put(2)
	for name, want := range map[string][]string{
		"":          {"x.log of ", "x.log of acme", "x.log of beta", "x.log of gamma"},
		"acme+beta": {"x.log of acme", "x.log of beta"},
		"acme":      {"x.log of acme"},
		"gamma":     {"x.log of gamma"},
		"delta":     nil,
	} {
		var found []string
		err := v.kept(context.Background(), engine.Input{Workers: 1}, name, func(int) engine.Desk {
			return engine.DeskFunc(func(ev *tocsin.Event) { found = append(found, ev.Clone().Source) })
		})
		slices.Sort(found)
		if twice := slices.Sorted(slices.Values(slices.Concat(want, want))); err != nil || !slices.Equal(found, twice) {
			t.Errorf("%q: %q, %v; want each of %q twice", name, found, err, want)
		}
		for _, source := range []string{"x.log of beta", "x.log of "} {
			for n := range uint64(2) {
				at := tocsin.Place{Source: source, Record: n + 1}
				if ev, err := v.record(context.Background(), name, at); (err == nil) != slices.Contains(want, source) || err != nil && err != console.ErrNotFound || ev != nil && (ev.Source != source || ev.Record != n+1) {
					t.Errorf("%v of %q: %v, %v", at, name, ev, err)
				}
			}
		}
	}
}
