package tell

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// A mailbox is a server of SMTP on loopback that does what a test asks of it.
type mailbox struct {
	t        *testing.T
	listener net.Listener
	config   *tls.Config
	ca       string
	implicit bool
	offers   string            // extensions beside STARTTLS, by spaces
	bare     bool              // no STARTTLS
	answers  map[string]string // by the beginning of a command: what is answered in place of the usual
	dropped  bool              // the connection breaks off after the message, before the answer

	mu   sync.Mutex
	said []string // commands, with (tls) before those that were encrypted
	got  []string // messages
}

func newMailbox(t *testing.T, change ...func(*mailbox)) *mailbox {
	t.Helper()
	own := httptest.NewTLSServer(nil)
	own.Close()
	m := &mailbox{t: t, config: &tls.Config{Certificates: own.TLS.Certificates}, answers: map[string]string{}, offers: "AUTH=PLAIN,LOGIN,CRAM-MD5 8BITMIME",
		ca: file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate().Raw})))}
	for _, f := range change {
		f(m)
	}
	var err error
	if m.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { _ = m.listener.Close(); all.Wait() })
	all.Go(func() {
		for {
			c, err := m.listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { m.serve(c) })
		}
	})
	return m
}

func (m *mailbox) options() MailOptions {
	return MailOptions{Server: m.listener.Addr().String(), From: "Tocsin <tocsin@shop.example>", To: []string{"soc@shop.example", "boss@shop.example"}, CAFile: m.ca, Timeout: 5 * time.Second}
}

