package action

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// cloudFacts are the fields of cloud platforms' audit logs.
type cloudFacts struct {
	address, principal, account, key, call, record, service, failed, agent, invoked, resource, namespace, verb, sub, name, thing, code, user, kind, command string
	outcome                                                                                                                                                 tocsin.Outcome
}

func (c *cloudFacts) read(ev *tocsin.Event) {
	*c = cloudFacts{}
	for i := range ev.Fields {
		v := ev.Fields[i].Value
		switch cloudSlots.slot(ev.Fields[i].Name) {
		case cloudAddress:
			set(&c.address, v)
		case cloudPrincipal:
			set(&c.principal, v)
		case cloudAccount:
			set(&c.account, v)
		case cloudKey:
			set(&c.key, v)
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
	c.address = address(c.address)
	set(&c.call, c.record)
}

// cloudCalls tell what calls of cloud platforms are for, by the words of their names; the first that fits decides. A
// word stands for any part of a name that begins with it in upper case, or for a whole call where it has a dot or blank.
var cloudCalls = []struct {
	words             string
	verb              string
	tactic, technique string
	level             tocsin.Level
}{
	{"StopLogging|DeleteTrail|DeleteFlowLogs|DeleteDetector|UpdateDetector|PutEventSelectors|DisableSecurityHub|DeleteConfigRule|DeleteConfigurationRecorder|StopConfigurationRecorder|DeleteResolverQueryLogConfig|DeleteMembers|Set-AdminAuditLogConfig|Set-MailboxAuditBypassAssociation|UnifiedAuditLogIngestion|sinks.delete|diagnosticSettings/delete", "stop", "defense-impairment", "T1562.008", tocsin.Medium},
	{"CreateAccessKey|CreateServiceSpecificCredential|ImportKeyPair|CreateKeyPair|UploadSSHPublicKey|CreateServiceAccountKey|serviceAccountKeys|Add service principal credentials|Certificates and secrets", "create", "persistence", "T1098.001", tocsin.Medium},
	{"CreateLoginProfile|UpdateLoginProfile", "create", "persistence", "T1098", tocsin.Medium},
	{"Disable Strong Authentication|DeactivateMFADevice|DeleteVirtualMFADevice|user.mfa.factor.deactivate|user.mfa.factor.reset_all|policy.lifecycle.deactivate", "change", "persistence", "T1556.006", tocsin.Medium},
	{"CreateTrustAnchor|CreateSAMLProvider|UpdateSAMLProvider|CreateOpenIDConnectProvider|Set federation settings|Set domain authentication|system.idp.lifecycle.create", "create", "privilege-escalation", "T1484.002", tocsin.Low},
	{"CreateUser|Add user|user.lifecycle.create|directory.users.create", "create", "persistence", "T1136.003", tocsin.Low},
	{"AuthorizeSecurityGroupIngress|networkSecurityGroups/securityRules/write|compute.firewalls.insert", "change", "defense-impairment", "T1562.007", tocsin.Low},
	{"AttachUserPolicy|PutUserPolicy|AttachRolePolicy|PutRolePolicy|AddUserToGroup|CreatePolicyVersion|SetDefaultPolicyVersion|UpdateAssumeRolePolicy|AddRoleToInstanceProfile|SetIamPolicy|Add member to role|roleAssignments/write|Add app role assignment|Consent to application|user.account.privilege.grant|group.user_membership.add", "grant", "privilege-escalation", "T1098.003", tocsin.Low},
	{"GetSecretValue|BatchGetSecretValue|GetParametersByPath|GetPasswordData|secretmanager|SecretGet|listKeys|AccessSecretVersion|GetFederationToken|GetSessionToken", "read", "credential-access", "T1552", tocsin.Low},
	{"GetCredentialReport|GetAccountAuthorizationDetails|SimulatePrincipalPolicy", "list", "discovery", "T1087.004", tocsin.Low},
	{"PutBucketPolicy|PutBucketAcl|ModifySnapshotAttribute|ModifyImageAttribute|SharedSnapshot|ModifyDBSnapshotAttribute|PutBucketReplication|CreateExportTask|AnonymousLinkCreated|SharingSet", "grant", "exfiltration", "T1537", tocsin.Low},
	{"New-InboxRule|Set-InboxRule|UpdateInboxRules|Set-Mailbox|Set-CASMailbox|New-TransportRule|Add-MailboxPermission|MailItemsAccessed", "change", "collection", "T1114", tocsin.Low},
	{"SendCommand|ExecuteCommand|StartSession|runCommand|UpdateFunctionCode|ModifyInstanceAttribute|SendSSHPublicKey|SendSerialConsole", "run", "execution", "T1651", tocsin.Low},
	{"DeleteBucket|DeleteObjects|DeleteDBInstance|DeleteDBCluster|DeleteSnapshot|ScheduleKeyDeletion|DisableKey|TerminateInstances|DeleteVolume|vaults/delete", "delete", "impact", "T1485", tocsin.Low},
	{"InvokeModel|PutUseCaseForModelAccess|CreateFoundationModelAgreement", "run", "impact", "T1496", tocsin.Informational},
	{"LeaveOrganization|PutBucketLifecycle", "change", "defense-impairment", "T1562.008", tocsin.Low},
	{"ConsoleLogin|UserLoggedIn|UserLoginFailed|Sign-in|user.session.start|user.authentication", "login", "", "", tocsin.Informational},
	{"AssumeRole", "login", "", "", tocsin.Informational},
	{"GetCallerIdentity", "list", "discovery", "T1087.004", tocsin.Low},
	{"ListUsers|ListRoles|ListGroups|ListPolicies|ListAttached|ListUserPolicies|GetUser|ListAccessKeys|GetAccountSummary|ListAccountAliases", "list", "discovery", "T1087.004", tocsin.Low},
	{"ListBuckets|DescribeInstances|ListFunctions|DescribeDBInstances|DescribeSnapshots|ListSecrets|DescribeParameters|ListKeys|DescribeVpcs|DescribeSecurityGroups|ListTables|ListClusters|DescribeRegions|GetSendQuota|ListFoundationModels", "list", "discovery", "T1580", tocsin.Informational},
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
	r.doer("address", c.address)
	r.doer("principal", r.lower(who))
	if c.key != "" {
		a.Credential = r.keyID(c.key)
	}
	switch {
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
	a.Tool = r.lower(tool(c.agent))
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
		if i := r.cloudCall(c.call); i >= 0 {
			k := &cloudCalls[i]
			a.Verb, a.Tactic, a.Technique, a.Level = k.verb, k.tactic, k.technique, k.level
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
				a.Tactic, a.Technique, a.Level = "collection", "T1530", tocsin.Low
			}
		}
		if c.call == "AssumeRole" && (a.Outcome == tocsin.Failed || a.Outcome == tocsin.Denied) {
			a.Tactic, a.Technique, a.Level = "privilege-escalation", "T1548.005", tocsin.Low
		} else if c.kind == "login_failed" || c.kind == "invalid_user" || a.Verb == "login" && (a.Outcome == tocsin.Failed || a.Outcome == tocsin.Denied) {
			a.Verb, a.Tactic, a.Technique, a.Level, a.Outcome = "login", "credential-access", "T1110", tocsin.Low, tocsin.Failed
		}
		if a.Outcome == tocsin.Denied && a.Level < tocsin.Low {
			a.Level = tocsin.Low
			if a.Verb == "list" || a.Verb == "read" {
				a.Tactic, a.Technique = "discovery", "T1580"
			}
		}
	}
	if c.invoked != "" && strings.HasSuffix(c.invoked, ".amazonaws.com") {
		a.Level, a.Tactic, a.Technique = tocsin.Informational, "", ""
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
		r.doer("address", c.address)
		r.doer("principal", r.lower(or(c.principal, c.user)))
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

// cloudCall finds a call's line in cloudCalls, or -1; it is looked for once for calls met often.
func (r *Reader) cloudCall(call string) int {
	if i, ok := r.calls[call]; ok {
		return i
	}
	at := -1
	for i := range cloudCalls {
		if callIs(call, cloudCalls[i].words) {
			at = i
			break
		}
	}
	if r.calls == nil || len(r.calls) >= 1<<12 {
		r.calls = map[string]int{}
	}
	r.calls[strings.Clone(call)] = at
	return at
}

// callIs says whether a call is one of those that words name.
func callIs(call, words string) bool {
	if call == "" {
		return false
	}
	if len(call) > 256 {
		call = call[:256]
	}
	for w := range strings.SplitSeq(words, "|") {
		if i := strings.Index(call, w); i >= 0 && (i == 0 || strings.ContainsAny(w, ".-/ ") || call[i-1] < 'A' || call[i-1] > 'Z') {
			return true
		}
	}
	return false
}

// cluster reads an audit record of Kubernetes. https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
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
	workload := strings.HasPrefix(c.user, "system:serviceaccount:") || c.user == "system:anonymous"
	switch {
	case c.resource == "pods" && (c.sub == "exec" || c.sub == "attach"):
		a.Verb, a.Tactic, a.Technique, a.Level = "run", "execution", "T1609", tocsin.Low
		if workload {
			a.Level = tocsin.Medium
		}
	case c.resource == "secrets" && (c.verb == "list" || c.verb == "get"):
		a.Tactic, a.Technique, a.Level = "credential-access", "T1552.007", tocsin.Low
		if workload && c.verb == "list" {
			a.Level = tocsin.Medium
		}
	case (c.resource == "clusterrolebindings" || c.resource == "rolebindings") && a.Verb == "create":
		a.Verb, a.Tactic, a.Technique, a.Level = "grant", "persistence", "T1098.006", tocsin.Low
	case c.resource == "selfsubjectaccessreviews" || c.resource == "selfsubjectrulesreviews":
		a.Tactic, a.Technique, a.Level = "discovery", "T1613", tocsin.Low
	case c.resource == "pods" && a.Verb == "create", c.resource == "daemonsets" && a.Verb == "create", c.resource == "cronjobs" && a.Verb == "create":
		a.Tactic, a.Technique, a.Level = "execution", "T1610", tocsin.Informational
		if workload {
			a.Level = tocsin.Low
		}
	case a.Outcome == tocsin.Denied && workload:
		a.Tactic, a.Technique, a.Level = "discovery", "T1613", tocsin.Low
	case workload && a.Verb == "list" && c.namespace == "":
		a.Tactic, a.Technique, a.Level = "discovery", "T1613", tocsin.Low
	}
}
