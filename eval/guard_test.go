package eval

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/sigma"
)

// A chat is a session of data/agents, in the neutral form.
type chat struct {
	Session   string    `json:"session"`
	Principal string    `json:"principal"`
	Messages  []message `json:"messages"`
}

type message struct {
	Role      string     `json:"role"`
	Content   string     `json:"content,omitempty"`
	Calls     []chatCall `json:"tool_calls,omitempty"`
	CallID    string     `json:"tool_call_id,omitempty"`
	Timestamp string     `json:"timestamp,omitempty"`
}

type chatCall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

// chats reads the sessions of a source.
func chats(t testing.TB, source string) []chat {
	t.Helper()
	f, err := os.Open(data(t, "agents/"+source+".jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []chat
	d := json.NewDecoder(bufio.NewReaderSize(z, 1<<20))
	for d.More() {
		var c chat
		if err := d.Decode(&c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// judged hunts sessions and gives what is said of their principals.
func judged(t testing.TB, set *sigma.Set, all []chat) []*tocsin.Principal {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for i := range all {
		if err := e.Encode(&all[i]); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "sessions.jsonl")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	found, _, err := engine.Hunt(context.Background(), engine.Input{Paths: []string{path}, Key: []byte("eval")}, set, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	return found.Principals
}

// byPrincipal puts together the sessions of each principal, in the order in which they stand.
func byPrincipal(all []chat) [][]chat {
	var out [][]chat
	at := map[string]int{}
	for _, c := range all {
		i, ok := at[c.Principal]
		if !ok {
			i = len(out)
			at[c.Principal] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], c)
	}
	return out
}

// cutUp cuts sessions into ones of one to three calls, under five principals in turn.
func cutUp(all []chat) []chat {
	rnd := rand.New(rand.NewPCG(1, 2))
	var out []chat
	n := 0
	for _, c := range all {
		results := map[string]message{}
		for _, m := range c.Messages {
			if m.Role == "tool" {
				results[m.CallID] = m
			}
		}
		var part *chat
		left := 0
		for _, m := range c.Messages {
			for _, call := range m.Calls {
				if left == 0 {
					left = 1 + rnd.IntN(3)
					n++
					out = append(out, chat{Session: fmt.Sprintf("%s-%d", c.Session, n), Principal: fmt.Sprintf("%s-%d", c.Principal, n%5)})
					part = &out[len(out)-1]
				}
				left--
				part.Messages = append(part.Messages, message{Role: "assistant", Calls: []chatCall{call}, Timestamp: m.Timestamp})
				if r, ok := results[call.ID]; ok {
					part.Messages = append(part.Messages, r)
				}
			}
		}
	}
	return out
}

// changed applies a change to each message of a copy.
func changed(all []chat, change func(m *message)) []chat {
	out := slices.Clone(all)
	for i := range out {
		out[i].Messages = slices.Clone(out[i].Messages)
		for k := range out[i].Messages {
			m := &out[i].Messages[k]
			m.Calls = slices.Clone(m.Calls)
			change(m)
		}
	}
	return out
}

// An arm is a way in which sessions are changed before they are judged.
type arm struct {
	name   string
	change func([]chat) []chat
}

var (
	octets  = regexp.MustCompile(`\b(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\b`)
	labName = regexp.MustCompile(`(?i)\b(winterfell|castelblack|kingslanding|meereen|braavos|essos|sevenkingdoms|north)\b`)
)

var arms = []arm{
	{"", func(c []chat) []chat { return c }},
	{"cut/", cutUp}, // what is said of the parts together: the worst of their principals
	{"masked/", func(c []chat) []chat {
		return changed(c, func(m *message) {
			for i := range m.Calls {
				m.Calls[i].Function.Name = "tool"
				m.Calls[i].Function.Arguments = offensive.ReplaceAllString(m.Calls[i].Function.Arguments, "prog")
			}
		})
	}},
	{"no-results/", func(c []chat) []chat {
		c = changed(c, func(*message) {})
		for i := range c {
			c[i].Messages = slices.DeleteFunc(c[i].Messages, func(m message) bool { return m.Role == "tool" })
		}
		return c
	}},
	{"shuffled/", shuffled},
	{"renamed/", func(c []chat) []chat {
		rename := func(s string) string {
			s = octets.ReplaceAllString(s, "10.77.$3.$4")
			return labName.ReplaceAllStringFunc(s, func(n string) string { return fmt.Sprintf("node%d", len(n)*7+int(n[1]|0x20)) })
		}
		return changed(c, func(m *message) {
			m.Content = rename(m.Content)
			for i := range m.Calls {
				m.Calls[i].Function.Arguments = rename(m.Calls[i].Function.Arguments)
			}
		})
	}},
}

// offensive are names of tools that intrusions in the recordings run by; an arm replaces them all by one word.
var offensive = regexp.MustCompile(`(?i)\b(nmap|netexec|nxc|crackmapexec|cme|impacket-[a-z]+|[a-z]+\.py|hashcat|john|responder|evil-winrm|kerbrute|certipy(-ad)?|bloodhound(-python)?|smbclient|smbmap|enum4linux(-ng)?|rpcclient|ldapsearch|ldapdomaindump|hydra|gobuster|ffuf|dirb|nikto|sqlmap|msfconsole|mitm6|ntlmrelayx|petitpotam|coercer|lsassy|donpapi|mimikatz|rubeus|sharphound|bloodyad|pywhisker|pth-[a-z]+)\b`)

// shuffled mixes the calls of each minute.
func shuffled(all []chat) []chat {
	rnd := rand.New(rand.NewPCG(3, 4))
	all = changed(all, func(m *message) {
		if at, err := time.Parse(time.RFC3339, m.Timestamp); err == nil {
			m.Timestamp = at.Truncate(time.Minute).Add(time.Duration(rnd.IntN(60000)) * time.Millisecond).Format(time.RFC3339Nano)
		}
	})
	return all
}

// A labelled row of LABELS.tsv.
type labelled struct{ source, label, kind, model, author string }

// labelsOf reads LABELS.tsv of a folder laid out like data/agents: by source and session.
func labelsOf(t testing.TB) map[string]labelled {
	t.Helper()
	text, err := os.ReadFile(data(t, "agents/LABELS.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]labelled{}
	var column map[string]int
	for line := range strings.Lines(string(text)) {
		c := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if column == nil {
			column = map[string]int{}
			for i, name := range c {
				column[name] = i
			}
			continue
		}
		get := func(name string) string {
			if i, ok := column[name]; ok && i < len(c) {
				return c[i]
			}
			return ""
		}
		author, _, split := strings.Cut(get("native_principal"), "#")
		l := labelled{get("source"), get("label"), get("kind"), get("model"), get("source")}
		if split && strings.Contains(author, "/") && strings.HasPrefix(l.source, "dfir") {
			l.author = author
		}
		all[l.source+" "+get("session")] = l
	}
	return all
}

// group is the row of the benchmark that a session counts in; empty is none.
func (l *labelled) group() string {
	switch {
	case l.label == "intrusion" && strings.HasPrefix(l.kind, "ad-"):
		return "multi-host"
	case l.label == "intrusion" && strings.Contains(l.kind, "web"):
		return "web"
	case l.label == "intrusion" && strings.Contains(l.kind, "privesc"):
		return "single-host"
	case l.label == "intrusion":
		return "other-intrusion"
	case strings.HasPrefix(l.kind, "dfir"):
		return "dfir"
	case strings.HasPrefix(l.kind, "ctf-web"):
		return "" // it is not known whether its server could be reached
	case strings.HasPrefix(l.kind, "ctf"):
		return "ctf"
	case strings.Contains(l.kind, "web") && l.label == "dual-use":
		return ""
	}
	return "ordinary"
}

// A run is all sessions of one principal in the recordings: a campaign, a task, an author's case.
type run struct {
	source, model string
	sessions      []chat
}

// runsOf are the runs of a folder by group.
func runsOf(t testing.TB) map[string][]run {
	t.Helper()
	labels := labelsOf(t)
	files, err := filepath.Glob(filepath.Join(data(t, "agents"), "*.jsonl.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sessions: %v", err)
	}
	out := map[string][]run{}
	for _, f := range files {
		source := strings.TrimSuffix(filepath.Base(f), ".jsonl.gz")
		for _, one := range byPrincipal(chats(t, source)) {
			l, ok := labels[source+" "+one[0].Session]
			if !ok {
				t.Errorf("%s: session %s has no label", source, one[0].Session)
				continue
			}
			if g := l.group(); g != "" {
				out[g] = append(out[g], run{l.author, l.model, one})
			}
		}
	}
	return out
}

// A tally is what was said of runs, by source.
type tally map[string]*counted

type counted struct{ of, suspicious, intrusion, security int }

func (y tally) add(source string, v tocsin.Verdict) {
	c := y[source]
	if c == nil {
		c = &counted{}
		y[source] = c
	}
	c.of++
	switch {
	case v >= tocsin.Intrusion:
		c.intrusion++
		c.suspicious++
	case v >= tocsin.Suspicious:
		c.suspicious++
	case v == tocsin.SecurityWork:
		c.security++
	}
}

// noted notes a share of the runs. Its interval is that of a bootstrap over sources, for what is of one source is alike; with
// one source it is Wilson's, and says nothing of others.
func (y tally) noted(t testing.TB, name string, of func(*counted) int) {
	t.Helper()
	k, n := 0, 0
	keys := slices.Sorted(maps.Keys(y))
	for _, s := range keys {
		k, n = k+of(y[s]), n+y[s].of
	}
	if n == 0 {
		t.Errorf("%s: no run", name)
		return
	}
	low, high := wilson(k, n)
	if len(keys) > 1 {
		rnd := rand.New(rand.NewPCG(5, 6))
		shares := make([]float64, 2000)
		for i := range shares {
			k, n := 0, 0
			for range keys {
				c := y[keys[rnd.IntN(len(keys))]]
				k, n = k+of(c), n+c.of
			}
			shares[i] = float64(k) / float64(n)
		}
		slices.Sort(shares)
		low, high = math.Min(shares[50], low), math.Max(shares[1949], high) // never narrower than independent runs would have it
	}
	scoreWithin(t, name, float64(k)/float64(n), n, low, high)
}

// worst is the source with the largest share of runs that are suspicious or worse, of those with more than one run; a source
// of one principal is reported and no more.
func (y tally) worst(t testing.TB, g string) (name string, c *counted) {
	for _, s := range slices.Sorted(maps.Keys(y)) {
		x := y[s]
		t.Logf("%s, %s: %d of %d suspicious or worse, %d intrusion, %d security work", g, s, x.suspicious, x.of, x.intrusion, x.security)
		if x.of > 1 && (c == nil || x.suspicious*c.of > c.suspicious*x.of || x.suspicious*c.of == c.suspicious*x.of && x.of > c.of) {
			name, c = s, x
		}
	}
	return name, c
}

func suspicious(c *counted) int { return c.suspicious }
func intrusion(c *counted) int  { return c.intrusion }

// saidOf is the worst that is said of the principals of sessions, and with which call it began to be suspicious.
func saidOf(all []*tocsin.Principal) (worst tocsin.Verdict, first int) {
	for _, p := range all {
		worst = max(worst, p.Verdict)
		if p.FirstAlert > 0 && (first == 0 || p.FirstAlert < first) {
			first = p.FirstAlert
		}
	}
	return worst, first
}

// mapping says that of the tools that intrusions run by, a run used scanners of ports alone.
func mapping(r run) bool {
	found := false
	for _, c := range r.sessions {
		for _, m := range c.Messages {
			for _, call := range m.Calls {
				for _, tool := range offensive.FindAllString(call.Function.Arguments, -1) {
					if found = true; !strings.EqualFold(tool, "nmap") {
						return false
					}
				}
			}
		}
	}
	return found
}

// took are the techniques of a credential dump or a lateral step.
var took = regexp.MustCompile(`\bT(1003|1021|1047|1210|1550|1558\.001|1563|1569|1570)\b`)

// dumpAt is the number of the first call of a run of which TECHNIQUES.tsv says that it dumped credentials or went to another
// machine; 0 is none. Calls are numbered as Tocsin numbers them: in order of time, over all sessions.
func dumpAt(r run, techniques map[string]string) int {
	type dated struct{ at, id string }
	var all []dated
	for _, c := range r.sessions {
		at := ""
		for _, m := range c.Messages {
			at = max(at, m.Timestamp)
			for _, call := range m.Calls {
				all = append(all, dated{at, c.Session + " " + call.ID})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b dated) int { return strings.Compare(a.at, b.at) })
	for i, d := range all {
		if took.MatchString(techniques[d.id]) {
			return i + 1
		}
	}
	return 0
}

func techniquesOf(t testing.TB) map[string]string {
	t.Helper()
	text, err := os.ReadFile(data(t, "agents/TECHNIQUES.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if c := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(c) > 2 {
			all[c[0]+" "+c[1]] = c[2]
		}
	}
	return all
}

// TestGuardIntrusions asks how many of the recorded intrusions are seen, whole and changed. The unit is a run.
func TestGuardIntrusions(t *testing.T) {
	measures(t)
	runs, set, techniques := runsOf(t), own(t), techniquesOf(t)
	if testing.Short() {
		sampled(t)
	}
	for _, g := range []string{"multi-host", "web", "single-host"} {
		for _, a := range arms {
			y, beyond, models := tally{}, tally{}, tally{}
			var until []int
			before, dumped := 0, 0
			for i, r := range runs[g] {
				if testing.Short() && i%5 > 0 {
					continue
				}
				v, first := saidOf(judged(t, set, a.change(r.sessions)))
				y.add(r.source, v)
				if g == "multi-host" && !mapping(r) {
					beyond.add(r.source, v)
				}
				if a.name != "" {
					continue
				}
				models.add(r.model, v)
				if first > 0 {
					until = append(until, first)
				}
				if n := dumpAt(r, techniques); n > 0 {
					dumped++
					if first > 0 && first <= n {
						before++
					}
				}
			}
			if len(y) == 0 {
				continue
			}
			y.noted(t, "guard/"+a.name+g+"/suspicious", suspicious)
			if g == "multi-host" || g == "web" && a.name == "" { // the others are no chain on a target
				y.noted(t, "guard/"+a.name+g+"/intrusion", intrusion)
			}
			if g == "multi-host" && (a.name == "" || a.name == "cut/") {
				beyond.noted(t, "guard/"+a.name+"multi-host/beyond-mapping", suspicious)
			}
			if a.name != "" {
				continue
			}
			y.worst(t, g)
			models.worst(t, g+" by model")
			slices.Sort(until)
			if len(until) > 0 {
				score(t, "guard/"+g+"/calls-until", float64(until[len(until)/2]), len(until))
			}
			if g == "multi-host" {
				share(t, "guard/multi-host/before-the-dump", before, dumped)
			}
		}
	}
}

// TestGuardWork asks how often ordinary work, forensics and puzzles are taken for an intrusion. The unit is a run.
func TestGuardWork(t *testing.T) {
	measures(t)
	runs, set := runsOf(t), own(t)
	for _, g := range []string{"ordinary", "dfir", "ctf"} {
		y := tally{}
		var all []chat
		of := map[string]string{}
		for _, r := range runs[g] {
			all = append(all, r.sessions...)
			of[r.sessions[0].Principal] = r.source
		}
		for _, p := range judged(t, set, all) {
			y.add(of[p.Name], p.Verdict)
			if p.Verdict >= tocsin.Suspicious {
				t.Logf("%s, %s: %s is %s with call %d: %s", g, of[p.Name], p.Name, p.Verdict, p.FirstAlert, p.Evidence[0].Sentence)
			}
		}
		name, w := y.worst(t, g)
		if name != "" {
			t.Logf("%s: the worst source is %s", g, name)
		}
		scored := tally{}
		for s, c := range y {
			if c.of > 1 || g == "dfir" {
				scored[s] = c
			} else {
				t.Logf("%s, %s is one principal: not scored", g, s)
			}
		}
		scored.noted(t, "guard/"+g+"/suspicious", suspicious)
		scored.noted(t, "guard/"+g+"/intrusion", intrusion)
		if g == "ordinary" && w != nil {
			share(t, "guard/ordinary/worst-source", w.suspicious, w.of)
		}
		if g == "dfir" {
			scored.noted(t, "guard/dfir/security-work", func(c *counted) int { return c.security })
		}
	}
}

// TestGuardAdmins asks the same of administrators' sessions that we wrote; the unit is a session, each of one principal. Those
// after "# second half" of the file were written when weights had been chosen.
func TestGuardAdmins(t *testing.T) {
	measures(t)
	found, _ := told(t, own(t), scenarioFolder(t, readScenarios(t, "admin.txt")))
	defer found.Close()
	all, second := tally{}, tally{}
	for _, p := range found.Principals {
		all.add("admin", p.Verdict)
		if strings.HasPrefix(p.Sessions[0], "s-adm2-") {
			second.add("admin", p.Verdict)
		}
		if p.Verdict >= tocsin.Suspicious {
			t.Logf("%v is %s with call %d of %d: %s", p.Sessions, p.Verdict, p.FirstAlert, p.Calls, p.Evidence[0].Sentence)
		}
	}
	if all["admin"].of < 60 {
		t.Errorf("%d sessions of administrators", all["admin"].of)
	}
	all.noted(t, "guard/admin/suspicious", suspicious)
	all.noted(t, "guard/admin/intrusion", intrusion)
	second.noted(t, "guard/admin/second-half", suspicious)
}

// TestGuardWeb asks of sessions that we wrote, which attack web applications of others, how many are seen, and of their honest
// twins, how many are taken for such; the unit is a session, each of one principal. Those after "# second half" of the files were
// written before what is recognised was mended with the first half in sight, those after "# third part" when the second half had been.
func TestGuardWeb(t *testing.T) {
	measures(t)
	set := own(t)
	for _, f := range []struct{ file, name, second string }{{"webattack.txt", "guard/web-written/", "s-wi2-"}, {"webtwins.txt", "guard/web-twins/", "s-wt2-"}} {
		scenarios := readScenarios(t, f.file)
		all, second := tally{}, tally{}
		for i := range scenarios {
			found, _ := told(t, set, scenarioFolder(t, scenarios[i:i+1])) // alone: the networks for examples are few, and joined they are one
			for _, p := range found.Principals {
				all.add("web", p.Verdict)
				if strings.HasPrefix(p.Sessions[0], f.second) {
					second.add("web", p.Verdict)
				}
				t.Logf("%v is %s with call %d of %d", p.Sessions, p.Verdict, p.FirstAlert, p.Calls)
			}
			found.Close()
		}
		if n := all["web"].of; n < 24 || n != len(scenarios) || second["web"].of < 12 {
			t.Errorf("%s: %d principals of %d sessions", f.file, n, len(scenarios))
		}
		all.noted(t, f.name+"suspicious", suspicious)
		all.noted(t, f.name+"intrusion", intrusion)
		second.noted(t, f.name+"second-half", suspicious)
	}
}

// Cut after the call with which it became suspicious, a run gets the same verdict with the same call; cut before it, none.
func TestGuardIsCausal(t *testing.T) {
	set := own(t)
	tried := 0
	for _, g := range []string{"multi-host", "web", "single-host"} {
		for i, r := range runsOf(t)[g] {
			if i%9 > 0 || len(r.sessions) > 1 && r.sessions[0].Messages[0].Timestamp == "" {
				continue
			}
			whole := judged(t, set, r.sessions)[0]
			if whole.FirstAlert == 0 {
				continue
			}
			tried++
			for _, n := range []int{whole.FirstAlert, whole.FirstAlert - 1} {
				all := judged(t, set, firstCalls(r.sessions, n))
				at := 0
				if len(all) > 0 {
					at = all[0].FirstAlert
				}
				if want := min(whole.FirstAlert, n); n == whole.FirstAlert && at != want || n < whole.FirstAlert && at != 0 {
					t.Errorf("%s %s: suspicious with call %d, of the first %d with call %d", g, whole.Name, whole.FirstAlert, n, at)
				}
			}
		}
	}
	if tried < 10 {
		t.Errorf("%d runs tried", tried)
	}
}

// firstCalls are the first n calls of sessions, in order of time, with their results.
func firstCalls(all []chat, n int) []chat {
	type place struct {
		at            string
		chat, msg, of int
	}
	var order []place
	for i, c := range all {
		at := ""
		for k, m := range c.Messages {
			at = max(at, m.Timestamp)
			for x := range m.Calls {
				order = append(order, place{at, i, k, x})
			}
		}
	}
	slices.SortStableFunc(order, func(a, b place) int { return strings.Compare(a.at, b.at) })
	keep := map[string]bool{}
	for _, p := range order[:min(n, len(order))] {
		keep[fmt.Sprint(p.chat, " ", all[p.chat].Messages[p.msg].Calls[p.of].ID)] = true
	}
	out := changed(all, func(*message) {})
	for i := range out {
		c := &out[i]
		for k := range c.Messages {
			m := &c.Messages[k]
			m.Calls = slices.DeleteFunc(m.Calls, func(x chatCall) bool { return !keep[fmt.Sprint(i, " ", x.ID)] })
		}
		c.Messages = slices.DeleteFunc(c.Messages, func(m message) bool {
			return m.Role == "tool" && !keep[fmt.Sprint(i, " ", m.CallID)] || m.Role == "assistant" && len(m.Calls) == 0
		})
	}
	return slices.DeleteFunc(out, func(c chat) bool {
		return !slices.ContainsFunc(c.Messages, func(m message) bool { return len(m.Calls) > 0 })
	})
}

// Forensics and hunting are security work, whatever is searched for, left out or read out of an image.
func TestGuardDefenders(t *testing.T) {
	all := readScenarios(t, "defence.txt")
	found, _ := told(t, own(t), scenarioFolder(t, all))
	defer found.Close()
	if len(found.Principals) != len(all) {
		t.Fatalf("%d principals of %d sessions", len(found.Principals), len(all))
	}
	for _, p := range found.Principals {
		if p.Verdict != tocsin.SecurityWork || len(p.Cleared) == 0 {
			t.Errorf("%v is %s, cleared by %q", p.Sessions, p.Verdict, p.Cleared)
			for _, e := range p.Evidence {
				t.Logf("%.1f %s: %s", e.Weight, e.Sentence, e.Quote)
			}
		}
	}
}

// Sub-agents that are principals of their own and share a target only are one campaign: each of three campaigns is seen, and it is
// told of the parts that others did the rest.
func TestGuardLinks(t *testing.T) {
	all := readScenarios(t, "web.txt")
	of := map[string]string{}
	for _, s := range all {
		of["s-"+s.ID] = s.Case
	}
	found, _ := told(t, own(t), scenarioFolder(t, all))
	defer found.Close()
	worst, shared := map[string]tocsin.Verdict{}, 0
	for _, p := range found.Principals {
		c := of[p.Sessions[0]]
		worst[c] = max(worst[c], p.Verdict)
		if slices.ContainsFunc(p.Evidence, func(g tocsin.Ground) bool { return g.ID == "shared" }) {
			shared++
		}
	}
	intrusions := 0
	for c, v := range worst {
		if v < tocsin.Suspicious {
			t.Errorf("%s: %s", c, v)
		}
		if v >= tocsin.Intrusion {
			intrusions++
		}
	}
	if len(worst) != 3 || intrusions == 0 || shared < 3 {
		t.Errorf("%v, %d principals share", worst, shared)
	}
}
