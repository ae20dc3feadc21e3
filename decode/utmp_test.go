package decode

import (
	"encoding/binary"
	"strings"
	"testing"
)

// A loginRecord is a record of wtmp for tests.
type loginRecord struct {
	kind             uint16
	line, user, host string
	addr             [16]byte
	sec              int64
}

// login lays a record out.
func (l *utmpLayout) login(r loginRecord) []byte {
	b := make([]byte, l.size)
	l.order.PutUint16(b, r.kind)
	l.order.PutUint32(b[4:], 4242)
	copy(b[8:40], r.line)
	copy(b[40:44], "ts/0")
	copy(b[44:76], r.user)
	copy(b[76:332], r.host)
	if l.wide {
		l.order.PutUint64(b[l.sec:], uint64(r.sec))
		l.order.PutUint64(b[l.sec+8:], 5000)
	} else {
		l.order.PutUint32(b[l.sec:], uint32(r.sec))
		l.order.PutUint32(b[l.sec+4:], 5000)
	}
	copy(b[l.addr:], r.addr[:])
	return b
}

func TestUtmp(t *testing.T) {
	v4 := [16]byte{192, 0, 2, 7}
	v6 := [16]byte{0x20, 1, 0xd, 0xb8, 15: 1}
	for i := range utmpLayouts {
		l := &utmpLayouts[i]
		var b []byte
		for _, r := range []loginRecord{
			{kind: 2, line: "~", user: "reboot", host: "6.1.0", sec: 1700000000},
			{kind: 6, line: "tty1", user: "LOGIN", sec: 1700000001},
			{kind: 7, line: "pts/0", user: "alice", host: "gw.example", addr: v4, sec: 1700000002},
			{},
			{kind: 8, line: "pts/0", sec: 1700000003},
			{kind: 6, line: "ssh:notty", user: "root", host: "2001:db8::1", addr: v6, sec: 1700000004},
			{kind: 1, line: "~", user: "shutdown", sec: 1700000005},
		} {
			b = append(b, l.login(r)...)
		}
		copy(b[3*l.size:4*l.size], make([]byte, l.size))
		var got []string
		for _, e := range unixEvents(t, string(b), Options{}) {
			got = append(got, told(e, "time", "type", "event_type", "outcome", "user", "src_ip", "tty", "service"))
		}
		want := []string{
			"2023-11-14T22:13:20.005Z|BOOT_TIME|boot||reboot||~|",
			"2023-11-14T22:13:21.005Z|LOGIN_PROCESS|||LOGIN||tty1|",
			"2023-11-14T22:13:22.005Z|USER_PROCESS|login_ok|success|alice|192.0.2.7|pts/0|login",
			"2023-11-14T22:13:22.005Z||record_wiped|||||",
			"2023-11-14T22:13:23.005Z|DEAD_PROCESS|logout||||pts/0|login",
			"2023-11-14T22:13:24.005Z|LOGIN_PROCESS|login_failed|failure|root|2001:db8::1|ssh:notty|sshd",
			"2023-11-14T22:13:25.005Z|RUN_LVL|shutdown||shutdown||~|",
		}
		if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
			t.Errorf("layout %d\n got\n%s\nwant\n%s", i, g, w)
		}
		// Cut off within a record.
		ev := unixEvents(t, string(b[:len(b)-10]), Options{})
		if last := ev[len(ev)-1]; last.Fault == nil {
			t.Errorf("layout %d: the cut was not told", i)
		}
	}
}

func TestLastlog(t *testing.T) {
	b := make([]byte, 292*1002)
	binary.LittleEndian.PutUint32(b, 1700000000)
	copy(b[4:], "tty1")
	at := 292 * 1001
	binary.LittleEndian.PutUint32(b[at:], 1700000001)
	copy(b[at+4:], "pts/3")
	copy(b[at+36:], "192.0.2.7")
	ev := unixEvents(t, string(b), Options{})
	var got []string
	for _, e := range ev {
		got = append(got, told(e, "time", "uid", "tty", "src_ip", "event_type"))
	}
	want := "2023-11-14T22:13:20Z|0|tty1||last_login\n2023-11-14T22:13:21Z|1001|pts/3|192.0.2.7|last_login"
	if g := strings.Join(got, "\n"); g != want {
		t.Errorf("got\n%s\nwant\n%s", g, want)
	}
}

// Zeros, text and other binaries are no login records.
func TestNotUtmp(t *testing.T) {
	for _, s := range []string{strings.Repeat("\x00", 4000), strings.Repeat("a line of text\n", 400), "\x7fELF\x02\x01\x01" + strings.Repeat("\x00\x03\x10", 1000),
		"SQLite format 3\x00" + strings.Repeat("\x00\x01", 2000), "PK\x03\x04" + strings.Repeat("\x14\x00", 600)} {
		if f, ok := Detect("x", []byte(s)); ok && (f.Name == "utmp" || f.Name == "lastlog") {
			t.Errorf("%.20q is taken for %s", s, f.Name)
		}
	}
}
