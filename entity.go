package tocsin

import (
	"net/netip"
	"net/url"
	"strings"
)

// An Entity is someone or something that an event names.
type Entity struct {
	// Kind is one of: address, user, host, process, command, file, hash, domain, url, session, principal, agent, caller.
	// A process is the path of its image; a hash is hexadecimal in lower case; a principal is a cloud identity; an agent is an AI agent's
	// account or run; a caller is a principal with one key or session, from one network, by one kind of client.
	Kind string `json:"kind"`
	// Role is the part it has: source (who acts, whence), target (who is acted on, whither), parent (of a process),
	// or empty where the log does not say.
	Role  string `json:"role,omitempty"`
	Value string `json:"value"`
}

// Internet says that a value is an address of the internet: one that is the same machine for everybody. Private, shared
// (RFC 6598), loopback, link-local, multicast, unspecified and broadcast addresses are not; those for documentation (RFC 5737,
// RFC 3849) are, since examples use them so.
func Internet(value string) bool {
	a, err := netip.ParseAddr(value)
	if err != nil {
		return false
	}
	a = a.Unmap()
	return !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !a.IsMulticast() && !a.IsUnspecified() &&
		!sharedSpace.Contains(a) && a != broadcast
}

var (
	sharedSpace = netip.MustParsePrefix("100.64.0.0/10")
	broadcast   = netip.AddrFrom4([4]byte{255, 255, 255, 255})
)

// maxEntities bounds the entities of one event; its first are kept.
const maxEntities = 64

// Entities returns whom and what the event names, each once: the event's host, then the others in the order of their
// fields. It goes by the names of fields; a value that is not of its kind (an address that does not parse, "-") is
// left out. Values are views of the event's strings.
func (e *Event) Entities() []Entity {
	all := make([]Entity, 0, 8)
	add := func(kind, role, value string) {
		if value == "" || len(all) >= maxEntities {
			return
		}
		for _, a := range all {
			if a.Kind == kind && a.Value == value && (a.Role == role || role == "") {
				return
			}
		}
		all = append(all, Entity{kind, role, value})
	}
	add("host", "", named(e.Host))
	for i := range e.Fields {
		kind, role := entityField(e.Fields[i].Name)
		if kind == "" {
			continue
		}
		v := e.Fields[i].Value
		switch kind {
		case "address":
			add(kind, role, address(v))
		case "hash":
			hashes(v, func(h string) { add(kind, role, h) })
		case "domain":
			add(kind, role, domain(v))
		case "url":
			add(kind, role, absoluteURL(v))
		case "host":
			// Fields for a name or an address: the log writes whichever it knows.
			if a := address(v); a != "" {
				add("address", role, a)
			} else {
				add(kind, role, named(v))
			}
		default:
			add(kind, role, named(v))
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// named drops the words by which logs say "nothing".
func named(v string) string {
	switch v {
	case "-", "?", "(null)", "(none)", "null", "N/A", "n/a", "unset", "unknown", "<unknown>", "(unknown)", "(unknown user)", "(invalid user)", "0x0", "4294967295",
		"{00000000-0000-0000-0000-000000000000}":
		return ""
	}
	return v
}

// address returns the canonical address in v, or "": bare, with a port, in brackets or IPv4 mapped into IPv6.
func address(v string) string {
	if len(v) < 2 || len(v) > 64 {
		return ""
	}
	if p, err := netip.ParseAddrPort(v); err == nil {
		return plain(p.Addr(), "")
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(v, "["), "]"))
	if err != nil {
		return ""
	}
	return plain(a, v)
}

// plain avoids making a string of an address that is written canonically already.
func plain(a netip.Addr, as string) string {
	if a.IsUnspecified() {
		return ""
	}
	a = a.Unmap()
	if a.Is4() && as != "" && as[0] >= '0' && as[0] <= '9' && !strings.Contains(as, ":") {
		return as
	}
	return a.WithZone("").String()
}

// hashes calls f for each digest in a value such as "SHA1=…,MD5=…,IMPHASH=…" or a bare one. An import hash is not
// the hash of a file, so it is left out.
func hashes(v string, f func(string)) {
	for part := range strings.SplitSeq(v, ",") {
		name, sum, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			name, sum = "", name
		}
		if strings.EqualFold(name, "IMPHASH") || !isDigest(sum) {
			continue
		}
		f(strings.ToLower(sum))
	}
}

func isDigest(s string) bool {
	switch len(s) {
	case 32, 40, 64, 128: // MD5, SHA-1, SHA-256, SHA-512
	default:
		return false
	}
	zero := true
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
		zero = zero && c == '0'
	}
	return !zero
}

