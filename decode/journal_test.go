package decode

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/tocsin-ids/tocsin"
	"github.com/ulikunitz/xz"
)

// recordedJournal returns a journal that systemd-journald 252 wrote of messages of ours.
func recordedJournal(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open("testdata/" + name + ".journal.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestJournal(t *testing.T) {
	for _, name := range []string{"compact-zstd", "regular-zstd"} {
		ev := unixEvents(t, string(recordedJournal(t, name)), Options{})
		var got []string
		for _, e := range ev {
			if e.Fault != nil {
				t.Fatal(e.Fault)
			}
			if e.Text("SYSLOG_IDENTIFIER") == "systemd-journald" {
				continue
			}
			msg := e.Text("message")
			if len(msg) == len("long ")+9*400-1 { // compressed in the file; the last space is trimmed
				msg = msg[:20] + "…"
			}
			got = append(got, strings.Join([]string{e.Host, e.Text("program"), e.Text("pid"), e.Text("severity"), msg, e.Text("event_type"), e.Text("user"), e.Text("src_ip"), e.Text("_COMM")}, "|"))
		}
		want := []string{
			"web01.example|sshd|4242|info|Failed password for invalid user bob from 192.0.2.7 port 40022 ssh2|login_failed|bob|192.0.2.7|app",
			"web01.example|sudo|4243|notice|alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/id|command|alice||app",
			"web01.example|app|PID|info|two\nlines||||app",
			"web01.example|app|PID|info|long abcdefgh abcdef…||||app",
			"web01.example|app|PID|warning|bytes \xff\xfe end||||app",
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d entries, want %d: %q", name, len(got), len(want), got)
		}
		for i := range want {
			w := strings.ReplaceAll(want[i], "PID", ev[3].Text("_PID"))
			if got[i] != w {
				t.Errorf("%s: entry %d\n got %q\nwant %q", name, i, got[i], w)
			}
		}
		if y := ev[0].Time.Year(); y < 2025 || ev[0].Record != 1 || ev[1].Record != 2 {
			t.Errorf("%s: first entry %v, record %d", name, ev[0].Time, ev[0].Record)
		}
	}
}

// A damaged journal loses what is damaged.
func TestJournalDamaged(t *testing.T) {
	whole := recordedJournal(t, "regular-zstd")
	all := len(unixEvents(t, string(whole), Options{}))
	b := bytes.Clone(whole)
	at := bytes.Index(b, []byte("MESSAGE=two\nlines")) - 64
	for i := range 64 {
		b[at+i] = 0xee
	}
	events, faults := 0, 0
	for _, e := range unixEvents(t, string(b), Options{}) {
		if e.Fault != nil {
			faults++
		}
		if len(e.Fields) > 0 {
			events++
		}
	}
	if events != all || faults < 1 {
		t.Errorf("%d entries and %d faults of %d entries", events, faults, all)
	}
	for _, n := range []int{0, 8, 207, 300, 20000} {
		unixDecode(journalFormat(), string(whole[:n]), Options{})
	}
}

func TestJournalUnpack(t *testing.T) {
	want := []byte("MESSAGE=" + strings.Repeat("abc ", 300))
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, lz4.CompressBlockBound(len(want)))
	n, err := lz4.CompressBlock(want, block, nil)
	if err != nil {
		t.Fatal(err)
	}
	var x bytes.Buffer
	w, err := xz.NewWriter(&x)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(want)
	w.Close()
	unzip, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	for flag, b := range map[byte][]byte{
		journalZSTD: enc.EncodeAll(want, nil),
		journalLZ4:  append(binary.LittleEndian.AppendUint64(nil, uint64(len(want))), block[:n]...),
		journalXZ:   x.Bytes(),
	} {
		got, err := journalUnpack(flag, b, unzip)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("flag %d: %v, %.40q", flag, err, got)
		}
	}
	if _, err := journalUnpack(journalLZ4, binary.LittleEndian.AppendUint64(nil, 1<<40), unzip); err == nil {
		t.Error("a field of a terabyte was unpacked")
	}
}

const exported = "__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1700000000123456\n_HOSTNAME=web01\nSYSLOG_IDENTIFIER=sshd\nPRIORITY=6\n" +
	"MESSAGE=Invalid user bob from 192.0.2.7 port 40022\n\n" +
	"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1700000001123456\n_HOSTNAME=web01\nSYSLOG_IDENTIFIER=app\nMESSAGE\n\x09\x00\x00\x00\x00\x00\x00\x00two\n\nline\n\n" +
	"__CURSOR=s=1;i=3\n__REALTIME_TIMESTAMP=1700000002000000\n_TRANSPORT=audit\n_AUDIT_TYPE_NAME=USER_CMD\n_AUDIT_ID=77\n_HOSTNAME=web01\n_SOURCE_REALTIME_TIMESTAMP=1700000002000000\n" +
	"MESSAGE=USER_CMD pid=9 uid=1000 msg='cwd=\"/\" cmd=6964 terminal=pts/0 res=success'\n"

func TestJournalExport(t *testing.T) {
	check := func(all []string) {
		t.Helper()
		if got, want := strings.Join(all, "\n"), "2023-11-14T22:13:20.123456Z|sshd|invalid_user|192.0.2.7|\n2023-11-14T22:13:21.123456Z|app|||\n2023-11-14T22:13:22Z||command||id"; got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	names := []string{"time", "program", "event_type", "src_ip", "command"}
	var got []string
	for _, e := range unixEvents(t, exported, Options{}) {
		got = append(got, told(e, names...))
	}
	check(got)
	// Blocks may end anywhere.
	for _, size := range []int{1, 7, 100} {
		d := journalExportFormat().New(Options{})
		got = nil
		emit := func(e *tocsin.Event) { got = append(got, told(e, names...)) }
		for b := []byte(exported); len(b) > 0; b = b[min(size, len(b)):] {
			d.Decode(&tocsin.Record{Data: b[:min(size, len(b))], Line: 1}, emit)
		}
		d.Flush(emit)
		check(got)
	}
}

func TestJournalJSON(t *testing.T) {
	for line, want := range map[string]string{
		`{"__REALTIME_TIMESTAMP":"1700000000123456","_BOOT_ID":"x","_HOSTNAME":"web01","SYSLOG_IDENTIFIER":"sshd","_PID":"7","PRIORITY":"6","SYSLOG_FACILITY":"10","MESSAGE":"Invalid user bob from 192.0.2.7 port 40022"}`: "2023-11-14T22:13:20.123456Z|web01|sshd|7|info|authpriv|invalid_user|192.0.2.7",
		`{"__REALTIME_TIMESTAMP":"1700000000123456","_BOOT_ID":"x","_COMM":"app","MESSAGE":[73,110,118,255]}`:                                                                                                               "2023-11-14T22:13:20.123456Z||app|||||",
	} {
		ev := unixEvents(t, line+"\n", Options{})
		if got := told(ev[0], "time", "host", "program", "pid", "severity", "facility", "event_type", "src_ip"); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	ev := unixEvents(t, `{"__REALTIME_TIMESTAMP":"1700000000123456","_BOOT_ID":"x","_COMM":"app","MESSAGE":[73,110,118,255]}`, Options{})
	if got := ev[0].Text("message"); got != "Inv\xff" {
		t.Errorf("message %q", got)
	}
}
