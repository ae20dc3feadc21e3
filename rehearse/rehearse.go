// Package rehearse writes the logs of intrusions that never happened: about thirty organisations over some days, one
// operator with AI agents among them, and many times as much of what goes on anyway. It is a test bench for what reads
// logs, and for the people who do: beside the logs lies the truth about them.
//
// It writes log records and nothing else. It opens no connection and starts no program, and nothing in what it writes
// works: addresses are those that RFC 5737, RFC 3849 and RFC 1918 set aside, names end in .example, payloads are inert
// tokens. It knows nothing of the detector: no code, constant or word list is shared with action, actor or campaign.
//
// The same options give the same bytes.
package rehearse

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Options say what to rehearse. The zero value of all but Seed stands for the usual; where none is a choice, -1 is none.
type Options struct {
	Seed     uint64    `json:"seed"`
	Start    time.Time `json:"start"`    // of the logs; 2026-03-02 00:00 UTC
	Targets  int       `json:"targets"`  // organisations that the operator is after; 30
	Autonomy float64   `json:"autonomy"` // share of the operator's actions that agents do by themselves, to about a point; 0.85; -1 is none, as where tempo is human
	Gates    int       `json:"gates"`    // points at which a person decides how to go on; 5; -1 is none
	Days     int       `json:"days"`     // that the logs cover, or more where the campaign lasts longer; 4
	Tempo    string    `json:"tempo"`    // what drives the rest: agent, script or human, who is one and does one thing at a time; agent
	Jitter   float64   `json:"jitter"`   // widens the gaps at random: 0 not at all, 1 by a factor of about 5 either way
	Pace     float64   `json:"pace"`     // multiplies the gaps; 1
	Rotate   int       `json:"rotate"`   // a new address each that many actions; 0 keeps addresses until they are blocked
	Rename   bool      `json:"rename"`   // tools and user agents change their names when they move
	Noise    float64   `json:"noise"`    // multiplies what goes on anyway; 1; -1 leaves what machines do every hour and little else
	Blocks   int       `json:"blocks"`   // organisations whose defenders block the operator's address once; 4; -1 is none
	Sessions bool      `json:"sessions"` // the sessions of the operator's agents are among the logs, as one has them who runs or serves agents
	// SessionFormat is how they are kept: the name of an agent or of a form, or mixed; claude-code. It has Sessions set, and changes no
	// other log.
	SessionFormat string `json:"session_format,omitempty"`
}

// maxDays bounds how long a campaign may last, and with it the logs of what goes on beside it.
const maxDays = 60

func (o *Options) fill() error {
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	}
	usual(&o.Targets, 30)
	usual(&o.Autonomy, 0.85)
	usual(&o.Gates, 5)
	usual(&o.Days, 4)
	usual(&o.Tempo, "agent")
	usual(&o.Pace, 1)
	usual(&o.Noise, 1)
	usual(&o.Blocks, 4)
	o.Sessions = o.Sessions || o.SessionFormat != ""
	if o.Sessions {
		usual(&o.SessionFormat, formats[0].name)
	}
	none(&o.Autonomy)
	none(&o.Gates)
	none(&o.Noise)
	none(&o.Blocks)
	within := func(v, low, high float64) bool { return v >= low && v <= high } // false for what is not a number
	switch {
	case o.Start.Year() < 1971 || o.Start.Year() > 9998:
		return fmt.Errorf("start: %s; want a year from 1971 to 9998", o.Start.UTC().Format(time.RFC3339))
	case o.Targets < 1 || o.Targets > len(words):
		return fmt.Errorf("targets: %d; want 1 to %d", o.Targets, len(words))
	case !within(o.Autonomy, 0, 1):
		return fmt.Errorf("autonomy: %g; want a share from 0 to 1", o.Autonomy)
	case o.Gates < 0 || o.Gates > 12:
		return fmt.Errorf("gates: %d; want 0 to 12", o.Gates)
	case o.Days < 1 || o.Days > 30:
		return fmt.Errorf("days: %d; want 1 to 30", o.Days)
	case o.Tempo != "agent" && o.Tempo != "script" && o.Tempo != "human":
		return fmt.Errorf("tempo: %q; want agent, script or human", o.Tempo)
	case !within(o.Jitter, 0, 3):
		return fmt.Errorf("jitter: %g; want 0 to 3", o.Jitter)
	case o.Pace == 0 || !within(o.Pace, 0, 100):
		return fmt.Errorf("pace: %g; want more than 0, to 100", o.Pace)
	case o.Rotate < 0:
		return fmt.Errorf("rotate: %d; want a number of actions, or 0", o.Rotate)
	case !within(o.Noise, 0, 100):
		return fmt.Errorf("noise: %g; want 0 to 100", o.Noise)
	case o.Blocks < 0:
		return fmt.Errorf("blocks: %d; want a number of organisations", o.Blocks)
	case o.Sessions && !slices.Contains(SessionFormats(), o.SessionFormat):
		return fmt.Errorf("session-format: %q; want %s", o.SessionFormat, strings.Join(SessionFormats(), ", "))
	}
	return nil
}

