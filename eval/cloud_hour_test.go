package eval

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A caller is one who calls a cloud's API in a mixed hour.
type caller struct {
	name    string
	key     string // access key, or when the session began; empty where the platform says neither
	address string
	agent   string
	bad     bool
	calls   string // in order; ! before one is that it was refused, xN after it that it was made N times, >K that it hands out the key K
}

// An hour is what is called in one account within an hour.
type hour struct {
	name    string
	write   func(c *caller, call string, refused bool, at time.Time) map[string]any
	callers []caller
}

const (
	office  = "198.51.100.10" // behind which all of an organisation go out
	runner  = "198.51.100.60" // of its pipeline
	browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
	form    = "APN/1.0 HashiCorp/1.0 Terraform/1.8.5 (+https://www.terraform.io) terraform-provider-aws/5.54.1 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.30.0 os/linux lang/go#1.22.4 md/GOOS#linux md/GOARCH#amd64"
	cli     = "aws-cli/2.15.30 Python/3.11.8 Linux/6.5.0 exe/x86_64 prompt/off command/"
	boto    = "Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#6.6.9 md/arch#x86_64 lang/python#3.11.8"
)

// The work of an ordinary hour on each platform.
const (
	awsAdmin  = "signin:ConsoleLogin ec2:DescribeInstances x6 ec2:DescribeSecurityGroups x2 iam:ListUsers iam:GetUser x3 iam:CreateUser iam:AddUserToGroup iam:CreateLoginProfile s3:ListBuckets x4 ec2:AuthorizeSecurityGroupIngress cloudwatch:GetMetricData x9 rds:DescribeDBInstances x2 !organizations:DescribeOrganization"
	awsBuild  = "sts:GetCallerIdentity ec2:DescribeVpcs x3 ec2:DescribeSecurityGroups x5 iam:GetRole x6 iam:CreateRole x2 iam:PutRolePolicy x2 iam:AttachRolePolicy x3 ec2:CreateSecurityGroup ec2:AuthorizeSecurityGroupIngress x3 ec2:RunInstances x2 secretsmanager:GetSecretValue x2 s3:PutBucketPolicy lambda:UpdateFunctionCode x2 ec2:TerminateInstances x2"
	awsThief  = "sts:GetCallerIdentity iam:ListUsers iam:ListRoles iam:ListAttachedUserPolicies s3:ListBuckets !iam:GetAccountAuthorizationDetails !organizations:ListAccounts x2 !kms:ListKeys !rds:DescribeDBSnapshots !ec2:DescribeSnapshots secretsmanager:ListSecrets secretsmanager:GetSecretValue x7 iam:CreateUser iam:CreateAccessKey >AKIAEXAMPLE000000099 iam:AttachUserPolicy cloudtrail:StopLogging"
	azAdmin   = "Sign-in:activity Update:user x4 Add:user Reset:user:password Add:member:to:role Update:application x2"
	azBuild   = "Add:application x2 Add:service:principal x2 Add:service:principal:credentials Add:app:role:assignment:to:service:principal x2 Update:application x5"
	azThief   = "Sign-in:activity Update:user !Add:app:role:assignment:to:service:principal x2 Add:user Add:member:to:role Add:service:principal:credentials x2 Consent:to:application Disable:Strong:Authentication Set:domain:authentication"
	gcpAdmin  = "v1.compute.instances.list x6 v1.compute.instances.get x5 storage.buckets.list x2 SetIamPolicy v1.compute.firewalls.insert google.iam.admin.v1.CreateServiceAccount !v1.compute.images.list"
	gcpBuild  = "storage.buckets.get x5 v1.compute.networks.get x3 v1.compute.firewalls.insert x3 v1.compute.instances.insert x2 SetIamPolicy x3 google.iam.admin.v1.CreateServiceAccount x2 google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion x2"
	gcpThief  = "storage.buckets.list !v1.compute.instances.list !google.iam.admin.v1.ListServiceAccounts !v1.compute.snapshots.list x3 google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion x6 google.iam.admin.v1.CreateServiceAccountKey x2 SetIamPolicy google.logging.v2.ConfigServiceV2.DeleteSink storage.objects.get x20"
	kubeAdmin = "get:pods:shop x8 list:pods:shop x6 create:pods/exec:shop get:secrets:shop patch:deployments:shop x2 list:nodes x2"
	kubeBuild = "get:deployments:shop x6 patch:deployments:shop x4 create:rolebindings:shop get:secrets:shop x3 create:configmaps:shop x2 list:pods:shop x3"
	kubeThief = "create:selfsubjectrulesreviews !list:nodes !list:secrets list:pods x2 list:secrets:shop get:secrets:shop x5 !create:clusterrolebindings create:pods:shop create:pods/exec:shop x3"
	oktaAdmin = "user.session.start user.lifecycle.create user.lifecycle.activate group.user_membership.add x3 user.account.reset_password application.user_membership.add x2 user.mfa.factor.reset_all"
	oktaBuild = "group.user_membership.add x6 application.lifecycle.update x2 group.lifecycle.create x2 policy.rule.update x2"
	oktaThief = "user.session.start !app.generic.unauth_app_access_attempt x4 user.mfa.factor.deactivate user.mfa.factor.reset_all user.lifecycle.create user.account.privilege.grant x2 system.api_token.create system.idp.lifecycle.create policy.lifecycle.deactivate"
	gitAdmin  = "org.add_member x2 team.add_member x2 repo.create x2 protected_branch.create x2 repo.add_member"
	gitBuild  = "workflows.completed_workflow_run x9 repo.create protected_branch.create x3 repo.update_actions_settings git.clone x6"
	gitThief  = "personal_access_token.access_granted repo.download_zip x9 git.clone x14 public_key.create org.add_outside_collaborator protected_branch.policy_override protected_branch.destroy x2 repository_secret_scanning.disable org.update_member hook.create org.remove_member org.disable_two_factor_requirement"
)

