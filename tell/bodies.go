package tell

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
)

// A Format makes of an alert what a route sends. The same alert gives the same bytes.
type Format func(a *Alert) ([]byte, error)

// JSON is an alert for programs: {"type": "campaign.new", "timestamp": …, "data": the alert}, as docs/alert.schema.json says. The
// type is campaign or principal with the kind after a point, or summary, or test.
func JSON(a *Alert) ([]byte, error) {
	kind := string(a.Kind)
	switch {
	case a.Kind == Summary || a.Kind == Trial:
	case a.Principal != "":
		kind = "principal." + kind
	default:
		kind = "campaign." + kind
	}
	return json.Marshal(struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      *Alert    `json:"data"`
	}{kind, a.At, a})
}

// A row is a label and what is said under it, defused.
type row struct{ label, text string }

// headline is a line that says what an alert is of, in at most n bytes: "HIGH, new: Intrusion into …".
func (a *Alert) headline(n int) string {
	w := in(a.Lang)
	s := strings.ToUpper(w.levels[min(a.Level, tocsin.Critical)])
	if a.Kind == Trial || a.Kind == Summary {
		s = ""
	} else {
		s += ", "
	}
	return tocsin.Shorten(report.Typeset(a.Lang, upper(s+w.kinds[a.Kind]+w.colon))+defuse(a.Title), n)
}

// rows are the parts of an alert for people; what is not known is left out.
func (a *Alert) rows() (all []row) {
	w := in(a.Lang)
	add := func(label, text string) {
		if text != "" {
			all = append(all, row{report.Typeset(a.Lang, label), defuse(text)})
		}
	}
	add(w.why, a.Reason)
	add(w.driver, a.Verdict)
	if !a.First.IsZero() && !a.Last.IsZero() {
		const form = "2006-01-02 15:04"
		add(w.when, fill(w.fromTo, map[string]string{"0": a.First.UTC().Format(form), "1": a.Last.UTC().Format(form)}))
	}
	hosts := w.hosts
	if a.Principal != "" {
		hosts = w.targets
	}
	more := ""
	if a.MoreHosts > 0 {
		more = " " + fill(w.others, map[string]string{"0": strconv.Itoa(a.MoreHosts)})
	}
	if len(a.Hosts) > 0 {
		add(hosts, strings.Join(a.Hosts, ", ")+more)
	}
	add(w.actors, strings.Join(a.Actors, ", "))
	add(w.tenant, a.Tenant)
	return all
}

// list are the lines under the rows: key events, or what a summary stands for, defused.
func (a *Alert) list() (label string, lines []string) {
	w := in(a.Lang)
	label = w.events
	for _, k := range a.Key {
		lines = append(lines, defuse(k))
	}
	if a.Kind == Summary {
		label = w.folded
		for _, l := range a.Folded {
			lines = append(lines, report.Typeset(a.Lang, strings.ToUpper(w.levels[min(l.Level, tocsin.Critical)])+", "+w.kinds[l.Kind]+w.colon)+defuse(l.Title))
		}
		if n := a.More - len(a.Folded); n > 0 {
			lines = append(lines, fill(w.others, map[string]string{"0": strconv.Itoa(n)}))
		}
	}
	return report.Typeset(a.Lang, label), lines
}

// Bounds of Slack (its Block Kit reference): characters of a header and of a section's text.
const (
	maxSlackHead = 150
	maxSlackText = 2900
)

