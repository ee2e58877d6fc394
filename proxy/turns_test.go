package proxy_test

import (
	"context"
	"testing"
	"testing/synctest"

	"sluice/proxy"
)

// One owner has half of the turns at most, however many of theirs wait; and whoever has
// the fewest is next.
func TestTurnsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := proxy.NewTurns(4, 2)
		had := make(chan string, 100)
		wait := func(ctx context.Context, owner string) {
			go func() {
				if turns.Take(ctx, owner) {
					had <- owner
				}
			}()
			synctest.Wait()
		}
		wants := func(owners ...string) {
			t.Helper()
			for _, want := range owners {
				select {
				case got := <-had:
					if got != want {
						t.Errorf("%s has a turn, want %s", got, want)
					}
				default:
					t.Errorf("%s has none", want)
				}
			}
			select {
			case got := <-had:
				t.Errorf("%s has one, too", got)
			default:
			}
		}
		for range 9 {
			wait(t.Context(), "greedy")
		}
		wants("greedy", "greedy")
		wait(t.Context(), "a")
		wants("a")
		gone, cancel := context.WithCancel(t.Context())
		wait(t.Context(), "b")
		wants("b")
		wait(gone, "c")
		wait(t.Context(), "a")
		wait(t.Context(), "d")
		wants()
		cancel() // c waits no more
		synctest.Wait()
		turns.Done("greedy")
		synctest.Wait()
		wants("d")
		turns.Done("b")
		synctest.Wait()
		wants("greedy") // which came before the second of a
		turns.Done("greedy")
		synctest.Wait()
		wants("greedy")
		turns.Done("a")
		synctest.Wait()
		wants("a") // of which there is none any more
		// Each that begins has its turn, and gives it back.
		for range 5 {
			turns.Done("greedy")
			synctest.Wait()
			wants("greedy")
		}
		for _, owner := range []string{"greedy", "greedy", "a", "d"} {
			turns.Done(owner)
		}
		synctest.Wait()
		wants()
		if n := turns.Taken(); n != 0 {
			t.Errorf("%d are taken at the end", n)
		}
	})
}
