package action

import (
	"errors"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/slot"
)

// logRows are the rows about events of an id.
type logRows struct {
	providers []string // what the provider's name ends with, by row
	rows      []*row
	quick     *foldSet
}

func (l *logRows) index() { l.quick = quickOf(l.rows) }

// of says that one of the rows is about events of a provider.
func (l *logRows) of(provider string) bool {
	return l != nil && slices.ContainsFunc(l.providers, func(p string) bool { return foldSuffix(provider, p) })
}

// addLog puts a row on events where they are looked for.
func (k *Knowledge) addLog(r *row) *tocsin.Fault {
	for _, n := range r.names {
		provider, id, ok := cutLast(n, '/')
		if !ok || provider == "" || !digits(id) || len(r.has) == 0 {
			return r.fault(errors.New("an event without provider, id or words"), "write the last word of the provider and the event's id, \"name: bits-client/59\", and words of its fields")
		}
		if k.logs == nil {
			k.logs = map[string]*logRows{}
		}
		l := k.logs[id]
		if l == nil {
			l = &logRows{}
			k.logs[id] = l
		}
		l.providers, l.rows = append(l.providers, provider), append(l.rows, r)
	}
	return nil
}

// Bounds of what is looked at of an event, and of the ending of a path.
const (
	maxLogText = 16 << 10
	maxEnd     = 6
)

// logText is the text that rows about events look at: its fields but for those that all events have, and of paths how
// they end. It is good until the next.
func (r *Reader) logText(ev *tocsin.Event) []byte {
	buf := r.low[:0]
	for i := range ev.Fields {
		f := &ev.Fields[i]
		if logHeads.Slot(f.Name) != 0 || len(buf) > maxLogText {
			continue
		}
		buf = append(append(append(append(buf, f.Name...), '='), f.Value[:min(len(f.Value), maxLogText)]...), "; "...)
		if dot := strings.LastIndexByte(f.Value, '.'); dot >= 0 && len(f.Value)-dot <= maxEnd && strings.IndexByte(f.Value, '\\') >= 0 {
			buf = append(append(append(append(buf, f.Name...), ".end="...), f.Value[dot:]...), "; "...)
		}
	}
	r.low = buf
	return buf
}

// maybeLogged says that a row may hold for an event by its fields.
func (r *Reader) maybeLogged(ev *tocsin.Event) bool {
	id, provider := eventOf(ev)
	l := r.know.logs[id]
	return l.of(provider) && foldIn(l.quick, r.logText(ev))
}

// logged reads what rows say of an event by its fields, if nothing as telling was said of it.
func (r *Reader) logged(ev *tocsin.Event, w *winFacts) {
	l := r.know.logs[w.id]
	if !l.of(w.provider) {
		return
	}
	buf := r.logText(ev)
	if !foldIn(l.quick, buf) {
		return
	}
	text := string(buf)
	for i, is := range l.rows {
		if is.level <= r.told && r.n > 0 || !foldSuffix(w.provider, l.providers[i]) || !is.holds(text) {
			continue
		}
		r.did(ev, w, is)
		a := &r.act
		a.Text, a.Tool = l.providers[i]+" "+w.id+": "+text, r.base(w.image)
		r.out()
		return
	}
}

// logHeads are fields of all events of Windows, and those that say in words what others hold.
var logHeads = slot.Of(func() map[string]uint8 {
	heads := map[string]uint8{}
	for name := range wordSet("Provider_Name Provider_Guid EventID Version Level Task Opcode Keywords TimeCreated TimeCreated_SystemTime EventRecordID Execution_ProcessID " +
		"Execution_ThreadID Channel Computer Hostname Security_UserID Correlation_ActivityID UtcTime ProcessGuid SourceProcessGUID TargetProcessGUID ProcessId Message " +
		"EventReceivedTime SourceModuleName SourceModuleType SourceName ProviderGuid Severity SeverityValue EventType RecordNumber ThreadID Hashes RuleName Category " +
		"OpcodeValue hostname event_type service user src_ip") {
		heads[name] = 1
	}
	return heads
}())
