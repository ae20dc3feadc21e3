package tocsin

import "time"

// A Naming is what logs say of two names: that both are of one machine or account, or that one uses the other.
type Naming struct {
	// Kind is one of: machine (the address Of is the host Name's), alias (two names of one host), sid (the SID Name is that of
	// the host Of), account (two names of one account), mailbox (what is sent to Of goes to the account Name), user (the
	// account Name was used from the address or on the host Of).
	Kind string `json:"kind"`
	Of   Entity `json:"of"`
	Name Entity `json:"name"`
	// Grade is one of: own (a machine's own record or agent, or a proof by key), claimed (one said so of itself to another,
	// unproven), told (others call it so: answers of the DNS, names in requests).
	Grade string    `json:"grade"`
	By    []string  `json:"by"` // ids of the kinds of record that say it, the surest first
	N     int64     `json:"n"`  // how many records say it
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	From  Place     `json:"from"` // of the first and of the last of these records
	To    Place     `json:"to"`
	Doubt string    `json:"doubt,omitempty"` // a clause: why it is not gone by; empty where it is
}
