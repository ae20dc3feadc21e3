package decode

import (
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// windowsJSON lists the kinds of JSON record of this family.
func windowsJSON() []jsonKind {
	return []jsonKind{{name: "windows-json", is: isWindows, fill: fillWindows}}
}

// windows says what the leaf is in a Windows event.
func (n *pathNode) windows() *windowsName {
	if n.win == nil {
		name := windowsNameOf(n.path)
		n.win = &name
	}
	return n.win
}

// isWindows takes records that have an event id and say which channel or provider it is of, or that are Sysmon's by
// its clock; and records that carry an event as XML.
func isWindows(o *object) bool {
	var id, weak string
	var channel, provider, sysmon, wazuh bool
	for i, node := range o.nodes {
		n := node.windows()
		switch n.slot {
		case slotEventID:
			id, wazuh = o.fields[i].Value, n.wazuh
		case slotWeakID:
			weak = o.fields[i].Value
		case slotChannel:
			channel = true
		case slotProvider:
			provider = true
		case slotUtcTime:
			sysmon = true
		case slotNested, slotMessage:
			if isEventXML(o.fields[i].Value) {
				return true
			}
		}
	}
	if wazuh && o.has("rule.description") {
		return false // an alert about an event, see wazuhEvent
	}
	if decimal(id) && !channel && !provider && securityActivity(o.get("Activity"), id) {
		return true
	}
	return decimal(id) && (channel || provider || sysmon) || decimal(weak) && channel && provider
}

// securityActivity says that a row is of Log Analytics' table SecurityEvent, which leaves out the channel: its Activity is
// the number of the event and what it tells of.
// https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/securityevent
func securityActivity(activity, id string) bool {
	n, _, ok := strings.Cut(activity, " - ")
	return ok && n == id
}

// isEventXML says that s is the XML of an event.
func isEventXML(s string) bool {
	return len(s) > 6 && s[0] == '<' && (strings.HasPrefix(s, "<Event>") || strings.HasPrefix(s, "<Event xmlns"))
}

func decimal(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 10
}

// A windowsRecord turns the leaves of a Windows event, whatever shape it came in, into the fields that EVTX gives.
type windowsRecord struct {
	routes windowsRoutes
	seen   [slotDrop + 1]string // the first value of each slot, or the one under its own name
	exact  [systemSlots]bool    // slots whose value stands under its own name
	data   string               // name of the Data element whose text comes next
	named  bool                 // there is such an element
	nested int                  // values in values
	extra  []tocsin.Field
}

// maxNested bounds events in the values of events.
const maxNested = 8

// windows returns the flattener's windowsRecord, ready for the next event.
func (f *flattener) windows() *windowsRecord {
	if f.win == nil {
		f.win = &windowsRecord{}
	}
	w := f.win
	w.seen, w.exact, w.extra, w.named, w.nested = [slotDrop + 1]string{}, [systemSlots]bool{}, w.extra[:0], false, 0
	w.routes.arena = w.routes.arena[:0]
	return w
}

// single undoes Wazuh's doubling of backslashes.
func (o *object) single(v string) string {
	if !strings.Contains(v, `\\`) {
		return v
	}
	return o.keep(strings.ReplaceAll(v, `\\`, `\`))
}

// wazuhEvent adds to the event of an alert of Wazuh the Windows event that it is about, if it is about one: its fields
// and log sources, and when it happened.
func wazuhEvent(o *object, ev *tocsin.Event) {
	if !o.has("data.win.system.eventID") {
		return
	}
	w := o.flat.windows()
	for i, node := range o.nodes {
		if n := node.windows(); n.wazuh {
			field := tocsin.Field{Name: n.name, Value: o.single(o.fields[i].Value)}
			w.seen[n.slot] = field.Value
			ev.Fields = append(ev.Fields, field)
		}
	}
	alert := ev.Sources
	w.routes.complete(ev, w.seen[slotChannel], w.seen[slotProvider], uint32(number(w.seen[slotEventID])), w.seen[slotMessage])
	ev.Sources = w.routes.both(ev.Sources, alert)
	if t, ok := windowsStamp(w.seen[slotSystemTime], o.opt); ok {
		ev.Time, ev.Sensor = t, ev.Time
	}
}

func fillWindows(o *object, ev *tocsin.Event) {
	f := o.flat
	w := f.windows()
	ecs := false
	kept := 0
	for i := 0; i < len(f.fields); i++ { // values within values are appended to f.fields meanwhile
		n := f.nodes[i].windows()
		field := tocsin.Field{Name: n.name, Value: f.fields[i].Value}
		ecs = ecs || n.ecs
		if n.wazuh {
			field.Value = o.single(field.Value)
		}
		if n.slot != slotNone && !w.slot(f, f.nodes[i], n, field.Value) {
			continue
		}
		f.fields[kept] = field
		kept++
		if n.plain != "" {
			w.extra = append(w.extra, tocsin.Field{Name: n.plain, Value: field.Value})
		}
	}
	w.dataText("")
	ev.Fields = append(f.fields[:kept], w.extra...)

	if w.seen[slotEventID] == "" {
		w.seen[slotEventID] = w.seen[slotWeakID]
	}
	if w.seen[slotChannel] == "" && w.seen[slotProvider] == "" && w.seen[slotUtcTime] != "" {
		w.seen[slotChannel], w.seen[slotProvider] = "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon"
	}
	if w.seen[slotChannel] == "" && w.seen[slotProvider] == "" && windowsSaid(uint32(number(w.seen[slotEventID])), w.seen[slotMessage]) {
		w.seen[slotProvider] = "Microsoft-Windows-Security-Auditing"
	}
	if w.seen[slotChannel] == "" && w.seen[slotProvider] == "" && securityActivity(ev.Text("Activity"), w.seen[slotEventID]) {
		w.seen[slotProvider] = "Microsoft-Windows-Security-Auditing"
	}
	for slot, v := range w.seen[:systemSlots] {
		if !w.exact[slot] {
			ev.Add(systemNames[slot], v)
		}
	}
	id := uint32(number(w.seen[slotEventID]))
	ev.Time, ev.Sensor = w.time(o.opt, ecs)
	if l := o.opt.local; l.known && w.seen[slotUtcTime] != "" {
		if created, ok := windowsStamp(w.seen[slotCreated], Options{}); ok && (l.claimed || !zoned(w.seen[slotCreated])) && ev.Time.Sub(created.Add(l.behind)).Abs() > 10*time.Minute {
			ev.Fault = &tocsin.Fault{Source: ev.Source, Line: int64(ev.Record), Err: errZone, Hint: "the event was read, at its own UTC time; other events of the file may be off by the difference"}
		}
	}
	ev.Host = w.seen[slotComputer]
	w.routes.complete(ev, w.seen[slotChannel], w.seen[slotProvider], id, w.seen[slotMessage])
	if ecs {
		w.routes.completeECS(ev)
	}
}

func number(s string) uint64 {
	var n uint64
	for i := 0; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		n = n*10 + uint64(s[i]-'0')
	}
	return n
}

// slot remembers the value of a slot and reports whether it is a field too.
func (w *windowsRecord) slot(f *flattener, node *pathNode, n *windowsName, v string) bool {
	switch {
	case n.slot < systemSlots && w.exact[n.slot]:
	case n.slot < systemSlots && n.exact:
		w.exact[n.slot], w.seen[n.slot] = true, v
	case w.seen[n.slot] == "":
		w.seen[n.slot] = v
	}
	switch n.slot {
	case slotDrop:
		return false
	case slotDataName:
		w.dataText("")
		w.data, w.named = v, true
		return false
	case slotDataText:
		return !w.dataText(v)
	case slotNested:
		return !w.open(f, node, v)
	case slotMessage:
		return !isEventXML(v) || !w.open(f, node, v)
	}
	return true
}

// dataText yields the field of the Data element that waits for its text, if there is one.
func (w *windowsRecord) dataText(v string) bool {
	if !w.named {
		return false
	}
	w.named = false
	name := reserved(w.data)
	if name == "" {
		name = "Data"
	}
	if name == "UtcTime" {
		w.seen[slotUtcTime] = v
	}
	w.extra = append(w.extra, tocsin.Field{Name: name, Value: v})
	if strings.IndexByte(name, ' ') >= 0 {
		w.extra = append(w.extra, tocsin.Field{Name: strings.ReplaceAll(name, " ", ""), Value: v})
	}
	return true
}

// open appends the leaves of a value that is JSON or XML itself, and reports whether it is.
func (w *windowsRecord) open(f *flattener, node *pathNode, v string) bool {
	if len(v) < 2 || w.nested >= maxNested {
		return false
	}
	root, fields := f.root, len(f.fields)
	var err error
	switch {
	case strings.HasPrefix(v, `{"EventData"`), strings.HasPrefix(v, `{"UserData"`), strings.HasPrefix(v, `{"Event"`):
		_, err = f.value(view(v), 0, root, 0)
	case v[0] == '{' && (node.key == "EventData" || node.key == "UserData"):
		_, err = f.value(view(v), 0, f.kid(root, view(node.key)), 0)
	case isEventXML(v), strings.HasPrefix(v, "<EventData"), strings.HasPrefix(v, "<UserData"), strings.HasPrefix(v, "<DataItem"):
		err = f.xml(v)
	default:
		return false
	}
	w.nested++
	if err != nil {
		f.fields, f.nodes = f.fields[:fields], f.nodes[:fields]
	}
	return err == nil
}

// time tells when the event happened and when it was collected. EventTime and TimeCreated without a zone are the local
// time of a machine that says no more of it: if there is a collector's stamp with one, the offset is their difference
// to the nearest quarter of an hour.
func (w *windowsRecord) time(o Options, ecs bool) (event, sensor time.Time) {
	stamp, stamped := windowsStamp(w.seen[slotStamp], o)
	if t, ok := windowsStamp(w.seen[slotSystemTime], o); ok {
		return t, stamp
	}
	if ecs && stamped {
		return stamp, time.Time{}
	}
	created, ok := windowsStamp(w.seen[slotCreated], o)
	if ok && o.local.claimed {
		if t, ok := windowsStamp(w.seen[slotUtcTime], o.inUTC()); ok {
			return t, stamp
		}
		return o.beside(created, o.local.behind), stamp
	}
	if ok && zoned(w.seen[slotCreated]) {
		return created, stamp
	}
	if t, ok := windowsStamp(w.seen[slotUtcTime], o.inUTC()); ok {
		return t, stamp
	}
	if ok && o.local.known {
		return o.beside(created, o.local.behind), stamp
	}
	switch {
	case !ok:
		return stamp, time.Time{}
	case !stamped || o.saysZone():
		return created, stamp
	}
	const most = 5 * time.Minute
	late := stamp.Sub(created)
	offset := late.Round(15 * time.Minute)
	if late -= offset; late < -most || late > most || offset.Abs() > 14*time.Hour {
		return stamp, time.Time{}
	}
	return o.beside(created, offset), stamp
}

// beside moves a local stamp by the offset that a second stamp beside it, or beside others of the stream, tells.
func (o Options) beside(local time.Time, by time.Duration) time.Time {
	return o.basis.moved(local, local.Add(by), 1<<GuessZone, offsetGuess(by))
}

// windowsStamp reads a stamp, also as .NET's JSON has it: /Date(1600000000000)/.
func windowsStamp(s string, o Options) (time.Time, bool) {
	if s == "" {
		return time.Time{}, false
	}
	if ms, ok := strings.CutPrefix(s, "/Date("); ok {
		s = strings.TrimSuffix(ms, ")/")
	}
	return parseTime(s, o)
}

// zoned says that a stamp has a zone, or needs none because it counts from a fixed point.
func zoned(s string) bool {
	if len(s) < 19 || s[0] == '/' {
		return true
	}
	return strings.ContainsAny(s[19:], "Zz+-")
}
