package source

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

func TestHostRules(t *testing.T) {
	for _, r := range hostRules {
		if got := hostOf(r.sample); got != r.host || got == "" {
			t.Errorf("%s: %q of %s, want %q", r.collector, got, r.sample, r.host)
		}
	}
	for _, c := range collectorFiles {
		if !c.name.MatchString(c.sample) {
			t.Errorf("%s: not %s", c.why, c.sample)
		}
	}
	for path, host := range map[string]string{
		"Collection-srv1-2026-03-01T08_00_00Z/uploads/file/%2Fvar%2Flog/auth.log":                             "srv1",
		"case/Collection-a-2026-03-01T08_00_00Z.zip!/uploads/x.log":                                           "a",
		`case\Collection-b_c-2026-03-01T08_00_00+01_00.zip!/uploads/x.log`:                                    "b_c",
		"Collection-a-2026-03-01T08_00_00Z.zip!/uploads/Collection-b-2026-03-01T08_00_00Z.zip!/uploads/x.log": "b",
		"triage.zip!/DC-01/C/Windows/System32/LogFiles/x.log":                                                 "DC-01",
		"DC-01.zip!/C/Windows/System32/LogFiles/x.log":                                                        "DC-01",
		"WS1/D/inetpub/logs/x.log":                                                                            "WS1",
		"kape/C/Windows/System32/LogFiles/x.log":                                                              "",
		"2026-03-01/C/Windows/x.log":                                                                          "",
		"C/Windows/x.log":                                                                                     "",
		"host/B/other/x.log":                                                                                  "",
		"var/log/auth.log":                                                                                    "",
		"Collection-of-logs/auth.log":                                                                         "",
		"Collection-\x1b[31m-2026-03-01T08_00_00Z/x.log":                                                      "",
	} {
		if got := hostOf(path); got != host {
			t.Errorf("%q of %s, want %q", got, path, host)
		}
	}
}

// hosts gives the host of each stream below some paths, and what was skipped.
func hosts(t *testing.T, dir string, args ...string) (of, skipped map[string]string) {
	r, err := New(Options{})
	must(t, err)
	of, skipped = map[string]string{}, map[string]string{}
	skip := func(f tocsin.File) { skipped[strings.TrimPrefix(f.Path, dir)] = f.Skipped }
	for _, u := range r.List(args, skip) {
		must(t, r.Open(u, Hooks{Skip: skip, Fault: func(f *tocsin.Fault) { t.Error(f) }}, func(s *Stream) error {
			of[strings.TrimPrefix(s.Path, dir)] = s.Host
			return s.Frames(func(*tocsin.Record) error { return nil })
		}))
	}
	return of, skipped
}

const (
	ownAccount = "Velociraptor's own account of a collection"
	noEvents   = "results of a Velociraptor artifact that are no events of a known kind"
	sysmonRow  = `{"System":{"Provider":{"Name":"Microsoft-Windows-Sysmon"},"EventID":{"Value":1},"TimeCreated":{"SystemTime":1772352000.1},"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws07.corp.example"},"EventData":{"Image":"C:\\Windows\\System32\\cmd.exe"}}` + "\n"
	processRow = `{"Pid":4,"Ppid":0,"Name":"System","Exe":"","Threads":120}` + "\n"
)

