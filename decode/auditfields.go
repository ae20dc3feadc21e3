package decode

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// An auditReader makes events of the text of audit records.
type auditReader struct {
	opt   Options
	arena []byte
	ev    *tocsin.Event
	seen  map[uint32]execed // what each process runs, where records come in order; nil where they do not

	// Of the event being read:
	arch, call, exe, comm, cwd, title, command string
	pid, ppid, uid, userName, success, res     string
	acct, addr, peerHost, port, op, exit       string
	idName                                     string // of id, in the enriched part
	args                                       []string
	argAt                                      int // the argument that a[n][m] parts belong to
	created, deleted                           string
	family                                     string
	kinds                                      []string
	peer                                       peer
}

// An execed is the program that a process runs.
type execed struct{ image, command string }

// maxExeced bounds the processes that are remembered.
const maxExeced = 16384

// event fills ev from the lines of one event's records.
func (r *auditReader) event(ev *tocsin.Event, records []byte, at time.Time, node string) {
	r.reset(ev)
	ev.Time, ev.Raw = at, text(records)
	var serial uint64
	for rest := records; len(rest) > 0; {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		var h auditHead
		k := clock{opt: r.opt}
		if !h.parse(line, &k) {
			continue
		}
		serial = h.serial
		if node == "" {
			node = text(h.node)
		}
		r.record(auditType(h.kind), text(h.body))
	}
	ev.Host = node
	ev.Add("node", node)
	from := len(r.arena)
	r.arena = strconv.AppendUint(r.arena, serial, 10)
	ev.Add("serial", text(r.arena[from:]))
	r.complete()
}

func (r *auditReader) reset(ev *tocsin.Event) {
	*r = auditReader{opt: r.opt, arena: r.arena[:0], seen: r.seen, args: r.args[:0], kinds: r.kinds[:0], ev: ev, argAt: -1}
}

// alone fills ev from a record whose type and fields are all there is of it.
func (r *auditReader) alone(ev *tocsin.Event, kind, body string) {
	r.reset(ev)
	r.record(auditType(view(kind)), body)
	r.complete()
}

// record adds the fields of one record.
func (r *auditReader) record(kind, body string) {
	if len(r.kinds) == 0 || r.kinds[len(r.kinds)-1] != kind {
		r.kinds = append(r.kinds, kind)
		r.ev.Add("type", kind)
	}
	switch kind {
	case "EXECVE":
		r.pairs(body, kind, r.argument)
		return
	case "AVC", "USER_AVC":
		if i := strings.Index(body, "avc:  "); i >= 0 {
			result, rest, _ := strings.Cut(body[i+6:], " ")
			r.ev.Add("seresult", result)
			if a, b := strings.IndexByte(rest, '{'), strings.IndexByte(rest, '}'); a >= 0 && b > a {
				r.ev.Add("seperms", strings.TrimSpace(rest[a+1:b]))
			}
		}
	case "PATH":
		var name, nametype string
		r.pairs(body, kind, func(k, v string) {
			switch k {
			case "name":
				name = v
			case "nametype", "objtype":
				nametype = v
			}
			r.ev.Add(k, v)
		})
		switch nametype {
		case "CREATE":
			r.created = name
		case "DELETE":
			r.deleted = name
		}
		return
	}
	r.pairs(body, kind, r.field)
}

