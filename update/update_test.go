package update_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin/update"
)

// rule is a rule file of one rule.
func rule(title string) string {
	return "title: " + title + "\nauthor: Someone\nlogsource: {category: test}\ndetection: {s: {a: b}, condition: s}\n"
}

type entry struct{ name, text string }

func zipped(entries ...entry) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, _ := z.Create(e.name)
		w.Write([]byte(e.text))
	}
	z.Close()
	return b.Bytes()
}

func tarred(entries ...entry) []byte {
	var b bytes.Buffer
	g := gzip.NewWriter(&b)
	t := tar.NewWriter(g)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Size: int64(len(e.text)), Typeflag: tar.TypeReg, Mode: 0o600}
		if link, ok := strings.CutPrefix(e.text, "-> "); ok {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, link, 0
			e.text = ""
		}
		t.WriteHeader(h)
		t.Write([]byte(e.text))
	}
	t.Close()
	g.Close()
	return b.Bytes()
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// tree lists the files of a directory.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, p)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// serve serves paths; one that is missing is 404.
func serve(t *testing.T, files map[string][]byte) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to, ok := files["-> "+r.URL.Path]; ok {
			http.Redirect(w, r, string(to), http.StatusFound)
			return
		}
		data, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Write(data)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

var now = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

var release = zipped(
	entry{"rules/windows/process_creation/proc_a.yml", rule("A")},
	entry{"rules/linux/lin_b.yml", rule("B") + "---\n" + rule("B2")},
	entry{"LICENSE.Detection.Rules.md", "# Detection Rule License (DRL) 1.1\n"},
	entry{"version.txt", "r2024-05-01\n"},
	entry{"README.md", "not wanted"},
)

func TestRun(t *testing.T) {
	url := serve(t, map[string][]byte{"/rules.zip": release, "/rules.zip.sha256": []byte(digest(release) + "  rules.zip\n")})
	dir := filepath.Join(t.TempDir(), "sub", "rules")
	v, faults, err := update.Run(context.Background(), update.Options{From: url + "/rules.zip", Dir: dir, Now: now})
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	want := update.Version{From: url + "/rules.zip", Date: now, SHA256: digest(release), Verified: true, Release: "r2024-05-01",
		License: "DRL-1.1", Files: 2, Rules: 3}
	if d := cmp.Diff(want, v); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got, err := update.Installed(dir); err != nil || got != want {
		t.Errorf("installed %+v, %v", got, err)
	}
	files := []string{"LICENSE.Detection.Rules.md", "rules/linux/lin_b.yml", "rules/windows/process_creation/proc_a.yml", "tocsin-rules.json"}
	if d := cmp.Diff(files, tree(t, dir)); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, "rules/windows/process_creation/proc_a.yml")); string(text) != rule("A") {
		t.Errorf("a rule was changed: %s", text)
	}
	if got := tree(t, filepath.Dir(dir)); len(got) != len(files) {
		t.Errorf("left behind: %v", got)
	}
}