// Slack is an alert as blocks, for an incoming webhook of Slack or what understands the same.
func Slack(a *Alert) ([]byte, error) {
	type textObject struct {
		Type     string `json:"type"`
		Text     string `json:"text"`
		Verbatim *bool  `json:"verbatim,omitempty"`
		Emoji    *bool  `json:"emoji,omitempty"`
	}
	type block struct {
		Type     string       `json:"type"`
		Text     *textObject  `json:"text,omitempty"`
		Elements []textObject `json:"elements,omitempty"`
	}
	yes, no := true, false
	markdown := func(s string) *textObject { return &textObject{Type: "mrkdwn", Text: s, Verbatim: &yes} }
	blocks := []block{{Type: "header", Text: &textObject{Type: "plain_text", Text: a.headline(maxSlackHead), Emoji: &no}}}
	for _, r := range a.rows() {
		blocks = append(blocks, block{Type: "section", Text: markdown("*" + slack(r.label) + "*\n" + slack(tocsin.Shorten(r.text, maxSlackText/5)))})
	}
	if label, lines := a.list(); len(lines) > 0 {
		s := "*" + slack(label) + "*"
		for _, l := range lines {
			if l = "\n• " + slack(l); len(s)+len(l) < maxSlackText {
				s += l
			}
		}
		blocks = append(blocks, block{Type: "section", Text: markdown(s)})
	}
	if u := a.safeLink(); u != "" {
		blocks = append(blocks, block{Type: "section", Text: markdown("<" + u + "|" + slack(in(a.Lang).open) + ">")})
	}
	blocks = append(blocks, block{Type: "context", Elements: []textObject{*markdown(slack(report.Typeset(a.Lang, in(a.Lang).footer)))}})
	return json.Marshal(struct {
		Text   string  `json:"text"`
		Blocks []block `json:"blocks"`
	}{slack(a.headline(maxTitle)), blocks})
}

// slack escapes what Slack reads as control characters, so that no text makes a mention or a link.
func slack(s string) string { return slackSigns.Replace(s) }

var slackSigns = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// safeLink is the link, where it is one that can stand in any body.
func (a *Alert) safeLink() string {
	if (strings.HasPrefix(a.Link, "https://") || strings.HasPrefix(a.Link, "http://")) && !strings.ContainsAny(a.Link, "<>|\"'` \\^{}\r\n\t()[]") {
		return a.Link
	}
	return ""
}

// Teams is an alert as an Adaptive Card in a message, as the webhooks of Teams' Workflows take it. What logs say stands in runs of
// plain text, in which no Markdown is read.
func Teams(a *Alert) ([]byte, error) {
	type element map[string]any
	run := func(s string, bold bool) element {
		e := element{"type": "TextRun", "text": s}
		if bold {
			e["weight"] = "Bolder"
		}
		return e
	}
	paragraph := func(runs ...element) element {
		return element{"type": "RichTextBlock", "spacing": "Small", "inlines": runs}
	}
	color := map[tocsin.Level]string{tocsin.Critical: "Attention", tocsin.High: "Attention", tocsin.Medium: "Warning"}[a.Level]
	head := run(a.headline(maxTitle), true)
	head["size"] = "Large"
	if color != "" {
		head["color"] = color
	}
	body := []element{paragraph(head)}
	for _, r := range a.rows() {
		body = append(body, paragraph(run(r.label+report.Typeset(a.Lang, in(a.Lang).colon), true), run(r.text, false)))
	}
	if label, lines := a.list(); len(lines) > 0 {
		body = append(body, paragraph(run(label, true)))
		for _, l := range lines {
			body = append(body, paragraph(run("• "+l, false)))
		}
	}
	foot := run(report.Typeset(a.Lang, in(a.Lang).footer), false)
	foot["isSubtle"], foot["size"] = true, "Small"
	body = append(body, paragraph(foot))
	card := element{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "lang": a.Lang,
		"fallbackText": a.headline(maxTitle), "body": body, "msteams": element{"width": "Full"}}
	if u := a.safeLink(); u != "" {
		card["actions"] = []element{{"type": "Action.OpenUrl", "title": in(a.Lang).open, "url": u}}
	}
	return json.Marshal(element{"type": "message", "attachments": []element{{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card}}})
}

