// Package kubernetes checks deploy/kubernetes without a cluster: it is built as kubectl
// builds it, read as strictly as an API server reads it, and compared with itself.
package kubernetes

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// manifests is all that kubectl apply -k sends.
type manifests struct {
	namespaces []*corev1.Namespace
	accounts   []*corev1.ServiceAccount
	services   []*corev1.Service
	policies   []*networkingv1.NetworkPolicy
	budgets    []*policyv1.PodDisruptionBudget
	pods       []pods
}

// pods is a DaemonSet, a Deployment or a StatefulSet; what that claims is a volume of its
// pods like any other.
type pods struct {
	name      string
	namespace string
	selector  *metav1.LabelSelector
	template  corev1.PodTemplateSpec
}

// build builds the manifests, and reads them as strictly as an API server does: a field
// that it does not know, or that is there twice, is an error.
func build(t *testing.T) *manifests {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "../../../deploy/kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	m := new(manifests)
	for _, resource := range built.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		object, _, err := strict.Decode(text, nil, nil)
		if err != nil {
			t.Fatalf("%s: %v", resource.CurId(), err)
		}
		switch o := object.(type) {
		case *corev1.Namespace:
			m.namespaces = append(m.namespaces, o)
		case *corev1.ServiceAccount:
			m.accounts = append(m.accounts, o)
		case *corev1.Service:
			m.services = append(m.services, o)
		case *networkingv1.NetworkPolicy:
			m.policies = append(m.policies, o)
		case *policyv1.PodDisruptionBudget:
			m.budgets = append(m.budgets, o)
		case *appsv1.DaemonSet:
			m.pods = append(m.pods, pods{o.Name, o.Namespace, o.Spec.Selector, o.Spec.Template})
		case *appsv1.Deployment:
			m.pods = append(m.pods, pods{o.Name, o.Namespace, o.Spec.Selector, o.Spec.Template})
		case *appsv1.StatefulSet:
			for _, claim := range o.Spec.VolumeClaimTemplates {
				o.Spec.Template.Spec.Volumes = append(o.Spec.Template.Spec.Volumes, corev1.Volume{
					Name: claim.Name, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}},
				})
			}
			m.pods = append(m.pods, pods{o.Name, o.Namespace, o.Spec.Selector, o.Spec.Template})
		default:
			t.Errorf("%s is of a kind that is not checked", resource.CurId())
		}
	}
	if len(m.pods) != 3 || len(m.namespaces) != 1 {
		t.Fatalf("there are %d kinds of pods and %d namespaces", len(m.pods), len(m.namespaces))
	}
	return m
}

// What has a name is there, in the one namespace, and what selects pods selects some.
func TestNamesAndSelectors(t *testing.T) {
	m := build(t)
	namespace := m.namespaces[0].Name
	for _, p := range m.pods {
		if p.namespace != namespace {
			t.Errorf("%s is in the namespace %q", p.name, p.namespace)
		}
		if !selects(t, p.selector, p) {
			t.Errorf("%s does not select its own pods", p.name)
		}
		if !slices.ContainsFunc(m.accounts, func(a *corev1.ServiceAccount) bool { return a.Name == p.template.Spec.ServiceAccountName }) {
			t.Errorf("%s has the account %q, which is not there", p.name, p.template.Spec.ServiceAccountName)
		}
	}
	for _, s := range m.services {
		m.selected(t, s.Name, &metav1.LabelSelector{MatchLabels: s.Spec.Selector})
	}
	for _, b := range m.budgets {
		m.selected(t, b.Name, b.Spec.Selector)
	}
	for _, p := range m.policies {
		m.selected(t, p.Name, &p.Spec.PodSelector)
	}
}

func selects(t *testing.T, selector *metav1.LabelSelector, p pods) bool {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return !s.Empty() && s.Matches(labels.Set(p.template.Labels))
}

