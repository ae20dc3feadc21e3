//go:build unix

package eval

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/sigma"
)

// benchmarkCampaigns times hunts with and without campaigns, in turn and in one run, and reports what campaigns add. The
// matches must be the same, and the campaigns so many every time.
func benchmarkCampaigns(b *testing.B, set *sigma.Set, paths ...string) {
	b.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var spent [2]time.Duration
	matches, campaigns := -1, -1
	for range b.N {
		for i, key := range [2][]byte{nil, []byte("bench")} {
			runtime.GC()
			before := cpu()
			found, _, err := engine.Hunt(context.Background(), engine.Input{Paths: paths, Workers: 1, Key: key}, set, nil)
			if err != nil {
				b.Fatal(err)
			}
			spent[i] += cpu() - before
			if matches < 0 {
				matches = found.Len()
			}
			if i == 1 && campaigns < 0 {
				campaigns = len(found.Campaigns)
			}
			if found.Len() != matches || i == 1 && len(found.Campaigns) != campaigns {
				b.Fatalf("%d matches and %d campaigns, want %d and %d", found.Len(), len(found.Campaigns), matches, campaigns)
			}
		}
	}
	b.ReportMetric(spent[1].Seconds()/spent[0].Seconds(), "times-rules-alone")
	b.ReportMetric(float64(campaigns), "campaigns")
}

func BenchmarkCampaignsWindowsJSON(b *testing.B) {
	benchmarkCampaigns(b, everything(b), data(b, "windows/otrf-atomic"))
}

func BenchmarkCampaignsEVTX(b *testing.B) {
	benchmarkCampaigns(b, everything(b), data(b, "windows/evtx-attack-samples.tar.gz"), data(b, "windows/deepblue-yamato.tar.gz"))
}

func BenchmarkCampaignsZeek(b *testing.B) {
	benchmarkCampaigns(b, everything(b), data(b, "network/zeek-rita.tar.gz"))
}

func BenchmarkCampaignsNginx(b *testing.B) {
	log, _ := generated(b, "nginx", 1_000_000)
	benchmarkCampaigns(b, everything(b), log)
}

func BenchmarkCampaignsSSHD(b *testing.B) {
	log, _ := generated(b, "sshd", 1_000_000)
	benchmarkCampaigns(b, everything(b), log)
}

// BenchmarkManyAddresses hunts logs of more and more addresses that each try a login and a path once, and reports the
// memory that the heap holds at the end: it must level off.
func BenchmarkManyAddresses(b *testing.B) {
	set := own(b)
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "access.log")
			f, err := os.Create(path)
			if err != nil {
				b.Fatal(err)
			}
			w := bufio.NewWriterSize(f, 1<<20)
			at := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
			for i := range n {
				at = at.Add(50 * time.Millisecond)
				fmt.Fprintf(w, "2001:db8:%x::%x - - [%s] \"GET /wp-login.php HTTP/1.1\" 404 150 \"-\" \"curl/8\"\n", i>>12, 1+i&0xfff, at.Format("02/Jan/2006:15:04:05 -0700"))
			}
			if err := w.Flush(); err != nil {
				b.Fatal(err)
			}
			f.Close()
			for range b.N {
				runtime.GC()
				var after runtime.MemStats
				found, coverage, err := engine.Hunt(context.Background(), engine.Input{Paths: []string{path}, Workers: 1, Key: []byte("bench")}, set, nil)
				if err != nil {
					b.Fatal(err)
				}
				runtime.ReadMemStats(&after)
				if coverage.Events != int64(n) || len(found.Campaigns) != 0 {
					b.Fatalf("%d events and %d campaigns, want %d and none", coverage.Events, len(found.Campaigns), n)
				}
				b.ReportMetric(float64(after.HeapAlloc)/(1<<20), "MB-heap")
				forgotten := int64(0)
				for _, l := range coverage.LetGo {
					forgotten += l.N
				}
				b.ReportMetric(float64(forgotten), "forgotten")
				runtime.KeepAlive(found)
			}
		})
	}
}
