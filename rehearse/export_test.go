package rehearse

import "time"

// A Kept is a call of a session of a rehearsal, as it was before a format was made of it.
type Kept struct {
	Session, Helper, Within, Born   string // Helper is the sub-agent within a session, Born the token of the call that started it
	Folder, Account                 string
	Apart                           bool // the format gives sub-agents sessions of their own
	Format, Command, Prompt, Result string
	Failed                          bool
	At                              time.Time
}

// KeptCalls are those of a rehearsal's sessions.
func KeptCalls(opt Options) (all []Kept, err error) {
	if err := opt.fill(); err != nil {
		return nil, err
	}
	s, err := rehearsal(opt)
	if err != nil {
		return nil, err
	}
	for _, main := range s.sessions {
		for _, x := range append([]*session{main}, main.helpers...) {
			for i := range x.calls {
				c := &x.calls[i]
				k := Kept{Session: x.id, Folder: x.folder(), Account: x.account(), Apart: x.format.apart, Format: x.format.name, Command: c.command, Result: c.result, Failed: c.failed, At: c.at}
				if x.within != nil {
					k.Session, k.Helper, k.Within, k.Born = x.within.id, x.id, x.within.id, x.born
				}
				if c.starts != nil {
					_, args := c.as("", "", "")
					k.Prompt = args["prompt"].(string)
				}
				all = append(all, k)
			}
		}
	}
	return all, nil
}
