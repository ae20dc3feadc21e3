package decode

import (
	_ "embed"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin/tsv"
)

// Agents whose format is not known are read by the shape of their calls: a name, arguments, and a result beside them or
// elsewhere under the same id. Coverage names such files agent-calls-by-shape: what else they say is not read.

//go:embed shapes.tsv
var shapeText string

// shapes are the names of members by what they hold.
var shapes = readShapes(shapeText)

// readShapes reads the rows.
func readShapes(text string) map[string][]string {
	all := map[string][]string{}
	for n, c := range tsv.Rows("shapes.tsv", text, 2) {
		if !slices.Contains([]string{"tool", "name", "arguments", "result", "id", "sign"}, c[0]) {
			tsv.Fault("shapes.tsv", n, "no member: "+c[0])
		}
		all[c[0]] = append(all[c[0]], c[1])
	}
	return all
}

const (
	shapeDepth = 6  // of objects that are looked into
	shapeHead  = 16 // members of a list that are looked at to tell a format
)

// A shape is a call as it was recognised.
type shape struct {
	id, tool     string
	args, result raw
}

// shapeOf finds a call in an object. sign says that what holds it tells of an agent.
func shapeOf(m members, sign bool) (s shape, ok bool) {
	s.tool = m.str(shapes["tool"]...)
	sure := s.tool != ""
	if !sure {
		s.tool = m.str(shapes["name"]...)
	}
	for _, k := range shapes["arguments"] {
		if v := m.get(k).embedded(); len(v) > 0 && (v[0] == '{' || v[0] == '[') {
			s.args = v
			break
		}
	}
	s.result, s.id = m.first(shapes["result"]...), m.str(shapes["id"]...)
	if len(s.tool) > 200 || s.tool == "" || s.args == nil {
		return s, false
	}
	sign = sign || tells(m)
	if sure {
		return s, s.result != nil || s.id != "" || sign
	}
	return s, sign && (s.result != nil || s.id != "")
}

// tells says that a member tells of an agent. Shippers of logs call themselves agents, too, but as an object.
func tells(m members) bool {
	for _, k := range shapes["sign"] {
		if m.get(k).str() != "" {
			return true
		}
	}
	return false
}

// hasShape says that there is a call in a record, or in lists and objects in it.
func hasShape(m members, sign bool, depth int) bool {
	if _, ok := shapeOf(m, sign); ok {
		return true
	}
	sign = sign || tells(m)
	if depth == 3 {
		return false
	}
	for i := range m[:min(len(m), 64)] {
		v := m[i].val
		calls := sign || callsKey(m[i].key)
		if len(v) > 1 && v[0] == '{' {
			if hasShape(v.members(), calls, depth+1) {
				return true
			}
			continue
		}
		n := 0
		for e := range v.items() {
			if n++; n > shapeHead {
				break
			}
			if len(e) > 1 && e[0] == '{' && hasShape(e.members(), calls, depth+1) {
				return true
			}
		}
	}
	return false
}

// callsKey says that a member is named after calls of tools.
func callsKey(key string) bool {
	key = strings.ToLower(strings.ReplaceAll(key, "_", ""))
	return strings.Contains(key, "toolcall") || strings.Contains(key, "tooluse") || strings.Contains(key, "functioncall")
}

// shapeFormats are those of a value a line and of one document.
func shapeFormats() []Format {
	dia := dialect{name: "agent-calls-by-shape", is: func(m members) bool { return hasShape(m, false, 0) }, read: (*agentLog).shape,
		also: func(m members) bool { return m.str(shapes["id"]...) != "" && m.first(shapes["result"]...) != nil }}
	open := func(o Options) Decoder {
		d := newAgentLog(o)
		d.dialects = []dialect{dia}
		return d
	}
	is := func(document bool) func(string, []byte) int {
		return func(_ string, head []byte) int {
			if seesOf([]dialect{dia}, head, document) {
				return 45
			}
			return 0
		}
	}
	return []Format{
		{Name: "agent-calls-by-shape", Cut: Ordered, New: open, Is: is(false)},
		{Name: "agent-session-by-shape", Cut: Whole, New: open, Is: is(true)},
	}
}

func (d *agentLog) shape(m members) {
	d.scope = ""
	d.shaped(m, false, 0)
}

// shaped reads the calls in an object and in what it holds.
func (d *agentLog) shaped(m members, sign bool, depth int) {
	at := d.turn
	d.whose(m)
	set(&d.turn.model, m.str("model", "model_name"))
	set(&d.turn.cwd, m.str("cwd", "working_directory", "workdir"))
	d.stamp(m)
	if s, ok := shapeOf(m, sign); ok {
		if s.id == "" || !d.calls.known(d.scope, s.id) {
			d.call(s.id, s.tool, m.str("server", "mcp_server"), s.args)
		}
		if s.result != nil {
			d.shapeResult(s.id, m, s.result)
		}
	} else if s.id != "" && s.result != nil && d.calls.known(d.scope, s.id) {
		d.shapeResult(s.id, m, s.result)
	} else if depth < shapeDepth {
		sign = sign || tells(m)
		for i := range m {
			v, sign := m[i].val, sign || callsKey(m[i].key)
			if len(v) > 1 && v[0] == '{' {
				d.shaped(v.members(), sign, depth+1)
			}
			for e := range v.items() {
				if len(e) > 1 && e[0] == '{' {
					d.shaped(e.members(), sign, depth+1)
				}
			}
		}
	}
	if depth > 0 { // what a part says of itself does not hold for the next
		d.turn = at
	}
}

func (d *agentLog) shapeResult(id string, m members, v raw) {
	a := d.result(m)
	a.result = contentText(v, 0)
	a.outcome(v)
	if a.exit == "" {
		a.exit = m.str("exit_code", "exitCode", "returncode")
	}
	a.time = time.Time{}
	if end := spanTime(m, d.opt, "end_time", "endTime", "ended_at", "finished_at", "completed_at"); !end.IsZero() {
		a.time = end
	}
	d.answer(id, a)
}