func (m *mailbox) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	secure := ""
	if m.implicit {
		c, secure = tls.Server(c, m.config), "(tls) "
	}
	r := bufio.NewReader(c)
	say := func(s string) { _, _ = fmt.Fprintf(c, "%s\r\n", s) }
	say("220 mail.shop.example ready")
	line := func() (string, bool) {
		s, err := r.ReadString('\n')
		return strings.TrimRight(s, "\r\n"), err == nil
	}
	for {
		s, ok := line()
		if !ok {
			return
		}
		m.mu.Lock()
		m.said = append(m.said, secure+s)
		m.mu.Unlock()
		answer := ""
		for begin, a := range m.answers {
			if strings.HasPrefix(s, begin) {
				answer = a
			}
		}
		switch verb, _, _ := strings.Cut(s, " "); {
		case answer == "hang":
			time.Sleep(20 * time.Millisecond)
			_, _ = r.ReadString('\n')
			return
		case answer != "":
			say(answer)
		case verb == "EHLO":
			all := append([]string{"mail.shop.example"}, strings.Fields(m.offers)...)
			if secure == "" && !m.bare {
				all = append(all, "STARTTLS")
			}
			for i, x := range all {
				sep := "-"
				if i == len(all)-1 {
					sep = " "
				}
				say("250" + sep + strings.NewReplacer("=", " ", ",", " ").Replace(x))
			}
		case verb == "STARTTLS":
			say("220 go on")
			t := tls.Server(c, m.config)
			c, r, secure = t, bufio.NewReader(t), "(tls) "
		case s == "AUTH LOGIN":
			say("334 " + base64.StdEncoding.EncodeToString([]byte("Username:")))
			user, _ := line()
			say("334 " + base64.StdEncoding.EncodeToString([]byte("Password:")))
			password, _ := line()
			m.login(user, password, say)
		case verb == "AUTH":
			_, both, _ := strings.Cut(strings.TrimPrefix(s, "AUTH "), " ")
			b, _ := base64.StdEncoding.DecodeString(both)
			parts := strings.Split(string(b), "\x00")
			m.login(base64.StdEncoding.EncodeToString([]byte(parts[1])), base64.StdEncoding.EncodeToString([]byte(parts[2])), say)
		case verb == "DATA":
			say("354 go on")
			var b strings.Builder
			for {
				l, ok := line()
				if !ok || l == "." {
					break
				}
				b.WriteString(strings.TrimPrefix(l, ".") + "\r\n")
			}
			m.mu.Lock()
			m.got = append(m.got, b.String())
			drop := m.dropped
			m.dropped = false
			m.mu.Unlock()
			if drop {
				return
			}
			if end := m.answers["."]; end != "" {
				say(end)
				continue
			}
			say("250 queued as 7")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (m *mailbox) login(user, password string, say func(string)) {
	u, _ := base64.StdEncoding.DecodeString(user)
	p, _ := base64.StdEncoding.DecodeString(password)
	if string(u) == "tocsin" && string(p) == "s3cret" {
		say("235 welcome")
		return
	}
	say("535 no")
}

func (m *mailbox) seen() (said string, got []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.said, "\n"), append([]string(nil), m.got...)
}

func sendMail(t *testing.T, o MailOptions) (string, error) {
	t.Helper()
	m, err := NewMail(o)
	if err != nil {
		t.Fatal(err)
	}
	a := hostile(t)
	body, err := m.Message(&a)
	if err != nil || bytes.Count(body, []byte("\r")) != bytes.Count(body, []byte("\n")) || bytes.Count(body, []byte("\r\n")) != bytes.Count(body, []byte("\n")) {
		t.Fatalf("lines that do not end in CRLF, or %v: %q", err, body)
	}
	return m.Send(t.Context(), a.ID, body)
}

func TestMail(t *testing.T) {
	for name, x := range map[string]struct {
		box    func(*mailbox)
		change func(*MailOptions)
		auth   string
	}{
		"starttls":              {nil, nil, ""},
		"implicit":              {func(m *mailbox) { m.implicit = true }, func(o *MailOptions) { o.TLS = "implicit" }, ""},
		"plain":                 {nil, func(o *MailOptions) { o.User, o.PasswordFile = "tocsin", "s3cret" }, "(tls) AUTH PLAIN "},
		"login":                 {func(m *mailbox) { m.offers = "AUTH=LOGIN" }, func(o *MailOptions) { o.User, o.PasswordFile = "tocsin", "s3cret" }, "(tls) AUTH LOGIN"},
		"in clear, as asked to": {func(m *mailbox) { m.bare = true }, func(o *MailOptions) { o.TLS = "none" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			box := newMailbox(t, func(m *mailbox) {
				if x.box != nil {
					x.box(m)
				}
			})
			o := box.options()
			if x.change != nil {
				x.change(&o)
			}
			if o.PasswordFile != "" {
				o.PasswordFile = file(t, o.PasswordFile+"\n")
			}
			answer, err := sendMail(t, o)
			said, got := box.seen()
			if err != nil || answer != "250 queued as 7" || len(got) != 1 {
				t.Fatalf("%q %v\n%s", answer, err, said)
			}
			prefix := "(tls) "
			if o.TLS == "none" {
				prefix = ""
			}
			for _, c := range []string{"MAIL FROM:<tocsin@shop.example>", "RCPT TO:<soc@shop.example>", "RCPT TO:<boss@shop.example>", "DATA", "QUIT"} {
				if !strings.Contains("\n"+said, "\n"+prefix+c) {
					t.Errorf("no %q in\n%s", prefix+c, said)
				}
			}
			if !strings.Contains(said, x.auth) || strings.Contains(said, "AUTH") != (x.auth != "") {
				t.Errorf("%s", said)
			}
			msg, err := mail.ReadMessage(strings.NewReader(got[0]))
			a := hostile(t)
			if err != nil || msg.Header.Get("Message-Id") != "<"+a.ID+"@shop.example>" || msg.Header.Get("Bcc") != "" {
				t.Errorf("%v %v", err, msg)
			}
		})
	}
}

func TestMailFaults(t *testing.T) {
	answers := func(a map[string]string) func(*mailbox) { return func(m *mailbox) { m.answers = a } }
	login := func(o *MailOptions) { o.User, o.PasswordFile = "tocsin", "wrong" }
	for name, x := range map[string]struct {
		box    func(*mailbox)
		change func(*MailOptions)
		final  bool
		want   string
		sent   int
	}{
		"no STARTTLS":          {func(m *mailbox) { m.bare = true }, nil, false, "offers no STARTTLS", 0},
		"STARTTLS refused":     {answers(map[string]string{"STARTTLS": "454 not now"}), nil, false, "454", 0},
		"another's name":       {nil, func(o *MailOptions) { o.CAFile = "" }, false, "certificate", 0},
		"wrong password":       {nil, login, false, "535", 0},
		"no login that we do":  {func(m *mailbox) { m.offers = "AUTH=CRAM-MD5" }, login, false, "CRAM-MD5", 0},
		"busy":                 {answers(map[string]string{"MAIL": "451 later"}), nil, false, "451", 0},
		"sender refused":       {answers(map[string]string{"MAIL": "550 not you"}), nil, true, "550", 0},
		"recipients refused":   {answers(map[string]string{"RCPT": "550 nobody"}), nil, true, "550", 0},
		"recipients later":     {answers(map[string]string{"RCPT TO:<soc": "550 nobody", "RCPT TO:<boss": "450 later"}), nil, false, "450", 0},
		"DATA refused":         {answers(map[string]string{"DATA": "554 no"}), nil, true, "554", 0},
		"message refused":      {answers(map[string]string{".": "554 looks like spam"}), nil, true, "554", 1},
		"message later":        {answers(map[string]string{".": "452 full"}), nil, false, "452", 1},
		"breaks off":           {func(m *mailbox) { m.dropped = true }, nil, false, "EOF", 1},
		"hangs":                {answers(map[string]string{"RCPT": "hang"}), func(o *MailOptions) { o.Timeout = 200 * time.Millisecond }, false, "deadline", 0},
		"answers with control": {answers(map[string]string{"MAIL": "451 \x1b[31mx"}), nil, false, "451", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := newMailbox(t, func(m *mailbox) {
				if x.box != nil {
					x.box(m)
				}
			})
			o := box.options()
			if x.change != nil {
				x.change(&o)
			}
			if o.PasswordFile != "" {
				o.PasswordFile = file(t, o.PasswordFile)
			}
			answer, err := sendMail(t, o)
			_, got := box.seen()
			if err == nil || !strings.Contains(err.Error(), x.want) || errors.As(err, new(*Permanent)) != x.final || len(got) != x.sent {
				t.Errorf("%q %v, %d messages", answer, err, len(got))
			}
			if err != nil && strings.Contains(shown(err), "\x1b") {
				t.Errorf("%q", shown(err))
			}
		})
	}
	t.Run("one of two recipients refused", func(t *testing.T) {
		box := newMailbox(t, answers(map[string]string{"RCPT TO:<boss": "550 nobody"}))
		answer, err := sendMail(t, box.options())
		_, got := box.seen()
		if err != nil || len(got) != 1 || !strings.Contains(answer, "not taken for boss@shop.example: 550 \"nobody\"") {
			t.Errorf("%q %v %d", answer, err, len(got))
		}
	})
}

