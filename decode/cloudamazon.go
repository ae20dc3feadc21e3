package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// amazon lists the logs of AWS that are JSON.
func amazon() []platform {
	return []platform{
		{
			// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
			name:   "cloudtrail",
			source: tocsin.LogSource{Product: "aws", Service: "cloudtrail"},
			is: func(o *object) bool {
				if o.has("detail-type", "detail.eventName", "detail.eventSource") { // an EventBridge event around it
					o.shed("detail.")
				}
				return o.has("eventName", "eventSource", "awsRegion") || o.has("eventName", "eventSource", "eventVersion", "eventTime")
			},
			time: []string{"eventTime", "@timestamp"},
			user: []string{"userIdentity.userName", "userIdentity.sessionContext.sessionIssuer.userName", "userIdentity.arn",
				"userIdentity.principalId", "userIdentity.invokedBy"},
			address: []string{"sourceIPAddress"},
			agent:   []string{"userAgent"},
			more:    cloudTrail,
		},
		{
			// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-format.html; the SDKs write capitals.
			name:   "guardduty",
			source: tocsin.LogSource{Product: "aws", Service: "guardduty"},
			also:   []tocsin.LogSource{{Product: "alert", Service: "guardduty"}},
			is: func(o *object) bool {
				if o.get("detail-type") == "GuardDuty Finding" {
					o.shed("detail.")
				}
				return o.has("schemaVersion", "accountId", "severity", "service.serviceName") || o.has("SchemaVersion", "AccountId", "Severity", "Service.ServiceName")
			},
			time:   []string{"service.eventLastSeen", "Service.EventLastSeen", "updatedAt", "UpdatedAt"},
			sensor: []string{"updatedAt", "UpdatedAt"},
			host:   []string{"resource.instanceDetails.instanceId", "Resource.InstanceDetails.InstanceId", "resource.eksClusterDetails.name"},
			user:   []string{"resource.accessKeyDetails.userName", "Resource.AccessKeyDetails.UserName"},
			address: []string{
				"service.action.networkConnectionAction.remoteIpDetails.ipAddressV4", "Service.Action.NetworkConnectionAction.RemoteIpDetails.IpAddressV4",
				"service.action.awsApiCallAction.remoteIpDetails.ipAddressV4", "Service.Action.AwsApiCallAction.RemoteIpDetails.IpAddressV4",
				"service.action.portProbeAction.portProbeDetails.remoteIpDetails.ipAddressV4", "Service.Action.PortProbeAction.PortProbeDetails.RemoteIpDetails.IpAddressV4",
				"service.action.kubernetesApiCallAction.remoteIpDetails.ipAddressV4", "Service.Action.KubernetesApiCallAction.RemoteIpDetails.IpAddressV4",
			},
			alias: []alias{{"name", "title"}, {"name", "Title"}},
		},
		{
			// https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html
			name:   "security-hub",
			source: tocsin.LogSource{Product: "aws", Service: "securityhub"},
			also:   []tocsin.LogSource{{Product: "alert", Service: "securityhub"}},
			is:     func(o *object) bool { return o.has("SchemaVersion", "ProductArn", "GeneratorId", "Title") },
			time:   []string{"LastObservedAt", "UpdatedAt", "CreatedAt"},
			host:   []string{"Resources.Id"},
			alias:  []alias{{"name", "Title"}, {"severity", "Severity.Label"}},
		},
	}
}

func cloudTrail(o *object, ev *tocsin.Event) {
	// SigmaHQ's rules search these two as text.
	in := o.raw()
	if d := o.raw("detail"); d != nil {
		in = d
	}
	for _, k := range [...]string{"requestParameters", "responseElements"} {
		if v := in.get(k); len(v) > 0 && v[0] == '{' {
			ev.Add(k, text(v))
		}
	}
	ok := !o.has("errorCode") && !o.has("errorMessage")
	kind := ""
	switch o.get("eventName") {
	case "ConsoleLogin":
		ok = ok && o.get("responseElements.ConsoleLogin") != "Failure"
		kind = loginKind(ok)
	case "CreateUser":
		kind = "user_added"
	case "DeleteUser":
		kind = "user_deleted"
	case "AddUserToGroup", "AttachUserPolicy", "AttachGroupPolicy", "AttachRolePolicy", "PutUserPolicy", "PutGroupPolicy", "PutRolePolicy":
		kind = "group_changed"
	case "ChangePassword", "CreateLoginProfile", "UpdateLoginProfile", "PasswordRecoveryCompleted":
		kind = "password_changed"
	}
	if kind == "" && !ok && strings.Contains(o.get("errorCode"), "AccessDenied") || strings.Contains(o.get("errorCode"), "Unauthorized") {
		kind = "denied"
	}
	happened(ev, kind, outcome(ok))
}
