package testnats

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sluice/internal/wait"
)

// asking is how long one answer may take: who asks again may get it from another server.
const asking = 2 * time.Second

// Leader waits until a JetStream stream has a leader, and returns its index.
func (c *Cluster) Leader(stream string) (i int) {
	c.t.Helper()
	c.ask("a leader of "+stream, func(ctx context.Context, js jetstream.JetStream) bool {
		s, err := js.Stream(ctx, stream)
		if err != nil || s.CachedInfo().Cluster == nil {
			return false
		}
		i = c.Index(s.CachedInfo().Cluster.Leader)
		return i >= 0
	})
	return i
}

// ConsumerLeader waits until a consumer of a JetStream stream has a leader, and returns its
// index. The consumer is the newest one whose name begins so.
func (c *Cluster) ConsumerLeader(stream, prefix string) (i int) {
	c.t.Helper()
	c.ask("a leader of "+prefix, func(ctx context.Context, js jetstream.JetStream) bool {
		s, err := js.Stream(ctx, stream)
		if err != nil {
			return false
		}
		var newest *jetstream.ConsumerInfo
		for one := range s.ListConsumers(ctx).Info() {
			if strings.HasPrefix(one.Name, prefix) && (newest == nil || one.Created.After(newest.Created)) {
				newest = one
			}
		}
		if newest == nil || newest.Cluster == nil {
			return false
		}
		i = c.Index(newest.Cluster.Leader)
		return i >= 0
	})
	return i
}

// MetaLeader waits until the servers that run agree on who leads them all, and returns its
// index.
func (c *Cluster) MetaLeader() (i int) {
	c.t.Helper()
	wait.For(c.t, "a leader of the servers", func() bool {
		i = -1
		for _, s := range c.servers {
			if !s.runs {
				continue
			}
			led := c.Index(s.metaLeader())
			if led < 0 || i >= 0 && led != i {
				return false
			}
			i = led
		}
		return i >= 0 && c.servers[i].runs
	})
	return i
}

// metaLeader is the name of the server that leads all others, as a server has it.
func (s *one) metaLeader() string {
	client := http.Client{Timeout: asking}
	answer, err := client.Get("http://" + s.monitoring + "/jsz")
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	var body struct {
		Meta struct {
			Leader string `json:"leader"`
		} `json:"meta_cluster"`
	}
	if json.NewDecoder(answer.Body).Decode(&body) != nil {
		return ""
	}
	return body.Meta.Leader
}

// Whole waits until all servers have all that some JetStream streams hold.
func (c *Cluster) Whole(streams ...string) {
	c.t.Helper()
	for _, name := range streams {
		c.ask("all replicas of "+name, func(ctx context.Context, js jetstream.JetStream) bool {
			s, err := js.Stream(ctx, name)
			if err != nil || s.CachedInfo().Cluster == nil || len(s.CachedInfo().Cluster.Replicas) != len(c.servers)-1 {
				return false
			}
			for _, r := range s.CachedInfo().Cluster.Replicas {
				if !r.Current || r.Offline {
					return false
				}
			}
			return true
		})
	}
}

// ask asks any of the servers until the answer is right.
func (c *Cluster) ask(what string, holds func(context.Context, jetstream.JetStream) bool) {
	c.t.Helper()
	conn, err := nats.Connect(c.URLs(), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.Timeout(asking))
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		c.t.Fatal(err)
	}
	wait.For(c.t, what, func() bool {
		ctx, end := context.WithTimeout(context.Background(), asking)
		defer end()
		return holds(ctx, js)
	})
}

// Elections tells when a JetStream stream gets a leader, until the test ends.
func (c *Cluster) Elections(stream string) <-chan time.Time {
	c.t.Helper()
	conn, err := nats.Connect(c.URLs(), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.Timeout(asking))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(conn.Close)
	elected := make(chan time.Time, 100)
	if _, err := conn.Subscribe(server.JSAdvisoryStreamLeaderElectedPre+"."+stream, func(*nats.Msg) { elected <- time.Now() }); err != nil {
		c.t.Fatal(err)
	}
	return elected
}
