package campaign

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
)

const (
	// attemptAt stands before what is not known to have worked.
	attemptAt = "an attempt at "

	// longName is the most characters of a name that a title quotes whole, and longNames of two.
	longName, longNames = 48, 60
)

// Title is one line that says what a campaign is: on or into what, by whom, how far. It is short by what it says, never by
// being cut, and what it does not name it counts. Below high it claims no intrusion.
func Title(c *tocsin.Campaign) string {
	var b strings.Builder
	machines, accounts, _ := c.Aimed(true)
	tried, _, _ := c.Aimed(false)
	into, at, alone := "Unusual activity on ", "Unusual activity aimed at ", "Unusual activity"
	if c.Level >= tocsin.High {
		into, at, alone = "Intrusion into ", "Attack on ", "Intrusion"
	}
	switch more := c.Omitted["victims"] > 0; {
	case len(machines) > 0:
		b.WriteString(into + namesOf(machines, "machine", more))
	case len(accounts) > 0:
		b.WriteString(into + namesOf(accounts, "account", more))
	case len(tried) > 0:
		b.WriteString(at + namesOf(tried, "machine", more))
	default:
		b.WriteString(alone)
	}
	if n := len(c.Orgs); n > 1 {
		fmt.Fprintf(&b, " of %d organisations", n)
	}
	b.WriteString(doer(c))
	b.WriteString(extent(c))
	return b.String()
}

// doer names the first who is known to have acted, and counts the others; those that belong to the campaign weakly only where all do.
// A machine that was entered is where somebody acted from, and not who.
func doer(c *tocsin.Campaign) string {
	first, others := "", 0
	firm := slices.ContainsFunc(c.Actors, func(a *tocsin.Actor) bool { return !a.Local && a.Tie != tocsin.Weak })
	for _, a := range c.Actors {
		switch {
		case a.Local || len(a.Handles) == 0 || firm && a.Tie == tocsin.Weak || c.Through(a) != "" || asServer(c, a):
		case first == "":
			name := handleName(a.Handles[0])
			if first = short(name); first == "" { // of a caller, whence
				name, _, _ = strings.Cut(name, " with ")
				first = short(name)
			}
			if first == "" {
				first = "one " + a.Handles[0].Kind
			}
		default:
			others++
		}
	}
	switch {
	case first == "":
		return ""
	case others == 0:
		return " by " + first
	case others == 1:
		return " by " + first + " and 1 other"
	}
	return fmt.Sprintf(" by %s and %d others", first, others)
}

// asServer says that all that is known of an actor is the account of a server that was made to run what came in.
func asServer(c *tocsin.Campaign, a *tocsin.Actor) bool {
	return len(a.Handles) == 1 && slices.ContainsFunc(c.Key, func(e tocsin.KeyEvent) bool {
		return e.Kind == "entry" && e.RanByServer() && e.Account == a.Handles[0].Value
	})
}

// handleName is a handle as a title says it: of a caller, whence and by what; the rest tells callers apart.
func handleName(h tocsin.Entity) string {
	if h.Kind == "caller" {
		name, _, _ := strings.Cut(h.Value, ",")
		return name
	}
	return h.Value
}

// extent is which tactics are not known to have failed: by name if they are two at most, else the furthest. Of which nothing shows
// that it worked is said to be an attempt.
func extent(c *tocsin.Campaign) string {
	done, shown := map[string]bool{}, map[string]bool{}
	for i := range c.Steps {
		st := &c.Steps[i]
		if c.Loose(st) {
			continue
		}
		if st.Failed == 0 || st.Failed < st.Actions {
			done[st.Tactic] = true
		}
		shown[st.Tactic] = shown[st.Tactic] || st.Worked > 0 || len(st.Shown) > 0
	}
	var names []string // those that are shown to have worked first
	furthest, stage := "", 0
	proven := 0
	for _, t := range tocsin.Tactics() {
		if !done[t.Slug] || stages[t.Slug] == 0 {
			continue
		}
		name := strings.ToLower(t.Name)
		if shown[t.Slug] {
			names = slices.Insert(names, proven, name)
			proven++
		} else {
			name = attemptAt + name
			names = append(names, name)
		}
		if s := stages[t.Slug]; s > stage || s == stage && (shown[t.Slug] || strings.HasPrefix(furthest, attemptAt)) {
			furthest, stage = name, s
		}
	}
	switch len(names) {
	case 0:
		return ""
	case 1, 2:
		return ": " + strings.Join(names, " and ")
	default:
		return ": as far as " + furthest
	}
}

// namesOf are the names of one or two victims, or how many there are.
func namesOf(all []*tocsin.Victim, noun string, more bool) string {
	least := ""
	if more {
		least = "more than "
	}
	first := short(all[0].Value)
	if first == "" {
		return fmt.Sprintf("%s%s", least, several(len(all), noun))
	}
	said := first
	if noun == "account" {
		said = "account " + first
	}
	if len(all) == 1 && !more {
		return said
	}
	if second := ""; len(all) == 2 && !more {
		if second = short(all[1].Value); second != "" && utf8.RuneCountInString(first)+utf8.RuneCountInString(second) <= longNames {
			if noun == "account" {
				return "accounts " + first + " and " + second
			}
			return first + " and " + second
		}
		return said + " and 1 other " + noun
	}
	return fmt.Sprintf("%s%s", least, several(len(all), noun))
}

// short is a name as a title quotes it: whole, else its last part, after which a path or a resource is called; "" if that is
// too long as well.
func short(name string) string {
	if utf8.RuneCountInString(name) <= longName {
		return name
	}
	last := name[strings.LastIndexAny(name, `/\:`)+1:]
	if utf8.RuneCountInString(last) <= longName {
		return last
	}
	return ""
}
