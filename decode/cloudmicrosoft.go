package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// microsoft lists the audit logs of Microsoft 365 and Azure.
func microsoft() []platform {
	azure := func(service string) tocsin.LogSource { return tocsin.LogSource{Product: "azure", Service: service} }
	return []platform{
		{
			// https://learn.microsoft.com/en-us/office/office-365-management-api/office-365-management-activity-api-schema
			name:   "m365",
			source: tocsin.LogSource{Product: "m365", Service: "audit"},
			is: func(o *object) bool {
				if o.has("o365.audit.Operation") { // Elastic keeps the names below a prefix
					o.shed("o365.audit.")
				}
				if o.has("OfficeWorkload", "Operation", "UserId") { // Sentinel's table
					return true
				}
				return o.has("CreationTime", "Operation") && (o.has("Workload") || o.has("RecordType"))
			},
			user:    []string{"UserId", "UserKey"},
			address: []string{"ClientIP", "ClientIPAddress", "ActorIpAddress"},
			agent:   []string{"UserAgent", "ClientInfoString"},
			alias:   []alias{{"eventName", "Operation"}, {"eventSource", "Workload"}},
			more:    unifiedAudit,
		},
		{
			// Entra sign-ins: Azure Monitor, Log Analytics and Graph (…/graph/api/resources/signin)
			name:   "azure-signin",
			source: azure("signinlogs"),
			is: func(o *object) bool {
				switch o.first("category", "Category", "Type") {
				case "SignInLogs", "SigninLogs", "NonInteractiveUserSignInLogs", "AADNonInteractiveUserSignInLogs", "ServicePrincipalSignInLogs",
					"AADServicePrincipalSignInLogs", "ManagedIdentitySignInLogs", "AADManagedIdentitySignInLogs", "ADFSSignInLogs":
					return true
				}
				if o.has("ResultType", "UserPrincipalName", "AppDisplayName") { // a table's rows
					return true
				}
				return o.has("createdDateTime", "status.errorCode") && (o.has("userPrincipalName") || o.has("servicePrincipalId"))
			},
			time:    []string{"properties.createdDateTime", "createdDateTime", "CreatedDateTime", "time", "TimeGenerated"},
			sensor:  []string{"time", "TimeGenerated"},
			user:    []string{"properties.userPrincipalName", "userPrincipalName", "UserPrincipalName", "properties.servicePrincipalName", "servicePrincipalName", "ServicePrincipalName", "identity", "Identity"},
			address: []string{"properties.ipAddress", "ipAddress", "IPAddress", "callerIpAddress"},
			agent:   []string{"userAgent", "UserAgent"},
			more:    azureSignIn,
		},
		{
			name:   "azure-audit",
			source: azure("auditlogs"),
			is: func(o *object) bool {
				return o.get("category") == "AuditLogs" || o.get("Type") == "AuditLogs" || o.has("activityDateTime", "activityDisplayName") || o.has("OperationName", "InitiatedBy", "TargetResources")
			},
			time:    []string{"properties.activityDateTime", "activityDateTime", "ActivityDateTime", "time", "TimeGenerated"},
			sensor:  []string{"time", "TimeGenerated"},
			user:    []string{"properties.initiatedBy.user.userPrincipalName", "properties.initiatedBy.app.displayName", "initiatedBy.user.userPrincipalName", "InitiatedBy.user.userPrincipalName", "initiatedBy.app.displayName", "InitiatedBy.app.displayName", "identity", "Identity"},
			address: []string{"properties.initiatedBy.user.ipAddress", "initiatedBy.user.ipAddress", "InitiatedBy.user.ipAddress", "callerIpAddress"},
			more:    azureAudit,
		},
		{
			// Entra Identity Protection and the alerts of Privileged Identity Management
			name:   "azure-risk",
			source: azure("riskdetection"),
			also:   []tocsin.LogSource{azure("pim"), {Product: "alert", Service: "azure"}},
			is: func(o *object) bool {
				switch o.first("category", "Category", "Type") {
				case "UserRiskEvents", "RiskyUsers", "ServicePrincipalRiskEvents", "RiskyServicePrincipals", "AADUserRiskEvents", "AADRiskyUsers":
					return true
				}
				return o.has("riskEventType") || o.has("riskType", "riskLevel") || strings.Contains(o.get("@odata.type"), "RoleManagementAlert")
			},
			time:    []string{"properties.detectedDateTime", "detectedDateTime", "activityDateTime", "riskLastUpdatedDateTime", "lastModifiedDateTime", "time", "TimeGenerated"},
			user:    []string{"properties.userPrincipalName", "userPrincipalName", "UserPrincipalName", "servicePrincipalDisplayName"},
			address: []string{"properties.ipAddress", "ipAddress", "IpAddress"},
			more: func(o *object, ev *tocsin.Event) {
				lift(o, ev)
				azureNames(o, ev, []renamed{{"riskEventType", []string{"riskType", "RiskEventType", "alertDefinitionId"}}, {"name", []string{"riskEventType", "RiskEventType", "riskType"}},
					{"severity", []string{"riskLevel", "RiskLevel"}}})
			},
		},
		{
			// https://learn.microsoft.com/en-us/azure/azure-monitor/platform/activity-log-schema
			name:   "azure-activity",
			source: azure("activitylogs"),
			is: func(o *object) bool {
				switch o.first("category", "Category", "category.value", "CategoryValue") {
				case "Administrative", "Security", "ServiceHealth", "Alert", "Recommendation", "Policy", "Autoscale", "ResourceHealth", "Write", "Delete", "Action":
					return o.has("operationName") || o.has("operationName.value") || o.has("OperationNameValue") || o.has("OperationName")
				}
				return o.has("eventTimestamp", "operationName.value")
			},
			time:    []string{"time", "eventTimestamp", "TimeGenerated", "EventSubmissionTimestamp"},
			user:    []string{"caller", "Caller", "identity.claims.name", "identity.authorization.evidence.principalId", "claims.name"},
			address: []string{"callerIpAddress", "CallerIpAddress", "claims.ipaddr", "httpRequest.clientIpAddress"},
			more:    azureActivity,
		},
	}
}

