package action

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A Decode reads a log sample as a hunt would: name is its file name, emit is called for each event as decoders do.
type Decode func(name string, data []byte, emit func(*tocsin.Event)) error

// A Trial says how the samples of rows went.
type Trial struct {
	Passed   int
	Failures []*tocsin.Fault // one for each sample that failed
	Untested []*tocsin.Rule  // rows that lack a sample that they must tell or one that they must not
}

// String is the closing line: "12 passed, 0 failed".
func (t Trial) String() string {
	return fmt.Sprintf("%d passed, %d failed", t.Passed, len(t.Failures))
}

// Test runs the samples of the rows for which want says so, with all rows in place.
func (k *Knowledge) Test(want func(*tocsin.Rule) bool, decode Decode) Trial {
	var t Trial
	reader := NewReader(nil, k)
	for _, r := range k.rows {
		if !want(r.rule) {
			continue
		}
		if len(r.match) == 0 || len(r.quiet) == 0 {
			t.Untested = append(t.Untested, r.rule)
		}
		for i, s := range append(r.match[:len(r.match):len(r.match)], r.quiet...) {
			told, err := k.tells(r, s, reader, decode)
			switch match := i < len(r.match); {
			case err != nil:
				t.Failures = append(t.Failures, r.fault(fmt.Errorf("%q: %w", s, err), "write the sample as its program does, on one line"))
			case match && !told:
				t.Failures = append(t.Failures, r.fault(fmt.Errorf("%q is not told by the row", s), "mend the row, or the sample: another row may say more of it"))
			case !match && told:
				t.Failures = append(t.Failures, r.fault(fmt.Errorf("%q is told by the row and should not be", s), "mend the row, or the sample"))
			default:
				t.Passed++
			}
		}
	}
	return t
}

// tells says whether a sample is told by a row.
func (k *Knowledge) tells(r *row, sample string, reader *Reader, decode Decode) (bool, error) {
	low := strings.ToLower(sample)
	switch r.on {
	case onRPC:
		name, call, _ := strings.Cut(low, " ")
		return k.called(onRPC, name, call) == r, nil
	case onFamily:
		all := k.named[onFamily][low]
		return len(all) > 0 && all[0] == r, nil
	case onCloud:
		return k.first(onCloud, sample) == r, nil
	case onRequest:
		return k.payload(sample, false).row == r, nil
	case onList:
		return k.listed(r.id, low) || k.inList(r.id, low), nil
	case onLog:
		return k.tellsEvent(r, sample, reader, decode)
	case onSetting:
		key, value, _ := strings.Cut(sample, " = ")
		return k.setting(key, value) == r, nil
	case onEvent:
		if !strings.HasPrefix(sample, "$ ") {
			return k.tellsEvent(r, sample, reader, decode)
		}
	case onProgram, onArgument, onShape, onOutput:
	default:
		if !r.on.folds() {
			return k.first(r.on, low) == r, nil
		}
		return k.folded(r.on, sample) == r, nil
	}
	for _, m := range readCommand(strings.TrimPrefix(sample, "$ "), anyShell, nil, &masker{know: k}) {
		if m.Row == r.rule {
			return true, nil
		}
	}
	return false, nil
}

func (k *Knowledge) tellsEvent(r *row, sample string, reader *Reader, decode Decode) (told bool, err error) {
	events := 0
	err = decode("sample.log", []byte(sample+"\n"), func(ev *tocsin.Event) {
		events++
		reader.Read(ev, nil, func(a *tocsin.Action) { told = told || a.Row == r.rule })
	})
	if err == nil && events == 0 {
		err = errors.New("no event could be read")
	}
	return told, err
}
