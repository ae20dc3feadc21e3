package sigma_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/sigma"
)

// data returns the path of a recording, or skips the test where the recordings are not there.
func data(t testing.TB, path string) string {
	t.Helper()
	root := os.Getenv("TOCSIN_DATA")
	if root == "" {
		root = "../../shared/data"
	}
	p := filepath.Join(root, path)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("no recordings: %v", err)
	}
	return p
}

// A member is a file of an archive.
type member struct {
	name string
	data []byte
}

// untar reads the members of a .tar.gz whose names keep says to.
func untar(t testing.TB, path string, keep func(name string) bool) []member {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []member
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || !keep(h.Name) {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, member{h.Name, b})
	}
	slices.SortFunc(all, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return all
}

// liveRules are the rule files of SigmaHQ but the deprecated and unsupported ones.
func liveRules(t testing.TB) []member {
	return untar(t, data(t, "sigma/sigmahq.tar.gz"), func(n string) bool {
		n = strings.TrimPrefix(n, "./")
		return strings.HasPrefix(n, "rules") && strings.HasSuffix(n, ".yml")
	})
}

// hq compiles all live SigmaHQ rules whose placeholders need no values.
func hq(t testing.TB, keep func(*sigma.Rule) bool) *sigma.Set {
	t.Helper()
	var rules []*sigma.Rule
	for _, m := range liveRules(t) {
		rs, faults := sigma.Parse(m.name, m.data)
		if len(faults) > 0 {
			t.Fatal(faults[0])
		}
		for _, r := range rs {
			if keep == nil || keep(r) {
				rules = append(rules, r)
			}
		}
	}
	s, _ := sigma.Compile(rules, sigma.Options{})
	return s
}

func windowsRule(r *sigma.Rule) bool { return r.Source.Product == "windows" || r.Source.Product == "" }

// decodeAll decodes a file as the pipeline does, chunk by chunk for EVTX, and calls emit for each event.
func decodeAll(t testing.TB, name string, b []byte, emit func(*tocsin.Event)) {
	t.Helper()
	f, ok := decode.Detect(name, b[:min(len(b), 64<<10)])
	if !ok {
		t.Logf("%s: no format", name)
		return
	}
	d := f.New(decode.Options{})
	if f.Cut != decode.Chunks {
		d.Decode(&tocsin.Record{Source: name, Data: b, Line: 1}, emit)
		d.Flush(emit)
		return
	}
	for off := 0; off < len(b); {
		n := 65536
		if off == 0 {
			n = 4096
		}
		n = min(n, len(b)-off)
		if piece := b[off : off+n]; off == 0 || bytes.HasPrefix(piece, []byte("ElfChnk")) {
			d.Decode(&tocsin.Record{Source: name, Data: piece, Line: 1, Offset: int64(off)}, emit)
		}
		off += n
	}
	d.Flush(emit)
}

// kept is a copy of an event whose field names are interned, as a decoder's are.
func kept(e *tocsin.Event, names map[string]string) *tocsin.Event {
	c := e.Clone()
	for i := range c.Fields {
		n, ok := names[c.Fields[i].Name]
		if !ok {
			n = c.Fields[i].Name
			names[n] = n
		}
		c.Fields[i].Name = n
	}
	return c
}

// attackSamples are the events of EVTX-ATTACK-SAMPLES, kept.
func attackSamples(t testing.TB) []*tocsin.Event {
	var all []*tocsin.Event
	seen := map[string]bool{}
	names := map[string]string{}
	for _, m := range untar(t, data(t, "windows/evtx-attack-samples.tar.gz"), func(n string) bool { return strings.HasSuffix(strings.ToLower(n), ".evtx") }) {
		if seen[string(m.data)] {
			continue
		}
		seen[string(m.data)] = true
		decodeAll(t, m.name, m.data, func(e *tocsin.Event) {
			if e.Fault == nil {
				all = append(all, kept(e, names))
			}
		})
	}
	return all
}

// jsonArchives are the OTRF recordings, Windows events as JSON.
func jsonArchives(t testing.TB) []string {
	var all []string
	err := filepath.WalkDir(data(t, "windows/otrf-atomic"), func(path string, d os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".zip") {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// unzip reads the members of a .zip.
func unzip(t testing.TB, path string) []member {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var all []member
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, member{f.Name, b})
	}
	return all
}

// atomicEvents are the first events of each file of the OTRF recordings that keep takes, at most per.
func atomicEvents(t testing.TB, per int, keep func(*tocsin.Event) bool) []*tocsin.Event {
	var all []*tocsin.Event
	names := map[string]string{}
	for _, p := range jsonArchives(t) {
		for _, f := range unzip(t, p) {
			form, ok := decode.Detect(f.name, f.data[:min(len(f.data), 64<<10)])
			if !ok {
				continue
			}
			n := 0
			dec := form.New(decode.Options{})
			for line := range bytes.Lines(f.data) {
				if n >= per {
					break
				}
				dec.Decode(&tocsin.Record{Source: f.name, Data: line, Line: 1}, func(e *tocsin.Event) {
					if e.Fault == nil && keep(e) {
						all = append(all, kept(e, names))
						n++
					}
				})
			}
		}
	}
	return all
}

func scriptBlock(e *tocsin.Event) bool { return e.Text("EventID") == "4104" }
