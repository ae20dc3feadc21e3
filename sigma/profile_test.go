package sigma

import (
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// A profile counts each look at a rule and each time it held, and gives it the time in between.
func TestProfile(t *testing.T) {
	rules, faults := Parse("x.yml", []byte("title: A\nid: a\nlogsource: {product: p}\ndetection: {s: {f: yes}, condition: s}\n---\ntitle: B\nid: b\nlogsource: {product: p}\ndetection: {s: {g|contains: no}, condition: not s}\n"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	set, faults := Compile(rules, Options{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	now := int64(0)
	p := set.NewProfile(func() int64 { now += 5; return now })
	m := set.Matcher()
	m.Profile(p)
	sources := []tocsin.LogSource{{Product: "p"}}
	for _, value := range []string{"yes", "other", "yes"} {
		m.Match(&tocsin.Event{Sources: sources, Fields: []tocsin.Field{{Name: "f", Value: value}}}, func(int) {})
	}
	m.Profile(nil)
	m.Match(&tocsin.Event{Sources: sources, Fields: []tocsin.Field{{Name: "f", Value: "yes"}}}, func(int) {})
	all := set.NewProfile(nil)
	all.Join(p)
	all.Join(p)
	if all.Held[0] != 4 || all.Looked[0] != 4 || all.Nanos[0] != 20 || all.Looked[1] != 6 || all.Held[1] != 6 {
		t.Errorf("%+v", all)
	}
}
