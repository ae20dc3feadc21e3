package action

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// rpcs are calls of Windows' interfaces that tell what somebody is about. Interfaces: MS-SCMR, MS-DRSR, MS-SAMR, MS-TSCH,
// MS-SRVS, MS-WKST, MS-RRP, MS-WMI.
var rpcs = []struct {
	endpoint, operation string // prefix
	verb                string
	tactic, technique   string
	level               tocsin.Level
}{
	{"svcctl", "CreateService", "create", "lateral-movement", "T1569.002", tocsin.Medium},
	{"svcctl", "StartService", "run", "lateral-movement", "T1569.002", tocsin.Medium},
	{"svcctl", "ChangeServiceConfig", "change", "lateral-movement", "T1569.002", tocsin.Medium},
	{"svcctl", "OpenSCManager", "list", "discovery", "T1007", tocsin.Low},
	{"drsuapi", "DRSGetNCChanges", "read", "credential-access", "T1003.006", tocsin.Medium},
	{"samr", "SamrEnumerate", "list", "discovery", "T1087.002", tocsin.Low},
	{"samr", "SamrQueryDisplay", "list", "discovery", "T1087.002", tocsin.Low},
	{"samr", "SamrGetMembers", "list", "discovery", "T1069.002", tocsin.Low},
	{"samr", "SamrSetInformationUser", "change", "persistence", "T1098", tocsin.Low},
	{"samr", "SamrCreateUser", "create", "persistence", "T1136.002", tocsin.Low},
	{"srvsvc", "NetrSessionEnum", "list", "discovery", "T1049", tocsin.Low},
	{"srvsvc", "NetrShareEnum", "list", "discovery", "T1135", tocsin.Low},
	{"wkssvc", "NetrWkstaUserEnum", "list", "discovery", "T1033", tocsin.Low},
	{"ITaskSchedulerService", "SchRpcRegisterTask", "create", "lateral-movement", "T1053.005", tocsin.Medium},
	{"ITaskSchedulerService", "SchRpcRun", "run", "lateral-movement", "T1053.005", tocsin.Medium},
	{"atsvc", "NetrJobAdd", "create", "lateral-movement", "T1053.002", tocsin.Medium},
	{"winreg", "BaseRegSaveKey", "read", "credential-access", "T1003.002", tocsin.Medium},
	{"winreg", "Open", "list", "discovery", "T1012", tocsin.Low},
	{"IWbemServices", "ExecMethod", "run", "lateral-movement", "T1047", tocsin.Medium},
	{"IWbemServices", "ExecQuery", "list", "discovery", "T1047", tocsin.Low},
	{"IRemoteWinspool", "", "run", "privilege-escalation", "T1068", tocsin.Low},
	{"spoolss", "RpcAddPrinterDriver", "run", "privilege-escalation", "T1068", tocsin.Medium},
	{"efsrpc", "", "run", "credential-access", "T1187", tocsin.Medium},
	{"lsarpc", "LsarLookupNames", "list", "", "", tocsin.Informational},
}

