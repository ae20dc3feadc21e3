package decode

import "github.com/tocsin-ids/tocsin"

// appRecord completes a record of no known kind.
func appRecord(o *object, ev *tocsin.Event) {
	ev.Time = o.time("@timestamp", "timestamp", "time", "ts", "eventTime", "date", "datetime", "TimeCreated")
	ev.Host = o.first("host.name", "hostname", "host", "Hostname", "computer", "Computer")
}