// TestRunReplaces: an update takes the place of the collection as a whole; Rollback brings it back, and forth.
func TestRunReplaces(t *testing.T) {
	tmp := t.TempDir()
	dir := filepath.Join(tmp, "rules")
	from := func(name string, data []byte) string {
		p := filepath.Join(tmp, name)
		if err := os.WriteFile(p, data, 0o666); err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := from("1.tar.gz", tarred(entry{"./sigma-abc/rules/x/old.yml", rule("Old")}, entry{"sigma-abc/LICENSE", "x"}, entry{"sigma-abc/tests/t.yml", rule("T")},
		entry{"sigma-abc/deprecated/d.yml", rule("D")}, entry{"sigma-abc/.github/w.yml", rule("W")}))
	second := from("2.zip", zipped(entry{"rules/x/new.yml", rule("New")}))
	third := from("3.zip", zipped(entry{"rules/x/third.yml", rule("Third")}))
	run := func(from string) {
		t.Helper()
		if _, faults, err := update.Run(context.Background(), update.Options{From: from, Dir: dir, Now: now}); err != nil || len(faults) > 0 {
			t.Fatal(err, faults)
		}
	}
	has := func(want string) {
		t.Helper()
		if got := tree(t, dir); !slices.Contains(got, want) || slices.ContainsFunc(got, func(s string) bool { return strings.HasSuffix(s, ".yml") && s != want }) {
			t.Errorf("files %v, want %s alone", got, want)
		}
	}
	if _, err := update.Rollback(dir); !errors.Is(err, update.ErrNone) {
		t.Error(err)
	}
	run(first)
	has("rules/x/old.yml")
	run(second)
	has("rules/x/new.yml")
	run(third)
	has("rules/x/third.yml")
	v, err := update.Rollback(dir)
	if err != nil || v.From != second {
		t.Fatal(v, err)
	}
	has("rules/x/new.yml")
	if _, err := update.Rollback(dir); err != nil {
		t.Fatal(err)
	}
	has("rules/x/third.yml")
}

// TestRunRefuses: with an error nothing has changed.
func TestRunRefuses(t *testing.T) {
	many := []entry{}
	for i := range 10 {
		many = append(many, entry{fmt.Sprintf("rules/r%d.yml", i), rule(fmt.Sprint("R", i))})
	}
	big := zipped(many...)
	other := zipped(entry{"rules/other.yml", rule("Other")})
	bomb := zipped(entry{"rules/a.yml", strings.Repeat("a: 1\n", 40_000)}, entry{"rules/b.yml", strings.Repeat("b: 1\n", 40_000)})
	url := serve(t, map[string][]byte{
		"/other.zip": other, "/wrong.zip": other, "/wrong.zip.sha256": []byte(strings.Repeat("0", 64)),
		"/nosum.zip": other, "/nosum.zip.sha256": []byte("<html>not a digest</html>"),
		"/none.zip": zipped(entry{"README.md", "x"}), "/text": []byte("hello"), "/short.zip": other[:len(other)-30],
		"/short.tgz": tarred(many...)[:200], "/bomb.zip": bomb, "-> /loop": []byte("/loop"),
	})
	for _, tt := range []struct {
		name string
		o    update.Options
		want string
		is   error
	}{
		{"digest given", update.Options{From: url + "/other.zip", SHA256: strings.Repeat("a", 64)}, "its SHA-256 is", update.ErrDigest},
		{"digest beside it", update.Options{From: url + "/wrong.zip"}, "its SHA-256 is", update.ErrDigest},
		{"no digest in the file for it", update.Options{From: url + "/nosum.zip"}, "holds no SHA-256", nil},
		{"far fewer rules", update.Options{From: url + "/other.zip"}, "1, before 10", update.ErrShrunk},
		{"no rules", update.Options{From: url + "/none.zip"}, "holds no rules", update.ErrNoRules},
		{"no archive", update.Options{From: url + "/text"}, "neither a zip nor a tar.gz", nil},
		{"cut off", update.Options{From: url + "/short.zip"}, "not a valid zip", nil},
		{"cut off tar", update.Options{From: url + "/short.tgz"}, "unexpected EOF", nil},
		{"not there", update.Options{From: url + "/gone.zip"}, "the server answers 404", nil},
		{"no such file", update.Options{From: filepath.Join(t.TempDir(), "gone.zip")}, "no such file", nil},
		{"a directory", update.Options{From: t.TempDir()}, "is not a file", nil},
		{"too large to fetch", update.Options{From: url + "/bomb.zip", Bounds: update.Bounds{Archive: 100}}, "more than 100 bytes", nil},
		{"too large unpacked", update.Options{From: url + "/bomb.zip", Bounds: update.Bounds{Total: 300_000}}, "more than 300000 bytes of rules", nil},
		{"too many entries", update.Options{From: url + "/bomb.zip", Bounds: update.Bounds{Files: 1}}, "more than 1 entries", nil},
		{"redirects in a circle", update.Options{From: url + "/loop"}, "more than 5 redirects", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tmp := t.TempDir()
			dir := filepath.Join(tmp, "rules")
			archive := filepath.Join(tmp, "big.zip")
			if err := os.WriteFile(archive, big, 0o666); err != nil {
				t.Fatal(err)
			}
			if _, _, err := update.Run(context.Background(), update.Options{From: archive, Dir: dir, Now: now}); err != nil {
				t.Fatal(err)
			}
			before := tree(t, tmp)
			tt.o.Dir = dir
			_, _, err := update.Run(context.Background(), tt.o)
			if err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if d := cmp.Diff(before, tree(t, tmp)); d != "" {
				t.Errorf("files (-before +after):\n%s", d)
			}
		})
	}
}

