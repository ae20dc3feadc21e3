package report

import (
	"io"
	"iter"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/tocsin-ids/tocsin"
)

// Bounds of a bundle; the count of a sighting is always whole.
const (
	maxObserved = 100 // cyber-observable objects of one observed-data
	maxPattern  = 50  // comparisons in one indicator's pattern
)

// STIX writes one STIX 2.1 bundle: for each rule an indicator whose pattern is what of its matches' source addresses, domains,
// URLs and file hashes a campaign shows to be the intruder's (else their command lines, of rules of medium and above, else the rule
// itself), with the ATT&CK techniques it indicates; for each rule and host a sighting of it with the observed data; for each
// campaign the campaign, its victims, infrastructure and indicators, what was only touched as observed data, its key events as a
// note, and its steps as an Attack Flow. Tools that read Attack Flow documents want one flow
// in each, which is what a hunt with one campaign gives. Ids are derived from the content: the same hunt gives the
// same bundle. https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html
func STIX(w io.Writer, h *Hunt) error {
	s := stix{made: h.made(), done: make(map[string]bool), hostile: hostileIn(h.campaigns())}
	s.start()
	groups := stixGroups(h.matches().All(false))
	for _, g := range groups.rules {
		s.indicator(g)
	}
	s.campaigns(h)
	s.principals(h)
	if why := partial(h); why != "" {
		s.partial(why)
	}
	s.shut(']')
	s.shut('}')
	_, err := w.Write(append(s.b, '\n'))
	return err
}

// partial notes on Tocsin's own identity, which every bundle has, that the bundle is of a run that ended early.
func (s *stix) partial(why string) {
	s.domain("note", "partial\x00"+why, s.made, func() {
		s.strAt("abstract", "Partial result")
		s.strAt("content", why)
		s.strsAt("object_refs", []string{s.self})
	})
}

// A sighting is the matches of one rule on one host.
type sighting struct {
	host        string
	n           int64
	first, last time.Time
	seen        []tocsin.Entity // each once, at most maxObserved
	has         map[tocsin.Entity]bool
}

// A ruleGroup is the matches of one rule.
type ruleGroup struct {
	rule        *tocsin.Rule
	first, last time.Time
	hosts       []*sighting // in order of their first match
	by          map[string]*sighting
}

type ruleGroups struct {
	rules []*ruleGroup // in order of their first match
	by    map[*tocsin.Rule]*ruleGroup
}

func stixGroups(matches iter.Seq[*tocsin.Match]) ruleGroups {
	all := ruleGroups{by: make(map[*tocsin.Rule]*ruleGroup)}
	for m := range matches {
		r, at, host := rule(m), when(m), event(m).Host
		g := all.by[r]
		if g == nil {
			g = &ruleGroup{rule: r, by: make(map[string]*sighting)}
			all.by[r] = g
			all.rules = append(all.rules, g)
		}
		s := g.by[host]
		if s == nil {
			s = &sighting{host: host, has: make(map[tocsin.Entity]bool)}
			g.by[host] = s
			g.hosts = append(g.hosts, s)
		}
		s.n++
		span(&g.first, &g.last, at)
		span(&s.first, &s.last, at)
		for _, e := range event(m).Entities() {
			e.Role = strings.TrimSuffix(e.Role, "parent")
			if len(s.seen) < maxObserved && !s.has[e] {
				s.has[e] = true
				s.seen = append(s.seen, e)
			}
		}
	}
	return all
}

// span widens first and last to a time, if it is known.
func span(first, last *time.Time, at time.Time) {
	if !datable(at) {
		return
	}
	if first.IsZero() || at.Before(*first) {
		*first = at
	}
	if last.IsZero() || at.After(*last) {
		*last = at
	}
}

// stix is a bundle being written.
type stix struct {
	jsonText
	made time.Time
	self string          // id of the identity that made it
	done map[string]bool // ids written

	hostile map[string]bool // values that campaigns show to be an intruder's
}

const stamp = "2006-01-02T15:04:05.000Z"

