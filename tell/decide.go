package tell

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
)

// A Policy says what is told. Its zero value is quiet: medium and above, and of a campaign that goes on at most an update every
// 15 minutes.
type Policy struct {
	Level  tocsin.Level  // the lowest that is told; Unrated is Medium
	Every  time.Duration // at least so long between an alert of a campaign and an update; 0 is 15 minutes, below 0 no updates
	Gather time.Duration // at least so long between two alerts that only a stage gives, so that several are told at once; 0 is a minute, below 0 none. A level that rises never waits
	Since  time.Time     // what ended before is past: it lay in the logs when they were first read. Zero: nothing is past, as when a recording is replayed
	Past   bool          // what is past is told too
	Tenant string        // whose campaigns they are
	Base   string        // the console's URL, to which links lead: http or https; empty for none
	Lang   string        // en or fr; empty is en. An alert's id is the same in both
}

// Check says what is wrong with a policy.
func (p *Policy) Check() error {
	if p.Level > tocsin.Critical {
		return fmt.Errorf("level %v: want informational, low, medium, high or critical", p.Level)
	}
	if p.Lang != "" && p.Lang != "en" && p.Lang != "fr" {
		return fmt.Errorf("language %q: there are en and fr", p.Lang)
	}
	if p.Base != "" {
		if u, err := url.Parse(p.Base); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return fmt.Errorf("address of the console %q: want http(s)://HOST[:PORT][/PATH]", p.Base)
		}
	}
	return nil
}

// A Status is what people have said of a campaign.
type Status string

// The statuses.
const (
	Open         Status = ""             // nothing was said
	Acknowledged Status = "acknowledged" // somebody is at it: told only where it is worse
	Closed       Status = "closed"       // it was dealt with: told only where it is worse
	Benign       Status = "benign"       // it was none: told never
)

// Known is what was told of a campaign or principal. Its caller keeps it, as JSON, and sets Status; all else is this package's.
type Known struct {
	Of       string         `json:"of"`                 // the campaign's id, or the principal's name
	Level    tocsin.Level   `json:"level"`              // the highest that was told
	Verdict  tocsin.Verdict `json:"verdict,omitempty"`  // of a principal: the worst that was told
	Stages   []string       `json:"stages,omitempty"`   // that were told, sorted
	Machines int            `json:"machines,omitempty"` // the number of machines that was told last, as far as it is news
	Told     time.Time      `json:"told"`               // when an alert was decided last
	Last     time.Time      `json:"last"`               // the campaign's Last then
	Actions  int            `json:"actions"`            // and its Actions
	Count    int            `json:"count"`              // alerts so far
	Status   Status         `json:"status,omitempty"`
	Into     string         `json:"into,omitempty"` // it was told that it is part of this one, and is told no more
}

// Bounds of an alert's lists.
const (
	maxHosts  = 10
	maxActors = 10
	maxKey    = 5
)

// news is what would be told of a campaign, and from when on.
type news struct {
	kind  Kind
	from  time.Time
	rose  bool
	facts []fact // the stages that are new
}

// weigh says what would be told; ok is false for nothing, ever, unless the campaign changes.
func (p *Policy) weigh(was *Known, now *tocsin.Campaign) (n news, ok bool) {
	if was != nil && (was.Into != "" || was.Status == Benign) {
		return news{}, false
	}
	if was != nil && was.Of != now.ID && slices.Contains(now.Was, was.Of) {
		return news{kind: Over}, true
	}
	if now.Level < p.level() || was == nil && !p.Past && !p.Since.IsZero() && !now.Last.IsZero() && !now.Last.After(p.Since) {
		return news{}, false
	}
	fresh := was == nil || was.Count == 0
	for _, f := range facts(now) {
		switch {
		case fresh && (f.shown == byMachines || f.shown == byDriver): // told by the title and the verdict
		case fresh:
			n.facts = append(n.facts, f)
		case f.shown == byMachines && rung(f.n) > was.Machines, f.shown != byMachines && !slices.Contains(was.Stages, f.name):
			n.facts = append(n.facts, f)
		}
	}
	switch {
	case fresh:
		n.kind = New
	case now.Level > was.Level:
		n.kind, n.rose = Worse, true
	case len(n.facts) > 0:
		n.kind, n.from = Worse, was.Told.Add(p.gather())
	case was.Status != Open || p.Every < 0 || now.Actions <= was.Actions && !now.Last.After(was.Last):
		return news{}, false
	default:
		n.kind, n.from = Update, was.Told.Add(cmp.Or(p.Every, 15*time.Minute))
	}
	return n, true
}

func (p *Policy) level() tocsin.Level { return cmp.Or(p.Level, tocsin.Medium) }

func (p *Policy) gather() time.Duration {
	if p.Gather < 0 {
		return 0
	}
	return cmp.Or(p.Gather, time.Minute)
}

func (p *Policy) lang() string { return cmp.Or(p.Lang, "en") }

