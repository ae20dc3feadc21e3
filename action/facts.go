package action

import (
	"net/netip"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// facts are the fields that many kinds of event share, read in one pass.
type facts struct {
	src, dst, user, runAs, kind, command, image, parent, session, message, service, method, uri, status, agent string
	vhost, sent, dport, file, cwd, authMethod, principal, answer                                               string
	unasked                                                                                                    bool   // the audit log knows of no login behind it
	renamed                                                                                                    string // what a program was called by who made it, if it is another name
	outcome                                                                                                    tocsin.Outcome
}

func (f *facts) read(ev *tocsin.Event) {
	*f = facts{}
	for i := range ev.Fields {
		v := ev.Fields[i].Value
		switch factSlots.Slot(ev.Fields[i].Name) {
		case factSrc:
			if f.src == "" {
				f.src = address(v)
			}
		case factDst:
			if f.dst == "" {
				f.dst = address(v)
			}
		case factDport:
			set(&f.dport, v)
		case factUser:
			if v != "unset" {
				set(&f.user, v)
			}
		case factRunAs:
			set(&f.runAs, v)
		case factKind:
			set(&f.kind, v)
		case factOutcome:
			switch v {
			case "success":
				f.outcome = tocsin.Worked
			case "failure":
				f.outcome = tocsin.Failed
			case "denied":
				f.outcome = tocsin.Denied
			}
		case factCommand:
			set(&f.command, v)
		case factImage:
			set(&f.image, v)
		case factParent:
			set(&f.parent, v)
		case factSession:
			if v != "4294967295" && v != "unset" && v != "-1" {
				set(&f.session, v)
			}
		case factSessionID:
			set(&f.session, v)
		case factMessage:
			set(&f.message, v)
		case factService:
			set(&f.service, v)
		case factMethod:
			set(&f.method, v)
		case factUri:
			set(&f.uri, v)
		case factFile:
			set(&f.file, v)
		case factStatus:
			set(&f.status, v)
		case factAgent:
			set(&f.agent, v)
		case factVhost:
			set(&f.vhost, v)
		case factSent:
			set(&f.sent, v)
		case factFileName:
			set(&f.file, v)
		case factCwd:
			set(&f.cwd, v)
		case factAuthMethod:
			set(&f.authMethod, v)
		case factAuid:
			f.unasked = v == "4294967295" || v == "unset" || v == "-1"
		case factAnswer:
			set(&f.answer, v)
		case factPrincipal:
			set(&f.principal, v)
		}
	}
}

func set(to *string, v string) {
	if *to == "" && v != "-" && v != "(null)" {
		*to = v
	}
}

// address is the canonical form of an address that is somebody's, or "".
func address(v string) string {
	if len(v) < 2 || len(v) > 64 {
		return ""
	}
	if plainIPv4(v) {
		if strings.HasPrefix(v, "127.") || v == "0.0.0.0" {
			return ""
		}
		return v
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(v, "["), "]"))
	if err != nil {
		p, err := netip.ParseAddrPort(v)
		if err != nil {
			return ""
		}
		a = p.Addr()
	}
	a = a.Unmap()
	if a.IsLoopback() || a.IsUnspecified() {
		return ""
	}
	return a.WithZone("").String()
}

// plainIPv4 says that v is an address in dotted decimal, written canonically.
func plainIPv4(v string) bool {
	dots, n, digits := 0, 0, 0
	for i := 0; i < len(v); i++ {
		c := v[i]
		switch {
		case c == '.':
			if digits == 0 {
				return false
			}
			dots++
			n, digits = 0, 0
		case c >= '0' && c <= '9':
			if digits > 0 && n == 0 {
				return false
			}
			n = n*10 + int(c-'0')
			if digits++; n > 255 {
				return false
			}
		default:
			return false
		}
	}
	return dots == 3 && digits > 0
}

// A machine is what an event's host is called in actions: in lower case, without a final dot.
type machine struct{ as, name, org string }

// maxMachines bounds those that a reader remembers.
const maxMachines = 1 << 12

// machineOf is the machine of a host's name, made once for those met often.
func (r *Reader) machineOf(host string) *machine {
	if r.lastMachine != nil && r.lastMachine.as == host {
		return r.lastMachine
	}
	m, ok := r.machines[host]
	if !ok {
		as := strings.Clone(host)
		name := strings.ToLower(strings.TrimSuffix(as, "."))
		m = &machine{as, name, orgOf(name)}
		if r.machines == nil || len(r.machines) >= maxMachines {
			r.machines = map[string]*machine{}
		}
		r.machines[as] = m
	}
	r.lastMachine = m
	return m
}

// orgOf is the organisation that a machine's name shows: its registered domain, or a domain that only exists inside.
// Names without a domain, and addresses, show none. Second levels that are registries themselves (co.uk) are told by
// their shortness, as the public suffix list does for most.
func orgOf(host string) string {
	if host == "" || host[len(host)-1] >= '0' && host[len(host)-1] <= '9' || strings.IndexByte(host, ':') >= 0 {
		return ""
	}
	last := strings.LastIndexByte(host, '.')
	if last <= 0 || last == len(host)-1 {
		return ""
	}
	second := strings.LastIndexByte(host[:last], '.')
	if second < 0 {
		return "" // a bare domain is no machine's name
	}
	if sld := host[second+1 : last]; len(host)-last-1 == 2 && len(sld) <= 3 {
		switch sld {
		case "co", "com", "ac", "gov", "edu", "org", "net", "or", "ne", "go":
			if third := strings.LastIndexByte(host[:second], '.'); third >= 0 {
				return host[third+1:]
			}
			return ""
		}
	}
	switch host[last+1:] {
	case "localdomain", "internal", "compute":
		return ""
	}
	return host[second+1:]
}

// local fills in who did something on a machine: from where it was done if it came from elsewhere, the session, the
// account.
func (r *Reader) local(ev *tocsin.Event) {
	f := &r.f
	r.doer("address", f.src)
	if f.session != "" && r.act.Host != "" {
		r.doer("session", r.joined(r.act.Host, "/", f.session))
	}
	user := f.user
	if user == "" {
		user = f.runAs
	}
	r.doer("user", r.account(user))
	if len(r.act.Who) == 0 && f.principal != "" {
		r.doer("agent", r.lower(f.principal))
	}
}

// account is the name of an account as actions have it: in lower case, with the machine or domain it is of.
func (r *Reader) account(user string) string {
	if user == "" || user == "?" || strings.HasPrefix(user, "(") || len(user) > 256 {
		return ""
	}
	user = r.lower(user)
	if strings.ContainsAny(user, `\@/:`) {
		if d, u, ok := strings.Cut(user, `\`); ok {
			switch d {
			case "nt authority", "nt service", "window manager", "font driver host":
				return r.joined(r.act.Host, `\`, u)
			}
		}
		return user
	}
	if r.act.Host == "" {
		return user
	}
	return r.joined(r.act.Host, `\`, user)
}
