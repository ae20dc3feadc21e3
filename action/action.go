// Package action says what events mean: who did what to which target, with which credential, and how it ended.
//
// A [Reader] turns each event into no, one or several [tocsin.Action] values, whether or not a rule held for it: most of
// an intrusion is quiet. Command lines are parsed as their shell parses them, requests as HTTP, API calls by service;
// a tool is known by what it does and by the shape of its arguments, so that a renamed one still reads as a scan, a dump
// or a copy. What is known is data, see [Knowledge]: code parses, and a row says what was parsed means.
//
// Nothing here is executed, opened or looked up. Secrets leave the package as keyed fingerprints only.
package action

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"

	"github.com/tocsin-ids/tocsin"
)

// A Reader turns events into actions. It is for one goroutine at a time.
type Reader struct {
	key     hash.Hash
	know    *Knowledge
	act     tocsin.Action
	masked  bool // the action's text is masked already
	f       facts
	emit    func(*tocsin.Action)
	held    []*tocsin.Rule
	rules   []*tocsin.Rule
	who     [6]tocsin.Entity
	callers map[caller]string
	on      [24]tocsin.Entity
	marks   [12]string
	low     []byte       // a text in lower case, while it is looked at
	n       int          // actions of this event
	told    tocsin.Level // of the most telling of them
	mask    masker

	// What was made of texts that are met often; all of it is bounded.
	joins, lowers memo
	lines         map[lineKey]*readLine
	linesSize     int // bytes
	targets       map[string]*target
	machines      map[string]*machine
	clients       map[string]*client
	alerts        map[string]*tocsin.Rule
	meant         map[*tocsin.Rule]alertMeaning
	calls         map[string]*row   // calls of cloud platforms, to what is known of them
	keyIDs        map[string]string // fingerprints of keys by their names, which are no secrets themselves

	ways      map[*tocsin.LogSource]way
	waySource *tocsin.LogSource // the last event's
	way       way

	sensors    map[sensorKey]string
	lastSensor sensorKey // the last event's
	sensor     string

	lastMachine *machine // of the event before
	lastClient  *client
}

// NewReader makes a Reader whose fingerprints of secrets are keyed with key: only with the same key are those of two
// readers comparable. What actions mean it takes from k, which readers may share.
func NewReader(key []byte, k *Knowledge) *Reader {
	return &Reader{key: hmac.New(sha256.New, key), know: k, mask: masker{know: k}}
}

// Read calls emit for each action that ev means, the most telling first. held are the rules that held for it, worst
// first. The action is borrowed for the call; its strings may be views of the event's. An event that tells of nobody's
// doing (a heartbeat, a loaded library) emits none, unless a rule held for it.
func (r *Reader) Read(ev *tocsin.Event, held []*tocsin.Rule, emit func(*tocsin.Action)) {
	r.emit, r.held, r.n, r.told = emit, held, 0, 0
	if len(ev.Sources) == 0 {
		if len(held) > 0 {
			r.f.read(ev)
			r.generic(ev)
		}
		return
	}
	switch r.wayFor(ev) {
	case asAlert:
		r.alert(ev)
	case asAgent:
		r.f.read(ev)
		r.agent(ev)
	case asWindows:
		r.windows(ev)
	case asNetwork:
		r.network(ev)
	case asCloud:
		r.cloud(ev)
	case asWeb:
		r.f.read(ev)
		if (r.f.method != "" || r.f.uri != "") && r.f.kind != "program_output" {
			r.web(ev)
		} else {
			r.host(ev)
		}
	default:
		r.f.read(ev)
		r.host(ev)
	}
}

// begin clears the action and fills in what all share.
func (r *Reader) begin(ev *tocsin.Event) {
	r.masked = false
	m := r.machineOf(ev.Host)
	r.act = tocsin.Action{Time: ev.Time, Host: m.name, Org: m.org, Rules: r.held,
		Who: r.who[:0], On: r.on[:0], Marks: r.marks[:0], Sensor: r.sensorOf(ev),
		Place: tocsin.Place{Time: ev.Time, Source: ev.Source, Record: ev.Record}}
	if r.act.Time.IsZero() {
		r.act.Time = ev.Sensor
	}
}

// out hands the action on. Rules that held give their tactic where the reading has none, and their level where it is
// higher; of several actions of one event the first has them.
func (r *Reader) out() {
	a := &r.act
	if len(a.Rules) > 0 {
		rule := a.Rules[0]
		a.Level = max(a.Level, rule.Level)
		if a.Tactic == "" && rule.Level >= tocsin.Low {
			if t := rule.Tactics(); len(t) > 0 {
				a.Tactic = t[0].Slug
			}
			if t := rule.Techniques(); len(t) > 0 && a.Technique == "" {
				a.Technique, _ = tocsin.Technique(t[0])
			}
		}
	}
	if a.Level == tocsin.Unrated {
		a.Level = tocsin.Informational
	}
	if !r.masked {
		a.Text = r.mask.text(a.Text)
	}
	a.Text = clip(a.Text)
	r.n++
	r.told = max(r.told, a.Level)
	r.emit(a)
	r.held = nil
}

// doer adds one who did it.
func (r *Reader) doer(kind, value string) {
	if value == "" || len(r.act.Who) == cap(r.act.Who) {
		return
	}
	for i := range r.act.Who {
		if r.act.Who[i].Kind == kind && r.act.Who[i].Value == value {
			return
		}
	}
	r.act.Who = append(r.act.Who, tocsin.Entity{Kind: kind, Role: "source", Value: value})
}

// target adds one to which it was done.
func (r *Reader) target(kind, value string) {
	if value == "" || len(r.act.On) == cap(r.act.On) {
		return
	}
	if kind == "file" || kind == "url" {
		value = r.mask.text(value)
	}
	for i := range r.act.On {
		if r.act.On[i].Kind == kind && r.act.On[i].Value == value {
			return
		}
	}
	r.act.On = append(r.act.On, tocsin.Entity{Kind: kind, Role: "target", Value: value})
}

// mark adds a telling string.
func (r *Reader) mark(kind, value string) {
	if value == "" || len(r.act.Marks) == cap(r.act.Marks) {
		return
	}
	value = r.mask.text(value[:min(len(value), 400)])
	r.act.Marks = append(r.act.Marks, r.joined(kind, ":", value[:min(len(value), 200)]))
}

// generic reads an event of any other kind, if a rule held for it, by what its fields have in common: whose, from where,
// how it ended.
func (r *Reader) generic(ev *tocsin.Event) {
	if len(r.held) == 0 {
		return
	}
	f := &r.f
	r.begin(ev)
	r.local(ev)
	a := &r.act
	a.Verb, a.Outcome = "run", f.outcome
	a.Text = f.message
	switch {
	case f.command != "":
		r.commandText("", f.command)
	case f.method != "":
		a.Verb = "request"
	case f.dst != "":
		a.Verb = "connect"
	case f.image == "":
		a.Verb = "alert"
	}
	if f.dst != "" {
		r.target("address", f.dst)
	}
	if a.Text == "" {
		a.Text = a.Rules[0].Title
	}
	r.out()
}