// When says from when on [Decide] has something to tell of a campaign as it is now; ok is false where it has nothing unless the
// campaign changes. What waits is told by asking again then.
func When(was *Known, now *tocsin.Campaign, rules Policy) (at time.Time, ok bool) {
	n, ok := rules.weigh(was, now)
	return n.from, ok
}

// Decide says whether a campaign is an alert now. was is what was told of it last, nil where nothing was. What is news:
//
//   - it reached the policy's level and was not told;
//   - its level rose above the highest told;
//   - it reached a stage that is worth waking somebody (stages.tsv), among them more machines and an agent at the controls;
//   - was is of another campaign that turned out to be part of this one ([tocsin.Campaign.Was]): it is Over.
//
// All else is an update: none more often than the policy says, and none where the campaign was acknowledged or closed. Nothing is
// told of one that is closed as benign. The id is a hash of tenant, campaign, kind and what makes it news.
//
// An error in the policy ([Policy.Check]) is ignored as far as it can be: the alert is in English, without a link.
func Decide(was *Known, now *tocsin.Campaign, rules Policy, at time.Time) (alert Alert, ok bool) {
	n, ok := rules.weigh(was, now)
	if !ok || at.Before(n.from) {
		return Alert{}, false
	}
	if rules.Check() != nil {
		rules.Lang, rules.Base = "", ""
	}
	b, _ := report.BriefOf(now, rules.lang(), maxKey) // it is one of the languages that there are
	a := rules.alert(now, &b, at)
	a.Kind = n.kind
	count := 0
	if was != nil {
		count = was.Count
	}
	for i := range n.facts {
		a.Stages = append(a.Stages, n.facts[i].id())
	}
	switch n.kind {
	case Over:
		a.Campaign, a.Into = was.Of, now.ID
		a.Link = rules.link("campaigns/" + url.PathEscape(now.ID))
	case Worse:
		if n.rose {
			a.WasLevel = was.Level
		}
	}
	state := []string{rules.Tenant, "campaign", a.Campaign, string(a.Kind)}
	switch {
	case n.kind == Over:
		state = append(state, a.Into)
	case n.kind == Update:
		state = append(state, strconv.Itoa(count))
	case n.rose:
		state = append(state, "level", a.Level.String())
	case n.kind == Worse:
		state = append(append(state, "stages"), a.Stages...)
	}
	a.ID = stable(state...)
	a.Reason = rules.reason(was, now, &n, b.Why, at)
	return a, true
}

// id names a stage with what makes it news.
func (f *fact) id() string {
	if f.shown == byMachines {
		return f.name + ":" + strconv.Itoa(rung(f.n))
	}
	return f.name
}

// DecidePrincipal is [Decide] for a principal: news is that it is suspicious, seems to run an intrusion or that an agent turned
// against it, where nothing as bad was told. There are no updates.
func DecidePrincipal(was *Known, now *tocsin.Principal, rules Policy, at time.Time) (alert Alert, ok bool) {
	level := principalLevel(now.Verdict)
	if level < rules.level() || was == nil && !rules.Past && !rules.Since.IsZero() && !now.Last.IsZero() && !now.Last.After(rules.Since) {
		return Alert{}, false
	}
	if was != nil && (was.Status == Benign || was.Count > 0 && now.Verdict <= was.Verdict) {
		return Alert{}, false
	}
	if rules.Check() != nil {
		rules.Lang, rules.Base = "", ""
	}
	a := Alert{Kind: New, At: at.UTC(), Tenant: short(rules.Tenant), Principal: bounded(now.Name, maxName), Level: level, Judged: min(now.Verdict, tocsin.Turned), First: now.First, Last: now.Last,
		Actions: now.Calls, Lang: rules.lang(), Driver: tocsin.Agent, Link: rules.link(rules.principal(now.Name))}
	state := []string{rules.Tenant, "principal", now.Name, string(New)}
	if was != nil && was.Count > 0 {
		a.Kind, a.WasLevel = Worse, was.Level
		state = append(state[:3], string(Worse), a.Judged.String())
	}
	a.ID = stable(state...)
	a.Hosts, a.MoreHosts = names(now.Targets, maxHosts)
	a.Actors, _ = names(now.Agents, maxActors)
	w := wordsIn[a.Lang]
	if b, err := report.BriefOfPrincipal(now, a.Lang, maxKey); err == nil {
		a.Title, a.Verdict, a.Driven = bounded(b.Title, maxTitle), bounded(b.Verdict, maxLine), b.Driver
		a.Key = lines(b.Key)
		a.Reason = fillSentence(a.Lang, w.principal[a.Judged], bounded(b.Why, maxLine))
	}
	return a, true
}

// principalLevel is how much a verdict on a principal matters.
func principalLevel(v tocsin.Verdict) tocsin.Level {
	switch min(v, tocsin.Turned) {
	case tocsin.Suspicious:
		return tocsin.Medium
	case tocsin.Intrusion, tocsin.Turned:
		return tocsin.High
	}
	return tocsin.Unrated
}

