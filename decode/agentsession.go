package decode

import (
	"strings"
	"time"
)

// The session logs of coding agents. Their vendors call most of these formats internal, so each is recognised by the
// members that make it that log, and everything else in it may change.

// isClaudeCode takes ~/.claude/projects/*/*.jsonl and the stream-json output of claude -p.
func isClaudeCode(m members) bool {
	switch m.str("type") {
	case "assistant", "user", "system", "progress", "attachment", "queue-operation", "result":
		return m.first("sessionId", "session_id") != nil && m.first("uuid", "message", "parentUuid", "operation", "subtype") != nil
	case "file-history-snapshot":
		return m.get("snapshot") != nil
	case "summary":
		return m.get("leafUuid") != nil
	}
	return false
}

func (d *agentLog) claudeCode(m members) {
	t := &d.turn
	t.agent = "claude-code"
	set(&t.session, m.str("sessionId", "session_id"))
	set(&t.cwd, m.str("cwd"))
	set(&t.version, m.str("version", "claude_code_version"))
	set(&t.mode, m.str("permissionMode"))
	d.stamp(m)
	set(&t.model, m.str("model"))
	sub := m.str("agentId")
	msg := m.get("message").members()
	if data := m.get("data").members(); data != nil { // a sub-agent's message, told as progress of its parent
		inner := data.get("message").members()
		d.stamp(inner)
		sub, msg = data.str("agentId"), inner.get("message").members()
	}
	if t.subagent != sub {
		t.subagent = strings.Clone(sub)
	}
	set(&t.model, msg.str("model"))
	d.judged(msg)
	if e := m.get("error"); e != nil {
		d.judged(members{{"error", e}, {"id", m.get("requestId")}})
	}
	if msg.str("role") == "user" && m.str("isMeta") != "true" {
		d.prompted(msg.get("content"))
	}
	for e := range msg.get("content").items() {
		d.part(e.members())
	}
}

// isCodex takes ~/.codex/sessions/**/rollout-*.jsonl and the output of codex exec --json.
func isCodex(m members) bool {
	switch kind := m.str("type"); kind {
	case "session_meta", "response_item", "event_msg", "turn_context", "compacted":
		return m.get("payload") != nil
	case "thread.started":
		return m.get("thread_id") != nil
	case "item.started", "item.updated", "item.completed":
		return m.get("item") != nil
	case "turn.failed":
		return m.get("error") != nil
	}
	return false
}

func (d *agentLog) codex(m members) {
	t := &d.turn
	t.agent = "codex"
	d.stamp(m)
	set(&t.session, m.str("thread_id"))
	if item := m.get("item"); item != nil {
		d.codexItem(item.members(), m.str("type") == "item.completed")
		return
	}
	p := m.get("payload").members()
	switch m.str("type") {
	case "turn.failed":
		d.judged(m)
	case "session_meta":
		set(&t.session, p.str("id", "session_id"))
		set(&t.parent, doer(p.str, parentNames))
		if whole := p.str("session_id"); whole != p.str("id") && p.str("id") != "" { // a thread of a session
			set(&t.parent, whole)
		}
		set(&t.parent, p.get("source").at("subagent", "thread_spawn", "parent_thread_id").str())
		set(&t.cwd, p.str("cwd"))
		set(&t.version, p.str("cli_version"))
	case "turn_context":
		set(&t.cwd, p.str("cwd"))
		set(&t.model, p.str("model"))
		set(&t.mode, p.str("approval_policy"))
	case "response_item":
		if role := p.str("role"); p.str("type") == "message" && (role == "user" || role == "developer" || role == "system") {
			d.prompted(p.get("content"))
		}
		d.part(p)
	case "event_msg":
		// Mirrors of the response items, which come first; what only an event tells is taken from it.
		if kind := p.str("type"); kind == "error" || kind == "stream_error" {
			d.judged(members{{"error", m.get("payload")}})
			return
		}
		id := p.str("call_id")
		if id == "" || d.calls.known(d.scope, id) {
			return
		}
		switch p.str("type") {
		case "exec_command_end":
			d.call(id, "exec_command", "", jsonObject("command", p.get("command"), "cwd", p.get("cwd")))
			a := answer{result: p.str("aggregated_output", "stdout"), exit: p.str("exit_code")}
			d.answer(id, a)
		case "mcp_tool_call_end":
			in := p.get("invocation").members()
			d.call(id, in.str("tool"), in.str("server"), in.get("arguments"))
			d.answer(id, d.result(p))
		}
	}
}

