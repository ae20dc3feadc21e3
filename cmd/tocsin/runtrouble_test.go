package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// buildProgram builds the program for a test that runs it as a process.
func buildProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "tocsin")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}

// waitForCampaigns waits until a run tells of some.
func waitForCampaigns(t *testing.T, r *running, least int) (all []*tocsin.Campaign) {
	t.Helper()
	for began := time.Now(); time.Since(began) < 60*time.Second; time.Sleep(100 * time.Millisecond) {
		if err := r.get("/api/v1/campaigns?limit=1000", &all); err == nil && len(all) >= least {
			return all
		}
	}
	t.Fatalf("%d campaigns told, want %d\n%s", len(all), least, r.errs)
	return nil
}

// copyTree copies a folder of small files.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// TestRunDamaged says that a database that is damaged on disk is moved aside, what can be read of it is gone on with, and that
// is said.
func TestRunDamaged(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program")
	}
	program, dir := buildProgram(t), t.TempDir()
	data, logs := filepath.Join(dir, "data"), filepath.Join(dir, "logs")
	copyTree(t, "../../example/intrusion", logs)
	r := startRun(t, program, "--data", data, "--file", logs+"/**", "--replay", "-q")
	told := waitForCampaigns(t, r, 3)
	_ = r.cmd.Process.Signal(os.Interrupt)
	_ = r.cmd.Wait()
	path := filepath.Join(data, "tocsin.db")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 2; i < len(b)/2+4096; i++ { // a page of noise
		b[i] ^= byte(i*7 + 1)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	r = startRun(t, program, "--data", data, "--file", logs+"/**", "--replay", "-q")
	defer r.kill()
	var incidents []struct{ Kind, Source, What string }
	if err := r.get("/api/v1/incidents", &incidents); err != nil {
		t.Fatal(err)
	}
	said := false
	for _, x := range incidents {
		said = said || x.Kind == "corrupt"
	}
	if !said {
		t.Errorf("the damage is not said: %+v\n%s", incidents, r.errs)
	}
	if now := waitForCampaigns(t, r, 1); len(now) > len(told) {
		t.Errorf("%d campaigns, and %d before", len(now), len(told))
	}
	aside, _ := filepath.Glob(path + ".damaged-*")
	if len(aside) == 0 && strings.Contains(r.errs.String(), "damaged") {
		t.Error("the damaged file is gone")
	}
}

// TestRunOneFolder says that two runs do not share a folder.
func TestRunOneFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program")
	}
	program, dir := buildProgram(t), t.TempDir()
	r := startRun(t, program, "--data", dir, "--file", filepath.Join(dir, "none*"), "-q")
	defer r.kill()
	out, err := exec.Command(program, "run", "--data", dir, "--listen", "127.0.0.1:0", "--file", filepath.Join(dir, "none*"), "-q").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another process") {
		t.Errorf("a second run on one folder: %v\n%s", err, out)
	}
}
