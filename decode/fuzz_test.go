package decode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

// samples gives every log that stands as text in a test of this package: what a format has as a test, it has as a seed.
func samples(t testing.TB) [][]byte {
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no tests", err)
	}
	var all [][]byte
	for _, s := range odd {
		all = append(all, []byte(s))
	}
	for _, name := range files {
		if name == "fuzz_test.go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, _ := strconv.Unquote(lit.Value); len(s) > 20 && len(s) < 4000 {
					all = append(all, []byte(s))
				}
			}
			return true
		})
	}
	return all
}

// odd are logs that no test expects anything of: with quirks, cut off, of many kinds.
var odd = []string{
	"type=EXECVE msg=audit(1.2:3): a0[999]=AA a99999999999=1 saddr=0200 msg='msg='",
	"#1700000000\nls\n: 1700000001:0;a\\\nb\n- cmd: x\n  when: 1\n",
	`CEF:0|M|W\|1|1.0|100|T|7|src=192.0.2.7 msg=a b\=c cs1Label=Zone cs1=dmz end=1772600767250`,
	"LEEF:2.0|M|W|1.0|deny|x09|src=192.0.2.7\tdst=198.51.100.2",
	`<189>date=2026-03-04 time=05:06:07 devid="F" type="utm" subtype="webfilter" hostname="h" url="/a%2e" srcip=192.0.2.7 dstip=198.51.100.2 msg="a \" b"`,
	`03/04-05:06:07.250000  [**] [116:1:1] "X" [**] [Priority: 3] {ICMP} 2001:db8::1 -> 2001:db8::2`,
	`04-Mar-2026 05:06:07.250 queries: info: client @0x7 192.0.2.7#5 (a): query: a IN TXT + (1)`,
	`1772600767.250 131 192.0.2.7 TCP_MISS/200 4099 GET http://s.example/a.exe?b - D/198.51.100.2 text/html`,
	`[INFO] 192.0.2.7:4711 - 12 "A IN a.example. udp 40 false 512" NOERROR`,
	`%ASA-4-106023: Deny tcp src outside:192.0.2.7/4711 dst inside:198.51.100.2/22`,
	`1,2026/03/04 05:06:07,0123456789,GLOBALPROTECT,a,b,2026/03/04 05:06:07,c,d,e,f`,
	`gw firewall,info drop input: proto TCP (SYN), 192.0.2.7:4711->198.51.100.2:23, len 40`,
	"#separator ,\n#fields,ts,a\n1,2\n1,2,3,4\n",
	"time,name,ip\n1,\"a\nb\",c\n\"\n\"\"\"\n",
	"a\tb\tc\r\n\"\t\"\r\n",
	"version srcaddr dstaddr x\n1  2\n",
	"time,AuditData,x\n1,\"{\"\"Operation\"\":1}\"\n",
	`192.0.2.7 - - [04/Mar/2026:05:06:07 +0000] "GET /a%2e+\"x HTTP/1.1" 200 5 "-" "curl" "192.0.2.1, 2"`,
	`[04/Mar/2026:05:06:07 +0000] - 404 404 - GET https h "/a" [Client 192.0.2.7] [Length 12] "c" "-"`,
	`192.0.2.7:4711 [04/Mar/2026:05:06:07.000] fe~ be/s1 0/0/0/13/14 200 20602 - - ---- 1/1/0/0/0 0/0 {a} "GET /a HTTP/1.1"`,
	`h2 2026-03-04T05:06:07.000000Z app/a/b 192.0.2.7:4711 - -1 -1 -1 403 - 12 34 "GET https://a/ HTTP/2.0" "curl" - - a "R" "s"`,
	`[Wed Mar 04 05:06:07.250000 2026] [auth_basic:error] [pid 1:tid 2] [client [2001:db8::1]:5] AH01618: user ann not found: /`,
	`2026/03/04 05:06:07 [error] 1#1: *6 user "a": password mismatch, client: 192.0.2.7, server: s, request: "GET / HTTP/1.1", host: "h"`,
	`2026-03-04 05:06:07.250000 [NOTICE] [12] [192.0.2.7:4:HTTP2-41#v] x`,
	`"192.0.2.7 [04/Mar/2026:05:06:07 +0000] ""G""`,
	"#Software: IIS\n#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query cs(User-Agent)\n2026-03-04 05:06:07 192.0.2.7 GET /a%%2e b+c x\n",
	"#Fields: a,b,cIp\n\"x\"\"y\",2,192.0.2.1:4\n\"\n",
	"<Event xmlns='x'><System><EventID Qualifiers='1'>7</EventID></System><EventData><Data Name='a b'>c&amp;&#x41;</Data></EventData></Event>",
	"<Event><System><Channel><![CDATA[Security]]></Channel></System><UserData><a><b c='d'/></a></UserData>",
	"<Event><a></b></Event><Event",
	"EventID,Channel,Message\n1,Security,\"a\nb\"\n",
	"Level;Date and Time;Source;Event ID\r\nx;3/4/2026 5:06:07 AM;Microsoft-Windows-Sysmon;1;\"Process Create:\r\nImage: x\r\n\"\r\n",
	"03/04/2026 05:06:07 AM\nLogName=Security\nEventCode=4688\nMessage=a\n\nSubject:\n\tAccount Name:\tx\n",
	"Event[0]:\r\n  Log Name: Security\r\n  Event ID: 1\r\n  Description: \r\nx\r\nEvent[1]:\n",
	`{"Event":{"System":{"EventID":1,"Channel":"Security","Provider":{"@Name":"x"}},"EventData":{"Data":[{"@Name":"a b","#text":"c"}]}}}`,
	`{"EventID":1,"Channel":"Security","EventData":"<EventData><Data Name=\"x\">y</Data></EventData>","Payload":"{\"EventData\":{\"Data\":\"z\"}}"}`,
	`{"EventID":4688,"Channel":"Security","Message":"A\n\nSubject:\n\tAccount Name:\tx\n\n"}`,
	`a b [04/Mar/2026:05:06:07 +0000] 192.0.2.1 r q REST.GET.OBJECT k "GET / HTTP/1.1" 200 - 1 1 1 1 "-" "UA" - h`,
	`2 1 eni-1 192.0.2.1 10.0.0.1 1 22 6 1 1 1772600767 1772600800 REJECT OK`,
	`2026-03-04T05:06:08.123456789Z stderr F {"log":"x"}`,
	`2026-03-04T05:06:08Z stdout P 2026-03-04T05:06:08Z stdout P 2026-03-04T05:06:08Z stdout F x`,
	`time="2026-03-04T05:06:07Z" level=x msg="a\"b" k`,
	`2026-03-04 05:06:07,357 WARN [org.keycloak.events] (x) type="LOGIN", a=b, c`,
	`{"level":"error","msg":"login failed"}`,
	"Feb 28 04:05:06 h sshd[1]: Failed password for a from b from 192.0.2.1 port 1 ssh2",
	"<34>1 - - - - - [a b=\"c\"] d",
	"name  | 2024-02-28 04:05:06 x",
	"[Feb 28 04:05:06] <auth.info> h p(m)[1]: x",
	"@400000004c91b044077a9e94 x: y",
	"::ffff:1.2.3.4 login failed",
	"Feb 28 04:05:06 h kernel: IN=a SRC=b DST=c",
	"Feb 28 04:05:06 h filterlog: 1,2,3,4,5,6,7,8,4,9,10,11,12,13,14,15,16,17,18,19,20,21",
	`{"eventVersion":"1","eventName":"ConsoleLogin","eventSource":"s","awsRegion":"r","eventTime":"2026-03-04T05:06:07Z"}`,
	`{"CreationTime":"2026-03-04T05:06:07","Operation":"x","Workload":"Exchange","Parameters":[{"Name":"a","Value":["b"]}]}`,
	`{"category":"AuditLogs","properties":{"targetResources":"[{\"modifiedProperties\":[{}]}]"}}`,
	`{"log":"{\"log\":\"{\\\"log\\\":1}\",\"stream\":\"x\",\"time\":\"1\"}","stream":"x","time":"1"}`,
	`{"auditID":"1","stage":"s","verb":"v","requestURI":"/exec?command=%zz&command=a","objectRef":{"subresource":"exec"}}`,
	`{"value":[{"a":1},`, `{"level":"x","msg":"login failed for user from 192.0.2.1"}`, `{"kind":"admin#reports#activity","events":[{"parameters":[{"name":"A","multiValue":["x"]}]}]}`,
}

