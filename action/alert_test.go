package action

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// signature is an alert of Suricata's.
func signature(name, category, src, sport, dst, dport, more string) string {
	return eve("alert", src, sport, dst, dport, `,"alert":{"action":"allowed","gid":1,"signature_id":2000001,"rev":1,"signature":`+strconv.Quote(name)+`,"category":`+strconv.Quote(category)+`,"severity":1}`+more)
}

func TestSignature(t *testing.T) {
	const in, out = "10.0.0.5", "203.0.113.9"
	for _, c := range []reading{
		{"implant calls home", "json", signature("ET MALWARE Xyz CnC Checkin", "Malware Command and Control Activity Detected", in, "50000", out, "80", ""),
			"alert", "command-and-control", "T1071", tocsin.Unknown, tocsin.High, "address:" + in, "address:" + out, "callback:" + out},
		{"what the implant is answered", "json", signature("ET MALWARE Xyz CnC Response", "Malware Command and Control Activity Detected", out, "443", in, "50000", ""),
			"alert", "command-and-control", "T1071", tocsin.Unknown, tocsin.High, "address:" + in, "address:" + out, "callback:" + out},
		{"said by direction", "json", signature("ET MALWARE Xyz CnC Response", "", out, "7000", in, "50000", `,"direction":"to_client"`),
			"alert", "command-and-control", "T1071", tocsin.Unknown, tocsin.High, "address:" + in, "address:" + out, ""},
		{"attack from outside", "json", signature("ET WEB_SERVER Panel Remote Code Attempt", "Attempted Administrator Privilege Gain", out, "50000", in, "80", ""),
			"alert", "initial-access", "T1190", tocsin.Unknown, tocsin.Medium, "address:" + out, "address:" + in, ""},
		{"the author may be wrong", "json", signature("ET MALWARE Possible Xyz Download", "A Network Trojan was detected", in, "50000", out, "80", ""),
			"alert", "command-and-control", "T1071", tocsin.Unknown, tocsin.Medium, "address:" + in, "", ""},
		{"name often abused", "json", signature("ET DNS Query for .zz TLD Often Malware Related", "Potentially Bad Traffic", in, "50000", "10.0.0.2", "53", ""),
			"alert", "execution", "T1204", tocsin.Unknown, tocsin.Low, "address:" + in, "", ""},
		{"policy", "json", signature("ET POLICY curl User-Agent Outbound", "Attempted Information Leak", in, "50000", out, "80", ""),
			"alert", "", "", tocsin.Unknown, tocsin.Informational, "address:" + in, "", ""},
		{"unwanted program", "json", signature("ET MALWARE W32/Xyz Adware Checkin", "A Network Trojan was detected", in, "50000", out, "80", ""),
			"alert", "command-and-control", "T1071", tocsin.Unknown, tocsin.Low, "address:" + in, "", ""},
		{"decoder's own complaint", "json", signature("SURICATA STREAM excessive retransmissions", "Generic Protocol Command Decode", in, "50000", out, "80", ""),
			"alert", "", "", tocsin.Unknown, tocsin.Informational, "address:" + in, "", ""},
		{"by category alone", "json", signature("House rule 12", "Web Application Attack", out, "50000", in, "80", ""),
			"alert", "initial-access", "T1190", tocsin.Unknown, tocsin.Medium, "address:" + out, "", ""},
		{"stranger by way of Tor", "json", signature("ET TOR Known Tor Exit Node Traffic group 1", "Misc Attack", out, "50000", in, "22", ""),
			"alert", "reconnaissance", "T1595", tocsin.Unknown, tocsin.Low, "address:" + out, "", ""},
		{"blocked", "json", strings.Replace(signature("ET SCAN Xyz User Agent", "Web Application Attack", out, "50000", in, "80", ""), "allowed", "blocked", 1),
			"alert", "initial-access", "T1190", tocsin.Denied, tocsin.Medium, "address:" + out, "", ""},

		{"notice of a scan", "json", `{"_path":"notice","ts":1772445600.5,"note":"Scan::Port_Scan","msg":"203.0.113.9 scanned at least 15 ports","src":"203.0.113.9","dst":"192.0.2.8"}`,
			"alert", "reconnaissance", "T1046", tocsin.Unknown, tocsin.Medium, "address:" + out, "address:192.0.2.8", ""},
		{"notice of guessing", "json", `{"_path":"notice","ts":1772445600.5,"note":"SSH::Password_Guessing","msg":"203.0.113.9 appears to be guessing","src":"203.0.113.9"}`,
			"alert", "credential-access", "T1110", tocsin.Unknown, tocsin.Medium, "address:" + out, "", ""},
		{"notice of a certificate", "json", `{"_path":"notice","ts":1772445600.5,"note":"SSL::Invalid_Server_Cert","msg":"self signed","src":"10.0.0.5"}`,
			"", "", "", 0, 0, "", "", ""},
	} {
		t.Run(c.name, c.check)
	}
}

