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
	kind   string // of log: history, console, session, honeypot, windows, web, auth
	name   string // person, run or address
	group  string // what is left out together with it: model, class of trainees, network, laboratory
	source string // recording
	texts  map[uint32]bool
	ticks  tocsin.Ticks // what an agent's own log holds as a machine's log would: commands as lines, and only those
	run    tocsin.Ticks // the same, where the log is of programs that were started and not of lines that were typed
	masked tocsin.Ticks // the same, tools' names masked
	own    tocsin.Ticks // as the log has them
}

// An identity is whose an action is. One that is undecided is left out.
type identity struct {
	driver            tocsin.Driver
	kind, name, group string
}

// forRehearsals says that a doer is of the recordings from which rehearsals draw their gaps: nothing is fitted to them and no
// judgement is measured on them.
func forRehearsals(o *operator) bool {
	switch o.driver {
	case tocsin.Human:
		return o.group == "2020-07-15" // one class of trainees
	case tocsin.Script:
		return o.source == "linux/loghub-openssh/OpenSSH_2k.log.gz"
	}
	return o.source == "agents/oh-my-posh.jsonl.gz"
}

// operators reads all doers of the recordings but those that are for rehearsals.
func operators(t testing.TB) []*operator {
	t.Helper()
	return slices.DeleteFunc(allOperators(t), forRehearsals)
}

// allOperators reads all doers of the recordings.
func allOperators(t testing.TB) []*operator {
	t.Helper()
	for _, name := range []string{"operator", "agents", "linux", "web", "windows"} {
		data(t, name)
	}
	r := operatorReader{t: t, all: map[string]*operator{}}
	glob := func(pattern string) []string {
		paths, _ := filepath.Glob(filepath.Join(dataDir(), filepath.FromSlash(pattern)))
		slices.Sort(paths)
		return paths
	}
	for _, p := range glob("operator/human-*") {
		r.read(p, func(ev *tocsin.Event, _ *tocsin.Action) identity {
			person := ev.Source + "/" + cmp.Or(ev.Text("sandbox_id"), ev.Text("participant"), ev.Text("subject"), ev.Text("student"))
			kind := "history"
			if ev.Sources[0].Category == "command" { // of a framework, not a shell
				kind = "console"
			}
			return identity{tocsin.Human, kind, person, filepath.Base(filepath.Dir(ev.Source))}
		})
	}
	for _, p := range glob("operator/llm-*") {
		paths, _ := filepath.Glob(filepath.Join(p, "COMMANDS*"))
		if len(paths) == 0 {
			paths = []string{p}
		}
		for _, p := range paths {
			r.read(p, func(ev *tocsin.Event, _ *tocsin.Action) identity {
				return identity{tocsin.Agent, "history", cmp.Or(ev.Text("run"), ev.Text("session"), ev.Source), model(ev.Text("model"))}
			})
		}
	}
	r.agents(glob("agents/*.jsonl.gz"))
	for _, kind := range []string{"claude-code", "opencode", "codex", "gemini-cli", "copilot-cli", "*"} {
		for _, p := range glob("agents/native/" + kind) {
			if !r.seen[p] {
				r.read(p, func(ev *tocsin.Event, _ *tocsin.Action) identity {
					return identity{tocsin.Agent, "session", ev.Source, cmp.Or(model(ev.Text("model")), kind)}
				})
			}
		}
	}
	byAddress := func(kind string) func(*tocsin.Event, *tocsin.Action) identity {
		return func(ev *tocsin.Event, _ *tocsin.Action) identity {
			from := cmp.Or(ev.Text("src_ip"), ev.Text("c-ip"))
			if from == "" {
				return identity{}
			}
			return identity{tocsin.Script, kind, from, network(from)}
		}
	}
	for _, p := range glob("operator/script-*") {
		r.read(p, func(ev *tocsin.Event, a *tocsin.Action) identity {
			if is := byAddress("honeypot")(ev, a); is.name != "" {
				return is
			}
			name := ev.Source + "/" + ev.Text("session")
			return identity{tocsin.Script, "honeypot", name, name}
		})
	}
	for _, pattern := range []string{"web/scanners-*/*", "web/scanners-*", "linux/auth-*"} {
		for _, p := range glob(pattern) {
			if st, err := os.Stat(p); err == nil && !st.IsDir() {
				r.read(p, byAddress(map[bool]string{true: "web", false: "auth"}[strings.HasPrefix(pattern, "web")]))
			}
		}
	}
	for _, p := range glob("linux/*openssh*/*.log*") {
		if !strings.Contains(p, ".csv") {
			r.read(p, byAddress("auth"))
		}
	}
	for _, p := range glob("web/apache-*.log.gz") {
		r.read(p, func(ev *tocsin.Event, _ *tocsin.Action) identity {
			is := identity{kind: "web", name: ev.Text("c-ip"), group: network(ev.Text("c-ip"))}
			is.driver = visitor(ev.Text("cs-user-agent"))
			return is
		})
	}
	for _, pattern := range []string{"windows/otrf-atomic", "windows/eqllib"} { // tests that scripts and frameworks ran
		for _, p := range glob(pattern) {
			r.read(p, func(ev *tocsin.Event, a *tocsin.Action) identity {
				if len(a.Who) == 0 {
					return identity{}
				}
				archive, _, _ := strings.Cut(ev.Source, "!/")
				lab := a.Org
				if lab == "" {
					lab = filepath.Base(filepath.Dir(archive))
				}
				return identity{tocsin.Script, "windows", filepath.Base(archive) + "/" + a.Who[0].Value, lab}
			})
		}
	}
	return r.done()
}

