package decode

import "time"

// isTrace takes logs of events that name their kind: "tool_call" or "tool_use", and "tool_result", as harnesses and
// stream-json outputs write them.
func isTrace(m members) bool {
	switch m.str("event", "type", "kind", "event_type") {
	case "tool_call", "tool_use", "tool_start", "tool_result", "tool_output", "tool_end":
		return m.first("tool_call_id", "tool_id", "call_id", "tool_use_id", "id", "tool_name", "tool") != nil
	case "llm_call", "history_append", "configuration", "init":
		return m.first("timestamp", "time", "ts") != nil && m.first("agent", "model", "session_id") != nil
	}
	return m.str("run_type") == "tool" && m.get("inputs") != nil || m.str("type") == "TOOL" && m.get("traceId") != nil
}

func (d *agentLog) trace(m members) {
	t := &d.turn
	d.whose(m)
	set(&t.model, m.str("model"))
	set(&t.cwd, m.str("cwd"))
	if !d.stamp(m) {
		t.time = time.Time{}
	}
	if m.str("type") == "TOOL" { // Langfuse: an observation is a call and its result
		t.time = spanTime(m, d.opt, "startTime")
		d.call(m.str("id"), m.str("name"), "", m.get("input"))
		a := d.result(m)
		a.time = spanTime(m, d.opt, "endTime")
		d.answer(m.str("id"), a)
		return
	}
	if in := m.get("inputs"); in != nil { // LangSmith: a run is a call and its result
		t.time = spanTime(m, d.opt, "start_time")
		d.call(m.str("id"), m.str("name"), "", in)
		a := d.result(m)
		if out := m.get("outputs"); out != nil {
			if a.result = contentText(out.members().first("output", "content", "result"), 0); a.result == "" {
				a.result = out.text()
			}
		}
		a.time = spanTime(m, d.opt, "end_time")
		d.answer(m.str("id"), a)
		return
	}
	id := m.str("tool_call_id", "call_id", "tool_use_id", "tool_id", "id")
	switch m.str("event", "type", "kind", "event_type") {
	case "tool_call", "tool_use", "tool_start":
		name := m.str("tool_name", "name", "tool")
		d.call(id, name, m.str("server", "server_name", "mcp_server"), m.first("params", "parameters", "arguments", "input", "args", "tool_input"))
		if m.first("result", "output", "tool_output") != nil {
			d.answer(id, d.result(m))
		}
	case "tool_result", "tool_output", "tool_end":
		d.answer(id, d.result(m))
	}
}

// isOpenHands takes the events of OpenHands: actions, and observations that say which action caused them.
// https://docs.openhands.dev/openhands/usage/architecture/backend
func isOpenHands(m members) bool {
	if src := m.str("source"); src != "agent" && src != "user" && src != "environment" {
		return false
	}
	args := m.get("args")
	return m.str("action") != "" && len(args) > 0 && args[0] == '{' || m.str("observation") != "" && m.get("cause") != nil
}

func (d *agentLog) openHands(m members) {
	d.turn.agent = "openhands"
	if !d.stamp(m) {
		d.turn.time = time.Time{}
	}
	switch action := m.str("action"); action {
	case "":
		a := d.result(m)
		extras := m.get("extras").members()
		if a.exit = extras.at("metadata", "exit_code").str(); a.exit == "" {
			a.exit = extras.str("exit_code")
		}
		d.answer(m.str("cause"), a)
	case "message", "system", "change_agent_state", "recall", "think", "finish", "condensation", "null", "task_tracking":
	default:
		d.call(m.str("id"), action, "", m.get("args"))
	}
}

// isInspect takes the logs of Inspect (inspect.aisi.org.uk/eval-logs.html): one JSON document, or the samples that are the
// members of an .eval archive.
func isInspect(m members) bool {
	if m.get("eval") != nil && m.get("samples") != nil {
		return true
	}
	return m.get("epoch") != nil && m.get("id") != nil && isMessages(m.get("messages"))
}

func (d *agentLog) inspect(m members) {
	if m.get("samples") == nil {
		d.inspectSample(m, "")
		return
	}
	for e := range m.get("samples").items() {
		d.inspectSample(e.members(), m.at("eval", "run_id").str())
	}
}

// inspectSample reads one sample, which is a conversation of its own.
func (d *agentLog) inspectSample(m members, run string) {
	name := m.str("uuid")
	if name == "" {
		name = m.str("id") + "/" + m.str("epoch")
	}
	d.turn, d.before = turn{format: d.turn.format, session: name, run: run}, time.Time{}
	d.describe(m)
	d.scope = name
	d.body(m)
	d.scope = ""
}
