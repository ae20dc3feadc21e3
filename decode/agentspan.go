package decode

import (
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// OpenTelemetry: OTLP as JSON (opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), a span or a log record a
// line, and what the GenAI conventions (github.com/open-telemetry/semantic-conventions-genai), MCP's, Claude Code,
// Codex, Gemini CLI, OpenLLMetry and OpenInference put into their attributes.

// isOTLP takes an export of spans or log records, and single ones with GenAI attributes.
func isOTLP(m members) bool {
	if m.first("resourceSpans", "resourceLogs") != nil {
		return true
	}
	attrs := m.first("attributes", "Attributes", "tags")
	if attrs == nil || m.first("name", "body", "Name", "Body", "operationName", "eventName", "event_name", "timeUnixNano", "observedTimeUnixNano") == nil {
		return false
	}
	for _, a := range attributes(attrs) {
		if strings.HasPrefix(a.key, "gen_ai.") || strings.HasPrefix(a.key, "mcp.") || strings.HasPrefix(a.key, "traceloop.") || a.key == "openinference.span.kind" {
			return true
		}
		switch v := a.val.str(); a.key {
		case "event.name":
			return agentOf(v) != "" || strings.HasPrefix(v, "tool_")
		}
	}
	return agentOf(m.str("name", "body", "eventName", "event_name")) != ""
}

// attributes returns the attributes of a span or record, which OTLP writes as [{key,value:{stringValue}}] and
// everybody else as an object.
func attributes(v raw) members {
	if len(v) > 0 && v[0] == '{' {
		return v.members()
	}
	var all members
	for e := range v.items() {
		if e := e.members(); len(all) < maxFields {
			v := e.get("value")
			if v.at("kvlistValue") != nil || v.at("arrayValue") != nil {
				v = nestedValue(nil, v, 0)
			}
			all = append(all, member{e.str("key"), plainValue(v)})
		}
	}
	return all
}

// nestedValue writes OTLP's lists and objects as JSON has them.
func nestedValue(o, v raw, depth int) raw {
	if list := v.get("kvlistValue"); list != nil && depth < maxWireDepth {
		o = append(o, '{')
		n := 0
		for e := range list.get("values").items() {
			if n++; n > 1 {
				o = append(o, ',')
			}
			if key := e.get("key"); len(key) > 0 && key[0] == '"' {
				o = append(append(o, key...), ':')
			} else {
				o = append(o, `"":`...)
			}
			o = nestedValue(o, e.get("value"), depth+1)
		}
		return append(o, '}')
	}
	if list := v.get("arrayValue"); list != nil && depth < maxWireDepth {
		o = append(o, '[')
		n := 0
		for e := range list.get("values").items() {
			if n++; n > 1 {
				o = append(o, ',')
			}
			o = nestedValue(o, e, depth+1)
		}
		return append(o, ']')
	}
	if v = plainValue(v); v == nil || v[0] == '{' || v[0] == '[' {
		return append(o, "null"...)
	}
	return append(o, v...)
}

// plainValue takes OTLP's type off a value: {"stringValue":"x"}.
func plainValue(v raw) raw {
	if len(v) > 0 && v[0] == '{' {
		for _, m := range v.members() {
			switch m.key {
			case "stringValue", "intValue", "doubleValue", "boolValue", "bytesValue", "arrayValue", "kvlistValue", "value":
				return m.val
			}
		}
	}
	return v
}

// agentOf names the agent that an event's name begins with.
func agentOf(event string) string {
	switch prefix, _, _ := strings.Cut(event, "."); prefix {
	case "claude_code":
		return "claude-code"
	case "codex":
		return "codex"
	case "gemini_cli":
		return "gemini-cli"
	}
	return ""
}

// otlp reads an export, or one span or record.
func (d *agentLog) otlp(m members) {
	d.scope = ""
	exported := false
	for _, k := range [...][3]string{{"resourceSpans", "scopeSpans", "spans"}, {"resourceLogs", "scopeLogs", "logRecords"}} {
		for r := range m.get(k[0]).items() {
			exported = true
			r := r.members()
			about := attributes(r.at("resource", "attributes"))
			for s := range r.first(k[1], "instrumentationLibrarySpans").items() {
				for e := range s.members().get(k[2]).items() {
					d.span(e, about)
				}
			}
		}
	}
	if !exported {
		d.span(d.doc, attributes(m.at("resource", "attributes")))
	}
}

// span reads a span or log record: the tool calls in it or, where it is about something else, an event of its own.
func (d *agentLog) span(v raw, about members) {
	m := v.members()
	attr := attributes(m.first("attributes", "Attributes", "tags"))
	body := plainValue(m.get("body"))
	if len(body) > 0 && body[0] == '{' && m.at("body", "kvlistValue") != nil {
		body = nestedValue(nil, m.get("body"), 0)
	}
	name := attr.str("event.name")
	if name == "" {
		name = m.str("eventName", "event_name", "name", "Name", "operationName")
	}
	if name == "" {
		name = body.str()
	}
	t := &d.turn
	*t = turn{format: t.format, time: spanTime(m, d.opt, "startTimeUnixNano", "start_time", "startTime", "timeUnixNano", "hrTime", "timestamp", "Timestamp", "time", "observedTimeUnixNano", "hrTimeObserved")}
	if t.time.IsZero() {
		t.time = spanTime(attr, d.opt, "event.timestamp", "timestamp")
	}
	set(&t.agent, agentOf(name))
	set(&t.agent, agentOf(body.str()))
	set(&t.agent, attr.str("gen_ai.agent.name"))
	if t.agent == "" {
		set(&t.agent, strings.TrimSuffix(about.str("service.name"), "_exec"))
	}
	set(&t.version, attr.str("gen_ai.agent.version", "app.version"))
	set(&t.session, attr.str(spanSessions...))
	if t.session == "" {
		set(&t.session, about.str(spanSessions...))
	}
	if t.session == "" {
		set(&t.session, m.str("traceId", "trace_id", "TraceId"))
	}
	if t.session == "" {
		set(&t.session, m.at("context", "trace_id").str())
	}
	for _, list := range [...]members{attr, about} {
		for _, k := range spanAccounts {
			d.identify(list.str(k), true)
		}
	}
	for _, list := range [...]members{attr, about} {
		for _, k := range spanUsers {
			if t.principal == "" {
				d.identify(list.str(k), false)
			}
		}
	}
	set(&t.subagent, attr.str("agent_id", "gen_ai.agent.id", "anthropic.session.thread.id"))
	set(&t.cwd, attr.str("cwd", "process.working_directory"))
	if t.cwd == "" {
		set(&t.cwd, about.str("cwd", "process.working_directory"))
	}
	set(&t.model, attr.str("gen_ai.response.model", "gen_ai.request.model", "model"))
	read := false
	if tool, args := attr.str("gen_ai.tool.name", "tool_name", "traceloop.entity.name", "tool.name", "function_name", "name"), spanArguments(attr); isToolSpan(name, attr) {
		read = true
		d.toolSpan(m, attr, tool, args)
	}
	for _, k := range [...]string{"gen_ai.input.messages", "gen_ai.output.messages"} {
		if msgs := attr.get(k).embedded(); msgs != nil {
			read = true
			for e := range msgs.items() {
				d.spanMessage(e.members())
			}
		}
	}
	if d.indexed(attr) {
		read = true
	}
	if strings.HasSuffix(name, "api_request_body") || strings.HasSuffix(name, "api_response_body") {
		if v := attr.get("body"); v != nil {
			in := raw(v.str()) // may be cut off: what there is of it is read
			if len(in) > 0 && in[0] == '{' {
				read = true
				d.scope = t.session
				d.body(in.members())
				d.judged(in.members())
				d.scope = ""
			}
		}
	}
	for e := range m.get("events").items() {
		e := e.members()
		ea := attributes(e.get("attributes"))
		if d.oldMessage(e.str("name"), ea) {
			read = true
		}
		for _, k := range [...]string{"gen_ai.input.messages", "gen_ai.output.messages"} {
			for e := range ea.get(k).embedded().items() {
				read = true
				d.spanMessage(e.members())
			}
		}
	}
	// Until version 1.36 of the conventions each message was an event of its own, with the message as its body.
	if !read && strings.HasPrefix(name, "gen_ai.") && len(body) > 0 && body[0] == '{' {
		read = true
		b := body.members()
		if msg := b.get("message"); msg != nil {
			b = msg.members()
		}
		for e := range b.get("tool_calls").items() {
			d.part(e.members())
		}
		if name == "gen_ai.tool.message" {
			d.answer(callID(b), d.result(b))
		}
	}
	if d.spanVerdict(v, attr, name, m.at("status")) {
		read = true
	}
	if !read {
		d.plainSpan(v, m, attr, about, name)
	}
}

// Attributes that name the session; the account, which was proved; and what a client or an installation calls its user.
var (
	spanSessions = []string{"gen_ai.conversation.id", "session.id", "conversation.id", "anthropic.session.id", "mcp.session.id", "traceloop.association.properties.session_id", "langfuse.session.id"}
	spanAccounts = []string{"user.email", "user.account_uuid", "user.account_id", "anthropic.user_profile.id", "anthropic.api_key.id", "enduser.id"}
	spanUsers    = []string{"user.id", "langfuse.user.id", "traceloop.association.properties.user_id", "gen_ai.user.id"}
)

// spanVerdict finds what the provider said of the request that a span or record is about.
func (d *agentLog) spanVerdict(v raw, attr members, name string, status raw) bool {
	id := attr.str("request_id", "anthropic.request.id", "gen_ai.response.id")
	category := attr.str("category", "anthropic.message.stop_details.category", "stop_details.category")
	if d.found(v, "event", name, category, id) || d.found(v, "stop", attr.str("stop_reason", "anthropic.message.stop_reason"), category, id) {
		return true
	}
	reasons := attr.get("gen_ai.response.finish_reasons").embedded()
	for e := range reasons.items() {
		if d.found(v, "finish", e.str(), category, id) {
			return true
		}
	}
	for _, k := range [...]string{"error.type", "error_code", "error.code", "exception.type"} {
		if d.found(v, "error", attr.str(k), "", id) {
			return true
		}
	}
	return d.found(v, "error", status.get("message").str(), "", id)
}

// spanTime returns the first of some members that is a stamp.
func spanTime(m members, o Options, keys ...string) time.Time {
	for _, k := range keys {
		if t, ok := stampOf(m.get(k), o); ok {
			return t
		}
	}
	return time.Time{}
}

// isToolSpan says that a span or record is about one tool call that was made.
func isToolSpan(name string, attr members) bool {
	switch attr.str("gen_ai.operation.name") {
	case "execute_tool":
		return true
	case "":
	default:
		return false
	}
	switch name {
	case "claude_code.tool_result", "tool_result", "codex.tool_result", "gemini_cli.tool_call", "claude_code.tool":
		return attr.first("tool_name", "function_name") != nil
	}
	switch {
	case strings.HasPrefix(name, "execute_tool "), strings.HasPrefix(name, "anthropic.tool_use "), attr.str("mcp.method.name") == "tools/call", attr.str("traceloop.span.kind") == "tool", attr.str("openinference.span.kind") == "TOOL":
		return true
	}
	return attr.get("gen_ai.tool.call.id") != nil && attr.get("gen_ai.tool.name") != nil
}

// spanArguments returns what a tool was called with, nil where the exporter was not told to say.
func spanArguments(attr members) raw {
	// Of the two that Claude Code writes the one is a digest: for a shell it has the command twice, for other tools less.
	if in, about := attr.get("tool_input"), attr.get("tool_parameters"); in != nil && about != nil && command(about.embedded(), 0) == "" {
		return in
	}
	if v := attr.first("gen_ai.tool.call.arguments", "tool_parameters", "tool_input", "arguments", "function_args", "traceloop.entity.input", "input.value", "tool.parameters"); v != nil {
		return v
	}
	return jsonObject("command", attr.first("full_command", "bash_command", "command"))
}

func (d *agentLog) toolSpan(m, attr members, tool string, args raw) {
	id := attr.str("gen_ai.tool.call.id", "call_id", "tool_use_id", "tool_call.id", "jsonrpc.request.id")
	if id == "" {
		id = m.str("spanId", "span_id", "SpanId")
	}
	if id == "" {
		id = m.at("context", "span_id").str()
	}
	server := attr.str("mcp.server.name", "mcp_server_name", "mcp_server", "server.address")
	if about := attr.get("tool_parameters").embedded().members(); about != nil {
		if server == "" {
			server = about.str("mcp_server_name")
		}
		if name := about.str("mcp_tool_name"); name != "" {
			tool = name
		}
	}
	for e := range m.get("events").items() { // Claude Code's traces with OTEL_LOG_TOOL_CONTENT
		if e := e.members(); e.str("name") == "tool.output" {
			ea := attributes(e.get("attributes"))
			if in := ea.first("input", "tool_input", "bash_command"); in != nil {
				if args = in; in.embedded() == nil {
					args = jsonObject("command", in)
				}
			}
			if attr.first("gen_ai.tool.call.result", "output") == nil {
				if out := ea.first("output", "content", "result"); out != nil {
					attr = append(attr[:len(attr):len(attr)], member{"output", out})
				}
			}
		}
	}
	if tool == "" {
		_, tool, _ = strings.Cut(m.str("name", "Name"), " ")
	}
	start := d.turn.time
	end := spanTime(m, d.opt, "endTimeUnixNano", "end_time", "endTime")
	a := answer{time: end, duration: max(0, end.Sub(start)), result: contentText(plainValue(attr.first("gen_ai.tool.call.result", "output", "tool_result", "traceloop.entity.output", "output.value", "anthropic.tool_result.content", "result")), 0)}
	for _, k := range [...]string{"duration_ms", "duration"} {
		if ms, err := time.ParseDuration(attr.str(k) + "ms"); err == nil {
			a.duration = ms
			a.late = end.IsZero() // a log record is written when the call is over
			break
		}
	}
	switch attr.str("success") {
	case "true":
		a.failed = "false"
	case "false":
		a.failed = "true"
	}
	if code := m.at("status", "code").str() + m.at("status", "status_code").str(); code == "2" || code == "STATUS_CODE_ERROR" || code == "ERROR" || attr.str("error.type") != "" {
		a.failed = "true"
	}
	if a.result == "" {
		a.result = attr.str("error", "error.message", "error.type")
	}
	a.outcome(attr.first("gen_ai.tool.call.result", "output"))
	if !d.calls.known(d.scope, id) { // else the model's message with the call was exported first
		d.call(id, tool, server, args)
	}
	d.answer(id, a)
}

// spanMessage reads a message of gen_ai.input.messages or output.messages: role and parts.
func (d *agentLog) spanMessage(m members) {
	if role := m.str("role"); role == "user" || role == "system" {
		d.prompted(m.first("parts", "content"))
	}
	for p := range m.first("parts", "content").items() {
		p := p.members()
		switch p.str("type") {
		case "tool_call":
			if id := callID(p); !d.calls.known(d.scope, id) {
				d.call(id, p.str("name"), "", p.first("arguments", "input"))
			}
		case "tool_call_response":
			d.answer(callID(p), d.result(p))
		}
	}
}

// plainSpan emits a span or log record that is no tool call as an event under the names of its attributes.
func (d *agentLog) plainSpan(v raw, m, attr, about members, name string) {
	d.ev = tocsin.Event{Time: d.turn.time, Source: d.rec.Source, Record: d.record(v), Format: "otlp", Sources: telemetrySources, Raw: text(v), Fields: d.ev.Fields[:0]}
	ev := &d.ev
	ev.Host = about.str("host.name", "k8s.node.name", "service.instance.id")
	body := plainValue(m.get("body"))
	if name != body.str() {
		ev.Add("name", name)
	}
	ev.Add("message", contentText(body, 0))
	ev.Add("severity", m.str("severityText"))
	ev.Add("trace_id", m.str("traceId", "trace_id"))
	ev.Add("span_id", m.str("spanId", "span_id"))
	for _, list := range [...]members{attr, about} {
		for _, a := range list {
			if s := a.val.text(); s != "" {
				ev.Fields = append(ev.Fields, tocsin.Field{Name: a.key, Value: s})
			}
		}
	}
	if d.nest == nil {
		d.nest = &nest{opt: d.opt}
	}
	if line := body.str(); line != "" { // a log file's line, shipped
		d.nest.unwrap(&d.rec, ev, line, "message")
	}
	d.emit(ev)
}

var telemetrySources = []tocsin.LogSource{{Product: "opentelemetry"}}