func (s *stix) start() {
	s.open('{')
	s.strAt("type", "bundle")
	s.strAt("id", "bundle--"+uuid5(ours, "bundle\x00"+s.made.Format(time.RFC3339Nano)).String())
	s.key("objects")
	s.open('[')
	s.self = s.domain("identity", "tocsin", time.Unix(0, 0).UTC(), func() {
		s.strAt("name", "Tocsin")
		s.strAt("identity_class", "system")
	})
}

// domain writes a domain or relationship object unless it is there already, and returns its id. A key and a time of
// creation make an id, so that no id ever has two times of creation.
func (s *stix) domain(kind, key string, created time.Time, more func()) string {
	at := created.UTC().Format(stamp)
	id := kind + "--" + uuid5(ours, kind+"\x00"+key+"\x00"+at).String()
	if s.done[id] {
		return id
	}
	s.done[id] = true
	s.open('{')
	s.strAt("type", kind)
	s.strAt("spec_version", "2.1")
	s.strAt("id", id)
	if s.self != "" {
		s.strAt("created_by_ref", s.self)
	}
	s.strAt("created", at)
	s.strAt("modified", at)
	more()
	s.shut('}')
	return id
}

func (s *stix) indicator(g *ruleGroup) {
	first := g.first
	if first.IsZero() {
		first = s.made
	}
	r := g.rule
	key := or(r.ID, r.Title)
	pattern := g.pattern(s.hostile)
	id := s.domain("indicator", key, first, func() {
		s.strAt("name", or(r.Title, or(r.ID, "rule")))
		s.strAt("description", or(ruleInWords(r), "What the rule “"+or(r.Title, or(r.ID, "without a name"))+"” matches."))
		s.strsAt("indicator_types", []string{"anomalous-activity"})
		s.strAt("pattern", pattern)
		s.strAt("pattern_type", "stix")
		s.strAt("valid_from", first.UTC().Format(stamp))
		if tactics := r.Tactics(); len(tactics) > 0 {
			s.key("kill_chain_phases")
			s.open('[')
			for _, t := range tactics {
				s.open('{')
				s.strAt("kill_chain_name", "mitre-attack")
				s.strAt("phase_name", t.Slug)
				s.shut('}')
			}
			s.shut(']')
		}
		if labels := levelOf(r).String(); labels != "" {
			s.strsAt("labels", []string{"level:" + labels})
		}
		if r.ID != "" {
			s.key("external_references")
			s.open('[')
			s.open('{')
			s.strAt("source_name", "sigma")
			s.strAt("external_id", r.ID)
			s.shut('}')
			s.shut(']')
		}
	})
	for _, t := range r.Techniques() {
		to := s.technique(t)
		s.domain("relationship", id+to, first, func() {
			s.strAt("relationship_type", "indicates")
			s.strAt("source_ref", id)
			s.strAt("target_ref", to)
		})
	}
	for _, o := range g.hosts {
		s.sighting(id, o, first)
	}
}

// technique is the attack-pattern of a technique's id: the same in every report, so its time of creation is fixed.
func (s *stix) technique(t string) string {
	return s.domain("attack-pattern", t, time.Unix(0, 0).UTC(), func() {
		s.strAt("name", t)
		if was := tocsin.FormerTechniques(t); len(was) > 0 {
			s.strsAt("aliases", was)
		}
		s.key("external_references")
		s.open('[')
		s.open('{')
		s.strAt("source_name", "mitre-attack")
		s.strAt("external_id", t)
		s.strAt("url", "https://attack.mitre.org/techniques/"+strings.Replace(t, ".", "/", 1)+"/")
		s.shut('}')
		s.shut(']')
	})
}

