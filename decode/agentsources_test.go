package decode

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

// sourceLine tells of a call or verdict who is behind it and what was done.
func sourceLine(e *tocsin.Event) string {
	if e.Fault != nil {
		return "fault: " + e.Fault.Error()
	}
	var b strings.Builder
	b.WriteString(e.Format)
	for _, n := range []string{"agent", "subagent", "session", "parent_session", "principal", "account", "tool", "mcp_server", "call_id", "command", "url", "result", "is_error", "verdict", "category", "level", "request_id"} {
		if v, ok := e.Value(n); ok {
			fmt.Fprintf(&b, " %s=%q", n, v)
		}
	}
	return b.String()
}

// Sources that put the same call down each in its own way.
func TestAgentSources(t *testing.T) {
	tests := []struct {
		name, format, log string
		want              []string
	}{{
		"Claude Code's log event: a shell's digest has its command, another tool's its input", "agent-log",
		`{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"claude-code"}}]},"scopeLogs":[{"logRecords":[` +
			`{"timeUnixNano":"1772600762000000000","body":{"stringValue":"claude_code.tool_result"},"attributes":[{"key":"event.name","value":{"stringValue":"tool_result"}},{"key":"session.id","value":{"stringValue":"S"}},{"key":"user.id","value":{"stringValue":"install-1"}},{"key":"user.account_uuid","value":{"stringValue":"acct-1"}},{"key":"user.email","value":{"stringValue":"ann@corp.example"}},{"key":"tool_name","value":{"stringValue":"Bash"}},{"key":"tool_use_id","value":{"stringValue":"toolu_1"}},{"key":"success","value":{"stringValue":"true"}},{"key":"tool_parameters","value":{"stringValue":"{\"bash_command\":\"ls\",\"full_command\":\"ls -la\"}"}},{"key":"tool_input","value":{"stringValue":"{\"command\":\"ls -la\"}"}}]},` +
			`{"timeUnixNano":"1772600763000000000","attributes":[{"key":"event.name","value":{"stringValue":"tool_result"}},{"key":"session.id","value":{"stringValue":"S"}},{"key":"user.account_uuid","value":{"stringValue":"acct-1"}},{"key":"tool_name","value":{"stringValue":"mcp_tool"}},{"key":"tool_use_id","value":{"stringValue":"toolu_2"}},{"key":"tool_parameters","value":{"stringValue":"{\"mcp_server_name\":\"web\",\"mcp_tool_name\":\"fetch\"}"}},{"key":"tool_input","value":{"stringValue":"{\"url\":\"https://a.example/\"}"}}]},` +
			`{"timeUnixNano":"1772600764000000000","attributes":[{"key":"event.name","value":{"stringValue":"claude_code.api_refusal"}},{"key":"session.id","value":{"stringValue":"S"}},{"key":"user.account_uuid","value":{"stringValue":"acct-1"}},{"key":"has_category","value":{"boolValue":true}},{"key":"category","value":{"stringValue":"cyber"}},{"key":"request_id","value":{"stringValue":"req_1"}}]}]}]}]}`,
		[]string{
			`otlp agent="claude-code" session="S" principal="ann@corp.example" account="acct-1" tool="Bash" call_id="toolu_1" command="ls -la" is_error="false"`,
			`otlp agent="claude-code" session="S" principal="acct-1" tool="fetch" mcp_server="web" call_id="toolu_2"`,
			`otlp agent="claude-code" session="S" principal="acct-1" verdict="refusal" category="cyber" request_id="req_1"`,
		},
	}, {
		"Claude Code's spans with the output as an event", "agent-log",
		`{"name":"claude_code.tool","startTimeUnixNano":"1772600762000000000","attributes":[{"key":"session.id","value":{"stringValue":"S"}},{"key":"tool_name","value":{"stringValue":"Bash"}},{"key":"tool_use_id","value":{"stringValue":"toolu_1"}},{"key":"gen_ai.tool.call.id","value":{"stringValue":"toolu_1"}}],"events":[{"name":"tool.output","attributes":[{"key":"bash_command","value":{"stringValue":"id"}},{"key":"output","value":{"stringValue":"uid=0"}}]}]}`,
		[]string{`otlp agent="claude-code" session="S" tool="Bash" call_id="toolu_1" command="id" result="uid=0"`},
	}, {
		"Claude Code's raw bodies, the history with results and what is cut off", "agent-log",
		`{"body":{"stringValue":"claude_code.api_request_body"},"attributes":[{"key":"event.name","value":{"stringValue":"claude_code.api_request_body"}},{"key":"session.id","value":{"stringValue":"S"}},{"key":"body_truncated","value":{"boolValue":true}},{"key":"body","value":{"stringValue":"{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"toolu_3\",\"name\":\"Bash\",\"input\":{\"command\":\"id\"}}]},{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_3\",\"content\":\"uid=0\"}]},{\"role\":\"user\",\"content\":\"cut of"}}]}`,
		[]string{`otlp agent="claude-code" session="S" tool="Bash" call_id="toolu_3" command="id" result="uid=0"`},
	}, {
		"Anthropic's telemetry destination", "agent-log",
		`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"claude-platform"}}]},"scopeSpans":[{"scope":{"name":"com.anthropic.claude-platform"},"spans":[` +
			`{"name":"anthropic.tool_use bash","startTimeUnixNano":"1772600762000000000","endTimeUnixNano":"1772600763000000000","attributes":[{"key":"anthropic.session.id","value":{"stringValue":"ses_1"}},{"key":"anthropic.user_profile.id","value":{"stringValue":"uprof_1"}},{"key":"gen_ai.tool.call.id","value":{"stringValue":"toolu_4"}},{"key":"gen_ai.tool.call.arguments","value":{"kvlistValue":{"values":[{"key":"command","value":{"stringValue":"id"}},{"key":"env","value":{"arrayValue":{"values":[{"intValue":"1"}]}}}]}}},{"key":"anthropic.tool_result.content","value":{"stringValue":"uid=0"}}]},` +
			`{"name":"anthropic.messages.create","startTimeUnixNano":"1772600764000000000","attributes":[{"key":"anthropic.session.id","value":{"stringValue":"ses_1"}},{"key":"anthropic.message.stop_reason","value":{"stringValue":"refusal"}},{"key":"anthropic.message.stop_details.category","value":{"stringValue":"cyber"}}]}]}]}]}`,
		[]string{
			`otlp agent="claude-platform" session="ses_1" principal="uprof_1" tool="bash" call_id="toolu_4" command="id" result="uid=0"`,
			`otlp agent="claude-platform" session="ses_1" verdict="refusal" category="cyber"`,
		},
	}, {
		"Codex's log event, which has no time of its own", "agent-log",
		`{"timeUnixNano":"0","observedTimeUnixNano":"1772600762000000000","body":{"stringValue":"codex.tool_result"},"attributes":[{"key":"event.name","value":{"stringValue":"codex.tool_result"}},{"key":"conversation.id","value":{"stringValue":"T"}},{"key":"user.account_id","value":{"stringValue":"acct-2"}},{"key":"tool_name","value":{"stringValue":"shell"}},{"key":"call_id","value":{"stringValue":"call_5"}},{"key":"arguments","value":{"stringValue":"{\"command\":[\"id\"]}"}},{"key":"output","value":{"stringValue":"uid=0"}},{"key":"success","value":{"stringValue":"true"}}]}`,
		[]string{`otlp agent="codex" session="T" principal="acct-2" tool="shell" call_id="call_5" command="id" result="uid=0" is_error="false"`},
	}, {
		"OpenLLMetry: messages as numbered attributes", "agent-log",
		`{"name":"openai.chat","traceId":"t1","attributes":{"gen_ai.system":"openai","traceloop.association.properties.session_id":"S","traceloop.association.properties.user_id":"u7","gen_ai.prompt.0.role":"user","gen_ai.prompt.0.content":"hi","gen_ai.prompt.1.role":"assistant","gen_ai.prompt.1.tool_calls.0.id":"call_6","gen_ai.prompt.1.tool_calls.0.name":"sh","gen_ai.prompt.1.tool_calls.0.arguments":"{\"command\":\"id\"}","gen_ai.prompt.2.role":"tool","gen_ai.prompt.2.tool_call_id":"call_6","gen_ai.prompt.2.content":"uid=0","gen_ai.completion.0.role":"assistant","gen_ai.completion.0.tool_calls.0.id":"call_7","gen_ai.completion.0.tool_calls.0.name":"sh","gen_ai.completion.0.tool_calls.0.arguments":"{\"command\":\"pwd\"}"}}`,
		[]string{
			`otlp session="S" principal="u7" tool="sh" call_id="call_6" command="id" result="uid=0"`,
			`otlp session="S" principal="u7" tool="sh" call_id="call_7" command="pwd"`,
		},
	}, {
		"OpenInference: messages as numbered attributes", "agent-log",
		`{"name":"ChatCompletion","context":{"trace_id":"t1"},"attributes":{"openinference.span.kind":"LLM","session.id":"S","llm.output_messages.0.message.role":"assistant","llm.output_messages.0.message.tool_calls.0.tool_call.id":"call_8","llm.output_messages.0.message.tool_calls.0.tool_call.function.name":"sh","llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments":"{\"command\":\"id\"}"}}`,
		[]string{`otlp session="S" tool="sh" call_id="call_8" command="id"`},
	}, {
		"the conventions until 1.36: a message an event of the span", "agent-log",
		`{"name":"chat m","attributes":{"gen_ai.operation.name":"chat","gen_ai.conversation.id":"S"},"events":[{"name":"gen_ai.choice","attributes":{"message":"{\"tool_calls\":[{\"id\":\"call_9\",\"type\":\"function\",\"function\":{\"name\":\"sh\",\"arguments\":\"{\\\"command\\\":\\\"id\\\"}\"}}]}"}},{"name":"gen_ai.tool.message","attributes":{"id":"call_9","content":"uid=0"}}]}`,
		[]string{`otlp session="S" tool="sh" call_id="call_9" command="id" result="uid=0"`},
	}, {
		"LiteLLM: the key is the principal, whatever the client calls its user", "agent-log",
		`{"id":"c1","call_type":"acompletion","model":"m","startTime":1772600762.0,"end_user":"made-up-1","metadata":{"user_api_key_hash":"k1","user_api_key_alias":"team-a","requester_ip_address":"192.0.2.7"},"messages":[{"role":"user","content":"u"},{"role":"assistant","tool_calls":[{"id":"call_10aaaaaaaa","function":{"name":"sh","arguments":"{\"command\":\"id\"}"}}]},{"role":"tool","tool_call_id":"call_10aaaaaaaa","content":"uid=0"}],"response":{"choices":[{"message":{"role":"assistant","content":"done"}}]}}`,
		[]string{`chat principal="team-a" tool="sh" call_id="call_10aaaaaaaa" command="id" result="uid=0"`},
	}, {
		"Portkey: bodies beside their headers; Claude Code's session, sub-agent and user in them", "agent-log",
		`{"id":"r1","created_at":"2026-03-04T05:06:00Z","request":{"method":"POST","headers":{"X-Claude-Code-Session-Id":"S","x-claude-code-agent-id":"a1","user-agent":"claude-cli/2.1"},"body":{"model":"m","metadata":{"user_id":"user_d1_account_acct-9_session_S"},"messages":[{"role":"user","content":"u"}]}},"response":{"status":200,"body":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"tool_use","id":"toolu_11","name":"Bash","input":{"command":"id"}}],"stop_reason":"tool_use"}}}`,
		[]string{`chat agent="claude-code" subagent="a1" session="S" principal="acct-9" tool="Bash" call_id="toolu_11" command="id"`},
	}, {
		"Helicone", "agent-log",
		`{"request_id":"r2","request_created_at":"2026-03-04T05:06:00Z","request_user_id":"u3","request_properties":{"Helicone-Session-Id":"S"},"request_body":{"model":"m","messages":[{"role":"user","content":"u"}]},"response_body":{"choices":[{"message":{"role":"assistant","tool_calls":[{"id":"call_12","function":{"name":"sh","arguments":"{\"command\":\"id\"}"}}]}}]}}`,
		[]string{`chat session="S" principal="u3" tool="sh" call_id="call_12" command="id"`},
	}, {
		"Langfuse: a generation and a tool's observation", "agent-log",
		`{"id":"o1","traceId":"t1","type":"GENERATION","sessionId":"S","userId":"u4","model":"m","startTime":"2026-03-04T05:06:00Z","input":[{"role":"user","content":"u"}],"output":{"role":"assistant","tool_calls":[{"id":"call_13","function":{"name":"sh","arguments":"{\"command\":\"id\"}"}}]}}
{"id":"o2","traceId":"t1","type":"TOOL","sessionId":"S","userId":"u4","name":"fetch","startTime":"2026-03-04T05:06:01Z","endTime":"2026-03-04T05:06:02Z","input":{"url":"https://a.example/"},"output":"page"}
`,
		[]string{
			`agent-trace session="S" principal="u4" tool="fetch" call_id="o2" result="page"`,
			`chat session="S" principal="u4" tool="sh" call_id="call_13" command="id"`,
		},
	}, {
		"Cloudflare's gateway: bodies and metadata as texts", "agent-log",
		`{"id":"01","created_at":"2026-03-04T05:06:00Z","provider":"openai","model":"m","metadata":"{\"user\":\"u5\"}","request":"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"u\"}]}","response":"{\"choices\":[{\"message\":{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"call_14\",\"function\":{\"name\":\"sh\",\"arguments\":\"{\\\"command\\\":\\\"id\\\"}\"}}]}}]}"}`,
		[]string{`chat principal="u5" tool="sh" call_id="call_14" command="id"`},
	}, {
		"SWE-agent's trajectory", "agent-session",
		"{\n \"trajectory\": [\n  {\"action\": \"id\", \"observation\": \"uid=0\", \"thought\": \"t\", \"response\": \"r\"}\n ],\n \"history\": [{\"role\": \"assistant\", \"content\": \"r\"}],\n \"info\": {\"exit_status\": \"submitted\"}\n}\n",
		[]string{`chat tool="action" command="id" result="uid=0"`},
	}, {
		"Inspect's log as JSON: samples with their messages", "agent-session",
		"{\n \"version\": 2, \"status\": \"success\", \"eval\": {\"run_id\": \"r\", \"model\": \"m\", \"task\": \"t\"},\n \"samples\": [{\"id\": \"s1\", \"epoch\": 1, \"uuid\": \"U\", \"messages\": [{\"role\": \"assistant\", \"content\": \"\", \"tool_calls\": [{\"id\": \"call_15\", \"function\": \"bash\", \"arguments\": {\"cmd\": \"id\"}}]}, {\"role\": \"tool\", \"tool_call_id\": \"call_15\", \"function\": \"bash\", \"content\": \"uid=0\"}]}]\n}\n",
		[]string{`inspect session="U" tool="bash" call_id="call_15" command="id" result="uid=0"`},
	}, {
		"a sample of Inspect's .eval, a member of a zip archive", "agent-session",
		"{\n \"id\": \"s1\", \"epoch\": 1, \"uuid\": \"U\", \"input\": \"x\", \"messages\": [{\"role\": \"assistant\", \"content\": \"\", \"tool_calls\": [{\"id\": \"call_16\", \"function\": \"bash\", \"arguments\": {\"cmd\": \"id\"}}]}, {\"role\": \"tool\", \"tool_call_id\": \"call_16\", \"content\": \"uid=0\"}]\n}\n",
		[]string{`inspect session="U" tool="bash" call_id="call_16" command="id" result="uid=0"`},
	}, {
		"an agent that nobody knows, a call a line", "agent-calls-by-shape",
		`{"ts":"2026-03-04T05:06:00Z","session_id":"S","tool":"shell","args":{"command":"id"},"output":"uid=0"}
{"ts":"2026-03-04T05:06:01Z","session_id":"S","tool":"shell","args":{"command":"pwd"},"call_id":"k2"}
{"ts":"2026-03-04T05:06:02Z","session_id":"S","call_id":"k2","output":"/w"}
`,
		[]string{
			`agent-calls-by-shape session="S" tool="shell" command="id" result="uid=0"`,
			`agent-calls-by-shape session="S" tool="shell" call_id="k2" command="pwd" result="/w"`,
		},
	}, {
		"an agent that nobody knows, steps in a document", "agent-session-by-shape",
		"{\n \"session_id\": \"S\", \"agent\": \"novel\",\n \"plan\": [{\"thought\": \"t\", \"calls\": [{\"name\": \"run\", \"args\": {\"cmd\": \"id\"}, \"result\": {\"stdout\": \"uid=0\"}}]}]\n}\n",
		[]string{`agent-calls-by-shape agent="novel" session="S" tool="run" command="id" result="{\"stdout\": \"uid=0\"}"`},
	}, {
		"refusals in a Claude Code session, told on two lines", "agent-log",
		`{"type":"assistant","uuid":"u1","sessionId":"S","timestamp":"2026-03-04T05:06:01Z","message":{"id":"msg_1","role":"assistant","model":"m","content":[],"stop_reason":"refusal","stop_details":{"type":"refusal","category":"cyber"}}}
{"type":"assistant","uuid":"u2","sessionId":"S","timestamp":"2026-03-04T05:06:01Z","message":{"id":"msg_1","role":"assistant","model":"m","content":[],"stop_reason":"refusal","stop_details":{"type":"refusal","category":"cyber"}}}
`,
		[]string{`claude-code agent="claude-code" session="S" verdict="refusal" category="cyber" request_id="msg_1"`},
	}, {
		"Codex is told of a violation of a policy", "agent-log",
		`{"timestamp":"2026-03-04T05:06:00Z","type":"session_meta","payload":{"id":"T","cwd":"/w"}}
{"timestamp":"2026-03-04T05:06:01Z","type":"event_msg","payload":{"type":"error","message":"m","codex_error_info":"cyber_policy"}}
`,
		[]string{`codex agent="codex" session="T" verdict="policy" category="cyber"`},
	}, {
		"a response that failed, and the programme that it ran under", "agent-log",
		`{"request":{"model":"m","safety_identifier":"h1","input":[{"role":"user","content":"u"}]},"response":{"id":"resp_1","model":"m","status":"failed","error":{"code":"misalignment_policy_violation","misalignment":{"error_type":"x"}},"access_programs":{"cyber":"standard"},"output":[]}}`,
		[]string{
			`chat principal="h1" verdict="policy" category="misalignment" request_id="resp_1"`,
			`chat principal="h1" verdict="access" category="cyber" level="standard" request_id="resp_1"`,
		},
	}, {
		"an enforcement action against a profile", "agent-log",
		`{"type":"event","id":"wevt_1","created_at":"2026-03-04T05:06:00Z","data":{"type":"user_profile.enforcement_action_opened","id":"uprof_1","enforcement_action_id":"enac_1","organization_id":"org_1"}}`,
		[]string{`provider-webhook principal="uprof_1" verdict="enforcement" category="opened" request_id="enac_1"`},
	}}
	for _, x := range tests {
		t.Run(x.name, func(t *testing.T) {
			f, _ := Detect("x", []byte(x.log))
			if f.Name != x.format {
				t.Errorf("taken for %s", f.Name)
			}
			var got []string
			d := f.New(Options{})
			emit := func(e *tocsin.Event) { got = append(got, sourceLine(e)) }
			d.Decode(&tocsin.Record{Source: "x", Line: 1, Data: []byte(x.log)}, emit)
			d.Flush(emit)
			slices.Sort(got)
			want := slices.Clone(x.want)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// Logs that are no agent's are not taken for one by the shape of their records.
func TestShapeIsOfAgents(t *testing.T) {
	for _, log := range []string{
		`{"action":"login","params":{"user":"ann"},"response":{"ok":true},"session_id":"S"}`,
		`{"@timestamp":"2026-03-04T05:06:00Z","agent":{"type":"filebeat"},"event":{"action":"ran","id":"1"},"message":"x"}`,
		`{"name":"job","input":{"a":1},"output":{"b":2},"id":"7"}`,
		`{"runs":[{"tool":{"driver":{"name":"scanner"}},"results":[{"ruleId":"r","message":{"text":"m"}}]}]}`,
		`{"eventVersion":"1.08","eventName":"RunInstances","requestParameters":{"a":1},"responseElements":{"b":2},"eventID":"x"}`,
		`{"kind":"Event","verb":"create","objectRef":{"name":"x"},"requestObject":{"a":1}}`,
		`{"jsonrpc":"2.0","method":"eth_call","params":[{"a":1}],"id":1}`,
	} {
		if f, ok := Detect("x", []byte(log+"\n")); ok && strings.Contains(f.Name, "shape") {
			t.Errorf("%s: %s", f.Name, log)
		}
	}
}

func TestClientUser(t *testing.T) {
	for id, want := range map[string][3]string{
		"user_ab12_account_11-22_session_33-44":                            {"11-22", "ab12", "33-44"},
		"user_ab12_account__session_33-44":                                 {"", "ab12", "33-44"},
		`{"device_id":"ab12","account_uuid":"11-22","session_id":"33-44"}`: {"11-22", "ab12", "33-44"},
	} {
		account, device, session, ok := clientUser(id)
		if got := [3]string{account, device, session}; !ok || got != want {
			t.Errorf("%s: %v, want %v", id, got, want)
		}
	}
	for _, id := range []string{"", "ann", "user_7", "{}"} {
		if _, _, _, ok := clientUser(id); ok {
			t.Errorf("%q is taken apart", id)
		}
	}
}
