package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// parseIISNative takes the lines of IIS's own log file format, columns with commas and spaces between: client, user, date,
// time, service, server's name and address, time taken, bytes in and out, status, Windows' status, method, target,
// parameters. https://learn.microsoft.com/en-us/previous-versions/iis/6.0-sdk/ms525807(v=vs.90)
func parseIISNative(d *lines, line []byte, ev *tocsin.Event) bool {
	if len(line) < 40 || line[0] != ':' && (line[0] < '0' || line[0] > '9') && lower(line[0]) > 'f' {
		return false
	}
	w := strings.SplitN(strings.TrimRight(text(line), " ,"), ", ", 15)
	if len(w) < 14 || !isIP(w[0]) || !isDigits(w[10]) {
		return false
	}
	date, sep, ok := numericDateAt(view(w[2]))
	t := dayTime(view(w[3]), 0)
	if !ok || t.sec < 0 || t.end != len(w[3]) {
		return false
	}
	if year, mon, day, ok := date.in(d.opt.order.of(sep)); ok {
		d.opt.basis.begin()
		d.opt.basis.wait(date.guess(d.opt.order.of(sep)))
		ev.Time = d.clock.at(year, mon, day, t)
	} else {
		d.clock.against = true
	}
	ev.Sources = iisSources
	ev.Host = w[5]
	ev.Add("s-sitename", w[4])
	ev.Add("s-computername", w[5])
	ev.Add("s-ip", w[6])
	ev.Add("sc-win32-status", w[11])
	r := request{client: w[0], user: w[1], taken: w[7], size: w[9], status: w[10], method: w[12], uri: w[13]}
	if len(w) > 14 && w[14] != "-" {
		r.uri = d.join(w[13], "?", w[14])
	}
	r.add(ev, &d.arena)
	return true
}

// parseXferlog takes the transfers that FTP servers log in wu-ftpd's way: when, how long, from where, how much of what,
// and how: direction (o out, i in, d deleted), who, and whether it was whole (c). man 5 xferlog
func parseXferlog(d *lines, line []byte, ev *tocsin.Event) bool {
	if len(line) < 48 || weekdayAt(line) != 3 {
		return false
	}
	at, n, f := d.clock.lead(line, d.rec.Ref)
	if f == noStamp {
		return false
	}
	w := strings.Fields(text(line[n:]))
	last := len(w) - 9
	if last < 4 || !isDigits(w[0]) || !isDigits(w[2]) || len(w[last]) != 1 || len(w[last+2]) != 1 || !strings.Contains("oid", w[last+2]) || !strings.Contains("ci", w[last+8]) || len(w[last+8]) != 1 {
		return false
	}
	ev.Time, ev.Sources = at, xferSources
	if isIP(w[1]) {
		ev.Add("src_ip", w[1])
	} else {
		ev.Add("src_host", w[1])
	}
	ev.Add("size", w[2])
	ev.Add("path", strings.Join(w[3:last], " "))
	is := downloaded
	switch w[last+2] {
	case "i":
		is = uploaded
	case "d":
		is = untold
		ev.Add("action", "delete")
	}
	ev.Add("event_type", outcomes[is].event)
	ev.Add("outcome", outcome(w[last+8] == "c"))
	ev.Add("service", w[last+5])
	if !isNobody(w[last+4]) {
		ev.Add("user", w[last+4])
	}
	return true
}

var xferSources = []tocsin.LogSource{{Product: "linux", Service: "ftp"}, {Product: "linux", Service: "xferlog"}}
