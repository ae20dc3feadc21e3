package eval

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/action"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/engine"
)

// An operator is one doer of whom it is known what drove it.
type operator struct {
	driver tocsin.Driver
	name   string // person, run or address
	group  string // what is left out together with it: model, class of trainees, network
	source string // recording
	texts  map[uint32]bool
	ticks  tocsin.Ticks
	run    tocsin.Ticks // the same, where the log is of programs that were started and not of lines that were typed
	masked tocsin.Ticks // the same, tools' names masked
}

// operators reads all doers of the recordings.
func operators(t testing.TB) []*operator {
	t.Helper()
	for _, name := range []string{"operator", "agents", "linux", "web"} {
		data(t, name)
	}
	r := operatorReader{t: t, all: map[string]*operator{}}
	glob := func(pattern string) []string {
		paths, _ := filepath.Glob(filepath.Join(dataDir(), filepath.FromSlash(pattern)))
		slices.Sort(paths)
		return paths
	}
	for _, p := range glob("operator/human-*") {
		r.read(p, func(ev *tocsin.Event) (driver tocsin.Driver, name, group string) {
			person := ev.Source + "/" + cmp.Or(ev.Text("sandbox_id"), ev.Text("participant"), ev.Text("subject"), ev.Text("student"))
			return tocsin.Human, person, filepath.Base(filepath.Dir(ev.Source))
		})
	}
	for _, p := range glob("operator/llm-*") {
		paths, _ := filepath.Glob(filepath.Join(p, "COMMANDS*"))
		if len(paths) == 0 {
			paths = []string{p}
		}
		for _, p := range paths {
			r.read(p, func(ev *tocsin.Event) (tocsin.Driver, string, string) {
				return tocsin.Agent, cmp.Or(ev.Text("run"), ev.Text("session"), ev.Source), model(ev.Text("model"))
			})
		}
	}
	r.agents(glob("agents/*.jsonl.gz"))
	for _, kind := range []string{"claude-code", "opencode", "codex", "gemini-cli", "copilot-cli", "*"} {
		for _, p := range glob("agents/native/" + kind) {
			if !r.seen[p] {
				r.read(p, func(ev *tocsin.Event) (tocsin.Driver, string, string) {
					return tocsin.Agent, ev.Source, model(ev.Text("model"))
				})
			}
		}
	}
	byAddress := func(ev *tocsin.Event) (tocsin.Driver, string, string) {
		from := cmp.Or(ev.Text("src_ip"), ev.Text("c-ip"))
		if from == "" {
			return tocsin.Undecided, "", ""
		}
		return tocsin.Script, from, network(from)
	}
	for _, p := range glob("operator/script-*") {
		r.read(p, func(ev *tocsin.Event) (tocsin.Driver, string, string) {
			if d, name, group := byAddress(ev); name != "" {
				return d, name, group
			}
			name := ev.Source + "/" + ev.Text("session")
			return tocsin.Script, name, name
		})
	}
	for _, pattern := range []string{"web/scanners-*/*", "web/scanners-*", "linux/auth-*"} {
		for _, p := range glob(pattern) {
			if st, err := os.Stat(p); err == nil && !st.IsDir() {
				r.read(p, byAddress)
			}
		}
	}
	for _, p := range glob("linux/*openssh*/*.log*") {
		if !strings.Contains(p, ".csv") {
			r.read(p, byAddress)
		}
	}
	for _, p := range glob("web/apache-*.log.gz") { // crawlers, by what they say they are
		r.read(p, func(ev *tocsin.Event) (tocsin.Driver, string, string) {
			agent := strings.ToLower(ev.Text("cs-user-agent"))
			for _, w := range []string{"bot", "spider", "crawl", "slurp"} {
				if strings.Contains(agent, w) {
					return tocsin.Script, ev.Text("c-ip"), network(ev.Text("c-ip"))
				}
			}
			return tocsin.Undecided, "", ""
		})
	}
	return r.done()
}

// An operatorReader gathers the ticks of doers.
type operatorReader struct {
	t    testing.TB
	all  map[string]*operator
	seen map[string]bool
}

// read takes the actions of one recording; who says whose an event is.
func (r *operatorReader) read(path string, who func(*tocsin.Event) (driver tocsin.Driver, name, group string)) {
	r.t.Helper()
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	r.seen[path] = true
	source, err := filepath.Rel(dataDir(), path)
	if err != nil {
		source = path
	}
	reader := action.NewReader([]byte("eval"), knowledge(r.t))
	desk := eventDesk(func(ev *tocsin.Event) {
		driver, name, group := who(ev)
		if driver == tocsin.Undecided {
			return
		}
		reader.Read(ev, nil, func(a *tocsin.Action) {
			if a.Time.IsZero() || a.Verb == "scan" && ev.Text("eventid") != "" { // a honeypot's connections: its logins, forwards and commands count
				return
			}
			key := source + "\x00" + name
			o := r.all[key]
			if o == nil {
				o = &operator{driver: driver, name: name, group: group, source: filepath.ToSlash(source), texts: map[uint32]bool{}}
				r.all[key] = o
			}
			k := actor.TickOf(a)
			o.ticks = append(o.ticks, k)
			hidden := *a
			hidden.Tool, hidden.Text = mask(a.Tool, a.Text)
			o.masked = append(o.masked, actor.TickOf(&hidden))
			if !k.Typed {
				o.run = append(o.run, k)
				return
			}
			o.texts[k.Text] = true
			part := *a
			for i, c := range programs(a.Text) {
				part.Text, part.Tool = c, strings.ToLower(c[:strings.IndexByte(c+" ", ' ')])
				part.Time = a.Time.Add(time.Duration(i) * 20 * time.Millisecond)
				part.Place.Record = a.Place.Record<<8 | uint64(i)
				o.run = append(o.run, actor.TickOf(&part))
			}
		})
	})
	if _, err := engine.Read(context.Background(), engine.Input{Paths: []string{path}, Workers: 1}, func(int) engine.Desk { return desk }); err != nil {
		r.t.Fatal(err)
	}
}