// visitor tells browsers from crawlers and programs by what they say they are.
func visitor(agent string) tocsin.Driver {
	agent = strings.ToLower(agent)
	for _, w := range []string{"bot", "spider", "crawl", "slurp"} {
		if strings.Contains(agent, w) {
			return tocsin.Script
		}
	}
	if !strings.HasPrefix(agent, "mozilla/5.0 (") && !strings.HasPrefix(agent, "opera/") {
		return tocsin.Undecided
	}
	for _, w := range []string{"http://", "https://", "feed", "preview", "monitor", "scan"} {
		if strings.Contains(agent, w) {
			return tocsin.Undecided
		}
	}
	return tocsin.Human
}

// An operatorReader gathers the ticks of doers.
type operatorReader struct {
	t    testing.TB
	all  map[string]*operator
	seen map[string]bool
}

// read takes the actions of one recording; who says whose one is.
func (r *operatorReader) read(path string, who func(*tocsin.Event, *tocsin.Action) identity) {
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
		reader.Read(ev, nil, func(a *tocsin.Action) {
			if a.Time.IsZero() || a.Verb == "scan" && ev.Text("eventid") != "" { // a honeypot's connections: its logins, forwards and commands count
				return
			}
			is := who(ev, a)
			if is.driver == tocsin.Undecided || is.name == "" {
				return
			}
			key := source + "\x00" + is.driver.String() + is.kind + is.name
			o := r.all[key]
			if o == nil { // the event's strings are borrowed
				o = &operator{driver: is.driver, kind: is.kind, name: strings.Clone(is.name), group: strings.Clone(is.group), source: filepath.ToSlash(source), texts: map[uint32]bool{}}
				r.all[key] = o
			}
			o.note(a)
		})
	})
	if _, err := engine.Read(context.Background(), engine.Input{Paths: []string{path}, Workers: 1}, func(int) engine.Desk { return desk }); err != nil {
		r.t.Fatal(err)
	}
}

// note takes an action of the doer.
func (o *operator) note(a *tocsin.Action) {
	o.own = append(o.own, actor.TickOf(a))
	act := *a
	if act.Log == "session" {
		if act.Verb == "call" || !actor.TickOf(a).Typed {
			return // only its own log knows of it
		}
		act.Log = "line"
	}
	k := actor.TickOf(&act)
	o.ticks = append(o.ticks, k)
	hidden := act
	hidden.Tool, hidden.Text = mask(a.Tool, a.Text)
	o.masked = append(o.masked, actor.TickOf(&hidden))
	if act.Log != "line" {
		o.run = append(o.run, k)
		return
	}
	o.texts[k.Text] = true
	part := act
	for i, c := range programs(a.Text) {
		part.Text, part.Tool, part.Log = c, strings.ToLower(c[:strings.IndexByte(c+" ", ' ')]), "program"
		part.Time = a.Time.Add(time.Duration(i) * 20 * time.Millisecond)
		part.Place.Record = a.Place.Record<<8 | uint64(i)
		o.run = append(o.run, actor.TickOf(&part))
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
		r.read(p, func(ev *tocsin.Event, _ *tocsin.Action) identity {
			l := labels[ev.Text("session")]
			name := ev.Text("session")
			if byRun && l.principal != "" {
				name = l.principal
			}
			return identity{tocsin.Agent, "session", name, cmp.Or(l.model, model(ev.Text("model")), source)}
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
		o.own.Sort()
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
