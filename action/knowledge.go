package action

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/rules"
)

// A Knowledge is what is known of programs and their arguments, files, calls, requests and the words of alerts: rows that
// say what a text means that holds this or that. It is compiled once, shared by readers and never changed.
//
// Rows are data, each with its id, its reason and samples. Tocsin's own are the .knowledge files in the folder knowledge
// beside this file; whoever has more writes files of the same form. A file is paragraphs set apart by blank lines, one a
// row; a line is "key: value", one that begins with a blank goes on with the value above it, one that begins with # is
// a comment. The keys:
//
//	id         the row's name; a row of an id that was met before replaces that one
//	title      what was seen, in a few words
//	on         the text that is looked at, see below; program if it is left out
//	name       exact names, set apart by blanks: programs without path and .exe, and what else "on" says
//	has        words of which the text must hold some. Blanks between words mean and, a | between blanks means or, and
//	           several lines must all hold. A word with blanks stands in double quotes, as Go writes it. A ^ before a
//	           word binds it to the beginning of the text, a $ behind it to the end.
//	not        the same; what holds it is not meant
//	first      words of which the first plain one of a command must be one: the "add" of "reg add"
//	flags      flags of which a command must have one; their case counts
//	args       shapes that the arguments of a command must have, all of them; ! before one means must not (see features)
//	except     ids of lists; programs on them are not meant
//	instead    yes: the row is meant even if other arguments say something more telling
//	mark       what of a command leads to the next place: callback, targets, lhost or dropped
//	means      verb, ATT&CK tactic, ATT&CK technique and level; - where there is none
//	why        why it is telling, and who else does so
//	ref        where that can be read
//	match      a sample that must be told by this row; quiet one that must not. Both may be given more than once
//	off        yes: the row of this id is not used
//
// The texts that "on" names, in lower case if not said otherwise:
//
//	program     the arguments of a command, its secrets masked; name is the program. A row with a name alone says what the
//	            program is for. Of those that ask for more the first that holds is meant.
//	argument    the arguments of any command
//	shape       the same, looked at after all others: what arguments show whatever the program is called
//	output      the file that a command's output goes to
//	request     a request's path and query, as it stands and decoded
//	client      a user agent
//	path        a request's path, of requests that were answered
//	sent        a part of a request that an agent made, decoded: its address, NAME=VALUE of its query, form or object, "header NAME: VALUE"
//	reached     the same of a request that attacks: what it is after
//	answer      the result of a call that made one
//	rpc         a call of a Windows interface, the interface being the name
//	cloud       a call of a cloud platform, its case counts: a word is one part of a name such as PutObject
//	kubernetes  WHO VERB RESOURCE/SUBRESOURCE in SCOPE OUTCOME, see (*Reader).cluster
//	ldap        a filter of a directory search
//	registry    a changed key of Windows' registry
//	setting     the same with what it was set to, KEY = VALUE, numbers in decimal, (deleted) for one that was removed; looked
//	            at before registry. The first line of words is of the key
//	log         an event of Windows' logs, its fields as NAME=VALUE, each followed by "; ", and NAME.end=.exe for a path; the name is the last word of the provider with the
//	            event's id: sysmon/9, bits-client/59. Samples are log lines
//	pipe        the name of a named pipe
//	file        a written file
//	start       the start of a program by another: PARENT > PROGRAM, with their paths
//	alert       the name of another detector's alert; words count at the beginning of words
//	class       a network sensor's classification of a signature; likewise
//	family      the name is a family of Emerging Threats' signatures
//	event       the name is what this package found in an event by reading and counting; samples are log lines, or a
//	            command line behind "$ "
//	list        names and words that code asks for, no judgement
//
// Of several rows of one text the most telling is meant, of equals the first; of alert, class, cloud, rpc, request and the
// texts of Windows and Kubernetes the first.
type Knowledge struct {
	rows  []*row
	rules []*tocsin.Rule

	plain  map[string]*row   // programs, by what they are for
	uses   map[string][]*row // programs, by what their arguments say
	of     [kinds][]*row     // in order
	named  [kinds]map[string][]*row
	lists  map[string]*row
	quick  [kinds]*foldSet  // one of its words is in any text that a row of the kind holds for
	index  [kinds]*rowIndex // of those on arguments: the rows whose words stand in a text
	logins *foldSet
	events [findings]*row
	logs   map[string]*logRows // by the event's id
}

// A kind is a text that rows are held against.
type kind uint8

const (
	onProgram kind = iota
	onArgument
	onShape
	onOutput
	onRequest
	onClient
	onPath
	onSent
	onReached
	onAnswer
	onRPC
	onCloud
	onKubernetes
	onLDAP
	onRegistry
	onSetting
	onLog
	onPipe
	onFile
	onStart
	onAlert
	onClass
	onFamily
	onEvent
	onList
	kinds
)

var kindNames = [kinds]string{"program", "argument", "shape", "output", "request", "client", "path", "sent", "reached", "answer", "rpc", "cloud", "kubernetes", "ldap", "registry", "setting", "log", "pipe", "file", "start", "alert", "class", "family", "event", "list"}

// A row is one piece of knowledge.
type row struct {
	id, title                 string
	on                        kind
	names, first, flags, args []string
	except                    []string
	has                       []clause
	not                       clause
	instead, off              bool
	mark                      string
	verb, tactic, technique   string
	level                     tocsin.Level
	why                       string
	references, match, quiet  []string
	file                      string
	line                      int64
	features                  []feature
	spared                    []*row // the lists that except names
	rule                      *tocsin.Rule
}

// A KnowledgeFile is a file of rows.
type KnowledgeFile = rules.File

