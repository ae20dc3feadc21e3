package guard

import (
	_ "embed"
	"regexp"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/tsv"
)

// A deed is something that an agent which was turned does to its own principal, or the reading before it.
type deed struct {
	kind    string
	row     *tocsin.Rule
	heard   bool // the person's messages are recorded, so that it can be said who had the idea
	named   bool // the person wrote where to or what
	wanted  bool // the person asked for such things
	told    bool // where to or what stood in a result and in nothing that the person wrote
	copied  bool // words of it that follow each other stood so in a result
	flowing bool // with it went what a secret's file had shown

	about []string // groups of targets that what was written down names
}

// A deedRow says what is such a deed.
type deedRow struct {
	kind, on string
	shape    *regexp.Regexp
	rule     *tocsin.Rule
	match    string // a sample, and one of what it is not
	quiet    string
}

//go:embed deeds.tsv
var deedsText string

// A deedTable has the rows by what they look at, those of commands by program too.
type deedTable struct {
	on      map[string][]*deedRow
	command map[string][]*deedRow
	all     []*deedRow
}

var deeds = readDeeds(deedsText)

// intentOf is the intent of a request (decode's intents.txt) that asks for deeds of a kind.
var intentOf = map[string][]string{"secrets": {"secret"}, "sent": {"send"}, "sent-secrets": {"send"}, "published": {"send"}, "limits": {"limits"}, "persistence": {"schedule", "access", "shell"},
	"startup": {"shell"}, "fetched": {"shell"}, "wiped": {"delete"}}

// readDeeds reads the rows.
func readDeeds(text string) *deedTable {
	t := &deedTable{on: map[string][]*deedRow{}, command: map[string][]*deedRow{}}
	for _, c := range tsv.Rows("deeds.tsv", text, 8) {
		r := &deedRow{kind: c[1], on: c[2], shape: regexp.MustCompile("(?i)" + c[4]), match: c[6], quiet: c[7],
			rule: &tocsin.Rule{ID: c[0], Title: c[5], Level: tocsin.Informational}}
		t.all = append(t.all, r)
		if r.on != "command" || c[3] == "-" {
			t.on[r.on] = append(t.on[r.on], r)
			continue
		}
		for _, p := range strings.Fields(c[3]) {
			t.command[p] = append(t.command[p], r)
		}
	}
	return t
}

// A hearing is what is known of a call beside what it does.
type hearing struct {
	prompted    bool
	asked, told []string
	wanted      []string
	folder      string
}

// A doing is a call as it is looked at for deeds.
type doing struct {
	hearing
	tool, arguments, command, path, result string
}

// Bounds in bytes of what is looked at: arguments, and those of a tool of the agent's own with its name.
const (
	mostLooked  = 4096
	mostOwnTool = 300
)

