package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"
)

// markdown renders a document as GitHub Flavored Markdown (https://github.github.com/gfm/). Whatever a log holds comes
// out as text: values as code spans, all other marks, markup, links and addresses escaped.
func (d *document) markdown(w io.Writer) error {
	m := markdown{lang: d.lang}
	m.b.WriteString("# ")
	m.spans(say(d.title), false)
	m.b.WriteString("\n")
	for i := range d.blocks {
		m.b.WriteByte('\n')
		m.block(&d.blocks[i])
	}
	if d.seal != "" {
		sum := sha256.Sum256(m.b.Bytes())
		m.b.WriteByte('\n')
		m.spans(say(d.seal+" ", run{hex.EncodeToString(sum[:]), value}), false)
		m.b.WriteByte('\n')
	}
	_, err := w.Write(m.b.Bytes())
	return err
}

type markdown struct {
	b    bytes.Buffer
	lang string
}

func (m *markdown) block(k *block) {
	switch k.kind {
	case heading:
		m.b.WriteString(strings.Repeat("#", k.level) + " ")
		m.spans(k.text, false)
		m.b.WriteByte('\n')
	case paragraph:
		m.spans(k.text, false)
		m.b.WriteByte('\n')
	case note:
		m.b.WriteString("> ")
		m.spans(k.text, false)
		m.b.WriteByte('\n')
	case list:
		for _, t := range k.items {
			m.b.WriteString("- ")
			m.spans(t, false)
			m.b.WriteByte('\n')
		}
	case grid:
		for _, h := range k.head {
			m.b.WriteString("| ")
			m.spans(say(h), true)
			m.b.WriteByte(' ')
		}
		m.b.WriteString("|\n" + strings.Repeat("| --- ", len(k.head)) + "|\n")
		for _, row := range k.rows {
			for i := range k.head {
				m.b.WriteString("| ")
				if i < len(row) {
					m.spans(row[i], true)
				}
				m.b.WriteByte(' ')
			}
			m.b.WriteString("|\n")
		}
	}
}

func (m *markdown) spans(t text, cell bool) {
	for i, s := range t {
		v := visible(s.s)
		switch s.kind {
		case said:
			m.escape(set(m.lang, v), false)
		case strong:
			m.b.WriteString("**")
			m.escape(set(m.lang, v), false)
			m.b.WriteString("**")
		case blank:
			// Brackets that nothing follows are text in Markdown; the mark stays as it can be searched for.
			m.b.WriteString("**" + strings.NewReplacer("*", `\*`, "|", "&#124;").Replace(set(m.lang, v)) + "**")
		case quoted:
			if links(v) {
				m.code(v, cell)
			} else {
				m.escape(v, i == 0)
			}
		case value:
			m.code(v, cell)
		}
	}
}

// links says that Markdown makes a link of what is in a text even when it is escaped.
func links(s string) bool {
	s = strings.ToLower(s)
	return strings.Contains(s, "://") || strings.Contains(s, "www.") || strings.Contains(s, "@") || strings.Contains(s, "mailto:") || strings.Contains(s, "xmpp:")
}

// escape writes text in which nothing is markup. At the start of a line also what would begin a list is.
func (m *markdown) escape(s string, start bool) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '<':
			m.b.WriteString("&lt;")
		case '>':
			m.b.WriteString("&gt;")
		case '&':
			m.b.WriteString("&amp;")
		case '|':
			m.b.WriteString("&#124;")
		case '\\', '`', '*', '_', '[', ']', '{', '}', '#', '~', '$', '!':
			m.b.WriteByte('\\')
			m.b.WriteByte(c)
		case '+', '-', '=':
			if start && i == 0 {
				m.b.WriteByte('\\')
			}
			m.b.WriteByte(c)
		case '.', ')':
			if start && i > 0 && digits(s[:i]) && (i+1 == len(s) || s[i+1] == ' ') {
				m.b.WriteByte('\\')
			}
			m.b.WriteByte(c)
		default:
			m.b.WriteByte(c)
		}
	}
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// code writes a code span, whose fence is longer than any run of backticks in it. In a table a bar would end the cell, in code
// too, unless a backslash is before it (GFM 4.10). Where the text itself has a backslash there, the bar stands between two spans.
func (m *markdown) code(s string, cell bool) {
	if cell && !strings.Contains(s, `\|`) {
		s = strings.ReplaceAll(s, "|", `\|`)
	} else if cell {
		for i := strings.IndexByte(s, '|'); i >= 0; i = strings.IndexByte(s, '|') {
			m.code(s[:i], false)
			m.b.WriteString("&#124;")
			s = s[i+1:]
		}
	}
	if s == "" {
		return
	}
	run, most := 0, 0
	for i := range len(s) {
		if s[i] == '`' {
			run++
			most = max(most, run)
		} else {
			run = 0
		}
	}
	fence := strings.Repeat("`", most+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		s = " " + s + " "
	}
	m.b.WriteString(fence + s + fence)
}

