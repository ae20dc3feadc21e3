package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

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
	// fill sets Time, Sensor, Host and Sources of ev, whose Fields are o's leaves already, and adds, renames or drops
	// fields. It may set Fault.
	fill func(o *object, ev *tocsin.Event)
}

func jsonKinds() []jsonKind {
	var all []jsonKind
	all = append(all, windowsJSON()...)
	all = append(all, networkJSON()...)
	all = append(all, unixJSON()...)
	all = append(all, cloudJSON()...)
	all = append(all, agentJSON()...)
	all = append(all, alertJSON()...)
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
			if t, ok := parseTime(v, o.opt); ok {
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
		d.fill()
		emit(&d.ev)
		line += int64(bytes.Count(data[start:end], []byte{'\n'}))
		pos = end
	}
}

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
func (d *values) fill() {
	if len(d.kinds) == 0 {
		return
	}
	if !d.kinds[d.last].is(&d.obj) {
		found := false
		d.obj.note()
		for i := range d.kinds {
			if i != d.last && d.kinds[i].is(&d.obj) {
				d.last, found = i, true
				break
			}
		}
		if !found {
			appRecord(&d.obj, &d.ev)
			return
		}
	}
	k := &d.kinds[d.last]
	d.ev.Format = k.name
	k.fill(&d.obj, &d.ev)
}

// A flattener walks JSON without building it: it finds the leaves, and remembers every path it has met so that a name
// is one string however often it occurs.
type flattener struct {
	root   *pathNode
	names  int
	paths  int // bytes of them
	fields []tocsin.Field
	nodes  []*pathNode // of fields, index by index
	arena  []byte      // unescaped strings
	win    *windowsRecord
}

// A pathNode is a path met before; its children are in the order first met, which is nearly always the order of the
// next record too.
type pathNode struct {
	key  string
	path string
	once bool // not remembered
	kids []*pathNode

	// What came when, to guess what comes: the first kid of the object before, the kid that was met last, and, of a
	// kid, the one that came after it.
	first, prev, then *pathNode

	win  *windowsName         // what the leaf is in a Windows event; worked out when first asked
	by   map[string]*pathNode // when kids are many …
	near *[256]*pathNode      // … and those met last, by a hash of the key
}

// kid returns the node of a member of n's objects. Most keys follow the key that they followed last time; where
// records of several shapes alternate, the rest are found by a hash.
func (f *flattener) kid(n *pathNode, key []byte) *pathNode {
	guess := &n.first
	if n.prev != nil {
		guess = &n.prev.then
	}
	if k := *guess; k != nil && k.key == string(key) {
		n.prev = k
		return k
	}
	k := f.find(n, key)
	if !k.once {
		n.prev, *guess = k, k
	}
	return k
}

func (f *flattener) find(n *pathNode, key []byte) *pathNode {
	if n.by == nil {
		for _, k := range n.kids {
			if k.key == string(key) {
				return k
			}
		}
		return f.newKid(n, key)
	}
	near := &n.near[hash8(key)]
	if k := *near; k != nil && k.key == string(key) {
		return k
	}
	k, ok := n.by[string(key)]
	if !ok {
		k = f.newKid(n, key)
	}
	*near = k
	return k
}

// hash8 is a hash of the ends and length of b, good enough for the keys of records.
func hash8(b []byte) uint8 {
	var w uint64
	if n := len(b); n >= 8 {
		w = binary.LittleEndian.Uint64(b) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(b[n-8:]), 29)
	} else {
		for _, c := range b {
			w = w<<8 | uint64(c)
		}
	}
	return uint8((w ^ uint64(len(b))) * 0x9e3779b97f4a7c15 >> 56)
}

func (f *flattener) newKid(n *pathNode, key []byte) *pathNode {
	k := &pathNode{key: string(key)}
	switch {
	case n.path == "":
		k.path = k.key
	case len(n.path) >= maxPath: // hostile: a huge name before those of many leaves
		k.path = n.path
	default:
		k.path = n.path + "." + k.key
	}
	if len(k.path) > maxPath {
		k.path = strings.Clone(k.path[:maxPath])
	}
	if f.names >= maxNames || f.paths+len(k.key)+len(k.path) > maxPaths {
		k.once = true // hostile: a new name in every record, or huge ones
		return k
	}
	f.names++
	f.paths += len(k.key) + len(k.path)
	n.kids = append(n.kids, k)
	if len(n.kids) == 16 {
		n.by, n.near = make(map[string]*pathNode, 32), new([256]*pathNode)
		for _, k := range n.kids {
			n.by[k.key] = k
		}
	} else if n.by != nil {
		n.by[k.key] = k
	}
	return k
}

var (
	errEnd    = errors.New("ends within a value")
	errSyntax = errors.New("not a JSON value")
	errMany   = fmt.Errorf("more than %d fields", maxFields)
)

