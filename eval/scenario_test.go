package eval

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Scenarios are sessions of agents that we wrote ourselves, as texts in testdata/sessions, after published cases and the everyday
// work of administrators. They are synthetic: no agent and no machine was involved. Each is rendered in the format of the
// agent that it names, as that agent writes its log.
//
// A file holds scenarios set apart by lines of "===". A scenario begins with "key: value" lines (id, kind, agent, cwd, case,
// session and, of a second session of the same principal, after), then an empty line, then steps:
//
//	user: what the person asks
//	agent: what the agent says
//	bash: a command                    (further lines of it begin with a tab)
//	read: a path
//	write: a path                      (its content are the lines that follow and begin with a tab)
//	fetch: a URL
//	mcp: server.tool {"json": "arguments"}
//	> a line of the result of the call before
//	! the same, of a call that failed
//	wait: a duration                   (before the next step; 6s if left out)
type scenario struct {
	ID, Kind, Agent, Folder, Case string
	Steps                         []scenarioStep
}

type scenarioStep struct {
	What   string // user, agent, bash, read, write, fetch, mcp
	Text   string
	Body   string // of a write
	Result string
	Failed bool
	Wait   time.Duration
}

func readScenarios(t testing.TB, file string) []scenario {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "sessions", file))
	if err != nil {
		t.Fatal(err)
	}
	var all []scenario
	s := scenario{}
	head := true
	end := func() {
		if s.ID != "" {
			all = append(all, s)
		}
		s, head = scenario{}, true
	}
	n := 0
	wait := time.Duration(0)
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimRight(line, "\n")
		fail := func(why string) { t.Helper(); t.Fatalf("testdata/sessions/%s:%d: %s: %q", file, n, why, line) }
		switch {
		case line == "===":
			end()
		case head && (line == "" || line[0] == '#'):
			if line == "" && s.ID != "" {
				head = false
			}
		case head:
			key, value, ok := strings.Cut(line, ": ")
			to := map[string]*string{"id": &s.ID, "kind": &s.Kind, "agent": &s.Agent, "cwd": &s.Folder, "case": &s.Case}[key]
			if !ok || to == nil {
				fail("no key of a scenario")
			}
			*to = value
		case line == "":
		case line[0] == '>' || line[0] == '!':
			if len(s.Steps) == 0 {
				fail("a result without a call")
			}
			p := &s.Steps[len(s.Steps)-1]
			p.Failed = p.Failed || line[0] == '!'
			p.Result += strings.TrimPrefix(line[1:], " ") + "\n"
		case line[0] == '\t':
			p := &s.Steps[len(s.Steps)-1]
			if p.What == "write" {
				p.Body += line[1:] + "\n"
			} else {
				p.Text += "\n" + line[1:]
			}
		default:
			what, rest, ok := strings.Cut(line, ": ")
			if !ok {
				fail("no step")
			}
			if what == "wait" {
				if wait, err = time.ParseDuration(rest); err != nil {
					fail(err.Error())
				}
				continue
			}
			if !slices.Contains([]string{"user", "agent", "bash", "read", "write", "fetch", "mcp"}, what) {
				fail("no kind of step")
			}
			s.Steps = append(s.Steps, scenarioStep{What: what, Text: rest, Wait: wait})
			wait = 0
		}
	}
	end()
	return all
}

// calls is how many tool calls a scenario has.
func (s *scenario) calls() (n int) {
	for _, p := range s.Steps {
		if p.What != "user" && p.What != "agent" {
			n++
		}
	}
	return n
}

// call is a step as a tool call: the tool's name and arguments.
func (p *scenarioStep) call(shell, read, write, fetch, command, path string) (tool string, args any) {
	switch p.What {
	case "bash":
		return shell, map[string]any{command: p.Text}
	case "read":
		return read, map[string]any{path: p.Text}
	case "write":
		return write, map[string]any{path: p.Text, "content": p.Body}
	case "fetch":
		return fetch, map[string]any{"url": p.Text}
	}
	name, arguments, _ := strings.Cut(p.Text, " ")
	server, tool, _ := strings.Cut(name, ".")
	var m map[string]any
	if json.Unmarshal([]byte(arguments), &m) != nil {
		m = map[string]any{"input": arguments}
	}
	return "mcp__" + server + "__" + tool, m
}

var scenarioStart = time.Date(2026, 9, 14, 9, 0, 0, 0, time.UTC)