// looked are the deeds of a call, and what of it leads to the next: t knows what of secrets went through the session.
func (d *doing) looked(t *taint) (out []deed) {
	secret := map[int]bool{} // groups of parts that read secrets
	leaves := map[int]int{}  // groups that send or publish, by the place of the deed
	add := func(r *deedRow, object, text string, group int) {
		for i := range out {
			if out[i].row == r.rule {
				return
			}
		}
		x := deed{kind: r.kind, row: r.rule, heard: d.prompted}
		x.named, x.wanted, x.told = mentions(object, d.asked), asks(d.wanted, r.kind), mentions(object, d.told)
		switch r.kind {
		case "foreign", "secrets", "reported":
		default:
			x.told = x.told && places(object) != "" // what else is in it was bound to be shown before
			x.copied = t.copied(text)
		}
		out = append(out, x)
		switch r.kind {
		case "secrets":
			secret[group] = true
		case "sent", "published":
			leaves[group] = len(out) - 1
		}
	}
	arguments := d.arguments[:min(len(d.arguments), mostLooked)]
	tool := strings.ReplaceAll(strings.TrimPrefix(d.tool, "mcp__"), "__", ".")
	var written []string
	reach, outgoing := "", false // where it speaks to other machines, what it says
	switch {
	case d.command != "":
		for _, p := range parts(d.command) {
			written = append(written, p.written...)
			d.part(&p, add)
			if t.any() && programs["senders"][p.program] {
				if to := places(p.text); !ownPlaces(to) {
					outgoing, reach = true, reach+" "+p.text
				}
			}
		}
	case d.path != "" || strings.Contains(arguments, "*** Begin Patch"):
		low := strings.ToLower(d.tool)
		write := strings.Contains(low, "write") || strings.Contains(low, "edit") || strings.Contains(low, "create") || strings.Contains(low, "patch") || strings.Contains(low, "replace") || strings.Contains(low, "insert")
		paths := []string{d.path}
		for _, m := range patched.FindAllStringSubmatch(arguments, 32) {
			paths, write = append(paths, m[1]), true
		}
		for _, path := range paths {
			if write {
				d.file("write", path, arguments, 0, add)
				written = append(written, path)
			} else {
				d.file("read", path, "", 0, add)
			}
		}
		if strings.Contains(d.tool, "__") && write { // a file of a tool server's
			outgoing, reach = true, arguments
		}
	default:
		text := tool + " " + arguments
		if !strings.ContainsAny(tool, "._") { // a tool of the agent's own, such as a list of things to do
			text = text[:min(len(text), mostOwnTool)]
		}
		for _, r := range deeds.on["tool"] {
			if r.shape.MatchString(text) {
				add(r, d.object(r, text), text, 0)
			}
		}
		if t.any() && tool != "" && !ownPlaces(places(arguments)) {
			outgoing, reach = true, arguments
		}
	}
	carried := t.in(reach)
	for group, i := range leaves {
		out[i].flowing = out[i].flowing || secret[group] || carried
	}
	if outgoing && carried && len(leaves) == 0 {
		object := places(reach)
		x := deed{kind: "sent", row: flowRow, heard: d.prompted, flowing: true, named: mentions(object, d.asked), told: mentions(object, d.told), wanted: asks(d.wanted, "sent")}
		out = append(out, x)
	}
	if len(leaves) > 0 && !carried && t.in(d.command) { // a file made of secrets is sent
		for _, i := range leaves {
			out[i].flowing = true
		}
	}
	t.show(d.result)
	if len(secret) > 0 {
		t.secrets(d.result)
	}
	if len(secret) > 0 || len(written) > 0 && t.in(d.command) {
		for _, w := range written {
			t.file(w)
		}
	}
	return out
}

var flowRow = &tocsin.Rule{ID: "secret-carried", Title: "a secret put into what goes to another machine or tool", Level: tocsin.Informational}

var patched = regexp.MustCompile(`\*\*\* (?:Add|Update|Delete) File: ([^\\\n"]+)`)

