package rehearse

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

func (s *stage) web(o *org, at time.Time, ip, method, path string, status, size int, agent string) *entry {
	return s.put(o.name+"/"+o.host("web1")+"/access.log", "web", at, fmt.Sprintf(`%s - - [%s] "%s %s HTTP/1.1" %d %d "-" "%s"`,
		ip, at.UTC().Format("02/Jan/2006:15:04:05 -0700"), method, path, status, size, agent))
}

func (s *stage) auth(o *org, host string, at time.Time, program, message string) *entry {
	return s.put(o.name+"/"+o.host(host)+"/auth.log", "auth", at, fmt.Sprintf("%s %s %s[%d]: %s",
		at.UTC().Format("2006-01-02T15:04:05.000000+00:00"), o.host(host), program, 1000+s.rng.IntN(30000), message))
}

// exec is the start of a program as auditd tells it.
func (s *stage) exec(o *org, host string, at time.Time, uid int, user string, session int, argv []string) *entry {
	s.serial++
	id := fmt.Sprintf("audit(%d.%03d:%d)", at.Unix(), at.Nanosecond()/1e6, s.serial)
	node := "node=" + o.host(host) + " "
	ses := "4294967295"
	auid := "4294967295"
	if session > 0 {
		ses, auid = fmt.Sprint(session), fmt.Sprint(uid)
	}
	exe := argv[0]
	if !strings.HasPrefix(exe, "/") {
		exe = "/usr/bin/" + exe
	}
	name := exe[strings.LastIndexByte(exe, '/')+1:]
	var b strings.Builder
	fmt.Fprintf(&b, "%stype=SYSCALL msg=%s: arch=c000003e syscall=59 success=yes exit=0 a0=0 a1=0 a2=0 a3=0 items=2 ppid=%d pid=%d auid=%s uid=%d gid=%d euid=%d suid=%d fsuid=%d egid=%d sgid=%d fsgid=%d tty=(none) ses=%s comm=%q exe=%q key=\"exec\" UID=%q AUID=%q\n",
		node, id, 900+s.rng.IntN(100), 2000+s.rng.IntN(60000), auid, uid, uid, uid, uid, uid, uid, uid, uid, ses, name[:min(len(name), 15)], exe, user, user)
	fmt.Fprintf(&b, "%stype=EXECVE msg=%s: argc=%d", node, id, len(argv))
	for i, a := range argv {
		if strings.ContainsAny(a, " \"'") || a == "" {
			fmt.Fprintf(&b, " a%d=%X", i, a)
		} else {
			fmt.Fprintf(&b, " a%d=%q", i, a)
		}
	}
	return s.put(o.name+"/"+o.host(host)+"/audit.log", "audit", at, b.String())
}

func (s *stage) line(path, kind string, at time.Time, record map[string]any) *entry {
	b, err := json.Marshal(record)
	if err != nil {
		panic(err) // maps of strings and numbers
	}
	return s.put(path, kind, at, string(b))
}

func seconds(at time.Time) float64 { return float64(at.UnixMicro()) / 1e6 }

func (s *stage) conn(o *org, at time.Time, src, dst string, port int, state string, out, in int) *entry {
	return s.line(o.name+"/sensor."+o.domain+"/conn.log", "zeek", at, map[string]any{"ts": seconds(at), "uid": "C" + s.hex(16), "id.orig_h": src, "id.orig_p": 20000 + s.rng.IntN(40000),
		"id.resp_h": dst, "id.resp_p": port, "proto": "tcp", "conn_state": state, "orig_bytes": out, "resp_bytes": in, "duration": 0.1 + s.rng.Float64(), "history": "ShADadfF", "orig_pkts": 4, "resp_pkts": 4})
}

func (s *stage) dns(o *org, at time.Time, src, query, answer string) *entry {
	code := "NOERROR"
	r := map[string]any{"ts": seconds(at), "uid": "C" + s.hex(16), "id.orig_h": src, "id.orig_p": 20000 + s.rng.IntN(40000), "id.resp_h": o.inside("dc1"), "id.resp_p": 53,
		"proto": "udp", "query": query, "qtype": 1, "qtype_name": "A", "rejected": false}
	if answer == "" {
		code = "NXDOMAIN"
	} else {
		r["answers"] = []string{answer}
	}
	r["rcode_name"] = code
	return s.line(o.name+"/sensor."+o.domain+"/dns.log", "zeek", at, r)
}

func (s *stage) eve(o *org, at time.Time, src, dst string, port int, signature, category string, severity int) *entry {
	return s.line(o.name+"/sensor."+o.domain+"/eve.json", "eve", at, map[string]any{"timestamp": at.UTC().Format("2006-01-02T15:04:05.000000-0700"), "flow_id": s.rng.Int64N(1 << 50), "event_type": "alert",
		"src_ip": src, "src_port": 20000 + s.rng.IntN(40000), "dest_ip": dst, "dest_port": port, "proto": "TCP",
		"alert": map[string]any{"action": "allowed", "gid": 1, "signature_id": 2000000 + s.rng.IntN(40000), "rev": 1, "signature": signature, "category": category, "severity": severity}})
}

// unnumbered is where a Windows record will have its number, once it is known which come before it.
const unnumbered = `"RecordNumber":0,`

func (s *stage) security(o *org, host string, at time.Time, id int, fields map[string]any) *entry {
	r := map[string]any{"@timestamp": at.UTC().Format("2006-01-02T15:04:05.000Z"), "EventID": id, "Channel": "Security", "Hostname": o.host(host),
		"SourceName": "Microsoft-Windows-Security-Auditing", "EventTime": at.UTC().Format("2006-01-02 15:04:05"), "Severity": "INFO", "RecordNumber": 0}
	for k, v := range fields {
		r[k] = v
	}
	return s.line(o.name+"/"+o.host(host)+"/security.jsonl", "windows", at, r)
}

func (s *stage) cloud(o *org, at time.Time, ip, user, key, service, call, failure, agent string) *entry {
	r := map[string]any{"eventVersion": "1.11", "eventTime": at.UTC().Format("2006-01-02T15:04:05Z"), "eventSource": service + ".amazonaws.com", "eventName": call, "awsRegion": "eu-west-3",
		"sourceIPAddress": ip, "userAgent": agent, "eventID": s.hex(8) + "-" + s.hex(4), "eventType": "AwsApiCall", "recipientAccountId": o.account, "readOnly": strings.HasPrefix(call, "List") || strings.HasPrefix(call, "Describe") || strings.HasPrefix(call, "Get"),
		"userIdentity": map[string]any{"type": "IAMUser", "arn": "arn:aws:iam::" + o.account + ":user/" + user, "accountId": o.account, "accessKeyId": key, "userName": user}}
	if failure != "" {
		r["errorCode"] = failure
	}
	return s.line(o.name+"/cloud/cloudtrail.jsonl", "cloudtrail", at, r)
}