func TestMailOptions(t *testing.T) {
	good := MailOptions{Server: "mail.shop.example:587", From: "a@shop.example", To: []string{"b@shop.example"}}
	if _, err := NewMail(good); err != nil {
		t.Fatal(err)
	}
	for what, f := range map[string]func(o *MailOptions){
		"no server": func(o *MailOptions) { o.Server = "" }, "no port": func(o *MailOptions) { o.Server = "mail" }, "no sender": func(o *MailOptions) { o.From = "" },
		"nobody": func(o *MailOptions) { o.To = nil }, "two in one": func(o *MailOptions) { o.To = []string{"a@b.example, c@d.example"} }, "injection": func(o *MailOptions) { o.To = []string{"a@b.example\r\nBcc: c@d.example"} },
		"not ASCII": func(o *MailOptions) { o.From = "é@shop.example" }, "tls": func(o *MailOptions) { o.TLS = "maybe" }, "no password": func(o *MailOptions) { o.User = "u" },
		"no user": func(o *MailOptions) { o.PasswordFile = "f" }, "no file": func(o *MailOptions) { o.User, o.PasswordFile = "u", "/nowhere" }, "hello": func(o *MailOptions) { o.Hello = "a\r\nb" },
	} {
		o := good
		f(&o)
		if _, err := NewMail(o); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
