package campaign

import (
	"strings"
	"unicode"

	"github.com/tocsin-ids/tocsin"
)

// An account is whom a name is of, in lower case: "fs01\ann", "corp\ann", "ann@corp.example" and a principal have a scope, "ann" has none.
type account struct{ name, scope string }

// key is the account as one word.
func (a account) key() string { return a.scope + `\` + a.name }

// accountOf reads an account's name; false where none is meant: a placeholder, a pattern, a role that is put on, or what
// every machine has.
func accountOf(e tocsin.Entity, org string) (account, bool) {
	v := strings.ToLower(strings.TrimSpace(e.Value))
	var a account
	switch {
	case strings.HasPrefix(v, "arn:"):
		parts := strings.SplitN(v, ":", 6)
		if len(parts) < 6 {
			return a, false
		}
		kind, name, _ := strings.Cut(parts[5], "/")
		switch kind {
		case "user", "federated-user":
			a = account{name[strings.LastIndexByte(name, '/')+1:], "aws:" + parts[4]}
		case "root":
			a = account{"root", "aws:" + parts[4]}
		default:
			return a, false
		}
	case strings.HasPrefix(v, "role/"), strings.Contains(v, "/roles/"), strings.Contains(v, ":role/"):
		return a, false
	case strings.Contains(v, `\`):
		i := strings.LastIndexByte(v, '\\')
		a = account{v[i+1:], v[:i]}
	case e.Kind == "user" && strings.Contains(v, "@"), strings.Count(v, "@") == 1:
		i := strings.LastIndexByte(v, '@')
		a = account{v[:i], v[i+1:]}
	default:
		a = account{name: v}
		if e.Kind == "principal" {
			a.scope = strings.ToLower(org)
		}
	}
	if nobodies[a.name] || a.scope == "nt authority" || !plain(a.name) || !plain(a.scope) {
		return a, false
	}
	return a, true
}

// plain says that a name is no pattern, variable or placeholder.
func plain(s string) bool {
	for i, r := range s {
		switch r {
		case '<', '>', '{', '}', '[', ']', '*', '?', '%', '"', '|', ';', '`':
			return false
		case '$':
			if i+1 < len(s) { // but a machine's account ends so
				return false
			}
		}
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// computer is the machine whose account it is, or "".
func (a account) computer() string {
	if name, ok := strings.CutSuffix(a.name, "$"); ok {
		return name
	}
	return ""
}

// sameScope says that two domains or machines can be one: alike, or one short and the other long.
func sameScope(a, b string) bool {
	return a == b || first(a) == first(b) && strings.Contains(a, ".") != strings.Contains(b, ".")
}
