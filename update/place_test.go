package update

import (
	"path/filepath"
	"testing"
)

func TestDataDir(t *testing.T) {
	abs, err := filepath.Abs("data")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		system string
		env    map[string]string
		want   string // "" is an error
	}{
		{"linux", map[string]string{"HOME": "/home/bob", "XDG_DATA_HOME": abs}, abs},
		{"linux", map[string]string{"HOME": "/home/bob", "XDG_DATA_HOME": "data"}, filepath.Join("/home/bob", ".local", "share")},
		{"linux", map[string]string{"HOME": "/home/bob"}, filepath.Join("/home/bob", ".local", "share")},
		{"darwin", map[string]string{"HOME": "/Users/bob"}, filepath.Join("/Users/bob", "Library", "Application Support")},
		{"windows", map[string]string{"HOME": "/home/bob", "LocalAppData": `C:\Users\bob\AppData\Local`}, `C:\Users\bob\AppData\Local`},
		{"windows", map[string]string{"HOME": "/home/bob"}, ""},
		{"linux", nil, ""},
	} {
		got, err := dataDir(c.system, func(k string) string { return c.env[k] })
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s %v: %q, %v; want %q", c.system, c.env, got, err, c.want)
		}
	}
}
