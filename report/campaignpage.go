package report

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/tocsin-ids/tocsin"
)

// Bounds of the page's campaigns; what is beyond them is said.
const (
	maxPageCampaigns = 200
	maxPageList      = 500    // items of each list of a campaign
	maxPageSpans     = 20_000 // runs of records, by which its matches are found
)

// writeCampaigns writes the campaigns as JSONL has them, each with its story, and what is in none. There is no member
// campaigns where they were not looked for.
func writeCampaigns(j *jsonText, h *Hunt, w *words) {
	j.intAt("attempts", int64(h.Attempts))
	j.key("aside")
	t := tagged{jsonText: *j, most: maxPageList}
	t.value(reflect.ValueOf(h.asides()))
	*j = t.jsonText
	j.intAt("asides", int64(h.tellingAside()))
	if h.Campaigns == nil {
		return
	}
	all := h.campaigns()
	j.intAt("campaignCount", int64(len(all)))
	writeNames(j, "keyKinds", w.key.kinds)
	writeNames(j, "roles", w.key.roles)
	j.key("campaigns")
	j.open('[')
	for _, c := range all[:min(len(all), maxPageCampaigns)] {
		j.open('{')
		j.key("story")
		j.open('[')
		for _, s := range w.story(c, h.endOf(c)) {
			j.str(s.plain())
		}
		j.shut(']')
		j.strAt("rated", w.why1(c))
		j.key("toll") // of each kind of victim: how many were reached, how many there are, and what they are
		j.open('[')
		for _, t := range w.tolls(c) {
			j.open('[')
			j.uint(uint64(t.reached))
			j.uint(uint64(t.n))
			j.str(w.plural(int64(t.n), t.what))
			j.shut(']')
		}
		j.shut(']')
		writeSpans(j, c.Records)
		writePageSure(j, c, w)
		lean := *w.saidOf(c)
		lean.Records = nil
		lean.Actors = actorsOf(c)
		t := tagged{jsonText: *j, most: maxPageList}
		t.members(reflect.ValueOf(&lean).Elem())
		*j = t.jsonText
		j.key("cut")
		j.bool(t.cut)
		j.shut('}')
	}
	j.shut(']')
}

// writeNames writes what things are called.
func writeNames(j *jsonText, name string, names map[string]string) {
	j.key(name)
	j.open('{')
	for _, k := range sortedKeys(names) {
		j.key(k)
		j.str(names[k])
	}
	j.shut('}')
}

// writePageSure writes what drives the campaign and its actors, and how sure their joins are, in words.
func writePageSure(j *jsonText, c *tocsin.Campaign, w *words) {
	j.strAt("verdict", w.verdict(c).plain())
	j.key("sure")
	j.open('[')
	for _, t := range w.joins(c, maxPageList) {
		j.str(t.plain())
	}
	j.shut(']')
	j.key("driven") // of each actor: in a word or two, then the reasons, or why it was not judged
	j.open('[')
	for _, a := range actorsOf(c)[:min(len(actorsOf(c)), maxPageList)] {
		j.open('[')
		j.str(w.drivenAs(a))
		if len(a.Share) == 0 {
			j.str(w.actorNotJudged(a).plain())
		}
		for _, t := range w.reasons(a, maxPageList) {
			j.str(t.plain())
		}
		j.shut(']')
	}
	j.shut(']')
}

// writeSpans writes runs of records by source: a name, whether they are of others than the first events of lines, then pairs
// of the first and the last.
func writeSpans(j *jsonText, all []tocsin.Span) {
	all = slices.Clone(all[:min(len(all), maxPageSpans)])
	slices.SortFunc(all, func(a, b tocsin.Span) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	j.key("spans")
	j.open('[')
	for i := 0; i < len(all); {
		j.open('[')
		j.str(all[i].Source)
		nth := pageRecord(all[i].From) != all[i].From
		j.bool(nth)
		k := i
		for ; k < len(all) && all[k].Source == all[i].Source && (pageRecord(all[k].From) != all[k].From) == nth; k++ {
			j.uint(pageRecord(all[k].From))
			j.uint(pageRecord(all[k].To))
		}
		j.shut(']')
		i = k
	}
	j.shut(']')
}

// pageRecord is a record's number as a script can compare it: 2^22 times its line and which event of it, where it is not the
// first.
func pageRecord(record uint64) uint64 {
	line, n := tocsin.Place{Record: record}.Line()
	if n == 1 {
		return line
	}
	return line<<22 + uint64(n)
}