// codexItem reads an item of codex exec --json, which holds a call and, when it is completed, its result.
func (d *agentLog) codexItem(m members, done bool) {
	id := m.str("id")
	if !d.calls.known(d.scope, id) {
		switch m.str("type") {
		case "command_execution":
			d.call(id, "exec_command", "", jsonObject("command", m.get("command")))
		case "mcp_tool_call":
			d.call(id, m.str("tool"), m.str("server"), m.get("arguments"))
		case "file_change":
			d.call(id, "apply_patch", "", jsonObject("changes", m.get("changes")))
		case "web_search":
			d.call(id, "web_search", "", jsonObject("query", m.get("query")))
		default:
			return
		}
	}
	if done {
		a := d.result(m)
		if out := m.get("aggregated_output"); out != nil {
			a.result, a.exit = out.str(), m.str("exit_code")
		}
		d.answer(id, a)
	}
}

// jsonObject puts values of a record together as the arguments of a call that the log does not write as one object.
func jsonObject(pairs ...any) raw {
	var o raw
	for i := 0; i+1 < len(pairs); i += 2 {
		if v := pairs[i+1].(raw); v != nil {
			if o == nil {
				o = raw(`{"`)
			} else {
				o = append(o, `,"`...)
			}
			o = append(o, pairs[i].(string)...)
			o = append(append(o, `":`...), v...)
		}
	}
	if o != nil {
		o = append(o, '}')
	}
	return o
}

// isGemini takes ~/.gemini/tmp/*/chats/session-* as JSON lines and as one JSON document.
func isGemini(m members) bool {
	switch m.str("type") {
	case "gemini":
		return m.first("content", "toolCalls") != nil
	case "user", "info", "error":
		return m.get("id") != nil && m.get("timestamp") != nil && m.get("content") != nil && m.first("role", "message", "sessionId") == nil
	}
	if m.get("sessionId") == nil {
		return false
	}
	if m.get("projectHash") != nil {
		return true
	}
	for e := range m.get("messages").items() {
		return e.members().str("type") == "user" && e.members().get("role") == nil
	}
	return false
}

// isGeminiPatch takes a record that changes what earlier ones of a chat of Gemini CLI say.
func isGeminiPatch(m members) bool {
	return m.at("$set", "lastUpdated") != nil || m.at("$set", "messages") != nil || m.at("$set", "directories") != nil
}

// geminiFolders come before the folder that it works in, in the message with which Gemini CLI begins a chat by itself.
var geminiFolders = [...]string{"**Workspace Directories:**\n  - ", "working in the directory: ", "working in the following directories:\n  - "}

// geminiContext says that a message is the one that Gemini CLI begins a chat with by itself, and the folder that it names.
func geminiContext(content raw) (folder string, is bool) {
	text := contentText(content, 0)
	if !strings.HasPrefix(strings.TrimPrefix(text, "<session_context>\n"), "This is the Gemini CLI. ") {
		return "", false
	}
	for _, before := range geminiFolders {
		if _, rest, ok := strings.Cut(text, before); ok {
			folder, _, _ = strings.Cut(rest, "\n")
			return strings.TrimRight(folder, "\r "), true
		}
	}
	return "", true
}

