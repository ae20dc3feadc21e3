package decode

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A windowsRoute is what all events of one channel, provider and event id have in common: the log sources that rules
// know them by, and the names that Sigma has for their fields beside their own.
type windowsRoute struct {
	key     windowsKey
	sources []tocsin.LogSource
	service string // the first of its services
	// deciding is a field whose value adds a source; by has the sources for each value that does.
	deciding string
	by       map[string][]tocsin.LogSource
	aliases  []fieldAlias
	ecs      []fieldAlias
	padded   []paddedField
	derive   func(w *windowsRoutes, ev *tocsin.Event) // fields that are more than another name
}

// A fieldAlias gives a field a second name.
type fieldAlias struct {
	from, to string
	at       int // where the field stood last time
}

type windowsKey struct {
	channel, provider string
	id                uint32
}

// windowsRoutes remembers the route of every kind of event it has met. The zero value is ready for use.
type windowsRoutes struct {
	known map[windowsKey]*windowsRoute
	last  windowsKey
	route *windowsRoute
	lists map[string][]tocsin.LogSource // of log sources, each once
	joint map[[2]*tocsin.LogSource][]tocsin.LogSource
	arena []byte // for values of derived fields; its user resets it for each event
}

// maxRoutes bounds the routes kept: a hostile log may have a new channel in every record.
const maxRoutes = 8192

// complete sets the log sources of an event whose native fields are there, and appends those that its rendered text
// has and it has not, and its fields under Sigma's names.
func (w *windowsRoutes) complete(ev *tocsin.Event, channel, provider string, id uint32, msg string) {
	r := w.find(channel, provider, id)
	if msg != "" && r.service != "" {
		fromMessage(ev, r.service, msg, id)
	}
	ev.Sources = r.sources
	if r.by != nil {
		if more, ok := r.by[ev.Text(r.deciding)]; ok {
			ev.Sources = more
		}
	}
	appendAliases(ev, r.aliases)
	if r.padded != nil {
		appendUnpadded(ev, r.padded)
	}
	if r.derive != nil {
		r.derive(w, ev)
	}
}

// completeECS appends, under the events' own names, the fields that Winlogbeat has moved to names of ECS. It is called
// after complete.
func (w *windowsRoutes) completeECS(ev *tocsin.Event) { appendAliases(ev, w.route.ecs) }

// appendAliases appends the fields that aliases name a second time.
func appendAliases(ev *tocsin.Event, aliases []fieldAlias) {
	n := len(ev.Fields)
	for i := range aliases {
		a := &aliases[i]
		if a.at = place(ev.Fields[:n], a.from, a.at); a.at < n {
			ev.Add(a.to, ev.Fields[a.at].Value)
		}
	}
}

// join returns parts as one string that lives as long as the event.
func (w *windowsRoutes) join(parts ...string) string {
	from := len(w.arena)
	for _, p := range parts {
		w.arena = append(w.arena, p...)
	}
	return text(w.arena[from:])
}

// both returns the log sources of an event together with those of the alert about it, made once for each pair.
func (w *windowsRoutes) both(event, alert []tocsin.LogSource) []tocsin.LogSource {
	if len(event) == 0 || len(alert) == 0 {
		return append(event, alert...)
	}
	key := [2]*tocsin.LogSource{&event[0], &alert[0]}
	all, ok := w.joint[key]
	if !ok {
		if w.joint == nil || len(w.joint) >= maxRoutes {
			w.joint = make(map[[2]*tocsin.LogSource][]tocsin.LogSource)
		}
		all = slices.Concat(event, alert)
		w.joint[key] = all
	}
	return all
}

func (w *windowsRoutes) find(channel, provider string, id uint32) *windowsRoute {
	key := windowsKey{channel, provider, id}
	if w.route != nil && w.last == key {
		return w.route
	}
	r, ok := w.known[key]
	if !ok {
		key = windowsKey{strings.Clone(channel), strings.Clone(provider), id}
		if w.known == nil || len(w.known) >= maxRoutes {
			w.known = make(map[windowsKey]*windowsRoute)
		}
		r = w.newRoute(key)
		w.known[key] = r
	} else {
		key = r.key
	}
	w.last, w.route = key, r
	return r
}

