// Package guard judges those on whose behalf AI agents work: who runs an intrusion with an agent, whose agent was turned
// against them, who does security work, and who only works.
//
// A Book notes each tool call and what it means (tocsin.Action), in any order and shared out among readers. Principals
// then goes through the calls of each principal in their order and adds up evidence, call by call, so that what is said
// after a call rests on no later one. Evidence is of what was done to what, never of what was said about it: no claim of
// authority lowers it, and none is asked for. Of an agent that was turned it is evidence that nobody had asked for what it did
// to its own principal: what people wrote is known by its words' hashes and intents only, and what they asked for clears it.
//
// A live run judges its Book again and again, which costs what is new. Its written form is in pieces, of which [Book.Save] gives those
// that changed, and [Load] reads it back; hashes are keyed, so that nothing of it can be guessed at without the owner's key.
package guard

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/prevalence"
	"github.com/tocsin-ids/tocsin/wire"
)

// Bounds on what a Book keeps. Calls are counted whatever happens; what they meant is let go beyond these, the least telling
// first, and the principal's sight says so.
const (
	mostLow     = 4096 // calls of a session that mean little by themselves
	mostTelling = 4096 // those that are telling
	mostTargets = 4096 // names that the calls of a session went to
	mostActs    = 16   // parts of one call
	mostID      = 128  // bytes of a call's id
)

// A Book keeps what the calls of agents mean. It is used by one goroutine at a time.
//
// One Book is an owner's: what readers noted is merged into it, again and again, it is judged again and again, and it is
// written and read back. A reader has a Fork of it, and gives out what it noted by Take.
type Book struct {
	sessions map[string]*session
	alias    map[[2]string]bool // two names of one account
	now      *session           // of the call that is being noted
	call     *call              // that call; nil until it means something
	at       stamp
	id       []byte // what its log calls it
	deeds    []deed // of that call
	hash     hasher
	takes    int // calls of Take
	lost     int64

	calls  clusters
	judged judged
	common wire.Saved // aliases, and what was lost
}

// A session is one conversation with an agent, its sub-agents included where they share its id.
type session struct {
	id, principal, parent, run string
	agent                      string
	folder                     string // the working folder of its first call
	folderAt                   stamp
	calls                      []noted
	kept                       []call
	verdicts                   []providerWord
	spots                      map[spot]int // of kept, while records are joined
	low, telling               int          // of kept
	letGo                      int
	targets                    map[string]bool // groups of what its calls went to
	work                       []int           // calls by trade of those who defend
	taint                      taint
	more                       int // calls before those that are kept, which were forgotten

	newTargets []string   // that a store does not have
	view       *session   // as it was judged last; nil where it has changed since
	common     []*session // of a view: others that have calls in common with it
	taken      int        // of a reader: the last Take before which it had a call
	store      stored
}

// changes notes that something is known of a session that was not.
func (x *session) changes() {
	x.view = nil
	x.store.change()
}

// goes notes what calls of a session went to.
func (x *session) goes(group string) {
	if len(x.targets) < mostTargets && !x.targets[group] {
		x.targets[group] = true
		x.newTargets = append(x.newTargets, group)
	}
}

// named are the groups of targets that calls of a session went to and that a text names, at most 16.
func (x *session) named(text string) (groups []string) {
	for w := range strings.FieldsFuncSeq(strings.ToLower(text[:min(len(text), mostLooked)]), func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-')
	}) {
		t, own := targetOf(tocsin.Entity{Kind: "host", Value: strings.Trim(w, ".-")})
		if !own && t.group != "" && x.targets[t.group] && len(groups) < 16 && !slices.Contains(groups, t.group) {
			groups = append(groups, t.group)
		}
	}
	return groups
}

// A noted is a call as it was recorded: when and where, and what tells it from others and from itself in another record.
type noted struct {
	stamp
	id, said uint64 // hashes of the call's id, and of the tool's command or arguments; 0 where there is none
	format   string
	saw      seen
	gone     bool // another record tells of the same call, and more
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
	id    string // what its log calls it; may be empty
	acts  []act
	gave  []string // fingerprints of the secrets that its result gave away
	deeds []deed   // against its own principal
	text  string   // the call as a person would quote it, where it has deeds
	low   bool     // it means little by itself
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
	via               bool     // a remote shell ran it there
	own               bool     // it went to the agent's own machine or project only
	ground            string   // of a provider's verdict; empty for what the agent did
	sent              string   // hash of what an attacking request carries
}

// process is the key of Books that are never written.
var process = anyHasher()

// NewBook makes an empty Book that is not to be written: hashes in it are under a key of this process.
func NewBook() *Book { return newBook(process) }

// Keyed makes an owner's empty Book. Hashes in it are under the owner's key, which is in nothing that it writes.
func Keyed(key [16]byte) *Book { return newBook(newHasher(key)) }

func newBook(h hasher) *Book {
	return &Book{sessions: map[string]*session{}, alias: map[[2]string]bool{}, hash: h}
}

const mostAliases = 1 << 16

// same notes that two names are of one account.
func (b *Book) same(one, other string) {
	if one == "" || other == "" || one == other || len(b.alias) >= mostAliases {
		return
	}
	if k := [2]string{one, other}; !b.alias[k] {
		b.alias[[2]string{strings.Clone(one), strings.Clone(other)}] = true
		b.common.Change()
	}
}

// session is the session of an id.
func (b *Book) session(id string) *session {
	x := b.sessions[id]
	if x == nil {
		if len(b.sessions) >= mostSessions+mostSessions/4 {
			b.fewer()
		}
		x = &session{id: strings.Clone(id), targets: map[string]bool{}, work: make([]int, len(trades)), taint: taint{hash: b.hash, words: map[uint64]struct{}{}, shown: map[uint64]struct{}{}}}
		b.sessions[x.id] = x
	}
	return x
}

