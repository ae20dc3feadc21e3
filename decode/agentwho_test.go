package decode

import (
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// readAs reads a log of a format.
func readAs(t *testing.T, format, log string, f func(*tocsin.Event)) {
	t.Helper()
	x, ok := Detect("a.jsonl", []byte(log))
	if !ok {
		t.Fatalf("%s is not known", log)
	}
	d := x.New(Options{})
	d.Decode(&tocsin.Record{Source: "a.jsonl", Data: []byte(log), Line: 1}, func(ev *tocsin.Event) {
		if ev.Format != format && format == "command-log" {
			t.Errorf("%s is taken for %s", log, ev.Format)
		}
		f(ev)
	})
	d.Flush(f)
}

// TestOperator holds that the widest name that stays one doer is told, and never the id of a call.
func TestOperator(t *testing.T) {
	for _, c := range []struct{ name, format, log, principal, run, session, parent, agent, subagent string }{
		{"a run whose agent is a call", "command-log", `{"run":"r-7","model":"m","agent":"toolu_bdrk_01PNQpNVDgaGaTGFJFNSufqX","start":"2026-04-27T06:15:41Z","command":"id"}`, "r-7", "r-7", "", "", "toolu_bdrk_01PNQpNVDgaGaTGFJFNSufqX", ""},
		{"a session whose agent is a call", "command-log", `{"session":"s-7","agent":"call_abc","start":"2026-04-27T06:15:41Z","command":"id"}`, "s-7", "", "s-7", "", "call_abc", ""},
		{"an account before a run", "command-log", `{"run":"r-7","account":"ann","agent":"planner","start":"2026-04-27T06:15:41Z","command":"id"}`, "ann", "r-7", "", "", "planner", ""},
		{"a task set off by a call of main", "agent-log", `{"event":"tool_call","tool_name":"execute","tool_call_id":"c1","params":{"command":"id"},"agent":"tool_perform_task_4fX","run_id":"r-7","timestamp":"2026-03-04T05:06:01Z"}`, "", "r-7", "", "", "", "tool_perform_task_4fX"},
		{"an agent by itself", "agent-log", `{"event":"tool_call","tool_name":"execute","tool_call_id":"c1","params":{"command":"id"},"agent":"scout","timestamp":"2026-03-04T05:06:01Z"}`, "", "", "", "", "scout", ""},
		{"a key behind a gateway", "agent-log", `{"session":"s1","metadata":{"user_api_key_alias":"team-k"},"messages":[{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"bash","arguments":"{\"command\":\"id\"}"}}]}]}`, "team-k", "", "s1", "", "", ""},
		{"a session that another started", "agent-log", `{"session":"s2","parent_session_id":"s1","messages":[{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"bash","arguments":"{\"command\":\"id\"}"}}]}]}`, "", "", "s2", "s1", "", ""},
		{"an answer's id is no session", "agent-log", `{"session":"chatcmpl-9f","user":"ann","messages":[{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"bash","arguments":"{\"command\":\"id\"}"}}]}]}`, "ann", "", "", "", "", ""},
	} {
		n := 0
		readAs(t, c.format, c.log+"\n", func(ev *tocsin.Event) {
			n++
			for _, f := range [...][2]string{{"principal", c.principal}, {"run", c.run}, {"session", c.session}, {"parent_session", c.parent}, {"agent", c.agent}, {"subagent", c.subagent}} {
				if got := ev.Text(f[0]); got != f[1] {
					t.Errorf("%s: %s is %q, want %q", c.name, f[0], got, f[1])
				}
			}
		})
		if n != 1 {
			t.Errorf("%s: %d events", c.name, n)
		}
	}
}
