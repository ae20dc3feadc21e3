package action

import "strings"

// maxVariable bounds a line in which variables have been put in: what they stand for may be longer than they are.
const maxVariable = maxLine

// variables puts in what the environment's variables of Windows stand for wherever it is that usually, so that a path is
// read alike however it is written: %TEMP%\a, $env:TEMP\a, C:\Users\bob\AppData\Local\Temp\a. Which ones is a list of
// knowledge, environment: NAME=VALUE.
func (k *Knowledge) variables(text string) string {
	list := k.lists["environment"]
	if list == nil || !strings.ContainsAny(text, "%!$") {
		return text
	}
	var out strings.Builder
	from := 0
	put := func(at, end int, name string) bool {
		for _, pair := range list.names {
			n, v, _ := strings.Cut(pair, "=")
			if strings.EqualFold(n, name) {
				out.WriteString(text[from:at])
				out.WriteString(v)
				from = end
				return out.Len() < maxVariable
			}
		}
		return true
	}
	const longest = 24
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '%', '!':
			if end := strings.IndexByte(text[i+1:min(len(text), i+1+longest)], c); end > 0 {
				if !put(i, i+end+2, text[i+1:i+1+end]) {
					return out.String()
				}
				i = max(i, from-1)
			}
		case '$':
			at, braced := i+1, false
			if at < len(text) && text[at] == '{' {
				at, braced = at+1, true
			}
			if !foldPrefix(text[at:], "env:") {
				continue
			}
			end := at + 4
			for end < len(text) && end < at+longest && letter(text[end]|0x20) {
				end++
			}
			name := text[at+4 : end]
			if braced && end < len(text) && text[end] == '}' {
				end++
			}
			if !put(i, end, name) {
				return out.String()
			}
			i = max(i, from-1)
		}
	}
	if from == 0 {
		return text
	}
	out.WriteString(text[from:])
	return out.String()
}

// assigned are variables of a script that were given a plain text: what is put together of parts is read as if it stood
// in one place.
type assigned map[string]string

// Bounds of what is remembered of a script's variables.
const (
	maxAssigned = 32
	maxValue    = 512
)

// note remembers $name = text.
func (a *assigned) note(words []string) {
	if len(words) != 3 || words[1] != "=" || len(words[0]) < 2 || words[0][0] != '$' || len(words[2]) > maxValue || words[2] == "" || words[2][0] == '$' || len(*a) >= maxAssigned {
		return
	}
	if *a == nil {
		*a = assigned{}
	}
	(*a)[strings.ToLower(words[0])] = words[2]
}

// in is a word with what the variables at its beginning stands for, or the word.
func (a assigned) in(word string) string {
	if len(a) == 0 || len(word) < 2 || word[0] != '$' {
		return word
	}
	end := 1
	for end < len(word) && letterOrDigit(word[end]) {
		end++
	}
	if v, ok := a[strings.ToLower(word[:end])]; ok {
		return v + word[end:]
	}
	return word
}

// plainPowerShell is a script without what only hides its words: backticks before letters and texts that are joined.
func plainPowerShell(text string) string {
	text = strings.ReplaceAll(text, "`", "")
	for _, join := range [...]string{"'+'", "' + '", `"+"`, `" + "`} {
		text = strings.ReplaceAll(text, join, "")
	}
	return text
}

// setApart writes $name=text as $name = text.
func setApart(words []string) []string {
	if len(words) == 0 || len(words[0]) < 3 || words[0][0] != '$' {
		return words
	}
	name, rest, ok := strings.Cut(words[0], "=")
	if !ok || rest == "" || strings.ContainsAny(name, ".[(+-'\" ") {
		return words
	}
	return append([]string{name, "=", rest}, words[1:]...)
}
