package action

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// mail reads an alert about a mail: who sent it by which relay, to whom, with what attached, as far as its headers say,
// which RFC 5322 lays down. Only the last relay that the recipient's own server names is believed.
func (r *Reader) mail(raw string) {
	a := &r.act
	a.Verb = "mail"
	if a.Tactic == "" || a.Tactic == "execution" {
		a.Tactic, a.Technique = "initial-access", "T1566.001"
	}
	head := raw[:min(len(raw), 16<<10)]
	if i := strings.Index(head, "\n\n"); i > 0 {
		head = head[:i]
	}
	relay, subject := "", ""
	for _, line := range unfold(head) {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "delivered-to", "x-original-to", "to":
			if m := mailbox(value); m != "" {
				r.target("user", r.lower(m))
			}
		case "received":
			if relay == "" {
				if i := strings.IndexByte(value, '['); i >= 0 {
					if j := strings.IndexByte(value[i:], ']'); j > 0 {
						relay = address(value[i+1 : i+j])
					}
				}
			}
		case "from", "return-path":
			if m := mailbox(value); m != "" {
				r.mark("agent", "mail from "+r.lower(m))
			}
		case "subject":
			subject = value
		}
	}
	r.doer("address", relay)
	if len(a.Who) == 0 {
		r.doer("address", "mail")
		a.Who[0].Kind = "user"
	}
	if subject != "" {
		a.Text = a.Text + ": " + subject
	}
	for from := 0; len(a.Marks) < cap(a.Marks); {
		i := strings.Index(raw[from:], "filename=")
		if i < 0 || from+i > 256<<10 {
			break
		}
		from += i + len("filename=")
		name := raw[from:min(len(raw), from+120)]
		if j := strings.IndexAny(name, "\r\n;"); j >= 0 {
			name = name[:j]
		}
		if name = strings.Trim(name, `"' `); name != "" {
			r.mark("dropped", name)
		}
	}
}

// unfold gives the fields of a mail's head, each as one line; at most 64.
func unfold(head string) []string {
	var out []string
	for line := range strings.SplitSeq(head, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line != "" && (line[0] == ' ' || line[0] == '\t') && len(out) > 0 {
			out[len(out)-1] += " " + strings.TrimSpace(line)
			continue
		}
		if len(out) == 64 {
			break
		}
		out = append(out, line)
	}
	return out
}

// mailbox is the address in a field's value, or "".
func mailbox(v string) string {
	if i := strings.LastIndexByte(v, '<'); i >= 0 {
		v = v[i+1:]
		if j := strings.IndexByte(v, '>'); j >= 0 {
			v = v[:j]
		}
	}
	v = strings.TrimSpace(v)
	if !strings.Contains(v, "@") || strings.ContainsAny(v, " ,;") || len(v) > 254 {
		return ""
	}
	return v
}

// isMail says that an alert is about a mail.
func isMail(ev *tocsin.Event) (raw string, ok bool) {
	for i := range ev.Fields {
		switch ev.Fields[i].Name {
		case "raw", "raw_mail", "eml_raw", "mime":
			if v := ev.Fields[i].Value; strings.Contains(v[:min(len(v), 4096)], "Received:") || strings.Contains(v[:min(len(v), 4096)], "Message-ID:") {
				return v, true
			}
		case "type":
			ok = ok || ev.Fields[i].Value == "email"
		}
	}
	return "", ok
}
