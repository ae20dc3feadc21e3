package console

import (
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-ids/tocsin"
)

// The schemas of what package report writes are made from the types that it writes, by their tags.

// A description has the schemas of what the API tells.
type description struct {
	campaign, principal, match, event, tried *huma.Schema
}

// toldObject is a campaign as the API gives it.
type toldObject struct {
	Kind string `json:"kind" enum:"campaign"`
	tocsin.Campaign
	Verdict string   `json:"verdict" doc:"What drives it, in a sentence."`
	HowSure []string `json:"how_sure" doc:"How sure its joins are, the weakest first."`
	Updated moment   `json:"updated" doc:"When what is told of it was last changed."`
	Status  string   `json:"status" enum:"open,acknowledged,closed"`
	Tenant  string   `json:"tenant" doc:"Empty where there is only one."`
	Note    string   `json:"note,omitempty" doc:"The last one that a person wrote."`
	By      string   `json:"by,omitempty" doc:"Who changed the status last."`
}

// placeObject, spanObject: as package report writes them.
type placeObject struct {
	Time   moment `json:"time"`
	Source string `json:"source"`
	Record uint64 `json:"record"`
	Nth    int64  `json:"nth,omitempty" doc:"Which of the line's events, from 2."`
}

type spanObject struct {
	Source  string `json:"source"`
	From    uint64 `json:"from"`
	FromNth int64  `json:"from_nth,omitempty"`
	To      uint64 `json:"to"`
	ToNth   int64  `json:"to_nth,omitempty"`
}

type levelWord string

// Schema is what huma asks for.
func (levelWord) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: []any{"", "informational", "low", "medium", "high", "critical"}}
}

// moment is a time, null where it is not known.
type moment struct{}

// Schema is what huma asks for.
func (moment) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Nullable: true, Format: "date-time", Description: "RFC 3339 in UTC; null where it is not known."}
}

type principalObject struct {
	Kind string `json:"kind" enum:"principal"`
	tocsin.Principal
}

type eventFields struct {
	Source     string            `json:"source"`
	Record     uint64            `json:"record"`
	Nth        int64             `json:"nth,omitempty"`
	Format     string            `json:"format,omitempty"`
	Time       moment            `json:"time"`
	Sensor     *moment           `json:"sensor,omitempty"`
	LogSources []string          `json:"log_sources,omitempty"`
	Fields     map[string]values `json:"fields"`
	Raw        string            `json:"raw,omitempty"`
	Fault      string            `json:"fault,omitempty"`
}

// values is a text, or an array of them where a name occurs more than once.
type values struct{}

// Schema is what huma asks for.
func (values) Schema(huma.Registry) *huma.Schema {
	text := &huma.Schema{Type: huma.TypeString}
	return &huma.Schema{AnyOf: []*huma.Schema{text, {Type: huma.TypeArray, Items: text}}}
}

type eventObject struct {
	Kind    string      `json:"kind" enum:"event"`
	Time    moment      `json:"time"`
	Host    string      `json:"host"`
	Details string      `json:"details"`
	Event   eventFields `json:"event"`
}

type matchObject struct {
	Kind     string            `json:"kind" enum:"match"`
	Time     moment            `json:"time"`
	Rule     map[string]any    `json:"rule" doc:"id, title, level, tags, tactics, techniques, author, licence …"`
	Host     string            `json:"host"`
	Details  string            `json:"details"`
	Event    eventFields       `json:"event"`
	Held     map[string]values `json:"held"`
	Entities []entityObject    `json:"entities"`
	Series   []placeObject     `json:"series,omitempty"`
}

type entityObject struct {
	Kind  string `json:"kind"`
	Role  string `json:"role,omitempty"`
	Value string `json:"value"`
}

func openAPI(version string) *huma.OpenAPI {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	for from, to := range map[reflect.Type]reflect.Type{
		reflect.TypeFor[tocsin.Place](): reflect.TypeFor[placeObject](), reflect.TypeFor[tocsin.Span](): reflect.TypeFor[spanObject](),
		reflect.TypeFor[tocsin.Level](): reflect.TypeFor[levelWord](), reflect.TypeFor[tocsin.Driver](): reflect.TypeFor[string](),
		reflect.TypeFor[tocsin.Verdict](): reflect.TypeFor[string](), reflect.TypeFor[tocsin.Outcome](): reflect.TypeFor[string](),
		reflect.TypeFor[time.Duration](): reflect.TypeFor[int64](),
	} {
		registry.RegisterTypeAlias(from, to)
	}
	return &huma.OpenAPI{OpenAPI: "3.1.0",
		Info: &huma.Info{Title: "Tocsin", Version: version, Description: "What a live run of Tocsin knows. From loopback no login is needed unless the configuration asks for one; beyond it show a token as Authorization: Bearer. Objects have the members that tocsin hunt --format jsonl writes; members may be added, none is renamed or removed."},
		Components: &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{
			"token":   {Type: "http", Scheme: "bearer"},
			"session": {Type: "apiKey", In: "cookie", Name: "__Host-tocsin"}}},
		Security: []map[string][]string{{}, {"token": {}}, {"session": {}}}}
}

func describe(api huma.API) description {
	r := api.OpenAPI().Components.Schemas
	d := description{campaign: r.Schema(reflect.TypeFor[toldObject](), true, ""), principal: r.Schema(reflect.TypeFor[principalObject](), true, ""),
		match: r.Schema(reflect.TypeFor[matchObject](), true, ""), event: r.Schema(reflect.TypeFor[eventObject](), true, ""), tried: r.Schema(reflect.TypeFor[triedObject](), true, "")}
	for _, s := range r.Map() { // times are null where they are not known; members may be added
		s.AdditionalProperties = true
		for _, p := range s.Properties {
			if p.Format == "date-time" {
				p.Nullable = true
			}
		}
	}
	told := r.SchemaFromRef(d.campaign.Ref)
	told.Required = slices.DeleteFunc(told.Required, func(s string) bool { return s == "records" }) // only with detail
	of := r.SchemaFromRef(d.principal.Ref)
	of.Required = []string{"kind", "principal", "verdict", "sessions", "calls", "targets"} // what ordinary ones have
	of.Properties["targets"] = &huma.Schema{OneOf: []*huma.Schema{of.Properties["targets"], {Type: huma.TypeInteger, Description: "Of ordinary ones only how many."}}}
	return d
}

func (description) object(op huma.Operation, s *huma.Schema) huma.Operation {
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: s}}}}
	return op
}

func (d description) array(op huma.Operation, s *huma.Schema) huma.Operation {
	return d.object(op, &huma.Schema{Type: huma.TypeArray, Items: s})
}
