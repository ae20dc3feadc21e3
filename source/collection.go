package source

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// A hostRule tells the machine that a collection is of by a part of its path.
type hostRule struct {
	collector string
	part      *regexp.Regexp // the part; its group is the host
	then      *regexp.Regexp // the part after it, where that has to be so too
	drive     bool           // the host is the part before
	sample    string
	host      string // that the sample gives
}

// hostRules are tried on each part of a path, the last one first. Archives count without their ending.
var hostRules = []hostRule{
	{collector: "Velociraptor's offline collector", part: regexp.MustCompile(`^Collection-(.+)-\d{4}-\d\d-\d\dT\d\d[_:.]\d\d[_:.]\d\d`),
		sample: "Collection-WS-07.corp.example-2026-03-01T08_00_00Z.zip!/uploads/auto/C%3A/inetpub/logs/u_ex.log", host: "WS-07.corp.example"},
	{collector: "Velociraptor's server, a flow", part: regexp.MustCompile(`^(.+)-C\.[0-9a-f]{16}(?:-F\.[0-9A-Z.]+)?$`),
		sample: "WS07-C.0123456789abcdef-F.ABCDEF0123456.zip!/uploads/auto/C%3A/x.log", host: "WS07"},
	{collector: "Velociraptor's server, a hunt", part: regexp.MustCompile(`^C\.[0-9a-f]{16}-(.+)$`),
		sample: "H.ABC.zip!/clients/C.0123456789abcdef-WS07/collections/F.1/uploads/x.log", host: "WS07"},
	{collector: "KAPE, in a container", part: regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d{6}_([^_].*)$`),
		sample: "2026-03-01T080000_WS07.zip!/C/inetpub/logs/u_ex.log", host: "WS07"},
	{collector: "UAC", part: regexp.MustCompile(`^uac-(.+)-(?:aix|android|esxi|freebsd|linux|macos|netbsd|netscaler|openbsd|solaris)-\d{14}$`),
		sample: "uac-web-1-linux-20260301080000.tar.gz!/[root]/var/log/syslog", host: "web-1"},
	{collector: "KAPE, CyLR: a folder of drives", part: regexp.MustCompile(`^[A-Z]$`), drive: true,
		then:   regexp.MustCompile(`(?i)^(Windows|Windows\.old|Users|ProgramData|Program Files( \(x86\))?|inetpub|PerfLogs|\$Extend|\$Recycle\.Bin)$`),
		sample: "case/WS07/C/Windows/System32/LogFiles/x.log", host: "WS07"},
}

// noHosts are folders that are named for what they are for.
var noHosts = wordSet(`artefacts artifacts auto case cases collected collection collections copy data disk drive dump evidence export exports extracted
	files image images in input kape log logs mnt mount ntfs out output raw root results samples target targets tdest temp test tmp tout triage upload uploads`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// isHostName says that a text could be a machine's name: at most 253 letters, digits, dots, dashes and underscores, the
// first of them a letter or a digit. As a regular expression it takes longer to compile than everything else does to start.
func isHostName(s string) bool {
	n := 0
	for _, c := range s {
		if n++; n > 253 || !unicode.IsLetter(c) && !unicode.IsNumber(c) && (n == 1 || !strings.ContainsRune("._-", c)) {
			return false
		}
	}
	return n > 0
}

// hostOf is the machine that a collection's path names, "" where it does not.
func hostOf(reported string) string {
	parts := strings.FieldsFunc(strings.ReplaceAll(reported, `\`, "/"), func(c rune) bool { return c == '/' })
	for i, p := range parts {
		if archive, is := strings.CutSuffix(p, "!"); is || i == len(parts)-1 {
			parts[i] = bare(archive)
		}
	}
	for i := len(parts) - 1; i >= 0; i-- {
		for _, r := range hostRules {
			m := r.part.FindStringSubmatch(parts[i])
			if m == nil || r.then != nil && (i+1 == len(parts) || !r.then.MatchString(parts[i+1])) {
				continue
			}
			host := ""
			switch {
			case !r.drive:
				host = m[1]
			case i > 0 && !noHosts[strings.ToLower(parts[i-1])] && !dated.MatchString(parts[i-1]):
				host = parts[i-1]
				for _, r := range hostRules {
					if m := r.part.FindStringSubmatch(host); m != nil && !r.drive {
						host = m[1]
						break
					}
				}
			}
			if isHostName(host) {
				return host
			}
		}
	}
	return ""
}

// dated are folders that are named for a day or numbered.
var dated = regexp.MustCompile(`^[\d._-]+$`)

// bare is an archive's name without its ending.
func bare(name string) string {
	for _, ending := range []string{".zip", ".7z", ".tar", ".gz", ".tgz", ".xz", ".zst", ".tar"} {
		if n := len(name) - len(ending); n > 0 && strings.EqualFold(name[n:], ending) {
			name = name[:n]
		}
	}
	return name
}

// infoFiles are the members of a collection in which Velociraptor notes the machine, the most telling first.
var infoFiles = []string{"client_info.json", "results/Generic.Client.Info%2FBasicInformation.json", "collection_context.json"}

// infoHost is the machine that such a file names: its first JSON value, which has the name at its top or under os_info.
func infoHost(r io.Reader) string {
	var info struct {
		Hostname, Fqdn string                          // names are matched in any case
		OS             struct{ Hostname, Fqdn string } `json:"os_info"`
	}
	if json.NewDecoder(io.LimitReader(r, 1<<20)).Decode(&info) != nil {
		return ""
	}
	for _, host := range []string{info.OS.Hostname, info.Hostname, info.OS.Fqdn, info.Fqdn} {
		if isHostName(host) {
			return host
		}
	}
	return ""
}

// zipHost is the machine that the info files of a collection's zip name.
func (o *opening) zipHost(z *zip.Reader, open func(*zip.File) (io.ReadCloser, error)) (host string) {
	for _, name := range infoFiles {
		for _, f := range z.File {
			if f.Name != name {
				continue
			}
			safely(func() error {
				r, err := open(f)
				if err != nil {
					return err
				}
				defer r.Close()
				host = infoHost(metered{o, r})
				return nil
			})
			if host != "" {
				return host
			}
		}
	}
	return ""
}

// folderHost is the machine that the info files of an unpacked collection name, and the folder that it lies in.
func (r *Reader) folderHost(file string) (host, root string) {
	root = collectionRoot(file)
	if host, ok := r.hosts.Load(root); ok {
		return host.(string), root
	}
	for _, name := range infoFiles {
		info, err := os.Lstat(path.Join(root, name))
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		f, err := os.Open(path.Join(root, name))
		if err != nil {
			continue
		}
		host = infoHost(f)
		f.Close()
		if host != "" {
			break
		}
	}
	r.hosts.Store(root, host)
	return host, root
}

// collectionRoot is the folder that a collection's uploads and results lie in, or the file's own.
func collectionRoot(file string) string {
	slash := filepath.ToSlash(file)
	for _, part := range []string{"/uploads/", "/results/"} {
		if i := strings.LastIndex(slash, part); i >= 0 {
			return slash[:i]
		}
	}
	return path.Dir(slash)
}

// A collectorFile is a kind of file in a collection that tells of the collecting, and of no event.
type collectorFile struct {
	name   *regexp.Regexp // of the file, by its end
	why    string
	sample string
}

var collectorFiles = []collectorFile{
	{regexp.MustCompile(`(^|/)(client_info|collection_context|requests|uploads|logs?|hunt_info|metadata|backtrace)\.(json|csv)(\.index)?$`), "Velociraptor's own account of a collection", "uploads.json"},
	{regexp.MustCompile(`(^|/)(results|uploads)/[^/]+\.index$|(^|/)results/Generic\.Client\.Info(%2F|/)[^/]*$`), "Velociraptor's own account of a collection", "results/Generic.Client.Info%2FBasicInformation.json"},
	{regexp.MustCompile(`(?i)(^|/)\d{4}-\d\d-\d\dT\d{2}_?\d{2}_?\d{2}_[^/]*(CopyLog|SkipLog|ConsoleLog|SkippedFiles)[^/]*\.(csv|txt)$`), "KAPE's own account of a collection", "2026-03-01T08_00_00_0000000_CopyLog.csv"},
}

// notEvents says why a file of a collection is not read; "" for one that is, and for what is of no collection. root is the
// path of the collection, where its own files told it; otherwise the file's path may.
func notEvents(reported, root string, f decode.Format, head []byte, rec *tocsin.Record) string {
	name, below := strings.CutPrefix(filepath.ToSlash(reported), root)
	if root == "" || !below {
		if name, below = collectionTop(reported); !below {
			return ""
		}
	}
	name = strings.TrimLeft(name, "!/")
	for _, c := range collectorFiles {
		if c.name.MatchString(name) {
			return c.why
		}
	}
	if strings.HasPrefix(name, "results/") && f.Name == "json" && plainRows(f, head, rec) {
		return "results of a Velociraptor artifact that are no events of a known kind"
	}
	return ""
}

// collectionTop is the path of a file within the collection that it lies in.
func collectionTop(reported string) (name string, in bool) {
	slash := strings.ReplaceAll(reported, `\`, "/")
	for i := len(slash); i > 0; i = strings.LastIndexByte(slash[:i], '/') {
		part := slash[strings.LastIndexByte(slash[:i], '/')+1 : i]
		archive, _ := strings.CutSuffix(part, "!")
		for _, r := range hostRules {
			if !r.drive && i < len(slash) && r.part.MatchString(bare(archive)) {
				return strings.TrimPrefix(slash[i:], "/"), true
			}
		}
	}
	return "", false
}

// plainRows says that a JSON file begins with records of no known kind.
func plainRows(f decode.Format, head []byte, rec *tocsin.Record) bool {
	if n := bytes.LastIndexByte(head, '\n'); n > 0 {
		head = head[:n+1]
	}
	known, rows := false, 0
	rec.Data, rec.Line = head, 1
	f.New(decode.Options{}).Decode(rec, func(ev *tocsin.Event) {
		rows++
		known = known || ev.Fault == nil && (ev.Format != f.Name || len(ev.Sources) > 0)
	})
	return rows > 0 && !known
}
