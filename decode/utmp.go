package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A utmpLayout is how a machine lays out the records of wtmp, btmp and utmp: the same fields, the times and the session
// in 32 bits where programs of both word sizes share the file (x86, 32-bit ARM, PowerPC, s390), in 64 elsewhere (64-bit
// ARM, RISC-V).
// https://sourceware.org/git/?p=glibc.git;a=blob;f=bits/types/struct_utmp.h https://man7.org/linux/man-pages/man5/utmp.5.html
type utmpLayout struct {
	size, session, sec, addr int
	wide                     bool
	order                    binary.ByteOrder
}

var utmpLayouts = [...]utmpLayout{
	{384, 336, 340, 348, false, binary.LittleEndian},
	{400, 336, 344, 360, true, binary.LittleEndian},
	{384, 336, 340, 348, false, binary.BigEndian},
	{400, 336, 344, 360, true, binary.BigEndian},
}

// utmpFormat is the login records of Unix: wtmp (who was logged in), btmp (who failed to) and utmp (who is).
func utmpFormat() Format {
	return Format{
		Name: "utmp", Cut: Whole,
		Is: func(_ string, head []byte) int {
			if utmpLayoutOf(head) == nil {
				return 0
			}
			return 80
		},
		New: func(Options) Decoder { return &utmp{} },
	}
}

// utmpLayoutOf finds the layout in which all records of the head make sense, nil where there is none.
func utmpLayoutOf(head []byte) *utmpLayout {
	for i := range utmpLayouts {
		l := &utmpLayouts[i]
		real, odd, n := 0, 0, 0
		for b := head; len(b) >= l.size; b = b[l.size:] {
			n++
			switch l.sense(b[:l.size]) {
			case 1:
				real++
			case -1:
				odd++
			}
		}
		if real > 0 && odd*20 <= n {
			return l
		}
	}
	return nil
}

// sense judges a record: 1 it makes sense, 0 it is empty, -1 it does not.
func (l *utmpLayout) sense(b []byte) int {
	kind := l.order.Uint16(b)
	if kind == 0 {
		if len(bytes.Trim(b, "\x00")) == 0 {
			return 0
		}
	}
	sec, usec := l.time(b)
	if kind > 9 || sec < 0 || sec > 1<<32 || sec < 300_000_000 && sec != 0 || usec < 0 || usec >= 1_000_000 {
		return -1
	}
	if !padded(b[8:40]) || !cText(b[44:76]) || !padded(b[76:332]) {
		return -1
	}
	if kind == 0 || sec == 0 {
		return 0
	}
	return 1
}

func (l *utmpLayout) time(b []byte) (sec, usec int64) {
	if l.wide {
		return int64(l.order.Uint64(b[l.sec:])), int64(l.order.Uint64(b[l.sec+8:]))
	}
	return int64(l.order.Uint32(b[l.sec:])), int64(int32(l.order.Uint32(b[l.sec+4:])))
}

// cText says that a fixed field holds text up to its first zero byte, names of users and hosts in any encoding.
func cText(b []byte) bool {
	for _, c := range cString(b) {
		if c < 0x20 || c == 0x7f {
			return false
		}
	}
	return true
}

// padded says that a field holds text and, as all but the longest do, a zero byte behind it.
func padded(b []byte) bool { return bytes.IndexByte(b, 0) >= 0 && cText(b) }

