package decode

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

// Messages are written here by hand, field by field, so that the reader is held to the format and not to itself.
func wireLen(number int, parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return append(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3|2), uint64(len(b))), b...)
}

func wireStr(number int, s string) []byte { return wireLen(number, []byte(s)) }

func wireNum(number int, n uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3), n)
}

func wireFix(number int, n uint64) []byte {
	return binary.LittleEndian.AppendUint64(binary.AppendUvarint(nil, uint64(number)<<3|1), n)
}

// wireAttr is a KeyValue, as a field of a number.
func wireAttr(number int, key, value string) []byte {
	return wireLen(number, wireStr(1, key), wireLen(2, wireStr(1, value)))
}

var wireStart = uint64(time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC).UnixNano())

// wireSpans is a request with one tool span and a metric-like record.
func wireSpans(command string) []byte {
	span := wireLen(2,
		wireStr(1, "0123456789abcdef"), wireStr(2, "01234567"), wireStr(5, "execute_tool sh"), wireNum(6, 1),
		wireFix(7, wireStart), wireFix(8, wireStart+5e8),
		wireAttr(9, "gen_ai.operation.name", "execute_tool"), wireAttr(9, "gen_ai.tool.name", "sh"), wireAttr(9, "gen_ai.tool.call.id", "c1"),
		wireAttr(9, "gen_ai.conversation.id", "S"),
		wireLen(9, wireStr(1, "gen_ai.tool.call.arguments"), wireLen(2, wireLen(6, wireAttr(1, "command", command)))),
		wireAttr(9, "gen_ai.tool.call.result", "a \"b\"\nc"),
		wireStr(99, "of a later version"),
		wireLen(15, wireNum(3, 2)))
	return wireLen(1,
		wireLen(1, wireAttr(1, "service.name", "planner"), wireAttr(1, "user.email", "ann@corp.example")),
		wireLen(2, wireLen(1, wireStr(1, "lib")), span))
}

func wireLogs() []byte {
	return wireLen(1,
		wireLen(1, wireAttr(1, "service.name", "codex_cli_rs")),
		wireLen(2, wireLen(2,
			wireFix(11, wireStart+2e9), wireLen(5, wireStr(1, "codex.tool_result")),
			wireAttr(6, "event.name", "codex.tool_result"), wireAttr(6, "conversation.id", "T"), wireAttr(6, "call_id", "call_ab12"), wireAttr(6, "tool_name", "shell"),
			wireAttr(6, "arguments", `{"command":["bash","-lc","id"]}`), wireAttr(6, "output", "uid=0"), wireAttr(6, "duration_ms", "40"), wireAttr(6, "success", "true"),
			wireAttr(6, "user.account_id", "acct-7"))))
}

func wireCalls(t *testing.T, data []byte, block int) (lines []string) {
	t.Helper()
	f, ok := Detect("x", data[:min(len(data), 64<<10)])
	if !ok || f.Name != "otlp-protobuf" {
		t.Fatalf("taken for %q", f.Name)
	}
	d := f.New(Options{})
	emit := func(e *tocsin.Event) { lines = append(lines, callLine(e)) }
	for len(data) > 0 {
		n := min(block, len(data))
		d.Decode(&tocsin.Record{Source: "x", Line: 1, Data: append([]byte(nil), data[:n]...)}, emit)
		data = data[n:]
	}
	d.Flush(emit)
	return lines
}

// One export means the same however it is framed and cut.
func TestOTLPWire(t *testing.T) {
	span, log := wireSpans("ls \x01\xff"), wireLogs()
	want := []string{
		`otlp:1 ai_agent/tool_call 05:06:00 agent="planner" session="S" principal="ann@corp.example" tool="sh" call_id="c1" call_index="1" command="ls \x01�" has_result="true" result="a \"b\"\nc" is_error="true" duration_ms="500"`,
		`otlp:2 ai_agent/tool_call/codex 05:06:02 agent="codex" session="T" principal="acct-7" tool="shell" call_id="call_ab12" call_index="1" command="bash -lc id" has_result="true" result="uid=0" is_error="false" took_ms="40"`,
	}
	for name, data := range map[string][]byte{
		"unframed": append(append([]byte(nil), span...), log...),
		"varint":   append(append(binary.AppendUvarint(nil, uint64(len(span))), span...), append(binary.AppendUvarint(nil, uint64(len(log))), log...)...),
		"four":     append(append(binary.BigEndian.AppendUint32(nil, uint32(len(span))), span...), append(binary.BigEndian.AppendUint32(nil, uint32(len(log))), log...)...),
	} {
		for _, block := range []int{1 << 20, 100, 7} {
			if diff := cmp.Diff(want, wireCalls(t, data, block)); diff != "" {
				t.Errorf("%s in blocks of %d: -want +got\n%s", name, block, diff)
			}
		}
	}
}

