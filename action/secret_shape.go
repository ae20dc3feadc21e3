package action

import "strings"

// What a byte may have to do with the shape of a secret.
const (
	inWord  = 1 + iota // of a word that is no name's
	inToken            // of a name or a token
	opens              // may stand between a name and its value
)

var shapeKinds = func() (k [256]byte) {
	for c := range k {
		switch {
		case letterOrDigit(byte(c)) || c == '-' || c == '.' || c == '+':
			k[c] = inToken
		case c == '=' || c == ':' || c == '\'' || c == '"' || c == '@':
			k[c] = opens
		}
	}
	return k
}()

// shapes finds secrets by what stands around them, whatever the program: names with a value, addresses with a login,
// HTTP headers, statements in SQL, calls in a language; and tokens by their own shape.
func (m *masker) shapes(u *unit) {
	s := u.text
	word := -1 // where the word at hand began
	for i := 0; i <= len(s); i++ {
		if i < len(s) && shapeKinds[s[i]] == inToken {
			if word < 0 {
				word = i
			}
			continue
		}
		if word >= 0 && i-word >= 10 && strings.HasPrefix(s[word:], "-----BEGIN") {
			i = m.pem(u, word, i)
		} else if word >= 0 && i-word >= minToken {
			if w := strings.TrimRight(s[word:i], ".+-"); ofToken(w) {
				m.hit(u, word, word+len(w))
			}
		}
		if word >= 0 && i-word >= 8 && i < len(s) && s[i] == ' ' && secretName(s[word:i]) {
			m.spoken(u, word, i)
		}
		word = -1
		if i >= len(s) {
			break
		}
		switch s[i] {
		case '=':
			i = max(i, m.assigned(u, i))
		case ':':
			if strings.HasPrefix(s[i:], "://") {
				m.login(u, i+3)
			} else {
				i = max(i, m.said(u, i))
			}
		case '(':
			m.called(u, i)
		case '\'', '"':
			m.stated(u, i)
		case '$':
			i = max(i, m.crypt(u, i))
		}
	}
	if i := foldIndex(s, "identified by "); i >= 0 { // Oracle's, without quotes
		if from := i + len("identified by "); from < len(s) && foldIndex(s[:i], " user ") >= 0 && (letterOrDigit(s[from]) && !strings.EqualFold(s[from:min(len(s), from+8)], "values '") && !strings.EqualFold(s[from:min(len(s), from+8)], "password")) {
			m.hit(u, from, from+run1(s[from:], letterOrDigitOrHash))
		}
	}
}

func letterOrDigitOrHash(c byte) bool { return letterOrDigit(c) || c == '#' || c == '$' }

// run1 is the length of the stretch at the start of s whose bytes are of a kind.
func run1(s string, of func(byte) bool) int {
	n := 0
	for n < len(s) && of(s[n]) {
		n++
	}
	return n
}

// spoken looks at a sentence that gives a secret: with user x and password y.
func (m *masker) spoken(u *unit, word, i int) {
	s := u.text
	from, to := nameAt(s, word)
	switch strings.ToLower(s[from:to]) {
	case "and", "with", "using":
		n := run1(s[i+1:], func(c byte) bool { return c > ' ' && strings.IndexByte("\"',;", c) < 0 })
		if v := s[i+1 : i+1+n]; likeSecret(v) {
			m.hit(u, i+1, i+1+n)
		}
	}
}

// nameAt is the name that ends before i: the quote or bracket behind it, and blanks, left out.
func nameAt(s string, i int) (from, to int) {
	for i > 0 && (s[i-1] == ' ' || s[i-1] == '"' || s[i-1] == '\'' || s[i-1] == '\\' || s[i-1] == ']') {
		i--
	}
	to = i
	for i > 0 && to-i < 64 && (letterOrDigit(s[i-1]) || s[i-1] == '-' || s[i-1] == '.' || s[i-1] == '[') {
		i--
	}
	return i, to
}