// selected are the pods that a selector selects, which are of one kind.
func (m *manifests) selected(t *testing.T, who string, selector *metav1.LabelSelector) *pods {
	t.Helper()
	var found []*pods
	for i := range m.pods {
		if selects(t, selector, m.pods[i]) {
			found = append(found, &m.pods[i])
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s selects %d kinds of pods", who, len(found))
	}
	return found[0]
}

// Services, policies and probes name ports that containers have, and containers have
// those that their program listens on.
func TestPorts(t *testing.T) {
	m := build(t)
	for _, s := range m.services {
		p := m.selected(t, s.Name, &metav1.LabelSelector{MatchLabels: s.Spec.Selector})
		for _, port := range s.Spec.Ports {
			p.checkPort(t, "service "+s.Name, port.TargetPort)
		}
	}
	for _, policy := range m.policies {
		own := m.selected(t, policy.Name, &policy.Spec.PodSelector)
		for _, rule := range policy.Spec.Ingress {
			for _, port := range rule.Ports {
				own.checkPort(t, "ingress of "+policy.Name, *port.Port)
			}
		}
		for _, rule := range policy.Spec.Egress {
			for _, to := range rule.To {
				if to.PodSelector == nil {
					continue
				}
				others := m.selected(t, policy.Name, to.PodSelector)
				for _, port := range rule.Ports {
					others.checkPort(t, "egress of "+policy.Name, *port.Port)
				}
				m.checkLetIn(t, own, others, rule.Ports)
			}
		}
	}
	for _, p := range m.pods {
		for _, c := range p.template.Spec.Containers {
			listened := listens(c.Args)
			for _, port := range c.Ports {
				if !slices.Contains(listened, int(port.ContainerPort)) {
					t.Errorf("%s has the port %d, and its program listens on %v", c.Name, port.ContainerPort, listened)
				}
			}
			for kind, probe := range map[string]*corev1.Probe{"startup": c.StartupProbe, "readiness": c.ReadinessProbe, "liveness": c.LivenessProbe} {
				if probe == nil {
					if kind != "startup" {
						t.Errorf("%s has no %s probe", c.Name, kind)
					}
					continue
				}
				want := "/readyz"
				if kind == "liveness" {
					want = "/healthz"
				}
				if probe.HTTPGet == nil || probe.HTTPGet.Path != want {
					t.Errorf("the %s probe of %s does not ask for %s", kind, c.Name, want)
					continue
				}
				port := p.port(probe.HTTPGet.Port)
				if admin := listens(withFlag(c.Args, "admin")); port == 0 || !slices.Contains(admin, port) {
					t.Errorf("the %s probe of %s asks at %d; its admin address is %v", kind, c.Name, port, admin)
				}
			}
		}
	}
}

// listens are the ports beyond loopback that arguments have a program listen on.
func listens(args []string) (ports []int) {
	for _, arg := range args {
		name, value, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !slices.Contains([]string{"publish", "subscribe", "admin", "listen"}, name) {
			continue
		}
		address := value[strings.LastIndexByte(value, '/')+1:]
		host, port, _ := strings.Cut(address, ":")
		if n, err := strconv.Atoi(port); err == nil && host != "127.0.0.1" {
			ports = append(ports, n)
		}
	}
	return ports
}

func withFlag(args []string, name string) (found []string) {
	for _, arg := range args {
		if strings.HasPrefix(arg, "--"+name+"=") {
			found = append(found, arg)
		}
	}
	return found
}

// port is the number of a port; 0 when no container has it.
func (p *pods) port(port intstr.IntOrString) int {
	for _, c := range p.template.Spec.Containers {
		for _, own := range c.Ports {
			if own.Name == port.StrVal || port.Type == intstr.Int && own.ContainerPort == port.IntVal {
				return int(own.ContainerPort)
			}
		}
	}
	return 0
}

func (p *pods) checkPort(t *testing.T, who string, port intstr.IntOrString) {
	t.Helper()
	if p.port(port) == 0 {
		t.Errorf("%s names the port %s, which %s has not", who, port.String(), p.name)
	}
}

// checkLetIn checks that pods that may go out to others are let in there.
func (m *manifests) checkLetIn(t *testing.T, from, to *pods, ports []networkingv1.NetworkPolicyPort) {
	t.Helper()
	for _, policy := range m.policies {
		if !selects(t, &policy.Spec.PodSelector, *to) {
			continue
		}
		for _, rule := range policy.Spec.Ingress {
			for _, peer := range rule.From {
				if peer.PodSelector != nil && selects(t, peer.PodSelector, *from) && len(rule.Ports) == len(ports) && to.port(*rule.Ports[0].Port) == to.port(*ports[0].Port) {
					return
				}
			}
		}
	}
	t.Errorf("%s goes out to %s, which does not let it in", from.name, to.name)
}

// No container may do more than it needs: only the collector is root, to read the files
// of containers, and nobody writes but to what is mounted for it.
func TestContainersAreConfined(t *testing.T) {
	for _, p := range build(t).pods {
		spec := p.template.Spec
		if spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken {
			t.Errorf("%s gets a token for the API", p.name)
		}
		if spec.HostNetwork || spec.HostPID || spec.HostIPC {
			t.Errorf("%s is in the node's namespaces", p.name)
		}
		for _, c := range spec.Containers {
			s := c.SecurityContext
			if s == nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem {
				t.Errorf("%s may write, or become more than it is", c.Name)
			}
			if s.Capabilities == nil || !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(s.Capabilities.Add) > 0 {
				t.Errorf("%s has capabilities", c.Name)
			}
			user, pod := s.RunAsUser, spec.SecurityContext
			if user == nil {
				user = pod.RunAsUser
			}
			if pod.SeccompProfile == nil || pod.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
				t.Errorf("%s may make any system call", c.Name)
			}
			if root := user == nil || *user == 0; root != (c.Name == "collect") {
				t.Errorf("%s runs as %v", c.Name, user)
			}
			if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() {
				t.Errorf("%s has no bounds", c.Name)
			}
		}
	}
}

