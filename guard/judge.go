package guard

import (
	"cmp"
	_ "embed"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/tsv"
)

//go:embed evidence.tsv
var evidenceText string

// A ground is a kind of evidence: what it weighs and how it is said.
type ground struct {
	first, more, most float64
	sentence          string
}

var grounds = readGrounds(evidenceText)

//go:embed rights.txt
var rightsText string

// seeksRights are techniques by which more rights on one's own machine are sought.
var seeksRights = readOwn(rightsText).names

//go:embed elevated.txt
var elevatedText string

// elevated are words of a command that runs with the rights of root, by its first word; those under "" may stand anywhere.
var elevated = readElevated(elevatedText)

func readElevated(text string) map[string][]string {
	all := map[string][]string{}
	for line := range strings.Lines(text) {
		switch w := strings.Fields(line); {
		case len(w) == 0 || strings.HasPrefix(w[0], "#"):
		case len(w) == 1:
			all[""] = append(all[""], w[0])
		default:
			all[w[0]] = append(all[w[0]], w[1:]...)
		}
	}
	return all
}

// hasRights says that a command runs with rights that its principal has been given: what it looks for are no more of them.
func hasRights(text string) bool {
	first := ""
	for w := range strings.FieldsSeq(text) {
		w = strings.Trim(w, `"'(;`)
		if first == "" {
			first = w
		}
		if slices.Contains(elevated[""], w) || slices.Contains(elevated[first], w) {
			return true
		}
	}
	return false
}

// readGrounds reads the rows by their ids.
func readGrounds(text string) map[string]*ground {
	all := map[string]*ground{}
	for n, c := range tsv.Rows("evidence.tsv", text, 6) {
		g := &ground{sentence: c[4]}
		for i, to := range [...]*float64{&g.first, &g.more, &g.most} {
			var err error
			if *to, err = strconv.ParseFloat(c[1+i], 64); err != nil {
				tsv.Fault("evidence.tsv", n, "no number: "+c[1+i])
			}
		}
		all[c[0]] = g
	}
	return all
}

var holes = regexp.MustCompile(`\{(n|what|where)(?: ([^|{}]*)\|([^|{}]*))?\}`)

// said is the sentence of n of a kind: {n} is how many, {n way|ways} how many of them, in a word for one and for others.
func (g *ground) said(n int, what, where string) string {
	return holes.ReplaceAllStringFunc(g.sentence, func(hole string) string {
		h := holes.FindStringSubmatch(hole)
		switch {
		case h[1] == "what":
			return what
		case h[1] == "where" && where == itself:
			return "its own machine"
		case h[1] == "where":
			return where
		case h[2] == "":
			return strconv.Itoa(n)
		case n == 1:
			return "1 " + h[2]
		}
		return strconv.Itoa(n) + " " + h[3]
	})
}

// nats are what n of a kind weigh.
func (g *ground) nats(n int) float64 {
	if n <= 0 {
		return 0
	}
	return max(min(g.first+float64(n-1)*g.more, g.most), 0)
}

// A heap is what speaks for an intrusion at one target, or of one principal in all.
type heap struct {
	where    string
	rows     [3]map[string]bool // kinds of act by how telling they are: in number, seldom, hardly ever
	phases   map[string]bool
	order    []string        // of phases, as they were met
	course   []*remark       // the first act of each phase, in their order
	rights   map[string]bool // kinds of act that seek more rights on the agent's own machine
	pairs    map[[2]string]bool
	creds    map[string]bool
	named    map[string]bool // targets of acts that are seldom done
	looked   map[string]bool // targets whose accounts, shares or services were listed
	variants map[string]bool // requests that attack
	missing  map[string]bool // paths that were asked for in vain
	guesses  map[string]bool // logins that were refused
	pivots   map[[2]string]bool
	used     map[string]bool // secrets that were found and then used here
	denied   map[string]int  // refused logins by target
	guessed  int
	met      map[string]bool // targets in networks that were scanned before
	scanned  []scanned
	gathered bool

	by    map[*judging]bool // principals, of a heap that several add to
	count map[string]int    // of each ground
	last  map[string]*remark

	techniques map[string][]string // of each ground
	score      float64
}

// A network that a call scanned.
type scanned struct {
	net netip.Prefix
	by  *call
}

