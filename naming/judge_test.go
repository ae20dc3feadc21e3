package naming

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// Makers of events as decoders make them.
var (
	zeekDHCP = []tocsin.LogSource{{Product: "zeek", Service: "dhcp"}}
	zeekNTLM = []tocsin.LogSource{{Product: "zeek", Service: "ntlm"}}
	zeekDNS  = []tocsin.LogSource{{Product: "zeek", Category: "dns", Service: "dns"}}
	sysmon3  = []tocsin.LogSource{{Product: "windows", Category: "network_connection", Service: "sysmon"}}
	postfix  = []tocsin.LogSource{{Product: "linux", Service: "postfix"}}
	day      = time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
)

func event(sources []tocsin.LogSource, at time.Time, record uint64, pairs ...string) *tocsin.Event {
	ev := &tocsin.Event{Time: at, Sources: sources, Source: "a.log", Record: record, Format: "zeek"}
	for i := 0; i < len(pairs); i += 2 {
		ev.Fields = append(ev.Fields, tocsin.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return ev
}

func lease(hour float64, address, host string) *tocsin.Event {
	return event(zeekDHCP, day.Add(time.Duration(hour*float64(time.Hour))), uint64(hour*100), "assigned_addr", address, "host_name", host, "msg_types", "ACK")
}

func claim(hour float64, address, host string) *tocsin.Event {
	return event(zeekNTLM, day.Add(time.Duration(hour*float64(time.Hour))), uint64(hour*100), "id.orig_h", address, "hostname", host)
}

func ownRecord(hour float64, address, host string) *tocsin.Event {
	ev := event(sysmon3, day.Add(time.Duration(hour*float64(time.Hour))), uint64(hour*100), "EventID", "3", "Initiated", "true", "Protocol", "tcp", "SourceIp", address)
	ev.Host = host
	return ev
}

func answer(hour float64, name, address string) *tocsin.Event {
	return event(zeekDNS, day.Add(time.Duration(hour*float64(time.Hour))), uint64(hour*100), "query", name, "qtype_name", "A", "answers", address)
}

// told is what Names says of machines: "ADDRESS HOST from-to", with a ? before what is doubted.
func toldOf(f *Facts) (all []string) {
	for _, k := range f.Names().All() {
		s := fmt.Sprintf("%s %s %s-%s", k.Of.Value, k.Name.Value, k.First.Format("15"), k.Last.Format("15"))
		if k.Doubt != "" {
			s = "? " + s
		}
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

// TestMachines: which host an address is and when, and when it is none.
func TestMachines(t *testing.T) {
	for name, c := range map[string]struct {
		events []*tocsin.Event
		want   []string
	}{
		"an address that is given to one machine after another": {
			[]*tocsin.Event{lease(8, "10.0.0.5", "lap7"), lease(9, "10.0.0.5", "LAP7"), lease(13, "10.0.0.5", "lap8"), lease(20, "10.0.0.5", "lap7")},
			[]string{"10.0.0.5 lap7 08-09", "10.0.0.5 lap7 20-20", "10.0.0.5 lap8 13-13"}},
		"two machines at a time behind one address": {
			[]*tocsin.Event{claim(8, "10.0.0.9", "pc1"), claim(8.01, "10.0.0.9", "pc2"), claim(9, "10.0.0.9", "pc1"), claim(9.01, "10.0.0.9", "pc3")},
			[]string{"? 10.0.0.9 pc1 08-09", "? 10.0.0.9 pc2 08-08", "? 10.0.0.9 pc3 09-09"}},
		"an address that goes back and forth": {
			[]*tocsin.Event{claim(8, "10.0.0.9", "pc1"), claim(9, "10.0.0.9", "pc2"), claim(10, "10.0.0.9", "pc1"), claim(11, "10.0.0.9", "pc2"), claim(12, "10.0.0.9", "pc1")},
			[]string{"? 10.0.0.9 pc1 08-12", "? 10.0.0.9 pc2 09-11"}},
		"a claim between a machine's own records": {
			[]*tocsin.Event{ownRecord(8, "10.0.0.5", "fs01"), claim(9, "10.0.0.5", "fake"), ownRecord(11, "10.0.0.5", "fs01")},
			[]string{"10.0.0.5 fs01 08-11", "? 10.0.0.5 fake 09-09"}},
		"a name that somebody else gives for his own, while the machine is elsewhere": {
			[]*tocsin.Event{ownRecord(8, "10.0.0.5", "fs01"), ownRecord(10, "10.0.0.5", "fs01"), claim(8.5, "10.0.0.66", "FS01")},
			[]string{"10.0.0.5 fs01 08-10", "? 10.0.0.66 fs01 08-08"}},
		"a machine that moves": {
			[]*tocsin.Event{ownRecord(8, "10.0.0.5", "lap7"), claim(14, "10.0.1.7", "lap7")},
			[]string{"10.0.0.5 lap7 08-08", "10.0.1.7 lap7 14-14"}},
		"what a machine says of itself counts for more than what others do": {
			[]*tocsin.Event{ownRecord(8, "10.0.0.5", "fs01"), claim(8, "10.0.0.5", "fake"), answer(8, "evil.example", "10.0.0.5")},
			[]string{"10.0.0.5 fs01 08-08", "? 10.0.0.5 evil.example 08-08", "? 10.0.0.5 fake 08-08"}},
		"whoever has a domain may name any address in it": {
			[]*tocsin.Event{answer(8, "evil.example", "10.0.0.5")},
			[]string{"? 10.0.0.5 evil.example 08-08"}},
		"a name below a domain of the machines at hand": {
			[]*tocsin.Event{ownRecord(8, "10.0.0.1", "dc1.corp.example"), answer(8, "fs01.corp.example", "10.0.0.5"), answer(8, "corp.example", "10.0.0.1")},
			[]string{"10.0.0.1 dc1.corp.example 08-08", "10.0.0.5 fs01.corp.example 08-08", "? 10.0.0.1 corp.example 08-08"}},
		"one name that many give": {
			[]*tocsin.Event{claim(8, "10.0.0.1", "workstation"), claim(8, "10.0.0.2", "workstation"), claim(8, "10.0.0.3", "workstation"), claim(8, "10.0.0.4", "workstation"), claim(8, "10.0.0.5", "workstation")},
			[]string{"? 10.0.0.1 workstation 08-08", "? 10.0.0.2 workstation 08-08", "? 10.0.0.3 workstation 08-08", "? 10.0.0.4 workstation 08-08", "? 10.0.0.5 workstation 08-08"}},
		"a machine's short name, its long one and what NetBIOS leaves of it": {
			[]*tocsin.Event{ownRecord(8, "10.0.0.5", "a-very-long-machine.corp.example"), claim(8, "10.0.0.5", "A-VERY-LONG-MAC"), lease(8, "10.0.0.5", "a-very-long-machine")},
			[]string{"10.0.0.5 a-very-long-mac 08-08", "10.0.0.5 a-very-long-machine 08-08", "10.0.0.5 a-very-long-machine.corp.example 08-08"}},
		"a list's mailbox": {
			[]*tocsin.Event{event(postfix, day, 1, "message", "9A1: to=<ann@corp.example>, orig_to=<all@corp.example>, relay=local"), event(postfix, day, 2, "message", "9A1: to=<bob@corp.example>, orig_to=<all@corp.example>, relay=local"),
				event(postfix, day, 3, "message", "9A1: to=<bob@corp.example>, orig_to=<sales@corp.example>, relay=local")},
			[]string{"? all@corp.example ann@corp.example 00-00", "? all@corp.example bob@corp.example 00-00", "sales@corp.example bob@corp.example 00-00"}},
	} {
		if d := cmp.Diff(c.want, toldOf(collect(t, c.events))); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestMachineAt: the machine that an address was at a time.
func TestMachineAt(t *testing.T) {
	n := collect(t, []*tocsin.Event{lease(8, "10.0.0.5", "lap7"), lease(9, "10.0.0.5", "lap7"), lease(13, "10.0.0.5", "lap8"), lease(14, "10.0.0.6", "lap9"), lease(14, "10.0.0.6", "lap9.corp.example")}).Names()
	for _, c := range []struct {
		address  string
		from, to float64
		want     string
	}{
		{"10.0.0.5", 8.5, 8.6, "lap7"}, {"10.0.0.5", 12, 12, "lap7"}, {"10.0.0.5", 12.9, 12.9, "lap7"}, {"10.0.0.5", -3, -3, "lap7"}, {"10.0.0.5", 13, 20, "lap8"}, {"10.0.0.5", 8, 14, ""}, {"10.0.0.5", 60, 60, ""}, {"10.0.0.5", -20, -20, ""},
		{"10.0.0.6", -500, 500, "lap9.corp.example"}, {"10.0.0.7", 8, 8, ""},
	} {
		at := func(h float64) time.Time { return day.Add(time.Duration(h * float64(time.Hour))) }
		m, ok := n.Machine(c.address, at(c.from), at(c.to))
		if m.Name.Value != c.want || ok != (c.want != "") {
			t.Errorf("%s from %v to %v is %q, want %q", c.address, c.from, c.to, m.Name.Value, c.want)
		}
	}
	if _, ok := n.Machine("10.0.0.5", time.Time{}, time.Time{}); ok {
		t.Error("an address that two machines had is one of them at a time that is not known")
	}
	if m, _ := n.Machine("10.0.0.6", time.Time{}, time.Time{}); m.From.Source != "a.log" || m.From.Record != 1400 || m.N != 1 {
		t.Errorf("told from %+v by %d records", m.From, m.N)
	}
}

// crowd are facts of many kinds at three times every bound, by somebody who picks the names, and a few of others.
func crowd() (all []*tocsin.Event) {
	for i := range 3 * perKind {
		all = append(all, answer(float64(i%600)/7, fmt.Sprintf("h%d.evil.example", i), fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)))
	}
	for i := range 3 * perName {
		all = append(all, claim(float64(i)/3, "10.0.0.9", fmt.Sprintf("n%d", i)))
	}
	for i := range 40 * maxSpans {
		all = append(all, lease(float64(i*i), "10.0.0.5", "lap7"))
	}
	undated := lease(3, "10.0.0.7", "old1")
	undated.Time = time.Time{}
	far := lease(3, "10.0.0.8", "far1")
	far.Time = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	far2 := lease(3, "10.0.0.8", "far1")
	far2.Time = time.Date(-4000, 1, 1, 0, 0, 0, 0, time.UTC)
	return append(all, undated, far, far2, ownRecord(8, "10.9.9.9", "dc1.corp.example"))
}

// TestOrder: the same records in any order and shared out among any number of collectors give the same, at three times
// every bound too, and what is not kept is counted.
func TestOrder(t *testing.T) {
	all := crowd()
	whole := collect(t, all)
	want, lost := whole.Names().All(), whole.LetGo()
	if len(lost) != 1 || lost[0].N < 3*perKind-perKind-1 {
		t.Fatalf("let go: %+v", lost)
	}
	if len(whole.facts) > 2*perKind {
		t.Fatalf("%d facts are kept", len(whole.facts))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, parts := range []int{1, 2, 5} {
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		split := make([]*Facts, parts)
		for i := range split {
			split[i] = whole.Fresh()
		}
		for _, ev := range all {
			split[rng.IntN(parts)].See(ev)
		}
		for _, o := range split[1:] {
			split[0].Merge(o)
		}
		if d := cmp.Diff(lost, split[0].LetGo()); d != "" {
			t.Errorf("%d parts: let go %s", parts, d)
		}
		if got := split[0].Names().All(); !cmp.Equal(want, got) {
			t.Errorf("%d parts: %.2000s", parts, cmp.Diff(want, got))
		}
	}
	if m, ok := whole.Names().Machine("10.9.9.9", day, day); !ok || m.Name.Value != "dc1.corp.example" {
		t.Error("a flood of names of one kind made the names of another go")
	}
	for _, k := range want {
		if k.Of.Value == "10.0.0.9" && k.Doubt == "" {
			t.Errorf("an address with %d names is %s", 3*perName, k.Name.Value)
		}
	}
}

// TestCostOfConflicts: names that contradict each other, at every bound, are judged in bounded time.
func TestCostOfConflicts(t *testing.T) {
	f := New([16]byte{})
	for i := range perName {
		for h := range maxSpans {
			for _, ev := range []*tocsin.Event{claim(float64(h)*3, "10.0.0.9", fmt.Sprintf("n%d", i)), lease(float64(h)*3, "10.0.0.9", fmt.Sprintf("d%d", i)), answer(float64(h)*3, fmt.Sprintf("q%d.example", i), "10.0.0.9")} {
				f.See(ev)
			}
		}
	}
	began := time.Now()
	for _, k := range f.Names().All() {
		if k.Doubt == "" {
			t.Errorf("10.0.0.9 is %s", k.Name.Value)
		}
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

// TestHostileValues: what is no name is no fact, however it is written.
func TestHostileValues(t *testing.T) {
	for _, v := range []string{"", ".", "-", "..", "a..b", "*.example", "a b", "a\x00b", "\x1b[31m", "\u202e", "192.0.2.1", "1234", "localhost", "LOCALHOST.", "<script>", `a\b`, strings.Repeat("a", 64), strings.Repeat("a.", 200), "\xff\xfe", "a/b", "_ldap._tcp.corp.example"} {
		if h := hostOf(v); h != "" {
			t.Errorf("host %q is %q", v, h)
		}
	}
	for _, v := range []string{"", "-", "any", "0.0.0.0", "127.0.0.1", "::1", "224.0.0.1", "255.255.255.255", "169.254.1.1", "fe80::1", "10.0.0.999", "10.0.0", "::ffff:127.0.0.1", strings.Repeat("1", 100)} {
		if a := addressOf(v); a != "" {
			t.Errorf("address %q is %q", v, a)
		}
	}
	for _, v := range []string{"", "-", "SYSTEM", "DWM-1", "UMFD-0", "ANONYMOUS LOGON", "LAP7$", "lap7$@CORP.EXAMPLE", "a\nb", strings.Repeat("a", 400), "1001"} {
		if a := accountOf("", v); a != "" {
			t.Errorf("account %q is %q", v, a)
		}
	}
	for in, want := range map[string]string{"[2001:db8::1]:443": "2001:db8::1", "::ffff:192.0.2.1": "192.0.2.1", "192.0.2.1:80": "192.0.2.1", "2001:DB8:0:0::1": "2001:db8::1", "192.0.2.1/24": "192.0.2.1"} {
		if got := addressOf(in); got != want {
			t.Errorf("address %q is %q, want %q", in, got, want)
		}
	}
}
