package report

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// How sure a report is: what drives a campaign and its actors, and what holds these together. All formats say it in these
// sentences.

func (w *words) sure() *sureWords { return sureIn[w.lang] }

// verdict is the judgement of what drives a campaign, how much of it was done without a person, and where one decided.
func (w *words) verdict(c *tocsin.Campaign) text {
	var t text
	for i, s := range w.drivenBy(c) {
		if i > 0 {
			t = append(t, say(" ")...)
		}
		t = append(t, s...)
	}
	return t
}

// drivenBy is verdict sentence by sentence.
func (w *words) drivenBy(c *tocsin.Campaign) []text {
	var all []text
	name := w.driverIs[driverKey(c.Driver, c.Share)]
	shares := w.shareText(c.Share, w.several(c.Judged, w.sure().acts))
	switch {
	case c.Driver != tocsin.Undecided && name != "" && shares != "":
		all = append(all, fill(w.driven, name, fill(w.sureOf, shares)))
	case c.Driver != tocsin.Undecided && name != "":
		all = append(all, fill(w.driven, name, ""))
	case shares != "":
		all = append(all, fill(w.sure().none, shares))
	default:
		all = append(all, fill(w.sure().notJudged, w.notJudged(c)))
	}
	if a := mainly(c); a != nil {
		all = append(all, append(w.chiefReasons(a), say(".")...))
	}
	if a := c.Autonomy; a != nil && !math.IsNaN(a.Value) {
		all = append(all, fill(w.autonomy, w.percent(a.Value), w.percent(a.Low), w.percent(a.High)))
	}
	if n := len(c.Gates); n > 0 {
		all = append(all, fill(w.decided, w.several(n, w.point)))
	}
	return all
}

// mainly is the actor by which a campaign's driver is explained: of those judged as it the one that acted most; nil for none.
func mainly(c *tocsin.Campaign) *tocsin.Actor {
	for _, a := range actorsOf(c) {
		if a.Driver == c.Driver && a.Driver != tocsin.Undecided && len(a.Reasons) > 0 {
			return a
		}
	}
	return nil
}

// shareText is how likely each driver is, the likeliest first; "" where that is not said.
func (w *words) shareText(share map[string]float64, by string) string {
	if len(share) == 0 {
		return ""
	}
	drivers := []string{"human", "script", "agent"}
	if either(share) {
		drivers = []string{"human", "either"}
	}
	value := func(d string) (float64, bool) {
		if d == "either" {
			d = "script"
		}
		v, ok := share[d]
		return v, ok
	}
	slices.SortStableFunc(drivers, func(x, y string) int {
		a, _ := value(x)
		b, _ := value(y)
		return cmp.Compare(b, a)
	})
	var args []any
	for _, d := range drivers {
		v, ok := value(d)
		if !ok || math.IsNaN(v) {
			return ""
		}
		args = append(args, w.sure().plain[d], w.percent(v))
	}
	if either(share) {
		return fill(w.sure().sharesOfTwo, append(args, by)...).plain()
	}
	return fill(w.sure().shares, append(args, by)...).plain()
}

// either says that shares do not tell a script from an agent: the script's is of either.
func either(share map[string]float64) bool {
	_, script := share["script"]
	_, agent := share["agent"]
	return script && !agent
}

// driverKey is by which words a driver is told that has such shares.
func driverKey(d tocsin.Driver, share map[string]float64) string {
	if d == tocsin.Script && either(share) {
		return "either"
	}
	return d.String()
}

// notJudged is why nothing is said of what drives a campaign: of the actor that acted most.
func (w *words) notJudged(c *tocsin.Campaign) text {
	for _, a := range actorsOf(c) {
		if !a.Local {
			return w.actorNotJudged(a)
		}
	}
	return say(w.sure().noDoer)
}

func (w *words) actorNotJudged(a *tocsin.Actor) text {
	switch {
	case a.Local:
		return say(w.sure().noDoer)
	case len(a.Evidence) > 0 && len(a.Share) == 0:
		return w.tell("measure", a.Evidence[0].Seen)
	}
	return say(w.sure().noActs)
}

// drivenAs is an actor's driver in a word or two.
func (w *words) drivenAs(a *tocsin.Actor) string {
	if a.Driver == tocsin.Undecided && len(a.Share) == 0 {
		return w.sure().judgedAs
	}
	return w.driver[driverKey(a.Driver, a.Share)]
}

// reasons are the reasons of an actor's judgement: a line for each driver it is held against, and one for what speaks against
// it; most bounds the reasons of a line.
func (w *words) reasons(a *tocsin.Actor, most int) []text {
	s := w.sure()
	best := tocsin.Undecided
	if len(a.Reasons) > 0 {
		best = a.Reasons[0].For
	}
	type pair struct{ is, not tocsin.Driver }
	var order []pair
	by := map[pair][]text{}
	for i := range a.Reasons {
		r := &a.Reasons[i]
		k := pair{r.For, r.Against}
		said := w.reason(r)
		if len(said) == 0 {
			continue
		}
		if by[k] == nil {
			order = append(order, k)
		}
		if len(by[k]) < most {
			by[k] = append(by[k], said)
		}
	}
	var all []text
	for i, k := range order {
		not := s.than[driverKey(k.not, a.Share)]
		if next := i + 1; next < len(order) && order[next].is == k.is && joinTexts(by[k], "; ").plain() == joinTexts(by[order[next]], "; ").plain() {
			continue // told with the next, which says the same
		}
		if i > 0 && order[i-1].is == k.is && joinTexts(by[k], "; ").plain() == joinTexts(by[order[i-1]], "; ").plain() {
			not = s.than[driverKey(order[i-1].not, a.Share)] + s.or + not
		}
		sentence := s.rather
		if k.is != best {
			sentence = s.but
		}
		all = append(all, fill(sentence, s.plain[driverKey(k.is, a.Share)], not, joinTexts(by[k], s.between)))
	}
	return all
}

