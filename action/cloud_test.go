package action

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// trail is a record of CloudTrail's.
func trail(source, call, more string) string {
	return `{"eventVersion":"1.08","eventTime":"2026-03-02T10:00:00Z","eventSource":"` + source + `","eventName":"` + call + `","eventType":"AwsApiCall","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.5","userAgent":"aws-cli/2.1","recipientAccountId":"111122223333","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/Ann","accountId":"111122223333","accessKeyId":"AKIAEXAMPLE000000001"}` + more + `}`
}

// kube is a record of a Kubernetes audit log.
func kube(user, verb, object, code, more string) string {
	return `{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","stage":"ResponseComplete","requestReceivedTimestamp":"2026-03-02T10:00:00.000000Z","verb":"` + verb + `","user":{"username":"` + user + `"},"sourceIPs":["203.0.113.5"],"objectRef":{` + object + `},"responseStatus":{"code":` + code + `}` + more + `}`
}

func TestCloud(t *testing.T) {
	const ann, from = "principal:arn:aws:iam::111122223333:user/ann", "address:203.0.113.5"
	for _, c := range []reading{
		{"list", "json", trail("ec2.amazonaws.com", "DescribeInstances", ""),
			"list", "discovery", "T1580", tocsin.Worked, tocsin.Informational, ann, "", ""},
		{"key made", "json", trail("iam.amazonaws.com", "CreateAccessKey", `,"requestParameters":{"userName":"Backup"}`),
			"create", "persistence", "T1098.001", tocsin.Worked, tocsin.Medium, from, "principal:backup", "agent:aws-cli/2.1"},
		{"key not made", "json", trail("iam.amazonaws.com", "CreateAccessKey", `,"errorCode":"AccessDenied","requestParameters":{"userName":"backup"}`),
			"create", "persistence", "T1098.001", tocsin.Denied, tocsin.Medium, from, "principal:backup", ""},
		{"logging stopped", "json", trail("cloudtrail.amazonaws.com", "StopLogging", ""),
			"stop", "defense-impairment", "T1685.002", tocsin.Worked, tocsin.Medium, ann, "", ""},
		{"by a service", "json", strings.Replace(trail("iam.amazonaws.com", "AttachRolePolicy", ""), `"accessKeyId"`, `"invokedBy":"cloudformation.amazonaws.com","accessKeyId"`, 1),
			"grant", "", "", tocsin.Worked, tocsin.Informational, ann, "", ""},
		{"secret", "json", trail("secretsmanager.amazonaws.com", "GetSecretValue", `,"requestParameters":{"secretId":"db"}`),
			"read", "credential-access", "T1552", tocsin.Worked, tocsin.Low, ann, "file:db", ""},
		{"dry run", "json", trail("ec2.amazonaws.com", "RunInstances", `,"errorCode":"Client.DryRunOperation"`),
			"create", "", "", tocsin.Unknown, tocsin.Informational, ann, "", ""},
		{"look refused", "json", trail("ec2.amazonaws.com", "DescribeImages", `,"errorCode":"Client.UnauthorizedOperation"`),
			"list", "discovery", "T1580", tocsin.Denied, tocsin.Low, ann, "", ""},
		{"role refused", "json", trail("sts.amazonaws.com", "AssumeRole", `,"errorCode":"AccessDenied","requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/Admin"}`),
			"login", "privilege-escalation", "T1548.005", tocsin.Denied, tocsin.Low, ann, "principal:arn:aws:iam::111122223333:role/admin", ""},
		{"console login failed", "json", trail("signin.amazonaws.com", "ConsoleLogin", `,"responseElements":{"ConsoleLogin":"Failure"},"errorMessage":"Failed authentication"`),
			"login", "credential-access", "T1110", tocsin.Failed, tocsin.Low, from, "", ""},
		{"machine's credentials read storage", "json", strings.Replace(trail("s3.amazonaws.com", "GetObject", `,"requestParameters":{"bucketName":"bills"}`), "arn:aws:iam::111122223333:user/Ann", "arn:aws:sts::111122223333:assumed-role/web/i-0123456789abcdef0", 1),
			"read", "collection", "T1530", tocsin.Worked, tocsin.Low, from, "file:bills", ""},
		{"finding of the platform", "json", `{"schemaVersion":"2.0","accountId":"111122223333","region":"eu-west-1","partition":"aws","id":"f","arn":"arn:aws:guardduty:eu-west-1:111122223333:detector/d/finding/f","type":"UnauthorizedAccess:EC2/SSHBruteForce","severity":5,"createdAt":"2026-03-02T10:00:00Z","updatedAt":"2026-03-02T10:00:00Z","title":"203.0.113.5 is performing SSH brute force attacks","service":{"serviceName":"guardduty","action":{"actionType":"NETWORK_CONNECTION","networkConnectionAction":{"remoteIpDetails":{"ipAddressV4":"203.0.113.5"}}}}}`,
			"alert", "credential-access", "T1110", tocsin.Unknown, tocsin.Medium, from, "", ""},

		{"exec in a pod", "json", kube("system:serviceaccount:web:default", "create", `"resource":"pods","subresource":"exec","namespace":"web","name":"api-1"`, "101", `,"requestURI":"/api/v1/namespaces/web/pods/api-1/exec?command=cat&command=%2Fetc%2Fshadow&container=api"`),
			"run", "execution", "T1609", tocsin.Worked, tocsin.Medium, "principal:system:serviceaccount:web:default", "file:api-1", ""},
		{"secrets listed", "json", kube("system:serviceaccount:web:default", "list", `"resource":"secrets","namespace":"kube-system"`, "200", ""),
			"list", "credential-access", "T1552.007", tocsin.Worked, tocsin.Medium, from, "", ""},
		{"controller's own", "json", kube("system:kube-controller-manager", "list", `"resource":"secrets"`, "200", ""),
			"list", "", "", tocsin.Worked, tocsin.Informational, from, "", ""},
		{"nobody is refused", "json", kube("system:anonymous", "get", `"resource":"pods","namespace":"web","name":"x"`, "403", ""),
			"read", "discovery", "T1613", tocsin.Denied, tocsin.Low, from, "", ""},

		{"second factor taken off", "json", `{"CreationTime":"2026-03-02T10:00:00","Id":"1","Operation":"Disable Strong Authentication.","OrganizationId":"org","RecordType":8,"ResultStatus":"Success","UserKey":"k","UserType":0,"Workload":"AzureActiveDirectory","ObjectId":"ann@corp.example","UserId":"admin@corp.example"}`,
			"change", "persistence", "T1556.006", tocsin.Worked, tocsin.Medium, "principal:admin@corp.example", "principal:ann@corp.example", ""},
	} {
		t.Run(c.name, c.check)
	}
}

