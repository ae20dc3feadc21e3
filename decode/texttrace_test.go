package decode

import "testing"

// TestStackTraces holds that the lines of a stack trace belong to the record before them, and are no fault.
func TestStackTraces(t *testing.T) {
	readings(t, []reading{
		{"Java", "2024-02-12 09:10:11,120 ERROR [main] a.B - no\njava.lang.IllegalStateException: no\n\tat a.B.main(B.java:12)\nCaused by: java.io.IOException: x\n\t... 12 more\n2024-02-12 09:10:12,120 INFO [main] a.B - yes\n", "time=2024-02-12T09:10:11.12Z; fault=\ntime=2024-02-12T09:10:12.12Z; fault=; error.stack_trace="},
		{"Python", "2024-02-12 09:10:11,120 ERROR root: no\nTraceback (most recent call last):\n  File \"/a.py\", line 12, in main\n    run()\nValueError: x\n\nDuring handling of the above exception, another exception occurred:\n\nKeyError: 'y'\n2024-02-12 09:10:12,120 INFO root: yes\n", "time=2024-02-12T09:10:11.12Z; fault=\ntime=2024-02-12T09:10:12.12Z; fault="},
		{"Go", "2024/02/12 09:10:11 http: panic serving 192.0.2.7:4711: x\ngoroutine 34 [running]:\nnet/http.(*conn).serve.func1()\n\t/usr/local/go/src/net/http/server.go:1801 +0x147\npanic(0x6f2a80, 0x9a3b10)\nmain.handler(0x1, 0x2)\n\t/a.go:22 +0x1d\ncreated by net/http.(*Server).Serve\n2024/02/12 09:10:12 yes\n", "time=2024-02-12T09:10:11Z; fault=\ntime=2024-02-12T09:10:12Z; fault="},
		{".NET", "2024-02-12 09:10:11.1200 [ERR] no\nSystem.InvalidOperationException: no\n   at A.B.Main(String[] args) in C:\\a.cs:line 12\n ---> System.IO.IOException: x\n   --- End of inner exception stack trace ---\n2024-02-12 09:10:12.1200 [INF] yes\n", "time=2024-02-12T09:10:11.12Z; fault=\ntime=2024-02-12T09:10:12.12Z; fault="},
		{"a log that begins within one", "\tat a.B.main(B.java:12)\n\tat a.B.run(B.java:13)\n2024-02-12 09:10:12,120 INFO [main] a.B - yes\n", "time=; fault=\ntime=2024-02-12T09:10:12.12Z"},
		{"an indented line that tells of an address", "2024-02-12 09:10:11 start\n    login failed for user eve from 192.0.2.7\n", "time=2024-02-12T09:10:11Z; error.stack_trace=\nuser=eve; src_ip=192.0.2.7"},
	})
	record := "2024-02-12 09:10:11 a\n\tat x.Y(Z.java:1)\n"
	if got := LastRecord([]byte("first\n" + record)); got != len("first\n") {
		t.Errorf("the last record is said to begin at %d", got)
	}
	if got := LastRecord([]byte(record)); got != len(record) {
		t.Errorf("a block of one record is cut at %d", got)
	}
}

// TestDottedTimes holds times of day with full stops, and addresses that look like them.
func TestDottedTimes(t *testing.T) {
	readings(t, []reading{
		{"after a date", "2024-02-12 09.10.11 ERROR login failed for user eve from 192.0.2.7", "time=2024-02-12T09:10:11Z"},
		{"DB2", "2024-02-12-09.10.11.123456 x", "time=2024-02-12T09:10:11.123456Z"},
		{"a comma and a fraction", "12.02.2024 09.10.11,120 WARN x", "time=2024-02-12T09:10:11.12Z"},
		{"an address behind a date", "2024-02-12 10.12.34.123 login failed for user eve", "time="},
	})
}
