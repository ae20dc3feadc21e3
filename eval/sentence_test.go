package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/action"
	"github.com/tocsin-ids/tocsin/engine"
)

// TestSentences reads what campaigns say back against their records: the record at a link's place names an end of the link and
// what ties it to the other; a time that is said is that of a record that shows it; counts are of the same things; what was
// entered has an entry; what is said to be sent out was not fetched.
func TestSentences(t *testing.T) {
	t.Run("example", func(t *testing.T) { sentences(t, "../example/intrusion") })
	t.Run("benign", func(t *testing.T) { sentences(t, "../example/benign") })
	if testing.Short() {
		return // the recordings are read twice each
	}
	for _, dir := range recordings { // all at once, and each by itself
		t.Run(dir, func(t *testing.T) {
			path := data(t, dir)
			t.Run("all", func(t *testing.T) { sentences(t, path) })
			each, err := os.ReadDir(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range each {
				t.Run(e.Name(), func(t *testing.T) { sentences(t, filepath.Join(path, e.Name())) })
			}
		})
	}
}

// A seen is a record as the test reads it: its own text, and the actions that it means.
type seen struct {
	time time.Time
	text string // every field, lower case
	acts []did
}

// A did is an action, owned.
type did struct {
	tocsin.Action
	names []string // of its doers, targets, marks and machine, lower case
}

// An audit holds a hunt's campaigns against its records.
type audit struct {
	*testing.T
	mu      sync.Mutex
	records map[tocsin.Place]*seen                    // at places that are told
	at      map[*tocsin.Campaign][]*seen              // of the campaign's records, at times that are told
	entries map[*tocsin.Campaign][]did                // actions of the campaign's records that were not refused
	created map[*tocsin.Campaign]map[string]time.Time // accounts that it made, and when
	checked map[string]int
	wrong   map[string]int
}

func sentences(t *testing.T, path string) {
	in := engine.Input{Paths: []string{path}, Key: []byte("eval")}
	found, _, err := engine.Hunt(context.Background(), in, own(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	u := &audit{T: t, records: map[tocsin.Place]*seen{}, at: map[*tocsin.Campaign][]*seen{}, entries: map[*tocsin.Campaign][]did{},
		created: map[*tocsin.Campaign]map[string]time.Time{}, checked: map[string]int{}, wrong: map[string]int{}}
	u.read(in, found.Campaigns)
	for _, c := range found.Campaigns {
		u.campaign(c)
	}
	for _, k := range slices.Sorted(maps.Keys(u.checked)) {
		t.Logf("%s: %d checked, %d wrong", k, u.checked[k], u.wrong[k])
	}
}

// spanOf are a campaign's records of one source.
type spanOf struct {
	tocsin.Span
	c *tocsin.Campaign
}

// read keeps the records that the campaigns tell of.
func (u *audit) read(in engine.Input, all []*tocsin.Campaign) {
	spans := map[string][]spanOf{}
	times := map[*tocsin.Campaign]map[int64]bool{}
	for _, c := range all {
		b, err := json.Marshal(c)
		if err != nil {
			u.Fatal(err)
		}
		var v any
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			u.Fatal(err)
		}
		told := map[tocsin.Place]*reported{}
		collect(u.T, v, told, nil)
		for p := range told {
			u.records[p] = nil
		}
		for _, s := range c.Records {
			spans[s.Source] = append(spans[s.Source], spanOf{s, c})
		}
		times[c] = map[int64]bool{}
		for _, at := range said(c) {
			times[c][at.UnixNano()] = true
		}
		u.created[c] = map[string]time.Time{}
	}
	know := knowledge(u.T)
	if _, err := engine.Read(context.Background(), in, func(int) engine.Desk {
		reader := action.NewReader([]byte("eval"), know)
		return engine.DeskFunc(func(ev *tocsin.Event) {
			p := tocsin.Place{Source: ev.Source, Record: ev.Record}
			u.mu.Lock()
			defer u.mu.Unlock()
			_, told := u.records[p]
			var in []*tocsin.Campaign
			for _, s := range spans[ev.Source] {
				if s.From <= ev.Record && ev.Record <= s.To && !slices.Contains(in, s.c) {
					in = append(in, s.c)
				}
			}
			if !told && len(in) == 0 {
				return
			}
			r := recordOf(ev, reader)
			if told {
				p.Source = strings.Clone(p.Source)
				u.records[p] = r
			}
			for _, c := range in {
				if times[c][r.time.UnixNano()] {
					u.at[c] = append(u.at[c], r)
				}
				for _, a := range r.acts {
					if a.Outcome == tocsin.Failed || a.Outcome == tocsin.Denied {
						continue
					}
					u.entries[c] = append(u.entries[c], a)
					if a.Verb != "create" || !strings.HasPrefix(a.Technique, "T1136") {
						continue
					}
					for _, e := range a.On {
						if v := strings.ToLower(e.Value); (e.Kind == "user" || e.Kind == "principal") && a.makes(v) {
							if had, ok := u.created[c][v]; !ok || r.time.Before(had) {
								u.created[c][v] = r.time
							}
						}
					}
				}
			}
		})
	}); err != nil {
		u.Fatal(err)
	}
}

// makes says that an action makes an account: its command or call names it, who does it is another.
func (a *did) makes(account string) bool {
	_, name, ok := strings.Cut(account, `\`)
	if !ok {
		name = account
	}
	doer := slices.ContainsFunc(a.Who, func(e tocsin.Entity) bool { return strings.HasSuffix(strings.ToLower(e.Value), name) })
	return !doer && (a.Text == "" || strings.Contains(strings.ToLower(a.Text), name))
}

// said are the times that a campaign says.
func said(c *tocsin.Campaign) []time.Time {
	all := []time.Time{c.First, c.Last}
	for i := range c.Victims {
		all = append(all, c.Victims[i].First, c.Victims[i].Last)
	}
	for i := range c.Steps {
		all = append(all, c.Steps[i].First, c.Steps[i].Last)
	}
	return all
}

// recordOf is an event as the test reads it.
func recordOf(ev *tocsin.Event, reader *action.Reader) *seen {
	var b strings.Builder
	for _, s := range [...]string{ev.Raw, ev.Host, ev.Source} {
		b.WriteString(s)
		b.WriteByte('\n')
	}
	for _, f := range ev.Fields {
		b.WriteString(f.Value)
		b.WriteByte('\n')
	}
	r := &seen{time: ev.Time, text: strings.ToLower(b.String())}
	if r.time.IsZero() {
		r.time = ev.Sensor
	}
	reader.Read(ev, nil, func(a *tocsin.Action) {
		d := did{Action: *a}
		d.Host, d.Text, d.Tool, d.Credential, d.Org = strings.Clone(a.Host), strings.Clone(a.Text), strings.Clone(a.Tool), strings.Clone(a.Credential), strings.Clone(a.Org)
		d.Verb, d.Tactic, d.Technique = strings.Clone(a.Verb), strings.Clone(a.Tactic), strings.Clone(a.Technique)
		d.Rules, d.Row = nil, nil
		d.Who, d.On, d.Marks = nil, nil, nil
		for _, e := range a.Who {
			d.Who = append(d.Who, tocsin.Entity{Kind: strings.Clone(e.Kind), Value: strings.Clone(e.Value)})
		}
		for _, e := range a.On {
			d.On = append(d.On, tocsin.Entity{Kind: strings.Clone(e.Kind), Value: strings.Clone(e.Value)})
		}
		for _, m := range a.Marks {
			d.Marks = append(d.Marks, strings.Clone(m))
			_, v, _ := strings.Cut(m, ":")
			d.names = append(d.names, strings.ToLower(v))
		}
		for _, e := range slices.Concat(d.Who, d.On) {
			d.names = append(d.names, strings.ToLower(strings.Clone(e.Value)))
		}
		d.names = append(d.names, strings.ToLower(d.Host))
		r.acts = append(r.acts, d)
	})
	return r
}

// names says that a record has a name: as it is written, in all its parts, or as what the record means.
func (r *seen) names(value string) bool {
	value = strings.ToLower(value)
	if value == "" {
		return false
	}
	if strings.Contains(r.text, value) {
		return true
	}
	for _, a := range r.acts {
		if slices.Contains(a.names, value) {
			return true
		}
	}
	parts := strings.FieldsFunc(value, func(c rune) bool { return strings.ContainsRune(`\/@,; `, c) })
	if len(parts) < 2 {
		return false
	}
	for _, p := range parts {
		if !strings.Contains(r.text, p) {
			return false
		}
	}
	return true
}

func (r *seen) any(values []string) bool { return slices.ContainsFunc(values, r.names) }

// check counts a sentence, and says so where it is wrong.
func (u *audit) check(what string, ok bool, format string, args ...any) {
	if u.checked[what]++; ok {
		return
	}
	if u.wrong[what]++; u.wrong[what] <= 8 {
		u.Errorf("%s: %s", what, fmt.Sprintf(format, args...))
	}
}

// secretNo is the number that a sentence gives a secret.
var secretNo = regexp.MustCompile(`secret, no\. (\d+)`)

// quoted is what a sentence puts in quotes.
var quoted = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)

func (u *audit) campaign(c *tocsin.Campaign) {
	ends := map[string][]string{} // the names of an actor, by its id and each of its handles
	for _, a := range c.Actors {
		var all []string
		for _, h := range a.Handles {
			all = append(all, h.Value)
		}
		_, id, _ := strings.Cut(a.ID, ":")
		all = append(all, id)
		ends[a.ID] = all
		for i := range a.Links {
			u.link(c, &a.Links[i], []string{after(a.Links[i].From)}, []string{after(a.Links[i].To)}, all)
		}
	}
	for i := range c.Links {
		l := &c.Links[i]
		if ends[l.From] == nil || ends[l.To] == nil {
			u.check("ends of links", c.Omitted["actors"] > 0, "%s: %s or %s is no actor of the campaign", c.ID, l.From, l.To)
			continue
		}
		u.link(c, l, ends[l.From], ends[l.To], nil)
	}
	u.victims(c)
	u.steps(c)
	u.counts(c)
}

func after(name string) string {
	_, v, _ := strings.Cut(name, ":")
	return v
}

// link holds a link against the records at its places. of are all names of the actor whose link it is.
func (u *audit) link(c *tocsin.Campaign, l *tocsin.Link, from, to, of []string) {
	where := fmt.Sprintf("%s: %s %s–%s %q %v", c.ID, l.Kind, l.From, l.To, l.Evidence, l.Places)
	var all []*seen
	for _, p := range l.Places {
		r := u.records[tocsin.Place{Source: p.Source, Record: p.Record}]
		if r == nil {
			u.check("places of links", false, "%s: no such record", where)
			return
		}
		u.check("times of links' places", r.time.Equal(p.Time), "%s: the record is of %s", where, r.time)
		all = append(all, r)
	}
	u.check("links have places", len(all) > 0, "%s", where)
	u.check("times of links", slices.ContainsFunc(all, func(r *seen) bool { return r.time.Equal(l.Time) }), "%s: %s is the time of none", where, l.Time)
	tie := tieOf(l)
	both := slices.ContainsFunc(all, func(r *seen) bool { return r.any(from) })
	both = both && slices.ContainsFunc(all, func(r *seen) bool { return r.any(to) })
	if !both && of != nil { // by another name of the same, which the record has
		both = !slices.ContainsFunc(all, func(r *seen) bool { return !r.any(of) }) && tie != ""
	}
	u.check("links name both ends", both, "%s", where)
	if tie != "" {
		u.check("links name what ties them", !slices.ContainsFunc(all, func(r *seen) bool { return !r.tied(l.Kind, tie) }), "%s: a record lacks %q", where, tie)
	}
	if strings.Contains(l.Evidence, "one organisation") {
		u.check("one organisation", len(c.Orgs) == 1, "%s: %d are known", where, len(c.Orgs))
	}
}

// tied says that a record has what ties two ends.
func (r *seen) tied(kind, tie string) bool {
	if kind == "credential" {
		return slices.ContainsFunc(r.acts, func(a did) bool {
			return a.Credential != "" || slices.ContainsFunc(a.Marks, func(m string) bool { return strings.HasPrefix(m, "key:") })
		})
	}
	cut, short := strings.CutSuffix(tie, "…")
	if !short {
		return r.names(tie) || r.marked(tie)
	}
	return r.marked(cut) || strings.Contains(r.text, strings.ToLower(cut))
}

// marked says that what a record means has a mark that begins so, or a name that what is written only implies.
func (r *seen) marked(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(r.acts, func(a did) bool {
		return slices.ContainsFunc(a.names, func(n string) bool { return strings.HasPrefix(n, text) })
	})
}

var tiesOf = map[string]*regexp.Regexp{
	"pivot":    regexp.MustCompile(` had reached (\S+) \(`),
	"account":  regexp.MustCompile(`^the mail went to (.+), whose account `),
	"callback": regexp.MustCompile(` names (\S+), to which `),
	"host":     regexp.MustCompile(` (?:on|at) (\S+), where such things are seldom$`),
}

// tieOf is what a link's sentence says that its ends have in common, as far as every record has to show it.
func tieOf(l *tocsin.Link) string {
	switch l.Kind {
	case "credential":
		if m := secretNo.FindStringSubmatch(l.Evidence); m != nil {
			return m[1]
		}
	case "mark":
		if m := quoted.FindStringSubmatch(l.Evidence); m != nil {
			return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(m[1])
		}
	case "callback":
		if m := quoted.FindStringSubmatch(l.Evidence); m != nil {
			return m[1]
		}
	}
	if re := tiesOf[l.Kind]; re != nil {
		if m := re.FindStringSubmatch(l.Evidence); m != nil {
			return m[1]
		}
	}
	return ""
}

// victims holds the times of victims, and that they were entered, against the records.
func (u *audit) victims(c *tocsin.Campaign) {
	if c.Sparse {
		return // its records are not all known
	}
	for i := range c.Victims {
		v := &c.Victims[i]
		names := []string{v.Value}
		for _, e := range v.Also {
			names = append(names, e.Value)
		}
		for _, at := range [...]time.Time{v.First, v.Last} {
			if at.IsZero() {
				continue
			}
			ok := slices.ContainsFunc(u.at[c], func(r *seen) bool { return r.time.Equal(at) && r.any(names) })
			u.check("times of victims", ok, "%s: %s %s: no record of %s names it (%v)", c.ID, v.Kind, v.Value, at, v.Also)
		}
		if made, ok := u.created[c][strings.ToLower(v.Value)]; ok && v.Reached {
			u.check("accounts made", !v.First.Before(made), "%s: %s was made at %s and met at %s", c.ID, v.Value, made, v.First)
		}
		if v.Reached && (v.Kind == "host" || v.Kind == "address") {
			ok := slices.ContainsFunc(u.entries[c], func(a did) bool { return slices.ContainsFunc(names, func(n string) bool { return a.has(n) }) })
			u.check("entries", ok, "%s: nothing shows that %s %s was entered", c.ID, v.Kind, v.Value)
		}
	}
}

// has says that an action names a machine.
func (a *did) has(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(a.names, func(n string) bool {
		return n == name || strings.HasPrefix(n, name+".") || strings.HasPrefix(name, n+".") && n != "" || strings.HasPrefix(n, name+`\`) || strings.HasPrefix(n, name+"/")
	}) || strings.Contains(strings.ToLower(a.Place.Source), "/"+name+"/")
}

// steps holds what is said of steps against the records.
func (u *audit) steps(c *tocsin.Campaign) {
	last := time.Time{}
	for i := range c.Steps {
		s := &c.Steps[i]
		if s.Last.After(last) {
			last = s.Last
		}
		u.check("outcomes of steps", s.Worked+s.Failed <= s.Actions, "%s: %s: %d worked and %d failed of %d", c.ID, s.Tactic, s.Worked, s.Failed, s.Actions)
		for _, at := range [...]time.Time{s.First, s.Last} {
			if !at.IsZero() && !c.Sparse {
				u.check("times of steps", slices.ContainsFunc(u.at[c], func(r *seen) bool { return r.time.Equal(at) }), "%s: %s: no record is of %s", c.ID, s.Tactic, at)
			}
		}
		for _, a := range s.Acts {
			u.check("sights", slices.ContainsFunc(a.Seen, func(x tocsin.Sight) bool { return u.shows(x.Place, a.Text) }), "%s: %s: no place of %v shows %q", c.ID, s.Tactic, a.Seen, a.Text)
		}
		if len(s.Places) > 0 {
			u.summary(c, s)
		}
	}
	for _, o := range c.Open {
		m := lastStep.FindStringSubmatch(o)
		if m == nil {
			continue
		}
		at, err := time.Parse("2006-01-02 15:04", m[1])
		if err != nil {
			u.Fatal(err)
		}
		u.check("last step", at.Equal(last.Truncate(time.Minute)) || c.Omitted["steps"] > 0, "%s: %s, and it was at %s", c.ID, o, last)
	}
	if !c.Last.IsZero() && !c.Sparse {
		u.check("last record", slices.ContainsFunc(u.at[c], func(r *seen) bool { return r.time.Equal(c.Last) }), "%s: no record is of %s", c.ID, c.Last)
	}
	for _, d := range c.Data {
		if strings.HasPrefix(d, "sent out: ") {
			u.check("sent out", !fetches.MatchString(d) && !asks.MatchString(d), "%s: %s", c.ID, d)
		}
	}
}

var (
	lastStep = regexp.MustCompile(`^The last step seen is .*, at (\d{4}-\d\d-\d\d \d\d:\d\d) UTC`)
	// fetches are commands that take something from elsewhere and send nothing: of their manuals.
	asks    = regexp.MustCompile(`: (?:requested|request) (?:GET|HEAD|OPTIONS|PROPFIND) `)
	fetches = regexp.MustCompile(`(?i)\b(wget (?:.* )?https?://\S+$|invoke-webrequest\b[^|]*-outfile|certutil\b.*-urlcache|git clone|curl (?:-[sSkLfo]+ )*(?:\S+ )?https?://\S+(?: -o \S+)?$)`)
)

// shows says that the record at a place says a text: in its own words or as what it means.
func (u *audit) shows(p tocsin.Place, text string) bool {
	r := u.records[tocsin.Place{Source: p.Source, Record: p.Record}]
	if r == nil {
		return false
	}
	return text == "" || strings.Contains(r.text, strings.ToLower(text)) || slices.ContainsFunc(r.acts, func(a did) bool { return a.Text == text || a.Text == "" }) || len(r.acts) == 0
}

// summary holds a step's sentence against the record at its first place.
func (u *audit) summary(c *tocsin.Campaign, s *tocsin.Step) {
	r := u.records[tocsin.Place{Source: s.Places[0].Source, Record: s.Places[0].Record}]
	if r == nil {
		u.check("places of steps", false, "%s: %s: %v is no record", c.ID, s.Tactic, s.Places[0])
		return
	}
	u.check("times of steps' places", r.time.Equal(s.Places[0].Time), "%s: %s: %v is of %s", c.ID, s.Tactic, s.Places[0], r.time)
	sentence, _, shown := strings.Cut(s.Summary, ", and it worked: ")
	u.check("sentences of steps", shown || r.says(c, sentence), "%s: %q: %v says %+v", c.ID, s.Summary, s.Places[0], r.acts)
	sentence, _, _ = strings.Cut(sentence, ", which ")
	if i := max(strings.LastIndex(sentence, " on "), strings.LastIndex(sentence, " at ")); i >= 0 && !strings.ContainsAny(sentence[i+4:], " ") {
		u.check("machines of steps", r.names(sentence[i+4:]), "%s: %q: %v does not name %s", c.ID, s.Summary, s.Places[0], sentence[i+4:])
	}
}

// says that a record means what a sentence says: its words, and how it ended. What a rule held for is said by the rule's title.
func (r *seen) says(c *tocsin.Campaign, sentence string) bool {
	if len(r.acts) == 0 || slices.ContainsFunc(c.Rules, func(title string) bool { return strings.HasPrefix(sentence, title) }) {
		return true
	}
	bad := strings.Contains(sentence, ", which failed") || strings.Contains(sentence, ", which was refused") || strings.Contains(sentence, ", which were refused")
	return slices.ContainsFunc(r.acts, func(a did) bool {
		longest := ""
		for _, word := range strings.Fields(a.Text[:min(len(a.Text), 60)]) {
			if len(word) > len(longest) && !strings.HasPrefix(a.Text, word) {
				longest = word
			}
		}
		if strings.Contains(a.Text, " ") && len(a.Text) > 60 {
			longest = longest[:min(len(longest), 12)] // the last word may be cut
		}
		refused := a.Outcome == tocsin.Failed || a.Outcome == tocsin.Denied
		return strings.Contains(sentence, longest) && bad == refused
	})
}

// counts holds the numbers of the title against the lists.
func (u *audit) counts(c *tocsin.Campaign) {
	tried := strings.HasPrefix(c.Title, "Attack on ") || strings.Contains(c.Title, " aimed at ")
	machines, accounts, _ := c.Aimed(!tried)
	for _, m := range inTitle.FindAllStringSubmatch(c.Title, -1) {
		n := map[string]int{"machines": len(machines), "accounts": len(accounts), "organisations": len(c.Orgs)}[m[2]]
		u.check("counts of titles", m[1] == fmt.Sprint(n) || c.Omitted["victims"] > 0, "%s: %s: %d are listed", c.ID, c.Title, n)
	}
	sum := 0
	for i := range c.Steps {
		sum += c.Steps[i].Actions
	}
	u.check("actions", sum <= c.Actions, "%s: steps tell of %d of %d actions", c.ID, sum, c.Actions)
	u.check("alerts", c.Alerts <= c.Actions, "%s: %d alerts of %d actions", c.ID, c.Alerts, c.Actions)
}

var inTitle = regexp.MustCompile(`(\d+) (machines|accounts|organisations)`)
