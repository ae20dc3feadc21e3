package report

import (
	_ "embed"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Prompts, answers and files are the secrets of whoever works with an agent. Of agents' logs a report therefore shows who, when,
// with which tool, and the calls with secrets masked; of the rest how long it is.

// Privacy says how much of agents' logs a report may show.
type Privacy struct {
	// FeaturesOnly shows no text of a call either: neither as a quote, nor as a field of a match, nor in a campaign.
	FeaturesOnly bool
	// Redact masks the secrets of a command line, or of another text; where it is nil, calls are not shown.
	Redact func(text string, command bool) string
}

// withheld stands in the place of a text that is not shown.
const withheld = "withheld (features only)"

//go:embed agentfields.txt
var agentFieldsText string

// agentFields says of names of fields of agents' calls what they hold: id or call.
var agentFields = func() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(agentFieldsText) {
		if kind, name, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && !strings.HasPrefix(line, "#") {
			all[name] = kind
		}
	}
	return all
}()

// Private gives the hunt as it may be shown. Matches of agents' calls lose prose, results and contents; those of sessions of
// ordinary principals the calls too, and their principals' names unless the hunt asks for names. What was withheld is told by
// its length, as a field NAME.characters.
func Private(h *Hunt, p Privacy) *Hunt {
	out := *h
	hide := hiding{Privacy: p, ordinary: map[string]string{}}
	alias := pseudonyms(h.Principals)
	for _, x := range h.Principals {
		if x.Verdict != tocsin.Ordinary {
			continue
		}
		name := alias[x]
		if h.Names {
			name = x.Name
		}
		for _, s := range append([]string{x.Name}, x.Sessions...) {
			hide.ordinary[s] = name
		}
	}
	for _, x := range h.Principals { // who goes by a name of one of whom there is something to report is not ordinary
		if x.Verdict != tocsin.Ordinary {
			delete(hide.ordinary, x.Name)
		}
	}
	if h.Matches != nil {
		out.Matches = privateMatches{h.Matches, &hide}
	}
	if h.Campaigns != nil {
		out.Campaigns = make([]*tocsin.Campaign, 0, len(h.Campaigns))
		for _, c := range h.Campaigns {
			if c != nil {
				out.Campaigns = append(out.Campaigns, hide.campaign(c))
			}
		}
	}
	if p.FeaturesOnly {
		out.Principals = make([]*tocsin.Principal, 0, len(h.Principals))
		for _, x := range h.Principals {
			out.Principals = append(out.Principals, unquoted(x))
		}
		if h.Coverage != nil {
			c := *h.Coverage
			c.Faults = slices.Clone(c.Faults)
			for i, f := range c.Faults {
				if f.Err != nil {
					bare := *f
					bare.Err = errors.New(noQuotes(f.Err.Error(), "\"`'"))
					c.Faults[i] = &bare
				}
			}
			out.Coverage = &c
		}
	}
	return &out
}

// hiding takes out of a hunt what is not to be shown.
type hiding struct {
	Privacy
	ordinary map[string]string // by session and name of an ordinary principal, the name by which that is shown
}

type privateMatches struct {
	Matches
	hide *hiding
}

// All goes through the matches as they may be shown.
func (p privateMatches) All(held bool) iter.Seq[*tocsin.Match] {
	return func(yield func(*tocsin.Match) bool) {
		var ev tocsin.Event
		for m := range p.Matches.All(held) {
			if ofAgent(m.Event) {
				m = p.hide.match(m, &ev)
			}
			if !yield(m) {
				return
			}
		}
	}
}

// ofAgent says that an event is of an agent's log.
func ofAgent(ev *tocsin.Event) bool {
	return ev != nil && slices.ContainsFunc(ev.Sources, func(s tocsin.LogSource) bool { return s.Product == "ai_agent" })
}

