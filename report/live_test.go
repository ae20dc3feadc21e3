package report

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// templates are what the page's scripts and markup say, as they look it up: of T`…${x}…` the text with {0} for x.
func templates(t *testing.T) []string {
	t.Helper()
	var all []string
	names, err := fs.Glob(assets, "html/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := assets.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		switch s := string(b); {
		case strings.HasSuffix(name, "app.html"):
			for _, m := range regexp.MustCompile(`{{=(.*?)}}`).FindAllStringSubmatch(s, -1) {
				all = append(all, m[1])
			}
		case strings.HasSuffix(name, ".js"):
			for i := 0; ; {
				at := strings.Index(s[i:], "T`")
				if at < 0 {
					break
				}
				i += at + 2
				all = append(all, templateAt(s[i:]))
			}
		}
	}
	return all
}

// templateAt is the template that begins a text, up to its end.
func templateAt(s string) string {
	var key strings.Builder
	holes := 0
	for i := 0; s[i] != '`'; i++ {
		if !strings.HasPrefix(s[i:], "${") {
			key.WriteByte(s[i])
			continue
		}
		key.WriteString("{" + string(rune('0'+holes)) + "}")
		holes++
		for i, depth := i+2, 1; ; i++ {
			switch s[i] {
			case '{':
				depth++
			case '}':
				depth--
			case '`':
				i += len(templateEnd(s[i+1:])) + 1
			}
			if depth == 0 {
				return key.String() + templateRest(s[i+1:], holes)
			}
		}
	}
	return key.String()
}

func templateRest(s string, holes int) string {
	rest := templateAt(s)
	for n := 8; n >= 0; n-- {
		rest = strings.ReplaceAll(rest, "{"+string(rune('0'+n))+"}", "{"+string(rune('0'+n+holes))+"}")
	}
	return rest
}

// templateEnd is a template's source up to its end.
func templateEnd(s string) string {
	for i, depth := 0, 0; ; i++ {
		switch {
		case s[i] == '`' && depth == 0:
			return s[:i]
		case s[i] == '`':
			i += len(templateEnd(s[i+1:])) + 1
		case strings.HasPrefix(s[i:], "${"):
			depth++
			i++
		case s[i] == '}' && depth > 0:
			depth--
		}
	}
}

// Whatever the page says it says in French too, with the same holes.
func TestPageFrench(t *testing.T) {
	said := Translations("french.tsv", frenchPage)
	all := templates(t)
	if len(all) < 250 {
		t.Fatalf("%d templates found, there are more", len(all))
	}
	hole := regexp.MustCompile(`{\d}`)
	for _, k := range all {
		if _, ok := said[k]; !ok {
			t.Errorf("french.tsv has no row for %q", k)
		}
	}
	for k, v := range said {
		a, b := hole.FindAllString(k, -1), hole.FindAllString(v, -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Errorf("%q has holes %v, its French %v", k, a, b)
		}
	}
}

// The object of a campaign is the line of JSONL: with what is added, and without records where they are not asked for.
func TestAppendCampaign(t *testing.T) {
	c := sampleCampaign()
	var line, lean, whole map[string]any
	for into, b := range map[*map[string]any][]byte{&line: appendCampaign(nil, c), &whole: AppendCampaign(nil, c, true), &lean: AppendCampaign(nil, c, false, tocsin.Field{Name: "status", Value: "open"})} {
		if err := json.Unmarshal(b, into); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(line, whole); d != "" {
		t.Error(d)
	}
	if lean["status"] != "open" || lean["records"] != nil || whole["records"] == nil {
		t.Error("the lean object has records, or lacks what was added")
	}
	delete(line, "records")
	delete(lean, "status")
	if d := cmp.Diff(line, lean); d != "" {
		t.Error(d)
	}
}

// The parts of the page run, and are harmless, in both languages.
func TestPageParts(t *testing.T) {
	h := campaignHunt(20, 2)
	h.Campaigns[0].Title = evilHTML
	for _, lang := range []string{"en", "fr"} {
		p, err := NewPage(lang)
		if err != nil {
			t.Fatal(err)
		}
		var first bytes.Buffer
		if err := p.Campaign(&first, h, h.Campaigns[0]); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(first.String(), "<img") {
			t.Error("the markup of a campaign holds a log's markup")
		}
		data := p.Data(h)
		if !json.Valid(data) || !bytes.Contains(data, []byte(`"live":true`)) {
			t.Error("the data is no JSON, or does not say that it grows")
		}
		script, err := p.Script([]byte("async function unpack() {}"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(script, []byte(`$("data").remove`)) || !bytes.Contains(script, []byte("function renew(")) {
			t.Error("the script reads data from the page, or cannot take up newer")
		}
		app, err := p.App()
		if err != nil || bytes.Contains(app, []byte("{{")) {
			t.Errorf("the markup has parts that were not filled: %v", err)
		}
		if french := bytes.Contains(app, []byte("Campagnes")); french != (lang == "fr") {
			t.Errorf("%s: the markup is in another language", lang)
		}
	}
	if _, err := NewPage("tlh"); err == nil {
		t.Error("an unknown language is no error")
	}
}
