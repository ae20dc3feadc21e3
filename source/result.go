package source

import (
	"bytes"
	"strings"
)

// A resultMark is what one kind of Tocsin's results begins with, as a pattern: %d is a digit, %n a number with or without
// commas, %x a hexadecimal digit or a dash, %s a run of anything within the line, up to what the pattern has next. A
// head that ends before rest does, but not before sure does, is of a result that was cut short.
type resultMark struct{ kind, sure, rest string }

// resultMarks are the heads of all that the commands write. The formats are those of package report, of cmd's metrics
// and stats, and of a rehearsal's truth.
var resultMarks = []resultMark{
	{"jsonl", `{"kind":"principal",`, `"principal":"%s","`},
	{"jsonl", `{"kind":"campaign",`, `"id":"c-%x`},
	{"jsonl", `{"kind":"match","time":`, `%s,"rule":{"id":"`},
	{"jsonl", `{"kind":"aside",`, `"title":"%s","host":"%s","level":"`},
	{"jsonl", `{"kind":"coverage","`, `files_read":%n,"files_skipped":%n,`},
	{"events as jsonl", `{"kind":"event","time":%s,"host":"%s","details":"`, `%s","event":{"source":"`},
	{"columns as jsonl", `{"kind":"columns","place"`, `:"`},
	{"csv", "message,datetime,timestamp_desc,host,level,rule", ",rule_id,tactics,techniques,user,src_ip,process,details,source,record,"},
	{"events as csv", "message,datetime,timestamp_desc,host,log_source", ",user,src_ip,process,details,source,record,format,fault"},
	{"columns as csv", "tocsin_place,", ""},
	{"events as text", "#tocsin\t", ""},
	{"html", "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; s",
		"%s\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"},
	{"ocsf", `{"category_uid":2,"category_name":"Findings","class_uid":2004,"class_name":"Detection Finding",`,
		`"activity_id":1,"activity_name":"Create","type_uid":200401,%s"product":{"name":"Tocsin","vendor_name":"Tocsin",`},
	{"navigator", `{"name":"Tocsin: `, `%s","versions":{%s"navigator":"`},
	{"stix", `{"type":"bundle","id":"bundle--` + uuidMark, `","objects":[{"type":"identity","spec_version":"2.1","id":"identity--a787887c-5614-5db4-937a-f0b8661e96b3"`},
	{"incident report", "# Incident report", "%s\n\n"},
	{"incident report", "# Rapport d’incident", "%s\n\n"},
	{"abuse report", "# Suspected abuse of an AI agent – report\n\n", ""},
	{"abuse report", "# Usage suspect d’un agent d’IA – signalement\n\n", ""},
	{"draft", "# Early warning (24 hours) – draft", "%s\n\n"},
	{"draft", "# Alerte précoce (24 heures) – projet", "%s\n\n"},
	{"draft", "# Incident notification (72 hours) – draft", "%s\n\n"},
	{"draft", "# Notification d’incident (72 heures) – projet", "%s\n\n"},
	{"report pack", "# Report pack – draft", "%s\n\n"},
	{"report pack", "# Dossier de déclaration – projet", "%s\n\n"},
	{"report pack", "{\n  \"kind\": \"report_pack\"", ""},
	{"text", "%n principals with agents: ", "%n session"},
	{"text", "1 principal with agents: ", "%n session"},
	{"text", "%n matches of %n rule", ""},
	{"text", "1 match of 1 rule: ", ""},
	{"text", "No rule matched.", ""},
	{"text", "%n campaigns; no match of a rule is listed.", ""},
	{"text", "1 campaign; no match of a rule is listed.", ""},
	{"explanation", "%l %s\nc-%x%x%x%x%x%x%x%x", ""},
	{"explanation", "  %l %s  c-%x%x%x%x%x%x%x%x", ""},
	{"comparison", "Compared: %n new, %n worse, %n gone, ", ""},
	{"comparison as jsonl", `{"kind":"diff","new":%n,"worse":%n,"gone":%n,`, ""},
	{"metrics", "EVENTS  ", "%sFIRST  %sLAST\n"},
	{"metrics", "LOGONS  WORKED  FAILED  ", "%sFIRST  %sLAST\n"},
	{"metrics", "RECORDS  KIND  ", "%sOF  %sFIRST  %sLAST\n"},
	{"metrics", "{\n  \"kind\": \"metrics\"", ""},
	{"costs of rules", "tocsin_rule,title,microseconds,", ""},
	{"pivots as csv", "tocsin_pivot,value,", ""},
	{"metrics as csv", "tocsin_events,", ""},
	{"stats", "{\n  \"files_read\": %n,\n", "  \"files_skipped\": %n,\n  \"bytes\": %n,\n  \"events\": %n,\n  \"faults\": %n,\n"},
	{"truth", "{\n \"options\": {\n  \"seed\": ", "%n,\n  \"start\": \"%s\",\n  \"targets\": %n,\n"},
}

