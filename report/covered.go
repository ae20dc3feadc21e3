package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A Covered is what a run has seen and what it has not, in numbers: the line of kind coverage that ends JSONL. It holds
// nothing that differs between runs over the same input, such as times taken.
type Covered struct {
	FilesRead     int64            `json:"files_read"`
	FilesSkipped  int64            `json:"files_skipped"`
	Skipped       []Reason         `json:"skipped,omitempty"` // the most frequent first, at most 20
	Bytes         int64            `json:"bytes"`             // decompressed bytes read
	Events        int64            `json:"events"`
	First         time.Time        `json:"first"` // earliest and latest event time
	Last          time.Time        `json:"last"`
	FaultN        int64            `json:"faults"`                 // undecodable records, unreadable files, and files with stamps that were not believed
	Faults        []FirstFail      `json:"first_faults,omitempty"` // the first of them, at most 20
	Mistakes      int64            `json:"mistakes,omitempty"`     // of faults, those that a mistake of Tocsin's own brought about
	RulesLoaded   int64            `json:"rules_loaded"`
	RulesRejected int64            `json:"rules_rejected"`
	RuleSets      []tocsin.RuleSet `json:"rule_sets,omitempty"`                  // where the rules come from
	Bare          int64            `json:"windows_without_collection,omitempty"` // events of Windows logs that were read without a collection of rules for them
	RulesNoted    int64            `json:"rules_noted,omitempty"`                // filters of rules that leave out nothing, since their placeholders have no values
	RulesIdle     int64            `json:"rules_idle"`                           // their log source did not occur
	Timeless      int64            `json:"events_without_time,omitempty"`
	Doubted       int64            `json:"stamps_struck,omitempty"` // stamps that were not believed
	Undated       int64            `json:"undated,omitempty"`       // matches that correlations left out because their event has no time
	Thin          int64            `json:"thinned,omitempty"`       // events kept for correlations without the fields that none reads

	Guessed []Guessed      `json:"guessed,omitempty"` // what times rest on that records do not say, by kind
	Guesses []tocsin.Guess `json:"guesses,omitempty"` // the same by file, at most 20
	Strays  []tocsin.Stray `json:"strays,omitempty"`  // events a year and more from all others, which First and Last leave out, at most 20

	Missing []Missing      `json:"missing_records,omitempty"` // of logs that number theirs, the most first
	Outside int64          `json:"outside,omitempty"`         // events outside the time range that was asked for
	Unmet   []tocsin.Unmet `json:"unmet,omitempty"`           // filters of the run that nothing met
	LetGo   []tocsin.LetGo `json:"let_go"`                    // what was not kept; empty where everything was
	Partial string         `json:"partial,omitempty"`         // why the run ended before all was read

	Digests    []tocsin.Digest `json:"digests,omitempty"`     // of what the run worked with: all of them
	Unhashed   int64           `json:"not_hashed,omitempty"`  // files that were read and have no digest
	Fields     string          `json:"fields,omitempty"`      // what of their events matches carry, where not all
	Pseudonyms bool            `json:"pseudonyms,omitempty"`  // hosts, accounts and addresses are
	Data       string          `json:"data_sha256,omitempty"` // SHA-256 of the lines before this one
}

// A Missing is a [tocsin.Gap] of GapMissing.
type Missing struct {
	Path    string    `json:"path"`
	Channel string    `json:"channel,omitempty"`
	Host    string    `json:"host,omitempty"`
	N       uint64    `json:"n"`
	Before  uint64    `json:"before"` // the number of the last record before them …
	From    time.Time `json:"from"`   // … and its time
	After   uint64    `json:"after"`
	To      time.Time `json:"to"`
}

// A Reason is why files were not read.
type Reason struct {
	Why  string `json:"why"`
	N    int64  `json:"n"`
	Path string `json:"path"` // the first of them
}

// A FirstFail is a [tocsin.Fault] as text.
type FirstFail struct {
	Source string `json:"source"`
	Line   int64  `json:"line,omitempty"` // 1-based line or record number
	Why    string `json:"why"`
	Hint   string `json:"hint,omitempty"` // what to do
}

// maxCovered bounds the reasons, faults and gaps that a Covered names; all are counted.
const maxCovered = 20

// coveredBy sums up the coverage of a run.
func coveredBy(c *tocsin.Coverage) *Covered {
	why, files, read := notRead(c)
	s := &Covered{FilesRead: int64(read), FilesSkipped: int64(files - read), Bytes: c.Bytes, Events: c.Events, First: c.First, Last: c.Last, FaultN: c.FaultN,
		RulesLoaded: int64(c.Rules), RuleSets: c.RuleSets, Bare: c.Bare, RulesRejected: int64(len(c.Rejected)), RulesNoted: int64(len(c.Noted)), RulesIdle: int64(len(c.Idle)), Undated: c.Undated, Mistakes: c.Mistakes, Timeless: c.Timeless, Doubted: c.Doubted, Thin: c.Thin, LetGo: c.LetGo, Partial: c.Partial, Outside: c.Outside, Unmet: c.Unmet}
	s.Digests, s.Unhashed, s.Pseudonyms, s.Fields = c.Digests, c.Unhashed, c.Pseudonyms, c.Fields
	s.Guessed = guessedBy(c.Guesses)
	s.Guesses = c.Guesses[:min(len(c.Guesses), maxCovered)]
	s.Strays = c.Strays[:min(len(c.Strays), maxCovered)]
	for _, w := range why[:min(len(why), maxCovered)] {
		s.Skipped = append(s.Skipped, Reason{w.why, int64(w.n), w.path})
	}
	for i := range c.Gaps {
		if g := &c.Gaps[i]; g.Missing() > 0 && len(s.Missing) < maxCovered {
			s.Missing = append(s.Missing, Missing{g.Path, g.Channel, g.Host, g.Missing(), g.Before, g.From, g.After, g.To})
		}
	}
	for _, f := range c.Faults[:min(len(c.Faults), maxCovered)] {
		s.Faults = append(s.Faults, FirstFail{Source: f.Source, Line: f.Line, Why: (&tocsin.Fault{Rule: f.Rule, Err: f.Err}).Error(), Hint: f.Hint})
	}
	return s
}

