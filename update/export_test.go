package update

import "bytes"

// Redirect is redirect, for tests: a TLS server that tests can trust cannot be redirected from otherwise.
var Redirect = redirect

// Unpack is unpack, for the names of what an archive holds.
func Unpack(data []byte, b Bounds) ([]string, int64, error) {
	a, err := unpack(bytes.NewReader(data), int64(len(data)), b)
	if err != nil {
		return nil, 0, err
	}
	var names []string
	for _, f := range a.files {
		names = append(names, f.name)
	}
	return names, a.total, nil
}
