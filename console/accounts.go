package console

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
)

// A Role says what somebody may do.
type Role string

// The roles. A viewer looks; an admin also changes the state of campaigns, suppressions and accounts.
const (
	Viewer Role = "viewer"
	Admin  Role = "admin"
)

// A User is who may log in.
type User struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	Hash string `json:"hash"` // of the password: argon2id with its parameters and salt
}

// A Token is what a script shows instead of a login. The token itself is told once, when it is made.
type Token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"` // what it is for
	Role    Role      `json:"role"`
	Expires time.Time `json:"expires,omitzero"` // zero is never
	Sum     string    `json:"sum"`              // SHA-256 of the token
}

// Accounts are users and tokens, in a file that only its owner can read or in memory only. Several goroutines may use them, and
// several processes: a change by another one is seen with the next look. The zero value is empty and in memory.
type Accounts struct {
	mu     sync.Mutex
	path   string
	stamp  fileStamp
	users  []User
	tokens []Token
	hashed chan struct{} // bounds the passwords that are looked at at one time: each takes 64 MiB
}

type fileStamp struct {
	at   time.Time
	size int64
}

type accountFile struct {
	Users  []User  `json:"users"`
	Tokens []Token `json:"tokens"`
}

// Parameters of argon2id: RFC 9106, second recommended option.
const (
	argonTime    = 3
	argonMemory  = 64 << 10 // KiB
	argonThreads = 4
	argonKey     = 32
	argonSalt    = 16
)

const (
	leastPassword = 12
	mostPassword  = 1024
	maxAccounts   = 10_000
)

// OpenAccounts reads accounts from a file, which need not be there yet. One that others may read or write is refused.
func OpenAccounts(path string) (*Accounts, error) {
	a := &Accounts{path: path}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a, a.look()
}

// look reads the file where it is not the one that was read.
func (a *Accounts) look() error {
	if a.path == "" {
		return nil
	}
	info, err := os.Stat(a.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		a.users, a.tokens, a.stamp = nil, nil, fileStamp{}
		return nil
	case err != nil:
		return fmt.Errorf("accounts: %w", err)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0: // there modes say nothing
		return fmt.Errorf("accounts: %s may be read or written by others (mode %v): chmod 600 it", a.path, info.Mode().Perm())
	}
	stamp := fileStamp{info.ModTime(), info.Size()}
	if stamp == a.stamp {
		return nil
	}
	b, err := os.ReadFile(a.path)
	if err != nil {
		return fmt.Errorf("accounts: %w", err)
	}
	var f accountFile
	if err := json.Unmarshal(b, &f); err != nil {
		return fmt.Errorf("accounts: %s: %w", a.path, err)
	}
	a.users, a.tokens, a.stamp = f.Users, f.Tokens, stamp
	return nil
}

// save writes the file anew, whole or not at all.
func (a *Accounts) save() error {
	if a.path == "" {
		return nil
	}
	b, err := json.MarshalIndent(accountFile{a.users, a.tokens}, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(a.path), ".accounts-*") // mode 600
	if err != nil {
		return fmt.Errorf("accounts: %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), a.path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("accounts: %w", err)
	}
	if info, err := os.Stat(a.path); err == nil {
		a.stamp = fileStamp{info.ModTime(), info.Size()}
	}
	return nil
}

// change looks, changes and saves; where one fails nothing is changed.
func (a *Accounts) change(f func() error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.look(); err != nil {
		return err
	}
	users, tokens := slices.Clone(a.users), slices.Clone(a.tokens)
	err := f()
	if err == nil {
		err = a.save()
	}
	if err != nil {
		a.users, a.tokens = users, tokens
	}
	return err
}

// empty says that nobody can log in.
func (a *Accounts) empty() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.look() != nil || len(a.users) == 0
}

var accountName = regexp.MustCompile(`^[\pL\pN][\pL\pN._@-]{0,63}$`)

// SetUser adds a user, or gives one another password and role. With an empty password the one there is stays.
func (a *Accounts) SetUser(name, password string, role Role) error {
	switch {
	case !accountName.MatchString(name):
		return fmt.Errorf("%w: name %q: letters, digits, . _ @ and -, at most 64", ErrRefused, name)
	case role != Viewer && role != Admin:
		return fmt.Errorf("%w: role %q: there are viewer and admin", ErrRefused, role)
	case password != "" && (len(password) < leastPassword || len(password) > mostPassword):
		return fmt.Errorf("%w: a password has %d bytes at least and %d at most", ErrRefused, leastPassword, mostPassword)
	}
	hash := ""
	if password != "" {
		release := a.enter()
		hash = hashOf(password)
		release()
	}
	return a.change(func() error {
		i := slices.IndexFunc(a.users, func(u User) bool { return u.Name == name })
		switch {
		case i < 0 && hash == "":
			return fmt.Errorf("%w: a new user needs a password", ErrRefused)
		case i < 0 && len(a.users) >= maxAccounts:
			return fmt.Errorf("%w: there are %d users already", ErrRefused, maxAccounts)
		case i < 0:
			a.users = append(a.users, User{name, role, hash})
		default:
			u := User{name, role, a.users[i].Hash}
			if hash != "" {
				u.Hash = hash
			}
			a.users[i] = u
		}
		return nil
	})
}

