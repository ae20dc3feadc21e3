package decode

import (
	"strings"
	"time"
)

// Messages as chat APIs have them: OpenAI Chat Completions and Responses (openai/openai-openapi), Anthropic Messages
// (docs.claude.com/en/api/messages), Gemini contents (ai.google.dev/api), Bedrock Converse, LangChain, and the parts
// of OpenTelemetry's GenAI conventions. They differ in names only: a call has a name, arguments and an id; a result
// has that id and a content.

func isRole(v raw) bool {
	switch v.str() {
	case "system", "developer", "user", "assistant", "tool", "function", "model", "human", "ai":
		return true
	}
	return false
}

func isMessage(m members) bool {
	return isRole(m.first("role", "type")) && m.first("content", "tool_calls", "parts", "function_call") != nil
}

// isMessages says that v is an array of messages, by the first of them.
func isMessages(v raw) bool {
	for e := range v.items() {
		m := e.members()
		return isMessage(m) || isRole(m.get("role")) || isResponseItem(m) || isStep(m)
	}
	return false
}

func isResponseItem(m members) bool {
	return m.get("call_id") != nil && m.first("arguments", "input", "action", "output") != nil
}

// isStep takes an element of a trajectory: a step of an agent (Harbor's ATIF), or an action and what was observed
// (SWE-agent).
func isStep(m members) bool {
	return m.get("step_id") != nil && m.get("source") != nil || m.get("action") != nil && m.get("observation") != nil
}

// bodies are the members under which a log of requests keeps what was sent and what came back.
var bodies = [...]string{"request", "requestBody", "request_body", "input", "body", "RequestBody", "response", "responseBody", "response_body", "output", "ResponseBody"}

// bodyIn is the body that a member of a gateway's record holds: a text of JSON, an object, or one with its headers beside it.
func bodyIn(v raw) raw {
	in := v.embedded()
	if len(in) > 0 && in[0] == '{' {
		m := in.members()
		if body := m.get("body").embedded(); len(body) > 0 && body[0] == '{' && !isBody(m) {
			return body
		}
	}
	return in
}

// isChat takes a message a record, a conversation a record, and bodies of API requests and responses.
func isChat(m members) bool {
	if isBody(m) || isMessage(m) && isRole(m.get("role")) || isResponseItem(m) && strings.HasSuffix(m.str("type"), "_call") {
		return true
	}
	for _, k := range bodies {
		if v := m.get(k); len(v) > 2 && (v[0] == '{' || v[0] == '"' && v[1] == '{') && isBody(bodyIn(v).members()) {
			return true
		}
	}
	return false
}

func isBody(m members) bool {
	if isMessages(m.get("messages")) || isMessages(m.get("conversation")) || isMessages(m.get("contents")) || isMessages(m.get("history")) || isMessages(m.get("steps")) || isMessages(m.get("trajectory")) {
		return true
	}
	if m.get("model") == nil {
		return false
	}
	if isMessages(m.get("input")) || isMessages(m.get("output")) || m.str("type") == "message" && isRole(m.get("role")) {
		return true
	}
	for e := range m.get("choices").items() {
		return e.members().first("message", "delta") != nil
	}
	return false
}

// chat reads a record of isChat.
func (d *agentLog) chat(m members) {
	if isMessage(m) && isRole(m.get("role")) && m.get("messages") == nil {
		// A message a record: the log is the conversation, and what one record says of its session holds on.
		d.describe(m)
		d.message(m)
		return
	}
	d.turn = turn{format: d.turn.format}
	d.before = time.Time{} // a conversation a record: what the one before said of its time says nothing of this one's
	d.describe(m)
	own := d.turn.time
	read := d.body(m)
	d.judged(m)
	for _, k := range bodies {
		if in := bodyIn(m.get(k)); in != nil && !(read && in[0] == '[') {
			body := in.members()
			d.describe(body)
			if !own.IsZero() { // the gateway's own stamp, not that of the answer in it
				d.turn.time = own
			}
			d.body(body)
			d.judged(body)
		}
	}
	if !read && isResponseItem(m) {
		d.part(m)
	}
	d.scope = ""
}

