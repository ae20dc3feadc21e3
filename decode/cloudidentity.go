package decode

import (
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// identity lists the audit logs of services that people sign in to, or by.
func identity() []platform {
	source := func(product, service string) tocsin.LogSource {
		return tocsin.LogSource{Product: product, Service: service}
	}
	return []platform{
		{
			// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/
			name:   "okta",
			source: source("okta", "okta"),
			is: func(o *object) bool {
				return o.has("eventType", "published", "outcome.result") || o.has("eventType", "published", "actor.alternateId")
			},
			time:    []string{"published"},
			user:    []string{"actor.alternateId", "actor.displayName"},
			address: []string{"client.ipAddress"},
			agent:   []string{"client.userAgent.rawUserAgent"},
			alias: []alias{ // in small letters, as rules of before 2025 have them
				{"eventtype", "eventType"}, {"legacyeventtype", "legacyEventType"}, {"displaymessage", "displayMessage"},
				{"actor.alternateid", "actor.alternateId"}, {"actor.displayname", "actor.displayName"},
				{"target.displayname", "target.displayName"}, {"target.alternateid", "target.alternateId"},
				{"securitycontext.isproxy", "securityContext.isProxy"},
				{"debugcontext.debugdata.requesturi", "debugContext.debugData.requestUri"},
				{"debugcontext.debugdata.behaviors", "debugContext.debugData.behaviors"},
				{"debugcontext.debugdata.logonlysecuritydata", "debugContext.debugData.logOnlySecurityData"},
				{"debugcontext.debugdata.url", "debugContext.debugData.url"},
			},
			more: oktaEvent,
		},
		{
			// https://docs.github.com/en/organizations/keeping-your-organization-secure/…/audit-log-events-for-your-organization
			name:   "github-audit",
			source: source("github", "audit"),
			is: func(o *object) bool {
				return strings.Contains(o.get("action"), ".") && o.has("actor") && (o.has("_document_id") || o.has("actor_id") || o.has("created_at") || o.has("@timestamp"))
			},
			time:    []string{"@timestamp", "created_at", "timestamp"},
			user:    []string{"actor"},
			address: []string{"actor_ip"},
			agent:   []string{"user_agent"},
		},
		{
			// https://docs.gitlab.com/administration/logs/#audit_jsonlog
			name:   "gitlab-audit",
			source: source("gitlab", "audit"),
			is: func(o *object) bool {
				return o.has("author_id", "entity_type", "entity_id") && (o.has("target_type") || o.has("change") || o.has("custom_message"))
			},
			time:    []string{"time", "created_at"},
			user:    []string{"author_name"},
			address: []string{"ip_address"},
			more: func(o *object, ev *tocsin.Event) {
				if o.has("failed_login") {
					happened(ev, "login_failed", "failure")
				}
			},
		},
		{
			// https://confluence.atlassian.com/bitbucketserver/audit-log-integrations-in-bitbucket-776640423.html
			name:    "bitbucket-audit",
			source:  source("bitbucket", "audit"),
			is:      func(o *object) bool { return o.has("auditType.action", "auditType.category") },
			time:    []string{"timestamp", "creationDate"},
			host:    []string{"node", "system"},
			user:    []string{"author.name"},
			address: []string{"source"},
			more: func(o *object, ev *tocsin.Event) {
				if secs, ok := parseTime(o.get("timestamp.epochSecond"), o.opt); ok {
					nanos, _ := time.ParseDuration(o.get("timestamp.nano") + "ns")
					ev.Time = secs.Add(nanos)
				}
				if o.get("auditType.action") == "User login failed" {
					happened(ev, "login_failed", "failure")
				}
			},
		},
		{
			// https://developers.onelogin.com/api-docs/1/events/event-types
			name:   "onelogin",
			source: source("onelogin", "onelogin.events"),
			is: func(o *object) bool {
				return o.has("event_type_id") && (o.has("ipaddr") || o.has("actor_system") || o.has("account_id"))
			},
			time:    []string{"event_timestamp", "created_at"},
			user:    []string{"user_name", "actor_user_name"},
			address: []string{"ipaddr"},
			more: func(o *object, ev *tocsin.Event) {
				switch o.get("event_type_id") {
				case "5", "8":
					happened(ev, "login_ok", "success")
				case "6", "9", "77", "154", "901":
					happened(ev, "login_failed", "failure")
				case "13":
					happened(ev, "user_added", "success")
				case "17":
					happened(ev, "user_deleted", "success")
				case "11":
					happened(ev, "password_changed", "success")
				}
			},
		},
		{
			// https://duo.com/docs/adminapi#authentication-logs
			name:    "duo",
			source:  source("cisco", "duo"),
			is:      func(o *object) bool { return o.has("txid", "result") && (o.has("factor") || o.has("access_device.ip")) },
			time:    []string{"isotimestamp", "timestamp"},
			host:    []string{"access_device.hostname"},
			user:    []string{"user.name", "email", "username"},
			address: []string{"access_device.ip"},
			more: func(o *object, ev *tocsin.Event) {
				// The record has an event_type itself: authentication, enrollment.
				ok := o.get("result") == "success" || o.get("result") == "SUCCESS"
				happened(ev, loginKind(ok), outcome(ok))
			},
		},
		{
			// https://goteleport.com/docs/reference/audit-events/
			name:   "teleport",
			source: source("teleport", "audit"),
			is: func(o *object) bool {
				return o.has("event", "code", "uid", "time") && (o.has("cluster_name") || o.has("ei"))
			},
			time:    []string{"time"},
			host:    []string{"server_hostname", "server_addr"},
			user:    []string{"user"},
			address: []string{"addr.remote"},
			agent:   []string{"user_agent"},
			more:    teleportEvent,
		},
		{
			// https://developer.hashicorp.com/vault/docs/audit
			name:   "vault",
			source: source("vault", "audit"),
			is: func(o *object) bool {
				return o.has("type", "request.path", "request.operation") && (o.has("auth.accessor") || o.has("request.id"))
			},
			time:    []string{"time"},
			user:    []string{"auth.display_name", "request.data.username", "auth.entity_id"},
			address: []string{"request.remote_address"},
			more: func(o *object, ev *tocsin.Event) {
				if o.get("type") != "response" {
					return
				}
				ok := !o.has("error")
				path := o.get("request.path")
				switch {
				case strings.HasPrefix(path, "auth/") && strings.Contains(path, "/login"):
					happened(ev, loginKind(ok), outcome(ok))
				case !ok && strings.Contains(o.get("error"), "permission denied"):
					happened(ev, "denied", "failure")
				default:
					happened(ev, "", outcome(ok))
				}
			},
		},
		{
			// https://www.keycloak.org/docs/latest/server_admin/#auditing-user-events (webhook and export form)
			name:   "keycloak",
			source: source("keycloak", "events"),
			is: func(o *object) bool {
				return o.has("realmId", "type", "clientId") && (o.has("ipAddress") || o.has("sessionId"))
			},
			time:    []string{"time", "@timestamp"},
			user:    []string{"details.username", "username", "userId"},
			address: []string{"ipAddress"},
			more:    func(o *object, ev *tocsin.Event) { keycloakEvent(ev, o.get("type"), o.get("error")) },
		},
		{
			name:   "keycloak-log",
			source: source("keycloak", "events"),
			is: func(o *object) bool {
				return strings.HasPrefix(o.get("loggerName"), "org.keycloak") && strings.HasPrefix(o.get("message"), "type=")
			},
			time: []string{"timestamp", "@timestamp"},
			host: []string{"hostName"},
			more: func(o *object, ev *tocsin.Event) { keycloakPairs(ev, o.get("message")) },
		},
		{
			// https://docs.goauthentik.io/sys-mgmt/events/
			name:   "authentik",
			source: source("authentik", "audit"),
			is: func(o *object) bool {
				return strings.HasPrefix(o.get("logger"), "authentik.") || o.has("action", "app", "client_ip", "context.http_request.path")
			},
			time:    []string{"timestamp", "created"},
			host:    []string{"host"},
			user:    []string{"identifier", "context.username", "user.username"},
			address: []string{"client_ip", "remote"},
			more: func(o *object, ev *tocsin.Event) {
				switch o.get("action") {
				case "login":
					happened(ev, "login_ok", "success")
				case "login_failed":
					happened(ev, "login_failed", "failure")
				case "invalid_identifier":
					happened(ev, "invalid_user", "failure")
				case "logout":
					happened(ev, "logout", "")
				case "password_set":
					happened(ev, "password_changed", "success")
				}
			},
		},
		{
			// https://github.com/thinkst/opencanary/blob/master/opencanary/logger.py
			name:    "opencanary",
			source:  tocsin.LogSource{Product: "opencanary", Category: "application"},
			is:      func(o *object) bool { return o.has("logtype", "node_id") && (o.has("src_host") || o.has("local_time")) },
			time:    []string{"utc_time", "local_time", "local_time_adjusted"},
			host:    []string{"node_id"},
			user:    []string{"logdata.USERNAME", "logdata.username", "logdata.LOGNAME"},
			address: []string{"src_host"},
			alias:   []alias{{"dst_ip", "dst_host"}},
			more: func(o *object, ev *tocsin.Event) {
				// Nobody has business with a canary: every login is an attempt, and it lets no one in.
				switch o.get("logtype") {
				case "2000", "3001", "4002", "6001", "8001", "9001", "9002", "9003", "12001", "14001", "17001", "5001":
					happened(ev, "login_failed", "failure")
				case "5000", "5003":
					happened(ev, "scan", "")
				case "1001", "1000":
					happened(ev, "service_state", "")
				default:
					happened(ev, "connection", "")
				}
			},
		},
		{
			// https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes
			name:   "auth0",
			source: source("auth0", "auth0"),
			is: func(o *object) bool {
				if o.has("log_id", "data.type", "data.date") { // as a log stream wraps it
					o.shed("data.")
				}
				return o.has("log_id", "type", "date")
			},
			time:    []string{"date"},
			user:    []string{"user_name", "details.prompts.identity", "user_id"},
			address: []string{"ip", "client_ip"},
			agent:   []string{"user_agent"},
			more: func(o *object, ev *tocsin.Event) {
				switch kind := o.get("type"); kind {
				case "s", "seacft", "sepft", "ssa", "seccft":
					happened(ev, "login_ok", "success")
				case "f", "fp", "fc", "fco", "feacft", "fepft", "fsa", "pwd_leak", "feccft":
					happened(ev, "login_failed", "failure")
				case "fu":
					happened(ev, "invalid_user", "failure")
				case "limit_wc", "limit_mu", "limit_sul":
					happened(ev, "account_locked", "failure")
				case "ss":
					happened(ev, "user_added", "success")
				case "scp", "scpr":
					happened(ev, "password_changed", "success")
				case "slo":
					happened(ev, "logout", "")
				case "fapi":
					happened(ev, "", "failure")
				}
			},
		},
		{
			// https://developers.cloudflare.com/logs/reference/log-fields/account/audit_logs/
			name:    "cloudflare-audit",
			source:  source("cloudflare", "audit"),
			is:      func(o *object) bool { return o.has("ActionType", "When") && (o.has("ActorEmail") || o.has("ActorIP")) },
			time:    []string{"When"},
			user:    []string{"ActorEmail", "ActorID"},
			address: []string{"ActorIP"},
			more: func(o *object, ev *tocsin.Event) {
				ok := o.get("ActionResult") != "false"
				kind := ""
				if o.get("ActionType") == "login" {
					kind = loginKind(ok)
				}
				happened(ev, kind, outcome(ok))
			},
		},
		{
			// https://osquery.readthedocs.io/en/stable/deployment/logging/
			name:   "osquery",
			source: source("osquery", "results"),
			is: func(o *object) bool {
				return o.has("hostIdentifier", "calendarTime") || o.has("hostIdentifier", "unixTime")
			},
			time: []string{"unixTime", "calendarTime"},
			host: []string{"hostIdentifier"},
			user: []string{"columns.username", "columns.user", "decorations.username"},
			alias: []alias{{"CommandLine", "columns.cmdline"}, {"Image", "columns.path"}, {"dst_ip", "columns.remote_address"}, {"dst_port", "columns.remote_port"},
				{"command", "columns.cmdline"}, {"TargetFilename", "columns.target_path"}},
		},
		{
			// https://docs.docker.com/reference/cli/docker/system/events/
			name:   "docker-events",
			source: source("docker", "events"),
			is:     func(o *object) bool { return o.has("Type", "Action", "Actor.ID") },
			time:   []string{"timeNano", "time"},
			more: func(o *object, ev *tocsin.Event) {
				if _, cmd, ok := strings.Cut(o.get("Action"), ": "); ok {
					ev.Add("command", cmd) // exec_create: sh -c …
					happened(ev, "command", "")
				}
			},
		},
	}
}

func oktaEvent(o *object, ev *tocsin.Event) {
	// Two members are objects in newer records; rules search them as text.
	data := o.raw("debugContext", "debugData").members()
	for _, a := range [...]alias{{"debugContext.debugData.behaviors", "behaviors"}, {"debugContext.debugData.logOnlySecurityData", "logOnlySecurityData"}} {
		if v := data.get(a.of); len(v) > 0 && v[0] == '{' {
			ev.Add(a.name, text(v))
		}
	}
	result := o.get("outcome.result")
	ok := result != "FAILURE" && result != "DENY"
	said := ""
	if result != "" {
		said = outcome(ok)
	}
	switch kind := o.get("eventType"); {
	case kind == "user.session.start", kind == "user.authentication.sso" && !ok, strings.HasPrefix(kind, "user.authentication.auth") && !ok,
		kind == "user.authentication.verify":
		happened(ev, loginKind(ok), said)
	case kind == "user.session.end":
		happened(ev, "logout", "")
	case kind == "user.lifecycle.create":
		happened(ev, "user_added", said)
	case strings.HasPrefix(kind, "user.lifecycle.delete"):
		happened(ev, "user_deleted", said)
	case strings.HasPrefix(kind, "group.user_membership."), strings.HasPrefix(kind, "user.account.privilege."), kind == "group.privilege.grant":
		happened(ev, "group_changed", said)
	case strings.HasPrefix(kind, "user.account.update_password"), strings.HasPrefix(kind, "user.account.reset_password"):
		happened(ev, "password_changed", said)
	default:
		happened(ev, "", said)
	}
}

func teleportEvent(o *object, ev *tocsin.Event) {
	ok := o.get("success") != "false" && o.get("error") == ""
	switch o.get("event") {
	case "user.login":
		happened(ev, loginKind(ok), outcome(ok))
	case "auth":
		happened(ev, "login_failed", "failure")
	case "session.start":
		happened(ev, "session_opened", "success")
	case "session.end":
		happened(ev, "session_closed", "")
	case "exec", "session.command":
		ok = o.get("exitError") == ""
		happened(ev, "command", outcome(ok))
	case "user.create":
		happened(ev, "user_added", outcome(ok))
	case "user.delete":
		happened(ev, "user_deleted", outcome(ok))
	case "user.password_change":
		happened(ev, "password_changed", outcome(ok))
	}
}

// keycloakEvent words a Keycloak event.
func keycloakEvent(ev *tocsin.Event, kind, why string) {
	switch kind {
	case "LOGIN_ERROR", "CLIENT_LOGIN_ERROR", "IDENTITY_PROVIDER_LOGIN_ERROR":
		if why == "user_not_found" {
			happened(ev, "invalid_user", "failure")
			return
		}
		happened(ev, "login_failed", "failure")
	case "LOGIN", "CLIENT_LOGIN", "IDENTITY_PROVIDER_LOGIN":
		happened(ev, "login_ok", "success")
	case "LOGOUT":
		happened(ev, "logout", "")
	case "REGISTER":
		happened(ev, "user_added", "success")
	case "UPDATE_PASSWORD", "RESET_PASSWORD":
		happened(ev, "password_changed", "success")
	}
}
