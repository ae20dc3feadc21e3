package action

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// A reading is a record and what its first action must be; verb "" means that there must be none.
type reading struct {
	name, format, text      string
	verb, tactic, technique string
	outcome                 tocsin.Outcome
	level                   tocsin.Level
	who, on, mark           string // that must be among them, entities as KIND:VALUE
}

func (c *reading) check(t *testing.T) {
	t.Helper()
	all := read(t, c.format, c.text)
	if c.verb == "" {
		if len(all) != 0 {
			t.Errorf("read as %+v", all[0])
		}
		return
	}
	if len(all) == 0 {
		t.Fatal("no action")
	}
	a := all[0]
	got := fmt.Sprintf("%s %s %s %s %s", a.Verb, a.Tactic, a.Technique, a.Outcome, a.Level)
	if want := fmt.Sprintf("%s %s %s %s %s", c.verb, c.tactic, c.technique, c.outcome, c.level); got != want {
		t.Errorf("is %s, want %s (%s)", got, want, a.Text)
	}
	has := func(list []tocsin.Entity, want string) bool {
		return want == "" || slices.ContainsFunc(list, func(e tocsin.Entity) bool { return e.Kind+":"+e.Value == want })
	}
	if !has(a.Who, c.who) || !has(a.On, c.on) {
		t.Errorf("who %v, on %v; want %s and %s", a.Who, a.On, c.who, c.on)
	}
	if c.mark != "" && !slices.Contains(a.Marks, c.mark) {
		t.Errorf("marks %q, want %s", a.Marks, c.mark)
	}
	if a.Host != "" && c.format == "json" && c.who == "address:10.0.0.5" {
		t.Errorf("happened on %s, which is the sensor", a.Host)
	}
}

// zeek is a record of a Zeek log between two machines.
func zeek(path, src, dst, port, more string) string {
	return `{"_path":"` + path + `","ts":1772445600.5,"uid":"C1","id.orig_h":"` + src + `","id.orig_p":50123,"id.resp_h":"` + dst + `","id.resp_p":` + port + more + `}`
}

// eve is a record of Suricata's.
func eve(kind, src, sport, dst, dport, more string) string {
	return `{"timestamp":"2026-03-02T10:00:00.000001+0000","flow_id":7,"event_type":"` + kind + `","src_ip":"` + src + `","src_port":` + sport + `,"dest_ip":"` + dst + `","dest_port":` + dport + `,"proto":"TCP"` + more + `}`
}