// describe notes what a record says of its session. The session scopes ids.
func (d *agentLog) describe(m members) {
	d.whose(m)
	set(&d.turn.client, m.str("requester_ip_address", "client_ip", "ip_address", "remote_ip"))
	if v := m.first("metadata", "Metadata", "request_properties").embedded(); v != nil {
		about := v.members()
		for _, k := range principalNames {
			if name := about.str(k); name != "" && !isCallID(name) {
				d.identify(name, strings.Contains(k, "key"))
				break
			}
		}
		if d.turn.session == "" {
			set(&d.turn.session, doer(about.str, sessionNames))
		}
		d.headers(about.get("headers"))
		if d.turn.client == "" {
			set(&d.turn.client, about.str("requester_ip_address", "client_ip"))
		}
	}
	d.headers(m.first("headers", "request_headers", "requestHeaders"))
	d.headers(m.at("proxy_server_request", "headers"))
	d.headers(m.at("request", "headers"))
	d.headers(m.get("RequestHeaders"))
	set(&d.turn.model, m.str("model", "model_name", "modelVersion"))
	if a := m.get("agent"); len(a) > 0 && a[0] == '{' {
		a := a.members()
		set(&d.turn.agent, a.str("name"))
		set(&d.turn.model, a.str("model_name", "model"))
	}
	set(&d.turn.cwd, m.str("cwd", "working_directory"))
	d.stamp(m)
	d.scope = d.turn.session
}

// body reads the conversation in a record, and reports whether there is one.
func (d *agentLog) body(m members) bool {
	read := false
	at := d.turn.time
	for _, k := range [...]string{"messages", "conversation", "history", "contents", "steps", "trajectory", "input", "output"} {
		v := m.get(k)
		if !isMessages(v) || k == "history" && m.get("trajectory") != nil { // SWE-agent has both, of the same calls
			continue
		}
		if !read {
			d.calls.begin(d.scope)
		}
		read = true
		for e := range v.items() {
			e := e.members()
			d.turn.time = at
			d.stamp(e)
			if e.get("role") == nil && isResponseItem(e) {
				d.part(e)
			} else {
				d.message(e)
			}
		}
	}
	for _, k := range [...]string{"choices", "candidates"} {
		for e := range m.get(k).items() {
			e := e.members()
			if msg := e.first("message", "content"); msg != nil {
				d.message(msg.members())
				read = true
			}
		}
	}
	if !read && isMessage(m) { // the body of an answer of the Messages API is a message itself
		d.message(m)
		read = true
	}
	return read
}

// message reads the calls and results in one message.
func (d *agentLog) message(m members) {
	if m.get("role") != nil {
		d.stamp(m)
	}
	for e := range m.get("tool_calls").items() {
		d.part(e.members())
	}
	if fn := m.get("function_call"); fn != nil {
		fn := fn.members()
		d.call("function "+fn.str("name"), fn.str("name"), "", fn.get("arguments"))
	}
	for e := range m.at("observation", "results").items() {
		e := e.members()
		d.answer(e.str("source_call_id"), d.result(e))
	}
	if action := m.get("action"); len(action) > 2 && action[0] == '"' && m.get("observation") != nil {
		d.call("", "action", "", jsonObject("command", action))
		d.answer("", answer{result: m.str("observation"), time: d.turn.time})
	}
	role := m.str("role", "type")
	content := m.first("content", "parts")
	switch role {
	case "tool", "toolResult":
		if id := m.str("tool_call_id", "toolCallId", "tool_use_id", "call_id", "id"); id != "" {
			d.answer(id, d.result(m))
			return
		}
	case "function":
		d.answer("function "+m.str("name"), d.result(m))
		return
	case "user", "human", "system", "developer":
		d.prompted(content)
		if role[0] != 's' && role[0] != 'd' && len(content) > 0 && content[0] == '"' {
			d.calls.link(text(content))
		}
	}
	for e := range content.items() {
		d.part(e.members())
	}
	if parts := m.get("parts"); parts != nil && m.get("content") != nil {
		for e := range parts.items() {
			d.part(e.members())
		}
	}
}

