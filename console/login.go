package console

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"time"
)

type loginBody struct {
	Wrong, To string
	Form      bool
}

// formCookie has the token of the login's form: nobody has a session yet.
func formCookie(r *http.Request) string { return cookieName(r) + "-form" }

func (c *Console) cookie(r *http.Request, name, value string, seconds int) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode}
}

func (c *Console) loginPage(w http.ResponseWriter, r *http.Request) {
	c.loginForm(w, r, http.StatusOK, r.URL.Query().Get("to"), "")
}

func (c *Console) loginForm(w http.ResponseWriter, r *http.Request, status int, to, wrong string) {
	token := secret()
	http.SetCookie(w, c.cookie(r, formCookie(r), token, 3600))
	b := loginBody{To: inside(to), Form: true}
	if wrong != "" {
		b.Wrong = c.languageOf(r).say(wrong)
	}
	c.page(w, r.WithContext(context.WithValue(r.Context(), personKey{}, (*person)(nil))), status, "login", "Log in", view{CSRF: token, Body: b})
}

// inside is a path of ours to go on with; anything else is the first page.
func inside(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") || strings.HasPrefix(to, "/login") || len(to) > maxQuery {
		return "/"
	}
	return to
}

func (c *Console) login(w http.ResponseWriter, r *http.Request) {
	form, err := r.Cookie(formCookie(r))
	if err != nil || form.Value == "" || subtle.ConstantTimeCompare([]byte(form.Value), []byte(r.PostFormValue("csrf"))) != 1 {
		c.loginForm(w, r, http.StatusForbidden, r.PostFormValue("to"), "The form was too old; try again.")
		return
	}
	now := time.Now()
	from, err := peer(r.RemoteAddr)
	if err != nil {
		c.refuse(w, r, &refusal{http.StatusForbidden, err.Error()})
		return
	}
	name := r.PostFormValue("name")
	if wait := c.attempts.wait(from, name, now); wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(wait.Seconds())+1))
		c.loginForm(w, r, http.StatusTooManyRequests, r.PostFormValue("to"), "Too many failed attempts; try again later.")
		return
	}
	c.attempts.failed(from, name, now)
	u, ok := c.o.Accounts.login(name, r.PostFormValue("password"))
	act := Act{Time: now.UTC(), Who: name, From: from.String(), What: "login"}
	if !ok {
		act.What, act.Who = "login failed", ""
		if accountName.MatchString(name) {
			act.On = name // what is typed there by mistake may be a password
		}
		if err := c.o.Run.Audit(r.Context(), act); err != nil {
			c.log.Error("console: audit", "err", err)
		}
		c.log.Warn("console: a login failed", "from", from)
		c.loginForm(w, r, http.StatusUnauthorized, r.PostFormValue("to"), "The name or the password is wrong.")
		return
	}
	if err := c.o.Run.Audit(r.Context(), act); err != nil {
		c.failed(w, r, err)
		return
	}
	c.attempts.worked(from, name)
	if old, err := r.Cookie(cookieName(r)); err == nil {
		c.sessions.end(old.Value)
	}
	http.SetCookie(w, c.cookie(r, cookieName(r), c.sessions.begin(u, now), int(c.o.Longest.Seconds())))
	http.SetCookie(w, c.cookie(r, formCookie(r), "", -1))
	http.Redirect(w, r, inside(r.PostFormValue("to")), http.StatusSeeOther)
}

func (c *Console) logout(w http.ResponseWriter, r *http.Request) {
	if err := c.audit(r.Context(), "logout", "", ""); err != nil {
		c.log.Error("console: audit", "err", err) // it is done all the same: a session that somebody wants to end must end
	}
	if cookie, err := r.Cookie(cookieName(r)); err == nil {
		c.sessions.end(cookie.Value)
	}
	http.SetCookie(w, c.cookie(r, cookieName(r), "", -1))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

func (c *Console) setLanguage(w http.ResponseWriter, r *http.Request) {
	if to := r.URL.Query().Get("to"); c.langs[to] != nil {
		http.SetCookie(w, c.cookie(r, "tocsin-lang", to, 365*24*3600))
	}
	http.Redirect(w, r, inside(r.URL.Query().Get("back")), http.StatusSeeOther)
}
