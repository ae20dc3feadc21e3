package decode

import (
	_ "embed"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin/tsv"
)

// What a session has heard tells who had the idea of a call: the person, or a text that the agent read. Nothing of prompts and
// results is kept but hashes of their words and the intents that they have; a call's event names those of its own words that
// the person had written before (asked), those that a result had shown before anybody wrote them (told), and the person's
// intents (wanted).

// Bounds on what is remembered. A session beyond them is heard no more, and its calls say nothing of this.
const (
	mostHeard      = 2048    // sessions
	mostHeardWords = 1 << 18 // of all sessions
	mostAsked      = 12      // words of a call that are named
	heardOfText    = 32 << 10
)

type heard struct {
	seed  maphash.Seed
	of    map[string]*hearing // by session
	words int
}

type hearing struct {
	said, shown map[uint64]struct{}
	wants       uint32 // bits of intents
	prompted    bool
	lost        bool
}

// An intent is what people ask for, by the beginnings of words.
type intent struct {
	name   string
	begins []string
}

//go:embed intents.txt
var intentText string

var intents = readIntents(intentText)

// readIntents reads the rows.
func readIntents(text string) (all []intent) {
	for n, c := range tsv.Rows("intents.txt", text, 2) {
		if len(all) == 32 { // bits of a hearing's
			tsv.Fault("intents.txt", n, "one intent too many")
		}
		all = append(all, intent{c[0], strings.Fields(c[1])})
	}
	return all
}

func (h *heard) session(id string) *hearing {
	s := h.of[id]
	if s == nil {
		if len(h.of) >= mostHeard {
			for _, o := range h.of {
				o.lose(h)
			}
			clear(h.of)
		}
		s = &hearing{said: map[uint64]struct{}{}, shown: map[uint64]struct{}{}}
		h.of[strings.Clone(id)] = s
	}
	return s
}

func (s *hearing) lose(h *heard) {
	h.words -= len(s.said) + len(s.shown)
	s.said, s.shown, s.lost = nil, nil, true
}

// prompt notes what a person, or whoever set the agent up, has written to it.
func (d *agentLog) prompt(text string) {
	text = strings.TrimSpace(text)
	if text == "" || text[0] == '<' { // what a harness adds is marked up
		return
	}
	h := &d.heard
	s := h.session(d.turn.session)
	if s.lost {
		return
	}
	s.prompted = true
	eachWord(text, func(w string) {
		for i := range intents {
			for _, b := range intents[i].begins {
				if whole, ok := strings.CutSuffix(b, "$"); ok && w == whole || !ok && strings.HasPrefix(w, b) {
					s.wants |= 1 << i
					break
				}
			}
		}
		if tellingWord(w) {
			h.add(s, s.said, w)
		}
	})
}

// prompted notes the texts of a message, not the results of calls in it.
func (d *agentLog) prompted(content raw) {
	if len(content) > 0 && content[0] == '"' {
		d.prompt(content.str())
		return
	}
	for e := range content.items() {
		m := e.members()
		switch m.str("type") {
		case "", "text", "input_text":
			d.prompt(m.str("text", "content"))
		}
	}
}

// showed notes what a call's result had in it.
func (d *agentLog) showed(session, result string) {
	h := &d.heard
	s := h.of[session]
	if s == nil || !s.prompted || s.lost {
		return
	}
	eachWord(result, func(w string) {
		if tellingWord(w) {
			h.add(s, s.shown, w)
		}
	})
}

func (h *heard) add(s *hearing, to map[uint64]struct{}, w string) {
	if s.lost {
		return
	}
	k := maphash.String(h.seed, w)
	if _, ok := to[k]; ok {
		return
	}
	if h.words >= mostHeardWords {
		s.lose(h)
		return
	}
	h.words++
	to[k] = struct{}{}
}

// hearsay adds to the event of a call what its session has heard of it.
func (d *agentLog) hearsay(c *call) {
	h := &d.heard
	s := h.of[c.session]
	if s == nil || !s.prompted || s.lost {
		return
	}
	var asked, told []string
	met := map[string]bool{}
	eachWord(c.args, func(w string) {
		if !tellingWord(w) || met[w] || len(met) > 256 {
			return
		}
		met[w] = true
		k := maphash.String(h.seed, w)
		if _, ok := s.said[k]; ok {
			if len(asked) < mostAsked {
				asked = append(asked, w)
			}
		} else if _, ok := s.shown[k]; ok && len(told) < mostAsked {
			told = append(told, w)
		}
	})
	d.ev.Add("prompted", "true")
	slices.Sort(asked)
	slices.Sort(told)
	d.ev.Add("asked", strings.Join(asked, " "))
	d.ev.Add("told", strings.Join(told, " "))
	var wanted []string
	for i := range intents {
		if s.wants&(1<<i) != 0 {
			wanted = append(wanted, intents[i].name)
		}
	}
	d.ev.Add("wanted", strings.Join(wanted, " "))
}

// eachWord gives the words of a text in lower case: names of files, hosts and folders are words.
func eachWord(text string, word func(string)) {
	text = text[:min(len(text), heardOfText)]
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r >= 0x80, r == '.', r == '_', r == '-', r == '@':
			return false
		}
		return true
	}) {
		if w = strings.ToLower(strings.Trim(w, ".-@")); len(w) >= 3 && len(w) <= 80 {
			word(w)
		}
	}
}

// tellingWord says that a word may name something: it has a mark or a digit in it, or is long.
func tellingWord(w string) bool {
	return len(w) >= 8 || len(w) >= 4 && strings.ContainsAny(w, "._-@0123456789")
}
