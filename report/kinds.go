package report

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A kind is a family of events outside Windows: its events have all the fields of need.
type kind struct {
	need  []string
	parts []part
}

// takes says that an event is of the kind.
func (k *kind) takes(ev *tocsin.Event) bool {
	for _, name := range k.need {
		if _, ok := ev.Value(name); !ok {
			return false
		}
	}
	return true
}

// kinds are tried in order: the more specific before those that share its fields.
var kinds = [...]kind{
	// AI agents' tool calls.
	{[]string{"tool", "agent"}, toolCall}, {[]string{"tool", "call_id"}, toolCall}, {[]string{"tool", "arguments"}, toolCall},
	// Web access, in the names of W3C extended logs.
	{[]string{"sc-status", "cs-method"}, []part{
		{"", "cs-method", nil}, {"Host", "cs-host|r-dns", nil}, {"Path", "cs-uri|c-uri|cs-uri-stem", nil},
		{"Status", "sc-status", httpStatus}, {"Src", "c-ip|src_ip", nil}, {"User", "cs-username", nil},
		{"Agent", "cs-user-agent|c-useragent", nil}, {"Ref", "cs-referer|cs-referrer", nil}, {"Bytes", "sc-bytes", nil},
	}},
	{[]string{"request", "c-ip"}, []part{
		{"Malformed request", "request", nil}, {"Status", "sc-status", httpStatus}, {"Src", "c-ip", nil},
	}},
	// Suricata EVE.
	{[]string{"alert.signature"}, []part{
		{"Alert", "alert.signature", nil}, {"Category", "alert.category", nil}, {"Severity", "alert.severity", nil},
		{"Src", "src_ip:src_port", nil}, {"Dst", "dest_ip:dest_port", nil}, {"Proto", "app_proto|proto", nil},
		{"Action", "alert.action", nil}, {"Host", "http.hostname|tls.sni|dns.query.rrname", nil}, {"URL", "http.url", nil},
	}},
	{[]string{"event_type", "src_ip", "dest_ip"}, []part{
		{"", "event_type", nil}, {"Src", "src_ip:src_port", nil}, {"Dst", "dest_ip:dest_port", nil},
		{"Proto", "app_proto|proto", nil}, {"Host", "http.hostname|tls.sni|dns.rrname|dns.query.rrname", nil},
		{"Method", "http.http_method", nil}, {"URL", "http.url", nil}, {"Status", "http.status", httpStatus},
		{"Agent", "http.http_user_agent", nil}, {"File", "fileinfo.filename", nil}, {"SHA256", "fileinfo.sha256", nil},
		{"Command", "smb.command|ftp.command|smtp.mail_from", nil},
	}},
	// Zeek, by its logs.
	{[]string{"id.orig_h", "qtype_name"}, zeek(part{"Query", "query", nil}, part{"Type", "qtype_name", nil}, part{"Answer", "answers", nil}, part{"Code", "rcode_name", nil})},
	{[]string{"id.orig_h", "query"}, zeek(part{"Query", "query", nil}, part{"Answer", "answers", nil}, part{"Code", "rcode_name", nil})},
	{[]string{"id.orig_h", "method", "uri"}, zeek(part{"", "method", nil}, part{"Host", "host", nil}, part{"Path", "uri", nil}, part{"Status", "status_code", httpStatus}, part{"Agent", "user_agent", nil}, part{"Ref", "referrer", nil})},
	{[]string{"id.orig_h", "conn_state"}, zeek(part{"Proto", "proto", nil}, part{"Service", "service", nil}, part{"State", "conn_state", zeekState}, part{"Sent", "orig_bytes", nil}, part{"Received", "resp_bytes", nil}, part{"Seconds", "duration", nil})},
	{[]string{"id.orig_h", "auth_success"}, zeek(part{"Success", "auth_success", nil}, part{"Tries", "auth_attempts", nil}, part{"Client", "client", nil}, part{"Server", "server", nil})},
	{[]string{"id.orig_h", "server_name"}, zeek(part{"Server name", "server_name", nil}, part{"Version", "version", nil}, part{"Subject", "subject", nil}, part{"JA3", "ja3", nil}, part{"Valid", "validation_status", nil})},
	{[]string{"id.orig_h", "request_type"}, zeek(part{"Request", "request_type", nil}, part{"Client", "client", nil}, part{"Service", "service", nil}, part{"Success", "success", nil}, part{"Error", "error_msg", nil}, part{"Cipher", "cipher", nil})},
	{[]string{"id.orig_h", "operation", "endpoint"}, zeek(part{"RPC", "endpoint", nil}, part{"Operation", "operation", nil}, part{"Pipe", "named_pipe", nil})},
	{[]string{"id.orig_h"}, zeek(part{"Action", "action|name|note|analyzer|command", nil}, part{"Path", "path", nil}, part{"Name", "filename", nil}, part{"User", "username|user", nil}, part{"Client", "client", nil}, part{"Server", "server", nil}, part{"Software", "version", nil}, part{"Message", "msg|failure_reason", nil}, part{"Cookie", "cookie", nil}, part{"Result", "result|status", nil})},
	{[]string{"fuid", "source"}, []part{{"File", "filename", nil}, {"MIME", "mime_type", nil}, {"Over", "source", nil}, {"SHA256", "sha256", nil}, {"SHA1", "sha1", nil}, {"MD5", "md5", nil}, {"Size", "total_bytes|seen_bytes", nil}, {"Src", "tx_hosts", nil}, {"Dst", "rx_hosts", nil}}},
	{[]string{"certificate.subject"}, []part{{"Subject", "certificate.subject", nil}, {"Issuer", "certificate.issuer", nil}, {"Serial", "certificate.serial", nil}, {"Until", "certificate.not_valid_after", nil}, {"Names", "san.dns", nil}}},
	{[]string{"note", "msg", "src"}, []part{{"Notice", "note", nil}, {"Message", "msg", nil}, {"Src", "src", nil}, {"Dst", "dst", nil}, {"Port", "p", nil}}},
	// Cloud audit logs.
	{[]string{"verb", "objectRef.resource"}, []part{
		{"", "verb", nil}, {"Resource", "objectRef.resource", nil}, {"Sub", "objectRef.subresource", nil}, {"Name", "objectRef.name", nil},
		{"Namespace", "objectRef.namespace", nil}, {"By", "user.username", nil}, {"As", "impersonatedUser.username", nil},
		{"Src", "sourceIPs", nil}, {"Status", "responseStatus.code", httpStatus}, {"Decision", "annotations.authorization.k8s.io/decision", nil},
		{"Image", "requestObject.spec.containers.image", nil}, {"Agent", "userAgent", nil},
	}},
	{[]string{"verb", "requestURI"}, []part{
		{"", "verb", nil}, {"Path", "requestURI", nil}, {"By", "user.username", nil}, {"Src", "sourceIPs", nil},
		{"Status", "responseStatus.code", httpStatus}, {"Agent", "userAgent", nil},
	}},
	{[]string{"Operation", "Workload"}, []part{
		{"", "Workload:Operation", nil}, {"By", "UserId", nil}, {"Src", "ClientIP|ClientIPAddress|ActorIpAddress", nil},
		{"Result", "ResultStatus", nil}, {"Object", "ObjectId", nil}, {"Error", "LogonError", nil}, {"Agent", "UserAgent", nil},
	}},
	{[]string{"protoPayload.methodName"}, []part{
		{"", "protoPayload.serviceName:protoPayload.methodName", nil}, {"By", "protoPayload.authenticationInfo.principalEmail", nil},
		{"Src", "protoPayload.requestMetadata.callerIp", nil}, {"Resource", "protoPayload.resourceName", nil},
		{"Status", "protoPayload.status.message|protoPayload.status.code", nil}, {"Agent", "protoPayload.requestMetadata.callerSuppliedUserAgent", nil},
	}},
	{[]string{"eventType", "outcome.result"}, []part{
		{"", "eventType", nil}, {"By", "actor.alternateId|actor.displayName", nil}, {"Src", "client.ipAddress", nil},
		{"Result", "outcome.result", nil}, {"Why", "outcome.reason", nil}, {"Target", "target.alternateId|target.displayName", nil},
		{"Agent", "client.userAgent.rawUserAgent", nil},
	}},
	{[]string{"properties.userPrincipalName"}, signIn("properties.")},
	{[]string{"userPrincipalName", "appDisplayName"}, signIn("")},
	{[]string{"operationName"}, []part{
		{"", "operationName.localizedValue|operationName.value|operationName|activityDisplayName", nil},
		{"By", "caller|identity.claims.name|properties.initiatedBy.user.userPrincipalName|initiatedBy.user.userPrincipalName|properties.initiatedBy.app.displayName", nil},
		{"Src", "callerIpAddress|httpRequest.clientIpAddress", nil}, {"Result", "resultType|status.value|result", nil},
		{"Resource", "resourceId|resourceUri", nil}, {"Target", "targetResources.userPrincipalName|properties.targetResources.displayName|targetResources.displayName", nil},
	}},
	{[]string{"action", "actor"}, []part{
		{"", "action", nil}, {"By", "actor", nil}, {"Src", "actor_ip", nil}, {"Repo", "repo|repository", nil}, {"Org", "org", nil},
		{"User", "user", nil}, {"Agent", "user_agent", nil},
	}},
	{[]string{"eventSource", "eventName"}, []part{
		{"", "eventSource:eventName", nil}, {"By", "userIdentity.arn|userIdentity.userName|userIdentity.principalId|userIdentity.invokedBy|userIdentity.type|user", nil},
		{"Src", "sourceIPAddress|src_ip", nil}, {"Error", "errorCode", nil}, {"Why", "errorMessage", nil},
		{"Target", "requestParameters.userName|requestParameters.bucketName|requestParameters.roleName|requestParameters.instanceId|requestParameters.functionName|requestParameters.roleArn|requestParameters.groupId|requestParameters.name", nil},
		{"MFA", "additionalEventData.MFAUsed|userIdentity.sessionContext.attributes.mfaAuthenticated", nil}, {"Region", "awsRegion", nil}, {"Agent", "userAgent", nil},
	}},
	// Linux audit records assembled into events.
	{[]string{"type", "SYSCALL"}, audit}, {[]string{"type", "syscall"}, audit}, {[]string{"type", "auid"}, audit}, {[]string{"type", "exe"}, audit},
	// Other detectors' alerts.
	{[]string{"rule.description"}, []part{
		{"Alert", "rule.description", nil}, {"Rule", "rule.id", nil}, {"Level", "rule.level", nil}, {"Agent", "agent.name", nil},
		{"Src", "data.srcip|src_ip", nil}, {"User", "data.dstuser|data.srcuser|user", nil}, {"Log", "full_log", nil},
	}},
	// Process starts that are not Windows'.
	{[]string{"CommandLine", "Image"}, process},
	// Authentication and services of all makers.
	{[]string{"event_type"}, []part{
		{"", "event_type", underscores}, {"User", "user", nil}, {"Target", "target_user", nil}, {"Src", "src_ip:src_port", nil},
		{"Method", "auth_method", nil}, {"Cmd", "command", nil}, {"Service", "service", nil}, {"Outcome", "outcome", nil},
		{"TTY", "tty", nil}, {"Dir", "cwd|pwd", nil}, {"Message", "message", nil},
	}},
	{[]string{"eventid", "session"}, []part{ // Cowrie
		{"", "eventid", nil}, {"Src", "src_ip:src_port", nil}, {"User", "username", nil}, {"Cmd", "input", nil}, {"URL", "url", nil},
		{"File", "filename|outfile", nil}, {"SHA256", "shasum", nil}, {"Session", "session", nil}, {"Message", "message", nil},
	}},
	{[]string{"QueryName"}, []part{{"Query", "QueryName|record_name", nil}, {"Answer", "QueryResults", nil}, {"Proc", "Image", nil}}},
	{[]string{"command"}, []part{{"Cmd", "command", nil}, {"User", "user|User", nil}, {"Dir", "cwd|pwd", nil}, {"Shell", "shell", nil}}},
	{[]string{"message", "program"}, []part{{"", "program", nil}, {"Message", "message", nil}, {"User", "user", nil}, {"Src", "src_ip", nil}}},
	{[]string{"MESSAGE"}, []part{{"", "SYSLOG_IDENTIFIER|_COMM", nil}, {"Message", "MESSAGE", nil}, {"Unit", "_SYSTEMD_UNIT", nil}}},
	{[]string{"message"}, []part{{"Message", "message", spaces}, {"Module", "module", nil}, {"Src", "client|src_ip|c-ip", nil}}},
	{[]string{"EventID", "Message"}, []part{{"Message", "Message", spaces}}},
}