// shared returns the one slice of these log sources that all events have: hostile logs may make many routes.
func (w *windowsRoutes) shared(sources []tocsin.LogSource) []tocsin.LogSource {
	key := fmt.Sprint(sources)
	s, ok := w.lists[key]
	if !ok {
		if w.lists == nil {
			w.lists = make(map[string][]tocsin.LogSource)
		}
		s = sources
		w.lists[key] = s
	}
	return s
}

// newRoute works out a route from the tables below.
func (w *windowsRoutes) newRoute(key windowsKey) *windowsRoute {
	channel, provider, id := key.channel, key.provider, key.id
	product := "windows"
	if strings.EqualFold(provider, "Linux-Sysmon") || strings.EqualFold(channel, "Linux-Sysmon/Operational") {
		product = "linux"
	}
	r := &windowsRoute{key: key}
	var services []string
	for _, s := range windowsServices {
		if strings.EqualFold(s.channel, channel) {
			services = append(services, s.service)
		}
	}
	if services == nil { // no channel, or one that a collector has given a name of its own
		for _, s := range windowsProviders {
			if strings.EqualFold(s.channel, provider) {
				services = append(services, s.service)
			}
		}
	}
	if services == nil {
		r.sources = w.shared([]tocsin.LogSource{{Product: product}})
		return r
	}
	r.service = services[0]
	for _, service := range services {
		n := len(r.sources)
		for _, c := range windowsCategories {
			if c.service == service && c.id == id && c.when == "" {
				r.sources = append(r.sources, tocsin.LogSource{Product: product, Category: c.category, Service: service})
			}
		}
		if len(r.sources) == n {
			r.sources = append(r.sources, tocsin.LogSource{Product: product, Service: service})
		}
	}
	r.sources = w.shared(r.sources)
	for _, c := range windowsCategories {
		if c.when == "" || c.id != id || !slices.Contains(services, c.service) {
			continue
		}
		if r.by == nil {
			r.by = make(map[string][]tocsin.LogSource)
			r.deciding = c.field
		}
		s := tocsin.LogSource{Product: product, Category: c.category, Service: c.service}
		r.by[c.when] = w.shared(append([]tocsin.LogSource{s}, r.sources...))
	}
	for _, a := range windowsAliases {
		if (a.id == 0 || a.id == id) && slices.Contains(services, a.service) {
			r.aliases = append(r.aliases, fieldAlias{from: a.from, to: a.to})
		}
	}
	for _, a := range windowsECS {
		if (a.id == 0 || a.id == id) && slices.Contains(services, a.service) {
			r.ecs = append(r.ecs, fieldAlias{from: a.from, to: a.to})
		}
	}
	for _, p := range windowsPadded {
		if p.id == id && slices.Contains(services, p.service) {
			r.padded = append(r.padded, paddedField{field: p.field, list: p.list})
		}
	}
	if slices.Contains(services, "iis") && id == 6200 {
		r.derive = deriveRequest
	}
	if slices.Contains(services, "security") {
		switch id {
		case 4656, 4657, 4660, 4663:
			r.derive = deriveRegistry
		case 4688:
			r.derive = deriveProcess
		case 4624, 4625, 4768, 4771, 4776, 4740:
			r.derive = deriveLogon
		case 5152, 5154, 5155, 5156, 5157, 5158, 5159:
			r.derive = deriveConnection
		}
	}
	return r
}

