package decode

import (
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// maxNest bounds how many envelopes one record may be wrapped in.
const maxNest = 3

// A nest decodes records found inside records: the line of text that a container runtime, a shipper or a log store
// wrapped in JSON, and the JSON that one of them wrote behind a prefix of text.
type nest struct {
	opt    Options
	depth  int
	lines  *lines
	values *values
	rec    tocsin.Record
	say    matcher // for messages that records carry in a field
}

// decode returns the event of an inner record, nil where no kind takes it. The event is valid until the next call.
func (n *nest) decode(outer *tocsin.Record, line uint64, inner string) *tocsin.Event {
	inner = strings.Trim(inner, " \t\r\n\x00")
	if n.depth >= maxNest || inner == "" {
		return nil
	}
	n.text()
	n.rec = tocsin.Record{Source: outer.Source, Data: view(inner), Line: int64(line), Ref: outer.Ref}
	if inner[0] == '{' {
		var got *tocsin.Event
		n.values.Decode(&n.rec, func(ev *tocsin.Event) {
			if got == nil {
				got = ev
			}
		})
		if got == nil || got.Fault != nil {
			return nil
		}
		return got
	}
	if strings.IndexByte(inner, '\n') >= 0 {
		return nil
	}
	n.lines.rec = &n.rec
	n.lines.line(n.rec.Data, int64(line))
	if n.lines.ev.Fault != nil {
		return nil
	}
	return &n.lines.ev
}

// text returns what reads lines of text inside records.
func (n *nest) text() *lines {
	if n.lines == nil {
		n.lines = &lines{opt: n.opt, kinds: lineKinds(), nest: nest{opt: n.opt, depth: n.depth + 1}}
		n.values = newJSON(n.opt, jsonKinds())
		n.values.nest.depth = n.depth + 1
	}
	return n.lines
}

// unwrap makes ev, the event of a record around another, the event of the inner record, and reports whether there is
// one of a known kind: its fields come first, then the outer ones but for those that only carried it. The outer time is
// when the inner record was collected.
func (n *nest) unwrap(rec *tocsin.Record, ev *tocsin.Event, inner string, carriers ...string) bool {
	by := *rec
	dated := !ev.Time.IsZero() && n.opt.Year == 0
	if dated { // the envelope's stamp says which year, and day, the inner one is of
		by.Ref = ev.Time
	}
	const day = 1<<GuessYear | 1<<GuessDate
	outer := n.opt.basis.of(ev.Time) & day
	in := n.decode(&by, ev.Record, inner)
	if in == nil || len(in.Sources) == 0 {
		return false
	}
	if dated && n.opt.basis.of(in.Time)&day != 0 {
		in.Time = n.opt.basis.moved(in.Time, in.Time, day, outer)
	}
	ev.Fields = slices.DeleteFunc(ev.Fields, func(f tocsin.Field) bool { return slices.Contains(carriers, f.Name) })
	kept := len(ev.Fields)
	ev.Fields = append(ev.Fields, in.Fields...)
	slices.Reverse(ev.Fields[:kept])
	slices.Reverse(ev.Fields[kept:])
	slices.Reverse(ev.Fields)
	ev.Sources, ev.Format = in.Sources, in.Format
	if !in.Time.IsZero() {
		ev.Time, ev.Sensor = in.Time, ev.Time
	}
	if in.Host != "" {
		ev.Host = in.Host
	}
	return true
}

// An envelope is a way to wrap a record in JSON.
type envelope struct {
	name     string
	is       func(o *object) bool
	inner    []string // leaves that may hold the record; the first that is there does
	time     []string
	host     []string
	carriers []string // leaves that tell nothing once the inner record is read
}

func envelopes() []envelope {
	has := func(leaves ...string) func(*object) bool {
		return func(o *object) bool { return o.has(leaves...) }
	}
	return []envelope{
		{name: "docker", is: has("log", "stream", "time"), inner: []string{"log"}, time: []string{"time"}, carriers: []string{"time"}},
		{name: "kubernetes-log", is: func(o *object) bool { return o.has("kubernetes.pod_name") && (o.has("log") || o.has("message")) },
			inner: []string{"log", "message"}, time: []string{"@timestamp", "time", "timestamp"}, host: []string{"kubernetes.host", "kubernetes.pod_node_name"},
			carriers: []string{"@timestamp", "time", "timestamp"}},
		{name: "filebeat", is: func(o *object) bool {
			return o.has("@timestamp") && (o.has("event.original") || o.has("message", "log.file.path"))
		},
			inner: []string{"event.original", "message"}, time: []string{"@timestamp"}, host: []string{"host.name", "host.hostname", "agent.name"}, carriers: []string{"@timestamp"}},
		{name: "vector", is: has("message", "source_type", "timestamp"), inner: []string{"message"}, time: []string{"timestamp"}, host: []string{"host"}, carriers: []string{"timestamp"}},
		{name: "splunk-export", is: has("result._raw"), inner: []string{"result._raw"}, time: []string{"result._time"}, host: []string{"result.host"}, carriers: []string{"result._time"}},
		{name: "cloudwatch-log", is: func(o *object) bool {
			return o.has("timestamp", "message") && (o.has("id") && len(o.fields) == 3 || o.has("ingestionTime"))
		}, inner: []string{"message"}, time: []string{"timestamp"}, carriers: []string{"id", "timestamp", "ingestionTime"}},
		{name: "loki", is: has("line", "timestamp"), inner: []string{"line"}, time: []string{"timestamp"}, host: []string{"labels.host", "labels.hostname"}, carriers: []string{"timestamp"}},
		{name: "gcp-text", is: has("textPayload", "logName", "timestamp"), inner: []string{"textPayload"}, time: []string{"timestamp"},
			host: []string{"resource.labels.instance_id", "resource.labels.pod_name"}, carriers: []string{"timestamp", "receiveTimestamp"}},
		{name: "azure-kube-audit", is: has("category", "properties.log"), inner: []string{"properties.log"}, time: []string{"time"}, carriers: []string{"time"}},
		{name: "azure-diagnostics", is: has("properties.RawXml"), inner: []string{"properties.RawXml"}, time: []string{"time"}, carriers: []string{"time", "properties.Description"}},
		{name: "cloudtrail-lookup", is: has("CloudTrailEvent", "EventName"), inner: []string{"CloudTrailEvent"}, time: []string{"EventTime"}, carriers: []string{"EventTime"}},
		{name: "m365-search", is: has("AuditData"), inner: []string{"AuditData"}, time: []string{"CreationDate"}, carriers: []string{"CreationDate"}},
	}
}

// envelopeJSON are the kinds of JSON record that hold another record.
func envelopeJSON() []jsonKind {
	var all []jsonKind
	for _, e := range envelopes() {
		carriers := append(e.carriers, e.inner...)
		all = append(all, jsonKind{name: e.name, is: e.is, fill: func(o *object, ev *tocsin.Event) {
			ev.Time = o.time(e.time...)
			ev.Host = o.first(e.host...)
			if !o.nest.unwrap(o.rec, ev, o.first(e.inner...), carriers...) {
				appRecord(o, ev)
			}
		}})
	}
	return all
}

// containerLine takes lines of the container runtime interface (CRI): time, stream, and F for a full or P for a partial
// line, then the line. https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
func containerLine() lineKind {
	return lineKind{name: "cri", parse: func(d *lines, line []byte, ev *tocsin.Event) bool {
		s := text(line)
		if len(s) < 30 || s[4] != '-' || s[10] != 'T' {
			return false
		}
		stamp, rest, _ := strings.Cut(s, " ")
		stream, rest, _ := strings.Cut(rest, " ")
		tag, rest, _ := strings.Cut(rest, " ")
		if stream != "stdout" && stream != "stderr" || tag != "F" && tag != "P" && !strings.HasPrefix(tag, "F:") && !strings.HasPrefix(tag, "P:") {
			return false
		}
		t, ok := parseTime(stamp, d.opt)
		if !ok {
			return false
		}
		ev.Time = t
		ev.Add("stream", stream)
		if !d.nest.unwrap(d.rec, ev, rest) {
			ev.Add("message", rest)
			ev.Sources = containerSources
		}
		return true
	}}
}

var containerSources = []tocsin.LogSource{{Product: "kubernetes", Category: "application", Service: "container"}}
