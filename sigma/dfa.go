package sigma

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// A dfa matches a regular expression by a deterministic automaton that is built while it runs: one table load for a
// character where package regexp does work for each state of the expression. It says only whether the expression
// occurs, which is all that Sigma asks, and says the same as regexp for every input: its alphabet is characters, put
// into the classes that the expression tells apart, and bytes that are no UTF-8 are U+FFFD.
//
// It is one matcher's own. The table is bounded; an expression that needs more of it than pays is left to regexp.
// The method is that of https://swtch.com/~rsc/regexp/regexp3.html.
type dfa struct {
	prog     *syntax.Prog
	anchored bool   // it can only match at the start of the value
	looks    bool   // it has assertions, so that the character before counts
	first    []rune // of each class: its least character, ascending
	class    [utf8.RuneSelf]uint8
	width    int     // classes, and one for the end of the value
	next     []int32 // of state and class: the state after it
	states   []dfaState
	known    map[string]int32 // states by their key
	gaveUp   int
	stack    []uint32
	mark     []uint32 // of each instruction: round in which it was met
	round    uint32
	key      []byte
}

// A dfaState is a set of instructions of the program, before assertions are looked at, and what stood before.
type dfaState struct {
	insts  []uint32
	before int8
}

// States with a meaning; others are numbered from firstState on.
const (
	dfaUnknown = 0 // not built yet
	dfaMatch   = 1
	dfaDead    = 2 // no match can follow
	firstState = 3
)

// What stood before a state.
const (
	beforeStart int8 = iota
	beforeLine
	beforeWord
	beforeOther
)

var beforeRunes = [...]rune{beforeStart: -1, beforeLine: '\n', beforeWord: 'a', beforeOther: ' '}

const (
	maxClasses = 200
	maxProgram = 20_000  // instructions
	maxTable   = 1 << 16 // entries: 256 KiB
	maxGiveUps = 4
	worthwhile = 16 << 10 // bytes that a full table must have served
)

// newDFA returns the automaton of an expression, nil where it does not pay.
func newDFA(expr string) *dfa {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil || len(prog.Inst) > maxProgram {
		return nil
	}
	d := &dfa{prog: prog, anchored: prog.StartCond()&syntax.EmptyBeginText != 0, mark: make([]uint32, len(prog.Inst))}
	if !d.classes() {
		return nil
	}
	d.reset()
	return d
}

// classes finds the characters between which the expression makes a difference.
func (d *dfa) classes() bool {
	cuts := []rune{0, utf8.RuneSelf}
	cut := func(lo, hi rune) { cuts = append(cuts, lo, hi+1) }
	for i := range d.prog.Inst {
		in := &d.prog.Inst[i]
		switch in.Op {
		case syntax.InstRune, syntax.InstRune1:
			if len(in.Rune) == 1 {
				cut(in.Rune[0], in.Rune[0])
				if syntax.Flags(in.Arg)&syntax.FoldCase != 0 {
					for r := unicode.SimpleFold(in.Rune[0]); r != in.Rune[0]; r = unicode.SimpleFold(r) {
						cut(r, r)
					}
				}
			}
			for k := 0; k+1 < len(in.Rune); k += 2 {
				cut(in.Rune[k], in.Rune[k+1])
			}
		case syntax.InstRuneAnyNotNL:
			cut('\n', '\n')
		case syntax.InstEmptyWidth:
			d.looks = true
			cut('\n', '\n')
			cut('0', '9')
			cut('A', 'Z')
			cut('_', '_')
			cut('a', 'z')
		}
		if len(cuts) > 16*maxClasses {
			return false
		}
	}
	slices.Sort(cuts)
	d.first = slices.Compact(cuts)
	if len(d.first) > maxClasses {
		return false
	}
	for c, k := 0, 0; c < utf8.RuneSelf; c++ {
		for k+1 < len(d.first) && d.first[k+1] <= rune(c) {
			k++
		}
		d.class[c] = uint8(k)
	}
	d.width = len(d.first) + 1
	return true
}

// classOf returns the class of a character beyond ASCII.
func (d *dfa) classOf(r rune) int {
	k, found := slices.BinarySearch(d.first, r)
	if !found {
		k--
	}
	return k
}

