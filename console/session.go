package console

import (
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
)

// Bounds of what those who log in, and those who try, can make the console keep.
const (
	maxSessions     = 1000
	maxUserSessions = 20
	maxAttempts     = 10_000
	attemptWindow   = 15 * time.Minute
	mostByAddress   = 10 // failed attempts within the window
	mostByAccount   = 20
)

// A session is somebody who logged in.
type session struct {
	user  string
	hash  string // of the password then: another password ends it
	csrf  string
	begun time.Time
	used  time.Time
}

// sessions are in memory only: a restart ends them.
type sessions struct {
	mu            sync.Mutex
	all           map[[32]byte]*session // by SHA-256 of what the cookie has
	idle, longest time.Duration
}

func newSessions(idle, longest time.Duration) *sessions {
	return &sessions{all: map[[32]byte]*session{}, idle: idle, longest: longest}
}

func (s *sessions) over(x *session, now time.Time) bool {
	return now.Sub(x.used) > s.idle || now.Sub(x.begun) > s.longest
}

// begin is a new session's cookie.
func (s *sessions) begin(u User, now time.Time) string {
	id := secret()
	s.mu.Lock()
	defer s.mu.Unlock()
	own := 0
	for k, x := range s.all {
		if s.over(x, now) {
			delete(s.all, k)
		} else if x.user == u.Name {
			own++
		}
	}
	for own >= maxUserSessions || len(s.all) >= maxSessions { // the one that was not used for longest ends
		var oldest [32]byte
		var at *session
		for k, x := range s.all {
			if (own < maxUserSessions || x.user == u.Name) && (at == nil || x.used.Before(at.used)) {
				oldest, at = k, x
			}
		}
		if at.user == u.Name {
			own--
		}
		delete(s.all, oldest)
	}
	s.all[sha256.Sum256([]byte(id))] = &session{user: u.Name, hash: u.Hash, csrf: secret(), begun: now, used: now}
	return id
}

// find is the session of a cookie. It counts as a use of it.
func (s *sessions) find(id string, now time.Time) (session, bool) {
	key := sha256.Sum256([]byte(id))
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.all[key]
	if !ok {
		return session{}, false
	}
	if s.over(x, now) {
		delete(s.all, key)
		return session{}, false
	}
	x.used = now
	return *x, true
}

// lasts says that a session has not ended. It does not count as a use of it.
func (s *sessions) lasts(id string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.all[sha256.Sum256([]byte(id))]
	return ok && !s.over(x, now)
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, sha256.Sum256([]byte(id)))
}

// attempts count failed logins by address and by account.
type attempts struct {
	mu  sync.Mutex
	all map[string]*tries
}

type tries struct {
	n     int
	since time.Time
}

func newAttempts() *attempts { return &attempts{all: map[string]*tries{}} }

// network is the address that attempts are counted by: of IPv6 the network of one site.
func network(ip netip.Addr) string {
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return ip.String()
	}
	return p.String()
}

// wait is how long an address and an account have to wait; 0 is not at all. account may be empty.
func (a *attempts) wait(ip netip.Addr, account string, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	var longest time.Duration
	for key, most := range keysOf(ip, account) {
		if t := a.all[key]; t != nil && t.n >= most {
			longest = max(longest, t.since.Add(attemptWindow).Sub(now))
		}
	}
	return longest
}

func keysOf(ip netip.Addr, account string) map[string]int {
	keys := map[string]int{"from " + network(ip): mostByAddress}
	if account != "" {
		sum := sha256.Sum256([]byte(account)) // of a fixed length, whatever was typed
		keys["as "+string(sum[:])] = mostByAccount
	}
	return keys
}

// failed counts one. It is called before a password is looked at, so that many at one time do not pass.
func (a *attempts) failed(ip netip.Addr, account string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key := range keysOf(ip, account) {
		t := a.all[key]
		if t == nil || now.Sub(t.since) > attemptWindow {
			if len(a.all) >= maxAttempts {
				a.forget(now)
			}
			t = &tries{since: now}
			a.all[key] = t
		}
		t.n++
	}
}

// forget makes room: those whose window is over, else the half that tried least.
func (a *attempts) forget(now time.Time) {
	for k, t := range a.all {
		if now.Sub(t.since) > attemptWindow {
			delete(a.all, k)
		}
	}
	for least := 1; len(a.all) >= maxAttempts; least++ {
		for k, t := range a.all {
			if t.n <= least && len(a.all) > maxAttempts/2 {
				delete(a.all, k)
			}
		}
	}
}

// worked takes back what was counted before a login that then worked, and forgets what the account failed at.
func (a *attempts) worked(ip netip.Addr, account string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, most := range keysOf(ip, account) {
		switch t := a.all[key]; {
		case most == mostByAccount, t != nil && t.n <= 1:
			delete(a.all, key)
		case t != nil:
			t.n--
		}
	}
}
