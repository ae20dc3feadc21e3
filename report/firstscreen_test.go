package report

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// screenOf is the first screen of a hunt's page, as markup.
func screenOf(t *testing.T, h *Hunt) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, h, ""); err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(b.String(), `<section id="first"`)
	if !ok {
		t.Fatal("the page has no first screen")
	}
	first, _, _ := strings.Cut(rest, "</section>")
	return first
}

var markup = regexp.MustCompile(`<[^>]*>`)

// What a reader without scripts must know stands in the page as markup: what was found, each campaign's verdict, the key
// events, what was read, and what the page was made from.
func TestFirstScreen(t *testing.T) {
	h := campaignHunt(12, 2)
	c := h.Campaigns[0]
	c.Key = []tocsin.KeyEvent{{Kind: "entry", Time: sampleStart, What: "login as <deploy>", Host: "web01", Shown: "a session began", Places: []tocsin.Place{{Source: "logs/auth.log", Record: 9}}}}
	h.Principals = []*tocsin.Principal{{Name: "p-7", Verdict: tocsin.Intrusion, Calls: 7, Sight: tocsin.Visibility{State: "full"}, Evidence: []tocsin.Ground{{Sentence: "four phases"}}}}
	first := screenOf(t, h)
	text := html.UnescapeString(strings.Join(strings.Fields(markup.ReplaceAllString(first, " ")), " "))
	for _, want := range []string{"4 campaigns.", c.Title, english.verdict(c).plain(), english.why1(c), "entry login as <deploy> web01 , it worked: a session began logs/auth.log:9", "Coverage What How much Read", "Chain of custody", "SHA-256 of this page's data",
		h.Coverage.Partial, "ATT&CK Initial Access", "1 principal with agents: 0 sessions, 7 calls", "intrusion p-7 0 sessions, 7 calls four phases", "Sight: full"} {
		if want = strings.Join(strings.Fields(want), " "); !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	for _, c := range h.Campaigns {
		if !strings.Contains(text, visible(c.ID)) {
			t.Errorf("campaign %s is not named", c.ID)
		}
	}
}

// A page in French says all of its own in French: what is left in English stands in quotation marks, or is what logs and rules say.
func TestFirstScreenFrench(t *testing.T) {
	h := campaignHunt(12, 1)
	h.Principals = []*tocsin.Principal{samplePrincipal(), ordinaryPrincipal(1)}
	h.Principals[0].Sight.Why = "3 of 31 calls were cut: what was read and then used may be missed"
	var b bytes.Buffer
	if err := HTML(&b, h, "fr"); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b.Bytes(), []byte(`<html lang="fr">`)) || !bytes.Contains(b.Bytes(), []byte(">Imprimer</button>")) {
		t.Error("the page is not French")
	}
	_, first, _ := strings.Cut(b.String(), `<section id="first"`)
	first, _, _ = strings.Cut(first, "</section>")
	text := html.UnescapeString(strings.Join(strings.Fields(markup.ReplaceAllString(first, " ")), " "))
	for _, want := range []string{"12 correspondances de 6 règles (critique 2", "2 mandants avec des agents : 3 sessions, 36 appels", "intrusion org-7/key-3", "découverte › accès aux identifiants › déplacement latéral sur 192.0.2.0/24", "Ordinaires : 1, rien à en signaler.",
		"Enregistrements incomplets pour 1 mandant sur 2", "Couverture", "Chaîne de possession", "Règle", "Accès initial 4"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	text = regexp.MustCompile(`« [^»]* » \(en anglais\)`).ReplaceAllString(text, "") // sentences that only this test's campaigns have
	for _, english := range []string{" the ", " of the ", "Coverage", "Level", "Verdict How", "sight is", "not read", "(en anglais)"} {
		if strings.Contains(text, english) {
			i := strings.Index(text, english)
			t.Errorf("%q: …%s…", english, text[max(0, i-60):min(len(text), i+80)])
		}
	}
}

// Every campaign is told, named or counted.
func TestFirstScreenBounded(t *testing.T) {
	h := &Hunt{Campaigns: []*tocsin.Campaign{}}
	for i := range maxFirstTold + maxFirstNamed + 7 {
		c := smallCampaign(1)
		c.ID = fmt.Sprintf("c-%04d", i)
		h.Campaigns = append(h.Campaigns, c)
	}
	first := screenOf(t, h)
	if n := strings.Count(first, "<code>c-"); n != maxFirstTold+maxFirstNamed {
		t.Errorf("%d campaigns named", n)
	}
	if !strings.Contains(first, "The JSONL has 7 campaigns more.") {
		t.Error("what is not named is not counted")
	}
}

// A run that found nothing says so, and does not say it of what it did not look for.
func TestFirstScreenOfNothing(t *testing.T) {
	if s := screenOf(t, &Hunt{Campaigns: []*tocsin.Campaign{}, Coverage: &tocsin.Coverage{}}); !strings.Contains(s, "No campaign. ") || !strings.Contains(s, "Nothing was read, so this says nothing.") {
		t.Error(s)
	}
	if s := screenOf(t, sampleHunt(3)); strings.Contains(s, "campaign") {
		t.Errorf("campaigns were not looked for: %s", s)
	}
}

// What logs hold is text on the first screen, as in the rest of the page.
func TestFirstScreenHarmless(t *testing.T) {
	h := campaignHunt(6, 1)
	evil := evilHTML + evilTerminal + `" onload="x`
	c := h.Campaigns[0]
	c.Title, c.Lost, c.ID = evil, evil, evil
	c.Key = []tocsin.KeyEvent{{Kind: evil, Time: time.Unix(0, 0), What: evil, Host: evil, Account: evil, From: evil, On: []string{"host:" + evil}, Shown: evil, Places: []tocsin.Place{{Source: evil, Record: 1}}}}
	h.Coverage.Partial = evil
	first := screenOf(t, h)
	tags := regexp.MustCompile(`</?([a-z0-9]+)((?: [a-z-]+(?:="[^"<>]*")?)*)>`)
	for _, m := range tags.FindAllStringSubmatch(first, -1) {
		if strings.Contains(m[2], " on") || strings.Contains(m[2], "href") || strings.Contains(m[2], "src") {
			t.Errorf("the element %s", m[0])
		}
		switch m[1] {
		case "h1", "h2", "h3", "p", "div", "span", "article", "table", "thead", "tbody", "tr", "th", "td", "strong", "bdi", "code", "noscript":
		default:
			t.Errorf("an element %s", m[1])
		}
	}
	rest := tags.ReplaceAllString(first, "")
	_, rest, _ = strings.Cut(rest, ">") // the end of the section's own tag
	for _, bad := range []string{"<", "\x1b", "\u202e"} {
		if strings.Contains(rest, bad) {
			t.Errorf("the first screen holds %q: %s", bad, rest)
		}
	}
}

func TestBaseOf(t *testing.T) {
	for _, tt := range []struct{ files, want string }{
		{"/cases/7/logs/a.log /cases/7/logs/web/b.log", "/cases/7/"},
		{"/cases/7/logs/a.zip!/x/y.evtx", "/cases/7/"},
		{"/cases/7/logs/a.log /cases/8/a.log", ""}, // below the root itself there is nothing to leave out
		{"/cases/old/7/logs/a.log /cases/old/8/a.log", "/cases/"},
		{`C:\cases\7\a.evtx C:\cases\7\b\c.evtx`, `C:\cases\`},
		{"logs/a.log logs/b.log", ""},
		{"/cases/7/logs/a.log b.log", ""},
		{"/a.log", ""},
		{"", ""},
	} {
		c := &tocsin.Coverage{}
		for f := range strings.FieldsSeq(tt.files) {
			c.Files = append(c.Files, tocsin.File{Path: f})
		}
		if got := baseOf(c); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.files, got, tt.want)
		}
	}
	if baseOf(nil) != "" {
		t.Error("no coverage has a base")
	}
}
