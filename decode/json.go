package decode

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Bounds on one JSON record; beyond them it is a fault, not a crash.
const (
	maxDepth  = 64      // nesting; deeper values are kept as their JSON text
	maxFields = 8192    // leaves
	maxPath   = 1024    // bytes of a path; the rest of a longer one is cut off
	maxNames  = 65536   // distinct paths a decoder remembers …
	maxPaths  = 8 << 20 // … and bytes that they may come to
	maxBroken = 64      // values of a block that do not end well; of what comes after, none is looked for beyond its line
)

// A jsonKind recognises one kind of JSON record and completes its event.
type jsonKind struct {
	name string // as --input-format takes it
	// is says whether o is of this kind. Kinds are tried in order, after the kind of the record before; a test must
	// not take records of another kind.
	is func(o *object) bool
	// needs are leaves of which a record of this kind has one at least, so that others are told fast; none says nothing.
	needs []string
	mask  nameSet // of needs
	// fill sets Time, Sensor, Host and Sources of ev, whose Fields are o's leaves already, and adds, renames or drops
	// fields. It may set Fault.
	fill func(o *object, ev *tocsin.Event)
	// each, where it is set, gives out the events of a record that tells of several, which fill has completed.
	each func(o *object, ev *tocsin.Event, emit func(*tocsin.Event))
}

func jsonKinds() []jsonKind {
	var all []jsonKind
	all = append(all, windowsJSON()...)
	all = append(all, flowJSON()...)
	all = append(all, networkJSON()...)
	all = append(all, unixJSON()...)
	all = append(all, cloudJSON()...)
	all = append(all, agentJSON()...)
	all = append(all, alertJSON()...)
	all = append(all, deviceJSON()...)
	all = append(all, envelopeJSON()...)
	all = append(all, webJSON()...) // last: it takes whatever looks like a request
	return all
}

// An object is one JSON value, flattened: its leaves in order, nested names joined with dots, array elements under the
// array's name, null left out.
type object struct {
	fields []tocsin.Field
	nodes  []*pathNode // of fields, index by index
	data   []byte      // the value's text
	opt    Options
	rec    *tocsin.Record
	flat   *flattener
	nest   *nest
	names  nameSet // of fields, where known is set
	known  bool
}

// A nameSet says fast of most names that they are not among the names of a record's leaves.
type nameSet [4]uint64

func (s *nameSet) bit(name string) (word, bit uint) {
	h := uint(len(name))
	if h > 0 {
		h += uint(name[0])*31 + uint(name[len(name)/2])*17 + uint(name[len(name)-1])*7
	}
	return h >> 6 & 3, h & 63
}

// meets says that there may be a name in both sets.
func (s *nameSet) meets(t *nameSet) bool {
	return s[0]&t[0]|s[1]&t[1]|s[2]&t[2]|s[3]&t[3] != 0
}

// add puts names into the set.
func (s *nameSet) add(names ...string) {
	for _, n := range names {
		w, b := s.bit(n)
		s[w] |= 1 << b
	}
}

// note prepares o for being asked for many names.
func (o *object) note() {
	o.names, o.known = nameSet{}, true
	for i := range o.fields {
		w, b := o.names.bit(o.fields[i].Name)
		o.names[w] |= 1 << b
	}
}

// get returns the first value of the leaf at a path, or "".
func (o *object) get(path string) string {
	v, _ := o.find(path)
	return v
}

// find returns the first value of the leaf at a path and whether there is one.
func (o *object) find(path string) (string, bool) {
	if o.known {
		if w, b := o.names.bit(path); o.names[w]&(1<<b) == 0 {
			return "", false
		}
	}
	for i := range o.fields {
		if o.fields[i].Name == path {
			return o.fields[i].Value, true
		}
	}
	return "", false
}

// first returns the first non-empty value of the leaves at some paths, in the order of the paths.
func (o *object) first(paths ...string) string {
	for _, p := range paths {
		if v := o.get(p); v != "" {
			return v
		}
	}
	return ""
}

// time returns the first of the leaves at some paths that is a stamp, zero where none is.
func (o *object) time(paths ...string) time.Time {
	for _, p := range paths {
		if v, ok := o.find(p); ok {
			if t, ok := parseTime(v, o.opt.under(p)); ok {
				return t
			}
		}
	}
	return time.Time{}
}

// raw returns the JSON text of the value at a path of keys, nil where there is none.
func (o *object) raw(keys ...string) raw { return raw(o.data).at(keys...) }

// shed takes a prefix off the names of all leaves that have it: the record is what another kind wraps under a key.
func (o *object) shed(prefix string) {
	for i := range o.fields {
		if n := o.fields[i].Name; len(n) > len(prefix) && n[:len(prefix)] == prefix {
			o.fields[i].Name = n[len(prefix):]
		}
	}
	o.known = false
}