// assigned looks at an equals sign, and returns where the value behind it ends.
func (m *masker) assigned(u *unit, i int) int {
	s := u.text
	from, to := nameAt(s, i)
	if to == i && i > 0 && (s[i-1] == '!' || s[i-1] == '<' || s[i-1] == '>') {
		return i
	}
	name := s[from:to]
	if len(name) <= 9 && len(s)-i > 32 && hashNames[strings.ToLower(name)] {
		if n := run1(s[i+1:], func(c byte) bool { return hexDigit(c) >= 0 || c == ':' }); isHash(s[i+1 : i+1+n]) {
			m.hit(u, i+1, i+1+n)
		}
	}
	if !secretName(name) && !headerName(name) {
		if strings.EqualFold(name, "auth") { // auth=("user","secret")
			if j := i + 1; j < len(s) && s[j] == '(' {
				m.argument(u, j+1, 2)
			}
		}
		return i
	}
	j := i + 1
	compared := j < len(s) && s[j] == '='
	if compared {
		j++
	}
	apart := false
	for j < len(s) && s[j] == ' ' {
		j++
		apart = true
	}
	quoted := j < len(s) && (s[j] == '"' || s[j] == '\'')
	if (apart && to == i || compared) && !quoted {
		return i // NAME= and a blank: an empty value; NAME==x: a version
	}
	if quoted && headerName(name) {
		return m.header(u, from, to, j)
	}
	return m.valueAt(u, j, name, apart)
}

// hashNames are names of what may be an NT hash, if it looks like one.
var hashNames = wordSet("h hash auth nt ntlm nthash nt_hash ntlm_hash")

// pairSaid masks the secret of "user / secret" and "user:secret", which begins at j, and returns where it ends.
func (m *masker) pairSaid(u *unit, j int) int {
	s := u.text
	in := func(c byte) bool {
		return letterOrDigit(c) || c == '.' || c == '-' || c == '\\' || c == '*' || c == '`' || c == '@' || c == '$'
	}
	k := j + run1(s[j:], in)
	if k == j || k == len(s) {
		return j
	}
	n := run1(s[k:], func(c byte) bool { return c == ' ' })
	if k += n; k >= len(s) || s[k] != '/' && s[k] != ':' || s[k] == '/' && n == 0 {
		return j
	}
	k++
	k += run1(s[k:], func(c byte) bool { return c == ' ' || c == '`' })
	end := k
	for end < len(s) && !valueEnds(s, end) && !(m.json && s[end] == '\\') {
		end++
	}
	if v := s[k:end]; v == "" || digits(v) || v[0] == '/' || reference(v) {
		return j
	}
	m.hit(u, k, end)
	return end
}

// said looks at a colon, and returns where the value behind it ends.
func (m *masker) said(u *unit, i int) int {
	s := u.text
	if i+1 >= len(s) || s[i+1] == ':' || i > 0 && s[i-1] == ':' {
		return i
	}
	from, to := nameAt(s, i)
	name := s[from:to]
	j := i + 1
	for j < len(s) && s[j] == ' ' {
		j++
	}
	if j == len(s) || from > 0 && s[from-1] == ':' { // a part of a longer name: arn:aws:x:secret:y
		return i
	}
	if headerName(name) {
		return m.header(u, from, to, j)
	}
	if l := len(name); l >= 5 && (strings.EqualFold(name[l-5:], "creds") || strings.EqualFold(name[max(0, l-11):], "credentials") || strings.EqualFold(name[max(0, l-10):], "credential")) {
		return m.pairSaid(u, j)
	}
	if !secretName(name) || from > 0 && s[from-1] == '/' && strings.IndexByte(s[j:], '@') > 0 {
		return i // or the user of a URL
	}
	if j > i+1 && to == i && s[j] != '"' && s[j] != '\'' {
		if ordinary[strings.ToLower(s[j:j+run1(s[j:], letterOrDigit)])] {
			return i // words about a secret
		}
		if p, q := nameAt(s, from); ordinary[strings.ToLower(s[p:q])] {
			return i // an unexpected token: x
		}
	}
	return m.valueAt(u, j, name, false)
}