// RemoveUser removes a user; ErrNotFound where there is none.
func (a *Accounts) RemoveUser(name string) error {
	return a.change(func() error {
		i := slices.IndexFunc(a.users, func(u User) bool { return u.Name == name })
		if i < 0 {
			return fmt.Errorf("user %q: %w", name, ErrNotFound)
		}
		a.users = slices.Delete(a.users, i, i+1)
		return nil
	})
}

// Users are all users, without their passwords' hashes.
func (a *Accounts) Users() ([]User, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := a.look()
	all := slices.Clone(a.users)
	for i := range all {
		all[i].Hash = ""
	}
	return all, err
}

// Tokens are all tokens, without their sums.
func (a *Accounts) Tokens() ([]Token, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := a.look()
	all := slices.Clone(a.tokens)
	for i := range all {
		all[i].Sum = ""
	}
	return all, err
}

// NewToken makes a token and returns it: it cannot be had again.
func (a *Accounts) NewToken(name string, role Role, expires time.Time) (id, token string, err error) {
	switch {
	case !accountName.MatchString(name):
		return "", "", fmt.Errorf("%w: name %q: letters, digits, . _ @ and -, at most 64", ErrRefused, name)
	case role != Viewer && role != Admin:
		return "", "", fmt.Errorf("%w: role %q: there are viewer and admin", ErrRefused, role)
	}
	token = "tocsin_" + secret()
	sum := sha256.Sum256([]byte(token))
	id = hex.EncodeToString(sum[:6])
	return id, token, a.change(func() error {
		if len(a.tokens) >= maxAccounts {
			return fmt.Errorf("%w: there are %d tokens already", ErrRefused, maxAccounts)
		}
		a.tokens = append(a.tokens, Token{id, name, role, expires, hex.EncodeToString(sum[:])})
		return nil
	})
}

// RevokeToken ends a token; ErrNotFound where there is none.
func (a *Accounts) RevokeToken(id string) error {
	return a.change(func() error {
		i := slices.IndexFunc(a.tokens, func(t Token) bool { return t.ID == id })
		if i < 0 {
			return fmt.Errorf("token %q: %w", id, ErrNotFound)
		}
		a.tokens = slices.Delete(a.tokens, i, i+1)
		return nil
	})
}

// token is the one that a script showed.
func (a *Accounts) token(shown string, now time.Time) (Token, bool) {
	if len(shown) > 256 {
		return Token{}, false
	}
	sum := sha256.Sum256([]byte(shown))
	want := hex.EncodeToString(sum[:])
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.look() != nil {
		return Token{}, false
	}
	for _, t := range a.tokens {
		if subtle.ConstantTimeCompare([]byte(t.Sum), []byte(want)) == 1 {
			return t, t.Expires.IsZero() || now.Before(t.Expires)
		}
	}
	return Token{}, false
}

// user is one by its name.
func (a *Accounts) user(name string) (User, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.look() != nil {
		return User{}, false
	}
	for _, u := range a.users {
		if u.Name == name {
			return u, true
		}
	}
	return User{}, false
}

// login is the user whose name and password these are. That takes the same time whether there is such a user or not.
func (a *Accounts) login(name, password string) (User, bool) {
	u, ok := a.user(name)
	hash := u.Hash
	if !ok {
		hash = nobody
	}
	if len(password) > mostPassword {
		return User{}, false
	}
	release := a.enter()
	defer release()
	return u, verify(hash, password) && ok
}

// enter waits for room to look at a password.
func (a *Accounts) enter() (release func()) {
	a.mu.Lock()
	if a.hashed == nil {
		a.hashed = make(chan struct{}, 2)
	}
	room := a.hashed
	a.mu.Unlock()
	room <- struct{}{}
	return func() { <-room }
}

// nobody is the hash of no password, with the parameters of all others.
var nobody = encodeHash(make([]byte, argonSalt), make([]byte, argonKey))

func hashOf(password string) string {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails
	return encodeHash(salt, argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey))
}

func encodeHash(salt, key []byte) string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, b.EncodeToString(salt), b.EncodeToString(key))
}

// verify says that a password has a hash. Parameters that a file could use to take all memory are refused.
func verify(hash, password string) bool {
	part := strings.Split(hash, "$")
	if len(part) != 6 || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false
	}
	var memory, turns uint32
	var threads uint8
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &memory, &turns, &threads); err != nil || memory > 1<<20 || turns == 0 || turns > 64 || threads == 0 {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(part[4])
	if err != nil {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(part[5])
	if err != nil || len(want) < 16 || len(want) > 128 {
		return false
	}
	return subtle.ConstantTimeCompare(argon2.IDKey([]byte(password), salt, turns, memory, threads, uint32(len(want))), want) == 1
}
