package report

import (
	"io"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// ocsfVersion is the schema that OCSF writes: https://schema.ocsf.io/1.4.0/classes/detection_finding
const ocsfVersion = "1.4.0"

// OCSF writes one Detection Finding (class 2004) for each match, one JSON object a line. The finding's time is the
// event's; its evidence is what the event names, with all fields in evidences[0].data; the rule's author and licence
// and a correlation's events are in unmapped. A run that ended early has a last finding that says so, of the rule
// tocsin-partial.
func OCSF(w io.Writer, h *Hunt) error {
	s := spool{w: w}
	err := s.encode(h, func() func([]byte, *tocsin.Match) []byte {
		f := ocsf{h: h, attacks: make(map[*tocsin.Rule]string)}
		return f.finding
	})
	if err != nil {
		return err
	}
	if why := partial(h); why != "" {
		f := ocsf{h: h, attacks: make(map[*tocsin.Rule]string)}
		s.b = f.finding(s.b, partialFinding(why))
	}
	return s.drain(true)
}

type ocsf struct {
	jsonText
	h       *Hunt
	attacks map[*tocsin.Rule]string // finding_info.attacks as JSON, by rule
}

func (f *ocsf) finding(b []byte, m *tocsin.Match) []byte {
	f.b = b
	ev, r, at := event(m), rule(m), when(m)
	if !datable(at) {
		at = f.h.made() // time is required
	}
	first := at
	if len(m.Series) > 0 && datable(m.Series[0].Time) && m.Series[0].Time.Before(at) {
		first = m.Series[0].Time
	}
	what := MatchDetails(m)
	f.open('{')
	f.intAt("category_uid", 2)
	f.strAt("category_name", "Findings")
	f.intAt("class_uid", 2004)
	f.strAt("class_name", "Detection Finding")
	f.intAt("activity_id", 1)
	f.strAt("activity_name", "Create")
	f.intAt("type_uid", 200401)
	f.strAt("type_name", "Detection Finding: Create")
	f.msAt("time", at)
	f.msAt("start_time", first)
	f.msAt("end_time", at)
	id, caption := severity(levelOf(r))
	f.intAt("severity_id", id)
	f.strAt("severity", caption)
	f.intAt("status_id", 1)
	f.strAt("status", "New")
	f.key("is_alert")
	f.bool(r.Level >= tocsin.Medium)
	f.strAt("message", headline(r, what))

	uid := uuid5(ours, "finding\x00"+r.ID+"\x00"+r.Title+"\x00"+ev.Source+"\x00"+ev.Place().Number()+"\x00"+at.UTC().Format(time.RFC3339Nano)).String()
	f.key("metadata")
	f.open('{')
	f.strAt("version", ocsfVersion)
	f.strAt("uid", uid)
	f.key("product")
	f.open('{')
	f.strAt("name", "Tocsin")
	f.strAt("vendor_name", "Tocsin")
	f.strAt("version", f.h.Version)
	f.shut('}')
	f.strAt("event_code", ev.Text("EventID"))
	f.strAt("log_name", ev.Source)
	f.strAt("log_provider", ev.Text("Provider_Name"))
	if datable(ev.Time) {
		f.strAt("original_time", ev.Time.UTC().Format(time.RFC3339Nano))
	}
	if datable(ev.Sensor) {
		f.msAt("logged_time", ev.Sensor)
	}
	f.shut('}')

	f.key("finding_info")
	f.open('{')
	f.strAt("uid", uid)
	f.strAt("title", or(r.Title, r.ID))
	f.strAt("desc", r.Description)
	f.strsAt("types", []string{or(r.Correlation, "sigma")})
	f.msAt("created_time", f.h.made())
	f.msAt("first_seen_time", first)
	f.msAt("last_seen_time", at)
	f.key("analytic")
	f.open('{')
	f.intAt("type_id", 1)
	f.strAt("type", "Rule")
	f.strAt("uid", or(r.ID, r.Title))
	f.strAt("name", r.Title)
	f.strAt("version", or(r.Modified, r.Date))
	f.shut('}')
	attacks, ok := f.attacks[r]
	if !ok {
		attacks = ocsfAttacks(r)
		f.attacks[r] = attacks
	}
	if attacks != "" {
		f.key("attacks")
		f.raw(attacks)
	}
	if len(ev.Sources) > 0 {
		f.key("data_sources")
		f.open('[')
		for _, l := range ev.Sources {
			f.str(l.String())
		}
		f.shut(']')
	}
	f.shut('}')

	all := ev.Entities()
	f.evidence(ev, all)
	f.observables(all)
	f.strAt("raw_data", ev.Raw)
	f.key("unmapped")
	f.open('{')
	f.strAt("details", what)
	f.strAt("source", ev.Source)
	f.recordAt("record", ev.Record)
	f.strAt("rule_level", levelOf(r).String())
	f.strAt("rule_status", r.Status)
	f.strAt("rule_author", r.Author)
	f.strAt("rule_license", r.License)
	f.strsAt("rule_tags", r.Tags)
	f.fieldsAt("held", m.Held)
	if r.Correlation != "" {
		f.key("series")
		f.open('[')
		for _, p := range m.Series {
			f.str(p.String())
		}
		f.shut(']')
	}
	f.shut('}')
	f.shut('}')
	return append(f.b, '\n')
}

func (j *jsonText) msAt(k string, t time.Time) { j.intAt(k, t.UnixMilli()) }

func severity(l tocsin.Level) (int64, string) {
	switch l {
	case tocsin.Informational:
		return 1, "Informational"
	case tocsin.Low:
		return 2, "Low"
	case tocsin.Medium:
		return 3, "Medium"
	case tocsin.High:
		return 4, "High"
	case tocsin.Critical:
		return 5, "Critical"
	}
	return 0, "Unknown"
}

// ocsfAttacks lists a rule's techniques. Tags do not say which technique serves which tactic: with one tactic it is
// said with each technique, with several they stand by themselves.
func ocsfAttacks(r *tocsin.Rule) string {
	tactics, techniques := r.Tactics(), r.Techniques()
	if len(tactics)+len(techniques) == 0 {
		return ""
	}
	var j jsonText
	tactic := func(t tocsin.Tactic) {
		j.key("tactic")
		j.open('{')
		j.strAt("uid", t.ID)
		j.strAt("name", t.Name)
		j.shut('}')
	}
	j.open('[')
	if len(tactics) != 1 || len(techniques) == 0 {
		for _, t := range tactics {
			j.open('{')
			j.strAt("version", tocsin.AttackVersion)
			tactic(t)
			j.shut('}')
		}
	}
	for _, id := range techniques {
		j.open('{')
		j.strAt("version", tocsin.AttackVersion)
		if len(tactics) == 1 {
			tactic(tactics[0])
		}
		parent, _, sub := strings.Cut(id, ".")
		j.key("technique")
		j.open('{')
		j.strAt("uid", parent)
		j.shut('}')
		if sub {
			j.key("sub_technique")
			j.open('{')
			j.strAt("uid", id)
			j.shut('}')
		}
		j.shut('}')
	}
	j.shut(']')
	return string(j.b)
}

// firstOf is the first entity of a kind and role.
func firstOf(all []tocsin.Entity, kind, role string) string {
	for i := range all {
		if all[i].Kind == kind && all[i].Role == role {
			return all[i].Value
		}
	}
	return ""
}

// object writes {"name":value} under a key, unless there is no value.
func (j *jsonText) objectAt(k, name, value string) {
	if value == "" {
		return
	}
	j.key(k)
	j.open('{')
	j.strAt(name, value)
	j.shut('}')
}

func (f *ocsf) evidence(ev *tocsin.Event, all []tocsin.Entity) {
	f.key("evidences")
	f.open('[')
	f.open('{')
	if ev.Host != "" {
		f.key("device")
		f.open('{')
		f.strAt("hostname", ev.Host)
		f.intAt("type_id", 0)
		f.shut('}')
	}
	user := or(firstOf(all, "user", "source"), firstOf(all, "principal", "source"))
	if user != "" {
		f.key("actor")
		f.open('{')
		f.objectAt("user", "name", user)
		f.shut('}')
	}
	f.objectAt("user", "name", firstOf(all, "user", "target"))
	f.process(ev, all)
	f.objectAt("src_endpoint", "ip", firstOf(all, "address", "source"))
	f.objectAt("dst_endpoint", "ip", firstOf(all, "address", "target"))
	if path, sum := firstOf(all, "file", "target"), firstOf(all, "hash", ""); path != "" || sum != "" {
		f.key("file")
		f.open('{')
		f.file(or(path, firstOf(all, "process", "source")), sum)
		f.shut('}')
	}
	f.objectAt("query", "hostname", firstOf(all, "domain", "target"))
	f.objectAt("url", "url_string", firstOf(all, "url", "target"))
	f.fieldsAt("data", ev.Fields)
	f.shut('}')
	f.shut(']')
}

// process is written only with a process id, without which OCSF has no process.
func (f *ocsf) process(ev *tocsin.Event, all []tocsin.Entity) {
	pid, ok := processID(ev)
	if !ok {
		return
	}
	path := firstOf(all, "process", "source")
	f.key("process")
	f.open('{')
	f.intAt("pid", pid)
	f.strAt("name", baseName(path))
	f.strAt("cmd_line", firstOf(all, "command", "source"))
	if path != "" {
		f.key("file")
		f.open('{')
		f.file(path, "")
		f.shut('}')
	}
	f.shut('}')
}

func processID(ev *tocsin.Event) (int64, bool) {
	for _, name := range [...]string{"NewProcessId", "ProcessId", "pid", "SourceProcessId"} {
		if n, ok := number(ev.Text(name)); ok {
			return int64(n), true
		}
	}
	return 0, false
}

// file writes the members of a file object, of which name and type_id are required.
func (f *ocsf) file(path, sum string) {
	f.key("name")
	f.str(or(baseName(path), "unknown"))
	f.strAt("path", path)
	f.intAt("type_id", 0)
	if id := hashID(sum); id != 0 {
		f.key("hashes")
		f.open('[')
		f.open('{')
		f.intAt("algorithm_id", id)
		f.strAt("value", sum)
		f.shut('}')
		f.shut(']')
	}
}

func hashID(sum string) int64 {
	switch len(sum) {
	case 32:
		return 1
	case 40:
		return 2
	case 64:
		return 3
	case 128:
		return 4
	}
	return 0
}

// baseName is what follows the last slash of either kind.
func baseName(path string) string {
	return path[strings.LastIndexAny(path, `/\`)+1:]
}

// observables point at what an analyst pivots on. Type ids are those of OCSF's observable object.
func (f *ocsf) observables(all []tocsin.Entity) {
	f.key("observables")
	f.open('[')
	for _, e := range all {
		var id int64
		var caption, at string
		switch e.Kind {
		case "host":
			id, caption, at = 1, "Hostname", "evidences[0].device.hostname"
		case "domain":
			id, caption, at = 1, "Hostname", "evidences[0].query.hostname"
		case "address":
			id, caption, at = 2, "IP Address", "evidences[0].src_endpoint.ip"
			if e.Role == "target" {
				at = "evidences[0].dst_endpoint.ip"
			}
		case "user", "principal":
			id, caption, at = 4, "User Name", "evidences[0].actor.user.name"
			if e.Role == "target" {
				at = "evidences[0].user.name"
			}
		case "url":
			id, caption, at = 6, "URL String", "evidences[0].url.url_string"
		case "hash":
			id, caption, at = 8, "Hash", "evidences[0].file.hashes[0].value"
		case "process":
			id, caption, at = 9, "Process Name", "evidences[0].process.name"
		case "command":
			id, caption, at = 13, "Command Line", "evidences[0].process.cmd_line"
		case "file":
			id, caption, at = 7, "File Name", "evidences[0].file.name"
			e.Value = or(baseName(e.Value), e.Value)
		default:
			continue
		}
		f.open('{')
		f.strAt("name", at)
		f.intAt("type_id", id)
		f.strAt("type", caption)
		f.strAt("value", e.Value)
		f.shut('}')
	}
	f.shut(']')
}
