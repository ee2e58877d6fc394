package auth

// Reason is why a token is refused, as it is counted.
type Reason string

// The reasons.
const (
	Malformed  Reason = "malformed"   // it is no token, or a claim cannot be read
	Algorithm  Reason = "algorithm"   // it is signed in a way that is not allowed
	UnknownKey Reason = "unknown key" // nobody known here has signed it
	Expired    Reason = "expired"
	NotYet     Reason = "not yet valid"
	Elsewhere  Reason = "for others" // its audience or its issuer is another
	NoKeys     Reason = "no keys"    // none is known yet: nobody can tell
)

// Error is why a token is refused. Its text is for people, and has nothing of the
// token in it.
type Error struct {
	Reason Reason
	text   string
}

func (e *Error) Error() string { return e.text }

// OfKeys reports whether it could be otherwise with more keys.
func (e *Error) OfKeys() bool {
	return e.Reason == NoKeys || e.Reason == UnknownKey || e.Reason == Algorithm
}

func refuse(reason Reason, text string) error { return &Error{reason, text} }
