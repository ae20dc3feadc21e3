package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/tocsin-ids/tocsin"
)

// places says where addresses are, by MaxMind's files. Not for several goroutines.
type places struct {
	files   []*maxminddb.Reader
	digests []tocsin.Digest
	known   map[netip.Addr][]tocsin.Field
}

// place is what is read of a record of GeoIP2's City, Country and ASN databases, and of those that are made like them
// (https://dev.maxmind.com/geoip/docs/databases).
type place struct {
	Country struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	City struct {
		Names map[string]string `maxminddb:"names"`
	} `maxminddb:"city"`
	Number uint   `maxminddb:"autonomous_system_number"`
	Of     string `maxminddb:"autonomous_system_organization"`
}

// openPlaces opens the files; nil where there are none.
func openPlaces(files []string) (*places, error) {
	if len(files) == 0 {
		return nil, nil
	}
	p := &places{known: map[netip.Addr][]tocsin.Field{}}
	for _, name := range files {
		db, err := maxminddb.Open(name)
		if err != nil {
			p.close()
			return nil, fmt.Errorf("--geo %s: %w; want a MaxMind file (.mmdb)", name, err)
		}
		p.files = append(p.files, db)
		d, err := digestOfLarge("geo", name)
		if err != nil {
			p.close()
			return nil, fmt.Errorf("--geo: %w", err)
		}
		p.digests = append(p.digests, d)
	}
	return p, nil
}

func digestOfLarge(flag, name string) (tocsin.Digest, error) {
	f, err := os.Open(name)
	if err != nil {
		return tocsin.Digest{}, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	return tocsin.Digest{Kind: flag, Path: name, Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

func (p *places) close() {
	if p == nil {
		return
	}
	for _, db := range p.files {
		_ = db.Close()
	}
}

// maxPlaces bounds what is remembered of addresses that were asked for.
const maxPlaces = 1 << 16

// of is what the files say of an address: country, city, as and as_org, as far as they do. A record that cannot be read says nothing.
func (p *places) of(a netip.Addr) []tocsin.Field {
	if all, ok := p.known[a]; ok {
		return all
	}
	var all []tocsin.Field
	add := func(name, value string) {
		if value != "" {
			all = append(all, tocsin.Field{Name: name, Value: value})
		}
	}
	for _, db := range p.files {
		var x place
		if err := db.Lookup(a).Decode(&x); err != nil {
			continue
		}
		add("country", x.Country.Code)
		add("city", x.City.Names["en"])
		if x.Number > 0 {
			add("as", "AS"+strconv.FormatUint(uint64(x.Number), 10))
		}
		add("as_org", x.Of)
	}
	if len(p.known) >= maxPlaces {
		clear(p.known)
	}
	p.known[a] = all
	return all
}
