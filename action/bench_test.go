package action

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// benchLines are logs as servers write them by the million, by format.
var benchLines = map[string]func(b *strings.Builder, i int){
	"access": func(b *strings.Builder, i int) {
		status, path := 200, [...]string{"/", "/products/item-%d", "/static/app.%x.js", "/img/p%d.jpg", "/blog/post-%d", "/search?q=shoes&page=%d", "/old%d/"}[i%7]
		if i%7 == 6 {
			status = 404
		}
		if strings.Contains(path, "%") {
			path = fmt.Sprintf(path, i*7919%900)
		}
		fmt.Fprintf(b, "203.0.113.%d - - [20/Nov/2026:00:%02d:%02d +0000] \"GET %s HTTP/1.1\" %d %d \"-\" \"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36\"\n", i%250, i/60%60, i%60, path, status, 500+i, 118+i%13)
	},
	"syslog": func(b *strings.Builder, i int) {
		fmt.Fprintf(b, "Nov 20 00:%02d:%02d web01 ", i/60%60, i%60)
		switch i % 6 {
		case 0, 1:
			fmt.Fprintf(b, "sshd[%d]: Failed password for root from 203.0.113.%d port %d ssh2\n", 1000+i, i%250, 1024+i)
		case 2:
			fmt.Fprintf(b, "sshd[%d]: Invalid user test%d from 203.0.113.%d port %d\n", 1000+i, i%40, i%250, 1024+i)
		case 3:
			fmt.Fprintf(b, "sshd[%d]: Accepted publickey for alice from 203.0.113.%d port %d ssh2: ED25519 SHA256:%032x\n", 1000+i, i%250, 1024+i, i)
		case 4:
			fmt.Fprintf(b, "CRON[%d]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)\n", 1000+i)
		case 5:
			fmt.Fprintf(b, "sudo[%d]: bob : TTY=pts/0 ; PWD=/home ; USER=root ; COMMAND=/usr/bin/apt update\n", 1000+i)
		}
	},
	"json": func(b *strings.Builder, i int) {
		const head = `{"EventID":%d,"SourceName":"Microsoft-Windows-Sysmon","Channel":"Microsoft-Windows-Sysmon/Operational","Hostname":"WS%d.corp.example","TimeCreated":"2026-11-20T00:%02d:%02d.000Z",`
		ids := [...]int{1, 3, 7, 10, 11, 12, 13, 22, 10, 7, 12, 13}
		id := ids[i%len(ids)]
		fmt.Fprintf(b, head, id, i%5, i/60%60, i%60)
		switch id {
		case 1:
			fmt.Fprintf(b, `"Image":"C:\\Windows\\System32\\svchost.exe","CommandLine":"C:\\Windows\\system32\\svchost.exe -k netsvcs -p -s task%d","User":"CORP\\bob","LogonId":"0x%x","ParentImage":"C:\\Windows\\System32\\services.exe"}`, i%20, 0x51a00+i%9)
		case 3:
			fmt.Fprintf(b, `"Image":"C:\\Windows\\System32\\svchost.exe","User":"CORP\\bob","SourceIp":"10.0.0.%d","SourcePort":"%d","DestinationIp":"10.0.1.%d","DestinationPort":"443","Protocol":"tcp"}`, i%250, 1024+i, i%99)
		case 7:
			b.WriteString(`"Image":"C:\\Windows\\System32\\svchost.exe","ImageLoaded":"C:\\Windows\\System32\\kernel32.dll","Signed":"true","Signature":"Microsoft Windows"}`)
		case 10:
			b.WriteString(`"SourceImage":"C:\\Windows\\System32\\svchost.exe","TargetImage":"C:\\Windows\\System32\\taskhostw.exe","GrantedAccess":"0x1000","CallTrace":"C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e"}`)
		case 11:
			fmt.Fprintf(b, `"Image":"C:\\Windows\\explorer.exe","TargetFilename":"C:\\Users\\bob\\AppData\\Local\\Temp\\f%d.tmp"}`, i)
		case 12, 13:
			fmt.Fprintf(b, `"EventType":"SetValue","Image":"C:\\Windows\\explorer.exe","TargetObject":"HKU\\S-1-5-21-1\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Explorer\\k%d","Details":"DWORD (0x%08x)"}`, i%70, i)
		case 22:
			fmt.Fprintf(b, `"Image":"C:\\Windows\\System32\\svchost.exe","QueryName":"host%d.corp.example","QueryStatus":"0","QueryResults":"10.0.0.1;"}`, i%300)
		}
		b.WriteString("\n")
	},
}

// events decodes n lines of a format and keeps what came out.
func benchEvents(tb testing.TB, name string, n int) []*tocsin.Event {
	var text strings.Builder
	for i := range n {
		benchLines[name](&text, i)
	}
	format, ok := decode.ByName(name)
	if !ok {
		tb.Fatalf("no format %s", name)
	}
	var out []*tocsin.Event
	see := func(ev *tocsin.Event) {
		if ev.Fault != nil {
			tb.Fatal(ev.Fault)
		}
		out = append(out, ev.Clone())
	}
	dec := format.New(decode.Options{})
	dec.Decode(&tocsin.Record{Source: "x", Data: []byte(text.String()), Line: 1}, see)
	dec.Flush(see)
	return out
}

func BenchmarkReader(b *testing.B) {
	for _, name := range []string{"access", "syslog", "json"} {
		b.Run(name, func(b *testing.B) {
			events := benchEvents(b, name, 20_000)
			r := NewReader([]byte("bench"), own)
			n := 0
			emit := func(*tocsin.Action) { n++ }
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				r.Read(events[i%len(events)], nil, emit)
			}
			b.ReportMetric(float64(n)/float64(b.N), "actions/op")
		})
	}
}

// BenchmarkKnowledge is what every run pays once.
func BenchmarkKnowledge(b *testing.B) {
	for range b.N {
		if k, faults := NewKnowledge(OwnKnowledge()...); len(faults) > 0 || len(k.Rules()) < 400 {
			b.Fatal(faults)
		}
	}
}