// zeek frames what is special to a log with what all logs of connections have.
func zeek(parts ...part) []part {
	all := append([]part(nil), parts...)
	return append(all, part{"Src", "id.orig_h:id.orig_p", nil}, part{"Dst", "id.resp_h:id.resp_p", nil})
}

func signIn(prefix string) []part {
	p := func(name string) string { return prefix + name }
	return []part{
		{"User", p("userPrincipalName"), nil}, {"App", p("appDisplayName"), nil}, {"Src", p("ipAddress") + "|callerIpAddress", nil},
		{"Result", p("status.errorCode") + "|resultType", entraCode}, {"Why", p("status.failureReason") + "|resultDescription", nil},
		{"Country", p("location.countryOrRegion"), nil}, {"Risk", p("riskLevelDuringSignIn"), nil},
		{"Access", p("conditionalAccessStatus"), nil}, {"Client", p("clientAppUsed"), nil}, {"Agent", p("userAgent"), nil},
	}
}

var toolCall = []part{
	{"Tool", "tool", nil}, {"Cmd", "command", nil}, {"Args", "arguments", nil}, {"Agent", "agent", nil},
	{"By", "principal", nil}, {"Mode", "permission_mode", nil}, {"MCP", "mcp_server", nil}, {"Error", "is_error", onlyTrue},
	{"Result", "result", brief}, {"Dir", "cwd", nil},
}