// mixedHours are written here; nobody recorded them. Each has one principal by whom an administrator or a pipeline and an
// intruder call, in one account, in the same hour.
var mixedHours = []hour{
	{"aws: a person's key in other hands", aws, []caller{
		{"user/ann", "2026-03-02T09:00:04Z", office, browser, false, awsAdmin},
		{"user/ann", "AKIAEXAMPLE000000001", office, form, false, awsBuild},
		{"user/bob", "2026-03-02T08:58:00Z", office, browser, false, awsAdmin},
		{"user/ann", "AKIAEXAMPLE000000001", "203.0.113.77", cli + "x", true, awsThief},
		{"user/backup", "AKIAEXAMPLE000000099", "192.0.2.99", boto, true, "sts:GetCallerIdentity s3:ListBuckets secretsmanager:GetSecretValue x3 ec2:ModifySnapshotAttribute"},
	}},
	{"aws: a pipeline's role in other hands, with its agent", aws, []caller{
		{"assumed-role/deploy/ci", "2026-03-02T09:00:04Z", runner, form, false, awsBuild},
		{"user/ann", "2026-03-02T09:00:04Z", office, browser, false, awsAdmin},
		{"assumed-role/deploy/ci", "2026-03-02T09:21:00Z", "203.0.113.77", form, true, awsThief},
	}},
	{"aws: from within the office, by a session of its own", aws, []caller{
		{"user/ann", "2026-03-02T09:00:04Z", office, browser, false, awsAdmin},
		{"user/bob", "AKIAEXAMPLE000000002", office, form, false, awsBuild},
		{"user/cid", "2026-03-02T08:50:00Z", office, browser, false, awsAdmin},
		{"user/ann", "2026-03-02T09:31:00Z", office, boto, true, awsThief},
	}},
	{"entra: an administrator's session in other hands", entra, []caller{
		{"ann@corp.example", "", office, browser, false, azAdmin},
		{"terraform", "", runner, "HashiCorp Terraform/1.8.5", false, azBuild},
		{"ann@corp.example", "", "203.0.113.77", "python-requests/2.31.0", true, azThief},
	}},
	{"entra: two administrators, one not theirs", entra, []caller{
		{"ann@corp.example", "", office, browser, false, azAdmin},
		{"bob@corp.example", "", office, browser, false, azAdmin},
		{"deploy", "", runner, "HashiCorp Terraform/1.8.5", false, azBuild},
		{"bob@corp.example", "", "203.0.113.78", browser, true, azThief},
	}},
	{"gcp: a pipeline's account in other hands", gcp, []caller{
		{"deploy@corp.example", "", runner, "HashiCorp Terraform/1.8.5 (+https://www.terraform.io)", false, gcpBuild},
		{"ann@corp.example", "", office, browser, false, gcpAdmin},
		{"deploy@corp.example", "", "203.0.113.77", "google-cloud-sdk gcloud/476.0.0 command/gcloud.x", true, gcpThief},
	}},
	{"gcp: a person's account in other hands, same network", gcp, []caller{
		{"ann@corp.example", "", office, browser, false, gcpAdmin},
		{"bob@corp.example", "", office, browser, false, gcpAdmin},
		{"deploy@corp.example", "", office, "HashiCorp Terraform/1.8.5 (+https://www.terraform.io)", false, gcpBuild},
		{"ann@corp.example", "", office, "python-requests/2.31.0", true, gcpThief},
	}},
	{"kubernetes: a deployer's token in other hands", kubernetes, []caller{
		{"system:serviceaccount:shop:deployer", "", "10.20.0.7", "Terraform/1.8.5 (linux/amd64) kubernetes", false, kubeBuild},
		{"ann", "", office, "kubectl/v1.29.3 (darwin/arm64)", false, kubeAdmin},
		{"system:serviceaccount:shop:deployer", "", "203.0.113.77", "curl/8.5.0", true, kubeThief},
	}},
	{"kubernetes: an administrator's, by another client", kubernetes, []caller{
		{"ann", "", office, "kubectl/v1.29.3 (darwin/arm64)", false, kubeAdmin},
		{"bob", "", office, "kubectl/v1.29.3 (darwin/arm64)", false, kubeAdmin},
		{"system:serviceaccount:shop:deployer", "", "10.20.0.7", "Terraform/1.8.5 (linux/amd64) kubernetes", false, kubeBuild},
		{"ann", "", "203.0.113.77", "kubectl/v1.26.0 (linux/amd64)", true, kubeThief},
	}},
	{"okta: an administrator's session in other hands", okta, []caller{
		{"ann@corp.example", "s1", office, browser, false, oktaAdmin},
		{"terraform@corp.example", "s2", runner, "okta-sdk-golang/2.20.0 golang/go1.22 linux/amd64", false, oktaBuild},
		{"ann@corp.example", "s3", "203.0.113.77", browser, true, oktaThief},
	}},
	{"okta: the same from within the office", okta, []caller{
		{"ann@corp.example", "s1", office, browser, false, oktaAdmin},
		{"bob@corp.example", "s2", office, browser, false, oktaAdmin},
		{"ann@corp.example", "s3", office, "python-requests/2.31.0", true, oktaThief},
	}},
	{"github: a person's token in other hands", github, []caller{
		{"ann", "", office, browser, false, gitAdmin},
		{"ci-bot", "", runner, "go-github", false, gitBuild},
		{"ann", "", "203.0.113.77", "python-requests/2.31.0", true, gitThief},
	}},
	{"aws: an intruder who changes networks, first in the hour", aws, []caller{
		{"user/ann", "AKIAEXAMPLE000000001", "203.0.113.77", boto, true, awsThief},
		{"user/ann", "AKIAEXAMPLE000000001", "192.0.2.140", boto, true, "sts:GetCallerIdentity secretsmanager:GetSecretValue x3 iam:CreateAccessKey iam:AttachUserPolicy"},
		{"user/ann", "2026-03-02T09:10:04Z", office, browser, false, awsAdmin},
		{"user/bob", "2026-03-02T08:58:00Z", office, browser, false, awsAdmin},
		{"assumed-role/deploy/ci", "2026-03-02T09:00:04Z", runner, form, false, awsBuild},
	}},
	{"github: a bot's token in other hands", github, []caller{
		{"ann", "", office, browser, false, gitAdmin},
		{"ci-bot", "", runner, "go-github", false, gitBuild},
		{"ci-bot", "", "203.0.113.77", "curl/8.5.0", true, gitThief},
	}},
}

