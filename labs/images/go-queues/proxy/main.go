// Command proxy packs Go modules from Debian's source packages as a module proxy
// of files, so that `go build` finds them without any network.
//
//	proxy DIR module=version…
//
// A module's own go.mod is kept, with two changes: what it requires is required in
// the version that is here, and what is not here (it serves the module's own
// tests) is not required at all.
package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// sources is where Debian's golang-*-dev packages install.
const sources = "/usr/share/gocode/src"

// A line of a go.mod that requires a module, inside a block or alone.
var required = regexp.MustCompile(`(?m)^(?:require )?\s*([a-z0-9.-]+\.[a-z]+/\S+|go\.uber\.org/\S+) v\S+`)

func main() {
	versions := map[string]string{}
	for _, argument := range os.Args[2:] {
		module, version, found := strings.Cut(argument, "=")
		if !found {
			log.Fatalf("%s: not module=version", argument)
		}
		versions[module] = version
	}
	for module := range versions {
		if err := pack(os.Args[1], module, versions); err != nil {
			log.Fatalf("%s: %v", module, err)
		}
	}
}

// pack writes the four files of one module version.
func pack(proxy, module string, versions map[string]string) error {
	version := versions[module]
	root := filepath.Join(sources, module)
	manifest, err := requirements(root, module, versions)
	if err != nil {
		return err
	}
	folder := filepath.Join(proxy, module, "@v")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	info := fmt.Sprintf(`{"Version":%q,"Time":%q}`, version, time.Unix(0, 0).UTC().Format(time.RFC3339))
	for name, content := range map[string]string{
		"list":            version + "\n",
		version + ".info": info,
		version + ".mod":  string(manifest),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	file, err := os.Create(filepath.Join(folder, version+".zip"))
	if err != nil {
		return err
	}
	defer file.Close()
	archive := zip.NewWriter(file)
	if err := fill(archive, root, module+"@"+version, manifest); err != nil {
		return err
	}
	return archive.Close()
}

// fill puts the module's sources into the archive, without its tests.
func fill(archive *zip.Writer, root, prefix string, manifest []byte) error {
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path == root {
				return nil
			}
			_, err := os.Stat(filepath.Join(path, "go.mod"))
			if err == nil || name == "testdata" || name == "test" {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() || name == "go.mod" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		source, err := os.Open(path)
		if err != nil {
			return err
		}
		defer source.Close()
		target, err := archive.Create(prefix + "/" + relative)
		if err != nil {
			return err
		}
		_, err = io.Copy(target, source)
		return err
	})
	if err != nil {
		return err
	}
	target, err := archive.Create(prefix + "/go.mod")
	if err != nil {
		return err
	}
	_, err = target.Write(manifest)
	return err
}

// requirements is the module's go.mod, adjusted to what is here.
func requirements(root, module string, versions map[string]string) ([]byte, error) {
	original, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if errors.Is(err, fs.ErrNotExist) {
		return []byte("module " + module + "\n"), nil
	}
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "requirements")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	path := filepath.Join(work, "go.mod")
	if err := os.WriteFile(path, original, 0o644); err != nil {
		return nil, err
	}
	edits := []string{"mod", "edit"}
	for _, match := range required.FindAllStringSubmatch(string(original), -1) {
		if match[1] == module {
			continue
		}
		if version, here := versions[match[1]]; here {
			edits = append(edits, "-require="+match[1]+"@"+version)
		} else {
			edits = append(edits, "-droprequire="+match[1])
		}
	}
	if len(edits) == 2 {
		return original, nil
	}
	if output, err := exec.Command("go", append(edits, path)...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go mod edit: %w: %s", err, output)
	}
	return os.ReadFile(path)
}