func usual[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// none makes what stands for none what it means.
func none[T int | float64](v *T) {
	if *v == -1 {
		*v = 0
	}
}

// ErrNotEmpty is returned by Write for a folder that holds something already.
var ErrNotEmpty = errors.New("the folder is not empty")

// Write writes the logs below dir/telemetry and the truth to dir/TRUTH.json. dir is made if it is not there; one that
// holds something is refused unless over is set, in which case what is named alike is replaced; one in which symbolic
// links lead elsewhere is refused always.
func Write(dir string, opt Options, over bool) (*Truth, error) {
	if err := opt.fill(); err != nil {
		return nil, err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 && !over {
		hint := "name another"
		if rehearsed(entries) {
			hint += ", or --force to write this rehearsal anew"
		}
		return nil, fmt.Errorf("%s: %w; %s", dir, ErrNotEmpty, hint)
	}
	if err := noLinks(dir); err != nil {
		return nil, err
	}
	s, err := rehearsal(opt)
	if err != nil {
		return nil, err
	}
	if err := s.write(filepath.Join(dir, "telemetry")); err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(s.truth, "", " ")
	if err != nil {
		return nil, err
	}
	return s.truth, fresh(filepath.Join(dir, "TRUTH.json"), append(b, '\n'))
}

// rehearsal is a stage on which a rehearsal is over.
func rehearsal(opt Options) (*stage, error) {
	s := &stage{opt: opt, rng: rand.New(rand.NewPCG(opt.Seed, 0x7465736e)), aside: rand.New(rand.NewPCG(opt.Seed, 0x73756273)), files: map[string]*file{}, others: map[string]bool{},
		person: Actor{ID: "operator", Driver: "human", UserAgents: []string{browsers[2]}}}
	s.build()
	s.operate()
	days := max(opt.Days, 1+int(s.lastAction().Sub(opt.Start)/(24*time.Hour)))
	if days > maxDays {
		return nil, fmt.Errorf("the campaign would last %d days; want at most %d: lower pace or jitter", days, maxDays)
	}
	s.background(days)
	s.keep()
	s.end()
	return s, nil
}

// A Line is a record of a rehearsal: when it is written, and to which file below telemetry.
type Line struct {
	At   time.Time
	File string
	Text string // with its line ends
}

// Lines gives the records of a rehearsal in the order in which they would be written, instead of writing them.
func Lines(opt Options) ([]Line, *Truth, error) {
	if err := opt.fill(); err != nil {
		return nil, nil, err
	}
	s, err := rehearsal(opt)
	if err != nil {
		return nil, nil, err
	}
	var all []Line
	for _, p := range slices.Sorted(maps.Keys(s.files)) {
		for _, e := range s.files[p].lines {
			all = append(all, Line{At: e.at, File: p, Text: e.text + "\n"})
		}
	}
	slices.SortStableFunc(all, func(a, b Line) int { return a.At.Compare(b.At) })
	return all, s.truth, nil
}

// rehearsed says that a folder holds what Write makes, and nothing else.
func rehearsed(entries []os.DirEntry) bool {
	return len(entries) == 2 && entries[0].Name() == "TRUTH.json" && entries[1].Name() == "telemetry"
}

// noLinks is an error if there is a symbolic link in a folder: what is written below it could end up elsewhere.
func noLinks(dir string) error {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && d.Type()&fs.ModeSymlink != 0 {
			err = fmt.Errorf("%s: is a symbolic link, through which other files could be overwritten; name another folder", path)
		}
		return err
	})
}

// fresh writes a file that is none of those that were there: another name of an old one keeps what it has.
func fresh(name string, data []byte) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// Truth is what happened, for scoring: what a detector must never read.
type Truth struct {
	Options   Options      `json:"options"`
	Campaign  Campaign     `json:"campaign"`
	Actors    []Actor      `json:"actors"`
	Victims   []Victim     `json:"victims"`
	Callbacks []string     `json:"callbacks"` // hosts that victims were made to speak to
	Actions   []Action     `json:"actions"`   // in order of time
	Blocks    []Adaptation `json:"adaptations"`
	Benign    Benign       `json:"benign"`
	Records   int          `json:"records"` // written in all
}

// Campaign is the operator's whole undertaking.
type Campaign struct {
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Orgs     []string  `json:"orgs"`
	Autonomy float64   `json:"autonomy"` // realised share of actions not done by hand
	Gates    []Gate    `json:"gates"`
}

// Gate is a point at which a person decided.
type Gate struct {
	Quiet  time.Time `json:"quiet"` // the last action before
	Time   time.Time `json:"time"`  // the first after
	Before string    `json:"phase_before"`
	After  string    `json:"phase_after"`
}

