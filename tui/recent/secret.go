package recent

import "regexp"

// secret finds what is given a value that nobody else should read: a password, token
// or key by its name, the header of an authorization, a password within a URL, a
// private key, and the forms of tokens that many services use.
var secret = regexp.MustCompile(`(?i)(pass(word|wd|phrase)?|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|credentials?|session[-_.]?id|cookie)\w*["']?\s*(!?[=:~]|[<>]=?|\s+in\s*\()` +
	`|--?(pass(word|wd|phrase)?|secret|token|api-?key|user)([ =]|$)` +
	`|\bauthorization\b|\b(bearer|basic)\s+\S` +
	`|\w://[^/\s:@]*:[^/\s@]+@` +
	`|-----BEGIN|\beyJ[\w-]{8,}\.[\w-]+|\b(gh[pousr]_|xox[abpr]-|sk-|AKIA)\w{8,}`)

// Secret reports whether a text looks as if it had a secret in it. It rather takes
// too much for one: what it takes is only typed again.
func Secret(text string) bool { return secret.MatchString(text) }
