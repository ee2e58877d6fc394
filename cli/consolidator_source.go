package cli

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"sluice/cluster/discovery"
	"sluice/cluster/discovery/etcd"
)

// etcdFlags is how etcd is reached.
type etcdFlags struct {
	set          *pflag.FlagSet
	endpoints    []string
	ca           string
	cert, key    string
	user         string
	passwordFile string
}

// flags adds the flags that say more than where etcd is.
func (e *etcdFlags) flags(set *pflag.FlagSet) {
	e.set = set
	set.StringVar(&e.ca, "etcd-ca", "", "believe the certificates of etcd that those in this file have signed, in PEM, besides the system's")
	set.StringVar(&e.cert, "etcd-cert", "", "show etcd the certificate in this file, in PEM")
	set.StringVar(&e.key, "etcd-key", "", "its key, in PEM")
	set.StringVar(&e.user, "etcd-user", "", "be this user of etcd; the password is that of --etcd-password-file, or SLUICE_ETCD_PASSWORD")
	set.StringVar(&e.passwordFile, "etcd-password-file", "", "take the password for etcd from this file")
}

// unused is an error if one of those flags was given, although etcd is not asked.
func (e *etcdFlags) unused() error {
	for _, name := range []string{"etcd-ca", "etcd-cert", "etcd-key", "etcd-user", "etcd-password-file"} {
		if e.set.Changed(name) {
			return usagef("--%s is given, and etcd is not asked: give --etcd URL", name)
		}
	}
	return nil
}

// cluster is etcd as the flags say.
func (e *etcdFlags) cluster(logger *slog.Logger) (*etcd.Cluster, error) {
	config := etcd.Config{Endpoints: e.endpoints, CA: e.ca, Cert: e.cert, Key: e.key, User: e.user, Logger: logger}
	if e.user != "" {
		config.Password = os.Getenv("SLUICE_ETCD_PASSWORD")
		if e.passwordFile != "" {
			text, err := os.ReadFile(e.passwordFile)
			if err != nil {
				return nil, &usageError{fmt.Errorf("the password for etcd: %w", err)}
			}
			config.Password = strings.TrimRight(string(text), "\r\n")
		}
		if config.Password == "" {
			return nil, usagef("--etcd-user %q has no password: give --etcd-password-file, or set SLUICE_ETCD_PASSWORD", e.user)
		}
	} else if e.passwordFile != "" {
		return nil, usagef("--etcd-password-file is given without a user: give --etcd-user")
	}
	c, err := etcd.New(config)
	if err != nil {
		return nil, &usageError{fmt.Errorf("--etcd: %w", err)}
	}
	return c, nil
}

// consolidatorSource is the flags for where consolidators are found.
type consolidatorSource struct {
	set       *pflag.FlagSet
	endpoints []string
	etcd      etcdFlags
	dns       string
	file      string
	cache     string
}

// flags adds the flags; also is what the help says behind those that have a variable of the
// environment.
func (c *consolidatorSource) flags(set *pflag.FlagSet, environment bool) {
	also := func(variable string) string {
		if environment {
			return "; " + variable
		}
		return ""
	}
	c.set = set
	set.StringSliceVar(&c.etcd.endpoints, "etcd", nil, "find the consolidators that register in etcd, at http://HOST:2379 or https://… (several, by commas, are one cluster)"+also("SLUICE_ETCD"))
	set.StringVar(&c.dns, "dns", "", "find the consolidators that DNS has for NAME, as services (SRV) or addresses, or for NAME:PORT, as addresses"+also("SLUICE_DNS"))
	set.StringVar(&c.file, "consolidators-file", "", "find the consolidators that this file lists, an endpoint a line; it is read again when it changes"+also("SLUICE_CONSOLIDATORS_FILE"))
	set.StringVar(&c.cache, "discovery-cache", "", "keep in this file what etcd or DNS named last, for a start without them; default: one of the state directory; none keeps nothing")
	c.etcd.flags(set)
}

