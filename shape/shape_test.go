package shape

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

type list []*tocsin.Match

func (l list) Len() int                         { return len(l) }
func (l list) All(bool) iter.Seq[*tocsin.Match] { return slices.Values(l) }

func sample() list {
	ev := &tocsin.Event{Host: "web-7", Raw: "a line"}
	for _, f := range []string{"EventID=10", "TargetImage=C:\\lsass.exe", "CallTrace=x|y", "SourceUser=ann", "src_ip=203.0.113.9", "dst_ip=10.0.0.1", "status=404", "Shown=1", "sha256=" + strings.Repeat("ab", 32)} {
		name, value, _ := strings.Cut(f, "=")
		ev.Add(name, value)
	}
	return list{{Event: ev, Rule: &tocsin.Rule{Level: tocsin.High, Show: []string{"Shown"}}, Held: []tocsin.Field{{Name: "TargetImage", Value: `C:\lsass.exe`}}}}
}

func names(t *testing.T, all Matches) string {
	t.Helper()
	var out []string
	for m := range all.All(true) {
		for _, f := range m.Event.Fields {
			out = append(out, f.Name)
		}
	}
	return strings.Join(out, " ")
}

func TestChoose(t *testing.T) {
	for _, tt := range []struct{ fields, want string }{
		{"all", "EventID TargetImage CallTrace SourceUser src_ip dst_ip status Shown sha256"},
		{"minimal", "EventID TargetImage SourceUser src_ip dst_ip"},
		{"standard", "EventID TargetImage SourceUser src_ip dst_ip status Shown sha256"},
		{"calltrace,*_IP", "CallTrace src_ip dst_ip"},
	} {
		in := sample()
		got, err := Choose(in, strings.Split(tt.fields, ","))
		if err != nil {
			t.Fatal(err)
		}
		if names(t, got) != tt.want {
			t.Errorf("%s: %s, want %s", tt.fields, names(t, got), tt.want)
		}
		if len(in[0].Event.Fields) != 9 || in[0].Event.Raw == "" {
			t.Errorf("%s changed the match itself", tt.fields)
		}
	}
	for _, bad := range []string{"", "[", "all,x", "minimal,standard"} {
		if _, err := Choose(sample(), strings.Split(bad, ",")); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestPlace(t *testing.T) {
	got := Place(sample(), func(a netip.Addr) []tocsin.Field {
		if a.String() != "203.0.113.9" {
			t.Errorf("asked for %s", a)
		}
		return []tocsin.Field{{Name: "country", Value: "ZZ"}}
	})
	if want := "EventID TargetImage CallTrace SourceUser src_ip src_ip.country dst_ip status Shown sha256"; names(t, got) != want {
		t.Errorf("%s", names(t, got))
	}
}

func TestPivots(t *testing.T) {
	all := sample()
	all = append(all, &tocsin.Match{Event: &tocsin.Event{Fields: []tocsin.Field{{Name: "user", Value: "a\nb"}, {Name: "user", Value: "xy"}, {Name: "src_ip", Value: "203.0.113.9"}}}, Rule: &tocsin.Rule{Level: tocsin.Critical}})
	got, left := Pivots(all, []*tocsin.Campaign{{Level: tocsin.Low, Marks: []string{"callback:198.51.100.3", "agent:curl"}, Victims: []tocsin.Victim{{Entity: tocsin.Entity{Kind: "user", Value: "bob"}}}}})
	var text []string
	for _, p := range got {
		text = append(text, fmt.Sprint(p.Kind, " ", p.Value, " ", p.N, " ", p.Level))
	}
	want := []string{"account ann 1 high", "account bob 1 low", "address 10.0.0.1 1 high", "address 198.51.100.3 1 low", "address 203.0.113.9 2 critical", `file C:\lsass.exe 1 high`, "hash " + strings.Repeat("ab", 32) + " 1 high"}
	if !slices.Equal(text, want) || left != 2 {
		t.Errorf("%d left out, got\n%s\nwant\n%s", left, strings.Join(text, "\n"), strings.Join(want, "\n"))
	}
}
