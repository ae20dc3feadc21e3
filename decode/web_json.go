package decode

import (
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// The log sources of access logs in JSON, where the record tells whose it is.
var (
	caddySources     = []tocsin.LogSource{{Product: "caddy", Category: "webserver", Service: "access"}}
	envoySources     = []tocsin.LogSource{{Product: "envoy", Category: "webserver", Service: "access"}}
	awsWAFSources    = []tocsin.LogSource{{Product: "aws", Category: "webserver", Service: "waf"}}
	cdnSources       = []tocsin.LogSource{{Category: "webserver", Service: "cdn"}}
	modsecSources    = []tocsin.LogSource{{Product: "modsecurity", Category: "webserver", Service: "waf"}}
	azureWebSources  = []tocsin.LogSource{{Product: "azure", Category: "webserver", Service: "access"}}
	wafSources       = []tocsin.LogSource{{Category: "webserver", Service: "waf"}}
	appLoginSources  = []tocsin.LogSource{{Category: "webserver", Service: "access"}, {Category: "authentication"}}
	caddyLogSources  = []tocsin.LogSource{{Product: "caddy", Category: "webserver", Service: "error"}}
	caddyAuthSources = append(caddySources[:1:1], tocsin.LogSource{Product: "caddy", Category: "authentication", Service: "caddy"})
)

// A webRecord is what a JSON record says of a request, under whatever names: those of nginx's and Apache's variables,
// Logstash's patterns, ECS, Traefik, Caddy, Envoy, AWS WAF, Google's load balancers, Cloudflare, Fastly, ModSecurity.
type webRecord struct {
	request
	query   string
	at      string
	message string
	sources []tocsin.LogSource
	rank    [roleN]uint8 // how telling the name was under which a role was found; the lower the better
	header  string       // the name of the header whose value comes next (AWS WAF)
	alert   string       // what an application firewall found
}

type webRole uint8

const (
	noRole webRole = iota
	roleClient
	rolePort
	roleUser
	roleLine
	roleMethod
	roleURI
	roleQuery
	roleVersion
	roleStatus
	roleSize
	roleReferer
	roleAgent
	roleHost
	roleForwarded
	roleAt
	roleMessage
	roleHeaderName
	roleHeaderValue
	roleN
)

// webRoleOf tells the role of a leaf by its name, and how telling the name is: of two that are there, the lower wins.
func webRoleOf(name string) (webRole, uint8) {
	switch name {
	case "client_ip", "clientip", "ClientHost", "request.client_ip", "httpRequest.clientIp", "transaction.client_ip", "ClientIP", "eventData.sourceIP", "clientIP", "cIp", "ClientIp", "client_ip_s", "clientIP_s", "clientIp_s", "ClientAddress", "requester_ip", "client_address", "clientAddress", "request.clientIp", "request.client_address",
		"requestContext.identity.sourceIp", "requestContext.http.sourceIp":
		return roleClient, 1
	case "remote_addr", "remote_ip", "request.remote_ip", "httpRequest.remoteIp", "source.ip", "client.ip", "remoteAddr", "remoteIP", "remoteip", "c-ip",
		"transaction.remote_address", "remote_address", "req.remoteAddress", "req.ip", "cliIP", "client_addr", "clientAddr", "clientIp", "nginx.access.remote_ip", "request.remoteAddress", "request.ip", "request.remoteIp", "remoteAddress", "sourceIp", "identity.sourceIp":
		return roleClient, 2
	case "request.remote_addr", "downstream_remote_address", "ClientAddr", "source.address", "client.address", "remote_host", "remoteHost", "remote",
		"client", "ip", "visitor_ip", "IPAddress", "IpAddress", "CIp", "source_ip", "src_ip", "host_ip", "nginx.access.remote_ip_list", "request_ip":
		return roleClient, 3
	case "remote_port", "request.remote_port", "ClientPort", "source.port", "client_port", "eventData.sourcePort", "clientPort", "ClientSrcPort", "c-port":
		return rolePort, 1
	case "remote_user", "user.name", "auth", "ClientUsername", "user_id", "cs-username", "nginx.access.user_name":
		return roleUser, 1
	case "request_line", "requestLine", "requestline", "http_request":
		return roleLine, 1
	case "request":
		return roleLine, 2
	case "request_method", "verb", "http.request.method", "RequestMethod", "request.method", "httpRequest.requestMethod", "httpRequest.httpMethod",
		"ClientRequestMethod", "http_method", "cs-method", "requestMethod", "transaction.request.method", "eventData.httpMethod", "reqMethod", "req.method", "nginx.access.method", "httpMethod", "HttpMethod", "httpMethod_s", "CsMethod", "csMethod", "requestContext.httpMethod", "requestContext.http.method":
		return roleMethod, 1
	case "method":
		return roleMethod, 2
	case "request_uri", "url.original", "RequestPath", "request.uri", "httpRequest.requestUrl", "ClientRequestURI", "transaction.request.uri",
		"x-envoy-origin-path", "requestUri", "requestURI", "cs-uri", "request_url", "original_path", "req.url", "req.originalUrl", "nginx.access.url", "request.url", "request.originalUrl", "request.path", "requestContext.path", "requestContext.http.path", "resourcePath":
		return roleURI, 1
	case "uri", "url", "path", "request_path", "url.path", "httpRequest.uri", "http_path", "eventData.httpUriPath", "cs-uri-stem", "reqPath", "path_info", "x_envoy_original_path", "ClientRequestPath", "CsUriStem", "csUriStem", "RequestUri", "requestUri_s", "Url", "URL":
		return roleURI, 2
	case "query_string", "args", "url.query", "query", "queryString", "httpRequest.args", "cs-uri-query", "eventData.httpUriQuery", "requestQuery", "CsUriQuery", "csUriQuery", "RequestQuery", "ClientRequestQuery":
		return roleQuery, 1
	case "server_protocol", "RequestProtocol", "request.proto", "http.version", "httpversion", "http_version", "ClientRequestProtocol", "httpRequest.protocol",
		"httpRequest.httpVersion", "request_protocol", "protocol", "cs-version", "transaction.request.http_version":
		return roleVersion, 1
	case "status", "http.response.status_code", "DownstreamStatus", "EdgeResponseStatus", "httpRequest.status", "sc-status", "transaction.response.http_code", "res.statusCode",
		"nginx.access.response_code", "httpStatus", "HttpStatus", "httpStatusCode", "httpStatus_d", "ScStatus", "scStatus", "HttpStatusCode", "response.status", "response.statusCode", "response.status_code", "ResponseStatusCode":
		return roleStatus, 1
	case "status_code", "response", "response_code", "response_status", "statusCode", "http_status", "OriginStatus":
		return roleStatus, 2
	case "body_bytes_sent", "http.response.body.bytes", "DownstreamContentSize", "EdgeResponseBytes", "httpRequest.responseSize", "sc-bytes":
		return roleSize, 1
	case "bytes_sent", "bytes", "size", "response_body_size", "response_size":
		return roleSize, 2
	case "http_referer", "http.request.referrer", "request_Referer", "request.headers.Referer", "ClientRequestReferer", "httpRequest.referer", "referer", "referrer",
		"request_referer", "cs-referer", "cs(Referer)", "nginx.access.referrer":
		return roleReferer, 1
	case "http_user_agent", "user_agent.original", "request_User-Agent", "request.headers.User-Agent", "ClientRequestUserAgent", "httpRequest.userAgent",
		"user-agent", "request_user_agent", "userAgent", "user_agent", "useragent", "cs-user-agent", "transaction.request.headers.User-Agent",
		"transaction.request.headers.user-agent", "req.headers.user-agent", "ua", "nginx.access.agent", "UserAgent", "userAgent_s", "ClientRequestUserAgent_s", "CsUserAgent", "headers.User-Agent", "headers.user-agent", "request.headers.user-agent", "requestContext.identity.userAgent", "requestContext.http.userAgent", "headers.User-agent", "identity.userAgent", "cs(User-Agent)":
		return roleAgent, 1
	case "agent":
		return roleAgent, 2
	case "http_host", "url.domain", "RequestHost", "request.host", ":authority", "authority", "ClientRequestHost", "reqHost", "eventData.httpHostName",
		"cs-host", "x-host-header", "vhost", "req.headers.host", "transaction.request.headers.Host":
		return roleHost, 1
	case "server_name", "host", "domain", "hostname", "hostName", "Host", "CsHost", "host_s", "headers.Host", "headers.host":
		return roleHost, 2
	case "http_x_forwarded_for", "x_forwarded_for", "request_X-Forwarded-For", "request.headers.X-Forwarded-For", "x-forwarded-for", "xff", "forwarded_for":
		return roleForwarded, 1
	case "StartUTC", "time_iso8601", "@timestamp", "start_time", "EdgeStartTimestamp", "time_local", "transaction.time_stamp", "eventTime", "timeStamp", "Datetime", "TimeGenerated", "EventTime", "requestTime", "requestContext.requestTime":
		return roleAt, 1
	case "timestamp", "time", "ts", "date", "datetime", "msec":
		return roleAt, 2
	case "message", "msg":
		return roleMessage, 1
	case "httpRequest.headers.name":
		return roleHeaderName, 1
	case "httpRequest.headers.value":
		return roleHeaderValue, 1
	}
	return noRole, 0
}

// webWrappers are what stands before the names of a request's leaves where a platform's envelope is around them.
var webWrappers = [...]string{"properties.", "Properties.", "jsonPayload.", "data.", "event.", "log.", "fields."}

// isWebJSON says that o is about one HTTP request: a client, a method and a target, and either a status or a user agent
// or a name that only servers use.
func isWebJSON(o *object) bool {
	var w webRecord
	w.read(o)
	return w.complete()
}

func (w *webRecord) complete() bool {
	if w.client == "" && w.forwarded == "" {
		return false
	}
	if w.line != "" {
		return w.status != "" || w.agent != ""
	}
	if w.method == "" || len(w.method) > 32 || w.uri == "" && w.sources == nil {
		return false
	}
	for i := 0; i < len(w.method); i++ {
		if c := w.method[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return (w.status != "" || w.agent != "" || w.sources != nil) && (w.uri == "" || w.uri[0] == '/' || w.uri[0] == '*' || strings.Contains(w.uri, "://") || w.method == "CONNECT")
}

// read collects the roles of o's leaves.
func (w *webRecord) read(o *object) {
	for i := range o.fields {
		f := &o.fields[i]
		switch f.Name {
		case "RouterName", "entryPointName":
			w.sources = traefikSources
		case "logger":
			if strings.HasPrefix(f.Value, "http.log") {
				w.sources = caddySources
			}
		case "response_flags", "downstream_local_address":
			w.sources = envoySources
		case "httpsourcename", "webaclId":
			w.sources = awsWAFSources
		case "x-edge-location":
			w.sources = cloudfrontSources
		case "EdgeResponseStatus", "fastly_server", "cacheStatus":
			w.sources = cdnSources
		case "category", "Category":
			if strings.HasPrefix(f.Value, "ApplicationGatewayAccess") || strings.HasPrefix(f.Value, "FrontDoorAccess") || strings.HasPrefix(f.Value, "FrontdoorAccess") || f.Value == "AppServiceHTTPLogs" {
				w.sources = azureWebSources
			}
		case "http_user_agent", "body_bytes_sent":
			if w.sources == nil {
				w.sources = nginxSources
			}
		case "transaction.messages.details.ruleId":
			w.sources = modsecSources
		case "eventData.waapIncidentType": // open-appsec
			w.sources = wafSources
			w.alert = f.Value
		}
		role, rank := webRoleOf(f.Name)
		if role == noRole && strings.IndexByte(f.Name, '.') > 0 {
			for _, wrapper := range webWrappers {
				if inner, ok := strings.CutPrefix(f.Name, wrapper); ok {
					role, rank = webRoleOf(inner)
					break
				}
			}
		}
		if role == noRole || f.Value == "" || f.Value == "-" || w.rank[role] != 0 && w.rank[role] <= rank && role != roleHeaderName && role != roleHeaderValue {
			continue
		}
		w.rank[role] = rank
		v := f.Value
		switch role {
		case roleClient:
			w.client = v
		case rolePort:
			w.port = v
		case roleUser:
			w.user = v
		case roleLine:
			if strings.Contains(v, " ") || rank == 1 {
				w.line = v
			} else {
				w.uri = v // Logstash's pattern calls the path so
			}
		case roleMethod:
			w.method = v
		case roleURI:
			w.uri = v
		case roleQuery:
			w.query = v
		case roleVersion:
			w.version = v
		case roleStatus:
			w.status = v
		case roleSize:
			w.size = v
		case roleReferer:
			w.referer = v
		case roleAgent:
			w.agent = v
		case roleHost:
			w.host = v
		case roleForwarded:
			w.forwarded = v
		case roleAt:
			w.at = v
		case roleMessage:
			w.message = v
		case roleHeaderName:
			w.header = v
		case roleHeaderValue:
			switch {
			case strings.EqualFold(w.header, "User-Agent"):
				w.agent = v
			case strings.EqualFold(w.header, "Host"):
				w.host = v
			case strings.EqualFold(w.header, "Referer"):
				w.referer = v
			}
		}
	}
}

func fillWebJSON(o *object, ev *tocsin.Event) {
	var w webRecord
	w.read(o)
	ev.Time = webTime(w.at, o.opt)
	if date := o.get("date"); ev.Time.IsZero() && date != "" { // CloudFront's second version
		ev.Time, _ = parseTime(o.keep(date, " ", o.get("time")), o.opt.inUTC())
	}
	ev.Sources = w.sources
	if ev.Sources == nil {
		ev.Sources = looseSources
	}
	if w.client == "" {
		w.client = w.forwarded
	}
	if i := strings.IndexByte(w.client, ','); i >= 0 { // what a proxy was told, then who told it
		if w.forwarded == "" {
			w.forwarded = w.client
		}
		w.client = w.client[:i]
	}
	addr, port := splitPort(w.client)
	if w.client = addr; port != "" {
		w.port = port
	}
	if w.query != "" && w.line == "" && strings.IndexByte(w.uri, '?') < 0 {
		w.uri = o.keep(w.uri, "?", strings.TrimPrefix(w.query, "?"))
	}
	if w.version == "1.0" || w.version == "1.1" || w.version == "2.0" {
		w.version = o.keep("HTTP/", w.version)
	}
	if w.line == "" && w.uri != "" && w.uri[0] != '/' { // a load balancer's: whoever asked wrote the path only
		w.path()
	}
	w.escaped = len(w.sources) > 0 && &w.sources[0] == &nginxSources[0]
	w.add(ev, &o.flat.arena)
	switch {
	case w.alert != "":
		ev.Add("event_type", "waf_alert")
		ev.Add("rule.msg", w.alert)
	case w.status == "401" && w.user != "" && len(w.sources) > 0 && w.sources[0].Product == "caddy": // its basic auth gave a name
		ev.Sources = caddyAuthSources
		login(ev, false, "caddy", "")
	case w.message != "":
		n := len(ev.Fields)
		if said(ev, "web", w.message, applicationSayings) {
			ev.Sources = appLoginSources
			nobody(ev, w.message)
		} else {
			ev.Fields = ev.Fields[:n]
			if kind := wording(w.message); kind == "login_failed" || kind == "login_ok" || kind == "invalid_user" {
				ev.Sources = appLoginSources
				happened(ev, kind, outcome(kind == "login_ok"))
				nobody(ev, w.message)
			}
		}
	}
	if p := o.get("ClientRequestPath"); p != "" {
		own(o, ev, "path", p)
		switch o.get("Action") {
		case "block", "drop", "challenge", "jschallenge", "managed_challenge":
			happened(ev, "denied", "failure")
		}
	}
}

// nobody gives a record, in which nobody's name stands where the user's does, the name that its message tells.
func nobody(ev *tocsin.Event, message string) {
	user := ""
	for i := range ev.Fields {
		if f := &ev.Fields[i]; f.Name == "user" {
			if !isNobody(f.Value) {
				return
			}
			if user == "" {
				user = userIn(message)
			}
			if user != "" {
				f.Value = user
			}
		}
	}
	if user == "" {
		ev.Add("user", userIn(message))
	}
}

// webTime reads a record's stamp; nginx's time_local and ModSecurity's have their own forms.
func webTime(s string, o Options) time.Time {
	if t, ok := parseTime(s, o); ok {
		return t
	}
	t, err := time.ParseInLocation(time.ANSIC, s, o.zone())
	if err != nil {
		return time.Time{}
	}
	return o.basis.rest(t.UTC(), 1<<GuessZone)
}

// isCaddyLog says that o is a record of Caddy's that is no request: an error, or what Coraza found.
func isCaddyLog(o *object) bool {
	return strings.HasPrefix(o.get("logger"), "http.") && o.has("level", "ts", "msg")
}

func fillCaddyLog(o *object, ev *tocsin.Event) {
	ev.Time = webTime(o.get("ts"), o.opt)
	ev.Sources = caddyLogSources
	msg := o.get("msg")
	if !strings.Contains(msg, "Coraza: ") && !strings.Contains(msg, "ModSecurity: ") {
		if ip := o.get("request.remote_ip"); ip != "" {
			ev.Add("src_ip", ip)
		}
		return
	}
	ev.Add("event_type", "waf_alert")
	r := request{escaped: false}
	if _, after, ok := strings.Cut(msg, `[client "`); ok {
		r.client, _, _ = strings.Cut(after, `"`)
	}
	r.uri = modSecurity(ev, msg)
	r.add(ev, &o.flat.arena)
}