// KnowledgeEnd is what names of such files end with.
const KnowledgeEnd = ".knowledge"

//go:embed knowledge.bin
var packed []byte

// OwnKnowledge are Tocsin's own files. They are embedded compressed: an antivirus that finds the names of tools and what
// malware does plain in a program deletes the program. TestPacked keeps them as they are in the folder.
func OwnKnowledge() []KnowledgeFile {
	files, err := rules.Unpack(packed)
	if err != nil {
		return nil
	}
	return files
}

// NewKnowledge compiles files of rows. Rows of later files replace those of the same id, and are looked at before those of
// earlier ones. A row that cannot be used is a fault and costs nothing else.
func NewKnowledge(files ...KnowledgeFile) (*Knowledge, []*tocsin.Fault) {
	var faults []*tocsin.Fault
	var all [][]*row // by file
	where := map[string]**row{}
	for _, f := range files {
		rows, bad := parseRows(f.Path, f.Data)
		faults = append(faults, bad...)
		for i, r := range rows {
			before, ok := where[r.id]
			switch {
			case !ok:
				where[r.id] = &rows[i]
			case (*before).file == r.file:
				faults = append(faults, r.fault(fmt.Errorf("the id %s is taken by line %d", r.id, (*before).line), "give it another"))
				rows[i] = nil
			default:
				*before, rows[i] = r, nil // in its place
				if r.off {
					*before = nil
					delete(where, r.id)
				}
			}
		}
		all = append(all, rows)
	}
	k := &Knowledge{plain: map[string]*row{}, uses: map[string][]*row{}, lists: map[string]*row{}}
	for _, rows := range all {
		for _, r := range rows {
			if r != nil && r.on == onList && !r.off {
				k.lists[r.id] = r
			}
		}
	}
	for _, rows := range slices.Backward(all) {
		for _, r := range rows {
			if r == nil || r.off {
				continue
			}
			if f := k.add(r); f != nil {
				faults = append(faults, f)
			}
		}
	}
	for on := range k.quick {
		k.quick[on] = quickOf(k.of[on])
	}
	for _, on := range [...]kind{onArgument, onShape} {
		k.index[on] = indexRows(k.of[on])
	}
	for _, l := range k.logs {
		l.index()
	}
	k.logins = quickOf([]*row{k.lists["login-paths"]})
	return k, faults
}

// add puts a row where it is looked for.
func (k *Knowledge) add(r *row) *tocsin.Fault {
	for _, id := range r.except {
		list := k.lists[id]
		if list == nil {
			return r.fault(fmt.Errorf("except: there is no list %s", id), "write one with \"on: list\", or leave the line out")
		}
		r.spared = append(r.spared, list)
	}
	r.rule = &tocsin.Rule{ID: r.id, Title: r.title, Level: r.level, Status: "stable", Description: r.why, References: r.references,
		Author: "Tocsin", Source: tocsin.LogSource{Category: "knowledge", Service: kindNames[r.on]}, File: r.file, Line: r.line}
	if r.tactic != "" {
		r.rule.Tags = append(r.rule.Tags, "attack."+r.tactic)
	}
	if r.technique != "" {
		r.rule.Tags = append(r.rule.Tags, "attack."+strings.ToLower(r.technique))
	}
	if r.on == onProgram {
		if r.asksMore() {
			for _, n := range r.names {
				k.uses[n] = append(k.uses[n], r)
			}
		} else {
			for _, n := range r.names {
				if old := k.plain[n]; old != nil && old.file == r.file {
					return r.fault(fmt.Errorf("%s is named by row %s already", n, old.id), "leave it out of one of them, or say what more must hold")
				} else if old == nil {
					k.plain[n] = r
				}
			}
		}
	} else if len(r.names) > 0 {
		if k.named[r.on] == nil {
			k.named[r.on] = map[string][]*row{}
		}
		for _, n := range r.names {
			k.named[r.on][n] = append(k.named[r.on][n], r)
		}
	}
	if r.on == onLog {
		if f := k.addLog(r); f != nil {
			return f
		}
	}
	if r.on == onEvent {
		for _, n := range r.names {
			i := slices.Index(findingNames[:], n)
			if i < 0 {
				return r.fault(fmt.Errorf("%s is nothing that is found in events", n), "there are "+strings.Join(findingNames[:], " "))
			}
			if k.events[i] == nil {
				k.events[i] = r
			}
		}
	}
	k.of[r.on] = append(k.of[r.on], r)
	k.rows = append(k.rows, r)
	if r.on != onList {
		k.rules = append(k.rules, r.rule)
	}
	return nil
}

// asksMore says that a row's name alone is not enough.
func (r *row) asksMore() bool {
	return len(r.has) > 0 || len(r.not) > 0 || len(r.first) > 0 || len(r.flags) > 0 || len(r.args) > 0 || r.instead
}

// Rules are the rows as rules: their id, title, level, reason and place, in the order in which they are looked at.
func (k *Knowledge) Rules() []*tocsin.Rule { return k.rules }

// knows says that a program is one that a row names.
func (k *Knowledge) knows(program string) bool { return k.plain[program] != nil }

// listed says that a list names a word.
func (k *Knowledge) listed(list, name string) bool {
	l := k.lists[list]
	return l != nil && slices.Contains(l.names, name)
}

// inList says that a text in lower case holds words of a list.
func (k *Knowledge) inList(list, text string) bool {
	l := k.lists[list]
	return l != nil && len(l.has) > 0 && l.holds(text)
}

const (
	informational = tocsin.Informational
	low           = tocsin.Low
	medium        = tocsin.Medium
)