// paper is the style of a document's page: for reading and for printing on A4.
const paper = `:root{color-scheme:light}*{box-sizing:border-box}body{margin:0 auto;max-width:60rem;padding:32px 28px 64px;background:#fff;color:#1b2230;font:15px/1.5 Georgia,"Times New Roman",serif}
h1,h2,h3,th,.note{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}h1{font-size:27px;line-height:1.2;margin:0 0 18px;border-bottom:3px solid #b01038;padding-bottom:12px}
h2{font-size:20px;margin:34px 0 10px;overflow-wrap:anywhere}h3{font-size:15.5px;margin:24px 0 6px;overflow-wrap:anywhere}p{margin:0 0 10px;overflow-wrap:anywhere}ul{margin:0 0 12px;padding-left:22px}li{margin-bottom:3px;overflow-wrap:anywhere}
code{font:12.5px/1.4 ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;background:#f3f1eb;border-radius:3px;padding:1px 4px;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate}
.note{font-size:13.5px;color:#444c5a;border-left:3px solid #c9a13a;padding:6px 12px;background:#faf8f2;margin:0 0 14px}.blank{background:#fff3cf;border:1px dashed #b58a00;padding:0 5px;font-family:system-ui,sans-serif;font-size:13.5px}
.scroll{overflow-x:auto;margin:0 0 14px}table{border-collapse:collapse;width:100%;font-size:13px}th{text-align:left;font-size:12px;color:#444c5a;border-bottom:2px solid #1b2230;padding:4px 10px 4px 0;vertical-align:bottom}td{border-bottom:1px solid #ddd8cc;padding:5px 10px 5px 0;vertical-align:top;overflow-wrap:anywhere;min-width:62px;unicode-bidi:isolate}
td:first-child{font-variant-numeric:tabular-nums}
@media (max-width:640px){body{padding:18px 14px 40px;font-size:15px}h1{font-size:22px}}
@page{size:A4;margin:18mm 16mm}@media print{body{padding:0;max-width:none;font-size:10.5pt}table{font-size:8.8pt}code{font-size:8.5pt;background:none;padding:0}h2,h3{break-after:avoid}tr,li,.note{break-inside:avoid}thead{display:table-header-group}.scroll{overflow:visible}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}`

// page renders a document as one page that loads nothing, to be read or printed.
func (d *document) page(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString("<!doctype html>\n<html lang=\"" + d.lang + "\">\n<head>\n<meta charset=\"utf-8\">\n" +
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '" + digest([]byte(paper)) + "'; base-uri 'none'; form-action 'none'\">\n" +
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"generator\" content=\"Tocsin\">\n<title>")
	b.WriteString(html.EscapeString(set(d.lang, visible(d.title))) + "</title>\n<style>" + paper + "</style>\n</head>\n<body>\n<h1>")
	d.htmlSpans(&b, say(d.title))
	b.WriteString("</h1>\n")
	for i := range d.blocks {
		d.htmlBlock(&b, &d.blocks[i])
	}
	if d.seal != "" {
		sum := sha256.Sum256(b.Bytes())
		b.WriteString("<p class=\"note\">")
		d.htmlSpans(&b, say(d.seal+" ", run{hex.EncodeToString(sum[:]), value}))
		b.WriteString("</p>\n")
	}
	b.WriteString("</body>\n</html>\n")
	_, err := w.Write(b.Bytes())
	return err
}

func (d *document) htmlBlock(b *bytes.Buffer, k *block) {
	element := func(open, shut string, t text) {
		b.WriteString(open)
		d.htmlSpans(b, t)
		b.WriteString(shut)
	}
	switch k.kind {
	case heading:
		h := "h" + strconv.Itoa(k.level) + ">"
		element("<"+h, "</"+h+"\n", k.text)
	case paragraph:
		element("<p>", "</p>\n", k.text)
	case note:
		element("<p class=\"note\">", "</p>\n", k.text)
	case list:
		b.WriteString("<ul>\n")
		for _, t := range k.items {
			element("<li>", "</li>\n", t)
		}
		b.WriteString("</ul>\n")
	case grid:
		b.WriteString("<div class=\"scroll\"><table>\n<thead><tr>")
		for _, h := range k.head {
			element("<th scope=\"col\">", "</th>", say(h))
		}
		b.WriteString("</tr></thead>\n<tbody>\n")
		for _, row := range k.rows {
			b.WriteString("<tr>")
			for i := range k.head {
				var t text
				if i < len(row) {
					t = row[i]
				}
				element("<td>", "</td>", t)
			}
			b.WriteString("</tr>\n")
		}
		b.WriteString("</tbody></table></div>\n")
	}
}

func (d *document) htmlSpans(b *bytes.Buffer, t text) {
	for _, s := range t {
		v := html.EscapeString(visible(s.s))
		ours := html.EscapeString(set(d.lang, visible(s.s)))
		switch s.kind {
		case said:
			b.WriteString(ours)
		case strong:
			b.WriteString("<strong>" + ours + "</strong>")
		case blank:
			b.WriteString("<span class=\"blank\">" + ours + "</span>")
		case quoted:
			b.WriteString("<bdi>" + v + "</bdi>")
		case value:
			fmt.Fprintf(b, "<code>%s</code>", v)
		}
	}
}
