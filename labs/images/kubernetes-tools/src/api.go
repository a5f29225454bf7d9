package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A connection to the API server as one user.
type api struct {
	base   string
	token  string
	client *http.Client
}

func newAPI(host, tokenFile string) (*api, error) {
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		return nil, err
	}
	roots, err := certificateAuthority(filepath.Dir(tokenFile))
	if err != nil {
		return nil, err
	}
	return &api{
		base:  "https://" + host + ":6443",
		token: strings.TrimSpace(string(token)),
		client: &http.Client{Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: roots},
			MaxIdleConnsPerHost: 4,
		}},
	}, nil
}

func certificateAuthority(folder string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(filepath.Join(folder, "ca.crt"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("ca.crt holds no certificate")
	}
	return pool, nil
}

type statusError struct {
	code int
	text string
}

func (e *statusError) Error() string { return fmt.Sprintf("HTTP %d: %s", e.code, e.text) }

func (a *api) open(ctx context.Context, method, path, kind string, body []byte) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+a.token)
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	answer, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode >= 300 {
		defer answer.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 500))
		return nil, &statusError{answer.StatusCode, string(text)}
	}
	return answer.Body, nil
}

func (a *api) get(path string, into any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	body, err := a.open(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	defer body.Close()
	return json.NewDecoder(body).Decode(into)
}

func (a *api) send(method, path, kind string, object []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	body, err := a.open(ctx, method, path, kind, object)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, body)
	return errors.Join(err, body.Close())
}

// Waits until the API server answers `ok` at a path.
func (a *api) waitUntilReady(path string) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		body, err := a.open(ctx, http.MethodGet, path, "", nil)
		if err == nil {
			text, _ := io.ReadAll(io.LimitReader(body, 16))
			body.Close()
			if string(text) == "ok" {
				cancel()
				return
			}
		}
		cancel()
		// Nothing tells when a program begins to listen.
		time.Sleep(100 * time.Millisecond)
	}
}

type event[T any] struct {
	Type   string `json:"type"`
	Object T      `json:"object"`
}

// Follows all objects of a resource for good: `replace` gets the complete list
// first and after each interruption, `change` what happens in between.
func follow[T any](a *api, path string, replace func([]T), change func(kind string, object T)) {
	for {
		err := followOnce(a, path, replace, change)
		if err != nil && !errors.Is(err, io.EOF) {
			log.Printf("watch of %s: %v", path, err)
			time.Sleep(time.Second)
		}
	}
}

func followOnce[T any](a *api, path string, replace func([]T), change func(string, T)) error {
	var list struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
		Items []T `json:"items"`
	}
	if err := a.get(path, &list); err != nil {
		return err
	}
	replace(list.Items)
	query := url.Values{
		"watch":           {"1"},
		"resourceVersion": {list.Metadata.ResourceVersion},
		// The server ends the watch after this; a connection that died unseen is
		// given up a little later.
		"timeoutSeconds": {"240"},
	}
	ctx, cancel := context.WithTimeout(context.Background(), 250*time.Second)
	defer cancel()
	body, err := a.open(ctx, http.MethodGet, path+"?"+query.Encode(), "", nil)
	if err != nil {
		return err
	}
	defer body.Close()
	events := json.NewDecoder(body)
	for {
		var next event[T]
		if err := events.Decode(&next); err != nil {
			return err
		}
		if next.Type == "ERROR" {
			return io.EOF
		}
		change(next.Type, next.Object)
	}
}
