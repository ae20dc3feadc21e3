package tell

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// evil is what an intruder might write into a log to be shown in an alert.
const evil = "<!channel> @here @everyone http://evil.example/x?a=1 HTTPS://Evil.Example www.evil.example [click](https://evil.example) javascript:alert(1) " +
	"\x1b[31m\u202egnp.exe\r\nBcc: all@evil.example\r\n\r\n<script>alert(1)</script> {{DATE(2026)}} ${env} @{body()} \"] \x00\xff end*bold*_it_`code`"

func hostile(t *testing.T, change ...func(*tocsin.Campaign)) Alert {
	t.Helper()
	c := campaign(append([]func(*tocsin.Campaign){level(tocsin.Critical), func(c *tocsin.Campaign) {
		c.Title = "Intrusion into " + evil
		c.Why = evil
		e := key("sent", 5, tocsin.Worked)
		e.Host, e.Account, e.From, e.What, e.On = evil, evil, evil, evil, []string{"domain:" + evil}
		c.Key = append(c.Key, e)
		c.Victims[0].Value = evil
		c.Actors[0].Handles[0].Value = evil
	}}, change...)...)
	a, ok := Decide(nil, c, Policy{Base: "https://tocsin.example", Tenant: evil}, at(10))
	if !ok {
		t.Fatal("it is not told")
	}
	return a
}

var raw = regexp.MustCompile(`[\x00-\x1f\x7f\x{80}-\x{9f}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}]`)

// livelyIn says what of a text a reader's program would make a link, a mention or a template of.
var livelyIn = regexp.MustCompile(`(?i)https?:|://|www\.[a-z]|evil\.example|(^|[^\p{L}\p{N}])@(here|everyone|channel)|javascript:|\{\{|\$\{|@\{`)

// harmless is for text that people read; own is what of it is the operator's.
func harmless(t *testing.T, what, s string, own ...string) {
	t.Helper()
	for _, o := range own {
		s = strings.ReplaceAll(s, o, "")
	}
	if at := livelyIn.FindStringIndex(s); at != nil {
		t.Errorf("%s: %q", what, s[max(0, at[0]-20):min(len(s), at[1]+20)])
	}
	if at := raw.FindStringIndex(strings.ReplaceAll(s, "\n", "")); at != nil {
		t.Errorf("%s has a control character: %q", what, s)
	}
}

// texts are all strings in a JSON value.
func texts(v any) (all []string) {
	switch v := v.(type) {
	case string:
		all = append(all, v)
	case []any:
		for _, x := range v {
			all = append(all, texts(x)...)
		}
	case map[string]any:
		for _, x := range v {
			all = append(all, texts(x)...)
		}
	}
	return all
}

