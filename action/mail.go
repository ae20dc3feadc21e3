package action

import (
	"mime"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// mail reads an alert about a mail: who sent it by which relay, to whom, with what attached, as far as its headers say,
// which RFC 5322 lays down. Servers write their Received fields above those they found; of these the first that names a
// relay outside is the recipient's own server's word, and what stands below may be made up.
func (r *Reader) mail(raw string) {
	a := &r.act
	a.Verb = "mail"
	if is := r.know.event(foundDeceivingMail); a.Tactic == "" || a.Tactic == "execution" {
		a.Tactic, a.Technique, a.Row = is.tactic, is.technique, is.rule
	}
	head := raw[:min(len(raw), 16<<10)]
	if i := headEnd(head); i > 0 {
		head = head[:i]
	}
	relay, near, sender, subject := "", "", "", ""
	for _, line := range unfold(head) {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "delivered-to", "x-original-to", "to", "cc":
			for to := range strings.SplitSeq(value, ",") {
				r.target("user", r.lower(mailbox(to)))
			}
		case "received":
			from := relayOf(value)
			if tocsin.Internet(from) {
				set(&relay, from)
			}
			set(&near, from)
		case "from":
			if m := mailbox(value); m != "" {
				sender = m
			}
		case "return-path":
			set(&sender, mailbox(value))
		case "subject":
			set(&subject, value)
		}
	}
	r.doer("address", or(relay, near))
	sender = r.lower(sender)
	if len(a.Who) == 0 {
		r.doer("user", sender)
	}
	if sender != "" {
		r.mark("agent", r.joined("mail from ", sender, ""))
	}
	if subject != "" {
		a.Text = a.Text + ": " + words(subject)
	}
	for from := 0; len(a.Marks) < cap(a.Marks); {
		i := strings.Index(raw[from:], "filename=")
		if i < 0 || from+i > 256<<10 {
			break
		}
		from += i + len("filename=")
		name := raw[from:min(len(raw), from+300)]
		if j := strings.IndexAny(name, "\r\n;"); j >= 0 {
			name = name[:j]
		}
		if name = words(strings.Trim(name, `"' `)); name != "" {
			r.mark("dropped", name)
		}
	}
}

// headEnd is where a mail's head ends, or 0.
func headEnd(s string) int {
	if i := strings.Index(s, "\r\n\r\n"); i > 0 {
		return i
	}
	return max(strings.Index(s, "\n\n"), 0)
}

// relayOf is the address of the machine that a Received field says the mail came from, which stands in brackets.
func relayOf(received string) string {
	from, _, _ := strings.Cut(received, " by ")
	for n := 0; n < 4; n++ {
		i := strings.IndexAny(from, "[(")
		if i < 0 {
			return ""
		}
		from = from[i+1:]
		j := strings.IndexAny(from, "])[(")
		if j < 0 {
			return ""
		}
		if v := address(strings.TrimPrefix(strings.TrimSpace(from[:j]), "IPv6:")); v != "" {
			return v
		}
	}
	return ""
}

// words decodes the encoded words of a field (RFC 2047) that are in UTF-8 or ASCII; what it cannot decode stays.
func words(v string) string {
	if !strings.Contains(v, "=?") {
		return v
	}
	if d, err := new(mime.WordDecoder).DecodeHeader(v[:min(len(v), 998)]); err == nil {
		return d
	}
	return v
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
