package console

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// accountRoutes registers who may log in, and tokens: for admins, reading as well.
func (c *Console) accountRoutes(api huma.API, get func(id, path, does string) huma.Operation, change func(id, method, path, does string) huma.Operation) {
	huma.Register(api, get("users", "/users", "Who may log in; for admins"), func(ctx context.Context, _ *struct{}) (*struct{ Body []userObject }, error) {
		if who(ctx).role != Admin {
			return nil, huma.Error403Forbidden("for admins")
		}
		all, err := c.o.Accounts.Users()
		out := &struct{ Body []userObject }{[]userObject{}}
		for _, u := range all {
			out.Body = append(out.Body, userObject{u.Name, u.Role})
		}
		return out, c.wrong(err)
	})
	huma.Register(api, change("setUser", http.MethodPut, "/users/{name}", "Add a user, or change the password or role of one"), func(ctx context.Context, in *struct {
		Name string `path:"name" maxLength:"64"`
		Body struct {
			Password string `json:"password,omitempty" maxLength:"1024" doc:"At least 12 bytes; left out it stays as it is."`
			Role     Role   `json:"role" enum:"viewer,admin"`
		}
	}) (*struct{}, error) {
		what := string(in.Body.Role)
		if in.Body.Password != "" {
			what += ", password set"
		}
		if err := c.audit(ctx, "account", in.Name, what); err != nil {
			return nil, c.wrong(err)
		}
		return nil, c.wrong(c.o.Accounts.SetUser(in.Name, in.Body.Password, in.Body.Role))
	})
	huma.Register(api, change("removeUser", http.MethodDelete, "/users/{name}", "Remove a user; their sessions end"), func(ctx context.Context, in *struct {
		Name string `path:"name" maxLength:"64"`
	}) (*struct{}, error) {
		if err := c.audit(ctx, "account", in.Name, "removed"); err != nil {
			return nil, c.wrong(err)
		}
		return nil, c.wrong(c.o.Accounts.RemoveUser(in.Name))
	})
	huma.Register(api, get("tokens", "/tokens", "Tokens of scripts; for admins"), func(ctx context.Context, _ *struct{}) (*struct{ Body []tokenObject }, error) {
		if who(ctx).role != Admin {
			return nil, huma.Error403Forbidden("for admins")
		}
		all, err := c.o.Accounts.Tokens()
		out := &struct{ Body []tokenObject }{[]tokenObject{}}
		for _, t := range all {
			out.Body = append(out.Body, tokenObject{t.ID, t.Name, t.Role, t.Expires, ""})
		}
		return out, c.wrong(err)
	})
	huma.Register(api, change("newToken", http.MethodPost, "/tokens", "Make a token for a script; it is told once"), func(ctx context.Context, in *struct {
		Body struct {
			Name    string    `json:"name" minLength:"1" maxLength:"64"`
			Role    Role      `json:"role" enum:"viewer,admin"`
			Expires time.Time `json:"expires,omitzero" required:"false"`
		}
	}) (*struct{ Body tokenObject }, error) {
		if err := c.audit(ctx, "token", in.Body.Name, "made, "+string(in.Body.Role)); err != nil {
			return nil, c.wrong(err)
		}
		id, token, err := c.o.Accounts.NewToken(in.Body.Name, in.Body.Role, in.Body.Expires)
		if err != nil {
			return nil, c.wrong(err)
		}
		return &struct{ Body tokenObject }{tokenObject{id, in.Body.Name, in.Body.Role, in.Body.Expires, token}}, nil
	})
	huma.Register(api, change("revokeToken", http.MethodDelete, "/tokens/{id}", "End a token"), func(ctx context.Context, in *struct {
		ID string `path:"id" maxLength:"64"`
	}) (*struct{}, error) {
		if err := c.audit(ctx, "token", in.ID, "revoked"); err != nil {
			return nil, c.wrong(err)
		}
		return nil, c.wrong(c.o.Accounts.RevokeToken(in.ID))
	})
}

type userObject struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
}

type tokenObject struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Role    Role      `json:"role"`
	Expires time.Time `json:"expires,omitzero"`
	Token   string    `json:"token,omitempty" doc:"Only in the answer that made it."`
}