func TestNetwork(t *testing.T) {
	const in, dc, out, out2 = "10.0.0.5", "10.0.0.2", "203.0.113.9", "198.51.100.7"
	for _, c := range []reading{
		{"connection", "json", zeek("conn", in, out, "443", `,"conn_state":"SF","orig_bytes":900,"resp_bytes":4000`),
			"connect", "", "", tocsin.Worked, tocsin.Informational, "address:" + in, "address:" + out, ""},
		{"connection refused", "json", zeek("conn", out, "192.0.2.8", "22", `,"conn_state":"REJ"`),
			"connect", "", "", tocsin.Failed, tocsin.Informational, "address:" + out, "", ""},
		{"upload", "json", zeek("conn", in, out, "443", `,"conn_state":"SF","orig_bytes":30000000`),
			"send", "exfiltration", "T1048", tocsin.Worked, tocsin.Low, "address:" + in, "address:" + out, ""},
		{"large upload", "json", zeek("conn", in, out, "443", `,"conn_state":"SF","orig_bytes":900000000`),
			"send", "exfiltration", "T1048", tocsin.Worked, tocsin.Medium, "", "", ""},
		{"backup inside", "json", zeek("conn", in, dc, "445", `,"conn_state":"SF","orig_bytes":900000000`),
			"connect", "", "", tocsin.Worked, tocsin.Informational, "", "", ""},
		{"remote management inside", "json", zeek("conn", in, dc, "5985", `,"conn_state":"SF"`),
			"login", "lateral-movement", "T1021.006", tocsin.Worked, tocsin.Low, "address:" + in, "address:" + dc, ""},
		{"flow without answer", "json", eve("flow", in, "50000", out, "8081", `,"flow":{"pkts_toserver":1,"pkts_toclient":0,"state":"new"}`),
			"connect", "", "", tocsin.Failed, tocsin.Informational, "address:" + in, "", ""},

		{"name", "json", zeek("dns", in, dc, "53", `,"query":"www.shop.example","qtype_name":"A","rcode_name":"NOERROR"`),
			"resolve", "", "", tocsin.Worked, tocsin.Informational, "address:" + in, "domain:www.shop.example", ""},
		{"answer on the wire", "json", eve("dns", dc, "53", in, "40000", `,"dns":{"type":"answer","rrname":"gone.example","rrtype":"A","rcode":"NXDOMAIN"}`),
			"resolve", "", "", tocsin.Failed, tocsin.Informational, "address:" + in, "domain:gone.example", ""},
		{"tunnel", "json", zeek("dns", in, dc, "53", `,"query":"1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f.0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f.t.example","qtype_name":"TXT"`),
			"resolve", "command-and-control", "T1071.004", tocsin.Unknown, tocsin.Low, "", "", ""},
		{"name made for one use", "json", zeek("dns", in, dc, "53", `,"query":"c59h3k8m1pq7r2s4t6v0.call.example","qtype_name":"A"`),
			"resolve", "", "", tocsin.Unknown, tocsin.Informational, "", "", "callback:c59h3k8m1pq7r2s4t6v0.call.example"},

		{"implant's certificate", "json", zeek("ssl", in, out, "9443", `,"validation_status":"self signed certificate","established":true,"ja3":"e0fe397a5edfba9a6facc7c7b341f4eb"`),
			"connect", "command-and-control", "T1573", tocsin.Unknown, tocsin.Low, "address:" + in, "address:" + out, "agent:ja3:e0fe397a5edfba9a6facc7c7b341f4eb"},
		{"ordinary certificate", "json", zeek("ssl", in, out, "443", `,"validation_status":"ok","server_name":"www.shop.example"`),
			"", "", "", 0, 0, "", "", ""},
		{"mail server signs for itself", "json", zeek("ssl", in, out, "25", `,"validation_status":"self signed certificate"`),
			"", "", "", 0, 0, "", "", ""},
		{"stranger tries ports", "json", zeek("ssl", out, "192.0.2.8", "8080", `,"validation_status":"self signed certificate"`),
			"", "", "", 0, 0, "", "", ""},

		{"program from a bare address", "json", zeek("http", in, out, "80", `,"method":"GET","host":"203.0.113.9","uri":"/a","status_code":200,"resp_mime_types":["application/x-dosexec"],"user_agent":"Mozilla/5.0"`),
			"copy", "command-and-control", "T1105", tocsin.Worked, tocsin.Medium, "address:" + in, "address:" + out, "callback:" + out},
		{"program as a page", "json", zeek("http", in, out, "80", `,"method":"GET","host":"cdn.shop.example","uri":"/x/main.php","status_code":200,"resp_mime_types":["application/x-dosexec"]`),
			"copy", "command-and-control", "T1105", tocsin.Worked, tocsin.Medium, "", "domain:cdn.shop.example", "callback:cdn.shop.example"},
		{"update", "json", zeek("http", in, out, "80", `,"method":"GET","host":"update.av.example","uri":"/v2/u1777.bin","status_code":200,"resp_mime_types":["application/x-dosexec"]`),
			"copy", "", "", tocsin.Worked, tocsin.Informational, "", "", ""},
		{"beacon to a bare address", "json", zeek("http", in, out, "80", `,"method":"POST","host":"203.0.113.9","uri":"/c","status_code":200`),
			"request", "command-and-control", "T1071.001", tocsin.Worked, tocsin.Low, "address:" + in, "", "callback:" + out},
		{"stranger's post", "json", zeek("http", out, out2, "80", `,"method":"POST","host":"198.51.100.7","uri":"/c","status_code":200`),
			"request", "", "", tocsin.Worked, tocsin.Informational, "address:" + out, "", ""},
		{"stranger's injection", "json", zeek("http", out, "10.0.0.80", "80", `,"method":"GET","host":"www.corp.example","uri":"/i?id=1%27%20UNION%20SELECT%201--","status_code":500`),
			"probe", "initial-access", "T1190", tocsin.Failed, tocsin.Medium, "address:" + out, "host:www.corp.example", ""},
		{"proxy inside refuses", "json", zeek("http", in, "10.0.0.3", "3128", `,"method":"CONNECT","host":"ads.example:443","uri":"ads.example:443","status_code":403`),
			"request", "", "", tocsin.Denied, tocsin.Informational, "address:" + in, "", ""},
		{"WinRM in the clear", "json", zeek("http", in, dc, "5985", `,"method":"POST","host":"dc","uri":"/wsman?PSVersion=5.1","status_code":200`),
			"login", "lateral-movement", "T1021.006", tocsin.Worked, tocsin.Low, "address:" + in, "", ""},

		{"service made from afar", "json", zeek("dce_rpc", in, dc, "445", `,"endpoint":"svcctl","operation":"CreateServiceW","named_pipe":"\\pipe\\ntsvcs"`),
			"create", "lateral-movement", "T1569.002", tocsin.Unknown, tocsin.Medium, "address:" + in, "address:" + dc, ""},
		{"service made, by number", "json", eve("dcerpc", in, "50000", dc, "445", `,"dcerpc":{"request":"REQUEST","req":{"opnum":12},"interfaces":[{"uuid":"367abb81-9844-35f1-ad32-98f038001003"}]}`),
			"create", "lateral-movement", "T1569.002", tocsin.Unknown, tocsin.Medium, "", "", ""},
		{"copy of the directory", "json", zeek("dce_rpc", in, dc, "49667", `,"endpoint":"drsuapi","operation":"DRSGetNCChanges","named_pipe":"49667"`),
			"read", "credential-access", "T1003.006", tocsin.Unknown, tocsin.Medium, "", "", ""},
		{"usual call", "json", zeek("dce_rpc", in, dc, "49667", `,"endpoint":"netlogon","operation":"NetrLogonGetDomainInfo","named_pipe":"49667"`),
			"", "", "", 0, 0, "", "", ""},
		{"program to an administrators' share", "json", zeek("smb_files", in, dc, "445", `,"action":"SMB::FILE_WRITE","path":"\\\\dc\\ADMIN$","name":"kq.exe"`),
			"copy", "lateral-movement", "T1570", tocsin.Unknown, tocsin.Medium, "", "", ""},
		{"document on a share", "json", zeek("smb_files", in, dc, "445", `,"action":"SMB::FILE_WRITE","path":"\\\\files\\public","name":"plan.docx"`),
			"", "", "", 0, 0, "", "", ""},

		{"ticket with an old cipher", "json", zeek("kerberos", in, dc, "88", `,"request_type":"TGS","client":"ann/CORP.EXAMPLE","service":"MSSQLSvc/db.corp.example","success":true,"cipher":"rc4-hmac"`),
			"login", "credential-access", "T1558.003", tocsin.Worked, tocsin.Low, "address:" + in, "user:ann@corp.example", ""},
		{"wrong password", "json", zeek("kerberos", in, dc, "88", `,"request_type":"AS","client":"ann/CORP.EXAMPLE","success":false,"error_msg":"KDC_ERR_PREAUTH_FAILED"`),
			"login", "credential-access", "T1110", tocsin.Failed, tocsin.Low, "", "user:ann@corp.example", ""},
		{"asked to authenticate first", "json", zeek("kerberos", in, dc, "88", `,"request_type":"AS","client":"ann/CORP.EXAMPLE","success":false,"error_msg":"KDC_ERR_PREAUTH_REQUIRED"`),
			"", "", "", 0, 0, "", "", ""},
		{"wrong password on the wire", "json", eve("krb5", in, "50000", dc, "88", `,"krb5":{"msg_type":"KRB_ERROR","cname":"ann","realm":"CORP.EXAMPLE","error_code":"KDC_ERR_PREAUTH_FAILED"}`),
			"login", "credential-access", "T1110", tocsin.Failed, tocsin.Low, "", "user:ann@corp.example", ""},
		{"ssh refused", "json", zeek("ssh", out, "192.0.2.8", "22", `,"auth_success":false,"auth_attempts":3,"kex_alg":"x"`),
			"login", "credential-access", "T1110", tocsin.Failed, tocsin.Low, "address:" + out, "address:192.0.2.8", ""},
		{"search for accounts to roast", "json", zeek("ldap_search", in, dc, "389", `,"base_object":"DC=corp,DC=example","filter":"(&(objectClass=user)(servicePrincipalName=*))"`),
			"list", "credential-access", "T1558.003", tocsin.Unknown, tocsin.Low, "address:" + in, "", ""},
		{"search for a printer", "json", zeek("ldap_search", in, dc, "389", `,"base_object":"DC=corp,DC=example","filter":"(objectClass=printQueue)"`),
			"", "", "", 0, 0, "", "", ""},
		{"spam", "json", zeek("smtp", in, out, "25", `,"helo":"localhost","last_reply":"220 ready"`),
			"send", "command-and-control", "T1071.003", tocsin.Unknown, tocsin.Low, "address:" + in, "", ""},
		{"mail server", "json", zeek("smtp", in, out, "25", `,"helo":"mx1.corp.example","last_reply":"250 ok"`),
			"send", "", "", tocsin.Unknown, tocsin.Informational, "", "", ""},
		{"program went by", "json", `{"_path":"files","ts":1772445600.5,"fuid":"F1","tx_hosts":["203.0.113.9"],"rx_hosts":["10.0.0.5"],"source":"HTTP","analyzers":["PE"],"mime_type":"application/x-dosexec","sha1":"0123456789abcdef0123456789abcdef01234567"}`,
			"copy", "command-and-control", "T1105", tocsin.Unknown, tocsin.Low, "address:" + in, "address:" + out, "hash:0123456789abcdef0123456789abcdef01234567"},
		{"program went by, by its magic", "json", eve("fileinfo", out, "80", in, "50000", `,"fileinfo":{"filename":"/a","magic":"PE32 executable (GUI) Intel 80386","size":9}`),
			"copy", "command-and-control", "T1105", tocsin.Unknown, tocsin.Low, "address:" + in, "address:" + out, ""},
		{"picture went by", "json", `{"_path":"files","ts":1772445600.5,"fuid":"F1","tx_hosts":["203.0.113.9"],"rx_hosts":["10.0.0.5"],"source":"HTTP","analyzers":["SHA1"],"mime_type":"image/png"}`,
			"", "", "", 0, 0, "", "", ""},
		{"oddity", "json", zeek("weird", in, out, "80", `,"name":"bad_TCP_checksum","notice":false,"peer":"z"`),
			"", "", "", 0, 0, "", "", ""},
	} {
		t.Run(c.name, c.check)
	}
}

