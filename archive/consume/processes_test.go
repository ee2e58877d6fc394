package consume_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sluice/archive/consume"
	"sluice/archive/engine"
)

// The variables of a process that is a worker, rather than the test.
const (
	workerURL   = "SLUICE_TEST_WORKER_URL"
	workerOut   = "SLUICE_TEST_WORKER_OUT"
	workerGroup = "SLUICE_TEST_WORKER_GROUP" // ends in "-ordered" when it is
)

func TestMain(m *testing.M) {
	if os.Getenv(workerURL) == "" {
		os.Exit(m.Run())
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// work is a worker in a process of its own: it appends to a file what it has done, and
// kills itself at what is deadly.
func work() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	out, err := os.OpenFile(os.Getenv(workerOut), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	client, err := engine.Dial(engine.DialConfig{URLs: []string{os.Getenv(workerURL)}})
	if err != nil {
		return err
	}
	defer client.Close()
	group := os.Getenv(workerGroup)
	w, err := consume.New(consume.Config{
		Archive: client, Group: group, Streams: []string{"system/*"}, Attempts: 2, Ordered: strings.HasSuffix(group, "-ordered"),
		Handle: func(_ context.Context, b *consume.Batch) error {
			var text []byte
			for _, r := range b.Records {
				switch {
				case bytes.Contains(r, []byte("deadly")):
					return syscall.Kill(os.Getpid(), syscall.SIGKILL)
				case bytes.Contains(r, []byte("poison")):
					return errors.New("it is poisoned")
				}
				text = append(append(text, r...), '\n')
			}
			_, err := out.Write(text) // at once
			return err
		},
	})
	if err != nil {
		return err
	}
	return w.Run(ctx)
}

// crew is worker processes of one group, and what they have done.
type crew struct {
	world *world
	group string
	dir   string
	count atomic.Int32
}

func newCrew(w *world, group string) *crew { return &crew{world: w, group: group, dir: w.t.TempDir()} }

// command is a worker that is not started yet; it is killed when ctx ends.
func (c *crew) command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), workerURL+"=nats://"+c.world.engine.Addr(), workerGroup+"="+c.group,
		workerOut+"="+filepath.Join(c.dir, fmt.Sprint(c.count.Add(1))))
	cmd.Stderr = os.Stderr
	return cmd
}

// start starts a worker; it is killed with the test.
func (c *crew) start() *exec.Cmd {
	c.world.t.Helper()
	cmd := c.command(context.Background())
	if err := cmd.Start(); err != nil {
		c.world.t.Fatal(err)
	}
	c.world.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

// keep starts a worker again whenever it has died, until the test ends.
func (c *crew) keep() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_ = c.command(ctx).Run() // it dies
		}
	}()
	c.world.t.Cleanup(func() {
		cancel()
		<-ended
	})
}

// done is how often each record was done.
func (c *crew) done() map[string]int {
	all := map[string]int{}
	files, err := filepath.Glob(filepath.Join(c.dir, "*"))
	if err != nil {
		c.world.t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			c.world.t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			all[string(bytes.TrimSuffix(line, []byte("\n")))]++
		}
	}
	return all
}

// has reports whether each of some records was done.
func (c *crew) has(records []string) bool {
	done := c.done()
	for _, r := range records {
		if done[r] == 0 {
			return false
		}
	}
	return true
}

// feed archives batches of a hundred records all the time until stop is called, which
// returns them all.
func (w *world) feed(streams int, every time.Duration) (stop func() []string) {
	ctx, cancel := context.WithCancel(w.t.Context())
	all := make(chan []string, 1)
	go func() {
		var records []string
		tick := time.NewTicker(every)
		defer tick.Stop()
		for i := 0; ctx.Err() == nil; i++ {
			stream := fmt.Sprintf("system/s%d", i%streams)
			batch := lines(stream, i/streams*100, 100)
			w.write(stream, batch...)
			records = append(records, batch...)
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
		all <- records
	}()
	return func() []string {
		cancel()
		return <-all
	}
}
