package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// appendCampaign appends the line of one campaign: all members of [tocsin.Campaign] by their tags, and what the other formats
// say of how sure it is, in the same words.
func appendCampaign(b []byte, c *tocsin.Campaign) []byte {
	return appendKind(b, "campaign", reflect.ValueOf(c).Elem(), func(j *jsonText) { writeSure(j, c) })
}

// writeSure writes the verdict and the joins in words.
func writeSure(j *jsonText, c *tocsin.Campaign) {
	j.strAt("verdict", english.verdict(c).plain())
	j.key("how_sure")
	j.open('[')
	for _, t := range english.joins(c, len(c.Joins)) {
		j.str(t.plain())
	}
	j.shut(']')
}

func appendAside(b []byte, a *tocsin.Aside) []byte {
	return appendKind(b, "aside", reflect.ValueOf(a).Elem(), nil)
}

func appendKind(b []byte, kind string, v reflect.Value, more func(*jsonText)) []byte {
	j := tagged{jsonText: jsonText{b}}
	j.open('{')
	j.key("kind")
	j.str(kind)
	j.members(v)
	if more != nil {
		more(&j.jsonText)
	}
	j.shut('}')
	return append(j.b, '\n')
}

// tagged writes values of the vocabulary by their json tags.
type tagged struct {
	jsonText
	most int    // an eighth of the bytes of a text, and items of a list; 0 is no bound
	cut  bool   // whether a list was cut
	skip string // a member of the outermost struct that is left out
}

// members writes the fields of a struct by their json tags, as encoding/json would, but for what a hostile log can
// bring into them: texts are escaped as everywhere in a report, a time that is not known or has no four-digit year is
// null, and so is a number that is not finite, which encoding/json refuses.
func (j *tagged) members(v reflect.Value) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported() || name == j.skip && name != "":
			continue
		case name == "" && f.Anonymous:
			j.members(v.Field(i))
			continue
		case strings.Contains(options, "omitempty") && vacant(v.Field(i)):
			continue
		}
		j.key(or(name, f.Name))
		skip := j.skip
		j.skip = "" // of what is in it nothing is left out
		j.value(v.Field(i))
		j.skip = skip
	}
}

// vacant is what encoding/json means by empty.
func vacant(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

func (j *tagged) value(v reflect.Value) {
	switch x := v.Interface().(type) {
	case time.Time:
		j.time(x)
		return
	case tocsin.Level:
		j.str(min(x, tocsin.Critical).String())
		return
	case tocsin.Driver:
		j.str(x.String())
		return
	case tocsin.Verdict:
		j.str(x.String())
		return
	case tocsin.Outcome:
		j.str(x.String())
		return
	case tocsin.Place:
		j.open('{')
		j.timeAt("time", x.Time)
		j.key("source")
		j.str(j.text(x.Source))
		j.recordAt("record", x.Record)
		j.shut('}')
		return
	case tocsin.Span:
		j.open('{')
		j.key("source")
		j.str(j.text(x.Source))
		j.recordAt("from", x.From)
		j.recordAt("to", x.To)
		j.shut('}')
		return
	}
	switch v.Kind() {
	case reflect.String:
		j.str(j.text(v.String()))
	case reflect.Bool:
		j.bool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		j.int(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		j.uint(v.Uint())
	case reflect.Float32, reflect.Float64:
		j.float(v.Float())
	case reflect.Pointer:
		if v.IsNil() {
			j.raw("null")
			return
		}
		j.value(v.Elem())
	case reflect.Struct:
		j.open('{')
		j.members(v)
		j.shut('}')
	case reflect.Slice:
		j.open('[')
		n := v.Len()
		if j.most > 0 && n > j.most {
			n, j.cut = j.most, true
		}
		for i := range n {
			if e := v.Index(i); e.Kind() != reflect.Pointer || !e.IsNil() {
				j.value(e)
			}
		}
		j.shut(']')
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		if j.most > 0 && len(keys) > j.most {
			keys, j.cut = keys[:j.most], true
		}
		j.open('{')
		for _, k := range keys {
			j.key(j.text(k.String()))
			j.value(v.MapIndex(k))
		}
		j.shut('}')
	default:
		j.raw("null")
	}
}

func (j *tagged) text(s string) string {
	if j.most > 0 {
		return shorten(s, 8*j.most)
	}
	return s
}

func (j *tagged) float(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		j.raw("null")
		return
	}
	j.sep()
	j.b = strconv.AppendFloat(j.b, f, 'g', -1, 64)
}

// maxCampaignLine bounds the line that one campaign is read from.
const maxCampaignLine = 1 << 30

// ReadCampaigns reads the campaigns of what JSONL wrote, in their order, and what the run covered: nil where no line
// says it, the sum where several do. Lines of other kinds are passed over. An error names the line. What is read is no
// more to be trusted than the logs that it came from.
func ReadCampaigns(r io.Reader) (all []*tocsin.Campaign, covered *Covered, err error) {
	h, err := ReadHunt(r)
	return h.Campaigns, h.Covered, err
}

// ReadHunt reads what JSONL wrote but matches and events: campaigns, principals and what the run covered. With an error it
// gives what was read before; otherwise it is like ReadCampaigns.
func ReadHunt(r io.Reader) (*Hunt, error) {
	h := &Hunt{}
	in := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		line, err := campaignLine(in)
		if err != nil && err != io.EOF {
			return h, fmt.Errorf("line %d: %w", n, err)
		}
		if len(line) > 0 {
			if wrong := h.readLine(line); wrong != nil {
				return h, fmt.Errorf("line %d: %w", n, wrong)
			}
		}
		if err == io.EOF {
			return h, nil
		}
	}
}

var errLongLine = errors.New("longer than 1 GiB, which no campaign is")

// campaignLine reads the next line; of one that begins as a match or an event does it returns nothing, whatever its
// length, because there are many and they are long.
func campaignLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	skip := false
	for first := true; ; first = false {
		part, err := in.ReadSlice('\n')
		if first {
			skip = bytes.HasPrefix(part, []byte(`{"kind":"match"`)) || bytes.HasPrefix(part, []byte(`{"kind":"event"`))
		}
		if !skip {
			if len(line)+len(part) > maxCampaignLine {
				return nil, errLongLine
			}
			line = append(line, part...)
		}
		if err != bufio.ErrBufferFull {
			return bytes.TrimSpace(line), err
		}
	}
}

// readLine reads one line: a campaign's, a principal's or the coverage's; others are passed over.
func (h *Hunt) readLine(line []byte) error {
	var kind struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(line, &kind); err != nil {
		return fmt.Errorf("no line of a report: %w", err)
	}
	switch kind.Kind {
	case "campaign":
		c := &tocsin.Campaign{}
		if err := json.Unmarshal(line, c); err != nil {
			return fmt.Errorf("no campaign that this version knows: %w", err)
		}
		c.Actors = slices.DeleteFunc(c.Actors, func(a *tocsin.Actor) bool { return a == nil })
		h.Campaigns = append(h.Campaigns, c)
	case "principal":
		p, err := readPrincipal(line)
		if err != nil {
			return fmt.Errorf("no principal that this version knows: %w", err)
		}
		h.Principals = append(h.Principals, p)
	case "coverage":
		s, err := readCovered(line)
		if err != nil {
			return err
		}
		if h.Covered == nil {
			h.Covered = s
		} else {
			h.Covered.join(s)
		}
	}
	return nil
}
