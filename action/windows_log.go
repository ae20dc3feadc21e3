package action

import (
	"errors"

	"github.com/tocsin-ids/tocsin"
)

// A logRow is a row about events of a provider whose name ends so.
type logRow struct {
	provider string
	row      *row
}

// addLog puts a row on events where they are looked for.
func (k *Knowledge) addLog(r *row) *tocsin.Fault {
	for _, n := range r.names {
		provider, id, ok := cutLast(n, '/')
		if !ok || provider == "" || !digits(id) {
			return r.fault(errors.New("a name that is no event"), "write the last word of the provider and the event's id: bits-client/59")
		}
		if k.logs == nil {
			k.logs = map[string][]logRow{}
		}
		k.logs[id] = append(k.logs[id], logRow{provider, r})
	}
	return nil
}

// hasLog says that a row is about events of a provider and an id.
func (k *Knowledge) hasLog(provider, id string) bool {
	for _, l := range k.logs[id] {
		if foldSuffix(provider, l.provider) {
			return true
		}
	}
	return false
}

// maxLogText bounds what is looked at of an event.
const maxLogText = 16 << 10

// logged reads what rows say of an event by its fields, if nothing as telling was said of it.
func (r *Reader) logged(ev *tocsin.Event, w *winFacts) {
	if !r.know.hasLog(w.provider, w.id) {
		return
	}
	buf := r.low[:0]
	for i := range ev.Fields {
		f := &ev.Fields[i]
		if logHeads[f.Name] || len(buf) > maxLogText {
			continue
		}
		buf = append(append(append(append(buf, f.Name...), '='), f.Value[:min(len(f.Value), maxLogText)]...), "; "...)
	}
	r.low = buf
	text := string(buf)
	for _, l := range r.know.logs[w.id] {
		if l.row.level <= r.told && r.n > 0 || !foldSuffix(w.provider, l.provider) || !l.row.holds(text) {
			continue
		}
		r.did(ev, w, l.row)
		a := &r.act
		a.Text, a.Tool = l.provider+" "+w.id+": "+text, r.base(w.image)
		r.out()
		return
	}
}

// logHeads are fields of all events of Windows, and those that say in words what others hold.
var logHeads = wordSet("Provider_Name Provider_Guid EventID Version Level Task Opcode Keywords TimeCreated TimeCreated_SystemTime EventRecordID Execution_ProcessID " +
	"Execution_ThreadID Channel Computer Hostname Security_UserID Correlation_ActivityID UtcTime ProcessGuid SourceProcessGUID TargetProcessGUID ProcessId " +
	"Message EventReceivedTime SourceModuleName SourceModuleType SourceName ProviderGuid Severity SeverityValue EventType RecordNumber ThreadID Hashes RuleName Category OpcodeValue " +
	"hostname event_type service user src_ip")
