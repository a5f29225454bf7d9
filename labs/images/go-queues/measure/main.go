// Command measure sends requests to a service and says how long the answers took.
//
//	measure [-n 20] [-c 4] [-d BODY] URL
//
// With -d it posts BODY as JSON, in which {{n}} is the number of the request.
package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

func main() {
	count := flag.Int("n", 20, "how many requests")
	clients := flag.Int("c", 4, "how many clients ask at the same time")
	body := flag.String("d", "", "post this as JSON; {{n}} is the number of the request")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: measure [-n 20] [-c 4] [-d BODY] URL")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 || *count < 1 || *clients < 1 {
		flag.Usage()
		os.Exit(2)
	}

	began := time.Now()
	took, failed, lastError := ask(flag.Arg(0), *body, *count, *clients)
	if len(took) == 0 {
		fmt.Fprintln(os.Stderr, "measure: not one answer:", lastError)
		os.Exit(1)
	}
	slices.Sort(took)
	fmt.Printf("requests: %d from %d clients, %d failed, %.1f s in all\n",
		*count, *clients, failed, time.Since(began).Seconds())
	fmt.Printf("median:   %d ms\n", quantile(took, 50).Milliseconds())
	fmt.Printf("p95:      %d ms\n", quantile(took, 95).Milliseconds())
	fmt.Printf("slowest:  %d ms\n", took[len(took)-1].Milliseconds())
	if failed > 0 {
		fmt.Println("last failure:", lastError)
	}
}

// ask sends all requests and returns how long each good answer took.
func ask(url, body string, count, clients int) (took []time.Duration, failed int, lastError error) {
	numbers := make(chan int)
	go func() {
		for n := 1; n <= count; n++ {
			numbers <- n
		}
		close(numbers)
	}()
	var lock sync.Mutex
	var all sync.WaitGroup
	for range clients {
		all.Add(1)
		go func() {
			defer all.Done()
			client := &http.Client{Timeout: time.Minute}
			for n := range numbers {
				began := time.Now()
				err := once(client, url, strings.ReplaceAll(body, "{{n}}", fmt.Sprint(n)))
				elapsed := time.Since(began)
				lock.Lock()
				if err == nil {
					took = append(took, elapsed)
				} else {
					failed, lastError = failed+1, err
				}
				lock.Unlock()
			}
		}()
	}
	all.Wait()
	return took, failed, lastError
}

func once(client *http.Client, url, body string) error {
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("status %s", answer.Status)
	}
	return nil
}

// quantile is the smallest duration that so many percent of all do not exceed.
func quantile(sorted []time.Duration, percent int) time.Duration {
	position := (len(sorted)*percent + 99) / 100
	return sorted[max(position, 1)-1]
}