// cuts cuts data into pieces of about n bytes as a format's streams are cut.
func cuts(c Cut, data []byte, n int) [][]byte {
	if n < 1 || c == Whole || c == Values {
		return [][]byte{data}
	}
	var all [][]byte
	for len(data) > 0 {
		to := min(n, len(data))
		switch c {
		case Lines, Ordered:
			if i := bytes.IndexByte(data[to-1:], '\n'); i >= 0 {
				to += i
			} else {
				to = len(data)
			}
		case Chunks:
			to = min(65536, len(data))
			if all == nil {
				to = min(4096, len(data))
			}
		}
		all = append(all, data[:to:to])
		data = data[to:]
	}
	return all
}

// streamed decodes pieces of one stream and gives each event as text. It checks what holds of all events of all formats.
func streamed(t *testing.T, d Decoder, pieces [][]byte) []string {
	var all []string
	rec := tocsin.Record{Source: "x", Line: 1, Ref: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	size, room := 0, 0
	emit := func(ev *tocsin.Event) {
		ev = ev.Clone()
		if len(ev.Fields) > 2*maxFields {
			t.Fatalf("%d fields", len(ev.Fields))
		}
		for _, f := range ev.Fields {
			size += len(f.Value)
		}
		size += len(ev.Raw) + len(ev.Host)
		if ev.Source != "x" || ev.Fault != nil && (ev.Fault.Source != "x" || ev.Fault.Err == nil) {
			t.Fatalf("event of %q with the fault %v", ev.Source, ev.Fault)
		}
		if ev.Fault == nil && (ev.Format == "" || len(ev.Fields) == 0 && ev.Raw == "") {
			t.Fatalf("an event of format %q with nothing in it: %q", ev.Format, ev.Raw)
		}
		for _, at := range []time.Time{ev.Time, ev.Sensor} {
			if at.Location() != time.UTC {
				t.Fatalf("time %v", at)
			}
		}
		all = append(all, fmt.Sprint(ev.Time, ev.Sensor, ev.Sources, ev.Record, ev.Format, ev.Host, ev.Raw, ev.Fields, ev.Fault))
	}
	for _, p := range pieces {
		room += len(p)
		one := rec // nothing may be kept of it
		one.Data = bytes.Clone(p)
		d.Decode(&one, emit)
		for i := range one.Data {
			one.Data[i] = '#'
		}
		one = tocsin.Record{Source: "of another stream"}
		rec.Offset += int64(len(p))
		rec.Line += int64(bytes.Count(p, []byte{'\n'}))
	}
	d.Flush(emit)
	n := len(all)
	d.Flush(emit)
	if len(all) > n {
		t.Error("events after the end of the stream")
	}
	if n > room+1 || size > 1<<16+16*room {
		t.Errorf("%d events of %d bytes from %d bytes", n, size, room)
	}
	return all
}

// inner is a format's own decoder.
func inner(f Format) Decoder {
	d := f.New(Options{})
	if g, ok := d.(*guessing); ok {
		return g.Decoder
	}
	return d
}

// checkStream checks that a stream says the same however it is cut and whatever its decoder saw before.
func checkStream(t *testing.T, f Format, data []byte, block int) {
	if n := f.Is("x", data); n < 0 || n > 100 {
		t.Errorf("%s is %d sure", f.Name, n)
	}
	switch inner(f).(type) {
	case *history: // whose shell it is of is told by its first 50 lines, and they stand in the first block
		block = 0
	case *agentLog: // one value a line
		for line := range bytes.Lines(data) {
			if len(bytes.TrimSpace(line)) > 0 && !json.Valid(line) {
				block = 0
			}
		}
	}
	pieces := cuts(f.Cut, data, block)
	d := f.New(Options{})
	want := streamed(t, d, pieces)
	switch f.Cut {
	case Ordered, Bytes:
		if diff := cmp.Diff(streamed(t, f.New(Options{}), [][]byte{data}), want); diff != "" {
			t.Errorf("%s in blocks of %d: -whole +cut\n%s", f.Name, block, diff)
		}
	case Lines, Values, Chunks:
		if diff := cmp.Diff(want, streamed(t, d, pieces)); diff != "" {
			t.Errorf("%s: -new +used\n%s", f.Name, diff)
		}
		if f.Cut == Lines {
			if one := streamed(t, d, [][]byte{data}); len(one) != len(want) {
				t.Errorf("%s: %d events whole, %d in blocks of %d", f.Name, len(one), len(want), block)
			}
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range samples(f) {
		if s[0] != '{' && s[0] != '<' {
			f.Add(s, 1)
		}
	}
	format, kinds := textFormat(), lineKinds()
	f.Fuzz(func(t *testing.T, data []byte, block int) {
		checkStream(t, format, data, block)
		line, _, _ := bytes.Cut(data, []byte{'\n'})
		if len(line) == 0 {
			return
		}
		d := &lines{rec: &tocsin.Record{Source: "x"}}
		for _, k := range kinds {
			e := tocsin.Event{Raw: text(line)}
			if !k.parse(d, line, &e) && (len(e.Fields) > 0 || e.Sources != nil || !e.Time.IsZero() || e.Host != "" || e.Format != "" || e.Fault != nil) {
				t.Errorf("%s refused the line and changed the event: %q", k.name, line)
			}
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, s := range samples(f) {
		if s[0] == '{' || s[0] == '[' {
			f.Add(s)
		}
	}
	format, _ := ByName("json")
	f.Fuzz(func(t *testing.T, data []byte) { checkStream(t, format, data, 0) })
}

// FuzzFormats decodes streams of all other formats, cut anywhere that they may be cut.
func FuzzFormats(f *testing.F) {
	var all []Format
	for _, format := range Formats() {
		switch inner(format).(type) {
		case *lines, *values, *eventLog: // FuzzText, FuzzJSON, evtx.FuzzChunk
		default:
			all = append(all, format)
		}
	}
	for _, s := range samples(f) {
		if format, ok := Detect("x", s); ok && format.Name != "text" && format.Name != "json" {
			f.Add(format.Name, s, 10)
		}
	}
	for _, l := range utmpLayouts {
		f.Add("utmp", l.login(loginRecord{kind: 7, line: "pts/0", user: "a", sec: 1700000000}), 100)
	}
	f.Add("lastlog", make([]byte, 292), 9)
	f.Add("journal", recordedJournal(f, "regular-zstd")[:60000], 1000)
	f.Fuzz(func(t *testing.T, name string, data []byte, block int) {
		var sum byte
		for i := range len(name) {
			sum = sum*31 + name[i]
		}
		format := all[int(sum)%len(all)]
		for _, a := range all {
			if a.Name == name {
				format = a
			}
		}
		checkStream(t, format, data, block)
	})
}
