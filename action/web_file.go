package action

import "strings"

// webFile is the name of the file that a path ends with, in lower case, if it is of a kind that servers run or give out as it is;
// else "". Names that every site has are none.
func (k *Knowledge) webFile(path string) string {
	path = strings.TrimRight(path, "/")
	name := path[strings.LastIndexAny(path, `/\`)+1:]
	if len(name) < 4 || len(name) > 64 || strings.IndexByte(name, '.') < 0 {
		return ""
	}
	if name = strings.ToLower(name); !k.inList("web-files", name) {
		return ""
	}
	return name
}

// writes is the name of the file that what a request carries would have the server write, if it is one of webFile's: what stands
// behind a word for writing. plain is in lower case.
func (k *Knowledge) writes(plain string) string {
	list := k.lists["writing-words"]
	if list == nil {
		return ""
	}
	const most = 16 // places looked at
	tried := 0
	for _, c := range list.has {
		for _, alternative := range c {
			for _, w := range alternative {
				for rest := plain; tried < most; tried++ {
					i := strings.Index(rest, w.text)
					if i < 0 {
						break
					}
					rest = rest[i+len(w.text):]
					if name := k.webFile(fileWord(rest)); name != "" {
						return name
					}
				}
			}
		}
	}
	return ""
}

// fileWord is the first word of a text that is no flag and no stream, without quotes: of an address of the web the path.
func fileWord(s string) string {
	for range 4 {
		s = strings.TrimLeft(s, " \t>\"'`(")
		end := strings.IndexAny(s, " \t\"'`);,&|<>{}\r\n")
		if end < 0 {
			end = len(s)
		}
		word := s[:end]
		if word == "" {
			return ""
		}
		if word[0] != '-' {
			return before(word, '?')
		}
		s = s[end:]
	}
	return ""
}
