package sigma

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
)

// What Sigma has at the top of a document, and SigmaHQ besides.
var topKeys = []string{"title", "id", "related", "name", "taxonomy", "status", "description", "license", "references",
	"author", "date", "modified", "logsource", "detection", "correlation", "filter", "fields", "falsepositives", "level",
	"tags", "scope", "generate", "simulation", "regression_tests_path"}

var statuses = []string{"stable", "test", "experimental", "deprecated", "unsupported"}

// small words stay small in titles, as SigmaHQ has it.
var smallWords = []string{"a", "an", "and", "as", "at", "by", "for", "from", "in", "new", "of", "on", "or", "over",
	"the", "through", "to", "via", "with", "without"}

func (l *linter) metadata() {
	for _, k := range l.page.node.Keys {
		switch {
		case slices.Contains(topKeys, k.Name):
		case slices.Contains(topKeys, strings.ToLower(k.Name)):
			l.report("key-case", k.Line, "write it in small letters", "the key %s", clip(k.Name, 60))
		default:
			if near := nearest(k.Name, topKeys); near != "" {
				l.report("unknown-key", k.Line, "did you mean "+near+"?", "the key %s", clip(k.Name, 60))
			}
		}
	}
	l.title()
	id, line := l.at("id")
	switch {
	case id.Scalar() == "":
		l.report("missing-id", line, "give it a random UUID (version 4), by which others can refer to it", "no id")
	case !isUUID(id.Text):
		l.report("invalid-id", line, "", "the id %q is no UUID", clip(id.Text, 60))
	case id.Text[14] != '4':
		l.report("id-version", line, "make it with a generator for version 4", "the id %s is of version %c", id.Text, id.Text[14])
	}
	if n, line := l.at("name"); utf8.RuneCountInString(n.Scalar()) > 256 {
		l.report("name-length", line, "", "the name is longer than 256 characters")
	}
	filter := l.page.node.At("filter") != nil
	level, line := l.at("level")
	if _, err := tocsin.ParseLevel(strings.ToLower(level.Scalar())); err != nil {
		l.report("invalid-level", line, "informational, low, medium, high or critical", "the level %q", clip(level.Scalar(), 60))
	} else if level.Scalar() == "" && !filter {
		l.report("missing-level", line, "informational, low, medium, high or critical", "no level")
	}
	status, line := l.at("status")
	if s := status.Scalar(); s == "" && !filter {
		l.report("missing-status", line, strings.Join(statuses, ", "), "no status")
	} else if s != "" && !slices.Contains(statuses, strings.ToLower(s)) {
		l.report("invalid-status", line, strings.Join(statuses, ", "), "the status %q", clip(s, 60))
	}
	about, line := l.at("description")
	switch n := utf8.RuneCountInString(about.Scalar()); {
	case n == 0:
		l.report("missing-description", line, "", "no description")
	case n < 16:
		l.report("short-description", line, "say what happened when the rule holds", "a description of %d characters", n)
	case n > 65535:
		l.report("long-description", line, "", "a description of %d characters", n)
	}
	if s := strings.ToLower(about.Scalar()); (strings.Contains(s, "http://") || strings.Contains(s, "https://")) && l.page.node.At("references") == nil {
		l.report("link-in-description", line, "move it to references", "the description has a link")
	}
	if a, line := l.at("author"); a.Scalar() == "" && len(a.Strings()) == 0 && !filter {
		l.report("missing-author", line, "", "no author")
	}
	fields, line := l.at("fields")
	for _, f := range repeats(fields.Strings()) {
		l.report("duplicate-field", line, "", "the field %s is listed twice", clip(f, 60))
	}
	l.falsePositives()
}

func (l *linter) title() {
	n, line := l.at("title")
	t := n.Scalar()
	if strings.TrimSpace(t) == "" {
		l.report("missing-title", line, "", "no title")
		return
	}
	if n := utf8.RuneCountInString(t); n > 120 {
		l.report("title-length", line, "say the rest in the description", "a title of %d characters", n)
	}
	if t != strings.TrimSpace(t) || strings.Contains(t, "  ") {
		l.report("title-space", line, "", "spaces in the title")
	}
	if strings.HasSuffix(t, ".") {
		l.report("title-end", line, "", "the title ends with a full stop")
	}
	if w, _, _ := strings.Cut(t, " "); w == "Detect" || w == "Detects" {
		l.report("title-start", line, "say what it is", "the title begins with %s", w)
	}
	var small []string
	for _, w := range strings.Fields(t) {
		if strings.ToLower(w) == w && strings.ToUpper(w) != w && !slices.Contains(smallWords, w) &&
			!strings.ContainsAny(w, "./_0123456789") && !strings.HasPrefix(w, "-") {
			small = append(small, w)
		}
	}
	if len(small) > 0 {
		l.report("title-case", line, "SigmaHQ writes titles with capitals", "small words in the title: %s", clip(strings.Join(small, ", "), 80))
	}
}

