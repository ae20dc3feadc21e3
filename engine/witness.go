package engine

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/action"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/sigma"
)

// A witness notes what the events of one worker mean.
type witness struct {
	set    *sigma.Set
	reader *action.Reader
	rules  []*tocsin.Rule
	known  func(*tocsin.Match) bool
	note   func(*tocsin.Action)
}

// newWitness makes a witness that reads actions with k; nil is Tocsin's own knowledge.
func newWitness(set *sigma.Set, k *action.Knowledge, key actor.Key, known func(*tocsin.Match) bool, note func(*tocsin.Action)) *witness {
	if k == nil {
		k = ownKnowledge()
	}
	return &witness{set: set, reader: action.NewReader(key[:], k), known: known, note: note}
}

// ownKnowledge compiles Tocsin's own knowledge, once. That it can be read is what action's tests hold.
var ownKnowledge = sync.OnceValue(func() *action.Knowledge {
	k, faults := action.NewKnowledge(action.OwnKnowledge()...)
	if len(faults) > 0 || len(k.Rules()) == 0 {
		panic(fmt.Sprint("the embedded knowledge is damaged: build Tocsin anew ", faults))
	}
	return k
})

// see notes an event, for which the numbered rules held.
func (w *witness) see(ev *tocsin.Event, held []int) {
	w.rules = w.rules[:0]
	for _, r := range held {
		if w.set.Alerts(r) {
			w.rules = append(w.rules, &w.set.Rules()[r].Rule)
		}
	}
	rules := w.rules
	if w.known != nil {
		rules = slices.DeleteFunc(rules, func(r *tocsin.Rule) bool { return w.known(&tocsin.Match{Time: ev.Time, Rule: r, Event: ev}) })
	}
	if len(rules) > 1 {
		slices.SortFunc(rules, func(a, b *tocsin.Rule) int {
			if a.Level != b.Level {
				return int(b.Level) - int(a.Level)
			}
			return strings.Compare(a.Title, b.Title)
		})
	}
	if w.known == nil {
		w.reader.Read(ev, rules, w.note)
		return
	}
	w.reader.Read(ev, rules, func(a *tocsin.Action) {
		// What somebody has judged to be nothing is ordinary use.
		if a.Row != nil && a.Row.Level >= FindingLevel && w.known(&tocsin.Match{Time: ev.Time, Rule: a.Row, Event: ev}) {
			b := *a
			b.Tactic, b.Technique, b.Level, b.Row = "", "", tocsin.Informational, nil
			for _, r := range a.Rules {
				b.Level = max(b.Level, r.Level)
			}
			a = &b
		}
		w.note(a)
	})
}

// again notes what a correlation says of its last event, whose actions were noted before.
func (w *witness) again(m *tocsin.Match) {
	w.reader.Read(m.Event, []*tocsin.Rule{m.Rule}, func(a *tocsin.Action) {
		b := *a
		b.Again = true
		w.note(&b)
	})
}
