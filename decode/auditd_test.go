package decode

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// archived returns the members of a recorded .tar.gz by name.
func archived(t testing.TB, sub string) map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(dataDir(t, filepath.Dir(sub)), filepath.Base(sub)))
	if err != nil {
		t.Skipf("no recording: %v", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[h.Name] = string(b)
	}
}

func values1(e *tocsin.Event, name string) []string {
	var all []string
	for _, f := range e.Fields {
		if f.Name == name {
			all = append(all, f.Value)
		}
	}
	return all
}

// What go-libaudit reads of each record is there, under the record's own names; it renames and derives some.
func TestAuditGolden(t *testing.T) {
	derived := map[string]bool{"arch": true, "result": true, "syscall": true, "exit": true, "sig": true, "family": true, "addr": true,
		"port": true, "socket_name": true, "grantors": true, "list": true, "subj": true, "scontext": true,
		"tcontext": true, "obj": true, "path": true, "netfilter": true, "action": true, "avc": true, "seperms": true, "auid": true, "old_auid": true, "new_auid": true}
	n, records := 0, 0
	for name, golden := range archived(t, "linux/go-libaudit-testdata.tar.gz") {
		if !strings.HasSuffix(name, ".log.golden") || !strings.Contains(name, "auparse") {
			continue
		}
		var want []struct {
			RecordType string            `json:"record_type"`
			RawMsg     string            `json:"raw_msg"`
			Timestamp  string            `json:"@timestamp"`
			Data       map[string]string `json:"data"`
		}
		if err := json.Unmarshal([]byte(golden), &want); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, w := range want {
			if w.RawMsg == "" || strings.HasPrefix(w.RecordType, "unknown") {
				continue
			}
			ev := unixDecode(auditFormat(), "type="+strings.ToUpper(w.RecordType)+" msg="+w.RawMsg+"\n", Options{})
			if len(ev) != 1 {
				t.Errorf("%s: %d events of %.80s", name, len(ev), w.RawMsg)
				continue
			}
			records++
			if got := ev[0].Time.Format("2006-01-02T15:04:05.999Z"); got != w.Timestamp {
				t.Errorf("%s: time %s, want %s", name, got, w.Timestamp)
			}
			for k, v := range w.Data {
				if v == "unset" || derived[k] || strings.HasPrefix(k, "subj_") || strings.HasPrefix(k, "obj_") || strings.HasPrefix(k, "scontext_") || strings.HasPrefix(k, "tcontext_") {
					continue
				}
				n++
				if got := values1(ev[0], k); !slices.Contains(got, v) {
					t.Errorf("%s: %s: got %q, want %q\n%.300s", name, k, got, v, w.RawMsg)
				}
			}
			if call := w.Data["syscall"]; call != "" && !slices.Contains(values1(ev[0], "SYSCALL"), call) {
				t.Errorf("system call %q, want %s", values1(ev[0], "SYSCALL"), call)
			}
		}
	}
	if records < 60 || n < 500 {
		t.Errorf("compared only %d fields of %d records", n, records)
	}
}

const auditExec = `type=SYSCALL msg=audit(1700000000.100:10): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 ppid=500 pid=501 auid=1000 uid=0 gid=0 euid=0 tty=pts0 ses=3 comm="cat" exe="/usr/bin/cat" key=72656164016B657932` + "\x1d" + `ARCH=x86_64 SYSCALL=execve AUID="alice" UID="root"
type=SYSCALL msg=audit(1700000000.100:11): arch=c00000b7 syscall=203 success=no exit=-115 a0=3 a1=0 a2=10 a3=0 items=0 ppid=1 pid=77 uid=33 comm="php" exe="/usr/bin/php" key=(null)
type=EXECVE msg=audit(1700000000.100:10): argc=3 a0="cat" a1=2F746D702F6120622063 a2_len=12 a2[0]="first-" a2[1]="second"
type=SOCKADDR msg=audit(1700000000.100:11): saddr=0200115CC633640A0000000000000000
type=CWD msg=audit(1700000000.100:10): cwd="/root"
type=PATH msg=audit(1700000000.100:10): item=0 name="/usr/bin/cat" inode=1 dev=08:01 mode=0100755 nametype=NORMAL
type=EOE msg=audit(1700000000.100:11):
type=PATH msg=audit(1700000000.100:10): item=1 name="/lib64/ld.so" inode=2 dev=08:01 mode=0100755 nametype=NORMAL
type=PROCTITLE msg=audit(1700000000.100:10): proctitle=636174002F746D702F6120622063
`

