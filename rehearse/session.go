package rehearse

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A session is what an agent's machine keeps of one conversation: the calls of tools that it made, with what came back.
type session struct {
	id      string
	user    string     // of the operating system, in whose home it works
	within  *session   // that started it as a sub-agent, or nil
	born    string     // the token of the call that did
	helpers []*session // its sub-agents
	on      *org       // what a sub-agent works on
	format  *format
	calls   []toolCall
}

// A toolCall is one call of a tool: a command for a shell or, where starts is set, the start of a sub-agent.
type toolCall struct {
	at, done time.Time
	token    string    // by which it is told from all others
	records  [2]string // ids of the records of it and of its result
	command  string
	starts   *session
	result   string
	failed   bool
}

// folder is where a session works.
func (x *session) folder() string { return "/home/" + x.user + "/src" }

// account is its user at who serves the agent, for formats that name one.
func (x *session) account() string { return x.user + "@studio.example" }

// first and last are when it begins and ends.
func (x *session) first() time.Time { return x.calls[0].at }

func (x *session) last() time.Time {
	var t time.Time
	for i := range x.calls {
		if x.calls[i].done.After(t) {
			t = x.calls[i].done
		}
	}
	return t
}

// call is a call of a shell in a session.
func (s *stage) call(x *session, at time.Time, command, result string, failed bool) {
	c := toolCall{at: at, token: s.hex(10), command: command, result: result, failed: failed}
	c.records[0] = s.hex(12)
	c.done = at.Add(time.Duration(200+s.rng.IntN(2500)) * time.Millisecond)
	c.records[1] = s.hex(12)
	x.calls = append(x.calls, c)
}

// called is the call in the session of the agent that did something: it asks, what it did happens, and the result comes back. Clocks
// of victims and of the machine on which agents run are apart by less than a second. What an agent looks at from outside it leaves
// to a sub-agent for each organisation.
func (s *stage) called(o *org, at time.Time, w *worker, p played) {
	if w.session == nil {
		raw := fmt.Sprintf("%s-%s-4%s-a%s-%s", s.hex(8), s.hex(4), s.hex(3), s.hex(3), s.hex(12))
		w.session = &session{user: "op", format: s.formatOf(len(s.sessions))}
		w.session.id = w.session.format.called(raw, false)
		s.sessions = append(s.sessions, w.session)
		w.actor.Sessions = append(w.actor.Sessions, w.session.id)
	}
	result := "exit code 0"
	if p.outcome != "worked" {
		result = "exit code 1: " + p.outcome
	}
	asked := at.Add(-time.Duration(50+s.rng.IntN(700)) * time.Millisecond)
	x := w.session
	if p.tactic == "reconnaissance" {
		x = s.helper(w, o, asked)
	}
	s.call(x, asked, p.call, result, p.outcome != "worked")
}

// helper is the sub-agent of a worker's session that works on an organisation, and is started if there is none. Its names are
// drawn apart, so that victims' logs do not hang on them.
func (s *stage) helper(w *worker, o *org, at time.Time) *session {
	x := w.session
	if i := slices.IndexFunc(x.helpers, func(h *session) bool { return h.on == o }); i >= 0 {
		return x.helpers[i]
	}
	hex := func(n int) string {
		var b strings.Builder
		for range n {
			fmt.Fprintf(&b, "%x", s.aside.IntN(16))
		}
		return b.String()
	}
	h := &session{user: x.user, format: x.format, within: x, born: hex(10), on: o}
	h.id = x.format.called(fmt.Sprintf("%s-%s-4%s-a%s-%s", hex(8), hex(4), hex(3), hex(3), hex(12)), true)
	x.helpers = append(x.helpers, h)
	if x.format.apart {
		w.actor.Sessions = append(w.actor.Sessions, h.id)
	}
	from := at.Add(-1500 * time.Millisecond)
	x.calls = append(x.calls, toolCall{at: from, done: from.Add(400 * time.Millisecond), token: h.born, records: [2]string{hex(12), hex(12)}, starts: h, result: "started " + h.id})
	return h
}

// keep writes the sessions of the operator's agents, each as its agent keeps it, below the home of their user.
func (s *stage) keep() {
	for _, x := range s.sessions {
		slices.SortStableFunc(x.calls, func(a, b toolCall) int { return a.at.Compare(b.at) })
		for _, one := range append([]*session{x}, x.helpers...) {
			one.format.write(s, "operator/agents/"+one.user+"/", one)
		}
	}
}
