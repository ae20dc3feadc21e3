package sigma

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Forms of tags: https://sigmahq.io/sigma-specification/specification/sigma-appendix-tags.html
var (
	tagForm     = regexp.MustCompile(`^[a-z0-9_-]+\.[a-z0-9._-]+$`)
	tagAttack   = regexp.MustCompile(`^(t\d{4}(\.\d{3})?|ta\d{4}|g\d{4}|s\d{4}|m\d{4}|ds\d{4}|c\d{4})$`)
	tagPatterns = map[string]*regexp.Regexp{
		"car":       regexp.MustCompile(`^\d{4}-\d{2}-\d{3}$`),
		"cve":       regexp.MustCompile(`^\d{4}[-.]\d{4,}$`),
		"detection": regexp.MustCompile(`^(dfir|emerging-threats|threat-hunting)$`),
		"stp":       regexp.MustCompile(`^[1-5][auk]?$`),
		"tlp":       regexp.MustCompile(`^(clear|white|green|amber|amber-strict|red)$`),
	}
	tagSpaces = []string{"attack", "car", "cve", "d3fend", "detection", "stp", "tlp"}
)

func (l *linter) tags() {
	n, line := l.at("tags")
	all := n.Strings()
	if len(all) == 0 {
		if l.page.node.At("filter") == nil {
			l.report("missing-tags", line, "for example attack.execution", "no tags")
		}
		return
	}
	for _, t := range repeats(all) {
		l.report("duplicate-tag", line, "", "the tag %s is there twice", clip(t, 60))
	}
	count := map[string]int{}
	for i, t := range all {
		if n.Kind == List && i < len(n.Items) {
			line = n.Items[i].Line
		}
		if !tagForm.MatchString(t) {
			l.report("tag-form", line, "namespace.name in small letters", "the tag %q", clip(t, 60))
			continue
		}
		space, name, _ := strings.Cut(t, ".")
		count[space]++
		if form := tagPatterns[space]; form != nil && !form.MatchString(name) {
			l.report("tag-pattern", line, "", "the tag %s is not as its namespace asks", clip(t, 60))
		}
		switch {
		case space == "attack":
			if !tagAttack.MatchString(name) && len((&tocsin.Rule{Tags: []string{t}}).Tactics()) == 0 {
				l.report("attack-tag", line, "attack.t1059.001, attack.execution, attack.g0001, attack.s0001", "the tag %s", clip(t, 60))
			}
		case !slices.Contains(tagSpaces, space):
			l.report("tag-namespace", line, strings.Join(tagSpaces, ", "), "the namespace of the tag %s", clip(t, 60))
		}
	}
	for _, space := range [...]string{"detection", "tlp", "stp"} {
		if count[space] > 1 {
			l.report("tag-conflict", line, "", "%d tags of %s", count[space], space)
		}
	}
	r := tocsin.Rule{Tags: all}
	if len(r.Techniques()) > 0 && len(r.Tactics()) == 0 {
		l.report("technique-alone", line, "add the tactic, for example attack.execution", "techniques without a tactic")
	}
}

// Products, categories and services that SigmaHQ's rules or this project's decoders know, a list for each. Services
// are only complete for Windows; elsewhere programs name them.
var (
	knownProducts = strings.Fields(`ai_agent alert apache aws azure bitbucket bluecoat caddy cisco cowrie django envoy exchange
		fortigate fortios freebsd gcp github haproxy huawei juniper jvm keycloak kubernetes lighttpd linux litespeed m365
		macos modsecurity network nginx nodejs okta onelogin opencanary paloalto python qualys rpc_firewall ruby_on_rails
		spring sql suricata sysmon tomcat traefik velocity windows zeek`)
	knownCategories = strings.Fields(`antivirus appliance application authentication cloud database dns firewall ids mail proxy
		provider_verdict tool_call webserver vpn
		clipboard_change create_remote_thread create_stream_hash dns_query driver_load file_access file_block_executable
		file_block_shredding file_change file_delete file_delete_detected file_event file_executable_detected file_rename
		image_load network_connection pipe_created process_access process_creation process_tampering process_termination
		ps_classic_provider_start ps_classic_script ps_classic_start ps_module ps_script raw_access_thread registry_add
		registry_delete registry_event registry_rename registry_set sysmon_error sysmon_status wmi_event`)
	windowsServices = strings.Fields(`application applocker appmodel-runtime appxdeployment-server appxpackaging-om bitlocker
		bits-client capi2 certificateservicesclient-lifecycle-system codeintegrity-operational dhcp diagnosis-scripted
		dns-client dns-server dns-server-analytic dns-server-audit driver-framework firewall-as ftp hyper-v-worker iis
		iis-configuration kernel-event-tracing kernel-shimengine ldap lsa-server microsoft-servicebus-client
		msexchange-management ntfs ntlm openssh pfirewall powershell powershell-classic printservice-admin
		printservice-operational security security-mitigations sense shell-core smbclient-connectivity smbclient-security
		smbserver-connectivity sysmon system taskscheduler terminalservices-localsessionmanager vhdmp windefend wmi`)
	// Categories that stand for certain events of Sysmon's log: https://learn.microsoft.com/sysinternals/downloads/sysmon
	sysmonCategories = map[string]string{"1": "process_creation", "2": "file_change", "3": "network_connection",
		"4": "sysmon_status", "5": "process_termination", "6": "driver_load", "7": "image_load", "8": "create_remote_thread",
		"9": "raw_access_thread", "10": "process_access", "11": "file_event", "12": "registry_event", "13": "registry_set",
		"14": "registry_rename", "15": "create_stream_hash", "16": "sysmon_status", "17": "pipe_created", "18": "pipe_created",
		"19": "wmi_event", "20": "wmi_event", "21": "wmi_event", "22": "dns_query", "23": "file_delete", "24": "clipboard_change",
		"25": "process_tampering", "26": "file_delete_detected", "27": "file_block_executable", "28": "file_block_shredding",
		"29": "file_executable_detected", "255": "sysmon_error"}
)

