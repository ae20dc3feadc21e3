package tail

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string
	}{
		{"/var/log/x.log", []string{"/var/log/x.log", "/var/log/x.log/below"}, []string{"/var/log/x.log.1", "/var/log", "/x.log"}},
		{"/var/log/*.log", []string{"/var/log/x.log", "/var/log/d.log/y"}, []string{"/var/log/d/x.log", "/var/log/x.log.1"}},
		{"/var/log/**", []string{"/var/log/x", "/var/log/a/b/c"}, []string{"/var/log", "/var/lib/x"}},
		{"/var/**/x/*.log", []string{"/var/x/a.log", "/var/a/b/x/a.log"}, []string{"/var/a.log", "/var/x/a/b.log"}},
		{"/**/a/**/b", []string{"/a/b", "/1/a/2/3/b", "/a/a/b/b/c"}, []string{"/b/a", "/a"}},
		{"/a[1].log", []string{"/a1.log", "/a[1].log"}, []string{"/a2.log"}},
		{"/a?/x", []string{"/ab/x"}, []string{"/a/x", "/abc/x"}},
	} {
		p, err := compile(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range c.yes {
			if !p.match(path) {
				t.Errorf("%s does not match %s", c.pattern, path)
			}
		}
		for _, path := range c.no {
			if p.match(path) {
				t.Errorf("%s matches %s", c.pattern, path)
			}
		}
	}
	for _, bad := range []string{"", "/a[", "/a/[]/b"} {
		if _, err := New(Options{Globs: []Glob{{Pattern: bad}}}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if _, err := New(Options{}); err == nil {
		t.Error("nothing to follow is taken")
	}
}

// What a walk finds is what matches.
func TestWalkAgreesWithMatch(t *testing.T) {
	dir := t.TempDir()
	var all []string
	for _, f := range []string{"a.log", "a.log.1", "b/a.log", "b/c/a.log", "b/c/x.txt", "d.log/e", "b/d/c/a.log", "a[1]/x", "a1/x", "c/c/c/c/a.log"} {
		p := filepath.Join(dir, filepath.FromSlash(f))
		must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		write(t, p, "x")
		all = append(all, p)
	}
	for _, pattern := range []string{"", "*", "**", "*.log", "**/*.log", "**/c/*", "**/c/**/a.log", "b/**", "b", "*/*", "a[1]/x", "a[1]/*", "**/c", "c/**/c/**/c/a.log", "b/?/*", "**/**/a.log", "**/c/**"} {
		g := &glob{Glob: Glob{Pattern: filepath.Join(dir, filepath.FromSlash(pattern))}}
		var err error
		g.pattern, err = compile(g.Pattern)
		must(t, err)
		var got, want []string
		for _, e := range walkAll([]*glob{g}, nil).found {
			got = append(got, e.name)
		}
		for _, p := range all {
			if g.pattern.match(p) {
				want = append(want, p)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s finds\n%q\nand matches\n%q", pattern, got, want)
		}
	}
}

func TestRotatedNames(t *testing.T) {
	for name, want := range map[string]bool{
		"x.log": false, "x.log.1": true, "x.log.12.gz": true, "x.log-20260101": true, "x.log-20260101.zst": true, "x.log.gz": true,
		"x-20260101.log": true, "x.1.log": true, "x-2026-01-01T00-00-00.000.log": true, "x.log.old": true, "x-other.log": false,
		"x.logs": false, "y.log": false, "x.log.": false, "x.log.-": false, "x.log~": true, "x1.log": false, "x": false, "": false,
	} {
		if got := rotated("x.log", name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for name, want := range map[string]string{"x.log": "x.log", "x.log.1": "x.log", "x.log.2.gz": "x.log", "x-20260101.log": "x.log", "x.log-2026-01-01T01:02:03Z.zst": "x.log", "x.1.log": "x.log", "syslog.1": "syslog", "1": "1", ".1": ".1", "": ".", "x-1.log.1": "x.log", "x.log.old": "x.log", "access_log-1": "access_log"} {
		if got := familyOf(name); got != want {
			t.Errorf("%s is of %s", name, got)
		}
	}
	if !rotated("syslog", "syslog.1") || rotated("syslog", "syslogd.1") || rotated(".log", "-1.log") {
		t.Error("without an extension")
	}
}

// naive is what a pattern without brackets and backslashes means, as a regular expression.
func naive(pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("^")
	segs := strings.Split(strings.Trim(pattern, "/"), "/")
	for i, seg := range segs {
		switch {
		case seg == "**" && i == len(segs)-1:
			b.WriteString("/[^/]+")
		case seg == "**":
			b.WriteString("(/[^/]+)*")
		default:
			q := regexp.QuoteMeta(seg)
			q = strings.ReplaceAll(q, `\*`, `[^/]*`)
			b.WriteString("/" + strings.ReplaceAll(q, `\?`, `[^/]`))
		}
	}
	b.WriteString("(/.*)?$")
	return regexp.MustCompile("(?s)" + b.String())
}

func FuzzMatch(f *testing.F) {
	f.Add("/a/**/b/*.log", "/a/x/b/y.log")
	f.Add("/**/**", "/a")
	f.Add("/a?c/*", "/abc/d/e")
	f.Add("/[", "/a")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		path = filepath.Clean("/" + path)
		p, err := compile(pattern)
		if err != nil || len(path) > 200 || len(pattern) > 200 {
			return
		}
		got := p.match(path)
		if !filepath.IsAbs(pattern) || strings.ContainsAny(pattern, `[]\`) || path == "/" || strings.Contains(p.text, "\xff") || strings.ToValidUTF8(pattern+path, "") != pattern+path || p.text == "/" {
			return
		}
		if literal := path == p.text || strings.HasPrefix(path, p.text+"/"); got != (literal || naive(p.text).MatchString(path)) {
			t.Errorf("%q, %q: %v", p.text, path, got)
		}
	})
}

func FuzzRotated(f *testing.F) {
	f.Add("x.log", "x-1.log")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, base, name string) {
		if rotated(base, name) && base == name {
			t.Errorf("%q is not what it was rotated to", name)
		}
		familyOf(name)
	})
}

func FuzzCursor(f *testing.F) {
	c := cursor{Path: "/a", Name: "/b", As: "/b@1", Dev: 1, Ino: 1 << 63, Kind: lines, Head: strings.Repeat("a", printLen), HeadN: 3, Offset: 3, Line: 2}
	f.Add(c.String())
	c.Path = "/not \xff UTF-8\n"
	f.Add(c.String())
	c.As = `"`
	f.Add(c.String())
	f.Add(`{"path":"/a","offset":-1}`)
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseCursor(s)
		if err != nil {
			return
		}
		again, err := parseCursor(c.String())
		if err != nil || again != c {
			t.Errorf("%+v is %+v after it was written and read (%v)", c, again, err)
		}
		if st, err := parseStart(s); err == nil {
			_ = st.String()
		}
	})
}
