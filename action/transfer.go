package action

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// transfer reads programs that fetch and send over HTTP.
func (m *meaning) transfer(args []string, a *arguments) {
	j := a.joined
	m.Verb = "request"
	m.Tactic, m.Technique, m.Level = "", "", tocsin.Informational
	for _, w := range a.urls {
		if strings.Contains(w, "://169.254.169.254") {
			continue // asked by who runs it, not through a server
		}
		if p := payload(w); p.technique != "" {
			m.say("probe", p.tactic, p.technique, max(p.level, medium))
			if p.host != "" {
				m.Marks = append(m.Marks, "callback:"+p.host)
			}
		}
	}
	bare := false
	for _, t := range a.targets {
		bare = bare || t.Kind == "address" && t.Value != "127.0.0.1"
	}
	out := ""
	for i, w := range args {
		if (w == "-o" || w == "-O" || w == "--output" || strings.EqualFold(w, "-outfile")) && i+1 < len(args) {
			out = args[i+1]
		}
	}
	switch {
	case strings.Contains(j, "${jndi:"), strings.Contains(j, "() { :"):
		m.say("probe", "initial-access", "T1190", medium)
	case a.flags["-T"] || a.flags["--upload-file"] || strings.Contains(j, "--data-binary @") || strings.Contains(j, "-d @") || strings.Contains(j, "file=@") || strings.Contains(j, "--post-file") || strings.Contains(j, "-infile"):
		m.say("send", "exfiltration", "T1048", low)
		if bare || strings.Contains(j, "transfer.sh") || strings.Contains(j, "pastebin") || strings.Contains(j, "file.io") || strings.Contains(j, "webhook.site") || strings.Contains(j, "0x0.st") {
			m.say("send", "exfiltration", "T1567", medium)
		}
	case out != "" && (bare || program(out) || strings.HasPrefix(out, "/tmp/") || strings.HasPrefix(out, "/dev/shm/")) || strings.Contains(j, "/tmp/") && m.Tool == "wget":
		m.say("copy", "command-and-control", "T1105", low)
		if out != "" && len(out) < 128 && (strings.HasPrefix(out, "/tmp/") || strings.HasPrefix(out, "/dev/shm/")) {
			m.Marks = append(m.Marks, "dropped:"+out)
		}
	case strings.Contains(j, "169.254.169.254"):
		m.say("read", "credential-access", "T1552.005", medium)
	}
}

// net reads net.exe, whose first word says what it is about.
func (m *meaning) net(sub string, args []string, has func(...string) bool) {
	add := has("/add")
	switch sub {
	case "user", "users":
		switch {
		case add:
			m.say("create", "persistence", "T1136", medium)
		case has("/active"), len(args) > 2 && !strings.HasPrefix(args[2], "/"):
			m.say("change", "persistence", "T1098", low)
		default:
			m.say("list", "discovery", "T1087", low)
		}
	case "localgroup", "group":
		if add {
			m.say("grant", "persistence", "T1098", medium)
		} else {
			m.say("list", "discovery", "T1069", low)
		}
	case "view", "share", "session", "config", "accounts", "time":
		m.say("list", "discovery", "T1135", low)
	case "use":
		m.say("connect", "lateral-movement", "T1021.002", low)
	case "start":
		m.say("list", "discovery", "T1007", low)
	case "stop":
		m.say("stop", "impact", "T1489", low)
	}
}

// cloud reads the command lines of cloud platforms.
func (m *meaning) cloud(j string, has func(...string) bool) {
	switch {
	case has("get-caller-identity"), has("account show"), has("auth list"):
		m.say("list", "discovery", "T1033", low)
	case has("get-secret-value"), has("keyvault secret show"), has("secrets versions access"), has("get-parameters") && has("decryption"):
		m.say("read", "credential-access", "T1555.006", medium)
	case has("create-access-key"), has("create-user"), has("ad sp create"), has("service-accounts keys create"), has("create-login-profile"):
		m.say("create", "persistence", "T1098.001", medium)
	case has("attach-user-policy"), has("put-user-policy"), has("role assignment create"), has("add-iam-policy-binding"):
		m.say("grant", "persistence", "T1098.003", medium)
	case has("stop-logging"), has("delete-trail"), has("delete-flow-logs"):
		m.say("stop", "defense-impairment", "T1562.008", high)
	case has("s3 cp") || has("s3 sync"), has("storage blob upload"), has("gsutil cp"):
		m.say("copy", "exfiltration", "T1567.002", tocsin.Informational)
	case has("list-users"), has("list-roles"), has("list-buckets"), has("describe-instances"), has("ad user list"), has("projects list"):
		m.say("list", "discovery", "T1580", low)
	}
}
