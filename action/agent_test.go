package action

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// call is an agent's call of a tool, as agents' sessions hold them: a line with the call and, where there is one, with its
// result.
func call(tool, arguments, result string, failed bool) string {
	text := `{"type":"assistant","sessionId":"s1","cwd":"/w","version":"2.0.1","timestamp":"2026-03-02T10:00:00.000Z","uuid":"u1","message":{"role":"assistant","model":"m","content":[{"type":"tool_use","id":"toolu_01abcdefghijklmnop","name":` + strconv.Quote(tool) + `,"input":` + arguments + `}]}}`
	if result == "" {
		return text
	}
	return text + "\n" + `{"type":"user","sessionId":"s1","cwd":"/w","version":"2.0.1","timestamp":"2026-03-02T10:00:03.000Z","uuid":"u2","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_01abcdefghijklmnop","is_error":` + strconv.FormatBool(failed) + `,"content":` + strconv.Quote(result) + `}]}}`
}

func TestAgent(t *testing.T) {
	const who = "agent:claude-code/s1"
	for _, c := range []reading{
		{"work", "agent-log", call("Bash", `{"command":"go test ./..."}`, "ok", false),
			"run", "", "", tocsin.Worked, tocsin.Informational, who, "", ""},
		{"scan", "agent-log", call("Bash", `{"command":"nmap -sV 192.0.2.0/24"}`, "Nmap done", false),
			"scan", "discovery", "T1046", tocsin.Worked, tocsin.Medium, who, "address:192.0.2.0/24", ""},
		{"a file that speaks of errors", "agent-log", call("Bash", `{"command":"cat notes.txt"}`, "permission denied happens when the key is wrong\n"+strings.Repeat("more words about it\n", 40), false),
			"run", "", "", tocsin.Worked, tocsin.Informational, who, "", ""},
		{"refused", "agent-log", call("Bash", `{"command":"cat /etc/shadow"}`, "cat: /etc/shadow: Permission denied", true),
			"read", "credential-access", "T1003.008", tocsin.Denied, tocsin.Medium, who, "", ""},
		{"failed", "agent-log", call("Bash", `{"command":"ls /nowhere"}`, "ls: cannot access '/nowhere'", true),
			"run", "", "", tocsin.Failed, tocsin.Informational, who, "", ""},
		{"no result", "agent-log", call("Bash", `{"command":"make"}`, "", false),
			"run", "", "", tocsin.Unknown, tocsin.Informational, who, "", ""},
		{"own file", "agent-log", call("Read", `{"file_path":"/w/main.go"}`, "package main", false),
			"read", "", "", tocsin.Worked, tocsin.Informational, who, "file:/w/main.go", ""},
		{"key", "agent-log", call("Read", `{"file_path":"/home/ann/.ssh/id_rsa"}`, "-----BEGIN", false),
			"read", "credential-access", "T1552.004", tocsin.Worked, tocsin.Low, who, "file:/home/ann/.ssh/id_rsa", ""},
		{"lasting access", "agent-log", call("Write", `{"file_path":"/root/.ssh/authorized_keys","content":"ssh-ed25519 AAAA"}`, "ok", false),
			"write", "persistence", "T1098.004", tocsin.Worked, tocsin.Medium, who, "", ""},
		{"page", "agent-log", call("WebFetch", `{"url":"https://docs.example/x","prompt":"p"}`, "text", false),
			"request", "", "", tocsin.Worked, tocsin.Informational, who, "host:docs.example", ""},
		{"probe by a renamed tool", "agent-log", call("mcp__web__look", `{"url":"http://192.0.2.7/i?id=1%27%20UNION%20SELECT%201--"}`, "rows", false),
			"probe", "initial-access", "T1190", tocsin.Worked, tocsin.Medium, who, "address:192.0.2.7", ""},
		{"login refused", "agent-log", call("mcp__web__http", `{"method":"POST","url":"http://192.0.2.7/login","body":"user=ann&password=Heron4Lake"}`, "HTTP/1.1 401 Unauthorized", false),
			"login", "credential-access", "T1110", tocsin.Denied, tocsin.Low, who, "address:192.0.2.7", ""},
		{"path that is not there", "agent-log", call("http_get", `{"url":"http://192.0.2.7/backup.old/"}`, "status: 404", false),
			"scan", "reconnaissance", "T1595.003", tocsin.Failed, tocsin.Low, who, "address:192.0.2.7", ""},
		{"secret file given", "agent-log", call("http_get", `{"url":"http://192.0.2.7/.env"}`, `{"status_code": 200, "body": "A=1"}`, false),
			"read", "credential-access", "T1552", tocsin.Worked, tocsin.Medium, who, "address:192.0.2.7", ""},
		{"injection in a body", "agent-log", call("http_request", `{"method":"POST","url":"http://192.0.2.7/q","json":{"name":"x' UNION SELECT 1,2--"}}`, "HTTP/1.1 500 Error", false),
			"probe", "initial-access", "T1190", tocsin.Failed, tocsin.Medium, who, "address:192.0.2.7", ""},
		{"call to a server of tools", "agent-log", call("mcp__net__reach", `{"target_host":"192.0.2.9","n":3}`, "open", false),
			"call", "", "", tocsin.Worked, tocsin.Informational, who, "address:192.0.2.9", ""},
	} {
		t.Run(c.name, c.check)
	}
}

