package proxied_test

import (
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
	"sluice/internal/testsource"
	"sluice/internal/wait"
	"sluice/proxy"
)

// When the proxy cannot find consolidators anew, its readers know, until it can; where it
// looks for them is not told.
func TestAProxyThatCannotFindConsolidators(t *testing.T) {
	u := &upstream{}
	p, err := proxy.New(proxy.Config{Listen: "127.0.0.1:0", Open: u.open, Grace: time.Second, Heartbeat: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	wait.Run(t, p.Run)
	s, err := proxied.New(proxied.Config{URL: "http://" + p.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	taker := testsource.Run(t, s)
	taker.Tail("s", stream.Backfill{})
	taker.Kind(stream.KindBackfill)
	finds := func(list ...stream.Status) {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.finders = list
	}
	finder := func() (found stream.Status) {
		for _, one := range taker.Status() {
			if one.Finder {
				found = one
			}
		}
		return found
	}
	for range 2 {
		finds(stream.Status{Name: "etcd", Address: "http://10.0.0.5:2379", Finder: true, State: stream.StateLost, Err: "10.0.0.5 refuses"})
		wait.For(t, "the trouble to be known", func() bool { return finder().Name == "etcd" })
		if f := finder(); f.State != stream.StateLost || f.Since.IsZero() || f.Address != "" || f.Err != "the proxy cannot ask it" {
			t.Errorf("it is %+v", f)
		}
		if list := taker.Status(); !list[0].Finder || !list[1].Proxy || list[1].State != stream.StateLive {
			t.Errorf("the sources are %+v", list)
		}
		finds()
		wait.For(t, "the trouble to be over", func() bool { return finder().Name == "" })
	}
}
