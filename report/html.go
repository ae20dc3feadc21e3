package report

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
)

// The page's parts. The scripts are joined in this order within one function.
//
//go:embed html
var assets embed.FS

var scripts = [...]string{"dom.js", "packed.js", "data.js", "filter.js", "timeline.js", "lists.js", "table.js", "evidence.js", "coverage.js", "lanes.js", "graph.js", "operator.js", "following.js", "campaigns.js", "principals.js", "main.js"}

var styles = [...]string{"page.css", "campaigns.css", "principals.css", "first.css", "paper.css"}

// HTML writes one self-contained page: the principals for whom agents worked; the campaigns, each with its story, phases, graph, operators and victims; summary, frequency timeline, ATT&CK matrix, a table of matches to sort and
// filter, their evidence, and what the run has seen and has not.
//
// It works from a file, offline: its policy forbids every request, and it runs only the script whose digest it names.
// The data is JSON, compressed and in Base64, so that nothing a log holds can be taken for markup; the script inserts
// all of it as text. Without scripts, until they are done, and on paper, the page shows a summary that stands in it as markup.
//
// To stay usable in a browser the page leaves out what JSONL has: the matches beyond 200,000 (the worst are kept),
// values beyond 8 KiB, all but 100 places of a series. It says so where it does.
//
// lang is the page's language: en (also where it is empty) or fr. What logs, rules and the list of what was read hold stays as it is.
func HTML(w io.Writer, h *Hunt, lang string) error {
	p, err := NewPage(lang)
	if err != nil {
		return err
	}
	style, err := p.Style()
	if err != nil {
		return err
	}
	code, err := joinedScripts(scripts[:])
	if err != nil {
		return err
	}
	script := slices.Concat(p.within(), code, []byte("\n})();\n"))
	app, err := p.App()
	if err != nil {
		return err
	}
	page, err := assets.ReadFile("html/page.html")
	if err != nil {
		return err
	}
	data := pageData(h, p.w, false)
	sum := sha256.Sum256(data)
	return p.fill(w, "page.html", page, map[string]func() error{
		"lang": func() error { return puts(w, p.Lang()) },
		"policy": func() error {
			return puts(w, "default-src 'none'; script-src '"+digest(script)+"'; style-src '"+digest(style)+"'; base-uri 'none'; form-action 'none'")
		},
		"title":  func() error { return puts(w, html.EscapeString(visible(or(h.Title, p.Say(h.title()))))) },
		"app":    func() error { _, err := w.Write(app); return err },
		"style":  func() error { _, err := w.Write(style); return err },
		"script": func() error { _, err := w.Write(script); return err },
		"first":  func() error { _, err := w.Write(firstScreen(p, h, sum[:])); return err },
		"sum":    func() error { return puts(w, hex.EncodeToString(sum[:])) },
		"data":   func() error { return pack(w, data) },
	})
}

// fill writes a page's markup; a part writes what stands in place of its {{NAME}}, and {{=ENGLISH}} is said in the page's language.
func (p *Page) fill(w io.Writer, file string, page []byte, parts map[string]func() error) error {
	for rest := page; len(rest) > 0; {
		before, after, more := bytes.Cut(rest, []byte("{{"))
		_, err := w.Write(before)
		if err != nil || !more {
			return err
		}
		name, tail, ok := bytes.Cut(after, []byte("}}"))
		if !ok {
			return fmt.Errorf("%s: {{%.20s has no end", file, name)
		}
		english, says := strings.CutPrefix(string(name), "=")
		part := parts[string(name)]
		switch {
		case says:
			err = puts(w, html.EscapeString(p.Say(english)))
		case part == nil:
			err = fmt.Errorf("%s has no part named %q", file, name)
		default:
			err = part()
		}
		if err != nil {
			return err
		}
		rest = tail
	}
	return nil
}

// joinedScripts are scripts in their order.
func joinedScripts(names []string) ([]byte, error) {
	var all []byte
	for _, name := range names {
		b, err := assets.ReadFile("html/" + name)
		if err != nil {
			return nil, err
		}
		all = append(all, b...)
	}
	return all, nil
}

func puts(w io.Writer, s string) error {
	_, err := io.WriteString(w, s)
	return err
}

// digest is a source expression of a content security policy.
func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// pack writes the page's data: JSON, gzip, Base64.
func pack(w io.Writer, data []byte) error {
	text := base64.NewEncoder(base64.StdEncoding, w)
	z, err := gzip.NewWriterLevel(text, 4)
	if err != nil {
		return err
	}
	if _, err := z.Write(data); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return text.Close()
}
