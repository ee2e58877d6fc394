package zmtp

// What only a handshake uses, for the tests.
var (
	AppendGreeting = appendGreeting
	ParseGreeting  = parseGreeting
	CheckGreeting  = checkGreeting
	AppendReady    = appendReady
	ParseReady     = parseReady
	AppendError    = appendError
	ParseError     = parseError
	AppendCommand  = appendCommand
)

const (
	GreetingSize  = greetingSize
	MaxHandshake  = maxHandshake
	MaxProperties = maxProperties
)

func (p Properties) Get(name string) string { return p.get(name) }