// Call begins a tool call: the event that tells of it. What the event means is told to Note before the next Call.
func (b *Book) Call(ev *tocsin.Event) {
	var principal, account, run, parent, child, id, agent, folder, callID, said, took, tool, command string
	s := seen(0)
	did := doing{}
	for i := range ev.Fields {
		v := ev.Fields[i].Value
		switch ev.Fields[i].Name {
		case "principal":
			principal = v
		case "account":
			account = v
		case "call_id":
			callID = v
		case "took_ms":
			took = v
		case "run":
			run = v
		case "parent_session":
			parent = v
		case "child_session":
			child = v
		case "session":
			id = v
		case "agent":
			agent = v
		case "cwd":
			folder = v
		case "command":
			said, command = v, v
			did.field("command", v)
			s.field("command", v)
		case "arguments":
			if said == "" {
				said = v
			}
			did.field("arguments", v)
			s.field("arguments", v)
		default:
			did.field(ev.Fields[i].Name, v)
			if ev.Fields[i].Name == "tool" {
				tool = v
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
	x := b.session(id)
	x.changes()
	x.taken, b.judged.stale = b.takes, true
	b.whose(x, principal, account, parent, run, agent)
	if child = notSelf(child, id); child != "" {
		y := b.session(child)
		y.changes()
		y.taken = b.takes
		keep(&y.parent, id)
	}
	source := ev.Source
	if n := len(x.calls); n > 0 && x.calls[n-1].source == source {
		source = x.calls[n-1].source
	}
	b.at = stamp{source: source, record: ev.Record}
	if !ev.Time.IsZero() {
		b.at.at = ev.Time.UnixNano()
		if ms, err := strconv.ParseInt(took, 10, 64); err == nil && ms > 0 && ms < 1<<40 { // the record was written when the call was over
			b.at.at -= ms * 1e6
		}
	}
	if folder != "" && (x.folder == "" || before(&b.at, &x.folderAt)) {
		x.folder, x.folderAt = strings.Clone(folder), b.at
	}
	c := noted{stamp: b.at, format: ev.Format, saw: s, said: b.hash.saying(said)}
	if n := len(x.calls); n > 0 && x.calls[n-1].format == c.format {
		c.format = x.calls[n-1].format
	} else {
		c.format = strings.Clone(c.format)
	}
	if callID != "" {
		c.id = b.hash.of(callID)
		if isWorldwide(callID) {
			c.saw |= worldwide
		}
	}
	if len(x.calls) >= 2*mostCalls {
		x.thin(math.MinInt64)
	}
	x.calls = append(x.calls, c)
	b.now, b.call, b.id = x, nil, append(b.id[:0], callID[:min(len(callID), mostID)]...)
	did.folder = cmp.Or(folder, x.folder)
	b.deeds = did.looked(&x.taint)
	for i := range b.deeds {
		if d := &b.deeds[i]; d.kind == "reported" {
			d.about = x.named(did.arguments[:min(len(did.arguments), mostLooked)] + "\n" + did.command)
		}
	}
	if i := tradeOf(tool, command); i >= 0 {
		x.work[i]++
	}
}

// whose notes who a record says is behind a session.
func (b *Book) whose(x *session, principal, account, parent, run, agent string) {
	keep(&x.principal, principal)
	b.same(principal, account)
	keep(&x.parent, notSelf(parent, x.id))
	keep(&x.run, run)
	keep(&x.agent, agent)
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
	x.changes()
	b.judged.stale = true
	for _, t := range on {
		x.goes(t.group)
	}
	low := a.Level < tocsin.Medium
	means := a.Level >= tocsin.Low || len(a.Gave) > 0 || a.Credential != "" && len(on) > 0
	if !means && len(b.deeds) == 0 {
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
		x.kept = append(x.kept, call{stamp: b.at, place: a.Place, id: string(b.id), gave: slices.Clone(a.Gave), deeds: b.deeds, low: low})
		b.call = &x.kept[len(x.kept)-1]
		if len(b.deeds) > 0 {
			b.call.text, b.deeds = strings.Clone(a.Text), nil
		}
	}
	if !means {
		return
	}
	if len(b.call.acts) == mostActs {
		return
	}
	t := act{tactic: strings.Clone(a.Tactic), technique: strings.Clone(a.Technique), verb: a.Verb, level: a.Level, row: a.Row, outcome: a.Outcome,
		on: on, credential: a.Credential, own: own, via: a.Via, tool: strings.Clone(a.Tool), text: strings.Clone(a.Text)}
	if t.row == nil && len(a.Rules) > 0 {
		t.row = a.Rules[0]
	}
	if a.Sent != 0 {
		t.sent = strconv.FormatUint(a.Sent, 36)
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

// before says that a call stands before another one: in one log by its place.
func before(a, b *stamp) bool { return a.compare(b) < 0 }

func (a *stamp) compare(b *stamp) int {
	return cmp.Or(strings.Compare(a.source, b.source), cmp.Compare(a.record, b.record))
}

// first is the first record of a session, which is in order.
func (x *session) first() stamp {
	switch {
	case len(x.calls) > 0:
		return x.calls[0].stamp
	case len(x.verdicts) > 0:
		return x.verdicts[0].stamp
	}
	return stamp{}
}

// order dates the calls of a session that have no time by those before them in the same log, so that calls of several logs
// and sessions can be put in one order.
func (x *session) order() {
	slices.SortFunc(x.calls, func(a, b noted) int { return a.compare(&b.stamp) })
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
			for ; k < len(x.kept) && x.kept[k].compare(&c.stamp) == 0; k++ {
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