func (d *agentLog) gemini(m members) {
	t := &d.turn
	t.agent = "gemini-cli"
	if id := m.str("sessionId"); id != "" && id != t.session {
		t.cwd = ""
		set(&t.session, id)
	}
	set(&t.model, m.str("model"))
	d.stamp(m)
	if m.str("type") == "user" {
		if folder, is := geminiContext(m.get("content")); is {
			set(&t.cwd, folder)
		} else {
			d.prompted(m.get("content"))
		}
	}
	if t.cwd == "" { // of a sub-agent all that it works in, of others what was added
		for e := range m.get("directories").items() {
			set(&t.cwd, e.str())
			break
		}
	}
	if patch := m.get("$set"); patch != nil {
		d.gemini(patch.members())
	}
	for e := range m.get("messages").items() {
		d.gemini(e.members())
	}
	at := t.time
	for e := range m.get("toolCalls").items() {
		e := e.members()
		id := e.str("id")
		t.time = at
		if !d.calls.known(d.scope, id) {
			set(&t.child, e.str("agentId"))
			d.call(id, e.str("name"), "", e.get("args"))
			t.child = ""
		}
		// The log writes one time of a call, that of its end, which is the event's.
		own := d.stamp(e)
		if !own {
			t.time = time.Time{}
		}
		switch e.str("status") {
		case "success", "error", "cancelled":
			a := d.result(e)
			for r := range e.get("result").items() {
				if fr := r.at("functionResponse", "response"); fr != nil {
					fr := fr.members()
					a.result = contentText(fr.first("output", "error", "content"), 0)
					if fr.get("error") != nil {
						a.failed = "true"
					}
				}
			}
			if e.str("status") == "cancelled" {
				a.failed = "true"
			}
			if own {
				a.own = t.time
			}
			d.answer(id, a)
		}
	}
	t.time = at
}

// isCopilot takes the event stream of GitHub Copilot's command line (~/.copilot/session-state, --output-format json).
func isCopilot(m members) bool {
	kind, _, ok := strings.Cut(m.str("type"), ".")
	if !ok || m.get("data") == nil || m.get("timestamp") == nil {
		return false
	}
	switch kind {
	case "session", "assistant", "tool", "user", "subagent", "hook", "skill", "system", "abort":
		return true
	}
	return false
}

func (d *agentLog) copilot(m members) {
	t := &d.turn
	t.agent = "copilot-cli"
	d.stamp(m)
	p := m.get("data").members()
	set(&t.session, p.str("sessionId"))
	if t.session == "" { // the log begins after the record that names the session: it is named by that record
		set(&t.session, m.str("parentId"))
	}
	set(&t.version, p.str("copilotVersion"))
	set(&t.model, p.str("model", "selectedModel"))
	if c := p.get("context"); c != nil {
		set(&t.cwd, c.members().str("cwd"))
	}
	sub := m.str("agentId")
	if sub == "" {
		sub = p.str("parentToolCallId") // a sub-agent goes by the call that started it
	}
	if t.subagent != sub {
		t.subagent = strings.Clone(sub)
	}
	id := p.str("toolCallId")
	switch m.str("type") {
	case "user.message":
		d.prompted(p.get("content"))
	case "tool.execution_start":
		d.call(id, p.str("toolName", "mcpToolName"), p.str("mcpServerName"), p.get("arguments"))
	case "tool.execution_complete":
		a := d.result(p)
		for e := range p.at("result", "contents").items() {
			if code := e.members().str("exitCode"); code != "" {
				a.exit = code
			}
		}
		d.answer(id, a)
	}
}

// at is raw.at from a member of m.
func (m members) at(key string, more ...string) raw { return m.get(key).at(more...) }

// isOpenCode takes a session that opencode exported, a part of its storage, and the output of opencode run --format json.
func isOpenCode(m members) bool {
	if info := m.get("info"); info != nil && m.get("messages") != nil {
		return true
	}
	part := m
	if p := m.get("part"); p != nil {
		part = p.members()
	}
	return part.first("sessionID", "messageID") != nil && part.get("type") != nil
}