// chiefReasons are the first reason against each other driver, on one line.
func (w *words) chiefReasons(a *tocsin.Actor) text {
	t := joinTexts(w.reasons(&tocsin.Actor{Share: a.Share, Reasons: slices.DeleteFunc(slices.Clone(a.Reasons), func(r tocsin.Reason) bool { return r.For != a.Driver })}, 1), w.sure().between)
	if len(t) > 0 && t[0].kind == said && t[0].s != "" {
		t[0].s = w.upper(t[0].s)
	}
	return t
}

func (w *words) reason(r *tocsin.Reason) text {
	s := w.sure()
	key := r.Feature
	if r.Symbol != "" {
		key += "/" + r.Symbol
	}
	sentence, ok := s.reasons[key]
	if !ok {
		return nil
	}
	t := fill(sentence, fill(s.of, w.percent(r.Share), w.number(r.N)))
	if r.Never {
		t = append(t, say(s.never)...)
	}
	return t
}

func joinTexts(all []text, between string) text {
	var t text
	for i, x := range all {
		if i > 0 {
			t = append(t, say(between)...)
		}
		t = append(t, x...)
	}
	return t
}

// joins says of each join how sure it is, on what it rests and what it lacks, the weakest first, at most so many.
func (w *words) joins(c *tocsin.Campaign, most int) []text {
	names := map[string]*tocsin.Actor{}
	for _, a := range actorsOf(c) {
		names[a.ID] = a
	}
	var all []text
	for i := range c.Joins[:min(len(c.Joins), most)] {
		all = append(all, w.join(&c.Joins[i], names))
	}
	return all
}

func (w *words) join(j *tocsin.Join, names map[string]*tocsin.Actor) text {
	s := w.sure()
	end := func(id string) text {
		a := names[id]
		switch {
		case a == nil:
			return say(val(id))
		case a.Local:
			return fill(s.episode, val(strings.TrimPrefix(a.ID, "host:")))
		}
		if w.catalogue != nil && len(a.Handles) > 0 && a.Handles[0].Kind == "caller" {
			return w.tell("caller", actorName(a))
		}
		return say(val(actorName(a)))
	}
	apart := ""
	if j.Apart >= 0 && j.Apart < time.Second {
		apart = s.atOnce
	} else if j.Apart >= 0 {
		apart = fill(s.apart, w.lasting(j.Apart.Round(time.Second))).plain()
	}
	var rests []text
	for _, kind := range j.Rests {
		t := say(quote(kind)) // of a version that knows more kinds
		if sentence, ok := s.rests[kind]; ok {
			t = fill(sentence, apart, w.number(j.Between))
		}
		if !slices.ContainsFunc(rests, func(x text) bool { return slices.Equal(x, t) }) {
			rests = append(rests, t)
		}
	}
	t := fill(s.join, end(j.From), end(j.To), lastBy(rests, w.and))
	if have := w.inCommon(j); len(have) > 0 {
		t = append(append(t, say(" ")...), have...)
	}
	return append(append(t, say(" ")...), fill(s.weight, w.odds(j.Weight), strings.TrimPrefix(w.weight(j.Weight), "+"))...)
}

// inCommon is what the two have in common, with how much of each kind, and what they have not.
func (w *words) inCommon(j *tocsin.Join) text {
	s := w.sure()
	kind := func(k string, n int) text {
		if word, ok := s.kinds[k]; ok {
			return say(w.plural(int64(n), word))
		}
		return say(quote(k)) // of a version that knows more kinds
	}
	var lacks, have []text
	for _, k := range j.Lacks {
		lacks = append(lacks, kind(k, 1))
	}
	for i := 0; i < len(j.Shared); {
		k, _, _ := strings.Cut(j.Shared[i], ":")
		var names []text
		for ; i < len(j.Shared) && strings.HasPrefix(j.Shared[i], k+":"); i++ {
			names = append(names, say(val(j.Shared[i][len(k)+1:])))
		}
		n := max(j.Common[k], len(names))
		if len(names) == 0 { // no kind at all
			i++
			continue
		}
		if n == 1 {
			have = append(have, append(append(kind(k, 1), say(" ")...), names[0]...))
			continue
		}
		t := append(say(w.number(n)+" "), kind(k, n)...)
		t = append(append(t, say(" (")...), joinTexts(names, ", ")...)
		if n > len(names) {
			t = append(t, say(" "+w.more(n-len(names)))...)
		}
		have = append(have, append(t, say(")")...))
	}
	switch {
	case len(have) > 0 && len(lacks) > 0:
		return append(append(fill(s.share, lastBy(have, w.and)), fill(s.no, lastBy(lacks, s.or))...), say(".")...)
	case len(have) > 0:
		return append(fill(s.share, lastBy(have, w.and)), say(".")...)
	case len(lacks) > 0:
		return fill(s.sharesNone, lastBy(lacks, s.or))
	}
	return nil
}

// lastBy joins parts of a sentence, the last two by a word.
func lastBy(all []text, word string) text {
	if len(all) < 2 {
		return joinTexts(all, "")
	}
	return append(append(joinTexts(all[:len(all)-1], ", "), say(word)...), all[len(all)-1]...)
}

// odds are what a weight in nats comes to.
func (w *words) odds(weight float64) string {
	const most = 1000
	if n := math.Exp(weight); n < most {
		return fill(w.sure().about, w.number(int(math.Round(n)))).plain()
	}
	return fill(w.sure().over, w.number(most)).plain()
}