// uuidMark is the pattern of a UUID.
const uuidMark = "%x%x%x%x%x%x%x%x-%x%x%x%x-%x%x%x%x-%x%x%x%x-%x%x%x%x%x%x%x%x%x%x%x%x"

// mostRun bounds what %s takes, in bytes: more than any value has that stands in a head.
const mostRun = 8 << 10

// resultLevels are the words that an explanation begins with.
var resultLevels = []string{"CRIT", "HIGH", "med ", "low ", "info", "-   ", "med", "low", "-"}

// ResultOf says what kind of Tocsin's own results a file is that begins with head, whole or cut short; "" is none.
func ResultOf(head []byte) string {
	for i := range resultMarks {
		m := &resultMarks[i]
		rest, how := fits(m.sure, head)
		if how != alike {
			continue
		}
		if _, how = fits(m.rest, rest); how != unlike {
			return m.kind
		}
	}
	return ""
}

// Of a head and a pattern.
const (
	unlike = iota
	cutOff // the head ends before the pattern does
	alike
)

// fits holds a pattern against the beginning of a text, and gives what of the text is left.
func fits(pattern string, b []byte) ([]byte, int) {
	for pattern != "" {
		if pattern[0] != '%' {
			next := len(pattern)
			if i := strings.IndexByte(pattern, '%'); i >= 0 {
				next = i
			}
			lit := pattern[:next]
			if len(b) < len(lit) {
				if strings.HasPrefix(lit, string(b)) {
					return nil, cutOff
				}
				return nil, unlike
			}
			if string(b[:len(lit)]) != lit {
				return nil, unlike
			}
			b, pattern = b[len(lit):], pattern[next:]
			continue
		}
		if len(b) == 0 {
			return nil, cutOff
		}
		kind := pattern[1]
		pattern = pattern[2:]
		n := 0
		switch kind {
		case 'd':
			if b[0] >= '0' && b[0] <= '9' {
				n = 1
			}
		case 'x':
			if c := b[0]; c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c == '-' {
				n = 1
			}
		case 'n':
			for n < len(b) && (b[n] >= '0' && b[n] <= '9' || b[n] == ',' && n > 0 && n+1 < len(b) && b[n+1] >= '0' && b[n+1] <= '9') {
				n++
			}
		case 'l':
			for _, l := range resultLevels {
				if bytes.HasPrefix(b, []byte(l)) {
					n = len(l)
					break
				}
			}
		case 's':
			line := b
			end := bytes.IndexByte(b, '\n')
			if end >= 0 {
				line = b[:end+1] // the pattern may go on with the line's end
			}
			until := pattern
			if i := strings.IndexByte(until, '%'); i >= 0 {
				until = until[:i]
			}
			if i := strings.IndexByte(until, '\n'); i >= 0 {
				until = until[:i+1]
			}
			i := bytes.Index(line, []byte(until))
			if i < 0 {
				if end >= 0 || len(line) > mostRun {
					return nil, unlike
				}
				return nil, cutOff
			}
			b = b[i:]
			continue
		}
		if n == 0 {
			return nil, unlike
		}
		b = b[n:]
	}
	return b, alike
}
