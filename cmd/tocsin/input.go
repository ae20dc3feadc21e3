package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/source"
)

// inputFlags say what to read and how.
type inputFlags struct {
	Paths       []string `arg:"" name:"path" help:"Files, folders and archives to read; - is standard input."`
	InputFormat string   `help:"Read everything as this format instead of recognising it by content." placeholder:"NAME"`
	Zone        string   `help:"Time zone of stamps that name none: UTC, Local, Europe/Paris or +02:00." default:"UTC" placeholder:"ZONE"`
	Year        int      `help:"Year of stamps that name none (syslog); otherwise told by the file's own time."`
	From        string   `help:"Leave out events before this time." placeholder:"TIME"`
	To          string   `help:"Leave out events after this time." placeholder:"TIME"`
	Strict      bool     `help:"Exit with 2 if a host, field or time range that was asked for is in no event."`
	Carve       bool     `help:"Also read deleted records out of the unused space of EVTX files; each has a field Carved."`
	Workers     int      `help:"How many processors to use; 0 is all." default:"0"`
	Quiet       bool     `short:"q" help:"No progress and no summary: only what was asked for, and errors."`

	Tenant              []string `help:"Of a run's archive, read the events of this tenant only (\"\": those of none); may be given more than once. What is not of an archive is not read then." placeholder:"NAME" sep:"none"`
	Exclude             []string `help:"Skip files and members whose path or name fits this pattern." placeholder:"GLOB" sep:"none"`
	FollowLinks         bool     `help:"Read what symbolic links below the paths point to."`
	ReadResults         bool     `help:"Read as logs what Tocsin itself wrote; otherwise its results are skipped and listed."`
	ArchivePassword     []string `help:"Password of encrypted zip and 7z archives; may be given several times. \"infected\" is tried in any case." placeholder:"WORD" sep:"none"`
	ArchivePasswordFile string   `help:"File of such passwords, one a line, which no list of processes shows." placeholder:"FILE"`

	MaxSize    int64 `help:"Most MiB that one archive or compressed file may unpack to." default:"262144" placeholder:"MIB"`
	MaxRatio   int64 `help:"Most times its own size that it may unpack to." default:"1000" placeholder:"N"`
	MaxMembers int64 `help:"Most members that one archive may have." default:"200000" placeholder:"N"`
	MaxDepth   int   `help:"How deep archives may lie in archives." default:"4" placeholder:"N"`
	MaxWhole   int64 `help:"Most MiB of a file whose format must be held in memory whole." default:"256" placeholder:"MIB"`

	tenants *tenants // that were asked for; nil is all
}

// tenants are those that were asked for, and those that there are.
type tenants struct {
	wanted []string
	mu     sync.Mutex
	there  map[string]bool
}

func (t *tenants) wants(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.there[name] = true
	return slices.Contains(t.wanted, name)
}

// unmet says which of those that were asked for there are not.
func (t *tenants) unmet() (all []tocsin.Unmet) {
	if t == nil {
		return nil
	}
	var there []string
	for _, name := range slices.Sorted(maps.Keys(t.there)) {
		there = append(there, cmp.Or(name, `""`))
	}
	for _, name := range t.wanted {
		if !t.there[name] {
			all = append(all, tocsin.Unmet{Filter: "--tenant " + cmp.Or(name, `""`), There: "no events of it are kept there; " + meant(name, there, "tenants")})
		}
	}
	return all
}

func (f *inputFlags) input(s std) (engine.Input, error) {
	in := engine.Input{Paths: f.Paths, Workers: f.Workers, Progress: &engine.Progress{}}
	if f.InputFormat != "" {
		if _, ok := decode.ByName(f.InputFormat); !ok {
			return in, fmt.Errorf("--input-format %s: no such format; there are: %s", f.InputFormat, strings.Join(decode.Names(), " "))
		}
	}
	passwords, err := f.passwords()
	if err != nil {
		return in, err
	}
	in.Source = source.Options{Format: f.InputFormat, Stdin: s.in, Exclude: f.Exclude, Follow: f.FollowLinks, Results: f.ReadResults, Passwords: passwords, Limits: source.Limits{
		Size: f.MaxSize << 20, Ratio: f.MaxRatio, Members: f.MaxMembers, Depth: f.MaxDepth, Whole: f.MaxWhole << 20}}
	zone, err := parseZone(f.Zone)
	if err != nil {
		return in, err
	}
	if len(f.Tenant) > 0 {
		f.tenants = &tenants{wanted: f.Tenant, there: map[string]bool{}}
		in.Source.Tenant = f.tenants.wants
	}
	if f.Year != 0 && (f.Year < 1970 || f.Year > 2262) {
		return in, fmt.Errorf("--year %d: want a year from 1970 to 2262", f.Year)
	}
	in.Decode = decode.Options{Zone: zone, Year: f.Year, Carve: f.Carve}
	if in.From, err = parseBound("--from", f.From, zone); err != nil {
		return in, err
	}
	if in.To, err = parseBound("--to", f.To, zone); err != nil {
		return in, err
	}
	return in, emptyRange(f, in.From, in.To)
}

// passwords are those of archives that the user gave, in order.
func (f *inputFlags) passwords() ([]string, error) {
	all := f.ArchivePassword
	if f.ArchivePasswordFile != "" {
		b, err := os.ReadFile(f.ArchivePasswordFile)
		if err != nil {
			return nil, fmt.Errorf("--archive-password-file: %w", err)
		}
		for line := range strings.Lines(strings.TrimPrefix(string(b), "\ufeff")) {
			if word := strings.TrimRight(line, "\r\n"); word != "" {
				all = append(all, word)
			}
		}
	}
	const most = 1000 // each costs some milliseconds a member, 7z's half a second an archive
	if len(all) > most {
		return nil, fmt.Errorf("%d archive passwords: at most %d are tried", len(all), most)
	}
	return all, nil
}

func parseZone(s string) (*time.Location, error) {
	if len(s) >= 5 && (s[0] == '+' || s[0] == '-') {
		t, err := time.Parse("-0700", strings.Replace(s, ":", "", 1))
		if err == nil {
			_, off := t.Zone()
			return time.FixedZone(s, off), nil
		}
	}
	z, err := time.LoadLocation(s)
	if err != nil {
		return nil, fmt.Errorf("--zone %s: no such time zone; write UTC, Local, a name such as Europe/Paris, or +02:00", s)
	}
	return z, nil
}

// parseBound reads a time that a user typed: a date, a date and a time, or RFC 3339.
func parseBound(flag, s string, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, l := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(l, s, zone); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s %s: not a time; write 2026-11-20, \"2026-11-20 14:30:00\" or 2026-11-20T14:30:00Z", flag, s)
}
