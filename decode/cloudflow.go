package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// The log sources of cloud networks.
var (
	gcpFlowSources       = []tocsin.LogSource{{Product: "gcp", Category: "firewall", Service: "vpcflow"}}
	azureWallSource      = []tocsin.LogSource{{Product: "azure", Category: "firewall", Service: "azurefirewall"}}
	azureWAFSources      = []tocsin.LogSource{{Product: "azure", Category: "webserver", Service: "waf"}}
	azureNSGSources      = []tocsin.LogSource{{Product: "azure", Category: "firewall", Service: "nsgflow"}}
	cloudflareDNSSources = []tocsin.LogSource{{Product: "cloudflare", Category: "dns", Service: "dns"}}
	gcpDNSSources        = []tocsin.LogSource{{Product: "gcp", Category: "dns", Service: "dns_queries"}, {Category: "dns"}}
	azureDNSSources      = []tocsin.LogSource{{Product: "azure", Category: "dns", Service: "dns"}, {Category: "dns"}}
	resolverSources      = []tocsin.LogSource{{Product: "aws", Category: "dns", Service: "route53"}}
)

// flowJSON are the kinds of JSON record that tell of connections through a cloud's network.
func flowJSON() []jsonKind {
	return []jsonKind{
		{name: "gcp-flow", is: func(o *object) bool { return o.has("jsonPayload.connection.src_ip", "jsonPayload.connection.dest_ip") }, fill: fillGCPFlow},
		// https://learn.microsoft.com/en-us/azure/dns/dns-security-policy https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/dnsquerylogs
		{name: "azure-dns", needs: []string{"category", "Category", "Type", "QueryName"}, is: isAzureDNS, fill: fillAzureDNS},
		{name: "azure-firewall", is: isAzureFirewall, fill: fillAzureFirewall},
		{name: "azure-nsg-flow", is: isNSGFlow, fill: fillNSG, each: eachNSGFlow},
		{name: "vpc-flow-json", is: func(o *object) bool { return o.has("srcaddr", "dstaddr", "start") }, fill: fillAWSFlow},
		{name: "cloudflare-dns", is: func(o *object) bool { return o.has("QueryName", "SourceIP") }, fill: fillCloudflareDNS},
		// https://cloud.google.com/dns/docs/monitoring
		{name: "gcp-dns", needs: []string{"jsonPayload.queryName"}, is: func(o *object) bool { return o.has("jsonPayload.queryName", "jsonPayload.queryType") }, fill: func(o *object, ev *tocsin.Event) {
			ev.Time, ev.Sensor, ev.Host = o.time("timestamp"), o.time("receiveTimestamp"), o.get("jsonPayload.vmInstanceName")
			ev.Sources = gcpDNSSources
			fillLookup(o, ev, "jsonPayload.queryName", "jsonPayload.queryType", "jsonPayload.responseCode", "jsonPayload.rdata", "jsonPayload.sourceIP", "")
		}},
		{name: "route53-resolver", is: func(o *object) bool { return o.has("query_timestamp", "query_name", "srcaddr") }, fill: fillResolver},
	}
}

// fillGCPFlow reads the flow logs and firewall logs of Google's VPCs.
// https://cloud.google.com/vpc/docs/about-flow-logs-records https://cloud.google.com/firewall/docs/firewall-rules-logging
func fillGCPFlow(o *object, ev *tocsin.Event) {
	ev.Time, ev.Sensor = o.time("jsonPayload.start_time", "timestamp", "receiveTimestamp"), o.time("timestamp")
	ev.Host = o.first("jsonPayload.dest_instance.vm_name", "jsonPayload.instance.vm_name", "jsonPayload.src_instance.vm_name")
	ev.Sources = gcpFlowSources
	const c = "jsonPayload.connection."
	own(o, ev, "src_ip", o.get(c+"src_ip"))
	own(o, ev, "src_port", o.get(c+"src_port"))
	own(o, ev, "dst_ip", o.get(c+"dest_ip"))
	own(o, ev, "dst_port", o.get(c+"dest_port"))
	own(o, ev, "proto", o.get(c+"protocol"))
	decided(ev, o.get("jsonPayload.disposition"))
}

// decided adds what became of a connection by a word for it.
func decided(ev *tocsin.Event, word string) {
	if is := decisions[strings.ToLower(word)]; is != untold {
		happened(ev, outcomes[is].event, outcomes[is].outcome)
	}
}

