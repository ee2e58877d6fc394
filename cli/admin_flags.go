package cli

import "github.com/spf13/pflag"

// adminFlags are the flags of a server's endpoint for operators: its address, whether it
// serves profiles, and whether other machines may reach it.
func adminFlags(set *pflag.FlagSet, addr *string, usual string, profile, open *bool) {
	set.StringVar(addr, "admin", usual, "serve /metrics, /healthz and /readyz over HTTP on this address; empty serves none")
	set.BoolVar(profile, "pprof", false, "serve /debug/pprof/ on the admin address, too")
	set.BoolVar(open, "admin-insecure", false, "let the admin address be one that other machines reach, although it has no passwords")
}
