package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	// A program that ends is started again after this, and after twice as long
	// each time, up to the limit.
	firstPause = 500 * time.Millisecond
	longPause  = 10 * time.Second
	// What lasted so long counts as well started.
	settled = 30 * time.Second
	// Logs are kept in memory.
	logBytes = 1 << 20
)

// Keeps a program running for good.
func supervise(folder, name string, argv ...string) {
	pause := firstPause
	for {
		started := time.Now()
		err := runLogged(folder, name, exec.Command(argv[0], argv[1:]...))
		if time.Since(started) > settled {
			pause = firstPause
		}
		log.Printf("%s ended (%v), starts again in %v", name, err, pause)
		time.Sleep(pause)
		pause = min(2*pause, longPause)
	}
}

// Runs a program with its output in a log of limited size.
func runLogged(folder, name string, command *exec.Cmd) error {
	output, err := command.StderrPipe()
	if err != nil {
		return err
	}
	command.Stdout = command.Stderr
	if err := command.Start(); err != nil {
		return err
	}
	keepEnd(filepath.Join(folder, name+".log"), output)
	return command.Wait()
}

// Writes lines to a file; a full one, or that of an earlier run, becomes `.1`.
func keepEnd(path string, from io.Reader) {
	_ = os.Rename(path, path+".1")
	lines := bufio.NewReaderSize(from, 64<<10)
	var file *os.File
	written := 0
	for {
		line, _, err := lines.ReadLine()
		if err != nil {
			break
		}
		if file == nil || written > logBytes {
			if file != nil {
				file.Close()
				_ = os.Rename(path, path+".1")
			}
			file, err = os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
			if err != nil {
				// Better no log than a program that waits for somebody to read.
				_, _ = io.Copy(io.Discard, lines)
				return
			}
			written = 0
		}
		n, _ := fmt.Fprintf(file, "%s\n", line)
		written += n
	}
	if file != nil {
		file.Close()
	}
}
