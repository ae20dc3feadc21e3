package tell

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// MailOptions say from whom, to whom and by which server mail goes. From, To and Server are needed.
type MailOptions struct {
	Server       string   // HOST:PORT of a relay that takes mail for To
	From         string   // an address, with or without a name
	To           []string // addresses
	TLS          string   // starttls (also where empty): refuse to go on without; implicit: from the first byte, as on port 465; none: in clear, also alerts and password
	CAFile       string   // certificates that sign the server's; empty is the system's
	User         string   // with whom to log in; empty is not at all
	PasswordFile string
	Hello        string        // this machine's name for EHLO; empty is localhost
	Timeout      time.Duration // of one message in all; 0 is a minute
}

// Mail sends alerts by SMTP, each as one message whose Message-ID is the alert's id. Where the server refuses some recipients and takes
// others, the message goes to these and the answer names the others. A refusal for good (5xx) of the sender, of all recipients or of
// the message is permanent; what is not about the message (a connection, TLS, a login) is tried again.
type Mail struct {
	options  MailOptions
	host     string
	from     *mail.Address
	to       []*mail.Address
	password string
	config   *tls.Config
}

// NewMail reads the files that the options name and checks them. It sends nothing.
func NewMail(o MailOptions) (*Mail, error) {
	m := &Mail{options: o}
	var err error
	if m.host, _, err = net.SplitHostPort(o.Server); err != nil || m.host == "" {
		return nil, fmt.Errorf("mail server %q: want HOST:PORT", o.Server)
	}
	switch o.TLS {
	case "", "starttls", "implicit", "none":
	default:
		return nil, fmt.Errorf("mail server %s: tls %q: want starttls, implicit or none", o.Server, o.TLS)
	}
	if m.from, err = plainAddress(o.From); err != nil {
		return nil, fmt.Errorf("mail from %q: %w", o.From, err)
	}
	if len(o.To) == 0 {
		return nil, errors.New("mail to nobody: name at least one address")
	}
	for _, s := range o.To {
		a, err := plainAddress(s)
		if err != nil {
			return nil, fmt.Errorf("mail to %q: %w", s, err)
		}
		m.to = append(m.to, a)
	}
	if m.config, err = tlsConfig(o.CAFile, m.host); err != nil {
		return nil, fmt.Errorf("mail server %s: %w", o.Server, err)
	}
	if (o.User == "") != (o.PasswordFile == "") {
		return nil, fmt.Errorf("mail server %s: a login needs a user and a file with the password", o.Server)
	}
	if o.PasswordFile != "" {
		if m.password, err = Secret(o.PasswordFile); err != nil {
			return nil, fmt.Errorf("mail server %s: %w", o.Server, err)
		}
	}
	if strings.ContainsAny(o.Hello, " \r\n") {
		return nil, fmt.Errorf("mail: name of this machine %q: want a name of the DNS", o.Hello)
	}
	return m, nil
}

// plainAddress reads an address of ASCII only, so that no server needs more than RFC 5321.
func plainAddress(s string) (*mail.Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil {
		return nil, err
	}
	for _, r := range a.Address {
		if r <= ' ' || r > '~' {
			return nil, errors.New("want an address of ASCII letters")
		}
	}
	if strings.ContainsAny(a.Name, "\r\n\x00") {
		return nil, errors.New("the name has a line break")
	}
	return a, nil
}

// domain is what follows the sender's @: message ids end in it.
func (m *Mail) domain() string {
	return m.from.Address[strings.LastIndexByte(m.from.Address, '@')+1:]
}

// Message is the [Format] of what Send sends: headers and a body in plain text, lines end in CRLF. All alerts of a campaign are of
// one thread.
func (m *Mail) Message(a *Alert) ([]byte, error) {
	text, err := Text(a)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	header := func(name, value string) {
		b.WriteString(name + ": " + strings.NewReplacer("\r", "", "\n", "").Replace(value) + "\r\n")
	}
	header("From", m.from.String())
	var to []string
	for _, x := range m.to {
		to = append(to, x.String())
	}
	b.WriteString("To: " + strings.Join(to, ",\r\n ") + "\r\n")
	b.WriteString("Subject: " + headerText("[tocsin] "+a.headline(200)) + "\r\n")
	header("Date", a.At.UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	header("Message-ID", "<"+a.ID+"@"+m.domain()+">")
	if a.Campaign != "" || a.Principal != "" {
		header("References", "<"+stable(a.Tenant, "thread", a.Campaign, a.Principal)+"@"+m.domain()+">")
	}
	header("Auto-Submitted", "auto-generated")
	header("X-Auto-Response-Suppress", "All")
	if a.Level >= tocsin.High {
		header("Importance", "high")
	}
	header("Content-Language", cmp.Or(a.Lang, "en"))
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	q := quotedprintable.NewWriter(&b)
	if _, err := q.Write(text); err != nil {
		return nil, err
	}
	if err := q.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil // the writer ends lines in CRLF too
}

// headerText is a text for a header: as it is where it is plain ASCII, else encoded in words of at most 75 characters (RFC 2047).
func headerText(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) && !strings.Contains(s, "=?") {
		return s
	}
	var words []string
	for s != "" {
		part := cut(s, 45) // 60 in base64, with 12 around it
		if part == "" {
			break // not UTF-8, which [report.Visible] leaves none of
		}
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(part))+"?=")
		s = s[len(part):]
	}
	return strings.Join(words, "\r\n ")
}

