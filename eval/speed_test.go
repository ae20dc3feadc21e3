//go:build unix

package eval

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/rules"
	"github.com/tocsin-ids/tocsin/sigma"
)

// cpu is the processor time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// generatedLogs are those that this run has made, by kind and number of lines; TestMain removes their folder.
var generatedLogs struct {
	sync.Mutex
	dir string
	of  map[string]generatedLog
}

type generatedLog struct {
	path  string
	truth map[string]string
}

// generated makes a log of n lines with the generator beside the recordings, and the truth about its addresses.
func generated(t testing.TB, kind string, n int) (log string, truth map[string]string) {
	t.Helper()
	generatedLogs.Lock()
	defer generatedLogs.Unlock()
	name := kind + strconv.Itoa(n)
	if l, ok := generatedLogs.of[name]; ok {
		return l.path, l.truth
	}
	if generatedLogs.dir == "" {
		dir, err := os.MkdirTemp("", "eval")
		if err != nil {
			t.Fatal(err)
		}
		generatedLogs.dir, generatedLogs.of = dir, map[string]generatedLog{}
		atExit = append(atExit, func() { os.RemoveAll(dir) })
	}
	gen := data(t, "../tools/gen_logs.py")
	python, err := exec.LookPath("python3")
	if err != nil {
		without(t, "the generator of logs needs python3")
	}
	log = filepath.Join(generatedLogs.dir, name+".log")
	facts := filepath.Join(generatedLogs.dir, name+".tsv")
	if out, err := exec.Command(python, gen, kind, strconv.Itoa(n), log, facts).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(facts)
	if err != nil {
		t.Fatal(err)
	}
	truth = map[string]string{}
	for _, line := range strings.Split(string(b), "\n") {
		if f := strings.Split(line, "\t"); len(f) == 3 {
			truth[f[0]] = f[1]
		}
	}
	generatedLogs.of[name] = generatedLog{log, truth}
	return log, truth
}

// TestGenerated hunts generated logs with our own rules: at least 90 % of the probing, file-hunting, traversing and
// Log4Shell addresses must be alerted (level low or above), and fewer than 0.1 % of the others that did nothing.
func TestGenerated(t *testing.T) {
	measures(t)
	n := 1_000_000
	if testing.Short() || raceEnabled {
		sampled(t)
		n = 100_000
	}
	for _, kind := range []string{"nginx", "sshd"} {
		log, truth := generated(t, kind, n)
		found, coverage := hunt(t, own(t), log)
		if coverage.Events != int64(n) {
			t.Errorf("%s: %d events of %d lines", kind, coverage.Events, n)
		}
		alerted := map[string]bool{}
		for m := range found.All(true) {
			if m.Rule.Level < 2 {
				continue
			}
			for _, name := range []string{"c-ip", "src_ip"} {
				alerted[m.Event.Text(name)] = true
			}
		}
		delete(alerted, "")
		type score struct{ hit, all int }
		kinds := map[string]*score{}
		for ip, k := range truth {
			s := kinds[k]
			if s == nil {
				s = &score{}
				kinds[k] = s
			}
			s.all++
			if alerted[ip] {
				s.hit++
			}
		}
		var promised score
		for k, s := range kinds {
			t.Logf("%s %-10s %5d of %5d = %.1f %%", kind, k, s.hit, s.all, 100*float64(s.hit)/float64(s.all))
			switch k {
			case "probe", "sens", "trav", "log4j", "bf", "enum":
				promised.hit, promised.all = promised.hit+s.hit, promised.all+s.all
			}
		}
		others, wrong := addresses(t, log, truth), 0
		var samples []string
		for ip := range others {
			if alerted[ip] {
				wrong++
				if len(samples) < 5 {
					samples = append(samples, ip)
				}
			}
		}
		t.Logf("%s: %d lines, %d matches; others alerted: %v", kind, n, found.Len(), samples)
		share(t, "generated/"+kind+"/attackers", promised.hit, promised.all)
		share(t, "generated/"+kind+"/others", wrong, len(others))
	}
}

// addresses lists the addresses of a generated log that are not in the truth.
func addresses(t testing.TB, log string, truth map[string]string) map[string]bool {
	t.Helper()
	f, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]bool{}
	for s := lines(f); s.Scan(); {
		line := s.Text()
		ip, _, _ := strings.Cut(line, " ")
		if _, rest, ok := strings.Cut(line, " from "); ok && !strings.Contains(ip, ".") {
			ip, _, _ = strings.Cut(rest, " ")
		}
		if strings.Count(ip, ".") == 3 && truth[ip] == "" {
			out[ip] = true
		}
	}
	return out
}

// benchmarkHunt times a whole hunt on one processor, rule loading apart, and wants at least so many matches, and the
// same number every time.
func benchmarkHunt(b *testing.B, set *sigma.Set, least int, paths ...string) {
	b.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var events int64
	var spent time.Duration
	want := 0
	for range b.N {
		runtime.GC()
		before := cpu()
		found, coverage, err := engine.Hunt(context.Background(), engine.Input{Paths: paths, Workers: 1}, set, nil)
		if err != nil {
			b.Fatal(err)
		}
		spent += cpu() - before
		events += coverage.Events
		if want == 0 {
			want = found.Len()
		}
		if found.Len() != want || want < least {
			b.Fatalf("%d matches, want %d and at least %d", found.Len(), want, least)
		}
	}
	b.ReportMetric(float64(events)/spent.Seconds(), "events/cpu-s")
	b.ReportMetric(float64(want), "matches")
}

func BenchmarkHuntEVTX(b *testing.B) {
	set, _ := sigmaHQ(b, windowsRule)
	benchmarkHunt(b, set, 5000, data(b, "windows/evtx-attack-samples.tar.gz"), data(b, "windows/deepblue-yamato.tar.gz"))
}

func BenchmarkHuntWindowsJSON(b *testing.B) {
	set, _ := sigmaHQ(b, windowsRule)
	benchmarkHunt(b, set, 8000, data(b, "windows/otrf-atomic"))
}

func BenchmarkHuntNginx(b *testing.B) {
	log, _ := generated(b, "nginx", 1_000_000)
	benchmarkHunt(b, everything(b), 45_000, log)
}

func BenchmarkHuntSSHD(b *testing.B) {
	log, _ := generated(b, "sshd", 1_000_000)
	benchmarkHunt(b, everything(b), 400_000, log)
}

// everything is SigmaHQ's rules and our own together, as a user would run them.
func everything(t testing.TB) *sigma.Set {
	t.Helper()
	data(t, "sigma/sigmahq.tar.gz")
	files, err := sigmaHQFiles()
	if err != nil {
		t.Fatal(err)
	}
	mine, err := rules.Files()
	if err != nil {
		t.Fatal(err)
	}
	set, _ := compile(t, append(mine, files...), nil)
	return set
}
