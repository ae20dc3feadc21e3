package report

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A Brief is what a finding comes to in a few sentences, for alerts. All of it is one-line text, made visible as [Visible] does
// and without fingerprints of secrets; it may still hold what looks like markup, an address or a link, for it quotes logs.
type Brief struct {
	Title   string   // one line that says what happened
	Driver  string   // in a word or two: what drove it
	Verdict string   // a sentence: of a campaign what drove it and how sure that is, of a principal how its calls are judged
	Why     string   // of the level or verdict, without a full stop; may be empty
	Key     []string // key events, or a principal's heaviest grounds, in order of time or weight: a line each
}

// maxBriefText bounds a command or request in a Brief, in bytes.
const maxBriefText = 160

// BriefOf tells a campaign in a language, en (also where it is empty) or fr, with at most n key events. It does not change the
// campaign.
func BriefOf(c *tocsin.Campaign, lang string, n int) (Brief, error) {
	w, err := tongue(lang)
	if err != nil {
		return Brief{}, err
	}
	c = only(c)
	b := Brief{Title: w.plainly(w.tell("title", titleOf(c))), Driver: w.driver[driverKey(c.Driver, c.Share)], Verdict: w.plainly(w.drivenBy(c)[0])}
	if c.Why != "" {
		b.Why = w.plainly(w.tell("why", c.Why))
	}
	for _, e := range foremost(c.Key, n) {
		t := say(stampOf(e.Time)+"  ", w.keyKind(e.Kind)+w.colon, w.act(shorten(e.What, maxBriefText)))
		if about := w.about(&e); len(about) > 0 {
			t = append(append(append(t, say(" (")...), about...), say(")")...)
		}
		b.Key = append(b.Key, w.plainly(t))
	}
	return b, nil
}

// BriefOfPrincipal tells a principal in a language, en (also where it is empty) or fr, with at most n grounds.
func BriefOfPrincipal(x *tocsin.Principal, lang string, n int) (Brief, error) {
	w, err := tongue(lang)
	if err != nil {
		return Brief{}, err
	}
	a := abuseTongue(w.lang)
	b := Brief{Title: visible(x.Name) + w.colon + a.verdictNames[verdictOf(x.Verdict)], Driver: w.driver["agent"], Verdict: set(w.lang, a.verdicts[verdictOf(x.Verdict)]), Why: shorten(w.plainly(w.because(x)), maxShown)}
	grounds := x.Evidence
	for i := range grounds[:min(len(grounds), max(n, 0))] {
		g := &grounds[i]
		s := stampOf(g.Place.Time) + "  " + w.plainly(w.tell("ground", g.Sentence))
		if g.Quote != "" {
			s += w.colon + shorten(strings.Join(strings.Fields(g.Quote), " "), maxBriefText)
		}
		b.Key = append(b.Key, visible(shorten(s, maxShown)))
	}
	return b, nil
}

// Typeset puts the spaces and apostrophes of a language's typography into a sentence of Tocsin's own, never into what a log said.
func Typeset(lang, s string) string { return set(lang, s) }

// plainly is a text as it reads, made visible; what Tocsin says in it is typeset.
func (w *words) plainly(t text) string {
	var b strings.Builder
	for _, s := range t {
		if s.kind == said || s.kind == strong {
			b.WriteString(set(w.lang, visible(s.s)))
		} else {
			b.WriteString(visible(s.s))
		}
	}
	return b.String()
}
