// Command warm imports what a beginner's service imports, so that the build
// cache of the image already holds it compiled.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"expvar"
	"flag"
	"fmt"
	"hash/fnv"
	"html/template"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"maps"
	"math"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	_ "net/http/pprof"
	"net/rpc"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	texttemplate "text/template"
	"time"
	"unicode/utf8"
)

//go:embed go.mod
var files embed.FS

// used keeps every import alive without running anything.
var used = []any{
	bufio.NewReader, bytes.NewReader, rand.Read, sha256.New, sql.Open,
	base64.StdEncoding, binary.BigEndian, csv.NewReader, hex.EncodeToString,
	json.Marshal, xml.Marshal, errors.New, expvar.NewInt, flag.Parse,
	fnv.New64a, template.New, io.Copy, fs.WalkDir, log.Print, slog.Info,
	maps.Keys[map[string]int], math.Sqrt, big.NewInt, mathrand.IntN, net.Listen,
	rpc.NewServer, url.Parse, exec.Command, filepath.Join, regexp.Compile,
	runtime.NumCPU, slices.Sort[[]int], sort.Strings, strconv.Itoa,
	strings.NewReader, new(sync.Mutex), new(atomic.Int64), texttemplate.New,
	utf8.ValidString, files,
}

func handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok", len(used))
	})
	return mux
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server := &http.Server{Addr: "127.0.0.1:0", Handler: handler(), ReadHeaderTimeout: time.Second}
	go func() { _ = server.ListenAndServe() }()
	<-ctx.Done()
	_ = server.Shutdown(context.Background())
}
