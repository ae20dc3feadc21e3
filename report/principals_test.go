package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A hunt over agents' sessions begins with the principals: how many, the verdicts with why, and what the records lack.
func TestTextBeginsWithPrincipals(t *testing.T) {
	for _, tt := range []struct {
		name string
		h    *Hunt
		want []string
		not  string
	}{
		{"an intrusion", principalHunt(3), []string{"5 principals with agents: 6 sessions, 58 calls over 2 days\n", "INTRUSION     org-7/key-3  2 sessions, 31 calls, suspicious from call 7 on\n",
			"discovery › credential access › lateral movement at 192.0.2.0/24; 2 secrets that a result gave away were used there; 2 kinds of act that hardly ever occur in ordinary work\n",
			"SECURITY WORK blue-team  1 session, 12 calls\n                9 acts are inside the scope record range-1\n", "  3 ordinary: nothing to report of them\n",
			"sight is degraded for 1 of 5 principals: 3 of 31 calls were cut; mend: OTEL_LOG_TOOL_CONTENT=1\n"}, "secret-plan"},
		{"nothing", &Hunt{Principals: []*tocsin.Principal{ordinaryPrincipal(1), ordinaryPrincipal(2)}}, []string{"2 principals with agents: 2 sessions, 10 calls over 1 day; sight: full\n  nothing to report\n"}, "person"},
	} {
		s := written(t, func(w io.Writer) error { return Text(w, tt.h, TextOptions{Width: 200, Height: 50}) })
		if !strings.HasPrefix(s, tt.want[0]) {
			t.Errorf("%s: begins with %q", tt.name, strings.SplitN(s, "\n", 2)[0])
		}
		for _, want := range tt.want {
			if !strings.Contains(s, want) {
				t.Errorf("%s: lacks %q:\n%s", tt.name, want, s)
			}
		}
		if strings.Contains(s, tt.not) {
			t.Errorf("%s: has %q", tt.name, tt.not)
		}
	}
}

// What the provider of a model said of an ordinary principal is told, and kept in the JSONL.
func TestProviderOfOrdinary(t *testing.T) {
	p := ordinaryPrincipal(1)
	p.Evidence = []tocsin.Ground{{ID: "seldom", Sentence: "did what is seldom done"}, {ID: "provider-refused", Weight: 1.2, Sentence: "the provider refused: refusal, cyber", Place: tocsin.Place{Source: "log", Record: 3}}}
	h := &Hunt{Principals: []*tocsin.Principal{p, ordinaryPrincipal(2)}}
	s := written(t, func(w io.Writer) error { return Text(w, h, TextOptions{Width: 300, Height: 50}) })
	if want := "  all ordinary by their calls\n  the provider of the model refused requests of 1 ordinary principal, or acted against the account: look at them; the JSONL has what it said\n"; !strings.Contains(s, want) {
		t.Errorf("lacks %q:\n%s", want, s)
	}
	b, err := AppendPrincipals(nil, h.Principals, false)
	if err != nil || bytes.Contains(b, []byte("evidence")) || bytes.Count(b, []byte(`"provider":`)) != 1 || !bytes.Contains(b, []byte("refusal, cyber")) || bytes.Contains(b, []byte("seldom")) || bytes.Contains(b, []byte("person")) {
		t.Errorf("%s, %v", b, err)
	}
	back, err := readPrincipal(bytes.SplitAfter(b[1:], []byte("}]}"))[0])
	if err != nil || len(back.Evidence) != 1 || back.Calls != p.Calls {
		t.Errorf("read back: %+v, %v", back, err)
	}
	s = written(t, func(w io.Writer) error { return ExplainPrincipal(w, h, back, TextOptions{Width: 300}) })
	if !strings.Contains(s, "the provider refused: refusal, cyber (log:3)") || strings.Contains(s, "seldom") {
		t.Errorf("explained:\n%s", s)
	}
}

