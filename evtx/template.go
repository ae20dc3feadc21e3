package evtx

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Tokens of binary XML. 0x40 on top of one says that more of its kind follow, or that an element has attributes.
const (
	tokEnd          = 0x00
	tokOpen         = 0x01
	tokCloseStart   = 0x02
	tokCloseEmpty   = 0x03
	tokCloseElement = 0x04
	tokValue        = 0x05
	tokAttribute    = 0x06
	tokCData        = 0x07
	tokCharRef      = 0x08
	tokEntityRef    = 0x09
	tokPITarget     = 0x0a
	tokPIData       = 0x0b
	tokTemplate     = 0x0c
	tokNormal       = 0x0d
	tokOptional     = 0x0e
	tokFragment     = 0x0f
	tokMore         = 0x40
)

// A piece is a part of a value: literal text, or a substitution.
type piece struct {
	text     string
	sub      int // index of the substitution; -1: text
	optional bool
}

// A step yields one field.
type step struct {
	name  string
	plain string // name without its spaces, if it has any
	what  slot
	keep  bool // the field exists even when its value is empty: <Data Name="x"></Data>; but not for an optional null
	piece
	more  []piece // the parts of a value of several
	named []piece // the parts of a name that is a substitution itself
}

// A template is a compiled one: the steps that yield a record's fields from its substitutions.
type template struct {
	steps []step
}

// A slot is a System value that Record has a field of its own for.
type slot uint8

const (
	other slot = iota
	slotEventID
	slotProvider
	slotChannel
	slotComputer
	slotRecordID
	slotTime
)

// A section is the part of an event that an element stands in; it decides how its fields are named.
type section uint8

const (
	inEvent section = iota
	inSystem
	inRendering
	inData
)

// A frame is an open element.
type frame struct {
	name  string
	in    section
	field string  // the name that a Data element has as attribute
	named []piece // such a name that is a substitution
	kids  bool    // it has child elements or yielded its text already
}

// A compiler turns binary XML into steps. Its slices are reused; what lasts is copied from them.
type compiler struct {
	steps  []step
	frames []frame
	text   []piece // of the value being collected
	attr   string  // the attribute being collected, if inAttr
	inAttr bool
	key    []byte
	buf    []byte
}

// lookup returns the template defined at an offset of the chunk.
func (r *Reader) lookup(off uint32) (*template, error) {
	if t, ok := r.known[off]; ok {
		if t == nil {
			return nil, fmt.Errorf("%w: template at byte %d", ErrXML, off)
		}
		return t, nil
	}
	t, err := r.define(off)
	r.known[off] = t
	return t, err
}

