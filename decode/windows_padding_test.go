package decode

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

// securityXML is a Security event as XML; data are names and values in turn.
func securityXML(id int, data ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>%d</EventID><TimeCreated SystemTime='2026-03-04T05:06:07.1234567Z'/><EventRecordID>7</EventRecordID><Channel>Security</Channel><Computer>ws1.corp.example</Computer></System><EventData>", id)
	for i := 0; i < len(data); i += 2 {
		fmt.Fprintf(&b, "<Data Name='%s'>%s</Data>", data[i], data[i+1])
	}
	b.WriteString("</EventData></Event>\n")
	return b.String()
}

func valuesOf(ev *tocsin.Event, name string) (all []string) {
	for _, f := range ev.Fields {
		if f.Name == name {
			all = append(all, strings.Clone(f.Value))
		}
	}
	return all
}

// Every sample of the table gives its value as it is, and then what is in it; so does the same event as JSON.
func TestWindowsPadded(t *testing.T) {
	for _, p := range windowsPadded {
		want := []string{p.sample}
		if p.list && strings.ContainsAny(p.sample, "\n\t") {
			want = append(want, strings.Fields(p.sample)...)
		} else if s := strings.TrimRight(p.sample, " "); s != p.sample {
			want = append(want, s)
		}
		if len(want) == 1 && !p.list {
			t.Errorf("%d %s: the sample is not padded", p.id, p.field)
		}
		asJSON := fmt.Sprintf(`{"EventID":%d,"Channel":"Security","SourceName":"Microsoft-Windows-Security-Auditing","Hostname":"ws1.corp.example","@timestamp":"2026-03-04T05:06:07Z",%q:%q}`, p.id, p.field, p.sample)
		for _, in := range []string{securityXML(int(p.id), p.field, strings.ReplaceAll(p.sample, "\r", "&#13;")), asJSON} {
			decodeDetected(t, in, len(in), Options{}, func(ev *tocsin.Event) {
				if got := valuesOf(ev, p.field); !slices.Equal(got, want) {
					t.Errorf("%d %s: %q, want %q", p.id, p.field, got, want)
				}
			})
		}
	}
}

// What is not in the table keeps its spaces, and what is not padded is there once.
func TestWindowsNotPadded(t *testing.T) {
	for _, c := range []struct {
		id          int
		field, in   string
		want        []string
		description string
	}{
		{4688, "CommandLine", "cmd.exe /c ", []string{"cmd.exe /c "}, "typed by somebody"},
		{4624, "LogonProcessName", "seclogo", []string{"seclogo"}, "not padded"},
		{4624, "LogonProcessName", "Secondary Logon Process", []string{"Secondary Logon Process"}, "spaces within"},
		{4624, "LogonProcessName", "   ", []string{"   "}, "nothing but spaces"},
		{4674, "PrivilegeList", "SeSecurityPrivilege", []string{"SeSecurityPrivilege"}, "a list of one"},
		{4634, "LogonProcessName", "Advapi  ", []string{"Advapi  "}, "an event that has no such field"},
	} {
		in := securityXML(c.id, c.field, c.in)
		decodeDetected(t, in, len(in), Options{}, func(ev *tocsin.Event) {
			if got := valuesOf(ev, c.field); !slices.Equal(got, c.want) {
				t.Errorf("%s: %q, want %q", c.description, got, c.want)
			}
		})
	}
	many := securityXML(4673, "PrivilegeList", strings.Repeat("SeX\n\t\t\t", 5000))
	decodeDetected(t, many, len(many), Options{}, func(ev *tocsin.Event) {
		if n := len(valuesOf(ev, "PrivilegeList")); n != 1+mostMembers {
			t.Errorf("%d values of a list of 5000", n)
		}
	})
}

func TestConnection(t *testing.T) {
	for _, c := range []struct {
		name     string
		id       int
		data     []string
		category bool
		want     map[string]string
	}{
		{"outbound", 5156, []string{"ProcessID", "812", "Application", `\device\harddiskvolume3\program files\app\app.exe`, "Direction", "%%14593", "SourceAddress", "192.0.2.7", "SourcePort", "49700", "DestAddress", "198.51.100.9", "DestPort", "443", "Protocol", "6"}, true,
			map[string]string{"Image": `C:\program files\app\app.exe`, "ProcessId": "812", "Initiated": "true", "SourceIp": "192.0.2.7", "SourcePort": "49700", "DestinationIp": "198.51.100.9", "DestinationPort": "443", "Protocol": "6 tcp"}},
		{"inbound on another volume", 5156, []string{"Application", `\device\harddiskvolume12\srv\dns.exe`, "Direction", "%%14592", "SourceAddress", "2001:db8::7", "SourcePort", "5353", "DestAddress", "2001:db8::1", "DestPort", "53", "Protocol", "17"}, true,
			map[string]string{"Image": `\device\harddiskvolume12\srv\dns.exe`, "Initiated": "false", "SourceIp": "2001:db8::7", "SourcePort": "5353", "DestinationIp": "2001:db8::1", "DestinationPort": "53", "Protocol": "17 udp"}},
		{"the system itself, a direction in French, a protocol without a name", 5156, []string{"Application", "System", "Direction", "Entrant", "SourceAddress", "192.0.2.7", "DestAddress", "192.0.2.8", "Protocol", "47"}, true,
			map[string]string{"Image": "System", "Initiated": "false", "SourceIp": "192.0.2.7", "DestinationIp": "192.0.2.8", "Protocol": "47"}},
		{"blocked", 5157, []string{"Application", `\device\harddiskvolume1\Windows\System32\svchost.exe`, "Direction", "%%14593", "SourceAddress", "192.0.2.7", "DestAddress", "198.51.100.9", "DestPort", "80", "Protocol", "6"}, false,
			map[string]string{"Image": `C:\Windows\System32\svchost.exe`, "Initiated": "true", "SourceIp": "192.0.2.7", "DestinationIp": "198.51.100.9", "DestinationPort": "80", "Protocol": "6 tcp"}},
		{"a bind", 5158, []string{"Application", "-", "SourceAddress", "0.0.0.0", "SourcePort", "4444", "Protocol", "6"}, false,
			map[string]string{"SourceIp": "0.0.0.0", "SourcePort": "4444", "Protocol": "6 tcp"}},
		{"a privileged call", 4673, []string{"ProcessName", `C:\Tools\a.exe`, "PrivilegeList", "SeLoadDriverPrivilege"}, false, map[string]string{"Image": `C:\Tools\a.exe`}},
	} {
		in := securityXML(c.id, c.data...)
		decodeDetected(t, in, len(in), Options{}, func(ev *tocsin.Event) {
			got := map[string]string{}
			for _, name := range []string{"Image", "ProcessId", "Initiated", "SourceIp", "SourcePort", "DestinationIp", "DestinationPort", "Protocol"} {
				if all := valuesOf(ev, name); len(all) > 0 {
					got[name] = strings.Join(all, " ")
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", c.name, diff)
			}
			connection := slices.ContainsFunc(ev.Sources, func(s tocsin.LogSource) bool { return s.Category == "network_connection" && s.Service == "security" })
			if connection != c.category {
				t.Errorf("%s: log sources %v", c.name, ev.Sources)
			}
		})
	}
}
