package campaign

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// campaign tells what a group of members did.
func (w *world) campaign(g []*member) *tocsin.Campaign {
	c := &tocsin.Campaign{}
	orgs := map[string]bool{}
	var all []*tocsin.Deed
	for _, m := range g {
		c.Actors = append(c.Actors, m.Actor)
		c.Links = append(c.Links, m.links...)
		for i := range m.Deeds {
			d := &m.Deeds[i]
			all = append(all, d)
			c.Actions += d.N
			if len(d.Rules) > 0 || d.Verb == "alert" {
				c.Alerts += d.N
			}
			if d.Org != "" && d.Weight > 0 {
				orgs[d.Org] = true
			}
			c.Sparse = c.Sparse || d.Sparse
		}
	}
	slices.SortStableFunc(all, func(x, y *tocsin.Deed) int { return x.Time.Compare(y.Time) })
	for _, d := range all {
		c.Deeds = append(c.Deeds, *d)
		if !d.Time.IsZero() && (c.First.IsZero() || d.Time.Before(c.First)) {
			c.First = d.Time
		}
		c.Last = later(c.Last, d.Last)
	}
	slices.SortStableFunc(c.Actors, func(x, y *tocsin.Actor) int { return cmp.Compare(deeds(y), deeds(x)) })
	for o := range orgs {
		c.Orgs = append(c.Orgs, o)
	}
	slices.Sort(c.Orgs)
	slices.SortStableFunc(c.Links, func(x, y tocsin.Link) int { return x.Time.Compare(y.Time) })

	c.Steps = w.steps(all, g)
	c.Victims = w.victims(g)
	c.Level, c.Why = severity(all, c)
	c.Marks = marks(all, g)
	c.Data = data(all)
	c.Rules = rules(all)
	c.Records = records(all)
	c.Open, c.Missing = open(all, c)
	c.Title = title(c)
	first := ""
	if len(c.Victims) > 0 {
		first = c.Victims[0].Value
	}
	c.ID = id(g[0].ID, c.First.UTC().Format(time.RFC3339Nano), first)
	return c
}

func deeds(a *tocsin.Actor) int {
	n := 0
	for i := range a.Deeds {
		n += a.Deeds[i].N
	}
	return n
}

// pause is how long a tactic may rest before what follows is another step.
const pause = 30 * time.Minute

// steps are the stretches that serve one tactic, in the order they began.
func (w *world) steps(all []*tocsin.Deed, g []*member) []tocsin.Step {
	const most = 80
	by := map[*tocsin.Deed]string{}
	for _, m := range g {
		for i := range m.Deeds {
			by[&m.Deeds[i]] = m.ID
		}
	}
	type step struct {
		tocsin.Step
		deeds []*tocsin.Deed
	}
	var steps []*step
	now := map[string]*step{}
	for _, d := range all {
		if d.Tactic == "" || d.Weight < 0.5 && d.Level < tocsin.Low {
			continue
		}
		s := now[d.Tactic]
		if s == nil || d.Time.Sub(s.Last) > pause {
			s = &step{Step: tocsin.Step{Tactic: d.Tactic, First: d.Time, Last: d.Last}}
			now[d.Tactic] = s
			steps = append(steps, s)
		}
		s.Last = later(s.Last, d.Last)
		s.Actions += d.N
		switch d.Outcome {
		case tocsin.Worked:
			s.Worked += d.N
		case tocsin.Failed, tocsin.Denied:
			s.Failed += d.N
		}
		s.Techniques = include(s.Techniques, d.Technique, 12)
		s.Actors = include(s.Actors, by[d], 12)
		if s.Hosts = include(s.Hosts, strings.ToLower(d.Host), 24); d.Host == "" {
			for _, e := range d.On {
				if (e.Kind == "host" || e.Kind == "address") && !external(e, d) {
					s.Hosts = include(s.Hosts, w.named(e.Value), 24)
				}
			}
		}
		s.deeds = append(s.deeds, d)
	}
	out := make([]tocsin.Step, 0, len(steps))
	for _, s := range steps {
		slices.SortStableFunc(s.deeds, func(x, y *tocsin.Deed) int { return cmp.Compare(y.Weight, x.Weight) })
		for i, d := range s.deeds {
			if i == 0 {
				s.Summary = what(d)
			}
			if len(s.Places) < 8 {
				s.Places = append(s.Places, d.Place)
			}
			if d.Text != "" {
				s.Commands = include(s.Commands, d.Text, 8)
			}
		}
		slices.Sort(s.Techniques)
		out = append(out, s.Step)
	}
	return out[:min(len(out), most)]
}

