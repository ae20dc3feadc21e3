package console

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/feed"
)

// A Run is what the console shows and acts on. All methods may be called by several goroutines; what they return is never
// changed.
type Run interface {
	Findings
	Health
	Archive
	Acts
}

// Findings are what a run found.
type Findings interface {
	// Campaigns are those that a query asks for, the last updated first, and the cursor of the next ones, "" at the end.
	Campaigns(ctx context.Context, q Query) (page []Told, next string, err error)
	// Campaign is one, by an id that it has or was told under; ErrNotFound where there is none. An empty tenant is any.
	Campaign(ctx context.Context, tenant, id string) (*Told, error)
	// Principals are those of a tenant for whom agents work, the worst first; of all tenants where it is empty.
	Principals(tenant string) []*tocsin.Principal
	// Matches are the newest ones that a query asks for, at most Limit, in order of time. Those of one rule share it.
	Matches(ctx context.Context, q MatchQuery) ([]*tocsin.Match, error)
}

// Health is how it goes with a run.
type Health interface {
	Ready() bool // sources are followed
	Sources() []feed.Stat
	Rules() []RuleCost
	Incidents() []Incident // the last ones, the newest first
	Numbers() Numbers
}

// Archive is what was read.
type Archive interface {
	// Search gives the events that a query asks for, in order of time, until it ends or ctx does. An error ends it. An event is
	// valid until the next.
	Search(ctx context.Context, q SearchQuery) iter.Seq2[*tocsin.Event, error]
	// Record is one event, by its place; ErrNotFound where it is no longer kept.
	Record(ctx context.Context, tenant string, at tocsin.Place) (*tocsin.Event, error)
	// Try holds rules that are not in use against what is kept. Where ctx's time is over it gives what was found until then.
	Try(ctx context.Context, t Trial) (*Tried, error)
	// Report writes a campaign, or everything where id is empty, in a format and language of package report.
	Report(ctx context.Context, w io.Writer, q ReportQuery) error
}

// Acts are what a person does. Who is the account's name. What is wrong with what was asked for wraps ErrRefused.
type Acts interface {
	SetStatus(ctx context.Context, who string, s StatusChange) error
	Suppress(ctx context.Context, who string, s Suppression) error
	// Audit notes an act. Where it cannot be noted the act is not done.
	Audit(ctx context.Context, a Act) error
}

// Errors that a Run's errors wrap.
var (
	ErrNotFound = errors.New("not found")
	ErrRefused  = errors.New("refused")
)

// The states of a campaign.
const (
	Open         = "open"
	Acknowledged = "acknowledged"
	Closed       = "closed"
)

// A Query asks for campaigns. The zero value asks for the newest 100 of all.
type Query struct {
	Tenant string
	Since  time.Time    // updated since
	Level  tocsin.Level // at least
	Status string       // Open, Acknowledged or Closed; "" is any
	Limit  int          // 0 is 100
	Cursor string       // of the page before
}

// Told is a campaign as it was told.
type Told struct {
	Tenant   string
	Campaign *tocsin.Campaign
	Updated  time.Time // when what is told of it was last changed
	Status   string    // Open, Acknowledged or Closed; "" is Open
	Note     string    // the last one
	By       string    // who changed the status last
}

// status is the state of a campaign.
func (t *Told) status() string {
	if t.Status == "" {
		return Open
	}
	return t.Status
}

// A MatchQuery asks for matches.
type MatchQuery struct {
	Tenant   string
	Campaign string // only of its records; "" is all
	Limit    int
}

// A SearchQuery asks for events.
type SearchQuery struct {
	Tenant   string
	From, To time.Time      // zero is no bound
	Text     string         // occurs in the record or a field, in any case; "" is all
	Fields   []tocsin.Field // a field of each name has the value; * stands for anything
	Limit    int
}

// A Trial is rules that are not in use, to be held against what is kept.
type Trial struct {
	Tenant   string
	Rules    string    // Sigma, as YAML: all that they refer to is among them
	From, To time.Time // zero is no bound
	Limit    int       // of matches that are shown
}

