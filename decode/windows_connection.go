package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// deriveConnection gives the Security events of the Windows Filtering Platform the fields that Sysmon has for a network
// connection. Their source is who began the connection, in both directions, as Sysmon's is.
func deriveConnection(w *windowsRoutes, ev *tocsin.Event) {
	var program, source, target, protocol, direction, port, process string
	for i := range ev.Fields {
		switch f := &ev.Fields[i]; f.Name {
		case "Application":
			program = f.Value
		case "SourceAddress":
			source = f.Value
		case "DestAddress":
			target = f.Value
		case "DestPort":
			port = f.Value
		case "Protocol":
			protocol = f.Value
		case "Direction":
			direction = f.Value
		case "ProcessID":
			process = f.Value
		}
	}
	ev.Add("Image", w.imagePath(program))
	ev.Add("ProcessId", process)
	ev.Add("Protocol", protocolNames[protocol])
	ev.Add("Initiated", initiatedBy[direction])
	ev.Add("SourceIp", dashless(source))
	ev.Add("DestinationIp", dashless(target))
	ev.Add("DestinationPort", dashless(port))
}

// protocolNames are the names that Sysmon has for the IANA protocol numbers.
var protocolNames = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}

// initiatedBy says whether this machine began a connection of a direction, by the number of the message or its text in
// the languages that exports come in.
var initiatedBy = map[string]string{
	"%%14592": "false", "Inbound": "false", "Eingehend": "false", "Entrant": "false", "Entrada": "false", "受信": "false",
	"%%14593": "true", "Outbound": "true", "Ausgehend": "true", "Sortant": "true", "Salida": "true", "送信": "true",
}

// systemFolders stand on the volume that Windows is installed on, whose letter is C unless somebody chose another; the
// kernel's path has the volume by its number only.
var systemFolders = []string{`\windows\`, `\program files\`, `\program files (x86)\`, `\programdata\`, `\users\`}

// imagePath writes a kernel's path, as in \device\harddiskvolume3\windows\explorer.exe, with a drive's letter where its
// folder tells the drive; any other is left as it is.
func (w *windowsRoutes) imagePath(path string) string {
	const volume = `\device\harddiskvolume`
	if len(path) < len(volume) || !strings.EqualFold(path[:len(volume)], volume) {
		return dashless(path)
	}
	rest := strings.TrimLeft(path[len(volume):], "0123456789")
	for _, f := range systemFolders {
		if len(rest) >= len(f) && strings.EqualFold(rest[:len(f)], f) {
			return w.join("C:", rest)
		}
	}
	return path
}
