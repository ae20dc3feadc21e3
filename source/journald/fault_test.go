package journald

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin/feed/feedtest"
)

// shown is entry i as journalctl writes it.
func shown(i int, fields string) string {
	return fmt.Sprintf("__CURSOR=s=1;i=%x;b=2;m=1;t=1;x=1\n__REALTIME_TIMESTAMP=%d\n%s\n", i, start+int64(i)*1e6, fields)
}

func sized(name, value string) string {
	return name + "\n" + string(binary.LittleEndian.AppendUint64(nil, uint64(len(value)))) + value + "\n"
}

// standIn is a script in journalctl's place. It has $CURSOR of --cursor, "" without.
func standIn(t *testing.T, dir, script string) string {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no /bin/sh here for a stand-in of journalctl")
	}
	path := filepath.Join(dir, "journalctl")
	script = "#!/bin/sh\ncd '" + dir + "'\nfor a; do case $a in --cursor=*) CURSOR=${a#--cursor=};; --since=*) SINCE=$a;; --lines=1) LAST=1;; esac; done\necho \"$@\" >> args\n" + script
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRestarts holds that nothing is lost or doubled where journalctl dies again and again, within entries too.
func TestRestarts(t *testing.T) {
	dir := t.TempDir()
	var all []byte
	for i := range 50 {
		all = append(all, shown(i, fmt.Sprintf("MESSAGE=m %d\n", i)+sized("BLOB", "a\n\nb"))...)
	}
	if err := os.WriteFile(filepath.Join(dir, "all"), all, 0o600); err != nil {
		t.Fatal(err)
	}
	// From the entry of the cursor on, 1,000 bytes at a time, which end within an entry.
	k := &feedtest.Sink{}
	s := quick(New(Options{Start: "start", Program: standIn(t, dir, `
at=0
[ -n "$CURSOR" ] && at=$(grep -abF "__CURSOR=$CURSOR" all | head -1 | cut -d: -f1)
tail -c +$((at+1)) all | head -c 1000
echo oops >&2
exit 3
`)}))
	stop := feedtest.Run(t, s, nil, k)
	got := untilCount(t, k, 50)
	feedtest.Until(t, "the child's words", func() bool { return strings.Contains(s.Stats()[0].Why, "journalctl ended: oops") })
	stop()
	for i, m := range got {
		if !strings.HasSuffix(m, fmt.Sprintf(" m %d", i)) {
			t.Fatalf("%d: %q", i, m)
		}
	}
}

// TestSpan holds that all entries of a batch were received within a minute, also where a clock was set back.
func TestSpan(t *testing.T) {
	dir := t.TempDir()
	var all []byte
	for _, i := range []int{100, 150, 50, 110, 60, 0} {
		all = append(all, shown(i, fmt.Sprintf("MESSAGE=m %d\n", i))...)
	}
	if err := os.WriteFile(filepath.Join(dir, "all"), all, 0o600); err != nil {
		t.Fatal(err)
	}
	k := &feedtest.Sink{}
	stop := feedtest.Run(t, quick(New(Options{Start: "start", Program: standIn(t, dir, "cat all\nexec sleep 60\n")})), nil, k)
	untilCount(t, k, 6)
	stop()
	for _, b := range k.Batches() {
		var early, late int64
		for line := range bytes.Lines(b.Data) {
			var real int64
			if n, _ := fmt.Sscanf(string(line), "__REALTIME_TIMESTAMP=%d", &real); n == 0 {
				continue
			}
			if early == 0 {
				early, late = real, real
			}
			early, late = min(early, real), max(late, real)
		}
		if late-early > 60e6 || late != 0 && b.At.UnixMicro() != late {
			t.Errorf("entries of %d s, at %v", (late-early)/1e6, b.At)
		}
	}
}