// render writes a scenario as the log of its agent. name is the log's usual name below the folder of its kind.
func (s *scenario) render(t testing.TB) (name string, text []byte) {
	t.Helper()
	var b strings.Builder
	line := func(v any) {
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(j, '\n'))
	}
	type m = map[string]any
	at := scenarioStart
	for _, c := range s.ID { // so that scenarios do not all begin at once
		at = at.Add(time.Duration(c) * 97 * time.Second)
	}
	stamp := func(after time.Duration) string {
		at = at.Add(after)
		return at.Format("2006-01-02T15:04:05.000Z")
	}
	pause := func(p *scenarioStep) time.Duration {
		if p.Wait > 0 {
			return p.Wait
		}
		return 6 * time.Second
	}
	session := "s-" + s.ID
	switch s.Agent {
	case "claude-code":
		base := func(kind string, at string, n int) m {
			return m{"type": kind, "uuid": fmt.Sprintf("u-%s-%d", s.ID, n), "parentUuid": nil, "isSidechain": false, "sessionId": session, "cwd": s.Folder, "version": "2.1.220", "gitBranch": "main", "timestamp": at}
		}
		n := 0
		for i := range s.Steps {
			p := &s.Steps[i]
			n++
			when := stamp(pause(p))
			switch p.What {
			case "user":
				l := base("user", when, n)
				l["message"] = m{"role": "user", "content": p.Text}
				line(l)
				continue
			case "agent":
				l := base("assistant", when, n)
				l["message"] = m{"role": "assistant", "model": "claude-x", "content": []any{m{"type": "text", "text": p.Text}}}
				line(l)
				continue
			}
			tool, args := p.call("Bash", "Read", "Write", "WebFetch", "command", "file_path")
			id := fmt.Sprintf("toolu_%s%022d", strings.ReplaceAll(s.ID, "-", ""), n)
			l := base("assistant", when, n)
			l["message"] = m{"role": "assistant", "model": "claude-x", "content": []any{m{"type": "tool_use", "id": id, "name": tool, "input": args}}}
			line(l)
			n++
			l = base("user", stamp(2*time.Second), n)
			l["message"] = m{"role": "user", "content": []any{m{"type": "tool_result", "tool_use_id": id, "is_error": p.Failed, "content": p.Result}}}
			line(l)
		}
		return "projects/" + strings.ReplaceAll(s.Folder, "/", "-") + "/" + session + ".jsonl", []byte(b.String())
	case "codex":
		line(m{"timestamp": stamp(0), "type": "session_meta", "payload": m{"id": session, "cwd": s.Folder, "originator": "codex_cli_rs", "cli_version": "0.150.0", "model_provider": "openai"}})
		for i := range s.Steps {
			p := &s.Steps[i]
			when := stamp(pause(p))
			switch p.What {
			case "user", "agent":
				role, kind := "user", "input_text"
				if p.What == "agent" {
					role, kind = "assistant", "output_text"
				}
				line(m{"timestamp": when, "type": "response_item", "payload": m{"type": "message", "role": role, "content": []any{m{"type": kind, "text": p.Text}}}})
				continue
			}
			tool, args := p.call("exec_command", "read_file", "write_file", "web_fetch", "cmd", "path")
			j, _ := json.Marshal(args)
			id := fmt.Sprintf("call_%s%020d", strings.ReplaceAll(s.ID, "-", ""), i)
			line(m{"timestamp": when, "type": "response_item", "payload": m{"type": "function_call", "name": tool, "arguments": string(j), "call_id": id}})
			code := "0"
			if p.Failed {
				code = "1"
			}
			line(m{"timestamp": stamp(2 * time.Second), "type": "response_item", "payload": m{"type": "function_call_output", "call_id": id, "output": "Process exited with code " + code + "\nOutput:\n" + p.Result}})
		}
		return "sessions/2026/09/14/rollout-" + session + ".jsonl", []byte(b.String())
	case "opencode":
		var messages []any
		ms := func() int64 { return at.UnixMilli() }
		for i := range s.Steps {
			p := &s.Steps[i]
			stamp(pause(p))
			id := fmt.Sprintf("msg_%s%d", s.ID, i)
			info := m{"id": id, "sessionID": session, "role": "assistant", "modelID": "model-x", "time": m{"created": ms()}, "path": m{"cwd": s.Folder}}
			part := m{"id": "prt_" + id, "sessionID": session, "messageID": id, "type": "text", "text": p.Text}
			switch p.What {
			case "user":
				info = m{"id": id, "sessionID": session, "role": "user", "time": m{"created": ms()}}
			case "agent":
			default:
				tool, args := p.call("bash", "read", "write", "webfetch", "command", "filePath")
				tool = strings.TrimPrefix(tool, "mcp__")
				status, begin := "completed", ms()
				if p.Failed {
					status = "error"
				}
				stamp(2 * time.Second)
				part = m{"id": "prt_" + id, "sessionID": session, "messageID": id, "type": "tool", "tool": tool, "callID": "call_" + id,
					"state": m{"status": status, "input": args, "output": p.Result, "error": p.Result, "time": m{"start": begin, "end": ms()}}}
			}
			messages = append(messages, m{"info": info, "parts": []any{part}})
		}
		line(m{"info": m{"id": session, "directory": s.Folder, "version": "1.1.0", "title": "x", "time": m{"created": scenarioStart.UnixMilli()}}, "messages": messages})
		return "opencode/" + session + ".json", []byte(b.String())
	case "gemini-cli":
		line(m{"sessionId": session, "projectHash": "0f0f", "startTime": stamp(0), "kind": "main"})
		for i := range s.Steps {
			p := &s.Steps[i]
			when := stamp(pause(p))
			id := fmt.Sprintf("%s-%d", s.ID, i)
			switch p.What {
			case "user":
				line(m{"id": id, "timestamp": when, "type": "user", "content": []any{m{"text": p.Text}}})
				continue
			case "agent":
				line(m{"id": id, "timestamp": when, "type": "gemini", "content": p.Text, "model": "gemini-x"})
				continue
			}
			tool, args := p.call("run_shell_command", "read_file", "write_file", "web_fetch", "command", "file_path")
			status := "success"
			if p.Failed {
				status = "error"
			}
			line(m{"id": id, "timestamp": when, "type": "gemini", "content": "", "model": "gemini-x", "toolCalls": []any{m{"id": tool + "_" + id, "name": tool, "args": args, "status": status,
				"timestamp": stamp(2 * time.Second), "result": []any{m{"functionResponse": m{"id": tool + "_" + id, "name": tool, "response": m{"output": p.Result}}}}}}})
		}
		return "tmp/0f0f/chats/session-" + session + ".jsonl", []byte(b.String())
	case "copilot-cli":
		line(m{"type": "session.start", "id": "0", "parentId": nil, "timestamp": stamp(0), "data": m{"sessionId": session, "copilotVersion": "1.0.40", "producer": "copilot-agent", "context": m{"cwd": s.Folder}}})
		for i := range s.Steps {
			p := &s.Steps[i]
			when := stamp(pause(p))
			id := fmt.Sprintf("%s-%d", s.ID, i)
			switch p.What {
			case "user", "agent":
				kind := "user.message"
				if p.What == "agent" {
					kind = "assistant.message"
				}
				line(m{"type": kind, "id": id, "parentId": "0", "timestamp": when, "data": m{"content": p.Text}})
				continue
			}
			tool, args := p.call("bash", "view", "create", "web_fetch", "command", "path")
			call := "call_" + strings.ReplaceAll(id, "-", "")
			line(m{"type": "tool.execution_start", "id": id, "parentId": "0", "timestamp": when, "data": m{"toolCallId": call, "toolName": tool, "arguments": args}})
			line(m{"type": "tool.execution_complete", "id": id + "e", "parentId": id, "timestamp": stamp(2 * time.Second), "data": m{"toolCallId": call, "success": !p.Failed, "result": m{"content": p.Result}}})
		}
		return "session-state/" + session + "/events.jsonl", []byte(b.String())
	case "chat":
		c := chat{Session: session}
		c.Principal = "p-" + s.ID
		for i := range s.Steps {
			p := &s.Steps[i]
			when := stamp(pause(p))
			switch p.What {
			case "user":
				c.Messages = append(c.Messages, message{Role: "user", Content: p.Text, Timestamp: when})
				continue
			case "agent":
				c.Messages = append(c.Messages, message{Role: "assistant", Content: p.Text, Timestamp: when})
				continue
			}
			tool, args := p.call("run_command", "read_file", "write_file", "http_get", "command", "path")
			j, _ := json.Marshal(args)
			call := chatCall{ID: fmt.Sprintf("call_%d", i), Type: "function"}
			call.Function.Name, call.Function.Arguments = tool, string(j)
			c.Messages = append(c.Messages, message{Role: "assistant", Calls: []chatCall{call}, Timestamp: when}, message{Role: "tool", CallID: call.ID, Content: p.Result, Timestamp: stamp(2 * time.Second)})
		}
		line(c)
		return "chat/" + session + ".jsonl", []byte(b.String())
	}
	t.Fatalf("scenario %s: no agent %q", s.ID, s.Agent)
	return "", nil
}