// part looks at a simple command.
func (d *doing) part(p *part, add func(*deedRow, string, string, int)) {
	text := p.text
	if programs["shells"][p.program] && (programs["fetchers"][p.feeder] || programs["decoders"][p.feeder]) && len(p.words) < 4 {
		text = "piped from " + p.feeder
	} else if p.feeder != "" {
		text += "\n<- " + p.feeder
	}
	text = text[:min(len(text), mostLooked)]
	for _, rows := range [...][]*deedRow{deeds.command[p.program], deeds.on["command"]} {
		for _, r := range rows {
			if !r.shape.MatchString(text) || r.kind == "wiped" && d.inProject(p) {
				continue
			}
			switch r.kind {
			case "sent", "sent-secrets", "published":
				if to := places(p.text); to != "" && ownPlaces(to) {
					continue
				}
			}
			add(r, d.object(r, p.text+"\n"+p.body), p.text+"\n"+p.body, p.group)
		}
	}
	if programs["readers"][p.program] || p.program == "." {
		for _, w := range p.words {
			if i := strings.IndexAny(w, "@="); p.program == "curl" || p.program == "wget" {
				if i < 0 {
					continue
				}
				w = strings.TrimLeft(w[i:], "@=")
			}
			d.file("read", w, "", p.group, add)
		}
	}
	if i := strings.LastIndex(p.text, "< "); i >= 0 {
		d.file("read", firstWord(p.text[i+2:]), "", p.group, add)
	}
	for _, w := range p.written {
		d.file("write", w, p.text+"\n"+p.body, p.group, add)
	}
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

func (d *doing) file(on, path, body string, group int, add func(*deedRow, string, string, int)) {
	if path == "" || len(path) > 1024 {
		return
	}
	text := strings.ReplaceAll(path, `\`, "/") + "\n" + body[:min(len(body), mostLooked)]
	for _, r := range deeds.on[on] {
		if r.shape.MatchString(text) {
			add(r, d.object(r, text), text, group)
		}
	}
}

// object is what of a deed tells whose idea it was: the places that it names; without any, what it writes or removes.
func (d *doing) object(r *deedRow, text string) string {
	if to := places(text); to != "" && r.kind != "secrets" && r.kind != "wiped" {
		return to
	}
	switch r.on {
	case "read", "write":
		text, _, _ = strings.Cut(text, "\n")
	}
	return strings.ToLower(text)
}

// inProject says that all that a removal names lies below the working folder or where what is temporary lies.
func (d *doing) inProject(p *part) bool {
	named := 0
	for _, w := range p.words {
		if w == "" || w[0] == '-' {
			continue
		}
		named++
		switch {
		case d.folder != "" && strings.HasPrefix(w, strings.TrimSuffix(d.folder, "/")+"/"), strings.HasPrefix(w, "/tmp/"), strings.HasPrefix(w, "/var/tmp/"), strings.HasPrefix(w, "/var/folders/"):
		case w[0] != '/' && w[0] != '~' && w[0] != '$' && !strings.Contains(w, ":\\"):
		case disposable.MatchString(w):
		default:
			return false
		}
	}
	return named > 0 && (p.program == "rm" || p.program == "find" || p.program == "rimraf")
}

// disposable are folders that programs make anew.
var disposable = regexp.MustCompile(`(?i)(^|[/.])(node_modules|dist|build|target|cache|caches|_cacache|\.venv|venv|__pycache__|tmp|temp|worktrees?|coverage|out|logs?|lists|test\w*)(/|\*|$)`)

var placeShape = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://(?:[^/\s"'@]*@)?([a-z0-9.-]+)|([\w.+-]+@[\w.-]+\.[a-z]{2,})|\b(\d{1,3}(?:\.\d{1,3}){3})\b|@([a-z0-9-]+(?:\.[a-z0-9-]+)+):|\b(localhost)\b|\b((?:[a-z0-9-]+\.)+(?:example|test|com|net|org|io|dev|app|xyz|site|online|info|cloud|sh|me|co|ru|cn|top|live|space))\b`)

// places are the hosts, addresses and mailboxes that a text names.
func places(text string) string {
	var b strings.Builder
	for _, m := range placeShape.FindAllStringSubmatch(text, 8) {
		for _, g := range m[1:] {
			if g != "" {
				b.WriteString(strings.ToLower(g))
				b.WriteByte(' ')
			}
		}
	}
	return b.String()
}

// ownPlaces says that all places are the agent's own machine or project.
func ownPlaces(to string) bool {
	for w := range strings.FieldsSeq(to) {
		if _, is := targetOf(tocsin.Entity{Kind: "host", Value: w}); !is {
			return false
		}
	}
	return to != ""
}

// mentions says that a thing is named by one of the words.
func mentions(object string, words []string) bool {
	for _, w := range words {
		if !programs["generic"][w] && strings.Contains(object, w) {
			return true
		}
	}
	return false
}

func asks(wanted []string, kind string) bool {
	for _, w := range intentOf[kind] {
		for _, v := range wanted {
			if v == w {
				return true
			}
		}
	}
	return false
}

// A taint knows what secrets' files showed a session, the files made of that, and what results said that reads as a command:
// all as hashes.
type taint struct {
	hash  hasher
	words map[uint64]struct{}
	shown map[uint64]struct{} // of runs of words
	fresh [2][]uint64         // of words and of shown, since they were last written or handed over
}

// Bounds of a taint: words of secrets, runs of words.
const (
	mostTaint = 1024
	mostShown = 2048
	runOf     = 4 // words are a run
)

// show remembers the lines of a result that a command may be copied from.
func (t *taint) show(result string) {
	for line := range strings.Lines(result[:min(len(result), 8<<10)]) {
		if len(line) < 12 || len(line) > 4096 || len(t.shown) >= mostShown {
			continue
		}
		hit := false
		eachRun(line, t.hash, func(w string, _ uint64) bool {
			hit = hit || programs["triggers"][w]
			return !hit
		})
		if hit {
			eachRun(line, t.hash, func(_ string, run uint64) bool {
				if run != 0 {
					t.add(1, run)
				}
				return true
			})
		}
	}
}

// copied says that words of a text that follow each other stood so in a result.
func (t *taint) copied(text string) (is bool) {
	if len(t.shown) > 0 {
		eachRun(text[:min(len(text), mostLooked)], t.hash, func(_ string, run uint64) bool {
			_, is = t.shown[run]
			return !is
		})
	}
	return is
}

// eachRun gives the words of a text in lower case, each with the hash of the run of words that ends with it; 0 of the first ones.
func eachRun(text string, hash hasher, word func(w string, run uint64) bool) {
	var last [runOf]uint64
	n := 0
	for w := range strings.FieldsFuncSeq(text, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c >= 0x80)
	}) {
		if w = strings.ToLower(strings.TrimRight(w, ".")); w == "" {
			continue
		}
		copy(last[:], last[1:])
		last[runOf-1] = hash.of(w)
		n++
		run := uint64(0)
		if n >= runOf {
			run = hash.run(&last)
		}
		if !word(w, run) {
			return
		}
	}
}

