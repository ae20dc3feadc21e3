package rehearse

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A format is how an agent keeps its sessions.
type format struct {
	name   string
	apart  bool                                    // sub-agents have sessions of their own, which name the one that started them or lie in a folder of its name
	called func(raw string, helper bool) string    // what a session or a sub-agent is called
	write  func(s *stage, home string, x *session) // its records, in files below a home
}

// formats are those that can be asked for, the usual one first.
var formats = []*format{
	{"claude-code", false, func(raw string, helper bool) string {
		if helper {
			return "a" + digits(raw)[:16]
		}
		return raw
	}, claudeCode},
	{"codex", true, whole, codex},
	{"opencode", true, func(raw string, _ bool) string { return "ses_" + digits(raw)[:26] }, openCode},
	{"gemini-cli", true, func(raw string, helper bool) string {
		if helper {
			return raw[:6]
		}
		return raw
	}, geminiCLI},
	{"copilot-cli", false, whole, copilotCLI},
	{"chat", true, whole, chat},
	{"otlp", false, whole, otlp},
}

func whole(raw string, _ bool) string { return raw }

func digits(raw string) string { return strings.ReplaceAll(raw, "-", "") }

// mixed is the name of what is no format but each in turn, from one that the seed chooses.
const mixed = "mixed"

// SessionFormats are the names that Options.SessionFormat takes, the usual one first.
func SessionFormats() []string {
	var all []string
	for _, f := range formats {
		all = append(all, f.name)
	}
	return append(all, mixed)
}

// formatOf is the format of the nth session.
func (s *stage) formatOf(n int) *format {
	for _, f := range formats {
		if f.name == s.opt.SessionFormat {
			return f
		}
	}
	return formats[(s.opt.Seed+uint64(n))%uint64(len(formats))]
}

type object = map[string]any

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// as is a call as a tool for shells takes it, whose command goes by a name, or that for sub-agents.
func (c *toolCall) as(shell, key, starter string) (tool string, args object) {
	if c.starts == nil {
		return shell, object{key: c.command}
	}
	return starter, object{"description": "look at " + c.starts.on.name, "prompt": "Look at " + c.starts.on.domain + " from outside and say what answers."}
}

// exited is a result as tools say it that write the status below.
func (c *toolCall) exited(form string) string {
	if !c.failed {
		return c.result
	}
	return c.result + "\n" + form
}

func encoded(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of strings and numbers
	}
	return string(b)
}

// claudeCode is ~/.claude/projects of Claude Code. It names no account.
func claudeCode(s *stage, home string, x *session) {
	path := home + ".claude/projects/" + strings.ReplaceAll(x.folder(), "/", "-") + "/"
	if x.within != nil {
		path += x.within.id + "/subagents/agent-" + x.id
	} else {
		path += x.id
	}
	claudeLines(s, path+".jsonl", x)
}

func claudeLines(s *stage, path string, x *session) {
	line := func(at time.Time, kind, id string, message object) {
		one := object{"type": kind, "uuid": id, "sessionId": x.id, "cwd": x.folder(), "version": "2.1.33", "timestamp": stamp(at), "message": message}
		if x.within != nil {
			one["sessionId"], one["agentId"], one["isSidechain"] = x.within.id, x.id, true
		}
		s.line(path, "agent", at, one)
	}
	for i := range x.calls {
		c := &x.calls[i]
		id := "toolu_01Example" + c.token
		tool, args := c.as("Bash", "command", "Task")
		line(c.at, "assistant", c.records[0], object{"role": "assistant", "model": "model-x", "content": []any{object{"type": "tool_use", "id": id, "name": tool, "input": args}}})
		result := object{"type": "tool_result", "tool_use_id": id, "content": c.result}
		if c.failed {
			result["is_error"] = true
		}
		line(c.done, "user", c.records[1], object{"role": "user", "content": []any{result}})
	}
}