// interfaces name, by their UUIDs, the interfaces whose calls some sensors give by number only.
var interfaces = map[string]struct {
	endpoint string
	calls    map[string]string
}{
	"367abb81-9844-35f1-ad32-98f038001003": {"svcctl", map[string]string{"11": "ChangeServiceConfigW", "12": "CreateServiceW", "15": "OpenSCManagerW", "19": "StartServiceW", "24": "CreateServiceA", "27": "OpenSCManagerA", "31": "StartServiceA"}},
	"e3514235-4b06-11d1-ab04-00c04fc2dcd2": {"drsuapi", map[string]string{"3": "DRSGetNCChanges"}},
	"12345778-1234-abcd-ef00-0123456789ac": {"samr", map[string]string{"11": "SamrEnumerateGroupsInDomain", "13": "SamrEnumerateUsersInDomain", "15": "SamrEnumerateAliasesInDomain", "25": "SamrGetMembersInGroup", "33": "SamrGetMembersInAlias", "50": "SamrCreateUser2InDomain", "58": "SamrSetInformationUser2"}},
	"86d35949-83c9-4044-b424-db363231fd0c": {"ITaskSchedulerService", map[string]string{"1": "SchRpcRegisterTask", "12": "SchRpcRun"}},
	"1ff70682-0a51-30e8-076d-740be8cee98b": {"atsvc", map[string]string{"0": "NetrJobAdd"}},
	"4b324fc8-1670-01d3-1278-5a47bf6ee188": {"srvsvc", map[string]string{"12": "NetrSessionEnum", "15": "NetrShareEnum"}},
	"6bffd098-a112-3610-9833-46c3f87e345a": {"wkssvc", map[string]string{"2": "NetrWkstaUserEnum"}},
	"338cd001-2244-31f1-aaaa-900038001003": {"winreg", map[string]string{"20": "BaseRegSaveKey", "31": "BaseRegSaveKeyEx"}},
	"9556dc99-828c-11cf-a37e-00aa003240c7": {"IWbemServices", map[string]string{"20": "ExecQuery", "24": "ExecMethod"}},
	"12345678-1234-abcd-ef00-0123456789ab": {"spoolss", map[string]string{"9": "RpcAddPrinterDriver", "89": "RpcAddPrinterDriverEx"}},
}

func (r *Reader) rpc(ev *tocsin.Event, n *netFacts) {
	if n.operation == "" && n.opnum != "" {
		known := interfaces[n.endpoint]
		n.endpoint, n.operation = known.endpoint, known.calls[n.opnum]
		if n.operation == "" {
			return
		}
	}
	for i := range rpcs {
		c := &rpcs[i]
		if strings.EqualFold(n.endpoint, c.endpoint) && strings.HasPrefix(n.operation, c.operation) {
			r.net(ev, n, c.verb, c.tactic, c.technique, c.level)
			r.act.Text = r.joined(n.endpoint, ": ", n.operation)
			r.act.Tool = n.endpoint
			r.out()
			return
		}
	}
}

