package tocsin

import "time"

// A Verdict is what is said of a principal by what its agents did.
type Verdict uint8

// The verdicts, from the least to the most severe.
const (
	Ordinary     Verdict = iota // nothing to report
	SecurityWork                // it looks at intrusions, or tests what is its own or in its scope: it runs none
	Suspicious                  // more of what intruders do than ordinary work has
	Intrusion                   // a chain of acts against a target
	Turned                      // an agent acted against its own principal
)

var verdictNames = [...]string{"ordinary", "security work", "suspicious", "intrusion", "turned"}

// String gives the verdict in lower case.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return verdictNames[Ordinary]
}

// MarshalText is String, so that JSON has words.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads String's words; all others are Ordinary.
func (v *Verdict) UnmarshalText(b []byte) error {
	*v = Ordinary
	for i, n := range verdictNames {
		if n == string(b) {
			*v = Verdict(i)
		}
	}
	return nil
}

// A Principal is one on whose behalf AI agents work, and what is said of it.
type Principal struct {
	Name     string    `json:"principal"`        // as its sessions name it
	By       string    `json:"by"`               // what names it: account, repository, run, session
	Agents   []string  `json:"agents,omitempty"` // that worked for it, by the names of their logs
	Sessions []string  `json:"sessions"`         // their ids as they name themselves, in order of time
	Calls    int       `json:"calls"`            // of tools, by all its sessions
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`

	Verdict    Verdict         `json:"verdict"`
	Score      float64         `json:"score"`                      // sum of the weights of Evidence, in nats
	FirstAlert int             `json:"first_alert_call,omitempty"` // the number of the call, of all its calls in order and from 1, with which it became suspicious; 0 never
	Targets    []string        `json:"targets"`                    // networks, domains and machines that it went to, but its own
	ByTarget   []TargetVerdict `json:"by_target,omitempty"`        // the worst first; of those that are ordinary none
	Evidence   []Ground        `json:"evidence"`                   // of the verdict, the heaviest first
	Cleared    []string        `json:"cleared,omitempty"`          // what speaks for honest work, sentences
	Scope      []Authorised    `json:"scope,omitempty"`            // what of it was granted, by scope record
	Sight      Visibility      `json:"sight"`
}

// Authorised is what a scope record granted of a principal's acts.
type Authorised struct {
	ID   string `json:"id"`   // of the record
	Acts int    `json:"acts"` // that would have been evidence without it
}

// A TargetVerdict is what is said of a principal at one target.
type TargetVerdict struct {
	Target     string   `json:"target"` // empty is the agent's own machine
	Verdict    Verdict  `json:"verdict"`
	Score      float64  `json:"score"`
	FirstAlert int      `json:"first_alert_call"`
	Phases     []string `json:"phases"` // slugs of tactics in the order in which they were met
	Evidence   []Ground `json:"evidence"`
	// Course is the first act of each phase, in the order of Phases. ID is the phase; as a course it weighs nothing.
	Course []Ground `json:"course,omitempty"`
}

// A Ground is one piece of evidence of a verdict.
type Ground struct {
	ID       string  `json:"id"`     // of the row that weighs it, stable
	Weight   float64 `json:"weight"` // log-odds in nats
	Sentence string  `json:"sentence"`
	Call     int     `json:"call"`    // the number of the call that completed it
	Session  string  `json:"session"` // in which that call was made
	Quote    string  `json:"quote"`   // the call, secrets masked
	// Request is the id that the log gives that call, by which its provider finds it; empty where it has none.
	Request string `json:"request,omitempty"`
	// Techniques are the ATT&CK ids of the acts that added to it, in the order in which they were met, at most 16.
	Techniques []string `json:"techniques,omitempty"`
	Rule       *Rule    `json:"-"` // the row of knowledge or rule that says what the call meant; may be nil
	Place      Place    `json:"place"`
}

// A Visibility is how much of an agent's doing its records show.
type Visibility struct {
	State string `json:"state"`          // full, degraded (texts were cut, or some calls lack their results), blind (arguments or results are not recorded)
	Why   string `json:"why,omitempty"`  // a clause for a person; empty where full
	Mend  string `json:"mend,omitempty"` // the switch that would mend it, where one is known

	Of      string       `json:"of,omitempty"`      // the agent and the format of one kind of record; empty of all
	Sources []Visibility `json:"sources,omitempty"` // each kind of record, where there are several
}
