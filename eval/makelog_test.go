package eval

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// These write logs of crowds, line by line and from fixed seeds. Addresses are of RFC 3849 and RFC 5737, names end in
// .example. Their times are those of example/intrusion, so that they lie in the same hours.

// crowdDay is midnight before example/intrusion.
var crowdDay = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// writeLog makes a file with what fill writes.
func writeLog(t testing.TB, path string, fill func(w *bufio.Writer)) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	fill(w)
	err = w.Flush()
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// stamp is what access logs write.
func stamp(t time.Time) string { return t.Format("02/Jan/2006:15:04:05 -0700") }

// stranger is the i-th address, each of a network of its own.
func stranger(i int) string {
	return fmt.Sprintf("2001:db8:%x:%x::%x", i>>16&0xffff, i&0xffff, 1+i%251)
}

// accessLog writes n lines of a day's access log with n/10 addresses: people who look at pages, and one in twenty who tries
// out paths. Two thousand of them are there at any time.
func accessLog(t testing.TB, path string, n int) string {
	rnd := rand.New(rand.NewPCG(7, uint64(n)))
	type visit struct {
		address, agent string
		left           int
		probes         bool
	}
	next := 0
	arrive := func() visit {
		next++
		v := visit{address: stranger(next), agent: fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%[1]d.0", 110+rnd.IntN(40)), left: 1 + rnd.IntN(19)}
		v.probes = rnd.IntN(20) == 0
		return v
	}
	visits := make([]visit, 2000)
	for i := range visits {
		visits[i] = arrive()
	}
	return writeLog(t, path, func(w *bufio.Writer) {
		for i := range n {
			at := stamp(crowdDay.Add(time.Duration(i) * 24 * time.Hour / time.Duration(n)))
			k := rnd.IntN(len(visits))
			v := &visits[k]
			if v.probes {
				fmt.Fprintf(w, "%s - - [%s] \"GET /old%d/admin%d.php HTTP/1.1\" 404 153 \"-\" \"%s\"\n", v.address, at, rnd.IntN(40), rnd.IntN(60), v.agent)
			} else {
				fmt.Fprintf(w, "%s - - [%s] \"GET /products/item-%d HTTP/1.1\" 200 %d \"https://shop.example/\" \"%s\"\n", v.address, at, rnd.IntN(900), 500+rnd.IntN(40000), v.agent)
			}
			if v.left--; v.left == 0 {
				visits[k] = arrive()
			}
		}
	})
}

// scanLog writes n requests of one address for paths that are not there, within the hour of example/intrusion.
func scanLog(t testing.TB, path string, n int) string {
	return writeLog(t, path, func(w *bufio.Writer) {
		for i := range n {
			at := stamp(crowdDay.Add(4*time.Hour + time.Duration(i)*time.Hour/time.Duration(n)))
			fmt.Fprintf(w, "192.0.2.66 - - [%s] \"GET /backup/%d.sql HTTP/1.1\" 404 153 \"-\" \"dirb/2.22\"\n", at, i)
		}
	})
}

// disguises writes n requests of one IPv6 address. In every ten minutes it names itself by up to 60,000 programs in turn, so
// that no two of its requests are alike. Of the addresses of its network it has one whose hash (FNV-1a, finished by a
// multiplication) begins with 18 zeros, as a quarter of a million tries find: sampling by that hash keeps it longest.
func disguises(t testing.TB, path string, n int) string {
	return writeLog(t, path, func(w *bufio.Writer) {
		for i := range n {
			at := stamp(crowdDay.Add(4*time.Hour + time.Duration(i)*10*time.Minute/60_000))
			fmt.Fprintf(w, "2001:db8::4:5f96 - - [%s] \"GET /item/%d HTTP/1.1\" 404 153 \"-\" \"ua%05d/1.0\"\n", at, i, i%60_000)
		}
	})
}

// strangers writes one request each of n addresses, within the hour of example/intrusion.
func strangers(t testing.TB, path string, n int) string {
	return writeLog(t, path, func(w *bufio.Writer) {
		for i := range n {
			at := stamp(crowdDay.Add(4*time.Hour + time.Duration(i)*time.Hour/time.Duration(n)))
			fmt.Fprintf(w, "%s - - [%s] \"GET /wp-login.php HTTP/1.1\" 404 153 \"-\" \"curl/8.9\"\n", stranger(i), at)
		}
	})
}

// forgedHosts writes n failed logins of one address, each at a host of another name, as anybody can write who may send to a
// syslog server. The names have no domain: whose a private address is goes by the domains that are seen.
func forgedHosts(t testing.TB, path string, n int) string {
	return writeLog(t, path, func(w *bufio.Writer) {
		for i := range n {
			at := crowdDay.Add(4*time.Hour + time.Duration(i)*time.Hour/time.Duration(n))
			fmt.Fprintf(w, "%s h%06d sshd[%d]: Failed password for root from 192.0.2.77 port %d ssh2\n", at.Format("2006-01-02T15:04:05.000000+00:00"), i, 1000+i%30000, 1024+i%60000)
		}
	})
}

// terminalServer writes what Sysmon says of n sessions on one Windows terminal server within a day, each of which adds one
// account.
func terminalServer(t testing.TB, path string, n int) string {
	return writeLog(t, path, func(w *bufio.Writer) {
		for i := range n {
			at := crowdDay.Add(time.Duration(i) * 24 * time.Hour / time.Duration(n))
			fmt.Fprintf(w, `{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon"}},"EventID":1,"TimeCreated":{"#attributes":{"SystemTime":"%s"}},"EventRecordID":%d,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ts01.corp.example","Security":{"#attributes":{"UserID":"S-1-5-18"}}},"EventData":{"UtcTime":"%s","ProcessGuid":"{00000000-0000-0000-0000-%012x}","ProcessId":%d,"Image":"C:\\Windows\\System32\\net.exe","CommandLine":"net user name%d /add","ParentImage":"C:\\Windows\\System32\\cmd.exe","User":"CORP\\user%d","LogonId":"0x%x"}}}`+"\n",
				at.Format("2006-01-02T15:04:05.000Z"), 1+i, at.Format("2006-01-02 15:04:05.000"), i, 1000+i%30000, i, i, 0x10000+i)
		}
	})
}