// Several hundred stay on a screen, the worst are named, and the rest are counted by verdict.
func TestManyPrincipals(t *testing.T) {
	h := &Hunt{Principals: []*tocsin.Principal{hostilePrincipal()}}
	for i := range 300 {
		p := samplePrincipal()
		p.Name = fmt.Sprintf("key-%03d", i)
		if i >= 40 {
			p.Verdict = tocsin.Suspicious
		}
		h.Principals = append(h.Principals, p)
	}
	for i := range 500 {
		h.Principals = append(h.Principals, ordinaryPrincipal(i))
	}
	counted := regexp.MustCompile(`… and ([\d,]+) more: (?:(\d+) intrusion, )?(\d+) suspicious`)
	for _, high := range []int{24, 40, 100} {
		for _, wide := range []int{60, 100, 250} {
			s := written(t, func(w io.Writer) error { return Text(w, h, TextOptions{Width: wide, Height: high}) })
			harmlessLines(t, s, wide)
			if n := strings.Count(s, "\n"); n >= high {
				t.Errorf("%d lines of %d", n, high)
			}
			named := strings.Count(s, "INTRUSION ") + strings.Count(s, "TURNED ") + strings.Count(s, "SUSPICIOUS ")
			m := counted.FindStringSubmatch(s)
			if m == nil || named < 3 {
				t.Fatalf("%d by %d: %d are named:\n%s", wide, high, named, s)
			}
			if want := fmt.Sprint(301 - named); m[1] != want || m[3] != "260" {
				t.Errorf("%d by %d: %q, want %s more", wide, high, m[0], want)
			}
		}
	}
}

// Every principal has its line; the schema describes it; what is read back says the same.
func TestPrincipalLines(t *testing.T) {
	sch, root := readSchema(t)
	h := principalHunt(2)
	c := smallCampaign(1)
	c.Principals = []string{"org-7/key-3"}
	h.Campaigns = []*tocsin.Campaign{c}
	text := written(t, func(w io.Writer) error { return JSONL(w, h) })
	n := 0
	for i, l := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		d := json.NewDecoder(strings.NewReader(l))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if err := sch.check("", root, v); err != nil {
			t.Errorf("line %d: %v\n%s", i+1, err, l)
		}
		if o := v.(map[string]any); o["kind"] == "principal" {
			n++
			for _, member := range []string{"principal", "verdict", "sessions", "calls", "targets"} {
				if o[member] == nil {
					t.Errorf("no %s: %s", member, l)
				}
			}
			if _, ok := o["evidence"]; ok == (o["verdict"] == "ordinary") {
				t.Errorf("evidence: %v: %s", ok, l)
			}
		}
	}
	if n != len(h.Principals) {
		t.Errorf("%d lines of %d principals", n, len(h.Principals))
	}
	back, err := ReadHunt(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(h.Principals[:2], back.Principals[:2]); d != "" {
		t.Error(d)
	}
	if len(back.Principals) != 4 || back.Principals[3].Name == h.Principals[3].Name || back.Principals[3].Calls != 5 {
		t.Errorf("ordinary ones: %+v", back.Principals[2:])
	}
	if d := cmp.Diff([]string{"org-7/key-3"}, back.Campaigns[0].Principals); d != "" {
		t.Error(d)
	}
	if _, err := ReadHunt(strings.NewReader(`{"kind":"principal","principal":7}`)); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a line of another form: %v", err)
	}
}

// The chain has each ground, and its weights add up to what stands below them; where they do not, it says so.
func TestExplainPrincipal(t *testing.T) {
	h := principalHunt(1)
	explain := func(p *tocsin.Principal, wide int) string {
		return written(t, func(w io.Writer) error { return ExplainPrincipal(w, h, p, TextOptions{Width: wide}) })
	}
	s := explain(h.Principals[0], 300)
	weight := regexp.MustCompile(`(?m)^ +([+-]\d+\.\d\d)  (.*)$`)
	sum, sums := 0.0, 0
	for _, m := range weight.FindAllStringSubmatch(s, -1) {
		var f float64
		fmt.Sscan(m[1], &f)
		if m[2] != "in sum" {
			sum += f
			continue
		}
		sums++
		if math.Abs(sum-f) > 0.005 {
			t.Errorf("%.2f in sum, not %.2f", f, sum)
		}
		sum = 0
	}
	if sums != 3 {
		t.Errorf("%d sums:\n%s", sums, s)
	}
	for _, want := range []string{"INTRUSION org-7/key-3", "named by its account", "Suspicious from call 7 of 31 on", "2. credential access (T1003.008): Hashes of accounts read, call 7 (2026-03-01 08:07:00 UTC, sessions/a.jsonl:14)\n     > ssh root@192.0.2.10 cat /etc/shadow",
		"At its own machine: suspicious", "the targets 192.0.2.0/24, own, the phases discovery, credential-access", "Its records are degraded: 3 of 31 calls were cut. To mend it: OTEL_LOG_TOOL_CONTENT=1."} {
		if !strings.Contains(s, want) {
			t.Errorf("lacks %q:\n%s", want, s)
		}
	}
	short := samplePrincipal()
	short.Evidence = short.Evidence[1:]
	if s := explain(short, 300); !strings.Contains(s, "part of the evidence is not in what was read") {
		t.Errorf("a sum that is not the score is not told:\n%s", s)
	}
	if s := explain(h.Principals[2], 100); !strings.Contains(s, "Nothing to report") || strings.Contains(s, "diary") {
		t.Errorf("an ordinary one:\n%s", s)
	}
	for _, wide := range []int{60, 79, 100} {
		harmlessLines(t, explain(hostilePrincipal(), wide), wide)
	}
}