// A remark is where a ground was last added to.
type remark struct {
	call *call
	act  *act
}

func newHeap(where string) *heap {
	h := &heap{where: where, order: []string{}, phases: map[string]bool{}, rights: map[string]bool{}, pairs: map[[2]string]bool{}, creds: map[string]bool{}, named: map[string]bool{}, looked: map[string]bool{}, variants: map[string]bool{}, missing: map[string]bool{}, guesses: map[string]bool{}, pivots: map[[2]string]bool{}, by: map[*judging]bool{},
		used: map[string]bool{}, denied: map[string]int{}, met: map[string]bool{}, count: map[string]int{}, last: map[string]*remark{}, techniques: map[string][]string{}}
	for i := range h.rows {
		h.rows[i] = map[string]bool{}
	}
	return h
}

// set says how many of a ground there are by now.
func (h *heap) set(id string, n int, c *call, a *act) {
	old := h.count[id]
	if n <= old {
		return
	}
	g := grounds[id]
	h.score += g.nats(n) - g.nats(old)
	h.count[id] = n
	h.last[id] = &remark{call: c, act: a}
	if t := h.techniques[id]; a.technique != "" && len(t) < mostTechniques && !slices.Contains(t, a.technique) {
		h.techniques[id] = append(t, a.technique)
	}
}

const mostTechniques = 16 // that a ground names

// phase is the phase of an intrusion that an act serves; early ones that all sorts of work have are one.
func (a *act) phase() string {
	if a.tactic == "reconnaissance" {
		return "discovery"
	}
	return a.tactic
}

func (a *act) kind() string {
	if a.row != nil && a.row.ID != "" {
		return a.row.ID
	}
	return a.technique + a.verb
}

// seeks says that an act seeks rights that its principal has not been given. Root may be asked for by means of sudo; what root
// does, and changes, is no search for root.
func (a *act) seeks() bool {
	if strings.HasPrefix(a.technique, "T1548") || strings.HasPrefix(a.technique, "T1069") {
		return a.verb != "write" && a.verb != "change" && a.verb != "create" || !hasRights(a.text)
	}
	return !hasRights(a.text)
}

const mostOf = 4096 // names that a heap keeps of each sort

func put[K comparable](m map[K]bool, k K) bool {
	if m[k] || len(m) >= mostOf {
		return false
	}
	m[k] = true
	return true
}

