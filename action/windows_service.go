package action

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// defences are services that guard a machine or tell what happens on it, in small letters, and the technique that turning
// them off is.
var defences = map[string]string{
	"windefend": "T1562.001", "wdnissvc": "T1562.001", "wdfilter": "T1562.001", "wdboot": "T1562.001", "sense": "T1562.001",
	"securityhealthservice": "T1562.001", "wscsvc": "T1562.001", "sysmon": "T1562.001", "sysmon64": "T1562.001", "sysmondrv": "T1562.001",
	"csfalconservice": "T1562.001", "csagent": "T1562.001", "sentinelagent": "T1562.001", "cylancesvc": "T1562.001", "mbamservice": "T1562.001",
	"ekrn": "T1562.001", "savservice": "T1562.001", "sophosmcsagent": "T1562.001", "xagt": "T1562.001", "avp": "T1562.001",
	"elasticendpoint": "T1562.001", "winlogbeat": "T1562.001", "wazuhsvc": "T1562.001", "osqueryd": "T1562.001", "carbonblack": "T1562.001",
	"eventlog": "T1562.002", "wecsvc": "T1562.002", "mpssvc": "T1562.004", "bfe": "T1562.004",
}

// turnedOff is how the service control manager says that a service does not start any more, in small letters, in the
// languages of Windows that are read: English, German, French, Spanish, Japanese.
var turnedOff = map[string]bool{"disabled": true, "deaktiviert": true, "désactivé": true, "deshabilitado": true, "無効": true}

// startType reads that a service starts otherwise from now on (7040: its name as shown, the type before, the type now, its
// name). Only defences that are turned off are told: updates change other services all day.
func (r *Reader) startType(ev *tocsin.Event, w *winFacts) {
	if !strings.Contains(w.provider, "Service Control Manager") {
		return
	}
	now, name := ev.Text("param3"), ev.Text("param4")
	technique := defences[strings.ToLower(name)]
	if technique == "" || !turnedOff[strings.ToLower(now)] {
		return
	}
	r.deed(ev, w, "change", "defense-impairment", technique, tocsin.Medium)
	r.act.Text = r.joined("service ", name, " disabled")
	r.out()
}
