package cli

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"sluice/archive/engine"
)

// archiveSource is the flags for where the archive is, or the NATS servers for one.
type archiveSource struct {
	set          *pflag.FlagSet
	prefix       string // of the flags: archive or nats
	urls         []string
	creds        string
	user         string
	passwordFile string
	ca           string
	cert, key    string
}

// flags adds --archive and those that say more, for readers.
func (a *archiveSource) flags(set *pflag.FlagSet) {
	set.StringSliceVar(&a.urls, "archive", nil, "read what was said before from the archive at nats://HOST:PORT, or tls://… (several, by commas, are one cluster); SLUICE_ARCHIVE")
	a.more(set, "archive")
}

// more adds the flags that say more than where it is.
func (a *archiveSource) more(set *pflag.FlagSet, prefix string) {
	a.set, a.prefix = set, prefix
	whose := map[string]string{"archive": "the archive", "nats": "the NATS servers"}[prefix]
	set.StringVar(&a.creds, prefix+"-creds", "", "show "+whose+" the NATS credentials in this file")
	set.StringVar(&a.user, prefix+"-user", "", "be this user of "+whose+"; the password is that of --"+prefix+"-password-file, or "+a.variable("PASSWORD"))
	set.StringVar(&a.passwordFile, prefix+"-password-file", "", "take the password for "+whose+" from this file")
	set.StringVar(&a.ca, prefix+"-ca", "", "believe the certificates of "+whose+" that those in this file have signed, in PEM, besides the system's")
	set.StringVar(&a.cert, prefix+"-cert", "", "show "+whose+" the certificate in this file, in PEM")
	set.StringVar(&a.key, prefix+"-key", "", "its key, in PEM")
}

func (a *archiveSource) variable(name string) string {
	return "SLUICE_" + strings.ToUpper(a.prefix) + "_" + name
}

// given reports whether there is an archive to ask: by the flag, or the environment.
func (a *archiveSource) given() bool { return len(a.at()) > 0 }

// at are the URLs: a flag goes before the environment.
func (a *archiveSource) at() []string {
	if a.set.Changed(a.prefix) || len(a.urls) > 0 {
		return a.urls
	}
	return strings.FieldsFunc(os.Getenv("SLUICE_"+strings.ToUpper(a.prefix)), func(r rune) bool { return r == ',' || r == ' ' })
}

// config is where it is, and who asks. Its error is one of usage.
func (a *archiveSource) config(logger *slog.Logger) (engine.DialConfig, error) {
	c := engine.DialConfig{
		URLs: a.at(), Credentials: a.creds, User: a.user, CA: a.ca, Cert: a.cert, Key: a.key, Name: "sluice", Log: logger,
	}
	if len(c.URLs) == 0 {
		for _, name := range []string{"creds", "user", "password-file", "ca", "cert", "key"} {
			if name = a.prefix + "-" + name; a.set.Changed(name) {
				return c, usagef("--%s is given, and it is not said where: give --%s URL", name, a.prefix)
			}
		}
	}
	switch {
	case a.passwordFile != "" && a.user == "":
		return c, usagef("--%s-password-file is given without a user: give --%s-user", a.prefix, a.prefix)
	case a.passwordFile != "":
		text, err := os.ReadFile(a.passwordFile)
		if err != nil {
			return c, &usageError{fmt.Errorf("--%s-password-file: %w", a.prefix, err)}
		}
		c.Password = strings.TrimRight(string(text), "\r\n")
	case a.user != "":
		c.Password = os.Getenv(a.variable("PASSWORD"))
	}
	if a.user != "" && c.Password == "" {
		return c, usagef("--%s-user %q has no password: give --%s-password-file, or set %s", a.prefix, a.user, a.prefix, a.variable("PASSWORD"))
	}
	if (a.cert == "") != (a.key == "") {
		return c, usagef("--%s-cert and --%s-key go together: give both", a.prefix, a.prefix)
	}
	return c, nil
}

// dial is a client of the archive, which connects in the background; nil when none is
// given. Close it.
func (a *archiveSource) dial(logger *slog.Logger) (*engine.Client, error) {
	config, err := a.config(logger)
	if err != nil || len(config.URLs) == 0 {
		return nil, err
	}
	client, err := engine.Dial(config)
	if err != nil {
		return nil, &usageError{err}
	}
	return client, nil
}

// dialDefault is dial, of the archive of this machine when none is given.
func (a *archiveSource) dialDefault(logger *slog.Logger) (*engine.Client, error) {
	if !a.given() {
		a.urls = []string{defaultArchive}
	}
	return a.dial(logger)
}
