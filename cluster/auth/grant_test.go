package auth_test

import (
	"testing"

	"sluice/cluster/auth"
)

func TestWithoutAGrantNothingOpens(t *testing.T) {
	g := auth.FromContext(t.Context())
	for _, name := range []string{"system", "tenant/acme", "tenant/", "a", ""} {
		if g.May(name) {
			t.Errorf("no grant opens %q", name)
		}
	}
	if g.MayAll() || !g.MayNone() || g.ID() != "" || !g.Expires().IsZero() {
		t.Errorf("no grant is %+v", g)
	}
	g = auth.FromContext(auth.NewContext(t.Context(), auth.Everything()))
	if !g.May("system") || !g.MayAll() || g.MayNone() {
		t.Error("everything is not everything")
	}
}