// mask puts a number in the place of a tool's name.
func mask(tool, text string) (string, string) {
	if tool == "" {
		return tool, text
	}
	h := uint32(2166136261)
	for i := range len(tool) {
		h = (h ^ uint32(tool[i])) * 16777619
	}
	name := fmt.Sprintf("t%05x", h>>12)
	if i := strings.Index(strings.ToLower(text), tool); i >= 0 && i+len(tool) <= len(text) {
		text = text[:i] + name + text[i+len(tool):]
	}
	return name, text
}

// programs are what a shell starts for a line, roughly: an audit log has those.
func programs(line string) []string {
	var out []string
	for part := range strings.FieldsFuncSeq(line, func(c rune) bool { return strings.ContainsRune("|;&\n()`", c) }) {
		words := strings.Fields(part)
		for len(words) > 0 {
			switch words[0] {
			case "do", "then", "else", "sudo", "time", "!", "{", "if", "while":
				words = words[1:]
				continue
			case "cd", "echo", "export", "exit", "set", "for", "done", "fi", "}", "source", ".", "read", "history", "alias", "1", "2":
				words = nil
			}
			break
		}
		if len(words) > 0 && len(out) < 32 {
			out = append(out, strings.Join(words, " "))
		}
	}
	return out
}

type eventDesk func(*tocsin.Event)

func (d eventDesk) Event(ev *tocsin.Event) { d(ev) }

// agents reads neutral transcripts. Their labels say which session is of which run and which model drove it.
func (r *operatorReader) agents(paths []string) {
	type label struct{ principal, model string }
	labels := map[string]label{}
	perSource := map[string]map[string]bool{}
	if f, err := os.Open(filepath.Join(dataDir(), "agents", "LABELS.tsv")); err == nil {
		defer f.Close()
		c := csv.NewReader(f)
		c.Comma, c.LazyQuotes, c.FieldsPerRecord = '\t', true, -1
		rows, err := c.ReadAll()
		if err != nil {
			r.t.Fatal(err)
		}
		column := func(name string) int { return slices.Index(rows[0], name) }
		session, principal, mod, source := column("session"), column("principal"), column("model"), column("source")
		for _, row := range rows[1:] {
			labels[row[session]] = label{row[principal], model(row[mod])}
			if perSource[row[source]] == nil {
				perSource[row[source]] = map[string]bool{}
			}
			perSource[row[source]][row[principal]] = true
		}
	}
	for _, p := range paths {
		source := strings.TrimSuffix(filepath.Base(p), ".jsonl.gz")
		// The sub-tasks of one run are one doer; the sessions of one repository over months are not.
		byRun := len(perSource[source]) > 1
		r.read(p, func(ev *tocsin.Event) (tocsin.Driver, string, string) {
			l := labels[ev.Text("session")]
			name := ev.Text("session")
			if byRun && l.principal != "" {
				name = l.principal
			}
			return tocsin.Agent, name, cmp.Or(l.model, model(ev.Text("model")))
		})
	}
}

// model is the name of a model without its reseller.
func model(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// network is the first half of an address: neighbours are often one doer.
func network(address string) string {
	p := strings.Split(address, ".")
	if len(p) < 2 {
		return address
	}
	return p[0] + "." + p[1]
}

// done puts the ticks in order and counts runs that appear twice once.
func (r *operatorReader) done() []*operator {
	var all []*operator
	for _, key := range slices.Sorted(maps.Keys(r.all)) {
		o := r.all[key]
		o.ticks.Sort()
		o.run.Sort()
		o.masked.Sort()
		all = append(all, o)
	}
	// Recordings with the times of the commands themselves come first: of a run that appears twice they are kept.
	slices.SortStableFunc(all, func(a, b *operator) int {
		return strings.Compare(strings.Replace(b.source, "operator/", "z", 1), strings.Replace(a.source, "operator/", "z", 1))
	})
	var kept []*operator
	for _, o := range all {
		if strings.HasPrefix(o.source, "linux/") && !guesser(o.ticks) {
			continue // those who have an account
		}
		twice := false
		for _, k := range kept {
			if k.driver == o.driver && k.driver != tocsin.Script && k.source != o.source && alike(k.texts, o.texts) {
				twice = true
			}
		}
		if !twice {
			kept = append(kept, o)
		}
	}
	return kept
}

// guesser says that most of what is known of ticks failed.
func guesser(ticks tocsin.Ticks) bool {
	failed := 0
	for i := range ticks {
		if ticks[i].Outcome == tocsin.Failed {
			failed++
		}
	}
	return 2*failed > len(ticks)
}

// alike says that two doers typed the same things.
func alike(a, b map[uint32]bool) bool {
	both := 0
	for x := range a {
		if b[x] {
			both++
		}
	}
	return both >= 5 && 2*both >= min(len(a), len(b))
}