// codex is ~/.codex/sessions of Codex. It names no account.
func codex(s *stage, home string, x *session) {
	at := x.first().Add(-time.Second)
	path := home + ".codex/sessions/" + at.UTC().Format("2006/01/02") + "/rollout-" + at.UTC().Format("2006-01-02T15-04-05") + "-" + x.id + ".jsonl"
	line := func(at time.Time, kind string, payload object) {
		s.line(path, "agent", at, object{"timestamp": stamp(at), "type": kind, "payload": payload})
	}
	meta := object{"id": x.id, "timestamp": stamp(at), "cwd": x.folder(), "originator": "codex_cli_rs", "cli_version": "0.150.0", "source": "cli", "model_provider": "openai"}
	if x.within != nil {
		meta["source"] = object{"subagent": object{"thread_spawn": object{"parent_thread_id": x.within.id, "depth": 1}}}
	}
	line(at, "session_meta", meta)
	line(at, "turn_context", object{"cwd": x.folder(), "approval_policy": "never", "sandbox_policy": object{"type": "danger-full-access"}, "model": "model-x"})
	for i := range x.calls {
		c := &x.calls[i]
		id := "call_Example" + c.token
		tool, args := c.as("exec_command", "cmd", "spawn_agent")
		line(c.at, "response_item", object{"type": "function_call", "name": tool, "arguments": encoded(args), "call_id": id})
		output := c.result
		if c.starts == nil {
			code := 0
			if c.failed {
				code = 1
			}
			output = fmt.Sprintf("Chunk ID: %s\nWall time: %.4f seconds\nProcess exited with code %d\nOutput:\n%s", c.records[1][:6], c.done.Sub(c.at).Seconds(), code, c.result)
		}
		line(c.done, "response_item", object{"type": "function_call_output", "call_id": id, "output": output})
	}
}

// openCode is what "opencode export" writes of a session: one value over many lines. It names no account.
func openCode(s *stage, home string, x *session) {
	info := object{"id": x.id, "directory": x.folder(), "version": "1.2.26", "title": "New session", "time": object{"created": x.first().UnixMilli(), "updated": x.last().UnixMilli()}}
	if x.within != nil {
		info["parentID"] = x.within.id
	}
	var messages []any
	for i := range x.calls {
		c := &x.calls[i]
		id := "msg_" + c.records[0]
		tool, args := c.as("bash", "command", "task")
		state := object{"status": "completed", "input": args, "output": c.result, "title": tool, "time": object{"start": c.at.UnixMilli(), "end": c.done.UnixMilli()}}
		if c.starts == nil {
			code := 0
			if c.failed {
				code = 1
			}
			state["metadata"] = object{"output": c.result, "exit": code}
		}
		messages = append(messages, object{
			"info":  object{"id": id, "sessionID": x.id, "role": "assistant", "modelID": "model-x", "providerID": "example", "path": object{"cwd": x.folder(), "root": x.folder()}, "time": object{"created": c.at.UnixMilli(), "completed": c.done.UnixMilli()}},
			"parts": []any{object{"id": "prt_" + c.records[1], "sessionID": x.id, "messageID": id, "type": "tool", "callID": "call_Example" + c.token, "tool": tool, "state": state}}})
	}
	b, err := json.MarshalIndent(object{"info": info, "messages": messages}, "", "  ")
	if err != nil {
		panic(err) // maps of strings and numbers
	}
	s.put(home+"opencode/"+x.id+".json", "agent", x.last(), string(b))
}

// geminiCLI is ~/.gemini/tmp/*/chats of Gemini CLI. It names no account; where it works it says in its first message and, of
// sub-agents, in the first record. Which session started one only its folder tells.
func geminiCLI(s *stage, home string, x *session) {
	project := fmt.Sprintf("%x", sha256.Sum256([]byte(x.folder())))
	at := x.first().Add(-time.Second)
	path := home + ".gemini/tmp/" + project + "/chats/"
	head := object{"sessionId": x.id, "projectHash": project, "startTime": stamp(at), "lastUpdated": stamp(at), "kind": "main"}
	if x.within != nil {
		path += x.within.id + "/" + x.id
		head["kind"], head["directories"] = "subagent", []any{x.folder()}
	} else {
		path += "session-" + at.UTC().Format("2006-01-02T15-04") + "-" + x.id[:8]
	}
	path += ".jsonl"
	s.line(path, "agent", at, head)
	if x.within == nil {
		text := "<session_context>\nThis is the Gemini CLI. We are setting up the context for our chat.\nToday's date is " + at.UTC().Format("Monday, January 2, 2006") +
			" (formatted according to the user's locale).\nMy operating system is: linux\nThe project's temporary directory is: /home/" + x.user + "/.gemini/tmp/" + project + "\n- **Workspace Directories:**\n  - " + x.folder() + "\n</session_context>"
		s.line(path, "agent", at, object{"$set": object{"lastUpdated": stamp(at), "messages": []any{object{"id": digits(x.id), "timestamp": stamp(at), "type": "user", "content": []any{object{"text": text}}}}}})
	}
	for i := range x.calls {
		c := &x.calls[i]
		tool, args := c.as("run_shell_command", "command", "generalist")
		id := tool + "__" + c.token
		one := object{"id": id, "name": tool, "args": args, "status": "success", "timestamp": stamp(c.done),
			"result": []any{object{"functionResponse": object{"id": id, "name": tool, "response": object{"output": c.exited("Exit Code: 1")}}}}}
		if c.starts != nil {
			one["agentId"] = c.starts.id
		}
		s.line(path, "agent", c.done, object{"id": c.records[0], "timestamp": stamp(c.at), "type": "gemini", "content": "", "model": "model-x", "toolCalls": []any{one}})
	}
}

