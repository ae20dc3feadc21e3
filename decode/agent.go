package decode

import (
	"bytes"
	"errors"
	"hash/maphash"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A dialect is one way that AI agents, or the gateways and SDKs around them, write down what an agent did.
type dialect struct {
	name string // as --input-format takes it
	// is says whether a record is of this dialect. It is given the members of a record that may be cut off.
	is func(m members) bool
	// read takes tool calls and results out of a record.
	read func(d *agentLog, m members)
	// also, if it is not nil, says whether a record belongs to a log of this dialect that other logs may have as well.
	also func(m members) bool
}

func dialects() []dialect {
	return []dialect{
		{name: "otlp", is: isOTLP, read: (*agentLog).otlp},
		{name: "codex", is: isCodex, read: (*agentLog).codex},
		{name: "claude-code", is: isClaudeCode, read: (*agentLog).claudeCode},
		{name: "copilot-cli", is: isCopilot, read: (*agentLog).copilot},
		{name: "opencode", is: isOpenCode, read: (*agentLog).openCode},
		{name: "gemini-cli", is: isGemini, read: (*agentLog).gemini, also: isGeminiPatch},
		{name: "pi", is: isPi, read: (*agentLog).pi},
		{name: "agent-hook", is: isHook, read: (*agentLog).hook},
		{name: "openhands", is: isOpenHands, read: (*agentLog).openHands},
		{name: "agent-trace", is: isTrace, read: (*agentLog).trace},
		{name: "provider-webhook", is: isWebhook, read: (*agentLog).webhook},
		{name: "inspect", is: isInspect, read: (*agentLog).inspect},
		{name: "mcp", is: isMCP, read: (*agentLog).mcp, also: isRPC},
		{name: "chat", is: isChat, read: (*agentLog).chat},
	}
}

// agentFormats lists the formats that files of this family are recognised as: logs of a record a line, which one
// decoder sees in order because a result may come long after its call, and documents that are one JSON value written
// over many lines. Either may mix dialects; the names of single ones are there for --input-format.
func agentFormats() []Format {
	open := func(o Options) Decoder { return newAgentLog(o) }
	is := func(document bool) func(string, []byte) int {
		return func(_ string, head []byte) int {
			if sees(head, document) {
				return 80
			}
			return 0
		}
	}
	all := []Format{
		{Name: "agent-log", Cut: Ordered, New: open, Is: is(false)},
		{Name: "agent-session", Cut: Whole, New: open, Is: is(true)},
	}
	all = append(all, mcpLogFormat(), otlpWireFormat())
	all = append(all, shapeFormats()...)
	for _, dia := range dialects() {
		all = append(all, Format{Name: dia.name, Cut: Ordered, New: open, Is: func(string, []byte) int { return 0 }})
	}
	return all
}

// farther is the agents' format of a stream of JSON whose first value is longer than its head and tells further on what it is: a
// request begins with the instructions and tools that it gives a model.
func farther(f Format, head []byte, more func() []byte) Format {
	if f.Name != "json" || f.asked {
		return f
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n")
	if len(head) == 0 {
		return f
	}
	if _, whole := valueEnd(head, 0); whole {
		return f
	}
	for _, g := range agentFormats() {
		if g.Is("", more()) > 0 {
			return honest(g)
		}
	}
	return f
}

// sees says whether one of the first records in head is of a dialect, in a document of one value over many lines or,
// if no document is asked for, in a log of one value a line.
func sees(head []byte, document bool) bool { return seesOf(dialects(), head, document) }

func seesOf(all []dialect, head []byte, document bool) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n")
	for n := 0; n < 200 && len(head) > 1; n++ {
		line, rest, _ := bytes.Cut(head, []byte{'\n'})
		if n == 0 {
			if line[0] != '{' && line[0] != '[' {
				return false
			}
			if _, ok := valueEnd(line, 0); (line[0] == '[' || !ok && len(rest) > 0) != document {
				return false
			}
		}
		v := raw(line)
		if document {
			v = head
		}
		if len(v) > 0 && (v[0] == '{' || v[0] == '[') {
			if end, ok := valueEnd(v, 0); ok {
				v = v[:end]
			}
			for e := range v.items() {
				v = e
				break
			}
			m, _ := v.open()
			for _, dia := range all {
				if dia.is(m) {
					return true
				}
			}
		}
		if document {
			return false
		}
		head = bytes.TrimLeft(rest, " \t\r\n")
	}
	return false
}

// agentLines lists the kinds of text line of this family.
func agentLines() []lineKind { return nil }

// agentLog decodes recorded work of AI agents: each tool call, joined with its result, is one event. The event has
// the time and line of the call; it is emitted when the result is there, or at the end of the stream without one.
// Calls that a log repeats (mirrors, retries, the history that every request carries) are counted once.
type agentLog struct {
	opt  Options
	rec  tocsin.Record // the one being decoded, without its data: calls wait for the end of the stream, and records are used again
	emit func(*tocsin.Event)
	line int64
	doc  raw // the value being read, in which calls have their lines
	seek int // how far into doc lines have been counted, and how many there were
	past int64
	nth  map[int64]int64 // of the lines of doc, and of the last before it: events that they have told
	end  int64           // the last of these lines
	ev   tocsin.Event
	flat flattener
	args *pathNode // of the flattened arguments
	nest *nest

	dialects []dialect
	last     int

	turn  turn // what the log has said so far about what it is going to tell
	scope string
	calls calls

	before time.Time // the last stamp that the log had

	heard heard
}

// A turn is what a log says around a call.
type turn struct {
	format, agent, subagent, version     string
	session, principal, model, cwd, mode string
	account                              string // another name of the principal
	identified                           bool   // the principal is named by more than its client's word
	run, parent                          string // of an operator; the session that this one goes on from or was started by
	child                                string // the session that a call started
	client                               string // the address that the calls came from
	time                                 time.Time
}

func newAgentLog(o Options) *agentLog {
	return &agentLog{opt: o, dialects: dialects(), args: &pathNode{path: "arguments"},
		nth:   map[int64]int64{},
		heard: heard{seed: maphash.MakeSeed(), of: map[string]*hearing{}},
		calls: calls{seed: maphash.MakeSeed(), open: map[string][]*call{}, seen: map[uint64]struct{}{}, count: map[uint64]int{}}}
}

var errNotAgent = errors.New("not a JSON object")

func (d *agentLog) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	d.rec, d.emit, d.line = *r, emit, r.Line
	d.rec.Data = nil
	all, broken := r.Data, 0
	pos := 0
	for data := all; ; data = all {
		for pos < len(data) && (data[pos] <= ' ' || data[pos] == ',' || data[pos] == 0x1e || data[pos] >= 0x80 && bytes.HasPrefix(data[pos:], []byte("\xef\xbb\xbf"))) {
			switch data[pos] {
			case '\n':
				d.line++
			case 0xef:
				pos += 2
			}
			pos++
		}
		if pos >= len(data) {
			break
		}
		if broken > maxBroken {
			if i := bytes.IndexByte(data[pos:], '\n'); i >= 0 {
				data = data[:pos+i+1]
			}
		}
		end, whole := pos, false
		if data[pos] == '{' || data[pos] == '[' {
			end, whole = valueEnd(data, pos)
		}
		d.doc, d.seek, d.past = data[pos:end], 0, 0
		if d.line > d.end {
			clear(d.nth)
		}
		if end > pos && (whole || end == len(data)) { // what there is of a value that is cut off is read, too
			whole = d.value(d.doc) && whole
		}
		if !whole {
			broken++
			if i := bytes.IndexByte(data[pos:], '\n'); i >= 0 {
				end = pos + i
			} else {
				end = len(data)
			}
			d.fault(data[pos:end])
		}
		d.line += int64(bytes.Count(data[pos:end], []byte{'\n'}))
		d.end = d.line
		pos = end
	}
	d.calls.keep()
}

