package decode

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// pick gives an event's format, time, log sources and some of its fields, all values of each.
func pick(e *tocsin.Event, names ...string) string {
	if e.Fault != nil {
		return "fault: " + e.Fault.Error()
	}
	var b strings.Builder
	b.WriteString(e.Format + " " + e.Time.Format("2006-01-02T15:04:05.999Z07:00") + " " + sourceList(e))
	if e.Host != "" {
		b.WriteString(" @" + e.Host)
	}
	for _, n := range names {
		var vs []string
		for _, f := range e.Fields {
			if f.Name == n {
				vs = append(vs, f.Value)
			}
		}
		if vs != nil {
			b.WriteString("\n" + n + "=" + strings.Join(vs, " | "))
		}
	}
	return b.String()
}

func TestCloudJSON(t *testing.T) {
	who := []string{"event_type", "outcome", "user", "src_ip"}
	tests := []struct {
		name, log string
		fields    []string
		want      []string
	}{{
		"CloudTrail: a login without MFA, a denied call, a Records list",
		`{"Records":[{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","userName":"ann"},"eventTime":"2026-03-04T05:06:07Z","eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.1","responseElements":{"ConsoleLogin":"Success"},"requestParameters":null},
{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/r/s"},"eventTime":"2026-03-04T05:06:08Z","eventSource":"ec2.amazonaws.com","eventName":"GetPasswordData","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.1","errorCode":"Client.UnauthorizedOperation","requestParameters":{"instanceId":"i-1"}}]}`,
		[]string{"eventName", "requestParameters", "requestParameters.instanceId", "responseElements"},
		[]string{
			"cloudtrail 2026-03-04T05:06:07Z aws/*/cloudtrail aws/authentication/cloudtrail\nevent_type=login_ok\noutcome=success\nuser=ann\nsrc_ip=192.0.2.1\neventName=ConsoleLogin\nresponseElements={\"ConsoleLogin\":\"Success\"}",
			"cloudtrail 2026-03-04T05:06:08Z aws/*/cloudtrail\nevent_type=denied\noutcome=failure\nuser=arn:aws:sts::1:assumed-role/r/s\nsrc_ip=192.0.2.1\neventName=GetPasswordData\nrequestParameters={\"instanceId\":\"i-1\"}\nrequestParameters.instanceId=i-1",
		},
	}, {
		"CloudTrail through EventBridge",
		`{"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.iam","time":"2026-03-04T05:06:09Z","detail":{"eventVersion":"1.08","eventTime":"2026-03-04T05:06:08Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"eu-west-1","requestParameters":{"userName":"mallory"}}}`,
		[]string{"requestParameters", "requestParameters.userName"},
		[]string{"cloudtrail 2026-03-04T05:06:08Z aws/*/cloudtrail\nevent_type=user_added\noutcome=success\nrequestParameters={\"userName\":\"mallory\"}\nrequestParameters.userName=mallory"},
	}, {
		"Kubernetes: exec into a pod, a secret refused, an ordinary get",
		`{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/n/pods/p/exec?command=%2Fbin%2Fsh&command=-c&command=id&stdin=true","verb":"create","user":{"username":"ann"},"sourceIPs":["192.0.2.1","10.0.0.1"],"objectRef":{"resource":"pods","subresource":"exec","apiGroup":"x"},"responseStatus":{"code":101},"requestReceivedTimestamp":"2026-03-04T05:06:07Z","stageTimestamp":"2026-03-04T05:06:08Z"}
{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"2","stage":"ResponseComplete","verb":"list","user":{"username":"sa"},"sourceIPs":["192.0.2.1"],"objectRef":{"resource":"secrets"},"responseStatus":{"code":403},"requestReceivedTimestamp":"2026-03-04T05:06:07Z"}
{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"3","stage":"ResponseComplete","verb":"create","user":{"username":"ann"},"objectRef":{"resource":"pods"},"requestObject":{"spec":{"volumes":[{"hostPath":{"path":"/"}}]}},"responseStatus":{"code":201},"requestReceivedTimestamp":"2026-03-04T05:06:07Z"}`,
		[]string{"command", "apiGroup", "hostPath"},
		[]string{
			"kubernetes-audit 2026-03-04T05:06:07Z kubernetes/application/audit\nevent_type=command\noutcome=success\nuser=ann\nsrc_ip=192.0.2.1\ncommand=/bin/sh -c id\napiGroup=x",
			"kubernetes-audit 2026-03-04T05:06:07Z kubernetes/application/audit\nevent_type=denied\noutcome=failure\nuser=sa\nsrc_ip=192.0.2.1",
			"kubernetes-audit 2026-03-04T05:06:07Z kubernetes/application/audit\noutcome=success\nuser=ann\nhostPath=/",
		},
	}, {
		"Microsoft 365: a rule that forwards, a login, an alert; what a search hands out",
		`{"CreationTime":"2026-03-04T05:06:07","Operation":"New-InboxRule","Workload":"Exchange","RecordType":1,"ResultStatus":"True","UserId":"ann@corp.example","ClientIP":"[2001:db8::1]:4711","Parameters":[{"Name":"ForwardTo","Value":"x@evil.example"},{"Name":"DeleteMessage","Value":"True"}]}
{"CreationTime":"2026-03-04T05:06:08","Operation":"UserLoginFailed","Workload":"AzureActiveDirectory","RecordType":15,"UserId":"bob@corp.example","ClientIP":"192.0.2.1","ExtendedProperties":[{"Name":"RequestType","Value":"Cmsi:Cmsi"}]}
{"CreationTime":"2026-03-04T05:06:09","Operation":"AlertTriggered","Workload":"SecurityComplianceCenter","RecordType":40,"ResultStatus":"Succeeded","UserId":"x","Name":"Impossible travel activity"}
{"RecordType":"AzureActiveDirectory","CreationDate":"2026-03-04T05:06:11Z","UserIds":"bob","Operations":"UserLoggedIn","AuditData":"{\"CreationTime\":\"2026-03-04T05:06:10\",\"Operation\":\"UserLoggedIn\",\"Workload\":\"AzureActiveDirectory\",\"UserId\":\"bob@corp.example\",\"ClientIP\":\"192.0.2.1:99\"}"}`,
		[]string{"Parameters", "Parameters.ForwardTo", "ForwardTo", "eventName", "eventSource", "status", "RequestType", "AuditData"},
		[]string{
			"m365 2026-03-04T05:06:07Z m365/*/audit m365/*/exchange\noutcome=success\nuser=ann@corp.example\nsrc_ip=2001:db8::1\n" +
				"Parameters=[{\"Name\":\"ForwardTo\",\"Value\":\"x@evil.example\"},{\"Name\":\"DeleteMessage\",\"Value\":\"True\"}]\nParameters.ForwardTo=x@evil.example\nForwardTo=x@evil.example\neventName=New-InboxRule\neventSource=Exchange\nstatus=success",
			"m365 2026-03-04T05:06:08Z m365/*/audit m365/authentication/audit m365/*/azure_active_directory\nevent_type=login_failed\noutcome=failure\nuser=bob@corp.example\nsrc_ip=192.0.2.1\neventName=UserLoginFailed\neventSource=AzureActiveDirectory\nstatus=success\nRequestType=Cmsi:Cmsi",
			"m365 2026-03-04T05:06:09Z m365/*/audit m365/*/threat_management m365/*/threat_detection\noutcome=success\nuser=x\neventName=AlertTriggered | Impossible travel activity\neventSource=SecurityComplianceCenter\nstatus=success",
			"m365 2026-03-04T05:06:10Z m365/*/audit m365/authentication/audit m365/*/azure_active_directory\nevent_type=login_ok\noutcome=success\nuser=bob@corp.example\nsrc_ip=192.0.2.1\neventName=UserLoggedIn\neventSource=AzureActiveDirectory\nstatus=success",
		},
	}, {
		"Entra sign-ins: Azure Monitor, Log Analytics, Graph; a wrong password, MFA asked for, a device code",
		`{"time":"2026-03-04T05:06:09Z","category":"SignInLogs","operationName":"Sign-in activity","resultType":"50126","resultDescription":"Invalid username or password","callerIpAddress":"192.0.2.1","identity":"Ann","location":"DE","properties":{"createdDateTime":"2026-03-04T05:06:07Z","userPrincipalName":"ann@corp.example","ipAddress":"192.0.2.1","authenticationRequirement":"singleFactorAuthentication","deviceDetail":{"deviceId":"","isCompliant":false},"status":{"errorCode":50126},"networkLocationDetails":[]}}
{"TimeGenerated":"2026-03-04T05:06:07Z","Type":"SigninLogs","ResultType":"50074","ResultDescription":"Strong Auth required","UserPrincipalName":"ann@corp.example","IPAddress":"192.0.2.1"}
{"id":"1","createdDateTime":"2026-03-04T05:06:07Z","userPrincipalName":"ann@corp.example","ipAddress":"192.0.2.1","authenticationProtocol":"deviceCode","status":{"errorCode":0},"location":{"countryOrRegion":"DE"}}`,
		[]string{"ResultType", "resultType", "ResultDescription", "Status", "properties.message", "AuthenticationRequirement", "DeviceDetail.deviceId", "DeviceDetail.isCompliant", "NetworkLocationDetails", "Location"},
		[]string{
			"azure-signin 2026-03-04T05:06:07Z azure/*/signinlogs azure/authentication/signinlogs\nevent_type=login_failed\noutcome=failure\nuser=ann@corp.example\nsrc_ip=192.0.2.1\nResultType=50126\nresultType=50126\nResultDescription=Invalid username or password\nStatus=Failure\nAuthenticationRequirement=singleFactorAuthentication\nDeviceDetail.deviceId=\nDeviceDetail.isCompliant=false\nNetworkLocationDetails=[]\nLocation=DE",
			"azure-signin 2026-03-04T05:06:07Z azure/*/signinlogs\nevent_type=login_interrupted\nuser=ann@corp.example\nsrc_ip=192.0.2.1\nResultType=50074\nresultType=50074\nResultDescription=Strong Auth required\nStatus=Failure",
			"azure-signin 2026-03-04T05:06:07Z azure/*/signinlogs azure/authentication/signinlogs\nevent_type=login_ok\noutcome=success\nuser=ann@corp.example\nsrc_ip=192.0.2.1\nResultType=0\nresultType=0\nStatus=Success\nproperties.message=Device Code\nLocation=DE",
		},
	}, {
		"Entra audit, both spellings",
		`{"time":"2026-03-04T05:06:09Z","category":"AuditLogs","operationName":"Add member to role","properties":{"activityDateTime":"2026-03-04T05:06:07Z","category":"RoleManagement","result":"success","loggedByService":"Core Directory","initiatedBy":{"user":{"userPrincipalName":"ann@corp.example","ipAddress":"192.0.2.1"}},"targetResources":[{"type":"User","userPrincipalName":"bob@corp.example","modifiedProperties":[{"displayName":"Role.DisplayName","newValue":"\"Company Administrator\""}]}]}}
{"id":"1","activityDateTime":"2026-03-04T05:06:07Z","activityDisplayName":"Consent to application","category":"ApplicationManagement","result":"success","initiatedBy":{"user":{"userPrincipalName":"ann@corp.example"}},"targetResources":[{"type":"ServicePrincipal","modifiedProperties":[{"displayName":"ConsentContext.IsAdminConsent","newValue":"\"False\""}]}],"additionalDetails":[{"key":"User-Agent","value":"UA"}]}`,
		[]string{"operationName", "OperationName", "Category", "LoggedByService", "Status", "properties.message", "TargetResources.ModifiedProperties.NewValue", "ConsentContext.IsAdminConsent", "Initiatedby", "additionalDetails.User-Agent"},
		[]string{
			"azure-audit 2026-03-04T05:06:07Z azure/*/auditlogs\nevent_type=group_changed\noutcome=success\nuser=ann@corp.example\nsrc_ip=192.0.2.1\noperationName=Add member to role\nOperationName=Add member to role\nCategory=RoleManagement\nLoggedByService=Core Directory\nStatus=success\n" +
				"properties.message=Add member to role | [{\"type\":\"User\",\"userPrincipalName\":\"bob@corp.example\",\"modifiedProperties\":[{\"displayName\":\"Role.DisplayName\",\"newValue\":\"\\\"Company Administrator\\\"\"}]}]\nTargetResources.ModifiedProperties.NewValue=\"Company Administrator\"\nInitiatedby=ann@corp.example",
			"azure-audit 2026-03-04T05:06:07Z azure/*/auditlogs\noutcome=success\nuser=ann@corp.example\noperationName=Consent to application\nOperationName=Consent to application\nCategory=ApplicationManagement\nStatus=success\n" +
				"properties.message=Consent to application | [{\"type\":\"ServicePrincipal\",\"modifiedProperties\":[{\"displayName\":\"ConsentContext.IsAdminConsent\",\"newValue\":\"\\\"False\\\"\"}]}]\nTargetResources.ModifiedProperties.NewValue=\"False\"\nConsentContext.IsAdminConsent=false\nInitiatedby=ann@corp.example\nadditionalDetails.User-Agent=UA",
		},
	}, {
		"Azure activity and risk",
		`{"time":"2026-03-04T05:06:07Z","resourceId":"/SUBSCRIPTIONS/1","operationName":"MICROSOFT.NETWORK/AZUREFIREWALLS/DELETE","category":"Administrative","resultType":"Success","callerIpAddress":"192.0.2.1","identity":{"claims":{"name":"ann"}}}
{"id":"1","riskEventType":"anonymizedIPAddress","riskLevel":"high","detectedDateTime":"2026-03-04T05:06:07Z","ipAddress":"192.0.2.1","userPrincipalName":"ann@corp.example"}`,
		[]string{"OperationNameValue", "CategoryValue", "ResourceProviderValue", "ResourceId", "riskEventType", "name", "severity"},
		[]string{
			"azure-activity 2026-03-04T05:06:07Z azure/*/activitylogs\noutcome=success\nuser=ann\nsrc_ip=192.0.2.1\nOperationNameValue=MICROSOFT.NETWORK/AZUREFIREWALLS/DELETE\nCategoryValue=Administrative\nResourceProviderValue=MICROSOFT.NETWORK\nResourceId=/SUBSCRIPTIONS/1",
			"azure-risk 2026-03-04T05:06:07Z azure/*/riskdetection azure/*/pim alert/*/azure\nuser=ann@corp.example\nsrc_ip=192.0.2.1\nriskEventType=anonymizedIPAddress\nname=anonymizedIPAddress\nseverity=high",
		},
	}, {
		"Google: an audit record, as stored by Pub/Sub too, Workspace in both shapes",
		`{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","methodName":"google.iam.admin.v1.CreateServiceAccountKey","serviceName":"iam.googleapis.com","authenticationInfo":{"principalEmail":"ann@corp.example"},"requestMetadata":{"callerIp":"192.0.2.1"},"status":{"code":7}},"timestamp":"2026-03-04T05:06:07Z","logName":"projects/p/logs/cloudaudit.googleapis.com%2Factivity"}
{"data":{"protoPayload":{"methodName":"m","serviceName":"s"},"timestamp":"2026-03-04T05:06:07Z","logName":"l"}}
{"kind":"admin#reports#activity","id":{"time":"2026-03-04T05:06:07Z","applicationName":"login"},"actor":{"email":"ann@corp.example"},"ipAddress":"192.0.2.1","events":[{"type":"login","name":"login_failure","parameters":[{"name":"login_type","value":"google_password"}]}]}
{"protoPayload":{"serviceName":"admin.googleapis.com","methodName":"google.admin.AdminService.x","metadata":{"event":[{"eventName":"ENFORCE_STRONG_AUTHENTICATION","parameter":[{"name":"NEW_VALUE","value":"false"}]}]}},"timestamp":"2026-03-04T05:06:07Z","logName":"l"}`,
		[]string{"gcp.audit.method_name", "data.protoPayload.methodName", "eventService", "eventName", "login_type", "new_value"},
		[]string{
			"gcp-audit 2026-03-04T05:06:07Z gcp/*/gcp.audit\nevent_type=denied\noutcome=failure\nuser=ann@corp.example\nsrc_ip=192.0.2.1\ngcp.audit.method_name=google.iam.admin.v1.CreateServiceAccountKey\ndata.protoPayload.methodName=google.iam.admin.v1.CreateServiceAccountKey",
			"gcp-audit 2026-03-04T05:06:07Z gcp/*/gcp.audit\noutcome=success\ngcp.audit.method_name=m\ndata.protoPayload.methodName=m",
			"google-workspace 2026-03-04T05:06:07Z gcp/*/google_workspace.login gcp/authentication/google_workspace.login\nevent_type=login_failed\noutcome=failure\nuser=ann@corp.example\nsrc_ip=192.0.2.1\neventService=login.googleapis.com\neventName=login_failure\nlogin_type=google_password",
			"gcp-audit 2026-03-04T05:06:07Z gcp/*/gcp.audit gcp/*/google_workspace.admin\ngcp.audit.method_name=google.admin.AdminService.x\ndata.protoPayload.methodName=google.admin.AdminService.x\neventService=admin.googleapis.com\neventName=ENFORCE_STRONG_AUTHENTICATION\nnew_value=false",
		},
	}, {
		"identity services",
		`{"eventType":"user.session.start","published":"2026-03-04T05:06:07Z","actor":{"alternateId":"ann@corp.example"},"client":{"ipAddress":"192.0.2.1"},"outcome":{"result":"FAILURE","reason":"INVALID_CREDENTIALS"},"debugContext":{"debugData":{"requestUri":"/api"}}}
{"@timestamp":1772600767000,"action":"org.add_member","actor":"ann","actor_ip":"192.0.2.1","org":"o","_document_id":"d"}
{"time":"2026-03-04T05:06:07Z","author_id":1,"author_name":"ann","entity_id":2,"entity_type":"Project","change":"visibility","ip_address":"192.0.2.1"}
{"auditType":{"action":"User login failed","category":"Authentication"},"author":{"name":"ann"},"source":"192.0.2.1","timestamp":{"epochSecond":1772600767,"nano":5000000}}
{"event_type_id":6,"account_id":1,"created_at":"2026-03-04T05:06:07Z","user_name":"ann","ipaddr":"192.0.2.1"}
{"txid":"t","result":"denied","reason":"bypass_user","event_type":"authentication","factor":"push","isotimestamp":"2026-03-04T05:06:07Z","user":{"name":"ann"},"access_device":{"ip":"192.0.2.1"}}
{"event":"user.login","code":"T1000W","uid":"u","time":"2026-03-04T05:06:07Z","cluster_name":"c","user":"ann","success":false,"addr.remote":"192.0.2.1:4711"}
{"time":"2026-03-04T05:06:07Z","type":"response","auth":{"display_name":"ann","accessor":"a"},"request":{"id":"r","path":"auth/userpass/login/ann","operation":"update","remote_address":"192.0.2.1"},"error":"invalid username or password"}
{"type":"LOGIN_ERROR","realmId":"r","clientId":"c","ipAddress":"192.0.2.1","error":"user_not_found","time":1772600767000,"details":{"username":"ann"}}
{"action":"login_failed","logger":"authentik.events.models","client_ip":"192.0.2.1","context":{"username":"ann"},"timestamp":"2026-03-04T05:06:07"}
{"dst_host":"10.0.0.1","dst_port":22,"local_time":"2026-03-04 05:06:07.000000","logdata":{"USERNAME":"ann","PASSWORD":"p"},"logtype":4002,"node_id":"canary","src_host":"192.0.2.1","src_port":4711}`,
		[]string{"debugcontext.debugdata.requesturi", "eventtype"},
		[]string{
			"okta 2026-03-04T05:06:07Z okta/*/okta okta/authentication/okta\nevent_type=login_failed\noutcome=failure\nuser=ann@corp.example\nsrc_ip=192.0.2.1\ndebugcontext.debugdata.requesturi=/api\neventtype=user.session.start",
			"github-audit 2026-03-04T05:06:07Z github/*/audit\nuser=ann\nsrc_ip=192.0.2.1",
			"gitlab-audit 2026-03-04T05:06:07Z gitlab/*/audit\nuser=ann\nsrc_ip=192.0.2.1",
			"bitbucket-audit 2026-03-04T05:06:07.005Z bitbucket/*/audit bitbucket/authentication/audit\nevent_type=login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1",
			"onelogin 2026-03-04T05:06:07Z onelogin/*/onelogin.events onelogin/authentication/onelogin.events\nevent_type=login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1",
			"duo 2026-03-04T05:06:07Z cisco/*/duo cisco/authentication/duo\nevent_type=authentication | login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1",
			"teleport 2026-03-04T05:06:07Z teleport/*/audit teleport/authentication/audit\nevent_type=login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1",
			"vault 2026-03-04T05:06:07Z vault/*/audit vault/authentication/audit\nevent_type=login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1",
			"keycloak 2026-03-04T05:06:07Z keycloak/*/events keycloak/authentication/events\nevent_type=invalid_user\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1",
			"authentik 2026-03-04T05:06:07Z authentik/*/audit authentik/authentication/audit\nevent_type=login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1",
			"opencanary 2026-03-04T05:06:07Z opencanary/application opencanary/authentication @canary\nevent_type=login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1",
		},
	}, {
		"other detectors",
		`{"timestamp":"2026-03-04T05:06:07.000+0000","rule":{"id":"5710","level":5,"description":"sshd: attempt","groups":["syslog","invalid_login"]},"agent":{"id":"1","name":"web1"},"data":{"srcip":"192.0.2.1","srcuser":"ann"}}
{"schemaVersion":"2.0","accountId":"1","type":"Recon:EC2/PortProbe","severity":2,"title":"Port probed","service":{"serviceName":"guardduty","eventLastSeen":"2026-03-04T05:06:07Z"},"resource":{"instanceDetails":{"instanceId":"i-1"}}}
{"rule":"Terminal shell in container","priority":"Notice","output":"o","time":"2026-03-04T05:06:07Z","hostname":"n1","output_fields":{"proc.cmdline":"sh -c id"}}
{"message":"m","datetime":"2026-03-04T05:06:07+00:00","timestamp_desc":"Creation Time","hostname":"h"}
{"detection_ts":"2026-03-04T05:06:07Z","priority":"high","type":"email","name":"Phish"}`,
		[]string{"name", "severity", "command"},
		[]string{
			"wazuh 2026-03-04T05:06:07Z alert/*/wazuh alert/authentication/wazuh @web1\nevent_type=invalid_user\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1\nname=sshd: attempt\nseverity=5",
			"guardduty 2026-03-04T05:06:07Z aws/*/guardduty alert/*/guardduty @i-1\nname=Port probed\nseverity=2",
			"falco 2026-03-04T05:06:07Z alert/*/falco @n1\nname=Terminal shell in container\nseverity=Notice\ncommand=sh -c id",
			"timesketch 2026-03-04T05:06:07Z timeline/*/timesketch @h",
			"alert 2026-03-04T05:06:07Z alert\nname=Phish\nseverity=high",
		},
	}, {
		"what Elastic's agents make of them",
		`{"@timestamp":"2026-03-04T05:06:07Z","event":{"dataset":"aws.cloudtrail","action":"ConsoleLogin","provider":"signin.amazonaws.com","outcome":"failure"},"source":{"ip":"192.0.2.1","address":"192.0.2.1"},"user":{"name":"ann"},"aws":{"cloudtrail":{"event_version":"1.08","user_identity":{"type":"IAMUser"}}}}
{"@timestamp":"2026-03-04T05:06:07Z","o365":{"audit":{"CreationTime":"2026-03-04T05:06:07","Operation":"UserLoginFailed","Workload":"AzureActiveDirectory","RecordType":15,"UserId":"ann","ClientIP":"192.0.2.1"}}}
{"@timestamp":"2026-03-04T05:06:07Z","event":{"original":"{\"eventVersion\":\"1.08\",\"eventTime\":\"2026-03-04T05:06:08Z\",\"eventSource\":\"iam.amazonaws.com\",\"eventName\":\"ListUsers\",\"awsRegion\":\"r\"}","dataset":"aws.cloudtrail"}}
{"@timestamp":"2026-03-04T05:06:07Z","okta":{"event_type":"user.session.start","outcome":{"result":"FAILURE"},"actor":{"alternate_id":"ann"}},"source":{"ip":"192.0.2.1"}}`,
		[]string{"eventName", "eventSource", "userIdentity.type", "Operation", "eventType"},
		[]string{
			"ecs-cloudtrail 2026-03-04T05:06:07Z aws/*/cloudtrail aws/authentication/cloudtrail\nevent_type=login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1\neventName=ConsoleLogin\neventSource=signin.amazonaws.com\nuserIdentity.type=IAMUser",
			"m365 2026-03-04T05:06:07Z m365/*/audit m365/authentication/audit m365/*/azure_active_directory\nevent_type=login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1\neventName=UserLoginFailed\neventSource=AzureActiveDirectory\nOperation=UserLoginFailed",
			"cloudtrail 2026-03-04T05:06:08Z aws/*/cloudtrail\noutcome=success\neventName=ListUsers\neventSource=iam.amazonaws.com",
			"ecs-okta 2026-03-04T05:06:07Z okta/*/okta okta/authentication/okta\nevent_type=login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1\neventType=user.session.start",
		},
	}, {
		"applications: a failed login, one that worked, none at all",
		`{"level":"warn","ts":1772600767.5,"msg":"Invalid password for user 'ann'","client_ip":"192.0.2.1"}
{"timestamp":"2026-03-04 05:06:07.784","message":"User \"ann\" logged in from ip 192.0.2.1","level":4}
{"level":"info","time":"2026-03-04T05:06:07Z","message":"login page rendered in 3 ms","ip":"192.0.2.1"}
{"level":"info","time":"2026-03-04T05:06:07Z","message":"password rotation job finished"}`,
		nil,
		[]string{
			"json 2026-03-04T05:06:07.5Z */authentication\nevent_type=login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1",
			"json 2026-03-04T05:06:07.784Z */authentication\nevent_type=login_ok\noutcome=success\nuser=ann\nsrc_ip=192.0.2.1",
			"json 2026-03-04T05:06:07Z */application",
			"json 2026-03-04T05:06:07Z */application",
		},
	}, {
		"records in records",
		`{"log":"192.0.2.1 - - [04/Mar/2026:05:06:07 +0000] \"GET / HTTP/1.1\" 200 13 \"-\" \"UA\"\n","stream":"stdout","time":"2026-03-04T05:06:08Z"}
{"log":"{\"level\":\"warn\",\"time\":\"2026-03-04T05:06:07Z\",\"msg\":\"login failed\",\"user\":\"ann\",\"ip\":\"192.0.2.1\"}\n","stream":"stderr","time":"2026-03-04T05:06:08Z"}
{"log":"nothing anyone knows\n","stream":"stderr","time":"2026-03-04T05:06:08Z"}
{"_index":"i","_id":"1","_source":{"eventVersion":"1.08","eventTime":"2026-03-04T05:06:08Z","eventSource":"iam.amazonaws.com","eventName":"ListUsers","awsRegion":"r"}}`,
		[]string{"cs-method", "stream", "log"},
		[]string{
			"access 2026-03-04T05:06:07Z apache/webserver/access nginx/webserver/access\nsrc_ip=192.0.2.1\ncs-method=GET\nstream=stdout",
			"json 2026-03-04T05:06:07Z */authentication\nevent_type=login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1\nstream=stderr",
			"docker 2026-03-04T05:06:08Z \nstream=stderr\nlog=nothing anyone knows\n",
			"cloudtrail 2026-03-04T05:06:08Z aws/*/cloudtrail\noutcome=success",
		},
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, e := range decodeAll(t, "x.json", tt.log) {
				got = append(got, pick(e, append(who[:4:4], tt.fields...)...))
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestCloudLines(t *testing.T) {
	fields := []string{"event_type", "outcome", "user", "src_ip", "cs-method", "cs-uri", "bucket", "dst_port", "msg", "stream"}
	tests := []struct{ name, line, want string }{
		{"S3", `79a59df900b949e5 bucket-1 [04/Mar/2026:05:06:07 +0000] 192.0.2.1 79a59df900b949e5 3E57427F3EXAMPLE REST.GET.OBJECT a/b "GET /bucket-1/a/b?x=1 HTTP/1.1" 403 AccessDenied 113 - 7 - "-" "S3Console/0.4" - hostid SigV4 cipher AuthHeader bucket-1.s3.example TLSv1.2 - -`,
			"s3-access 2026-03-04T05:06:07Z aws/webserver/s3\nevent_type=denied\noutcome=failure\nuser=79a59df900b949e5\nsrc_ip=192.0.2.1\ncs-method=GET\ncs-uri=/bucket-1/a/b?x=1\nbucket=bucket-1"},
		{"VPC flow", `2 123456789010 eni-1235b8ca 192.0.2.1 10.0.0.1 20641 22 6 20 4249 1772600767 1772600800 REJECT OK`,
			"vpc-flow 2026-03-04T05:06:07Z aws/firewall/vpcflow\nevent_type=firewall_denied\noutcome=failure\nsrc_ip=192.0.2.1\ndst_port=22"},
		{"CRI", `2026-03-04T05:06:08.123456789Z stderr F 192.0.2.1 - - [04/Mar/2026:05:06:07 +0000] "GET /x HTTP/1.1" 200 13`,
			"access 2026-03-04T05:06:07Z apache/webserver/access nginx/webserver/access\nsrc_ip=192.0.2.1\ncs-method=GET\ncs-uri=/x\nstream=stderr"},
		{"logfmt", `t=2026-03-04T05:06:07Z level=error msg="Invalid username or password" user=ann remote_addr=192.0.2.1`,
			"logfmt 2026-03-04T05:06:07Z */authentication\nevent_type=login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1\nmsg=Invalid username or password"},
		{"logfmt, nothing about logins", `t=2026-03-04T05:06:07Z level=info msg="Request Completed" status=200`, "logfmt 2026-03-04T05:06:07Z */application\nmsg=Request Completed"},
		{"Keycloak", `2026-03-04 05:06:07,357 WARN  [org.keycloak.events] (executor-thread-1) type="LOGIN_ERROR", realmId="r", ipAddress="192.0.2.1", error="invalid_user_credentials", username="ann"`,
			"keycloak-log 2026-03-04T05:06:07.357Z keycloak/*/events keycloak/authentication/events\nevent_type=login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1"},
		{"JSON among text", `{"level":"error","time":"2026-03-04T05:06:07Z","msg":"Unsuccessful 1FA authentication attempt by user 'ann'","remote_ip":"192.0.2.1"}`,
			"json 2026-03-04T05:06:07Z */authentication\nevent_type=login_failed\noutcome=failure\nuser=ann\nsrc_ip=192.0.2.1\nmsg=Unsuccessful 1FA authentication attempt by user 'ann'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := decodeText(t, tt.line+"\n")
			if len(got) != 1 {
				t.Fatalf("%d events, want 1", len(got))
			}
			if d := cmp.Diff(tt.want, pick(got[0], fields...)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestListed holds the opening of lists to the lines that their records stand on.
func TestListed(t *testing.T) {
	for _, log := range []string{
		"{\"value\": [\n {\"a\": 1},\n {\"a\": 2}\n], \"@odata.nextLink\": \"x\"}{\"a\": 3}\n",
		"[\n {\"a\": 1},\n {\"a\": 2}]\n{\"a\": 3}",
		"{\"kind\":\"EventList\",\"items\":[\n{\"a\":1},\n{\"a\":2}],\n\"metadata\":{}}{\"a\":3}",
		"{\"took\":1,\"hits\":{\"hits\":[\n{\"_index\":\"i\",\"_source\":{\"a\":1}},\n{\"_index\":\"i\",\"_source\":{\"a\":2}}]\n}}{\"a\":3}",
	} {
		var got []string
		d := newJSON(Options{}, jsonKinds())
		d.Decode(&tocsin.Record{Source: "x", Data: []byte(log), Line: 1}, func(e *tocsin.Event) {
			got = append(got, string(rune('0'+e.Record))+"="+e.Text("a"))
		})
		if d := cmp.Diff("2=1 3=2 4=3", strings.Join(got, " ")); d != "" {
			t.Errorf("%q: %s", log, d)
		}
	}
	// An array inside a record is no list of records.
	var n int
	newJSON(Options{}, nil).Decode(&tocsin.Record{Data: []byte(`{"kind":"Event","items":[{"a":1},{"a":2}]}{"values":[{"a":1}]}`)}, func(*tocsin.Event) { n++ })
	if n != 2 {
		t.Errorf("%d events, want 2", n)
	}
}

// TestCloudRecordings decodes every cloud recording: no faults, and all records of the services they are from.
func TestCloudRecordings(t *testing.T) {
	dir := dataDir(t, "cloud")
	files := map[string][]byte{}
	zips, _ := filepath.Glob(filepath.Join(dir, "*", "*.zip"))
	for _, path := range zips {
		z, err := zip.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Base(path)+"!/"+f.Name], _ = io.ReadAll(r)
			r.Close()
		}
		z.Close()
	}
	for tr := tar.NewReader(bytes.NewReader(gunzip(t, filepath.Join(dir, "stratus-detonation.tar.gz")))); ; {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			files[h.Name], _ = io.ReadAll(tr)
		}
	}
	got := map[string]int{}
	for name, data := range files {
		for _, e := range decodeAll(t, name, string(data)) {
			if e.Fault != nil || e.Time.IsZero() || len(e.Sources) == 0 {
				t.Errorf("%s: %s", name, pick(e))
				break
			}
			got[e.Format]++
		}
	}
	want := map[string]int{"cloudtrail": 413, "csv": 301, "m365": 32}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// BenchmarkPlatforms decodes records of one kind, and of all kinds by turns, where every record looks for its kind.
func BenchmarkPlatforms(b *testing.B) {
	trail := `{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","principalId":"AROA:s","arn":"arn:aws:sts::1:assumed-role/r/s","accountId":"1","accessKeyId":"ASIA","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA","arn":"arn:aws:iam::1:role/r","accountId":"1","userName":"r"},"attributes":{"creationDate":"2026-03-04T05:06:07Z","mfaAuthenticated":"false"}}},"eventTime":"2026-03-04T05:06:08Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.1","userAgent":"aws-cli/2","requestParameters":{"instancesSet":{"items":[{"instanceId":"i-1"}]},"filterSet":{}},"responseElements":null,"requestID":"r","eventID":"e","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"1","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"c","clientProvidedHostHeader":"h"}}` + "\n"
	app := `{"level":"info","time":"2026-03-04T05:06:07Z","msg":"request completed","component":"api","duration_ms":12,"trace":"t","ip":"192.0.2.1"}` + "\n"
	docker := `{"log":"192.0.2.1 - - [04/Mar/2026:05:06:07 +0000] \"GET /a HTTP/1.1\" 200 13 \"-\" \"UA\"\n","stream":"stdout","time":"2026-03-04T05:06:08Z"}` + "\n"
	for _, bb := range []struct {
		name, log string
		n         int
	}{{"cloudtrail", strings.Repeat(trail, 100), 100}, {"app", strings.Repeat(app, 100), 100}, {"docker", strings.Repeat(docker, 100), 100}, {"mixed", strings.Repeat(trail+app+docker, 30), 90}} {
		b.Run(bb.name, func(b *testing.B) {
			d := newJSON(Options{}, jsonKinds())
			data := []byte(bb.log)
			n := 0
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				n = 0
				d.Decode(&tocsin.Record{Source: "x", Data: data, Line: 1}, func(*tocsin.Event) { n++ })
			}
			if n != bb.n {
				b.Fatalf("%d events, want %d", n, bb.n)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
		})
	}
}
