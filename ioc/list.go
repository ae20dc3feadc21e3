package ioc

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Parse reads a list: a STIX 2.1 bundle, or CSV whose first line names columns. What of it cannot be used are faults.
func Parse(file string, data []byte) ([]Indicator, []*tocsin.Fault) {
	p := parser{file: file, list: strings.TrimSuffix(path.Base(strings.ReplaceAll(file, `\`, "/")), path.Ext(file))}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if text := bytes.TrimSpace(data); len(text) > 0 && text[0] == '{' {
		p.stix(data)
	} else {
		p.csv(data)
	}
	return p.all, p.faults
}

type parser struct {
	file, list string
	all        []Indicator
	faults     []*tocsin.Fault
}

func (p *parser) fault(line int64, hint, format string, args ...any) {
	p.faults = append(p.faults, &tocsin.Fault{Source: p.file, Line: line, Err: fmt.Errorf(format, args...), Hint: hint})
}

// types are what lists call the types of indicators: ours, MISP's attributes and STIX's object paths. A hash may be of any kind.
var types = map[string]string{
	"address": "address", "ip": "address", "ipv4": "address", "ipv6": "address", "ip-src": "address", "ip-dst": "address", "ipv4-addr:value": "address", "ipv6-addr:value": "address", "cidr": "address",
	"domain": "domain", "hostname": "domain", "host": "domain", "fqdn": "domain", "domain-name:value": "domain",
	"url": "url", "uri": "url", "link": "url", "url:value": "url",
	"hash": "hash", "md5": "hash", "sha1": "hash", "sha-1": "hash", "sha256": "hash", "sha-256": "hash", "sha512": "hash", "sha-512": "hash",
	"file": "file", "filename": "file", "file-name": "file", "file:name": "file",
	"email": "email", "e-mail": "email", "email-src": "email", "email-dst": "email", "email-addr:value": "email", "email-message:from_ref.value": "email", "email-message:sender_ref.value": "email",
}

// columns are what CSV calls its columns.
var columns = map[string]string{
	"type": "type", "indicator_type": "type", "value": "value", "indicator": "value", "ioc": "value", "id": "id", "uuid": "id", "name": "name", "title": "name", "level": "level", "severity": "level",
	"valid_from": "from", "first_seen": "from", "valid_until": "until", "expires": "until", "description": "description", "comment": "description", "list": "list", "source": "list",
}

func (p *parser) csv(data []byte) {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comment, r.FieldsPerRecord, r.TrimLeadingSpace, r.LazyQuotes, r.ReuseRecord = '#', -1, true, true, true
	if first, _, _ := bytes.Cut(data, []byte("\n")); bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		r.Comma = ';'
	} else if bytes.Count(first, []byte("\t")) > bytes.Count(first, []byte(",")) {
		r.Comma = '\t'
	}
	var names []string
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			var wrong *csv.ParseError
			line := int64(0)
			if errors.As(err, &wrong) {
				line, err = int64(wrong.Line), wrong.Err
			}
			p.fault(line, "this line is not used", "no CSV: %w", err)
			continue
		}
		at, _ := r.FieldPos(0)
		if names == nil {
			known := false
			for _, c := range row {
				c = columns[strings.ToLower(strings.TrimSpace(c))]
				names = append(names, c)
				known = known || c == "value"
			}
			if known {
				continue
			}
			names = []string{"value"} // no line of names: values, one a line
		}
		x := Indicator{List: p.list, File: p.file, Line: int64(at), Level: tocsin.Medium}
		kind := ""
		bad := false
		for i, v := range row {
			if v = strings.TrimSpace(v); i >= len(names) || v == "" {
				continue
			}
			switch names[i] {
			case "type":
				if kind = types[strings.ToLower(v)]; kind == "" {
					p.fault(x.Line, "address, domain, url, hash, file, email; this line is not used", "%q is no type of indicator", v)
					bad = true
				}
			case "value":
				x.Value = v
			case "id":
				x.ID = v
			case "name":
				x.Name = v
			case "list":
				x.List = v
			case "description":
				x.Description = v
			case "level":
				if x.Level, err = tocsin.ParseLevel(strings.ToLower(v)); err != nil {
					p.fault(x.Line, "this line is not used", "%w", err)
					bad = true
				}
			case "from":
				bad = !p.time(&x.From, v, x.Line) || bad
			case "until":
				bad = !p.time(&x.Until, v, x.Line) || bad
			}
		}
		if !bad {
			p.add(x, kind)
		}
	}
}

func (p *parser) time(t *time.Time, v string, line int64) bool {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02"} {
		if at, err := time.Parse(layout, v); err == nil {
			*t = at.UTC()
			return true
		}
	}
	p.fault(line, "write 2026-11-20 or 2026-11-20T14:30:00Z; this line is not used", "%q is no time", v)
	return false
}

// refang turns what was made harmless for people back: hxxp, [.], [at].
var refang = strings.NewReplacer("[.]", ".", "(.)", ".", "[:]", ":", "[://]", "://", "[at]", "@", "[@]", "@", "hxxp", "http", "hXXp", "http")

// add takes an indicator, if its value is of its type; an empty type is told by the value.
func (p *parser) add(x Indicator, kind string) {
	v := refang.Replace(x.Value)
	if kind == "" {
		kind = typeOf(v)
	}
	low := strings.ToLower(v)
	ok := false
	switch kind {
	case "address":
		if a, err := netip.ParseAddr(low); err == nil {
			x.Value, ok = a.Unmap().WithZone("").String(), true
		} else if n, err := netip.ParsePrefix(low); err == nil && n.Bits() > 0 {
			if n = n.Masked(); n.IsSingleIP() {
				x.Value = n.Addr().String()
			} else {
				x.Value = n.String()
			}
			ok = true
		}
	case "domain":
		x.Value = strings.TrimPrefix(strings.Trim(low, "."), "*.")
		ok = strings.Contains(x.Value, ".") && !strings.ContainsAny(x.Value, "/: @")
	case "url":
		x.Value = canonicalURL(v)
		ok = strings.Contains(v, "://") && x.Value != ""
	case "hash":
		x.Value = low
		ok = isDigest(low)
	case "file":
		x.Value = low[strings.LastIndexAny(low, `/\`)+1:]
		ok = len(x.Value) >= 3
	case "email":
		x.Value = low
		local, domain, at := strings.Cut(low, "@")
		ok = at && local != "" && domain != ""
	}
	if !ok {
		p.fault(x.Line, "this line is not used", "%q is no %s", x.Value, or(kind, "indicator of a type that is known"))
		return
	}
	x.Type = kind
	p.all = append(p.all, x)
}

func typeOf(v string) string {
	_, notPrefix := netip.ParsePrefix(v)
	_, notAddress := netip.ParseAddr(v)
	switch {
	case notPrefix == nil || notAddress == nil:
		return "address"
	case strings.Contains(v, "://"):
		return "url"
	case isDigest(strings.ToLower(v)):
		return "hash"
	case strings.Contains(v, "@"):
		return "email"
	case strings.ContainsAny(v, `\/`):
		return "file"
	case strings.Contains(v, "."):
		return "domain"
	}
	return ""
}

func isDigest(s string) bool {
	switch len(s) {
	case 32, 40, 64, 128: // MD5, SHA-1, SHA-256, SHA-512
		return strings.Trim(s, "0123456789abcdef") == ""
	}
	return false
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// stixLevels are the levels of STIX's indicator_types (STIX 2.1, 10.12); of several the highest counts, and of none medium.
var stixLevels = map[string]tocsin.Level{"malicious-activity": tocsin.High, "compromised": tocsin.High, "attribution": tocsin.Medium, "anomalous-activity": tocsin.Medium,
	"unknown": tocsin.Medium, "anonymization": tocsin.Low, "benign": tocsin.Informational}

type stixObject struct {
	Type, ID, Name, Description, Pattern string
	PatternType                          string   `json:"pattern_type"`
	Types                                []string `json:"indicator_types"`
	From                                 string   `json:"valid_from"`
	Until                                string   `json:"valid_until"`
	By                                   string   `json:"created_by_ref"`
	Revoked                              bool
}

func (p *parser) stix(data []byte) {
	dec := json.NewDecoder(bytes.NewReader(data))
	line, seen := int64(1), int64(0)
	where := func() int64 {
		at := dec.InputOffset()
		line += int64(bytes.Count(data[seen:at], []byte("\n")))
		seen = at
		return line
	}
	depth, objects, any := 0, false, false
	names := map[string]string{} // of identities
	by := map[int]string{}       // who made an indicator, by its number
	for {
		if depth == 2 && objects && dec.More() {
			any = true
			var o stixObject
			rest := bytes.TrimLeft(data[dec.InputOffset():], " \t\r\n,")
			line := where() + int64(bytes.Count(data[dec.InputOffset():len(data)-len(rest)], []byte("\n")))
			if err := dec.Decode(&o); err != nil {
				var wrong *json.UnmarshalTypeError
				if !errors.As(err, &wrong) {
					p.fault(line, "what comes after it is not used", "no STIX: %w", err)
					break
				}
				p.fault(line, "this object is not used", "no STIX: %w", err)
				continue
			}
			if o.Type == "identity" {
				names[o.ID] = o.Name
			}
			if o.Type == "indicator" && !o.Revoked {
				from := len(p.all)
				p.indicator(&o, line)
				for i := from; i < len(p.all); i++ {
					by[i] = o.By
				}
			}
			continue
		}
		t, err := dec.Token()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				p.fault(where(), "what comes after it is not used", "no STIX: %w", err)
			}
			break
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
			objects = false
		case "objects":
			objects = objects || depth == 1
		}
	}
	if !any && len(p.faults) == 0 {
		p.fault(0, "write a STIX 2.1 bundle, or CSV with a column value", "no bundle: it has no objects")
	}
	for i := range p.all {
		if name := names[by[i]]; name != "" {
			p.all[i].List = name
		}
	}
}

func (p *parser) indicator(o *stixObject, line int64) {
	if o.PatternType != "" && o.PatternType != "stix" {
		p.fault(line, "only stix is", "%s: a pattern of type %s is not used", o.ID, o.PatternType)
		return
	}
	x := Indicator{ID: o.ID, Name: o.Name, Description: o.Description, List: p.list, File: p.file, Line: line, Level: tocsin.Medium}
	if o.From != "" && !p.time(&x.From, o.From, line) || o.Until != "" && !p.time(&x.Until, o.Until, line) {
		return
	}
	for i, t := range o.Types {
		if l, ok := stixLevels[t]; ok {
			if i == 0 {
				x.Level = l
			}
			x.Level = max(x.Level, l)
		}
	}
	terms, err := pattern(o.Pattern)
	if err != nil {
		p.fault(line, "only comparisons of one value joined by OR are", "%s: its pattern is not used: %w", o.ID, err)
		return
	}
	for _, t := range terms {
		kind := types[strings.ToLower(t.path)]
		if strings.HasPrefix(strings.ToLower(t.path), "file:hashes") {
			kind = "hash"
		}
		if kind == "" {
			p.fault(line, "addresses, domains, URLs, hashes, names of files and e-mail addresses are", "%s: %s is not looked for", o.ID, t.path)
			continue
		}
		y := x
		y.Value = t.value
		p.add(y, kind)
	}
}

type term struct{ path, value string }

// pattern reads a STIX pattern (STIX 2.1, 9) of comparisons that are joined by OR.
func pattern(s string) (all []term, err error) {
	for {
		s = strings.TrimLeft(s, " \t\r\n[(")
		at := strings.IndexAny(s, "=")
		subset := strings.Index(s, " ISSUBSET ")
		var path string
		switch {
		case subset >= 0 && (at < 0 || subset < at):
			path, s = s[:subset], s[subset+len(" ISSUBSET "):]
		case at > 0 && strings.IndexByte("!<>", s[at-1]) < 0:
			path, s = s[:at], s[at+1:]
		default:
			return nil, errors.New("another operator than =")
		}
		path = strings.TrimSpace(path)
		if path == "" || strings.ContainsAny(path, " \t\n") {
			return nil, fmt.Errorf("%q before a comparison", path)
		}
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" || s[0] != '\'' {
			return nil, errors.New("a value that is no string")
		}
		var v strings.Builder
		i := 1
		for ; i < len(s) && s[i] != '\''; i++ {
			if s[i] == '\\' && i+1 < len(s) {
				i++
			}
			v.WriteByte(s[i])
		}
		if i == len(s) {
			return nil, errors.New("a string without an end")
		}
		all = append(all, term{path, v.String()})
		s = strings.TrimLeft(s[i+1:], " \t\r\n])")
		if s == "" {
			return all, nil
		}
		rest, ok := strings.CutPrefix(s, "OR")
		if !ok {
			word, _, _ := strings.Cut(s, " ")
			return nil, fmt.Errorf("%q", word)
		}
		s = rest
	}
}
