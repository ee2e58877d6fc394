package etcd_test

import (
	"path/filepath"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"sluice/cluster/discovery"
	"sluice/cluster/discovery/etcd"
	"sluice/internal/certificate"
	"sluice/internal/foreign"
	"sluice/internal/testetcd"
	"sluice/internal/wait"
)

// A user that has the right registers and finds; a wrong password is Trouble, in words.
func TestUser(t *testing.T) {
	t.Parallel()
	s, _ := server(t)
	direct := client(t, s)
	ctx := t.Context()
	_, err := direct.RoleAdd(ctx, "sluice")
	if err == nil {
		_, err = direct.RoleGrantPermission(ctx, "sluice", etcd.Prefix, clientv3.GetPrefixRangeEnd(etcd.Prefix), clientv3.PermissionType(clientv3.PermReadWrite))
	}
	for _, user := range []string{"root", "sluice"} {
		if err == nil {
			_, err = direct.UserAdd(ctx, user, "secret")
		}
		if err == nil {
			_, err = direct.UserGrantRole(ctx, user, user)
		}
	}
	if err == nil {
		_, err = direct.AuthEnable(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := at(t, etcd.Config{Endpoints: []string{s.URL}, User: "sluice", Password: "secret"})
	w := watch(t, c)
	r := registrar(t, c, "vm-1", "tcp://10.0.0.1:5552", "a")
	if err := r.Claim(ctx); err != nil {
		t.Fatal(err)
	}
	wait.Run(t, r.Run)
	w.names("vm-1")
	watch(t, at(t, etcd.Config{Endpoints: []string{s.URL}, User: "sluice", Password: "wrong"})).until("trouble", func(f discovery.Found) bool {
		return !f.Known && strings.Contains(f.Trouble, "authentication failed")
	})
	watch(t, at(t, etcd.Config{Endpoints: []string{s.URL}})).until("trouble", func(f discovery.Found) bool {
		return !f.Known && strings.Contains(f.Trouble, "user name is empty")
	})
}

// TLS in both directions: the server is believed by its authority, and believes ours.
func TestTLS(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "etcd-server")
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	if _, err := certificate.Write(cert, key, 1); err != nil {
		t.Fatal(err)
	}
	s := testetcd.Start(t, testetcd.Config{CertFile: cert, KeyFile: key, CAFile: cert})
	with := etcd.Config{Endpoints: []string{s.URL}, CA: cert, Cert: cert, Key: key}
	c := at(t, with)
	w := watch(t, c)
	wait.Run(t, registrar(t, c, "vm-1", "tcp://10.0.0.1:5552", "a").Run)
	w.names("vm-1")
	with.CA = ""
	watch(t, at(t, with)).until("trouble", func(f discovery.Found) bool { return strings.Contains(f.Trouble, "certificate") })
	with = etcd.Config{Endpoints: []string{s.URL}, CA: cert}
	watch(t, at(t, with)).until("trouble", func(f discovery.Found) bool { return !f.Known && f.Trouble != "" })
}

func TestConfigRefuses(t *testing.T) {
	here := []string{"http://127.0.0.1:2379"}
	for wrong, cfg := range map[string]etcd.Config{
		"no etcd is named": {},
		"no endpoint":      {Endpoints: []string{"http://"}},
		"by http or https": {Endpoints: []string{"ftp://127.0.0.1"}},
		"one kind":         {Endpoints: []string{"http://a", "https://b"}},
		"give both":        {Endpoints: here, Cert: "a"},
		"write https":      {Endpoints: here, CA: "a"},
		"a user":           {Endpoints: here, User: "a"},
		"no such file":     {Endpoints: []string{"https://a"}, CA: "/nowhere"},
	} {
		if _, err := etcd.New(cfg); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%+v: %v; want %s", cfg, err, wrong)
		}
	}
	c := at(t, etcd.Config{Endpoints: []string{"a", "http://b:1/", " c:2 ", "a:2379"}})
	if got, want := c.Place().Address, "http://a:2379,http://b:1,http://c:2"; got != want {
		t.Errorf("the endpoints are %s, want %s", got, want)
	}
}
