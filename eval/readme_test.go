package eval

import (
	"flag"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what figures.tsv records into README.md and docs/measured.md: go test ./eval -run TestReadme -update")

// README.md and docs/measured.md have what is between these from figures.tsv.
const (
	figuresFrom = "<!-- figures: from eval/figures.tsv by go test ./eval -run TestReadme -update -->\n"
	figuresTo   = "<!-- end of figures -->\n"
)

// readmeRows are the rows of README's table. {NAME} stands for a recorded figure in its unit; {NAME|k}, {NAME|n}, {NAME|of} and
// {NAME|rest} for that of a share of how many, for both, and for what is missing from all; {NAME|interval} for its interval.
// What a row's figures were tuned on is said at its end, but not again of "the same".
var readmeRows = []struct{ label, text string }{
	{"SigmaHQ's regression tests", "{sigmahq/regression|of}"},
	{"SigmaHQ's live rules loaded", "{sigmahq/loaded|of}; the other {sigmahq/loaded|rest} lack values for their placeholders, each is named"},
	{"EVTX-ATTACK-SAMPLES, all Windows rules", "{evtx-samples/events} events, {evtx-samples/rules} distinct rules, {evtx-samples/pairs} (event, rule) pairs, no difference from the naive evaluator"},
	{"CrowdSec hub tests, own rules", "{hub/sources|of} expected sources alerted ({hub/sources}, {hub/sources|interval})"},
	{"fail2ban's labelled lines, own rules", "{fail2ban/attacks|of} attacks matched ({fail2ban/attacks}, {fail2ban/attacks|interval}), {fail2ban/clean-matched|of} lines labelled no match"},
	{"benign recordings, own rules, level high or above", "{benign/rules-high/own|k} in {benign/rules-high/own|n} events ({benign/rules-high/own|interval})"},
	{"campaigns of level high or above in benign recordings", "{benign/campaigns-high|k} in {benign/campaigns-high|n} events ({benign/campaigns-medium|k} medium: administrators at work)"},
	{"AIT-ADS, four labs of 4–6 days, alerts without their labels, worst lab", "alerts to incidents −{ait-ads/worst/reduction}; {ait-ads/worst/step-recall} of the attack's {ait-ads/worst/step-recall|n} steps in one campaign ({ait-ads/worst/step-recall|interval}; {ait-ads/worst/step-recall-with-leads} with its leads; the slow DNS leak happens up to 62 h apart); {ait-ads/worst/purity} of the campaign's alerts belong, without the two web scanners' {ait-ads/worst/purity-without-dirb-wpscan}"},
	{"the same, each judgement with what was known then (as a live run would)", "−{causal/ait-ads/worst/reduction}; {causal/ait-ads/worst/step-recall} of the steps ({causal/ait-ads/worst/step-recall-with-leads} with leads); {causal/ait-ads/worst/purity} belong"},
	{"separate intrusions hunted together", "{separate/merged|k} campaigns hold more than one; {separate/one-each|of} are one campaign each, the sixth is two infected machines of one office"},
	{"driver of recorded actors, group of recordings left out", "macro-F1 {driver/group-left-out/050/macro-f1} ({driver/group-left-out/050/macro-f1|interval}) on {driver/group-left-out/050/macro-f1|n} actors, {driver/group-left-out/050/undecided} undecided; {driver/group-left-out/050/human-called-agent|k} humans of {driver/group-left-out/050/human-called-agent|n} called an agent; gaps alone {driver/group-left-out-gaps-only/050/macro-f1}; whole recording left out {driver/recording-left-out/050/macro-f1}"},
	{"rehearsals, 4 seeds", "{rehearsal/plain/victims|of} victims in one campaign, {rehearsal/plain/benign|of} benign names in it; share without a person within 5 points in {rehearsal/plain/autonomy-within-5|k}, of gates {rehearsal/plain/gates-found|of} found and {rehearsal/plain/gates-wrong|k} said too many; found again after a block {rehearsal/plain/relinked|of}"},
	{"the same, addresses changed every 15 actions and tools renamed", "share within 5 points in {rehearsal/rotate-15-rename/autonomy-within-5|k}, found again {rehearsal/rotate-15-rename/relinked|of}"},
	{"the same, gaps three times as long with jitter σ 1", "called an agent {rehearsal/jitter-1-pace-3/agent|of}, the share without a person told in {rehearsal/jitter-1-pace-3/share-told|of}; victims {rehearsal/jitter-1-pace-3/victims|of}"},
	{"an access log of 1, 3 and 10 million lines and a tenth as many addresses", "{long/lines/1m/memory}, {long/lines/3m/memory} and {long/lines/10m/memory} of memory"},
	{"loading SigmaHQ's and our own rules", "{user/loading}; {speed/loading} times as long as reading their YAML alone"},
}

// readmeSpeed are the rows of README's table of speed: what is read, and its name among the figures.
var readmeSpeed = [][2]string{
	{"EVTX (33,645 events in three archives of small files)", "evtx"},
	{"Windows JSON, in zips", "windows-json"},
	{"nginx, a million lines", "nginx"},
	{"sshd, a million lines", "sshd"},
	{"Zeek, compressed", "zeek"},
}

// readmeSentences are those of README's text that tell figures.
var readmeSentences = []string{
	"at three times its usual pace {driver/in-disguise/pace-3/called-agent|of} recorded agents were still called agents, at ten times {driver/in-disguise/pace-10/called-agent|k}.",
}

var placeholder = regexp.MustCompile(`\{([a-z0-9/-]+)(?:\|([a-z]+))?\}`)

// fill puts recorded figures in the place of their names, and returns what they were tuned on.
func fill(t *testing.T, text string) (filled string, on []string) {
	t.Helper()
	seen := map[string]bool{"no": true}
	return placeholder.ReplaceAllStringFunc(text, func(s string) string {
		p := placeholder.FindStringSubmatch(s)
		f := figureNamed(p[1])
		if f == nil {
			t.Errorf("%s is not in %s", p[1], figuresFile)
			return s
		}
		if !seen[f.tuned] {
			seen[f.tuned] = true
			on = append(on, tuned[f.tuned])
		}
		m := f.last
		if m == nil {
			return "not measured"
		}
		switch p[2] {
		case "":
			return rounded(m.value, f.unit)
		case "k":
			return grouped(m.k())
		case "n":
			return grouped(m.n)
		case "rest":
			return grouped(m.n - m.k())
		case "of":
			if m.k() == m.n && m.k() > 1 && f.bound.set && !f.bound.most {
				return "all " + grouped(m.n)
			}
			return grouped(m.k()) + " of " + grouped(m.n)
		case "interval":
			return m.interval(f.unit)
		}
		t.Errorf("%s: no such form of a figure", s)
		return s
	}), on
}

// exactly writes a value in its unit with all its digits that matter, rounded as people quote it.
func exactly(v float64, unit string) string {
	switch unit {
	case "share":
		return strconv.FormatFloat(100*v, 'g', 4, 64) + " %"
	case "count", "/s":
		return grouped(int(math.Round(v)))
	case "points", "MB", "s":
		return strconv.FormatFloat(v, 'g', 4, 64) + " " + unit
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

func rounded(v float64, unit string) string {
	switch unit {
	case "share":
		switch {
		case v > 0.99 && v < 1:
			return fmt.Sprintf("%.2f %%", 100*v)
		case v > 0.9 && v < 1 || v < 0.1:
			return fmt.Sprintf("%.1f %%", 100*v)
		}
		return fmt.Sprintf("%.0f %%", 100*v)
	case "score":
		return fmt.Sprintf("%.3f", v)
	case "times":
		return fmt.Sprintf("%.2f", v)
	case "/s":
		return grouped(int(math.Round(v/1000)) * 1000)
	case "MB":
		return grouped(int(math.Round(v/10))*10) + " MB"
	case "s":
		return fmt.Sprintf("%.1f CPU-s", v)
	case "points":
		return fmt.Sprintf("%.0f points", v)
	}
	return grouped(int(v))
}

// grouped writes a number with commas.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// readmeFigures is README's part.
func readmeFigures(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| | |\n| --- | --- |\n")
	for _, r := range readmeRows {
		text, on := fill(t, r.text)
		if len(on) > 0 && !strings.HasPrefix(r.label, "the same") {
			text += ". *Not unseen: " + strings.Join(on, "; ") + "*"
		}
		fmt.Fprintf(&b, "| %s | %s |\n", r.label, text)
	}
	b.WriteString("\n| as a user runs it (rules alone) | events by CPU-second | memory | times the yardstick's processor time | campaigns add |\n| --- | --- | --- | --- | --- |\n")
	for _, r := range readmeSpeed {
		text, _ := fill(t, strings.ReplaceAll("{user/KIND/rate} ({user/KIND/rate-rules-alone}) | {user/KIND/memory} ({user/KIND/memory-rules-alone}) | {speed/KIND/with-campaigns} ({speed/KIND/rules-alone}) | × {speed/KIND/campaigns-add}", "KIND", r[1]))
		fmt.Fprintf(&b, "| %s | %s |\n", r[0], text)
	}
	return b.String()
}

// measuredFigures is the part of docs/measured.md: all figures.
func measuredFigures() string {
	quotes := strings.Join(readmeSentences, "")
	for _, r := range readmeRows {
		quotes += r.text
	}
	quoted := func(f *figure) string {
		for _, r := range readmeSpeed {
			if strings.HasPrefix(f.name, "user/"+r[1]+"/") || strings.HasPrefix(f.name, "speed/"+r[1]+"/") {
				return "yes"
			}
		}
		if strings.Contains(quotes, "{"+f.name+"}") || strings.Contains(quotes, "{"+f.name+"|") {
			return "yes"
		}
		return ""
	}
	var b strings.Builder
	b.WriteString("| figure | what | measured | 95 % interval | of | bound | goal | not unseen because | test | commit | date | README |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, f := range figures {
		value, interval, n, commit, date := "not measured", "", "", "", ""
		if m := f.last; m != nil {
			value, interval, commit, date = exactly(m.value, f.unit), m.interval(f.unit), m.commit, m.date
			if m.n > 0 {
				n = grouped(m.n)
			}
		}
		goal := ""
		if f.goal.set {
			goal = f.goal.text(f.unit)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n",
			f.name, f.what, value, interval, n, f.bound.text(f.unit), goal, tuned[f.tuned], f.test, commit, date, quoted(f))
	}
	return b.String()
}

// TestReadme holds README.md and docs/measured.md to figures.tsv.
func TestReadme(t *testing.T) {
	if figuresErr != nil {
		t.Fatal(figuresErr)
	}
	readme := hold(t, "../README.md", readmeFigures(t))
	hold(t, "../docs/measured.md", measuredFigures())
	words := strings.Join(strings.Fields(readme), " ")
	for _, s := range readmeSentences {
		if want, _ := fill(t, s); !strings.Contains(words, want) {
			t.Errorf("README.md does not say: %s", want)
		}
	}
}

// hold wants a file to have this text between the markers; -update puts it there.
func hold(t *testing.T, path, want string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(b), "\r\n", "\n")
	head, rest, ok := strings.Cut(text, figuresFrom)
	got, tail, ok2 := strings.Cut(rest, figuresTo)
	if !ok || !ok2 {
		t.Fatalf("%s lacks the lines\n%s%s", path, figuresFrom, figuresTo)
	}
	if got == want {
		return text
	}
	if !*update {
		t.Errorf("%s tells other figures than %s records: go test ./eval -run TestReadme -update", path, figuresFile)
		return text
	}
	text = head + figuresFrom + want + figuresTo + tail
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return text
}
