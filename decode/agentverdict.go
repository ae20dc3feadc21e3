package decode

import (
	_ "embed"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/tsv"
)

// Providers of models refuse requests, report violations of their policies and act against accounts. Each such verdict that a
// log holds is an event of its own (product ai_agent, category provider_verdict), with the names of whom it is about as calls
// have them, and the fields verdict (refusal, policy, enforcement, access), category and, of access, level.

//go:embed verdicts.tsv
var verdictText string

type providerVerdict struct{ kind, category string }

// providerWords are known by where a word stands and the word.
var providerWords = readVerdicts(verdictText)

// readVerdicts reads the rows.
func readVerdicts(text string) map[[2]string]providerVerdict {
	all := map[[2]string]providerVerdict{}
	for _, c := range tsv.Rows("verdicts.tsv", text, 4) {
		all[[2]string{c[0], c[1]}] = providerVerdict{c[2], c[3]}
	}
	return all
}

var verdictSources = []tocsin.LogSource{{Product: "ai_agent", Category: "provider_verdict"}}

// found emits a verdict that part v of a record tells, once for each id of an answer.
func (d *agentLog) found(v raw, where, word, category, id string) bool {
	x, ok := providerWords[[2]string{where, word}]
	if !ok {
		return false
	}
	if x.category != "" {
		category = x.category
	}
	d.verdict(v, x.kind, category, "", id)
	return true
}

func (d *agentLog) verdict(v raw, kind, category, level, id string) {
	t := &d.turn
	if id != "" && !d.calls.fresh(d.calls.sum("verdict", kind, id)) {
		return
	}
	d.ev = tocsin.Event{Time: t.time, Source: d.rec.Source, Record: d.record(v), Format: t.format, Sources: verdictSources, Raw: text(v), Fields: d.ev.Fields[:0]}
	ev := &d.ev
	if ev.Time.IsZero() && !d.before.IsZero() {
		ev.Time = d.before
		ev.Guessed = d.opt.basis.of(ev.Time) | 1<<GuessStamp
	}
	ev.Add("agent", t.agent)
	ev.Add("session", t.session)
	ev.Add("parent_session", t.parent)
	ev.Add("run", t.run)
	ev.Add("principal", t.principal)
	ev.Add("account", t.account)
	ev.Add("model", t.model)
	ev.Add("cwd", t.cwd)
	ev.Add("verdict", kind)
	ev.Add("category", category)
	ev.Add("level", level)
	ev.Add("request_id", id)
	d.emit(ev)
}

// judged finds the verdicts in an answer of an API, or in what an agent logs of one.
func (d *agentLog) judged(m members) {
	id := m.str("id", "request_id", "requestId")
	if stop := m.get("stop_reason"); stop != nil {
		d.found(stop, "stop", stop.str(), m.at("stop_details", "category").str(), id)
	}
	for _, k := range [...]string{"error", "codex_error_info", "incomplete_details"} {
		e := m.get(k)
		if e == nil {
			continue
		}
		if e[0] == '"' {
			if in := e.embedded(); in != nil {
				e = in
			} else {
				d.found(e, "error", e.str(), "", id)
				continue
			}
		}
		x := e.members()
		if in := x.get("error"); in != nil && in[0] == '{' { // as HTTP bodies have it
			x = in.members()
		}
		for _, k := range [...]string{"code", "type", "reason", "codex_error_info"} {
			if d.found(e, "error", x.str(k), "", id) {
				break
			}
		}
	}
	if level := m.at("access_programs", "cyber"); level != nil {
		word := level.str()
		if word == "" {
			word = level.members().str("level", "effective_level", "status")
		}
		if word != "" {
			d.verdict(level, "access", "cyber", word, id)
		}
	}
}

// isWebhook takes what a provider tells an organisation of accounts: an event of a kind that is a verdict.
func isWebhook(m members) bool {
	_, ok := providerWords[[2]string{"event", webhookKind(m)}]
	return ok
}

func webhookKind(m members) string {
	if k := m.at("data", "type").str(); k != "" {
		return k
	}
	return m.str("type", "event", "event_type")
}

func (d *agentLog) webhook(m members) {
	d.turn = turn{format: d.turn.format}
	d.stamp(m)
	data := m.get("data").members()
	if in := m.at("data", "object"); in != nil {
		data = append(data, in.members()...)
	}
	if d.turn.time.IsZero() {
		d.stamp(data)
	}
	d.identify(append(data, m...).str("user_profile_id", "profile_id"), true)
	if d.turn.principal == "" {
		if id := append(data, m...).str("id"); strings.HasPrefix(id, "uprof_") {
			d.identify(id, true)
		}
	}
	d.identify(data.str("account_uuid", "account_id", "external_id"), true)
	d.found(d.doc, "event", webhookKind(m), "", append(data, m...).str("enforcement_action_id"))
}