// TestNotHere says what to do where journalctl is missing or may not read, and goes on once it can.
func TestNotHere(t *testing.T) {
	dir := t.TempDir()
	missing := quick(New(Options{Program: filepath.Join(dir, "none")}))
	feedtest.Run(t, missing, nil, &feedtest.Sink{})
	feedtest.Until(t, "broken", func() bool {
		st := missing.Stats()[0]
		return st.State == "broken" && strings.Contains(st.Why, "install systemd")
	})

	k := &feedtest.Sink{}
	s := quick(New(Options{Program: standIn(t, dir, `
[ -e right ] || { echo "No journal files were opened due to insufficient permissions." >&2; exit 1; }
[ -n "$LAST" ] && exit 0
cat one
exec sleep 60
`)}))
	stop := feedtest.Run(t, s, nil, k)
	feedtest.Until(t, "broken", func() bool {
		st := s.Stats()[0]
		return st.State == "broken" && strings.Contains(st.Why, "systemd-journal or adm")
	})
	for name, data := range map[string]string{"one": shown(1, "MESSAGE=one\n"), "right": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	untilCount(t, k, 1)
	feedtest.Until(t, "following", func() bool { st := s.Stats()[0]; return st.State == "following" && st.Why == "" && st.Behind == 0 })
	stop()
}

// TestOwnOnly says that not all can be read, while what can be is.
func TestOwnOnly(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "one"), []byte(shown(1, "MESSAGE=one\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	k := &feedtest.Sink{}
	s := quick(New(Options{Start: "start", Program: standIn(t, dir, `
echo "Hint: You are currently not seeing messages from other users and the system." >&2
cat one
exec sleep 60
`)}))
	feedtest.Run(t, s, nil, k)
	untilCount(t, k, 1)
	feedtest.Until(t, "broken", func() bool {
		st := s.Stats()[0]
		return st.State == "broken" && strings.Contains(st.Why, "only this user's own")
	})
}

// TestSearch finds the entry of the cursor behind others, gives it up where it is not there, and where what stands before
// it is not what it was, does not deliver it again.
func TestSearch(t *testing.T) {
	whole := ""
	for i := range 10 {
		whole += shown(i, fmt.Sprintf("MESSAGE=m %d\n", i))
	}
	at := func(i int) position {
		return position{Cursor: fmt.Sprintf("s=1;i=%x;b=2;m=1;t=1;x=1", i), Line: int64(4*i + 1), Offset: int64(len(shown(1, "MESSAGE=m 1\n")) * i)}
	}
	p := position{Cursor: at(4).Cursor, Line: at(5).Line, Offset: at(5).Offset, Real: start + 4e6}
	gone := p
	gone.Cursor = "s=1;i=41;b=2;m=1;t=1;x=1"
	for _, c := range []struct {
		name string
		p    position
		n    int
	}{{"again", p, 5}, {"gone", gone, 10}} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "all"), []byte(whole), 0o600); err != nil {
			t.Fatal(err)
		}
		k := &feedtest.Sink{}
		s := quick(New(Options{Program: standIn(t, dir, `
at=$(grep -abF "__CURSOR=$CURSOR" all | head -1 | cut -d: -f1)
tail -c +$((at+1)) all
exec sleep 60
`)}))
		stop := feedtest.Run(t, s, map[string]string{s.origin.ID: c.p.text()}, k)
		got := untilCount(t, k, c.n)
		stop()
		if want := fmt.Sprintf("%d m %d", p.Line, 10-c.n); got[0] != want {
			t.Errorf("%s: %q, want %q", c.name, got[0], want)
		}
	}
}

