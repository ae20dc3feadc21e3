package engine

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// TestCampaignsAlike holds that campaigns are the same whatever the number of workers and the order of files.
func TestCampaignsAlike(t *testing.T) {
	set := testSet(t)
	hunt := func(in Input) *Findings {
		t.Helper()
		found, _, err := Hunt(context.Background(), in, set, nil)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	want := hunt(Input{Paths: []string{"../example/intrusion"}, Workers: 1, Key: []byte("a")})
	if len(want.Campaigns) == 0 {
		t.Fatal("no campaign in the example")
	}
	for _, in := range []Input{
		{Paths: []string{"../example/intrusion"}, Workers: 4, Key: []byte("a")},
		{Paths: []string{"../example/intrusion/web01", "../example/intrusion/cloud", "../example/intrusion/agent"}, Workers: 3, Key: []byte("a")},
	} {
		got := hunt(in)
		if diff := cmp.Diff(want.Campaigns, got.Campaigns); diff != "" {
			t.Errorf("%v, %d workers: %s", in.Paths, in.Workers, diff)
		}
	}
	if found := hunt(Input{Paths: []string{"../example/intrusion"}}); found.Campaigns != nil {
		t.Error("campaigns were joined though nobody asked")
	}
}

// TestKnown holds that what is known to be harmless raises no campaign.
func TestKnown(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "access.log")
	if err := os.WriteFile(log, []byte(accessLog(40)), 0o644); err != nil {
		t.Fatal(err)
	}
	seen := 0
	_, _, err := Hunt(context.Background(), Input{Paths: []string{dir}, Key: []byte("a"), Known: func(*tocsin.Match) bool { seen++; return true }}, testSet(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Error("nobody asked whether the match is known")
	}
}