// ordinary are words beside the name of a secret by which a sentence speaks of one without giving it.
var ordinary = wordSet("must is are was were for required requires require the not no expired incorrect wrong invalid failed fail missing unexpected unknown illegal syntax near string optional please enter your changed reset accepted rejected mismatch a an on at from to")

// valueAt masks the value that begins at j, and returns where it ends.
func (m *masker) valueAt(u *unit, j int, name string, apart bool) int {
	s := u.text
	if j >= len(s) {
		return j
	}
	quote := 0
	switch {
	case s[j] == '\\' && j+1 < len(s) && (s[j+1] == '"' || s[j+1] == '\''):
		quote = 2
	case s[j] == '"' || s[j] == '\'':
		quote = 1
	case prefixed(s[j:]):
		j++
		quote = 1
	}
	if quote > 0 {
		mark := s[j : j+quote]
		from := j + quote
		n := 0
		if quote == 2 {
			n = strings.Index(s[from:], mark)
		} else {
			n = closing(s[from:], s[j])
		}
		if n < 0 {
			n = len(s) - from
		}
		if n > 0 && (!reference(s[from:from+n]) || s[j] == '\'') && !directory(name, s[from:from+n]) && !empty[strings.ToLower(s[from:from+n])] {
			m.hit(u, from, from+n)
		}
		return min(from+n, len(s))
	}
	if s[j] == '[' || s[j] == '(' {
		return m.list(u, j+1, name)
	}
	end := j
	for end < len(s) && !valueEnds(s, end) && !(m.json && s[end] == '\\' && end+1 < len(s) && (s[end+1] == 'n' || s[end+1] == 'r' || s[end+1] == 't')) {
		if s[end] == '$' && end+1 < len(s) && (s[end+1] == '(' || s[end+1] == '{') {
			end += bracketed(s[end+1:])
		}
		end++
	}
	end = min(end, len(s))
	v := s[j:end]
	if i := strings.IndexByte(v, '?'); i >= 0 && strings.EqualFold(name, "jsessionid") {
		v, end = v[:i], j+i
	}
	switch {
	case v == "", reference(v), empty[strings.ToLower(v)], code(v, apart), directory(name, v):
	case v[0] == '{':
	case strings.HasSuffix(v, ":") && strings.ToLower(v) != v: // the next word is told of: Password: Username:
	default:
		m.hit(u, j, end)
	}
	return end
}

// list masks the texts in a list of secrets that begins at j, and returns where it ends.
func (m *masker) list(u *unit, j int, name string) int {
	s := u.text
	for j < len(s) && s[j] != ']' && s[j] != ')' {
		if c := s[j]; c == '"' || c == '\'' {
			n := closing(s[j+1:], c)
			if n < 0 {
				break
			}
			if strings.HasSuffix(strings.ToLower(name), "s") || strings.HasPrefix(strings.TrimLeft(s[j+n+2:], " "), ")") {
				m.hit(u, j+1, j+1+n)
			}
			j += n + 1
		}
		j++
	}
	return min(j, len(s))
}

// prefixed says that a quote begins behind one letter, as in N'x', b"x" and $"x".
func prefixed(s string) bool {
	return len(s) > 1 && (s[1] == '\'' || s[1] == '"') && strings.IndexByte("NbfruBFRU@$", s[0]) >= 0
}

// path says that a value is a file or folder, as it stands behind PWD=.
func path(v string) bool {
	return v != "" && (v[0] == '/' || v[0] == '~' || v[0] == '.') || len(v) > 2 && v[1] == ':' && (v[2] == '\\' || v[2] == '/')
}

// directory says that a name is that of the directory one works in, if its value is a path.
func directory(name, v string) bool {
	return path(v) && strings.HasSuffix(strings.ToLower(name), "pwd")
}

// empty are words in the place of a value that is none.
var empty = wordSet("* str bytes int bool any chauthtok auth session account true false null none nil undefined yes no string redacted [redacted] (null) -")