func include(list []string, s string, most int) []string {
	if s == "" || len(list) >= most || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// what says a deed in a few words.
func what(d *tocsin.Deed) string {
	var b strings.Builder
	switch {
	case len(d.Rules) > 0:
		b.WriteString(d.Rules[0].Title)
	case d.Text != "":
		b.WriteString(d.Verb + " " + clip(d.Text))
	default:
		b.WriteString(d.Verb)
		for i, e := range d.On {
			if i == 2 {
				break
			}
			b.WriteString(" " + clip(e.Value))
		}
	}
	if d.N > 1 {
		fmt.Fprintf(&b, " (%d times)", d.N)
	}
	if d.Host != "" {
		b.WriteString(" at " + d.Host)
	}
	return b.String()
}

// victims are the machines and accounts that were aimed at, those reached first.
func (w *world) victims(g []*member) []tocsin.Victim {
	const most = 400
	own := map[string]bool{} // what acts is a victim only if it was reached before
	for _, m := range g {
		for _, h := range m.Handles {
			if h.Kind == "address" {
				own[h.Value] = true
			}
		}
	}
	at := map[string]*tocsin.Victim{}
	tactics := map[string]map[string]time.Time{}
	var order []string
	add := func(kind, value string, d *tocsin.Deed, hit bool) {
		if value == "" || len(order) >= most && at[kind+":"+value] == nil {
			return
		}
		key := kind + ":" + value
		v := at[key]
		if v == nil {
			v = &tocsin.Victim{Entity: tocsin.Entity{Kind: kind, Role: "target", Value: value}, Org: d.Org, First: d.Time, Last: d.Last}
			at[key], tactics[key] = v, map[string]time.Time{}
			order = append(order, key)
		}
		if d.Time.Before(v.First) {
			v.First = d.Time
		}
		v.Last = later(v.Last, d.Last)
		v.Reached = v.Reached || hit
		v.Actions += d.N
		if v.Org == "" {
			v.Org = d.Org
		}
		if _, ok := tactics[key][d.Tactic]; !ok && d.Tactic != "" {
			tactics[key][d.Tactic] = d.Time
		}
	}
	for _, m := range g {
		guessed := map[string]bool{}
		for i := range m.Deeds {
			d := &m.Deeds[i]
			if d.Verb == "login" && (d.Outcome == tocsin.Failed || d.Outcome == tocsin.Denied) {
				guessed[d.Host] = true
			}
			hit := d.Outcome != tocsin.Failed && d.Outcome != tocsin.Denied && (inside(d) || d.Verb == "login" && d.Outcome == tocsin.Worked && (guessed[d.Host] || m.weight >= core))
			if m.stranger() && (d.Verb == "read" || d.Verb == "list" || d.Verb == "request") {
				hit = false // what a server gives to strangers does not let them in
			}
			if d.Weight < 0.5 && !hit {
				continue
			}
			named := false
			for _, e := range d.On {
				switch e.Kind {
				case "host", "address":
					if v := w.named(e.Value); !own[e.Value] && d.Verb != "resolve" && !strings.Contains(e.Value, "/") && !external(e, d) {
						kind := e.Kind
						if v != strings.ToLower(e.Value) {
							kind = "host"
						}
						// who looks at a machine from another one has not entered it
						add(kind, v, d, hit && (d.Tactic != "discovery" || v == w.named(d.Host)))
						named = true
					}
				case "user", "principal":
					if hit && (d.Verb == "login" || d.Tactic == "credential-access" || d.Tactic == "persistence") {
						add(e.Kind, e.Value, d, hit)
					}
				}
			}
			if hit && d.Host == "" && (d.Tactic == "command-and-control" || d.Tactic == "execution" || d.Tactic == "exfiltration") {
				for _, e := range d.Who { // a machine of ours that speaks for the intruder
					if e.Kind == "address" && !public(e.Value) {
						add("address", e.Value, d, true)
						named = true
					}
				}
			}
			if d.Host != "" && (!named || m.Local) && d.Verb != "connect" && d.Verb != "resolve" {
				add("host", strings.ToLower(d.Host), d, hit)
			}
		}
	}
	out := make([]tocsin.Victim, 0, len(order))
	for _, k := range order {
		v := at[k]
		for t := range tactics[k] {
			v.Tactics = append(v.Tactics, t)
		}
		slices.SortFunc(v.Tactics, func(x, y string) int { return cmp.Or(tactics[k][x].Compare(tactics[k][y]), strings.Compare(x, y)) })
		out = append(out, *v)
	}
	slices.SortStableFunc(out, func(x, y tocsin.Victim) int {
		if x.Reached != y.Reached {
			if x.Reached {
				return -1
			}
			return 1
		}
		return cmp.Or(x.First.Compare(y.First), strings.Compare(x.Value, y.Value))
	})
	return out
}

// external says that a target is the intruder's own: a place that data or a machine is sent to.
func external(e tocsin.Entity, d *tocsin.Deed) bool {
	return d.Tactic == "command-and-control" || d.Tactic == "exfiltration" || d.Verb == "send" && public(e.Value)
}

// inside says that a deed is of somebody who is in: it had its effect on the machine.
func inside(d *tocsin.Deed) bool {
	if d.Outcome == tocsin.Failed || d.Outcome == tocsin.Denied {
		return false
	}
	switch d.Tactic {
	case "", "reconnaissance", "resource-development":
		return false
	case "initial-access":
		if d.Verb == "probe" || d.Verb == "scan" || d.Verb == "request" {
			return false // that a server answered is no sign that it gave in
		}
		return d.Level >= tocsin.Medium && (d.Outcome == tocsin.Worked || d.Verb == "alert") // detectors seldom say how it ended
	case "credential-access":
		if d.Verb == "login" || d.Technique == "T1110" || strings.HasPrefix(d.Technique, "T1110.") {
			return d.Outcome == tocsin.Worked && d.Level >= tocsin.Medium
		}
	}
	return true
}

// stages of a chain, by tactic.
var stages = map[string]int{
	"reconnaissance": 0, "resource-development": 0, "initial-access": 1, "execution": 2, "persistence": 2, "privilege-escalation": 2,
	"stealth": 2, "defense-impairment": 2, "credential-access": 2, "discovery": 2, "command-and-control": 2, "collection": 3,
	"lateral-movement": 3, "exfiltration": 4, "impact": 4,
}

// window is how long what is told together may be apart: what one account does in weeks adds up to anything.
const window = 24 * time.Hour

// severity is by how far it went: how many tactics worked, and which, in the worst day of it.
func severity(all []*tocsin.Deed, c *tocsin.Campaign) (tocsin.Level, string) {
	var telling []*tocsin.Deed
	for _, d := range all {
		if d.Tactic != "" && d.Weight >= 0.5 {
			telling = append(telling, d)
		}
	}
	level, why := tocsin.Low, "nothing that was tried is known to have worked"
	var from time.Time
	for i := range telling {
		if i > 0 && telling[i].Time.Sub(from) < window/4 {
			continue // a quarter of a day is fine enough a step
		}
		from = telling[i].Time
		j := i
		for j < len(telling) && telling[j].Time.Sub(from) < window {
			j++
		}
		if l, w := progress(telling[i:j], c, from); l > level {
			level, why = l, w
		}
	}
	return level, why
}

// progress is how far deeds came.
func progress(deeds []*tocsin.Deed, c *tocsin.Campaign, from time.Time) (tocsin.Level, string) {
	best, ways := map[string]float64{}, map[string]float64{}
	far, worst := 0, tocsin.Unrated
	tried := map[string]bool{}
	for _, d := range deeds {
		tried[d.Tactic] = true
		if !inside(d) {
			continue
		}
		best[d.Tactic] = max(best[d.Tactic], d.Weight)
		ways[d.Tactic+d.Technique] = max(ways[d.Tactic+d.Technique], d.Weight)
		if d.Weight >= 1.5 {
			far = max(far, stages[d.Tactic])
			worst = max(worst, d.Level)
		}
	}
	telling := 0
	for _, v := range best {
		if v >= 1.2 {
			telling++
		}
	}
	sum := total(best)
	reached := 0
	orgs := map[string]bool{}
	for _, v := range c.Victims {
		if v.Reached && v.Kind != "user" && v.First.Sub(from) < window && !v.Last.Before(from) {
			reached++
			if v.Org != "" {
				orgs[v.Org] = true
			}
		}
	}
	why := fmt.Sprintf("within a day %d tactics worked, %d were tried; %d machines or accounts reached", len(best), len(tried), reached)
	if len(orgs) > 1 {
		why += fmt.Sprintf(" in %d organisations", len(orgs))
	}
	switch {
	case len(best) == 0:
		return tocsin.Low, "nothing that was tried is known to have worked"
	case telling >= 5 && far >= 3 && sum >= 14, len(orgs) > 1 && telling >= 4 && sum >= 10:
		return tocsin.Critical, why
	case telling >= 3 && sum >= 7 || telling >= 2 && worst >= tocsin.High && sum >= 6.5:
		return tocsin.High, why
	case telling >= 2 && sum >= 4, worst >= tocsin.High, len(best) >= 3 && sum >= 4.5, len(ways) >= 3 && far >= 2 && total(ways) >= 3.5:
		return tocsin.Medium, why
	}
	return tocsin.Low, why
}

// marks are the indicators: addresses from which it came, then strings.
func marks(all []*tocsin.Deed, g []*member) []string {
	const most = 120
	var out []string
	for _, m := range g {
		for _, h := range m.Handles {
			if h.Kind == "address" && public(h.Value) {
				out = include(out, "address:"+h.Value, most)
			}
		}
	}
	byWeight := slices.Clone(all)
	slices.SortStableFunc(byWeight, func(x, y *tocsin.Deed) int { return cmp.Compare(y.Weight, x.Weight) })
	for _, d := range byWeight {
		if d.Weight < 0.5 {
			break
		}
		for _, m := range d.Marks {
			out = include(out, m, most)
		}
		if d.Tactic == "command-and-control" || d.Tactic == "exfiltration" {
			for _, e := range d.On {
				if e.Kind == "domain" || e.Kind == "url" || e.Kind == "address" && public(e.Value) {
					out = include(out, e.Kind+":"+e.Value, most)
				}
			}
		}
	}
	return out
}

// data is what was read, copied or sent out.
func data(all []*tocsin.Deed) []string {
	var out []string
	sent := int64(0)
	for _, d := range all {
		switch {
		case d.Outcome == tocsin.Failed || d.Outcome == tocsin.Denied:
		case d.Tactic == "exfiltration" || d.Verb == "send":
			sent += d.Bytes
			out = include(out, "sent out: "+what(d), 24)
		case d.Tactic == "collection":
			out = include(out, "collected: "+what(d), 24)
		case d.Tactic == "credential-access" && d.Level >= tocsin.Medium && d.Verb != "login" && !strings.HasPrefix(d.Technique, "T1110"):
			out = include(out, "secrets: "+what(d), 24)
		case d.Tactic == "impact":
			out = include(out, "changed or destroyed: "+what(d), 24)
		}
	}
	if sent > 0 {
		out = append([]string{fmt.Sprintf("%s sent out in all, as far as the logs count it", size(sent))}, out...)
	}
	return out
}

// size is a number of bytes for a person to read.
func size(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d bytes", n)
	case n < 10_000_000:
		return fmt.Sprintf("%d kB", n/1000)
	case n < 10_000_000_000:
		return fmt.Sprintf("%d MB", n/1_000_000)
	}
	return fmt.Sprintf("%d GB", n/1_000_000_000)
}

