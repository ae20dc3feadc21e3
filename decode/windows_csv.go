package decode

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// windowsTable makes events of the rows of a table of Windows events: what Event Viewer, Get-WinEvent | Export-Csv,
// EvtxECmd and searches in Splunk and Kibana export. The columns have the names that the same tools give JSON members.
type windowsTable struct {
	flat    flattener
	obj     object
	columns []*pathNode
}

// windowsTableFormat is a table that has a column for the event id, and one for channel or provider.
func windowsTableFormat() Format {
	return Format{
		Name: "windows-csv", Cut: Ordered,
		Is: func(_ string, head []byte) int {
			head = bytes.TrimPrefix(head, bom)
			for bytes.HasPrefix(head, typeLine) {
				_, head, _ = bytes.Cut(head, []byte{'\n'})
			}
			line, _, _ := bytes.Cut(head, []byte{'\n'})
			if len(line) < 10 || len(line) > 8192 || structured(line[0]) || !bytes.Contains(line, []byte("Id")) && !bytes.Contains(line, []byte("ID")) &&
				!bytes.Contains(line, []byte("Event")) && !bytes.Contains(line, []byte("event")) && !foreignHead(line) {
				return 0
			}
			t := newWindowsTable(Options{})
			t.head(line)
			return t.win.sure()
		},
		New: func(o Options) Decoder { return newWindowsTable(o) },
	}
}

// foreignHead says that a line names columns of Event Viewer's in another language.
func foreignHead(line []byte) bool {
	n := 0
	for name := range bytes.FieldsFuncSeq(line, func(r rune) bool { return r == ',' || r == ';' || r == '\t' || r == '"' || r == '\r' }) {
		if _, foreign := windowsHead(text(name)); foreign {
			n++
		}
	}
	return n > 2
}

var errNoEvent = errors.New("no event id, or neither log nor provider")

// typeLine begins the line that PowerShell writes before the names of the columns.
var typeLine = []byte("#TYPE")

func newWindowsTable(o Options) *table {
	w := &windowsTable{flat: flattener{root: &pathNode{}}}
	w.obj = object{opt: o, flat: &w.flat}
	return &table{opt: o, nest: nest{opt: o}, win: w}
}

// head learns the columns, and returns them with the one that Event Viewer has no name for: the rendered text.
func (w *windowsTable) head(names []string) []string {
	for i, n := range names {
		var foreign bool
		n, utc := strings.CutSuffix(n, " [UTC]") // of Log Analytics
		if utc {
			w.obj.opt = w.obj.opt.inUTC()
		}
		if names[i], foreign = windowsHead(n); foreign && w.obj.opt.order[0] == unsettled {
			w.obj.opt.order[0] = dayFirst // as all who write with slashes but the Americans
		}
	}
	if slices.Contains(names, "Event ID") && slices.Contains(names, "Date and Time") && !slices.Contains(names, "Message") {
		names = append(names, "Message")
	}
	for _, n := range names {
		w.columns = append(w.columns, w.flat.kid(w.flat.root, []byte(n)))
	}
	return names
}

func (w *windowsTable) sure() int {
	var id, weak, channel, provider, created, said bool
	var activity, account bool // of Log Analytics' SecurityEvent
	for _, c := range w.columns {
		switch c.windows().slot {
		case slotEventID:
			id = true
		case slotWeakID:
			weak = true
		case slotChannel:
			channel = true
		case slotProvider:
			provider = true
		case slotCreated:
			created = true
		case slotMessage:
			said = true
		}
		switch c.key {
		case "Activity":
			activity = true
		case "Account", "AccountType", "SubjectUserName", "TargetUserName":
			account = true
		case "RuleTitle", "Rule", "rule", "RuleID", "detections": // alerts about events
			return 0
		}
	}
	if id && (channel || provider || activity && account) || weak && (channel && provider || created && said) {
		return 80
	}
	return 0
}

// fill completes the event of a row.
func (w *windowsTable) fill(r *tocsin.Record, cells []string, ev *tocsin.Event) {
	f := &w.flat
	f.fields, f.nodes, f.arena = ev.Fields[:0], f.nodes[:0], f.arena[:0]
	for i, c := range cells[:min(len(cells), len(w.columns))] {
		if c != "" && f.leaf(w.columns[i], c) != nil {
			break
		}
	}
	w.obj.fields, w.obj.nodes, w.obj.data, w.obj.rec = f.fields, f.nodes, view(ev.Raw), r
	fillWindows(&w.obj, ev)
	if number(f.win.seen[slotEventID]) == 0 && ev.Time.IsZero() && ev.Fault == nil {
		ev.Fault = &tocsin.Fault{Source: ev.Source, Line: int64(ev.Record), Err: errNoEvent, Hint: "the row does not fit its table's head"}
	}
}