// pairs reads key=value pairs, in the many ways in which the kernel and programs write them, and decodes the values
// that stand in hexadecimal digits because they hold what would break a pair.
func (r *auditReader) pairs(s, kind string, put func(key, value string)) {
	for n := 0; s != "" && n < maxFields; n++ {
		s = strings.TrimLeft(s, " ,\x1d()\"\t")
		eq := strings.IndexAny(s, "= \x1d")
		if eq < 0 {
			return
		}
		if s[eq] != '=' { // a word: "user pid=1", "avc:  denied"
			s = s[eq+1:]
			continue
		}
		key := strings.TrimLeft(s[:eq], "'\"")
		s = s[eq+1:]
		var value string
		quoted := false
		switch {
		case s == "":
		case s[0] == '\'' && key == "msg" && kind != "":
			e := strings.LastIndexByte(s, '\'')
			inner := s[1:]
			if e > 0 {
				inner, s = s[1:e], s[e+1:]
			} else {
				s = ""
			}
			r.pairs(inner, "", put) // what a program sent; it nests no further
			continue
		case s[0] == '"' && key == "cmdline": // AUOMS: the last, quotes inside
			e := strings.LastIndex(s, `" redactors=`)
			if e < 1 {
				e = strings.LastIndexByte(s, '"')
			}
			if e < 1 {
				e = len(s)
			}
			value, s, quoted = s[1:e], s[min(len(s), e+1):], true
		case s[0] == '"':
			e := strings.IndexByte(s[1:], '"')
			if e < 0 {
				value, s = s[1:], ""
			} else {
				value, s = s[1:1+e], s[e+2:]
			}
			quoted = true
		case s[0] == '{' && key == "SADDR" && kind != "": // SADDR={ saddr_fam=inet laddr=… lport=… }
			inner, rest, _ := strings.Cut(s[1:], "}")
			s = rest
			r.pairs(inner, "", put)
			continue
		default:
			e := strings.IndexAny(s, " \x1d")
			if key == "proctitle" && strings.HasPrefix(kind, "AUOMS") {
				if i := strings.Index(s, " redactors="); i >= 0 {
					e = i
				}
			}
			if e < 0 {
				e = len(s)
			}
			value, s = s[:e], s[e:]
			if k := strings.IndexByte(value, '\''); k > 0 { // "res=failed'UID="root"": the enriched part follows at once
				value, s = value[:k], value[k+1:]+s
			}
			if value = strings.TrimRight(value, ",\"'"); strings.IndexByte(value, '(') < 0 {
				value = strings.TrimRight(value, ")")
			}
			if k := strings.IndexByte(value, '"'); k > 0 && strings.IndexByte(value, '=') > k {
				value, s = value[:k], value[k+1:]+s
			}
		}
		if !quoted && hexKey(key, kind) {
			value = r.unhex(value)
		}
		if value == "(null)" || value == "?" {
			continue
		}
		put(key, value)
	}
}

// hexKey says that a field holds text that whoever is watched may have chosen: the kernel writes it in quotes, or in
// hexadecimal digits when it holds quotes, spaces or control bytes.
func hexKey(key, kind string) bool {
	switch key {
	case "comm", "exe", "name", "cwd", "cmd", "acct", "data", "path", "key", "vm", "file", "proctitle", "dir", "ocomm", "profile",
		"target", "grp", "new_group", "device", "watch", "old-disk", "new-disk", "key_r":
		return true
	}
	return kind == "EXECVE" && len(key) > 1 && key[0] == 'a' && key[1] >= '0' && key[1] <= '9'
}

// unhex decodes hexadecimal digits as the kernel writes them; what are none stays as it is.
func (r *auditReader) unhex(s string) string {
	if len(s) < 2 || len(s)%2 != 0 {
		return s
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; !(c >= '0' && c <= '9' || c >= 'A' && c <= 'F') {
			return s
		}
	}
	from := len(r.arena)
	for i := 0; i < len(s); i += 2 {
		r.arena = append(r.arena, byte(hexDigit(s[i])<<4|hexDigit(s[i+1])))
	}
	return text(r.arena[from:])
}

// argument takes a field of an EXECVE record: a0=…, or the parts a1[0]=… of an argument that was too long for one.
func (r *auditReader) argument(key, value string) {
	if key == "argc" || len(key) < 2 || key[0] != 'a' {
		if key == "argc" {
			r.ev.Add(key, value)
		}
		return
	}
	n, i := 0, 1
	for i < len(key) && key[i] >= '0' && key[i] <= '9' && n < maxFields {
		n = n*10 + int(key[i]-'0')
		i++
	}
	switch {
	case i == len(key) && n == len(r.args):
		r.args = append(r.args, value)
	case i < len(key) && key[i] == '[':
		if r.argAt == n && n == len(r.args)-1 {
			from := len(r.arena)
			r.arena = append(append(r.arena, r.args[n]...), value...)
			r.args[n] = text(r.arena[from:])
		} else if n == len(r.args) {
			r.args = append(r.args, value)
			r.argAt = n
		}
	}
}