func parsed(t *testing.T, b []byte, err error) any {
	t.Helper()
	var v any
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestHostileBodies(t *testing.T) {
	a := hostile(t)
	for _, s := range texts(parsed(t, a.Encode(), nil)) {
		if raw.MatchString(s) {
			t.Errorf("an alert has a control character: %q", s)
		}
		if len(s) > 1500 {
			t.Errorf("a text of %d bytes", len(s))
		}
	}
	sb, err := Slack(&a)
	for _, s := range texts(parsed(t, sb, err)) {
		harmless(t, "Slack", s, "<https://tocsin.example/campaigns/c-0123456789ab|Open in the console>")
		if len(s) > 3000 || strings.ContainsAny(strings.ReplaceAll(s, "<https://tocsin.example/campaigns/c-0123456789ab|Open in the console>", ""), "<>") && !strings.HasPrefix(s, "CRITICAL") {
			t.Errorf("Slack: %q", s)
		}
	}
	tb, err := Teams(&a)
	if len(tb) > 24_000 || len(sb) > 24_000 {
		t.Errorf("%d bytes for Teams, %d for Slack", len(tb), len(sb))
	}
	for _, s := range texts(parsed(t, tb, err)) {
		if s != "http://adaptivecards.io/schemas/adaptive-card.json" && s != "application/vnd.microsoft.card.adaptive" {
			harmless(t, "Teams", s, "https://tocsin.example/campaigns/c-0123456789ab")
		}
	}
	// No hostile text in an element that reads Markdown.
	if bytes.Contains(tb, []byte(`"TextBlock"`)) || bytes.Contains(tb, []byte(`"FactSet"`)) {
		t.Error("Teams reads Markdown there")
	}
	text, err := Text(&a)
	if err != nil {
		t.Fatal(err)
	}
	harmless(t, "text", string(text), "https://tocsin.example/campaigns/c-0123456789ab")
}

func TestHostileMail(t *testing.T) {
	m, err := NewMail(MailOptions{Server: "127.0.0.1:25", From: "Tocsin <tocsin@shop.example>", To: []string{"soc@shop.example", "Élodie <elodie@shop.example>"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"en", "fr"} {
		a := hostile(t)
		a.Lang = lang
		b, err := m.Message(&a)
		if err != nil {
			t.Fatal(err)
		}
		for l := range strings.SplitSeq(string(b), "\r\n") {
			if len(l) > 400 || strings.ContainsAny(l, "\r\n\x00\x1b") {
				t.Errorf("line %q", l)
			}
			for i := range len(l) {
				if l[i] > '~' {
					t.Fatalf("not ASCII: %q", l)
				}
			}
		}
		msg, err := mail.ReadMessage(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		for name := range msg.Header {
			switch name {
			case "From", "To", "Subject", "Date", "Message-Id", "References", "Auto-Submitted", "X-Auto-Response-Suppress", "Importance", "Content-Language", "Mime-Version", "Content-Type", "Content-Transfer-Encoding":
			default:
				t.Errorf("header %q", name)
			}
		}
		if got := msg.Header.Get("Message-Id"); got != "<"+a.ID+"@shop.example>" {
			t.Errorf("Message-ID %s", got)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
		if err != nil || !strings.HasPrefix(subject, "[tocsin] CRITI") {
			t.Errorf("%q %v", subject, err)
		}
		harmless(t, "subject", subject)
		to, err := msg.Header.AddressList("To")
		if err != nil || len(to) != 2 || to[1].Name != "Élodie" {
			t.Errorf("%v %v", to, err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
		if err != nil {
			t.Fatal(err)
		}
		want, _ := Text(&a)
		if got := strings.ReplaceAll(string(body), "\r\n", "\n"); got != string(want) {
			t.Errorf("%q\nwant %q", got, want)
		}
	}
}

// readSyslog reads a message of RFC 5424 as its grammar has it.
func readSyslog(t *testing.T, b []byte) (pri int, data map[string]string, text string) {
	t.Helper()
	form := regexp.MustCompile(`^<(\d{1,3})>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ([!-~]{1,255}) tocsin - ([!-~]{1,32}) \[tocsin@32473((?: [a-z]+="(?:[^"\\\]]|\\["\\\]])*")*)\](?: (.*))?$`)
	m := form.FindStringSubmatch(string(b))
	if m == nil {
		t.Fatalf("no syslog: %q", b)
	}
	fmt.Sscan(m[1], &pri)
	data = map[string]string{}
	for _, p := range regexp.MustCompile(` ([a-z]+)="((?:[^"\\\]]|\\.)*)"`).FindAllStringSubmatch(m[4], -1) {
		data[p[1]] = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\]`, `]`).Replace(p[2])
	}
	return pri, data, m[5]
}

func TestSyslogText(t *testing.T) {
	a := hostile(t)
	for _, o := range []SyslogOptions{{}, {Host: "sensor 1\n"}, {Most: 480}, {Facility: 13, Most: 1024}} {
		f, err := SyslogText(o)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := f(&a)
		most := o.Most
		if most == 0 {
			most = 2048
		}
		if len(b) > most {
			t.Errorf("%d bytes, more than %d", len(b), most)
		}
		pri, data, text := readSyslog(t, b)
		facility := o.Facility
		if facility == 0 {
			facility = 16
		}
		if pri != facility*8+2 || data["id"] != a.ID || data["level"] != "critical" || data["campaign"] != a.Campaign || text == "" {
			t.Errorf("%d %v %q", pri, data, text)
		}
		harmless(t, "syslog", text)
		if o.Most == 0 && (data["host"] != a.Hosts[0] || data["link"] == "") {
			t.Errorf("%q, want %q", data["host"], a.Hosts[0])
		}
	}
	for _, o := range []SyslogOptions{{Facility: 24}, {Facility: -1}, {Most: 100}} {
		if _, err := SyslogText(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

func TestDefuse(t *testing.T) {
	for in, want := range map[string]string{
		"nothing to do":                     "nothing to do",
		"203.0.113.46 into db01":            "203.0.113.46 into db01",
		"curl http://x.example/a.b":         "curl hxxp[:]//x[.]example/a[.]b",
		"HTTPS://X.EXAMPLE":                 "hxxpS[:]//X[.]EXAMPLE",
		"x:http://x.example":                "x:hxxp[:]//x[.]example",
		"root@203.0.113.46":                 "root@203.0.113.46",
		"mail to bob@shop.example.":         "mail to bob@shop[.]example.",
		"@here (@all) a@b":                  "(at)here ((at)all) a@b",
		"@@channel":                         "(at)channel",
		"T1110.003 v1.2.3 a. b":             "T1110.003 v1.2.3 a. b",
		"a.bb,c.dd/e.ff g.hh-":              "a[.]bb,c[.]dd/e[.]ff g[.]hh-",
		"xn--e1awd7f.xn--p1ai":              "xn--e1awd7f[.]xn--p1ai",
		"почта.рф":                          "почта[.]рф",
		"mailto:a javascript:x data: 5":     "mailto[:]a javascript[:]x data: 5",
		"{{{x}}} $${y}":                     "{ { {x}}} $$ {y}",
		"a\u202eb\x1b":                      `a\u202eb\x1b`,
		"db1.shop.example, web1.shop.local": "db1[.]shop[.]example, web1[.]shop[.]local",
	} {
		if got := defuse(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
		if got := defuse(want); got != want {
			t.Errorf("%q again is %q", want, got)
		}
	}
}

func FuzzDefuse(f *testing.F) {
	f.Add(evil)
	f.Add("a.bb.cc:http://@@x{{${@{")
	lively := regexp.MustCompile(`(?i)https?:|://|(^|[^\p{L}\p{N}])@\w|\{\{|\$\{|@\{`)
	f.Fuzz(func(t *testing.T, s string) {
		got := defuse(s)
		if lively.MatchString(got) || raw.MatchString(got) {
			t.Errorf("%q is %q", s, got)
		}
		if again := defuse(got); again != got {
			t.Errorf("%q is %q, and again %q", s, got, again)
		}
	})
}

// TestJSONBody: the body that docs/alerts.md shows the type of.
func TestJSONBody(t *testing.T) {
	a, _ := Decide(nil, campaign(), Policy{}, at(10))
	p, _ := DecidePrincipal(nil, &tocsin.Principal{Name: "x", Verdict: tocsin.Turned}, Policy{}, at(10))
	s := summary([]Alert{a, p}, at(10))
	x := Trying(Policy{Lang: "fr"}, at(10))
	for want, a := range map[string]*Alert{"campaign.new": &a, "principal.new": &p, "summary": &s, "test": &x} {
		b, err := JSON(a)
		v := parsed(t, b, err).(map[string]any)
		if v["type"] != want || v["timestamp"] != "2026-03-01T04:10:00Z" {
			t.Errorf("%v", v)
		}
		back, err := Decode(a.Encode())
		if err != nil || back.ID != a.ID || back.Level != a.Level {
			t.Errorf("%+v %v", back, err)
		}
	}
	if _, err := Decode([]byte("{")); err == nil {
		t.Error("half an alert is read")
	}
	if x.Reason == "" || x.Kind != Trial || !strings.Contains(x.Reason, "essayer") {
		t.Errorf("%+v", x)
	}
}

func TestPolicyCheck(t *testing.T) {
	for _, p := range []Policy{{Level: 9}, {Lang: "de"}, {Base: "ftp://x"}, {Base: "https://u:p@x"}, {Base: "console"}, {Base: "https://x/?a=1"}} {
		if p.Check() == nil {
			t.Errorf("%+v is taken", p)
		}
	}
	for _, p := range []Policy{{}, {Level: tocsin.Low, Lang: "fr", Base: "http://127.0.0.1:8080/x/"}} {
		if err := p.Check(); err != nil {
			t.Error(err)
		}
	}
}

// FuzzBodies: whatever stands in an alert, each body keeps its form.
func FuzzBodies(f *testing.F) {
	m, err := NewMail(MailOptions{Server: "127.0.0.1:25", From: "tocsin@shop.example", To: []string{"soc@shop.example"}})
	if err != nil {
		f.Fatal(err)
	}
	syslog, err := SyslogText(SyslogOptions{Most: 600})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(evil, "https://tocsin.example/x|<@U1>")
	f.Add("=?utf-8?q?x?= \\\"]", "javascript:alert(1)")
	f.Add(strings.Repeat("é\xff", 300), "http://x/\r\n")
	f.Fuzz(func(t *testing.T, s, link string) {
		for _, kind := range []Kind{New, Summary} {
			a := Alert{ID: stable(s), Kind: kind, At: at(0), Tenant: s, Campaign: s, Principal: s, Level: tocsin.High, Stages: []string{s}, Title: s, Reason: s, Verdict: s, Hosts: []string{s}, MoreHosts: 3, Actors: []string{s}, Driven: s,
				Key: []string{s, s}, Link: link, Lang: "fr", More: 2, Folded: []Line{{ID: s, Kind: Worse, Title: s, Link: link}}}
			for _, format := range []Format{Slack, Teams} {
				b, err := format(&a)
				for _, x := range texts(parsed(t, b, err)) {
					if raw.MatchString(strings.ReplaceAll(x, "\n", "")) {
						t.Errorf("%q", x)
					}
				}
			}
			b, err := m.Message(&a)
			if err != nil {
				t.Fatal(err)
			}
			msg, err := mail.ReadMessage(bytes.NewReader(b))
			if err != nil || len(msg.Header) != 13 {
				t.Errorf("%v %q", err, b)
			}
			b, _ = syslog(&a)
			if readSyslog(t, b); len(b) > 600 {
				t.Errorf("%d bytes", len(b))
			}
		}
	})
}
