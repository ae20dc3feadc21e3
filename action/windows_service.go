package action

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

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
	if !turnedOff[strings.ToLower(now)] {
		return
	}
	var what finding
	switch service := r.lower(name); {
	case r.know.listed("protection-services", service):
		what = foundProtectionDisabled
	case r.know.listed("log-services", service):
		what = foundLogDisabled
	case r.know.listed("firewall-services", service):
		what = foundFirewallDisabled
	default:
		return
	}
	r.did(ev, w, r.know.event(what))
	r.act.Text = r.joined("service ", name, " disabled")
	r.out()
}