func (d *agentLog) openCode(m members) {
	t := &d.turn
	t.agent = "opencode"
	info := m.get("info").members()
	if id := info.str("id"); id != "" && id != t.session {
		t.parent = ""
		set(&t.session, id)
	}
	set(&t.parent, info.str("parentID"))
	set(&t.cwd, info.str("directory"))
	set(&t.version, info.str("version"))
	for msg := range m.get("messages").items() {
		msg := msg.members()
		about := msg.get("info").members()
		set(&t.model, about.str("modelID"))
		if path := about.get("path"); path != nil {
			set(&t.cwd, path.members().str("cwd"))
		}
		if at, ok := parseTime(about.at("time", "created").str(), d.opt); ok {
			t.time = at
		}
		if about.str("role") == "user" {
			d.prompted(msg.get("parts"))
		}
		for p := range msg.get("parts").items() {
			d.openCodePart(p.members())
		}
	}
	d.stamp(m)
	if p := m.get("part"); p != nil {
		d.openCodePart(p.members())
	} else if m.get("type") != nil {
		d.openCodePart(m)
	}
}

// openCodePart reads a part that is a call with its state. A call id may have been redacted, so the calls of a session
// are told apart by the part's id, or by nothing but their place.
func (d *agentLog) openCodePart(m members) {
	if m.str("type") != "tool" {
		return
	}
	t := &d.turn
	set(&t.session, m.str("sessionID"))
	state := m.get("state").members()
	when := state.get("time").members()
	at := t.time
	if start, ok := parseTime(when.str("start"), d.opt); ok {
		t.time = start
	}
	id := m.str("callID")
	d.call(id, m.str("tool"), "", state.get("input"))
	switch state.str("status") {
	case "completed", "error":
		a := d.result(state)
		a.time = time.Time{}
		if end, ok := parseTime(when.str("end"), d.opt); ok {
			a.time = end
		}
		if meta := state.get("metadata"); meta != nil {
			a.exit = meta.members().str("exit")
		}
		d.answer(id, a)
	}
	t.time = at
}

// isPi takes the sessions of Pi (~/.pi/agent/sessions/*/*.jsonl): a header with the folder, then messages that know the one
// before them. https://github.com/badlogic/pi-mono/tree/main/packages/coding-agent
func isPi(m members) bool {
	switch m.str("type") {
	case "session":
		return m.first("version", "cwd") != nil && m.get("id") != nil && m.get("timestamp") != nil
	case "message":
		return isRole(m.at("message", "role")) && m.get("id") != nil || m.at("message", "role").str() == "toolResult"
	}
	return false
}

func (d *agentLog) pi(m members) {
	t := &d.turn
	t.agent = "pi"
	d.stamp(m)
	if m.str("type") == "session" {
		set(&t.session, m.str("id"))
		set(&t.cwd, m.str("cwd"))
		set(&t.version, m.str("version"))
		return
	}
	at := t.time
	msg := m.get("message").members()
	set(&t.model, msg.str("model"))
	if t.time.IsZero() {
		d.stamp(msg)
		at = t.time
	}
	switch msg.str("role") {
	case "toolResult":
		d.answer(callID(msg), d.result(msg))
	default:
		for e := range msg.get("content").items() {
			d.part(e.members())
		}
	}
	t.time = at
}

// isHook takes what agents hand to hooks (Claude Code, Codex; docs.claude.com/en/docs/claude-code/hooks), logged.
func isHook(m members) bool {
	return m.get("hook_event_name") != nil && m.first("session_id", "transcript_path") != nil
}

func (d *agentLog) hook(m members) {
	t := &d.turn
	set(&t.agent, "claude-code")
	set(&t.session, m.str("session_id"))
	set(&t.cwd, m.str("cwd"))
	set(&t.mode, m.str("permission_mode"))
	set(&t.model, m.str("model"))
	if !d.stamp(m) {
		t.time = time.Time{}
	}
	id := m.str("tool_use_id")
	switch m.str("hook_event_name") {
	case "PreToolUse", "PermissionRequest":
		if id != "" { // without an id it cannot be told from its PostToolUse
			d.call(id, m.str("tool_name"), "", m.get("tool_input"))
		}
	case "PostToolUse", "PostToolUseFailure":
		d.call(id, m.str("tool_name"), "", m.get("tool_input"))
		a := d.result(m)
		if m.str("hook_event_name") == "PostToolUseFailure" {
			a.failed = "true"
		}
		d.answer(id, a)
	}
}