// ways are the flags by which sources are chosen, and their variables.
var ways = []struct{ flag, variable string }{
	{"proxy", "SLUICE_PROXY"},
	{"consolidator", "SLUICE_CONSOLIDATORS"},
	{"etcd", "SLUICE_ETCD"},
	{"dns", "SLUICE_DNS"},
	{"consolidators-file", "SLUICE_CONSOLIDATORS_FILE"},
}

// chosen is the flag that was given of those, or, if there is none, that whose variable is
// set, when the environment counts; "" if there is neither.
func chosen(set *pflag.FlagSet, environment bool) (way, value string, err error) {
	for _, w := range ways {
		switch {
		case !set.Changed(w.flag):
		case way != "":
			return "", "", usagef("--%s and --%s are both given: give one", way, w.flag)
		default:
			way = w.flag
		}
	}
	if way != "" || !environment {
		return way, "", nil
	}
	variable := ""
	for _, w := range ways {
		switch text := os.Getenv(w.variable); {
		case text == "":
		case way != "":
			return "", "", usagef("%s and %s are both set: unset one, or give --%s or --%s", variable, w.variable, way, w.flag)
		default:
			way, variable, value = w.flag, w.variable, text
		}
	}
	return way, value, nil
}

// fromEnvironment takes the value of a variable for that of the flag.
func (c *consolidatorSource) fromEnvironment(way, value string) {
	list := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
	switch way {
	case "consolidator":
		c.endpoints = list
	case "etcd":
		c.etcd.endpoints = list
	case "dns":
		c.dns = value
	case "consolidators-file":
		c.file = value
	}
}

// unused is an error if a flag was given that means nothing in that way.
func (c *consolidatorSource) unused(way string) error {
	switch {
	case way == "etcd":
		return nil
	case way != "dns" && c.set.Changed("discovery-cache"):
		return usagef("--discovery-cache is given, and there is nothing to keep: give it with --etcd or --dns")
	}
	return c.etcd.unused()
}

// finder finds consolidators in that way. Its error is one of usage.
func (c *consolidatorSource) finder(way string, logger *slog.Logger) (discovery.Finder, error) {
	if err := c.unused(way); err != nil {
		return nil, err
	}
	var f discovery.Finder
	var err error
	switch way {
	case "etcd":
		f, err = c.etcd.cluster(logger)
	case "dns":
		if f, err = discovery.DNS(c.dns, nil); err != nil {
			err = &usageError{fmt.Errorf("--dns: %w", err)}
		}
	case "consolidators-file":
		if f, err = discovery.File(c.file); err != nil {
			err = &usageError{fmt.Errorf("--consolidators-file: %w", err)}
		}
	default:
		if f, err = discovery.Static(discovery.At(c.endpoints...)); err != nil {
			err = &usageError{err}
		}
	}
	switch {
	case err != nil:
		return nil, err
	case way != "etcd" && way != "dns" || c.cache == "none":
		return f, nil
	}
	if path := cmp.Or(c.cache, defaultCache(f.Place())); path != "" {
		f = discovery.Cached(f, path, logger)
	}
	return f, nil
}

// String is where consolidators are found in that way, for the log.
func (c *consolidatorSource) String(way string) string {
	switch way {
	case "etcd":
		return "etcd " + strings.Join(c.etcd.endpoints, ",")
	case "dns":
		return "dns " + c.dns
	case "consolidators-file":
		return "file " + c.file
	}
	return fmt.Sprint(c.endpoints)
}

// defaultCache is where what was found in a place is kept: in the state directory that
// systemd has given the service, or that of the user; "" where there is none.
func defaultCache(place discovery.Place) string {
	dir, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":")
	if dir == "" {
		var err error
		if dir, err = stateDir(); err != nil {
			return ""
		}
	}
	sum := sha256.Sum256([]byte(place.String()))
	return filepath.Join(dir, fmt.Sprintf("consolidators-%s-%x.json", place.Name, sum[:4]))
}
