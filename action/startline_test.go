package action

import (
	"slices"
	"testing"
)

func TestSplitStart(t *testing.T) {
	for _, c := range []struct {
		line string
		want []string
	}{
		{`"C:\Work\a b.exe" -x "c d"`, []string{`C:\Work\a b.exe`, "-x", "c d"}},
		{`a.exe \"x\" C:\d\`, []string{"a.exe", `"x"`, `C:\d\`}},
		{`a.exe "\\web1\c d\\"`, []string{"a.exe", `\\web1\c d\`}},
		{`a.exe x & y | z`, []string{"a.exe", "x", "&", "y", "|", "z"}},
		{`cmd.exe /d /s /c "whoami & hostname"`, []string{"cmd.exe", "/c", "whoami & hostname"}},
		{`cmd/c dir`, []string{"cmd", "/c", "dir"}},
		{`cmd /c "C:\Work\a b.exe" -x`, []string{"cmd", "/c", `"C:\Work\a b.exe" -x`}},
		{`cmd /c "sc.exe create up binPath= C:\Work\a.exe"`, []string{"cmd", "/c", `sc.exe create up binPath= C:\Work\a.exe`}},
		{``, []string{""}},
	} {
		if got := splitStart(c.line); !slices.Equal(got, c.want) {
			t.Errorf("%s\n got %q\nwant %q", c.line, got, c.want)
		}
	}
}

func TestVariables(t *testing.T) {
	for in, want := range map[string]string{
		`copy %TEMP%\a x`:       `copy c:\users\user\appdata\local\temp\a x`,
		`gc $env:PUBLIC\a`:      `gc c:\users\public\a`,
		`gc ${env:windir}\a`:    `gc c:\windows\a`,
		`100% of %unknown% %`:   `100% of %unknown% %`,
		`$x = 1; echo $env:nix`: `$x = 1; echo $env:nix`,
	} {
		if got := own.variables(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

// TestScriptVariables holds that a key put together of a script's variables is read as one.
func TestScriptVariables(t *testing.T) {
	for _, script := range []string{
		`$p = "HKLM:\SYSTEM\CurrentControlSet\Control\Lsa"; Set-ItemProperty -Path $p -Name RunAsPPL -Value 0`,
		`$p="HKLM:\SYSTEM\CurrentControlSet\Control"; sp $p\Lsa RunAsPPL 0`,
	} {
		best := low
		for _, m := range readCommand(script, powershell, nil, &masker{know: own}) {
			best = max(best, m.Level)
		}
		if best < medium {
			t.Errorf("%s is %v", script, best)
		}
	}
}

// TestRowIndex holds that a row that the index leaves out would not have held.
func TestRowIndex(t *testing.T) {
	left := 0
	for _, on := range []kind{onArgument, onShape} {
		for _, r := range own.rows {
			for _, s := range r.match {
				maybe := own.index[on].in(s)
				for i, is := range own.of[on] {
					if !maybe.has(i) {
						left++
						if is.holds(s) {
							t.Errorf("%s holds for %q", is.id, s)
						}
					}
				}
			}
		}
	}
	if left < 1000 {
		t.Errorf("only %d rows were left out", left)
	}
}

func TestPlainNumber(t *testing.T) {
	for in, want := range map[string]string{"DWORD (0x00000004)": "4", "0x1": "1", "1": "1", "Binary Data": "Binary Data", "0xzz": "0xzz"} {
		if got := plainNumber(in); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}