// ordinaryHours have no intruder, but what looks like one: a person who changes networks, a pipeline that runs everywhere.
var ordinaryHours = []hour{
	{"aws: from home, then from the office", aws, []caller{
		{"user/bob", "2026-03-02T08:58:00Z", office, browser, false, awsAdmin},
		{"user/ann", "2026-03-02T09:00:04Z", "203.0.113.20", browser, false, "signin:ConsoleLogin iam:ListUsers ec2:DescribeInstances x4 iam:CreateUser iam:AddUserToGroup"},
		{"user/ann", "2026-03-02T09:30:04Z", office, browser, false, awsAdmin},
	}},
	{"aws: a pipeline on many machines", aws, []caller{
		{"assumed-role/deploy/ci", "2026-03-02T09:00:04Z", "203.0.113.31", form, false, awsBuild},
		{"assumed-role/deploy/ci", "2026-03-02T09:05:04Z", "198.51.100.32", form, false, awsBuild},
		{"assumed-role/deploy/ci", "2026-03-02T09:10:04Z", "192.0.2.33", form, false, awsBuild},
		{"assumed-role/deploy/ci", "2026-03-02T09:15:04Z", "198.18.4.34", form, false, awsBuild},
		{"user/ann", "2026-03-02T09:00:04Z", office, browser, false, awsAdmin},
	}},
	{"aws: console and command line", aws, []caller{
		{"user/ann", "2026-03-02T09:00:04Z", office, browser, false, awsAdmin},
		{"user/ann", "AKIAEXAMPLE000000001", office, cli + "iam.x", false, "sts:GetCallerIdentity iam:ListUsers iam:ListRoles iam:CreateAccessKey secretsmanager:GetSecretValue ec2:DescribeInstances x5"},
		{"user/bob", "2026-03-02T08:58:00Z", office, browser, false, awsAdmin},
	}},
	{"gcp: two people and code in one office", gcp, []caller{
		{"ann@corp.example", "", office, browser, false, gcpAdmin},
		{"ann@corp.example", "", office, "google-cloud-sdk gcloud/476.0.0 command/gcloud.x", false, gcpBuild},
		{"bob@corp.example", "", office, browser, false, gcpAdmin},
	}},
	{"okta: a help desk", okta, []caller{
		{"ann@corp.example", "s1", office, browser, false, oktaAdmin},
		{"bob@corp.example", "s2", office, browser, false, oktaAdmin + " " + oktaAdmin},
	}},
	{"kubernetes: two administrators and a pipeline", kubernetes, []caller{
		{"ann", "", office, "kubectl/v1.29.3 (darwin/arm64)", false, kubeAdmin},
		{"bob", "", "203.0.113.20", "kubectl/v1.29.3 (linux/amd64)", false, kubeAdmin},
		{"system:serviceaccount:shop:deployer", "", "10.20.0.7", "argocd-application-controller/v2.11", false, kubeBuild},
	}},
}

