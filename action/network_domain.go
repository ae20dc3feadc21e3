package action

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

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
	if is := r.know.called(onRPC, r.lower(n.endpoint), r.lower(n.operation)); is != nil {
		r.net(ev, n, "run")
		r.means(is)
		r.act.Text = r.joined(n.endpoint, ": ", n.operation)
		r.act.Tool = n.endpoint
		r.out()
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
		r.net(ev, n, "copy")
		r.found(foundShareProgramAdmin)
	case admin:
		r.net(ev, n, "connect")
		r.found(foundShareAdmin)
	case write && program(n.name):
		r.net(ev, n, "copy")
		r.found(foundShareProgram)
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
	r.net(ev, n, "login")
	a := &r.act
	r.target("user", name)
	a.Outcome, a.Tool, a.Text = tocsin.Worked, "kerberos", "login as "+name
	if n.client == "" {
		a.Tool = "ntlm"
	}
	switch {
	case failed && (n.reason == "" || strings.Contains(n.reason, "PREAUTH_FAILED") || strings.Contains(n.reason, "UNKNOWN") || strings.Contains(n.reason, "REVOKED")):
		r.found(foundLoginFailed)
		a.Outcome = tocsin.Failed
	case failed:
		return // a usual part of the protocol
	case n.success == "" && n.outcome == "" && n.client == "":
		return // a negotiation whose end was not seen
	case n.request == "TGS" && strings.HasPrefix(n.cipher, "rc4") && !strings.Contains(ev.Text("service"), "$") && !strings.HasPrefix(ev.Text("service"), "krbtgt"):
		r.found(foundServiceTicketRC4)
	}
	r.out()
}

// entry reads a login that a sensor saw go by: who came in, whence, and whether it worked as far as could be seen.
func (r *Reader) entry(ev *tocsin.Event, n *netFacts, service string) {
	user := or(n.user, n.cookie)
	if n.src == "" || n.dst == "" || n.outcome == "" && (service == "ftp" || service == "smb") {
		return
	}
	r.net(ev, n, "login")
	a := &r.act
	a.Tool, a.Text = service, r.joined(service, " login to ", n.dst)
	if user != "" {
		r.target("user", r.lower(user))
	}
	switch n.outcome {
	case "success":
		a.Outcome = tocsin.Worked
	case "failure":
		r.found(foundLoginFailed)
		a.Outcome = tocsin.Failed
	}
	r.out()
}

// directory reads a search of a directory by its filter: a few are only asked by who looks for accounts to crack.
func (r *Reader) directory(ev *tocsin.Event, n *netFacts) {
	f := n.filter
	is := r.know.folded(onLDAP, f)
	if is == nil {
		return
	}
	r.net(ev, n, "list")
	r.means(is)
	r.act.Tool, r.act.Text = "ldap", f
	r.out()
}

// posted reads mail on its way. A mail server says its name in full when it greets; what greets as nobody is a program
// that sends by itself.
func (r *Reader) posted(ev *tocsin.Event, n *netFacts) {
	if !tocsin.Internet(n.dst) || !inner(n.src) {
		return
	}
	r.net(ev, n, "send")
	if n.helo != "" && (strings.IndexByte(n.helo, '.') < 0 || n.helo[0] == '[') {
		r.found(foundMailStraight)
	}
	r.act.Text = r.joined("mail sent straight to ", n.dst, "")
	r.out()
}
