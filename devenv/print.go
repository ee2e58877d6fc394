package devenv

import (
	"fmt"
	"strings"
)

// print tells how to reach the cluster.
func (d *Devenv) print() {
	var b strings.Builder
	streams := d.config.streams()
	fmt.Fprintf(&b, "A cluster of %d consolidators and a proxy, on this machine only. %d streams, %g records a second each:\n  %s\n\n",
		len(d.machines), len(streams), d.config.Rate, strings.Join(streams, " "))

	url, proxyFlag := d.ProxyURL(), ""
	if url != fmt.Sprintf("http://127.0.0.1:%d", proxyPort) {
		proxyFlag = " --proxy " + url
	}
	row := func(what, how string) { fmt.Fprintf(&b, "  %-18s %s\n", what, how) }
	row("with curl", fmt.Sprintf("curl -N '%s/api/logs/tenant/acme?last=10'", url))
	row("as server events", fmt.Sprintf("curl -N -H 'Accept: text/event-stream' %s/api/logs/system", url))
	row("with sluice", fmt.Sprintf("%s tail%s system tenant/acme", d.config.Command, proxyFlag))
	row("without the proxy", d.config.Command+" tail --consolidator "+strings.Join(d.SubscribeEndpoints(), " --consolidator ")+" system")
	b.WriteByte('\n')
	for i, m := range d.machines {
		row(m.config.Name, fmt.Sprintf("publish to %s, subscribe at %s%s", m.publish, m.subscribe, moved(m, 5551+10*i, 5552+10*i)))
	}
	if proxyFlag != "" {
		row("proxy", fmt.Sprintf("%s (%d was busy)", url, proxyPort))
	}
	b.WriteString("\nctrl-c ends it.\n")
	fmt.Fprint(d.config.Output, b.String())
}

// moved says that a machine did not get its usual ports.
func moved(m *machine, publish, subscribe int) string {
	usual := func(endpoint string, port int) bool { return strings.HasSuffix(endpoint, fmt.Sprintf(":%d", port)) }
	if usual(m.publish, publish) && usual(m.subscribe, subscribe) {
		return ""
	}
	return fmt.Sprintf(" (%d and %d were busy, or one of them)", publish, subscribe)
}