// unifiedAudit completes a record of Microsoft 365's unified audit log.
func unifiedAudit(o *object, ev *tocsin.Event) {
	if t, ok := parseTime(o.get("CreationTime"), o.opt.inUTC()); ok { // UTC, though it does not say so
		ev.Time = t
	}
	m := o.raw()
	if in := m.at("o365", "audit"); in != nil {
		m = in
	}
	for _, k := range [...]string{"Parameters", "ExtendedProperties", "OperationProperties", "ModifiedProperties", "AlertLinks", "Data"} {
		if v := m.get(k); len(v) > 0 && v[0] == '[' {
			ev.Add(k, text(v))
			o.pairs(ev, v, k, []string{"Name", "Property"}, []string{"Value", "NewValue"})
		}
	}
	operation := o.get("Operation")
	ok := true
	switch o.get("ResultStatus") {
	case "Failed", "False", "Failure", "failed":
		ok = false
	}
	if ok {
		ev.Add("status", "success")
	} else {
		ev.Add("status", "failure")
	}
	if n := o.get("Name"); n != "" {
		ev.Add("eventName", n) // of an alert
	}
	switch o.get("Workload") {
	case "Exchange":
		ev.Sources = m365ExchangeSources
	case "SecurityComplianceCenter":
		ev.Sources = m365ComplianceSources
		ev.Add("Payload", o.keep(operation, " ", ev.Text("Parameters"), " ", o.get("Data")))
	case "ThreatIntelligence":
		ev.Sources = m365ComplianceSources
	case "AzureActiveDirectory":
		ev.Sources = m365DirectorySources
	}
	kind := ""
	switch operation {
	case "UserLoginFailed":
		kind, ok = "login_failed", false
	case "UserLoggedIn", "MailboxLogin", "TeamsSessionStarted":
		kind = loginKind(ok)
	case "Add user.":
		kind = "user_added"
	case "Delete user.", "Hard Delete user.":
		kind = "user_deleted"
	case "Add member to role.", "Add member to group.", "Remove member from role.", "Remove member from group.", "Add owner to group.":
		kind = "group_changed"
	case "Change user password.", "Reset user password.":
		kind = "password_changed"
	}
	happened(ev, kind, outcome(ok))
	if kind == "login_failed" || kind == "login_ok" {
		ev.Sources = m365LoginSources
	}
}

