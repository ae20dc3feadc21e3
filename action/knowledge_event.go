package action

// A finding is what this package finds in an event by reading and counting, and not by a word of its text: a row on
// "event" of its name says what that means.
type finding uint8

const (
	foundPipedToShell finding = iota
	foundFetchedForShell
	foundEncodedEcho
	foundEncodedPowerShell
	foundContainerExec
	foundStartedByServer
	foundRunByServer
	foundRunByService
	foundServerPrinted

	foundWebShell
	foundWebShellEncoded
	foundWebShellMissing
	foundScriptPut
	foundCommandInjected
	foundWebLoginFailed
	foundWebPathMissing
	foundObjectsTried
	foundPathsTried
	foundDefaultCredentials
	foundLoginsGuessed

	foundLoginFailed
	foundServiceRefused
	foundServiceProbed
	foundServiceAsPerson
	foundRootInUploads
	foundAccountMade
	foundAccountChanged
	foundFileFetched
	foundConnectionForwarded

	foundRemoteManagement
	foundUploadLarge
	foundUploadVeryLarge
	foundTLSUnvouched
	foundTLSUnnamed
	foundProgramDisguised
	foundPutByAddress
	foundListedByAddress
	foundPostByAddress
	foundFetchedBySystemTool
	foundProgramReceived
	foundNameTunnel
	foundShareProgramAdmin
	foundShareProgram
	foundShareAdmin
	foundServiceTicketRC4
	foundLoginTicketRC4
	foundMailStraight
	foundTorStranger
	foundNoticeScan

	foundStoreReadByMachine
	foundRoleRefused
	foundCloudRefused

	foundServiceInstalled
	foundServiceInstalledOdd
	foundServiceRegistered
	foundTaskRegistered
	foundAccountMadeWindows
	foundMemberAdded
	foundAccountDeleted
	foundSecurityLogCleared
	foundLogCleared
	foundTellingLogCleared
	foundTaskRegisteredOdd
	foundAccountHidden
	foundMemberAddedPowerful
	foundSIDHistory
	foundRestorePassword
	foundDirectoryChanged
	foundDatabaseShell
	foundProcessTampered
	foundRemoteThreadOdd
	foundLSASSViewed
	foundAuditPolicyChanged
	foundAdminShareOpened
	foundAdminShareWritten
	foundExecPipeOpened
	foundLookupPipeOpened
	foundReplicationAsked
	foundSecretsOpened
	foundNewCredentials
	foundConnectedBySystemTool
	foundRemoteThread
	foundLSASSRead
	foundProgramInWindows
	foundProgramRenamed
	foundDiscoveryChained
	foundMalware
	foundDefenderStopped
	foundWMISubscription
	foundProtectionDisabled
	foundLogDisabled
	foundFirewallDisabled

	foundDeceivingMail
	findings
)

var findingNames = [findings]string{
	"piped-to-shell", "fetched-for-shell", "encoded-echo", "encoded-powershell", "container-exec", "started-by-server", "run-by-server", "run-by-service", "server-printed",
	"web-shell", "web-shell-encoded", "web-shell-missing", "script-put", "command-injected", "web-login-failed", "web-path-missing", "objects-tried", "paths-tried", "default-credentials", "logins-guessed",
	"login-failed", "service-refused", "service-probed", "service-as-person", "root-in-uploads", "account-made", "account-changed", "file-fetched", "connection-forwarded",
	"remote-management", "upload-large", "upload-very-large", "tls-unvouched", "tls-unnamed", "program-disguised", "put-by-address", "listed-by-address", "post-by-address",
	"fetched-by-system-tool", "program-received", "name-tunnel", "share-program-admin", "share-program", "share-admin",
	"service-ticket-rc4", "login-ticket-rc4", "mail-straight", "tor-stranger", "notice-scan",
	"store-read-by-machine", "role-refused", "cloud-refused",
	"service-installed", "service-installed-odd", "service-registered", "task-registered", "account-made-windows", "member-added", "account-deleted",
	"security-log-cleared", "log-cleared", "telling-log-cleared", "task-registered-odd", "account-hidden", "member-added-powerful", "sid-history-changed", "restore-password-set",
	"directory-attribute-changed", "database-shell-on", "process-tampered", "remote-thread-odd", "lsass-viewed", "audit-policy-changed", "admin-share-opened", "admin-share-written", "exec-pipe-opened", "lookup-pipe-opened",
	"replication-asked", "secrets-opened", "new-credentials", "connected-by-system-tool", "remote-thread", "lsass-read", "program-in-windows", "program-renamed", "discovery-chained",
	"malware-found", "defender-stopped", "wmi-subscription",
	"protection-disabled", "log-disabled", "firewall-service-disabled",
	"deceiving-mail",
}

// event is the row for what was found; one without a row means nothing.
func (k *Knowledge) event(f finding) *row {
	if r := k.events[f]; r != nil {
		return r
	}
	return &unknown
}

// unknown is the row of what no row says anything of.
var unknown row

// means gives the action what a row says.
func (r *Reader) means(is *row) {
	a := &r.act
	if is.verb != "" {
		a.Verb = is.verb
	}
	a.Tactic, a.Technique, a.Level, a.Row = is.tactic, is.technique, is.level, is.rule
}

// found gives the action what the row for a finding says.
func (r *Reader) found(f finding) { r.means(r.know.event(f)) }

// nothing takes back what was said: what was found is ordinary after all.
func (r *Reader) nothing() {
	a := &r.act
	a.Tactic, a.Technique, a.Level, a.Row = "", "", informational, nil
}