func TestCollections(t *testing.T) {
	iis, auth := member{"uploads/auto/C%3A/inetpub/logs/LogFiles/W3SVC1/u_ex260301.log", line(1)}, member{"uploads/file/%2Fvar%2Flog%2Fauth.log", line(2)}
	info := member{"client_info.json", `{"client_id":"C.0123456789abcdef","os_info":{"system":"windows","hostname":"WS07","fqdn":"WS07.corp.example"}}`}
	own := []member{{"uploads.json", processRow}, {"log.json", processRow}, {"requests.json", processRow}}
	results := []member{{"results/Windows.System.Pslist.json", processRow}, {"results/Windows.EventLogs.Evtx.json", sysmonRow}, {"results/Custom%2FThings.csv", "Name,Size\nx,1\ny,2\n"}}
	velociraptor := append(append([]member{iis, auth, info}, own...), results...)
	read := func(host string) map[string]string {
		return map[string]string{"!/" + iis.name: host, "!/" + auth.name: host, "!/results/Windows.EventLogs.Evtx.json": host}
	}
	notRead := map[string]string{"!/client_info.json": ownAccount, "!/uploads.json": ownAccount, "!/log.json": ownAccount, "!/requests.json": ownAccount, "!/results/Windows.System.Pslist.json": noEvents, "!/results/Custom%2FThings.csv": "text, but no log of a known format"}
	for _, test := range []struct {
		name, file, data string
		of, skipped      map[string]string
	}{
		{"Velociraptor, of a name that says nothing", "export.zip", zipOf(t, velociraptor...), read("WS07"), notRead},
		{"what is in it goes before its name", "Collection-other-2026-03-01T08_00_00Z.zip", zipOf(t, velociraptor...), read("WS07"), notRead},
		{"only its name tells", "Collection-WS-07.corp.example-2026-03-01T08_00_00Z.zip", zipOf(t, append(own, iis, auth, results[0], results[1])...), read("WS-07.corp.example"),
			map[string]string{"!/uploads.json": ownAccount, "!/log.json": ownAccount, "!/requests.json": ownAccount, "!/results/Windows.System.Pslist.json": noEvents}},
		{"encrypted", "x.zip", zipLocked(t, 256, zip.Deflate, "infected", velociraptor...), read("WS07"), notRead},
		{"in a zip of zips", "all.zip", zipOf(t, member{"Collection-a-2026-03-01T08_00_00Z.zip", zipOf(t, iis)}, member{"b.zip", zipOf(t, info, iis)}),
			map[string]string{"!/Collection-a-2026-03-01T08_00_00Z.zip!/" + iis.name: "a", "!/b.zip!/" + iis.name: "WS07"}, map[string]string{"!/b.zip!/client_info.json": ownAccount}},
		{"KAPE", "triage.zip", zipOf(t, member{"DC1/C/inetpub/logs/x.log", line(1)}, member{"WS2/C/inetpub/logs/x.log", line(2)}),
			map[string]string{"!/DC1/C/inetpub/logs/x.log": "DC1", "!/WS2/C/inetpub/logs/x.log": "WS2"}, map[string]string{}},
		{"KAPE, with its own files", "2026-03-01T080000_DC1.zip", zipOf(t, member{"C/Windows/x.log", line(1)}, member{"2026-03-01T08_00_00_1234567_CopyLog.csv", "CopiedTimestamp,SourceFile\n2026-03-01T08:00:00Z,C:\\x\n"}),
			map[string]string{"!/C/Windows/x.log": "DC1"}, map[string]string{"!/2026-03-01T08_00_00_1234567_CopyLog.csv": "KAPE's own account of a collection"}},
		{"a zip of logs", "logs.zip", zipOf(t, member{"access.log", line(1)}, member{"uploads.json", sysmonRow}), map[string]string{"!/access.log": "", "!/uploads.json": ""}, map[string]string{}},
		{"virtual disk", "2026-03-01T080000_DC1.vhdx", "vhdxfile" + strings.Repeat("\x00", 600), map[string]string{}, map[string]string{"": "a virtual disk (VHDX), which cannot be read" + mountIt}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := lay(t, map[string]string{test.file: test.data})
			of, skipped := hosts(t, dir+"/"+test.file, dir)
			if d := cmp.Diff(test.of, of) + cmp.Diff(test.skipped, skipped); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
	t.Run("unpacked, several hosts", func(t *testing.T) {
		dir := t.TempDir()
		for folder, members := range map[string][]member{"one": velociraptor, "Collection-two-2026-03-01T08_00_00Z": {iis}, "three/C/Windows": {{"x.log", line(1)}}} {
			for _, m := range members {
				file := filepath.Join(dir, folder, filepath.FromSlash(m.name))
				must(t, os.MkdirAll(filepath.Dir(file), 0o755))
				must(t, os.WriteFile(file, []byte(m.data), 0o600))
			}
		}
		of, skipped := hosts(t, dir, dir)
		want := map[string]string{"/one/" + iis.name: "WS07", "/one/" + auth.name: "WS07", "/one/results/Windows.EventLogs.Evtx.json": "WS07",
			"/Collection-two-2026-03-01T08_00_00Z/" + iis.name: "two", "/three/C/Windows/x.log": "three"}
		if d := cmp.Diff(want, of); d != "" || len(skipped) != 6 {
			t.Errorf("-want +got\n%s%v", d, skipped)
		}
	})
}

func FuzzHostOf(f *testing.F) {
	for _, r := range hostRules {
		f.Add(r.sample)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if host := hostOf(path); host != "" && (!isHostName(host) || !strings.Contains(path, host)) {
			t.Errorf("%q of %q", host, path)
		}
		collectionTop(path)
	})
}

func TestHostNames(t *testing.T) {
	for s, want := range map[string]bool{"web01": true, "PC-9.corp.example": true, "büro_3": true, "7": true, strings.Repeat("a", 253): true,
		"": false, strings.Repeat("a", 254): false, ".web01": false, "-x": false, "a b": false, "a/b": false, "a\x1b[m": false, "a\n": false, "a\xff": false} {
		if isHostName(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}
