package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// google lists the audit logs of Google Cloud and Google Workspace.
func google() []platform {
	return []platform{
		{
			// https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog
			name:   "gcp-audit",
			source: tocsin.LogSource{Product: "gcp", Service: "gcp.audit"},
			is: func(o *object) bool {
				if o.has("data.protoPayload.methodName") { // as a Pub/Sub subscriber stores it
					o.shed("data.")
				}
				return o.has("protoPayload.methodName") || o.has("protoPayload.serviceName", "logName")
			},
			time:    []string{"timestamp", "receiveTimestamp"},
			sensor:  []string{"receiveTimestamp"},
			host:    []string{"resource.labels.instance_id"},
			user:    []string{"protoPayload.authenticationInfo.principalEmail", "protoPayload.authenticationInfo.principalSubject"},
			address: []string{"protoPayload.requestMetadata.callerIp"},
			agent:   []string{"protoPayload.requestMetadata.callerSuppliedUserAgent"},
			alias: []alias{
				{"gcp.audit.method_name", "protoPayload.methodName"},
				{"gcp.audit.service_name", "protoPayload.serviceName"},
				{"gcp.audit.resource_name", "protoPayload.resourceName"},
				{"gcp.audit.authentication_info.principal_email", "protoPayload.authenticationInfo.principalEmail"},
				{"gcp.audit.authorization_info.permission", "protoPayload.authorizationInfo.permission"},
				{"gcp.audit.authorization_info.granted", "protoPayload.authorizationInfo.granted"},
				{"gcp.audit.status.code", "protoPayload.status.code"},
				{"data.protoPayload.methodName", "protoPayload.methodName"},
				{"data.protoPayload.serviceName", "protoPayload.serviceName"},
				{"data.protoPayload.authorizationInfo.permission", "protoPayload.authorizationInfo.permission"},
				{"data.protoPayload.authorizationInfo.granted", "protoPayload.authorizationInfo.granted"},
				{"data.protoPayload.logName", "logName"},
				{"data.protoPayload.resource.type", "resource.type"},
			},
			more: googleAudit,
		},
		{
			// https://developers.google.com/admin-sdk/reports/reference/rest/v1/activities
			name:   "google-workspace",
			source: tocsin.LogSource{Product: "gcp", Service: "google_workspace.admin"},
			is: func(o *object) bool {
				return o.get("kind") == "admin#reports#activity" || o.has("id.applicationName", "id.time", "events.name")
			},
			time:    []string{"id.time"},
			user:    []string{"actor.email", "actor.key"},
			address: []string{"ipAddress"},
			alias:   []alias{{"eventName", "events.name"}, {"protoPayload.metadata.event.eventName", "events.name"}},
			more:    workspaceActivity,
		},
	}
}

var (
	workspaceLoginSources = []tocsin.LogSource{{Product: "gcp", Service: "google_workspace.login"}, {Product: "gcp", Category: "authentication", Service: "google_workspace.login"}}
	workspaceAdminSources = []tocsin.LogSource{{Product: "gcp", Service: "google_workspace.admin"}}
	// Workspace's logs in Cloud Logging are audit logs of the cloud as well.
	cloudLoginSources = append([]tocsin.LogSource{{Product: "gcp", Service: "gcp.audit"}}, workspaceLoginSources...)
	cloudAdminSources = append([]tocsin.LogSource{{Product: "gcp", Service: "gcp.audit"}}, workspaceAdminSources...)
)

func googleAudit(o *object, ev *tocsin.Event) {
	service := o.get("protoPayload.serviceName")
	code := o.get("protoPayload.status.code")
	switch service {
	case "login.googleapis.com":
		ev.Sources = cloudLoginSources
	case "admin.googleapis.com":
		ev.Sources = cloudAdminSources
	}
	if service == "login.googleapis.com" || service == "admin.googleapis.com" {
		ev.Add("protoPayload.Servicename", service)
		ev.Add("eventService", service)
		events := o.raw("protoPayload", "metadata", "event")
		for e := range events.items() {
			e := e.members()
			name := e.str("eventName")
			ev.Add("eventName", name)
			o.parameters(ev, e.get("parameter"))
			workspaceEvent(ev, name)
		}
		return
	}
	kind := ""
	if code == "7" || code == "16" { // google.rpc.Code PERMISSION_DENIED, UNAUTHENTICATED
		kind = "denied"
	}
	happened(ev, kind, outcome(code == "" || code == "0"))
}

func workspaceActivity(o *object, ev *tocsin.Event) {
	service := o.get("id.applicationName")
	if service == "login" {
		ev.Sources = workspaceLoginSources
	}
	ev.Add("eventService", o.keep(service, ".googleapis.com"))
	ev.Add("protoPayload.serviceName", ev.Text("eventService"))
	ev.Add("protoPayload.Servicename", ev.Text("eventService"))
	for e := range o.raw("events").items() {
		e := e.members()
		o.parameters(ev, e.get("parameters"))
		workspaceEvent(ev, e.str("name"))
	}
}

// parameters adds the parameters of an event under their own names, in small letters as rules have them.
func (o *object) parameters(ev *tocsin.Event, list raw) {
	for e := range list.items() {
		m := e.members()
		if m.str("name") == "" {
			continue
		}
		name := o.flat.kid(o.flat.root, view(strings.ToLower(m.str("name")))).path
		v := m.first("value", "boolValue", "intValue", "multiValue", "multiIntValue", "multiStrValue")
		if len(v) > 0 && v[0] == '[' {
			for x := range v.items() {
				ev.Add(name, x.text())
			}
		} else {
			ev.Add(name, v.text())
		}
	}
}

func workspaceEvent(ev *tocsin.Event, name string) {
	switch name {
	case "login_success":
		happened(ev, "login_ok", "success")
	case "login_failure":
		happened(ev, "login_failed", "failure")
	case "logout":
		happened(ev, "logout", "")
	case "CREATE_USER":
		happened(ev, "user_added", "success")
	case "DELETE_USER":
		happened(ev, "user_deleted", "success")
	case "CHANGE_PASSWORD", "password_edit":
		happened(ev, "password_changed", "success")
	case "ADD_GROUP_MEMBER", "REMOVE_GROUP_MEMBER", "ASSIGN_ROLE", "GRANT_ADMIN_PRIVILEGE", "GRANT_DELEGATED_ADMIN_PRIVILEGES":
		happened(ev, "group_changed", "success")
	}
}
