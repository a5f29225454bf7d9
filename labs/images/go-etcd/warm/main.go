// Command warm imports what a service with etcd imports, so that the build cache
// of the image already holds it compiled.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/clientv3util"
	"go.etcd.io/etcd/client/v3/concurrency"
)

// used keeps every import alive without running anything.
var used = []any{
	bufio.NewReader, bytes.NewReader, json.Marshal, errors.New, flag.Parse, io.Copy, log.Print,
	slog.Info, rand.IntN, net.Listen, url.Parse, exec.Command, filepath.Join, slices.Sort[[]int],
	sort.Strings, strconv.Itoa, strings.NewReader, new(sync.Mutex), new(atomic.Int64), time.Now,
	mvccpb.PUT, rpctypes.ErrNoLeader, clientv3util.KeyExists, concurrency.NewMutex,
	concurrency.NewElection, concurrency.NewSTM,
}

// watching says how often a key changes, until the program is told to end.
func watching(ctx context.Context, client *clientv3.Client, key string) int {
	count := 0
	for range client.Watch(ctx, key) {
		count++
	}
	return count
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{"127.0.0.1:1"}})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "ok", len(used), watching(r.Context(), client, "/"))
	})
	server := &http.Server{Addr: "127.0.0.1:0", Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = server.ListenAndServe() }()
	<-ctx.Done()
	_ = server.Shutdown(context.Background())
}
