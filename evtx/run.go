package evtx

import (
	"encoding/binary"
	"fmt"
	"unsafe"
)

// fragment yields the fields of the binary XML from pos to end.
func (r *Reader) fragment(pos, end int, dependency bool, nesting int) error {
	if nesting > maxNesting {
		return fmt.Errorf("%w: binary XML nested deeper than %d", ErrSize, maxNesting)
	}
	b := r.chunk
	for pos < end {
		switch b[pos] &^ tokMore {
		case tokEnd:
			return nil
		case tokFragment:
			pos += 4
		case tokTemplate:
			next, err := r.instance(pos, end, nesting)
			if err != nil {
				return err
			}
			pos = next
		case tokOpen:
			if err := r.compile(pos, end, dependency); err != nil {
				return err
			}
			// Steps without substitutions run nothing that compiles, so the compiler's slice is safe to run from.
			return r.run(r.c.steps, nil, maxNesting)
		case tokPITarget, tokPIData:
			return nil
		default:
			return fmt.Errorf("%w: token %#02x at byte %d", ErrXML, b[pos], pos)
		}
	}
	return nil
}

// instance runs the template instance at pos and returns where it ends: its definition, if this is its first use in
// the chunk, the number, sizes and types of its substitutions, and their values.
func (r *Reader) instance(pos, end, nesting int) (int, error) {
	b := r.chunk
	le := binary.LittleEndian
	if pos+10 > end {
		return pos, errShort(pos)
	}
	def := le.Uint32(b[pos+6:])
	var t *template
	var err error
	if r.carving {
		t, err = r.carved(le.Uint32(b[pos+2:]), def) // its id begins with the one of the instance
	} else {
		t, err = r.lookup(def)
	}
	pos += 10
	if err != nil && (!r.carving || int(def) == pos) {
		return pos, err
	}
	if int(def) == pos {
		pos += 24 + int(le.Uint32(b[pos+20:])) // lookup has checked that the chunk has as much
	}
	if pos+4 > end {
		return pos, errShort(pos)
	}
	n := int(le.Uint32(b[pos:]))
	pos += 4
	if n < 0 || n > (end-pos)/4 {
		return pos, fmt.Errorf("%w: %d substitutions at byte %d, more than there is room for", ErrXML, n, pos)
	}
	base := len(r.subs)
	at := pos + 4*n
	for ; n > 0; n-- {
		size := int(le.Uint16(b[pos:]))
		if at+size > end {
			r.subs = r.subs[:base]
			return pos, fmt.Errorf("%w: a value of %d bytes at byte %d runs out of the record", ErrXML, size, at)
		}
		r.subs = append(r.subs, value{b: b[at : at+size], at: at, kind: b[pos+2]})
		pos += 4
		at += size
	}
	subs := r.subs[base:]
	if err == nil {
		err = r.run(t.steps, subs, nesting)
	} else if bare := r.run(unnamed(len(subs)), subs, nesting); bare != nil { // carving
		err = bare
	}
	r.subs = r.subs[:base]
	return at, err
}

// run yields the fields of steps.
func (r *Reader) run(steps []step, subs []value, nesting int) error {
	for i := range steps {
		s := &steps[i]
		if r.budget--; r.budget < 0 || len(r.arena) > r.room {
			return fmt.Errorf("%w: record %d", ErrSize, r.rec.ID)
		}
		if s.more != nil || s.named != nil {
			r.pieces(s, subs)
			continue
		}
		if s.sub < 0 {
			r.add(s, s.text)
			continue
		}
		var v value
		if s.sub < len(subs) {
			v = subs[s.sub]
		}
		switch {
		case v.kind == typeBinXML:
			if err := r.fragment(v.at, v.at+len(v.b), false, nesting+1); err != nil {
				return err
			}
		case s.name == "":
		case v.kind&typeArray != 0:
			if err := r.array(s, v); err != nil {
				return err
			}
		case len(v.b) == 0 || v.kind == typeNull:
			if s.keep && !(s.optional && v.kind == typeNull) {
				r.add(s, "")
			}
		default:
			from := len(r.arena)
			r.arena = r.appendValue(r.arena, v)
			r.add(s, text(r.arena[from:]))
			if s.what == slotTime && v.kind == typeFileTime && len(v.b) == 8 {
				r.rec.Time = fileTime(binary.LittleEndian.Uint64(v.b))
			}
		}
	}
	return nil
}

