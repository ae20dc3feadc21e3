// Package ioc reads lists of indicators of compromise (STIX 2.1 bundles, CSV) and finds them in events: addresses and
// networks, domains with what lies below them, URLs, file hashes, file names and e-mail addresses.
//
// All indicators are in one index by a hash of their text, so that an event costs the length of its values and not the
// number of indicators. What cannot be used of a list is a fault with its line and costs nothing else. It is pure.
package ioc

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// An Indicator is one line or object of a list.
type Indicator struct {
	Type        string // address, domain, url, hash, file or email
	Value       string // canonical: lower case but for a URL's path
	ID, Name    string // of the indicator
	List        string // that it is of
	Level       tocsin.Level
	From, Until time.Time // from when and until when it is valid; zero is open
	Description string
	File        string
	Line        int64
}

// Max bounds the indicators of a run; each takes about half a kilobyte.
const Max = 1_000_000

// Lists are indicators ready to be looked for. Several goroutines may use them.
type Lists struct {
	seed  maphash.Seed
	all   []Indicator
	rules []*tocsin.Rule
	at    map[uint64][]int32 // by the hash of their text
	nets  map[netip.Prefix][]int32
	bits  []int // lengths of prefixes there are, of IPv4 and IPv6
	urls  bool
	sizes [256]bool // lengths of the texts in at, the last of all longer ones: most words need not be hashed
	late  atomic.Int64
}

// New makes an index of indicators. Of those beyond Max none is used, which is a fault.
func New(all []Indicator) (*Lists, []*tocsin.Fault) {
	var faults []*tocsin.Fault
	if len(all) > Max {
		faults = append(faults, &tocsin.Fault{Source: all[Max].File, Line: all[Max].Line, Err: fmt.Errorf("%d indicators are too many: those from here on are not used", len(all)), Hint: fmt.Sprintf("at most %d", Max)})
		all = all[:Max]
	}
	l := &Lists{seed: maphash.MakeSeed(), all: all, at: make(map[uint64][]int32, len(all)), nets: map[netip.Prefix][]int32{}}
	for i := range all {
		x := &all[i]
		if p, err := netip.ParsePrefix(x.Value); x.Type == "address" && err == nil {
			l.nets[p] = append(l.nets[p], int32(i))
			if !slices.Contains(l.bits, p.Bits()) {
				l.bits = append(l.bits, p.Bits())
			}
		} else {
			h := l.hash(x.Value)
			l.at[h] = append(l.at[h], int32(i))
			l.sizes[min(len(x.Value), 255)] = true
		}
		l.urls = l.urls || x.Type == "url"
		l.rules = append(l.rules, x.rule())
	}
	return l, faults
}

// rule is an indicator as what a match tells of its rule.
func (x *Indicator) rule() *tocsin.Rule {
	r := &tocsin.Rule{ID: cmp.Or(x.ID, x.Type+":"+x.Value), Title: x.List + ": " + cmp.Or(x.Name, x.Type+" "+x.Value), Level: x.Level, Description: x.Description,
		Source: tocsin.LogSource{Category: "indicator"}, File: x.File, Line: x.Line}
	switch {
	case !x.From.IsZero() && !x.Until.IsZero():
		r.Description = strings.TrimSpace(r.Description + " Valid from " + x.From.Format(time.RFC3339) + " until " + x.Until.Format(time.RFC3339) + ".")
	case !x.Until.IsZero():
		r.Description = strings.TrimSpace(r.Description + " Valid until " + x.Until.Format(time.RFC3339) + ".")
	case !x.From.IsZero():
		r.Description = strings.TrimSpace(r.Description + " Valid from " + x.From.Format(time.RFC3339) + ".")
	}
	if !x.From.IsZero() {
		r.Date = x.From.Format("2006-01-02")
	}
	return r
}

// Rules are the indicators as rules, by their numbers.
func (l *Lists) Rules() []*tocsin.Rule { return l.rules }

// Late is how many times an indicator was met in an event after it had ceased to be valid: these are no matches.
func (l *Lists) Late() int64 { return l.late.Load() }

// Match calls hold with the number of each indicator in the event, once. One that is met before it is valid counts: lists
// are made after the deed.
func (l *Lists) Match(ev *tocsin.Event, hold func(rule int)) {
	var found []int
	l.search(ev, func(i int, _ *tocsin.Field) {
		if slices.Contains(found, i) {
			return
		}
		found = append(found, i)
		if u := l.all[i].Until; !u.IsZero() && ev.Time.After(u) {
			l.late.Add(1)
			return
		}
		hold(i)
	})
}

// Held is the fields of an event in which an indicator stands, and what the list says of it.
func (l *Lists) Held(ev *tocsin.Event, rule int) (held []tocsin.Field) {
	l.search(ev, func(i int, f *tocsin.Field) {
		if i == rule && !slices.Contains(held, *f) {
			held = append(held, *f)
		}
	})
	x := &l.all[rule]
	held = append(held, tocsin.Field{Name: "indicator", Value: x.Type + ":" + x.Value}, tocsin.Field{Name: "indicator_list", Value: x.List})
	if !x.Until.IsZero() {
		held = append(held, tocsin.Field{Name: "indicator_valid_until", Value: x.Until.Format(time.RFC3339)})
	}
	return held
}

