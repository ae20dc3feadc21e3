package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// told writes a hunt in all formats that people read, with escapes and line breaks taken out so that a sentence can be
// looked for.
func told(t *testing.T, h *Hunt) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, write := range everyFormat() {
		var b bytes.Buffer
		if err := write(&b, h); err != nil {
			t.Fatal(err)
		}
		s := inkCodes.ReplaceAllString(b.String(), "")
		s = strings.NewReplacer("\\", "", "<bdi>", "", "</bdi>", "", "\u00a0", " ", "\u202f", " ", "’", "'", "&#39;", "'").Replace(s)
		all[name] = strings.Join(strings.Fields(s), " ")
	}
	return all
}

// What was let go, that a run ended early, what a campaign may lack, what its lists leave out, what it was before and
// what is weak in it: each is in every report that shows a campaign to a person, in the report's language.
func TestWhatIsNotThereIsTold(t *testing.T) {
	h := campaignHunt(12, 0)
	h.Campaigns = h.Campaigns[:1]
	h.Coverage.LetGo = append(h.Coverage.LetGo[:2:2], tocsin.LetGo{Kind: "tempo", N: 2, From: sampleStart, Why: "a name's share was full"})
	// A screen has room for so much of the coverage; what is missing of a log, and digests, have their own tests.
	h.Coverage.Digests, h.Coverage.Unhashed = nil, 0
	h.Coverage.Gaps = slices.DeleteFunc(slices.Clone(h.Coverage.Gaps), func(g tocsin.Gap) bool { return g.Kind == tocsin.GapMissing })
	all := told(t, h)
	for _, tt := range []struct {
		what    string
		formats string // names, or their beginnings
		want    string
	}{
		{"let go, in English", "hunt.txt text hunt.html incident.en nis2-24h.en nis2-72h.en explain list", "61,204 quiet actions, 2026-03-01 11:00:00 – 13:00:00 UTC: more than 16,384 names in ten minutes"},
		{"one at one time", "hunt.txt text hunt.html incident.en explain list", "1 event that came too late, 2026-03-01 17:00:00 UTC"},
		{"of one time only", "hunt.txt text hunt.html incident.en explain list", "2 times by which tempo is told, 2026-03-01 08:00:00 UTC"},
		{"let go, in French", "fr.html incident.fr nis2-24h.fr nis2-72h.fr", "61 204 actions discrètes, 2026-03-01 11:00:00 – 13:00:00 UTC : « more than 16,384 names in ten minutes » (en anglais)"},
		{"let go, for machines", "hunt.jsonl", `"let_go":[{"kind":"quiet actions","n":61204,"from":"2026-03-01T11:00:00.1234567Z","to":"2026-03-01T13:00:00.1234567Z","why":"more than 16,384 names in ten minutes"}`},
		{"let go, for the page", "page data", `"letGo":[["quiet actions",61204,1772362800123456,1772370000123456,"more than 16,384 names in ten minutes"]`},
		{"guessed, on a narrow screen", "hunt.small.txt", "Guessed zone of 9,002 events (UTC), year of 8,990 (2026)"},
		{"guessed", "hunt.txt", "9,002 of 9,040 events of 2 files (most of logs/auth.log): zone not written"},
		{"guessed, for programs", "hunt.jsonl", `"guessed":[{"kind":"zone","n":9002,"of":9040,"files":2,"path":"logs/auth.log","taken":"UTC"`},
		{"guessed, in a report", "incident.en.md", "8,990 of 9,000 events of logs/auth.log: year not written, taken to be 2026 because the file was last written on 2026-03-02"},
		{"guessed, for the page", "page data", `"guesses":[["logs/auth.log","year not written",8990,9000,"2026"`},
		{"strays", "incident.en.md", "are a year and more from all others and left out of the span"},
		{"strays, for the page", "page data", `"strays":[["logs/dc.zip!/Sysmon.evtx",2,`},
		{"let go, on a narrow screen", "hunt.small.txt", "Let go 61,204 quiet actions"},
		{"let go, in a bundle", "hunt.stix.json", `61,204 quiet actions, 2026-03-01 11:00:00 – 13:00:00 UTC: more than 16,384 names in ten minutesn1 event`},
		{"let go, in a layer", "hunt.navigator.json", "disk of the temporary files is full. Met and not kept, so that whatever is told may lack it: 61,204 quiet actions, 2026-03-01 11:00:00 – 13:00:00 UTC"},
		{"partial", "hunt. text incident nis2 explain list page", "the disk of the temporary files"},
		{"lost", "hunt.txt text hunt.html incident nis2 explain hunt.jsonl hunt.stix.json", "Between 2026-03-01 11:00 and 13:00, 61,204 quiet actions were let go; some may have been its own."},
		{"lost, where there is a line only", "hunt.small.txt list", "may lack some c-3f9a1c2b7d04"},
		{"lost, as a section", "incident.en nis2-24h.en nis2-72h.en explain", "What this campaign may lack"},
		{"lost, as a section in French", "fr.html incident.fr nis2-24h.fr nis2-72h.fr", "Ce qui peut manquer à cette campagne"},
		{"was", "incident nis2 explain hunt.jsonl hunt.stix.json page", "c-77e01b2c3d4e"},
		{"steps left out", "incident.en nis2-72h.en explain hunt.stix.json", "12 further steps in the middle are not listed."},
		{"steps left out, in French", "incident.fr nis2-72h.fr", "12 autres étapes, au milieu, ne sont pas citées."},
		{"a link left out", "incident.en explain", "1 further link is not listed."},
		{"victims left out", "incident.en nis2-72h.en explain hunt.stix.json", "45 further victims are not listed."},
		{"victims left out, counted", "hunt.txt text list", "of those that are listed; 45 more targets not listed"},
		{"victims left out, counted on the first screen", "hunt.html", "45 targets that are not listed"},
		{"indicators left out", "incident.en nis2-72h.en explain", "3 further things that were used are not listed."},
		{"actors left out", "incident.en explain", "2 further actors are not listed."},
		{"actors left out, counted", "text\x00300", "and 2 more"},
		{"left out, for machines", "hunt.jsonl page", `"omitted":{"actors":2,"indicators":3,"links":1,"steps":12,"used":3,"victims":45}`},
		{"a weak actor", "explain", "Actor 2 (weak): address:192.0.2.90"},
		{"a weak link", "explain", "[takeover] (weak)"},
		{"a weak victim", "explain", "files1.shop.example (weak) of shop.example"},
		{"what weak means", "explain incident.en nis2-72h.en", "nothing should be decided by it alone"},
		{"weak, in French", "incident.fr nis2-72h.fr", "atteinte** (faible)"},
		{"what is weak is not acted on", "incident.en.md nis2-72h.en.md", "before acting on one, check it: `files1.shop.example`, `192.0.2.90`"},
		{"weak, for machines", "hunt.jsonl page", `"tie":"weak"`},
	} {
		for _, name := range sortedKeys(all) {
			if name == "incident.fr.html" && strings.Contains(tt.want, "**") {
				continue // the same in other marks
			}
			for f := range strings.FieldsSeq(tt.formats) {
				if strings.HasPrefix(name, strings.ReplaceAll(f, "\x00", " ")) && !strings.Contains(all[name], tt.want) {
					t.Errorf("%s: %s does not say %q", tt.what, name, tt.want)
				}
			}
		}
	}
}

