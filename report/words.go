package report

import (
	"strconv"
	"strings"
)

// number reads the integers of logs: decimal (negative ones as the 32 bits they stand for) or 0x-prefixed.
func number(v string) (uint32, bool) {
	v = strings.TrimSpace(v)
	if h, ok := strings.CutPrefix(strings.ToLower(v), "0x"); ok {
		n, err := strconv.ParseUint(h, 16, 64)
		return uint32(n), err == nil && n <= 1<<32-1
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < -(1<<31) || n > 1<<32-1 {
		return 0, false
	}
	return uint32(n), true
}

// coded adds the meaning of a code, where it is known, to the code as it was written.
func coded(v string, words map[uint32]string) string {
	if n, ok := number(v); ok {
		if w := words[n]; w != "" {
			return v + " (" + w + ")"
		}
	}
	return v
}

// flagged adds the names of the bits that are set.
func flagged(v string, bits []bit) string {
	n, ok := number(v)
	if !ok || n == 0 {
		return v
	}
	var names []string
	for _, b := range bits {
		if n&b.mask == b.mask && b.mask != 0 {
			names = append(names, b.name)
			n &^= b.mask
		}
	}
	if len(names) == 0 {
		return v
	}
	return v + " (" + strings.Join(names, ", ") + ")"
}

type bit struct {
	mask uint32
	name string
}

// decimal shows 0x-prefixed process ids as other tools do.
func decimal(v string) string {
	if n, ok := number(v); ok && len(v) > 2 && v[0] == '0' {
		return strconv.FormatUint(uint64(n), 10)
	}
	return v
}

// spaces makes one line of a list that the log wraps.
func spaces(v string) string { return strings.Join(strings.Fields(v), " ") }

// ntStatus is for the outcome of a Windows logon. [MS-ERREF] 2.3.1.
func ntStatus(v string) string {
	if strings.HasPrefix(v, "%%") {
		return percentCodes(v)
	}
	return coded(v, ntStatusWords)
}

// ntFailure is ntStatus for an event that is a failure: there a sub-status of zero says nothing.
func ntFailure(v string) string {
	if n, ok := number(v); ok && n == 0 {
		return ""
	}
	return ntStatus(v)
}

var ntStatusWords = map[uint32]string{
	0x0:        "success",
	0xC0000001: "unsuccessful",
	0xC0000022: "access denied",
	0xC000005E: "no logon servers available",
	0xC0000064: "user does not exist",
	0xC000006A: "bad password",
	0xC000006C: "password does not meet the policy",
	0xC000006D: "bad user name or password",
	0xC000006E: "account restriction",
	0xC000006F: "outside allowed hours",
	0xC0000070: "workstation not allowed",
	0xC0000071: "password expired",
	0xC0000072: "account disabled",
	0xC00000DC: "server in wrong state",
	0xC0000133: "clocks out of step",
	0xC000015B: "logon type not granted",
	0xC000018C: "trust relationship failed",
	0xC000018D: "trusted relationship failed",
	0xC0000192: "netlogon service not started",
	0xC0000193: "account expired",
	0xC0000224: "password must change",
	0xC0000225: "not found",
	0xC0000234: "account locked out",
	0xC00002EE: "unfinished logon",
	0xC0000371: "no secrets of the account cached",
	0xC0000413: "authentication firewall: not allowed on this machine",
	0xC000009A: "insufficient resources",
	0xC00000BB: "not supported",
	0xC0000388: "downgrade detected",
	0xC0000418: "NTLM blocked",
}

func logonType(v string) string { return coded(v, logonTypes) }

var logonTypes = map[uint32]string{
	0: "system", 2: "interactive", 3: "network", 4: "batch", 5: "service", 7: "unlock", 8: "network, clear text",
	9: "new credentials", 10: "remote desktop", 11: "cached interactive", 12: "cached remote desktop", 13: "cached unlock",
}

// kerberos is for result codes of tickets: RFC 4120 7.5.9.
func kerberos(v string) string { return coded(v, kerberosWords) }

var kerberosWords = map[uint32]string{
	0x0: "success", 0x1: "account expired", 0x2: "service expired", 0x3: "protocol version not supported", 0x6: "user does not exist",
	0x7: "service does not exist", 0x8: "several principals of that name", 0x9: "no key", 0xA: "postdating not allowed",
	0xC: "policy forbids: workstation or hours", 0xD: "option not possible", 0xE: "encryption type not supported",
	0xF: "checksum type not supported", 0x10: "pre-authentication type not supported", 0x12: "account disabled, expired or locked out",
	0x13: "service locked", 0x14: "ticket revoked", 0x17: "password expired", 0x18: "bad password", 0x19: "pre-authentication required",
	0x1A: "server does not match", 0x1B: "only user-to-user", 0x1D: "service unavailable", 0x1F: "integrity check failed",
	0x20: "ticket expired", 0x21: "ticket not yet valid", 0x22: "replay", 0x23: "ticket not for us", 0x24: "ticket and authenticator differ",
	0x25: "clocks out of step", 0x26: "wrong address", 0x28: "message type not valid", 0x29: "message modified", 0x3C: "generic error",
	0x3D: "field too long", 0x44: "wrong realm", 0x45: "user-to-user required", 0xFFFFFFFF: "failed",
}

// encryption is for the encryption type of a ticket: RFC 3961 8 and 4757.
func encryption(v string) string { return coded(v, encryptionWords) }

var encryptionWords = map[uint32]string{
	0x1: "DES, broken", 0x3: "DES, broken", 0x11: "AES128", 0x12: "AES256", 0x13: "AES128-SHA256", 0x14: "AES256-SHA384",
	0x17: "RC4, weak", 0x18: "RC4-export, weak", 0xFFFFFFFF: "none: failed",
}

func preAuth(v string) string { return coded(v, preAuthWords) }

var preAuthWords = map[uint32]string{
	0: "none: roastable", 2: "encrypted timestamp", 11: "ETYPE-INFO", 15: "smart card", 16: "certificate", 17: "certificate",
	19: "ETYPE-INFO2", 20: "server referral", 138: "encrypted challenge", 149: "key trust",
}

func ticketOptions(v string) string { return flagged(v, ticketBits) }

// ticketBits are the KDCOptions of RFC 4120 5.4.1 and [MS-KILE], of which only the telling ones are named.
var ticketBits = []bit{
	{0x40000000, "forwardable"}, {0x20000000, "forwarded"}, {0x08000000, "proxy"}, {0x02000000, "postdated"},
	{0x00800000, "renewable"}, {0x00020000, "on behalf of a user"}, {0x00000008, "user-to-user"}, {0x00000002, "renew"}, {0x00000001, "validate"},
}

// accessWords is for access to files, shares and keys: names of %% codes, or the bits of a mask.
func accessWords(v string) string {
	if strings.Contains(v, "%%") {
		return percentCodes(v)
	}
	return flagged(v, accessBits)
}

// accessBits: [MS-DTYP] 2.4.3 and the file rights of [MS-SMB2] 2.2.13.1.1.
var accessBits = []bit{
	{0x1, "read data"}, {0x2, "write data"}, {0x4, "append"}, {0x8, "read attributes+"}, {0x10, "write attributes+"}, {0x20, "execute"},
	{0x40, "delete child"}, {0x80, "read attributes"}, {0x100, "write attributes or control"}, {0x10000, "delete"}, {0x20000, "read control"},
	{0x40000, "write DAC"}, {0x80000, "take ownership"}, {0x100000, "synchronize"}, {0x1000000, "read SACL"},
}

func processAccess(v string) string {
	if n, ok := number(v); ok && (n == 0x1FFFFF || n == 0x1F0FFF || n == 0x1F3FFF) {
		return v + " (all)"
	}
	return flagged(v, processBits)
}

// processBits: https://learn.microsoft.com/en-us/windows/win32/procthread/process-security-and-access-rights
var processBits = []bit{
	{0x1, "terminate"}, {0x2, "create thread"}, {0x8, "memory operation"}, {0x10, "read memory"}, {0x20, "write memory"},
	{0x40, "duplicate handle"}, {0x80, "create process"}, {0x100, "set quota"}, {0x200, "set information"}, {0x400, "query"},
	{0x800, "suspend"}, {0x1000, "limited query"}, {0x10000, "delete"}, {0x20000, "read control"}, {0x100000, "synchronize"},
}

// directoryRights names the extended rights whose use is an attack when the user is no domain controller.
// [MS-ADTS] 5.1.3.2.1.
func directoryRights(v string) string {
	low := strings.ToLower(v)
	var names []string
	for _, r := range [...]struct{ guid, name string }{
		{"1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "replicate changes"},
		{"1131f6ad-9c07-11d1-f79f-00c04fc2dcd2", "replicate all changes, secrets included"},
		{"89e95b76-444d-4c62-991a-0facbeda640c", "replicate in filtered set"},
		{"00299570-246d-11d0-a768-00aa006e0529", "reset password"},
		{"f3a64788-5306-11d1-a9c5-0000f80367c1", "write service principal name"},
		{"5b47d60f-6090-40b2-9f37-2a4de88f3063", "write key credential link"},
		{"bf9679c0-0de6-11d0-a285-00aa003049e2", "write group members"},
	} {
		if strings.Contains(low, r.guid) {
			names = append(names, r.name)
		}
	}
	if len(names) == 0 {
		return percentCodes(spaces(v))
	}
	return strings.Join(names, ", ")
}

func serviceStart(v string) string {
	return coded(v, map[uint32]string{0: "boot", 1: "system", 2: "automatic", 3: "on demand", 4: "disabled"})
}

func serviceType(v string) string { return coded(v, serviceTypes) }

var serviceTypes = map[uint32]string{
	0x1: "kernel driver", 0x2: "file system driver", 0x8: "recognizer driver", 0x10: "own process", 0x20: "shared process",
	0x50: "user own process", 0x60: "user shared process", 0x110: "own process, interactive", 0x120: "shared process, interactive",
}

// protocol is for IP protocol numbers.
func protocol(v string) string {
	return coded(v, map[uint32]string{1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP", 47: "GRE", 50: "ESP", 58: "ICMPv6"})
}

// sidWords names a well-known security identifier. [MS-DTYP] 2.4.2.4.
func sidWords(v string) string {
	if w := wellKnown[strings.TrimPrefix(strings.TrimSuffix(v, "}"), "%{")]; w != "" {
		return v + " (" + w + ")"
	}
	if strings.HasPrefix(v, "S-1-5-21-") {
		switch v[strings.LastIndexByte(v, '-')+1:] {
		case "500":
			return v + " (Administrator)"
		case "501":
			return v + " (Guest)"
		case "502":
			return v + " (krbtgt)"
		case "512":
			return v + " (Domain Admins)"
		case "516":
			return v + " (Domain Controllers)"
		case "518":
			return v + " (Schema Admins)"
		case "519":
			return v + " (Enterprise Admins)"
		}
	}
	return v
}

var wellKnown = map[string]string{
	"S-1-0-0": "nobody", "S-1-1-0": "Everyone", "S-1-5-2": "network", "S-1-5-4": "interactive", "S-1-5-6": "service", "S-1-5-7": "anonymous",
	"S-1-5-9": "domain controllers", "S-1-5-11": "authenticated users", "S-1-5-18": "SYSTEM", "S-1-5-19": "LOCAL SERVICE", "S-1-5-20": "NETWORK SERVICE",
	"S-1-5-32-544": "Administrators", "S-1-5-32-545": "Users", "S-1-5-32-546": "Guests", "S-1-5-32-547": "Power Users",
	"S-1-5-32-548": "Account Operators", "S-1-5-32-549": "Server Operators", "S-1-5-32-550": "Print Operators", "S-1-5-32-551": "Backup Operators",
	"S-1-5-32-555": "Remote Desktop Users", "S-1-5-32-573": "Event Log Readers", "S-1-5-32-580": "Remote Management Users",
	"S-1-16-0": "untrusted", "S-1-16-4096": "low", "S-1-16-8192": "medium", "S-1-16-8448": "medium plus", "S-1-16-12288": "high",
	"S-1-16-16384": "system", "S-1-16-20480": "protected",
}

// percentCodes puts the %%NNNN of Windows messages in words, keeping those it does not know.
func percentCodes(v string) string {
	if !strings.Contains(v, "%%") {
		return spaces(v)
	}
	var b strings.Builder
	for i, w := range strings.Fields(v) {
		if i > 0 {
			b.WriteString(", ")
		}
		code, ok := strings.CutPrefix(strings.TrimRight(w, ",;"), "%%")
		n, err := strconv.Atoi(code)
		word := ""
		if ok && err == nil {
			word = percentWord(n)
		}
		if word == "" {
			word = w
		}
		b.WriteString(word)
	}
	return b.String()
}

// userControls are the bits of UserAccountControl in the order of %%2048 and following (off) and %%2080 (on).
var userControls = [...]string{
	"", "home directory required", "password not required", "temporary duplicate", "normal account", "MNS logon", "interdomain trust",
	"workstation trust", "server trust", "password never expires", "unlocked", "reversible password encryption", "smart card required",
	"trusted for delegation", "not delegated", "DES keys only", "no pre-authentication", "password expired", "trusted to delegate for others",
}

// percentWord is the message of a number in msobjs.dll, in short.
func percentWord(n int) string {
	switch {
	case n == 2048:
		return "account enabled"
	case n == 2080:
		return "account disabled"
	case n > 2048 && n < 2048+len(userControls):
		return userControls[n-2048] + ": off"
	case n > 2080 && n < 2080+len(userControls):
		return userControls[n-2080] + ": on"
	}
	return percentWords[n]
}

var percentWords = map[int]string{
	1537: "delete", 1538: "read control", 1539: "write DAC", 1540: "take ownership", 1541: "synchronize", 1542: "read SACL",
	1832: "identification", 1833: "impersonation", 1840: "delegation", 1842: "yes", 1843: "no",
	1872: "REG_NONE", 1873: "REG_SZ", 1874: "REG_EXPAND_SZ", 1875: "REG_BINARY", 1876: "REG_DWORD", 1879: "REG_MULTI_SZ", 1883: "REG_QWORD",
	1904: "value created", 1905: "value changed", 1906: "value deleted",
	1936: "default: UAC off or built-in account", 1937: "full: elevated", 1938: "limited: filtered by UAC",
	2304: "error during logon", 2305: "account expired", 2306: "netlogon not active", 2307: "account locked out", 2308: "logon type not granted",
	2309: "password expired", 2310: "account disabled", 2311: "outside allowed hours", 2312: "not allowed on this computer",
	2313: "unknown user name or bad password", 2314: "domain SID inconsistent", 2315: "smart card required",
	4416: "read data or list", 4417: "write data or add file", 4418: "append or add folder", 4419: "read EA", 4420: "write EA", 4421: "execute or traverse",
	4422: "delete child", 4423: "read attributes", 4424: "write attributes",
	4432: "query value", 4433: "set value", 4434: "create subkey", 4435: "enumerate subkeys", 4436: "notify", 4437: "create link",
	4480: "terminate process", 4481: "create thread", 4482: "set session", 4483: "memory operation", 4484: "read memory", 4485: "write memory",
	4486: "duplicate handle", 4487: "create process", 4488: "set quotas", 4489: "set information", 4490: "query information",
	7680: "create child", 7681: "delete child", 7682: "list contents", 7683: "write self", 7684: "read property", 7685: "write property", 7686: "delete tree",
	7687: "list object", 7688: "control access",
	8272: "system", 8273: "logon and logoff", 8274: "object access", 8275: "privilege use", 8276: "detailed tracking", 8277: "policy change",
	8278: "account management", 8279: "directory access", 8280: "account logon",
	8448: "success removed", 8449: "success added", 8450: "failure removed", 8451: "failure added",
	14592: "inbound", 14593: "outbound", 14674: "value added", 14675: "value deleted", 16384: "add", 16385: "delete", 16386: "change",
}

// taskCommand finds what a scheduled task runs in its XML; a task without a command shows nothing of it.
func taskCommand(v string) string {
	cmd := between2(v, "<Command>", "</Command>")
	if args := between2(v, "<Arguments>", "</Arguments>"); args != "" && cmd != "" {
		cmd += " " + args
	}
	if cmd == "" {
		if id := between2(v, "<ClassId>", "</ClassId>"); id != "" {
			cmd = "COM class " + id
		}
	}
	return xmlText.Replace(cmd)
}

var xmlText = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'", "&amp;", "&")

func between2(s, open, shut string) string {
	_, s, ok := strings.Cut(s, open)
	if !ok {
		return ""
	}
	s, _, _ = strings.Cut(s, shut)
	return strings.TrimSpace(s)
}

// httpStatus: RFC 9110 15, and those of nginx beyond it.
func httpStatus(v string) string { return coded(v, httpWords) }

var httpWords = map[uint32]string{
	200: "OK", 201: "created", 204: "no content", 206: "partial", 301: "moved", 302: "found", 303: "see other", 304: "not modified", 307: "redirect",
	308: "redirect", 400: "bad request", 401: "unauthorized", 403: "forbidden", 404: "not found", 405: "method not allowed", 406: "not acceptable",
	408: "timeout", 409: "conflict", 410: "gone", 413: "too large", 414: "URI too long", 418: "teapot", 422: "unprocessable", 429: "too many requests",
	431: "header too large", 444: "closed without answer", 494: "header too large", 495: "bad certificate", 497: "HTTP to HTTPS port", 499: "client went away",
	500: "server error", 501: "not implemented", 502: "bad gateway", 503: "unavailable", 504: "gateway timeout",
}

// zeekState: https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html
func zeekState(v string) string {
	w := ""
	switch v {
	case "S0":
		w = "no reply"
	case "S1":
		w = "open"
	case "SF":
		w = "complete"
	case "REJ":
		w = "refused"
	case "S2", "S3":
		w = "half closed"
	case "RSTO":
		w = "aborted by source"
	case "RSTR":
		w = "aborted by target"
	case "RSTOS0":
		w = "SYN then reset"
	case "RSTRH", "SHR":
		w = "reply only"
	case "SH":
		w = "SYN then FIN"
	case "OTH":
		w = "midstream"
	default:
		return v
	}
	return v + " (" + w + ")"
}

// entraCode: https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
func entraCode(v string) string { return coded(v, entraWords) }

var entraWords = map[uint32]string{
	0: "success", 50034: "user does not exist", 50053: "account locked out or bad address", 50055: "password expired", 50056: "no password",
	50057: "account disabled", 50072: "must enrol for MFA", 50074: "MFA required", 50076: "MFA required", 50079: "must enrol for MFA", 50097: "device required",
	50105: "not assigned to the app", 50126: "bad user name or password", 50140: "keep me signed in", 50144: "password expired", 50158: "external challenge",
	50173: "session revoked", 53000: "device not compliant", 53003: "blocked by conditional access", 65001: "no consent", 70044: "session expired",
	81010: "seamless sign-on failed", 500011: "resource does not exist", 500121: "MFA failed", 700016: "app not in the directory", 7000215: "bad client secret",
}

// auditUser: the audit id that was never set.
func auditUser(v string) string {
	switch v {
	case "4294967295", "-1", "unset":
		return ""
	case "0":
		return "0 (root)"
	}
	return v
}
