package channel

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// all are the events of all samples together, each sample's hosts under addresses of their own.
func all(t testing.TB) []tocsin.Event {
	var events []tocsin.Event
	i := 1
	for _, r := range Rules() {
		i++
		for _, ev := range trafficOf(specOf(t, rows[strings.TrimPrefix(r.Name, "channel_")].sample), uint64(i)) {
			ev.Source = fmt.Sprint(i, "/", ev.Source)
			for j := range ev.Fields {
				ev.Fields[j].Value = strings.ReplaceAll(ev.Fields[j].Value, "10.1.0.", fmt.Sprintf("10.1.%d.", i))
				ev.Fields[j].Value = strings.ReplaceAll(ev.Fields[j].Value, "198.51.100.", fmt.Sprintf("2001:db8:%x::", 0x100+i))
			}
			events = append(events, ev)
		}
	}
	return events
}

func tableOfEvents(key Key, budget int, events []tocsin.Event) *Table {
	t := New(key)
	t.budget = budget
	for i := range events {
		t.Add(&events[i])
	}
	return t
}

// TestShares holds that neither the order of events, nor how they are shared out among readers, nor the written form makes a
// difference, within the bounds and at three times them.
func TestShares(t *testing.T) {
	events := all(t)
	rng := rand.New(rand.NewPCG(3, 4))
	one := tableOfEvents(Key{9}, budget, events)
	full := one.units
	for _, most := range []int{budget, full / 3} {
		want := tableOfEvents(Key{9}, most, events)
		if want.trim(); most < full && (want.units > most || len(want.LetGo()) == 0) {
			t.Fatalf("%d units of %d, let go: %v", want.units, most, want.LetGo())
		}
		form, err := want.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		found := want.Judge(Rules())
		if most == budget && len(found) < len(rows) {
			t.Fatalf("%d findings of %d rows", len(found), len(rows))
		}
		for _, n := range []int{1, 2, 3, 8} {
			shares := make([]*Table, n)
			for i := range shares {
				shares[i] = New(Key{9})
				shares[i].budget = most
			}
			for _, i := range rng.Perm(len(events)) {
				shares[rng.IntN(n)].Add(&events[i])
				if rng.IntN(5000) == 0 { // written and read back in between
					k := rng.IntN(n)
					b, _ := shares[k].AppendBinary(nil)
					back, err := Read(b, Key{9})
					if err != nil {
						t.Fatal(err)
					}
					back.budget = most
					shares[k] = back
				}
			}
			whole := shares[0]
			for _, s := range shares[1:] {
				whole.Merge(s)
			}
			got, _ := whole.AppendBinary(nil)
			if !bytes.Equal(got, form) {
				t.Errorf("%d shares of at most %d units: another written form", n, most)
			}
			if d := cmp.Diff(found, whole.Judge(Rules())); d != "" {
				t.Errorf("%d shares of at most %d units: %s", n, most, d)
			}
			if d := cmp.Diff(want.LetGo(), whole.LetGo()); d != "" {
				t.Errorf("%d shares: let go: %s", n, d)
			}
		}
	}
}

// TestKeyIsNotTold holds that what is told does not depend on the key while all can be kept.
func TestKeyIsNotTold(t *testing.T) {
	events := all(t)
	want := tableOfEvents(Key{1}, budget, events).Judge(Rules())
	if d := cmp.Diff(want, tableOfEvents(Key{2, 3}, budget, events).Judge(Rules())); d != "" {
		t.Error(d)
	}
}

// TestFlood holds that a source that contacts any number of places, and any number of sources, crowd out no beacon of a source
// that has no more than its share, that memory stays bounded, and that what is not kept is counted.
func TestFlood(t *testing.T) {
	events := trafficOf(specOf(t, rows["beacon"].sample), 5)
	table := New(Key{5})
	table.budget = 16 * leastShare
	flood := tocsin.Event{Sources: flowSources, Source: "flood.log", Time: morning, Fields: []tocsin.Field{{Name: "src_ip", Value: "10.1.0.200"}, {Name: "dst_ip"}, {Name: "dst_port", Value: "80"}}}
	n := int64(0)
	for i := range 3 * table.budget {
		flood.Record = uint64(i)
		flood.Fields[1].Value = fmt.Sprintf("2001:db8:%x:%x::1", i>>16, i&0xffff)
		flood.Time = morning.Add(time.Duration(i) * 100 * time.Millisecond)
		table.Add(&flood)
		n++
		if i%64 == 0 && i/64 < len(events) {
			table.Add(&events[i/64])
		}
		if most := table.budget + table.budget/slack + leastShare; table.units > most {
			t.Fatalf("%d units, more than %d", table.units, most)
		}
	}
	for i := min(len(events), 3*table.budget/64); i < len(events); i++ {
		table.Add(&events[i])
	}
	found := table.Judge(Rules())
	if len(found) != 1 || found[0].Rule.Name != "channel_beacon" {
		t.Errorf("%d findings: %v", len(found), found)
	}
	if l := table.LetGo(); len(l) != 1 || l[0].N < n/2 || l[0].N > n {
		t.Errorf("let go: %v, of %d", l, n)
	}
	for i := range 20_000 {
		flood.Fields[0].Value = fmt.Sprintf("10.%d.%d.%d", 2+i>>16, i>>8&255, i&255)
		for range 8 {
			table.Add(&flood)
		}
	}
	if table.trim(); table.units > table.budget {
		t.Errorf("%d units, more than %d", table.units, table.budget)
	}
}

