package archive

import (
	"bufio"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// A storedRow is an event as it stands in a Parquet file, for Tocsin and for other tools.
type storedRow struct {
	Time     *int64         `parquet:"time,optional,timestamp(nanosecond:utc),plain"`
	Sensor   *int64         `parquet:"sensor_time,optional,timestamp(nanosecond:utc),plain"`
	Host     string         `parquet:"host,dict"`
	Source   string         `parquet:"source,dict"`
	Record   int64          `parquet:"record,plain"` // line, record or id …
	Nth      int64          `parquet:"nth,plain"`    // … and which of its events, from 1
	Serial   int64          `parquet:"serial,plain"`
	Format   string         `parquet:"format,dict"`
	Product  string         `parquet:"product,dict"` // of the first log source
	Category string         `parquet:"category,dict"`
	Service  string         `parquet:"service,dict"`
	Sources  []storedSource `parquet:"sources,list"` // all of them
	Guessed  int64          `parquet:"guessed,plain"`
	Raw      string         `parquet:"raw,plain"`
	Fault    *string        `parquet:"fault,optional,plain"`
	Fields   []storedField  `parquet:"fields,list"`
	// Folded has the values of fields that are not in lower case, in lower case, each once in a row group: with the Bloom
	// filters on it and on the values, a value is found whatever its case.
	Folded []string `parquet:"folded,list,dict" parquet-element:",dict"`
	// Packed is the event as package decode packs it, where the columns cannot say all of it: bytes that are no text, times
	// beyond what 64 bits of nanoseconds hold, a fault's parts. Else it is empty.
	Packed []byte `parquet:"packed,plain"`
}

type storedSource struct {
	Product  string `parquet:"product,dict"`
	Category string `parquet:"category,dict"`
	Service  string `parquet:"service,dict"`
}

type storedField struct {
	Name  string `parquet:"name,dict"`
	Value string `parquet:"value,dict"`
}

// The bounds of a row group.
const (
	groupRows  = 64 << 10
	groupBytes = 32 << 20 // of text
	batchRows  = 512
	mostHost   = 255 // bytes of its name
	mostTerm   = 512 // bytes of a value, in lower case, that can be found by a filter
)

// The metadata by which a Parquet file is known for the archive's.
const (
	schemaKey     = "tocsin.events"
	schemaVersion = "1"
)

// A fileWriter writes one Parquet file.
type fileWriter struct {
	file *os.File
	buf  *bufio.Writer
	w    *parquet.GenericWriter[storedRow]

	rows    []storedRow
	times   []int64
	sources []storedSource
	fields  []storedField
	folded  []string
	text    []byte
	seen    map[uint64]bool // hashes of what Folded has in this row group
	group   int             // rows in it
	bytes   int64
	total   int64 // rows of the file
}

func newFileWriter(name string) (*fileWriter, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return nil, err
	}
	w := &fileWriter{file: f, buf: bufio.NewWriterSize(f, 1<<18), seen: map[uint64]bool{}}
	w.w = newParquetWriter(w.buf)
	return w, nil
}

func newParquetWriter(w io.Writer) *parquet.GenericWriter[storedRow] {
	return parquet.NewGenericWriter[storedRow](w,
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest, Concurrency: 1}),
		parquet.BloomFilters(parquet.SplitBlockFilter(10, "fields", "list", "element", "value"), parquet.SplitBlockFilter(10, "folded", "list", "element")),
		parquet.KeyValueMetadata(schemaKey, schemaVersion),
		parquet.CreatedBy("tocsin", "1", "archive"),
		parquet.DataPageVersion(2),
		parquet.DataPageStatistics(false), // the page index has them
		parquet.SkipPageBounds("raw"), parquet.SkipPageBounds("fault"), parquet.SkipPageBounds("packed"), parquet.SkipPageBounds("source"), parquet.SkipPageBounds("format"),
		parquet.SkipPageBounds("product"), parquet.SkipPageBounds("category"), parquet.SkipPageBounds("service"),
		parquet.SkipPageBounds("sources", "list", "element", "product"), parquet.SkipPageBounds("sources", "list", "element", "category"), parquet.SkipPageBounds("sources", "list", "element", "service"),
		parquet.SkipPageBounds("fields", "list", "element", "name"), parquet.SkipPageBounds("fields", "list", "element", "value"), parquet.SkipPageBounds("folded", "list", "element"),
		parquet.SortingWriterConfig(parquet.SortingColumns(parquet.NullsFirst(parquet.Ascending("time")))),
	)
}

