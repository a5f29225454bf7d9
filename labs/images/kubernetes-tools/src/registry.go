package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
)

// A registry that can only be read: the images that the cluster starts with, as
// files. The layout is made by mkimages:
//
//	blobs/<digest>                 layers, configurations and manifests
//	manifests/<name>/<tag>         the digest of a manifest
func registry(folder string) http.Handler {
	path := regexp.MustCompile(`^/v2/(?:[a-z0-9._-]+/)*([a-z0-9._-]+)/(manifests|blobs)/([A-Za-z0-9._:-]+)$`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		parts := path.FindStringSubmatch(r.URL.Path)
		if parts == nil || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
			http.NotFound(w, r)
			return
		}
		name, kind, reference := parts[1], parts[2], parts[3]
		digest := reference
		if kind == "manifests" && len(reference) != len("sha256:")+64 {
			content, err := os.ReadFile(filepath.Join(folder, "manifests", name, reference))
			if err != nil {
				unknown(w)
				return
			}
			digest = string(content)
		}
		blob, err := os.Open(filepath.Join(folder, "blobs", filepath.Base(digest)))
		if err != nil {
			unknown(w)
			return
		}
		defer blob.Close()
		about, err := blob.Stat()
		if err != nil || about.IsDir() {
			unknown(w)
			return
		}
		if kind == "manifests" {
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		} else {
			w.Header().Set("Content-Type", "application/octet-stream")
		}
		w.Header().Set("Docker-Content-Digest", digest)
		http.ServeContent(w, r, "", about.ModTime(), blob)
	})
}

func unknown(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(`{"errors":[{"code":"MANIFEST_UNKNOWN","message":"this cluster has no such image"}]}`))
}
