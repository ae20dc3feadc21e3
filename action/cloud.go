package action

import (
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// cloudFacts are the fields of cloud platforms' audit logs.
type cloudFacts struct {
	address, principal, account, key, call, record, service, failed, agent, invoked, resource, namespace, verb, sub, name, thing, code, user, kind, command string
	began, session, minted, from                                                                                                                            string
	outcome                                                                                                                                                 tocsin.Outcome
}

func (c *cloudFacts) read(ev *tocsin.Event) {
	*c = cloudFacts{}
	for i := range ev.Fields {
		v := ev.Fields[i].Value
		switch cloudSlots.Slot(ev.Fields[i].Name) {
		case cloudAddress:
			set(&c.address, v)
		case cloudPrincipal:
			set(&c.principal, v)
		case cloudAccount:
			set(&c.account, v)
		case cloudKey:
			set(&c.key, v)
		case cloudBegan:
			set(&c.began, v)
		case cloudSession:
			set(&c.session, v)
		case cloudResult: // Okta's
			if v == "DENY" {
				c.failed = "denied"
			}
		case cloudMinted:
			set(&c.minted, v)
		case cloudCall:
			set(&c.call, v)
		case cloudRecord: // Okta's name of the call; with AWS only the kind of record
			set(&c.record, v)
		case cloudService:
			set(&c.service, v)
		case cloudFailed:
			set(&c.failed, v)
		case cloudAgent:
			set(&c.agent, v)
		case cloudInvoked:
			set(&c.invoked, v)
		case cloudResource:
			set(&c.resource, v)
		case cloudSub:
			set(&c.sub, v)
		case cloudNamespace:
			set(&c.namespace, v)
		case cloudName:
			set(&c.name, v)
		case cloudThing:
			set(&c.thing, v)
		case cloudObject:
			switch {
			case v == "Unknown" || v == "Not Available":
			case strings.IndexByte(v, '@') > 0:
				set(&c.name, v)
			default:
				set(&c.thing, v)
			}
		case cloudCommand:
			set(&c.command, v)
		case cloudVerb:
			set(&c.verb, v)
		case cloudCode:
			set(&c.code, v)
		case cloudUser:
			set(&c.user, v)
		case cloudKind:
			set(&c.kind, v)
		case cloudOutcome:
			switch v {
			case "success":
				c.outcome = tocsin.Worked
			case "failure":
				c.outcome = tocsin.Failed
			}
		}
	}
	if c.from = c.address; c.from != "" {
		c.address = address(c.address)
	}
	c.agent = strings.TrimSuffix(strings.TrimPrefix(c.agent, "["), "]") // as S3 writes it
	set(&c.call, c.record)
}

// cloud reads an audit record of a cloud platform.
func (r *Reader) cloud(ev *tocsin.Event) {
	for i := range ev.Sources {
		if ev.Sources[i].Product == "alert" { // a finding of the platform's own detectors
			r.alert(ev)
			return
		}
	}
	var c cloudFacts
	c.read(ev)
	r.begin(ev)
	a := &r.act
	who := or(c.principal, c.user)
	if who == "" && c.address == "" && len(r.held) == 0 {
		return
	}
	if c.account != "" {
		a.Org = c.account
		if ev.Sources[0].Product == "aws" {
			a.Org = r.joined("aws:", c.account, "")
		}
	}
	a.Log = "api"
	r.calledBy(&c)
	if c.key != "" {
		a.Credential = r.keyID(c.key)
	}
	if c.minted != "" && c.minted != c.key {
		r.handsOut(c.minted)
	}
	switch {
	case c.failed == "" && c.kind == "denied":
		a.Outcome = tocsin.Denied
	case c.failed == "":
		a.Outcome = c.outcome
		if a.Outcome == tocsin.Unknown {
			a.Outcome = tocsin.Worked
		}
	case foldContains(c.failed, "denied") || foldContains(c.failed, "unauthorized") || foldContains(c.failed, "forbidden"):
		a.Outcome = tocsin.Denied
	case foldContains(c.failed, "dryrun"):
		a.Outcome = tocsin.Unknown
	default:
		a.Outcome = tocsin.Failed
	}
	a.Tool = r.clientName(c.agent)
	a.Verb, a.Level = "request", tocsin.Informational
	if ev.Sources[0].Product == "kubernetes" {
		if r.cluster(&c); c.command != "" && a.Technique == "T1609" {
			r.inPod(ev, &c)
			return
		}
	} else {
		a.Text = or(c.call, c.kind)
		if c.service != "" {
			a.Text = r.joined(before(c.service, '.'), ":", c.call)
		}
		if is := r.cloudCall(c.call); is != nil {
			r.means(is)
		}
		if a.Verb == "request" {
			switch {
			case strings.HasPrefix(c.call, "List"), strings.HasPrefix(c.call, "Describe"):
				a.Verb = "list"
			case strings.HasPrefix(c.call, "Get"):
				a.Verb = "read"
			case strings.HasPrefix(c.call, "Create"), strings.HasPrefix(c.call, "Run"), strings.HasPrefix(c.call, "Add"):
				a.Verb = "create"
			case strings.HasPrefix(c.call, "Delete"), strings.HasPrefix(c.call, "Remove"):
				a.Verb = "delete"
			case strings.HasPrefix(c.call, "Put"), strings.HasPrefix(c.call, "Update"), strings.HasPrefix(c.call, "Modify"), strings.HasPrefix(c.call, "Set"):
				a.Verb = "change"
			}
			if (a.Verb == "read" || a.Verb == "list") && strings.HasPrefix(c.service, "s3.") && instanceRole(c.principal) && !browser(c.agent) {
				r.found(foundStoreReadByMachine)
			}
		}
		if c.call == "AssumeRole" && (a.Outcome == tocsin.Failed || a.Outcome == tocsin.Denied) {
			r.found(foundRoleRefused)
		} else if c.kind == "login_failed" || c.kind == "invalid_user" || a.Verb == "login" && (a.Outcome == tocsin.Failed || a.Outcome == tocsin.Denied) {
			r.found(foundLoginFailed)
			a.Outcome = tocsin.Failed
			if len(a.Who) > 1 && a.Who[0].Kind == "caller" && c.address != "" { // who failed to be somebody is not he
				a.Who = a.Who[1:]
			}
		}
		if a.Outcome == tocsin.Denied && a.Level < tocsin.Low {
			tactic, technique := a.Tactic, a.Technique
			r.found(foundCloudRefused)
			if a.Verb != "list" && a.Verb != "read" {
				a.Tactic, a.Technique = tactic, technique
			}
		}
	}
	if c.invoked != "" && strings.HasSuffix(c.invoked, ".amazonaws.com") {
		r.nothing()
	}
	if c.name != "" {
		r.target("principal", r.lower(c.name))
	}
	r.target("file", c.thing)
	if a.Level >= tocsin.Low && c.agent != "" && !browser(c.agent) {
		r.mark("agent", c.agent)
	}
	r.out()
}

// calledBy adds who made a call: the caller, then its address and principal, by which it is found in other logs.
func (r *Reader) calledBy(c *cloudFacts) {
	who := or(c.principal, c.user)
	if who != "" && !r.know.listed("cloud-nobody", strings.ToLower(who)) {
		r.doer("caller", r.callerOf(c, who))
	}
	r.doer("address", c.address)
	r.doer("principal", r.lower(who))
}

// handsOut notes the key that a call made, by which whoever uses it next is tied to who had it made.
func (r *Reader) handsOut(key string) {
	if p := r.keyID(key); p != "" && len(r.act.Marks) < cap(r.act.Marks) {
		r.act.Marks = append(r.act.Marks, p)
	}
}

// clientName is the program that calls, without its version.
func (r *Reader) clientName(agent string) string {
	low := r.lower(agent)
	if b := r.know.builder(low); b != "" {
		return b
	}
	return tool(low)
}

// instanceRole says that a principal is the role of a virtual machine, whose credentials only that machine has: its session
// is named after the machine. That a program asks for stored data with them is how taken ones are used.
func instanceRole(principal string) bool {
	i := strings.LastIndexByte(principal, '/')
	return i >= 0 && strings.HasPrefix(principal[i+1:], "i-") && strings.Contains(principal[:i], ":assumed-role/")
}

// inPod tells what was run in a container: that it was, and what its command means where that says more.
func (r *Reader) inPod(ev *tocsin.Event, c *cloudFacts) {
	is := r.command(c.command, posix)
	telling := false
	for i := range is.mean {
		telling = telling || is.mean[i].Level >= tocsin.Low
	}
	org, outcome := r.act.Org, r.act.Outcome
	r.act.Text, r.masked = "exec in "+or(c.thing, "a container")+": "+is.text, true
	if !telling {
		r.credentials(is.secrets)
	}
	r.target("file", c.thing)
	r.out()
	if !telling {
		return
	}
	r.f = facts{}
	r.commands(ev, c.command, posix, func() {
		r.calledBy(c)
		r.act.Org = org
		r.target("file", c.thing)
	}, outcome)
}

// keyID is the fingerprint of a key by its name or public part, made once for those met often.
func (r *Reader) keyID(id string) string {
	if p, ok := r.keyIDs[id]; ok {
		return p
	}
	if r.keyIDs == nil || len(r.keyIDs) >= 1<<12 {
		r.keyIDs = map[string]string{}
	}
	id = strings.Clone(id)
	r.keyIDs[id] = r.fingerprint(id)
	return r.keyIDs[id]
}

// cloudCall is what is known of a call, or nil; it is looked for once for calls met often.
func (r *Reader) cloudCall(call string) *row {
	if is, ok := r.calls[call]; ok {
		return is
	}
	is := r.know.first(onCloud, call[:min(len(call), 256)])
	if is == nil && call == strings.ToUpper(call) {
		is = r.know.capitals(call[:min(len(call), 256)])
	}
	if r.calls == nil || len(r.calls) >= 1<<12 {
		r.calls = map[string]*row{}
	}
	r.calls[strings.Clone(call)] = is
	return is
}

// capitals is the row for a call in capitals, as Azure's activity log exports them: MICROSOFT.COMPUTE/DISKS/WRITE. A word begins
// where no letter is before it.
func (k *Knowledge) capitals(call string) *row {
	call = strings.ToLower(call)
	holds := func(words alternative) bool {
		for i := range words {
			w := strings.ToLower(words[i].text)
			at := strings.Index(call, w)
			if at < 0 || at > 0 && letter(call[at-1]) || words[i].head && at > 0 || words[i].tail && !strings.HasSuffix(call, w) {
				return false
			}
		}
		return true
	}
	for _, r := range k.of[onCloud] {
		if !slices.ContainsFunc(r.has, func(c clause) bool { return !slices.ContainsFunc(c, holds) }) && !slices.ContainsFunc(r.not, holds) {
			return r
		}
	}
	return nil
}

// cluster reads an audit record of Kubernetes. What it means is looked up by a line such as
// "workload create pods/exec in shop denied": a workload or a person, the call, the namespace or * for all, the outcome.
// https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
func (r *Reader) cluster(c *cloudFacts) {
	a := &r.act
	a.Text = c.verb + " " + c.resource
	if c.namespace != "" {
		a.Text += " in " + c.namespace
	}
	switch c.verb {
	case "get", "watch":
		a.Verb = "read"
	case "list":
		a.Verb = "list"
	case "create":
		a.Verb = "create"
	case "update", "patch":
		a.Verb = "change"
	case "delete", "deletecollection":
		a.Verb = "delete"
	}
	switch c.code {
	case "401", "403":
		a.Outcome = tocsin.Denied
	case "404", "409", "422", "500":
		a.Outcome = tocsin.Failed
	}
	system := strings.HasPrefix(c.user, "system:") && !strings.HasPrefix(c.user, "system:serviceaccount:") && c.user != "system:anonymous" || strings.HasPrefix(c.user, "system:serviceaccount:kube-system:")
	if system {
		return
	}
	who, scope, ended := "person ", "*", a.Outcome.String()
	if strings.HasPrefix(c.user, "system:serviceaccount:") || c.user == "system:anonymous" {
		who = "workload "
	}
	if c.namespace != "" {
		scope = c.namespace
	}
	resource := c.resource
	if c.sub != "" {
		resource = r.joined(c.resource, "/", c.sub)
	}
	if is := r.know.first(onKubernetes, r.joined(who, r.joined(c.verb, " ", resource), r.joined(" in ", r.joined(scope, " ", ended), ""))); is != nil {
		r.means(is)
	}
}
