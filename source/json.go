package source

import "bytes"

// A verdict is what a look at JSON found.
type verdict uint8

const (
	whole     verdict = iota
	needMore          // it goes on beyond the bytes at hand
	malformed         // it is not what was looked for
)

// maxNesting bounds the nesting of a value; what is deeper is malformed.
const maxNesting = 1000

// A scanner finds where JSON values end without building them. It checks brackets and where names, colons and commas
// stand, which finds values that were cut off, and leaves it to the decoder to check the rest.
type scanner struct {
	stack []byte
	work  int64 // bytes looked at
}

func blankAt(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' {
		i++
	}
	return i
}

// value finds the end of the value at b[i].
func (s *scanner) value(b []byte, i int) (end int, v verdict) {
	end, v = s.walk(b, i)
	s.work += int64(end - i)
	return end, v
}

func (s *scanner) walk(b []byte, i int) (end int, v verdict) {
	s.stack = s.stack[:0]
	closed := false
	for {
		// A value begins here, or an array ends.
		if i = blankAt(b, i); i == len(b) {
			return i, needMore
		}
		switch c := b[i]; {
		case c == '"':
			if i, v = text(b, i); v != whole {
				return i, v
			}
		case c == '{' || c == '[':
			if len(s.stack) == maxNesting {
				return i, malformed
			}
			s.stack = append(s.stack, c)
			i++
			if c == '[' {
				continue
			}
			if i, closed, v = s.name(b, i); v != whole {
				return i, v
			}
			if !closed {
				continue
			}
		case c == ']' && len(s.stack) > 0 && s.stack[len(s.stack)-1] == '[':
		default:
			from := i
			for i < len(b) && scalar(b[i]) {
				i++
			}
			if i == len(b) {
				return i, needMore
			}
			if i == from {
				return i, malformed
			}
		}
		// A value has ended, or what is around it ends.
		for {
			if len(s.stack) == 0 {
				return i, whole
			}
			if i = blankAt(b, i); i == len(b) {
				return i, needMore
			}
			last := s.stack[len(s.stack)-1]
			if b[i] == last+2 { // in ASCII a closing bracket is two after its opening one
				s.stack = s.stack[:len(s.stack)-1]
				i++
				continue
			}
			if b[i] != ',' {
				return i, malformed
			}
			i++
			if last == '[' {
				break
			}
			if i, closed, v = s.name(b, i); v != whole {
				return i, v
			}
			if !closed {
				break
			}
		}
	}
}

func scalar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}

// name moves from where a member's name may stand to the member's value, or to the brace that closes the object.
func (s *scanner) name(b []byte, i int) (at int, closed bool, v verdict) {
	if i = blankAt(b, i); i < len(b) && b[i] == '}' {
		return i, true, whole
	}
	_, at, v = s.member(b, i)
	return at, false, v
}

// member reads the name of the member at b[i] and finds where its value begins.
func (s *scanner) member(b []byte, i int) (name []byte, at int, v verdict) {
	if i = blankAt(b, i); i == len(b) {
		return nil, i, needMore
	}
	if b[i] != '"' {
		return nil, i, malformed
	}
	end, v := text(b, i)
	if v != whole {
		return nil, end, v
	}
	at = blankAt(b, end)
	if at == len(b) {
		return nil, at, needMore
	}
	if b[at] != ':' {
		return nil, at, malformed
	}
	if at = blankAt(b, at+1); at == len(b) {
		return nil, at, needMore
	}
	return b[i+1 : end-1], at, whole
}

// text finds the end of the string at b[i].
func text(b []byte, i int) (int, verdict) {
	from := i + 1
	for i = from; ; i++ {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return len(b), needMore
		}
		i += n
		k := i
		for k > from && b[k-1] == '\\' {
			k--
		}
		if (i-k)%2 == 0 {
			return i + 1, whole
		}
	}
}

// wrapper looks whether the object at b[i] does nothing but wrap an array of records, as services hand them out, and
// returns where the array's bracket is: an array of objects by one of the names that are used for it, and before it
// nothing but what belongs to such an answer. If the object is not too large, the same holds for what comes after. last
// says that b is all there is.
func (s *scanner) wrapper(b []byte, i int, last bool) (at int, v verdict) {
	i++
	for {
		if i = blankAt(b, i); i < len(b) && b[i] == ',' {
			i++
		}
		name, at, v := s.member(b, i)
		if v != whole {
			return 0, v
		}
		if b[at] == '[' && wraps(name) {
			if v := objects(b, at+1); v != whole {
				return 0, v
			}
			return at, s.envelope(b, at, last)
		}
		if !aside(name) {
			return 0, malformed
		}
		if i, v = s.value(b, at); v != whole {
			return 0, v
		}
	}
}

// envelope looks, from the wrapped array on, whether anything comes after it that does not belong to a wrapper. An
// object that is broken or that does not end soon is taken for a wrapper: there is nothing in a record so large.
func (s *scanner) envelope(b []byte, i int, last bool) verdict {
	const soon = 1 << 20
	if len(b) >= i+soon {
		b, last = b[:i+soon], true
	}
	for {
		end, v := s.value(b, i)
		if v == whole {
			if i = blankAt(b, end); i < len(b) && b[i] != ',' {
				return whole
			}
			var name []byte
			if name, i, v = s.member(b, min(i+1, len(b))); v == whole && !aside(name) && !wraps(name) {
				return malformed
			}
		}
		if v == needMore && !last {
			return needMore
		}
		if v != whole {
			return whole
		}
	}
}

// objects looks whether what follows in an array at b[i] is objects, arrays or its end.
func objects(b []byte, i int) verdict {
	if i = blankAt(b, i); i == len(b) {
		return needMore
	}
	if b[i] == '{' || b[i] == '[' || b[i] == ']' {
		return whole
	}
	return malformed
}

// wraps says whether arrays of records go by this name: CloudTrail and S3 (Records), Azure (records, value), OData
// (value), Kubernetes lists and Google (items), GCP (entries), AWS command line (Events) and others.
func wraps(name []byte) bool {
	switch string(name) {
	case "Records", "records", "value", "events", "Events", "data", "items", "logs", "entries", "results":
		return true
	}
	return false
}

// aside says whether a member by this name belongs to the answer that wraps records, and not to a record.
func aside(name []byte) bool {
	switch string(name) {
	case "kind", "apiVersion", "metadata", "etag", "status", "success", "count", "total", "totalCount", "page", "pageSize",
		"limit", "took", "next", "nextToken", "NextToken", "nextPageToken", "nextLink", "next_cursor", "has_more", "hasMore",
		"cursor", "meta", "links", "object", "ResponseMetadata":
		return true
	}
	return bytes.HasPrefix(name, []byte("@odata."))
}