// rules are the titles of what held, most frequent first.
func rules(all []*tocsin.Deed) []string {
	n := map[string]int{}
	var names []string
	for _, d := range all {
		for _, r := range d.Rules {
			if n[r.Title] == 0 {
				names = append(names, r.Title)
			}
			n[r.Title] += d.N
		}
	}
	slices.SortFunc(names, func(x, y string) int { return cmp.Or(cmp.Compare(n[y], n[x]), strings.Compare(x, y)) })
	return names[:min(len(names), 40)]
}

// records are the places of all deeds, each once.
func records(all []*tocsin.Deed) []tocsin.Span {
	var out []tocsin.Span
	for _, d := range all {
		out = append(out, d.Spans...)
	}
	slices.SortFunc(out, func(x, y tocsin.Span) int {
		return cmp.Or(strings.Compare(x.Source, y.Source), cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To))
	})
	n := 0
	for _, s := range out {
		if n > 0 && out[n-1].Source == s.Source && s.From <= out[n-1].To+1 {
			out[n-1].To = max(out[n-1].To, s.To)
			continue
		}
		out[n] = s
		n++
	}
	return out[:n]
}

// open says what to look for next, and which logs would tell more.
func open(all []*tocsin.Deed, c *tocsin.Campaign) (next, missing []string) {
	worked := map[string]bool{}
	runs, nets := map[string]bool{}, false
	for _, d := range all {
		if inside(d) {
			worked[d.Tactic] = true
		}
		switch d.Verb {
		case "run":
			runs[strings.ToLower(d.Host)] = true
		case "connect", "resolve":
			nets = true
		}
	}
	name := func(slug string) string {
		for _, t := range tocsin.Tactics() {
			if t.Slug == slug {
				return t.Name
			}
		}
		return slug
	}
	if !worked["initial-access"] {
		next = append(next, "How the intruder got in is not shown: look at mail, remote access and published services before "+c.First.UTC().Format("2006-01-02 15:04")+" UTC.")
	}
	if worked["credential-access"] {
		next = append(next, "Credentials were taken or guessed: look for their use elsewhere, and renew them.")
	}
	if worked["persistence"] {
		next = append(next, "Ways to come back were laid: check accounts, keys, services, tasks and web folders on each victim.")
	}
	if worked["collection"] && !worked["exfiltration"] {
		next = append(next, "Data was collected, but its way out is not shown: look for large or slow uploads and for names resolved only by the victims.")
	}
	if worked["command-and-control"] {
		next = append(next, "Look for other machines that speak to the same hosts.")
	}
	var silent []string
	for _, v := range c.Victims {
		if v.Kind == "host" && v.Reached && !runs[v.Value] {
			silent = include(silent, v.Value, 8)
		}
	}
	if len(silent) > 0 {
		missing = append(missing, "Process creation logs of "+strings.Join(silent, ", "))
	}
	if !nets {
		missing = append(missing, "Network flows or DNS queries of the victims, to see where they spoke to")
	}
	if len(worked) > 0 && len(c.Steps) > 0 {
		last := c.Steps[len(c.Steps)-1]
		next = append(next, fmt.Sprintf("The last step seen is %s, at %s UTC: see what the same actors did afterwards.", name(last.Tactic), last.Last.UTC().Format("2006-01-02 15:04")))
	}
	return next, missing
}

