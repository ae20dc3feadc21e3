package tell

import (
	"regexp"
	"strings"

	"github.com/tocsin-ids/tocsin/report"
)

// What programs for reading mail and messages make links, mentions and templates of.
var (
	webScheme = regexp.MustCompile(`(?i)h(?:tt|xx)p(s?):`)
	anyScheme = regexp.MustCompile(`://`)
	wordFirst = regexp.MustCompile(`(?i)\b(mailto|javascript|vbscript|data|tel|sms|sip|file|skype|slack|msteams|ms-[a-z]+):(\S)`)
	mention   = regexp.MustCompile(`(^|[^\p{L}\p{N}])@+`)
	topDomain = regexp.MustCompile(`([\p{L}\p{N}_-])\.(\p{L}{2,}|xn--[\p{L}\p{N}-]+)($|[^\p{L}\p{N}_.-]|\.(?:$|[^\p{L}\p{N}]))`)
)

var templates = strings.NewReplacer("{{", "{ {", "${", "$ {", "@{", "@ {")

// defuse makes a text harmless for where people read it and programs make links and mentions of it: hxxp[:] for http: and [:]// for
// ://, [.] before the top of a name that may be a domain's, (at) for an @ that begins a word, and a space in what begins a
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
	s = topDomain.ReplaceAllString(s, "$1[.]$2$3")
	for strings.Contains(s, "{{") || strings.Contains(s, "${") || strings.Contains(s, "@{") {
		s = templates.Replace(s)
	}
	return s
}