// define compiles a template. One that does the same as one of an earlier chunk is that one: names are stored once a
// chunk and referred to by offset, so that equal templates differ in their bytes and only the compiled form tells.
func (r *Reader) define(off uint32) (*template, error) {
	b := r.chunk
	if off < chunkHeaderSize || int64(off)+24 > int64(len(b)) {
		return nil, fmt.Errorf("%w: template at byte %d, outside of the chunk", ErrXML, off)
	}
	start := int(off) + 24
	size := binary.LittleEndian.Uint32(b[off+20:])
	if size > uint32(len(b)-start) {
		return nil, fmt.Errorf("%w: template at byte %d of %d bytes, more than the chunk has", ErrXML, off, size)
	}
	if err := r.compile(start, start+int(size), true); err != nil {
		return nil, fmt.Errorf("template at byte %d: %w", off, err)
	}
	c := &r.c
	c.key = append(c.key[:0], b[off+4:off+20]...)
	for i := range c.steps {
		s := &c.steps[i]
		c.key = append(c.key, 's', byte(s.what), flag(s.keep))
		c.key = appendText(c.key, s.name)
		c.key = appendPiece(c.key, s.piece)
		for _, p := range s.more {
			c.key = appendPiece(append(c.key, 'm'), p)
		}
		for _, p := range s.named {
			c.key = appendPiece(append(c.key, 'n'), p)
		}
	}
	if t, ok := r.templates[string(c.key)]; ok {
		return t, nil
	}
	if len(r.templates) >= maxTemplates {
		clear(r.templates)
	}
	t := &template{steps: append([]step(nil), c.steps...)}
	r.templates[string(c.key)] = t
	return t, nil
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func appendText(key []byte, s string) []byte {
	key = binary.LittleEndian.AppendUint32(key, uint32(len(s)))
	return append(key, s...)
}

func appendPiece(key []byte, p piece) []byte {
	key = binary.LittleEndian.AppendUint32(key, uint32(p.sub))
	return appendText(append(key, flag(p.optional)), p.text)
}

// str returns UTF-16 text of the chunk as a string that lasts; short ones exist once.
func (r *Reader) str(utf16 []byte) string {
	c := &r.c
	c.buf = appendUTF16(c.buf[:0], utf16)
	if s, ok := r.intern[string(c.buf)]; ok {
		return s
	}
	s := string(c.buf)
	return r.internNew(s)
}

func (r *Reader) internNew(s string) string {
	if len(s) <= maxInternLen && len(r.intern) < maxInterned {
		r.intern[s] = s
	}
	return s
}

// joined returns two strings as one that lasts.
func (r *Reader) joined(a, b string) string {
	c := &r.c
	c.buf = append(append(append(c.buf[:0], a...), '_'), b...)
	if s, ok := r.intern[string(c.buf)]; ok {
		return s
	}
	return r.internNew(string(c.buf))
}

// name reads a reference to a name at pos and returns the name and where the token goes on: the name itself stands
// there if this is its first use in the chunk.
func (r *Reader) name(pos, end int) (string, int, error) {
	b := r.chunk
	if pos+4 > end {
		return "", pos, errShort(pos)
	}
	at := int(binary.LittleEndian.Uint32(b[pos:]))
	pos += 4
	if at < 0 || at+8 > len(b) {
		return "", pos, fmt.Errorf("%w: name at byte %d, outside of the chunk", ErrXML, at)
	}
	n := 2 * int(binary.LittleEndian.Uint16(b[at+6:]))
	if at+8+n > len(b) {
		return "", pos, fmt.Errorf("%w: name at byte %d runs out of the chunk", ErrXML, at)
	}
	if r.carving && binary.LittleEndian.Uint16(b[at+4:]) != nameHash(b[at+8:at+8+n]) {
		return "", pos, overwritten("name", uint32(at))
	}
	if at == pos {
		if pos += 8 + n + 2; pos > end {
			return "", pos, errShort(pos)
		}
	}
	return r.str(b[at+8 : at+8+n]), pos, nil
}

func errShort(pos int) error {
	return fmt.Errorf("%w: ends within a token at byte %d", ErrXML, pos)
}

// compile turns the binary XML from pos to end into r.c.steps. In templates an element begins with the number of the
// substitution it depends on, in binary XML outside of them it does not; some writers do otherwise, which the
// element's size tells.
func (r *Reader) compile(pos, end int, dependency bool) error {
	c, b := &r.c, r.chunk
	le := binary.LittleEndian
	c.steps, c.frames, c.text, c.inAttr = c.steps[:0], c.frames[:0], c.text[:0], false
	for pos < end {
		tok := b[pos]
		pos++
		var err error
		switch tok &^ tokMore {
		case tokEnd:
			return r.closeAll()
		case tokFragment:
			pos += 3
		case tokOpen:
			dep := 0
			if dependency {
				dep = 2
			}
			if !elementFits(b, pos+dep, end) && elementFits(b, pos+2-dep, end) {
				dep = 2 - dep
			}
			var name string
			if name, pos, err = r.name(pos+dep+4, end); err != nil {
				return err
			}
			if tok&tokMore != 0 {
				pos += 4
			}
			if err := r.open(name); err != nil {
				return err
			}
		case tokAttribute:
			r.endAttribute()
			if c.attr, pos, err = r.name(pos, end); err != nil {
				return err
			}
			c.inAttr = true
		case tokCloseStart:
			r.endAttribute()
		case tokCloseEmpty, tokCloseElement:
			r.endAttribute()
			r.closeElement()
		case tokValue:
			if pos >= end {
				return errShort(pos)
			}
			var text string
			if text, pos, err = r.literal(b[pos], pos+1, end); err != nil {
				return err
			}
			c.text = append(c.text, piece{text: text, sub: -1})
		case tokCData:
			var text string
			if text, pos, err = r.literal(typeString, pos, end); err != nil {
				return err
			}
			c.text = append(c.text, piece{text: text, sub: -1})
		case tokCharRef:
			if pos+2 > end {
				return errShort(pos)
			}
			c.text = append(c.text, piece{text: string(rune(le.Uint16(b[pos:]))), sub: -1})
			pos += 2
		case tokEntityRef:
			var name string
			if name, pos, err = r.name(pos, end); err != nil {
				return err
			}
			c.text = append(c.text, piece{text: entity(name), sub: -1})
		case tokPITarget:
			if _, pos, err = r.name(pos, end); err != nil {
				return err
			}
		case tokPIData:
			if _, pos, err = r.literal(typeString, pos, end); err != nil {
				return err
			}
		case tokNormal, tokOptional:
			if pos+3 > end {
				return errShort(pos)
			}
			c.text = append(c.text, piece{sub: int(le.Uint16(b[pos:])), optional: tok == tokOptional})
			pos += 3
		default:
			return fmt.Errorf("%w: token %#02x at byte %d", ErrXML, tok, pos-1)
		}
		if len(c.steps) > maxSteps || len(c.text) > maxSteps {
			return fmt.Errorf("%w: more than %d parts", ErrSize, maxSteps)
		}
	}
	return r.closeAll()
}

// elementFits says that an element whose size stands at pos ends where it may.
func elementFits(b []byte, pos, end int) bool {
	return pos+8 <= end && binary.LittleEndian.Uint32(b[pos:]) <= uint32(end-pos-4) &&
		binary.LittleEndian.Uint32(b[pos+4:]) < uint32(len(b))
}

func entity(name string) string {
	switch name {
	case "amp":
		return "&"
	case "lt":
		return "<"
	case "gt":
		return ">"
	case "quot":
		return `"`
	case "apos":
		return "'"
	}
	return "&" + name + ";"
}

// open begins an element.
func (r *Reader) open(name string) error {
	c := &r.c
	r.endAttribute()
	in := inData
	if n := len(c.frames); n > 0 {
		r.endText()
		p := &c.frames[n-1]
		p.kids = true
		in = p.in
		if in == inEvent {
			switch name {
			case "System":
				in = inSystem
			case "RenderingInfo":
				in = inRendering
			default:
				in = inData
			}
		}
	} else if name == "Event" {
		in = inEvent
	}
	if len(c.frames) >= maxDepth {
		return fmt.Errorf("%w: elements nested deeper than %d", ErrSize, maxDepth)
	}
	c.frames = append(c.frames, frame{name: name, in: in})
	return nil
}

// endAttribute makes a field of the attribute that was collected, or the name of its Data element.
func (r *Reader) endAttribute() {
	c := &r.c
	if !c.inAttr {
		return
	}
	c.inAttr = false
	if len(c.frames) == 0 {
		c.text = c.text[:0]
		return
	}
	f := &c.frames[len(c.frames)-1]
	switch {
	case strings.HasPrefix(c.attr, "xmlns"):
	case c.attr == "Name" && f.in == inData && (f.name == "Data" || f.name == "ComplexData"):
		if len(c.text) == 1 && c.text[0].sub < 0 {
			f.field = c.text[0].text
		} else if len(c.text) > 0 {
			f.named = append([]piece(nil), c.text...)
		}
	case f.in == inSystem && f.name == "EventID" && c.attr == "Qualifiers":
		r.yield("Qualifiers", other, nil, false)
	default:
		name := r.joined(f.name, c.attr)
		r.yield(name, systemSlot(f.in, name), nil, false)
	}
	c.text = c.text[:0]
}

func systemSlot(in section, name string) slot {
	if in != inSystem {
		return other
	}
	switch name {
	case "EventID":
		return slotEventID
	case "Provider_Name":
		return slotProvider
	case "Channel":
		return slotChannel
	case "Computer":
		return slotComputer
	case "EventRecordID":
		return slotRecordID
	case "TimeCreated_SystemTime":
		return slotTime
	}
	return other
}

// endText makes a field of the text that the innermost element has so far.
func (r *Reader) endText() {
	c := &r.c
	if len(c.text) == 0 {
		return
	}
	f := &c.frames[len(c.frames)-1]
	f.kids = true
	if f.in == inData || !blank(c.text) {
		r.elementField(f)
	}
	c.text = c.text[:0]
}

func blank(text []piece) bool {
	for _, p := range text {
		if p.sub >= 0 || strings.TrimSpace(p.text) != "" {
			return false
		}
	}
	return true
}

// elementField yields the field of an element's text.
func (r *Reader) elementField(f *frame) {
	name := f.name
	switch f.in {
	case inEvent: // the substitution that holds EventData or UserData
		name = ""
	case inRendering:
		if name != "Message" {
			name = r.joined("RenderingInfo", name)
		}
	case inData:
		if f.field != "" {
			name = f.field
		}
	}
	r.yield(name, systemSlot(f.in, name), f.named, f.in == inData)
}

// yield appends the step for the collected text. What EventData calls by the name of a System field that decides how
// an event is treated goes by another: System wins.
func (r *Reader) yield(name string, what slot, named []piece, keep bool) {
	c := &r.c
	if what == other {
		switch name {
		case "EventID", "Channel", "Computer", "Provider_Name":
			name = r.joined("EventData", name)
		}
	}
	s := step{name: name, what: what, keep: keep, named: named, piece: piece{sub: -1}}
	if strings.IndexByte(name, ' ') >= 0 {
		c.buf = c.buf[:0]
		for i := range len(name) {
			if name[i] != ' ' {
				c.buf = append(c.buf, name[i])
			}
		}
		if plain, ok := r.intern[string(c.buf)]; ok {
			s.plain = plain
		} else {
			s.plain = r.internNew(string(c.buf))
		}
	}
	switch len(c.text) {
	case 0:
	case 1:
		s.piece = c.text[0]
	default:
		s.more = append([]piece(nil), c.text...)
	}
	c.steps = append(c.steps, s)
}

// closeElement ends the innermost element. A leaf of EventData or UserData that is empty is a field all the same.
func (r *Reader) closeElement() {
	c := &r.c
	if len(c.frames) == 0 {
		c.text = c.text[:0]
		return
	}
	r.endText()
	f := &c.frames[len(c.frames)-1]
	if !f.kids && (f.field != "" || f.named != nil) {
		r.elementField(f)
	}
	c.frames = c.frames[:len(c.frames)-1]
}

func (r *Reader) closeAll() error {
	r.endAttribute()
	for len(r.c.frames) > 0 {
		r.closeElement()
	}
	return nil
}
