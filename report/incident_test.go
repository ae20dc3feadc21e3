package report

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

func drafts() map[string]func(io.Writer, *Hunt) error {
	aware := time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)
	return map[string]func(io.Writer, *Hunt) error{
		"incident.en.md":   func(w io.Writer, h *Hunt) error { return Incident(w, h, "en") },
		"incident.fr.md":   func(w io.Writer, h *Hunt) error { return Incident(w, h, "fr") },
		"incident.en.html": func(w io.Writer, h *Hunt) error { return IncidentHTML(w, h, "en") },
		"incident.fr.html": func(w io.Writer, h *Hunt) error { return IncidentHTML(w, h, "fr") },
		"nis2-24h.en.md":   func(w io.Writer, h *Hunt) error { return Notification(w, h, nil, Notice{}) },
		"nis2-24h.fr.md": func(w io.Writer, h *Hunt) error {
			return Notification(w, h, nil, Notice{Stage: "24h", Lang: "fr", Aware: aware})
		},
		"nis2-72h.en.md": func(w io.Writer, h *Hunt) error {
			return Notification(w, h, nil, Notice{Stage: "72h", Lang: "en", Aware: aware})
		},
		"nis2-72h.fr.md": func(w io.Writer, h *Hunt) error { return Notification(w, h, nil, Notice{Stage: "72h", Lang: "fr"}) },
		"pack.en.md":     func(w io.Writer, h *Hunt) error { return Pack(w, h, nil, PackOptions{}) },
		"pack.fr.md":     func(w io.Writer, h *Hunt) error { return Pack(w, h, nil, packSample("markdown")) },
		"pack.fr.html":   func(w io.Writer, h *Hunt) error { return Pack(w, h, nil, packSample("html")) },
	}
}

func TestDraftsGolden(t *testing.T) {
	for name, write := range drafts() {
		if strings.HasSuffix(name, ".html") {
			continue // the same text as the Markdown
		}
		var b bytes.Buffer
		if err := write(&b, campaignHunt(60, 0)); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
}

// bare is a line of Markdown without its code spans and escaped characters.
func bare(l string) string {
	var b strings.Builder
	for i := 0; i < len(l); {
		switch l[i] {
		case '\\':
			i += 2
			continue
		case '`':
			n := len(l[i:]) - len(strings.TrimLeft(l[i:], "`"))
			fence := l[i : i+n]
			at := i + n
			for at < len(l) {
				k := strings.Index(l[at:], fence)
				if k < 0 {
					return b.String() + l[i:]
				}
				run := len(l[at+k:]) - len(strings.TrimLeft(l[at+k:], "`"))
				at += k + run
				if run == n {
					break
				}
			}
			i = at
			continue
		}
		b.WriteByte(l[i])
		i++
	}
	return b.String()
}

// What logs hold must not become markup: no link, no image, no element, no heading, no further cell of a table.
func TestDraftsHarmless(t *testing.T) {
	h := campaignHunt(60, 14)
	h.Campaigns[0] = hostileCampaign() // the one that is notified
	h.Title = evilHTML + evilTerminal
	for name, write := range drafts() {
		var b bytes.Buffer
		if err := write(&b, h); err != nil {
			t.Fatal(err)
		}
		for _, r := range b.String() {
			if r != '\n' && hidden(r) {
				t.Fatalf("%s holds %U", name, r)
			}
		}
		if strings.HasSuffix(name, ".html") {
			text := strings.ToLower(b.String())
			for _, bad := range []string{"<script", "<img", "<b>", "href", "src=\""} {
				if strings.Contains(text, bad) {
					t.Errorf("%s holds %s", name, bad)
				}
			}
			if want := "style-src '" + digest([]byte(paper)) + "'"; !strings.Contains(b.String(), want) {
				t.Errorf("%s: the policy lacks %s", name, want)
			}
			continue
		}
		columns := 0
		for i, l := range strings.Split(b.String(), "\n") {
			bare := bare(l)
			for _, bad := range []string{"<", "](", "://", "www."} {
				if strings.Contains(bare, bad) {
					t.Errorf("%s:%d: %s in %q", name, i+1, bad, bare)
				}
			}
			if strings.HasPrefix(l, "|") {
				n := strings.Count(l, "|") - strings.Count(l, `\|`)
				if columns == 0 {
					columns = n
				}
				if n != columns {
					t.Errorf("%s:%d: %d bars, the table has %d: %q", name, i+1, n, columns, l)
				}
			} else {
				columns = 0
			}
			if strings.HasPrefix(bare, "# ") && i > 0 || strings.HasPrefix(bare, "- item") {
				t.Errorf("%s:%d: %q", name, i+1, l)
			}
		}
	}
}

// Deadlines are counted from when the entity became aware; where that is not known they stay blank.
func TestNotificationDeadlines(t *testing.T) {
	for _, tt := range []struct {
		name  string
		made  time.Time
		aware time.Time
		want  []string
		not   string
	}{
		{"aware", sampleStart, time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC), []string{"| 3 March 2026, 14:00 (UTC) |", "| 5 March 2026, 14:00 (UTC) |"}, "if the entity became aware"},
		{"made", time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC), time.Time{}, []string{"1 January 2027, 23:00 (UTC), if the entity became aware when this report was made", "[TO BE FILLED IN: date and time (UTC)"}, "| 1 January"},
		{"neither", time.Time{}, time.Time{}, []string{"[TO BE FILLED IN: Became aware of the significant incident]"}, "2026, 09"},
	} {
		var b bytes.Buffer
		if err := Notification(&b, &Hunt{Made: tt.made}, smallCampaign(3), Notice{Aware: tt.aware}); err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: lacks %q:\n%s", tt.name, want, b.String())
			}
		}
		if strings.Contains(b.String(), tt.not) {
			t.Errorf("%s: has %q", tt.name, tt.not)
		}
	}
}

