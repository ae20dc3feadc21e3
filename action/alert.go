package action

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// maxAlertNames bounds the names of alerts that a reader remembers; those beyond it share a rule without a name.
const maxAlertNames = 4096

// alert reads another detector's alert: its name says what it means as far as it goes; a number of severity counts
// where the name says nothing. The alert stands among the action's rules, as a rule of that detector's.
func (r *Reader) alert(ev *tocsin.Event) {
	var name, severity, from, bare, target, user, message string
	for i := range ev.Fields {
		v := ev.Fields[i].Value
		switch ev.Fields[i].Name {
		case "name":
			name = v
		case "severity", "alert.severity":
			severity = v
		case "src_ip", "SourceIp":
			if from == "" {
				from = address(v)
			}
		case "ip", "host_ip", "agent.ip":
			if bare == "" {
				bare = address(v)
			}
		case "dst_ip", "DestinationIp":
			if target == "" {
				target = address(v)
			}
		case "user", "User":
			user = v
		case "message":
			message = v
		}
	}
	if name == "" {
		name = message
	}
	if name == "" {
		r.f.read(ev)
		r.generic(ev)
		return
	}
	r.begin(ev)
	a := &r.act
	rule := r.alertRule(name, severity)
	m := r.meant[rule]
	r.alerted(m)
	a.Text = clip(name)
	r.rules = append(append(r.rules[:0], a.Rules...), rule)
	a.Rules = r.rules
	if raw, ok := isMail(ev); ok {
		r.mail(raw)
		r.out()
		return
	}
	// A column that is only called "ip" beside a host is the host's own address, not whence something came.
	if from != "" && from != bare && from != target {
		r.doer("address", from)
	}
	if user != "" && len(a.Who) > 0 {
		a.On = append(a.On, tocsin.Entity{Kind: "user", Role: "target", Value: strings.ToLower(user)})
	}
	if ev.Host != "" {
		a.On = append(a.On, tocsin.Entity{Kind: "host", Role: "target", Value: strings.ToLower(ev.Host)})
		if bare != "" {
			a.On = append(a.On, tocsin.Entity{Kind: "address", Role: "target", Value: bare})
		}
	} else if target != "" {
		a.On = append(a.On, tocsin.Entity{Kind: "address", Role: "target", Value: target})
	}
	r.out()
}

// alertRule is the rule that stands for alerts of a name.
func (r *Reader) alertRule(name, severity string) *tocsin.Rule {
	if rule, ok := r.alerts[name]; ok {
		return rule
	}
	m := r.know.nameMeaning(name)
	if s := quoted(name); s != "" {
		m = r.know.signatureMeaning(s, "")
	}
	if m.tactic == "" && m.level <= tocsin.Low {
		m.level = max(m.level, severityLevel(severity))
	}
	return r.ruleOf(name, m)
}

// quoted is the signature of a network sensor that another product's alert hands on in its own, or "".
func quoted(name string) string {
	for _, set := range [...]string{"ET ", "ETPRO ", "SURICATA "} {
		if i := strings.Index(name, set); i >= 0 && (i == 0 || i <= 40 && strings.HasSuffix(name[:i], "- ")) {
			return name[i:]
		}
	}
	return ""
}

// ruleOf makes the rule that stands for alerts of a name with their meaning.
func (r *Reader) ruleOf(name string, m alertMeaning) *tocsin.Rule {
	if len(r.alerts) >= maxAlertNames {
		name = "Alert of another detector"
		if rule, ok := r.alerts[name]; ok {
			return rule
		}
	}
	name = strings.Clone(name)
	rule := &tocsin.Rule{ID: "alert:" + name, Title: clip(name), Level: m.level, Source: tocsin.LogSource{Product: "alert"}}
	if m.tactic != "" {
		rule.Tags = append(rule.Tags, "attack."+m.tactic)
	}
	if m.technique != "" {
		rule.Tags = append(rule.Tags, "attack."+strings.ToLower(m.technique))
	}
	if r.alerts == nil {
		r.alerts, r.meant = map[string]*tocsin.Rule{}, map[*tocsin.Rule]alertMeaning{}
	}
	r.alerts[name], r.meant[rule] = rule, m
	return rule
}

// severityLevel reads the words by which detectors grade. Numbers are graded in either direction by different ones, so
// they say nothing.
func severityLevel(s string) tocsin.Level {
	switch strings.ToLower(s) {
	case "critical", "emergency", "fatal":
		return tocsin.Critical
	case "high", "error", "major", "alert":
		return tocsin.High
	case "medium", "moderate", "warning":
		return tocsin.Medium
	case "low", "minor", "notice":
		return tocsin.Low
	}
	return tocsin.Unrated
}