// windowsServices is Sigma's service of each channel, from the log source taxonomy of the Sigma specification
// (https://sigmahq.io/sigma-specification/specification/sigma-appendix-taxonomy.html).
var windowsServices = []struct{ channel, service string }{
	{"Application", "application"},
	{"Security", "security"},
	{"System", "system"},
	{"Windows PowerShell", "powershell-classic"},
	{"DNS Server", "dns-server"},
	{"MSExchange Management", "msexchange-management"},
	{"OpenSSH/Operational", "openssh"},
	{"PowerShellCore/Operational", "powershell"},
	{"Linux-Sysmon/Operational", "sysmon"},
	{"Microsoft-IIS-Configuration/Operational", "iis-configuration"},
	{"Microsoft-IIS-Logging/Logs", "iis"},
	{"Microsoft-ServiceBus-Client", "microsoft-servicebus-client"},
	{"Microsoft-ServiceBus-Client/Admin", "servicebus-client"},
	{"Microsoft-ServiceBus-Client/Admin", "microsoft-servicebus-client"},
	{"Microsoft-ServiceBus-Client/Operational", "servicebus-client"},
	{"Microsoft-ServiceBus-Client/Operational", "microsoft-servicebus-client"},
	{"Microsoft-Windows-AppLocker/EXE and DLL", "applocker"},
	{"Microsoft-Windows-AppLocker/MSI and Script", "applocker"},
	{"Microsoft-Windows-AppLocker/Packaged app-Deployment", "applocker"},
	{"Microsoft-Windows-AppLocker/Packaged app-Execution", "applocker"},
	{"Microsoft-Windows-AppModel-Runtime/Admin", "appmodel-runtime"},
	{"Microsoft-Windows-AppXDeploymentServer/Operational", "appxdeployment-server"},
	{"Microsoft-Windows-AppxPackaging/Operational", "appxpackaging-om"},
	{"Microsoft-Windows-Application-Experience/Program-Compatibility-Assistant", "application-experience"},
	{"Microsoft-Windows-Application-Experience/Program-Telemetry", "application-experience"},
	{"Microsoft-Windows-BitLocker/BitLocker Management", "bitlocker"},
	{"Microsoft-Windows-Bits-Client/Operational", "bits-client"},
	{"Microsoft-Windows-CAPI2/Operational", "capi2"},
	{"Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational", "certificateservicesclient-lifecycle-system"},
	{"Microsoft-Windows-CodeIntegrity/Operational", "codeintegrity-operational"},
	{"Microsoft-Windows-DHCP-Server/Operational", "dhcp"},
	{"Microsoft-Windows-DNS Client Events/Operational", "dns-client"},
	{"Microsoft-Windows-DNS-Client/Operational", "dns-client"},
	{"Microsoft-Windows-DNS-Server/Analytical", "dns-server-analytic"},
	{"Microsoft-Windows-DNSServer/Analytical", "dns-server-analytic"},
	{"Microsoft-Windows-DNS-Server/Audit", "dns-server-audit"},
	{"Microsoft-Windows-DNSServer/Audit", "dns-server-audit"},
	{"Microsoft-Windows-Diagnosis-Scripted/Operational", "diagnosis-scripted"},
	{"Microsoft-Windows-DriverFrameworks-UserMode/Operational", "driver-framework"},
	{"Microsoft-Windows-Hyper-V-Worker", "hyper-v-worker"},
	{"Microsoft-Windows-Hyper-V-Worker-Admin", "hyper-v-worker"},
	{"Microsoft-Windows-Hyper-V-Worker-Operational", "hyper-v-worker"},
	{"Microsoft-Windows-Kernel-EventTracing", "kernel-event-tracing"},
	{"Microsoft-Windows-Kernel-EventTracing/Admin", "kernel-event-tracing"},
	{"Microsoft-Windows-Kernel-EventTracing/Analytic", "kernel-event-tracing"},
	{"Microsoft-Windows-Kernel-ShimEngine/Diagnostic", "kernel-shimengine"},
	{"Microsoft-Windows-Kernel-ShimEngine/Operational", "kernel-shimengine"},
	{"Microsoft-Windows-LDAP-Client/Debug", "ldap"},
	{"Microsoft-Windows-LSA/Operational", "lsa-server"},
	{"Microsoft-Windows-NTLM/Operational", "ntlm"},
	{"Microsoft-Windows-Ntfs/Operational", "ntfs"},
	{"Microsoft-Windows-PowerShell/Operational", "powershell"},
	{"Microsoft-Windows-PrintService/Admin", "printservice-admin"},
	{"Microsoft-Windows-PrintService/Operational", "printservice-operational"},
	{"Microsoft-Windows-SENSE/Operational", "sense"},
	{"Microsoft-Windows-SMBServer/Connectivity", "smbserver-connectivity"},
	{"Microsoft-Windows-Security-Mitigations/Kernel Mode", "security-mitigations"},
	{"Microsoft-Windows-Security-Mitigations/User Mode", "security-mitigations"},
	{"Microsoft-Windows-Security-Mitigations/KernelMode", "security-mitigations"},
	{"Microsoft-Windows-Security-Mitigations/UserMode", "security-mitigations"},
	{"Microsoft-Windows-Shell-Core/Operational", "shell-core"},
	{"Microsoft-Windows-SmbClient/Connectivity", "smbclient-connectivity"},
	{"Microsoft-Windows-SmbClient/Security", "smbclient-security"},
	{"Microsoft-Windows-Sysmon/Operational", "sysmon"},
	{"Microsoft-Windows-TaskScheduler/Operational", "taskscheduler"},
	{"Microsoft-Windows-TerminalServices-LocalSessionManager/Operational", "terminalservices-localsessionmanager"},
	{"Microsoft-Windows-VHDMP/Operational", "vhdmp"},
	{"Microsoft-Windows-VHDMP-Operational", "vhdmp"},
	{"Microsoft-Windows-WMI-Activity/Operational", "wmi"},
	{"Microsoft-Windows-Windows Defender/Operational", "windefend"},
	{"Microsoft-Windows-Windows Firewall With Advanced Security/Firewall", "firewall-as"},
}

