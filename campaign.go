package tocsin

import (
	"slices"
	"strings"
	"time"
)

// A Driver is what is at the controls of an actor.
type Driver uint8

// The drivers. Undecided is an honest answer: the evidence does not tell.
const (
	Undecided Driver = iota
	Human
	Script // a program that does the same whatever it meets
	Agent  // a program that decides what to do next by what it met
)

var driverNames = [...]string{"undecided", "human", "script", "agent"}

// String gives the driver in lower case.
func (d Driver) String() string {
	if int(d) < len(driverNames) {
		return driverNames[d]
	}
	return driverNames[Undecided]
}

// MarshalText is String, so that JSON has words.
func (d Driver) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads String's words; all others are Undecided.
func (d *Driver) UnmarshalText(b []byte) error {
	*d = Undecided
	for i, n := range driverNames {
		if n == string(b) {
			*d = Driver(i)
		}
	}
	return nil
}

// A Tempo is facts about the times of an actor's actions. Gaps are from start to start, of actions in order of time.
type Tempo struct {
	Actions   int             `json:"actions"`              // with a time; of an event with several parts only the first counts
	Busy      time.Duration   `json:"busy_ns"`              // time between first and last without quiets of more than 30 minutes
	Peak1s    int             `json:"peak_1s"`              // most actions that began within any second
	Peak10s   int             `json:"peak_10s"`             //
	Peak60s   int             `json:"peak_60s"`             //
	Gaps      []time.Duration `json:"gaps_ns,omitempty"`    // the 10th, 50th, 90th and 99th percentile; nil below two actions
	Occupancy float64         `json:"occupancy"`            // share of 5-minute windows between first and last that hold an action
	Overlap   float64         `json:"overlap"`              // share of actions that began before the one before had ended, of those whose ends are known
	Unique    float64         `json:"unique"`               // distinct texts by actions
	Tools     int             `json:"tools"`                // distinct tools
	Targets   int             `json:"targets"`              // distinct targets
	Failed    float64         `json:"failed"`               // share that failed or was denied, of those whose outcome is known
	Changed   float64         `json:"changed"`              // after a failure: share of next actions that differ in text
	PerMinute []int           `json:"per_minute,omitempty"` // actions in equal stretches from First to Last, at most 240: the tempo chart
}

// Evidence is one feature's part in a judgement. For a driver the weights are log-likelihoods for the three
// drivers; their sums over all evidence, through softmax, are the judgement's shares.
type Evidence struct {
	Feature string  `json:"feature"` // its name, stable
	Seen    string  `json:"seen"`    // what was measured, with its unit, for a person to read
	Human   float64 `json:"human"`
	Script  float64 `json:"script"`
	Agent   float64 `json:"agent"`
}

// A Reason is what in a judgement of a driver speaks most for one driver against another, in what can be looked up and argued
// with; the table of Evidence has the weights of all.
type Reason struct {
	For     Driver  `json:"for"`
	Against Driver  `json:"against"`
	Feature string  `json:"feature"`                // of Evidence
	Symbol  string  `json:"symbol,omitempty"`       // which of its showings
	Share   float64 `json:"share,omitempty"`        // how many of N show it
	N       int     `json:"n,omitempty"`            //
	Never   bool    `json:"never_paused,omitempty"` // of pace: none of N pauses was as long as a minute
	Weight  float64 `json:"weight"`                 // what Feature adds for the one over the other, in nats
}

// A Link is why two things are one: two handles of an actor, two actors of a campaign.
type Link struct {
	From     string    `json:"from"` // an entity as KIND:VALUE, or an actor's ID
	To       string    `json:"to"`
	Kind     string    `json:"kind"`     // session, network, account, credential, pivot, effect, mark, callback, host, time, takeover, handover, together
	Weight   float64   `json:"weight"`   // log-odds that it is no chance, in nats; what is joined has at least 3 in sum
	Evidence string    `json:"evidence"` // for a person to read
	Time     time.Time `json:"time"`
	Places   []Place   `json:"places,omitempty"` // where it can be read again, at most 4
	Tie      Tie       `json:"tie,omitempty"`    // of a campaign's links: core where it joins two cores
}