// flatten appends the leaves of the value at data[pos:] to fields, which end up in f.fields, and returns where the
// value ends.
func (f *flattener) flatten(data []byte, pos int, fields []tocsin.Field) (int, error) {
	f.fields, f.nodes, f.arena = fields, f.nodes[:0], f.arena[:0]
	if data[pos] != '{' && data[pos] != '[' {
		return pos, errSyntax
	}
	return f.value(data, pos, f.root, 0)
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

func (f *flattener) value(b []byte, i int, n *pathNode, depth int) (int, error) {
	i = space(b, i)
	if i >= len(b) {
		return i, errEnd
	}
	switch c := b[i]; {
	case c == '"':
		s, end, err := f.str(b, i)
		if err != nil {
			return end, err
		}
		return end, f.leaf(n, s)
	case c == '{' || c == '[':
		if depth >= maxDepth {
			end, err := skipValue(b, i)
			if err != nil {
				return end, err
			}
			return end, f.leaf(n, text(b[i:end]))
		}
		if c == '{' {
			return f.object(b, i+1, n, depth+1)
		}
		return f.array(b, i+1, n, depth+1)
	case c == 'n':
		if len(b)-i >= 4 && string(b[i:i+4]) == "null" {
			return i + 4, nil
		}
	case c == 't':
		if len(b)-i >= 4 && string(b[i:i+4]) == "true" {
			return i + 4, f.leaf(n, "true")
		}
	case c == 'f':
		if len(b)-i >= 5 && string(b[i:i+5]) == "false" {
			return i + 5, f.leaf(n, "false")
		}
	case c == '-' || c >= '0' && c <= '9':
		j := i + 1
		for j < len(b) && (b[j] >= '0' && b[j] <= '9' || b[j] == '.' || b[j] == 'e' || b[j] == 'E' || b[j] == '+' || b[j] == '-') {
			j++
		}
		return j, f.leaf(n, text(b[i:j]))
	}
	if len(b)-i < 5 {
		return i, errEnd
	}
	return i, errSyntax
}

func (f *flattener) leaf(n *pathNode, v string) error {
	if len(f.fields) >= maxFields {
		return errMany
	}
	f.fields = append(f.fields, tocsin.Field{Name: n.path, Value: v})
	f.nodes = append(f.nodes, n)
	return nil
}

func (f *flattener) object(b []byte, i int, n *pathNode, depth int) (int, error) {
	n.prev = nil
	for {
		i = space(b, i)
		if i >= len(b) {
			return i, errEnd
		}
		if b[i] == '}' {
			return i + 1, nil
		}
		if b[i] == ',' {
			i++
			continue
		}
		if b[i] != '"' {
			return i, errSyntax
		}
		key, end, err := f.str(b, i)
		if err != nil {
			return end, err
		}
		i = space(b, end)
		if i >= len(b) {
			return i, errEnd
		}
		if b[i] != ':' {
			return i, errSyntax
		}
		i, err = f.value(b, i+1, f.kid(n, view(key)), depth)
		if err != nil {
			return i, err
		}
		i = space(b, i)
		if i < len(b) && b[i] != ',' && b[i] != '}' {
			return i, errSyntax
		}
	}
}

func (f *flattener) array(b []byte, i int, n *pathNode, depth int) (int, error) {
	for {
		i = space(b, i)
		if i >= len(b) {
			return i, errEnd
		}
		if b[i] == ']' {
			return i + 1, nil
		}
		if b[i] == ',' {
			i++
			continue
		}
		var err error
		if i, err = f.value(b, i, n, depth); err != nil {
			return i, err
		}
		i = space(b, i)
		if i < len(b) && b[i] != ',' && b[i] != ']' {
			return i, errSyntax
		}
	}
}

// str reads the string at b[i], a quote. A string without escapes is a part of b, any other is in the arena.
func (f *flattener) str(b []byte, i int) (string, int, error) {
	i++
	j := plainRun(b, i)
	if j < len(b) && b[j] == '"' {
		return text(b[i:j]), j + 1, nil
	}
	from := len(f.arena)
	for {
		f.arena = append(f.arena, b[i:j]...)
		if j >= len(b) {
			return "", j, errEnd
		}
		if b[j] == '"' {
			return text(f.arena[from:]), j + 1, nil
		}
		if j+1 >= len(b) {
			return "", len(b), errEnd
		}
		i = j + 2
		switch c := b[j+1]; c {
		case 'n':
			f.arena = append(f.arena, '\n')
		case 't':
			f.arena = append(f.arena, '\t')
		case 'r':
			f.arena = append(f.arena, '\r')
		case 'b':
			f.arena = append(f.arena, '\b')
		case 'f':
			f.arena = append(f.arena, '\f')
		case 'u':
			r, ok := hex4(b, i)
			if !ok {
				return "", i, errSyntax
			}
			i += 4
			if utf16.IsSurrogate(r) {
				if i+1 < len(b) && b[i] == '\\' && b[i+1] == 'u' {
					if low, ok := hex4(b, i+2); ok {
						if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
							r, i = both, i+6
						}
					}
				}
				if utf16.IsSurrogate(r) {
					r = utf8.RuneError
				}
			}
			f.arena = utf8.AppendRune(f.arena, r)
		case 'x': // nginx's, unless told to escape for JSON: no JSON, and known to who reads access logs
			f.arena = append(f.arena, '\\', 'x')
		default: // ", \, / and, leniently, anything else stands for itself
			f.arena = append(f.arena, c)
		}
		j = plainRun(b, i)
	}
}

// plainRun returns where the first quote or backslash at or behind b[i] is, or len(b). It looks at eight bytes at a
// time: a byte that is equal to c is zero after an exclusive or with c, and subtracting one from a zero byte borrows.
func plainRun(b []byte, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		q, s := w^('"'*ones), w^('\\'*ones)
		if hit := ((q-ones)&^q | (s-ones)&^s) & tops; hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for ; i < len(b); i++ {
		if b[i] == '"' || b[i] == '\\' {
			return i
		}
	}
	return i
}

func hex4(b []byte, i int) (rune, bool) {
	if i+4 > len(b) {
		return 0, false
	}
	var r rune
	for _, c := range b[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// skipValue finds the end of the object or array at b[i] without looking inside.
func skipValue(b []byte, i int) (int, error) {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, nil
			}
		}
		i++
	}
	return len(b), errEnd
}