func (s *stix) sighting(of string, o *sighting, created time.Time) {
	var where string
	if o.host != "" {
		where = s.domain("identity", "host\x00"+o.host, time.Unix(0, 0).UTC(), func() {
			s.strAt("name", o.host)
			s.strAt("identity_class", "system")
		})
	}
	first, last := o.first, o.last
	if first.IsZero() {
		first, last = created, created
	}
	var refs []string
	for i := range o.seen {
		if id := s.observable(&o.seen[i]); id != "" && !contains(refs, id) {
			refs = append(refs, id)
		}
	}
	n := min(o.n, 999_999_999)
	var data string
	if len(refs) > 0 {
		data = s.domain("observed-data", of+"\x00"+o.host, first, func() {
			s.strAt("first_observed", first.UTC().Format(stamp))
			s.strAt("last_observed", last.UTC().Format(stamp))
			s.intAt("number_observed", n)
			s.strsAt("object_refs", refs)
		})
	}
	s.domain("sighting", of+"\x00"+o.host, first, func() {
		s.strAt("first_seen", first.UTC().Format(stamp))
		s.strAt("last_seen", last.UTC().Format(stamp))
		s.intAt("count", n)
		s.strAt("sighting_of_ref", of)
		if data != "" {
			s.strsAt("observed_data_refs", []string{data})
		}
		if where != "" {
			s.strsAt("where_sighted_refs", []string{where})
		}
	})
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

// hostName says that a text can be a name in the DNS, as STIX asks of one: labels of letters, digits and hyphens, of any script.
func hostName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
		}) {
			return false
		}
	}
	return true
}

