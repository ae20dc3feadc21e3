package decode

import "testing"

func TestUnixJSON(t *testing.T) {
	for _, c := range []struct {
		name, format, line string
		fields             []string
		want, source       string
	}{
		{"cowrie login", "cowrie", `{"eventid":"cowrie.login.failed","username":"root","password":"x","src_ip":"192.0.2.7","session":"a1","timestamp":"2026-03-04T05:06:07.1Z","sensor":"pot1","protocol":"ssh"}`,
			[]string{"time", "host", "event_type", "outcome", "user", "src_ip", "service"}, "2026-03-04T05:06:07.1Z|pot1|login_failed|failure|root|192.0.2.7|ssh", "authentication"},
		{"cowrie command", "cowrie", `{"eventid":"cowrie.command.input","input":"uname -a","src_ip":"192.0.2.7","timestamp":"2026-03-04T05:06:07.1Z","system":"CowrieTelnetTransport,3,192.0.2.7"}`,
			[]string{"event_type", "CommandLine", "service"}, "command|uname -a|telnet", "process_creation"},
		{"cowrie version", "cowrie", `{"eventid":"cowrie.client.version","version":"SSH-2.0-x","src_ip":"192.0.2.7","timestamp":"2026-03-04T05:06:07.1Z"}`,
			[]string{"event_type", "version"}, "|SSH-2.0-x", "honeypot"},
		{"laurel", "laurel", `{"ID":"1700000000.100:7","NODE":"web01","SYSCALL":{"arch":"0xc000003e","syscall":59,"success":"yes","exit":0,"ppid":8,"pid":9,"uid":33,"comm":"sh","exe":"/bin/dash","key":"web","ARCH":"x86_64","SYSCALL":"execve","UID":"www-data","ARGV":["0x1","0x2","0x3","0x4"],"PPID":{"comm":"apache2","exe":"/usr/sbin/apache2"}},"EXECVE":{"argc":3,"ARGV":["sh","-c","id; uname"]},"CWD":{"cwd":"/srv/www"},"PATH":[{"name":"/bin/sh","nametype":"NORMAL"}],"PROCTITLE":{"ARGV":["sh","-c","id; uname"]}}`,
			[]string{"time", "host", "Image", "CommandLine", "User", "CurrentDirectory", "ParentImage", "type", "serial"}, "2023-11-14T22:13:20.1Z|web01|/bin/dash|sh -c id; uname|www-data|/srv/www|/usr/sbin/apache2|SYSCALL|7", "process_creation"},
		{"laurel connection", "laurel", `{"ID":"1700000000.100:8","SYSCALL":{"syscall":42,"success":"no","exit":-115,"pid":9,"exe":"/usr/bin/curl","SYSCALL":"connect","UID":"bob"},"SOCKADDR":{"saddr":"0x02","SADDR":{"saddr_fam":"inet","addr":"198.51.100.10","port":443}}}`,
			[]string{"DestinationIp", "DestinationPort", "Image", "User", "outcome"}, "198.51.100.10|443|/usr/bin/curl|bob|", "network_connection"},
		{"laurel file", "laurel", `{"ID":"1700000000.100:9","SYSCALL":{"success":"yes","pid":9,"exe":"/bin/touch","SYSCALL":"openat"},"CWD":{"cwd":"/tmp"},"PATH":[{"name":"/tmp","nametype":"PARENT"},{"name":"x","nametype":"CREATE"}]}`,
			[]string{"TargetFilename", "Image"}, "/tmp/x|/bin/touch", "file_event"},
		{"Azure syslog", "azure-syslog", `{"TimeGenerated":"2026-03-04T05:06:08Z","Computer":"web1","EventTime":"2026-03-04T05:06:07Z","Facility":"auth","HostName":"web1","SeverityLevel":"info","SyslogMessage":"Invalid user bob from 192.0.2.7 port 4000","ProcessID":7,"ProcessName":"sshd","Type":"Syslog"}`,
			[]string{"time", "host", "program", "pid", "event_type", "user", "src_ip"}, "2026-03-04T05:06:07Z|web1|sshd|7|invalid_user|bob|192.0.2.7", "authentication"},
		{"Azure auoms", "azure-syslog", `{"TimeGenerated":"2026-03-04T05:06:08Z","EventTime":"2026-03-04T05:06:07Z","Facility":"user","HostName":"web1","SyslogMessage":"type=AUOMS_EXECVE audit(1700000000.100:7): arch=x86_64 syscall=execve success=yes exit=0 ppid=8 pid=9 user=tomcat uid=1001 comm=\"bash\" exe=\"/bin/bash\" key_r=61756F6D73016465 cwd=\"/\" argc=3 cmdline=\"bash -c \"echo \"a b\"\"\" redactors= containerid=","ProcessName":"auoms"}`,
			[]string{"time", "host", "Image", "CommandLine", "User", "key_r"}, `2023-11-14T22:13:20.1Z|web1|/bin/bash|bash -c "echo "a b""|tomcat|auoms`, "process_creation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ev := unixEvents(t, c.line+"\n", Options{})
			if len(ev) != 1 {
				t.Fatalf("%d events", len(ev))
			}
			if ev[0].Format != c.format && ev[0].Format != "auditd" {
				t.Errorf("format %s", ev[0].Format)
			}
			if got := told(ev[0], c.fields...); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			found := false
			for _, s := range ev[0].Sources {
				found = found || s.Category == c.source
			}
			if !found {
				t.Errorf("sources %v, want %s", ev[0].Sources, c.source)
			}
		})
	}
}
