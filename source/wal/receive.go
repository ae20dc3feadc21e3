package wal

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

// Origin is the stream of what is received of a tenant under a name, which is its path and id, behind the tenant where there is
// one.
func Origin(kind, name, tenant, format string) *feed.Origin {
	if tenant != "" {
		name = url.PathEscape(tenant) + "/" + name
	}
	return &feed.Origin{ID: name, Kind: kind, Path: name, Tenant: tenant, Format: format}
}

// A Refusal is an error with the HTTP status that it is answered with.
type Refusal struct {
	Code  int
	Why   string
	Retry time.Duration // after which the same may be sent again; 0: never
}

func (r *Refusal) Error() string { return r.Why }

// Refused says what an error of Append means to a sender.
func Refused(err error) *Refusal {
	switch {
	case errors.Is(err, ErrFull):
		return &Refusal{http.StatusTooManyRequests, err.Error(), 5 * time.Second}
	case errors.Is(err, ErrSize):
		return &Refusal{http.StatusRequestEntityTooLarge, err.Error(), 0}
	case errors.Is(err, ErrClosed):
		return &Refusal{http.StatusServiceUnavailable, "it is about to stop; send again later", 5 * time.Second}
	}
	return &Refusal{http.StatusServiceUnavailable, err.Error(), 30 * time.Second}
}