// The report for providers keeps apart what was recorded and what is judged, in both languages.
func TestAbuse(t *testing.T) {
	h := principalHunt(1)
	for _, tt := range []struct {
		lang, facts, assessment, against string
		want                             []string
	}{
		{"en", "## What the records show", "## Assessment", "## What speaks against it", []string{"# Suspected abuse of an AI agent – report", "consistent with an intrusion run with the help of an agent", "This is a judgement", "2026-03-01 08:07:00 UTC", "`s-1` / `toolu_07`", "`org-7/key-3`",
			"MITRE ATT&amp;CK 19.2 | `T1003.008`", "MITRE ATLAS 5.6 | `AML.T0090` | OS Credential Dumping |", "`ASI03` | Identity and Privilege Abuse (reported)", "[TO BE FILLED IN: abuse desk", "Nothing that was read speaks for authorised"}},
		{"fr", "## Ce que montrent les enregistrements", "## Appréciation", "## Ce qui parle contre", []string{"compatibles avec une intrusion", "C’est un jugement", "2026-03-01 08:07:00 UTC", "[À COMPLÉTER\u00a0: service abus"}},
	} {
		s := written(t, func(w io.Writer) error { return Abuse(w, h, h.Principals[0], tt.lang) })
		for _, want := range append(tt.want, "nmap 192.0.2.0/24") {
			if !strings.Contains(s, want) {
				t.Errorf("%s lacks %q:\n%s", tt.lang, want, s)
			}
		}
		_, facts, _ := strings.Cut(s, tt.facts)
		facts, judged, ok := strings.Cut(facts, tt.assessment)
		if !ok || !strings.Contains(judged, tt.against) {
			t.Fatalf("%s: parts are missing:\n%s", tt.lang, s)
		}
		for _, word := range []string{"ntrusion", "suspi", "ttack", "secrets that a result gave", "criminal", "malicious", "hacker"} {
			if strings.Contains(facts, word) {
				t.Errorf("%s: %q stands as a fact", tt.lang, word)
			}
		}
	}
	if err := Abuse(io.Discard, h, h.Principals[0], "de"); err == nil {
		t.Error("an unknown language is written")
	}
	evil := written(t, func(w io.Writer) error { return Abuse(w, h, hostilePrincipal(), "fr") })
	outside := regexp.MustCompile("`+[^`]*`+").ReplaceAllString(evil, "")
	if strings.Contains(outside, "<script") || strings.Contains(evil, "\x1b") || strings.Contains(evil, "\u202e") || strings.Contains(evil, "\n# head") {
		t.Errorf("hostile text got out:\n%s", evil)
	}
	if len(abuseEnglish.blanks) != len(abuseFrench.blanks) || len(abuseEnglish.unknowns) != len(abuseFrench.unknowns) {
		t.Error("lists of one language are longer")
	}
	eachWord(t, "", &abuseEnglish, &abuseFrench, func(name, en, fr string) {
		if (en == "") != (fr == "") || strings.Count(en, "{") != strings.Count(fr, "{") {
			t.Errorf("%s: %q, %q", name, en, fr)
		}
	})
}