// covered is what the hunt covered, nil where that is not known.
func (h *Hunt) covered() *Covered {
	if h.Coverage != nil {
		return coveredBy(h.Coverage)
	}
	return h.Covered
}

// end is when the logs end, zero where that is not known.
func (h *Hunt) end() time.Time {
	switch {
	case h.Coverage != nil:
		return h.Coverage.Last
	case h.Covered != nil:
		return h.Covered.Last
	}
	return time.Time{}
}

// endOf is when the logs end in which a campaign was told of: those of other machines say nothing of whether it goes on.
func (h *Hunt) endOf(c *tocsin.Campaign) time.Time {
	if h.Coverage == nil {
		return h.end()
	}
	of := map[string]bool{}
	for i := range c.Records {
		of[c.Records[i].Source] = true
	}
	var end time.Time
	for i := range h.Coverage.Files {
		if f := &h.Coverage.Files[i]; of[f.Path] && f.Last.After(end) {
			end = f.Last
		}
	}
	if end.IsZero() {
		return h.end()
	}
	return end
}

// letGo is what the hunt did not keep.
func (h *Hunt) letGo() []tocsin.LetGo {
	switch {
	case h.Coverage != nil:
		return h.Coverage.LetGo
	case h.Covered != nil:
		return h.Covered.LetGo
	}
	return nil
}

func appendCovered(b []byte, c *Covered) []byte {
	return appendKind(b, "coverage", reflect.ValueOf(c).Elem(), nil)
}

// join adds what another run covered: results of several runs may lie in one file.
func (s *Covered) join(o *Covered) {
	s.FilesRead += o.FilesRead
	s.FilesSkipped += o.FilesSkipped
	s.Skipped = append(s.Skipped, o.Skipped...)
	s.Bytes += o.Bytes
	s.Events += o.Events
	span(&s.First, &s.Last, o.First)
	span(&s.First, &s.Last, o.Last)
	s.FaultN += o.FaultN
	s.Mistakes += o.Mistakes
	s.Timeless += o.Timeless
	s.Doubted += o.Doubted
	s.Faults = append(s.Faults, o.Faults...)
	s.RulesLoaded = max(s.RulesLoaded, o.RulesLoaded) // of several runs mostly the same rules
	for _, r := range o.RuleSets {
		if !slices.Contains(s.RuleSets, r) {
			s.RuleSets = append(s.RuleSets, r)
		}
	}
	s.Bare += o.Bare
	s.RulesRejected = max(s.RulesRejected, o.RulesRejected)
	s.RulesIdle = min(s.RulesIdle, o.RulesIdle)
	s.Undated += o.Undated
	s.Thin += o.Thin
	s.LetGo = append(s.LetGo, o.LetGo...)
	s.Guessed = append(s.Guessed, o.Guessed...)
	s.Guesses = append(s.Guesses, o.Guesses...)
	s.Strays = append(s.Strays, o.Strays...)
	s.Outside += o.Outside
	s.Unmet = append(s.Unmet, o.Unmet...)
	s.Partial = or(s.Partial, o.Partial)
	for _, d := range o.Digests {
		if !slices.Contains(s.Digests, d) {
			s.Digests = append(s.Digests, d)
		}
	}
	s.Unhashed += o.Unhashed
	s.Pseudonyms = s.Pseudonyms || o.Pseudonyms
	s.Fields = or(s.Fields, o.Fields)
}

// readCovered reads a line of kind coverage.
func readCovered(line []byte) (*Covered, error) {
	s := &Covered{}
	if err := json.Unmarshal(line, s); err != nil {
		return nil, fmt.Errorf("no coverage that this version knows: %w", err)
	}
	return s, nil
}

// letGoOf says in a sentence what was let go: how many of what, of which time, and why.
func (w *words) letGoOf(g *tocsin.LetGo) text {
	what := say(quote(g.Kind))
	if n := w.letGoKinds[g.Kind]; n[0] != "" {
		what = say(w.plural(g.N, n))
	}
	when := w.noTime
	switch {
	case datable(g.From) && datable(g.To) && !g.From.Equal(g.To):
		when = spanText(g.From, g.To)
	case datable(g.From) || datable(g.To):
		at := g.From
		if !datable(at) {
			at = g.To
		}
		when = stampOf(at) + " UTC"
	}
	return fill(w.letGoRow, w.long(g.N), what, when, w.tell("let go", or(g.Why, "?")))
}

// unlisted says how many entries a list of the campaign leaves out, nothing where it has all; name is the member's.
func (w *words) unlisted(c *tocsin.Campaign, name string) string {
	n := c.Omitted[name]
	if n <= 0 {
		return ""
	}
	forms, ok := w.omitted[name]
	if !ok {
		forms = w.omitted[""]
	}
	if n == 1 {
		return forms[0]
	}
	return fill(forms[1], w.number(n)).plain()
}

// weakly says that something of a campaign is marked as weak.
func weakly(c *tocsin.Campaign) bool {
	for _, a := range c.Actors {
		if a != nil && a.Tie == tocsin.Weak {
			return true
		}
	}
	for i := range c.Links {
		if c.Links[i].Tie == tocsin.Weak {
			return true
		}
	}
	for i := range c.Victims {
		if c.Victims[i].Tie == tocsin.Weak {
			return true
		}
	}
	return false
}
