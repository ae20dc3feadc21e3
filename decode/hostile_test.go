package decode

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// Input that is made to cost much costs little: memory in proportion to it, and time, too (what grows with the square
// of the input takes minutes here and is seen without a clock).
func TestHostile(t *testing.T) {
	keys := func(n int, value string) string {
		var b strings.Builder
		b.WriteString("{")
		for i := range n {
			fmt.Fprintf(&b, `"k%d":%s,`, i, value)
		}
		b.WriteString(`"end":1}`)
		return b.String()
	}
	const n = 1 << 18
	for name, in := range map[string]string{
		"brackets":             strings.Repeat("[", n),
		"brackets on lines":    strings.Repeat("[\n", n),
		"braces":               strings.Repeat(`{"a":`, n),
		"braces on lines":      strings.Repeat("{\"a\":\n", n),
		"wrapped lists":        strings.Repeat(`{"Records":[`, n/8),
		"lists on lines":       strings.Repeat("{\"Records\":[\n", n/8),
		"empty objects":        keys(n, "{}"),
		"many leaves":          keys(n, "1"),
		"a huge name":          `{"` + strings.Repeat("x", n) + `":` + keys(8000, "1") + "}",
		"quotes":               strings.Repeat(`{"a":"`, n/8),
		"backslashes":          `{"a":"` + strings.Repeat(`\`, n),
		"backslashed quotes":   `{"a":"` + strings.Repeat(`\"`, n),
		"json in json":         `{"log":` + strings.Repeat(`"{\"log\":`, n/16),
		"spaces":               "a" + strings.Repeat(" ", n) + "b",
		"tabs":                 strings.Repeat("\t", n) + "b",
		"pairs":                "a=b " + strings.Repeat("a=b ", n/4),
		"open pairs":           strings.Repeat(`a="`, n/4),
		"equals":               strings.Repeat("=", n),
		"commas":               strings.Repeat(",", n),
		"pipes":                "CEF:0" + strings.Repeat("|", n),
		"percents":             `192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] "GET /` + strings.Repeat("%25", n/4) + ` HTTP/1.1" 200 1`,
		"plus and percent":     `192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] "GET /?` + strings.Repeat("%2525252541", n/16) + ` HTTP/1.1" 200 1`,
		"colons":               "Nov 20 10:00:00 h sshd[1]: " + strings.Repeat(":", n),
		"froms":                "Nov 20 10:00:00 h sshd[1]: Failed password for " + strings.Repeat(" from ", n/8),
		"users":                "Nov 20 10:00:00 h sudo: " + strings.Repeat("user : ", n/8),
		"structured data":      "<34>1 2026-11-20T10:00:00Z h a 1 2 " + strings.Repeat(`[a b="c"]`, n/16),
		"open structured data": "<34>1 2026-11-20T10:00:00Z h a 1 2 " + strings.Repeat(`[a b="`, n/16),
		"audit arguments":      "type=EXECVE msg=audit(1700000000.000:1): argc=99999 " + strings.Repeat("a1[1]=41 ", n/16),
		"audit serials":        repeat(n/64, "type=PATH msg=audit(1700000000.000:%d): item=0\n"),
		"xml elements":         "<Event><System>" + strings.Repeat("<a>", n/4),
		"xml attributes":       "<Event " + strings.Repeat("a='b' ", n/8) + ">",
		"xml events":           strings.Repeat("<Event>", n/8),
		"xml entities":         "<Event><EventData><Data Name='x'>" + strings.Repeat("&amp;", n/8) + strings.Repeat("&", n/8),
		"xml comments":         "<Event>" + strings.Repeat("<!--", n/8),
		"columns":              "time,name,ip" + strings.Repeat(",c", n/4) + "\n" + strings.Repeat("1,2,3\n", n/16),
		"csv quotes":           "time,name,ip\n" + strings.Repeat(`"a`+"\n", n/16),
		"zeek fields":          "#separator \\x09\n#path\tconn\n#fields" + strings.Repeat("\ta", n/8) + "\n" + strings.Repeat("1\n", n/8),
		"w3c fields":           "#Fields:" + strings.Repeat(" date", n/8) + "\n" + strings.Repeat("1\n", n/8),
		"history":              repeat(n/32, "#%d\n") + "ls\n",
		"messages":             repeat(n/64, "LogName=Security\nEventCode=%d\nMessage=x\n"),
		"export fields":        "__CURSOR=a\n__REALTIME_TIMESTAMP=1\n" + strings.Repeat("A=b\n", n/8),
		"tool calls":           repeat(n/64, `{"role":"assistant","tool_calls":[{"id":"%d","function":{"name":"a","arguments":"{}"}}]}`+"\n"),
		"container lines":      strings.Repeat("2026-03-04T05:06:07.000000000Z stdout F ", n/32),
		"nul":                  strings.Repeat("\x00", n),
		"bad utf-8":            strings.Repeat("\xff\xfe\xc0\x80\n", n/4),
		"escapes":              strings.Repeat("\x1b[2J", n/4),
	} {
		t.Run(name, func(t *testing.T) {
			formats := []string{"text", "json"}
			if f, ok := Detect("x", []byte(in)); ok {
				formats = append(formats, f.Name)
			}
			if in[0] == '{' || in[0] == '[' {
				formats = append(formats, "agent-log")
			}
			for _, format := range formats {
				f, _ := ByName(format)
				d := f.New(Options{})
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				events, most := 0, 0
				emit := func(ev *tocsin.Event) {
					events++
					size := 0
					for i := range ev.Fields {
						size += len(ev.Fields[i].Name) + len(ev.Fields[i].Value)
					}
					most = max(most, size)
				}
				d.Decode(&tocsin.Record{Source: "x", Data: []byte(in), Line: 1}, emit)
				d.Flush(emit)
				runtime.ReadMemStats(&after)
				allocated := int(after.TotalAlloc - before.TotalAlloc)
				if events > len(in)+1 || most > 16<<20 || allocated > 64<<20+16*len(in) {
					t.Errorf("%s: of %d bytes, %d events, the largest of %d bytes; %d bytes allocated", format, len(in), events, most, allocated)
				}
			}
		})
	}
}

// repeat is n lines made of a format with one number.
func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