func (l *linter) source() {
	n, line := l.at("logsource")
	if n == nil || n.Kind != Map {
		if n != nil && l.page.node.At("correlation") == nil {
			l.report("logsource-empty", line, "", "an empty log source")
		}
		return
	}
	said := false
	for i, k := range n.Keys {
		v := n.Items[i].Scalar()
		var known []string
		switch k.Name {
		case "product":
			known = knownProducts
		case "category":
			known = knownCategories
		case "service":
			if n.At("product").Scalar() == "windows" {
				known = windowsServices
			}
		case "definition": // where it stands alone, its author meant every log
		default:
			l.report("logsource-key", k.Line, "product, category, service and definition", "the log source has the key %s", clip(k.Name, 60))
			continue
		}
		said = said || v != ""
		if strings.ToLower(v) != v {
			l.report("logsource-case", k.Line, "", "%s %s is written with capitals", k.Name, clip(v, 60))
		}
		if v != "" && known != nil && !slices.Contains(known, strings.ToLower(v)) {
			hint := ""
			if near := nearest(v, known); near != "" {
				hint = "did you mean " + near + "?"
			}
			l.report("logsource-unknown", k.Line, hint, "no log source of %s %s is known", k.Name, clip(v, 60))
		}
	}
	if !said {
		l.report("logsource-empty", line, "name a product, category or service", "the log source names neither product, category nor service")
	}
	l.eventIDs()
}

// eventIDs looks at a Windows rule's log source and the event ids that it asks for.
func (l *linter) eventIDs() {
	r := l.page.rule
	if r == nil || r.Detection == nil || r.Source.Product != "windows" {
		return
	}
	sysmon := r.Source.Category == "" && r.Source.Service == "sysmon"
	implied := false
	for _, c := range sysmonCategories {
		implied = implied || c == r.Source.Category
	}
	asks := false
	for _, s := range r.Detection.Searches {
		eachItem(s.Value, 0, func(key Key, v *Node) {
			if key.Name != "EventID" {
				return
			}
			asks = true
			if implied {
				l.report("category-event-id", key.Line, "leave EventID out", "category %s asks for an EventID", r.Source.Category)
			}
			for _, id := range v.Strings() {
				if c := sysmonCategories[id]; sysmon && c != "" {
					l.report("service-for-category", key.Line, "category: "+c+" also takes the same from other logs", "Sysmon's EventID %s", id)
				}
			}
		})
	}
	if sysmon && !asks {
		l.report("sysmon-event-id", r.Detection.Line, "", "Sysmon's log without an EventID")
	}
}

// eachItem calls do for every line of a search: a key and its values. Keywords have an empty key.
func eachItem(n *Node, depth int, do func(Key, *Node)) {
	if n == nil || depth > maxNesting {
		return
	}
	switch n.Kind {
	case Map:
		for i, k := range n.Keys {
			do(k, n.Items[i])
		}
	case List:
		words := &Node{Kind: List, Line: n.Line}
		for _, e := range n.Items {
			if e.Kind == Map || e.Kind == List {
				eachItem(e, depth+1, do)
			} else {
				words.Items = append(words.Items, e)
			}
		}
		if len(words.Items) > 0 {
			do(Key{Line: n.Line}, words)
		}
	default:
		do(Key{Line: n.Line}, n)
	}
}
