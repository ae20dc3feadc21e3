package report

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

var inkCodes = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestTextFits(t *testing.T) {
	for _, o := range []TextOptions{{}, {Width: 80, Height: 24}, {Width: 80, Height: 24, Color: true}, {Width: 60, Height: 24}, {Width: 1, Height: 1}, {Width: 200, Height: 60, Color: true}, {Width: 120, Height: 36}} {
		for _, n := range []int{1, 12, 500} {
			var b bytes.Buffer
			if err := Text(&b, sampleHunt(n), o); err != nil {
				t.Fatal(err)
			}
			wide, high := o.Width, o.Height
			if wide == 0 {
				wide, high = 100, 40
			}
			wide, high = max(wide, 60), max(high, 24)
			lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
			if wide < 80 {
				high += 2 // what must be said is folded
			}
			if len(lines) >= high {
				t.Errorf("%+v, %d matches: %d lines leave no room for the prompt", o, n, len(lines))
			}
			for _, l := range lines {
				plain := inkCodes.ReplaceAllString(l, "")
				if !o.Color && plain != l {
					t.Errorf("%+v: colour in %q", o, l)
				}
				if width(plain) > wide {
					t.Errorf("%+v: %d columns: %q", o, width(plain), plain)
				}
				for _, r := range plain {
					if hidden(r) {
						t.Errorf("%+v: %U in %q", o, r, plain)
					}
				}
			}
		}
	}
}

// What silence means must be said.
func TestTextOfNothing(t *testing.T) {
	tests := []struct {
		name string
		h    Hunt
		want string
	}{
		{"nothing known", Hunt{}, "No rule matched.\n"},
		{"nothing read", Hunt{Coverage: &tocsin.Coverage{Rules: 3}}, "No rule matched. Nothing was read, so this says nothing.\n"},
		{"no rules", Hunt{Coverage: &tocsin.Coverage{Events: 3}}, "No rule matched. No rule was loaded, so this says nothing.\n"},
		{"campaigns alone", Hunt{Campaigns: []*tocsin.Campaign{{ID: "c-000000000001", Title: "Intrusion"}}}, "1 campaign; no match of a rule is listed.\n"},
		{"a clean hunt", Hunt{Coverage: &tocsin.Coverage{Events: 3, Rules: 9, Files: []tocsin.File{{Path: "a"}}}}, "No rule matched.\n\nCoverage\n  Read      1 of 1 file, 0 B, 3 events\n  Rules     9 rules loaded\n"},
		{"series short of something", Hunt{Coverage: &tocsin.Coverage{Events: 3, Rules: 9, Undated: 1, Thin: 2000, Files: []tocsin.File{{Path: "a"}}}},
			"No rule matched.\n\nCoverage\n  Read      1 of 1 file, 0 B, 3 events\n  Rules     9 rules loaded\n" +
				"  Series    1 hit without a time, so part of no series; 2,000 events kept only in the fields that\n            series are told by, to save memory\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Text(&b, &tt.h, TextOptions{}); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWorstFirst(t *testing.T) {
	m := func(l tocsin.Level, host string) *tocsin.Match {
		return &tocsin.Match{Time: sampleStart, Rule: &tocsin.Rule{Title: fmt.Sprint(l, host), Level: l}, Event: &tocsin.Event{Host: host}}
	}
	h := &Hunt{Matches: List{m(tocsin.Low, "many"), m(tocsin.Low, "many"), m(tocsin.High, "few"), m(tocsin.Critical, "one"), m(tocsin.High, "MORE"), m(tocsin.High, "more"), m(tocsin.Low, "also"), m(tocsin.Low, "also")}}
	var got []string
	for _, x := range summarize(h).hosts.worst() {
		got = append(got, x.name)
	}
	if want := "one MORE few also many"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// A broken pipe or a full disk must not pass for a report.
func TestWriteFails(t *testing.T) {
	for name, write := range writers() {
		for _, n := range []int{0, 500} {
			if err := write(failing{n}, sampleHunt(3000)); !errors.Is(err, errFull) {
				t.Errorf("%s after %d bytes: got %v", name, n, err)
			}
		}
	}
	if err := HTML(failing{2000}, sampleHunt(3), ""); !errors.Is(err, errFull) {
		t.Errorf("HTML: got %v", err)
	}
}

var errFull = errors.New("disk full")

type failing struct{ room int }

func (f failing) Write(p []byte) (int, error) {
	if len(p) > f.room {
		return 0, errFull
	}
	return len(p), nil
}

func TestVisible(t *testing.T) {
	tests := []struct{ in, want string }{
		{"plain", "plain"},
		{"\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"a\r\nb\tc", `a\r\nb\tc`},
		{"\u009b31m", `\u009b31m`},
		{"exe\u202egpj", `exe\u202egpj`},
		{"\u2066a\u2069\u200b\ufeff", `\u2066a\u2069\u200b\ufeff`},
		{"\xff\xfe\x00", `\xff\xfe\x00`},
		{`C:\new\x1b`, `C:\new\x1b`},
		{"é中😀", "é中😀"},
	}
	for _, tt := range tests {
		if got := visible(tt.in); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestClip(t *testing.T) {
	tests := []struct {
		in   string
		n    int
		want string
	}{
		{"short", 10, "short"}, {"exactly", 7, "exactly"}, {"too long", 5, "too …"}, {"中文字", 6, "中文字"}, {"中文字", 5, "中文…"}, {"中文字", 4, "中…"}, {"é́́x", 2, "é́́x"}, {"x", 0, ""},
	}
	for _, tt := range tests {
		if got := clip(tt.in, tt.n); got != tt.want {
			t.Errorf("%q to %d: got %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

func TestQuantities(t *testing.T) {
	for got, want := range map[string]string{
		count(0): "0", count(999): "999", count(1000): "1,000", count(-1234567): "-1,234,567", several(1, "host"): "1 host", several(2, "address"): "2 addresses",
		size(999): "999 B", size(1000): "1.0 kB", size(999_999): "1.0 MB", size(389_120_000): "389 MB",
		lasting(4200 * time.Millisecond): "4.2 s", lasting(-time.Minute): "-1 min", lasting(7 * time.Hour): "7.0 h", lasting(100 * time.Hour): "4.2 days", lasting(3 * time.Millisecond): "3 ms",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPeopleOf(t *testing.T) {
	tests := []struct {
		name   string
		fields []tocsin.Field
		want   string
	}{
		{"a logon names the machine first", []tocsin.Field{{Name: "SubjectUserName", Value: "WS1$"}, {Name: "SubjectDomainName", Value: "CORP"}, {Name: "TargetUserName", Value: "alice"}, {Name: "TargetDomainName", Value: "CORP"}}, `CORP\alice`},
		{"an account change: who did it", []tocsin.Field{{Name: "TargetUserName", Value: "victim"}, {Name: "SubjectUserName", Value: "bob"}, {Name: "SubjectDomainName", Value: "CORP"}}, `CORP\bob`},
		{"the system", []tocsin.Field{{Name: "User", Value: `NT AUTHORITY\SYSTEM`}}, `NT AUTHORITY\SYSTEM`},
		{"a mail address needs no domain", []tocsin.Field{{Name: "SubjectDomainName", Value: "CORP"}, {Name: "UserId", Value: "a@shop.example"}}, "a@shop.example"},
		{"nobody", []tocsin.Field{{Name: "User", Value: "-"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := peopleOf(&tocsin.Event{Fields: tt.fields}).user; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