func cString(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

var utmpKinds = [...]string{"EMPTY", "RUN_LVL", "BOOT_TIME", "NEW_TIME", "OLD_TIME", "INIT_PROCESS", "LOGIN_PROCESS", "USER_PROCESS",
	"DEAD_PROCESS", "ACCOUNTING"}

func recordSources(service string, auth bool) []tocsin.LogSource {
	s := []tocsin.LogSource{{Product: "linux", Service: service}}
	if auth {
		s = append(s, tocsin.LogSource{Product: "linux", Category: "authentication", Service: service})
	}
	return s
}

var (
	wtmpSources    = recordSources("wtmp", false)
	wtmpAuth       = recordSources("wtmp", true)
	btmpAuth       = recordSources("btmp", true)
	lastlogSources = recordSources("lastlog", true)
)

// utmp decodes login records.
type utmp struct {
	ev    tocsin.Event
	arena []byte
}

func (d *utmp) Flush(func(*tocsin.Event)) {}

var errUtmp = errors.New("not a login record")

func (d *utmp) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	l := utmpLayoutOf(r.Data)
	if l == nil {
		emit(&tocsin.Event{Source: r.Source, Record: uint64(r.Line), Format: "utmp",
			Fault: &tocsin.Fault{Source: r.Source, Line: r.Line, Err: errUtmp, Hint: "neither Linux's 384 nor its 400 byte records"}})
		return
	}
	failed := strings.Contains(baseName(r.Source), "btmp")
	var last time.Time
	n := r.Line
	for b := r.Data; len(b) > 0; n++ {
		d.arena = d.arena[:0]
		d.ev = tocsin.Event{Source: r.Source, Record: uint64(n), Format: "utmp", Fields: d.ev.Fields[:0]}
		if len(b) < l.size {
			d.ev.Fault = &tocsin.Fault{Source: r.Source, Line: n, Err: errEnd, Hint: "the last record is cut off"}
			emit(&d.ev)
			return
		}
		one := b[:l.size]
		b = b[l.size:]
		switch l.sense(one) {
		case -1:
			d.ev.Fault = &tocsin.Fault{Source: r.Source, Line: n, Err: errUtmp, Hint: "the record was overwritten or the file is damaged; the others were read"}
		case 0:
			if last.IsZero() || len(b) == 0 || l.order.Uint16(one) != 0 {
				if l.order.Uint16(one) == 0 {
					continue
				}
				d.record(l, one, failed)
				break
			}
			// Programs that hide an intruder put zeros over the login.
			d.ev.Time, d.ev.Sources = last, wtmpSources
			d.ev.Add("event_type", "record_wiped")
		default:
			d.record(l, one, failed)
			last = d.ev.Time
		}
		emit(&d.ev)
	}
}

// record fills the event of a record.
func (d *utmp) record(l *utmpLayout, b []byte, failed bool) {
	ev := &d.ev
	kind := l.order.Uint16(b)
	if sec, usec := l.time(b); sec != 0 {
		ev.Time = time.Unix(sec, usec*1000).UTC()
	}
	line, user, host := text(cString(b[8:40])), text(cString(b[44:76])), text(cString(b[76:332]))
	ev.Add("type", utmpKinds[kind])
	ev.Add("pid", d.number(uint64(l.order.Uint32(b[4:]))))
	ev.Add("tty", line)
	ev.Add("id", text(cString(b[40:44])))
	ev.Add("user", user)
	ev.Add("host", host)
	addr := d.address(b[l.addr : l.addr+16])
	if p, ok := peerAt(host, true); addr == "" && ok {
		addr = p.ip
	}
	ev.Add("src_ip", addr)
	if l.wide {
		ev.Add("session", d.number(l.order.Uint64(b[l.session:])))
	} else {
		ev.Add("session", d.number(uint64(l.order.Uint32(b[l.session:]))))
	}
	v := untold
	ev.Sources = wtmpSources
	switch {
	case line == "ssh:notty", failed && (kind == 6 || kind == 7), kind == 6 && user != "LOGIN" && user != "":
		v = loginFailed
		ev.Sources = btmpAuth
	case kind == 7:
		v = loginOK
		ev.Sources = wtmpAuth
	case kind == 8:
		v = logout
		ev.Sources = wtmpAuth
	case kind == 2:
		ev.Add("event_type", "boot")
	case kind == 1 && user == "shutdown":
		ev.Add("event_type", "shutdown")
	case kind == 3 || kind == 4:
		ev.Add("event_type", "clock_changed")
	}
	ev.Add("event_type", outcomes[v].event)
	ev.Add("outcome", outcomes[v].outcome)
	if strings.HasPrefix(line, "ssh") {
		ev.Add("service", "sshd")
	} else if v != untold {
		ev.Add("service", "login")
	}
}

