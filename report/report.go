// Package report writes what a hunt found: for a person at a terminal (Text), for a person with a browser (HTML), for
// spreadsheets and Timesketch (CSV), for scripts (JSONL), and for other tools (OCSF, Navigator, STIX). Of campaigns and
// principals it also tells how each was put together (Explain, ExplainPrincipal), and drafts what has to be written about one
// (Incident, Notification, Pack, Abuse). What findings say is made in English where they are made; french.tsv has its sentences in French.
//
// What the run met and did not keep, what a campaign may lack, what its lists leave out and what is weak in it is told in
// every format that a person reads. No fingerprint of a secret leaves: numbers stand for them.
//
// It is pure: it writes to the io.Writer it is given and opens nothing, and all times come in as arguments. The same
// hunt gives the same bytes. Every text that came from a log may have been written by the intruder, so each format
// makes it harmless for where it will be read: escaped in JSON, defused in CSV, inserted as text only in HTML, made
// visible on terminals. Nothing is left out of JSONL; the other formats state what they shorten. What of agents' logs may be
// shown at all Private says, before any format is written.
package report

import (
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A Hunt is what a report is about.
type Hunt struct {
	Matches  Matches          // in order of time, source, record, rule
	Coverage *tocsin.Coverage // nil where the run kept none
	Covered  *Covered         // stands in for Coverage where only JSONL tells what was covered; Text and HTML want Coverage itself
	Version  string           // Tocsin's
	Made     time.Time        // when the report is made; zero leaves it out, or stands the last match in for it where a format needs a time
	Title    string           // of the HTML report and the Navigator layer; empty is "Hunt report"

	// Campaigns are what the actions add up to, the most severe first; nil where they were not looked for, empty where
	// none was found.
	Campaigns []*tocsin.Campaign
	Attempts  int             // actors that tried something and are not known to have got anywhere
	Tried     []tocsin.Entity // the most telling of them, by name; empty where that is not known
	// Principals are those on whose behalf agents worked, the worst first. Names tells the names of those of whom there is
	// nothing to report too.
	Principals []*tocsin.Principal
	Names      bool

	Aside []tocsin.Aside // what is telling and in no campaign, the most telling first
}

// Matches are the matches of a hunt, which may be more than memory holds at once.
type Matches interface {
	Len() int
	// All goes through the matches in order, as often as it is called. A match and its event are valid until the
	// next; its series is, for good. Held is filled in only if it is asked for: it costs time.
	All(held bool) iter.Seq[*tocsin.Match]
}

// A List is Matches in memory.
type List []*tocsin.Match

// Len is the number of matches.
func (l List) Len() int { return len(l) }

// All goes through the list.
func (l List) All(bool) iter.Seq[*tocsin.Match] { return slices.Values(l) }

// matches are the hunt's, or none.
func (h *Hunt) matches() Matches {
	if h.Matches == nil {
		return List(nil)
	}
	return h.Matches
}

func (h *Hunt) title() string {
	if h.Title == "" {
		return "Hunt report"
	}
	return h.Title
}

// made is when the report is made, or failing that the last match, or the epoch.
func (h *Hunt) made() time.Time {
	if datable(h.Made) {
		return h.Made.UTC()
	}
	last := time.Unix(0, 0)
	for m := range h.matches().All(false) {
		if datable(m.Time) {
			last = m.Time
		}
	}
	return last.UTC()
}

// A spool collects output and hands it on in large writes. After an error it takes no more.
type spool struct {
	w   io.Writer
	b   []byte
	err error
}

const spoolSize = 256 << 10

// drain hands on what was collected if it is enough, or always at the end.
func (s *spool) drain(end bool) error {
	if s.err == nil && (end || len(s.b) >= spoolSize) && len(s.b) > 0 {
		_, s.err = s.w.Write(s.b)
	}
	if end || len(s.b) >= spoolSize {
		s.b = s.b[:0]
	}
	return s.err
}

// people are the entities of one match that summaries and columns show.
type people struct {
	user, source, process string
}

// peopleOf picks them: the user who acts if the event names a person, else the one who is acted on (a logon names the
// machine as subject and the person as target).
func peopleOf(ev *tocsin.Event) people {
	var p people
	var best int
	var role string
	all := ev.Entities()
	for i := range all {
		e := &all[i]
		switch e.Kind {
		case "user", "principal":
			if r := rank(e); r > best {
				p.user, role, best = e.Value, e.Role, r
			}
		case "address":
			if p.source == "" && e.Role == "source" {
				p.source = e.Value
			}
		case "process":
			if p.process == "" && e.Role == "source" {
				p.process = e.Value
			}
		}
	}
	// Some Windows logs give the domain apart from the name, others with it; the report speaks of one account.
	domain := "SubjectDomainName"
	if role == "target" {
		domain = "TargetDomainName"
	}
	if d := ev.Text(domain); p.user != "" && d != "" && d != "-" && !strings.ContainsAny(p.user, `\@`) {
		p.user = d + `\` + p.user
	}
	return p
}

// headline is a rule's title with what an event is about.
func headline(r *tocsin.Rule, what string) string {
	title := or(r.Title, r.ID)
	if title == "" || what == "" {
		return title + what
	}
	return title + ": " + what
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// rank says how much a user entity tells about who is behind an event.
func rank(e *tocsin.Entity) int {
	r := 1
	if person(e.Value) {
		r += 4
	}
	if e.Role == "source" {
		r += 2
	}
	return r
}

// person says that a user name is neither a machine's nor one of the system's own.
func person(name string) bool {
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		name = name[i+1:]
	}
	if strings.HasSuffix(name, "$") || strings.HasPrefix(name, "S-1-5-") || strings.HasPrefix(name, "DWM-") || strings.HasPrefix(name, "UMFD-") {
		return false
	}
	switch strings.ToUpper(name) {
	case "SYSTEM", "LOCAL SERVICE", "NETWORK SERVICE", "ANONYMOUS LOGON", "LOCALSYSTEM":
		return false
	}
	return true
}

// when is the time by which a match is shown: the event's, else its sensor's.
func when(m *tocsin.Match) time.Time {
	switch {
	case datable(m.Time):
		return m.Time
	case m.Event != nil && datable(m.Event.Time):
		return m.Event.Time
	case m.Event != nil && datable(m.Event.Sensor):
		return m.Event.Sensor
	}
	return time.Time{}
}

// levelOf is the rule's level, bounded to those there are.
func levelOf(r *tocsin.Rule) tocsin.Level { return min(r.Level, tocsin.Critical) }

var noEvent tocsin.Event
var noRule tocsin.Rule

// event is the match's event, never nil.
func event(m *tocsin.Match) *tocsin.Event {
	if m.Event == nil {
		return &noEvent
	}
	return m.Event
}

// rule is the match's rule, never nil.
func rule(m *tocsin.Match) *tocsin.Rule {
	if m.Rule == nil {
		return &noRule
	}
	return m.Rule
}