var (
	secretName = regexp.MustCompile(`(?i)(key|token|secret|pass|pwd|auth|credential|private|cookie|session)`)
	sentAlong  = regexp.MustCompile(`(?i)(-H|--header|-u|--user|--oauth2-bearer)[ =]("[^"]*"|'[^']*'|\S+)|://[^/@\s"']*@|"(authorization|x-api-key|api-?key|token|password|headers)":\s*("[^"]*"|\{[^}]*\})`)
)

// secrets remembers what a result has that reads as a secret.
func (t *taint) secrets(result string) {
	for line := range strings.Lines(result[:min(len(result), 8<<10)]) {
		least := 20
		if secretName.MatchString(line) {
			least = 8
		}
		eachToken(line, func(w string) {
			if len(w) >= least && mixed(w) {
				t.put(w)
			}
		})
	}
}

func (t *taint) put(w string) {
	t.add(0, t.hash.of(w))
}

// add remembers a hash among words or runs of them.
func (t *taint) add(among int, h uint64) {
	all, most := t.words, mostTaint
	if among == 1 {
		all, most = t.shown, mostShown
	}
	if _, ok := all[h]; ok || len(all) >= most {
		return
	}
	all[h] = struct{}{}
	t.fresh[among] = append(t.fresh[among], h)
}

// file remembers a file that was made of secrets, by its name.
func (t *taint) file(path string) {
	if name := path[strings.LastIndexByte(path, '/')+1:]; len(name) >= 4 && path != "/dev/null" {
		t.put("file " + strings.Trim(name, `"'`))
	}
}

// any says that there is something that could be in a text.
func (t *taint) any() bool { return len(t.words) > 0 }

// in says that a text has some of it in it; what logs in where a secret belongs does not count.
func (t *taint) in(text string) bool {
	if !t.any() || text == "" {
		return false
	}
	text = sentAlong.ReplaceAllString(text[:min(len(text), mostLine)], " ")
	found := false
	eachToken(text, func(w string) {
		if _, ok := t.words[t.hash.of(w)]; ok && len(w) >= 8 {
			found = true
		}
	})
	for w := range strings.FieldsFuncSeq(text, func(c rune) bool { return strings.ContainsRune(" \t\n\"'=@<>/,;()|", c) }) {
		if found {
			break
		}
		_, found = t.words[t.hash.of("file "+w)]
	}
	return found
}

func eachToken(text string, token func(string)) {
	for w := range strings.FieldsFuncSeq(text, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-')
	}) {
		token(w)
	}
}

func mixed(w string) bool {
	return strings.ContainsAny(w, "0123456789") && strings.ContainsFunc(w, func(c rune) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' })
}

// field notes a field of a call's event.
func (d *doing) field(name, v string) {
	switch name {
	case "tool":
		d.tool = v
	case "command":
		d.command = v
	case "arguments":
		d.arguments = v
	case "result":
		d.result = v
	case "prompted":
		d.prompted = v == "true"
	case "asked":
		d.asked = strings.Fields(v)
	case "told":
		d.told = strings.Fields(v)
	case "wanted":
		d.wanted = strings.Fields(v)
	case "arguments.file_path", "arguments.path", "arguments.filePath", "arguments.absolute_path":
		if d.path == "" {
			d.path = v
		}
	}
}
