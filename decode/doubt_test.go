package decode

import (
	"math"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	ref := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tt := range []struct {
		stamp, ref time.Time
		want       Doubt
	}{
		{time.Time{}, ref, Sound},
		{at("2026-11-20T09:00:00Z"), ref, Sound},
		{at("2026-11-21T10:00:00Z"), ref, Sound},
		{at("2026-11-21T10:00:00.000000001Z"), ref, Late},
		{at("2026-11-22T00:00:00+14:00"), ref, Sound}, // 10:00 of the day before, UTC
		{at("2261-01-01T00:00:00Z"), ref, Late},
		{at("2261-01-01T00:00:00Z"), time.Time{}, Sound},
		{at("2026-11-20T09:00:00Z"), at("2001-01-01T00:00:00Z"), Late},
		{at("2262-04-11T23:47:15Z"), time.Time{}, Sound},
		{at("2262-04-11T23:47:16.9Z"), time.Time{}, Outside},
		{at("9999-12-31T23:59:59Z"), ref, Outside},
		{at("1601-01-01T00:00:00Z"), ref, Unset},
		{at("1601-01-01T00:00:00.0000001Z"), ref, Outside},
		{at("1677-09-21T00:12:43Z"), ref, Outside},
		{at("1700-01-01T00:00:00Z"), ref, Early},
		{at("1969-12-31T23:59:59.999Z"), ref, Early},
		{at("1970-01-01T00:00:00Z"), ref, Unset},
		{at("1970-01-01T00:00:00.001Z"), ref, Sound},
		{at("1970-01-01T00:05:00Z"), time.Time{}, Sound}, // a device since it was switched on
		{at("1980-01-01T00:00:00Z"), ref, Unset},
		{at("1980-01-01T00:00:02Z"), ref, Sound},
		{time.Unix(math.MaxInt64, 0), ref, Outside},
	} {
		if got := Judge(tt.stamp, tt.ref); got != tt.want {
			t.Errorf("%v in a file of %v: doubt %d, want %d", tt.stamp, tt.ref, got, tt.want)
		}
	}
	// What is not outside survives nanoseconds and back.
	for _, s := range []int64{firstSecond + 1, lastSecond} {
		if v := time.Unix(s, 999999999); !time.Unix(0, v.UnixNano()).Equal(v) || Judge(v, time.Time{}) == Outside {
			t.Errorf("%v does not fit", v)
		}
	}
}