func (l *linter) falsePositives() {
	n, line := l.at("falsepositives")
	for _, s := range n.Strings() {
		r, _ := utf8.DecodeRuneInString(s)
		if utf8.RuneCountInString(s) < 2 {
			l.report("short-falsepositive", line, "", "the false positive %q", s)
			continue
		}
		if unicode.IsLower(r) {
			l.report("falsepositive-case", line, "", "the false positive %q begins with a small letter", clip(s, 60))
		}
		for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) }) {
			if w == "none" || w == "pentest" || w == "penetration" {
				l.report("falsepositive-word", line, "say Unknown or Unlikely, or what may cause one", "the false positive %q", clip(s, 60))
				break
			}
		}
	}
}

func (l *linter) dates() {
	read := func(key string) (string, int64) {
		n, line := l.at(key)
		s := n.Scalar()
		if s == "" {
			return "", line
		}
		if _, err := time.Parse("2006-01-02", s); err != nil {
			l.report("invalid-date", line, "write YYYY-MM-DD", "%s %q", key, clip(s, 40))
			return "", line
		}
		return s, line
	}
	date, line := read("date")
	modified, at := read("modified")
	if l.page.node.At("date") == nil {
		if modified != "" {
			l.report("modified-without-date", at, "", "modified but no date")
		} else if l.page.node.At("filter") == nil {
			l.report("missing-date", line, "write YYYY-MM-DD", "no date")
		}
	}
	switch {
	case date == "" || modified == "":
	case modified < date:
		l.report("modified-before-date", at, "", "modified on %s, made on %s", modified, date)
	case modified == date:
		l.report("modified-redundant", at, "leave it out", "date and modified are both %s", date)
	}
}

func (l *linter) references() {
	n, line := l.at("references")
	if n == nil || n.Kind == Null {
		return
	}
	if n.Kind != List {
		l.report("references-list", line, "write it as a list", "references is %s", n.Kind)
	}
	all := n.Strings()
	for _, s := range repeats(all) {
		l.report("duplicate-reference", line, "", "the reference %s is there twice", clip(s, 120))
	}
	for _, s := range all {
		rest, hub := strings.CutPrefix(s, "https://github.com/")
		switch {
		case strings.HasPrefix(s, "https://attack.mitre.org/"):
			l.report("attack-reference", line, "tag the rule, for example attack.t1059", "the reference %s", clip(s, 120))
		case hub && (strings.Contains(rest, "/blob/master/") || strings.Contains(rest, "/blob/main/")):
			l.report("branch-reference", line, "take the permanent link, with the commit", "the reference %s", clip(s, 120))
		}
	}
}

func (l *linter) related() {
	n, line := l.at("related")
	if n == nil {
		if l.page.rule != nil && l.page.rule.Status == "deprecated" {
			l.report("deprecated-alone", line, "name the rule that replaces it under related", "a deprecated rule without related")
		}
		return
	}
	if n.Kind != List {
		l.report("related-form", line, "write a list of maps with id and type", "related is %s", n.Kind)
		return
	}
	own := l.page.node.At("id").Scalar()
	for _, e := range n.Items {
		id, kind := e.At("id").Scalar(), e.At("type").Scalar()
		switch {
		case id == "" || kind == "":
			l.report("related-form", e.Line, "", "an entry of related without id or type")
			continue
		case !isUUID(id):
			l.report("related-id", e.Line, "", "the related id %q is no UUID", clip(id, 60))
		case strings.EqualFold(id, own):
			l.report("related-self", e.Line, "", "the rule is related to itself")
		}
		switch kind {
		case "derived", "obsolete", "obsoletes", "merged", "renamed", "similar", "correlation":
		default:
			l.report("related-type", e.Line, "derived, obsolete, merged, renamed or similar", "the type %q", clip(kind, 60))
		}
	}
}

// repeats are the texts that come a second time, each once.
func repeats(all []string) []string {
	var out []string
	seen := map[string]int{}
	for _, s := range all {
		if seen[s]++; seen[s] == 2 {
			out = append(out, s)
		}
	}
	return out
}

// isUUID says whether s is a UUID of any version, as text.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !isHex(s[i]) {
				return false
			}
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// nearest is the word that one or two slips of the pen make of s, or "".
func nearest(s string, words []string) string {
	if len(s) < 4 || len(s) > 40 {
		return ""
	}
	best, slips := "", 3
	for _, w := range words {
		if len(w) < 4 {
			continue
		}
		if n := slipsBetween(strings.ToLower(s), w); n < slips && n < len(w)/2 {
			best, slips = w, n
		}
	}
	return best
}

// slipsBetween counts letters left out, put in, changed or swapped with their neighbours (optimal string alignment).
func slipsBetween(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
