package decode

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// decodeAll decodes data as a file of that name and content would be, and returns copies of the events.
func decodeAll(t testing.TB, name, data string) []*tocsin.Event {
	t.Helper()
	f, ok := Detect(name, []byte(data))
	if !ok {
		t.Fatalf("%s: no format", name)
	}
	var all []*tocsin.Event
	keep := func(e *tocsin.Event) { all = append(all, e.Clone()) }
	d := f.New(Options{Year: 2026})
	d.Decode(&tocsin.Record{Source: name, Data: []byte(data), Line: 1}, keep)
	d.Flush(keep)
	return all
}

func sourceList(e *tocsin.Event) string {
	var all []string
	for _, s := range e.Sources {
		all = append(all, s.String())
	}
	return strings.Join(all, " ")
}

const zeekHead = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"

func TestZeek(t *testing.T) {
	data := zeekHead + "#path\tdns\n#open\t2026-03-04-05-06-07\n" +
		"#fields\tts\tuid\tid.orig_h\tid.resp_p\tquery\tqtype_name\tanswers\trejected\n" +
		"#types\ttime\tstring\taddr\tport\tstring\tstring\tvector[string]\tbool\n" +
		"1772600767.250000\tCa1\t192.0.2.9\t53\tbad.example\tA\t192.0.2.1,a\\x2cb\tF\n" +
		"1772600768.000000\tCa2\t192.0.2.9\t53\t-\t-\t(empty)\tT\t\n" +
		"#close\t2026-03-04-06-06-07\n" +
		zeekHead + "#path\tssh\n#fields\tts\tid.orig_h\tauth_success\n#types\ttime\taddr\tbool\n" +
		"1772600769.000000\t192.0.2.9\tF\n1772600769.000000\t192.0.2.9\n"
	want := []string{
		"zeek/dns/dns\nzeek 2026-03-04T05:06:07.25Z\nts=1772600767.250000\nuid=Ca1\nid.orig_h=192.0.2.9\nsrc_ip=192.0.2.9\nid.resp_p=53\ndst_port=53\nquery=bad.example\nqtype_name=A\nrecord_type=A\nanswers=192.0.2.1\nanswer=192.0.2.1\nanswers=a,b\nanswer=a,b\nrejected=false\n",
		"zeek/dns/dns\nzeek 2026-03-04T05:06:08Z\nts=1772600768.000000\nuid=Ca2\nid.orig_h=192.0.2.9\nsrc_ip=192.0.2.9\nid.resp_p=53\ndst_port=53\nrejected=true\n",
		"zeek/*/ssh\nzeek 2026-03-04T05:06:09Z\nts=1772600769.000000\nid.orig_h=192.0.2.9\nsrc_ip=192.0.2.9\nauth_success=false\nevent_type=login_failed\noutcome=failure\nservice=ssh\n",
		"zeek/*/ssh\nfault: dns.log:20: 2 of 3 columns (the line is cut off; the rest of the file was read)",
	}
	var got []string
	for _, e := range decodeAll(t, "dns.log", data) {
		got = append(got, sourceList(e)+"\n"+show(e))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestZeekJSON(t *testing.T) {
	tests := []struct{ name, file, line, want string }{
		{"by name within", "x", `{"_path":"http","ts":1772600767.25,"id.orig_h":"192.0.2.9","id.resp_p":80,"method":"GET","host":"shop.example","uri":"/a%2e.php?q","trans_depth":1}`,
			"zeek/proxy/http zeek/webserver/http\nzeek-json 2026-03-04T05:06:07.25Z\n_path=http\nts=1772600767.25\nid.orig_h=192.0.2.9\nid.resp_p=80\nmethod=GET\nhost=shop.example\nuri=/a%2e.php?q\ntrans_depth=1\n" +
				"src_ip=192.0.2.9\ndst_port=80\ncs-method=GET\ncs-uri=/a%2e.php?q\ncs-uri-stem=/a%2e.php\ncs-uri-query=q\ncs-uri-query=/a%2e.php?q\nuri-decoded=/a..php?q\nc-uri-query=q\nc-uri=/a%2e.php?q\nc-uri-extension=php\nc-uri=http://shop.example/a%2e.php?q\ncs-host=shop.example\nr-dns=shop.example\n"},
		{"from inside to outside", "x", `{"_path":"http","ts":1772600767,"id.orig_h":"10.0.0.1","id.resp_h":"192.0.2.9","method":"GET"}`,
			"zeek/proxy/http\nzeek-json 2026-03-04T05:06:07Z\n_path=http\nts=1772600767\nid.orig_h=10.0.0.1\nid.resp_h=192.0.2.9\nmethod=GET\nsrc_ip=10.0.0.1\ndst_ip=192.0.2.9\ncs-method=GET\n"},
		{"by shape, underscores", "x", `{"@stream":"conn","ts":"2026-03-04T05:06:07Z","id_orig_h":"192.0.2.9","conn_state":"S0"}`,
			"zeek/firewall/conn\nzeek-json 2026-03-04T05:06:07Z\n@stream=conn\nts=2026-03-04T05:06:07Z\nid_orig_h=192.0.2.9\nconn_state=S0\nid.orig_h=192.0.2.9\nsrc_ip=192.0.2.9\n"},
		{"by file", "dir/a.tar.gz!/SENSOR_smb_files.log", `{"ts":1772600767,"id.orig_h":"192.0.2.9","name":"x"}`,
			"zeek/*/smb_files\nzeek-json 2026-03-04T05:06:07Z\nts=1772600767\nid.orig_h=192.0.2.9\nname=x\nsrc_ip=192.0.2.9\n"},
		{"not Zeek", "x", `{"ts":1772600767,"level":"info","msg":"hello"}`, "*/application\njson 2026-03-04T05:06:07Z\nts=1772600767\nlevel=info\nmsg=hello\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := decodeAll(t, tt.file, tt.line)
			if len(got) != 1 {
				t.Fatalf("%d events, want 1", len(got))
			}
			if d := cmp.Diff(tt.want, sourceList(got[0])+"\n"+show(got[0])); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSuricata(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"alert with http", `{"timestamp":"2026-03-04T05:06:07.250000+0100","flow_id":1,"event_type":"alert","src_ip":"192.0.2.9","src_port":4444,"dest_ip":"198.51.100.2","dest_port":80,"alert":{"action":"blocked","signature_id":2,"signature":"A B"},"http":{"hostname":"shop.example","url":"/%2e%2e/","http_method":"GET","http_user_agent":"curl"}}`,
			"suricata/ids/alert\nsuricata 2026-03-04T04:06:07.25Z\ntimestamp=2026-03-04T05:06:07.250000+0100\nflow_id=1\nevent_type=alert\nsrc_ip=192.0.2.9\nsrc_port=4444\ndest_ip=198.51.100.2\ndest_port=80\nalert.action=blocked\nalert.signature_id=2\nalert.signature=A B\nhttp.hostname=shop.example\nhttp.url=/%2e%2e/\nhttp.http_method=GET\nhttp.http_user_agent=curl\n" +
				"dst_ip=198.51.100.2\ndst_port=80\naction=blocked\ncs-method=GET\ncs-uri=/%2e%2e/\ncs-uri-stem=/%2e%2e/\ncs-uri-query=/%2e%2e/\nuri-decoded=/../\nc-uri=/%2e%2e/\nc-uri=http://shop.example/%2e%2e/\ncs-host=shop.example\nr-dns=shop.example\nc-useragent=curl\ncs-user-agent=curl\n"},
		{"dns", `{"timestamp":"2026-03-04T05:06:07Z","flow_id":1,"event_type":"dns","src_ip":"192.0.2.9","dns":{"version":3,"type":"response","queries":[{"rrname":"a.example","rrtype":"TXT"}],"answers":[{"rdata":"v"}]}}`,
			"suricata/dns/dns\nsuricata 2026-03-04T05:06:07Z\ntimestamp=2026-03-04T05:06:07Z\nflow_id=1\nevent_type=dns\nsrc_ip=192.0.2.9\ndns.version=3\ndns.type=response\ndns.queries.rrname=a.example\ndns.queries.rrtype=TXT\ndns.answers.rdata=v\nquery=a.example\nrecord_type=TXT\nanswer=v\n"},
		{"fast.log", `03/04/2026-05:06:07.250000  [**] [1:2001219:20] ET SCAN [x] probe [**] [Classification: Attempted Information Leak] [Priority: 2] {TCP} 192.0.2.9:4444 -> 198.51.100.2:22`,
			"suricata/ids/alert snort/ids/alert\nids-fast 2026-03-04T05:06:07.25Z\nalert.signature=ET SCAN [x] probe\nalert.gid=1\nalert.signature_id=2001219\nalert.rev=20\nalert.category=Attempted Information Leak\nalert.severity=2\nproto=TCP\nsrc_ip=192.0.2.9\nsrc_port=4444\ndest_ip=198.51.100.2\ndst_ip=198.51.100.2\ndest_port=22\ndst_port=22\n"},
		{"snort, no year, IPv6", `03/04-05:06:07.250000  [**] [116:1:1] "X" [**] [Priority: 3] {ICMP} 2001:db8::1 -> 2001:db8::2`,
			"suricata/ids/alert snort/ids/alert\nids-fast 2026-03-04T05:06:07.25Z\nalert.signature=X\nalert.gid=116\nalert.signature_id=1\nalert.rev=1\nalert.severity=3\nproto=ICMP\nsrc_ip=2001:db8::1\ndest_ip=2001:db8::2\ndst_ip=2001:db8::2\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := decodeAll(t, "x.log", tt.line)
			if len(got) != 1 {
				t.Fatalf("%d events, want 1", len(got))
			}
			if d := cmp.Diff(tt.want, sourceList(got[0])+"\n"+show(got[0])); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestOutward(t *testing.T) {
	for _, tt := range []struct {
		src, dst string
		want     bool
	}{
		{"10.0.0.1", "203.0.113.9", true},
		{"::ffff:192.168.0.1", "2001:db8::9", true},
		{"100.64.0.7", "203.0.113.9", true},
		{"fe80::1%eth0", "2001:db8::9", true},
		{"203.0.113.9", "10.0.0.1", false},
		{"203.0.113.9", "198.51.100.7", false},
		{"10.0.0.1", "10.0.0.2", false},
		{"10.0.0.1", "239.255.255.250", false}, // to everybody nearby
		{"10.0.0.1", "255.255.255.255", false},
		{"10.0.0.1", "", false},
		{"", "203.0.113.9", false},
		{"host.example", "203.0.113.9", false},
	} {
		if got := outward(tt.src, tt.dst); got != tt.want {
			t.Errorf("%q to %q goes outward: %v, want %v", tt.src, tt.dst, got, tt.want)
		}
	}
}
