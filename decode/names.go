package decode

import "strings"

// nobodies are what is written where a user's name stands, for nobody.
var nobodies = map[string]bool{
	"": true, "-": true, "--": true, "n/a": true, "na": true, "none": true, "null": true, "nil": true, "(null)": true, "(none)": true, "<none>": true, "unknown_user": true, "unknown": true, "undefined": true,
	"no user": true, "(no user)": true, "not available": true, "not applicable": true, "*****": true, "****": true, "***": true, "<invalid username>": true, "no authentication required": true, "unknown-user": true, "no-user": true,
	"(invalid user)": true, "(unknown user)": true, "(unknown)": true, "?": true, // sshd, pam and login to auditd
}

// sentenceWords are the words that follow "user" and the like in a sentence, and are no names: its verbs, what is said of a
// user, and the label of the next value.
var sentenceWords = wordSet("name or and from with is was has have had in at to the a an on of for by as via using due because that this which not no " +
	"does doesn't did do can cannot could will been are be exist exists found names input attempt attempts failed failure invalid successful successfully succeeded " +
	"authentication authenticated authorization agent login logon logged logout password passwords user users username account accounts id ip access action identity details domain " +
	"name/password username/password user/password name: credentials session sessions reason request client locked disabled expired denied rejected validation database data group " +
	"security type role unauthorized error interface profile level command space defined object executed added deleted changed created connection connected disconnected lookup list process mode")

// wordSet is the set of the words of a text.
func wordSet(text string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(text) {
		set[w] = true
	}
	return set
}

// isNobody says that a value where a user's name stands is none.
func isNobody(s string) bool {
	if len(s) > 256 || len(s) < 32 && nobodies[strings.ToLower(s)] {
		return true
	}
	name, from, ok := strings.Cut(s, "@") // "n/a@192.0.2.7"
	return ok && len(name) < 8 && isIP(from) && nobodies[strings.ToLower(name)]
}

// loginName takes a login out of "Ann Bee (ann)", as directories write it behind the name that is shown.
func loginName(s string) string {
	if at := strings.LastIndex(s, " ("); at > 0 && strings.HasSuffix(s, ")") {
		if in := s[at+2 : len(s)-1]; in != "" && strings.IndexByte(in, ' ') < 0 {
			return in
		}
	}
	return s
}

// isName says that a word of a sentence that stands where a user's name stands could be one.
func isName(s string) bool {
	return !isNobody(s) && !sentenceWords[s] && !sentenceWords[strings.ToLower(s)]
}

// distinguished takes the name of an entry out of its distinguished name: ann of "uid=ann,ou=people,dc=shop,dc=example".
func distinguished(s string) string {
	first, _, _ := strings.Cut(s, ",")
	_, name, ok := strings.Cut(first, "=")
	if !ok {
		return s
	}
	return name
}

// dialled takes the name out of a SIP address, with or without what is shown for it: 1 of `"1"<sip:1@192.0.2.7>`.
func dialled(s string) string {
	at := strings.Index(s, "sip:")
	if at < 0 {
		at = strings.Index(s, "sips:")
	}
	if at < 0 {
		return s
	}
	_, s, _ = strings.Cut(s[at:], ":")
	if end := strings.IndexAny(s, "@>;:"); end >= 0 {
		s = s[:end]
	}
	return s
}

// somebody leaves out who is nobody.
func somebody(s string) string {
	if isNobody(s) {
		return ""
	}
	return s
}
