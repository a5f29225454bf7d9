package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"
)

// etcd reserves 64 MiB for each of its log's files, two at a time. On a file
// system in memory that takes the memory at once. Told that reserving is not
// supported, it makes files with holes instead, which take what is in them.
func withoutFallocate(args []string) error {
	if len(args) == 0 {
		return errors.New("no program")
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	// A filter is a thread's, and so is `exec`.
	runtime.LockOSThread()
	if err := refuse(syscall.SYS_FALLOCATE, syscall.EOPNOTSUPP); err != nil {
		return fmt.Errorf("cannot filter system calls: %w", err)
	}
	return syscall.Exec(path, args, syscall.Environ())
}

type filterInstruction struct {
	code     uint16
	jt, jf   uint8
	constant uint32
}

type filterProgram struct {
	length       uint16
	instructions *filterInstruction
}

// Lets one system call fail with one error, in this process and what it becomes.
func refuse(call uint32, with syscall.Errno) error {
	const (
		prSetNoNewPrivs = 38
		prSetSeccomp    = 22
		modeFilter      = 2
		actionAllow     = 0x7fff0000
		actionErrno     = 0x00050000
		loadWord        = 0x20 // BPF_LD | BPF_W | BPF_ABS
		jumpEqual       = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
		give            = 0x06 // BPF_RET | BPF_K
	)
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		return errors.New("not on this processor")
	}
	// The number of the call is the first word of what a filter sees.
	program := []filterInstruction{
		{code: loadWord, constant: 0},
		{code: jumpEqual, jf: 1, constant: call},
		{code: give, constant: actionErrno | uint32(with)},
		{code: give, constant: actionAllow},
	}
	header := filterProgram{length: uint16(len(program)), instructions: &program[0]}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetSeccomp, modeFilter,
		uintptr(unsafe.Pointer(&header))); errno != 0 {
		return errno
	}
	return nil
}