func TestCloudSaysWhose(t *testing.T) {
	all := read(t, "json", trail("iam.amazonaws.com", "CreateUser", ""))
	if len(all) != 1 || all[0].Org != "aws:111122223333" || !strings.HasPrefix(all[0].Credential, "key:") || strings.Contains(all[0].Credential, "AKIA") {
		t.Fatalf("%+v", all)
	}
	again := read(t, "json", trail("ec2.amazonaws.com", "DescribeVpcs", ""))
	if again[0].Credential != all[0].Credential {
		t.Errorf("one key has the fingerprints %s and %s", all[0].Credential, again[0].Credential)
	}
}

// TestInPod holds that what is run in a container is also read as a command, and that its secrets are masked.
func TestInPod(t *testing.T) {
	exec := func(words string) []tocsin.Action {
		return read(t, "json", kube("ann", "create", `"resource":"pods","subresource":"exec","namespace":"web","name":"api-1"`, "101", `,"requestURI":"/api/v1/namespaces/web/pods/api-1/exec?`+words+`"`))
	}
	all := exec("command=cat&command=%2Fetc%2Fshadow")
	if len(all) != 2 || all[1].Technique != "T1003.008" || !strings.Contains(all[0].Text, "cat /etc/shadow") {
		t.Errorf("%+v", all)
	}
	if all := exec("command=ls"); len(all) != 1 {
		t.Errorf("%+v", all)
	}
	for _, a := range exec("command=sshpass&command=-p&command=Winter2026x&command=ssh&command=ann@192.0.2.4") {
		if strings.Contains(a.Text, "Winter2026x") {
			t.Errorf("the password stands in %q", a.Text)
		}
	}
}

func BenchmarkCloud(b *testing.B) {
	benchmark(b, trail("ec2.amazonaws.com", "DescribeInstances", `,"requestParameters":{"instancesSet":{},"filterSet":{}},"requestID":"r","eventID":"e","readOnly":true,"managementEvent":true,"eventCategory":"Management"`))
}

// TestCapitals holds that a call in capitals means what it means as its makers write it, and that words begin where no letter is
// before them.
func TestCapitals(t *testing.T) {
	r := NewReader([]byte("k"), own)
	for call, want := range map[string]string{
		"MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/SECURITYRULES/WRITE": "cloud-call-firewall-opened",
		"Microsoft.Network/networkSecurityGroups/securityRules/write": "cloud-call-firewall-opened",
		"MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/READ":                "",
		"XLISTBUCKETS": "",
	} {
		got := ""
		if is := r.cloudCall(call); is != nil {
			got = is.id
		}
		if got != want {
			t.Errorf("%s: %q, want %q", call, got, want)
		}
	}
}