// isAzureFirewall takes the diagnostic logs of Azure Firewall and of the web application firewalls of Application Gateway
// and Front Door. https://learn.microsoft.com/en-us/azure/firewall/monitor-firewall-reference
func isAzureFirewall(o *object) bool {
	switch c := o.first("category", "Category"); c {
	case "AzureFirewallNetworkRule", "AzureFirewallApplicationRule", "AzureFirewallDnsProxy", "ApplicationGatewayFirewallLog", "FrontDoorWebApplicationFirewallLog", "FrontdoorWebApplicationFirewallLog":
		return true
	default:
		return strings.HasPrefix(c, "AZFW")
	}
}

func fillAzureFirewall(o *object, ev *tocsin.Event) {
	ev.Time = o.time("time", "timeStamp", "TimeGenerated", "properties.timeStamp")
	lift(o, ev)
	ev.Sources = azureWallSource
	ev.Add("src_ip", hostOf(o.first("SourceIp", "SourceIP", "clientIp", "clientIP")))
	ev.Add("src_port", o.first("SourcePort", "clientPort"))
	ev.Add("dst_ip", o.first("DestinationIp", "DestinationIP"))
	ev.Add("dst_port", o.first("DestinationPort"))
	action := o.first("Action", "action")
	if msg := o.get("msg"); msg != "" { // "TCP request from 192.0.2.7:4711 to 198.51.100.2:22. Action: Deny."
		if _, after, ok := strings.Cut(msg, " from "); ok {
			if p, ok := peerAt(after, true); ok {
				ev.Add("src_ip", p.ip)
				ev.Add("src_port", p.port)
				if to, ok := strings.CutPrefix(after[p.end:], " to "); ok {
					if p, ok := peerAt(to, false); ok {
						ev.Add("dst_ip", p.ip)
						ev.Add("dst_host", p.host)
						ev.Add("dst_port", p.port)
					}
				}
			}
		}
		if _, after, ok := strings.Cut(msg, "Action: "); ok && action == "" {
			action = strings.TrimRight(after, ".")
			if i := strings.IndexAny(action, ". "); i > 0 {
				action = action[:i]
			}
			ev.Add("action", action)
		}
	}
	if uri := o.first("requestUri", "TargetUrl"); uri != "" || o.has("Fqdn") {
		r := request{uri: uri, host: o.first("Fqdn", "hostname", "host", "hostName"), method: o.first("httpMethod"), agent: o.get("userAgent")}
		r.addSeen(ev, o.get("DestinationPort"), &o.flat.arena)
	}
	if strings.Contains(o.first("category", "Category"), "ApplicationFirewall") || strings.Contains(o.first("category", "Category"), "GatewayFirewall") {
		ev.Sources = azureWAFSources
		ev.Add("event_type", "waf_alert")
		ev.Add("rule.msg", o.first("message", "Message", "ruleName"))
		ev.Add("outcome", outcomes[decisions[strings.ToLower(action)]].outcome)
		return
	}
	decided(ev, action)
}

// isNSGFlow takes the flow logs of Azure's network security groups and virtual networks.
// https://learn.microsoft.com/en-us/azure/network-watcher/nsg-flow-logs-overview
func isNSGFlow(o *object) bool {
	return o.has("properties.flows.flows.flowTuples") || o.has("flowRecords.flows.flowGroups.flowTuples")
}

func fillNSG(o *object, ev *tocsin.Event) {
	ev.Time = o.time("time")
	ev.Sources = azureNSGSources
}

// eachNSGFlow gives out each of the flows that a record tells of, in columns: when, the two ends and their ports, the
// protocol, the direction, and whether it was let through.
func eachNSGFlow(o *object, ev *tocsin.Event, emit func(*tocsin.Event)) {
	record := *ev
	shared := make([]tocsin.Field, 0, 16)
	var tuples []string
	for _, f := range ev.Fields {
		if strings.HasSuffix(f.Name, ".flowTuples") {
			tuples = append(tuples, f.Value)
		} else if !strings.HasPrefix(f.Name, "properties.flows") && !strings.HasPrefix(f.Name, "flowRecords") && len(shared) < cap(shared) {
			shared = append(shared, f)
		}
	}
	for _, t := range tuples {
		w := strings.Split(t, ",")
		if len(w) < 8 {
			continue
		}
		*ev = record
		ev.Fields = append(ev.Fields[:0], shared...)
		if at, ok := parseTime(w[0], o.opt); ok {
			ev.Time = at
		}
		ev.Add("flowTuple", t)
		ev.Add("src_ip", w[1])
		ev.Add("dst_ip", w[2])
		ev.Add("src_port", w[3])
		ev.Add("dst_port", w[4])
		ev.Add("proto", w[5])
		ev.Add("direction", w[6])
		switch w[7] {
		case "D":
			decided(ev, "deny")
		case "A", "B", "C", "E":
			decided(ev, "allow")
		}
		emit(ev)
	}
	ev.Fields = record.Fields
}

