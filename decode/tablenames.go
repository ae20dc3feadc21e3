package decode

import "strings"

// An export is a way in which a service's own page writes its records as a table: the columns that tell it, and the names
// that the same values have in the service's records.
type export struct {
	marks []string
	names map[string]string
}

var exports = []export{
	{ // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events-console.html
		marks: []string{"Event name", "Event source", "Event time"},
		names: map[string]string{"Event name": "eventName", "Event source": "eventSource", "Event time": "eventTime", "User name": "userIdentity.userName", "AWS region": "awsRegion", "Error code": "errorCode",
			"Source IP address": "sourceIPAddress", "Read-only": "readOnly", "Request ID": "requestID", "Event ID": "eventID", "AWS access key": "userIdentity.accessKeyId", "Resource type": "resources.type", "Resource name": "resources.ARN"},
	},
	{ // https://learn.microsoft.com/en-us/entra/identity/monitoring-health/howto-download-logs
		marks: []string{"Date (UTC)", "Request ID", "Sign-in error code"},
		names: map[string]string{"Date (UTC)": "createdDateTime", "Request ID": "id", "User agent": "userAgent", "Correlation ID": "correlationId", "User ID": "userId", "User": "userDisplayName", "Username": "userPrincipalName",
			"Application": "appDisplayName", "Application ID": "appId", "Resource": "resourceDisplayName", "Resource ID": "resourceId", "IP address": "ipAddress", "Location": "location", "Sign-in error code": "status.errorCode",
			"Failure reason": "status.failureReason", "Client app": "clientAppUsed", "Device ID": "deviceDetail.deviceId", "Browser": "deviceDetail.browser", "Operating System": "deviceDetail.operatingSystem", "Compliant": "deviceDetail.isCompliant",
			"Managed": "deviceDetail.isManaged", "Join Type": "deviceDetail.trustType", "Conditional Access": "conditionalAccessStatus", "Authentication Protocol": "authenticationProtocol", "Original transfer method": "originalTransferMethod",
			"Service principal name": "servicePrincipalName", "Service principal ID": "servicePrincipalId"},
	},
	{
		marks: []string{"Date (UTC)", "Activity", "Result", "Service"},
		names: map[string]string{"Date (UTC)": "activityDateTime", "CorrelationId": "correlationId", "Service": "loggedByService", "Category": "category", "Activity": "activityDisplayName", "Result": "result", "ResultReason": "resultReason",
			"ActorUserPrincipalName": "initiatedBy.user.userPrincipalName", "ActorDisplayName": "initiatedBy.app.displayName", "IPAddress": "initiatedBy.user.ipAddress", "Target1DisplayName": "targetResources.displayName",
			"Target1UserPrincipalName": "targetResources.userPrincipalName", "Target1ObjectId": "targetResources.id"},
	},
}

// rename gives the columns the names that the service's records have, where they are known to be an export of one.
func (t *table) rename() {
	for i, n := range t.names { // what Log Analytics adds to names
		name, utc := strings.CutSuffix(n, " [UTC]")
		if t.names[i] = name; utc {
			t.opt = t.opt.inUTC()
		}
	}
	has := func(name string) bool {
		for _, n := range t.names {
			if n == name {
				return true
			}
		}
		return false
	}
	if has("TimeGenerated") {
		for i, n := range t.names {
			t.names[i] = untyped(n)
		}
	}
next:
	for _, e := range exports {
		for _, m := range e.marks {
			if !has(m) {
				continue next
			}
		}
		for i, n := range t.names {
			if as := e.names[n]; as != "" {
				t.names[i] = as
			}
		}
		return
	}
}

// untyped takes off a column's name what Log Analytics adds to those of custom logs and of AzureDiagnostics: its type.
// https://learn.microsoft.com/en-us/azure/azure-monitor/logs/data-collector-api
func untyped(name string) string {
	if n := len(name); n > 3 && name[n-2] == '_' && strings.IndexByte("sdbtg", name[n-1]) >= 0 {
		return name[:n-2]
	}
	return name
}

// untype does so for all leaves of a row of Log Analytics.
func (o *object) untype() {
	for i := range o.fields {
		o.fields[i].Name = untyped(o.fields[i].Name)
	}
}