func TestAlertName(t *testing.T) {
	for _, c := range []struct {
		name, tactic string
		level        tocsin.Level
	}{
		{"Web server scanned by Nikto", "reconnaissance", tocsin.Medium},
		{"Mimikatz found in memory", "credential-access", tocsin.High},
		{"sshd: brute force trying to get access", "credential-access", tocsin.Medium},
		{"Login session opened.", "", tocsin.Informational},
		{"First time user executed sudo", "", tocsin.Low},
		{"Something of which nobody has heard", "", tocsin.Low},
		{"", "", tocsin.Low},
		// What a network sensor says, handed on by another product, is the same there.
		{"Sensor: Alert - ET POLICY curl User-Agent Outbound", "", tocsin.Informational},
		{"Sensor: Alert - ET MALWARE Xyz CnC Checkin", "command-and-control", tocsin.High},
		{"Sensor: Alert - SURICATA TLS invalid record/traffic", "", tocsin.Informational},
		{"Sensor: Alert - SURICATA HTTP unable to match response to request", "", tocsin.Low},
	} {
		rule := NewReader(nil, own).alertRule(c.name, "")
		tactic := ""
		if t := rule.Tactics(); len(t) > 0 {
			tactic = t[0].Slug
		}
		if m := (alertMeaning{tactic: tactic, level: rule.Level}); m.tactic != c.tactic || m.level != c.level {
			t.Errorf("%q means %q, %s; want %q, %s", c.name, m.tactic, m.level, c.tactic, c.level)
		}
	}
}

// TestAlertRules holds that an alert stands among its action's rules, is never below their level, and that names without
// number are bounded.
func TestAlertRules(t *testing.T) {
	r := NewReader(nil, own)
	ev := &tocsin.Event{Sources: []tocsin.LogSource{{Product: "alert"}}, Host: "mail.corp.example"}
	for i := range 2 * maxAlertNames {
		ev.Fields = []tocsin.Field{{Name: "name", Value: "trojan " + strconv.Itoa(i)}, {Name: "src_ip", Value: "203.0.113.9"}, {Name: "ip", Value: "10.0.0.9"}}
		r.Read(ev, nil, func(a *tocsin.Action) {
			if len(a.Rules) != 1 || a.Level < a.Rules[0].Level || len(a.Who) != 1 || a.Who[0].Value != "203.0.113.9" {
				t.Fatalf("%+v", a)
			}
		})
	}
	if n := len(r.alerts); n > maxAlertNames+1 {
		t.Errorf("%d names are remembered", n)
	}
}

const mailHead = "Return-Path: <bounce@lure.example>\r\n" +
	"Received: from edge.corp.example (edge.corp.example [10.0.0.25]) by mbox.corp.example with ESMTP; Mon, 2 Mar 2026 10:00:02 +0000\r\n" +
	"Received: from relay.lure.example (relay.lure.example\r\n [203.0.113.77]) by edge.corp.example with ESMTP; Mon, 2 Mar 2026 10:00:01 +0000\r\n" +
	"Received: from made.up.example (unknown [198.51.100.4]) by relay.lure.example; Mon, 2 Mar 2026 09:59:00 +0000\r\n" +
	"From: \"Accounts\" <Billing@Lure.example>\r\nTo: Ann <ann@corp.example>, bob@corp.example\r\n" +
	"Subject: =?UTF-8?B?SW52b2ljZSBkdWU=?=\r\nMessage-ID: <1@lure.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Disposition: attachment; filename=\"invoice.iso\"\r\n\r\nAAAA\r\n--b--\r\nTo: nobody@body.example\r\n"

func TestMail(t *testing.T) {
	text := `{"alert_name":"Loader in attachment","detection_ts":"2026-03-02T10:00:05Z","severity":"high","type":"email","raw":` + strconv.Quote(mailHead) + `}`
	c := reading{"mail", "json", text, "mail", "initial-access", "T1566.001", tocsin.Unknown, tocsin.High, "address:203.0.113.77", "user:ann@corp.example", "dropped:invoice.iso"}
	c.check(t)
	a := read(t, "json", text)[0]
	if len(a.Who) != 1 || !slices.ContainsFunc(a.On, func(e tocsin.Entity) bool { return e.Value == "bob@corp.example" }) ||
		slices.ContainsFunc(a.On, func(e tocsin.Entity) bool { return e.Value == "nobody@body.example" }) {
		t.Errorf("who %v, on %v", a.Who, a.On)
	}
	if !slices.Contains(a.Marks, "agent:mail from billing@lure.example") || !strings.HasSuffix(a.Text, ": Invoice due") {
		t.Errorf("marks %q, text %q", a.Marks, a.Text)
	}
}

func FuzzMail(f *testing.F) {
	f.Add(mailHead)
	f.Add("Received: from [(((\n\nfilename=\"=?UTF-8?Q?=00?=\"")
	f.Add("To: a@b, <c@d>,,@\nSubject: =?x?")
	f.Fuzz(func(t *testing.T, raw string) {
		ev := &tocsin.Event{Sources: []tocsin.LogSource{{Product: "alert"}}, Fields: []tocsin.Field{{Name: "name", Value: "x"}, {Name: "type", Value: "email"}, {Name: "raw", Value: raw}}}
		n := 0
		NewReader(nil, own).Read(ev, nil, func(a *tocsin.Action) {
			n++
			if len(a.Text) > tocsin.MaxText || a.Verb != "mail" || len(a.Marks) > 12 || len(a.On) > 24 {
				t.Errorf("%+v", a)
			}
			for _, m := range a.Marks {
				if len(m) > 300 {
					t.Errorf("a mark of %d bytes", len(m))
				}
			}
		})
		if n != 1 {
			t.Errorf("%d actions", n)
		}
	})
}
