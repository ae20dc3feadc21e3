package sigma_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

const explainedRule = `title: Explained
logsource: {product: windows}
detection:
  selection_img:
    - Image|endswith: '\cmd.exe'
    - OriginalFileName: Cmd.Exe
  selection_cli:
    CommandLine|contains|all: ['/c', 'echo']
    User|neq: SYSTEM
  filter:
    ParentImage: null
  words: [secret]
  condition: all of selection_* and not filter and not words
`

func TestExplain(t *testing.T) {
	s := compileOne(t, explainedRule, sigma.Options{})
	ev := &tocsin.Event{
		Sources: []tocsin.LogSource{{Product: "windows", Category: "process_creation"}},
		Fields:  fields(`Image=C:\cmd.exe`, "CommandLine=cmd /c\nheld    selection", "User=bob", "User=eve", `ParentImage=C:\a.exe`),
	}
	got := sigma.ExplainText(s.Explain(ev, 0))
	want := `held    log source windows
failed  all of these
failed    all of these
held        selection_img: any of
held          Image|endswith: '\cmd.exe'  ← Image = C:\cmd.exe
failed        OriginalFileName: 'cmd.exe'
failed      selection_cli
failed        all of these
held            CommandLine|contains: '/c'  ← CommandLine = "cmd /c\nheld    selection"
failed          CommandLine|contains: 'echo'  ← CommandLine = "cmd /c\nheld    selection"
held          not
failed          User: 'system'  ← User = bob | User = eve
held      not
failed      filter
failed        not
held            ParentImage|exists: true  ← ParentImage = C:\a.exe
held      not
failed      words
failed        keyword 'secret'
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What made a rule hold is every field of a test that held and counts; what is negated shows nothing.
func TestHeld(t *testing.T) {
	s := compileOne(t, explainedRule, sigma.Options{})
	ev := &tocsin.Event{
		Sources: []tocsin.LogSource{{Product: "windows"}},
		Fields:  fields(`Image=C:\cmd.exe`, "CommandLine=cmd /c echo", "OriginalFileName=CMD.EXE", "User=bob", `ParentImage=C:\a.exe`, "other=x"),
	}
	m := s.Matcher()
	n := 0
	m.Match(ev, func(r int) {
		n++
		want := fields(`Image=C:\cmd.exe`, "OriginalFileName=CMD.EXE", "CommandLine=cmd /c echo")
		if diff := cmp.Diff(want, m.Held(ev, r)); diff != "" {
			t.Error(diff)
		}
	})
	if n != 1 {
		t.Fatalf("%d matches", n)
	}
	words := compileOne(t, "title: t\nlogsource: {}\ndetection: {w: [pass*word], condition: w}\n", sigma.Options{})
	m = words.Matcher()
	got := m.Held(&tocsin.Event{Raw: "the password", Fields: fields("a=b")}, 0)
	if diff := cmp.Diff(fields("raw=the password"), got); diff != "" {
		t.Error(diff)
	}
}
