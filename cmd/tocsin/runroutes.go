package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/tocsin-ids/tocsin/tell"
)

// makeRoutes makes the ways of telling that a configuration names.
func makeRoutes(cfg *Config) (map[string]tell.Channel, error) {
	all := map[string]tell.Channel{}
	for _, r := range cfg.Alerts.Routes {
		c, err := makeRoute(r)
		if err != nil {
			return nil, fmt.Errorf("alerts: route %s: %w", r.Name, err)
		}
		all[r.Name] = c
	}
	return all, nil
}

func makeRoute(r ConfigRoute) (c tell.Channel, err error) {
	switch r.Kind {
	case "webhook", "slack", "teams":
		c.Format = map[string]tell.Format{"webhook": tell.JSON, "slack": tell.Slack, "teams": tell.Teams}[r.Kind]
		c.Route, err = tell.NewWebhook(tell.WebhookOptions{URL: r.URL, URLFile: r.URLFile, SecretFile: r.SecretFile, CAFile: r.CA, Plain: r.Plain})
	case "email":
		o := tell.MailOptions{Server: r.Server, From: r.From, To: r.To, CAFile: r.CA, User: r.User, PasswordFile: r.Password}
		switch {
		case r.Plain:
			o.TLS = "none"
		case strings.HasSuffix(r.Server, ":465"):
			o.TLS = "implicit"
		}
		o.Hello, _ = os.Hostname()
		var m *tell.Mail
		if m, err = tell.NewMail(o); err == nil {
			c.Route, c.Format = m, m.Message
		}
	case "syslog":
		network, addr, ok := strings.Cut(r.Server, "://")
		if !ok {
			network, addr = "udp", r.Server
		}
		host, _ := os.Hostname()
		if c.Format, err = tell.SyslogText(tell.SyslogOptions{Host: host}); err != nil {
			return c, err
		}
		c.Route, err = tell.NewSyslog(tell.SyslogRoute{Network: network, Address: addr, CAFile: r.CA})
	case "command":
		c.Format = tell.JSON
		c.Route, err = tell.NewCommand(tell.CommandOptions{Path: r.Command[0], Args: r.Command[1:]})
	default:
		err = fmt.Errorf("kind %q: no such kind", r.Kind)
	}
	return c, err
}