// benchmark reads one record over and over.
func benchmark(b *testing.B, text string) {
	format, _ := decode.ByName("json")
	var ev *tocsin.Event
	format.New(decode.Options{}).Decode(&tocsin.Record{Source: "x", Line: 1, Data: []byte(text + "\n")}, func(e *tocsin.Event) { ev = e.Clone() })
	r := NewReader([]byte("bench"), own)
	n := 0
	count := func(*tocsin.Action) { n++ }
	b.ReportAllocs()
	for b.Loop() {
		r.Read(ev, nil, count)
	}
	if n == 0 {
		b.Fatal("no action")
	}
}

func BenchmarkConn(b *testing.B) {
	benchmark(b, zeek("conn", "10.0.0.5", "203.0.113.9", "443", `,"proto":"tcp","service":"ssl","duration":1.5,"orig_bytes":900,"resp_bytes":4000,"conn_state":"SF","local_orig":true,"missed_bytes":0,"history":"ShADadFf","orig_pkts":9,"orig_ip_bytes":1300,"resp_pkts":8,"resp_ip_bytes":4400`))
}

func BenchmarkResolve(b *testing.B) {
	benchmark(b, zeek("dns", "10.0.0.5", "10.0.0.2", "53", `,"proto":"udp","trans_id":7,"query":"www.shop.example","qclass":1,"qclass_name":"C_INTERNET","qtype":1,"qtype_name":"A","rcode":0,"rcode_name":"NOERROR","AA":false,"TC":false,"RD":true,"RA":true,"Z":0,"answers":["203.0.113.9"],"TTLs":[300],"rejected":false`))
}

func BenchmarkFetch(b *testing.B) {
	benchmark(b, zeek("http", "10.0.0.5", "203.0.113.9", "80", `,"trans_depth":1,"method":"GET","host":"www.shop.example","uri":"/a/b.css","version":"1.1","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","request_body_len":0,"response_body_len":900,"status_code":200,"status_msg":"OK","resp_mime_types":["text/css"]`))
}
