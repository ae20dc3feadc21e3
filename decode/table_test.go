package decode

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

func TestTable(t *testing.T) {
	tests := []struct {
		name, log string
		fields    []string
		want      []string
	}{{
		"alerts with commas, an empty cell, quoted line ends and quotes",
		"\xef\xbb\xbftime,name,ip,host,details\r\n1772600767,\"Scan, fast\",192.0.2.1,web1,\"one\r\n\"\"two\"\"\"\r\n1772600768,Other,,web2,x\r\n",
		[]string{"name", "src_ip", "details", "message"},
		[]string{
			"csv 2026-03-04T05:06:07Z alert/*/csv @web1\nname=Scan, fast\nsrc_ip=192.0.2.1\ndetails=one\r\n\"two\"\nmessage=one\r\n\"two\"",
			"csv 2026-03-04T05:06:08Z alert/*/csv @web2\nname=Other\ndetails=x\nmessage=x",
		},
	}, {
		"semicolons, day and hour apart, names spelled otherwise",
		"Date;Time;Rule Name;Source IP;User Name;Severity\n2026-03-04;05:06:07;R;192.0.2.1;ann;high\n",
		[]string{"name", "src_ip", "user", "severity", "Rule Name"},
		[]string{"csv 2026-03-04T05:06:07Z alert/*/csv\nname=R\nsrc_ip=192.0.2.1\nuser=ann\nseverity=high\nRule Name=R"},
	}, {
		"month and day apart, no year",
		"LineId,Date,Day,Time,Content\n1,Mar,4,05:06:07,x\n",
		[]string{"message"},
		[]string{"csv 2026-03-04T05:06:07Z csv\nmessage=x"},
	}, {
		"a timeline for Timesketch, tabs",
		"message\tdatetime\ttimestamp_desc\thostname\nm\t2026-03-04T05:06:07+01:00\tCreation Time\th1\n",
		[]string{"message"},
		[]string{"csv 2026-03-04T04:06:07Z timeline/*/timesketch @h1\nmessage=m"},
	}, {
		"a flow log with its own header",
		"version vpc-id srcaddr dstaddr srcport dstport protocol start action\n3 vpc-1 192.0.2.1 198.51.100.2 1234 22 6 1772600767 REJECT\n",
		[]string{"src_ip", "dst_port", "event_type"},
		[]string{"csv 2026-03-04T05:06:07Z aws/firewall/vpcflow\nsrc_ip=192.0.2.1\ndst_port=22\nevent_type=firewall_denied"},
	}, {
		"an export of Microsoft 365: the record is in a cell",
		"RecordType,CreationDate,UserIds,Operations,AuditData\nExchangeAdmin,2026-03-04T05:06:09Z,ann,Set-Mailbox,\"{\"\"CreationTime\"\":\"\"2026-03-04T05:06:07\"\",\"\"Operation\"\":\"\"Set-Mailbox\"\",\"\"Workload\"\":\"\"Exchange\"\",\"\"UserId\"\":\"\"ann\"\"}\"\n",
		[]string{"Operation", "Workload", "AuditData", "UserIds"},
		[]string{"m365 2026-03-04T05:06:07Z m365/*/audit m365/*/exchange\nOperation=Set-Mailbox\nWorkload=Exchange\nUserIds=ann"},
	}, {
		"a quote that opens nothing, a row that is too wide, one export behind another, no last line end",
		"time,name,ip\n1772600767,\"a,192.0.2.1\n1772600768,b,192.0.2.2\n1772600769,c,192.0.2.3,more\ntime,name,ip\n1772600770,d,\"192.0.2.4\"",
		[]string{"name", "ip"},
		[]string{
			"fault: x.csv:2: a row of 2 cells under 3 column names (a quote or delimiter is missing; the row's cells may stand under the wrong names)",
			"csv 2026-03-04T05:06:08Z alert/*/csv\nname=b\nip=192.0.2.2",
			"fault: x.csv:4: a row of 4 cells under 3 column names (a quote or delimiter is missing; the row's cells may stand under the wrong names)",
			"csv 2026-03-04T05:06:10Z alert/*/csv\nname=d\nip=192.0.2.4",
		},
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, e := range decodeAll(t, "x.csv", tt.log) {
				got = append(got, pick(e, tt.fields...))
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			// A source may cut after any line.
			d := tableFormat().New(Options{Year: 2026})
			var cut []string
			emit := func(e *tocsin.Event) { cut = append(cut, pick(e, tt.fields...)) }
			line := int64(1)
			for l := range strings.Lines(tt.log) {
				d.Decode(&tocsin.Record{Source: "x.csv", Data: []byte(l), Line: line}, emit)
				line++
			}
			d.Flush(emit)
			if d := cmp.Diff(tt.want, cut); d != "" {
				t.Errorf("cut at each line: %s", d)
			}
		})
	}
}

// TestTableNot holds look-alikes off: text with commas is no table.
func TestTableNot(t *testing.T) {
	for _, log := range []string{
		"Mar  4 05:06:07 h sshd[1]: error, host, user, time\nMar  4 05:06:08 h sshd[1]: x\n",
		"1,2,3,4\n5,6,7,8\n",
		"a,b,c,d\n1,2,3,4\n",
		"hello, world, and, host\nno commas here\n",
		"2026-03-04 05:06:07,357 WARN  [org.keycloak.events] (executor-thread-1) type=LOGIN_ERROR, realmId=r, ipAddress=192.0.2.1, username=ann\n",
	} {
		if f, _ := Detect("x.csv", []byte(log)); f.Name == "csv" {
			t.Errorf("%q taken for a table", log)
		}
	}
}

// TestAlertRecordings reads every alert of the recorded campaigns.
func TestAlertRecordings(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(dataDir(t, "campaign/ait-ads"), "*.csv.gz"))
	n := 0
	for _, path := range files {
		data := gunzip(t, path)
		d := tableFormat().New(Options{})
		emit := func(e *tocsin.Event) {
			n++
			if e.Fault != nil || e.Time.IsZero() || e.Host == "" && e.Text("host") != "" {
				t.Fatal(pick(e))
			}
		}
		d.Decode(&tocsin.Record{Source: path, Data: data, Line: 1}, emit)
		d.Flush(emit)
	}
	if n != 765922 {
		t.Errorf("%d alerts, want 765922", n)
	}
}

func BenchmarkTable(b *testing.B) {
	var log strings.Builder
	log.WriteString("time,name,ip,host,severity\n")
	const rows = 1000
	for i := range rows {
		fmt.Fprintf(&log, "%d,Web server 400 error code.,192.0.2.%d,web%d,low\n", 1772600767+i, i%250, i%7)
	}
	data := []byte(log.String())
	d := tableFormat().New(Options{})
	n := 0
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		n = 0
		d.Decode(&tocsin.Record{Source: "x", Data: data, Line: 1}, func(*tocsin.Event) { n++ })
	}
	if n != rows {
		b.Fatalf("%d events, want %d", n, rows)
	}
}