var audit = []part{
	{"", "type", nil}, {"Call", "SYSCALL|syscall", nil}, {"Cmd", "CommandLine|command|proctitle", nil}, {"Proc", "exe|Image", nil}, {"Parent", "ParentImage", nil},
	{"Path", "name|nametype|path", nil}, {"Key", "key", nil}, {"Op", "op", nil}, {"Acct", "acct", nil}, {"User", "user|AUID|auid", auditUser},
	{"As", "EUID|euid|UID|uid", auditUser}, {"Src", "addr|src_ip|laddr", nil}, {"Result", "res|success", nil}, {"TTY", "terminal|tty", nil}, {"Dir", "cwd", nil},
}

var process = []part{
	{"Cmd", "CommandLine", nil}, {"Proc", "Image", nil}, {"User", "User", nil}, {"Parent", "ParentCommandLine|ParentImage", nil},
	{"Dir", "CurrentDirectory", nil}, {"PID", "ProcessId", decimal}, {"Integrity", "IntegrityLevel", sidWords},
}

func onlyTrue(v string) string {
	if v == "true" {
		return v
	}
	return ""
}

func underscores(v string) string { return strings.ReplaceAll(v, "_", " ") }

// brief is for values that are context only.
func brief(v string) string { return shorten(v, 160) }
