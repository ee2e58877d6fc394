// Package naming knows rules for the names of streams: names with holes, as in
// "tenant/{namespace}".
//
// # Contract
//
// Different values never make the same name, whatever they are, and a value never
// makes a name of more parts than its rule has. So what fills a hole cannot reach a
// stream that is another's: in a value "/", "%", control characters and bytes that
// are no UTF-8 become %XX, as in URLs, and so does the first byte of a value that is
// ".", ".." or "-". A hole without a value is "-".
//
// Rules may be used from any goroutine. Values are foreign input: filling takes time
// proportional to them, and what makes a name longer than a name may be is an error.
package naming
