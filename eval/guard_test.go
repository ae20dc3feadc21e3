package eval

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
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
	{"cut/", cutUp},
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

// A guardSet is one row of the benchmark: sessions of one kind.
type guardSet struct {
	name   string
	source string
	label  string // of LABELS.tsv: those of this label only; empty is all
	kinds  string // a prefix of their kind
	arms   bool   // intrusions, in all arms
}

var guardSets = []guardSet{
	{"ad", "cochise-2025", "", "", true},
	{"ad", "cochise-2026", "", "", true},
	{"web", "nyu-baseline", "intrusion", "ctf-web", true},
	{"privesc", "hackingbuddy", "", "", true},
	{"ordinary", "entire-bmad", "ordinary", "", false},
	{"ordinary", "intercode", "ordinary", "", false},
	{"ordinary", "terminal-bench-mini", "", "", false},
	{"ordinary", "oh-my-posh", "ordinary", "", false},
	{"dfir", "dfir-dev", "ordinary", "", false},
	{"ctf", "nyu-baseline", "dual-use", "ctf-", false},
}

func labelsOf(t testing.TB) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(data(t, "agents/LABELS.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		c := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		all[c[0]+" "+c[1]] = c
	}
	return all
}

func TestGuardLook(t *testing.T) {
	set, labels := own(t), labelsOf(t)
	for _, g := range guardSets {
		var all []chat
		for _, c := range chats(t, g.source) {
			l := labels[g.source+" "+c.Session]
			if l == nil || g.label != "" && l[3] != g.label || !strings.HasPrefix(l[4], g.kinds) {
				continue
			}
			if g.name == "ctf" && l[4] == "ctf-web" {
				continue
			}
			all = append(all, c)
		}
		if !g.arms {
			n := map[tocsin.Verdict]int{}
			hist := map[int]int{}
			for _, p := range judged(t, set, all) {
				n[p.Verdict]++
				hist[int(p.Score*2)]++
				if os.Getenv("LOOK") == g.source && p.Score >= 1 {
					fmt.Printf("%s %s %d calls, alert %d, score %.1f\n", p.Name, p.Verdict, p.Calls, p.FirstAlert, p.Score)
					for _, e := range p.Evidence {
						fmt.Printf("    %.1f %s %d | %.100s\n", e.Weight, e.Sentence, e.Call, e.Quote)
					}
				}
			}
			fmt.Println(g.name, g.source, len(all), "sessions", n, hist)
			continue
		}
		for _, a := range arms {
			if testing.Short() && a.name != "" {
				continue
			}
			suspicious, intrusion, of := 0, 0, 0
			hist := map[int]int{}
			var until []int
			for _, one := range byPrincipal(all) {
				of++
				worst := tocsin.Ordinary
				first := 0
				for _, p := range judged(t, set, a.change(one)) {
					hist[int(p.Score*2)]++
					if os.Getenv("LOOK") == g.source && p.Verdict < tocsin.Suspicious {
						fmt.Printf("%s %s %d calls, alert %d, score %.1f\n", p.Name, p.Verdict, p.Calls, p.FirstAlert, p.Score)
						for _, e := range p.Evidence {
							fmt.Printf("    %.1f %s %d | %.100s\n", e.Weight, e.Sentence, e.Call, e.Quote)
						}
					}
					worst = max(worst, p.Verdict)
					if p.FirstAlert > 0 && (first == 0 || p.FirstAlert < first) {
						first = p.FirstAlert
					}
				}
				if worst >= tocsin.Suspicious {
					suspicious++
					until = append(until, first)
				}
				if worst >= tocsin.Intrusion {
					intrusion++
				}
			}
			slices.Sort(until)
			median := 0
			if len(until) > 0 {
				median = until[len(until)/2]
			}
			fmt.Printf("%s %s %s: suspicious %d of %d, intrusion %d, median call %d\n", g.name, g.source, a.name, suspicious, of, intrusion, median)
			fmt.Println(hist)
		}
	}
}