// Told is what is known of a campaign after an alert of it: was, which may be nil and is not changed, and what the alert told.
func Told(was *Known, now *tocsin.Campaign, a *Alert) *Known {
	k := next(was, a)
	if a.Kind == Over {
		k.Into = a.Into
		return k
	}
	k.Of = now.ID
	k.Level = max(k.Level, now.Level)
	k.Last, k.Actions = now.Last, now.Actions
	for _, f := range facts(now) {
		if f.shown == byMachines {
			k.Machines = max(k.Machines, rung(f.n))
		} else if !slices.Contains(k.Stages, f.name) {
			k.Stages = append(k.Stages, f.name)
		}
	}
	slices.Sort(k.Stages)
	return k
}

// ToldPrincipal is [Told] for a principal.
func ToldPrincipal(was *Known, now *tocsin.Principal, a *Alert) *Known {
	k := next(was, a)
	k.Of = now.Name
	k.Level, k.Verdict = max(k.Level, a.Level), max(k.Verdict, a.Judged)
	k.Last, k.Actions = now.Last, now.Calls
	return k
}

func next(was *Known, a *Alert) *Known {
	k := &Known{}
	if was != nil {
		*k = *was
		k.Stages = slices.Clone(was.Stages)
	}
	k.Told = a.At
	k.Count++
	return k
}

// News is an alert with what is known after it, to be kept in one transaction.
type News struct {
	Alert Alert // without an ID: there is only something to keep
	Known *Known
}

// Round decides for all campaigns of a turn, or those that changed and those of which [When] says so. known gives what was told of
// an id, nil for nothing; it is asked for the campaigns' ids and for those under which parts of them were told. Where parts were
// told and turn out to be one, each part is Over, and what was told of them counts as told of the whole.
func Round(known func(id string) *Known, all []*tocsin.Campaign, rules Policy, at time.Time) (news []News) {
	for _, c := range all {
		was, joined := known(c.ID), false
		for _, id := range c.Was {
			part := known(id)
			if part == nil || id == c.ID {
				continue
			}
			if a, ok := Decide(part, c, rules, at); ok {
				news = append(news, News{a, Told(part, c, &a)})
				was, joined = together(was, part, c), true
			}
		}
		if a, ok := Decide(was, c, rules, at); ok {
			news = append(news, News{a, Told(was, c, &a)})
		} else if joined {
			news = append(news, News{Known: was})
		}
	}
	return news
}

// together is what was told of a whole, where a part of it was told by itself.
func together(was, part *Known, c *tocsin.Campaign) *Known {
	if was == nil {
		k := *part
		k.Of, k.Stages, k.Status = c.ID, slices.Clone(part.Stages), Open // what was said of the part was not said of the whole
		return &k
	}
	k := *was
	k.Stages = append(slices.Clone(was.Stages), part.Stages...)
	slices.Sort(k.Stages)
	k.Stages = slices.Compact(k.Stages)
	k.Level, k.Machines = max(was.Level, part.Level), max(was.Machines, part.Machines)
	return &k
}

// alert is what an alert says of a campaign whatever its news are.
func (p *Policy) alert(c *tocsin.Campaign, b *report.Brief, at time.Time) Alert {
	a := Alert{At: at.UTC(), Tenant: short(p.Tenant), Campaign: c.ID, Level: min(c.Level, tocsin.Critical), First: c.First, Last: c.Last, Actions: c.Actions, Driver: c.Driver,
		Lang: p.lang(), Link: p.link("campaigns/" + url.PathEscape(c.ID)),
		Title: bounded(b.Title, maxTitle), Verdict: bounded(b.Verdict, maxLine), Driven: b.Driver, Key: lines(b.Key)}
	machines, accounts, others := c.Aimed(true)
	if len(machines)+len(accounts)+len(others) == 0 {
		machines, accounts, others = c.Aimed(false)
	}
	var hosts []string
	for _, v := range slices.Concat(machines, accounts, others) {
		hosts = append(hosts, v.Value)
	}
	a.Hosts, a.MoreHosts = names(hosts, maxHosts)
	var actors []string
	for _, x := range c.Actors {
		if x != nil && !x.Local && len(x.Handles) > 0 {
			actors = append(actors, x.Handles[0].Value)
		}
	}
	a.Actors, _ = names(actors, maxActors)
	return a
}

func names(all []string, n int) (some []string, more int) {
	for _, s := range all[:min(len(all), n)] {
		some = append(some, short(s))
	}
	return some, len(all) - len(some)
}

func lines(all []string) (some []string) {
	for _, s := range all {
		some = append(some, bounded(s, maxLine))
	}
	return some
}

// link leads to a page of the console.
func (p *Policy) link(page string) string {
	if p.Base == "" {
		return ""
	}
	return strings.TrimRight(p.Base, "/") + "/" + page
}

// principal is where the console shows a principal: on its first page, which opens the one that the anchor names.
func (p *Policy) principal(name string) string {
	query := ""
	if p.Tenant != "" {
		query = "?tenant=" + url.QueryEscape(p.Tenant)
	}
	return query + "#principal:" + url.PathEscape(name)
}