// windowsProviders is the service of providers that write to one channel only; it serves where the channel is missing
// or was renamed by a collector.
var windowsProviders = []struct{ channel, service string }{
	{"Microsoft-Windows-Sysmon", "sysmon"},
	{"Linux-Sysmon", "sysmon"},
	{"Microsoft-Windows-Security-Auditing", "security"},
	{"Microsoft-Windows-PowerShell", "powershell"},
	{"PowerShellCore", "powershell"},
	{"PowerShell", "powershell-classic"},
	{"Microsoft-Windows-Windows Defender", "windefend"},
	{"Windows Defender", "windefend"},
	{"Microsoft-Windows-TaskScheduler", "taskscheduler"},
	{"Microsoft-Windows-WMI-Activity", "wmi"},
	{"Microsoft-Windows-Bits-Client", "bits-client"},
	{"Microsoft-Windows-NTLM", "ntlm"},
	{"Microsoft-Windows-CodeIntegrity", "codeintegrity-operational"},
	{"Microsoft-Windows-DNS-Client", "dns-client"},
	{"Microsoft-Windows-TerminalServices-LocalSessionManager", "terminalservices-localsessionmanager"},
	{"Microsoft-Windows-Windows Firewall With Advanced Security", "firewall-as"},
	{"Service Control Manager", "system"},
	{"Microsoft-Windows-DistributedCOM", "system"},
	{"Microsoft-Windows-DHCP-Server", "system"},
	{"Microsoft-Windows-Kernel-General", "system"},
	{"Microsoft-Windows-Ntfs", "system"},
	{"Microsoft-Windows-WER-SystemErrorReporting", "system"},
	{"Microsoft-Windows-WindowsUpdateClient", "system"},
	{"NETLOGON", "system"},
	{"TermDD", "system"},
	{"Application Error", "application"},
	{"Application Popup", "system"},
	{"ESENT", "application"},
	{"MSSQLSERVER", "application"},
	{"Microsoft-Windows-Backup", "application"},
	{"Microsoft-Windows-RestartManager", "application"},
	{"Microsoft-Windows-User Profiles Service", "application"},
	{"MsiInstaller", "application"},
	{"ScreenConnect", "application"},
	{"Windows Error Reporting", "application"},
	{"OpenSSH", "openssh"},
}

