// Package guard judges those on whose behalf AI agents work: who runs an intrusion with an agent, whose agent was turned
// against them, who does security work, and who only works.
//
// A Book notes each tool call and what it means (tocsin.Action), in any order and shared out among readers. Principals
// then goes through the calls of each principal in their order and adds up evidence, call by call, so that what is said
// after a call rests on no later one. Evidence is of what was done to what, never of what was said about it: no claim of
// authority lowers it, and none is asked for.
package guard

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/prevalence"
)

// Bounds on what a Book keeps. Calls are counted whatever happens; what they meant is let go beyond these, the least telling
// first, and the principal's sight says so.
const (
	mostLow     = 4096 // calls of a session that mean little by themselves
	mostTelling = 4096 // those that are telling
	mostTargets = 4096 // names that the calls of a session went to
	mostActs    = 16   // parts of one call
)

// A Book keeps what the calls of agents mean. It is used by one goroutine at a time.
type Book struct {
	sessions map[string]*session
	now      *session // of the call that is being noted
	call     *call    // that call; nil until it means something
	at       stamp
}

// A session is one conversation with an agent, its sub-agents included where they share its id.
type session struct {
	id, principal, parent, run string
	agent                      string
	folder                     string // the working folder of its first call
	folderAt                   stamp
	calls                      []stamp
	kept                       []call
	low, telling               int // of kept
	letGo                      int
	targets                    map[string]bool // groups of what its calls went to
	sight                      sight
	work                       []int // calls by trade of those who defend
}

// A stamp is when a call was made and where it stands. Of calls without times the place alone tells the order.
type stamp struct {
	at     int64 // Unix nanoseconds, 0 where no time is known
	source string
	record uint64
}

// A call is a tool call that means something.
type call struct {
	stamp
	place tocsin.Place
	acts  []act
	gave  []string // fingerprints of the secrets that its result gave away
}

// An act is one part of a call.
type act struct {
	tactic, technique string
	verb, tool, text  string
	level             tocsin.Level
	row               *tocsin.Rule // that says what it means; nil where a rule did
	outcome           tocsin.Outcome
	on                []target
	credential        string
	strings           []string // that others would not have by chance
	own               bool     // it went to the agent's own machine or project only
}

// NewBook makes an empty Book.
func NewBook() *Book { return &Book{sessions: map[string]*session{}} }

// Call begins a tool call: the event that tells of it. What the event means is told to Note before the next Call.
func (b *Book) Call(ev *tocsin.Event) {
	var principal, run, parent, id, agent, folder, tool, command string
	s := seen{}
	for i := range ev.Fields {
		v := ev.Fields[i].Value
		switch ev.Fields[i].Name {
		case "principal":
			principal = v
		case "run":
			run = v
		case "parent_session":
			parent = v
		case "session":
			id = v
		case "agent":
			agent = v
		case "cwd":
			folder = v
		default:
			switch ev.Fields[i].Name {
			case "tool":
				tool = v
			case "command":
				command = v
			}
			s.field(ev.Fields[i].Name, v)
		}
	}
	if id == "" {
		id = run
	}
	if id == "" { // nothing names the session: its log is all there is
		id = ev.Source
	}
	key := id
	if parent == id {
		parent = ""
	}
	x := b.sessions[key]
	if x == nil {
		x = &session{id: strings.Clone(id), targets: map[string]bool{}, work: make([]int, len(trades))}
		b.sessions[x.id] = x
	}
	keep(&x.principal, principal)
	keep(&x.parent, parent)
	keep(&x.run, run)
	keep(&x.agent, agent)
	source := ev.Source
	if n := len(x.calls); n > 0 && x.calls[n-1].source == source {
		source = x.calls[n-1].source
	}
	b.at = stamp{source: source, record: ev.Record}
	if !ev.Time.IsZero() {
		b.at.at = ev.Time.UnixNano()
	}
	if folder != "" && (x.folder == "" || before(&b.at, &x.folderAt)) {
		x.folder, x.folderAt = strings.Clone(folder), b.at
	}
	x.calls = append(x.calls, b.at)
	x.sight.add(&s)
	if i := tradeOf(tool, command); i >= 0 {
		x.work[i]++
	}
	b.now, b.call = x, nil
}