// What is read back from JSONL says the same of the coverage as the hunt itself.
func TestCoverageReadBack(t *testing.T) {
	h := campaignHunt(12, 0)
	h.Campaigns, h.Attempts, h.Aside = h.Campaigns[:1], 0, nil
	var b bytes.Buffer
	if err := JSONL(&b, h); err != nil {
		t.Fatal(err)
	}
	all, covered, err := ReadCampaigns(&b)
	if err != nil {
		t.Fatal(err)
	}
	back := &Hunt{Campaigns: all, Covered: covered, Made: h.Made, Version: h.Version}
	for name, write := range everyFormat() {
		if !strings.HasPrefix(name, "explain") && !strings.HasPrefix(name, "list") && !strings.HasPrefix(name, "incident") && !strings.HasPrefix(name, "nis2") {
			continue
		}
		var first, second bytes.Buffer
		if err := write(&first, h); err != nil {
			t.Fatal(err)
		}
		if err := write(&second, back); err != nil {
			t.Fatal(err)
		}
		if first.String() != second.String() {
			t.Errorf("%s differs", name)
		}
	}
}

// A hunt that kept everything and read all says nothing of it, and one without coverage ends with no line of it.
func TestNothingLetGo(t *testing.T) {
	h := sampleHunt(3)
	h.Campaigns = []*tocsin.Campaign{smallCampaign(1)}
	h.Coverage.LetGo, h.Coverage.Partial, h.Coverage.Digests, h.Coverage.Unhashed = nil, "", nil, 0
	for name, s := range told(t, h) {
		for _, bad := range []string{"Let go", "not kept, so", "may lack", "weak", "ended before", "further"} {
			if name != "hunt.html" && name != "fr.html" && strings.Contains(s, bad) { // the page's script has the words
				t.Errorf("%s says %q", name, bad)
			}
		}
		if name == "hunt.jsonl" && !strings.Contains(s, `"let_go":[],"data_sha256":`) {
			t.Error("JSONL does not end with an empty list of what was let go")
		}
	}
	h.Coverage = nil
	var b bytes.Buffer
	if err := JSONL(&b, h); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), `"kind":"coverage"`) {
		t.Error("a hunt without coverage has a line of it")
	}
}

// However much was let go, the summary keeps to its lines and counts what it does not name.
func TestLetGoBounded(t *testing.T) {
	for _, high := range []int{24, 40, 100} {
		h := sampleHunt(3)
		h.Coverage.LetGo = nil
		for range 50 {
			h.Coverage.LetGo = append(h.Coverage.LetGo, tocsin.LetGo{Kind: strings.Repeat("kind ", 30), N: 10, Why: strings.Repeat("why ", 200), To: time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)})
		}
		var b bytes.Buffer
		if err := Text(&b, h, TextOptions{Width: 60, Height: high}); err != nil {
			t.Fatal(err)
		}
		harmlessLines(t, b.String(), 60)
		if n := strings.Count(b.String(), "\n"); n >= high+2 { // what must be said is folded on so narrow a page
			t.Errorf("%d lines of %d", n, high)
		}
		if !strings.Contains(b.String(), " kinds: the JSONL names them") {
			t.Errorf("%d lines: what is not named is not counted:\n%s", high, b.String())
		}
	}
}