// scenarioFolder renders scenarios below a folder, as agents would leave them there.
func scenarioFolder(t testing.TB, all []scenario) string {
	t.Helper()
	dir := t.TempDir()
	for i := range all {
		name, text := all[i].render(t)
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Fatalf("two scenarios are called %s", all[i].ID)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Every scenario is read back as it was written, in each format: as many calls of one session, with their commands.
func TestScenariosAreRead(t *testing.T) {
	for _, file := range []string{"admin.txt", "defence.txt", "web.txt", "webattack.txt", "webtwins.txt"} {
		for _, s := range readScenarios(t, file) {
			for _, agent := range []string{"claude-code", "codex", "opencode", "gemini-cli", "copilot-cli", "chat"} {
				if testing.Short() && agent != s.Agent {
					continue
				}
				s.Agent = agent
				found, _ := told(t, own(t), scenarioFolder(t, []scenario{s}))
				if n := len(found.Principals); n != 1 {
					t.Errorf("%s as %s: %d principals", s.ID, agent, n)
					continue
				}
				if p := found.Principals[0]; p.Calls != s.calls() || len(p.Sessions) != 1 || p.Sessions[0] != "s-"+s.ID {
					t.Errorf("%s as %s: %d calls of %v, not %d", s.ID, agent, p.Calls, p.Sessions, s.calls())
				}
				found.Close()
			}
		}
	}
}