func TestRunForce(t *testing.T) {
	tmp := t.TempDir()
	for i, data := range [][]byte{release, zipped(entry{"rules/one.yml", rule("One")})} {
		p := filepath.Join(tmp, fmt.Sprint(i, ".zip"))
		if err := os.WriteFile(p, data, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, _, err := update.Run(context.Background(), update.Options{From: p, Dir: filepath.Join(tmp, "rules"), Force: true}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRunForeign: a directory that holds anything else is not touched; an empty one is taken.
func TestRunForeign(t *testing.T) {
	tmp := t.TempDir()
	archive := filepath.Join(tmp, "a.zip")
	if err := os.WriteFile(archive, release, 0o666); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(tmp, "mine")
	os.Mkdir(mine, 0o777)
	if _, _, err := update.Run(context.Background(), update.Options{From: archive, Dir: mine}); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(tmp, "my.yml"), []byte("x"), 0o666)
	if _, _, err := update.Run(context.Background(), update.Options{From: archive, Dir: tmp}); !errors.Is(err, update.ErrForeign) {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(tmp, "my.yml")); err != nil {
		t.Error(err)
	}
}

// TestRunAmongOthers: a collection among which something else was put is neither moved nor removed, be it the present one
// or the one before.
func TestRunAmongOthers(t *testing.T) {
	for _, name := range []string{"auth.log", "more.yml", "deep/er/auth.log"} {
		for _, where := range []string{"rules", "rules.previous"} {
			tmp := t.TempDir()
			archive, dir := filepath.Join(tmp, "a.zip"), filepath.Join(tmp, "rules")
			if err := os.WriteFile(archive, release, 0o666); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, _, err := update.Run(context.Background(), update.Options{From: archive, Dir: dir}); err != nil {
					t.Fatal(err)
				}
			}
			mine := filepath.Join(tmp, where, filepath.FromSlash(name))
			if err := errors.Join(os.MkdirAll(filepath.Dir(mine), 0o777), os.WriteFile(mine, []byte("x"), 0o666)); err != nil {
				t.Fatal(err)
			}
			if _, _, err := update.Run(context.Background(), update.Options{From: archive, Dir: dir}); !errors.Is(err, update.ErrForeign) {
				t.Errorf("%s in %s: %v", name, where, err)
			}
			if _, err := os.Stat(mine); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestRunHostile: nothing is written outside, and what is left out is told.
func TestRunHostile(t *testing.T) {
	entries := []entry{
		{"rules/good.yml", rule("Good")},
		{"../evil.yml", rule("Evil")},
		{"rules/../../evil.yml", rule("Evil")},
		{"/etc/evil.yml", rule("Evil")},
		{`rules\evil.yml`, rule("Evil")},
		{"C:/evil.yml", rule("Evil")},
		{"rules/nul\x00.yml", rule("Evil")},
		{"rules/esc\x1b[31m.yml", rule("Evil")},
		{"rules/GOOD.yml", rule("Other")},
		{"rules/huge.yml", "title: " + strings.Repeat("x", 5000)},
		{"rules/none.yml", "a: b"},
		{"rules/broken.yml", "title: [\n"},
		{"rules/rejected.yml", "title: Rejected\nlogsource: {}\ndetection: {s: {a|nonsense: b}, condition: s}\n"},
	}
	for name, data := range map[string][]byte{"a.zip": zipped(entries...), "a.tgz": tarred(append(entries, entry{"rules/link.yml", "-> /etc/passwd"})...)} {
		t.Run(name, func(t *testing.T) {
			tmp := t.TempDir()
			archive := filepath.Join(tmp, name)
			if err := os.WriteFile(archive, data, 0o666); err != nil {
				t.Fatal(err)
			}
			v, faults, err := update.Run(context.Background(), update.Options{From: archive, Dir: filepath.Join(tmp, "in", "rules"), Bounds: update.Bounds{File: 4000}})
			if err != nil {
				t.Fatal(err)
			}
			want := []string{name, "in/rules/rules/good.yml", "in/rules/rules/rejected.yml", "in/rules/tocsin-rules.json"}
			if d := cmp.Diff(want, tree(t, tmp)); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
			if v.Rules != 2 || v.Rejected != 3 || v.Verified {
				t.Errorf("%+v", v)
			}
			var all strings.Builder
			for _, f := range faults {
				fmt.Fprintln(&all, f)
			}
			if len(faults) < 11 || strings.Contains(all.String(), "\x1b") {
				t.Errorf("%d faults:\n%s", len(faults), all.String())
			}
		})
	}
}

// TestRunRedirects: a redirect is followed, but not from https to http.
func TestRunRedirects(t *testing.T) {
	plain := serve(t, map[string][]byte{"/a.zip": release})
	url := serve(t, map[string][]byte{"-> /latest.zip": []byte(plain + "/a.zip")})
	if _, _, err := update.Run(context.Background(), update.Options{From: url + "/latest.zip", Dir: filepath.Join(t.TempDir(), "r")}); err != nil {
		t.Error(err)
	}
	get := func(url string) *http.Request {
		r, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if err := update.Redirect(get("http://b.example/"), []*http.Request{get("https://a.example/")}); err == nil {
		t.Error("redirected from https to http")
	}
	if err := update.Redirect(get("https://b.example/"), []*http.Request{get("https://a.example/")}); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := update.Run(ctx, update.Options{From: url + "/latest.zip", Dir: filepath.Join(t.TempDir(), "r")}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// FuzzUnpack: whatever an archive says, its files stay below the collection's directory and within the bounds.
func FuzzUnpack(f *testing.F) {
	f.Add(release)
	f.Add(tarred(entry{"a/rules/x.yml", rule("X")}, entry{"a/LICENSE", "x"}))
	f.Add(zipped(entry{"../a.yml", "x"}, entry{"a/../../b.yml", "x"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		names, total, err := update.Unpack(data, update.Bounds{Archive: 1 << 20, Total: 1 << 20, File: 1 << 16, Files: 100})
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, n := range names {
			if !filepath.IsLocal(n) || strings.Contains(n, "..") && slices.Contains(strings.Split(n, "/"), "..") || seen[strings.ToLower(n)] {
				t.Errorf("name %q of %q", n, names)
			}
			seen[strings.ToLower(n)] = true
		}
		if len(names) > 100 || total > 1<<20 {
			t.Errorf("%d files, %d bytes", len(names), total)
		}
	})
}