// valueEnds says that a value without quotes ends at s[i].
func valueEnds(s string, i int) bool {
	switch s[i] {
	case ' ', '\t', '\r', '\n', '"', '\'', ';', '<', '>', '|', '`', '#':
		return true
	case '\\':
		return i+1 < len(s) && (s[i+1] == '"' || s[i+1] == 'n' && i+2 < len(s) && s[i+2] >= 'A')
	case '&':
		rest := s[i+1:]
		n := run1(rest, letterOrDigit)
		return rest == "" || rest[0] <= ' ' || rest[0] == '&' || n > 0 && n < len(rest) && (rest[n] == '=' || rest[n] == '[' || rest[n] == '-' || rest[n] == '.')
	case ',', ')', '}', ']':
		rest := s[i+1:]
		n := run1(rest, letterOrDigit)
		return rest == "" || rest[0] <= ' ' || strings.IndexByte("\"'),}];:", rest[0]) >= 0 || n < len(rest) && n > 0 && (rest[n] == '=' || rest[n] == ':' || rest[n] == '.')
	}
	return false
}

// code says that what stands behind a name is code that gets the value: a call, a cmdlet, a place in a list.
func code(v string, apart bool) bool {
	last := v[len(v)-1]
	if i := strings.IndexAny(v, "([."); i > 0 && (last == ')' || last == ']' || last == '(' || apart && (v[i] == '(' || v[i] == '.' && owners[v[:i]])) {
		for k := 0; k < i; k++ {
			if !letterOrDigit(v[k]) {
				return false
			}
		}
		return true
	}
	if i := strings.IndexByte(v, '-'); apart && i > 0 {
		switch strings.ToLower(v[:i]) {
		case "get", "read", "new", "convertto", "convertfrom", "import", "invoke":
			return true
		}
	}
	return v[0] == '(' || v == "=" || v == "\\"
}

// owners are what code calls the things that hold its values.
var owners = wordSet("os self this config conf cfg settings process env sys app request req args opts params options ctx secrets data user form body")

// headers are those of HTTP that carry credentials, besides those that are called a secret's name.
var headers = wordSet("authorization proxy-authorization cookie set-cookie cookie2 x-authorization http_authorization http_cookie")

func headerName(name string) bool {
	n := len(name)
	if n < 6 || n > 20 {
		return false
	}
	if c := name[n-1] | 0x20; c != 'n' && c != 'e' && c != '2' {
		return false
	}
	return headers[strings.ToLower(name)]
}

// schemes are the words before a credential in a header. https://www.iana.org/assignments/http-authschemes
var schemes = wordSet("basic bearer digest token negotiate ntlm apikey aws aws4-hmac-sha256 sharedkey sharedaccesssignature hawk hoba mutual splunk bot key oauth scram-sha-256")

// header masks the value of a header that begins at j and returns where it ends: a header in a word of its own ends with
// the word.
func (m *masker) header(u *unit, from, to, j int) int {
	s := u.text
	end := len(s)
	if from > 0 {
		if i := strings.IndexAny(s[j:], "\"'\r\n"); i >= 0 {
			end = j + i
		}
	} else if i := strings.IndexAny(s[j:], "\r\n"); i >= 0 {
		end = j + i
	}
	if prefixed(s[j:]) {
		j++
	}
	if s[j] == '"' || s[j] == '\'' {
		if j++; j < len(s) {
			end = len(s)
			if n := closing(s[j:], s[j-1]); n >= 0 {
				end = j + n
			}
		}
	}
	if j >= end {
		return min(j, len(s))
	}
	whole := from == 0 || end < len(s)
	if strings.HasSuffix(strings.ToLower(s[from:to]), "cookie") {
		for at := j; at < end; {
			n := strings.IndexByte(s[at:end], ';')
			if n < 0 {
				n = end - at
			}
			pair := s[at : at+n]
			i := strings.IndexByte(pair, '=')
			if i < 0 && !whole {
				return at
			}
			if !whole {
				if blank := strings.IndexByte(strings.TrimLeft(pair, " "), ' '); blank >= 0 {
					pair = pair[:len(pair)-len(strings.TrimLeft(pair, " "))+blank]
					n = end - at
				}
			}
			if i++; i < len(pair) && !reference(pair[i:]) {
				m.hit(u, at+i, at+len(pair))
			}
			at += n + 1
		}
		return end
	}
	at := j
	if n := run1(s[at:end], func(c byte) bool { return c != ' ' }); schemes[strings.ToLower(s[at:at+n])] {
		for at += n; at < end && s[at] == ' '; at++ {
		}
	}
	if !whole {
		end = at + run1(s[at:end], func(c byte) bool { return c != ' ' })
	}
	if at < end && !reference(s[at:end]) {
		m.hit(u, at, end)
	}
	return end
}

