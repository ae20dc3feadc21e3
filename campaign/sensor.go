package campaign

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

const (
	// alike is how far apart sensors of one machine or network stamp one act: they write it down when it begins, is allowed or
	// has ended, to the second or to the millisecond.
	alike = 5 * time.Second
	// asked is how far apart an agent's own log and the machine's may have it: their clocks differ, and a call may wait for leave.
	asked = 2 * time.Minute
	// fewAlike is how many acts before it a deed is held against.
	fewAlike = 32
	// maxSights is how many places an act is told with.
	maxSights = 12
)

// An act is deeds by which several sensors tell of the same.
type act struct {
	deeds []*tocsin.Deed
	lead  *tocsin.Deed // the most telling
	n     int          // how many acts it is
	alert bool         // a rule held for one of them, or another detector raised an alert
}

// A wording is what sensors of one act have in common.
type wording struct{ verb, text string }

// acts finds which deeds, in order of time, are of one act: done in the same way on the same machine at about the same time,
// told of by different sensors. What one sensor tells of twice happened twice.
func (s *story) acts() {
	s.act = make(map[*tocsin.Deed]*act, len(s.all))
	before := map[wording][]*act{}
	for _, d := range s.all {
		said, words := wordingOf(d)
		one := s.sameAs(d, before[said], words)
		if one == nil {
			one = &act{lead: d, n: d.N}
			if words > 0 && d.N > 0 && !d.Time.IsZero() {
				before[said] = append(before[said], one)
			}
		} else {
			one.n += d.N - one.shared(d)
		}
		one.deeds = append(one.deeds, d)
		if rather(d, one.lead) {
			one.lead = d
		}
		one.alert = one.alert || len(d.Rules) > 0 || d.Verb == "alert"
		s.act[d] = one
	}
}

// rather says that a deed tells more of an act than another.
func rather(d, lead *tocsin.Deed) bool {
	return cmp.Or(cmp.Compare(min(len(d.Tactic), 1), min(len(lead.Tactic), 1)), cmp.Compare(d.Weight, lead.Weight)) > 0
}

// sameAs is the act of some that is nearest in time to a deed and the same, or nil.
func (s *story) sameAs(d *tocsin.Deed, all []*act, words int) *act {
	var best *act
	near := asked + 1
	if words == 0 || d.N == 0 {
		return nil
	}
	for i := len(all) - 1; i >= max(0, len(all)-fewAlike); i-- {
		for _, x := range all[i].deeds {
			gap := d.Time.Sub(x.Time)
			if gap < near && s.same(x, d, gap, words) && !slices.ContainsFunc(all[i].deeds, func(x *tocsin.Deed) bool { return oneSensor(x, d) || !agree(x, d) }) {
				best, near = all[i], gap
			}
		}
	}
	return best
}

// same says that two deeds that were said alike, a time apart, are of one act.
func (s *story) same(x, d *tocsin.Deed, gap time.Duration, words int) bool {
	if ofSession(x) != ofSession(d) {
		if a := asksFor(x); a.host != "" {
			b := asksFor(d)
			return gap <= asked && s.w.named(a.host) == s.w.named(b.host) && (a.method == b.method || a.method == "" || b.method == "")
		}
		// A harness may run elsewhere than where its log says; that two write the same line of several words within minutes is
		// told of one campaign only.
		return gap <= asked && words >= 2 && (x.Host == "" || d.Host == "" || s.w.named(x.Host) == s.w.named(d.Host))
	}
	if gap > alike {
		return false
	}
	if d.Verb == "alert" {
		return (strings.HasSuffix(x.Text, d.Text) || strings.HasSuffix(d.Text, x.Text)) && sameDoer(x, d)
	}
	return s.place(x) != "" && s.place(x) == s.place(d) && (d.Verb != "login" || sameDoer(x, d))
}

// place is the machine that a deed was done on or from.
func (s *story) place(d *tocsin.Deed) string {
	if d.Host == "" && len(d.Who) > 0 && d.Who[0].Kind == "address" {
		return s.w.named(d.Who[0].Value)
	}
	return s.w.named(d.Host)
}

// agree says that what two deeds say of an act is not contrary.
func agree(x, d *tocsin.Deed) bool {
	if ofSession(x) != ofSession(d) && asksFor(x).host != "" { // a client that got "not found" worked; see act.outcome
		return x.Tactic == d.Tactic || x.Tactic == "" || d.Tactic == ""
	}
	bad := func(d *tocsin.Deed) bool { return d.Outcome == tocsin.Failed || d.Outcome == tocsin.Denied }
	return (x.Tactic == d.Tactic || x.Tactic == "" || d.Tactic == "") &&
		(x.Outcome == d.Outcome || x.Outcome == tocsin.Unknown || d.Outcome == tocsin.Unknown || bad(x) && bad(d))
}

func sameDoer(x, d *tocsin.Deed) bool {
	return len(x.Who) > 0 && len(d.Who) > 0 && x.Who[0] == d.Who[0]
}

// ofSession says that an agent's own log tells of a deed.
func ofSession(d *tocsin.Deed) bool { return len(d.Who) > 0 && d.Who[0].Kind == "agent" }

// oneSensor says that a sensor tells of both deeds, or that it is not known.
func oneSensor(x, d *tocsin.Deed) bool {
	if len(x.Seen) == 0 || len(d.Seen) == 0 {
		return true
	}
	for i := range x.Seen {
		for j := range d.Seen {
			if x.Seen[i].Sensor == d.Seen[j].Sensor || x.Seen[i].Sensor == "" || d.Seen[j].Sensor == "" {
				return true
			}
		}
	}
	return false
}

