package action

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// winLogin reads logons and tickets.
func (r *Reader) winLogin(ev *tocsin.Event, w *winFacts) {
	a := &r.act
	user := w.targetUser
	failed := w.id == "4625" || w.id == "4771" || w.id == "4776" && w.status != "" && w.status != "0x0" || (w.id == "4768" || w.id == "4769") && w.status != "" && w.status != "0x0"
	if w.id == "4624" {
		switch w.logonType {
		case "3", "10", "8", "9", "2", "7", "11":
		default:
			return
		}
		if w.address == "" && w.logonType != "9" && w.logonType != "2" && w.logonType != "10" {
			return
		}
	}
	if strings.HasSuffix(user, "$") && !failed && len(r.held) == 0 {
		return
	}
	r.begin(ev)
	r.doer("address", w.address)
	if w.id == "4624" && w.targetLogon != "" && a.Host != "" && w.targetLogon != "0x3e7" {
		r.doer("session", r.joined(a.Host, "/", r.lower(w.targetLogon)))
	}
	if len(a.Who) == 0 {
		r.subject(w)
	}
	r.target("host", a.Host)
	r.target("user", r.winAccount(user, w.targetDomain))
	a.Verb, a.Level, a.Outcome, a.Log = "login", tocsin.Informational, tocsin.Worked, "login"
	a.Text = r.joined("login as ", user, "")
	switch {
	case failed:
		r.found(foundLoginFailed)
		a.Outcome = tocsin.Failed
	case w.id == "4648":
		a.Text = r.joined("explicit credentials of ", user, "")
		if strings.HasSuffix(w.user, "$") && len(r.held) == 0 {
			return
		}
	case w.id == "4769":
		a.Text = r.joined("service ticket for ", or(w.service, user), "")
		if w.ticket == "0x17" && !strings.HasSuffix(w.service, "$") && !strings.EqualFold(w.service, "krbtgt") {
			r.found(foundServiceTicketRC4)
		}
	case w.id == "4768" && w.ticket == "0x17":
		r.found(foundLoginTicketRC4)
	case w.id == "4624" && w.logonType == "9":
		r.found(foundNewCredentials)
	}
	r.out()
}