// has says that all the leaves exist.
func (o *object) has(paths ...string) bool {
	for _, p := range paths {
		if _, ok := o.find(p); !ok {
			return false
		}
	}
	return true
}

// any says that one of the leaves exists.
func (o *object) any(paths ...string) bool {
	for _, p := range paths {
		if _, ok := o.find(p); ok {
			return true
		}
	}
	return false
}

// keep returns parts joined as one string that lives as long as the event.
func (o *object) keep(parts ...string) string {
	f := o.flat
	from := len(f.arena)
	for _, p := range parts {
		f.arena = append(f.arena, p...)
	}
	return text(f.arena[from:])
}

// jsonFormats lists JSON that no more specific format took: any object of any kind in any order.
func jsonFormats() []Format {
	isJSON := func(_ string, head []byte) int {
		head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
		if len(head) == 0 || head[0] != '{' && head[0] != '[' {
			return 0
		}
		if head[0] == '[' { // "[Sun Jan …] [error]" is a text log's line
			rest := bytes.TrimLeft(head[1:], " \t\r\n")
			if len(rest) > 0 && rest[0] != '{' && rest[0] != ']' {
				return 0
			}
		}
		return 10
	}
	return []Format{{Name: "json", Cut: Values, Is: isJSON, New: func(o Options) Decoder { return newJSON(o, jsonKinds()) }}}
}

// jsonFormat is the format of streams whose JSON records are all of one kind.
func jsonFormat(k jsonKind) Format {
	return Format{Name: k.name, Cut: Values, Is: never, New: func(o Options) Decoder { return newJSON(o, []jsonKind{k}) }}
}

// values decodes blocks of whole JSON values.
type values struct {
	opt   Options
	kinds []jsonKind
	last  int
	flat  flattener
	obj   object
	ev    tocsin.Event
	nest  nest
}

func newJSON(o Options, kinds []jsonKind) *values {
	for i := range kinds {
		kinds[i].mask.add(kinds[i].needs...)
	}
	return &values{opt: o, kinds: kinds, flat: flattener{root: &pathNode{}}, nest: nest{opt: o}}
}

func (d *values) Flush(func(*tocsin.Event)) {}

func (d *values) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	d.last = 0 // what a block says does not hang on which block the decoder had before
	d.values(r, bytes.TrimPrefix(r.Data, []byte("\xef\xbb\xbf")), r.Line, emit, 2)
}

// values decodes the values in data, which begins on a line of r; a value that only lists records is opened,
// as many in one another as open says.
func (d *values) values(r *tocsin.Record, data []byte, line int64, emit func(*tocsin.Event), open int) {
	all, broken := data, 0
	pos := 0
	for data = all; ; data = all {
		for pos < len(data) && (data[pos] <= ' ' || data[pos] == ',' || data[pos] == 0x1e) {
			if data[pos] == '\n' {
				line++
			}
			pos++
		}
		if pos >= len(data) {
			return
		}
		start := pos
		if broken > maxBroken {
			if i := bytes.IndexByte(data[pos:], '\n'); i >= 0 {
				data = data[:pos+i+1]
			}
		}
		if open > 0 {
			if from, to, end := listed(data[pos:]); end > 0 {
				d.values(r, data[pos+from:pos+to], line+int64(bytes.Count(data[pos:pos+from], []byte{'\n'})), emit, open-1)
				line += int64(bytes.Count(data[pos:pos+end], []byte{'\n'}))
				pos += end
				continue
			}
		}
		fields := d.ev.Fields[:0]
		d.ev = tocsin.Event{Source: r.Source, Record: uint64(line), Format: "json", Fields: fields}
		end, err := d.flat.flatten(data, pos, fields)
		if err != nil {
			// The rest of the line is lost, no more: the next line may begin a value of its own.
			if i := bytes.IndexByte(data[start:], '\n'); i >= 0 {
				end = start + i + 1
			} else {
				end = len(data)
			}
			if data[start] == '{' || data[start] == '[' {
				broken++
			}
			d.ev.Raw = text(bytes.TrimRight(data[start:end], "\r\n"))
			if c := data[start]; c != '{' && c != '[' || !errors.Is(err, errEnd) {
				if in := d.nest.decode(r, uint64(line), d.ev.Raw); in != nil { // a line of text among the JSON
					emit(in)
					line += int64(bytes.Count(data[start:end], []byte{'\n'}))
					pos = end
					continue
				}
			}
			d.ev.Fault = &tocsin.Fault{Source: r.Source, Line: line, Err: fmt.Errorf("JSON: %w", err),
				Hint: "the line is cut off or not JSON; the rest of the file was read"}
			emit(&d.ev)
			line += int64(bytes.Count(data[start:end], []byte{'\n'}))
			pos = end
			continue
		}
		d.ev.Raw = text(data[start:end])
		d.ev.Fields = d.flat.fields
		d.obj = object{fields: d.flat.fields, nodes: d.flat.nodes, data: data[start:end], opt: d.opt, rec: r, flat: &d.flat, nest: &d.nest}
		if k := d.fill(); k != nil && k.each != nil {
			k.each(&d.obj, &d.ev, emit)
		} else {
			emit(&d.ev)
		}
		line += int64(bytes.Count(data[start:end], []byte{'\n'}))
		pos = end
	}
}