// TestRhythms holds what is found of intervals and their jitter, and that random arrivals are not taken for regular ones.
func TestRhythms(t *testing.T) {
	for _, c := range []struct {
		every, jitter float64
		found         bool
	}{
		{30, 0, true}, {60, 0.1, true}, {60, 0.5, true}, {300, 0.2, true}, {600, 0.5, true}, {1500, 0.1, true},
		{60, 1, false}, {300, 1, false}, {900, 1, false}, // of 1: a Poisson process
		{2, 0, false}, // a transfer
	} {
		n := 0
		for seed := range uint64(20) {
			s := specOf(t, "port=4444 hours=10 hosts=1 of=12")
			s["every"], s["jitter"] = c.every, c.jitter
			if found := judged(t, trafficOf(s, seed)); len(found["beacon"])+len(found["regular"]) > 0 {
				n++
			}
		}
		if c.found && n < 19 || !c.found && n > 0 {
			t.Errorf("every %.0f s with jitter of %.0f %%: found in %d of 20", c.every, 100*c.jitter, n)
		}
	}
}

// TestOrdinary holds that what is like a channel and is none is not told: clocks, names of addresses, connections inside, what
// most hosts contact, few connections, and what is done for an hour only.
func TestOrdinary(t *testing.T) {
	for name, change := range map[string]func(ev *tocsin.Event){
		"a clock":          func(ev *tocsin.Event) { replace(ev, "4444", "123") },
		"a machine inside": func(ev *tocsin.Event) { replace(ev, "198.51.100.7", "10.7.0.7") },
		"multicast":        func(ev *tocsin.Event) { replace(ev, "198.51.100.7", "224.0.0.251") },
		"pings":            func(ev *tocsin.Event) { replace(ev, "tcp", "icmp") },
		"one connection, told again while it goes on": func(ev *tocsin.Event) { setField(ev, "src_port", "50001") },
		"the way back": func(ev *tocsin.Event) {
			replace(ev, "10.1.0.1", "x")
			replace(ev, "198.51.100.7", "10.1.0.1")
			replace(ev, "x", "198.51.100.7")
			replace(ev, "4444", "50001")
			setField(ev, "src_port", "443")
		},
		"an hour":            func(ev *tocsin.Event) { ev.Time = morning.Add(ev.Time.Sub(morning) / 12) },
		"its time not known": func(ev *tocsin.Event) { ev.Time = time.Time{} },
	} {
		events := trafficOf(specOf(t, rows["beacon"].sample), 2)
		if len(judged(t, events)) != 1 {
			t.Fatal("the beacon itself is not found")
		}
		for i := range events {
			change(&events[i])
		}
		if found := judged(t, events); len(found) > 0 {
			t.Errorf("%s: %v", name, titles(found))
		}
	}
}

func replace(ev *tocsin.Event, old, new string) {
	for i := range ev.Fields {
		if ev.Fields[i].Value == old {
			ev.Fields[i].Value = new
		}
	}
}

// TestScansAreNone holds that what strangers try in vain is not noted, whatever of theirs was answered before, while what is
// refused to a host of the site still counts.
func TestScansAreNone(t *testing.T) {
	for name, want := range map[string]int{"called": 0, "regular": 1, "beacon": 1} {
		events := trafficOf(specOf(t, rows[name].sample), 4)
		for i := range events {
			if events[i].Sources[0].Category == "firewall" && i%40 != 0 {
				events[i].Add("conn_state", "S0")
			}
		}
		if found := judged(t, events); len(found) != want {
			t.Errorf("%s: %v", name, titles(found))
		}
	}
}

// TestToldOnce holds that what a sensor tells of one channel in two logs, by address and by name, is one finding.
func TestToldOnce(t *testing.T) {
	events := trafficOf(specOf(t, rows["regular"].sample), 3)
	for _, ev := range events {
		if ev.Sources[0].Category == "proxy" {
			twin := ev
			twin.Sources, twin.Source = flowSources, "conn.log"
			twin.Fields = []tocsin.Field{{Name: "src_ip", Value: "10.1.0.1"}, {Name: "dst_ip", Value: "198.51.100.7"}, {Name: "dst_port", Value: "8000"}}
			events = append(events, twin)
		}
	}
	if found := judged(t, events); len(found["regular"]) != 1 || len(found) != 1 {
		t.Errorf("%v", titles(found))
	}
}

