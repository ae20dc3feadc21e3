package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// ErrForeign says that a Parquet file is not the archive's: it holds something else, or in another way.
var ErrForeign = errors.New("a Parquet file of others: only those of Tocsin's own archive are read")

// ErrUnfinished says that a Parquet file has no end: it is being written, or was cut short.
var ErrUnfinished = errors.New("a Parquet file without its end: it is being written, or was cut short")

// IsParquet says that a file begins as Parquet files do.
func IsParquet(head []byte) bool { return bytes.HasPrefix(head, []byte("PAR1")) }

// ReadOptions say how to read a Parquet file, and what of it; the zero value reads everything.
type ReadOptions struct {
	Most int64 // bytes of a page, of a row group as it lies there, and of the metadata; 0 is 256 MiB
	// From and To: row groups all events of which are before From or after To are passed over. Events without a time are not.
	From, To time.Time
	// Needs: row groups are passed over in which no event can have, of each of these sets, one of its values in some field,
	// but for upper and lower case.
	Needs [][]string
}

// A Passed is what was not read because it cannot hold what was asked for.
type Passed struct {
	Groups      int
	Of          int // row groups that there are
	Events      int64
	First, Last time.Time // of these events; zero where it is not known
	Names       []string  // of their fields
}

// A Parquet reads the events of one Parquet file of the archive. It is used by one goroutine.
type Parquet struct {
	r      io.ReaderAt
	size   int64
	opt    ReadOptions
	meta   format.FileMetaData
	zstd   *zstd.Decoder
	group  int
	late   Passed // outside From and To
	less   Passed // without what is needed
	cols   map[string]*column
	left   int64 // rows of the row group
	n      int64 // rows that were read or passed over
	packer decode.Packer
	ev     tocsin.Event
	exact  decode.Decoder
	lists  map[string][]tocsin.LogSource
	key    []byte
}

const mostFooter = 4 << 20

// OpenParquet begins to read a Parquet file of so many bytes. Whatever is in it, it takes bounded memory and ends.
func OpenParquet(r io.ReaderAt, size int64, o ReadOptions) (p *Parquet, err error) {
	defer func() {
		if x := recover(); x != nil { // the library's
			p, err = nil, fmt.Errorf("%w (%v)", errThrift, x)
		}
	}()
	if o.Most <= 0 {
		o.Most = 256 << 20
	}
	p = &Parquet{r: r, size: size, opt: o, lists: map[string][]tocsin.LogSource{}, exact: decode.Stored().New(decode.Options{})}
	var end [8]byte
	if size < 12 {
		return nil, ErrUnfinished
	}
	if _, err := r.ReadAt(end[:], size-8); err != nil {
		return nil, err
	}
	if string(end[4:]) != "PAR1" {
		return nil, ErrUnfinished
	}
	n := int64(binary.LittleEndian.Uint32(end[:]))
	if n > size-12 {
		return nil, errThrift
	}
	if n > mostFooter {
		return nil, ErrForeign
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, size-8-n); err != nil {
		return nil, err
	}
	c := compact{b: b, elems: 1 << 17}
	if c.structure(0, 0, nil); c.bad {
		return nil, errThrift
	}
	if err := thrift.Unmarshal(&thrift.CompactProtocol{}, b[:c.at], &p.meta); err != nil {
		return nil, errThrift
	}
	if err := p.known(); err != nil {
		return nil, err
	}
	if p.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(o.Most)), zstd.WithDecoderMaxWindow(32<<20)); err != nil {
		return nil, err
	}
	return p, nil
}

// Close gives back what the reader has.
func (p *Parquet) Close() {
	if p.zstd != nil {
		p.zstd.Close()
	}
}

// known says that the file is one of the archive's.
func (p *Parquet) known() error {
	own := false
	for _, kv := range p.meta.KeyValueMetadata {
		own = own || kv.Key == schemaKey && kv.Value == schemaVersion
	}
	want := ownSchema()
	if !own || len(p.meta.Schema) != len(want) {
		return ErrForeign
	}
	for i := range want {
		a, b := &p.meta.Schema[i], &want[i]
		if i > 0 && a.Name != b.Name || a.Type != b.Type || a.RepetitionType != b.RepetitionType || a.NumChildren != b.NumChildren {
			return ErrForeign
		}
	}
	return nil
}

