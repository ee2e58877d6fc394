package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sluice/cluster/publish"
	"sluice/cluster/zmtp/curve"
)

// curveKeys is the flags of the keys by which a client connects to consolidators.
type curveKeys struct {
	set     *pflag.FlagSet
	own     string
	servers []string
}

func (k *curveKeys) flags(set *pflag.FlagSet) {
	k.set = set
	set.StringVar(&k.own, "curve-key", "", "encrypt the connection to a consolidator, as whom the key pair in this file stands for (see `sluice keygen`); SLUICE_CURVE_KEY")
	set.StringArrayVar(&k.servers, "curve-server", nil, "the consolidator's public key, or its file; several times for several consolidators, in their order; SLUICE_CURVE_SERVER, separated by commas")
}

// given reports whether one of the flags was given.
func (k *curveKeys) given() bool { return k.set.Changed("curve-key") || k.set.Changed("curve-server") }

// read are the keys' places: a flag goes before the environment.
func (k *curveKeys) read() (own string, servers []string) {
	own, servers = cmp.Or(k.own, os.Getenv("SLUICE_CURVE_KEY")), k.servers
	if len(servers) == 0 {
		servers = strings.FieldsFunc(os.Getenv("SLUICE_CURVE_SERVER"), func(c rune) bool { return c == ',' || c == ' ' })
	}
	return own, servers
}

// keyring is the keys for these endpoints; nil if none were given.
func (k *curveKeys) keyring(endpoints []string) (*curve.Keyring, error) {
	own, servers := k.read()
	if own == "" && len(servers) == 0 {
		return nil, nil
	}
	return curve.OpenKeyring(own, servers, endpoints)
}

// publish puts the keys into the configuration of a client that publishes.
func (k *curveKeys) publish(to *publish.Config) error {
	own, servers := k.read()
	if len(servers) > 1 {
		return fmt.Errorf("%d servers' keys for one consolidator: give --curve-server once", len(servers))
	}
	to.CurveKey, to.CurveServer = own, strings.Join(servers, "")
	return nil
}

func newKeygen(ended *outcome) *cobra.Command {
	c := &cobra.Command{
		Use:   "keygen NAME",
		Short: "Make a key pair for encrypted connections",
		Long: "Make a key pair for encrypted connections (ZeroMQ's CURVE), and write it to two files: NAME.key, which is secret\n" +
			"and stays where it is used, and NAME.pub, which its peers get. It prints the public key, as it stands in lists of\n" +
			"keys. Files that are there are not written over.",
		Example: "  sluice keygen vm-1\n  sluice keygen app >> publishers\n" +
			"  sluice consolidator --curve-key vm-1.key --curve-publishers publishers\n" +
			"  sluice publish system --curve-key app.key --curve-server vm-1.pub",
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return helpHint(c, usagef("name one pair, as in sluice keygen vm-1"))
		}
		if base := filepath.Base(args[0]); base == "." || base == ".." || base == "/" || strings.HasSuffix(args[0], "/") {
			return helpHint(c, usagef("%q is no name for files: give one as in vm-1", args[0]))
		}
		return nil
	}
	c.RunE = ended.run(func(_ context.Context, args []string) error {
		pair, err := curve.Generate()
		if err != nil {
			return err
		}
		secret, public, err := pair.Write(args[0])
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "wrote %s, which is secret, and %s\n", secret, public)
		_, err = fmt.Println(pair.Public)
		return err
	})
	return c
}