// Lists says that a JSON value only lists records, so that it may tell of several events.
func Lists(value []byte) bool {
	if len(value) == 0 {
		return false
	}
	_, _, end := listed(value)
	return end > 0
}

// Bundles says that among JSON values there may be records that each tell of several events, as a cloud's flow logs do.
func Bundles(values []byte) bool { return bytes.Contains(values, []byte(`flowTuples"`)) }

// listed says that the value at the start of b only lists records, as APIs and log stores hand them out: an array of
// objects, or an object whose first member tells so. The records are b[from:to], the value is b[:end]; end is 0 for
// any other value.
func listed(b []byte) (from, to, end int) {
	var key string
	switch b[0] {
	case '{':
		i := space(b, 1)
		if i >= len(b) || b[i] != '"' {
			return 0, 0, 0
		}
		j, _ := stringEnd(b, i)
		switch key = text(raw(b[i:j])); key {
		case `"Records"`, `"records"`, `"value"`, `"events"`, `"Events"`, `"logEvents"`, `"items"`, `"Findings"`, `"findings"`, `"entries"`, `"activities"`,
			`"@odata.context"`, `"messageType"`, `"nextToken"`, `"NextToken"`, `"nextForwardToken"`, `"took"`, `"_index"`:
		case `"kind"`: // Kubernetes and Google list records that have kinds themselves
			rest := raw(b[j:])
			k, _, _ := bytes.Cut(rest[:min(len(rest), 64)], []byte{','})
			if k = bytes.TrimRight(k, " \n\r\t"); !bytes.HasSuffix(k, []byte(`List"`)) && !bytes.HasSuffix(k, []byte(`activities"`)) {
				return 0, 0, 0
			}
		default:
			return 0, 0, 0
		}
		m, whole := raw(b).open()
		if !whole || len(m) == 0 {
			return 0, 0, 0
		}
		last := m[len(m)-1].val
		end = cap(b) - cap(last) + len(last)
		end = space(b, end) + 1 // the closing brace
		list := m[0].val
		switch key {
		case `"kind"`:
			list = m.get("items")
		case `"@odata.context"`, `"messageType"`, `"nextToken"`, `"NextToken"`, `"nextForwardToken"`:
			list = m.first("value", "logEvents", "events", "Events")
		case `"took"`: // what Elasticsearch answers to a search
			list = m.at("hits", "hits")
		case `"_index"`: // a document of Elasticsearch around a record
			if list = m.get("_source"); len(list) == 0 || list[0] != '{' {
				return 0, 0, 0
			}
			from = cap(b) - cap(list)
			return from, from + len(list), end
		}
		if len(list) == 0 || list[0] != '[' {
			return 0, 0, 0
		}
		from = cap(b) - cap(list)
		to = from + len(list)
	case '[':
		var whole bool
		if end, whole = valueEnd(b, 0); !whole {
			return 0, 0, 0
		}
		to = end
	default:
		return 0, 0, 0
	}
	if i := space(b, from+1); i < to-1 && b[i] != '{' {
		return 0, 0, 0
	}
	return from + 1, to - 1, end
}

// fill completes the event by the kind of the record before, or the first kind that takes it. A record of no known
// kind keeps its fields: rules without a log source, keyword rules and searches still see it.
func (d *values) fill() *jsonKind {
	if len(d.kinds) == 0 {
		return nil
	}
	for i := range d.obj.fields {
		if d.obj.fields[i].Name == "TimeGenerated" {
			d.obj.untype()
			break
		}
	}
	if !d.kinds[d.last].is(&d.obj) {
		found := false
		d.obj.note()
		for i := range d.kinds {
			k := &d.kinds[i]
			if k.needs != nil && d.obj.known && !d.obj.names.meets(&k.mask) {
				continue
			}
			if i != d.last && k.is(&d.obj) {
				d.last, found = i, true
				break
			}
		}
		if !found {
			appRecord(&d.obj, &d.ev)
			return nil
		}
	}
	k := &d.kinds[d.last]
	d.ev.Format = k.name
	k.fill(&d.obj, &d.ev)
	if d.ev.Time.IsZero() && d.ev.Fault == nil { // under a name that the kind does not know
		d.ev.Time = anyTime(d.obj.fields, d.opt, d.obj.rec.Ref)
	}
	return k
}