// ownSchema is the schema of the archive's files, as it stands in their metadata; it is written once to be read.
var ownSchema = sync.OnceValue(func() []format.SchemaElement {
	var b bytes.Buffer
	w := newParquetWriter(&b)
	if err := w.Close(); err != nil {
		return nil
	}
	f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		return nil
	}
	return f.Metadata().Schema
})

// levels are the highest levels of each leaf of the schema, in order.
func levels(schema []format.SchemaElement) (leaves []column) {
	i := 0
	var walk func(path string, rep, def byte)
	walk = func(path string, rep, def byte) {
		e := &schema[i]
		i++
		if path != "" || i > 1 {
			switch e.RepetitionType.V {
			case format.Optional:
				def++
			case format.Repeated:
				rep++
				def++
			}
			path += "." + e.Name
		}
		if !e.NumChildren.Valid || e.NumChildren.V == 0 {
			leaves = append(leaves, column{name: strings.TrimPrefix(path, "."), maxRep: rep, maxDef: def, number: e.Type.V == format.Int64})
			return
		}
		for range e.NumChildren.V {
			walk(path, rep, def)
		}
	}
	walk("", 0, 0)
	return leaves
}

// Passed is what was passed over until now: for being outside From and To, and for lack of what is needed.
func (p *Parquet) Passed() (outside, lacking Passed) {
	p.late.Of, p.less.Of = len(p.meta.RowGroups), len(p.meta.RowGroups)
	return p.late, p.less
}

// Events is how many rows the file has up to where it was read.
func (p *Parquet) Events() int64 { return p.n }

// Next appends the packed events of the next rows to dst, for the format [decode.Stored]; at the end io.EOF. After another
// error, which tells of what could not be read, it can be called again.
func (p *Parquet) Next(dst []byte) (out []byte, err error) {
	defer func() {
		if x := recover(); x != nil {
			p.left = 0
			out, err = dst, fmt.Errorf("row group %d: %w (%v)", p.group, errColumn, x)
		}
	}()
	for p.left == 0 {
		if p.group == len(p.meta.RowGroups) {
			return dst, io.EOF
		}
		g := &p.meta.RowGroups[p.group]
		p.group++
		if p.passes(g) {
			p.n += max(0, g.NumRows)
			continue
		}
		if err := p.begin(g); err != nil {
			p.left = 0
			return dst, fmt.Errorf("row group %d of %d rows: %w", p.group, g.NumRows, err)
		}
	}
	p.packer.Reset()
	at := len(dst)
	for len(dst)-at < 256<<10 && p.left > 0 {
		more, err := p.row(dst)
		if err != nil {
			left := p.left
			p.left = 0
			return dst, fmt.Errorf("row group %d: its last %d rows: %w", p.group, left, err)
		}
		dst = more
		p.left--
		p.n++
	}
	return dst, nil
}

// chunk finds a column of a row group.
func chunk(g *format.RowGroup, name string) *format.ColumnMetaData {
	for i := range g.Columns {
		if m := &g.Columns[i].MetaData; strings.Join(m.PathInSchema, ".") == name {
			return m
		}
	}
	return nil
}

// begin reads a row group.
func (p *Parquet) begin(g *format.RowGroup) error {
	p.cols = map[string]*column{}
	leaves := levels(p.meta.Schema)
	if g.NumRows < 0 || len(g.Columns) != len(leaves) {
		return errThrift
	}
	left := p.opt.Most
	for i := range leaves {
		c := &leaves[i]
		if strings.HasPrefix(c.name, "folded.") || c.name == "product" || c.name == "category" || c.name == "service" || c.name == "fault" {
			continue // other columns say it too
		}
		m := chunk(g, c.name)
		if m == nil {
			return errThrift
		}
		b, err := p.read(m, &left)
		if err != nil {
			return fmt.Errorf("column %s: %w", c.name, err)
		}
		c.data, c.most = b, p.opt.Most
		switch m.Codec {
		case format.Zstd:
			c.zstd = p.zstd
		case format.Uncompressed:
		default:
			return fmt.Errorf("column %s: compressed as Tocsin does not: %w", c.name, errColumn)
		}
		p.cols[c.name] = c
	}
	p.left = g.NumRows
	return nil
}