// domain returns v in lower case without the final dot where it is a name of the DNS with at least two labels.
func domain(v string) string {
	v = strings.TrimSuffix(v, ".")
	if host, port, ok := strings.Cut(v, ":"); ok {
		for i := 0; i < len(port); i++ {
			if port[i] < '0' || port[i] > '9' {
				return ""
			}
		}
		v = host
	}
	if len(v) < 3 || len(v) > 253 || !strings.Contains(v, ".") {
		return ""
	}
	letter := false
	label := 0
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '.':
			if label == 0 {
				return ""
			}
			label = -1
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			letter = true
		case c >= '0' && c <= '9' || c == '-' || c == '_':
		default:
			return ""
		}
		if label++; label > 63 {
			return ""
		}
	}
	if !letter {
		return ""
	}
	return strings.ToLower(v)
}

func absoluteURL(v string) string {
	if len(v) > 2048 || !strings.Contains(v, "://") {
		return ""
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return ""
	}
	return v
}

// entityField says what kind of entity a field of this name holds and in which role; kind is empty for all others.
func entityField(name string) (kind, role string) {
	switch name {
	// Addresses: Windows, Sysmon; web access; Zeek; Suricata; syslog and auditd; cloud audit logs.
	case "IpAddress", "SourceIp", "SourceAddress", "ClientAddress", "c-ip", "src_ip", "id.orig_h", "sourceIPAddress",
		"ClientIP", "ClientIPAddress", "ActorIpAddress", "callerIpAddress", "ipAddress", "properties.ipAddress",
		"protoPayload.requestMetadata.callerIp", "client.ipAddress", "actor_ip", "sourceIPs", "addr", "laddr",
		"source.ip", "client.ip", "remote_addr", "client_ip", "remote_ip", "rhost", "ClientIp", "data.srcip",
		"httpRequest.remoteIp", "RemoteAddress":
		return "address", "source"
	case "DestinationIp", "DestAddress", "dest_ip", "dst_ip", "id.resp_h", "s-ip", "r-ip", "destination.ip", "server.ip",
		"DestinationAddress", "data.dstip":
		return "address", "target"

	case "SubjectUserName", "User", "user", "cs-username", "UserId", "SourceUser", "ParentUser", "ruser", "userName",
		"user.name", "AccountName", "userPrincipalName", "properties.userPrincipalName", "client_user", "principal":
		return "user", "source"
	case "TargetUserName", "TargetUser", "MemberName", "acct", "target_user", "TargetOutboundUserName", "SamAccountName",
		"requestParameters.userName", "user.target.name":
		return "user", "target"

	case "userIdentity.arn", "protoPayload.authenticationInfo.principalEmail", "user.username", "actor.alternateId",
		"actor", "caller", "identity.claims.name", "initiatedBy.user.userPrincipalName",
		"properties.initiatedBy.user.userPrincipalName", "properties.initiatedBy.app.displayName":
		return "principal", "source"
	case "requestParameters.roleArn", "responseElements.user.arn", "impersonatedUser.username":
		return "principal", "target"

	case "Image", "NewProcessName", "exe", "ProcessName", "SourceImage", "process.executable":
		return "process", "source"
	case "TargetImage":
		return "process", "target"
	case "ParentImage", "ParentProcessName", "process.parent.executable":
		return "process", "parent"
	case "CommandLine", "ProcessCommandLine", "command", "process.command_line", "ServiceFileName", "ImagePath":
		return "command", "source"
	case "ParentCommandLine":
		return "command", "parent"

	case "TargetFilename", "ImageLoaded", "RelativeTargetName", "ObjectName", "fileinfo.filename", "filename", "path":
		return "file", "target"
	case "Hashes", "Hash", "md5", "sha1", "sha256", "MD5", "SHA1", "SHA256", "fileinfo.md5", "fileinfo.sha1",
		"fileinfo.sha256", "file.hash.md5", "file.hash.sha1", "file.hash.sha256", "shasum":
		return "hash", ""

	case "WorkstationName", "Workstation", "SourceHostname", "ClientName", "hostname":
		return "host", "source"
	case "DestinationHostname", "TargetServerName", "TargetHost":
		return "host", "target"
	case "QueryName", "query", "dns.rrname", "cs-host", "r-dns", "host_header", "server_name", "tls.sni", "http.hostname",
		"dns.question.name", "destination.domain":
		return "domain", "target"
	case "c-uri", "cs-uri", "url", "http.url", "url.full", "OriginUrl":
		return "url", "target"

	case "LogonId", "SubjectLogonId", "ses", "session", "session_id", "sessionId", "authenticationContext.externalSessionId",
		"userIdentity.sessionContext.sessionIssuer.arn":
		return "session", "source"
	case "TargetLogonId":
		return "session", "target"
	}
	return "", ""
}