type object = map[string]any

func aws(c *caller, call string, refused bool, at time.Time) map[string]any {
	call, minted, _ := strings.Cut(call, ">")
	service, name, _ := strings.Cut(call, ":")
	kind, scheme := "IAMUser", "iam"
	if strings.HasPrefix(c.name, "assumed-role/") {
		kind, scheme = "AssumedRole", "sts"
	}
	id := object{"type": kind, "arn": "arn:aws:" + scheme + "::111122223333:" + c.name, "accountId": "111122223333", "accessKeyId": c.key}
	if strings.HasPrefix(c.key, "20") {
		id["accessKeyId"] = "ASIAEXAMPLE" + strings.NewReplacer("-", "", ":", "").Replace(c.key[5:])
		id["sessionContext"] = object{"attributes": object{"creationDate": c.key, "mfaAuthenticated": "false"}}
	}
	o := object{"eventVersion": "1.09", "eventTime": at.Format(time.RFC3339), "eventSource": service + ".amazonaws.com", "eventName": name, "eventType": "AwsApiCall",
		"awsRegion": "eu-west-1", "sourceIPAddress": c.address, "userAgent": c.agent, "recipientAccountId": "111122223333", "userIdentity": id,
		"requestParameters": object{"userName": "backup"}}
	if minted != "" {
		o["responseElements"] = object{"accessKey": object{"accessKeyId": minted, "userName": "backup", "status": "Active"}}
	}
	if refused {
		o["errorCode"] = "AccessDenied"
	}
	return o
}