// windowsCategories is Sigma's category of each event id of a service. A category that only some events of an id
// belong to names the field that decides and its value. That is narrower than Sigma's taxonomy on purpose, which has all of
// Sysmon 12 in registry_add and in registry_delete: a rule about one would hold for the other.
var windowsCategories = []struct {
	service     string
	id          uint32
	category    string
	field, when string
}{
	{service: "sysmon", id: 1, category: "process_creation"},
	{service: "sysmon", id: 2, category: "file_change"},
	{service: "sysmon", id: 3, category: "network_connection"},
	{service: "sysmon", id: 4, category: "sysmon_status"},
	{service: "sysmon", id: 5, category: "process_termination"},
	{service: "sysmon", id: 6, category: "driver_load"},
	{service: "sysmon", id: 7, category: "image_load"},
	{service: "sysmon", id: 8, category: "create_remote_thread"},
	{service: "sysmon", id: 9, category: "raw_access_thread"},
	{service: "sysmon", id: 10, category: "process_access"},
	{service: "sysmon", id: 11, category: "file_event"},
	{service: "sysmon", id: 12, category: "registry_event"},
	{"sysmon", 12, "registry_add", "EventType", "CreateKey"},
	{"sysmon", 12, "registry_delete", "EventType", "DeleteKey"},
	{"sysmon", 12, "registry_delete", "EventType", "DeleteValue"},
	{service: "sysmon", id: 13, category: "registry_set"},
	{service: "sysmon", id: 13, category: "registry_event"},
	{service: "sysmon", id: 14, category: "registry_rename"},
	{service: "sysmon", id: 14, category: "registry_event"},
	{service: "sysmon", id: 15, category: "create_stream_hash"},
	{service: "sysmon", id: 16, category: "sysmon_status"},
	{service: "sysmon", id: 17, category: "pipe_created"},
	{service: "sysmon", id: 18, category: "pipe_created"},
	{service: "sysmon", id: 19, category: "wmi_event"},
	{service: "sysmon", id: 20, category: "wmi_event"},
	{service: "sysmon", id: 21, category: "wmi_event"},
	{service: "sysmon", id: 22, category: "dns_query"},
	{service: "sysmon", id: 23, category: "file_delete"},
	{service: "sysmon", id: 24, category: "clipboard_change"},
	{service: "sysmon", id: 25, category: "process_tampering"},
	{service: "sysmon", id: 26, category: "file_delete_detected"},
	{service: "sysmon", id: 27, category: "file_block_executable"},
	{service: "sysmon", id: 28, category: "file_block_shredding"},
	{service: "sysmon", id: 29, category: "file_executable_detected"},
	{service: "sysmon", id: 255, category: "sysmon_error"},
	{service: "iis", id: 6200, category: "webserver"},
	{service: "security", id: 4657, category: "registry_event"},
	{"security", 4657, "registry_set", "OperationType", "%%1904"}, // a new value
	{"security", 4657, "registry_set", "OperationType", "%%1905"}, // an existing value changed
	{"security", 4657, "registry_delete", "OperationType", "%%1906"},
	{service: "security", id: 4688, category: "process_creation"},
	{service: "security", id: 5156, category: "network_connection"}, // 5157 was blocked, 5158 is a bind: neither is a connection
	{service: "powershell", id: 4103, category: "ps_module"},
	{service: "powershell", id: 4104, category: "ps_script"},
	{service: "powershell-classic", id: 400, category: "ps_classic_start"},
	{service: "powershell-classic", id: 600, category: "ps_classic_provider_start"},
	{service: "powershell-classic", id: 800, category: "ps_classic_script"},
	// Events of Microsoft Defender that name a threat.
	{service: "windefend", id: 1006, category: "antivirus"},
	{service: "windefend", id: 1007, category: "antivirus"},
	{service: "windefend", id: 1008, category: "antivirus"},
	{service: "windefend", id: 1009, category: "antivirus"},
	{service: "windefend", id: 1010, category: "antivirus"},
	{service: "windefend", id: 1011, category: "antivirus"},
	{service: "windefend", id: 1012, category: "antivirus"},
	{service: "windefend", id: 1017, category: "antivirus"},
	{service: "windefend", id: 1018, category: "antivirus"},
	{service: "windefend", id: 1019, category: "antivirus"},
	{service: "windefend", id: 1115, category: "antivirus"},
	{service: "windefend", id: 1116, category: "antivirus"},
}

// windowsAliases gives fields the names that Sigma's categories have for them. An id of 0 is every event of the service.
var windowsAliases = []struct {
	service  string
	id       uint32
	from, to string
}{
	{"security", 4688, "NewProcessName", "Image"},
	{"security", 4688, "ParentProcessName", "ParentImage"},
	{"security", 4688, "MandatoryLabel", "IntegrityLevel"},
	{"security", 4657, "ProcessName", "Image"},
	{"security", 4673, "ProcessName", "Image"},
	{"security", 4674, "ProcessName", "Image"},
	{"iis", 6200, "csReferer", "cs-referer"},
	{"iis", 6200, "csCookie", "cs-cookie"},
	{"windefend", 0, "ThreatName", "Signature"},
	{"windefend", 0, "Path", "Filename"},
	{"windefend", 0, "DetectionUser", "User"},
	{"windefend", 0, "FeatureName", "Feature_Name"},
}

