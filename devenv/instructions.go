package devenv

import (
	"fmt"
	"strings"

	"sluice/cluster/discovery/etcd"
)

// print writes how to reach the cluster.
func (d *Devenv) print() {
	var b strings.Builder
	streams := d.streams
	fmt.Fprintf(&b, "A cluster on this machine: consolidators %s, a proxy, and an archive. %d streams, %g records a second each:\n  %s\n\n",
		strings.Join(d.names(), " "), len(streams), d.config.Rate, strings.Join(streams, " "))

	url, proxyFlag := d.ProxyURL(), ""
	if url != fmt.Sprintf("http://127.0.0.1:%d", proxyPort) {
		proxyFlag = " --proxy " + url
	}
	row := func(what, how string) { fmt.Fprintf(&b, "  %-19s %s\n", what, how) }
	row("with curl", fmt.Sprintf("curl -N '%s/api/logs/tenant/acme?last=10'", url))
	row("as server events", fmt.Sprintf("curl -N -H 'Accept: text/event-stream' %s/api/logs/system", url))
	row("with sluice", fmt.Sprintf("%s tail%s system tenant/acme", d.config.Command, proxyFlag))
	row("without the proxy", d.config.Command+" tail --consolidator "+strings.Join(d.SubscribeEndpoints(), " --consolidator ")+" system")
	archive := ""
	if d.ArchiveURL() != fmt.Sprintf("nats://127.0.0.1:%d", archivePort) {
		archive = " --archive " + d.ArchiveURL()
	}
	row("what was said", fmt.Sprintf("curl -N '%s/api/logs/system?since=5m'", url))
	row("what is archived", d.config.Command+" archive status"+archive)
	if d.etcd != nil {
		row("by etcd", d.config.Command+" tail --etcd "+d.etcd.url+" system")
		row("what is registered", "etcdctl --endpoints "+d.etcd.url+" get --prefix "+etcd.Prefix)
	}
	row("a machine's metrics", fmt.Sprintf("curl http://%s/metrics", d.AdminAddrs()[0]))
	b.WriteByte('\n')
	for _, m := range d.machines {
		row(m.name, fmt.Sprintf("publish to %s, subscribe at %s, admin at http://%s", m.publish, m.subscribe, m.admin))
	}
	for _, p := range d.Parts() {
		row(p.Name, fmt.Sprintf("process %d: kill -STOP, -CONT or -KILL it, and look", p.PID))
	}
	for _, text := range d.moved() {
		fmt.Fprintf(&b, "  %s\n", text)
	}
	b.WriteString("\nctrl-c ends it.\n")
	fmt.Fprint(d.config.Output, b.String())
}

// moved is a line for each address that is not at its usual port.
func (d *Devenv) moved() (lines []string) {
	moved := func(who, address string, port int) {
		if !strings.HasSuffix(address, fmt.Sprintf(":%d", port)) {
			lines = append(lines, fmt.Sprintf("port %d is busy: %s has %s", port, who, address))
		}
	}
	for i, m := range d.machines {
		moved(m.name, m.publish, publishPort(i))
		moved(m.name, m.subscribe, subscribePort(i))
		moved(m.name+"'s admin", "http://"+m.admin, adminPort(i))
	}
	if d.etcd != nil {
		moved("etcd", d.etcd.url, etcdPort)
	}
	moved("the proxy", d.ProxyURL(), proxyPort)
	moved("the archive", d.ArchiveURL(), archivePort)
	return lines
}

// names are the machines' names.
func (d *Devenv) names() (names []string) {
	for _, m := range d.machines {
		names = append(names, m.name)
	}
	return names
}