var (
	m365ExchangeSources   = []tocsin.LogSource{{Product: "m365", Service: "audit"}, {Product: "m365", Service: "exchange"}}
	m365ComplianceSources = []tocsin.LogSource{{Product: "m365", Service: "audit"}, {Product: "m365", Service: "threat_management"}, {Product: "m365", Service: "threat_detection"}}
	m365DirectorySources  = []tocsin.LogSource{{Product: "m365", Service: "audit"}, {Product: "m365", Service: "azure_active_directory"}}
	m365LoginSources      = []tocsin.LogSource{{Product: "m365", Service: "audit"}, {Product: "m365", Category: "authentication", Service: "audit"}, {Product: "m365", Service: "azure_active_directory"}}
)

// A renamed field stands for the first of some others that the record has.
type renamed struct {
	name string
	of   []string
}

// azureNames adds the names that SigmaHQ's rules use: they were written for several exports of the same records, which
// spell the names in as many ways. A name the record has itself stays as it is.
func azureNames(o *object, ev *tocsin.Event, names []renamed) {
	for _, r := range names {
		if o.has(r.name) {
			continue
		}
		for _, of := range r.of {
			if v, ok := o.find(of); ok {
				ev.Fields = append(ev.Fields, tocsin.Field{Name: r.name, Value: v})
				break
			}
		}
	}
	o.fields, o.known = ev.Fields, false
}

// lift adds the leaves under "properties." once more without it, as other exports have them.
func lift(o *object, ev *tocsin.Event) {
	const prefix = "properties."
	n := len(ev.Fields)
	for i := 0; i < n; i++ {
		f := ev.Fields[i]
		if len(f.Name) > len(prefix) && f.Name[:len(prefix)] == prefix {
			ev.Fields = append(ev.Fields, tocsin.Field{Name: f.Name[len(prefix):], Value: f.Value})
		}
	}
	o.fields, o.known = ev.Fields, false
}

// azureText adds the JSON text of members that rules search as text, under the names they use.
func azureText(o *object, ev *tocsin.Event, key string, names ...string) {
	m := o.raw().members()
	v := m.first(key, strings.ToUpper(key[:1])+key[1:])
	if v == nil {
		v = m.get("properties").members().get(key)
	}
	v = v.embedded()
	if len(v) > 0 && (v[0] == '{' || v[0] == '[') {
		for _, n := range names {
			ev.Add(n, text(v))
		}
	}
}

