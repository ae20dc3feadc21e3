package pseudonym

import (
	"encoding/base64"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/tocsin-ids/tocsin"
)

type list []*tocsin.Match

func (l list) Len() int                         { return len(l) }
func (l list) All(bool) iter.Seq[*tocsin.Match] { return slices.Values(l) }

func learned(t *testing.T, key string, fields ...string) *Names {
	t.Helper()
	n := New([]byte(key))
	ev := &tocsin.Event{Host: "FILE-7.corp.example", Source: "logs/file-7/auth.log"}
	for i := 0; i < len(fields); i += 2 {
		ev.Add(fields[i], fields[i+1])
	}
	n.LearnMatches(list{{Event: ev, Rule: &tocsin.Rule{}}})
	n.settle()
	return n
}

func wide(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return base64.StdEncoding.EncodeToString(b)
}

// Whatever a name stands in, it is gone, and the rest stays.
func TestText(t *testing.T) {
	n := learned(t, "a key", "user", "svc-ann", "TargetUserName", `CORP\Élodie Roux`, "c-ip", "203.0.113.9", "query", "mail.partner.example", "src_ip", "10.20.30.40")
	for _, text := range []string{
		"svc-ann logged in from 203.0.113.9:4711 to FILE-7", "su - SVC-ANN", `C:\Users\svc-ann\x.exe`, "/home/svc-ann/.ssh", "logs/file-7/auth.log", "svc-ann@corp.example",
		"http://mail.partner.example/x?u=svc-ann&h=file-7", "u%3Dx%2Fsvc-ann", `{"user":"CORP\\Élodie Roux","text":"a\nsvc-ann"}`, "élodie roux", "10.20.30.40/24", "FILE-7$",
		"powershell -enc " + wide("net user svc-ann /add"), "echo " + base64.StdEncoding.EncodeToString([]byte("scp x svc-ann@file-7:")) + " | base64 -d", fmt.Sprintf("proctitle=%x", "cat /home/svc-ann/x"),
		"9.113.0.203.in-addr.arpa", "old_svc-ann_backup", "\u00a0svc-ann\u00a0",
	} {
		got := n.Text(text)
		low := strings.ToLower(got)
		for _, name := range []string{"svc-ann", "file-7", "203.0.113.9", "10.20.30.40", "élodie", "partner", "9.113.0.203", wide("svc-ann")[:8]} {
			if strings.Contains(low, strings.ToLower(name)) {
				t.Errorf("%q: %q is left in %q", text, name, got)
			}
		}
		if got == text {
			t.Errorf("%q stays", text)
		}
	}
	for _, text := range []string{
		"Failed password for invalid user admin from 127.0.0.1 port 22", "cannot open channel", "Chrome/118.0.0.0", "at 08:00:07 2026-03-01", "5f4dcc3b5aa765d61d8327deb882cf99", "T1059.001", "root", "a.b.c.d", "1.2.3", "::", "std::string",
	} {
		if got := n.Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	user := n.Text("svc-ann")
	for _, text := range []string{"x svc-ann y", `CORP\svc-ann`, "svc-ann@corp.example"} {
		if !strings.Contains(n.Text(text), user) {
			t.Errorf("%q became %q, elsewhere it is %s", text, n.Text(text), user)
		}
	}
	if full, short := n.Text("file-7.corp.example"), n.Text("file-7"); !strings.HasPrefix(full, short+".domain-") || !strings.HasSuffix(full, ".example") {
		t.Errorf("the same machine is %s and %s", full, short)
	}
}

// A key alone decides, and not the order in which names were met.
func TestKeyed(t *testing.T) {
	fields := []string{"user", "svc-ann", "c-ip", "203.0.113.9", "src_ip", "198.51.100.7"}
	a, again := learned(t, "one", fields...), learned(t, "one", append(fields[2:], fields[:2]...)...)
	other := learned(t, "two", fields...)
	same := 0
	for _, text := range []string{"svc-ann", "203.0.113.9", "198.51.100.7", "file-7", "00:00:5e:00:53:01", "S-1-5-21-1-2-3-1104", "2001:db8::5"} {
		if a.Text(text) != again.Text(text) {
			t.Errorf("%s: %s and %s with one key", text, a.Text(text), again.Text(text))
		}
		if a.Text(text) == other.Text(text) {
			same++
		}
	}
	if same > 0 {
		t.Errorf("%d pseudonyms are the same with another key", same)
	}
}

// Addresses keep what they are, and none becomes another one's or one that is there.
func TestAddresses(t *testing.T) {
	n := New([]byte("a key"))
	var all []string
	for i := range 2000 {
		all = append(all, fmt.Sprintf("203.0.%d.%d", 100+i/250, i%250+1), fmt.Sprintf("10.%d.%d.%d", i%7, i%3, i%250+1))
	}
	all = append(all, "192.168.1.5", "172.31.0.9", "100.64.3.3", "169.254.7.7", "2001:db8::5", "fe80::1:2", "fd00::7")
	slices.Sort(all)
	all = slices.Compact(all)
	for _, a := range all {
		n.learnText("from " + a + " port 22")
	}
	n.settle()
	seen := map[string]string{}
	for _, s := range all {
		got := n.Text(s)
		a, b := netip.MustParseAddr(s), netip.Addr{}
		if err := b.UnmarshalText([]byte(got)); err != nil {
			t.Fatalf("%s became %s: %v", s, got, err)
		}
		if a.Is4() != b.Is4() || a.IsPrivate() != b.IsPrivate() || a.IsLinkLocalUnicast() != b.IsLinkLocalUnicast() || tocsin.Internet(s) != tocsin.Internet(got) {
			t.Errorf("%s became %s", s, got)
		}
		if seen[got] != "" {
			t.Errorf("%s and %s both became %s", s, seen[got], got)
		}
		if seen[got] = s; slices.Contains(all, got) {
			t.Errorf("%s became %s, which is another's", s, got)
		}
	}
	x, _ := netip.MustParseAddr(n.Text("10.1.1.2")).Prefix(24)
	if y := netip.MustParseAddr(n.Text("10.1.1.9")); !x.Contains(y) {
		t.Errorf("a network is torn apart: %s, %s", x, y)
	}
	for _, fixed := range []string{"127.0.0.1", "::1", "0.0.0.0", "255.255.255.255", "224.0.0.251", "169.254.169.254"} {
		if n.Text(fixed) != fixed {
			t.Errorf("%s became %s", fixed, n.Text(fixed))
		}
	}
}

// A copy shares nothing that is changed, and keeps the words of the vocabulary.
func TestTell(t *testing.T) {
	c := &tocsin.Campaign{ID: "c-000000000001", Title: "Intrusion into file-7 by 203.0.113.9", Orgs: []string{"acme"},
		Actors:  []*tocsin.Actor{{ID: "user:execution-bob", Handles: []tocsin.Entity{{Kind: "user", Value: "execution-bob"}, {Kind: "user", Value: "q7"}}, Share: map[string]float64{"human": 1}}},
		Victims: []tocsin.Victim{{Entity: tocsin.Entity{Kind: "host", Value: "file-7"}, Tactics: []string{"execution"}, Org: "acme"}},
		Steps:   []tocsin.Step{{Tactic: "execution", Summary: "execution-bob ran id on file-7", Hosts: []string{"file-7"}, Places: []tocsin.Place{{Source: "file-7/auth.log", Record: 3}}}}}
	n := New([]byte("a key"))
	n.Learn(c)
	got := Tell(n, c)
	text := fmt.Sprintf("%+v %+v", *got, *got.Actors[0])
	for _, name := range []string{"file-7", "203.0.113.9", "bob", "acme", "q7"} {
		if strings.Contains(text, name) {
			t.Errorf("%s is left in %s", name, text)
		}
	}
	if got.ID != c.ID || got.Steps[0].Tactic != "execution" || got.Victims[0].Tactics[0] != "execution" || got.Actors[0].Share["human"] != 1 || got.Steps[0].Places[0].Record != 3 {
		t.Errorf("what is no name has changed: %s", text)
	}
	if c.Steps[0].Hosts[0] != "file-7" || c.Actors[0].ID != "user:execution-bob" {
		t.Error("the campaign itself has changed")
	}
}

// Hostile texts cost no more than their length.
func BenchmarkText(b *testing.B) {
	n := New([]byte("a key"))
	for i := range 1000 {
		n.learn(user, strings.Repeat("a", i%200+3))
	}
	n.settle()
	s := strings.Repeat("a/", 1<<15) + strings.Repeat("a", 1<<15) + strings.Repeat("1.", 1<<14)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		n.Text(s)
	}
}