func (d *agentLog) Flush(emit func(*tocsin.Event)) {
	d.emit = emit
	for _, c := range d.calls.queue {
		if !c.done {
			d.report(c, answer{})
		}
	}
	d.calls.queue = nil
	clear(d.calls.open)
}

func (d *agentLog) fault(line []byte) {
	d.ev = tocsin.Event{Source: d.rec.Source, Record: d.record(nil), Format: d.turn.format, Raw: text(line), Fields: d.ev.Fields[:0],
		Fault: &tocsin.Fault{Source: d.rec.Source, Line: d.line, Err: errNotAgent,
			Hint: "the line is cut off or not JSON; the rest of the file was read"}}
	d.emit(&d.ev)
}

// value reads one JSON value, an object or an array of them, and reports whether it is well formed. An object of no
// dialect is book-keeping of one of them: it tells of no tool call.
func (d *agentLog) value(v raw) bool {
	if len(v) > 0 && v[0] == '[' {
		d.calls.begin("")
		for e := range v.items() {
			if len(e) > 0 && e[0] == '{' {
				d.value(e)
			}
		}
		return v[len(v)-1] == ']'
	}
	m, whole := v.open()
	if !d.dialects[d.last].is(m) {
		for i := range d.dialects {
			if i != d.last && d.dialects[i].is(m) {
				d.last = i
				break
			}
		}
	}
	if dia := d.dialects[d.last]; dia.is(m) || dia.also != nil && dia.also(m) {
		d.turn.format = dia.name
		dia.read(d, m)
	}
	return whole
}

// lineOf returns the line on which a part of the value being read stands.
func (d *agentLog) lineOf(v raw) int64 {
	off := cap(d.doc) - cap(v) // parts of a slice end where it ends
	if len(v) == 0 || off < 0 || off >= len(d.doc) || &d.doc[off] != &v[0] {
		return d.line
	}
	if off < d.seek {
		d.seek, d.past = 0, 0
	}
	d.past += int64(bytes.Count(d.doc[d.seek:off], []byte{'\n'}))
	d.seek = off
	return d.line + d.past
}

// record is the number of one more event, which a part of the value being read tells. Calls of one line are numbered as they
// are read; that may not be the order in which they are given out.
func (d *agentLog) record(v raw) uint64 {
	line := d.lineOf(v)
	d.nth[line]++
	return tocsin.Nth(uint64(line), d.nth[line])
}

// set makes *p own s, unless s is empty or there already.
func set(p *string, s string) {
	if s != "" && *p != s {
		*p = strings.Clone(s)
	}
}

// stamp sets the turn's time from the first of a record's members that is one, and reports whether there was any.
func (d *agentLog) stamp(m members) bool {
	for _, k := range [...]string{"timestamp", "@timestamp", "time", "created_at", "createdAt", "create_time", "createTime", "created", "ts", "datetime", "date", "startTime", "start_time", "request_time", "hrTime"} {
		if v := m.get(k); v != nil {
			if t, ok := stampOf(v, d.opt); ok {
				d.turn.time, d.before = t, t
				return true
			}
		}
	}
	return false
}

// agentJSON lists the kinds of JSON record of this family.
func agentJSON() []jsonKind { return nil }