// write adds an event; its text must stay as it is until the next batch is written.
func (f *fileWriter) write(ev *tocsin.Event) error {
	if f.rows == nil {
		f.rows = make([]storedRow, 0, batchRows)
		f.times = make([]int64, 0, 2*batchRows)
	}
	exact := true
	str := func(s string) string {
		if utf8.ValidString(s) {
			return s
		}
		exact = false
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	stamp := func(t time.Time) *int64 {
		if t.IsZero() {
			return nil
		}
		if sec := t.Unix(); sec <= math.MinInt64/int64(time.Second) || sec >= math.MaxInt64/int64(time.Second) {
			exact = false
			return nil
		}
		f.times = append(f.times, t.UnixNano())
		return &f.times[len(f.times)-1]
	}
	r := storedRow{Time: stamp(ev.Time), Sensor: stamp(ev.Sensor), Host: str(ev.Host), Source: str(ev.Source), Format: str(ev.Format),
		Guessed: int64(ev.Guessed), Raw: str(ev.Raw), Serial: int64(ev.Serial)}
	line, nth := ev.Place().Line()
	r.Record, r.Nth = int64(line), nth
	if tocsin.Nth(line, nth) != ev.Record || ev.Serial > math.MaxInt64 {
		exact = false
	}
	if len(ev.Sources) > 0 {
		at := len(f.sources)
		for _, s := range ev.Sources {
			f.sources = append(f.sources, storedSource{str(s.Product), str(s.Category), str(s.Service)})
		}
		r.Sources = f.sources[at:len(f.sources):len(f.sources)]
		r.Product, r.Category, r.Service = r.Sources[0].Product, r.Sources[0].Category, r.Sources[0].Service
	}
	size := int64(len(ev.Raw) + 64)
	at, folded := len(f.fields), len(f.folded)
	for i := range ev.Fields {
		v := str(ev.Fields[i].Value)
		f.fields = append(f.fields, storedField{str(ev.Fields[i].Name), v})
		size += int64(len(v)) + 2
		f.fold(v)
	}
	r.Fields = f.fields[at:len(f.fields):len(f.fields)]
	r.Folded = f.folded[folded:len(f.folded):len(f.folded)]
	if len(r.Host) > mostHost { // the footer has the least and the greatest
		exact, r.Host = false, strings.ToValidUTF8(r.Host[:mostHost], "")
	}
	if ev.Fault != nil {
		exact = false
		s := str(ev.Fault.Error())
		r.Fault = &s
	}
	if !exact {
		r.Packed = decode.AppendEvent(nil, ev)
		size += int64(len(r.Packed))
	}
	f.rows = append(f.rows, r)
	f.bytes += size
	f.group++
	f.total++
	if f.group < groupRows && f.bytes < groupBytes {
		if len(f.rows) < batchRows {
			return nil
		}
		return f.flush()
	}
	if err := f.flush(); err != nil {
		return err
	}
	clear(f.seen)
	f.group, f.bytes = 0, 0
	return f.w.Flush()
}

// fold notes a value that is not in lower case.
func (f *fileWriter) fold(v string) {
	if len(v) > utf8.UTFMax*mostTerm || !unfolded(v) {
		return
	}
	at := len(f.text)
	f.text = appendFolded(f.text, v)
	t := f.text[at:]
	if h := (bloom.XXH64{}).Sum64(t); len(t) <= mostTerm && string(t) != v && !f.seen[h] {
		f.seen[h] = true
		f.folded = append(f.folded, string(t))
	}
	f.text = f.text[:at]
}

// flush writes the batch.
func (f *fileWriter) flush() error {
	_, err := f.w.Write(f.rows)
	clear(f.rows)
	clear(f.sources)
	clear(f.fields)
	clear(f.folded)
	f.rows, f.times, f.sources, f.fields, f.folded = f.rows[:0], f.times[:0], f.sources[:0], f.fields[:0], f.folded[:0]
	return err
}

// close writes the rest and brings the file to the disk.
func (f *fileWriter) close() (size int64, err error) {
	err = f.flush()
	if err == nil {
		err = f.w.Close()
	}
	if err == nil {
		err = f.buf.Flush()
	}
	if err == nil {
		err = f.file.Sync()
	}
	if info, e := f.file.Stat(); e == nil {
		size = info.Size()
	}
	return size, errors.Join(err, f.file.Close())
}

// abandon gives the file up.
func (f *fileWriter) abandon() { _ = f.file.Close() }

// unfolded says that a text may not be what Fold makes of it.
func unfolded(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' {
			return true
		}
	}
	return false
}

// Fold gives texts one form that are the same but for upper and lower case.
func Fold(s string) string { return strings.ToLower(s) }

func appendFolded(b []byte, s string) []byte {
	for _, r := range s {
		b = utf8.AppendRune(b, unicode.ToLower(r))
	}
	return b
}

// view gives b as a string without a copy: valid as long as b is.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