func azureSignIn(o *object, ev *tocsin.Event) {
	lift(o, ev)
	azureNames(o, ev, []renamed{
		{"resultType", []string{"ResultType", "status.errorCode", "Status.errorCode"}},
		{"resultDescription", []string{"ResultDescription", "status.failureReason", "Status.failureReason"}},
		{"userPrincipalName", []string{"UserPrincipalName"}},
		{"ipAddress", []string{"IPAddress", "callerIpAddress"}},
		{"callerIpAddress", []string{"ipAddress", "IPAddress"}},
		{"userAgent", []string{"UserAgent"}},
		{"conditionalAccessStatus", []string{"ConditionalAccessStatus"}},
		{"homeTenantId", []string{"HomeTenantId"}},
		{"resourceTenantId", []string{"ResourceTenantId"}},
		{"location", []string{"Location", "location.countryOrRegion", "LocationDetails.countryOrRegion"}},
	})
	azureNames(o, ev, []renamed{
		{"ResultType", []string{"resultType"}},
		{"ResultDescription", []string{"resultDescription"}},
		{"Resultdescription", []string{"resultDescription"}},
		{"AuthenticationRequirement", []string{"authenticationRequirement"}},
		{"ClientApp", []string{"clientAppUsed", "ClientAppUsed"}},
		{"DeviceDetail.deviceId", []string{"deviceDetail.deviceId"}},
		{"DeviceDetail.isCompliant", []string{"deviceDetail.isCompliant"}},
		{"DeviceDetail.trusttype", []string{"deviceDetail.trustType", "DeviceDetail.trustType"}},
		{"DeviceInfo", []string{"deviceDetail.deviceId", "DeviceDetail.deviceId"}},
		{"IPaddress", []string{"ipAddress"}},
		{"Location", []string{"location"}},
		{"ResourceDisplayName", []string{"resourceDisplayName"}},
		{"RiskState", []string{"riskState"}},
		{"Username", []string{"userPrincipalName"}},
		{"TargetUserName", []string{"userPrincipalName"}},
		{"properties.appId", []string{"appId", "AppId"}},
		{"properties.authenticationRequirement", []string{"authenticationRequirement", "AuthenticationRequirement"}},
		{"properties.deviceDetail.deviceId", []string{"deviceDetail.deviceId", "DeviceDetail.deviceId"}},
	})
	azureText(o, ev, "networkLocationDetails", "NetworkLocationDetails")
	ev.Add("ActivityDetails", "Sign-ins")
	switch o.first("authenticationProtocol", "AuthenticationProtocol", "originalTransferMethod") {
	case "deviceCode", "deviceCodeFlow":
		ev.Add("properties.message", "Device Code")
	case "ropc":
		ev.Add("properties.message", "ROPC")
	}
	code := o.get("resultType")
	if code == "0" {
		ev.Add("Status", "Success")
	} else {
		ev.Add("Status", "Failure")
	}
	ev.Add("Status", o.first("status.additionalDetails", "Status.additionalDetails")) // "MFA denied; …"
	if code == "None" && o.get("Status") == "Success" {                               // the portal's export
		code = "0"
	}
	signedIn(ev, code)
}

// signedIn adds what the code of a sign-in tells of.
func signedIn(ev *tocsin.Event, code string) {
	// An interrupt asks for one more step of the same sign-in: neither a success nor a wrong password.
	// https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
	switch code {
	case "":
	case "0":
		happened(ev, "login_ok", "success")
	case "50055", "50058", "50072", "50074", "50076", "50079", "50097", "50125", "50129", "50140", "50143", "50144", "50155", "50158", "50199", "50203", "50207",
		"51006", "65001", "16000", "16003", "70043", "70044", "81010", "81012":
		happened(ev, "login_interrupted", "")
	case "50034", "51004", "700016":
		happened(ev, "invalid_user", "failure")
	default:
		happened(ev, "login_failed", "failure")
	}
}