func TestDraftsRefuse(t *testing.T) {
	h := campaignHunt(3, 0)
	if err := Incident(io.Discard, h, "de"); err == nil {
		t.Error("an unknown language is written")
	}
	if err := Notification(io.Discard, h, nil, Notice{Stage: "48h"}); err == nil {
		t.Error("an unknown stage is written")
	}
	if err := Notification(io.Discard, &Hunt{}, nil, Notice{}); !errors.Is(err, ErrNoCampaign) {
		t.Errorf("no campaign: got %v", err)
	}
	if err := Incident(failing{100}, h, ""); !errors.Is(err, errFull) {
		t.Errorf("a full disk: got %v", err)
	}
	var b bytes.Buffer
	if err := Incident(&b, &Hunt{}, ""); err != nil || !strings.Contains(b.String(), "No campaign was found") {
		t.Errorf("%v: %s", err, b.String())
	}
}

// Every word of one language has its twin, with the same facts in it.
func TestWordsAreWhole(t *testing.T) {
	places := regexp.MustCompile(`\{\d\}`)
	facts := func(s string) int { return len(places.FindAllString(s, -1)) }
	for slug := range english.tactics {
		if french.tactics[slug] == "" {
			t.Errorf("%s has no French", slug)
		}
	}
	for _, tac := range tocsin.Tactics() {
		if english.tactics[tac.Slug] == "" {
			t.Errorf("%s has no name", tac.Slug)
		}
	}
	eachWord(t, "", &english, &french, func(name, en, fr string) {
		if (en == "") != (fr == "") && !strings.Contains("firstDay zeroIsOne quotedNote untranslated", name) {
			t.Errorf("%s: %q but %q", name, en, fr)
		}
		if facts(en) != facts(fr) && name != "untranslated" {
			t.Errorf("%s: %q has other facts than %q", name, en, fr)
		}
	})
	for _, s := range []string{set("fr", "« a » : b ; c ?"), set("fr", "l'an")} {
		if strings.ContainsAny(s, "'") || strings.Contains(s, " ") && strings.Contains(s, " :") {
			t.Errorf("%q", s)
		}
	}
}

func eachWord(t *testing.T, name string, en, fr any, f func(name, en, fr string)) {
	t.Helper()
	a, b := reflect.ValueOf(en).Elem(), reflect.ValueOf(fr).Elem()
	for i := range a.NumField() {
		x, y := a.Field(i), b.Field(i)
		at := a.Type().Field(i).Name
		switch x.Kind() {
		case reflect.String:
			f(at, x.String(), y.String())
		case reflect.Array:
			for k := range x.Len() {
				f(at, x.Index(k).String(), y.Index(k).String())
			}
		case reflect.Map:
			if x.Len() != y.Len() {
				t.Errorf("%s: %d and %d", at, x.Len(), y.Len())
			}
			for _, k := range x.MapKeys() {
				if v := y.MapIndex(k); v.IsValid() {
					f(at, x.MapIndex(k).String(), v.String())
				} else {
					t.Errorf("%s: no %v", at, k)
				}
			}
		case reflect.Struct:
			for k := range x.NumField() {
				f(x.Type().Field(k).Name, x.Field(k).String(), y.Field(k).String())
			}
		}
	}
}