// copilotCLI is ~/.copilot/session-state of Copilot CLI. It names no account; what sub-agents do stands in the session's file.
func copilotCLI(s *stage, home string, x *session) {
	main := x
	if x.within != nil {
		main = x.within
	}
	path := home + ".copilot/session-state/" + main.id + "/events.jsonl"
	line := func(at time.Time, kind, id, parent string, data object) {
		s.line(path, "agent", at, object{"type": kind, "id": id, "parentId": parent, "timestamp": stamp(at), "data": data})
	}
	if x.within == nil {
		at := x.first().Add(-time.Second)
		s.line(path, "agent", at, object{"type": "session.start", "id": digits(x.id), "parentId": nil, "timestamp": stamp(at), "data": object{"sessionId": x.id, "version": 1, "producer": "copilot-agent", "copilotVersion": "1.0.72",
			"startTime": stamp(at), "context": object{"cwd": x.folder(), "gitRoot": x.folder(), "branch": "main"}}})
	}
	for i := range x.calls {
		c := &x.calls[i]
		tool, args := c.as("bash", "command", "task")
		id := "call_Example" + c.token
		from, to := object{"toolCallId": id, "toolName": tool, "arguments": args, "model": "model-x"}, object{"toolCallId": id, "success": true, "result": object{"content": c.exited("<exited with exit code 1>")}}
		if x.within != nil {
			from["parentToolCallId"], to["parentToolCallId"] = "call_Example"+x.born, "call_Example"+x.born
		}
		line(c.at, "tool.execution_start", c.records[0], digits(main.id), from)
		line(c.done, "tool.execution_complete", c.records[1], c.records[0], to)
	}
}

// chat is the neutral form, a conversation a line. It names the account.
func chat(s *stage, home string, x *session) {
	conversation := object{"session": x.id, "principal": x.account(), "cwd": x.folder(), "model": "model-x"}
	if x.within != nil {
		conversation["parent_session_id"] = x.within.id
	}
	var messages []any
	for i := range x.calls {
		c := &x.calls[i]
		id := "call_Example" + c.token
		tool, args := c.as("run_command", "command", "delegate")
		messages = append(messages, object{"role": "assistant", "content": "", "timestamp": stamp(c.at), "tool_calls": []any{object{"id": id, "type": "function", "function": object{"name": tool, "arguments": encoded(args)}}}},
			object{"role": "tool", "tool_call_id": id, "timestamp": stamp(c.done), "content": c.result})
	}
	conversation["messages"] = messages
	s.line(home+"chat/"+x.id+".jsonl", "agent", x.last(), conversation)
}

// otlp is a file of OpenTelemetry's exporter, with spans by the GenAI conventions. It names the account.
func otlp(s *stage, home string, x *session) {
	main := x
	if x.within != nil {
		main = x.within
	}
	attributes := func(pairs ...string) (all []any) {
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, object{"key": pairs[i], "value": object{"stringValue": pairs[i+1]}})
		}
		return all
	}
	for i := range x.calls {
		c := &x.calls[i]
		tool, args := c.as("shell", "command", "delegate")
		about := []string{"gen_ai.operation.name", "execute_tool", "gen_ai.conversation.id", main.id, "gen_ai.tool.name", tool, "gen_ai.tool.call.id", "call_Example" + c.token,
			"gen_ai.tool.call.arguments", encoded(args), "gen_ai.tool.call.result", c.result}
		if x.within != nil {
			about = append(about, "gen_ai.agent.id", x.id)
		}
		status := object{}
		if c.failed {
			about, status = append(about, "error.type", "exit_status"), object{"code": 2}
		}
		span := object{"traceId": digits(main.id), "spanId": (c.records[0] + c.token)[:16], "name": "execute_tool " + tool, "kind": 1, "startTimeUnixNano": strconv.FormatInt(c.at.UnixNano(), 10), "endTimeUnixNano": strconv.FormatInt(c.done.UnixNano(), 10),
			"attributes": attributes(about...), "status": status}
		s.line(home+"otel/traces.jsonl", "agent", c.done, object{"resourceSpans": []any{object{"resource": object{"attributes": attributes("service.name", "workbench", "user.email", x.account(), "process.working_directory", x.folder())},
			"scopeSpans": []any{object{"scope": object{"name": "workbench"}, "spans": []any{span}}}}}})
	}
}