func TestAuditAssembly(t *testing.T) {
	ev := unixEvents(t, auditExec, Options{})
	if len(ev) != 2 {
		t.Fatalf("%d events, want 2", len(ev))
	}
	connect, exec := ev[0], ev[1]
	if got, want := told(exec, "time", "Image", "CommandLine", "User", "CurrentDirectory", "ParentProcessId", "SYSCALL", "proctitle", "serial"),
		"2023-11-14T22:13:20.1Z|/usr/bin/cat|cat /tmp/a b c first-second|root|/root|500|execve|cat /tmp/a b c|10"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for name, want := range map[string]string{"type": "SYSCALL EXECVE CWD PATH PROCTITLE", "key": "read key2", "a1": "2 /tmp/a b c", "name": "/usr/bin/cat /lib64/ld.so"} {
		if got := strings.Join(values1(exec, name), " "); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if exec.Record != 1 || connect.Record != 2 || strings.Count(exec.Raw, "\n") != 5 {
		t.Errorf("records %d, %d; raw %q", exec.Record, connect.Record, exec.Raw)
	}
	if got, want := told(connect, "SYSCALL", "DestinationIp", "DestinationPort", "Image", "Initiated", "outcome", "User"), "connect|198.51.100.10|4444|/usr/bin/php|true||33"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if exec.Sources[1].Category != "process_creation" || connect.Sources[1].Category != "network_connection" {
		t.Errorf("sources %v, %v", exec.Sources, connect.Sources)
	}
}

// Where events have neither PROCTITLE nor EOE, time closes them; a stream's end closes the rest.
func TestAuditPatience(t *testing.T) {
	log := `type=SYSCALL msg=audit(1700000000.000:1): arch=c000003e syscall=2 success=yes items=1 ppid=1 pid=2 comm="a" exe="/bin/a"
type=SYSCALL msg=audit(1700000001.000:2): arch=c000003e syscall=87 success=yes items=1 ppid=1 pid=2 comm="b" exe="/bin/b"
type=CWD msg=audit(1700000001.000:2): cwd="/tmp"
type=PATH msg=audit(1700000000.000:1): item=0 name="/etc/passwd" nametype=NORMAL
type=PATH msg=audit(1700000001.000:2): item=0 name="x" nametype=DELETE
type=SYSCALL msg=audit(1700000002.500:3): arch=c000003e syscall=2 success=yes items=2 ppid=1 pid=2 comm="c" exe="/bin/c"
`
	f := auditFormat()
	d := f.New(Options{})
	var got []string
	emit := func(e *tocsin.Event) { got = append(got, told(e, "serial", "comm", "name", "TargetFilename")) }
	d.Decode(&tocsin.Record{Data: []byte(log), Line: 1}, emit)
	if want := []string{"1|a|/etc/passwd|"}; !slices.Equal(got, want) {
		t.Errorf("before the end: got %q, want %q", got, want)
	}
	d.Flush(emit)
	if want := []string{"1|a|/etc/passwd|", "2|b|x|/tmp/x", "3|c||"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// However many events are left open, few are kept.
func TestAuditBound(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		b.WriteString("type=SYSCALL msg=audit(1700000000.000:" + strings.Repeat("1", i%15+1) + "): arch=c000003e syscall=2 items=9 pid=" + strings.Repeat("7", i%100) + "\n")
	}
	d := auditFormat().New(Options{}).(*auditLog)
	d.Decode(&tocsin.Record{Data: []byte(b.String()), Line: 1}, func(*tocsin.Event) {})
	for _, o := range d.open {
		if len(o.text) > maxAuditBytes {
			t.Errorf("%d bytes kept", len(o.text))
		}
	}
	if len(d.open) > maxOpenAudit {
		t.Errorf("%d events open", len(d.open))
	}
}

func TestAuditUsers(t *testing.T) {
	for line, want := range map[string]string{
		`type=USER_AUTH msg=audit(1700000000.000:9): pid=9 uid=0 auid=4294967295 ses=4294967295 msg='op=password acct="dan" exe="/usr/sbin/sshd" hostname=? addr=192.0.2.3 terminal=ssh res=failed'`:                       "login_failed|failure|dan|192.0.2.3|sshd||",
		`type=USER_AUTH msg=audit(1700000000.000:9): pid=9 uid=0 msg='op=PAM:authentication grantors=? acct="root" exe="/usr/sbin/sshd" hostname=192.0.2.3 addr=192.0.2.3 terminal=ssh res=failed'UID="root" AUID="unset"`: "login_failed|failure|root|192.0.2.3|sshd||",
		`type=USER_LOGIN msg=audit(1700000000.000:9): pid=9 uid=0 msg='op=login acct=28756E6B6E6F776E207573657229 exe="/usr/sbin/sshd" hostname=? addr=192.0.2.3 terminal=ssh res=failed'`:                                 "login|failure||192.0.2.3|sshd||",
		`type=USER_LOGIN msg=audit(1700000000.000:9): pid=9 uid=0 msg='op=login acct="(invalid user)" exe="/usr/sbin/sshd" hostname=? addr=192.0.2.3 terminal=ssh res=failed'`:                                             "login|failure||192.0.2.3|sshd||",
		`node=web01 type=USER_LOGIN msg=audit(1700000000.000:9): pid=9 uid=0 msg='op=login id=1001 exe="/usr/sbin/sshd" hostname=192.0.2.3 addr=192.0.2.3 terminal=/dev/pts/1 res=success'`:                                "login_ok|success||192.0.2.3|sshd||web01",
		`type=USER_CMD msg=audit(1700000000.000:9): pid=9 uid=1000 msg='cwd="/home/a" cmd=6964202D75 terminal=pts/0 res=success'`:                                                                                          "command|success||||id -u|",
		`type=ADD_USER msg=audit(1700000000.000:9): pid=9 uid=0 msg='op=adding user id=1005 exe="/usr/sbin/useradd" hostname=? addr=? terminal=pts/0 res=success'`:                                                         "user_added|success|||||",
		`type=ADD_USER msg=audit(1700000000.000:9): pid=9 uid=0 auid=1001 ses=5 msg='op=adding user id=1005 exe="/usr/sbin/useradd" hostname=? addr=? terminal=pts/0 res=success'UID="root" AUID="ann" ID="eve"`:           "user_added|success|eve||||",
		`type=ADD_USER msg=audit(1700000000.000:9): pid=9 uid=0 auid=1001 ses=5 msg='op=adding user id=1005 exe="/usr/sbin/useradd" hostname=? addr=? terminal=pts/0 res=success'UID="root" AUID="ann" ID="unknown(1005)"`: "user_added|success|||||",
		`Nov 14 22:13:20 db02 audispd: node=db02 type=USER_CMD msg=audit(1700000000.000:9): pid=9 uid=1000 msg='cwd="/" cmd="ls" terminal=pts/0 res=failed'`:                                                               "command_denied|failure||||ls|db02",
		`Nov 14 22:13:20 db02 kernel: [  12.345678] audit: type=1130 audit(1700000000.000:9): pid=1 uid=0 msg='unit=x comm="systemd" exe="/lib/systemd" hostname=? addr=? terminal=? res=success'`:                         "service_state||||||db02",
		`type=USER_TTY msg=audit(1700000000.000:9): pid=9 uid=0 data=6964`: "tty_input|||||id|",
	} {
		ev := unixEvents(t, line+"\n", Options{})
		if len(ev) != 1 || ev[0].Format != "auditd" {
			t.Fatalf("%q: %d events, %s", line, len(ev), ev[0].Format)
		}
		if got := told(ev[0], "event_type", "outcome", "user", "src_ip", "service", "command", "host"); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

// A process's parent is named from the parent's own start.
func TestAuditParent(t *testing.T) {
	exec := func(serial, pid, ppid, exe string, args ...string) string {
		s := `type=SYSCALL msg=audit(1700000000.000:` + serial + `): arch=c000003e syscall=59 success=yes items=0 ppid=` + ppid + ` pid=` + pid + ` uid=33 comm="x" exe="` + exe + "\"\n" +
			`type=EXECVE msg=audit(1700000000.000:` + serial + `): argc=9`
		for i, a := range args {
			s += " " + argNames[i] + `="` + a + `"`
		}
		return s + "\ntype=EOE msg=audit(1700000000.000:" + serial + "):\n"
	}
	ev := unixEvents(t, exec("1", "100", "1", "/usr/sbin/apache2", "apache2", "-k")+exec("2", "101", "100", "/bin/dash", "sh", "-c"), Options{})
	if got, want := told(ev[1], "Image", "CommandLine", "ParentImage", "ParentCommandLine"), "/bin/dash|sh -c|/usr/sbin/apache2|apache2 -k"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func BenchmarkAudit(b *testing.B) {
	r := &tocsin.Record{Data: []byte(strings.Repeat(auditExec, 200)), Line: 1}
	d := auditFormat().New(Options{})
	b.ReportAllocs()
	b.SetBytes(int64(len(r.Data)))
	for b.Loop() {
		n := 0
		emit := func(e *tocsin.Event) {
			if e.Text("CommandLine") != "" || e.Text("DestinationIp") != "" {
				n++
			}
		}
		d.Decode(r, emit)
		d.Flush(emit)
		if n != 400 {
			b.Fatalf("%d events, want 400", n)
		}
	}
	b.ReportMetric(float64(b.N)*400/b.Elapsed().Seconds(), "events/s")
}
