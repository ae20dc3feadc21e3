package action

// secretEnds are what names of secrets end with, their signs left out. What only looks so is in secretNot.
var secretEnds = [...]string{"password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "apikey", "accesskey", "secretkey", "privatekey", "accountkey", "sharedkey", "encryptionkey", "signingkey", "masterkey", "storagekey", "authkey", "subscriptionkey", "xamzsignature", "accesssignature", "requirepass", "masterauth", "passwordhash", "passwordconfirm", "passwordconfirmation", "passwordagain", "passwordrepeat", "secretvalue", "tokenvalue", "sessiontoken", "phpsessid", "jsessionid", "aspsessionid", "cpassword", "keymaterial", "pass", "passw", "psk", "passwords", "webhooksecret", "bindpw", "rootpw", "userpw", "ownerpw", "adminpw"}

// secretWhole are names of secrets that say so only when they stand alone.
var secretWhole = wordSet("pw otp sig sas upw psw")

// secretNot are names that end like a secret's and are none.
var secretNot = wordSet("publickeytoken chpasswd nopasswd bypass compass trespass surpass overpass underpass bypasspwd oldpwd pagetoken nextpagetoken nexttoken continuationtoken continuetoken startingtoken synctoken maxtoken eostoken bostoken padtoken unktoken septoken clstoken masktoken endtoken starttoken stoptoken cursortoken pertoken singlepass firstpass secondpass multipass onepass renderpass")

// secretName says that a name is a secret's: password, DB_PASSWORD, X-Api-Key, user[pass], clientSecret.
func secretName(name string) bool {
	if len(name) < 2 {
		return false
	}
	name = name[max(0, len(name)-64):]
	// The last byte decides most.
	last := name[len(name)-1]
	for last == ']' || last >= '0' && last <= '9' || last == '-' || last == '_' {
		if name = name[:len(name)-1]; name == "" {
			return false
		}
		last = name[len(name)-1]
	}
	if ends := last | 0x20; secretLast[ends] == 0 {
		return false
	}
	var buf [64]byte
	low := buf[:0]
	start := 0 // of the last part
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z':
			low = append(low, c|0x20)
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			low = append(low, c)
		default:
			start = len(low)
		}
	}
	if secretNot[string(low)] {
		return false
	}
	if secretWhole[string(low)] || start > 0 && string(low[start:]) == "pw" {
		return true
	}
	for _, end := range secretEnds {
		if len(low) >= len(end) && string(low[len(low)-len(end):]) == end {
			return true
		}
	}
	return false
}

// secretLast are the last letters of secrets' names.
var secretLast = func() (k [256]byte) {
	for _, e := range secretEnds {
		k[e[len(e)-1]] = 1
	}
	for w := range secretWhole {
		k[w[len(w)-1]] = 1
	}
	return k
}()