// text gives b as a string without a copy.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// add appends a field and, if Record has a place for it, puts it there.
func (r *Reader) add(s *step, v string) {
	r.rec.Fields = append(r.rec.Fields, Field{s.name, s.plain, v})
	switch s.what {
	case other:
	case slotEventID:
		r.rec.EventID = uint32(number(v))
	case slotProvider:
		r.rec.Provider = v
	case slotChannel:
		r.rec.Channel = v
	case slotComputer:
		r.rec.Computer = v
	case slotRecordID:
		r.rec.ID = number(v)
	}
}

func number(s string) uint64 {
	var n uint64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			break
		}
		n = n*10 + uint64(s[i]-'0')
	}
	return n
}

// pieces yields a field whose value, or name, has several parts.
func (r *Reader) pieces(s *step, subs []value) {
	join := func(parts []piece) string {
		from := len(r.arena)
		for _, p := range parts {
			if p.sub < 0 {
				r.arena = append(r.arena, p.text...)
			} else if p.sub < len(subs) {
				r.arena = r.appendValue(r.arena, subs[p.sub])
			}
		}
		return text(r.arena[from:])
	}
	named := *s
	if s.named != nil {
		if name := join(s.named); name != "" {
			named.name, named.plain, named.what = name, "", other
		}
	}
	v := s.text
	switch {
	case s.more != nil:
		v = join(s.more)
	case s.sub >= 0:
		v = join([]piece{s.piece})
	}
	if v != "" || s.keep {
		r.add(&named, v)
	}
}

// array yields one field for each element of an array.
func (r *Reader) array(s *step, v value) error {
	kind := v.kind &^ typeArray
	width := 0
	switch kind {
	case typeString, typeANSI:
		unit := 2
		if kind == typeANSI {
			unit = 1
		}
		for b := v.b; len(b) >= unit; {
			n := 0
			for n+unit <= len(b) && (b[n] != 0 || b[n+unit-1] != 0) {
				n += unit
			}
			if err := r.element(s, value{b: b[:n], kind: kind}); err != nil {
				return err
			}
			b = b[min(n+unit, len(b)):]
		}
		return nil
	case typeSID:
		for b := v.b; len(b) >= 8; {
			n := 8 + 4*int(b[1])
			if n > len(b) {
				break
			}
			if err := r.element(s, value{b: b[:n], kind: kind}); err != nil {
				return err
			}
			b = b[n:]
		}
		return nil
	case typeInt8, typeUint8:
		width = 1
	case typeInt16, typeUint16:
		width = 2
	case typeInt32, typeUint32, typeFloat, typeBool, typeHex32:
		width = 4
	case typeInt64, typeUint64, typeDouble, typeHex64, typeFileTime, typeSize:
		width = 8
	case typeGUID, typeSystemTime:
		width = 16
	default:
		return r.element(s, value{b: v.b, kind: typeBinary})
	}
	for b := v.b; len(b) >= width; b = b[width:] {
		if err := r.element(s, value{b: b[:width], kind: kind}); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) element(s *step, v value) error {
	if r.budget--; r.budget < 0 || len(r.arena) > r.room {
		return fmt.Errorf("%w: record %d", ErrSize, r.rec.ID)
	}
	from := len(r.arena)
	r.arena = r.appendValue(r.arena, v)
	r.add(s, text(r.arena[from:]))
	return nil
}