// Text is an alert for people who read plain text: lines end in \n.
func Text(a *Alert) ([]byte, error) {
	var b strings.Builder
	b.WriteString(a.headline(maxTitle) + "\n\n")
	for _, r := range a.rows() {
		b.WriteString(r.label + report.Typeset(a.Lang, in(a.Lang).colon) + r.text + "\n")
	}
	if label, lines := a.list(); len(lines) > 0 {
		b.WriteString("\n" + label + report.Typeset(a.Lang, strings.TrimRight(in(a.Lang).colon, " ")) + "\n")
		for _, l := range lines {
			b.WriteString("  " + l + "\n")
		}
	}
	if u := a.safeLink(); u != "" {
		b.WriteString("\n" + in(a.Lang).open + report.Typeset(a.Lang, in(a.Lang).colon) + u + "\n")
	}
	b.WriteString("\n-- \n" + report.Typeset(a.Lang, in(a.Lang).footer) + "\n" + a.ID + "\n")
	return []byte(b.String()), nil
}

// SyslogOptions say how an alert is written for syslog. The zero value works.
type SyslogOptions struct {
	Host     string // this machine's name; empty is -
	Facility int    // 0 to 23; 0 is local0 (16), for an alert is never the kernel's
	Most     int    // bytes of a message; 0 is 2048, and at least 480
}

// SyslogText gives the Format of a message as RFC 5424 has it, without a frame. The structured data "tocsin@32473" (the enterprise
// number that examples use) has what a program looks for; what does not fit is cut off the text, then left out of the data.
func SyslogText(o SyslogOptions) (Format, error) {
	if o.Facility == 0 {
		o.Facility = 16
	}
	if o.Most == 0 {
		o.Most = 2048
	}
	if o.Facility < 0 || o.Facility > 23 {
		return nil, fmt.Errorf("syslog facility %d: want 1 to 23", o.Facility)
	}
	if o.Most < 480 {
		return nil, fmt.Errorf("syslog messages of %d bytes: want at least 480, which every receiver takes (RFC 5424 6.1)", o.Most)
	}
	return func(a *Alert) ([]byte, error) { return o.write(a), nil }, nil
}

func (o *SyslogOptions) write(a *Alert) []byte {
	severity := 6 // informational
	switch a.Level {
	case tocsin.Critical:
		severity = 2
	case tocsin.High:
		severity = 3
	case tocsin.Medium:
		severity = 4
	case tocsin.Low:
		severity = 5
	}
	s := fmt.Sprintf("<%d>1 %s %s tocsin - %s [tocsin@32473", o.Facility*8+severity, a.At.UTC().Format("2006-01-02T15:04:05.000Z"), headerField(o.Host, 255), headerField(string(a.Kind), 32))
	put := func(name, value string, room int) {
		if value == "" {
			return
		}
		if p := " " + name + `="` + parameter(value) + `"`; len(s)+len(p)+2 <= room {
			s += p
		}
	}
	put("id", a.ID, o.Most)
	put("level", a.Level.String(), o.Most)
	put("campaign", a.Campaign, o.Most)
	for _, p := range [...]struct{ name, value string }{{"into", a.Into}, {"tenant", short(a.Tenant)}, {"principal", short(a.Principal)}, {"verdict", verdictWord(a)}, {"driver", a.Driver.String()}, {"actor", first(a.Actors)},
		{"host", first(a.Hosts)}, {"stages", strings.Join(a.Stages, ",")}, {"link", a.safeLink()}} {
		put(p.name, p.value, o.Most-120) // so that some of the text stays
	}
	s += "] "
	text := a.headline(maxTitle) + " – " + defuse(a.Reason)
	return []byte(s + cut(text, o.Most-len(s)))
}

func verdictWord(a *Alert) string {
	if a.Principal == "" {
		return ""
	}
	return a.Judged.String()
}

func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

// cut is the beginning of a text, in at most n bytes, cut between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// headerField is a field of a syslog header: printable ASCII without spaces.
func headerField(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), n)]
}

// parameter escapes a value of structured data.
func parameter(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`).Replace(report.Visible(s))
}