// login masks the secret of user:secret@host, which begins at from, in a URL.
func (m *masker) login(u *unit, from int) {
	s := u.text
	end := from + run1(s[from:], func(c byte) bool { return c > ' ' && strings.IndexByte("/?#\"'<>`|", c) < 0 })
	at := strings.LastIndexByte(s[from:end], '@')
	colon := strings.IndexByte(s[from:end], ':')
	if at < 0 && colon >= 0 && !digits(s[from+colon+1:end]) && colon+1 < end-from && s[from] != '[' {
		// A secret that is not escaped as it should be.
		end = from + run1(s[from:], func(c byte) bool { return c > ' ' && c != '"' && c != '\'' })
		at = strings.LastIndexByte(s[from:end], '@')
	}
	if at < 0 {
		return
	}
	v := from + colon + 1
	if colon < 0 || colon > at {
		if at < minToken || !mixed(s[from:from+at]) {
			return
		}
		v = from // a token in the place of the user
	}
	if v < from+at && !reference(s[v:from+at]) {
		m.hit(u, v, from+at)
	}
}

// calls are functions whose second argument is a secret.
var calls = wordSet("networkcredential pscredential httpbasicauth httpdigestauth basicauth setbasicauth passwordauthentication usernamepasswordcredentials")

// called looks at a bracket that opens a call's arguments.
func (m *masker) called(u *unit, i int) {
	s := u.text
	from, to := nameAt(s, i)
	if to-from < 3 || strings.IndexByte("wWhHlLnNsS", s[to-1]) < 0 {
		return
	}
	if name := strings.ToLower(s[from:to]); name != "" {
		if name == "new" && strings.HasSuffix(s[:from], "::") {
			from, to = nameAt(s, from-2)
			name = strings.ToLower(strings.TrimLeft(s[from:to], "["))
		}
		if calls[name[strings.LastIndexByte(name, '.')+1:]] {
			m.argument(u, i+1, 2)
		}
	}
}

// maxArguments bounds how far a call's arguments are followed, in bytes.
const maxArguments = 512

// argument masks the nth of a call's arguments, if it is a text.
func (m *masker) argument(u *unit, i, n int) {
	s := u.text[:min(len(u.text), i+maxArguments)]
	for i < len(s) {
		switch c := s[i]; c {
		case ' ':
			i++
		case ',':
			n--
			i++
		case '"', '\'':
			end := closing(s[i+1:], c)
			if end < 0 {
				return
			}
			if n == 1 {
				m.hit(u, i+1, i+1+end)
				return
			}
			i += end + 2
		case ')':
			return
		default:
			i++
		}
	}
}

// stated looks at a quote in a statement of SQL: PASSWORD 'x', PASSWORD('x'), IDENTIFIED BY 'x', IDENTIFIED WITH y AS 'x'.
func (m *masker) stated(u *unit, i int) {
	s := u.text
	k := i
	for k > 0 && (s[k-1] == ' ' || s[k-1] == '(' || s[k-1] == 'N' && k > 1 && s[k-2] == ' ') {
		k--
	}
	if k == i {
		return
	}
	w := k
	for w > 0 && letterOrDigit(s[w-1]) {
		w--
	}
	switch word := s[w:k]; {
	case strings.EqualFold(word, "password"), strings.EqualFold(word, "old_password"):
	case strings.EqualFold(word, "by"), strings.EqualFold(word, "as"), strings.EqualFold(word, "values"):
		if foldIndex(s[max(0, w-64):w], "identified ") < 0 {
			return
		}
	default:
		return
	}
	if n := closing(s[i+1:], s[i]); n > 0 {
		m.hit(u, i+1, i+1+n)
	}
}
