package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// FuzzReport writes a match whose every text is hostile in every format: none may panic, none may be unreadable, and
// nothing may reach a terminal that it would obey.
func FuzzReport(f *testing.F) {
	for _, s := range []string{"", evilTerminal, evilHTML, evilCell, evilJSON, "0x1f", "%%1937 %%", `a\b\c.exe`, "http://x.example/%zz[", "S-1-5-21-1-500", "<Command>", "SHA1=" + "a", "::ffff:192.0.2.1"} {
		f.Add("CommandLine", s, int64(1772352000), uint64(7))
		f.Add("EventID", s, int64(-1), uint64(1<<63))
		f.Add(s, s, int64(1)<<40, uint64(0))
	}
	f.Fuzz(func(t *testing.T, name, value string, sec int64, record uint64) {
		at := time.Unix(sec, 0)
		ev := &tocsin.Event{Time: at, Source: value, Record: record, Format: name, Host: value, Raw: value, Sources: []tocsin.LogSource{{Product: value}}}
		for _, n := range []string{name, "EventID", "Channel", name, "Image", "CommandLine", "url", "query", "src_ip", "Hashes", "TaskContent", "user", "Properties"} {
			ev.Fields = append(ev.Fields, tocsin.Field{Name: n, Value: value})
		}
		r := &tocsin.Rule{ID: value, Title: value, Level: tocsin.Level(record % 9), Tags: []string{value, "attack." + name, "attack.t1003"}, Author: value, Description: value, Show: []string{name}, Correlation: name}
		m := &tocsin.Match{Time: at, Rule: r, Event: ev, Held: ev.Fields, Series: []tocsin.Place{{Time: at, Source: value, Record: record}}}
		h := &Hunt{Matches: List{m}, Title: value, Version: value, Made: at, Coverage: &tocsin.Coverage{
			Files: []tocsin.File{{Path: value, Skipped: value}}, Faults: []*tocsin.Fault{{Source: value, Hint: value}}, FaultN: 1, Rejected: []*tocsin.Fault{{Rule: value}}, Gaps: []tocsin.Gap{{Path: value, From: at, To: at, Kind: "silence"}}, First: at, Last: at, Guesses: []tocsin.Guess{{Path: value, Kind: value, N: 1, Of: int64(record), Taken: value, Why: value}}, Strays: []tocsin.Stray{{Path: value, N: 1, From: at, To: at}}, LetGo: []tocsin.LetGo{{Kind: value, N: int64(record), From: at, To: at, Why: value}}, Partial: value}}
		for format, write := range writers() {
			var b bytes.Buffer
			if err := write(&b, h); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			switch format {
			case "hunt.csv":
				want := 2
				if value != "" {
					want = 3 // the last says that the run ended early
				}
				if rows, err := csv.NewReader(&b).ReadAll(); err != nil || len(rows) != want {
					t.Fatalf("%s: %d rows, %v", format, len(rows), err)
				}
				continue
			case "hunt.txt", "hunt.small.txt":
				plain := inkCodes.ReplaceAll(b.Bytes(), nil)
				for _, c := range string(plain) {
					if c != '\n' && hidden(c) {
						t.Fatalf("%s holds %U", format, c)
					}
				}
				continue
			}
			for line := range bytes.Lines(b.Bytes()) {
				if !json.Valid(line) {
					t.Fatalf("%s is no JSON: %s", format, line)
				}
			}
		}
		if !json.Valid(pageData(h, &english, false)) {
			t.Fatalf("the page's data is no JSON: %s", pageData(h, &english, false))
		}
	})
}

// FuzzReadHunt reads lines that nobody may have written: what is read back is explained, and written again as what can be read.
func FuzzReadHunt(f *testing.F) {
	h := principalHunt(1)
	h.Matches, h.Campaigns = nil, []*tocsin.Campaign{smallCampaign(1)}
	h.Principals = append(h.Principals, hostilePrincipal())
	var whole bytes.Buffer
	if err := JSONL(&whole, h); err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(whole.Bytes()) {
		f.Add(line)
	}
	f.Add([]byte(`{"kind":"principal","principal":"a","verdict":"turned","by_target":[{"course":[{}],"phases":[""]}],"evidence":[{"weight":1e308},{"weight":1e308}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := ReadHunt(bytes.NewReader(text))
		if err != nil {
			return
		}
		for _, p := range h.Principals {
			for _, write := range []func(io.Writer) error{
				func(w io.Writer) error { return ExplainPrincipal(w, h, p, TextOptions{Width: 80}) },
				func(w io.Writer) error { return ExplainPrincipals(w, h, TextOptions{Width: 80}) },
			} {
				harmlessLines(t, written(t, write), 80)
			}
			if err := Abuse(io.Discard, h, p, "fr"); err != nil {
				t.Fatal(err)
			}
		}
		if s := written(t, func(w io.Writer) error { return STIX(w, h) }); !json.Valid([]byte(s)) {
			t.Fatalf("no JSON: %s", s)
		}
		var again bytes.Buffer
		if err := JSONL(&again, Private(h, Privacy{FeaturesOnly: true})); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadHunt(&again); err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
	})
}