// Files that flags name are in a volume that is mounted there, and each volume is used.
func TestFilesAreMounted(t *testing.T) {
	for _, p := range build(t).pods {
		volumes, used := make(map[string]bool), make(map[string]bool)
		for _, v := range p.template.Spec.Volumes {
			volumes[v.Name] = true
		}
		for _, c := range p.template.Spec.Containers {
			for _, mount := range c.VolumeMounts {
				used[mount.Name] = true
				if !volumes[mount.Name] {
					t.Errorf("%s mounts %s, which is not there", c.Name, mount.Name)
				}
			}
			for _, arg := range c.Args {
				_, path, ok := strings.Cut(arg, "=/")
				if ok && !slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return strings.HasPrefix("/"+path, m.MountPath+"/") }) {
					t.Errorf("%s: nothing is mounted where %s is", c.Name, arg)
				}
			}
		}
		for name := range volumes {
			if !used[name] {
				t.Errorf("nobody mounts %s", name)
			}
		}
	}
}

// The memory of a container has room for what its program keeps: a consolidator's buffer
// and 48 MiB, and a proxy's limit.
func TestMemory(t *testing.T) {
	for _, p := range build(t).pods {
		for _, c := range p.template.Spec.Containers {
			limit := c.Resources.Limits.Memory().Value()
			if buffer := withFlag(c.Args, "buffer"); len(buffer) == 1 {
				mib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(buffer[0], "--buffer="), "MiB"), 10, 64)
				if err != nil || limit < (mib+48)<<20 {
					t.Errorf("%s has %d bytes for %s: %v", c.Name, limit, buffer[0], err)
				}
			}
			for _, env := range c.Env {
				if env.Name == "GOMEMLIMIT" {
					mib, err := strconv.ParseInt(strings.TrimSuffix(env.Value, "MiB"), 10, 64)
					if err != nil || mib<<20 >= limit {
						t.Errorf("%s has %d bytes, and GOMEMLIMIT is %s: %v", c.Name, limit, env.Value, err)
					}
				}
			}
		}
	}
}

// What is wrong with a manifest shows: this is what the other tests stand on.
func TestStrictDecoding(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	for _, text := range []string{
		"apiVersion: v1\nkind: Service\nspec:\n  clusterIp: None\n",
		"apiVersion: v1\nkind: Service\nspec:\n  clusterIP: None\n  clusterIP: None\n",
		"apiVersion: v1\nkind: Servce\n",
	} {
		if _, _, err := strict.Decode(bytes.TrimSpace([]byte(text)), nil, nil); err == nil {
			t.Errorf("it takes %q", text)
		}
	}
}
