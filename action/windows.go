package action

import (
	"net/netip"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// winFacts are the fields of Windows events that say who did what.
type winFacts struct {
	id, provider, user, domain, logon, targetUser, targetDomain, targetLogon, logonType, address, workstation string
	command, parent, image, target, access, ticket, service, servicePath, task, share, relative               string
	dst, dport, query, script, pipe, targetImage, group, status, key, original                                string
}

func (w *winFacts) read(ev *tocsin.Event) {
	for i := range ev.Fields {
		v := ev.Fields[i].Value
		switch winSlots.Slot(ev.Fields[i].Name) {
		case winID:
			set(&w.id, v)
		case winProvider:
			set(&w.provider, v)
		case winUser:
			set(&w.user, v)
		case winDomain:
			set(&w.domain, v)
		case winLogon:
			set(&w.logon, v)
		case winTargetUser:
			set(&w.targetUser, v)
		case winTargetDomain:
			set(&w.targetDomain, v)
		case winTargetLogon:
			set(&w.targetLogon, v)
		case winLogonType:
			set(&w.logonType, v)
		case winAddress:
			if w.address == "" {
				w.address = address(v)
			}
		case winWorkstation:
			set(&w.workstation, v)
		case winCommand:
			set(&w.command, v)
		case winParent:
			set(&w.parent, v)
		case winImage:
			set(&w.image, v)
		case winTarget:
			set(&w.target, v)
		case winAccess:
			set(&w.access, v)
		case winTicket:
			set(&w.ticket, v)
		case winService:
			set(&w.service, v)
		case winServicePath:
			set(&w.servicePath, v)
		case winTask:
			set(&w.task, v)
		case winShare:
			set(&w.share, v)
		case winRelative:
			set(&w.relative, v)
		case winDst:
			if w.dst == "" {
				w.dst = address(v)
			}
		case winDport:
			set(&w.dport, v)
		case winQuery:
			set(&w.query, v)
		case winScript:
			set(&w.script, v)
		case winPipe:
			set(&w.pipe, v)
		case winTargetImage:
			set(&w.targetImage, v)
		case winGroup:
			set(&w.group, v)
		case winStatus:
			set(&w.status, v)
		case winKey:
			set(&w.key, v)
		case winOriginal:
			set(&w.original, v)
		}
	}
}

// windows reads events of Windows logs. Ids are Microsoft's and Sysmon's:
// https://learn.microsoft.com/windows/security/threat-protection/auditing,
// https://learn.microsoft.com/sysinternals/downloads/sysmon.
func (r *Reader) windows(ev *tocsin.Event) {
	if len(r.held) > 0 || !r.know.quietEvent(ev) || r.maybeLogged(ev) {
		r.windowsWhole(ev)
	}
}

func (r *Reader) windowsWhole(ev *tocsin.Event) {
	var w winFacts
	w.read(ev)
	if w.provider == "" || w.id == "" {
		r.f.read(ev)
		r.host(ev)
		return
	}
	sysmon := strings.HasSuffix(w.provider, "Sysmon")
	switch {
	case sysmon:
		r.sysmon(ev, &w)
	case strings.HasSuffix(w.provider, "Security-Auditing"):
		r.security(ev, &w)
	default:
		r.channel(ev, &w)
	}
	r.logged(ev, &w)
	if r.n == 0 && len(r.held) > 0 {
		r.deed(ev, &w, "run")
		a := &r.act
		r.commandText("", or(w.command, or(w.target, or(w.targetImage, or(w.image, w.script)))))
		a.Tool = r.base(w.image)
		r.out()
	}
}

// winTexts are events that are told only if one of their fields holds what a row looks for, by provider and id. Without a rule
// that held, most events are of no other kind, and so are not read further.
var winTexts = map[string]struct {
	slot uint8
	on   kind
}{
	"Sysmon 10": {winTargetImage, onProgram},
	"Sysmon 11": {winTarget, onFile}, "Sysmon 15": {winTarget, onFile},
	"Sysmon 12": {winTarget, onRegistry}, "Sysmon 13": {winTarget, onRegistry}, "Sysmon 14": {winTarget, onRegistry},
	"Sysmon 17": {winPipe, onPipe}, "Sysmon 18": {winPipe, onPipe},
}

// winIDs are the events that sysmon, security and channel read, by the last word of the provider's name.
var winIDs = map[string]map[string]bool{
	"Sysmon":            wordSet("1 3 8 10 11 12 13 14 15 17 18 19 20 21 22 25"),
	"Security-Auditing": wordSet("4624 4625 4648 4768 4769 4771 4776 4688 4697 4657 4698 4702 4720 4722 4738 4724 4728 4732 4756 4726 4765 4766 4794 5136 1102 4719 5140 5145 4662 4663 4656"),
	"":                  wordSet("7040 7045 104 1102 4104 4103 400 800 1149 21 25 1116 1117 5001 5007 5857 5860 5861 15457"),
}

// quietEvent says that an event for which no rule held is not told, by as few of its fields as say so.
func (k *Knowledge) quietEvent(ev *tocsin.Event) bool {
	id, provider := eventOf(ev)
	if id == "" || provider == "" {
		return false
	}
	name := ""
	for _, n := range [...]string{"Sysmon", "Security-Auditing"} {
		if strings.HasSuffix(provider, n) {
			name = n
			break
		}
	}
	if !winIDs[name][id] {
		return true
	}
	if name != "Sysmon" {
		return false
	}
	var buf [32]byte
	is, ok := winTexts[string(append(append(append(buf[:0], name...), ' '), id...))]
	if !ok {
		return false
	}
	value := ""
	for i := 0; i < len(ev.Fields) && value == ""; i++ {
		if winSlots.Slot(ev.Fields[i].Name) == is.slot {
			set(&value, ev.Fields[i].Value)
		}
	}
	switch is.on {
	case onProgram:
		return !foldContains(value, "lsass")
	case onFile:
		return !k.quick[onFile].in(value) && !foldPrefix(value, `c:\windows\`)
	}
	if is.on == onRegistry && k.quick[onSetting].in(value) {
		return false
	}
	return !k.quick[is.on].in(value)
}

// eventOf is the id of an event and the provider that wrote it.
func eventOf(ev *tocsin.Event) (id, provider string) {
	for i := 0; i < len(ev.Fields) && (id == "" || provider == ""); i++ {
		switch winSlots.Slot(ev.Fields[i].Name) {
		case winID:
			set(&id, ev.Fields[i].Value)
		case winProvider:
			set(&provider, ev.Fields[i].Value)
		}
	}
	return id, provider
}

// deed begins an action of whoever the event names as subject.
func (r *Reader) deed(ev *tocsin.Event, w *winFacts, verb string) {
	r.begin(ev)
	r.subject(w)
	r.target("host", r.act.Host)
	r.act.Verb, r.act.Level = verb, informational
}

// did is deed, with the meaning of a row.
func (r *Reader) did(ev *tocsin.Event, w *winFacts, is *row) {
	r.deed(ev, w, is.verb)
	r.means(is)
}

// subject fills in who did something: the logon session, then the account. What the system itself does is nobody's, and
// so the machine's.
func (r *Reader) subject(w *winFacts) {
	host := r.act.Host
	user := r.winAccount(w.user, w.domain)
	switch r.lower(w.logon) {
	case "", "0x0", "0x3e7", "0x3e4", "0x3e5":
	default:
		if host != "" {
			r.doer("session", r.joined(host, "/", r.lower(w.logon)))
		}
	}
	r.doer("user", user)
}

// winAccount is an account as DOMAIN\name; the machine's own are none.
func (r *Reader) winAccount(user, domain string) string {
	if user == "" || user == "-" || strings.HasPrefix(user, "S-1-") {
		return ""
	}
	if d, u, ok := strings.Cut(user, `\`); ok {
		domain, user = d, u
	}
	switch {
	case strings.HasSuffix(user, "$"), strings.EqualFold(user, "SYSTEM"), strings.EqualFold(user, "LOCAL SERVICE"), strings.EqualFold(user, "NETWORK SERVICE"), strings.EqualFold(user, "ANONYMOUS LOGON"),
		strings.HasPrefix(user, "DWM-"), strings.HasPrefix(user, "UMFD-"):
		return ""
	}
	if domain == "" || domain == "-" {
		domain = r.act.Host
	}
	if strings.Contains(user, "@") {
		return r.lower(user)
	}
	return r.joined(r.lower(domain), `\`, r.lower(user))
}

func (r *Reader) security(ev *tocsin.Event, w *winFacts) {
	a := &r.act
	switch w.id {
	case "4624", "4625", "4648", "4768", "4769", "4771", "4776":
		r.winLogin(ev, w)
	case "4688":
		r.process(ev, w)
	case "4697":
		r.did(ev, w, r.know.event(foundServiceRegistered))
		if r.know.inList("ordinary-service-programs", strings.ToLower(w.servicePath)) {
			r.nothing()
		}
		r.commandText(w.service+": ", w.servicePath)
		r.out()
	case "4698", "4702":
		what := foundTaskRegistered
		if r.know.inList("odd-task-programs", strings.ToLower(ev.Text("TaskContent"))) {
			what = foundTaskRegisteredOdd
		}
		r.did(ev, w, r.know.event(what))
		if strings.HasPrefix(w.task, `\Microsoft\`) {
			r.nothing() // the system's own, which it renews by itself
		}
		a.Text = w.task
		r.out()
	case "4720", "4722", "4738", "4724", "4728", "4732", "4756":
		what := foundAccountChanged
		switch w.id {
		case "4720":
			// The first account of a machine, which Windows numbers 1000, is made by its setup.
			if what = foundAccountMadeWindows; strings.HasSuffix(ev.Text("TargetSid"), "-1000") {
				what = foundAccountMade
			} else if strings.HasSuffix(w.targetUser, "$") {
				what = foundAccountHidden
			}
		case "4728", "4732", "4756":
			if what = foundMemberAdded; (w.id != "4732" || groupOf(ev.Text("MemberSid")) == "501") && r.know.listed("powerful-groups", groupOf(ev.Text("TargetSid"))) && r.winAccount(w.user, w.domain) != "" {
				// Into a machine's own group of administrators people put themselves; its guest (501) nobody does.
				what = foundMemberAddedPowerful
			}
		}
		r.did(ev, w, r.know.event(what))
		r.target("user", r.winAccount(w.targetUser, w.targetDomain))
		a.Text = a.Verb + " account " + w.targetUser
		if what == foundMemberAdded || what == foundMemberAddedPowerful {
			a.Text = "member added to " + w.targetUser
		}
		r.out()
	case "5156": // only where a rule held: every connection is one
		r.connection(ev, w)
	case "4726":
		r.did(ev, w, r.know.event(foundAccountDeleted))
		r.target("user", r.winAccount(w.targetUser, w.targetDomain))
		a.Text = "delete account " + w.targetUser
		r.out()
	case "1102":
		r.did(ev, w, r.know.event(foundSecurityLogCleared))
		a.Text = "security log cleared"
		r.out()
	case "4765", "4766":
		r.did(ev, w, r.know.event(foundSIDHistory))
		r.target("user", r.winAccount(w.targetUser, w.targetDomain))
		a.Text = "SID history of " + w.targetUser + " changed"
		r.out()
	case "4794":
		r.did(ev, w, r.know.event(foundRestorePassword))
		a.Text = "password of directory restore mode set"
		r.out()
	case "4657":
		key := w.target + `\` + ev.Text("ObjectValueName")
		value := ev.Text("NewValue")
		if ev.Text("OperationType") == "%%1906" {
			value = keyDeleted
		}
		if is := r.know.setting(key, value); is != nil {
			r.did(ev, w, is)
			a.Text, a.Tool = key+" = "+value, r.base(ev.Text("ProcessName"))
			r.out()
		}
	case "5136":
		attribute := ev.Text("AttributeLDAPDisplayName")
		if strings.HasSuffix(w.user, "$") || !r.know.listed("telling-attributes", r.lower(attribute)) {
			return
		}
		r.did(ev, w, r.know.event(foundDirectoryChanged))
		a.Text = attribute + " of " + ev.Text("ObjectDN") + " changed"
		r.out()
	case "4719":
		r.did(ev, w, r.know.event(foundAuditPolicyChanged))
		a.Text = "audit policy changed"
		r.out()
	case "5140", "5145":
		if strings.HasSuffix(w.user, "$") || w.address == "" {
			return
		}
		share := w.share[strings.LastIndexByte(w.share, '\\')+1:]
		r.begin(ev)
		r.doer("address", w.address)
		r.subject(w)
		r.target("host", a.Host)
		a.Verb, a.Level, a.Text = "read", tocsin.Informational, r.joined(w.share, `\`, w.relative)
		switch {
		case strings.EqualFold(share, "ADMIN$"), len(share) == 2 && share[1] == '$':
			r.found(foundAdminShareOpened)
			if program(w.relative) {
				r.found(foundAdminShareWritten)
			}
		case strings.EqualFold(share, "IPC$"):
			switch pipe := r.lower(w.relative); {
			case r.know.listed("exec-pipes", pipe):
				r.found(foundExecPipeOpened)
			case r.know.listed("lookup-pipes", pipe):
				r.found(foundLookupPipeOpened)
			}
		}
		r.out()
	case "4662":
		for _, guid := range [...]string{"1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2"} {
			for i := range ev.Fields {
				if ev.Fields[i].Name == "Properties" && foldContains(ev.Fields[i].Value, guid) && !strings.HasSuffix(w.user, "$") {
					r.did(ev, w, r.know.event(foundReplicationAsked))
					a.Text = "directory replication asked for by an account"
					r.out()
					return
				}
			}
		}
	case "4663", "4656":
		if len(r.held) > 0 || foldContains(w.target, `\config\sam`) || foldContains(w.target, "ntds.dit") || foldContains(w.target, "lsass.exe") && !strings.HasSuffix(w.user, "$") && r.readsMemory(w.access) {
			r.did(ev, w, r.know.event(foundSecretsOpened))
			if len(r.held) > 0 && !foldContains(w.target, "lsass") && !foldContains(w.target, "ntds") && !foldContains(w.target, `\config\sam`) {
				r.nothing()
			}
			a.Text = w.target
			r.out()
		}
	}
}

// groupOf is the last part of a group's SID, which is the same for a group that comes with Windows wherever it is:
// https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers.
func groupOf(sid string) string { return sid[strings.LastIndexByte(sid, '-')+1:] }

// process reads the start of a program.
func (r *Reader) process(ev *tocsin.Event, w *winFacts) {
	line := w.command
	if line == "" {
		line = w.image
	}
	if line == "" {
		return
	}
	r.f = facts{parent: w.parent, image: w.image}
	if was := base(w.original); was != "" && w.image != "" && was != r.base(w.image) && r.know.listed("renamed-programs", was) {
		r.f.renamed = was
		line = asProgram(line, was)
	} else if line[0] == '/' || line[0] == '-' {
		line = r.base(w.image) + " " + line // some programs are started with their arguments alone
	}
	r.commands(ev, line, startLine, func() { r.subject(w) }, tocsin.Worked)
}

func (r *Reader) sysmon(ev *tocsin.Event, w *winFacts) {
	a := &r.act
	switch w.id {
	case "1":
		r.process(ev, w)
	case "3":
		r.connection(ev, w)
	case "8":
		r.did(ev, w, r.know.event(foundRemoteThread))
		if p := strings.ToLower(w.image); r.know.inList("thread-starters", p) || r.base(w.targetImage) == "lsass" {
			r.found(foundRemoteThreadOdd)
		}
		a.Text, a.Tool = w.image+" → "+w.targetImage, r.base(w.image)
		r.out()
	case "10":
		if r.base(w.targetImage) != "lsass" || !r.readsMemory(w.access) {
			return
		}
		r.did(ev, w, r.know.event(foundLSASSRead))
		if p := strings.ToLower(w.image); strings.HasPrefix(p, `c:\windows\system32\`) && !strings.Contains(p, "rundll32") && !strings.Contains(p, "taskmgr") || strings.HasPrefix(p, `c:\program files`) || strings.HasPrefix(p, `c:\programdata\microsoft\windows defender`) {
			r.nothing() // what comes with the system and what is installed do it all day
		} else if r.know.listed("process-viewers", r.base(w.image)) && !r.know.inList("dump-libraries", strings.ToLower(ev.Text("CallTrace"))) {
			r.found(foundLSASSViewed)
		}
		a.Text, a.Tool = "memory of lsass read by "+w.image, r.base(w.image)
		r.out()
	case "11", "15":
		is := r.know.folded(onFile, w.target)
		if is == nil && program(w.target) && foldPrefix(w.target, `c:\windows\`) && strings.Count(w.target, `\`) == 2 {
			is = r.know.event(foundProgramInWindows)
		}
		if is == nil {
			return
		}
		r.did(ev, w, is)
		a.Text, a.Tool = w.target, r.base(w.image)
		r.target("file", w.target)
		r.out()
	case "12", "13", "14":
		value := w.key
		if strings.HasPrefix(ev.Text("EventType"), "Delete") {
			value = keyDeleted
		}
		is := r.know.setting(w.target, value)
		if is == nil {
			return
		}
		r.did(ev, w, is)
		a.Text, a.Tool = w.target+" = "+value, r.base(w.image)
		r.out()
	case "17", "18":
		if is := r.know.folded(onPipe, w.pipe); is != nil {
			r.did(ev, w, is)
			a.Text, a.Tool = w.pipe, r.base(w.image)
			r.out()
		}
	case "19", "20", "21":
		r.did(ev, w, r.know.event(foundWMISubscription))
		a.Text = "WMI subscription " + or(ev.Text("Name"), ev.Text("Consumer"))
		r.out()
	case "25":
		r.did(ev, w, r.know.event(foundProcessTampered))
		if r.know.inList("ordinary-service-programs", strings.ToLower(w.image)) {
			r.nothing() // browsers and protection change their own
		}
		a.Text, a.Tool = "image of "+w.image+" replaced", r.base(w.image)
		r.out()
	case "22":
		if w.query == "" {
			return
		}
		r.deed(ev, w, "resolve")
		a.On = a.On[:0]
		r.target("domain", r.lower(w.query))
		a.Text, a.Tool = w.query, r.base(w.image)
		r.out()
	}
}

// connection reads a connection that a program made.
func (r *Reader) connection(ev *tocsin.Event, w *winFacts) {
	a := &r.act
	if w.dst == "" {
		return
	}
	r.deed(ev, w, "connect")
	a.On = a.On[:0]
	r.target("address", w.dst)
	a.Tool, a.Text = r.base(w.image), r.joined(w.dst, ":", w.dport)
	if at, err := netip.ParseAddr(w.dst); err == nil && (at.IsLoopback() || at.IsLinkLocalUnicast()) {
		// the machine itself, or what its cloud answers there
	} else if r.know.listed("tools-of-the-system", a.Tool) {
		r.found(foundConnectedBySystemTool)
	}
	r.out()
}

// readsMemory says that rights to a process include reading its memory.
func (r *Reader) readsMemory(access string) bool {
	return r.know.listed("memory-rights", r.lower(access))
}

// program says that a file is one that can be run.
func program(p string) bool {
	for _, e := range [...]string{".exe", ".dll", ".ps1", ".bat", ".cmd", ".vbs", ".js", ".hta", ".scr", ".sys", ".msi", ".jar"} {
		if len(p) > len(e) && strings.EqualFold(p[len(p)-len(e):], e) {
			return true
		}
	}
	return false
}

// channel reads the other logs of Windows.
func (r *Reader) channel(ev *tocsin.Event, w *winFacts) {
	a := &r.act
	switch {
	case w.id == "7045":
		what := foundServiceInstalled
		if p := strings.ToLower(w.servicePath); r.know.inList("odd-service-programs", p) || strings.HasPrefix(p, `%systemroot%\`) && strings.Count(p, `\`) == 1 {
			what = foundServiceInstalledOdd
		}
		r.did(ev, w, r.know.event(what))
		r.commandText(w.service+": ", w.servicePath)
		r.out()
	case w.id == "7040":
		r.startType(ev, w)
	case w.id == "1102" && strings.Contains(w.provider, "Eventlog"):
		r.did(ev, w, r.know.event(foundSecurityLogCleared))
		a.Text = "security log cleared"
		r.out()
	case w.id == "104":
		what := foundLogCleared
		if r.know.listed("telling-logs", r.lower(or(ev.Text("EventData_Channel"), ev.Text("param1")))) {
			what = foundTellingLogCleared
		}
		r.did(ev, w, r.know.event(what))
		a.Text = "log cleared"
		r.out()
	case w.id == "4104" || w.id == "4103" || w.id == "400" || w.id == "800":
		if w.script == "" {
			return
		}
		r.f = facts{image: "powershell.exe"}
		r.commands(ev, w.script, powershell, func() { r.subject(w) }, tocsin.Unknown)
	case w.id == "1149" || (w.id == "21" || w.id == "25") && strings.Contains(w.provider, "TerminalServices"):
		r.begin(ev)
		r.doer("address", w.address)
		r.subject(w)
		r.target("host", a.Host)
		r.target("user", r.winAccount(or(w.targetUser, w.user), w.domain))
		a.Verb, a.Outcome, a.Level, a.Text = "login", tocsin.Worked, tocsin.Informational, "remote desktop logon"
		r.out()
	case (w.id == "1116" || w.id == "1117") && strings.Contains(w.provider, "Defender"):
		r.did(ev, w, r.know.event(foundMalware))
		a.Text = "malware found by Windows Defender"
		r.out()
	case w.id == "15457" && strings.HasPrefix(w.provider, "MSSQL"):
		if !r.know.inList("database-shells", strings.ToLower(ev.Text("Data"))) {
			return
		}
		r.did(ev, w, r.know.event(foundDatabaseShell))
		a.Text = "setting of the database changed: " + ev.Text("Data")
		r.out()
	case w.id == "5007" && strings.Contains(w.provider, "Defender"):
		key, value, _ := strings.Cut(strings.TrimSpace(ev.Text("New Value")), " = ")
		is := r.know.setting(key, value)
		if is == nil {
			return
		}
		r.did(ev, w, is)
		a.Text = ev.Text("New Value")
		r.out()
	case w.id == "5001" && strings.Contains(w.provider, "Defender"):
		r.did(ev, w, r.know.event(foundDefenderStopped))
		a.Text = "Windows Defender stopped"
		r.out()
	case (w.id == "5857" || w.id == "5860" || w.id == "5861") && strings.Contains(w.provider, "WMI"):
		if w.id == "5861" {
			r.did(ev, w, r.know.event(foundWMISubscription))
			a.Text = "WMI subscription"
			r.out()
		}
	}
}
