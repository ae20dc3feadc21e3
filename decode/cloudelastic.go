package decode

import "github.com/tocsin-ids/tocsin"

// elastic lists platform logs that Elastic's agents have taken apart, under ECS names (www.elastic.co/docs/reference/ecs)
// and without the original record; with it, the envelope "filebeat" reads that. Two keep the service's names below a
// prefix of their own; the others get the service's names back as far as rules use them.
func elastic() []platform {
	return []platform{
		{
			name:   "ecs-cloudtrail",
			source: tocsin.LogSource{Product: "aws", Service: "cloudtrail"},
			is: func(o *object) bool {
				return !o.has("event.original") && (o.get("event.dataset") == "aws.cloudtrail" || o.has("aws.cloudtrail.event_version"))
			},
			time:    []string{"@timestamp"},
			user:    []string{"user.name", "aws.cloudtrail.user_identity.arn"},
			address: []string{"source.ip", "source.address"},
			agent:   []string{"user_agent.original"},
			alias: []alias{
				{"eventName", "event.action"}, {"eventSource", "event.provider"}, {"eventType", "aws.cloudtrail.event_type"}, {"awsRegion", "cloud.region"},
				{"errorCode", "aws.cloudtrail.error_code"}, {"errorMessage", "aws.cloudtrail.error_message"}, {"sourceIPAddress", "source.address"},
				{"userAgent", "user_agent.original"}, {"userIdentity.type", "aws.cloudtrail.user_identity.type"}, {"userIdentity.arn", "aws.cloudtrail.user_identity.arn"},
				{"requestParameters", "aws.cloudtrail.request_parameters"}, {"responseElements", "aws.cloudtrail.response_elements"},
				{"responseElements.ConsoleLogin", "aws.cloudtrail.flattened.response_elements.ConsoleLogin"},
				{"additionalEventData.MFAUsed", "aws.cloudtrail.console_login.additional_eventdata.mfa_used"},
				{"userIdentity.sessionContext.sessionIssuer.type", "aws.cloudtrail.user_identity.session_context.session_issuer.type"},
			},
			more: func(o *object, ev *tocsin.Event) {
				ok := o.get("event.outcome") != "failure"
				if o.get("event.action") == "ConsoleLogin" {
					ev.Add("event_type", loginKind(ok))
				}
				ev.Add("outcome", outcome(ok))
			},
		},
		{
			name:    "ecs-gcp",
			source:  tocsin.LogSource{Product: "gcp", Service: "gcp.audit"},
			is:      func(o *object) bool { return o.has("gcp.audit.service_name") || o.has("gcp.audit.method_name") },
			time:    []string{"@timestamp"},
			user:    []string{"gcp.audit.authentication_info.principal_email", "user.email", "client.user.email"},
			address: []string{"source.ip"},
			alias:   []alias{{"gcp.audit.method_name", "event.action"}, {"outcome", "event.outcome"}},
		},
		{
			name:    "ecs-okta",
			source:  tocsin.LogSource{Product: "okta", Service: "okta"},
			is:      func(o *object) bool { return !o.has("event.original") && o.has("okta.event_type") },
			time:    []string{"@timestamp"},
			user:    []string{"okta.actor.alternate_id"},
			address: []string{"source.ip", "client.ip"},
			alias: []alias{
				{"eventType", "okta.event_type"}, {"eventtype", "okta.event_type"}, {"displayMessage", "okta.display_message"},
				{"outcome.result", "okta.outcome.result"}, {"outcome.reason", "okta.outcome.reason"}, {"actor.alternateId", "okta.actor.alternate_id"},
				{"target.displayName", "okta.target.display_name"}, {"securityContext.isProxy", "okta.security_context.is_proxy"},
				{"debugContext.debugData.requestUri", "okta.debug_context.debug_data.request_uri"},
			},
			more: func(o *object, ev *tocsin.Event) {
				o.fields, o.known = ev.Fields, false
				oktaEvent(o, ev)
			},
		},
	}
}