func TestCallTakesTime(t *testing.T) {
	all := read(t, "agent-log", call("Bash", `{"command":"make"}`, "ok", false))
	if len(all) != 1 || all[0].End.Sub(all[0].Time) != 3*time.Second {
		t.Errorf("%+v", all)
	}
}

func TestEnded(t *testing.T) {
	r := NewReader(nil, own)
	for _, c := range []struct {
		result, failed string
		want           tocsin.Outcome
	}{
		{"", "", tocsin.Unknown},
		{"", "false", tocsin.Worked},
		{"done", "", tocsin.Worked},
		{"bash: foo: command not found", "", tocsin.Failed},
		{"connect to host 192.0.2.1 port 22: Connection refused", "", tocsin.Failed},
		{"x", "true", tocsin.Failed},
		{`SMB 192.0.2.1 445 DC [-] corp\ann:x STATUS_LOGON_FAILURE`, "false", tocsin.Denied},
		{`SMB 192.0.2.1 445 DC [-] corp\ann:x STATUS_LOGON_FAILURE` + "\n" + `SMB 192.0.2.1 445 DC [+] corp\bob:y`, "", tocsin.Worked},
		{"404 not found in a page\n" + strings.Repeat("x", 500), "false", tocsin.Worked},
	} {
		if got := r.ended(c.result, c.failed); got != c.want {
			t.Errorf("%.60q (%s) ended %s, want %s", c.result, c.failed, got, c.want)
		}
	}
}

// TestHarvestAndUse holds that a secret in a result has the fingerprint that it has as an argument later, and that words
// about secrets have none.
func TestHarvestAndUse(t *testing.T) {
	r := NewReader([]byte("k"), own)
	for _, c := range []struct{ result, secret string }{
		{"bob:1104:aad3b435b51404eeaad3b435b51404ee:0123456789abcdef0123456789abcdef:::", "0123456789abcdef0123456789abcdef"},
		{`SMB 192.0.2.1 445 DC [+] corp.example\bob:Heron4Lake (Pwn3d!)`, "Heron4Lake"},
		{"description: bob (Password : Heron4Lake)", "Heron4Lake"},
		{`{"db": {"password": "Heron4Lake"}}`, "Heron4Lake"},
		{"DB_PASSWORD=Heron4Lake", "Heron4Lake"},
		{"password: required", ""},
		{"Password: must be given by the user", ""},
		{`"password": "string"`, ""},
		{"password = os.environ['X1']", ""},
		{"no secrets here: none at all", ""},
	} {
		got := r.yielded(c.result)
		if c.secret == "" {
			if len(got) != 0 {
				t.Errorf("%q yields %v", c.result, got)
			}
		} else if want := r.fingerprint(c.secret); !slices.Contains(got, want) {
			t.Errorf("%q yields %v, want %s", c.result, got, want)
		}
	}
	if n := len(r.yielded(strings.Repeat("password: a1b2c3d4\n", 500))); n != 1 {
		t.Errorf("one secret, told %d times", n)
	}
}

