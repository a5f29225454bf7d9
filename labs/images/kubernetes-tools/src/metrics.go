package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const metricsVersion = "metrics.k8s.io/v1beta1"

// The API group metrics.k8s.io, which `kubectl top` and the autoscaler ask. The
// API server forwards it here.
type metrics struct {
	api    *api
	nodes  []*machine
	client *http.Client
}

func serveMetrics(secured *tls.Config, nodes []*machine) error {
	api, err := newAPI(controlHost, filepath.Join(keys, "metrics.token"))
	if err != nil {
		return err
	}
	only := secured.Clone()
	only.ClientAuth = tls.RequireAndVerifyClientCert
	server := &http.Server{
		Addr:      fmt.Sprintf("%s:%d", bridgeAddress, metricsPort),
		TLSConfig: only,
		Handler:   &metrics{api: api, nodes: nodes, client: &http.Client{Timeout: 2 * time.Second}},
	}
	return server.ListenAndServeTLS("", "")
}

func (m *metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest := strings.Trim(strings.TrimPrefix(r.URL.Path, "/apis"), "/")
	query := url.Values{}
	for _, selector := range []string{"labelSelector", "fieldSelector"} {
		if value := r.URL.Query().Get(selector); value != "" {
			query.Set(selector, value)
		}
	}
	parts := strings.Split(rest, "/")
	var answer any
	var err error
	switch {
	case rest == metricsVersion:
		answer = resourceList()
	case len(parts) == 3 && parts[2] == "nodes":
		answer, err = m.nodeList(query)
	case len(parts) == 4 && parts[2] == "nodes":
		query.Set("fieldSelector", "metadata.name="+parts[3])
		answer, err = only(m.nodeList(query))
	case len(parts) == 3 && parts[2] == "pods":
		answer, err = m.podList("/api/v1/pods", query)
	case len(parts) == 5 && parts[2] == "namespaces" && parts[4] == "pods":
		answer, err = m.podList("/api/v1/namespaces/"+url.PathEscape(parts[3])+"/pods", query)
	case len(parts) == 6 && parts[2] == "namespaces" && parts[4] == "pods":
		query.Set("fieldSelector", "metadata.name="+parts[5])
		answer, err = only(m.podList("/api/v1/namespaces/"+url.PathEscape(parts[3])+"/pods", query))
	default:
		http.NotFound(w, r)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if answer == nil {
		w.WriteHeader(http.StatusNotFound)
		answer = map[string]any{
			"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
			"message": "no metrics known for it",
		}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

type object = map[string]any

func resourceList() object {
	resource := func(name, kind string, namespaced bool) object {
		return object{"name": name, "singularName": "", "namespaced": namespaced, "kind": kind,
			"verbs": []string{"get", "list"}}
	}
	return object{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": metricsVersion,
		"resources": []object{resource("nodes", "NodeMetrics", false), resource("pods", "PodMetrics", true)}}
}

func list(kind string, items []object) object {
	if items == nil {
		items = []object{}
	}
	return object{"kind": kind, "apiVersion": metricsVersion, "metadata": object{}, "items": items}
}

// The one item of a list; nil when there is none.
func only(list object, err error) (any, error) {
	items, _ := list["items"].([]object)
	if err != nil || len(items) == 0 {
		return nil, err
	}
	return items[0], nil
}

type listOf struct {
	Items []struct {
		Metadata objectMeta `json:"metadata"`
	} `json:"items"`
}

func (m *metrics) nodeList(query url.Values) (object, error) {
	var nodes listOf
	if err := m.api.get("/api/v1/nodes?"+query.Encode(), &nodes); err != nil {
		return nil, err
	}
	measured := m.measure()
	var items []object
	for _, node := range nodes.Items {
		use, ok := measured[node.Metadata.Name]
		if !ok {
			continue
		}
		items = append(items, object{"metadata": object{"name": node.Metadata.Name},
			"timestamp": use.stamp(), "window": use.window(), "usage": use.Node.quantities()})
	}
	return list("NodeMetricsList", items), nil
}

func (m *metrics) podList(path string, query url.Values) (object, error) {
	var pods listOf
	if err := m.api.get(path+"?"+query.Encode(), &pods); err != nil {
		return nil, err
	}
	containers := map[string][]object{}
	sources := map[string]nodeUsage{}
	for _, use := range m.measure() {
		for _, c := range use.Containers {
			id := c.Pod + "." + c.Namespace
			containers[id] = append(containers[id], object{"name": c.Container, "usage": c.Usage.quantities()})
			sources[id] = use
		}
	}
	var items []object
	for _, pod := range pods.Items {
		all, ok := containers[pod.Metadata.key()]
		if !ok {
			continue
		}
		use := sources[pod.Metadata.key()]
		items = append(items, object{
			"metadata": object{"name": pod.Metadata.Name, "namespace": pod.Metadata.Namespace,
				"labels": pod.Metadata.Labels},
			"timestamp": use.stamp(), "window": use.window(), "containers": all,
		})
	}
	return list("PodMetricsList", items), nil
}

// Asks all nodes at once; who does not answer is left out.
func (m *metrics) measure() map[string]nodeUsage {
	all := map[string]nodeUsage{}
	var mutex sync.Mutex
	var done sync.WaitGroup
	for _, node := range m.nodes {
		if node.isOff() {
			continue
		}
		done.Add(1)
		go func() {
			defer done.Done()
			answer, err := m.client.Get(fmt.Sprintf("http://%s:%d/", nodeAddress(node.number), usagePort))
			if err != nil {
				return
			}
			defer answer.Body.Close()
			var use nodeUsage
			if answer.StatusCode == http.StatusOK && json.NewDecoder(answer.Body).Decode(&use) == nil {
				mutex.Lock()
				all[node.name()] = use
				mutex.Unlock()
			}
		}()
	}
	done.Wait()
	return all
}

func (u nodeUsage) stamp() string  { return u.At.UTC().Format(time.RFC3339) }
func (u nodeUsage) window() string { return fmt.Sprintf("%.0fs", u.Window) }

func (r resources) quantities() object {
	return object{"cpu": fmt.Sprintf("%dn", int64(r.CPU*1e9)), "memory": fmt.Sprintf("%dKi", r.Memory/1024)}
}