// match copies a match without what is not to be shown; its event is written to ev.
func (h *hiding) match(m *tocsin.Match, ev *tocsin.Event) *tocsin.Match {
	id := or(or(m.Event.Text("session"), m.Event.Text("run")), m.Event.Source)
	name, ordinary := h.ordinary[id]
	bare := h.FeaturesOnly || ordinary || h.Redact == nil
	fields := func(all []tocsin.Field) []tocsin.Field {
		out := make([]tocsin.Field, 0, len(all))
		for _, f := range all {
			switch kind := agentFields[f.Name]; {
			case kind == "id" && f.Name == "principal" && ordinary:
				out = append(out, tocsin.Field{Name: f.Name, Value: name})
			case kind == "id":
				out = append(out, f)
			case kind == "call" && !bare:
				out = append(out, tocsin.Field{Name: f.Name, Value: h.Redact(f.Value, f.Name == "command" || strings.HasSuffix(f.Name, "command") || strings.HasSuffix(f.Name, "cmd"))})
			default:
				out = append(out, tocsin.Field{Name: nameOnly(f.Name) + ".characters", Value: strconv.Itoa(len([]rune(f.Value)))})
			}
		}
		return out
	}
	*ev = *m.Event
	ev.Fields, ev.Raw = fields(m.Event.Fields), ""
	out := *m
	out.Event, out.Held = ev, fields(m.Held)
	return &out
}

// nameOnly is the name of a withheld field: of the arguments that a tool is given, which may be anybody's words, only that they
// are such unless the table knows them.
func nameOnly(name string) string {
	if agentFields[name] == "" && strings.HasPrefix(name, "arguments.") {
		return "arguments"
	}
	return name
}

// unquoted copies a principal without the texts of its calls.
func unquoted(x *tocsin.Principal) *tocsin.Principal {
	bare := func(all []tocsin.Ground) []tocsin.Ground {
		all = slices.Clone(all)
		for i := range all {
			all[i].Quote, all[i].Sentence = "", noQuotes(all[i].Sentence, "\"`")
		}
		return all
	}
	out := *x
	out.Evidence = bare(x.Evidence)
	out.Cleared = slices.Clone(x.Cleared)
	for i, s := range out.Cleared {
		out.Cleared[i] = noQuotes(s, "\"`")
	}
	out.ByTarget = slices.Clone(x.ByTarget)
	for i := range out.ByTarget {
		t := &out.ByTarget[i]
		t.Evidence, t.Course = bare(t.Evidence), bare(t.Course)
	}
	return &out
}

// noQuotes is a text without what stands between two of the same mark.
func noQuotes(s, marks string) string {
	for _, q := range marks {
		parts := strings.Split(s, string(q))
		for i := 1; i+1 < len(parts); i += 2 {
			parts[i] = "…"
		}
		s = strings.Join(parts, string(q))
	}
	return s
}

// agentsOf are the sessions by which a campaign's actor is an agent; none where it is something else.
func agentsOf(a *tocsin.Actor) (sessions []string) {
	for _, h := range a.Handles {
		if h.Kind == "agent" {
			_, session, ok := strings.Cut(h.Value, "/")
			if !ok {
				session = h.Value
			}
			sessions = append(sessions, session)
		}
	}
	return sessions
}

// campaign copies a campaign without what is not to be shown: the texts of steps that ordinary principals' agents alone did;
// with features only all free text of a campaign in which there is an agent, since what a machine's log tells of the same act
// are the same words.
func (h *hiding) campaign(c *tocsin.Campaign) *tocsin.Campaign {
	agents := false
	ordinary := map[string]bool{} // actors that are agents of ordinary principals and nothing else
	for _, a := range actorsOf(c) {
		sessions := agentsOf(a)
		if len(sessions) == 0 {
			continue
		}
		agents = true
		ordinary[a.ID] = len(sessions) == len(a.Handles) && !slices.ContainsFunc(sessions, func(s string) bool { _, ok := h.ordinary[s]; return !ok })
	}
	if !agents {
		return c
	}
	out := *c
	out.Steps = slices.Clone(c.Steps)
	for i := range out.Steps {
		s := &out.Steps[i]
		if h.FeaturesOnly || len(s.Actors) > 0 && !slices.ContainsFunc(s.Actors, func(id string) bool { return !ordinary[id] }) {
			s.Summary, s.Commands, s.Shown = several(s.Actions, "action")+"; texts withheld", nil, nil
			s.Acts = slices.Clone(s.Acts)
			for k := range s.Acts {
				s.Acts[k].Text = ""
			}
		}
	}
	whose := map[string]bool{} // names of those actors
	for _, a := range actorsOf(c) {
		for i := range a.Handles {
			whose[a.Handles[i].Value] = ordinary[a.ID]
		}
	}
	out.Key = slices.Clone(c.Key)
	for i := range out.Key {
		if k := &out.Key[i]; h.FeaturesOnly || whose[k.Account] {
			k.What, k.Shown = withheld, ""
		}
	}
	if h.FeaturesOnly {
		featuresOf(&out)
	}
	return &out
}