// shared is how many of the acts of a deed are among those that are there: all, as far as the first and the last agree, else
// only the first, whose text is known.
func (a *act) shared(d *tocsin.Deed) int {
	most := 1
	for _, x := range a.deeds {
		gap := d.Last.Sub(x.Last)
		if max(gap, -gap) <= alike || ofSession(x) != ofSession(d) && max(gap, -gap) <= asked {
			most = max(most, min(x.N, d.N))
		}
	}
	return most
}

// outcome is how an act ended, as far as any sensor knows: an agent's own log is believed where no other says it.
func (a *act) outcome() tocsin.Outcome {
	o := tocsin.Unknown
	for _, d := range a.deeds {
		switch {
		case d.Outcome == tocsin.Unknown:
		case !ofSession(d):
			return d.Outcome
		case o == tocsin.Unknown:
			o = d.Outcome
		}
	}
	return o
}

// told is an act in the words of the vocabulary: of each sensor the first place.
func (a *act) told() tocsin.Act {
	t := tocsin.Act{Text: cmp.Or(a.lead.Text, sortOf(a.lead).String()), Actions: a.n}
	if a.lead.Row != nil {
		t.Row = a.lead.Row.ID
	}
	sessions := slices.ContainsFunc(a.deeds, ofSession)
	for _, d := range a.deeds {
		t.Seen = append(t.Seen, d.Seen...)
	}
	slices.SortStableFunc(t.Seen, func(x, y tocsin.Sight) int { return cmp.Or(x.Place.Compare(y.Place), cmp.Compare(x.Sensor, y.Sensor)) })
	seen := map[string]bool{}
	t.Seen = slices.DeleteFunc(t.Seen, func(x tocsin.Sight) bool {
		again := seen[x.Sensor]
		seen[x.Sensor] = true
		return again
	})
	t.Seen = t.Seen[:min(len(t.Seen), maxSights)]
	for i := range t.Seen {
		if x := &t.Seen[i]; sessions && len(a.deeds) > 1 && !x.Place.Time.IsZero() {
			x.Off = x.Place.Time.Sub(t.Seen[0].Place.Time)
		}
	}
	return t
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n\"'=,()[]{}/?:@\\|;&<>`", r) })
}

// A request is what is known of one: what of it is not, is empty.
type request struct{ method, host, path string }

// valued are options of web clients whose value is no address that is asked, though it may look like one.
var valued = setOf("-e", "--referer", "-d", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--json", "--post-data", "-H", "--header", "-x", "--proxy", "-F", "--form", "-b", "--cookie", "-A", "--user-agent", "-o", "--output")

// asksFor is the request that a deed was: as a server's log has it, or as the command of a client. host is empty for what is no request,
// or does not say which machine was asked.
func asksFor(d *tocsin.Deed) (r request) {
	if d.Verb != "request" && d.Verb != "scan" && d.Verb != "probe" && d.Verb != "read" {
		return r
	}
	method, target, _ := strings.Cut(d.Text, " ")
	if method == "" || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		method, target = clientAsks(d.Text)
	}
	if i := strings.IndexAny(target, " '\""); i >= 0 {
		target = target[:i]
	}
	i := strings.IndexByte(target, '/')
	switch {
	case i < 0:
		return r
	case i == 0:
		return request{method, strings.ToLower(d.Host), target}
	}
	host := target[strings.LastIndexByte(target[:i], '@')+1 : i]
	if in, _, ok := strings.Cut(strings.TrimPrefix(host, "["), "]"); ok {
		host = in // an address of IPv6
	} else {
		host, _, _ = strings.Cut(host, ":")
	}
	return request{method, strings.ToLower(host), target[i:]}
}

// clientAsks is the method and the address without its scheme that a command line of a web client asks for.
func clientAsks(line string) (method, target string) {
	words := strings.Fields(line)
	for i, w := range words {
		before := ""
		if i > 0 {
			before = words[i-1]
		}
		switch {
		case before == "-X" || before == "--request":
			method = strings.Trim(w, `'"`)
		case method == "" && (w == "-d" || strings.HasPrefix(w, "--data") || w == "--json" || w == "-F" || w == "--form" || strings.HasPrefix(w, "--post-")):
			method = "POST"
		case method == "" && (w == "-I" || w == "--head"):
			method = "HEAD"
		case method == "" && (w == "-T" || w == "--upload-file"):
			method = "PUT"
		}
		if scheme, rest, ok := strings.Cut(strings.TrimLeft(w, `'"`), "://"); ok && target == "" && (scheme == "http" || scheme == "https") && !valued[before] {
			target = rest
		}
	}
	return method, target
}

// wordingOf is what sensors that tell of a deed write alike: its words from the program's name on, whatever stands between them.
// Of an alert it is the end of its name, before which who forwards it writes its own. words counts them; 0 is nothing to go by.
func wordingOf(d *tocsin.Deed) (_ wording, words int) {
	if d.Verb == "login" {
		return wording{verb: d.Verb}, 1
	}
	if r := asksFor(d); r.host != "" {
		all := wordsOf(r.path)
		return wording{"request", strings.Join(all, " ")}, min(len(all), 1) * (len(all) + 1)
	}
	all := wordsOf(d.Text)
	if d.Verb == "alert" {
		all = all[max(0, len(all)-3):]
	}
	for i, w := range all {
		if name, _, _ := strings.Cut(w, "."); d.Tool != "" && (strings.EqualFold(name, d.Tool) || strings.EqualFold(w, d.Tool)) {
			all = all[i:]
			all[0] = d.Tool
			break
		}
	}
	return wording{d.Verb, strings.Join(all, " ")}, len(all)
}