// TestMatch holds that a finding tells its numbers, and the places of its connections in order.
func TestMatch(t *testing.T) {
	m := judged(t, trafficOf(specOf(t, rows["beacon"].sample), 1))["beacon"][0]
	held := map[string]string{}
	for _, f := range slices.Concat(m.Event.Fields, m.Held) {
		held[f.Name] = f.Value
	}
	for _, name := range []string{"src_ip", "dst_ip", "dst_port", "connections", "median interval", "spread", "hours", "sent", "hosts that contact it", "evidence"} {
		if held[name] == "" {
			t.Errorf("%s is not told: %v", name, m.Held)
		}
	}
	if held["connections"] != fmt.Sprint(len(m.Series)) || m.Event.Record != m.Series[len(m.Series)-1].Record || !m.Time.Equal(m.Event.Time) || m.Key == [16]byte{} {
		t.Errorf("%d places, %v", len(m.Series), m)
	}
	for i := 1; i < len(m.Series); i++ {
		if m.Series[i].Time.Before(m.Series[i-1].Time) {
			t.Fatalf("places out of order at %d", i)
		}
	}
}

// TestForget holds that what is forgotten is as if it had not been noted.
func TestForget(t *testing.T) {
	events := all(t)
	cut := morning.Add(5 * time.Hour)
	var late []tocsin.Event
	for _, ev := range events {
		if !ev.Time.Before(cut) {
			late = append(late, ev)
		}
	}
	table := tableOfEvents(Key{1}, budget, events)
	table.Forget(cut)
	want := tableOfEvents(Key{1}, budget, late)
	if table.units != want.units || len(table.sources) != len(want.sources) || len(table.pairs) != len(want.pairs) {
		t.Errorf("%d units, %d sources, %d pairs; want %d, %d, %d", table.units, len(table.sources), len(table.pairs), want.units, len(want.sources), len(want.pairs))
	}
	if l := table.LetGo(); len(l) > 0 {
		t.Errorf("let go: %v", l)
	}
	if table.Forget(morning.Add(48 * time.Hour)); len(table.sources)+len(table.pairs)+table.units != 0 {
		t.Errorf("%d sources, %d pairs, %d units are left", len(table.sources), len(table.pairs), table.units)
	}
}

// TestRegistered holds what of a name somebody registered.
func TestRegistered(t *testing.T) {
	for name, want := range map[string]string{
		"a.b.shop.example": "shop.example", "shop.example": "shop.example", "example": "", "": "", ".": "", "a.b.shop.co.uk": "shop.co.uk",
		"x.shop.com.au": "shop.com.au", "shop.com.au": "shop.com.au", "www.long.de": "long.de", "1.0.0.10.in-addr.arpa": "in-addr.arpa",
	} {
		if got := registered(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// hostile are values that nobody should trust.
var hostile = []string{"", "-", "0", "-1", "99999999999999999999", "NaN", "\x00", "\x1b[2J", strings.Repeat("a", 5000), "198.51.100.7", "10.1.0.1", "::", "::ffff:10.1.0.1", "[2001:db8::1]:443",
	"fe80::1%eth0", "a.b", "..", "xn--", strings.Repeat("a.", 200), "http://", "http://@/", "https://u:p@h.example:99999/x", "\xff\xfe.example", "CONNECT", "NXDOMAIN"}

// TestHostile holds that no event, whatever is in it, does more than be noted.
func TestHostile(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	names := []string{"src_ip", "dst_ip", "dst_port", "src_port", "orig_bytes", "resp_bytes", "duration", "cs-host", "cs-method", "cs-uri", "cs-user-agent", "query", "rcode_name", "answer", "validation_status", "event_type", "proto", "Initiated"}
	times := []time.Time{{}, morning, time.Unix(0, 0), time.Unix(-1, 0), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2106, 2, 7, 6, 28, 15, 0, time.UTC)}
	sources := [][]tocsin.LogSource{flowSources, dnsSources, proxySources, {{Service: "tls"}}, {{Category: "network_connection"}}, {}}
	table := New(Key{})
	for i := range 20_000 {
		ev := tocsin.Event{Time: times[rng.IntN(len(times))], Sources: sources[rng.IntN(len(sources))], Record: uint64(i), Host: hostile[rng.IntN(len(hostile))]}
		for range rng.IntN(12) {
			ev.Fields = append(ev.Fields, tocsin.Field{Name: names[rng.IntN(len(names))], Value: hostile[rng.IntN(len(hostile))]})
		}
		table.Add(&ev)
	}
	table.Judge(Rules())
	b, err := table.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Read(b, Key{})
	if err != nil {
		t.Fatal(err)
	}
	if c, _ := back.AppendBinary(nil); !bytes.Equal(b, c) {
		t.Error("read back, the table is another")
	}
}

// FuzzRead holds that whatever is read is refused or a table that can be used.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"tunnel", "regular"} {
		b, err := tableOfEvents(Key{1}, budget, trafficOf(specOf(f, rows[name].sample), 1)[:300]).AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := Read(b, Key{1})
		if err != nil {
			return
		}
		table.Judge(Rules())
		table.Forget(morning)
		if _, err := table.AppendBinary(nil); err != nil {
			t.Fatal(err)
		}
	})
}

// setField gives a field another value where an event has it.
func setField(ev *tocsin.Event, name, value string) {
	for i := range ev.Fields {
		if ev.Fields[i].Name == name {
			ev.Fields[i].Value = value
		}
	}
}