// What is not read is said: a cut-off end, metrics, an export that is too large.
func TestOTLPWireFaults(t *testing.T) {
	span := wireSpans("ls")
	cut := append(append([]byte(nil), span...), span[:len(span)/2]...)
	if got := wireCalls(t, cut, 50); len(got) != 2 || !strings.Contains(got[0]+got[1], "cut off") || !strings.Contains(got[0]+got[1], `command="ls"`) {
		t.Error(got)
	}
	metric := wireLen(1, wireLen(1, wireAttr(1, "service.name", "x")), wireLen(2, wireLen(2, wireStr(1, "a.metric"))))
	if got := wireCalls(t, metric, 1000); len(got) != 1 || !strings.Contains(got[0], "1 records that are neither spans nor log records") {
		t.Error(got)
	}
	large := append(append([]byte(nil), span...), 0x0a)
	large = append(binary.AppendUvarint(large, maxWireUnit+1), make([]byte, maxWireUnit+1)...)
	large = append(large, wireLogs()...)
	got := wireCalls(t, large, 1<<20)
	if len(got) != 3 || !strings.Contains(strings.Join(got, "\n"), "more than 64 MiB") || !strings.Contains(strings.Join(got, "\n"), `session="T"`) {
		t.Error(got)
	}
}

// No other kind of file is taken for an export, and deep or lying messages cost little.
func TestOTLPWireHostile(t *testing.T) {
	for name, data := range map[string]string{
		"text": "\nhello, world\n", "nul": strings.Repeat("\x00", 4096), "newlines": strings.Repeat("\n", 4096), "lengths": strings.Repeat("\x0a\x7f", 4096),
		"a protobuf message": string(wireLen(1, wireStr(1, "name"), wireStr(2, "value"))),
	} {
		if f, ok := Detect("x", []byte(data)); ok && f.Name == "otlp-protobuf" {
			t.Errorf("%s is taken for an export", name)
		}
	}
	deep := wireStr(1, "x")
	for range 5000 {
		deep = wireLen(5, wireLen(1, deep))
	}
	data := wireLen(1, wireLen(1, wireAttr(1, "service.name", strings.Repeat("x", 1<<20))), wireLen(2, wireLen(2, wireFix(1, wireStart), wireAttr(6, "event.name", "x"), wireLen(6, wireStr(1, "k"), wireLen(2, deep)))))
	n := 0
	d := otlpWireFormat().New(Options{})
	d.Decode(&tocsin.Record{Source: "x", Data: data}, func(e *tocsin.Event) { n++ })
	d.Flush(func(e *tocsin.Event) {
		n++
		if e.Fault != nil {
			t.Error(e.Fault)
		}
	})
	if n != 1 {
		t.Errorf("%d events", n)
	}
}

func FuzzOTLPWire(f *testing.F) {
	f.Add(wireSpans("ls"), 10)
	f.Add(wireLogs(), 3)
	f.Add(append(binary.BigEndian.AppendUint32(nil, uint32(len(wireLogs()))), wireLogs()...), 50)
	f.Add(append(binary.AppendUvarint(nil, uint64(len(wireLogs()))), wireLogs()...), 50)
	f.Add(wireLen(1, wireLen(2, wireLen(2, wireFix(1, math.MaxUint64), wireLen(5, wireNum(2, 1)), wireLen(6, wireStr(1, "k"), wireLen(2, wireFix(4, math.Float64bits(1.5))))))), 9)
	format := honest(otlpWireFormat())
	f.Fuzz(func(t *testing.T, data []byte, block int) { checkStream(t, format, data, block) })
}