// shownKinds are the kinds of entities and indicators that are features: who, from where, against whom.
var shownKinds = []string{"address", "host", "user", "session", "principal", "agent", "caller", "domain", "callback", "hash"}

// featuresOf takes the free texts out of a campaign, whose lists of steps are its own.
func featuresOf(c *tocsin.Campaign) {
	links := func(all []tocsin.Link) []tocsin.Link {
		all = slices.Clone(all)
		for i := range all {
			all[i].Evidence = withheld
		}
		return all
	}
	entities := func(all []tocsin.Entity) []tocsin.Entity {
		return slices.DeleteFunc(slices.Clone(all), func(e tocsin.Entity) bool { return !slices.Contains(shownKinds, e.Kind) })
	}
	none := func(all []string) []string {
		if len(all) == 0 {
			return nil
		}
		return []string{several(len(all), "text") + " " + withheld}
	}
	shown := func(all []string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(v string) bool {
			kind, _, _ := strings.Cut(v, ":")
			return !slices.Contains(shownKinds, kind)
		})
	}
	indicators := func(all []tocsin.Indicator) []tocsin.Indicator {
		all = slices.DeleteFunc(slices.Clone(all), func(x tocsin.Indicator) bool { return !slices.Contains(shownKinds, x.Kind) })
		for i := range all {
			all[i].Why = withheld
		}
		return all
	}
	c.Used, c.Touched = indicators(c.Used), indicators(c.Touched)
	c.Joins = slices.Clone(c.Joins)
	for i := range c.Joins {
		c.Joins[i].Shared = shown(c.Joins[i].Shared)
	}
	for i := range c.Key { // which are its own
		c.Key[i].On = shown(c.Key[i].On)
	}
	c.Links = links(c.Links)
	c.Actors = slices.Clone(c.Actors)
	for i, a := range c.Actors {
		if a == nil {
			continue
		}
		b := *a
		b.Links, b.Handles, b.Adaptations = links(a.Links), entities(a.Handles), slices.Clone(a.Adaptations)
		for k := range b.Adaptations {
			b.Adaptations[k].Evidence = withheld
		}
		c.Actors[i] = &b
	}
	c.Gates = slices.Clone(c.Gates)
	for i := range c.Gates {
		c.Gates[i].Change = withheld
	}
	c.Victims = slices.Clone(c.Victims)
	for i := range c.Victims {
		v := &c.Victims[i]
		v.Also = entities(v.Also)
		if !slices.Contains(shownKinds, v.Kind) {
			v.Value = withheld
		}
	}
	c.Data, c.Open = none(c.Data), none(c.Open)
	c.LoggedIn = nil // stands in commands only
	marks := slices.DeleteFunc(slices.Clone(c.Marks), func(m string) bool {
		kind, _, _ := strings.Cut(m, ":")
		return kind == "agent" || !slices.Contains(shownKinds, kind)
	})
	if n := len(c.Marks) - len(marks); n > 0 {
		omitted := map[string]int{}
		for k, v := range c.Omitted {
			omitted[k] = v
		}
		omitted["indicators"] += n
		c.Omitted = omitted
	}
	c.Marks = marks
}
