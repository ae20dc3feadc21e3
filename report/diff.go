package report

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A Result is what JSONL wrote, read back as far as two are compared by it.
type Result struct {
	Name      string
	Campaigns []*tocsin.Campaign
	Covered   *Covered // nil where no line says it
	findings  map[findingKey]*finding
}

// A finding is all matches of one rule on one host.
type finding struct {
	findingKey
	title, host string
	level       tocsin.Level
	n           int
	first       tocsin.Place
}

type findingKey struct{ rule, host string }

// ReadResult reads what JSONL wrote. An error names the line.
func ReadResult(name string, r io.Reader) (*Result, error) {
	res := &Result{Name: name, findings: map[findingKey]*finding{}}
	in := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return nil, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if wrong := res.take(line); wrong != nil {
				return nil, fmt.Errorf("line %d: %w", n, wrong)
			}
		}
		if err == io.EOF {
			return res, nil
		}
	}
}

// Empty says that it holds nothing at all, not even what was covered.
func (r *Result) Empty() bool {
	return len(r.Campaigns) == 0 && len(r.findings) == 0 && r.Covered == nil
}

func (r *Result) take(line []byte) error {
	if !bytes.HasPrefix(line, []byte(`{"kind":"match"`)) {
		h := Hunt{Covered: r.Covered}
		if err := h.readLine(line); err != nil {
			return err
		}
		r.Campaigns, r.Covered = append(r.Campaigns, h.Campaigns...), h.Covered
		return nil
	}
	var m struct {
		Rule  struct{ ID, Title, Level string }
		Host  string
		Event tocsin.Place
	}
	if err := json.Unmarshal(line, &m); err != nil {
		return fmt.Errorf("no match that this version knows: %w", err)
	}
	level, _ := tocsin.ParseLevel(m.Rule.Level)
	key := findingKey{or(m.Rule.ID, m.Rule.Title), strings.ToLower(m.Host)}
	f := r.findings[key]
	if f == nil {
		f = &finding{findingKey: key, title: m.Rule.Title, host: m.Host, level: level, first: m.Event}
		r.findings[key] = f
	}
	f.n++
	f.level = max(f.level, level)
	return nil
}

// A Change is what differs between two results: a campaign, or all matches of a rule on a host.
type Change struct {
	Change string       `json:"change"` // new, worse or gone
	What   string       `json:"what"`   // campaign or finding
	Level  tocsin.Level `json:"level"`  // now; of what is gone, before
	ID     string       `json:"id"`     // of the campaign or rule
	Before string       `json:"before,omitempty"`
	Title  string       `json:"title"`
	Host   string       `json:"host,omitempty"`
	N      int          `json:"n"`        // actions or matches now; of what is gone, before
	Was    int          `json:"n_before"` // before; 0 of what is new
	Why    []string     `json:"why,omitempty"`
	Place  tocsin.Place `json:"place"` // the first record of what is told
}

// A Difference is what a second result has beside a first.
type Difference struct {
	A, B    *Result
	Changes []Change // new, worse, gone; each the worst first
	Same    int      // campaigns and findings that are in both and not worse
}

// Diff compares two results. Campaigns are one where their ids say so, also those under which they were told before;
// otherwise where at least half of what the smaller is known by (its victims, the names of its actors, its indicators),
// and at least two of these, is also the other's. Findings are one by rule and host. Worse is a higher level, and of a
// campaign a victim that was entered or a tactic that worked only now.
func Diff(a, b *Result) *Difference {
	d := &Difference{A: a, B: b}
	pairs := pairCampaigns(a.Campaigns, b.Campaigns)
	taken := map[*tocsin.Campaign]bool{}
	for _, c := range b.Campaigns {
		old := pairs[c]
		ch := Change{What: "campaign", ID: c.ID, Title: c.Title, Level: c.Level, N: c.Actions, Place: firstPlace(c)}
		if len(old) == 0 {
			ch.Change = "new"
			d.Changes = append(d.Changes, ch)
			continue
		}
		var ids []string
		for _, o := range old {
			taken[o] = true
			ids = append(ids, o.ID)
			ch.Was += o.Actions
		}
		if ch.Why = worseBy(old, c); len(ch.Why) == 0 {
			d.Same++
			continue
		}
		ch.Change, ch.Before = "worse", strings.Join(ids, " ")
		d.Changes = append(d.Changes, ch)
	}
	for _, c := range a.Campaigns {
		if !taken[c] {
			d.Changes = append(d.Changes, Change{Change: "gone", What: "campaign", ID: c.ID, Title: c.Title, Level: c.Level, N: c.Actions, Was: c.Actions, Place: firstPlace(c)})
		}
	}
	for key, f := range b.findings {
		ch := f.change("new")
		if old := a.findings[key]; old != nil {
			if ch.Was = old.n; f.level <= old.level {
				d.Same++
				continue
			}
			ch.Change, ch.Why = "worse", []string{"level " + levelWord[old.level] + " → " + levelWord[f.level]}
		}
		d.Changes = append(d.Changes, ch)
	}
	for key, f := range a.findings {
		if b.findings[key] == nil {
			ch := f.change("gone")
			ch.Was = f.n
			d.Changes = append(d.Changes, ch)
		}
	}
	order := []string{"new", "worse", "gone"}
	slices.SortFunc(d.Changes, func(x, y Change) int {
		return cmp.Or(slices.Index(order, x.Change)-slices.Index(order, y.Change), cmp.Compare(y.Level, x.Level), strings.Compare(x.What, y.What),
			strings.Compare(x.Title, y.Title), strings.Compare(x.ID, y.ID), strings.Compare(x.Host, y.Host))
	})
	return d
}

