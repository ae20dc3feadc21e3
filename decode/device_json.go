package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// deviceJSON lists the records of firewalls and proxies that are JSON and have the names that the same devices write as
// pairs elsewhere.
func deviceJSON() []jsonKind {
	return []jsonKind{
		{name: "zscaler", needs: []string{"sourcetype", "event.vendor", "vendor", "csip", "clt_sip", "Policy Action"}, is: isZscaler, fill: fillZscaler},
		// https://support.checkpoint.com/results/sk/sk122323
		{name: "checkpoint-json", needs: []string{"product"}, is: func(o *object) bool {
			return o.has("product") && (o.has("loguid") || o.has("originsicname") || o.has("orig") || o.has("origin")) && (o.has("src") || o.has("action"))
		}, fill: func(o *object, ev *tocsin.Event) { fillDevice(o, ev, true) }},
		{name: "firewall-json", needs: []string{"srcip", "src", "src_ip", "SrcIpAddr"}, is: isFirewallJSON, fill: func(o *object, ev *tocsin.Event) { fillDevice(o, ev, false) }},
	}
}

// isFirewallJSON says that a record has both ends of a connection under the names of devices, and what became of it.
func isFirewallJSON(o *object) bool {
	return (o.has("srcip", "dstip") || o.has("src", "dst") || o.has("src_ip", "dst_ip") || o.has("SrcIpAddr", "DstIpAddr")) && o.any("action", "act", "devid", "DvcAction")
}

// fillDevice completes a record in the names of devices; check says that it is Check Point's.
func fillDevice(o *object, ev *tocsin.Event, check bool) {
	d := o.nest.text()
	d.rec = o.rec
	d.arena = d.arena[:0]
	var p pairRecord
	p.read(o.fields)
	if check {
		p.value[pairCheck] = o.get("product")
		p.checkPoint()
	}
	ev.Time = p.time(d)
	if ev.Host = p.value[pairDeviceName]; ev.Host == "" {
		ev.Host = o.first("orig", "origin", "DvcHostname", "Computer")
	}
	p.finish(ev, d)
}

// A feed is one of the kinds of record of a service that sends its log to others: its log source, and the names that
// all logs share for its own.
type feed struct {
	marks   []string // one of which every record has
	sources []tocsin.LogSource
	names   []alias
	web     bool
}

// zscalerFeeds are those of Zscaler's Nanolog Streaming Service. The names are those of its templates for JSON.
// https://help.zscaler.com/zia/general-guidelines-nss-feeds-and-feed-formats
var zscalerFeeds = []feed{
	{marks: []string{"urlcategory", "ClientIP", "requestmethod", "reqmethod", "Policy Action"}, web: true,
		sources: []tocsin.LogSource{{Product: "zscaler", Category: "proxy", Service: "nss-web"}, {Category: "proxy"}},
		names:   []alias{{"src_ip", "ClientIP"}, {"src_ip", "cip"}, {"src_ip", "clientip"}, {"src_ip", "Client IP"}, {"src_ip", "clientpublicIP"}, {"dst_ip", "serverip"}, {"dst_ip", "sip"}, {"dst_ip", "Server IP"}, {"user", "user"}, {"user", "login"}, {"user", "User"}, {"external_ip", "clientpublicIP"}}},
	{marks: []string{"csip", "cdip"},
		sources: []tocsin.LogSource{{Product: "zscaler", Category: "firewall", Service: "nss-fw"}, {Category: "firewall"}},
		names:   []alias{{"src_ip", "csip"}, {"src_ip", "tsip"}, {"src_port", "csport"}, {"dst_ip", "cdip"}, {"dst_ip", "sdip"}, {"dst_port", "cdport"}, {"dst_port", "sdport"}, {"external_ip", "ssip"}}},
	{marks: []string{"reqtype", "clt_sip"},
		sources: []tocsin.LogSource{{Product: "zscaler", Category: "dns", Service: "nss-dns"}, {Category: "dns"}},
		names:   []alias{{"src_ip", "clt_sip"}, {"src_ip", "cip"}, {"dst_ip", "srv_dip"}, {"dst_port", "srv_dport"}, {"query", "req"}, {"query", "dns_req"}, {"record_type", "reqtype"}, {"answer", "res"}, {"action", "resaction"}, {"action", "reqaction"}}},
	{marks: []string{"tunneltype", "tunnelactionname"},
		sources: []tocsin.LogSource{{Product: "zscaler", Category: "vpn", Service: "nss-tunnel"}},
		names:   []alias{{"src_ip", "sourceip"}, {"dst_ip", "destvip"}, {"src_port", "sourceport"}}},
}

// isZscaler takes records that say that they are Zscaler's, with or without the envelope of Splunk's collector.
func isZscaler(o *object) bool {
	if strings.HasPrefix(o.get("sourcetype"), "zscalernss") || o.get("event.vendor") == "Zscaler" {
		o.shed("event.")
		return true
	}
	return o.get("vendor") == "Zscaler" || o.has("csip", "cdip", "tuntype") || o.has("clt_sip", "srv_dip", "reqtype") || o.has("Policy Action", "Client IP", "URL")
}

func fillZscaler(o *object, ev *tocsin.Event) {
	ev.Fields = o.fields
	ev.Time = o.time("datetime", "time", "epochtime", "Event Time", "Logged Time")
	ev.Host = o.first("devicehostname", "device_hostname")
	f := &zscalerFeeds[0]
	for i := range zscalerFeeds {
		if o.any(zscalerFeeds[i].marks...) {
			f = &zscalerFeeds[i]
			break
		}
	}
	ev.Sources = f.sources
	for _, a := range f.names {
		if v := o.get(a.of); v != "" && !isNobody(v) && ev.Text(a.name) == "" {
			ev.Add(a.name, v)
		}
	}
	if f.web {
		r := request{uri: o.first("url", "URL"), method: o.first("requestmethod", "reqmethod", "Request Method"), agent: o.first("useragent", "ua", "User Agent"), host: o.first("hostname", "host", "Host"),
			status: o.first("status", "respcode", "Response Code"), referer: o.first("refererURL", "referer")}
		r.status, _, _ = strings.Cut(r.status, " ") // "403 - Forbidden"
		if r.referer == "None" {
			r.referer = ""
		}
		r.addSeen(ev, "", &o.flat.arena)
		ev.Add("sc-status", r.status)
	}
	action := o.first("action", "resaction", "reqaction", "Policy Action")
	if f.sources[0].Category == "firewall" {
		decided(ev, action)
	} else {
		screened(ev, action)
	}
}
