package decode

// anyPhrases are messages that are clear whoever writes them, of programs that log under any name or none.
var anyPhrases = []phrase{
	{"Invalid login as {user} from {@}", loginFailed, ""},
}