// Send sends a message, as Message writes it, once.
func (m *Mail) Send(ctx context.Context, id string, body []byte) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(m.options.Timeout, time.Minute))
	defer cancel()
	answer, err := m.send(ctx, body)
	if err != nil {
		err = fmt.Errorf("mail server %s: %w", m.options.Server, err)
		if ctx.Err() != nil && !errors.As(err, new(*Permanent)) {
			err = fmt.Errorf("%w (%w)", err, ctx.Err())
		}
		var p *Permanent
		if errors.As(err, &p) {
			return "", &Permanent{Err: err}
		}
		return "", err
	}
	return answered(answer), nil
}

func (m *Mail) send(ctx context.Context, body []byte) (string, error) {
	conn, err := (&net.Dialer{Timeout: 15 * time.Second}).DialContext(ctx, "tcp", m.options.Server)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	raw := conn
	defer context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })()
	if m.options.TLS == "implicit" {
		t := tls.Client(conn, m.config)
		if err := t.HandshakeContext(ctx); err != nil {
			return "", err
		}
		conn = t
	}
	c, err := smtp.NewClient(conn, m.host)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.Hello(cmp.Or(m.options.Hello, "localhost")); err != nil {
		return "", err
	}
	if m.options.TLS == "" || m.options.TLS == "starttls" {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return "", errors.New("it offers no STARTTLS, and nothing is sent in clear: use its port with implicit TLS, or set tls to none if whoever is on the way may read alerts")
		}
		if err := c.StartTLS(m.config); err != nil {
			return "", err
		}
	}
	if m.options.User != "" {
		if err := m.login(c); err != nil {
			return "", fmt.Errorf("login as %s: %w", m.options.User, err)
		}
	}
	if err := c.Mail(m.from.Address); err != nil {
		return "", final(err)
	}
	var refused []string
	var worst error
	for _, to := range m.to {
		err := c.Rcpt(to.Address)
		if err == nil {
			continue
		}
		var reply *textproto.Error
		if !errors.As(err, &reply) {
			return "", err
		}
		refused = append(refused, to.Address+": "+err.Error())
		if worst == nil || reply.Code < 500 { // one that may be mended later is worth another try
			worst = final(err)
		}
	}
	if len(refused) == len(m.to) {
		return "", worst
	}
	id, err := c.Text.Cmd("DATA")
	if err != nil {
		return "", err
	}
	c.Text.StartResponse(id)
	_, _, err = c.Text.ReadResponse(354)
	c.Text.EndResponse(id)
	if err != nil {
		return "", final(err)
	}
	w := c.Text.DotWriter()
	if _, err := w.Write(body); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	code, said, err := c.Text.ReadResponse(250)
	if err != nil {
		return "", final(err)
	}
	_ = c.Quit() // it was taken: what comes after changes nothing
	answer := fmt.Sprintf("%d %s", code, said)
	if len(refused) > 0 {
		answer = "not taken for " + strings.Join(refused, "; ") + "; for the others " + answer
	}
	return answer, nil
}

// final makes a refusal for good permanent.
func final(err error) error {
	var reply *textproto.Error
	if errors.As(err, &reply) && reply.Code >= 500 && reply.Code < 600 {
		return &Permanent{Err: err}
	}
	return err
}

// login logs in by PLAIN, else by LOGIN, whichever the server offers.
func (m *Mail) login(c *smtp.Client) error {
	_, offered := c.Extension("AUTH")
	kinds := strings.Fields(strings.ToUpper(offered))
	switch {
	case slices.Contains(kinds, "PLAIN"):
		return c.Auth(&plainLogin{m.options.User, m.password})
	case slices.Contains(kinds, "LOGIN"):
		return c.Auth(&askedLogin{user: m.options.User, password: m.password})
	}
	return fmt.Errorf("it offers %q, and here are PLAIN and LOGIN", offered)
}

// plainLogin is RFC 4616. That the connection is encrypted was seen to before, unless it was set that it need not be.
type plainLogin struct{ user, password string }

func (l *plainLogin) Start(*smtp.ServerInfo) (string, []byte, error) {
	return "PLAIN", []byte("\x00" + l.user + "\x00" + l.password), nil
}

func (l *plainLogin) Next(_ []byte, more bool) ([]byte, error) {
	if more {
		return nil, errors.New("it asks for more than PLAIN has")
	}
	return nil, nil
}

// askedLogin is LOGIN: the server asks for the user, then for the password.
type askedLogin struct {
	user, password string
	asked          int
}

func (l *askedLogin) Start(*smtp.ServerInfo) (string, []byte, error) { return "LOGIN", nil, nil }

func (l *askedLogin) Next(_ []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	l.asked++
	switch l.asked {
	case 1:
		return []byte(l.user), nil
	case 2:
		return []byte(l.password), nil
	}
	return nil, errors.New("it asks for more than LOGIN has")
}
