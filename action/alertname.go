package action

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// An alertMeaning is what the name of another detector's alert says.
type alertMeaning struct {
	tactic, technique string
	level             tocsin.Level
}

// alertWords tell by words that all detectors use what an alert means, the most telling first: the first line of which
// every word group occurs decides. A word matches at the start of a word of the name, so that "scan" also finds
// "scanning"; alternatives are set apart by |. Levels are for one alert alone; what is only new or unusual is Low
// and gets its weight from how rare it is where it was raised.
var alertWords = []struct {
	words []string
	alertMeaning
}{
	// What says itself that nothing happened, or that only the detector speaks.
	{[]string{"ignoring now|database update|agent started|agent stopped|agent disconnected|heartbeat|ids event.|multiple ids|package management|integrity monitoring|rotated|keepalive"}, alertMeaning{"", "", tocsin.Informational}},
	{[]string{"authentication success|login success|logged in|session opened|session closed|logon success|login session opened|login session closed"}, alertMeaning{"", "", tocsin.Informational}},

	{[]string{"ransom|encrypted files|shadow cop|wiper|data destruction|defacement"}, alertMeaning{"impact", "T1486", tocsin.High}},
	{[]string{"exfil|data theft|large upload|dns tunnel"}, alertMeaning{"exfiltration", "T1048", tocsin.High}},
	{[]string{"webshell|web shell|china chopper|c99|r57"}, alertMeaning{"persistence", "T1505.003", tocsin.High}},
	{[]string{"mimikatz|lsass|credential dump|credential access|dcsync|ntds|kerberoast|golden ticket|pass the hash|pass-the-hash|hash dump|hashdump|secretsdump"}, alertMeaning{"credential-access", "T1003", tocsin.High}},
	{[]string{"rootkit|bootkit|trojaned"}, alertMeaning{"stealth", "T1014", tocsin.High}},
	{[]string{"cnc|c2|c&c|command and control|beacon|cobalt strike|cobaltstrike|meterpreter|empire|sliver|botnet|checkin"}, alertMeaning{"command-and-control", "T1071", tocsin.High}},
	{[]string{"psexec|lateral|remote service|admin share|wmiexec|smbexec|winrm"}, alertMeaning{"lateral-movement", "T1021", tocsin.Medium}},
	{[]string{"malware|trojan|virus|backdoor|worm |stealer|keylog|dropper|loader| rat|infostealer|malicious|hacktool|spyware"}, alertMeaning{"execution", "T1204", tocsin.High}},
	{[]string{"phish|malicious attachment|spoofed"}, alertMeaning{"initial-access", "T1566", tocsin.Medium}},
	{[]string{"shellcode|exploit|overflow|cve-|remote code|code execution|injection|traversal|xss|cross site script|common web attack|web attack|log4j|jndi|shellshock|deserializ|file inclusion|ssrf"}, alertMeaning{"initial-access", "T1190", tocsin.Medium}},
	{[]string{"brute|spray|password guess|multiple auth|multiple failed|multiple login fail|multiple invalid|many failed|login attempts exceeded"}, alertMeaning{"credential-access", "T1110", tocsin.Medium}},
	{[]string{"portscan|port scan|nmap|masscan|zmap|nessus|nikto|sqlmap|dirbuster|gobuster|wpscan|acunetix|netsparker|scanner|et scan|sweep|reconnaissance|network scan|(scan)"}, alertMeaning{"reconnaissance", "T1595", tocsin.Medium}},
	{[]string{"multiple", "400 error|404|not found|web server error"}, alertMeaning{"reconnaissance", "T1595.003", tocsin.Medium}},
	{[]string{"suspicious url|forbidden file|forbidden directory|sensitive file|hidden file request"}, alertMeaning{"reconnaissance", "T1595.003", tocsin.Low}},
	{[]string{"cpu ", "deviat|out of|unusual|spike|high"}, alertMeaning{"impact", "T1496", tocsin.Low}},

	// What is only new or unusual says nothing but that, whatever it is about.
	{[]string{"new |unusual|first time|never seen|anomal|deviat|out of expected|high entropy|rare |suspicious|unexpected|outlier"}, alertMeaning{"", "", tocsin.Low}},

	{[]string{"400 error|404|file not found|500 error"}, alertMeaning{"reconnaissance", "T1595.003", tocsin.Low}},
	{[]string{"new user|user added|account created|group added|added to group|added to the group"}, alertMeaning{"persistence", "T1136", tocsin.Low}},
	{[]string{"sudo|changed uid|su to root|privilege|setuid|uac bypass|elevation"}, alertMeaning{"privilege-escalation", "T1548", tocsin.Low}},
	{[]string{"log cleared|logs cleared|audit log was cleared|history cleared|log file size reduced"}, alertMeaning{"stealth", "T1070", tocsin.Medium}},
	{[]string{"disabled|tamper|firewall rule deleted|antivirus stopped|protection off"}, alertMeaning{"defense-impairment", "T1562", tocsin.Low}},
	{[]string{"service_stop|service stop|service was stopped"}, alertMeaning{"impact", "T1489", tocsin.Low}},
	{[]string{"cronjob|crontab|scheduled task|service installed|service was created|autorun"}, alertMeaning{"persistence", "T1053", tocsin.Low}},
	{[]string{"login fail|login attempt|invalid user|authentication fail|failed login|failed logon|logon fail|failed password|user login failed|invalid login"}, alertMeaning{"credential-access", "T1110", tocsin.Low}},
	{[]string{"tor |anonymizer|proxy avoidance|coinminer|crypto min|cryptomin"}, alertMeaning{"command-and-control", "T1090", tocsin.Medium}},
}

// nameMeaning reads the name of an alert. One that says nothing known is Low: a detector found it worth telling.
func nameMeaning(name string) alertMeaning {
	low := strings.ToLower(name[:min(len(name), 256)])
rules:
	for i := range alertWords {
		for _, group := range alertWords[i].words {
			if !anyWord(low, group) {
				continue rules
			}
		}
		return alertWords[i].alertMeaning
	}
	return alertMeaning{level: tocsin.Low}
}

// anyWord says whether one of the alternatives in group stands in s at the start of a word.
func anyWord(s, group string) bool {
	for w := range strings.SplitSeq(group, "|") {
		for from := 0; ; {
			i := strings.Index(s[from:], w)
			if i < 0 {
				break
			}
			at := from + i
			if at == 0 || !letter(s[at-1]) || !letter(w[0]) {
				return true
			}
			from = at + 1
		}
	}
	return false
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
