package decode

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// TestNetworkRecordings decodes recorded sensor logs whole: every record an event of its log, with its time.
func TestNetworkRecordings(t *testing.T) {
	dir := dataDir(t, "network")
	for _, tt := range []struct {
		name, source string
		events       int
	}{
		{"zeek-m57-2009/conn.log.gz", "zeek/firewall/conn", 8462},
		{"zeek-m57-2009/http.log.gz", "zeek/proxy/http", 4896},
		{"zeek-wrccdc2018/dns.log.gz", "zeek/dns/dns", 53615},
		{"zeek-wrccdc2018/smb_mapping.log.gz", "zeek/*/smb_mapping", 393},
		{"eve-frank/wrccdc-2018.jsonl.gz", "suricata/ids/alert", 207},
		{"../campaign/apt29-zeek/day1/SCRANTON_conn.log.gz", "zeek/firewall/conn", 134},
		{"../campaign/sans-forensics-2021/2021-10/kerberos.log.gz", "zeek/*/kerberos", 101},
	} {
		data := gunzip(t, filepath.Join(dir, tt.name))
		f, _ := Detect(tt.name, data[:min(len(data), 65536)])
		n := 0
		f.New(Options{}).Decode(&tocsin.Record{Source: tt.name, Data: data, Line: 1}, func(e *tocsin.Event) {
			if e.Fault == nil && len(e.Sources) > 0 && e.Sources[0].String() == tt.source && !e.Time.IsZero() {
				n++
			}
		})
		if n != tt.events {
			t.Errorf("%s: %d events of %s, want %d", tt.name, n, tt.source, tt.events)
		}
	}
}

// TestLabelledClients decodes the lines that fail2ban labels with the client to ban, of the services read here: each
// must be an event about that client.
func TestLabelledClients(t *testing.T) {
	archive := gunzip(t, filepath.Join(dataDir(t, "linux"), "fail2ban-labelled-logs.tar.gz"))
	checked := 0
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(h.Name, "/")
		switch head, _, _ := strings.Cut(name, "-"); head {
		case "apache", "nginx", "haproxy", "traefik", "lighttpd", "squid", "named", "nsd", "php", "suhosin", "routeros":
		default:
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		var label struct {
			Match bool
			Host  string
		}
		for _, line := range strings.Split(string(data), "\n") {
			if i := strings.Index(line, "failJSON:"); i >= 0 && line[0] == '#' {
				label.Match, label.Host = false, ""
				_ = json.Unmarshal([]byte(line[i+9:]), &label) // some labels are for another test only
				continue
			}
			if !label.Match || label.Host == "" || strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
				continue
			}
			checked++
			if e := decodeText(t, line)[0]; e.Text("src_ip") != label.Host {
				t.Errorf("%s: %q is about %s, decoded as %s of %s", name, line, label.Host, e.Format, e.Text("src_ip"))
			}
			label.Match = false
		}
	}
	if checked < 180 {
		t.Errorf("%d lines checked, want 180 at least", checked)
	}
}

func BenchmarkZeek(b *testing.B) {
	data := []byte(zeekHead + "#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\thistory\ttunnel_parents\n" +
		"#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tstring\tset[string]\n")
	for i := range 10000 {
		data = fmt.Appendf(data, "1772600767.%06d\tC%07d\t192.0.2.%d\t%d\t198.51.100.2\t443\ttcp\tssl\t0.%d\t%d\t%d\tSF\tT\tShADadFf\t(empty)\n", i, i, i%250, 1024+i, i, i, i*3)
	}
	benchmarkDecoder(b, zeekFormat(), data, 10000)
}

func BenchmarkEVE(b *testing.B) {
	var data []byte
	for i := range 10000 {
		data = fmt.Appendf(data, `{"timestamp":"2026-03-04T05:06:07.%06d+0000","flow_id":%d,"in_iface":"eth0","event_type":"http","src_ip":"192.0.2.%d","src_port":%d,"dest_ip":"198.51.100.2","dest_port":80,"proto":"TCP","tx_id":0,"http":{"hostname":"shop.example","url":"/products/item-%d?id=%d","http_user_agent":"Mozilla/5.0 (X11)","http_content_type":"text/html","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":%d}}`+"\n",
			i, i, i%250, 1024+i, i%900, i, i)
	}
	f, _ := Detect("eve.json", data[:65536])
	benchmarkDecoder(b, f, data, 10000)
}

func benchmarkDecoder(b *testing.B, f Format, data []byte, events int) {
	r := tocsin.Record{Source: "x", Data: data, Line: 1}
	d := f.New(Options{})
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		d.Decode(&r, func(e *tocsin.Event) {
			if e.Fault == nil && len(e.Sources) > 0 {
				n++
			}
		})
		if n != events {
			b.Fatalf("%d events, want %d", n, events)
		}
	}
	b.ReportMetric(float64(b.N)*float64(events)/b.Elapsed().Seconds(), "events/s")
}
