package guard

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// Whose work it is, as the logs of each agent tell it: the account, else the repository in somebody's home, else the session
// with what goes on from it.
func TestWhoseWorkItIs(t *testing.T) {
	span := func(session, id, more string) string {
		return `{"timeUnixNano":"1772600762000000000","attributes":{"event.name":"claude_code.tool_result","session.id":"` + session + `","tool_name":"Bash","tool_use_id":"` + id + `","tool_parameters":"{\"bash_command\":\"ls\"}",` + more + `}}` + "\n"
	}
	claude := func(session, cwd, id, more string) string {
		return `{"type":"assistant","uuid":"u` + id + `","sessionId":"` + session + `","cwd":"` + cwd + `","timestamp":"2026-03-04T05:06:01Z",` + more + `"message":{"role":"assistant","content":[{"type":"tool_use","id":"` + id + `","name":"Bash","input":{"command":"ls"}}]}}` + "\n"
	}
	codex := func(meta, id string) string {
		return `{"timestamp":"2026-03-04T05:06:00Z","type":"session_meta","payload":{` + meta + `}}
{"timestamp":"2026-03-04T05:06:01Z","type":"response_item","payload":{"type":"function_call","name":"shell","arguments":"{\"command\":[\"id\"]}","call_id":"` + id + `"}}
`
	}
	chat := func(id, more string) string {
		return `{"model":"m",` + more + `,"messages":[{"role":"user","content":"u"},{"role":"assistant","tool_calls":[{"id":"` + id + `","function":{"name":"sh","arguments":"{\"command\":\"ls\"}"}}]}]}` + "\n"
	}
	for name, x := range map[string]struct {
		logs []string
		want []string // by, name: sessions
	}{
		"Claude Code: sessions and sub-agents of one repository, a worktree of it": {[]string{
			claude("A", "/home/ann/shop", "t1", ""), claude("A", "/home/ann/shop", "t2", `"isSidechain":true,"agentId":"a7",`), claude("B", "/home/ann/shop/.claude/worktrees/x", "t3", "")},
			[]string{"repository /home/ann/shop: A B"}},
		"an account's conversation in a repository, and a session there that names none": {[]string{
			chat("c1", `"session_id":"A","principal":"ann","cwd":"/home/ann/shop"`), claude("B", "/home/ann/shop", "t1", ""), claude("C", "/home/ann/other", "t2", "")},
			[]string{"account ann: A B", "repository /home/ann/other: C"}},
		"a repository in which two accounts work: whose a session is that names none is not known": {[]string{
			chat("c1", `"session_id":"A","principal":"ann","cwd":"/home/ann/shop"`), chat("c2", `"session_id":"B","principal":"bob","cwd":"/home/ann/shop"`),
			chat("c3", `"session_id":"D","principal":"ann","cwd":"/home/ann/shop"`), claude("C", "/home/ann/shop", "t1", "")},
			[]string{"account ann: A D", "account bob: B", "repository /home/ann/shop: C"}},
		"Claude Code in containers: each session by itself": {[]string{claude("A", "/workspace", "t1", ""), claude("B", "/home/user/app", "t2", "")},
			[]string{"session A: A", "session B: B"}},
		"Claude Code: the session's file, and its export that names the account": {[]string{
			claude("A", "/home/ann/shop", idA, ""), span("A", idA, `"user.account_uuid":"acct-1","organization.id":"org-1","user.id":"i-1"`)},
			[]string{"account acct-1: A"}},
		"Claude Code's exports: one account on two machines, and another of the same organisation": {[]string{
			span("A", "t1", `"user.account_uuid":"acct-1","organization.id":"org-1","user.id":"i-1"`), span("B", "t2", `"user.account_uuid":"acct-1","organization.id":"org-1","user.id":"i-2"`),
			span("C", "t3", `"user.account_uuid":"acct-2","organization.id":"org-1","user.id":"i-2"`)},
			[]string{"account acct-1: A B", "account acct-2: C"}},
		"Claude Code's exports by mail address and by account": {[]string{
			span("A", "t1", `"user.account_uuid":"acct-1","user.email":"ann@corp.example"`), span("B", "t2", `"user.email":"ann@corp.example"`), span("C", "t3", `"user.account_uuid":"acct-1"`)},
			[]string{"account acct-1: A B C"}},
		"Claude Code without an account: the installation": {[]string{span("A", "t1", `"user.id":"i-1"`), span("B", "t2", `"user.id":"i-1"`)},
			[]string{"account i-1: A B"}},
		"Codex: threads of a session and its resumption": {[]string{
			codex(`"id":"T","session_id":"T","cwd":"/work"`, "c1"), codex(`"id":"U","session_id":"T","cwd":"/work"`, "c2"), codex(`"id":"V","forked_from_id":"U","cwd":"/work"`, "c3")},
			[]string{"session T: T U V"}},
		"Codex's export": {[]string{
			`{"observedTimeUnixNano":"1772600762000000000","attributes":{"event.name":"codex.tool_result","conversation.id":"T","user.account_id":"acct-3","tool_name":"shell","call_id":"c1","arguments":"{\"command\":[\"id\"]}"}}`},
			[]string{"account acct-3: T"}},
		"Copilot CLI: a log whose first line is not that of the session": {[]string{
			`{"type":"tool.execution_start","data":{"toolCallId":"c1","toolName":"bash","arguments":{"command":"ls"}},"id":"e2","parentId":"e1","timestamp":"2026-03-04T05:06:00Z"}`},
			[]string{"session e1: e1"}},
		"Gemini CLI: a sub-agent, which the call names that started it": {[]string{
			`{"sessionId":"k3x9z1","projectHash":"h","startTime":"2026-03-04T05:06:02Z","kind":"subagent","directories":["/w"]}
{"id":"2","timestamp":"2026-03-04T05:06:05Z","type":"gemini","content":"","toolCalls":[{"id":"c2","name":"read_file","args":{"path":"x"},"status":"success","timestamp":"2026-03-04T05:06:06Z"}]}`,
			`{"sessionId":"S","projectHash":"h","startTime":"2026-03-04T05:06:00Z","kind":"main"}
{"id":"1","timestamp":"2026-03-04T05:06:01Z","type":"gemini","content":"","toolCalls":[{"id":"c1","name":"generalist","agentId":"k3x9z1","args":{"prompt":"look"},"status":"success","timestamp":"2026-03-04T05:06:08Z"}]}`,
			`{"sessionId":"T","projectHash":"h","startTime":"2026-03-04T05:06:00Z","kind":"main"}
{"id":"3","timestamp":"2026-03-04T05:06:01Z","type":"gemini","content":"","toolCalls":[{"id":"c3","name":"read_file","args":{"path":"x"},"status":"success","timestamp":"2026-03-04T05:06:08Z"}]}`},
			[]string{"session S: S k3x9z1", "session T: T"}},
		"OpenCode: a session started by another": {[]string{
			`{"info":{"id":"ses_2","parentID":"ses_1","directory":"/srv/x"},"messages":[{"info":{"role":"assistant"},"parts":[{"type":"tool","tool":"bash","callID":"c1","sessionID":"ses_2","state":{"status":"completed","input":{"command":"ls"},"output":"x"}}]}]}`,
			`{"info":{"id":"ses_1","directory":"/srv/x"},"messages":[{"info":{"role":"assistant"},"parts":[{"type":"tool","tool":"bash","callID":"c2","sessionID":"ses_1","state":{"status":"completed","input":{"command":"ls"},"output":"x"}}]}]}`},
			[]string{"session ses_1: ses_1 ses_2"}},
		"a gateway: the key, whatever users its client makes up": {[]string{
			chat("c1", `"session_id":"A","user":"made-up-1","metadata":{"user_api_key_hash":"k1"}`), chat("c2", `"session_id":"B","user":"made-up-2","metadata":{"user_api_key_hash":"k1"}`), chat("c3", `"session_id":"C","user":"made-up-1","metadata":{"user_api_key_hash":"k2"}`)},
			[]string{"account k1: A B", "account k2: C"}},
		"a gateway without keys: Claude Code's account in the request, the session in a header": {[]string{
			chat("c1", `"headers":{"x-claude-code-session-id":"A"},"metadata":{"user_id":"user_d1_account_acct-1_session_A"}`), chat("c2", `"metadata":{"user_id":"user_d1_account_acct-1_session_B"}`)},
			[]string{"account acct-1: A B"}},
		"a gateway's record and the session's file of one call": {[]string{
			claude("A", "/home/ann/shop", idA, ""), chat(idA, `"session_id":"gw-7","metadata":{"user_api_key_alias":"team"}`)},
			[]string{"account team: A gw-7"}},
		"a session that two accounts claim stays one principal's": {[]string{
			chat("c1", `"session_id":"A","user":"u1"`), chat("c2", `"session_id":"A","user":"u2"`), chat("c3", `"session_id":"B","user":"u2"`)},
			[]string{"account u1: A", "account u2: B"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := NewBook()
			for i, log := range x.logs {
				err := decode.All(fmt.Sprint("logs/", i, ".jsonl"), []byte(log), time.Time{}, func(ev *tocsin.Event) {
					if ev.Fault != nil {
						t.Error(ev.Fault)
					}
					b.Call(ev.Clone())
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, p := range b.Principals(nil) {
				s := slices.Clone(p.Sessions)
				slices.Sort(s)
				got = append(got, p.By+" "+p.Name+": "+strings.Join(s, " "))
			}
			slices.Sort(got)
			if !slices.Equal(got, x.want) {
				t.Errorf("%q, want %q", got, x.want)
			}
		})
	}
}