// TestUseOfWhatIsToldAgain holds that a call's own secret is its credential, though its result says it again.
func TestUseOfWhatIsToldAgain(t *testing.T) {
	all := read(t, "agent-log", call("Bash", `{"command":"nxc smb 192.0.2.1 -u bob -p Heron4Lake"}`, `SMB 192.0.2.1 445 DC [+] corp.example\bob:Heron4Lake (Pwn3d!)`, false))
	if want := NewReader([]byte("test"), own).fingerprint("Heron4Lake"); len(all) != 1 || all[0].Credential != want || !slices.Contains(all[0].Marks, want) {
		t.Errorf("%+v, want the credential %s", all, want)
	}
}

func FuzzAgent(f *testing.F) {
	f.Add("Bash", "nmap 192.0.2.1", "", "password: Heron4Lake", "http://192.0.2.1/?a=1", "9223372036854775807")
	f.Add("mcp__a__b", "", "/etc/shadow", "a:b:aad3b435b51404eeaad3b435b51404ee:0123456789abcdef0123456789abcdef:::", "::", "-1")
	f.Fuzz(func(t *testing.T, tool, command, path, result, url, took string) {
		ev := &tocsin.Event{Time: time.Unix(1772445600, 0), Sources: []tocsin.LogSource{{Product: "ai_agent", Category: "tool_call"}}}
		for _, x := range [][2]string{{"session", tool}, {"tool", tool}, {"command", command}, {"arguments.path", path}, {"arguments.url", url}, {"mcp_server", tool}, {"arguments", path}, {"result", result}, {"duration_ms", took}} {
			ev.Add(x[0], x[1])
		}
		n := 0
		NewReader(nil, own).Read(ev, nil, func(a *tocsin.Action) {
			n++
			if len(a.Text) > tocsin.MaxText || len(a.Who) == 0 || !slices.Contains(tocsin.Verbs[:], a.Verb) || a.End.Before(a.Time) && !a.End.IsZero() {
				t.Errorf("%+v", a)
			}
		})
		if n == 0 || n > 4 {
			t.Errorf("%d actions", n)
		}
	})
}

// TestDoer holds that an agent's doer is the widest name that stays one, and that a role is one of its log only.
func TestDoer(t *testing.T) {
	for _, c := range []struct {
		fields [][2]string
		want   string
	}{
		{[][2]string{{"principal", "Ann"}, {"run", "r-7"}, {"session", "s1"}}, "ann"},
		{[][2]string{{"run", "r-7"}, {"session", "s1"}}, "r-7"},
		{[][2]string{{"parent_session", "s0"}, {"session", "s1"}, {"agent", "codex"}}, "codex/s0"},
		{[][2]string{{"session", "s1"}, {"child_session", "s2"}, {"agent", "gemini-cli"}}, "gemini-cli/s1"},
		{[][2]string{{"agent", "planner"}}, "planner@logs/a.jsonl"},
		{[][2]string{{"agent", "agent-4711-0042"}}, "agent-4711-0042"},
	} {
		ev := &tocsin.Event{Source: "logs/a.jsonl", Sources: []tocsin.LogSource{{Product: "ai_agent", Category: "tool_call"}}}
		for _, f := range append(c.fields, [2]string{"command", "id"}) {
			ev.Add(f[0], f[1])
		}
		NewReader(nil, own).Read(ev, nil, func(a *tocsin.Action) {
			if got := a.Who[0]; got.Kind != "agent" || got.Value != c.want {
				t.Errorf("%v: done by %v, want %s", c.fields, got, c.want)
			}
		})
	}
}