// reset empties the table, but for the state to start in.
func (d *dfa) reset() {
	d.states = append(d.states[:0], make([]dfaState, firstState)...)
	d.next = append(d.next[:0], make([]int32, firstState*d.width)...)
	d.known = map[string]int32{}
	d.add([]uint32{uint32(d.prog.Start)}, beforeStart)
}

// add returns the state of these instructions, sorted, which it keeps.
func (d *dfa) add(insts []uint32, before int8) int32 {
	d.key = append(d.key[:0], byte(before))
	for _, i := range insts {
		d.key = binary.LittleEndian.AppendUint32(d.key, i)
	}
	if s, ok := d.known[string(d.key)]; ok {
		return s
	}
	s := int32(len(d.states))
	d.states = append(d.states, dfaState{slices.Clone(insts), before})
	d.next = append(d.next, make([]int32, d.width)...)
	d.known[string(d.key)] = s
	return s
}

// match reports whether the expression occurs in v; ok is false if regexp has to be asked.
func (d *dfa) match(v string) (held, ok bool) {
	if d.gaveUp >= maxGiveUps {
		return false, false
	}
	s := int32(firstState)
	since := 0
	for i := 0; i < len(v); {
		class := 0
		if c := v[i]; c < utf8.RuneSelf {
			class = int(d.class[c])
			i++
		} else {
			r, n := utf8.DecodeRuneInString(v[i:])
			class = d.classOf(r)
			i += n
		}
		t := d.next[int(s)*d.width+class]
		if t < firstState {
			if t == dfaUnknown {
				if len(d.next) >= maxTable {
					if i-since < worthwhile {
						d.gaveUp++
						return false, false
					}
					since = i
					st := d.states[s]
					d.reset()
					s = d.add(st.insts, st.before)
				}
				t = d.step(s, class)
				d.next[int(s)*d.width+class] = t
			}
			if t == dfaMatch {
				return true, true
			}
			if t == dfaDead {
				return false, true
			}
		}
		s = t
	}
	t := d.next[int(s)*d.width+d.width-1]
	if t == dfaUnknown {
		t = d.step(s, d.width-1)
		d.next[int(s)*d.width+d.width-1] = t
	}
	return t == dfaMatch, true
}

// step computes the state that follows s after a character of a class, or after the end of the value.
func (d *dfa) step(s int32, class int) int32 {
	r := rune(-1)
	if class < len(d.first) {
		r = d.first[class]
	}
	st := d.states[s]
	looks := syntax.EmptyOpContext(beforeRunes[st.before], r)
	d.round++
	d.stack = append(d.stack[:0], st.insts...)
	var next []uint32
	for len(d.stack) > 0 {
		n := d.stack[len(d.stack)-1]
		d.stack = d.stack[:len(d.stack)-1]
		if d.mark[n] == d.round {
			continue
		}
		d.mark[n] = d.round
		in := &d.prog.Inst[n]
		switch in.Op {
		case syntax.InstMatch:
			return dfaMatch
		case syntax.InstAlt, syntax.InstAltMatch:
			d.stack = append(d.stack, in.Arg, in.Out)
		case syntax.InstCapture, syntax.InstNop:
			d.stack = append(d.stack, in.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^looks == 0 {
				d.stack = append(d.stack, in.Out)
			}
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if r >= 0 && d.takes(in, r) {
				next = append(next, in.Out)
			}
		}
	}
	if r < 0 {
		return dfaDead
	}
	if !d.anchored {
		next = append(next, uint32(d.prog.Start))
	}
	if len(next) == 0 {
		return dfaDead
	}
	slices.Sort(next)
	before := beforeOther
	switch {
	case !d.looks:
	case r == '\n':
		before = beforeLine
	case syntax.IsWordChar(r):
		before = beforeWord
	}
	return d.add(slices.Compact(next), before)
}

// takes says that an instruction takes a character.
func (d *dfa) takes(in *syntax.Inst, r rune) bool {
	switch in.Op {
	case syntax.InstRuneAny:
		return true
	case syntax.InstRuneAnyNotNL:
		return r != '\n'
	}
	return in.MatchRune(r)
}