// Worst is the highest level of what is new or worse.
func (d *Difference) Worst() (worst tocsin.Level) {
	for i := range d.Changes {
		if d.Changes[i].Change != "gone" {
			worst = max(worst, d.Changes[i].Level)
		}
	}
	return worst
}

func (f *finding) change(what string) Change {
	return Change{Change: what, What: "finding", ID: f.rule, Title: f.title, Host: f.host, Level: f.level, N: f.n, Place: f.first}
}

func firstPlace(c *tocsin.Campaign) (p tocsin.Place) {
	for i := range c.Steps {
		for _, q := range c.Steps[i].Places {
			if p.Source == "" || datable(q.Time) && q.Time.Before(p.Time) {
				p = q
			}
		}
	}
	return p
}

// pairCampaigns finds what each campaign of a second result was in the first: several where they turned out to be one.
func pairCampaigns(before, after []*tocsin.Campaign) map[*tocsin.Campaign][]*tocsin.Campaign {
	pairs := map[*tocsin.Campaign][]*tocsin.Campaign{}
	byID := map[string]*tocsin.Campaign{}
	for _, c := range before {
		for _, id := range append([]string{c.ID}, c.Was...) {
			byID[id] = c
		}
	}
	taken := map[*tocsin.Campaign]bool{}
	for _, c := range after {
		for _, id := range append([]string{c.ID}, c.Was...) {
			if o := byID[id]; o != nil && !taken[o] {
				taken[o] = true
				pairs[c] = append(pairs[c], o)
			}
		}
	}
	// What is left is paired by content; an index of names keeps that from comparing each with each.
	type pair struct {
		old, new *tocsin.Campaign
		share    float64
	}
	known := map[string][]*tocsin.Campaign{}
	names := map[*tocsin.Campaign]map[string]bool{}
	for _, c := range before {
		if !taken[c] {
			names[c] = namesOf(c)
			for name := range names[c] {
				known[name] = append(known[name], c)
			}
		}
	}
	var all []pair
	for _, c := range after {
		if len(pairs[c]) > 0 {
			continue
		}
		of := namesOf(c)
		shared := map[*tocsin.Campaign]int{}
		for name := range of {
			for _, o := range known[name] {
				shared[o]++
			}
		}
		for o, n := range shared {
			if share := float64(n) / float64(min(len(of), len(names[o]))); n >= 2 && share >= 0.5 {
				all = append(all, pair{o, c, share})
			}
		}
	}
	slices.SortFunc(all, func(x, y pair) int {
		return cmp.Or(cmp.Compare(y.share, x.share), strings.Compare(x.new.ID, y.new.ID), strings.Compare(x.old.ID, y.old.ID))
	})
	for _, p := range all {
		if !taken[p.old] && len(pairs[p.new]) == 0 {
			taken[p.old] = true
			pairs[p.new] = []*tocsin.Campaign{p.old}
		}
	}
	return pairs
}

// namesOf is what a campaign is known by.
func namesOf(c *tocsin.Campaign) map[string]bool {
	all := map[string]bool{}
	for i := range c.Victims {
		all[strings.ToLower("victim "+c.Victims[i].Kind+":"+c.Victims[i].Value)] = true
	}
	for _, a := range c.Actors {
		for _, h := range a.Handles {
			all[strings.ToLower("actor "+h.Kind+":"+h.Value)] = true
		}
	}
	for _, m := range c.Marks {
		all[strings.ToLower("mark "+m)] = true
	}
	return all
}

// worseBy says in what a campaign is worse than what it was.
func worseBy(old []*tocsin.Campaign, c *tocsin.Campaign) (why []string) {
	level := tocsin.Unrated
	entered, worked := map[string]bool{}, map[string]bool{}
	for _, o := range old {
		level = max(level, o.Level)
		maps.Copy(entered, enteredOf(o))
		maps.Copy(worked, workedOf(o))
	}
	if c.Level > level {
		why = append(why, "level "+levelWord[min(level, tocsin.Critical)]+" → "+levelWord[min(c.Level, tocsin.Critical)])
	}
	if more := without(enteredOf(c), entered); len(more) > 0 {
		why = append(why, "entered besides: "+strings.Join(more, ", "))
	}
	if more := without(workedOf(c), worked); len(more) > 0 {
		why = append(why, "worked besides: "+strings.Join(more, ", "))
	}
	return why
}

func enteredOf(c *tocsin.Campaign) map[string]bool {
	all := map[string]bool{}
	for i := range c.Victims {
		if v := &c.Victims[i]; v.Reached {
			all[strings.ToLower(v.Kind+" "+v.Value)] = true
		}
	}
	return all
}

func workedOf(c *tocsin.Campaign) map[string]bool {
	all := map[string]bool{}
	for i := range c.Steps {
		if c.Steps[i].Worked > 0 {
			all[c.Steps[i].Tactic] = true
		}
	}
	return all
}

func without(all, but map[string]bool) []string {
	var more []string
	for s := range all {
		if !but[s] {
			more = append(more, s)
		}
	}
	slices.Sort(more)
	return more
}
