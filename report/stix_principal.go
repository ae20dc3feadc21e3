package report

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// maxSTIXPrincipals bounds those that a bundle tells of; the JSONL has all.
const maxSTIXPrincipals = 50

// principals writes for each principal of whom there is something to report: its account, what was observed of its calls, the
// techniques that rules assign to them, a grouping of all that as suspicious activity, and a note with the judgement. What is
// judged stands in the note alone.
func (s *stix) principals(h *Hunt) {
	n := 0
	for _, p := range h.Principals {
		if v := verdictOf(p.Verdict); v == tocsin.Suspicious || v == tocsin.Intrusion || v == tocsin.Turned {
			if n++; n > maxSTIXPrincipals {
				return
			}
			s.principal(p)
		}
	}
}

func (s *stix) principal(p *tocsin.Principal) {
	first, last := p.First, p.Last
	if !datable(first) {
		first = s.made
	}
	if !datable(last) || last.Before(first) {
		last = first
	}
	refs := []string{s.cyber("user-account", "account_login", strings.ToValidUTF8(p.Name, "\uFFFD"), "")}
	add := func(id string) {
		if id != "" && !contains(refs, id) {
			refs = append(refs, id)
		}
	}
	for _, t := range p.Targets[:min(len(p.Targets), maxSTIXList)] {
		e := callback(t)
		if e.Kind == "domain" && strings.ContainsAny(t, "/ ") { // a network, or no name
			continue
		}
		add(s.observable(&e))
	}
	for _, g := range groundsOf(p) {
		if g.Quote == "" || len(refs) > maxSTIXList {
			continue
		}
		at := g.Place.Time
		if !datable(at) {
			at = first
		}
		process := s.observable(&tocsin.Entity{Kind: "command", Value: g.Quote})
		add(s.domain("observed-data", p.By+"\x00"+p.Name+"\x00"+strconv.Itoa(g.Call), at, func() {
			s.strAt("first_observed", at.UTC().Format(stamp))
			s.strAt("last_observed", at.UTC().Format(stamp))
			s.intAt("number_observed", 1)
			s.strsAt("object_refs", []string{process})
			s.key("external_references")
			s.open('[')
			s.source("tocsin", g.Place.String(), "")
			s.source("session", g.Session, "")
			if g.Request != "" {
				s.source("call", g.Request, "")
			}
			s.shut(']')
		}))
	}
	for _, t := range techniquesOf(p) {
		add(s.technique(t))
	}
	for _, t := range agenticOf(p) {
		add(s.agentic(&t))
	}
	key := p.By + "\x00" + p.Name
	group := s.domain("grouping", key, first, func() {
		s.strAt("name", "Tool calls of AI agents for "+p.Name)
		s.strAt("description", several(p.Calls, "tool call")+" of "+several(len(p.Sessions), "session")+" were recorded, from "+stampOf(first)+" to "+stampOf(last)+" UTC. Sessions: "+strings.Join(p.Sessions[:min(len(p.Sessions), maxSTIXList)], ", ")+". A call says what was asked for, not that it ran.")
		s.strAt("context", "suspicious-activity")
		s.strsAt("object_refs", refs)
	})
	var why []string
	for i := range p.Evidence {
		why = append(why, strings.TrimSpace(signed(p.Evidence[i].Weight))+" "+p.Evidence[i].Sentence+" (call "+strconv.Itoa(p.Evidence[i].Call)+")")
	}
	for _, c := range p.Cleared {
		why = append(why, "speaks for honest work: "+c)
	}
	s.domain("note", "assessment\x00"+key, last, func() {
		s.strAt("abstract", "Assessment: "+p.Verdict.String())
		s.strAt("content", abuseEnglish.verdicts[verdictOf(p.Verdict)]+" "+abuseEnglish.judgement+"\n"+strings.Join(why, "\n")+"\n"+sightOf(p))
		s.strsAt("labels", []string{"verdict:" + strings.ReplaceAll(p.Verdict.String(), " ", "-")})
		s.strsAt("object_refs", []string{group})
	})
}

// groundsOf are the places of a principal's evidence and courses, each call once, the heaviest evidence first.
func groundsOf(p *tocsin.Principal) []*tocsin.Ground {
	var all []*tocsin.Ground
	seen := map[int]bool{}
	add := func(list []tocsin.Ground) {
		for i := range list {
			if !seen[list[i].Call] {
				seen[list[i].Call] = true
				all = append(all, &list[i])
			}
		}
	}
	add(p.Evidence)
	for i := range p.ByTarget {
		add(p.ByTarget[i].Course)
		add(p.ByTarget[i].Evidence)
	}
	return all
}

// source is an external reference.
func (s *stix) source(name, id, description string) {
	s.open('{')
	s.strAt("source_name", name)
	s.strAt("description", description)
	s.strAt("external_id", id)
	s.shut('}')
}

// agentic is the attack-pattern of a technique of another taxonomy than ATT&CK.
func (s *stix) agentic(t *agentic) string {
	return s.domain("attack-pattern", t.taxonomy+"\x00"+t.id, time.Unix(0, 0).UTC(), func() {
		s.strAt("name", t.name)
		s.key("external_references")
		s.open('[')
		how := t.taxonomy + " " + t.version
		if t.reported {
			how += ", reported"
		}
		name := "mitre-atlas"
		if !strings.HasPrefix(t.id, "AML.") {
			name = "owasp-agentic"
		}
		s.source(name, t.id, how)
		s.shut(']')
	})
}

// callback is what a name of a host or address is.
func callback(v string) tocsin.Entity {
	e := tocsin.Entity{Kind: "domain", Role: "source", Value: v}
	if a, err := netip.ParseAddr(v); err == nil {
		e.Kind, e.Value = "address", a.String()
	} else if strings.Contains(v, "://") {
		e.Kind = "url"
	}
	return e
}
