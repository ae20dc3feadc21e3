package decode

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Sessions that are made to cost much: each is read to its end, with the call behind the hostile part, in memory in proportion
// to the input.
func TestHostileSessions(t *testing.T) {
	big := strings.Repeat("x", 10<<20)
	call := func(id, args string) string {
		return fmt.Sprintf(`{"type":"assistant","uuid":"u","sessionId":"S","message":{"role":"assistant","content":[{"type":"tool_use","id":%q,"name":"Bash","input":%s}]}}`+"\n", id, args)
	}
	span := func(attrs string) string {
		return `{"name":"execute_tool sh","attributes":{"gen_ai.operation.name":"execute_tool","gen_ai.tool.name":"sh","gen_ai.conversation.id":"S",` + attrs + `}}` + "\n"
	}
	last := call("toolu_last", `{"command":"last"}`)
	lastSpan := span(`"gen_ai.tool.call.arguments":"{\"command\":\"last\"}"`)
	lastShape := `{"session_id":"S","tool":"sh","args":{"command":"last"},"output":"x"}` + "\n"
	for name, in := range map[string]string{
		"10 MB of arguments":         call("toolu_1", `{"command":"`+big+`"}`) + last,
		"10 MB of a result":          call("toolu_1", `{"command":"ls"}`) + `{"type":"user","uuid":"v","sessionId":"S","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"` + big + `"}]}}` + "\n" + last,
		"deep arguments":             call("toolu_1", strings.Repeat(`{"a":`, 100_000)+"1"+strings.Repeat("}", 100_000)) + last,
		"deep lists":                 call("toolu_1", `{"a":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+"}") + last,
		"arguments in arguments":     call("toolu_1", `{"input":"`+strings.Repeat(`{\"input\":`, 50_000)+`"}`) + last,
		"no UTF-8":                   call("toolu_1", `{"command":"`+strings.Repeat("\xff\xc0\x80", 100_000)+`"}`) + last,
		"a span of 10 MB":            span(`"gen_ai.tool.call.arguments":"`+big+`"`) + lastSpan,
		"deep values of a span":      `{"name":"execute_tool sh","attributes":[{"key":"gen_ai.tool.name","value":{"stringValue":"sh"}},{"key":"gen_ai.tool.call.id","value":` + strings.Repeat(`{"arrayValue":{"values":[`, 20_000) + strings.Repeat("]}}", 20_000) + "}]}\n" + lastSpan,
		"numbered messages":          `{"name":"chat","attributes":{"gen_ai.system":"x"` + repeat(50_000, `,"gen_ai.prompt.4095.tool_calls.%d.name":"x"`) + "}}\n" + lastSpan,
		"numbers far apart":          `{"name":"chat","attributes":{"gen_ai.system":"x"` + repeat(50_000, `,"gen_ai.prompt.%d99999999.role":"x"`) + "}}\n" + lastSpan,
		"calls in calls by shape":    lastShape + strings.Repeat(`{"agent":"a","steps":[`, 50_000) + strings.Repeat("]}", 50_000) + "\n" + lastShape,
		"wide records by shape":      lastShape + `{"agent":"a"` + repeat(100_000, `,"k%d":{"x":[{}]}`) + "}\n" + lastShape,
		"a user that names a user":   `{"model":"m","metadata":{"user_id":"` + strings.Repeat(`{\"user_id\":`, 50_000) + `"},"messages":[{"role":"user","content":"u"}]}` + "\n" + `{"messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"sh","arguments":"{\"command\":\"last\"}"}}]}]}` + "\n",
		"refusals without an end":    strings.Repeat(`{"type":"assistant","uuid":"u","sessionId":"S","message":{"role":"assistant","content":[],"stop_reason":"refusal"}}`+"\n", 20_000) + last,
		"errors in errors":           `{"timestamp":"2026-03-04T05:06:01Z","type":"event_msg","payload":{"type":"error","error":` + strings.Repeat(`{"error":`, 100_000) + "1" + strings.Repeat("}", 100_000) + "}}\n" + `{"timestamp":"2026-03-04T05:06:01Z","type":"response_item","payload":{"type":"function_call","name":"shell","arguments":"{\"command\":\"last\"}","call_id":"c"}}` + "\n",
		"a hundred thousand calls":   repeat(100_000, `{"type":"assistant","uuid":"u","sessionId":"S","message":{"role":"assistant","content":[{"type":"tool_use","id":"toolu_%d","name":"Bash","input":{"command":"ls"}}]}}`+"\n") + last,
		"a hundred thousand of them": repeat(100_000, `{"session_id":"S%d","tool":"sh","args":{"command":"ls"},"call_id":"1"}`+"\n") + lastShape,
	} {
		t.Run(name, func(t *testing.T) {
			f, ok := Detect("x", []byte(in[:min(len(in), 64<<10)]))
			if !ok || !strings.HasPrefix(f.Name, "agent-") {
				f, _ = ByName("agent-log") // the head is hostile, too
			}
			d := f.New(Options{})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			found, most := false, 0
			emit := func(ev *tocsin.Event) {
				size := 0
				for i := range ev.Fields {
					size += len(ev.Fields[i].Value)
				}
				most = max(most, size)
				found = found || ev.Text("command") == "last"
			}
			d.Decode(&tocsin.Record{Source: "x", Line: 1, Data: []byte(in)}, emit)
			d.Flush(emit)
			runtime.ReadMemStats(&after)
			if allocated := int(after.TotalAlloc - before.TotalAlloc); !found || most > 8*(10<<20) || allocated > 128<<20+24*len(in) {
				t.Errorf("%s: the last call read: %t; an event of %d bytes; %d bytes allocated for %d", f.Name, found, most, allocated, len(in))
			}
		})
	}
}

// A request begins with what its model is told, which may be longer than what formats are told by; other JSON stays what it is, and
// so does what a user calls by its name.
func TestLongBeginning(t *testing.T) {
	long := strings.Repeat("Be brief. ", 20_000)
	call := `"messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"sh","arguments":"{\"command\":\"last\"}"}}]}]`
	for _, c := range []struct {
		what, in string
		want     bool
	}{
		{"instructions", `{"model":"m","system":"` + long + `",` + call + "}\n", true},
		{"tools", `{"model":"m","tools":[{"name":"t","description":"` + long + `"}],` + call + "}\n", true},
		{"a name", `{"session":"` + long + `",` + call + "}\n", true},
		{"over many lines", "{\n \"system\": \"" + long + "\",\n " + call + "\n}\n", true},
		{"no session", `{"level":"info","text":"` + long + `","messages":["a"]}` + "\n", false},
	} {
		found := false
		if err := All("x", []byte(c.in), time.Time{}, func(ev *tocsin.Event) { found = found || ev.Text("command") == "last" }); err != nil || found != c.want {
			t.Errorf("%s: the call is read: %t, %v", c.what, found, err)
		}
		named, _ := ByName("json")
		if f := named.For([]byte(c.in[:64<<10]), func() []byte { return []byte(c.in) }); f.Name != "json" {
			t.Errorf("%s: called json, read as %s", c.what, f.Name)
		}
	}
}
