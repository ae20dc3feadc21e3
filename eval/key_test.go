package eval

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/prevalence"
)

// TestKeyEvents holds what campaigns say of key events and indicators against the records that they name: an event's time is that
// of its record, an entry's record names the account, an indicator's record names the indicator, what is used is neither private
// nor everybody's nor a victim, and the last event is the end of the campaign.
func TestKeyEvents(t *testing.T) {
	t.Run("example", func(t *testing.T) { keyEvents(t, "../example") })
	if testing.Short() {
		return // the recordings are read twice each
	}
	for _, dir := range recordings {
		t.Run(dir, func(t *testing.T) { keyEvents(t, data(t, dir)) })
	}
}

// A claim is what a record has to hold.
type claim struct {
	what  string // for the reader
	time  time.Time
	words []string // one of them stands in the record, where there are any
	near  time.Duration
}

func keyEvents(t *testing.T, path string) {
	found, _ := told(t, own(t), path)
	defer found.Close()
	claims := map[tocsin.Place][]claim{}
	add := func(p tocsin.Place, c claim) {
		p.Time = time.Time{}
		claims[p] = append(claims[p], c)
	}
	events, indicators := 0, 0
	for _, c := range found.Campaigns {
		keyShape(t, c)
		for _, e := range c.Key {
			events++
			for _, p := range e.Places {
				x := claim{what: c.ID + " " + e.Kind + ": " + e.What, time: p.Time, near: time.Second}
				if e.Kind == "entry" && e.Account != "" {
					x.words = []string{short(e.Account)}
				}
				add(p, x)
			}
			if !slices.ContainsFunc(e.Places, func(p tocsin.Place) bool { return p.Time.Sub(e.Time).Abs() <= time.Second }) {
				t.Errorf("%s %s %s: none of its places is of its time: %v", c.ID, e.Kind, e.Time, e.Places)
			}
		}
		for _, x := range slices.Concat(c.Used, c.Touched) {
			indicators++
			if (x.Kind == "address" || x.Kind == "domain" || x.Kind == "agent") && !strings.Contains(x.Why, " that begin at this place.") {
				add(x.Place, claim{what: c.ID + " " + x.Role + ": " + x.Why, time: x.Place.Time, near: time.Second, words: []string{x.Value}})
			}
		}
	}
	var mu sync.Mutex
	met, checked, coded := map[tocsin.Place]bool{}, 0, 0
	if _, err := engine.Read(context.Background(), engine.Input{Paths: []string{path}}, func(int) engine.Desk {
		return engine.DeskFunc(func(ev *tocsin.Event) {
			p := tocsin.Place{Source: ev.Source, Record: ev.Record}
			mu.Lock()
			defer mu.Unlock()
			if claims[p] == nil {
				return
			}
			p.Source = strings.Clone(p.Source)
			met[p] = true
			text := strings.ToLower(ev.Raw)
			for _, f := range ev.Fields {
				text += "\x00" + strings.ToLower(f.Value)
			}
			for _, c := range claims[p] {
				checked++
				if !c.time.IsZero() && !ev.Time.IsZero() && c.time.Sub(ev.Time).Abs() > c.near {
					t.Errorf("%s: %s, and the record is of %s: %s", p, c.time, ev.Time, c.what)
				}
				if len(c.words) > 0 && !slices.ContainsFunc(c.words, func(w string) bool { return strings.Contains(text, strings.ToLower(w)) }) {
					if strings.Contains(text, "base64") || strings.Contains(text, "-enc") || strings.Contains(text, "frombase64") {
						coded++ // it stands there in another form
						continue
					}
					t.Errorf("%s: does not name %q: %s", p, c.words, c.what)
				}
			}
		})
	}); err != nil {
		t.Fatal(err)
	}
	for p, c := range claims {
		if !met[p] {
			t.Errorf("%s: no such record: %s", p, c[0].what)
		}
	}
	t.Logf("%d campaigns, %d key events, %d indicators, %d claims held against their records, %d in another form", len(found.Campaigns), events, indicators, checked, coded)
}

func short(account string) string {
	name := account[strings.LastIndexByte(account, '\\')+1:]
	name, _, _ = strings.Cut(name, "@")
	return name[strings.LastIndexByte(name, '/')+1:]
}

// keyShape holds what has to be so whatever the records say.
func keyShape(t *testing.T, c *tocsin.Campaign) {
	t.Helper()
	victims := map[string]bool{}
	for _, v := range c.Victims {
		victims[strings.ToLower(v.Value)] = true
		for _, e := range v.Also {
			victims[strings.ToLower(e.Value)] = true
		}
	}
	n := map[string]int{}
	for i, e := range c.Key {
		n[e.Kind]++
		if len(e.Places) == 0 || e.What == "" {
			t.Errorf("%s: %+v", c.ID, e)
		}
		if i > 0 && e.Time.Before(c.Key[i-1].Time) {
			t.Errorf("%s: %s at %s after %s", c.ID, e.Kind, e.Time, c.Key[i-1].Time)
		}
		if (e.Kind == "sent" || e.Kind == "entry") && (e.Outcome == tocsin.Failed || e.Outcome == tocsin.Denied) {
			t.Errorf("%s: %s that did not work: %+v", c.ID, e.Kind, e)
		}
		if e.Kind == "last" && !e.Time.Equal(c.Last) {
			t.Errorf("%s: last seen %s, and it ends %s", c.ID, e.Time, c.Last)
		}
	}
	if n["last"] != 1 || n["contact"]+n["sign"] > 1 || len(c.Key) > 15 {
		t.Errorf("%s: kinds %v", c.ID, n)
	}
	for _, x := range c.Used {
		kind, name := prevalence.Provider(x.Value)
		if victims[strings.ToLower(x.Value)] && x.Role != "account" && x.Role != "key" || x.Kind == "address" && !tocsin.Internet(x.Value) || x.Kind != "url" && kind != "" {
			b, _ := json.Marshal(x)
			t.Errorf("%s: is used: %s %s", c.ID, b, name)
		}
	}
}