// A Join is how two members of a campaign came to be one: by the links between them in sum, and what the two have in common
// besides. The joins of a campaign hold all of its actors together.
type Join struct {
	From    string         `json:"from"` // an actor's ID
	To      string         `json:"to"`
	Weight  float64        `json:"weight"`            // the sum of its links'
	Rests   []string       `json:"rests"`             // the kinds of its links, the heaviest first
	Shared  []string       `json:"shared,omitempty"`  // as KIND:VALUE, at most 3 of a kind: what both acted as, from, with or on
	Common  map[string]int `json:"common,omitempty"`  // how many of each kind that is
	Lacks   []string       `json:"lacks,omitempty"`   // of account, address, tool, host: of which nothing is shared
	Apart   time.Duration  `json:"apart_ns"`          // between the nearest of their telling actions; -1 where it is not known
	Between int            `json:"between,omitempty"` // of a join of kind together: between so many pairs of members; what is shared is then not said
	Tie     Tie            `json:"tie,omitempty"`
}

// A Tie says how firmly something belongs to a campaign. Decisions go by cores only.
type Tie string

// The ties. A core is telling by itself; what is weak is told of because of its company.
const (
	Core Tie = "core"
	Weak Tie = "weak"
)

// Standing is what is known of names that campaigns go by: for guards, blockers and consoles, which look up one name at a
// time. It is made anew after each turn and never changed.
type Standing map[Entity]struct {
	Campaign string
	Level    Level
	Driver   Driver
	Tie      Tie
}

// An Adaptation is how an actor went on after a countermeasure.
type Adaptation struct {
	Blocked  time.Time     `json:"blocked"`  // the last denial of the old way
	Resumed  time.Time     `json:"resumed"`  // the first action of the new way
	After    time.Duration `json:"after_ns"` // Resumed less Blocked
	From     string        `json:"from"`     // handles as KIND:VALUE
	To       string        `json:"to"`
	Changed  []string      `json:"changed"`  // address, user_agent, tool, account, pace
	Evidence string        `json:"evidence"` // what shows that it is the same one
}

// An Actor is the one behind actions.
type Actor struct {
	ID          string             `json:"id"`      // its first handle as KIND:VALUE; stable between runs over the same input
	Handles     []Entity           `json:"handles"` // the names it went by, the most telling first
	Links       []Link             `json:"links,omitempty"`
	First       time.Time          `json:"first"`
	Last        time.Time          `json:"last"`
	Tempo       Tempo              `json:"tempo"`
	Driver      Driver             `json:"driver"`
	Share       map[string]float64 `json:"share,omitempty"`    // how likely each driver is: human, script, agent; adds up to 1. Without agent the logs cannot tell it from a script: script is of either
	Evidence    []Evidence         `json:"evidence,omitempty"` // of the judgement; the prior comes first
	Reasons     []Reason           `json:"reasons,omitempty"`  // of the judgement: what speaks for the driver against each other one, then what speaks against it
	Adaptations []Adaptation       `json:"adaptations,omitempty"`
	Local       bool               `json:"local,omitempty"` // not a doer who is known but what happened on one machine; ID is host:NAME
	Tie         Tie                `json:"tie,omitempty"`   // to its campaign
	Deeds       []Deed             `json:"-"`               // what it did, in order of time
	Ticks       []Ticks            `json:"-"`               // a stream for each of its names, in order of time
}

// A Deed is an action, or a run of like actions of one actor: the same in all that Action says but time, text and place.
// It owns its memory.
type Deed struct {
	Action
	Last   time.Time // when the last of them began; Time is the first's
	N      int       // how many; 0 where other deeds count them already (what a correlation says of them)
	Weight float64   // how telling it is where it happened, in nats: its level, its number, and how rare its like is there
	Spans  []Span    // where they were read, in order of source and record
	Sparse bool      // Spans leaves some out
	Seen   []Sight   // by which sensors, in order of place; N counts what several saw once
	// Named says of names (of Who and On as KIND:VALUE, of Marks as they are) where they were first read and when last, as far
	// as those are not Place and Last. See At.
	Named map[string]struct {
		First Place
		Last  time.Time
	}

	// Shown says what shows that it worked where its own record does not say so, for a person to read: what came of it on the
	// machine, told at ShownAt. Outcome is then Worked. It is empty elsewhere.
	Shown   string
	ShownAt Place
}

// At is the first of the deed's records that has a name, and when the last action that has it began. A name is KIND:VALUE, or
// a mark.
func (d *Deed) At(name string) (first Place, last time.Time) {
	if n, ok := d.Named[name]; ok {
		return n.First, n.Last
	}
	return d.Place, d.Last
}

// Mention notes what At is to say of a name.
func (d *Deed) Mention(name string, first Place, last time.Time) {
	if d.Named == nil {
		d.Named = map[string]struct {
			First Place
			Last  time.Time
		}{}
	}
	d.Named[name] = struct {
		First Place
		Last  time.Time
	}{first, last}
}