// Tried is what came of a trial. Where rules cannot be used nothing was tried.
type Tried struct {
	Faults    []RuleFault     `json:"faults" doc:"Why rules cannot be used. Where there are any, nothing was tried."`
	Notes     []RuleFault     `json:"notes" doc:"What is doubtful in them all the same."`
	Events    int64           `json:"events" doc:"That were looked at."`
	Fitting   int64           `json:"fitting" doc:"Of these: of a log source that one of the rules is for."`
	Matches   int64           `json:"matches"`
	Hosts     []HostMatches   `json:"hosts" doc:"At most 50, those with the most first."`
	MoreHosts int             `json:"more_hosts,omitempty" doc:"That are left out; at most 10,000 are told apart."`
	More      string          `json:"more,omitempty" enum:"time,count" doc:"Why there may be more: the time was over, or correlations counted more events than are kept."`
	First     []*tocsin.Match `json:"-"` // in order of time
}

// A RuleFault is what is wrong with a rule.
type RuleFault struct {
	Line int64  `json:"line,omitempty"` // from 1; 0 where there is none
	Rule string `json:"rule,omitempty"` // title or id
	What string `json:"what"`
	Hint string `json:"hint,omitempty"`
}

// HostMatches are how many matches are of a host.
type HostMatches struct {
	Host    string `json:"host"`
	Matches int64  `json:"matches"`
}

// A ReportQuery asks for a report.
type ReportQuery struct {
	Tenant, ID string
	Format     string // one of Formats
	Lang       string // en or fr
}

// Formats are the formats of reports to download, with the content type and the end of the file's name of each.
var formats = [...]struct{ name, kind, end, says string }{
	{"html", "text/html; charset=utf-8", ".html", "HTML"},
	{"markdown", "text/markdown; charset=utf-8", ".md", "Markdown"},
	{"jsonl", "application/x-ndjson", ".jsonl", "JSONL"},
	{"stix", "application/stix+json;version=2.1", ".stix.json", "STIX"},
	{"csv", "text/csv; charset=utf-8", ".csv", "CSV"},
	{"ocsf", "application/x-ndjson", ".ocsf.jsonl", "OCSF"},
	{"navigator", "application/json", ".navigator.json", "Navigator"},
	{"text", "text/plain; charset=utf-8", ".txt", "Text"},
}

// A StatusChange acknowledges, closes or opens a campaign.
type StatusChange struct {
	Tenant, ID string
	Status     string
	Note       string
	Benign     bool // closed, because there was nothing to it
}

// A Suppression keeps what is like something from being told, until it ends.
type Suppression struct {
	Tenant   string
	Campaign string // what is like this campaign; or
	Rule     string // a rule's id; or
	Entity   string // as KIND:VALUE
	Reason   string
	Until    time.Time
}

// An Act is what a person did.
type Act struct {
	Time   time.Time
	Who    string
	From   string // the address
	What   string // login, login failed, logout, status, suppress, report, search, try, account, token
	On     string // what it was done to
	Detail string
}

// A RuleCost is what a rule found and took.
type RuleCost struct {
	ID       string        `json:"id"`
	Title    string        `json:"title"`
	Level    tocsin.Level  `json:"level"`
	Hits     int64         `json:"hits"`
	Cost     time.Duration `json:"cost_ns"`
	PutAside string        `json:"put_aside,omitempty"` // why it is not run; "" where it is
}

// An Incident is something that is wrong with the run itself or its sources.
type Incident struct {
	ID     string    `json:"id"`
	Time   time.Time `json:"time"`
	Ended  time.Time `json:"ended,omitzero"` // zero while it goes on
	Kind   string    `json:"kind"`           // silent, lag, cost, disk, clock, corrupt …
	Source string    `json:"source,omitempty"`
	Tenant string    `json:"tenant,omitempty"`
	What   string    `json:"what"`           // a sentence
	Hint   string    `json:"hint,omitempty"` // what to do
}

// Numbers are counts and sizes of a run, since it began.
type Numbers struct {
	Events   int64                    // that were read and judged
	Matches  int64                    //
	Lag      map[string]time.Duration // by stage
	Dropped  map[string]int64         // by why
	Memory   int64                    // bytes that are known to be in use for state
	Pages    int64                    // that are open
	Turns    int64                    //
	Turn     time.Duration            // the last one took
	Store    int64                    // bytes on disk
	Archive  int64                    // bytes on disk
	Free     int64                    // bytes on the disk that holds them; 0 where not known
	Mark     time.Time                // how far event time is
	Alerts   map[string]int64         // sent, by way
	Unsent   int64                    // alerts that wait
	GivenUp  map[string]int64         // alerts that nobody got, by way
	Restarts int64                    //
}

// A Change says that something is not what it was: see [Console.Changed].
type Change struct {
	Kind   string `json:"kind"` // campaign: also principals and matches; source: also rules and incidents
	Tenant string `json:"tenant,omitempty"`
	ID     string `json:"id,omitempty"`
}
