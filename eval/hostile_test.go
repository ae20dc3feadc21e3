//go:build unix

package eval

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Sessions that are made to cost much, or to hide others: a hunt is bounded, loses nothing else in the folder or in the same file, and
// says what it let go. No bound is of time; a run that does not end is stopped.

// A hand writes a call as an agent's log does. session and tool are the insides of JSON strings, args is JSON.
type hand struct {
	name string
	call func(session, tool, id, args string) string
}

// inText is JSON as the inside of a JSON string.
func inText(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`) }

var hands = []hand{
	{"chat", func(session, tool, id, args string) string {
		return `{"session":"` + session + `","principal":"` + session + `","messages":[{"role":"assistant","tool_calls":[{"id":"` + id + `","type":"function","function":{"name":"` + tool + `","arguments":"` + inText(args) + `"}}]},{"role":"tool","tool_call_id":"` + id + `","content":"ok"}]}`
	}},
	{"claude-code", func(session, tool, id, args string) string {
		return `{"type":"assistant","uuid":"u","sessionId":"` + session + `","cwd":"/w","message":{"role":"assistant","content":[{"type":"tool_use","id":"` + id + `","name":"` + tool + `","input":` + args + `}]}}`
	}},
	{"codex", func(session, tool, id, args string) string {
		return `{"type":"session_meta","payload":{"id":"` + session + `","cwd":"/w"}}` + "\n" + `{"type":"response_item","payload":{"type":"function_call","name":"` + tool + `","arguments":"` + inText(args) + `","call_id":"` + id + `"}}`
	}},
	{"gemini-cli", func(session, tool, id, args string) string {
		return `{"sessionId":"` + session + `","projectHash":"h","messages":[{"type":"gemini","id":"m","content":"","toolCalls":[{"id":"` + id + `","name":"` + tool + `","args":` + args + `,"status":"success","result":[]}]}]}`
	}},
	{"copilot-cli", func(session, tool, id, args string) string {
		return `{"type":"session.start","timestamp":"2026-03-04T05:06:07Z","data":{"sessionId":"` + session + `"}}` + "\n" + `{"type":"tool.execution_start","timestamp":"2026-03-04T05:06:08Z","data":{"toolCallId":"` + id + `","toolName":"` + tool + `","arguments":` + args + `}}`
	}},
	{"opencode", func(session, tool, id, args string) string {
		return `{"type":"tool_use","sessionID":"` + session + `","part":{"type":"tool","sessionID":"` + session + `","messageID":"m","callID":"` + id + `","tool":"` + tool + `","state":{"status":"completed","input":` + args + `,"output":"ok"}}}`
	}},
	{"pi", func(session, tool, id, args string) string {
		return `{"type":"session","version":3,"id":"` + session + `","timestamp":"2026-03-04T05:06:07Z","cwd":"/w"}` + "\n" + `{"type":"message","id":"m","message":{"role":"assistant","content":[{"type":"toolCall","id":"` + id + `","name":"` + tool + `","arguments":` + args + `}]}}`
	}},
	{"agent-hook", func(session, tool, id, args string) string {
		return `{"hook_event_name":"PostToolUse","session_id":"` + session + `","transcript_path":"t","tool_use_id":"` + id + `","tool_name":"` + tool + `","tool_input":` + args + `,"tool_response":"ok"}`
	}},
	{"otlp", func(session, tool, id, args string) string {
		return `{"name":"execute_tool","attributes":{"gen_ai.operation.name":"execute_tool","gen_ai.tool.name":"` + tool + `","gen_ai.conversation.id":"` + session + `","gen_ai.tool.call.id":"` + id + `","gen_ai.tool.call.arguments":"` + inText(args) + `"}}`
	}},
}

// breaksIn are commands of an intrusion into a network of 256 addresses.
func breaksIn(network string) (out []string) {
	for _, c := range []string{"nmap -sV NET.0/24", "netexec smb NET.10 -u users.txt -p passwords.txt", "impacket-secretsdump corp.example/adm:Winter-26@NET.10", "evil-winrm -i NET.11 -u adm -p Winter-26"} {
		out = append(out, strings.ReplaceAll(c, "NET", network))
	}
	return out
}

// An attack is one hostile file: what it holds between an ordinary call and an intrusion.
type attack struct {
	t     testing.TB
	by    hand
	w     *bufio.Writer
	calls int
}

func (a *attack) say(session, tool, args string) {
	a.calls++
	a.line(a.by.call(session, tool, fmt.Sprintf("call%d", a.calls), args))
}

func (a *attack) line(text string) {
	if _, err := io.WriteString(a.w, text+"\n"); err != nil {
		a.t.Fatal(err)
	}
}

func command(text string) string { return `{"command":"` + text + `"}` }

// hostileFolder writes a folder with an attack and, in the same file and in others, three intrusions.
func hostileFolder(t testing.TB, by hand, make func(a *attack)) (dir string, a *attack, bytes int64) {
	t.Helper()
	dir = t.TempDir()
	file := func(name string, by hand, write func(a *attack)) *attack {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		a := &attack{t: t, by: by, w: bufio.NewWriter(f)}
		write(a)
		if err := a.w.Flush(); err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil || f.Close() != nil {
			t.Fatal("not written")
		}
		bytes += info.Size()
		return a
	}
	intrusion := func(session, network string) func(a *attack) {
		return func(a *attack) {
			for _, c := range breaksIn(network) {
				a.say(session, "Bash", command(c))
			}
		}
	}
	n := file("a.jsonl", hands[0], intrusion("s-before", "192.0.2")).calls
	a = file("hostile.jsonl", by, func(a *attack) {
		a.say("s-first", "Bash", command("ls"))
		make(a)
		intrusion("s-within", "198.51.100")(a)
	})
	a.calls += n + file("z.jsonl", hands[0], intrusion("s-after", "203.0.113")).calls
	return dir, a, bytes
}

// holds hunts such a folder and says what is lost.
func holds(t testing.TB, program, dir string, a *attack, bytes, most int64) {
	t.Helper()
	out := t.TempDir()
	c := asUserInto(t, out, program, 10*time.Minute, dir)
	if !c.done {
		t.Fatal("not finished in 10 CPU-minutes")
	}
	f, err := os.Open(filepath.Join(out, "found.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := map[string]string{}
	calls, gone, faults := int64(0), int64(0), 0
	for d := json.NewDecoder(f); d.More(); {
		var r struct {
			Kind     string
			Verdict  string
			Sessions []string
			Calls    int64
			Faults   int
			LetGo    []struct {
				Kind string
				N    int64
			} `json:"let_go"`
		}
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		switch r.Kind {
		case "principal":
			calls += r.Calls
			for _, s := range []string{"s-before", "s-within", "s-after"} {
				if slices.Contains(r.Sessions, s) {
					seen[s] = fmt.Sprintf("%s, %d calls", r.Verdict, r.Calls)
				}
			}
		case "coverage":
			faults = r.Faults
			for _, l := range r.LetGo {
				if l.Kind == "calls of agents" {
					gone = l.N
				}
			}
		}
	}
	for _, s := range []string{"s-before", "s-within", "s-after"} {
		if seen[s] != "intrusion, 4 calls" {
			t.Errorf("%s: %q", s, seen[s])
		}
	}
	if calls > int64(a.calls) || calls+gone < int64(a.calls) || faults > 0 {
		t.Errorf("%d calls are told of and %d let go, of %d; %d faults", calls, gone, a.calls, faults)
	}
	if c.RSS > most {
		t.Errorf("%d MB of memory for %d MB", c.RSS>>20, bytes>>20)
	}
	t.Logf("%d calls, %d MB: %.1f CPU-s, %.0f MB, %d let go", a.calls, bytes>>20, c.CPU-c.Load, c.mb(), gone)
}

// TestHostileLogs holds that what one log has of everything hostile harms nothing else, in the format of each agent.
func TestHostileLogs(t *testing.T) {
	program := build(t)
	for _, by := range hands {
		t.Run(by.name, func(t *testing.T) {
			dir, a, bytes := hostileFolder(t, by, func(a *attack) {
				a.say("big", "Bash", command(strings.Repeat("x", 10<<20)))
				a.say("deep", "Bash", strings.Repeat(`{"a":`, 100_000)+"1"+strings.Repeat("}", 100_000))
				a.say("deep", "Bash", `{"a":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+"}")
				a.say("octets", "Bash", command(strings.Repeat("\xff\xc0\x80", 100_000)))
				a.say("octets \xff\xfe", "Bash \xc0", command("ls"))
				hosts := make([]string, 100_000)
				for i := range hosts {
					hosts[i] = fmt.Sprintf("10.%d.%d.1", i>>8&255, i&255)
				}
				a.say("targets", "Bash", command("netexec smb "+strings.Join(hosts, " ")+" -u adm -p b"))
				a.say("targets", "scan", `{"targets":["`+strings.Join(hosts, `","`)+`"]}`)
				const escape = `\u001b[2J\u001b]0;owned\u0007\u202e\u0000\r`
				for _, c := range breaksIn("10.9.8") {
					a.say("escape "+escape, "Bash"+escape, command(c+" "+escape))
				}
				for i := range 4 {
					for _, c := range breaksIn(fmt.Sprintf("10.7.%d", i)) {
						a.say(fmt.Sprint("long", i, strings.Repeat("i", 1<<20)), "Bash", command(c))
					}
				}
				for i := range 3000 {
					a.say(fmt.Sprint("many", i), "Bash", command("ls"))
				}
				for i := range 3000 {
					a.say("one", "Bash", command(fmt.Sprint("ls ", i)))
				}
			})
			holds(t, program, dir, a, bytes, 768<<20)
			if by.name != "chat" {
				return
			}
			for _, format := range []string{"text", "html", "markdown", "incident"} {
				out, err := exec.Command(program, "hunt", "-q", "-f", format, dir).Output()
				if err != nil || len(out) == 0 || strings.ContainsAny(string(out), "\x1b\x07\x00\u202e") {
					t.Errorf("%s: %v, %d bytes, of which there are ones that a terminal obeys", format, err, len(out))
				}
			}
		})
	}
}

