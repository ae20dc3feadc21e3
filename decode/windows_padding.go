package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// windowsPadded are the fields of Windows events whose values come with white space that no rule is written with: names in
// buffers of a fixed least length, and lists with a line and tabs for each member. The event keeps the value as it is and is
// given what is in it besides, under the same name, so that both a rule for the one and a rule for the other holds.
// Only these: a space at the end of a command line is typed by somebody, and some rules ask for it.
var windowsPadded = []struct {
	service string
	id      uint32
	field   string
	list    bool
	sample  string
}{
	{"security", 4611, "LogonProcessName", false, "Winlogon "},
	{"security", 4624, "LogonProcessName", false, "Advapi  "},
	{"security", 4625, "LogonProcessName", false, "NtLmSsp "},
	{"security", 4656, "AccessList", true, "%%1538\n\t\t\t\t%%4416\n\t\t\t\t"},
	{"security", 4661, "AccessList", true, "%%5392\n\t\t\t\t"},
	{"security", 4663, "AccessList", true, "%%4416\n\t\t\t\t"},
	{"security", 4673, "PrivilegeList", true, "SeTcbPrivilege\n\t\t\tSeLoadDriverPrivilege"},
	{"security", 4674, "PrivilegeList", true, "SeTakeOwnershipPrivilege"},
	{"security", 4674, "AccessMask", true, "%%1537\r\n\t\t\t\t%%1538\r\n\t\t\t\t"},
	{"security", 5140, "AccessList", true, "%%4416\n\t\t\t\t"},
	{"security", 5145, "AccessList", true, "%%4417\n\t\t\t\t%%4423\n\t\t\t\t"},
}

// A paddedField is a field whose value may be padded.
type paddedField struct {
	field string
	list  bool
	at    int // where the field stood last time
}

// mostMembers bounds the members of a list that become fields; Windows has 36 privileges and fewer access rights.
const mostMembers = 64

// appendUnpadded appends what is in padded values.
func appendUnpadded(ev *tocsin.Event, fields []paddedField) {
	n := len(ev.Fields)
	for i := range fields {
		p := &fields[i]
		if p.at = place(ev.Fields[:n], p.field, p.at); p.at == n {
			continue
		}
		v := ev.Fields[p.at].Value
		if !p.list {
			if short := strings.TrimRight(v, " \x00"); short != v {
				ev.Add(p.field, short)
			}
			continue
		}
		if !strings.ContainsAny(v, "\n\t") {
			continue
		}
		members := 0
		for m := range strings.FieldsSeq(v) {
			if members++; members > mostMembers {
				break
			}
			ev.Add(p.field, m)
		}
	}
}

// place is where a field stands, len(fields) if there is none; it is looked for first where it stood last time.
func place(fields []tocsin.Field, name string, last int) int {
	if last < len(fields) && fields[last].Name == name {
		return last
	}
	for i := range fields {
		if fields[i].Name == name {
			return i
		}
	}
	return len(fields)
}