func (r *Reader) smb(ev *tocsin.Event, n *netFacts) {
	if n.opnum != "" {
		r.rpc(ev, n)
		return
	}
	if n.outcome != "" && n.user != "" {
		r.entry(ev, n, "smb")
		return
	}
	share := n.path[strings.LastIndexByte(n.path, '\\')+1:]
	admin := strings.EqualFold(share, "ADMIN$") || len(share) == 2 && share[1] == '$'
	write := strings.HasSuffix(n.action, "WRITE") || strings.HasSuffix(n.action, "RENAME")
	if n.path == "" && n.name == "" {
		return
	}
	switch {
	case admin && program(n.name):
		r.net(ev, n, "copy", "lateral-movement", "T1570", tocsin.Medium)
	case admin:
		r.net(ev, n, "connect", "lateral-movement", "T1021.002", tocsin.Low)
	case write && program(n.name):
		r.net(ev, n, "copy", "lateral-movement", "T1570", tocsin.Low)
	default:
		return
	}
	r.act.Text = r.joined(n.path, `\`, n.name)
	r.out()
}

// ticket reads logins by Kerberos and NTLM.
func (r *Reader) ticket(ev *tocsin.Event, n *netFacts) {
	user := or(n.client, n.user)
	if user == "" || strings.Contains(before(user, '/'), "$") {
		return
	}
	name, realm, _ := strings.Cut(r.lower(user), "/")
	if realm != "" {
		name = r.joined(name, "@", realm)
	} else if d := ev.Text("domainname"); d != "" {
		name = r.joined(r.lower(d), `\`, name)
	} else if d := ev.Text("krb5.realm"); d != "" {
		name = r.joined(name, "@", r.lower(d))
	}
	failed := n.success == "false" || n.success == "F" || n.outcome == "failure"
	r.net(ev, n, "login", "", "", tocsin.Informational)
	a := &r.act
	r.target("user", name)
	a.Outcome, a.Tool, a.Text = tocsin.Worked, "kerberos", "login as "+name
	if n.client == "" {
		a.Tool = "ntlm"
	}
	switch {
	case failed && (n.reason == "" || strings.Contains(n.reason, "PREAUTH_FAILED") || strings.Contains(n.reason, "UNKNOWN") || strings.Contains(n.reason, "REVOKED")):
		a.Outcome, a.Tactic, a.Technique, a.Level = tocsin.Failed, "credential-access", "T1110", tocsin.Low
	case failed:
		return // a usual part of the protocol
	case n.success == "" && n.outcome == "" && n.client == "":
		return // a negotiation whose end was not seen
	case n.request == "TGS" && strings.HasPrefix(n.cipher, "rc4") && !strings.Contains(ev.Text("service"), "$") && !strings.HasPrefix(ev.Text("service"), "krbtgt"):
		a.Tactic, a.Technique, a.Level = "credential-access", "T1558.003", tocsin.Low
	}
	r.out()
}

// entry reads a login that a sensor saw go by: who came in, whence, and whether it worked as far as could be seen.
func (r *Reader) entry(ev *tocsin.Event, n *netFacts, service string) {
	user := or(n.user, n.cookie)
	if n.src == "" || n.dst == "" || n.outcome == "" && (service == "ftp" || service == "smb") {
		return
	}
	r.net(ev, n, "login", "", "", tocsin.Informational)
	a := &r.act
	a.Tool, a.Text = service, r.joined(service, " login to ", n.dst)
	if user != "" {
		r.target("user", r.lower(user))
	}
	switch n.outcome {
	case "success":
		a.Outcome = tocsin.Worked
	case "failure":
		a.Outcome, a.Tactic, a.Technique, a.Level = tocsin.Failed, "credential-access", "T1110", tocsin.Low
	}
	r.out()
}

// directory reads a search of a directory by its filter: a few are only asked by who looks for accounts to crack.
func (r *Reader) directory(ev *tocsin.Event, n *netFacts) {
	f := n.filter
	switch {
	case foldContains(f, "useraccountcontrol:1.2.840.113556.1.4.803:=4194304"):
		r.net(ev, n, "list", "credential-access", "T1558.004", tocsin.Medium)
	case foldContains(f, "serviceprincipalname=*)"):
		r.net(ev, n, "list", "credential-access", "T1558.003", tocsin.Low)
	case foldContains(f, "ms-mcs-admpwd"), foldContains(f, "mslaps-password"):
		r.net(ev, n, "list", "credential-access", "T1555", tocsin.Medium)
	case foldContains(f, "admincount=1"), foldContains(f, "trustedfordelegation"), foldContains(f, "useraccountcontrol:1.2.840.113556.1.4.803:=524288"), foldContains(f, "objectclass=trusteddomain"):
		r.net(ev, n, "list", "discovery", "T1087.002", tocsin.Low)
	default:
		return
	}
	r.act.Tool, r.act.Text = "ldap", f
	r.out()
}

// posted reads mail on its way. A mail server says its name in full when it greets; what greets as nobody is a program
// that sends by itself.
func (r *Reader) posted(ev *tocsin.Event, n *netFacts) {
	if !tocsin.Internet(n.dst) || !inner(n.src) {
		return
	}
	r.net(ev, n, "send", "", "", tocsin.Informational)
	if n.helo != "" && (strings.IndexByte(n.helo, '.') < 0 || n.helo[0] == '[') {
		r.act.Tactic, r.act.Technique, r.act.Level = "command-and-control", "T1071.003", tocsin.Low
	}
	r.act.Text = r.joined("mail sent straight to ", n.dst, "")
	r.out()
}