// Actor is one who acts in the campaign: an agent, or the person, who comes from the address of the first agent.
type Actor struct {
	ID         string   `json:"id"`
	Driver     string   `json:"driver"`
	Addresses  []string `json:"addresses"`
	UserAgents []string `json:"user_agents"`
	Sessions   []string `json:"sessions,omitempty"` // in which an agent's calls are kept
}

// Victim is a machine of an organisation that the operator was after.
type Victim struct {
	Host    string `json:"host"`
	Org     string `json:"org"`
	Reached bool   `json:"reached"`
}

// Action is one thing that the operator's side did, and where it was recorded.
type Action struct {
	Time    time.Time `json:"time"`
	Actor   string    `json:"actor"` // ID; operator is the person
	Org     string    `json:"org"`
	Host    string    `json:"host"`
	Tactic  string    `json:"tactic"`
	What    string    `json:"what"`
	Outcome string    `json:"outcome"` // worked, failed, denied
	Human   bool      `json:"human"`
	Gate    bool      `json:"gate"`   // the first after a decision
	File    string    `json:"file"`   // below telemetry
	Record  int       `json:"record"` // the line that it begins on; in Windows logs the number of the record too

	entry *entry
}

// Adaptation is a countermeasure and what the operator made of it.
type Adaptation struct {
	Org     string    `json:"org"`
	Blocked time.Time `json:"blocked"`
	Resumed time.Time `json:"resumed"`
	From    string    `json:"from"`
	To      string    `json:"to"`
}

// Benign is who else was there.
type Benign struct {
	Addresses []string `json:"addresses"` // visitors, crawlers, strangers who knock, and sites that people went to
	Accounts  []string `json:"accounts"`
}

// A stage is what a rehearsal is played on.
type stage struct {
	opt   Options
	rng   *rand.Rand
	aside *rand.Rand // of names of sub-agents
	orgs  []*org
	files map[string]*file
	truth *Truth

	serial   int // of audit records
	clients  []string
	person   Actor           // the operator
	sessions []*session      // of the operator's agents, in the order in which they begin
	others   map[string]bool // addresses beside the clients that have no part in the campaign
}

// A file is one log in the making.
type file struct {
	kind  string
	lines []*entry
}

// An entry is a record of a log: one line, or several that belong together.
type entry struct {
	at   time.Time
	text string
	seq  int
	line int
}

func (s *stage) put(path, kind string, at time.Time, text string) *entry {
	f := s.files[path]
	if f == nil {
		f = &file{kind: kind}
		s.files[path] = f
	}
	e := &entry{at: at, text: text, seq: len(f.lines)}
	f.lines = append(f.lines, e)
	return e
}

// end puts every file in order of time and completes the truth.
func (s *stage) end() {
	for _, f := range s.files {
		slices.SortStableFunc(f.lines, func(a, b *entry) int { return a.at.Compare(b.at) })
		line := 1
		for _, e := range f.lines {
			e.line = line
			if f.kind == "windows" {
				e.text = strings.Replace(e.text, unnumbered, fmt.Sprintf(`"RecordNumber":%d,`, line), 1)
			}
			line += 1 + strings.Count(e.text, "\n")
			s.truth.Records++
		}
	}
	slices.SortStableFunc(s.truth.Actions, func(a, b Action) int { return a.Time.Compare(b.Time) })
	by := 0
	for i := range s.truth.Actions {
		a := &s.truth.Actions[i]
		if a.Human {
			by++
		}
		if a.entry != nil {
			a.Record = a.entry.line
		}
	}
	if n := len(s.truth.Actions); n > 0 {
		s.truth.Campaign.Autonomy = 1 - float64(by)/float64(n)
		s.truth.Campaign.First, s.truth.Campaign.Last = s.truth.Actions[0].Time, s.truth.Actions[n-1].Time
	}
	s.truth.Options = s.opt
	s.truth.Benign.Addresses = append(s.truth.Benign.Addresses, slices.Sorted(maps.Keys(s.others))...)
	slices.SortStableFunc(s.truth.Victims, func(a, b Victim) int { return strings.Compare(a.Host, b.Host) })
}

// write writes the files; each gets the time of its last record, from which logs without a year take theirs.
func (s *stage) write(dir string) error {
	paths := make([]string, 0, len(s.files))
	for p := range s.files {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, p := range paths {
		f := s.files[p]
		full := filepath.Join(dir, filepath.FromSlash(p))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		var b strings.Builder
		for _, e := range f.lines {
			b.WriteString(e.text)
			b.WriteByte('\n')
		}
		if err := fresh(full, []byte(b.String())); err != nil {
			return err
		}
		if last := f.lines[len(f.lines)-1].at; !last.IsZero() {
			if err := os.Chtimes(full, last, last); err != nil {
				return err
			}
		}
	}
	return nil
}