// part reads one element of a message: a call, a result, both at once or neither.
func (d *agentLog) part(m members) {
	kind := m.str("type")
	for _, k := range [...]string{"functionCall", "toolUse", "function_call"} {
		if v := m.get(k); v != nil {
			m, kind = v.members(), "tool_call"
		}
	}
	for _, k := range [...]string{"functionResponse", "toolResult", "function_response"} {
		if v := m.get(k); v != nil && kind != "toolResponse" {
			m, kind = v.members(), "tool_result"
		}
	}
	if v := m.first("function", "custom"); v != nil && kind != "tool_result" { // OpenAI's tool_calls
		fn := v.members()
		if v[0] == '"' { // as Inspect writes them
			fn = append(members{{"name", v}}, m...)
		}
		d.call(callID(m), fn.str("name"), "", fn.first("arguments", "input"))
		return
	}
	if v := m.get("toolCall"); v != nil && kind == "toolRequest" { // Goose
		v := v.at("value").members()
		d.call(callID(m), v.str("name"), "", v.get("arguments"))
		return
	}
	if v := m.get("toolResult"); v != nil && kind == "toolResponse" {
		v := v.members()
		a := d.result(v)
		a.result = contentText(v.first("value", "error"), 0)
		d.answer(callID(m), a)
		return
	}
	kind = strings.ReplaceAll(kind, "-", "_")
	if kind == "toolCall" {
		kind = "tool_call"
	}
	switch {
	case strings.HasSuffix(kind, "tool_result"), strings.HasSuffix(kind, "_call_output"), kind == "tool_call_response":
		id := callID(m)
		if id == "" {
			id = m.str("name")
		}
		d.answer(id, d.result(m))
	case strings.HasSuffix(kind, "tool_use"), strings.HasSuffix(kind, "_call"), kind == "" && m.first("name", "function_name", "toolName") != nil && m.first("args", "arguments") != nil:
		id := callID(m)
		name := m.str("name", "function_name", "toolName", "tool_name", "tool")
		if id == "" {
			id = name // Gemini's parts have no id: name joins
		}
		if name == "" {
			name = strings.TrimSuffix(kind, "_call") // local_shell, shell, apply_patch, code_interpreter, web_search …
		}
		args := m.first("input", "arguments", "args", "action", "operation", "parameters", "params")
		if args == nil {
			if code := m.get("code"); code != nil {
				args = append(append(raw(`{"code":`), code...), '}')
			}
		}
		d.call(id, name, m.str("server_name", "server_label"), args)
		if m.first("output", "outputs", "error") != nil { // run by the provider: mcp_call, code_interpreter_call
			d.answer(id, d.result(m))
		}
	}
}

func callID(m members) string {
	return m.str("call_id", "tool_use_id", "toolUseId", "tool_call_id", "toolCallId", "callID", "id")
}

// result reads what came back from a tool, and whether it says that it failed.
func (d *agentLog) result(m members) answer {
	a := answer{time: d.turn.time}
	v := m.first("content", "output", "result", "response", "outputs", "tool_result", "tool_response")
	if e := m.get("error"); e != nil && (v == nil || e.text() != "") {
		if e.text() != "false" {
			a.failed = "true"
		}
		if v == nil {
			v = e
		}
	}
	a.result = contentText(v, 0)
	switch m.str("is_error", "isError") {
	case "true":
		a.failed = "true"
	case "false":
		a.failed = "false"
	}
	switch m.str("success", "status") {
	case "true", "completed", "success", "ok":
		a.failed = "false"
	case "false", "error", "failed", "failure", "incomplete":
		a.failed = "true"
	}
	a.outcome(v)
	return a
}

// outcome finds the exit status that a shell tool put into its result where that is an object.
func (a *answer) outcome(v raw) {
	if in := v.embedded(); len(in) > 0 && in[0] == '{' {
		m := in.members()
		if meta := m.get("metadata"); meta != nil {
			m = append(m, meta.members()...)
		}
		a.exit = m.str("exit_code", "exitCode", "returncode", "return_code", "exit_status")
		if secs := m.str("duration_seconds"); secs != "" {
			if t, err := time.ParseDuration(secs + "s"); err == nil {
				a.duration = t
			}
		}
		if out := m.get("output"); out != nil && out[0] == '"' && m.get("metadata") != nil {
			a.result = out.str() // Codex wraps what the tool wrote
		}
	}
}

// exitText finds the exit status in the text of a shell tool's result: a line near its beginning or its end ("Process
// exited with code 1", "Exit code 1", "<exited with exit code 0>").
func exitText(result string) string {
	for _, s := range [...]string{result[:min(len(result), 400)], result[max(0, len(result)-200):]} {
		for _, mark := range [...]string{"xited with code ", "xited with exit code ", "xit code: ", "xit Code: ", "Exit code ", "<returncode>"} {
			i := strings.Index(s, mark)
			if i < 0 {
				continue
			}
			digits := s[i+len(mark):]
			n := 0
			for n < len(digits) && n < 5 && (digits[n] >= '0' && digits[n] <= '9' || n == 0 && digits[n] == '-') {
				n++
			}
			if n > 0 {
				return digits[:n]
			}
		}
	}
	return ""
}

// contentText gives the text of a content: a string, text blocks one below the other, or JSON as it stands.
func contentText(v raw, depth int) string {
	if len(v) == 0 {
		return ""
	}
	if depth > 4 {
		return text(v)
	}
	if v[0] == '{' {
		m := v.members()
		if t := m.get("text"); len(t) > 0 && t[0] == '"' {
			return t.str()
		}
		if m.str("type") == "image" || m.str("type") == "input_image" {
			return "[image]"
		}
		if c := m.get("content"); c != nil {
			return contentText(c, depth+1)
		}
		return text(v)
	}
	if v[0] != '[' {
		return v.str()
	}
	var parts []string
	for e := range v.items() {
		parts = append(parts, contentText(e, depth+1))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return strings.Join(parts, "\n")
}