// A crowd of calls, sessions or principals.
type throng struct {
	name string
	n    int   // of TestLongHostileCrowds
	most int64 // MB of memory, however many
	call func(a *attack, i int)
}

// owned is a call of a session that is a principal's.
func owned(a *attack, principal string, i int, text string) {
	a.calls++
	a.line(fmt.Sprintf(`{"session":"h%d","principal":"%s","messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"Bash","arguments":"{\"command\":\"%s\"}"}}]},{"role":"tool","tool_call_id":"c","content":"ok"}]}`, i, principal, text))
}

var throngs = []throng{
	{"calls of a session", 1_000_000, 512, func(a *attack, i int) { a.say("one", "Bash", command(fmt.Sprint("ls ", i))) }},
	{"sessions of a principal", 1_000_000, 768, func(a *attack, i int) { owned(a, "one", i, "ls") }},
	{"telling sessions of a principal", 200_000, 1024, func(a *attack, i int) { owned(a, "one", i, fmt.Sprintf("nmap -sV 10.9.9.%d", i%256)) }},
	{"principals", 200_000, 1280, func(a *attack, i int) { owned(a, fmt.Sprint("p", i), i, "ls") }},
	{"principals at one target", 60_000, 2048, func(a *attack, i int) { owned(a, fmt.Sprint("p", i), i, "netexec smb 10.9.9.9 -u a -p b") }},
	{"sessions that are each other's parent", 100_000, 768, func(a *attack, i int) {
		a.calls++
		a.line(fmt.Sprintf(`{"session":"h%d","parent_session_id":"h%d","messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"Bash","arguments":"{\"command\":\"ls\"}"}}]}]}`, i, (i+1)%1000))
	}},
	{"calls of one id", 200_000, 1024, func(a *attack, i int) {
		a.calls++
		a.line(hands[1].call(fmt.Sprint("h", i), "Bash", "toolu_01abcdefgh0123456789", command(fmt.Sprint("ls ", i))))
	}},
}

func thronged(t *testing.T, share int) {
	program := build(t)
	for _, c := range throngs {
		t.Run(c.name, func(t *testing.T) {
			dir, a, bytes := hostileFolder(t, hands[0], func(a *attack) {
				for i := range c.n / share {
					c.call(a, i)
				}
			})
			holds(t, program, dir, a, bytes, c.most<<20)
		})
	}
}

// TestHostileCrowds holds that very many calls, sessions and principals drive out nobody else's.
func TestHostileCrowds(t *testing.T) {
	if testing.Short() {
		t.Skip("a minute")
	}
	thronged(t, 10)
}