func entra(c *caller, call string, refused bool, at time.Time) map[string]any {
	call = strings.ReplaceAll(call, ":", " ")
	result := "success"
	if refused {
		result = "failure"
	}
	if call == "Sign-in activity" {
		return object{"time": at.Format(time.RFC3339), "category": "SignInLogs", "operationName": call, "resultType": "0", "callerIpAddress": c.address, "tenantId": "t-1",
			"properties": object{"createdDateTime": at.Format(time.RFC3339), "userPrincipalName": c.name, "ipAddress": c.address, "userAgent": c.agent, "status": object{"errorCode": 0}}}
	}
	by := object{"user": object{"userPrincipalName": c.name, "ipAddress": c.address}}
	if !strings.Contains(c.name, "@") {
		by = object{"app": object{"displayName": c.name}}
	}
	return object{"time": at.Format(time.RFC3339), "category": "AuditLogs", "operationName": call, "tenantId": "t-1", "callerIpAddress": c.address, "properties": object{
		"activityDateTime": at.Format(time.RFC3339), "activityDisplayName": call, "result": result, "initiatedBy": by,
		"additionalDetails": []any{object{"key": "User-Agent", "value": c.agent}}, "targetResources": []any{object{"type": "User", "userPrincipalName": "svc@corp.example"}}}}
}

func gcp(c *caller, call string, refused bool, at time.Time) map[string]any {
	p := object{"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "methodName": call, "serviceName": "x.googleapis.com", "authenticationInfo": object{"principalEmail": c.name},
		"requestMetadata": object{"callerIp": c.address, "callerSuppliedUserAgent": c.agent}, "status": object{}}
	if refused {
		p["status"] = object{"code": 7, "message": "PERMISSION_DENIED"}
	}
	return object{"protoPayload": p, "timestamp": at.Format(time.RFC3339), "logName": "projects/shop/logs/cloudaudit.googleapis.com%2Factivity",
		"resource": object{"type": "project", "labels": object{"project_id": "shop"}}}
}

func kubernetes(c *caller, call string, refused bool, at time.Time) map[string]any {
	verb, rest, _ := strings.Cut(call, ":")
	resource, namespace, _ := strings.Cut(rest, ":")
	resource, sub, _ := strings.Cut(resource, "/")
	ref := object{"resource": resource, "name": "api-1"}
	if namespace != "" {
		ref["namespace"] = namespace
	}
	if sub != "" {
		ref["subresource"] = sub
	}
	code := 200
	if refused {
		code = 403
	}
	return object{"kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": at.Format(time.RFC3339Nano), "stage": "ResponseComplete", "requestReceivedTimestamp": at.Format(time.RFC3339Nano),
		"verb": verb, "user": object{"username": c.name}, "sourceIPs": []any{c.address}, "userAgent": c.agent, "objectRef": ref, "responseStatus": object{"code": code}}
}

func okta(c *caller, call string, refused bool, at time.Time) map[string]any {
	result := "SUCCESS"
	if refused {
		result = "DENY"
	}
	return object{"eventType": call, "published": at.Format(time.RFC3339), "actor": object{"alternateId": c.name, "type": "User"}, "client": object{"ipAddress": c.address, "userAgent": object{"rawUserAgent": c.agent}},
		"authenticationContext": object{"externalSessionId": c.key}, "outcome": object{"result": result}, "target": []any{object{"type": "User", "alternateId": "svc@corp.example"}}}
}

func github(c *caller, call string, _ bool, at time.Time) map[string]any {
	return object{"@timestamp": at.UnixMilli(), "action": call, "actor": c.name, "actor_ip": c.address, "user_agent": c.agent, "org": "corp", "_document_id": fmt.Sprint(at.UnixNano()), "created_at": at.UnixMilli()}
}

// lines writes an hour, or only what is ordinary in it, and says which lines are the intruder's.
func (h *hour) lines(t *testing.T, path string, quiet bool) (bad []bool) {
	t.Helper()
	type line struct {
		at   time.Time
		text []byte
		bad  bool
	}
	var all []line
	begin := time.Date(2026, 3, 2, 9, 2, 0, 0, time.UTC)
	for n := range h.callers {
		c := &h.callers[n]
		if quiet && c.bad {
			continue
		}
		type do struct {
			call    string
			refused bool
		}
		var steps []do
		for word := range strings.FieldsSeq(c.calls) {
			last := len(steps) - 1
			switch {
			case word[0] == '>':
				steps[last].call += word
			case word[0] == 'x' && len(word) < 4:
				var times int
				if _, err := fmt.Sscanf(word, "x%d", &times); err != nil {
					t.Fatal(err)
				}
				for range times - 1 {
					steps = append(steps, steps[last])
				}
			default:
				steps = append(steps, do{strings.TrimPrefix(word, "!"), word[0] == '!'})
			}
		}
		for i, d := range steps {
			at := begin.Add(time.Duration(i)*50*time.Minute/time.Duration(len(steps)) + time.Duration(n)*11*time.Second)
			if c.bad {
				at = at.Add(4 * time.Minute / time.Duration(1+n))
			}
			b, err := json.Marshal(h.write(c, d.call, d.refused, at))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, line{at, b, c.bad})
		}
	}
	slices.SortStableFunc(all, func(x, y line) int { return x.at.Compare(y.at) })
	bad = []bool{false}
	var out []byte
	for _, l := range all {
		out = append(append(out, l.text...), '\n')
		bad = append(bad, l.bad)
	}
	if err := os.WriteFile(path, out, 0o644); err != nil {
		t.Fatal(err)
	}
	return bad
}