// title is one line: how many were reached, by whom, how far.
func title(c *tocsin.Campaign) string {
	var hosts, tried []string
	reachedOrgs := map[string]bool{}
	for _, v := range c.Victims {
		if v.Kind == "user" {
			continue
		}
		if v.Reached {
			hosts = append(hosts, v.Value)
			if v.Org != "" {
				reachedOrgs[v.Org] = true
			}
		} else {
			tried = append(tried, v.Value)
		}
	}
	list := func(all []string) string {
		switch {
		case len(all) == 1:
			return all[0]
		case len(all) == 2:
			return all[0] + " and " + all[1]
		}
		return fmt.Sprintf("%d machines", len(all))
	}
	var b strings.Builder
	switch {
	case len(hosts) > 0:
		b.WriteString("Intrusion into " + list(hosts))
		if len(reachedOrgs) > 1 {
			fmt.Fprintf(&b, " of %d organisations", len(reachedOrgs))
		}
	case len(tried) > 0:
		b.WriteString("Attack on " + list(tried))
	default:
		b.WriteString("Intrusion")
	}
	for _, a := range c.Actors {
		if !a.Local {
			b.WriteString(" by " + clip(a.Handles[0].Value))
			if n := len(c.Actors); n > 1 {
				fmt.Fprintf(&b, " and others")
			}
			break
		}
	}
	var far []string
	for _, t := range tocsin.Tactics() {
		for _, s := range c.Steps {
			if s.Tactic == t.Slug && (s.Worked > 0 || s.Actions > s.Failed) && stages[t.Slug] > 0 {
				far = include(far, strings.ToLower(t.Name), 20)
			}
		}
	}
	if len(far) > 4 {
		far = append(far[:2:2], append([]string{"…"}, far[len(far)-2:]...)...)
	}
	if len(far) > 0 {
		b.WriteString(": " + strings.Join(far, ", "))
	}
	return b.String()
}
