package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/tocsin-ids/tocsin"

	"github.com/google/go-cmp/cmp"
)

func tell(t *testing.T, s *Store, at time.Time, told ...*tocsin.Campaign) {
	t.Helper()
	c := &Commit{}
	for _, x := range told {
		c.Told = append(c.Told, Told{"org", x, at})
	}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func status(t *testing.T, s *Store, id string) Case {
	t.Helper()
	return try(s.Campaign(t.Context(), "org", id))(t)
}

func TestClosedCampaignThatGetsWorseOpensAgain(t *testing.T) {
	s := openIn(t, t.TempDir())
	tell(t, s, day, campaignOf("c-1", tocsin.Medium, day), campaignOf("c-2", tocsin.Medium, day))
	for _, id := range []string{"c-1", "c-2"} {
		if err := s.SetStatus(t.Context(), "org", id, Status{State: StateAcknowledged, By: "ann", At: day, Note: "looking"}); err != nil {
			t.Fatal(err)
		}
		if err := s.SetStatus(t.Context(), "org", id, Status{State: StateClosed, By: "ann", At: day.Add(time.Hour), Note: "done", Benign: id == "c-2"}); err != nil {
			t.Fatal(err)
		}
	}
	later := day.Add(2 * time.Hour)
	tell(t, s, later, campaignOf("c-1", tocsin.Medium, later), campaignOf("c-2", tocsin.Medium, later))
	equal(t, status(t, s, "c-1").Status.State, StateClosed)
	tell(t, s, later, campaignOf("c-1", tocsin.Low, later)) // less, and as it was: not worse than when it was closed
	tell(t, s, later, campaignOf("c-1", tocsin.Medium, later))
	equal(t, status(t, s, "c-1").Status.State, StateClosed)
	tell(t, s, later, campaignOf("c-1", tocsin.High, later), campaignOf("c-2", tocsin.High, later))
	why := "it was closed at level medium and is now high"
	got := status(t, s, "c-1")
	equal(t, got.Status, Status{State: StateOpen, By: "tocsin", At: later, Why: why})
	equal(t, got.History, []Status{
		{State: StateAcknowledged, By: "ann", At: day, Note: "looking"},
		{State: StateClosed, By: "ann", At: day.Add(time.Hour), Note: "done"},
		{State: StateOpen, By: "tocsin", At: later, Why: why},
	})
	equal(t, got.Began, day)
	equal(t, status(t, s, "c-2").Status.State, StateClosed)
	tell(t, s, later, campaignOf("c-1", tocsin.Critical, later)) // open already
	equal(t, len(status(t, s, "c-1").History), 3)
	var what []string
	for _, e := range try(s.Entries(t.Context(), 0, 100))(t) {
		what = append(what, e.Who+" "+e.What+" "+e.Subject+" "+e.Detail)
	}
	equal(t, what, []string{
		"ann campaign.acknowledged org/c-1 looking", "ann campaign.closed org/c-1 done",
		"ann campaign.acknowledged org/c-2 looking", "ann campaign.closed org/c-2 benign: done",
		"tocsin campaign.open org/c-1 " + why,
	})
	for _, bad := range []Status{{}, {State: "gone"}, {State: StateOpen, Benign: true}} {
		if err := s.SetStatus(t.Context(), "org", "c-1", bad); !errors.Is(err, ErrBad) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if err := s.SetStatus(t.Context(), "other", "c-1", Status{State: StateOpen}); !errors.Is(err, ErrUnknown) {
		t.Errorf("of another tenant: %v", err)
	}
}

func TestPartsBecomeOneCampaign(t *testing.T) {
	s := openIn(t, t.TempDir())
	tell(t, s, day, campaignOf("c-a", tocsin.Medium, day))
	tell(t, s, day.Add(time.Minute), campaignOf("c-b", tocsin.Medium, day), campaignOf("c-z", tocsin.Low, day))
	if err := s.SetStatus(t.Context(), "org", "c-a", Status{State: StateAcknowledged, By: "ann", At: day, Note: "mine"}); err != nil {
		t.Fatal(err)
	}
	if err := s.SetStatus(t.Context(), "org", "c-b", Status{State: StateClosed, Benign: true, By: "bob", At: day}); err != nil {
		t.Fatal(err)
	}
	one := campaignOf("c-b", tocsin.High, day)
	one.Was = []string{"c-a", "c-never-told"}
	tell(t, s, day.Add(time.Hour), one)
	for _, id := range []string{"c-a", "c-b", "c-never-told"} {
		got := status(t, s, id)
		equal(t, got.Campaign, one)
		equal(t, got.Began, day)
		equal(t, got.Status, Status{State: StateAcknowledged, By: "ann", At: day, Note: "mine"})
		equal(t, len(got.History), 2)
	}
	// And again, with the first id only in the chain.
	all := campaignOf("c-c", tocsin.High, day)
	all.Was = []string{"c-b", "c-z"}
	tell(t, s, day.Add(2*time.Hour), all)
	for _, id := range []string{"c-a", "c-b", "c-c", "c-z"} {
		got := status(t, s, id)
		equal(t, got.Campaign.ID, "c-c")
		equal(t, got.Status.State, StateOpen) // c-z needs someone to look
	}
	if err := s.SetStatus(t.Context(), "org", "c-a", Status{State: StateClosed, By: "ann"}); err != nil {
		t.Fatal(err)
	}
	equal(t, status(t, s, "c-c").Status.State, StateClosed)
	list, _, err := s.Campaigns(t.Context(), Query{})
	equal(t, len(try(list, err)(t)), 1)
	// What is told of an old id again is its own.
	tell(t, s, day, campaignOf("c-a", tocsin.Low, day))
	equal(t, status(t, s, "c-a").Campaign.ID, "c-a")
	equal(t, status(t, s, "c-b").Campaign.ID, "c-c")
	if _, err := s.Campaign(t.Context(), "org", "c-x"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}

func TestCampaignsAreListedInPages(t *testing.T) {
	s := openIn(t, t.TempDir())
	c := &Commit{}
	for i := range 40 {
		c.Told = append(c.Told, Told{[]string{"", "org"}[i%2], campaignOf(fmt.Sprintf("c-%02d", i), tocsin.Level(1+i%5), day.Add(time.Duration(i/10)*time.Hour)), day.Add(time.Duration(i%3) * time.Minute)})
	}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	all := func(q Query) (out []Case) {
		t.Helper()
		for {
			page, next, err := s.Campaigns(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if q.Limit > 0 && len(page) > q.Limit {
				t.Fatalf("%d, more than %d", len(page), q.Limit)
			}
			out = append(out, page...)
			if next == "" {
				return out
			}
			q.Cursor = next
		}
	}
	for _, q := range []Query{{}, {ByUpdated: true}, {Tenants: []string{"org"}, Level: tocsin.High}, {Since: day.Add(time.Minute)}, {State: StateClosed}} {
		whole := all(q)
		for _, n := range []int{1, 3, 20, 39, 40, 41} {
			q.Limit = n
			if d := cmp.Diff(whole, all(q), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("%+v: in pages of %d it is another list: %s", q, n, d)
			}
		}
		seen := map[string]bool{}
		for i, k := range whole {
			if seen[k.Campaign.ID] {
				t.Errorf("%s comes twice", k.Campaign.ID)
			}
			seen[k.Campaign.ID] = true
			if q.Level > k.Campaign.Level || k.Updated.Before(q.Since) || q.Tenants != nil && k.Tenant != "org" {
				t.Errorf("%+v: %s was not asked for", q, k.Campaign.ID)
			}
			if i == 0 {
				continue
			}
			a := whole[i-1]
			if q.ByUpdated && a.Updated.Before(k.Updated) || !q.ByUpdated && (a.Campaign.Level < k.Campaign.Level || a.Campaign.Level == k.Campaign.Level && a.Campaign.Last.Before(k.Campaign.Last)) {
				t.Errorf("%+v: %s before %s", q, a.Campaign.ID, k.Campaign.ID)
			}
		}
	}
	equal(t, len(all(Query{})), 40)
	equal(t, len(all(Query{Tenants: []string{"org"}})), 20)
	equal(t, len(all(Query{Level: tocsin.Critical})), 8)
	_, next, _ := s.Campaigns(t.Context(), Query{Limit: 1})
	for _, q := range []Query{{Cursor: "x"}, {Cursor: "!"}, {Cursor: next, ByUpdated: true}} {
		if _, _, err := s.Campaigns(t.Context(), q); !errors.Is(err, ErrBad) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

func TestDamagedCampaignIsShownAllTheSame(t *testing.T) {
	s := openIn(t, t.TempDir())
	tell(t, s, day, campaignOf("c-1", tocsin.High, day), campaignOf("c-2", tocsin.Low, day), campaignOf("c-3", tocsin.Low, day))
	db := raw(t, s.path)
	mustExec(t, db, `UPDATE campaign SET json = replace(json, 'something', 'Something') WHERE id = 'c-1'`)
	mustExec(t, db, `UPDATE campaign SET json = '{"id": 7' WHERE id = 'c-2'`)
	list, _, err := s.Campaigns(t.Context(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, len(list), 3)
	for _, k := range list {
		if (k.Campaign.ID != "c-3") != errors.Is(k.Damage, ErrCorrupt) {
			t.Errorf("%s: %v", k.Campaign.ID, k.Damage)
		}
		if k.Campaign.Title != "something happened "+k.Campaign.ID || !k.Campaign.Last.Equal(day) {
			t.Errorf("%+v", k.Campaign)
		}
	}
}

func TestOutbox(t *testing.T) {
	s := openIn(t, t.TempDir())
	ctx := t.Context()
	add := func(alerts ...Alert) {
		t.Helper()
		if err := s.Commit(ctx, &Commit{Alert: alerts}); err != nil {
			t.Fatal(err)
		}
	}
	ids := func(route string, n int, now time.Time) string {
		t.Helper()
		var out []string
		for _, d := range try(s.Next(ctx, route, n, now))(t) {
			out = append(out, d.ID)
		}
		return strings.Join(out, " ")
	}
	a := Alert{ID: "a", Tenant: "org", Campaign: "c-1", Route: "hook", Kind: "new", Body: []byte("A"), At: day}
	add(a, Alert{ID: "b", Route: "mail", At: day.Add(time.Second)}, Alert{ID: "c", Route: "hook", At: day.Add(time.Minute)})
	add(Alert{ID: "a", Body: []byte("another"), At: day.Add(-time.Hour)})
	equal(t, ids("", 9, day.Add(-time.Second)), "")
	equal(t, ids("", 9, day.Add(time.Second)), "a b")
	equal(t, ids("hook", 9, day.Add(time.Hour)), "a c")
	equal(t, ids("", 1, day.Add(time.Hour)), "a")
	equal(t, try(s.Next(ctx, "", 1, day))(t)[0], Delivery{Alert: a, State: Due, Next: day})

	failed := func(id string, why error, next time.Time) {
		t.Helper()
		if err := s.Failed(ctx, id, why, next); err != nil {
			t.Fatal(err)
		}
	}
	failed("a", errors.New("refused"), day.Add(time.Hour))
	equal(t, ids("", 9, day.Add(time.Minute)), "b c")
	equal(t, ids("", 9, day.Add(time.Hour)), "b c a")
	equal(t, try(s.Deliveries(ctx, DeliveryQuery{Campaign: "c-1"}))(t)[0], Delivery{Alert: a, State: Due, Next: day.Add(time.Hour), Tries: 1, Error: "refused"})
	if err := s.Sent(ctx, "a", "200", day.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	failed("a", errors.New("late"), day)
	add(a)
	equal(t, ids("", 9, day.Add(9*time.Hour)), "b c")
	failed("b", errors.New("still refused"), time.Time{})
	failed("c", nil, time.Time{})
	equal(t, ids("", 9, day.Add(1000*time.Hour)), "")
	lost := try(s.Deliveries(ctx, DeliveryQuery{State: Failed}))(t)
	equal(t, len(lost), 2)
	equal(t, lost[1].Error, "still refused")
	sent := try(s.Deliveries(ctx, DeliveryQuery{State: Sent, Tenants: []string{"org"}}))(t)
	equal(t, sent, []Delivery{{Alert: a, State: Sent, Tries: 1, Error: "refused", Response: "200", Ended: day.Add(2 * time.Hour)}})
	if err := s.Sent(ctx, "nobody", "", day); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	var what []string
	for _, e := range try(s.Entries(ctx, 0, 100))(t) {
		what = append(what, e.What+" "+e.Detail)
	}
	equal(t, what, []string{"alert.sent a by hook: 200", "alert.given-up b by mail: still refused", "alert.given-up c by hook: not said"})
}

func TestIncidents(t *testing.T) {
	s := openIn(t, t.TempDir())
	ctx := t.Context()
	raise := func(text string, at time.Duration) {
		t.Helper()
		if err := s.Raise(ctx, Raised{"silent", "auth.log", text}, day.Add(at)); err != nil {
			t.Fatal(err)
		}
	}
	raise("nothing for 5 min", 0)
	n := s.Stats().Commits
	raise("nothing for 5 min", 10*time.Second)
	equal(t, s.Stats().Commits, int(n))
	raise("nothing for 6 min", 20*time.Second)
	raise("nothing for 6 min", 3*time.Minute)
	one := Incident{1, "silent", "auth.log", "nothing for 6 min", day, time.Time{}, day.Add(3 * time.Minute)}
	equal(t, try(s.Incidents(ctx, true))(t), []Incident{one})
	for range 2 {
		if err := s.Clear(ctx, "silent", "auth.log", day.Add(4*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	one.Until = day.Add(4 * time.Minute)
	equal(t, try(s.Incidents(ctx, false))(t), []Incident{one})
	equal(t, len(try(s.Incidents(ctx, true))(t)), 0)
	raise("again", time.Hour)
	if err := s.Commit(ctx, &Commit{At: day.Add(2 * time.Hour), Clear: []Raised{{Kind: "silent", Subject: "auth.log"}}, Raise: []Raised{{"disk", "", "full"}, {"disk", "", "full"}}}); err != nil {
		t.Fatal(err)
	}
	equal(t, len(try(s.Incidents(ctx, false))(t)), 3)
	equal(t, len(try(s.Incidents(ctx, true))(t)), 1)
}

func TestSuppressions(t *testing.T) {
	s := openIn(t, t.TempDir())
	ctx := t.Context()
	one := Suppression{Tenant: "org", Rule: "r1", Fields: []byte(`{"user":"backup"}`), Reason: "nightly", By: "ann", At: day, Expires: day.Add(time.Hour)}
	one.ID = try(s.AddSuppression(ctx, one))(t)
	equal(t, try(s.Suppressions(ctx, day))(t), []Suppression{one})
	equal(t, len(try(s.Suppressions(ctx, day.Add(time.Hour)))(t)), 0)
	for _, fields := range []string{"", "{}", `{"entity":""}`, `{"hosts":[]}`, `{"own":true}`, "null", `"x"`} { // which would hide everything
		if _, err := s.AddSuppression(ctx, Suppression{Fields: []byte(fields), Reason: "x", By: "x", At: day, Expires: day.Add(time.Hour)}); !errors.Is(err, ErrBad) {
			t.Errorf("no rule, and fields %q: %v", fields, err)
		}
	}
	for _, bad := range []Suppression{{}, {Rule: "r", Reason: "x", By: "x", At: day, Expires: day}, {Rule: "r", Reason: "x", By: "x", At: day, Expires: day.Add(1), Fields: []byte("{")}} {
		if _, err := s.AddSuppression(ctx, bad); !errors.Is(err, ErrBad) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if err := s.EndSuppression(ctx, one.ID, "bob", day.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := s.EndSuppression(ctx, one.ID, "bob", day); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	equal(t, len(try(s.Suppressions(ctx, day.Add(2*time.Minute)))(t)), 0)
	all := try(s.Suppressions(ctx, time.Time{}))(t)
	equal(t, len(all), 1)
	equal(t, all[0].EndedBy, "bob")
}

func TestForget(t *testing.T) {
	s := openIn(t, t.TempDir())
	ctx := t.Context()
	c := &Commit{}
	for i := range 1300 {
		id := fmt.Sprintf("c-%04d", i)
		k := campaignOf(id, tocsin.Low, day)
		k.Was = []string{"was-" + id}
		c.Told = append(c.Told, Told{"org", k, day.Add(time.Duration(i%2) * 48 * time.Hour)})
		c.Alert = append(c.Alert, Alert{ID: id, At: day})
	}
	c.Principals = []Principal{{"org", "old", nil, day}, {"org", "new", nil, day.Add(48 * time.Hour)}}
	c.Raise, c.At = []Raised{{"disk", "", "full"}, {"lag", "", "x"}}, day
	if err := s.Commit(ctx, c); err != nil {
		t.Fatal(err)
	}
	if err := s.Clear(ctx, "lag", "", day); err != nil {
		t.Fatal(err)
	}
	db := raw(t, s.path)
	mustExec(t, db, `UPDATE campaign SET state = 'closed', at = ? WHERE key % 3 = 0`, micros(day))
	mustExec(t, db, `UPDATE outbox SET state = 'sent', ended = ? WHERE key > 10`, micros(day))
	mustExec(t, db, `INSERT INTO history (tenant, id, state, benign, note, by, at, why) SELECT tenant, id, state, 0, '', '', 0, '' FROM campaign`)
	f := try(s.Forget(ctx, Retention{}))(t)
	equal(t, f, Forgotten{})
	f = try(s.Forget(ctx, Retention{Before: day.Add(24 * time.Hour)}))(t)
	equal(t, f, Forgotten{Campaigns: 217, Alerts: 1290, Incidents: 1, Principals: 1})
	for _, table := range []string{"campaign", "was", "history"} {
		var n int
		if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		equal(t, n, 1300-217)
	}
	equal(t, len(try(s.Incidents(ctx, true))(t)), 1)
	f = try(s.Forget(ctx, Retention{Open: day.Add(24 * time.Hour)}))(t)
	equal(t, f, Forgotten{Campaigns: 650 - 217})
	f = try(s.Forget(ctx, Retention{Open: day.Add(72 * time.Hour)}))(t)
	equal(t, f, Forgotten{Campaigns: 650})
	before := try(s.Size())(t)
	if err := s.Commit(ctx, &Commit{Told: c.Told[:600]}); err != nil {
		t.Fatal(err)
	}
	s.keeper.Exec("PRAGMA wal_checkpoint(PASSIVE)")
	if after := try(s.Size())(t); after.File > before.File+pageSize && before.File > 1<<20 {
		t.Errorf("the room was not used again: %+v, %+v", before, after)
	}
}

func FuzzCursor(f *testing.F) {
	s := openIn(f, f.TempDir())
	if err := s.Commit(f.Context(), &Commit{Told: []Told{{"", campaignOf("c-1", tocsin.Low, day), day}}}); err != nil {
		f.Fatal(err)
	}
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", true)
	f.Add("", false)
	f.Fuzz(func(t *testing.T, cursor string, byUpdated bool) {
		list, _, err := s.Campaigns(t.Context(), Query{Cursor: cursor, ByUpdated: byUpdated})
		if err != nil && !errors.Is(err, ErrBad) || len(list) > 1 {
			t.Errorf("%q: %d, %v", cursor, len(list), err)
		}
	})
}