func (d *utmp) number(n uint64) string {
	if n == 0 {
		return ""
	}
	from := len(d.arena)
	d.arena = strconv.AppendUint(d.arena, n, 10)
	return text(d.arena[from:])
}

// address reads ut_addr_v6, in network order; an IPv4 address stands in the first four bytes.
func (d *utmp) address(b []byte) string {
	var a netip.Addr
	switch {
	case bytes.Equal(b, make([]byte, 16)):
		return ""
	case bytes.Equal(b[4:], make([]byte, 12)):
		a = netip.AddrFrom4([4]byte(b[:4]))
	default:
		a = netip.AddrFrom16([16]byte(b)).Unmap()
	}
	from := len(d.arena)
	d.arena = a.AppendTo(d.arena)
	return text(d.arena[from:])
}

// lastlogFormat is lastlog: when each account, by number, was last logged in, from where.
func lastlogFormat() Format {
	return Format{
		Name: "lastlog", Cut: Whole,
		Is: func(name string, head []byte) int {
			size, found := lastlogSize(head)
			switch {
			case size == 0:
				return 0
			case found:
				return 50
			case strings.HasPrefix(baseName(name), "lastlog"): // so far only accounts that never logged in
				return 40
			}
			return 0
		},
		New: func(Options) Decoder { return &lastlog{} },
	}
}

// lastlogSize finds the size of records in which all of b makes sense, 0 where there is none, and whether any is of a
// login.
func lastlogSize(b []byte) (size int, found bool) {
	for _, size := range [...]int{292, 296} {
		ok, found := len(b) >= size, false
		for at := 0; ok && at+size <= len(b); at += size {
			one := b[at : at+size]
			sec := lastlogTime(one)
			line, host := one[size-288:size-256], one[size-256:]
			switch {
			case sec == 0:
				ok = len(bytes.Trim(one, "\x00")) == 0
			default:
				found = true
				ok = sec > 300_000_000 && sec < 1<<32 && padded(line) && padded(host) && line[0] > ' ' && bytes.IndexByte(cString(line), ' ') < 0
			}
		}
		if ok {
			return size, found
		}
	}
	return 0, false
}

func lastlogTime(one []byte) int64 {
	if len(one) == 296 {
		return int64(binary.LittleEndian.Uint64(one))
	}
	return int64(binary.LittleEndian.Uint32(one))
}

// lastlog decodes lastlog's records.
type lastlog struct {
	ev    tocsin.Event
	arena []byte
}

func (d *lastlog) Flush(func(*tocsin.Event)) {}

func (d *lastlog) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	size, _ := lastlogSize(r.Data)
	if size == 0 {
		emit(&tocsin.Event{Source: r.Source, Record: uint64(r.Line), Format: "lastlog",
			Fault: &tocsin.Fault{Source: r.Source, Line: r.Line, Err: errUtmp, Hint: "not Linux's lastlog records"}})
		return
	}
	for at, uid := 0, 0; at+size <= len(r.Data); at, uid = at+size, uid+1 {
		one := r.Data[at : at+size]
		sec := lastlogTime(one)
		if sec == 0 {
			continue
		}
		d.arena = strconv.AppendInt(d.arena[:0], int64(uid), 10)
		d.ev = tocsin.Event{Source: r.Source, Record: uint64(r.Line) + uint64(uid), Format: "lastlog", Fields: d.ev.Fields[:0],
			Time: time.Unix(sec, 0).UTC(), Sources: lastlogSources}
		ev := &d.ev
		ev.Add("uid", text(d.arena))
		ev.Add("tty", text(cString(one[size-288:size-256])))
		host := text(cString(one[size-256:]))
		ev.Add("host", host)
		if p, ok := peerAt(host, true); ok {
			ev.Add("src_ip", p.ip)
		}
		ev.Add("event_type", "last_login")
		ev.Add("outcome", "success")
		emit(ev)
	}
}
