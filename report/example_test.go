package report_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
)

// smallHunt is one match of one rule in a file, beside a file that was not read.
func smallHunt() *report.Hunt {
	at := time.Date(2026, 3, 1, 8, 0, 7, 0, time.UTC)
	rule := &tocsin.Rule{ID: "5a1c0002-0000-4000-8000-000000000002", Title: "Admin page asked for", Level: tocsin.Medium, Tags: []string{"attack.initial-access", "attack.t1190"}}
	event := &tocsin.Event{Time: at, Source: "logs/access.log", Record: 2, Format: "combined", Host: "web1.shop.example"}
	event.Add("c-ip", "203.0.113.7")
	event.Add("cs-uri", "/admin")
	return &report.Hunt{
		Matches: report.List{{Time: at, Rule: rule, Event: event, Held: []tocsin.Field{{Name: "cs-uri", Value: "/admin"}}}},
		Coverage: &tocsin.Coverage{
			Files:  []tocsin.File{{Path: "logs/access.log", Format: "combined", Bytes: 40_960, Events: 210}, {Path: "logs/photo.jpg", Skipped: "not a log: an image"}},
			Events: 210, Bytes: 40_960, First: at.Add(-time.Minute), Last: at.Add(time.Minute), Rules: 190,
			LetGo: []tocsin.LetGo{{Kind: "quiet actions", N: 12, From: at, To: at.Add(time.Minute), Why: "more than 16,384 names in ten minutes"}},
		},
		Made: at.Add(time.Hour),
	}
}

// A summary for a terminal: what was found, and what was not seen.
func ExampleText() {
	if err := report.Text(os.Stdout, smallHunt(), report.TextOptions{Width: 80, Height: 24}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 match of 1 rule: 1 medium
	// 1 host, 1 address; 2026-03-01 08:00:07 – 08:00:07 UTC
	// Worst first
	//   med  Admin page asked for                    1  web1.shop.example  03-01 08:00
	// Hosts
	//   web1.shop.example  1 med  03-01 08:00  Initial Access
	// Source addresses
	//   203.0.113.7  1 med  03-01 08:00  Initial Access
	// ATT&CK
	//   Initial Access 1
	// Coverage
	//   Read      1 of 2 files, 41 kB, 210 events
	//   Not read  1 file: not a log: an image (logs/photo.jpg)
	//   Let go    12 quiet actions, 2026-03-01 08:00:07 – 08:01:07 UTC: more than
	//             16,384 names in ten minutes
	//   Rules     190 rules loaded
}

// A line for each match, and at the end one for what was covered.
func ExampleJSONL() {
	if err := report.JSONL(os.Stdout, smallHunt()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"kind":"match","time":"2026-03-01T08:00:07Z","rule":{"id":"5a1c0002-0000-4000-8000-000000000002","title":"Admin page asked for","level":"medium","tags":["attack.initial-access","attack.t1190"],"tactics":["initial-access"],"techniques":["T1190"]},"host":"web1.shop.example","details":"c-ip: 203.0.113.7 ¦ cs-uri: /admin","event":{"source":"logs/access.log","record":2,"format":"combined","time":"2026-03-01T08:00:07Z","fields":{"c-ip":"203.0.113.7","cs-uri":"/admin"}},"held":{"cs-uri":"/admin"},"entities":[{"kind":"host","value":"web1.shop.example"},{"kind":"address","role":"source","value":"203.0.113.7"}]}
	// {"kind":"coverage","files_read":1,"files_skipped":1,"skipped":[{"why":"not a log: an image","n":1,"path":"logs/photo.jpg"}],"bytes":40960,"events":210,"first":"2026-03-01T07:59:07Z","last":"2026-03-01T08:01:07Z","faults":0,"rules_loaded":190,"rules_rejected":0,"rules_idle":0,"let_go":[{"kind":"quiet actions","n":12,"from":"2026-03-01T08:00:07Z","to":"2026-03-01T08:01:07Z","why":"more than 16,384 names in ten minutes"}],"data_sha256":"e7791dabd10a585faa443fe7b2625b61134bded8f9adcd3192e6b5944bbaebdb"}
}

// What was written as JSONL is read back to explain a campaign.
func ExampleReadCampaigns() {
	const result = `{"kind":"campaign","id":"c-1111aaaa2222","title":"Credentials tried, then a way in","level":"high","why":"a login worked","first":"2026-03-01T08:00:00Z","last":"2026-03-01T08:10:00Z","actions":12,"alerts":3,"actors":[],"steps":[],"victims":[],"driver":"script","records":[]}
{"kind":"coverage","files_read":1,"files_skipped":0,"bytes":4096,"events":40,"first":"2026-03-01T07:00:00Z","last":"2026-03-01T12:00:00Z","faults":0,"rules_loaded":190,"rules_rejected":0,"rules_idle":12,"let_go":[]}`
	campaigns, covered, err := report.ReadCampaigns(strings.NewReader(result))
	if err != nil {
		fmt.Println(err)
		return
	}
	h := &report.Hunt{Campaigns: campaigns, Covered: covered}
	if err := report.Explain(os.Stdout, h, campaigns[0], report.TextOptions{Width: 90}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// HIGH Credentials tried, then a way in
	// c-1111aaaa2222; Rated high: a login worked.
	// On 1 March 2026, from 08:00 to 08:10 (UTC), 1 actor acted against targets that the logs do
	//   not name.
	// The evidence points to a script at the controls.
	// Its last action is 3.8 h before the logs end; that it is over, the logs cannot say.
	// 12 actions, 3 of them with an alert
}