// fillAWSFlow reads VPC flow logs that a store hands out as JSON.
func fillAWSFlow(o *object, ev *tocsin.Event) {
	ev.Time = o.time("start")
	ev.Sources = flowSources
	flowAliases(ev)
}

// fillCloudflareDNS reads the DNS logs of Cloudflare's zones and gateway.
// https://developers.cloudflare.com/logs/reference/log-fields/
func fillCloudflareDNS(o *object, ev *tocsin.Event) {
	ev.Time = o.time("Timestamp", "Datetime", "QueryTimestamp")
	ev.Sources = cloudflareDNSSources
	ev.Host = o.get("DeviceName")
	ev.Add("src_ip", o.get("SourceIP"))
	ev.Add("query", strings.TrimSuffix(o.get("QueryName"), "."))
	own(o, ev, "user", o.get("Email"))
	decided(ev, o.get("ResolverDecision"))
}

// fillResolver reads the query logs of Route 53's resolver.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html
func fillResolver(o *object, ev *tocsin.Event) {
	ev.Time = o.time("query_timestamp")
	ev.Sources = resolverSources
	ev.Host = o.get("srcids.instance")
	ev.Add("src_ip", o.get("srcaddr"))
	ev.Add("src_port", o.get("srcport"))
	ev.Add("query", strings.TrimSuffix(o.get("query_name"), "."))
	ev.Add("record_type", o.get("query_type"))
	ev.Add("answer", o.get("answers.Rdata"))
}

// isAzureDNS takes the lookups of Azure's DNS security policies and of Azure Firewall's DNS proxy, and rows of their tables.
func isAzureDNS(o *object) bool {
	switch o.first("category", "Category", "Type") {
	case "DnsResponse", "DnsQuery", "DNSQueryLogs", "AZFWDnsQuery", "AzureFirewallDnsProxy":
		return true
	}
	return o.has("QueryName", "QueryType") && (o.has("SourceIpAddress") || o.has("SourceIp", "SourcePort"))
}

func fillAzureDNS(o *object, ev *tocsin.Event) {
	ev.Time = o.time("time", "TimeGenerated")
	lift(o, ev)
	ev.Sources = azureDNSSources
	fillLookup(o, ev, "QueryName", "QueryType", "ResponseCode", "Answer.RData", o.named("SourceIpAddress", "SourceIp"), "SourcePort")
	if msg, ok := strings.CutPrefix(o.first("msg", "msg_s"), "DNS Request: "); ok { // as CoreDNS writes it, without quotes
		from, rest, _ := strings.Cut(msg, " - ")
		l := lookup{}
		l.client, l.port = splitPort(from)
		if w := strings.Fields(rest); len(w) > 8 {
			l.kind, l.class, l.query = w[1], w[2], w[3]
			ev.Add("proto", w[4])
			ev.Add("rcode", w[8])
		}
		l.add(ev)
	}
	screened(ev, o.first("ResolverPolicyRuleAction", "Action"))
}

// named returns the first of two names, if o has a leaf of it, else the second.
func (o *object) named(a, b string) string {
	if o.has(a) {
		return a
	}
	return b
}

// fillLookup adds a name that was asked for, from the leaves that have its parts.
func fillLookup(o *object, ev *tocsin.Event, query, kind, code, answer, client, port string) {
	own(o, ev, "query", strings.TrimSuffix(o.get(query), "."))
	own(o, ev, "record_type", o.get(kind))
	own(o, ev, "rcode", o.get(code))
	for i := range o.fields {
		if f := &o.fields[i]; f.Name == answer && f.Value != "" {
			for record := range strings.SplitSeq(f.Value, "\n") { // "www.a.example.\t300\tIN\ta\t192.0.2.7", or the data alone
				ev.Add("answer", strings.TrimSuffix(record[strings.LastIndexByte(record, '\t')+1:], "."))
			}
		}
	}
	own(o, ev, "src_ip", o.get(client))
	own(o, ev, "src_port", o.get(port))
}
