package report

import (
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Bounds of what a bundle holds of campaigns.
const (
	maxSTIXCampaigns = 50
	maxSTIXList      = 200 // victims, marks and steps of one
)

// attackFlow is the extension of the Center for Threat-Informed Defense, version 2.0.0.
// https://center-for-threat-informed-defense.github.io/attack-flow/language/
const (
	attackFlow   = "extension-definition--fb9c968a-745b-4ade-9b25-c324172197f4"
	attackFlowBy = "identity--d673f8cb-c168-42da-8ed4-0cb26725f86c"
	attackFlowAt = "2022-08-02T19:34:35.143Z"
)

// campaigns writes for each campaign: the campaign, its victims as identities, its infrastructure, indicators of what was
// used, what was touched as observed data, its key events as a note, and its steps as an Attack Flow.
func (s *stix) campaigns(h *Hunt) {
	all := h.campaigns()
	if len(all) == 0 {
		return
	}
	s.extension()
	var ids []string
	for _, c := range all[:min(len(all), maxSTIXCampaigns)] {
		if id := s.campaign(c, h.endOf(c)); !contains(ids, id) {
			ids = append(ids, id)
		}
	}
	s.letGo(h, ids)
	if n := len(all) - maxSTIXCampaigns; n > 0 {
		s.note(ids, "Not in this bundle", several(n, "further campaign")+", none of a higher level; the JSONL has all")
	}
	if c := h.covered(); c != nil && c.Pseudonyms {
		s.domain("note", "pseudonyms\x00"+strings.Join(ids, " "), s.made, func() {
			s.strAt("content", english.pseudonyms)
			s.strsAt("object_refs", ids)
		})
	}
}

// note says something of the campaigns.
func (s *stix) note(ids []string, abstract, content string) {
	s.domain("note", "let go\x00"+strings.Join(ids, " ")+content, s.made, func() {
		s.strAt("abstract", abstract)
		s.strAt("content", content)
		s.strsAt("object_refs", ids)
	})
}

// letGo notes on the campaigns what the run did not keep, so that they may lack it.
func (s *stix) letGo(h *Hunt, ids []string) {
	var lines []string
	all := h.letGo()
	for i := range all[:min(len(all), maxSTIXList)] {
		lines = append(lines, english.letGoOf(&all[i]).plain())
	}
	if len(lines) == 0 {
		return
	}
	if n := len(all) - maxSTIXList; n > 0 {
		lines = append(lines, several(n, "further kind"))
	}
	s.note(ids, strings.TrimSuffix(english.letGoIntro, ":"), strings.Join(lines, "\n"))
}

// extension writes the definition of Attack Flow, which is its makers' object and has their ids and times.
func (s *stix) extension() {
	fixed := func(kind, id string, more func()) {
		s.open('{')
		s.strAt("type", kind)
		s.strAt("spec_version", "2.1")
		s.strAt("id", id)
		s.strAt("created_by_ref", attackFlowBy)
		s.strAt("created", attackFlowAt)
		s.strAt("modified", attackFlowAt)
		more()
		s.shut('}')
	}
	fixed("identity", attackFlowBy, func() {
		s.strAt("name", "MITRE Center for Threat-Informed Defense")
		s.strAt("identity_class", "organization")
	})
	fixed("extension-definition", attackFlow, func() {
		s.strAt("name", "Attack Flow")
		s.strAt("description", "Extends STIX 2.1 with features to create Attack Flows.")
		s.strAt("schema", "https://center-for-threat-informed-defense.github.io/attack-flow/stix/attack-flow-schema-2.0.0.json")
		s.strAt("version", "2.0.0")
		s.strsAt("extension_types", []string{"new-sdo"})
	})
}

// flow writes an object of the Attack Flow extension.
func (s *stix) flow(kind, key string, created time.Time, more func()) string {
	return s.domain(kind, key, created, func() {
		more()
		s.key("extensions")
		s.open('{')
		s.key(attackFlow)
		s.open('{')
		s.strAt("extension_type", "new-sdo")
		s.shut('}')
		s.shut('}')
	})
}

func (s *stix) campaign(c *tocsin.Campaign, end time.Time) string {
	first, last := c.First, c.Last
	if !datable(first) {
		first = s.made
	}
	if !datable(last) || last.Before(first) {
		last = first
	}
	id := s.domain("campaign", c.ID, first, func() {
		s.strAt("name", or(c.Title, or(c.ID, "campaign")))
		s.strAt("description", storyText(c, end))
		if len(c.Was) > 0 {
			s.strsAt("aliases", c.Was[:min(len(c.Was), maxSTIXList)])
		}
		s.strAt("first_seen", first.UTC().Format(stamp))
		s.strAt("last_seen", last.UTC().Format(stamp))
		labels := []string{"driver:" + c.Driver.String()}
		if l := min(c.Level, tocsin.Critical).String(); l != "" {
			labels = append(labels, "level:"+l)
		}
		s.strsAt("labels", labels)
		if c.ID != "" {
			s.key("external_references")
			s.open('[')
			s.open('{')
			s.strAt("source_name", "tocsin")
			s.strAt("external_id", c.ID)
			s.shut('}')
			s.shut(']')
		}
	})
	s.targets(c, id, first)
	s.infrastructure(c, id, first)
	s.indicators(c, id, first)
	s.touched(c, first)
	s.keyEvents(c, id, first)
	s.attackFlow(c, end, first)
	return id
}

func storyText(c *tocsin.Campaign, end time.Time) string {
	var b strings.Builder
	for _, t := range english.story(c, end) {
		for _, r := range t {
			b.WriteString(r.s)
		}
		b.WriteByte(' ')
	}
	b.WriteString(english.why1(c))
	for _, s := range []string{c.Lost, english.unlisted(c, "steps"), english.unlisted(c, "victims"), beyondSTIX(c)} {
		if s != "" {
			b.WriteString(" " + s)
		}
	}
	return b.String()
}

// beyondSTIX counts what of a campaign's lists is not in the bundle.
func beyondSTIX(c *tocsin.Campaign) string {
	var parts []string
	for _, l := range []struct {
		n    int
		noun string
	}{{len(c.Steps), "step"}, {len(c.Victims), "victim"}, {len(c.Marks), "indicator"}, {len(c.Orgs), "organisation"}} {
		if n := l.n - maxSTIXList; n > 0 {
			parts = append(parts, several(n, l.noun))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Not in this bundle, but in the JSONL: " + english.listed(parts) + "."
}

func (s *stix) relate(kind, from, to string, created time.Time) {
	s.domain("relationship", kind+"\x00"+from+to, created, func() {
		s.strAt("relationship_type", kind)
		s.strAt("source_ref", from)
		s.strAt("target_ref", to)
	})
}

// system is the identity of a machine: the same as that of the host a rule matched on.
func (s *stix) system(name string) string {
	return s.domain("identity", "host\x00"+name, time.Unix(0, 0).UTC(), func() {
		s.strAt("name", name)
		s.strAt("identity_class", "system")
	})
}

// targets are the organisations and machines that the campaign was aimed at.
func (s *stix) targets(c *tocsin.Campaign, id string, created time.Time) {
	for _, org := range c.Orgs[:min(len(c.Orgs), maxSTIXList)] {
		if org == "" {
			continue
		}
		s.relate("targets", id, s.domain("identity", "org\x00"+org, time.Unix(0, 0).UTC(), func() {
			s.strAt("name", org)
			s.strAt("identity_class", "organization")
		}), created)
	}
	for i := range c.Victims[:min(len(c.Victims), maxSTIXList)] {
		if v := &c.Victims[i]; (v.Kind == "host" || v.Kind == "address") && v.Value != "" {
			s.relate("targets", id, s.system(v.Value), created)
		}
	}
}

// infrastructure is the addresses, names and URLs that the intruder used.
func (s *stix) infrastructure(c *tocsin.Campaign, id string, created time.Time) {
	var refs []string
	for i := range c.Used {
		x := &c.Used[i]
		if x.Kind != "address" && x.Kind != "domain" && x.Kind != "url" || len(refs) >= maxSTIXList {
			continue
		}
		e := entityOf(x)
		if ref := s.observable(&e); ref != "" && !contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	if len(refs) == 0 {
		return
	}
	infra := s.domain("infrastructure", c.ID, created, func() {
		s.strAt("name", "Infrastructure of "+or(c.ID, "a campaign"))
	})
	s.relate("uses", id, infra, created)
	for _, ref := range refs {
		s.relate("consists-of", infra, ref, created)
	}
}

// attackFlow writes the steps as attack-actions, each with the machines it was about as attack-assets, in the order in
// which they began; where a person seems to have decided between two, an attack-condition stands between them.
func (s *stix) attackFlow(c *tocsin.Campaign, end time.Time, created time.Time) {
	steps := c.Steps[:min(len(c.Steps), maxSTIXList)]
	next := ""
	for i := len(steps) - 1; i >= 0; i-- { // from the last, so that what follows has its id
		if i+1 < len(steps) {
			next = s.conditions(c, &steps[i], &steps[i+1], next, created)
		}
		next = s.action(c, i, next, created)
	}
	if next == "" {
		return
	}
	s.flow("attack-flow", c.ID, created, func() {
		s.strAt("name", or(c.Title, or(c.ID, "campaign")))
		s.strAt("description", storyText(c, end)+" Actions follow each other in the order in which they began; that one made the next possible is not claimed.")
		s.strAt("scope", "incident")
		s.strsAt("start_refs", []string{next})
	})
}

func (s *stix) action(c *tocsin.Campaign, i int, next string, created time.Time) string {
	step := &c.Steps[i]
	var assets []string
	for _, host := range step.Hosts[:min(len(step.Hosts), maxSTIXList)] {
		if host == "" {
			continue
		}
		system := s.system(host)
		asset := s.flow("attack-asset", c.ID+"\x00"+host, created, func() {
			s.strAt("name", host)
			s.strAt("object_ref", system)
		})
		if !contains(assets, asset) {
			assets = append(assets, asset)
		}
	}
	technique, command := "", ""
	if len(step.Techniques) > 0 && isTechnique(step.Techniques[0]) {
		technique = s.technique(step.Techniques[0])
	}
	if len(step.Commands) > 0 && step.Commands[0] != "" {
		command = s.observable(&tocsin.Entity{Kind: "command", Value: step.Commands[0]})
	}
	name, id := or(step.Tactic, "action"), ""
	for _, t := range tocsin.Tactics() {
		if t.Slug == step.Tactic {
			name, id = t.Name, t.ID
		}
	}
	return s.flow("attack-action", c.ID+"\x00"+strconv.Itoa(i), created, func() {
		s.strAt("name", name)
		s.strAt("tactic_id", id)
		if technique != "" {
			s.strAt("technique_id", step.Techniques[0])
			s.strAt("technique_ref", technique)
		}
		s.strAt("description", step.Summary)
		if datable(step.First) {
			s.strAt("execution_start", step.First.UTC().Format(stamp))
			if datable(step.Last) && !step.Last.Before(step.First) {
				s.strAt("execution_end", step.Last.UTC().Format(stamp))
			}
		}
		s.strAt("command_ref", command)
		if len(assets) > 0 {
			s.strsAt("asset_refs", assets)
		}
		if next != "" {
			s.strsAt("effect_refs", []string{next})
		}
	})
}

// conditions writes the decisions between the beginnings of two steps, the last first, and returns what the first of
// the steps leads to.
func (s *stix) conditions(c *tocsin.Campaign, a, b *tocsin.Step, next string, created time.Time) string {
	if !datable(a.First) || !datable(b.First) {
		return next
	}
	for i := min(len(c.Gates), maxSTIXList) - 1; i >= 0; i-- {
		g := &c.Gates[i]
		if !datable(g.Time) || !g.Time.After(a.First) || g.Time.After(b.First) {
			continue
		}
		to := next
		next = s.flow("attack-condition", c.ID+"\x00"+strconv.Itoa(i), created, func() {
			s.strAt("description", "A person seems to have decided at "+stampOf(g.Time)+" UTC: "+g.Change)
			s.strsAt("on_true_refs", []string{to})
		})
	}
	return next
}

// isTechnique tells T1059 and T1059.001 from all else.
func isTechnique(s string) bool {
	if len(s) != 5 && len(s) != 9 || s[0] != 'T' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if i == 5 && s[i] == '.' {
			continue
		}
		if i == 5 || s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
