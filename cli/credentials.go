package cli

import (
	"errors"
	"os"

	"github.com/spf13/pflag"
)

// tokenFileFlag is the flag of a file with a token.
func tokenFileFlag(set *pflag.FlagSet, file *string) {
	set.StringVar(file, "token-file", "", "take the token from this file, also when it changes; SLUICE_TOKEN_FILE")
}

// credentials are the token for the proxy, or the file that it is in: a flag goes
// before the environment.
func (r *reading) credentials() (token, file string, err error) {
	if r.set.Changed("token") && r.set.Changed("token-file") {
		return "", "", errors.New("--token and --token-file are both given: give one")
	}
	switch {
	case r.set.Changed("token"):
		return r.token, "", nil
	case r.set.Changed("token-file"):
		return "", r.tokenFile, nil
	}
	token, file = os.Getenv("SLUICE_TOKEN"), os.Getenv("SLUICE_TOKEN_FILE")
	if token != "" && file != "" {
		return "", "", errors.New("SLUICE_TOKEN and SLUICE_TOKEN_FILE are both set: unset one, or give --token or --token-file")
	}
	return token, file, nil
}