// keep sets a name that was not known yet. Of several the least is kept, so that the order in which they come does not matter.
func keep(name *string, v string) {
	if v != "" && (*name == "" || v < *name) {
		*name = strings.Clone(v)
	}
}

// Note notes a part of the call that Call began.
func (b *Book) Note(a *tocsin.Action) {
	x := b.now
	if x == nil || a.Again {
		return
	}
	on, own := targets(a.On)
	for _, t := range on {
		if len(x.targets) < mostTargets {
			x.targets[t.group] = true
		}
	}
	low := a.Level < tocsin.Medium
	if a.Level < tocsin.Low && len(a.Gave) == 0 && (a.Credential == "" || len(on) == 0) {
		return
	}
	if b.call == nil {
		switch {
		case low && x.low == mostLow, !low && x.telling == mostTelling:
			x.letGo++
			return
		case low:
			x.low++
		default:
			x.telling++
		}
		x.kept = append(x.kept, call{stamp: b.at, place: a.Place, gave: slices.Clone(a.Gave)})
		b.call = &x.kept[len(x.kept)-1]
	}
	if len(b.call.acts) == mostActs {
		return
	}
	t := act{tactic: strings.Clone(a.Tactic), technique: strings.Clone(a.Technique), verb: a.Verb, level: a.Level, row: a.Row, outcome: a.Outcome,
		on: on, credential: a.Credential, own: own, tool: strings.Clone(a.Tool), text: strings.Clone(a.Text)}
	if t.row == nil && len(a.Rules) > 0 {
		t.row = a.Rules[0]
	}
	t.strings = unusual(a.Marks)
	b.call.acts = append(b.call.acts, t)
}

// unusual are those marks of an act that lead from one principal to another: hosts that are called back, tokens of payloads
// and files that were left. Hosts that everybody uses are left out.
func unusual(marks []string) (out []string) {
	for _, m := range marks {
		switch kind, v, _ := strings.Cut(m, ":"); kind {
		case "callback":
			if share, _ := prevalence.Share("callback:" + v); share >= publicFrom || own.names[v] {
				continue
			}
		case "token", "dropped":
		default:
			continue
		}
		if len(out) < 4 {
			out = append(out, strings.Clone(m))
		}
	}
	return out
}

// Merge adds what another reader has noted. It is not to be used afterwards.
func (b *Book) Merge(o *Book) {
	for id, y := range o.sessions {
		x := b.sessions[id]
		if x == nil {
			b.sessions[id] = y
			continue
		}
		keep(&x.principal, y.principal)
		keep(&x.parent, y.parent)
		keep(&x.run, y.run)
		keep(&x.agent, y.agent)
		if y.folder != "" && (x.folder == "" || before(&y.folderAt, &x.folderAt)) {
			x.folder, x.folderAt = y.folder, y.folderAt
		}
		x.calls = append(x.calls, y.calls...)
		x.kept = append(x.kept, y.kept...)
		x.letGo += y.letGo
		x.low += y.low
		x.telling += y.telling
		for t := range y.targets {
			if len(x.targets) < mostTargets {
				x.targets[t] = true
			}
		}
		x.sight.merge(&y.sight)
		for i, n := range y.work {
			x.work[i] += n
		}
	}
}

// before says that a call stands before another one: in one log by its place.
func before(a, b *stamp) bool { return a.compare(b) < 0 }

func (a *stamp) compare(b *stamp) int {
	return cmp.Or(strings.Compare(a.source, b.source), cmp.Compare(a.record, b.record))
}

// order dates the calls of a session that have no time by those before them in the same log, so that calls of several logs
// and sessions can be put in one order.
func (x *session) order() {
	slices.SortFunc(x.calls, func(a, b stamp) int { return a.compare(&b) })
	slices.SortStableFunc(x.kept, func(a, b call) int { return a.stamp.compare(&b.stamp) })
	k := 0
	for i := 0; i < len(x.calls); {
		end, first := i, int64(0)
		for ; end < len(x.calls) && x.calls[end].source == x.calls[i].source; end++ {
			if first == 0 {
				first = x.calls[end].at
			}
		}
		for last := first; i < end; i++ {
			c := &x.calls[i]
			last = max(last, c.at)
			for ; k < len(x.kept) && x.kept[k].compare(c) == 0; k++ {
				x.kept[k].at = last
			}
			c.at = last
		}
	}
}

func day(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(0, at).UTC()
}