// TestSplit cuts at whole entries however the stream is cut up, and passes over what is too long.
func TestSplit(t *testing.T) {
	huge := strings.Repeat("line\n", 3000)
	stream := "\n" + shown(1, "MESSAGE=one\n") + shown(2, sized("MESSAGE", "a\n\nb\n")+sized("EMPTY", "")) + shown(3, sized("MESSAGE", huge)+"A=b\n") +
		shown(4, "LONG="+strings.Repeat("x", 20_000)+"\n") + shown(5, "not a field\nMESSAGE=five\n") + "\n" + shown(6, sized("TEN", "\n\n\n\n\n\n\n\n\n\n"))
	for _, size := range []int{1, 7, 1000, len(stream)} {
		s := splitter{max: 10_000}
		var all []entry
		lines, bytesOf, kept := int64(0), int64(0), 0
		for rest := []byte(stream); len(rest) > 0; {
			n := min(size, len(rest))
			s.write(rest[:n])
			rest = rest[n:]
			for e, ok := s.next(); ok; e, ok = s.next() {
				if e.data != nil {
					e.data = bytes.Clone(e.data)
					kept++
				}
				all = append(all, e)
				lines += e.lines
				bytesOf += e.size
			}
			if len(s.buf)-s.from > s.max+size {
				t.Fatalf("holds %d bytes", len(s.buf)-s.from)
			}
		}
		if len(all) != 6 || kept != 4 || all[2].data != nil || all[3].data != nil {
			t.Fatalf("by %d: %d entries, %d kept", size, len(all), kept)
		}
		if lines != int64(strings.Count(stream, "\n")) || bytesOf != int64(len(stream)) {
			t.Errorf("by %d: %d lines, %d bytes; want %d, %d", size, lines, bytesOf, strings.Count(stream, "\n"), len(stream))
		}
		for i, e := range all {
			if want := fmt.Sprintf("s=1;i=%x;b=2;m=1;t=1;x=1", i+1); e.cursor != want || e.real != start+int64(i+1)*1e6 {
				t.Errorf("by %d: entry %d: cursor %q, real %d", size, i, e.cursor, e.real)
			}
		}
		if !bytes.HasSuffix(all[1].data, []byte("\x00a\n\nb\n\nEMPTY\n\x00\x00\x00\x00\x00\x00\x00\x00\n\n")) {
			t.Errorf("by %d: %q", size, all[1].data)
		}
	}
}

// FuzzSplit holds that a stream is cut into its bytes, the same however it comes.
func FuzzSplit(f *testing.F) {
	f.Add([]byte(shown(1, sized("MESSAGE", "a\n\nb"))+shown(2, "A=b\n")), uint64(3))
	f.Add([]byte("NAME\n\xff\xff\xff\xff\xff\xff\xff\xffx\n\nA=b\n\n"), uint64(1))
	f.Add([]byte("NAME\n\x05\x00\x00\x00\x00\x00\x00\x00x"), uint64(9))
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64) {
		cut := func(sizes func() int) (all []string) {
			s := splitter{max: 64}
			for rest := stream; len(rest) > 0; {
				n := min(sizes(), len(rest))
				s.write(rest[:n])
				rest = rest[n:]
				for e, ok := s.next(); ok; e, ok = s.next() {
					if e.data != nil && (e.size != int64(len(e.data)) || e.lines != int64(bytes.Count(e.data, newline))) {
						t.Fatalf("entry %q: size %d, lines %d", e.data, e.size, e.lines)
					}
					all = append(all, fmt.Sprintf("%v %s %d %d", e.data == nil, e.cursor, e.lines, e.size))
				}
			}
			return all
		}
		r := rand.New(rand.NewPCG(seed, 1))
		whole, parts := cut(func() int { return len(stream) }), cut(func() int { return 1 + r.IntN(9) })
		if !slices.Equal(whole, parts) {
			t.Fatalf("%q\n%q", whole, parts)
		}
	})
}

// BenchmarkSplit is of the cutting alone.
func BenchmarkSplit(b *testing.B) {
	var all []byte
	for i := range 2000 {
		all = append(all, shown(i, "_HOSTNAME=web1\nPRIORITY=6\nSYSLOG_IDENTIFIER=sshd\n_SYSTEMD_UNIT=ssh.service\nMESSAGE=Accepted publickey for root from 192.0.2.1 port 40000 ssh2\n")...)
	}
	b.SetBytes(int64(len(all)))
	for b.Loop() {
		s := splitter{max: maxEntry}
		n := 0
		for rest := all; len(rest) > 0; {
			k := min(64<<10, len(rest))
			s.write(rest[:k])
			rest = rest[k:]
			for _, ok := s.next(); ok; _, ok = s.next() {
				n++
			}
		}
		if n != 2000 {
			b.Fatal(n)
		}
	}
}
