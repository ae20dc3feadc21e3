package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/archive"
)

// TestSearchArchive searches an archive by time and by the value of a field: what is passed over is said, and a field that only
// what is passed over has is not said to be nowhere.
func TestSearchArchive(t *testing.T) {
	dir := t.TempDir()
	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	day := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	var b archive.Block
	for i := range 300 {
		hour := i / 100
		b.Add(&tocsin.Event{Time: day.Add(time.Duration(hour) * time.Hour), Source: "x.log", Record: uint64(i + 1), Format: "json",
			Fields: []tocsin.Field{{Name: "CommandLine", Value: fmt.Sprintf("Whoami /all%d", hour)}, {Name: fmt.Sprintf("only%d", hour), Value: "1"}}})
	}
	if err := a.Append("", &b); err != nil {
		t.Fatal(err)
	}
	m, _ := a.Sync()
	_ = a.Committed(m)
	_, _ = a.Roll(day)
	if _, err := a.Roll(day.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	search := func(q queryFlags, from, to string) (found int, said string) {
		var out, errs bytes.Buffer
		in := inputFlags{Paths: []string{dir}, Zone: "UTC", From: from, To: to}
		if err := listEvents(std{ctx: context.Background(), out: &out, err: &errs}, &in, &q, &eventFlags{}); err != nil {
			t.Fatal(err)
		}
		return strings.Count(out.String(), "x.log:"), errs.String()
	}
	if n, said := search(queryFlags{Field: []string{"process.command_line=whoami /ALL1"}}, "", ""); n != 100 || strings.Count(said, "1 of 1 row groups, with 100 events, have not all the values") != 2 || !strings.Contains(said, "100 of 100 events") {
		t.Errorf("by value: %d found\n%s", n, said)
	}
	if n, said := search(queryFlags{Field: []string{"CommandLine=whoami*"}}, "2026-11-28 02:00", ""); n != 100 || !strings.Contains(said, "200 events outside the time range") {
		t.Errorf("by time: %d found\n%s", n, said)
	}
	if n, said := search(queryFlags{Field: []string{"CommandLine=whoami /all0", "only2=1"}}, "", ""); n != 0 || strings.Contains(said, "no event has a field") {
		t.Errorf("by values that are in different events: %d found\n%s", n, said)
	}
	if n, said := search(queryFlags{Field: []string{"only9=1"}}, "", ""); n != 0 || !strings.Contains(said, "no event has a field only9; did you mean") {
		t.Errorf("by a field that is nowhere: %d found\n%s", n, said)
	}
}

// TestSearchTenant searches what an archive has of some tenants, in Parquet files and in the spool, and says which there are not.
func TestSearchTenant(t *testing.T) {
	v := partOfRun(t)
	now := time.Now().Add(-2 * time.Hour)
	put := func() {
		for _, tenant := range []string{"acme", "beta", ""} {
			keepEvents(t, v, tenant, &tocsin.Event{Time: now, Source: "x.log", Record: 1, Raw: "of <" + tenant + ">"})
		}
	}
	put()
	for after := range 2 {
		if _, err := v.archive.Roll(time.Now().Add(time.Duration(after) * time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	put()
	for _, c := range []struct {
		flags  string
		want   []string
		errors string
	}{
		{"", []string{"of <>", "of <>", "of <acme>", "of <acme>", "of <beta>", "of <beta>"}, ""},
		{"--tenant acme", []string{"of <acme>", "of <acme>"}, "x.txt: it does not tell of which tenant its events are"},
		{"--tenant=", []string{"of <>", "of <>"}, ".parquet: of another tenant"},
		{"--tenant acme --tenant beta", []string{"of <acme>", "of <acme>", "of <beta>", "of <beta>"}, ""},
		{"--tenant acme --tenant bet", []string{"of <acme>", "of <acme>"}, "--tenant bet: no events of it are kept there; did you mean beta?"},
		{"--tenant acme --tenant x+y", []string{"of <acme>", "of <acme>"}, `--tenant x+y: no events of it are kept there; there are "", acme, beta`},
	} {
		other := filepath.Join(t.TempDir(), "x.txt")
		if err := os.WriteFile(other, []byte("2026-11-28T14:00:00Z web01 app: said\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		args := append(strings.Fields("search --text of --columns raw "+c.flags), filepath.Join(v.dir, "archive"), other)
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, std{out: &out, err: &errs}); code != 0 {
			t.Fatalf("%s: exit status %d\n%s", c.flags, code, &errs)
		}
		got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		slices.Sort(got)
		if !slices.Equal(got, c.want) || !strings.Contains(errs.String(), c.errors) {
			t.Errorf("%s: %q, want %q\n%s", c.flags, got, c.want, &errs)
		}
	}
}