// TestMixedHours hunts hours in which administrators, a pipeline and an intruder call in one account: the campaign is the
// intruder's calls. The same hours without the intruder are to be quiet.
func TestMixedHours(t *testing.T) {
	measures(t)
	for _, v := range []view{whole, causal} {
		var right, inAll, wanted, seen, others, loud int
		for i := range mixedHours {
			h := &mixedHours[i]
			path := filepath.Join(t.TempDir(), "hour.jsonl")
			bad := h.lines(t, path, false)
			found, coverage := toldAs(t, v, own(t), path)
			if int(coverage.Events) != len(bad)-1 || coverage.FaultN != 0 {
				t.Errorf("%s: %d events and %d faults of %d lines", h.name, coverage.Events, coverage.FaultN, len(bad)-1)
			}
			in := make([]bool, len(bad))
			n, without := 0, 0
			for _, c := range found.Campaigns {
				has := false
				for _, s := range c.Records {
					for r := s.From; r <= s.To; r++ {
						in[r] = true
						has = has || bad[r]
					}
				}
				if n++; !has {
					without++
				}
			}
			hit, all, of := 0, 0, 0
			for r := range bad {
				if bad[r] {
					of++
				}
				if in[r] {
					all++
					if bad[r] {
						hit++
					}
				}
			}
			h.lines(t, path, true)
			quiet, _ := toldAs(t, v, own(t), path)
			t.Logf("%s%-56s %d campaigns (%d without the intruder): recall %d of %d, purity %d of %d; alone: %d campaigns", v, h.name, n, without, hit, of, hit, all, len(quiet.Campaigns))
			for _, c := range append(slices.Clone(found.Campaigns), quiet.Campaigns...) {
				var who []string
				for _, a := range c.Actors {
					who = append(who, a.ID)
				}
				t.Logf("      %-8s %s: %s (%s)", c.Level, c.Title, strings.Join(who, ", "), c.Why)
			}
			right, inAll, wanted = right+hit, inAll+all, wanted+of
			if hit > 0 {
				seen++
			}
			others += without
			if len(quiet.Campaigns) > 0 {
				loud++
			}
		}
		for i := range ordinaryHours {
			h := &ordinaryHours[i]
			path := filepath.Join(t.TempDir(), "hour.jsonl")
			h.lines(t, path, true)
			quiet, _ := toldAs(t, v, own(t), path)
			if len(quiet.Campaigns) > 0 {
				loud++
			}
			for _, c := range quiet.Campaigns {
				t.Logf("%s%s: %-8s %s (%s)", v, h.name, c.Level, c.Title, c.Why)
			}
		}
		share(t, string(v)+"cloud/mixed-hour/found", seen, len(mixedHours))
		share(t, string(v)+"cloud/mixed-hour/recall", right, wanted)
		share(t, string(v)+"cloud/mixed-hour/purity", right, max(1, inAll))
		share(t, string(v)+"cloud/mixed-hour/without-intruder", others, len(mixedHours))
		share(t, string(v)+"cloud/mixed-hour/ordinary-hours-told", loud, len(mixedHours)+len(ordinaryHours))
	}
}

// TestStratus counts the detonations of Stratus Red Team of which a campaign is told.
func TestStratus(t *testing.T) {
	measures(t)
	dir := unpack(t, data(t, "cloud/stratus-detonation.tar.gz"), func(string) bool { return true })
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	inAll := 0
	for _, f := range files {
		found, _ := told(t, own(t), f)
		if len(found.Campaigns) > 0 {
			inAll++
		}
		for _, c := range found.Campaigns {
			t.Logf("%s: %s %s, %d actions, %d actors", filepath.Base(f), c.Level, c.Title, c.Actions, len(c.Actors))
		}
	}
	share(t, "cloud/stratus/told", inAll, len(files))
}