// A Sight is where a sensor first told of an act. Several sensors may tell of one.
type Sight struct {
	Sensor string        `json:"sensor"` // Action.Sensor
	Place  Place         `json:"place"`
	Off    time.Duration `json:"off_ns,omitempty"` // its time less that of the act's first sight, where their clocks or what they log may differ by minutes
}

// An Act is one of a campaign's deeds with all sensors that told of it.
type Act struct {
	Text    string  `json:"text,omitempty"` // its command, request or call
	Row     string  `json:"row,omitempty"`  // id of the row of knowledge that says what it means; empty where a rule or the record itself does
	Actions int     `json:"actions"`        // how many like it are counted here
	Seen    []Sight `json:"seen"`           // in order of place, at most 12
}

// A Step is a stretch of a campaign that serves one tactic.
type Step struct {
	Tactic     string    `json:"tactic"` // slug
	Techniques []string  `json:"techniques,omitempty"`
	First      time.Time `json:"first"`
	Last       time.Time `json:"last"`
	Actions    int       `json:"actions"`
	Worked     int       `json:"worked"`
	Failed     int       `json:"failed"` // or denied
	Actors     []string  `json:"actors"` // IDs
	Hosts      []string  `json:"hosts,omitempty"`
	Summary    string    `json:"summary"`            // its most telling deed, for a person to read
	Places     []Place   `json:"places,omitempty"`   // of the most telling deeds, at most 8
	Commands   []string  `json:"commands,omitempty"` // their texts, at most 8
	Acts       []Act     `json:"acts,omitempty"`     // the most telling ones, at most 8
	Shown      []string  `json:"shown,omitempty"`    // what shows that actions worked whose own records do not say so, at most 8
}

// A Gate is a point at which a person seems to have decided: a quiet, then another phase, target or tool.
type Gate struct {
	Quiet  time.Time `json:"quiet"`  // the last action before
	Time   time.Time `json:"time"`   // the first action after
	Change string    `json:"change"` // what is new after it, for a person to read
	Weight float64   `json:"weight"` // log-odds, in nats
}

// A Share is a proportion with its 90 % interval.
type Share struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// A Victim is a machine, account or cloud tenant that a campaign was aimed at.
type Victim struct {
	Entity
	Also    []Entity  `json:"also,omitempty"` // further names that it was seen under, at most 16
	Org     string    `json:"org,omitempty"`
	Reached bool      `json:"reached"`       // the intruder got in or acted there; false: it was tried
	Why     string    `json:"why,omitempty"` // the act that shows it, for a person to read
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Tactics []string  `json:"tactics"` // slugs, in the order they happened
	Actions int       `json:"actions"`
	Tie     Tie       `json:"tie,omitempty"` // core where a core of the campaign aimed at it
}

// Named says that a name or address is one that the victim was seen under.
func (v *Victim) Named(name string) bool {
	return v.Value == name || slices.ContainsFunc(v.Also, func(e Entity) bool { return e.Value == name })
}

// Aimed are the listed victims that were reached, or those that were only tried, by what they are: machines, accounts (of users,
// cloud identities and agents), and what is of no kind that is known. Those that belong to the campaign weakly are left out
// where others do not.
func (c *Campaign) Aimed(reached bool) (machines, accounts, others []*Victim) {
	all := !slices.ContainsFunc(c.Victims, func(v Victim) bool { return v.Tie != Weak })
	for i := range c.Victims {
		v := &c.Victims[i]
		switch {
		case v.Reached != reached || v.Tie == Weak && !all:
		case v.Kind == "host" || v.Kind == "address":
			machines = append(machines, v)
		case v.Kind == "user" || v.Kind == "principal" || v.Kind == "agent":
			accounts = append(accounts, v)
		default:
			others = append(others, v)
		}
	}
	return machines, accounts, others
}

// Through is the listed machine that was entered from which an actor acted, where that is all that is known of it: its first handle is
// the machine's name or address. It is empty for who acted from elsewhere.
func (c *Campaign) Through(a *Actor) string {
	if len(a.Handles) == 0 {
		return ""
	}
	h := a.Handles[0].Value
	switch a.Handles[0].Kind {
	case "address", "host":
	case "caller":
		h, _, _ = strings.Cut(h, " with ") // whence
	default:
		return ""
	}
	for i := range c.Victims {
		v := &c.Victims[i]
		if v.Reached && (v.Kind == "host" || v.Kind == "address") && v.Named(h) {
			return v.Value
		}
	}
	return ""
}