// windowsECS are the values of event data that Winlogbeat and Elastic Agent keep under names of ECS only, and what the
// events call them; see the processors of Winlogbeat's Security, Sysmon and PowerShell modules,
// https://github.com/elastic/beats/tree/main/x-pack/winlogbeat/module.
var windowsECS = []struct {
	service  string
	id       uint32
	from, to string
}{
	{"sysmon", 0, "process.executable", "Image"},
	{"sysmon", 0, "file.path", "TargetFilename"},
	{"sysmon", 0, "registry.path", "TargetObject"},
	{"sysmon", 1, "process.command_line", "CommandLine"},
	{"sysmon", 1, "process.working_directory", "CurrentDirectory"},
	{"sysmon", 1, "process.parent.executable", "ParentImage"},
	{"sysmon", 1, "process.parent.command_line", "ParentCommandLine"},
	{"sysmon", 1, "process.pe.original_file_name", "OriginalFileName"},
	{"sysmon", 1, "process.pe.company", "Company"},
	{"sysmon", 1, "process.pe.description", "Description"},
	{"sysmon", 1, "process.pe.product", "Product"},
	{"sysmon", 1, "process.pe.file_version", "FileVersion"},
	{"sysmon", 3, "network.transport", "Protocol"},
	{"sysmon", 3, "source.ip", "SourceIp"},
	{"sysmon", 3, "source.port", "SourcePort"},
	{"sysmon", 3, "source.domain", "SourceHostname"},
	{"sysmon", 3, "destination.ip", "DestinationIp"},
	{"sysmon", 3, "destination.port", "DestinationPort"},
	{"sysmon", 3, "destination.domain", "DestinationHostname"},
	{"sysmon", 6, "file.path", "ImageLoaded"},
	{"sysmon", 7, "file.path", "ImageLoaded"},
	{"sysmon", 7, "file.pe.original_file_name", "OriginalFileName"},
	{"sysmon", 7, "file.pe.company", "Company"},
	{"sysmon", 7, "file.pe.description", "Description"},
	{"sysmon", 7, "file.pe.product", "Product"},
	{"sysmon", 7, "file.pe.file_version", "FileVersion"},
	{"sysmon", 8, "process.executable", "SourceImage"},
	{"sysmon", 10, "process.executable", "SourceImage"},
	{"sysmon", 13, "registry.data.strings", "Details"},
	{"sysmon", 17, "file.name", "PipeName"},
	{"sysmon", 18, "file.name", "PipeName"},
	{"sysmon", 22, "dns.question.name", "QueryName"},
	{"security", 4688, "process.executable", "NewProcessName"},
	{"security", 4688, "process.executable", "Image"},
	{"security", 4688, "process.command_line", "CommandLine"},
	{"security", 4688, "process.parent.executable", "ParentProcessName"},
	{"security", 4688, "process.parent.executable", "ParentImage"},
	{"security", 4624, "source.ip", "IpAddress"},
	{"security", 4624, "source.port", "IpPort"},
	{"security", 4625, "source.ip", "IpAddress"},
	{"security", 4625, "source.port", "IpPort"},
	{"security", 4648, "source.ip", "IpAddress"},
	{"security", 4697, "service.name", "ServiceName"},
	{"powershell", 4103, "powershell.command.invocation_details.value", "Payload"},
	{"powershell", 4104, "powershell.file.script_block_text", "ScriptBlockText"},
	{"powershell", 4104, "file.path", "Path"},
	{"powershell-classic", 400, "process.command_line", "Data"},
	{"powershell-classic", 600, "process.command_line", "Data"},
	{"powershell-classic", 800, "process.command_line", "Data"},
}

// CommonSources lists the log sources of the events that Windows' logs have most of, a list for each kind: for who wants
// to be ready for them before the first comes.
func CommonSources() [][]tocsin.LogSource {
	var w windowsRoutes
	var all [][]tocsin.LogSource
	add := func(channel, provider string, ids ...uint32) {
		for _, id := range ids {
			r := w.find(channel, provider, id)
			all = append(all, r.sources)
			for _, value := range slices.Sorted(maps.Keys(r.by)) {
				all = append(all, r.by[value])
			}
		}
	}
	for id := uint32(1); id <= 29; id++ {
		add("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", id)
	}
	add("Security", "Microsoft-Windows-Security-Auditing", 4624, 4657, 4688, 5156)
	add("System", "Service Control Manager", 7045)
	add("Application", "Application", 1)
	add("Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PowerShell", 4103, 4104, 4105)
	add("Windows PowerShell", "PowerShell", 400, 600, 800)
	add("Microsoft-Windows-Windows Defender/Operational", "Microsoft-Windows-Windows Defender", 1116, 5001)
	add("Microsoft-Windows-TaskScheduler/Operational", "Microsoft-Windows-TaskScheduler", 106)
	add("Microsoft-Windows-Bits-Client/Operational", "Microsoft-Windows-Bits-Client", 59)
	return all
}