// The bundle of a principal is whole, says what is judged in a note alone, and tells of nobody ordinary.
func TestPrincipalSTIX(t *testing.T) {
	h := principalHunt(2)
	h.Matches = nil
	h.Principals = append(h.Principals, hostilePrincipal())
	var bundle struct{ Objects []map[string]any }
	text := written(t, func(w io.Writer) error { return STIX(w, h) })
	if err := json.Unmarshal([]byte(text), &bundle); err != nil {
		t.Fatal(err)
	}
	there, kinds := map[string]bool{}, map[string]int{}
	for _, o := range bundle.Objects {
		if id := o["id"].(string); there[id] {
			t.Errorf("%s is there twice", id)
		} else {
			there[id] = true
		}
		kinds[o["type"].(string)]++
	}
	for _, o := range bundle.Objects {
		refs, _ := o["object_refs"].([]any)
		for _, r := range refs {
			if !there[r.(string)] {
				t.Errorf("%v refers to %v, which is not there", o["id"], r)
			}
		}
		if b, _ := json.Marshal(o); o["type"] != "note" && bytes.Contains(b, []byte("ntrusion")) {
			t.Errorf("judged in a %v: %s", o["type"], b)
		}
	}
	if kinds["grouping"] != 2 || kinds["note"] != 3 || kinds["observed-data"] < 5 || kinds["attack-pattern"] < 6 {
		t.Errorf("%v", kinds)
	}
	for _, want := range []string{`"external_id":"AML.T0090"`, `"external_id":"T1003.008"`, `"external_id":"toolu_07"`, "verdict:intrusion", "consistent with an intrusion"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %s", want)
		}
	}
	if strings.Contains(text, "secret-plan") || strings.Contains(text, "blue-team") {
		t.Error("tells of one of whom there is nothing to report")
	}
}

// Ids of other taxonomies are those of the table, each with a version, and of their form.
func TestAgenticTable(t *testing.T) {
	form := regexp.MustCompile(`^(AML\.T\d{4}(\.\d{3})?|ASI(0[1-9]|10))$`)
	seen := map[string]bool{}
	for _, a := range agentics {
		if !form.MatchString(a.id) || seen[a.id] || a.version == "" || a.name == "" || a.reported == strings.HasPrefix(a.id, "AML.") {
			t.Errorf("%+v", a)
		}
		seen[a.id] = true
		for _, of := range a.of {
			if _, ok := tocsin.Technique(of); a.by == "technique" && !ok {
				t.Errorf("%s: %s is no technique", a.id, of)
			}
		}
	}
	p := samplePrincipal()
	p.Verdict = tocsin.Suspicious
	for i := range p.Evidence {
		p.Evidence[i].Techniques, p.Evidence[i].ID = nil, "x"
	}
	p.ByTarget = nil
	if got := agenticOf(p); len(got) != 0 {
		t.Errorf("no evidence, and yet %v", got)
	}
}

func TestPrincipalPage(t *testing.T) {
	h := principalHunt(400)
	h.Principals = append([]*tocsin.Principal{hostilePrincipal()}, h.Principals...)
	var page struct {
		Principals struct {
			N, Ordinary int
			Verdicts    [][2]any
			Sight       []string
			List        []struct {
				Principal, Verdict, Because, Seen string
				Would                             []string
				Evidence                          []tocsin.Ground
				Score                             float64
			}
		}
	}
	data := pageData(h, &english, false)
	if err := json.Unmarshal(data, &page); err != nil {
		t.Fatal(err)
	}
	p := page.Principals
	if p.N != 403 || p.Ordinary != 400 || len(p.List) != 3 || fmt.Sprint(p.Verdicts) != "[[1 turned] [1 intrusion] [1 security work] [400 ordinary]]" {
		t.Errorf("%d, %d, %d, %v", p.N, p.Ordinary, len(p.List), p.Verdicts)
	}
	if x := p.List[1]; x.Because == "" || len(x.Would) != 2 || x.Seen == "" || len(x.Evidence) != 4 || x.Score != 8.3 {
		t.Errorf("%+v", x)
	}
	if bytes.Contains(data, []byte("secret-plan")) {
		t.Error("the page names somebody ordinary")
	}
	if bytes.Contains(pageData(sampleHunt(3), &english, false), []byte(`"principals"`)) {
		t.Error("no agent worked, and yet there is a part for principals")
	}
}
