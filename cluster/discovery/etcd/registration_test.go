package etcd_test

import (
	"strings"
	"testing"

	"sluice/cluster/discovery/etcd"
)

func FuzzRegistration(f *testing.F) {
	f.Add("vm-1", []byte(`{"v":1,"name":"vm-1","subscribe":"tcp://10.0.0.7:5552","key":"`+strings.Repeat("k", 40)+`","instance":"a","more":[1]}`))
	f.Add("", []byte(`{"v":1}`))
	f.Add("ipc", []byte(value("ipc", "ipc:///run/s")))
	f.Fuzz(func(t *testing.T, name string, value []byte) {
		err := etcd.ParseRegistration(etcd.Prefix+name, value)
		switch {
		case err != nil && strings.ContainsAny(err.Error(), "\x1b\x00\n"):
			t.Errorf("the error has control characters: %q", err)
		case err == nil && (name == "" || strings.ContainsAny(name, "\x1b\x00\n") || len(value) > etcd.MaxValue):
			t.Errorf("%q of %d bytes is a registration", name, len(value))
		}
	})
}