func (l *Lists) hash(s string) uint64 { return maphash.String(l.seed, s) }

// search goes over the values of an event, or its text where it has no fields.
func (l *Lists) search(ev *tocsin.Event, found func(int, *tocsin.Field)) {
	for i := range ev.Fields {
		f := &ev.Fields[i]
		l.value(f.Value, func(i int) { found(i, f) })
	}
	if len(ev.Fields) == 0 && ev.Raw != "" {
		f := tocsin.Field{Name: "raw", Value: ev.Raw}
		l.value(ev.Raw, func(i int) { found(i, &f) })
	}
	if host := ev.Text("cs-host"); l.urls && host != "" { // a request, whose URL the log has in two parts
		if path := cmp.Or(ev.Text("cs-uri"), ev.Text("c-uri")); strings.HasPrefix(path, "/") {
			f := tocsin.Field{Name: "cs-uri", Value: path}
			l.lookup(canonicalURL("http://"+host+path), "url", func(i int) { found(i, &f) })
		}
	}
}

// maxValue bounds what is searched of one value, in bytes.
const maxValue = 64 << 10

// value looks for indicators in a text.
func (l *Lists) value(s string, found func(int)) {
	s = s[:min(len(s), maxValue)]
	for i := 0; i < len(s); {
		if !wordByte(s[i]) {
			if s[i] == ':' && l.urls && strings.HasPrefix(s[i:], "://") {
				l.url(s, i, found)
			}
			i++
			continue
		}
		end := i
		for end < len(s) && wordByte(s[end]) {
			end++
		}
		l.word(s[i:end], found)
		if end+1 < len(s) && s[end] == '@' {
			to := end + 1
			for to < len(s) && wordByte(s[to]) {
				to++
			}
			l.lookup(strings.ToLower(strings.TrimRight(s[i:to], ".")), "email", found)
		}
		i = end
	}
	if strings.Count(s, ":") >= 2 && len(s) <= 64 { // IPv6, alone as fields have it
		if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
			l.address(a, found)
		}
	}
	if i := strings.LastIndexAny(s, `/\`); strings.IndexByte(s[i+1:], ' ') >= 0 { // a file's name with spaces
		l.lookup(strings.ToLower(s[i+1:]), "file", found)
	}
}

// word looks up a run of letters, digits, dots and dashes: an address, a hash, a file's name, a domain or what lies below one.
func (l *Lists) word(w string, found func(int)) {
	w = strings.Trim(w, ".")
	if len(w) < 3 || len(w) > 255 {
		return
	}
	low := strings.ToLower(w)
	if c := low[0]; c >= '0' && c <= '9' && strings.Count(low, ".") == 3 {
		if a, err := netip.ParseAddr(low); err == nil {
			l.address(a, found)
			return
		}
	}
	l.lookup(low, "", found)
	for i := 0; i < len(low); i++ {
		if low[i] == '.' && strings.IndexByte(low[i+1:], '.') > 0 {
			l.lookup(low[i+1:], "domain", found)
		}
	}
}

func (l *Lists) address(a netip.Addr, found func(int)) {
	a = a.Unmap().WithZone("")
	l.lookup(a.String(), "address", found)
	for _, bits := range l.bits {
		if p, err := a.Prefix(bits); err == nil {
			for _, i := range l.nets[p] {
				found(int(i))
			}
		}
	}
}

// url looks up the URL whose "://" is at i.
func (l *Lists) url(s string, i int, found func(int)) {
	from := i
	for from > 0 && wordByte(s[from-1]) {
		from--
	}
	end := i
	for end < len(s) && s[end] > ' ' && strings.IndexByte("\"'<>`|", s[end]) < 0 {
		end++
	}
	l.lookup(canonicalURL(s[from:end]), "url", found)
}

// canonicalURL is a URL without its scheme, its host in lower case, and without what a sentence ends it with.
func canonicalURL(s string) string {
	_, rest, _ := strings.Cut(s, "://")
	rest = strings.TrimRight(rest, ").,;/")
	host, path, slash := strings.Cut(rest, "/")
	host = strings.ToLower(host)
	for _, port := range []string{":80", ":443"} {
		host = strings.TrimSuffix(host, port)
	}
	if !slash {
		return host
	}
	return host + "/" + path
}

// lookup gives the indicators of a text; kind is empty for all but e-mail addresses and URLs.
func (l *Lists) lookup(text, kind string, found func(int)) {
	if !l.sizes[min(len(text), 255)] {
		return
	}
	for _, i := range l.at[l.hash(text)] {
		x := &l.all[i]
		if x.Value == text && (x.Type == kind || kind == "" && x.Type != "email" && x.Type != "url") {
			found(int(i))
		}
	}
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' || c == '+' || c >= 0x80
}
