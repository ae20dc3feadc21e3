package action

import (
	"github.com/tocsin-ids/tocsin"
)

// A way is one of the ways to read an event.
type way uint8

const (
	asHost way = iota
	asAlert
	asAgent
	asWindows
	asNetwork
	asCloud
	asWeb
)

// wayOf decides by the first of an event's log sources.
func wayOf(s *tocsin.LogSource) way {
	switch s.Product {
	case "alert":
		return asAlert
	case "ai_agent":
		return asAgent
	case "windows":
		if s.Category != "webserver" && s.Category != "firewall" {
			return asWindows
		}
	case "zeek", "suricata", "snort":
		if s.Category != "webserver" {
			return asNetwork
		}
	case "aws", "azure", "gcp", "m365", "okta", "github", "gitlab", "kubernetes", "google_workspace", "duo", "onelogin", "auth0", "vault":
		if s.Category == "" || s.Category == "application" || s.Category == "authentication" {
			return asCloud
		}
	}
	switch s.Category {
	case "webserver", "proxy":
		return asWeb
	case "firewall", "dns", "ids":
		return asNetwork
	}
	return asHost
}

// maxWays bounds the log sources that a reader remembers.
const maxWays = 512

// wayFor is the way to read an event. Its log sources are shared between events: where they stand tells them.
func (r *Reader) wayFor(ev *tocsin.Event) way {
	s := &ev.Sources[0]
	if s == r.waySource {
		return r.way
	}
	w, ok := r.ways[s]
	if !ok {
		if r.ways == nil || len(r.ways) >= maxWays {
			r.ways = map[*tocsin.LogSource]way{}
		}
		w = wayOf(s)
		r.ways[s] = w
	}
	r.waySource, r.way = s, w
	return w
}

// A foldSet finds any of some words in a text in one pass, whatever the case of its letters.
type foldSet [256][]string

// foldWords makes a foldSet of words in lower case.
func foldWords(words ...string) *foldSet {
	var s foldSet
	for _, w := range words {
		s[w[0]] = append(s[w[0]], w)
		if w[0] >= 'a' && w[0] <= 'z' {
			s[w[0]&^0x20] = append(s[w[0]&^0x20], w)
		}
	}
	return &s
}

func (f *foldSet) in(s string) bool { return foldIn(f, s) }

// foldIn is in, for texts that are still being made too.
func foldIn[T string | []byte](f *foldSet, s T) bool {
	for i := 0; i < len(s); i++ {
	next:
		for _, w := range f[s[i]] {
			if len(s)-i < len(w) {
				continue
			}
			for k := 1; k < len(w); k++ {
				c := s[i+k]
				if c >= 'A' && c <= 'Z' {
					c |= 0x20
				}
				if c != w[k] {
					continue next
				}
			}
			return true
		}
	}
	return false
}
