package tocsin

import (
	"errors"
	"fmt"
	"time"
)

// A Level is Sigma's severity of a rule.
type Level uint8

// The levels in rising order. Unrated is a rule that does not say.
const (
	Unrated Level = iota
	Informational
	Low
	Medium
	High
	Critical
)

var levelNames = [...]string{"", "informational", "low", "medium", "high", "critical"}

// String gives Sigma's name of the level; Unrated is the empty string.
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// MarshalText is String, so that JSON has words.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText is ParseLevel.
func (l *Level) UnmarshalText(b []byte) (err error) {
	*l, err = ParseLevel(string(b))
	return err
}

// ErrLevel is returned by ParseLevel for a word that names no level.
var ErrLevel = errors.New("unknown level")

// ParseLevel reads Sigma's name of a level; the empty string is Unrated.
func ParseLevel(s string) (Level, error) {
	for i, n := range levelNames {
		if n == s {
			return Level(i), nil
		}
	}
	return Unrated, fmt.Errorf("%w %q: want informational, low, medium, high or critical", ErrLevel, s)
}

// A Rule is what a match tells of the rule that held: enough to show, filter and attribute it.
// It is shared by all its matches and never changed.
type Rule struct {
	ID, Title, Name string
	Level           Level
	Status          string
	Description     string
	Author          string // DRL 1.1 asks that outputs attribute matches to it
	License         string
	Date, Modified  string
	Tags            []string // attack.t1059.001, attack.execution, cve.2021-44228 …
	References      []string
	FalsePositives  []string
	Show            []string // Sigma's "fields": what an analyst should see of an event
	Source          LogSource
	File            string // where it was loaded from
	Line            int64  // 1-based line of its document in File
	Correlation     string // the correlation type; empty for a rule on single events
}

// A Match is a rule that held for an event, or for a series of events.
type Match struct {
	Time   time.Time // the event's; for a correlation its last contributing event's
	Rule   *Rule
	Event  *Event   // a correlation: the last contributing event, its fields including the group-by values
	Held   []Field  // the fields that made it hold; a correlation: group-by values and the count or value reached
	Series []Place  // a correlation: its contributing events in order of time, at most the last 1,000
	Key    [16]byte // a correlation: the same whenever and in whatever shares its events come; a later match of this key replaces an earlier one
}