// field takes any other field.
func (r *auditReader) field(key, value string) {
	switch key {
	case "arch":
		r.arch = value
	case "syscall":
		if r.call == "" {
			if r.call = auditCall(r.arch, value); r.call == "" && (value == "" || value[0] > '9') {
				r.call = value
			}
		}
	case "SYSCALL":
		r.call = value
	case "exe":
		r.exe = value
	case "comm":
		r.comm = value
	case "cwd":
		r.cwd = value
	case "pid":
		r.pid = value
	case "ppid":
		r.ppid = value
	case "uid":
		r.uid = value
	case "UID":
		r.userName = value
	case "user":
		if r.userName == "" && strings.HasPrefix(r.kinds[0], "AUOMS") {
			r.userName = value
		}
	case "success":
		r.success = value
	case "exit":
		r.exit = value
	case "res":
		r.res = value
	case "acct":
		r.acct = value
	case "ID":
		r.idName = value
	case "addr":
		r.addr = value
	case "hostname":
		r.peerHost = value
	case "rport":
		r.port = value
	case "op":
		r.op = value
	case "cmd", "cmdline":
		r.command = value
	case "data":
		r.command = value
	case "proctitle":
		value = r.titled(value)
		r.title = value
	case "key", "key_r":
		for value != "" {
			var one string
			one, value, _ = strings.Cut(value, "\x01")
			r.ev.Add(key, one)
		}
		return
	case "saddr":
		r.ev.Add(key, value)
		r.sockaddr(value)
		return
	}
	r.ev.Add(key, value)
}

// titled puts spaces between the arguments of a process title.
func (r *auditReader) titled(s string) string {
	s = strings.TrimRight(s, "\x00")
	if strings.IndexByte(s, 0) < 0 {
		return s
	}
	from := len(r.arena)
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == 0 {
			c = ' '
		}
		r.arena = append(r.arena, c)
	}
	return text(r.arena[from:])
}

// sockaddr decodes a socket address: family in the byte order of the machine, which is little-endian on all that
// matter, then port and address in the network's.
func (r *auditReader) sockaddr(s string) {
	from := len(r.arena)
	if b := r.unhex(s); b == s {
		return
	}
	b := r.arena[from:]
	if len(b) < 2 {
		return
	}
	switch family := int(b[0]) | int(b[1])<<8; {
	case family == 2 && len(b) >= 8:
		r.family = "inet"
		r.peer.port = r.number(int(b[2])<<8 | int(b[3]))
		at := len(r.arena)
		for i, c := range b[4:8] {
			if i > 0 {
				r.arena = append(r.arena, '.')
			}
			r.arena = strconv.AppendUint(r.arena, uint64(c), 10)
		}
		r.peer.ip = text(r.arena[at:])
	case family == 10 && len(b) >= 24:
		r.family = "inet6"
		r.peer.port = r.number(int(b[2])<<8 | int(b[3]))
		r.peer.ip = r.ip6([16]byte(b[8:24]))
	case family == 1:
		r.family = "local"
		path := b[2:]
		abstract := len(path) > 0 && path[0] == 0
		if abstract {
			path = path[1:]
		}
		path, _, _ = bytes.Cut(path, []byte{0})
		at := len(r.arena)
		if abstract {
			r.arena = append(r.arena, '@')
		}
		r.arena = append(r.arena, path...)
		r.ev.Add("path", text(r.arena[at:]))
	case family == 16:
		r.family = "netlink"
	case family == 38:
		r.family = "alg"
	default:
		return
	}
	r.ev.Add("saddr_fam", r.family)
	r.ev.Add("laddr", r.peer.ip)
	r.ev.Add("lport", r.peer.port)
}

func (r *auditReader) number(n int) string {
	from := len(r.arena)
	r.arena = strconv.AppendInt(r.arena, int64(n), 10)
	return text(r.arena[from:])
}
