package tmux

import "context"

// A Step is keys that are pressed, a text that is typed after them, and what is waited for
// then, if anything; see [Terminal.Wait].
type Step struct {
	Keys []string // tmux's names, or one character each
	Text string
	Want string
}

// Press is a step of keys alone.
func Press(keys ...string) Step { return Step{Keys: keys} }

// Type is a step that types a text.
func Type(text string) Step { return Step{Text: text} }

// Await is a step that waits.
func Await(want string) Step { return Step{Want: want} }

// Awaits is the step with what is waited for after it.
func (s Step) Awaits(want string) Step {
	s.Want = want
	return s
}

// Steps are several, one after the other; each is a [Step] or a list of them.
func Steps(parts ...any) (all []Step) {
	for _, p := range parts {
		switch p := p.(type) {
		case Step:
			all = append(all, p)
		case []Step:
			all = append(all, p...)
		default:
			panic("neither a step nor a list of steps")
		}
	}
	return all
}

// Do does steps one after the other.
func (t *Terminal) Do(ctx context.Context, steps ...Step) error {
	for _, s := range steps {
		if len(s.Keys) > 0 {
			if err := t.Press(s.Keys...); err != nil {
				return err
			}
		}
		if s.Text != "" {
			if err := t.Type(s.Text); err != nil {
				return err
			}
		}
		if s.Want != "" {
			if err := t.Wait(ctx, s.Want); err != nil {
				return err
			}
		}
	}
	return nil
}