// Loose says that a step is of actors only that belong to the campaign weakly, where others do not.
func (c *Campaign) Loose(s *Step) bool {
	weak := map[string]bool{}
	firm := false
	for _, a := range c.Actors {
		if a != nil {
			weak[a.ID] = a.Tie == Weak
			firm = firm || a.Tie != Weak
		}
	}
	return firm && len(s.Actors) > 0 && !slices.ContainsFunc(s.Actors, func(id string) bool { return !weak[id] })
}

// An Aside is telling things of one kind on one machine that are in no campaign.
type Aside struct {
	Title string    `json:"title"` // of the rule or alert, else what was done
	Host  string    `json:"host"`
	Level Level     `json:"level"`
	N     int       `json:"n"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Place Place     `json:"place"` // of the most telling
	// Bulk says that it happened so often on one host that it tells nothing by itself; it is said so that it does not vanish.
	Bulk bool `json:"bulk,omitempty"`
}

// MaxAnchors bounds a campaign's.
const MaxAnchors = 64

// A Campaign is actors, actions and victims that belong together.
type Campaign struct {
	ID       string             `json:"id"`            // "c-" and 12 hexadecimal digits; stable between runs over the same input
	Was      []string           `json:"was,omitempty"` // ids under which parts of it were told before they turned out to be one
	Title    string             `json:"title"`         // one line that says what happened
	Level    Level              `json:"level"`         // by progress along the chain, not by counts
	Why      string             `json:"why"`           // of the level
	First    time.Time          `json:"first"`
	Last     time.Time          `json:"last"`
	Actions  int                `json:"actions"`
	Alerts   int                `json:"alerts"` // of them: for which a rule held or another detector raised an alert
	Orgs     []string           `json:"orgs,omitempty"`
	Key      []KeyEvent         `json:"key_events,omitempty"` // the acts that tell it in short, in order of time, at most 15
	Laid     []Foothold         `json:"footholds,omitempty"`  // the ways to come back that it left behind, in order of time, at most 24
	Used     []Indicator        `json:"used,omitempty"`       // what the intruder used, the most telling first
	Touched  []Indicator        `json:"touched,omitempty"`    // what was spoken to and is not shown to be the intruder's; victims are listed apart
	Actors   []*Actor           `json:"actors"`               // first who did the most telling things, then who acted most
	Links    []Link             `json:"links,omitempty"`
	Joins    []Join             `json:"joins,omitempty"` // what holds its actors together, the weakest first
	Steps    []Step             `json:"steps"`           // in the order they began
	Victims  []Victim           `json:"victims"`
	Names    []Naming           `json:"names,omitempty"` // which machines its addresses were at the time
	Gates    []Gate             `json:"gates,omitempty"`
	Driver   Driver             `json:"driver"`                 // what its actors' judgements mostly say
	Judged   int                `json:"judged"`                 // acts of actors of whom a driver's share can be told
	Share    map[string]float64 `json:"share,omitempty"`        // of those acts, by driver, as an actor's; nil where there are none
	Autonomy *Share             `json:"autonomy,omitempty"`     // share of actions done without a human; nil where it cannot be told, or not beside Driver
	Marks    []string           `json:"indicators,omitempty"`   // Used as KIND:VALUE (callback:HOST for hosts), then what tells one doer from another
	LoggedIn []Entity           `json:"logged_in_as,omitempty"` // accounts of its targets that its commands name to log in with, at most 24
	Data     []string           `json:"data,omitempty"`         // what was read, copied or sent out, for a person to read
	Open     []string           `json:"open,omitempty"`         // what to look for next
	Leads    []Aside            `json:"leads,omitempty"`        // unusual things in the same organisations during it or in the two days before, too weak to be joined
	Missing  []string           `json:"missing,omitempty"`      // telemetry that would tell more
	Rules    []string           `json:"rules,omitempty"`        // titles of rules and names of alerts in it, most frequent first, at most 40
	Records  []Span             `json:"records"`                // every record that belongs to it
	Sparse   bool               `json:"sparse,omitempty"`       // Records leaves some out (bounded memory)
	Lost     string             `json:"lost,omitempty"`         // a sentence where actions of its time were let go, so that it may lack some

	// Principals are the names of those for whom agents in it work, of whom there is something to report.
	Principals []string `json:"principals,omitempty"`

	// Omitted counts what lists leave out, by the member's name: key_events, footholds, steps, victims, links, joins, indicators, used, touched, actors, names. What is left
	// out is in the middle and least telling; the first, the last and the worst stay.
	Omitted map[string]int `json:"omitted,omitempty"`

	Anchors []uint64 `json:"-"` // hashes of some of its most telling actions: a later telling that has one of them is of the same campaign
}
