// Package curve is ZeroMQ's security mechanism CURVE (RFC 26/CurveZMQ, RFC 25/ZMTP-CURVE):
// who is at the other end of a connection is proved by keys, and all that travels is
// encrypted and authenticated. It gets along with any libzmq 4.x that has CURVE.
//
// A [Pair] is what one party has: a public key, by which others know it, and a secret
// one. [NewServer] and [NewClient] make a [zmtp.Mechanism] of it; a consolidator is a
// server, and all who connect to one are clients. A client knows the server's public key
// beforehand. A [List] is what a server lets in: public keys, and the streams that each
// may publish.
//
// # What holds
//
// Each connection has keys of its own, that are gone with it: who records what travels
// and steals the long-term keys later can read none of it. A server keeps nothing of a
// client between its WELCOME and the client's INITIATE but 32 bytes that open the cookie
// of this connection, and no other. A handshake has four scalar multiplications on either
// side; zmtp bounds its time and size.
//
// The messages of a direction are counted. One that is replayed, reordered, reflected,
// changed, or follows one that was left out ends the connection. Keys and authenticators
// are compared in constant time.
//
// What a peer sends is hostile until it is authenticated: sizes are checked before
// anything is computed, a point of low order is no key, and nothing of a message is
// handed on before all of it is known to be right, except that of one above zmtp's limits,
// which is passed over in parts, no more than its size and its flags are believed.
//
// # Contract
//
// Mechanisms may be used by any number of connections at once. A codec seals in one
// goroutine and opens in another, without allocating: the Salsa20 key of a direction is
// derived once, since the first 16 bytes of all its nonces are the same. On processors
// with AVX-512 the key stream of up to 16 blocks, of several messages, is made at once
// (salsa16, in assembly, compared with x/crypto's by a test); elsewhere x/crypto makes it.
package curve
