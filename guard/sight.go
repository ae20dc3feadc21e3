package guard

import (
	"fmt"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// cutAt are the lengths at which exporters cut what they send: a text that ends there, or says that it was cut, is not whole.
// 512 is that of Claude Code's tool_parameters and tool_input in OpenTelemetry.
const cutAt = 512

// seen is what one call's record holds.
type seen struct{ arguments, result, cut bool }

func (s *seen) field(name, v string) {
	switch name {
	case "arguments":
		s.arguments = s.arguments || len(v) > 2
		s.cut = s.cut || cut(v)
	case "command":
		s.arguments = s.arguments || v != ""
		s.cut = s.cut || len(v) >= cutAt && cut(v)
	case "result":
		s.result = s.result || v != ""
	}
}

// cut says that a text was cut by who exported it.
func cut(v string) bool {
	if len(v) < cutAt {
		return false
	}
	for _, end := range [...]string{"[truncated]", "…", "...(truncated)", "[TRUNCATED", "...[truncated]"} {
		if strings.HasSuffix(v, end) {
			return true
		}
	}
	return len(v) == cutAt
}

// sight counts what the records of calls hold.
type sight struct{ calls, arguments, results, cut int }

func (t *sight) add(s *seen) {
	t.calls++
	if s.arguments {
		t.arguments++
	}
	if s.result {
		t.results++
	}
	if s.cut {
		t.cut++
	}
}

func (t *sight) merge(o *sight) {
	t.calls += o.calls
	t.arguments += o.arguments
	t.results += o.results
	t.cut += o.cut
}

// tell says how much the records show, and why.
func (t *sight) tell() tocsin.Visibility {
	switch {
	case t.calls == 0:
		return tocsin.Visibility{State: "blind", Why: "no call was recorded"}
	case t.arguments == 0:
		return tocsin.Visibility{State: "blind", Why: "arguments of calls are not recorded"}
	case t.results == 0:
		return tocsin.Visibility{State: "blind", Why: "results of calls are not recorded: what was read and then used cannot be seen"}
	case t.cut > 0:
		return tocsin.Visibility{State: "degraded", Why: fmt.Sprintf("%d of %d calls were cut: what was read and then used may be missed", t.cut, t.calls)}
	case t.arguments*10 < t.calls*9:
		return tocsin.Visibility{State: "degraded", Why: fmt.Sprintf("%d of %d calls have no arguments", t.calls-t.arguments, t.calls)}
	case t.results*10 < t.calls*9:
		return tocsin.Visibility{State: "degraded", Why: fmt.Sprintf("%d of %d calls have no result", t.calls-t.results, t.calls)}
	}
	return tocsin.Visibility{State: "full"}
}
