// Command worker sells tea. For each tin it reads the stock, packs, and writes what is left.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

// Keep these as they are: we run copies of your program with other values.
var (
	shop  = flag.String("shop", "shop/", "what all keys begin with")
	sales = flag.Int("sales", 20, "how many tins to sell")
	pack  = flag.Duration("pack", 50*time.Millisecond, "how long packing takes")
	ttl   = flag.Int("ttl", 10, "seconds until our lease ends if we go silent")
)

func main() {
	flag.Parse()
	log.SetFlags(0)
	client, err := clientv3.New(clientv3.Config{
		Endpoints:   strings.Split(os.Getenv("ETCDCTL_ENDPOINTS"), ","),
		DialTimeout: 5 * time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	// A session is a lease that is renewed in the background for as long as we live.
	session, err := concurrency.NewSession(client, concurrency.WithTTL(*ttl))
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	for range *sales {
		if err := sell(context.Background(), client, session); err != nil {
			log.Fatal("not sold: ", err)
		}
	}
}

// sell takes one tin off the stock.
func sell(ctx context.Context, client *clientv3.Client, session *concurrency.Session) error {
	// TODO step 2: take the lock, and give it back when this function ends.

	stock, err := read(ctx, client)
	if err != nil {
		return err
	}
	fmt.Println("stock", stock, "- packing one")
	time.Sleep(*pack)

	// TODO step 3: write only if the lock is still ours.
	_, err = client.Put(ctx, *shop+"stock", strconv.Itoa(stock-1))
	return err
}

// read says how many tins there are.
func read(ctx context.Context, client *clientv3.Client) (int, error) {
	answer, err := client.Get(ctx, *shop+"stock")
	if err != nil {
		return 0, err
	}
	if len(answer.Kvs) == 0 {
		return 0, fmt.Errorf("there is no key %sstock", *shop)
	}
	return strconv.Atoi(string(answer.Kvs[0].Value))
}
