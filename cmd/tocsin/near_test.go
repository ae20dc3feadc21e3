package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "abc", 0}, {"", "abc", 3}, {"abc", "", 3}, {"web01", "wbe01", 1}, {"web01", "web1", 1}, {"web01", "web001", 1},
		{"kitten", "sitting", 3}, {"ca", "abc", 3}, {strings.Repeat("a", 500), strings.Repeat("a", 400), 0},
	} {
		if got := distance(tt.a, tt.b); got != tt.want || distance(tt.b, tt.a) != tt.want {
			t.Errorf("%.20q and %.20q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestNear(t *testing.T) {
	hosts := []string{"web01.corp.example", "web02.corp.example", "db01", "DC01", "mail"}
	for name, want := range map[string][]string{
		"wbe01": {"web01.corp.example"},
		"db1":   {"db01"},
		"dc01":  {"DC01", "db01"},
		"corp":  {"web01.corp.example", "web02.corp.example"},
		"xyz":   nil,
		"":      nil,
	} {
		if d := cmp.Diff(want, near(name, hosts)); d != "" {
			t.Errorf("%q (-want +got):\n%s", name, d)
		}
	}
}

// Every field that Tocsin's own rules read is one that readers give, and no known name is taken for a mistyped one.
func TestFieldNames(t *testing.T) {
	own, err := (&ruleFlags{}).load()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range lintFields(own.parsed()) {
		t.Error(f)
	}
	known := fieldNames()
	for _, n := range known {
		if m := mistyped(n, known); m != "" {
			t.Errorf("%s is taken for %s", n, m)
		}
	}
	for name, want := range map[string]string{"CommandLin": "CommandLine", "commandline": "CommandLine", "Imgae": "Image", "cs-uri-stme": "cs-uri-stem",
		"id.orig_hh": "id.orig_h", "destination.ips": "destination.ip", "my_own_field": "", "abc": "", "requestParameters.anything": ""} {
		if got := mistyped(name, known); got != want {
			t.Errorf("%s: taken for %q, want %q", name, got, want)
		}
	}
}
