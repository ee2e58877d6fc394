package zmtp

// What only a handshake uses, for the tests.
var (
	ParseReady = ParseProperties
	ParseError = parseError
)

const (
	GreetingSize  = greetingSize
	MaxHandshake  = maxHandshake
	MaxProperties = maxProperties
)

func (p Properties) Get(name string) string { return p.get(name) }

// AppendGreeting appends the greeting of the NULL mechanism.
func AppendGreeting(dst []byte) []byte { return appendGreeting(dst, "NULL", false) }

// ParseGreeting reads one.
func ParseGreeting(g []byte) (Version, error) { return parseGreeting(g, "NULL", false) }

// CheckGreeting checks the beginning of one.
func CheckGreeting(g []byte) error { return checkGreeting(g, "NULL", false) }

// AppendReady appends a READY with pairs of names and values.
func AppendReady(dst []byte, pairs [][2]string) []byte {
	var ours []Property
	for _, p := range pairs {
		ours = append(ours, Property{p[0], p[1]})
	}
	return appendReady(dst, ours)
}

var OfInterface = ofInterface
