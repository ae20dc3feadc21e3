package campaign

import (
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A deed is said as what its doer did, without the doer: "ran cat /etc/shadow", "tried to write /etc/passwd, which failed".

// A phrase is what was done: as it happened, and as it was tried.
type phrase struct{ past, base string }

// phrases are the verbs before an object.
var phrases = map[string]phrase{
	"scan": {"scanned", "scan"}, "probe": {"tried", "try"}, "login": {"logged in to", "log in to"}, "logout": {"logged out of", "log out of"},
	"run": {"ran", "run"}, "request": {"requested", "request"}, "resolve": {"looked up", "look up"}, "connect": {"connected to", "connect to"},
	"read": {"read", "read"}, "list": {"listed", "list"}, "write": {"wrote", "write"}, "delete": {"deleted", "delete"}, "copy": {"copied", "copy"},
	"send": {"sent", "send"}, "create": {"created", "create"}, "change": {"changed", "change"}, "grant": {"granted", "grant"},
	"stop": {"stopped", "stop"}, "call": {"called", "call"}, "mail": {"mailed", "mail"},
}

// texted are the verbs for texts of some kinds of log (tocsin.Logs), whatever they serve: who reads a file by a command ran it.
var texted = map[string]string{"line": "run", "program": "run", "windows": "run", "session": "run", "request": "request", "api": "call"}

// opened are texts that begin with their own verb, which then stands for the deed's: as package action writes them, as PowerShell
// writes what it ran, and as Windows writes what was opened on a share.
var opened = []struct {
	text string
	phrase
}{
	{"login as ", phrase{"logged in as ", "log in as "}},
	{"tls to ", phrase{"connected by TLS to ", "connect by TLS to "}},
	{"upload to ", phrase{"uploaded to ", "upload to "}},
	{"create account ", phrase{"created account ", "create account "}},
	{"delete account ", phrase{"deleted account ", "delete account "}},
	{"change account ", phrase{"changed account ", "change account "}},
	{"CommandInvocation(", phrase{"ran CommandInvocation(", "run CommandInvocation("}},
	{`\\*\`, phrase{`opened \\*\`, `open \\*\`}},
}

// inWords is how a call is said that is told in words, not by its name.
var inWords = phrase{"asked to ", "ask to "}

// methods begin a request, whatever tells of it: RFC 9110, RFC 5789, RFC 4918.
var methods = setOf("GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "POST", "PUT", "DELETE", "PATCH", "CONNECT", "MKCOL", "MOVE", "COPY")

// done is what an act of n like ones is, by the first of them.
func done(d *tocsin.Deed, n int) string {
	if r := ruleOf(d); r != nil {
		title := r.Title
		if d.Verb == "connect" && d.Text != "" && d.Host == "" { // seen in the network: where to is all that places it
			title += ", " + clip(oneLine.Replace(d.Text))
		}
		return counted(title, n) + at(" at ", d)
	}
	return recorded(d, n)
}

// ruleOf is the first rule of a deed that is of the deed's own tactic, and its technique if one is: another that held for the
// same record tells of something else. What a correlation says is by its rule, whatever that is of.
func ruleOf(d *tocsin.Deed) *tocsin.Rule {
	var of *tocsin.Rule
	for _, r := range d.Rules {
		tactics := r.Tactics()
		if d.Tactic != "" && len(tactics) > 0 && d.N > 0 && !slices.ContainsFunc(tactics, func(t tocsin.Tactic) bool { return t.Slug == d.Tactic }) {
			continue
		}
		if slices.Contains(r.Techniques(), d.Technique) {
			return r
		}
		if of == nil {
			of = r
		}
	}
	return of
}

// recorded is done by what the record says, whatever rule held.
func recorded(d *tocsin.Deed, n int) string {
	if said := saying(d, n); said != "" {
		return said
	}
	return counted(d.Verb, n) + at(" on ", d)
}

// at is where a deed was done.
func at(where string, d *tocsin.Deed) string {
	if d.Host == "" {
		return ""
	}
	return where + d.Host
}

// counted is a kind of thing that happened n times.
func counted(title string, n int) string {
	if n > 1 {
		return title + " (" + several(n, "time") + ")"
	}
	return title
}

// saying is the first act of a deed of n; empty where nothing is known of it but its verb.
func saying(d *tocsin.Deed, n int) string {
	p, text := phrasing(d)
	if text == "" {
		return ""
	}
	if n > 1 {
		text += " and " + several(n-1, "more such act")
	}
	text += at(" on ", d)
	bad := d.Outcome == tocsin.Failed || d.Outcome == tocsin.Denied
	switch {
	case p == (phrase{}):
		return text + ended(d, n)
	case d.Outcome == tocsin.Failed && p == spoken("run"), bad && (p == spoken("request") || p == spoken("call") || p == inWords): // that it was done is what failed
		return p.past + text + ended(d, n)
	case bad || d.Verb == "login" && d.Outcome == tocsin.Unknown && p != spoken("run"):
		return "tried to " + p.base + text + ended(d, n)
	}
	return p.past + text
}

// spoken are a verb's phrases, with the space before an object.
func spoken(verb string) phrase {
	p := phrases[verb]
	return phrase{p.past + " ", p.base + " "}
}

// phrasing is how the first act of a deed is said, and what follows; the empty phrase where the text says by itself what was done.
func phrasing(d *tocsin.Deed) (phrase, string) {
	if d.Text == "" {
		return spoken(d.Verb), clip(firstOf(d))
	}
	text := oneLine.Replace(strings.TrimSpace(d.Text))
	word, rest, _ := strings.Cut(text, " ")
	o, after, own := opening(text)
	switch verb := texted[d.Log]; {
	case text == d.Verb:
		return phrase{}, ""
	case d.Verb == "alert":
		return phrase{}, clip(text)
	case d.Verb == "probe" || d.Verb == "call":
		return spoken(d.Verb), clip(text)
	case methods[word]:
		return spoken("request"), clip(text)
	case verb == "call" && word == d.Verb && rest != "": // in words, not by the call's name
		return inWords, clip(text)
	case verb != "":
		return spoken(verb), clip(text)
	case own:
		return o, clip(after)
	case strings.Contains(text, " → "): // a program and that in which it acted
		return phrase{"acted on another program: ", "act on another program: "}, clip(text)
	case strings.HasSuffix(word, ":") && rest != "" && !strings.ContainsAny(rest, ` .\/%"`): // an interface and its operation
		return spoken("call"), clip(text)
	case d.Verb == "create" || object(text):
		return spoken(d.Verb), clip(text)
	}
	return phrase{}, clip(text)
}

// oneLine puts a script into a sentence.
var oneLine = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ")

// opening is how a text that has its own verb goes on.
func opening(text string) (_ phrase, rest string, ok bool) {
	for i := range opened {
		if rest, ok = strings.CutPrefix(text, opened[i].text); ok {
			return opened[i].phrase, rest, true
		}
	}
	return phrase{}, text, false
}

// ended is what became of n acts of a deed that did not work.
func ended(d *tocsin.Deed, n int) string {
	switch d.Outcome {
	case tocsin.Failed:
		return ", which failed"
	case tocsin.Denied:
		if n > 1 {
			return ", which were refused"
		}
		return ", which was refused"
	}
	return ""
}

// object says that a text is the name of something, such as a path, a key or an address, and no words about what was done.
func object(text string) bool {
	word, _, _ := strings.Cut(text, " ")
	return strings.ContainsAny(word, `\/:.`) && !strings.HasSuffix(word, ":") || word == text || strings.ToUpper(word) == word
}

// firstOf is what a deed without a text was done to in its first record.
func firstOf(d *tocsin.Deed) string {
	for _, e := range d.On {
		if at, _ := d.At(e.Kind + ":" + e.Value); at == d.Place && !strings.EqualFold(e.Value, d.Host) {
			return e.Value
		}
	}
	return ""
}
