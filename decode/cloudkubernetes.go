package decode

import (
	"net/url"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// kubernetes lists the audit logs of container platforms.
func kubernetes() []platform {
	return []platform{
		{
			// https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
			name:   "kubernetes-audit",
			source: tocsin.LogSource{Product: "kubernetes", Category: "application", Service: "audit"},
			is: func(o *object) bool {
				if o.has("kubernetes.audit.auditID") { // Elastic keeps the names below a prefix
					o.shed("kubernetes.audit.")
				}
				return o.has("auditID", "stage", "verb") || o.get("kind") == "Event" && strings.HasPrefix(o.get("apiVersion"), "audit.k8s.io/")
			},
			time:    []string{"requestReceivedTimestamp", "stageTimestamp", "timestamp"},
			sensor:  []string{"stageTimestamp"},
			user:    []string{"user.username"},
			address: []string{"sourceIPs"},
			alias:   []alias{{"apiGroup", "objectRef.apiGroup"}},
			more:    kubernetesAudit,
		},
	}
}

func kubernetesAudit(o *object, ev *tocsin.Event) {
	// SigmaHQ's rules name two parts of a pod by their last name alone.
	for i := range o.fields {
		f := &o.fields[i]
		if !strings.HasPrefix(f.Name, "requestObject.") {
			continue
		}
		if strings.Contains(f.Name, ".hostPath.") {
			ev.Add("hostPath", f.Value)
		}
		if strings.Contains(f.Name, ".capabilities.") {
			ev.Add("capabilities", f.Value)
		}
	}
	code := o.get("responseStatus.code")
	kind := ""
	switch {
	case code == "401":
		kind = "login_failed"
	case code == "403", o.get("annotations.authorization.k8s.io/decision") == "forbid":
		kind = "denied"
	}
	if sub := o.get("objectRef.subresource"); sub == "exec" || sub == "attach" {
		if kind == "" {
			kind = "command"
		}
		ev.Add("command", execCommand(o))
	}
	result := ""
	if code != "" {
		result = outcome(code[0] != '4' && code[0] != '5')
	}
	happened(ev, kind, result)
}

// execCommand returns what a request to exec runs: each word is a parameter of its own.
func execCommand(o *object) string {
	_, query, _ := strings.Cut(o.get("requestURI"), "?")
	var words []string
	for p := range strings.SplitSeq(query, "&") {
		if w, ok := strings.CutPrefix(p, "command="); ok && len(words) < 256 {
			if plain, err := url.QueryUnescape(w); err == nil {
				w = plain
			}
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}
