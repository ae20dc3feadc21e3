package report

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// inBrowser is what a headless Chromium writes of a page with these flags. Without one the test is skipped.
func inBrowser(t *testing.T, page []byte, flags ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	var browser string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		t.Skip("no Chromium here")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "page.html")
	if err := os.WriteFile(file, page, 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	// The sandbox cannot be had as root, where tests often run; the page is the tests' own.
	cmd := exec.CommandContext(t.Context(), browser, append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--user-data-dir=" + filepath.Join(dir, "profile"),
		"--virtual-time-budget=20000", "--enable-logging=stderr"}, append(flags, "file://"+file)...)...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &errs, 10*time.Second
	if err := cmd.Run(); err != nil {
		t.Skipf("Chromium does not start here: %v", err)
	}
	for l := range strings.Lines(errs.String()) {
		if strings.Contains(l, "CONSOLE") && (strings.Contains(l, "Uncaught") || strings.Contains(l, "Refused")) {
			t.Errorf("in the browser: %s", l)
		}
	}
	return out.String()
}

func pageOf(t *testing.T, h *Hunt) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, h, ""); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The scripts run under the page's policy: the campaigns, their graph, the matches and the coverage are there.
func TestPageInBrowser(t *testing.T) {
	h := campaignHunt(60, 2)
	long := "a-host-with-a-name-that-is-longer-than-any-box-of-the-picture-is-wide.clinic.example"
	h.Campaigns[0].Victims = append(h.Campaigns[0].Victims, tocsin.Victim{Entity: tocsin.Entity{Kind: "host", Value: long}, Reached: true})
	dom := inBrowser(t, pageOf(t, h), "--dump-dom")
	if !strings.Contains(dom, `class="live"`) {
		t.Fatal("the scripts did not come to their end")
	}
	// Reached victims come before those that were only tried, so that the long name is in the picture; it is folded, not cut.
	_, graph, _ := strings.Cut(dom, `<svg class="graph"`)
	graph, _, _ = strings.Cut(graph, "</svg>")
	plain := strings.ReplaceAll(markup.ReplaceAllString(graph, ""), " ", "")
	if !strings.Contains(plain, long) || strings.Contains(plain, "…") {
		t.Errorf("the picture does not hold %s whole", long)
	}
	if n := strings.Count(dom, `class="camprow`); n != len(h.Campaigns) {
		t.Errorf("%d campaigns listed, want %d", n, len(h.Campaigns))
	}
	for _, part := range []string{`<ul>`, `class="row l5`, `class="tile`, `class="node`} {
		if !strings.Contains(dom, part) {
			t.Errorf("the page has no %s", part)
		}
	}
}

// Pages of hunts that found or looked for little work as well, on paper too.
func TestPagesInBrowser(t *testing.T) {
	for name, h := range map[string]*Hunt{"empty": {Campaigns: []*tocsin.Campaign{}}, "no campaigns looked for": sampleHunt(3), "no match": {Campaigns: []*tocsin.Campaign{smallCampaign(1)}}, "all": campaignHunt(12, 2)} {
		paper := filepath.Join(t.TempDir(), "page.pdf")
		inBrowser(t, pageOf(t, h), "--print-to-pdf="+paper)
		if b, err := os.ReadFile(paper); err != nil || !bytes.HasPrefix(b, []byte("%PDF")) {
			t.Errorf("%s: it does not print: %v", name, err)
		}
		if dom := inBrowser(t, pageOf(t, h), "--dump-dom"); !strings.Contains(dom, `class="live"`) {
			t.Errorf("%s: the scripts did not come to their end", name)
		}
	}
}
