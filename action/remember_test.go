package action

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// exampleEvents are the events of the project's own example logs that need no other package to be found: lines of text.
func exampleEvents(t *testing.T) []*tocsin.Event {
	t.Helper()
	var out []*tocsin.Event
	for path, name := range map[string]string{
		"web01/nginx/access.log": "access", "web01/auth.log": "syslog", "web01/syslog": "syslog", "web01/audit.log": "auditd",
	} {
		for _, of := range []string{"intrusion", "benign"} {
			data, err := os.ReadFile(filepath.Join("..", "example", of, path))
			if err != nil {
				t.Fatal(err)
			}
			format, ok := decode.ByName(name)
			if !ok {
				t.Fatalf("no format %s", name)
			}
			dec := format.New(decode.Options{Year: 2026})
			see := func(ev *tocsin.Event) { out = append(out, ev.Clone()) }
			for line := range bytes.Lines(data) {
				dec.Decode(&tocsin.Record{Source: of + "/" + path, Data: line, Line: 1}, see)
			}
			dec.Flush(see)
		}
	}
	for name := range benchLines {
		out = append(out, benchEvents(t, name, 2000)...)
	}
	if len(out) < 7000 {
		t.Fatalf("only %d events", len(out))
	}
	return out
}

func actionsOf(r *Reader, ev *tocsin.Event, held []*tocsin.Rule) []string {
	var out []string
	r.Read(ev, held, func(a *tocsin.Action) {
		c := *a
		c.Rules = nil
		out = append(out, fmt.Sprintf("%+v", c))
	})
	return out
}

// TestRemembering holds that what a reader remembers of other events changes nothing of what it tells of one, and that an
// event's text may be used again for the next.
func TestRemembering(t *testing.T) {
	kept := NewReader([]byte("k"), own)
	for _, ev := range exampleEvents(t) {
		// The event is borrowed: what comes after it is written over it.
		var raw []byte
		for _, f := range ev.Fields {
			raw = append(raw, f.Value...)
		}
		raw = append(raw, ev.Host...)
		view := func(n int) string {
			s := unsafe.String(unsafe.SliceData(raw), n)
			raw = raw[n:]
			return s
		}
		whole := raw
		lent := *ev
		lent.Fields = slices.Clone(ev.Fields)
		for i := range lent.Fields {
			lent.Fields[i].Value = view(len(lent.Fields[i].Value))
		}
		lent.Host = view(len(ev.Host))
		actionsOf(kept, &lent, nil)
		for i := range whole {
			whole[i] = 'X'
		}
		want := actionsOf(NewReader([]byte("k"), own), ev, nil)
		if got := actionsOf(kept, ev, nil); !slices.Equal(got, want) {
			t.Fatalf("%v\n  gives %s\n  alone %s", ev.Fields, strings.Join(got, "\n        "), strings.Join(want, "\n        "))
		}
	}
	events := exampleEvents(t)
	for _, ev := range events[:500] {
		if got, want := actionsOf(kept, ev, nil), actionsOf(NewReader([]byte("k"), own), ev, nil); !slices.Equal(got, want) {
			t.Fatalf("after all, %v\n  gives %s\n  alone %s", ev.Fields, got, want)
		}
	}
}

// TestQuiet holds that events that are passed over would not have been told.
func TestQuiet(t *testing.T) {
	events := benchEvents(t, "json", 3000)
	for _, id := range strings.Fields("1 3 5 7 8 10 11 12 13 15 17 18 22 4624 4663 4688 4697 5145 7045 104 400 4104 9999") {
		for _, provider := range []string{"Microsoft-Windows-Sysmon", "Microsoft-Windows-Security-Auditing", "Microsoft-Windows-PowerShell", "x"} {
			for _, value := range []string{"", `C:\Windows\Temp\a.exe`, `C:\Windows\System32\LSASS.exe`, `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\x`, `HKCU\ms-settings\Shell\Open\command`, `HKLM\System\CurrentControlSet\Control\Lsa\Security Packages`,
				`\PSEXESVC`, `\msagent_1`, `C:\inetpub\wwwroot\a.aspx`, `C:\x\ntds.dit`, `C:\x\lsass.dmp`, `C:\Users\b\Start Menu\Programs\Startup\a.lnk`, `HKLM\Windows Defender\Exclusions\x`, `HKLM\Image File Execution Options\x\Debugger`, `HKLM\Winlogon\Userinit`} {
				ev := &tocsin.Event{Host: "h", Sources: []tocsin.LogSource{{Product: "windows"}}}
				for _, name := range strings.Fields("EventID Provider_Name CommandLine Image TargetImage GrantedAccess TargetFilename PipeName DestinationIp QueryName ScriptBlockText ServiceName ImagePath ShareName IpAddress SubjectUserName TargetUserName LogonType") {
					v := map[string]string{"EventID": id, "Provider_Name": provider, "GrantedAccess": "0x1010", "DestinationIp": "203.0.113.1", "IpAddress": "203.0.113.2", "LogonType": "3"}[name]
					ev.Add(name, or(v, value))
				}
				events = append(events, ev)
			}
		}
	}
	passed, whole := 0, 0
	for _, ev := range events {
		r := NewReader(nil, own)
		if !own.quietEvent(ev) || r.maybeLogged(ev) {
			whole++
			continue
		}
		passed++
		r.emit, r.held, r.n = func(a *tocsin.Action) { t.Errorf("%v is passed over, but means %+v", ev.Fields, *a) }, nil, 0
		r.windowsWhole(ev)
	}
	if passed < 1000 || whole < 300 {
		t.Errorf("%d events were passed over, %d were not", passed, whole)
	}
}

// TestAllocations holds that what servers write all day is read without making garbage.
func TestAllocations(t *testing.T) {
	for name := range benchLines {
		events := benchEvents(t, name, 500)
		r := NewReader([]byte("k"), own)
		read := func() {
			for _, ev := range events {
				r.Read(ev, nil, func(*tocsin.Action) {})
			}
		}
		read()
		if n := testing.AllocsPerRun(5, read) / float64(len(events)); n > 0.01 {
			t.Errorf("%s: %.2f allocations an event", name, n)
		}
	}
}

// TestExampleActions holds what the example logs mean, by counts: a faster reading tells the same.
func TestExampleActions(t *testing.T) {
	var counts []string
	n := map[string]int{}
	r := NewReader([]byte("k"), own)
	for _, ev := range exampleEvents(t) {
		if ev.Source == "x" {
			continue
		}
		of, _, _ := strings.Cut(ev.Source, "/")
		r.Read(ev, nil, func(a *tocsin.Action) {
			n[fmt.Sprintf("%s %s %s %s %s %s", of, a.Verb, or(a.Tactic, "-"), or(a.Technique, "-"), a.Outcome, a.Level)]++
		})
	}
	for k, v := range n {
		counts = append(counts, fmt.Sprintf("%s %d", k, v))
	}
	slices.Sort(counts)
	got := strings.Join(counts, "\n") + "\n"
	want, err := os.ReadFile("testdata/example.txt")
	if err != nil || got != string(want) {
		t.Errorf("testdata/example.txt says otherwise (%v); the example's actions are\n%s", err, got)
	}
}
