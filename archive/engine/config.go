package engine

import (
	"log/slog"
	"time"
)

// Config is how the archive's JetStream is run or found: embedded with Store, or a
// cluster with URLs.
type Config struct {
	// Store is the directory that the embedded server keeps everything in. It is made if
	// it is not there. One process at a time has it.
	Store string
	// Listen is the address at which the embedded server serves readers. Empty means
	// 127.0.0.1:5554; port 0 picks a free one. Beyond loopback it wants TLS and Users, or
	// Insecure.
	Listen string
	// TLSCert and TLSKey are files in PEM, with which the embedded server serves TLS. They
	// are taken up when they change. Empty is none.
	TLSCert, TLSKey string
	// Users are who may connect to the embedded server. None means everybody.
	Users    []User
	Insecure bool
	// Sync is how often the embedded server has its files written to the disk. 0 means a
	// second; SyncAlways, before each acknowledgement.
	Sync time.Duration

	// Connect is the cluster, without Store.
	Connect DialConfig
	// Replicas is how many servers of the cluster hold each message: 1, 3 or 5. 0 means 1.
	Replicas int

	// Keep and MaxBytes are what is kept: rules of age, and bytes of LOGS on one server,
	// beyond which the oldest go. MaxBytes of 0 means no bound in a cluster; with Store, three
	// quarters of what its disk has free beside it.
	Keep     Keep
	MaxBytes int64

	// Log takes what the server says of itself. nil discards.
	Log *slog.Logger
}

// SyncAlways, as Config.Sync, has every message written to the disk before it is
// acknowledged.
const SyncAlways time.Duration = -1

// User is somebody who may connect to the embedded server.
type User struct {
	Name     string
	Password string // or its bcrypt hash
	May      Right
}

// Right is what a User may do.
type Right uint8

// The rights, each with those before it.
const (
	Read  Right = iota // read what is archived
	Work               // and work through it in consumer groups
	Write              // and everything else: another archive, or an operator
)

// DialConfig is where a JetStream is, and who asks.
type DialConfig struct {
	// URLs are nats://HOST:PORT, or tls://HOST:PORT, with nats://USER:PASSWORD@HOST:PORT or
	// nats://TOKEN@HOST:PORT. Several are servers of one cluster.
	URLs []string
	// Credentials is a file of NATS credentials (.creds: a JWT and a seed). Empty is none.
	Credentials string
	User        string
	Password    string
	Token       string
	// CA is a file of certificates, in PEM, whose signatures are believed besides those of
	// the system's. Cert and Key are files of what is shown to servers that ask for it.
	CA, Cert, Key string
	// Name is what the servers call this client. Empty means "sluice".
	Name string
	// Log takes losses of the connection, and its return. nil discards.
	Log *slog.Logger
}