func azureAudit(o *object, ev *tocsin.Event) {
	lift(o, ev)
	if o.get("category") == "AuditLogs" { // the log's category hides the record's
		if c := o.get("properties.category"); c != "" {
			ev.Add("Category", c)
		}
	}
	azureNames(o, ev, []renamed{
		{"operationName", []string{"OperationName", "activityDisplayName", "ActivityDisplayName"}},
		{"properties.result", []string{"result", "Result"}},
		{"properties.message", []string{"operationName", "OperationName", "activityDisplayName"}},
	})
	azureNames(o, ev, []renamed{
		{"OperationName", []string{"operationName"}},
		{"activityType", []string{"activityDisplayName", "ActivityDisplayName", "operationName"}},
		{"ActivityType", []string{"activityDisplayName", "ActivityDisplayName", "operationName"}},
		{"ActivityDisplayName", []string{"activityDisplayName", "operationName"}},
		{"Category", []string{"category"}},
		{"LoggedByService", []string{"loggedByService"}},
		{"Status", []string{"properties.result"}},
		{"failure_status_reason", []string{"resultReason", "ResultReason", "resultDescription", "ResultDescription"}},
		{"Initiatedby", []string{"initiatedBy.user.userPrincipalName", "InitiatedBy.user.userPrincipalName", "initiatedBy.app.displayName"}},
		{"Initiatied.By", []string{"initiatedBy.user.userPrincipalName", "InitiatedBy.user.userPrincipalName", "initiatedBy.app.displayName"}},
		{"Target", []string{"targetResources.userPrincipalName", "TargetResources.userPrincipalName", "targetResources.displayName"}},
	})
	azureText(o, ev, "targetResources", "targetResources", "TargetResources", "properties.targetResources", "properties.message")
	azureText(o, ev, "initiatedBy", "properties.initiatedBy")
	if by := o.get("InitiatedBy"); strings.HasPrefix(by, "{") { // a table has it as text
		by := raw(by)
		who := by.at("user", "userPrincipalName").str()
		if who == "" {
			who = by.at("app", "displayName").str()
		}
		own(o, ev, "user", strings.Clone(who))
		own(o, ev, "src_ip", strings.Clone(by.at("user", "ipAddress").str()))
	}
	m := o.raw().members()
	targets := m.first("targetResources", "TargetResources")
	if targets == nil {
		targets = m.at("properties", "targetResources")
	}
	for t := range targets.embedded().items() {
		t := t.members()
		ev.Add("targetResources.type", t.str("type"))
		changed := t.get("modifiedProperties")
		if len(changed) > 2 {
			ev.Add("TargetResources.modifiedProperties", text(changed))
		}
		for c := range changed.items() {
			c := c.members()
			name, value := c.str("displayName"), c.str("newValue")
			ev.Add("TargetResources.ModifiedProperties.DisplayName", name)
			ev.Add("TargetResources.ModifiedProperties.NewValue", value)
			ev.Add("TargetResources.modifiedProperties.newValue", value)
			if name == "ConsentContext.IsAdminConsent" {
				ev.Add(name, strings.ToLower(strings.Trim(value, `"`)))
			}
		}
	}
	details := m.first("additionalDetails", "AdditionalDetails")
	if details == nil {
		details = m.at("properties", "additionalDetails")
	}
	o.pairs(ev, details.embedded(), "additionalDetails", []string{"key"}, []string{"value"})
	kind := ""
	switch operation := o.get("operationName"); {
	case operation == "Add user" || operation == "Invite external user":
		kind = "user_added"
	case operation == "Delete user" || operation == "Hard Delete user":
		kind = "user_deleted"
	case strings.Contains(operation, "member to ") || strings.Contains(operation, "member from "):
		kind = "group_changed"
	case strings.Contains(operation, "password"):
		kind = "password_changed"
	}
	result := ""
	if r := o.get("properties.result"); r != "" {
		result = outcome(strings.EqualFold(r, "success"))
	}
	happened(ev, kind, result)
}

func azureActivity(o *object, ev *tocsin.Event) {
	azureNames(o, ev, []renamed{
		{"operationName", []string{"operationName.value", "OperationNameValue", "OperationName"}},
		{"category", []string{"category.value", "CategoryValue", "Category"}},
		{"resourceId", []string{"ResourceId", "_ResourceId", "resourceid"}},
		{"resultType", []string{"status.value", "ActivityStatusValue", "ResultType", "ActivityStatus"}},
	})
	azureNames(o, ev, []renamed{
		{"OperationNameValue", []string{"operationName"}},
		{"CategoryValue", []string{"category"}},
		{"ResourceId", []string{"resourceId"}},
		{"ResourceProviderValue", []string{"resourceProviderName.value"}},
		{"properties.message", []string{"operationName.localizedValue", "operationName"}},
	})
	if !o.has("ResourceProviderValue") {
		provider, _, _ := strings.Cut(o.get("operationName"), "/")
		ev.Add("ResourceProviderValue", provider)
	}
	if r := strings.ToLower(o.get("resultType")); r != "" {
		switch {
		case strings.HasPrefix(r, "fail"):
			happened(ev, "", "failure")
		case strings.HasPrefix(r, "succ"):
			happened(ev, "", "success")
		}
	}
}