// read reads the pages of a column, of at most left bytes.
func (p *Parquet) read(m *format.ColumnMetaData, left *int64) ([]byte, error) {
	at := m.DataPageOffset
	if d := m.DictionaryPageOffset; d > 0 {
		at = min(at, d)
	}
	n := m.TotalCompressedSize
	if at < 4 || n < 0 || n > p.size || at > p.size-n {
		return nil, errThrift
	}
	if *left -= n; *left < 0 {
		return nil, ErrLarge
	}
	b := make([]byte, n)
	_, err := p.r.ReadAt(b, at)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// text is the next value of a column that every row has.
func (p *Parquet) text(name string) (string, error) {
	c := p.cols[name]
	if _, _, err := c.next(); err != nil {
		return "", c.short(err)
	}
	b, err := c.bytes()
	return view(b), err
}

func (p *Parquet) number(name string) (int64, error) {
	c := p.cols[name]
	if _, _, err := c.next(); err != nil {
		return 0, c.short(err)
	}
	return c.int64()
}

func (p *Parquet) stamp(name string) (t time.Time, err error) {
	c := p.cols[name]
	_, def, err := c.next()
	if err != nil || def < c.maxDef {
		return t, c.short(err)
	}
	n, err := c.int64()
	return time.Unix(0, n).UTC(), err
}

// short makes of the end of a column that it ends too early.
func (c *column) short(err error) error {
	if err == io.EOF {
		return c.fail("it ends too early")
	}
	return err
}

// row appends the next row.
func (p *Parquet) row(dst []byte) ([]byte, error) {
	ev := &p.ev
	*ev = tocsin.Event{Fields: ev.Fields[:0]}
	var err error
	try := func(e error) {
		if err == nil {
			err = e
		}
	}
	text := func(name string) (s string) { s, e := p.text(name); try(e); return s }
	number := func(name string) (n int64) { n, e := p.number(name); try(e); return n }
	var e error
	ev.Time, e = p.stamp("time")
	try(e)
	ev.Sensor, e = p.stamp("sensor_time")
	try(e)
	ev.Host, ev.Source = text("host"), text("source")
	line, nth := number("record"), number("nth")
	ev.Record = tocsin.Nth(uint64(line), nth)
	ev.Serial = uint64(number("serial"))
	ev.Format = text("format")
	ev.Sources, e = p.sources()
	try(e)
	ev.Guessed = uint32(number("guessed"))
	ev.Raw = text("raw")
	if err != nil {
		return dst, err
	}
	if err := p.fields(); err != nil {
		return dst, err
	}
	b, err := p.text("packed")
	switch {
	case err != nil:
		return dst, err
	case b == "":
		return p.packer.Append(dst, ev), nil
	}
	n := 0
	p.exact.Decode(&tocsin.Record{Source: "packed", Data: []byte(b)}, func(ev *tocsin.Event) {
		if n++; n == 1 {
			dst = p.packer.Append(dst, ev)
		}
	})
	if n != 1 {
		return dst, p.cols["packed"].fail("it is not one event")
	}
	return dst, nil
}

// fields reads the list of fields.
func (p *Parquet) fields() error {
	names, values := p.cols["fields.list.element.name"], p.cols["fields.list.element.value"]
	for first := true; first || names.ahead(); first = false {
		_, def, err := names.next()
		if err != nil {
			return names.short(err)
		}
		_, def2, err := values.next()
		if err != nil {
			return values.short(err)
		}
		if (def == names.maxDef) != (def2 == values.maxDef) || names.ahead() != values.ahead() {
			return values.fail("it does not fit the names")
		}
		if def < names.maxDef {
			continue
		}
		name, err := names.bytes()
		if err != nil {
			return err
		}
		value, err := values.bytes()
		if err != nil {
			return err
		}
		p.ev.Fields = append(p.ev.Fields, tocsin.Field{Name: view(name), Value: view(value)})
	}
	return nil
}

// sources reads the list of log sources. Like lists are one, so that they are packed once.
func (p *Parquet) sources() ([]tocsin.LogSource, error) {
	cols := [...]*column{p.cols["sources.list.element.product"], p.cols["sources.list.element.category"], p.cols["sources.list.element.service"]}
	p.key = p.key[:0]
	n := 0
	for first := true; first || cols[0].ahead(); first = false {
		there := false
		for i, c := range cols {
			_, def, err := c.next()
			if err != nil {
				return nil, c.short(err)
			}
			if i > 0 && there != (def == c.maxDef) || c.ahead() != cols[0].ahead() {
				return nil, c.fail("it does not fit the others")
			}
			if there = def == c.maxDef; !there {
				continue
			}
			b, err := c.bytes()
			if err != nil {
				return nil, err
			}
			p.key = append(binary.AppendUvarint(p.key, uint64(len(b))), b...)
		}
		if there {
			n++
		}
	}
	if n == 0 {
		return nil, nil
	}
	if l, ok := p.lists[string(p.key)]; ok {
		return l, nil
	}
	list := make([]tocsin.LogSource, n)
	rest := string(p.key)
	part := func() string {
		n, k := binary.Uvarint([]byte(rest))
		s := rest[k : k+int(n)]
		rest = rest[k+int(n):]
		return s
	}
	for i := range list {
		list[i] = tocsin.LogSource{Product: part(), Category: part(), Service: part()}
	}
	if len(p.lists) >= 1<<12 {
		clear(p.lists)
	}
	p.lists[string(p.key)] = list
	return list, nil
}

// passes says that a row group is passed over, and notes why.
func (p *Parquet) passes(g *format.RowGroup) bool {
	var first, last time.Time
	known := false // all events have a time, from first to last
	if m := chunk(g, "time"); m != nil {
		if s := &m.Statistics; len(s.MinValue) == 8 && len(s.MaxValue) == 8 && s.NullCount == 0 {
			first = time.Unix(0, int64(binary.LittleEndian.Uint64(s.MinValue))).UTC()
			last = time.Unix(0, int64(binary.LittleEndian.Uint64(s.MaxValue))).UTC()
			known = true
		}
	}
	to := &p.late
	switch o := &p.opt; {
	case known && (!o.From.IsZero() && last.Before(o.From) || !o.To.IsZero() && first.After(o.To)):
	case p.lacks(g):
		to = &p.less
		to.Names = p.names(g, to.Names)
	default:
		return false
	}
	to.Groups++
	to.Events += max(0, g.NumRows)
	if known {
		if to.First.IsZero() || first.Before(to.First) {
			to.First = first
		}
		if last.After(to.Last) {
			to.Last = last
		}
	}
	return true
}

// lacks says that no event of a row group can have all that is needed.
func (p *Parquet) lacks(g *format.RowGroup) bool {
	if len(p.opt.Needs) == 0 {
		return false
	}
	values, folded := chunk(g, "fields.list.element.value"), chunk(g, "folded.list.element")
	for _, set := range p.opt.Needs {
		if !slices.ContainsFunc(set, func(v string) bool {
			v = Fold(v)
			return len(v) > mostTerm || strings.ContainsRune(v, utf8.RuneError) || p.mayHave(values, v) || p.mayHave(folded, v)
		}) {
			return true
		}
	}
	return false
}

// mayHave asks the Bloom filter of a column; what cannot be asked may be there.
func (p *Parquet) mayHave(m *format.ColumnMetaData, v string) bool {
	if m == nil {
		return true
	}
	if m.NumValues == 0 || m.Statistics.NullCount == m.NumValues {
		return false
	}
	at := m.BloomFilterOffset
	if at <= 0 || at >= p.size {
		return true
	}
	var head [64]byte
	n, err := p.r.ReadAt(head[:], at)
	if err != nil && err != io.EOF {
		return true
	}
	c := compact{b: head[:n], elems: 8}
	var size int64
	c.structure(0, 0, func(path uint64, v int64) {
		if path == 1 {
			size = v
		}
	})
	at += int64(c.at)
	if c.bad || size < bloom.BlockSize || size%bloom.BlockSize != 0 || size > p.size-at {
		return true
	}
	has, err := bloom.CheckSplitBlock(io.NewSectionReader(p.r, at, size), size, (bloom.XXH64{}).Sum64([]byte(v)))
	return has || err != nil
}

// names adds the names of the fields of a row group, which are the words of a dictionary.
func (p *Parquet) names(g *format.RowGroup, names []string) []string {
	m := chunk(g, "fields.list.element.name")
	if m == nil || m.Codec != format.Zstd {
		return names
	}
	left := p.opt.Most
	b, err := p.read(m, &left)
	if err != nil {
		return names
	}
	c := column{name: "names", data: b, most: p.opt.Most, zstd: p.zstd, maxRep: 1, maxDef: 1}
	if c.turn() != nil {
		return names
	}
	for _, n := range c.dict {
		if at, ok := sort.Find(len(names), func(i int) int { return strings.Compare(string(n), names[i]) }); !ok && len(names) < 1<<14 {
			names = slices.Insert(names, at, string(n))
		}
	}
	return names
}
