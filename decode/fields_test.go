package decode

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Under which names an event has what every log should say, if its format has it: the first that is there counts.
var rolesOf = map[string][]string{
	"user":     {"user", "User", "TargetUserName", "cs-username", "username", "UserName", "user.name", "AccountName", "SubjectUserName", "acct", "AUID", "principal", "actor", "userPrincipalName"},
	"src":      {"src_ip", "c-ip", "SourceIp", "IpAddress", "SourceAddress", "id.orig_h", "sourceIPAddress", "callerIpAddress", "ipAddress", "ClientIP", "addr"},
	"src port": {"src_port", "SourcePort", "IpPort", "id.orig_p", "c-port"},
	"dst":      {"dst_ip", "dest_ip", "DestinationIp", "DestAddress", "id.resp_h", "s-ip"},
	"dst port": {"dst_port", "dest_port", "DestinationPort", "DestPort", "id.resp_p", "s-port"},
	"outcome":  {"outcome"},
}

var roleOrder = [...]string{"user", "src", "src port", "dst", "dst port", "outcome"}

// untexted names the formats whose samples are no text; their own tests hold them.
var untexted = []string{"evtx", "journal", "lastlog", "utmp"}

var updateFields = flag.Bool("update-fields", false, "write what is read of testdata/fields.tsv into it")

// fieldsRead is what is read of the first event of a sample that is of a format and, if it is not empty, of a log source:
// the columns of testdata/fields.tsv but for the first and the last. A format that wraps others is named with what is in it:
// "filebeat>syslog".
func fieldsRead(format, source, sample string) (columns []string) {
	take := func(ev *tocsin.Event) {
		from := ""
		if len(ev.Sources) > 0 {
			from = ev.Sources[0].String()
		}
		if columns != nil || ev.Format != format || ev.Fault != nil || source != "" && from != source {
			return
		}
		at := ""
		if !ev.Time.IsZero() {
			at = ev.Time.Format(time.RFC3339Nano)
		}
		var guessed []string
		for g, name := range [...]string{"year", "zone", "date", "stamp", "offset", "order"} {
			if has(ev.Guessed, Guess(g)) {
				guessed = append(guessed, name)
			}
		}
		columns = []string{from, at, strings.Join(guessed, ","), ev.Host}
		for _, role := range roleOrder {
			value := ""
			for _, name := range rolesOf[role] {
				if v := ev.Text(name); v != "" && v != "-" {
					value = v
					break
				}
			}
			columns = append(columns, strings.Clone(value))
		}
	}
	ref := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
	outer, inner, wrapped := strings.Cut(format, ">")
	if !wrapped {
		_ = All("sample", []byte(sample), ref, take)
		return columns
	}
	format = inner
	if f, ok := ByName(outer); ok {
		d := f.New(Options{})
		d.Decode(&tocsin.Record{Source: "sample", Data: []byte(sample), Line: 1, Ref: ref}, take)
		d.Flush(take)
	}
	return columns
}

// Of one sample of every format and kind of device, what every log should say is as testdata/fields.tsv has it: empty where
// the format has none, so that a gap is seen.
func TestFields(t *testing.T) {
	const path = "testdata/fields.tsv"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	missing := Names()
	for n, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			out.WriteString(line + "\n")
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 6+len(roleOrder) {
			t.Fatalf("%s:%d: %d columns", path, n+1, len(cells))
		}
		sample, err := strconv.Unquote(cells[len(cells)-1])
		if err != nil {
			t.Fatalf("%s:%d: %v", path, n+1, err)
		}
		format, want := cells[0], cells[1:len(cells)-1]
		missing = slices.DeleteFunc(missing, func(name string) bool { return name == format || strings.HasPrefix(format, name+">") })
		got := fieldsRead(format, want[0], sample)
		if got == nil {
			t.Errorf("%s:%d: no event of %s, %s, is read of %.200s", path, n+1, format, want[0], sample)
			got = want
		}
		if !*updateFields && !slices.Equal(got, want) {
			for i, name := range append([]string{"log source", "time", "guessed", "host"}, roleOrder[:]...) {
				if got[i] != want[i] {
					t.Errorf("%s:%d: %s: %s is %q, want %q: %.200s", path, n+1, format, name, got[i], want[i], sample)
				}
			}
		}
		fmt.Fprintf(&out, "%s\t%s\t%s\n", format, strings.Join(got, "\t"), cells[len(cells)-1])
	}
	missing = slices.DeleteFunc(missing, func(name string) bool { return slices.Contains(untexted, name) })
	if len(missing) > 0 {
		t.Errorf("%s has no sample of %v", path, missing)
	}
	if *updateFields {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
