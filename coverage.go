package tocsin

import "time"

// Coverage says what a run has seen, and what it has not: a report without it would let silence pass for safety.
type Coverage struct {
	Files      []File // every file and archive member met, in path order
	Events     int64
	Bytes      int64         // decompressed bytes read
	First      time.Time     // earliest and latest event time, without Strays
	Last       time.Time     //
	Strays     []Stray       // events a year and more from nearly all others, one for each file that has some, in path order
	FaultN     int64         // undecodable records, unreadable files and, one for each file and kind, stamps that tell no time
	Faults     []*Fault      // the first of them (at most MaxFaults), in order
	Mistakes   int64         // of FaultN, those that a mistake of Tocsin's own brought about
	Mistake    *Fault        // the first of these, in order
	Rules      int           // rules loaded
	RuleSets   []RuleSet     // where these come from, in the order in which they were loaded
	Bare       int64         // events of Windows logs that were read without a collection of rules for them
	Rejected   []*Fault      // rules that could not be loaded, each with its reason
	Noted      []*Fault      // what of the rules is not used although they are: filters whose placeholders have no values
	Sources    []SourceCount // log sources seen, each event under the first of its own; most events first
	Known      []LogSource   // every log source that some event was known by
	Idle       []*Rule       // rules whose log source did not occur in the input
	Gaps       []Gap         // missing records, most first, then silences and clock jumps, longest first
	Timeless   int64         // events without a time: nothing says when, or what does is not believed
	Doubted    int64         // stamps that tell no time (before 1970, after their file was written …): their events are read without them
	Undated    int64         // matches that correlations left out because their event has no time
	Guesses    []Guess       // what the times of events rest on that their records do not say: in path order, one for each file and kind
	LetGo      []LetGo       // what was not kept, so that memory stays bounded, by kind; empty where everything was
	Unmet      []Unmet       // filters of the run that nothing met
	Outside    int64         // events outside the time range that was asked for, from OutFirst to OutLast
	OutFirst   time.Time     //
	OutLast    time.Time     //
	Partial    string        // why the run ended before all was read; empty where it did not
	Fields     string        // what of their events matches carry, where not all: as it was asked for
	Pseudonyms bool          // hosts, accounts and addresses of the report are pseudonyms
	Digests    []Digest      // of the files that were read, in path order, then of the rules and settings
	Unhashed   int64         // files that were read and have no digest: not asked for, not read to the end, changed meanwhile
	Thin       int64         // events kept for correlations without the fields that no correlation reads, to save memory
	Wall, CPU  time.Duration
	LoadCPU    time.Duration // the part of CPU spent loading and compiling rules
	PeakRSS    int64         // bytes
}

// MaxFaults bounds the faults kept in full; all are counted.
const MaxFaults = 1000

// A File is one file or archive member that a run met.
type File struct {
	Path     string
	Format   string // decoder's name; empty when skipped
	Skipped  string // why it was not read; empty when it was
	Bytes    int64
	Events   int64
	Faults   int64
	Timeless int64     // events without a time
	First    time.Time // earliest and latest event time, without the file's strays
	Last     time.Time
}

// A Stray is the few events of a file that are a year and more from nearly all others: a stamp of whoever played a recording,
// of metadata, of a clock that was never set. They are read and judged as all others.
type Stray struct {
	Path string    `json:"path"`
	N    int64     `json:"n"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// A LetGo is what a run met and did not keep, because memory is bounded or because it was older than the horizon. Whatever is
// told may lack it.
type LetGo struct {
	Kind string    `json:"kind"` // quiet actions, telling actions, tempo, places, correlation hits, names, late, old
	N    int64     `json:"n"`
	From time.Time `json:"from"` // of the first and the last of them; zero where they have no time
	To   time.Time `json:"to"`
	Why  string    `json:"why"` // a clause for a person to read: "more than 16,384 names in ten minutes"
}

// A Guess is what the times of some events of a file rest on that their records do not say.
type Guess struct {
	Path  string `json:"path"`
	Kind  string `json:"kind"`  // year, zone, date, stamp, offset (found by a second stamp), order (of day, month and year)
	N     int64  `json:"n"`     // events
	Of    int64  `json:"of"`    // all events of the file
	Line  int64  `json:"line"`  // 1-based line or record number of the first of them
	Taken string `json:"taken"` // "2026", "UTC", "UTC-04:00", "day, month, year"
	Why   string `json:"why"`   // a clause for a person to read
}

// An Unmet is a filter that nothing in the input met: an answer that is empty for it is none about the input.
type Unmet struct {
	Filter string `json:"filter"` // as the user gave it: "--host web1"
	There  string `json:"there"`  // a clause for a person to read, about what there is instead
}

// A RuleSet is where some of the rules of a run come from.
type RuleSet struct {
	Kind     string    `json:"kind"`           // own, installed (by tocsin rules update), given (--rules), pipeline (--pipeline), which rewrote them, or indicators (--ioc)
	Path     string    `json:"path,omitempty"` // where it lies; empty for own
	From     string    `json:"from,omitempty"` // what an installed one was fetched from
	Revision string    `json:"revision,omitempty"`
	Date     time.Time `json:"date"`  // when it was installed; zero for others
	Rules    int       `json:"rules"` // of them that can be used; of a pipeline those that it rewrote
}

// A Digest says which bytes a run worked with, so that a reader can show that the evidence is still the same.
type Digest struct {
	Kind   string `json:"kind"`   // input, rules (of a RuleSet), or the flag without its dashes that named a file
	Path   string `json:"path"`   // of rules without a place of their own: own
	Bytes  int64  `json:"bytes"`  // as they lie on disk
	SHA256 string `json:"sha256"` // in hexadecimal; of several files: of the lines that sha256sum writes of them, in path order
}

// A SourceCount is how many events a log source had.
type SourceCount struct {
	Source LogSource
	Events int64
}

// A Gap is a stretch of a file in which its clock or its count of records did something that an analyst must know.
type Gap struct {
	Path     string
	From, To time.Time
	Kind     string // "silence": no event for far longer than usual; "backwards": the clock went back; GapMissing

	// Of GapMissing: the log and its machine, and the numbers of the records at both ends of the gap.
	Channel, Host string
	Before, After uint64
}

// GapMissing is the Kind of a Gap between two records of a log whose file numbers them without gaps and is undamaged:
// those between them were deleted, or were lost with a part of the file.
const GapMissing = "missing"

// Missing is how many records are not there; 0 for a Gap of another kind.
func (g *Gap) Missing() uint64 {
	if g.Kind != GapMissing || g.After <= g.Before {
		return 0
	}
	return g.After - g.Before - 1
}
