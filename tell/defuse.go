package tell

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin/report"
)

// What programs for reading mail and messages make links, mentions and templates of.
var (
	webScheme = regexp.MustCompile(`(?i)h(?:tt|xx)p(s?):`)
	anyScheme = regexp.MustCompile(`://`)
	wordFirst = regexp.MustCompile(`(?i)\b(mailto|javascript|vbscript|data|tel|sms|sip|file|skype|slack|msteams|ms-[a-z]+):(\S)`)
	mention   = regexp.MustCompile(`(^|[^\p{L}\p{N}])@+`)
)

var templates = strings.NewReplacer("{{", "{ {", "${", "$ {", "@{", "@ {")

// defuse makes a text harmless for where people read it and programs make links and mentions of it: hxxp[:] for http: and [:]// for
// ://, [.] for the points of a name that may be a domain's, (at) for an @ that begins a word, and a space in what begins a
// template. It does so too where that is needless (access[.]log): what is a name of the internet nobody can tell.
func defuse(s string) string {
	s = report.Visible(s)
	if !strings.ContainsAny(s, ".@:{") {
		return s
	}
	s = webScheme.ReplaceAllString(s, "hxxp$1[:]")
	s = anyScheme.ReplaceAllString(s, "[:]//")
	s = wordFirst.ReplaceAllString(s, "$1[:]$2")
	s = mention.ReplaceAllString(s, "$1(at)")
	s = dotted(s)
	for strings.Contains(s, "{{") || strings.Contains(s, "${") || strings.Contains(s, "@{") {
		s = templates.Replace(s)
	}
	return s
}

// dotted puts [.] for each point between parts of a name of which the second begins with a letter.
func dotted(s string) string {
	var b strings.Builder
	from := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '.' {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+1:])
		if unicode.IsLetter(after) && (unicode.IsLetter(before) || unicode.IsDigit(before) || before == '-' || before == '_') {
			b.WriteString(s[from:i] + "[.]")
			from = i + 1
		}
	}
	return b.String() + s[from:]
}