// observable writes the cyber-observable object of an entity, unless it is there already, and returns its id; "" for
// an entity that STIX has no object for.
func (s *stix) observable(e *tocsin.Entity) string {
	v := strings.ToValidUTF8(e.Value, "\uFFFD")
	switch e.Kind {
	case "address":
		kind := "ipv4-addr"
		if a, err := netip.ParseAddr(v); err != nil {
			return ""
		} else if a.Is6() {
			kind = "ipv6-addr"
		}
		return s.cyber(kind, "value", v, "")
	case "domain":
		if !hostName(v) { // STIX takes a name of hosts; others that are asked for are URIs of RFC 4501
			if !hostName(strings.ReplaceAll(v, "_", "x")) {
				return ""
			}
			return s.cyber("url", "value", "dns:"+v, "")
		}
		return s.cyber("domain-name", "value", v, "")
	case "url":
		if v = uri(v); v == "" {
			return ""
		}
		return s.cyber("url", "value", v, "")
	case "user", "principal":
		return s.cyber("user-account", "account_login", v, "")
	case "process", "file":
		name := baseName(v)
		if name == "" {
			return ""
		}
		dir := strings.TrimRight(v[:len(v)-len(name)], `/\`)
		if dir == "" {
			return s.cyber("file", "name", name, "")
		}
		return s.cyber("file", "name", name, s.cyber("directory", "path", dir, ""))
	case "hash":
		name := hashName(v)
		if name == "" {
			return ""
		}
		canonical := `{"hashes":{"` + name + `":"` + v + `"}}`
		return s.cyberObject("file", uuid5(stixObservables, canonical), func() {
			s.key("hashes")
			s.open('{')
			s.strAt(name, v)
			s.shut('}')
		})
	case "command":
		return s.cyberObject("process", uuid4(v), func() { s.strAt("command_line", v) })
	}
	return ""
}

func hashName(v string) string {
	switch hashID(v) {
	case 1:
		return "MD5"
	case 2:
		return "SHA-1"
	case 3:
		return "SHA-256"
	case 4:
		return "SHA-512"
	}
	return ""
}

// cyber writes an object that one member identifies, for a file together with its directory.
func (s *stix) cyber(kind, member, v, dir string) string {
	b := append([]byte{'{', '"'}, member...)
	b = appendCanonical(append(b, `":`...), v)
	if dir != "" {
		b = append(append(append(b, `,"parent_directory_ref":"`...), dir...), '"')
	}
	return s.cyberObject(kind, uuid5(stixObservables, string(append(b, '}'))), func() {
		s.strAt(member, v)
		s.strAt("parent_directory_ref", dir)
	})
}

func (s *stix) cyberObject(kind string, u uuid, more func()) string {
	id := kind + "--" + u.String()
	if s.done[id] {
		return id
	}
	s.done[id] = true
	s.open('{')
	s.strAt("type", kind)
	s.strAt("spec_version", "2.1")
	s.strAt("id", id)
	more()
	s.shut('}')
	return id
}

// appendCanonical appends a string as RFC 8785 writes it, which STIX derives ids from.
func appendCanonical(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c == '\b':
			b = append(b, '\\', 'b')
		case c == '\f':
			b = append(b, '\\', 'f')
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// pattern is the STIX pattern of what the matches of a rule had in common that is the intruder's; failing that the commands, where
// the rule is of medium or above. Addresses, accounts and programs that matches name are mostly the victim's own or everybody's,
// so that a rule without either is its own pattern.
func (g *ruleGroup) pattern(hostile map[string]bool) string {
	for _, kinds := range [...][]string{{"address", "domain", "url", "hash"}, {"command"}} {
		var parts []string
		for _, o := range g.hosts {
			for i := range o.seen {
				e := &o.seen[i]
				if e.Kind == "command" && levelOf(g.rule) < tocsin.Medium || e.Kind != "command" && !hostile[e.Value] {
					continue
				}
				if p := comparison(e, kinds); p != "" && len(parts) < maxPattern && !contains(parts, p) {
					parts = append(parts, p)
				}
			}
		}
		if len(parts) > 0 {
			return "[" + strings.Join(parts, " OR ") + "]"
		}
	}
	return "[x-tocsin-rule:rule_id = " + literal(or(g.rule.ID, or(g.rule.Title, "unknown"))) + "]"
}

func comparison(e *tocsin.Entity, kinds []string) string {
	if !contains(kinds, e.Kind) {
		return ""
	}
	v := strings.ToValidUTF8(e.Value, "\uFFFD")
	switch e.Kind {
	case "address":
		if e.Role != "source" {
			return "" // the victim's own addresses indicate nothing
		}
		if strings.Contains(v, ":") {
			return "ipv6-addr:value = " + literal(v)
		}
		return "ipv4-addr:value = " + literal(v)
	case "domain":
		return "domain-name:value = " + literal(v)
	case "url":
		if v = uri(v); v == "" {
			return ""
		}
		return "url:value = " + literal(v)
	case "hash":
		return "file:hashes.'" + hashName(v) + "' = " + literal(v)
	case "command":
		return "process:command_line = " + literal(v)
	case "user", "principal":
		return "user-account:account_login = " + literal(v)
	case "file", "process":
		if name := baseName(v); name != "" {
			return "file:name = " + literal(name)
		}
	}
	return ""
}

// uri returns an absolute URL as RFC 3986 allows it, which STIX asks for: what intruders put into paths and queries
// is percent-encoded. "" where scheme or authority are not as they must be.
func uri(v string) string {
	at := strings.Index(v, "://")
	if at < 1 {
		return ""
	}
	end := len(v)
	if i := strings.IndexAny(v[at+3:], "/?#"); i >= 0 {
		end = at + 3 + i
	}
	if u, err := url.Parse(v[:end]); err != nil || u.Host == "" || !within(v[:end], "-._~:/@[]+!$&'()*,;=") {
		return ""
	}
	b := []byte(v[:end])
	fragment := false
	for i := end; i < len(v); i++ {
		c := v[i]
		switch {
		case c == '%' && i+2 < len(v) && isHex(v[i+1]) && isHex(v[i+2]),
			c != '#' && within(v[i:i+1], "-._~:/?@!$&'()*+,;="), c == '#' && !fragment:
			fragment = fragment || c == '#'
			b = append(b, c)
		default:
			b = append(b, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		}
	}
	return string(b)
}

// within says that s has only ASCII letters, digits and the characters of also.
func within(s, also string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && strings.IndexByte(also, c) < 0 {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// literal is a string constant of the patterning language.
func literal(v string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v) + "'"
}

// ruleInWords describes a rule and says whose it is.
func ruleInWords(r *tocsin.Rule) string {
	s := r.Description
	if r.Author != "" {
		s += "\nRule by " + r.Author
		if r.License != "" {
			s += ", " + r.License
		}
		s += "."
	}
	return strings.TrimSpace(s)
}
