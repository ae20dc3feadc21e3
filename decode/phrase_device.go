package decode

// deviceWords are words of which each of devicePhrases has one.
var deviceWords = listWords("login", "logged", "log in", "signed in", "sign in", "accessed shared", "was blocked", "authentication", "password for", "cannot log", "new session", "session", "address=", "failed to authenticate", "unknown client", "command:", "manager mode", "operator mode", "file/folder")

// devicePhrases are the messages of appliances, switches, storage and hypervisors that tell of logins.
var devicePhrases = []phrase{
	// Synology DSM: https://kb.synology.com/en-global/DSM/help/SynologyLogCenter
	{"User [{user<}] from [{@ip}] failed to log in via [{service_asked<}] due to {reason}", loginFailed, ""},
	{"User [{user<}] from [{@ip}] failed to sign in to [{service_asked<}] via [{<}] due to {reason}", loginFailed, ""},
	{"User [{user<}] from [{@ip}] logged in successfully via [{service_asked<}].", loginOK, ""},
	{"User [{user<}] from [{@ip}] signed in to [{service_asked<}] successfully via [{auth_method<}].", loginOK, ""},
	{"User [{user<}] from [{<}({@ip})] logged in successfully via [{service_asked<}].", loginOK, ""},
	{"User [{user<}] from [{@ip}] logged out the server via [{service_asked<}]{*}", logout, ""},
	{"User [{user<}] from [{@ip}] via [{service_asked<}] accessed shared folder [{share<}].", sessionOpened, ""},
	{"Host [{@ip}] was blocked via [{service_asked<}].", banned, ""},
	{"User [{user<}] from [{@ip}({<})] logged out the server via [{service_asked<}]{*}", logout, ""},
	{"User [{user<}] from [{<}({@ip})] logged out the server via [{service_asked<}]{*}", logout, ""},
	{"{<}Event: {action<}, Path: {path<}, File/Folder: {<}, User: {user<}, IP: {@ip}", untold, ""},
	// FreeRADIUS: a gateway that it does not know
	{"{<}Ignoring request to {<} from unknown client {@ip}{*}", denied, ""},
	// ArubaOS, Aruba switches and their controllers
	{"{<}Invalid user name/password on {service_asked!} session User '{user<}' is trying to login from {@ip}", loginFailed, ""},
	{"{<}User '{user<}' logged in from {@ip} to {service_asked!} session", loginOK, ""},
	{"{<}User '{user<}' logged out of {service_asked!} session from {@ip}", logout, ""},
	{"{<}User Authentication Successful: username={user<} MAC={<} IP={@ip} {*}", loginOK, ""},
	{"{<}User Authentication failed. username={user<} userip={@ip} {*}", loginFailed, ""},
	{"{<}User Authentication failed. username={user<} usermac={!} userip={@ip} {*}", loginFailed, ""},
	{"{<}User {user!} logged in from {@ip} through {service_asked!} session{*}", loginOK, ""},
	{"{<}USER: {user!} has logged in from {@ip}.", loginOK, ""},
	{"{<}USER: {user!} has logged out from {@ip}.", logout, ""},
	{"{<}USER:{user<}@{@ip} COMMAND:<{command<} > -- command executed successfully", ranCommand, ""},
	{"{<}USER:{user<}@{@ip} COMMAND:<{command<} > -- {*}", commandDenied, ""},
	{"SME {service_asked!} from {@ip} - MANAGER Mode", loginOK, ""},
	{"SME {service_asked!} from {@ip} - OPERATOR Mode", loginOK, ""},
	{"{<}mgr: SME {service_asked!} from {@ip} - MANAGER Mode", loginOK, ""},
	{"{<}mgr: SME {service_asked!} from {@ip} - OPERATOR Mode", loginOK, ""},
	// VMware ESXi and vCenter
	{"{<}Event {#} : User {user<}@{@ip} logged in{*}", loginOK, ""},
	{"{<}User {user<}@{@ip} logged in as {user_agent}", loginOK, ""},
	{"{<}User {user<}@{@ip} logged out{*}", logout, ""},
	{"{<}Event {#} : Cannot login {user<}@{@ip}{*}", loginFailed, ""},
	{"{<}Cannot login {user<}@{@ip}{*}", loginFailed, ""},
	{"{<}Cannot login user {user<}@{@ip}{*}", loginFailed, ""},
	{"{<}Rejected password for user {user<} from {@ip}{*}", loginFailed, ""},
	{"{<}Accepted password for user {user<} from {@ip}{*}", loginOK, ""},
	// cPanel's login log
	{"{<}[{service_asked!}] {@ip} - {user<} - SUCCESS LOGIN {*}", loginOK, ""},
	{"{<}[{service_asked!}] {@ip} - {user<} \"{<}\" SUCCESS LOGIN {*}", loginOK, ""},
	{"{<}[{service_asked!}] {@ip} - {user<} \"{<}\" FAILED LOGIN {service!} {reason}", loginFailed, ""},
	{"{<}[{service_asked!}] {@ip} - {user<} \"{<}\" DEFERRED LOGIN {service!} {reason}", loginPending, ""},
	{"{<}[{service_asked!}] {@ip} - {user<} - FAILED LOGIN {service!} {reason}", loginFailed, ""},
	{"{<}[{service_asked!}] {@ip} NEW {user<}:{session<} address={<}", loginOK, ""},
	// WatchGuard
	{"{<}uthentication of {<} user [{user<}] from {@ip} was rejected{*}", loginFailed, ""},
	{"{<}uthentication of {<} user [{user<}] from {@ip} was accepted{*}", loginOK, ""},
	{"{<} user {user!} from {@ip} logged in{*}", loginOK, ""},
	{"{<} user {user!} from {@ip} log in attempt was rejected{*}", loginFailed, ""},
	// F5 BIG-IP
	{"{<}AUDIT - user {<} - RAW: {<}: User={user<} tty={<} host={@ip} failed to login {*}", loginFailed, ""},
	{"{<}AUDIT - user {<} - RAW: {<}: user={user<}({<}) partition={<} level={<} tty={<} host={@ip} attempts={<} start={*}", loginOK, ""},
	{"{<}New session from client IP {@ip} ({<}) at VIP {@to} Listener {*}", connection, ""},
	// Redis and Tomcat's realm
	{"{<}User {user<} from {@ip} failed to authenticate{*}", loginFailed, ""},
}