// add adds an act to what speaks for an intrusion here. known are the secrets that results gave away before.
func (h *heap) add(c *call, a *act, known map[string]bool) {
	if h == nil {
		return
	}
	rank := min(int(a.level)-int(tocsin.Low), 2) // below 0 is an act that tells nothing by itself
	again := a.sent == "" && c.sends(a)
	if rank >= 0 && a.tactic != "" && !again && put(h.rows[rank], a.kind()) {
		h.set([...]string{"telling-in-number", "seldom", "hardly-ever"}[rank], len(h.rows[rank]), c, a)
	}
	if p := a.phase(); p != "" && (rank > 0 || len(a.on) > 0 && !a.via) && put(h.phases, p) {
		h.order, h.course = append(h.order, p), append(h.course, &remark{call: c, act: a})
		h.set("phases", len(h.phases), c, a)
	}
	if (len(a.on) == 0 || a.via) && seeksRights[a.technique] && a.seeks() && (a.tactic == "discovery" || a.tactic == "credential-access" || a.tactic == "privilege-escalation") && put(h.rights, a.kind()) {
		h.set("rights-sought", len(h.rights), c, a)
	}
	for i := range a.on {
		t := &a.on[i]
		if a.credential != "" {
			if put(h.pairs, [2]string{a.credential, t.name}) {
				h.creds[a.credential] = true
				h.set("pairs", len(h.pairs), c, a)
			}
			if known[a.credential] && put(h.used, a.credential) {
				h.set("used-what-it-found", len(h.used), c, a)
			}
		}
		if a.verb == "login" {
			switch a.outcome {
			case tocsin.Failed, tocsin.Denied:
				if put(h.guesses, t.name+" "+a.credential+" "+cmp.Or(a.sent, a.text)) {
					h.set("guesses", len(h.guesses), c, a)
				}
				if len(h.denied) < mostOf {
					h.denied[t.name]++
				}
			case tocsin.Worked:
				if n := h.denied[t.name]; n >= 3 && h.guessed == 0 {
					h.guessed = n
					h.set("guessed", 1, c, a)
				}
			}
		}
		looks := a.phase() == "discovery"
		scans := a.verb == "scan"
		if rank > 0 && looks && !scans && put(h.looked, t.name) {
			h.set("looked-into", len(h.looked), c, a)
		}
		if rank > 0 && !scans && put(h.named, t.name) {
			h.set("fan-out", len(h.named), c, a)
		}
		single := t.wide.IsValid() && t.wide.IsSingleIP()
		if single {
			for _, n := range h.scanned {
				if rank > 0 && !scans && n.by != c && n.net.Contains(t.wide.Addr()) && put(h.met, t.name) {
					h.set("found-then-met", len(h.met), c, a)
				}
			}
		} else if t.wide.IsValid() && a.verb == "scan" && len(h.scanned) < 64 && !slices.ContainsFunc(h.scanned, func(n scanned) bool { return n.net == t.wide }) {
			h.scanned = append(h.scanned, scanned{t.wide, c})
		}
		if a.technique == "T1595.003" && (a.outcome == tocsin.Failed || a.outcome == tocsin.Denied) && put(h.missing, a.text) {
			h.set("forced-browsing", len(h.missing), c, a)
		}
		if a.verb == "probe" && !again && put(h.variants, t.name+" "+cmp.Or(a.sent, a.text)) {
			h.set("variants", len(h.variants), c, a)
		}
	}
	if rank > 0 && a.tactic != "lateral-movement" && len(a.on) > 0 {
		for i := range c.acts {
			b := &c.acts[i]
			if b.tactic == "lateral-movement" && len(b.on) > 0 && len(b.on) < 3 && b.on[0].name != a.on[0].name && put(h.pivots, [2]string{b.on[0].name, a.on[0].name}) {
				h.set("pivots", len(h.pivots), c, a)
			}
		}
	}
	if rank > 0 && len(a.on) > 0 && len(h.phases) >= 3 {
		switch {
		case a.tactic == "persistence":
			h.set("stayed", h.count["stayed"]+1, c, a)
		case strings.HasPrefix(a.technique, "T1070"):
			h.set("cleaned-up", h.count["cleaned-up"]+1, c, a)
		}
	}
	switch a.tactic {
	case "collection":
		h.gathered = h.gathered || rank > 0
	case "exfiltration":
		if h.gathered && a.outcome != tocsin.Denied && a.outcome != tocsin.Failed {
			h.set("gathered-and-sent", 1, c, a)
		}
	}
}

// sends says that a call has attacking requests that are told one by one, of the same technique as an act: the act tells of them
// once more.
func (c *call) sends(a *act) bool {
	return slices.ContainsFunc(c.acts, func(b act) bool { return b.sent != "" && b.technique == a.technique })
}

// share adds an act of a principal to what speaks for an intrusion of several.
func (h *heap) share(j *judging, c *call, a *act, known map[string]bool) {
	if h != nil {
		h.by[j] = true
		h.add(c, a, known)
	}
}

// Thresholds, in nats.
const (
	suspiciousFrom = 3.0
	intrusionFrom  = 6.0
)

// chain says that the acts here follow each other as those of an intrusion do: phases at one target, and more than looking.
func (h *heap) chain() bool {
	return len(h.phases) >= 3 || len(h.creds) >= 3 && len(h.pairs) >= 6 ||
		len(h.phases) >= 2 && (h.count["used-what-it-found"] > 0 || h.guessed > 0 || len(h.met) >= 2 || len(h.guesses) >= 6 || len(h.variants) >= 4)
}

// took says that what was done here is more than many do who share nothing: only then are others' acts held against who did it.
func (h *heap) took() bool {
	return len(h.rows[1])+len(h.rows[2]) > 0 || len(h.guesses) >= 3 || len(h.missing) >= 5 || len(h.used) > 0
}

func (h *heap) verdict() tocsin.Verdict {
	switch {
	case h.score >= intrusionFrom && h.chain():
		return tocsin.Intrusion
	case h.score >= suspiciousFrom:
		return tocsin.Suspicious
	}
	return tocsin.Ordinary
}
