// Command tea is a small service. It says who it is, and eats memory when asked to.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"syscall"
)

func main() {
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		host, _ := os.Hostname()
		fmt.Fprintf(w, "tea from %s for %q\n", host, r.URL.RawQuery)
	})
	http.HandleFunc("GET /eat", eat)
	log.Println("listening on port 8080")
	log.Fatal(http.ListenAndServe(":8080", nil))
}

// eat asks the kernel for so many MiB, as a program in C does, really uses each page of them, and
// gives them back. When the kernel refuses, the program ends, as most programs do.
func eat(w http.ResponseWriter, r *http.Request) {
	mib, err := strconv.Atoi(r.URL.Query().Get("mib"))
	if err != nil || mib < 1 || mib > 1024 {
		http.Error(w, "mib is a number from 1 to 1024", http.StatusBadRequest)
		return
	}
	memory, err := syscall.Mmap(-1, 0, mib<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		log.Fatalf("out of memory: no %d MiB more (%v)", mib, err)
	}
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
	fmt.Fprintf(w, "ate %d MiB\n", mib)
	if err := syscall.Munmap(memory); err != nil {
		log.Println("giving back:", err)
	}
}
