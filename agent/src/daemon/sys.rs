//! The agent's only unsafe code: starting processes and the few system calls without a safe
//! wrapper. Knows nothing of the protocol.
//!
//! Processes are started by hand and not through `std::process`, for three reasons: PID 1 reaps
//! every child itself, which std's own waiting does not survive; an exec needs a supervisor
//! between itself and PID 1 (see [`Supervision`]); and the learner's rights must be dropped in
//! an order std does not offer.
#![allow(unsafe_code)]

use nix::libc::{self, c_char, c_int, c_long};
use std::ffi::CString;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use tokio::io::unix::AsyncFd;

/// Whom a process becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Empty all capability sets, the bounding set included, and set no-new-privileges.
    pub(super) lock_down: bool,
}

/// A supervisor between PID 1 and a command.
///
/// It is a fork of the agent (no exec, a few pages) that adopts whatever the command leaves
/// behind, so that all descendants stay below one known process until the agent has killed them
/// or lets them go. It writes the command's wait status to `status`, and ends when the other end
/// of `release` is closed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Supervision<'a> {
    pub(super) status: BorrowedFd<'a>,
    pub(super) release: BorrowedFd<'a>,
}

/// Everything about a process to start. Prepared before the fork: the child allocates nothing.
#[derive(Debug)]
pub(super) struct Spawn<'a> {
    /// Paths to try in order.
    pub(super) programs: Vec<CString>,
    pub(super) argv: Vec<CString>,
    pub(super) env: Vec<CString>,
    /// Working folders to try in order.
    pub(super) cwd: Vec<CString>,
    pub(super) stdin: BorrowedFd<'a>,
    pub(super) stdout: BorrowedFd<'a>,
    pub(super) stderr: BorrowedFd<'a>,
    /// `None` stays what the agent is.
    pub(super) identity: Option<Identity>,
    /// Standard input becomes the controlling terminal.
    pub(super) terminal: bool,
    /// Written to `/proc/self/oom_score_adj`, if any.
    pub(super) oom_score_adj: Option<String>,
    pub(super) supervision: Option<Supervision<'a>>,
}

/// Where a start failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", self.step(), nix::errno::Errno::from_raw(self.errno).desc())]
pub(super) struct SpawnError {
    stage: u8,
    pub(super) errno: c_int,
}

const STAGE_FORK: u8 = 1;
const STAGE_SETUP: u8 = 2;
const STAGE_IDENTITY: u8 = 3;
const STAGE_CWD: u8 = 4;
const STAGE_EXEC: u8 = 5;

impl SpawnError {
    fn step(self) -> &'static str {
        match self.stage {
            STAGE_FORK => "could not fork",
            STAGE_IDENTITY => "could not drop privileges",
            STAGE_CWD => "could not enter the working folder",
            STAGE_EXEC => "could not run the program",
            _ => "could not prepare the process",
        }
    }
}

fn errno() -> c_int {
    nix::errno::Errno::last_raw()
}

/// A plain fork by raw system call: no handlers run, so it is safe beside other threads as long
/// as the child keeps to async-signal-safe calls.
fn raw_fork() -> c_long {
    // SAFETY: clone with SIGCHLD alone is fork: the child gets a copy of this thread's stack.
    // All further arguments are zero, so their order (it differs per architecture) is irrelevant.
    unsafe { libc::syscall(libc::SYS_clone, c_long::from(libc::SIGCHLD), 0, 0, 0, 0) }
}

/// Starts a process and returns its pid (the supervisor's, if there is one). The caller reaps it,
/// also when the start failed: `on_fork` gets the pid as soon as there is one.
pub(super) fn spawn(spec: &Spawn<'_>, on_fork: impl FnOnce(i32)) -> Result<i32, SpawnError> {
    let setup = |errno| SpawnError {
        stage: STAGE_SETUP,
        errno,
    };
    let pointers = |strings: &[CString]| -> Vec<*const c_char> {
        strings
            .iter()
            .map(|s| s.as_ptr())
            .chain([std::ptr::null()])
            .collect()
    };
    let argv = pointers(&spec.argv);
    let env = pointers(&spec.env);
    let (mut report_in, report_out) =
        io::pipe().map_err(|e| setup(e.raw_os_error().unwrap_or(libc::EIO)))?;
    let fds = [
        spec.stdin.as_raw_fd(),
        spec.stdout.as_raw_fd(),
        spec.stderr.as_raw_fd(),
    ];
    if report_out.as_raw_fd() < 3 || fds.iter().any(|fd| *fd < 3) {
        return Err(setup(libc::EBADF));
    }
    // SAFETY: plain signal-mask calls on valid, initialised sets. Blocking signals over the fork
    // keeps the agent's handlers from running in the child.
    let before = unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        before
    };
    let pid = raw_fork();
    if pid == 0 {
        // SAFETY: this is the child; `run_child` only makes async-signal-safe calls on memory
        // prepared above, and never returns.
        unsafe { run_child(spec, &argv, &env, fds, report_out.as_raw_fd()) }
    }
    let fork_errno = errno();
    // SAFETY: restores the mask saved above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut()) };
    if pid < 0 {
        return Err(SpawnError {
            stage: STAGE_FORK,
            errno: fork_errno,
        });
    }
    // Pids fit in 32 bits by the kernel's own bound.
    let pid = i32::try_from(pid).unwrap_or(i32::MAX);
    on_fork(pid);
    drop(report_out);
    let mut report = Vec::with_capacity(5);
    let _ = report_in.read_to_end(&mut report);
    match report.as_slice() {
        [] => Ok(pid),
        [stage, a, b, c, d, ..] => Err(SpawnError {
            stage: *stage,
            errno: c_int::from_ne_bytes([*a, *b, *c, *d]),
        }),
        _ => Err(setup(libc::EIO)),
    }
}

/// SAFETY: only in a fresh child of `raw_fork`, with null-terminated `argv` and `env` that point
/// into live C strings and open descriptors ≥ 3.
unsafe fn run_child(
    spec: &Spawn<'_>,
    argv: &[*const c_char],
    env: &[*const c_char],
    fds: [RawFd; 3],
    report: RawFd,
) -> ! {
    let fail = |stage: u8| -> ! {
        let errno = errno().to_ne_bytes();
        let message = [stage, errno[0], errno[1], errno[2], errno[3]];
        // SAFETY: writes five bytes of a live array, then leaves without running destructors.
        unsafe {
            libc::write(report, message.as_ptr().cast(), message.len());
            libc::_exit(127)
        }
    };
    // SAFETY (whole body): system calls on the child's own state; pointers are to live data.
    unsafe {
        reset_signals();
        if let Some(supervision) = &spec.supervision {
            libc::setsid();
            if libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 {
                fail(STAGE_SETUP);
            }
            let command = raw_fork();
            if command < 0 {
                fail(STAGE_FORK);
            }
            if command > 0 {
                supervise(
                    command,
                    supervision.status.as_raw_fd(),
                    supervision.release.as_raw_fd(),
                );
            }
        }
        if libc::setsid() < 0 {
            fail(STAGE_SETUP);
        }
        for (target, source) in (0..).zip(fds) {
            if libc::dup2(source, target) < 0 {
                fail(STAGE_SETUP);
            }
        }
        mark_close_on_exec();
        if spec.terminal && libc::ioctl(0, libc::TIOCSCTTY, 0) != 0 {
            fail(STAGE_SETUP);
        }
        if let Some(adjust) = &spec.oom_score_adj {
            let fd = libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY);
            if fd >= 0 {
                libc::write(fd, adjust.as_ptr().cast(), adjust.len());
                libc::close(fd);
            }
        }
        let no_core = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        libc::setrlimit(libc::RLIMIT_CORE, &raw const no_core);
        libc::umask(0o022);
        if let Some(identity) = spec.identity
            && become_user(identity).is_err()
        {
            fail(STAGE_IDENTITY);
        }
        if !spec
            .cwd
            .iter()
            .any(|folder| libc::chdir(folder.as_ptr()) == 0)
        {
            fail(STAGE_CWD);
        }
        // The kernel's own call: libc's leaves out the signals it uses itself, which may be blocked
        // at the moment of the fork and would stay so in the learner's programs.
        let none: u64 = 0;
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw const none,
            std::ptr::null_mut::<u64>(),
            size_of::<u64>(),
        );
        let mut denied = false;
        for program in &spec.programs {
            libc::execve(program.as_ptr(), argv.as_ptr(), env.as_ptr());
            match errno() {
                libc::EACCES => denied = true,
                libc::ENOENT | libc::ENOTDIR => {}
                _ => fail(STAGE_EXEC),
            }
        }
        if denied {
            nix::errno::Errno::EACCES.set();
        }
        fail(STAGE_EXEC)
    }
}

/// Gives every signal its default action. Allocates nothing.
///
/// The kernel's own call: libc's refuses the signals that it uses itself, and whoever started the
/// engine may have left one of them ignored.
fn reset_signals() {
    // The kernel's `struct sigaction`, at most four words; all zero is the default action.
    let default_action = [0_u64; 4];
    for signal in 1..=64 {
        // SAFETY: sets the process's own dispositions from a live, initialised action. The kernel
        // refuses SIGKILL and SIGSTOP, which have no other action.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default_action.as_ptr(),
                std::ptr::null_mut::<u64>(),
                size_of::<u64>(),
            );
        }
    }
}

/// The supervisor's whole life. All signals stay blocked.
///
/// SAFETY: as `run_child`.
unsafe fn supervise(command: c_long, status_fd: RawFd, release_fd: RawFd) -> ! {
    // SAFETY: system calls on the process's own state; pointers are to live locals.
    unsafe {
        close_all_but(status_fd, release_fd);
        let mut status: c_int = 0;
        loop {
            let pid = libc::waitpid(-1, &raw mut status, 0);
            if c_long::from(pid) == command {
                break;
            }
            if pid < 0 && errno() != libc::EINTR {
                libc::_exit(127);
            }
        }
        let bytes = status.to_ne_bytes();
        libc::write(status_fd, bytes.as_ptr().cast(), bytes.len());
        libc::close(status_fd);
        loop {
            while libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) > 0 {}
            let mut release = libc::pollfd {
                fd: release_fd,
                events: libc::POLLIN,
                revents: 0,
            };
            if libc::poll(&raw mut release, 1, 10) > 0 {
                libc::_exit(0);
            }
        }
    }
}

/// SAFETY: only in a forked child that needs no other descriptor any more.
unsafe fn close_all_but(a: RawFd, b: RawFd) {
    let (low, high) = (a.min(b), a.max(b));
    let ranges = [(0, low - 1), (low + 1, high - 1), (high + 1, c_int::MAX)];
    for (first, last) in ranges {
        if first > last {
            continue;
        }
        // SAFETY: closes descriptors by number; the caller gave up their use.
        unsafe {
            if libc::syscall(libc::SYS_close_range, first, last, 0) != 0 {
                for fd in first..=last.min(4095) {
                    libc::close(fd);
                }
            }
        }
    }
}

/// SAFETY: only in a forked child.
unsafe fn mark_close_on_exec() {
    /// `CLOSE_RANGE_CLOEXEC`
    const CLOEXEC: c_int = 4;
    // SAFETY: sets a flag on descriptors by number.
    unsafe {
        if libc::syscall(libc::SYS_close_range, 3, c_int::MAX, CLOEXEC) != 0 {
            for fd in 3..4096 {
                libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC);
            }
        }
    }
}

/// The number of `CAP_SETPCAP` (linux/capability.h).
const CAP_SETPCAP: c_int = 8;

/// Turns the calling process into somebody else, for good.
///
/// Raw system calls, because libc's wrappers signal all threads it remembers, which do not exist
/// in a forked child. Allocates nothing.
fn become_user(identity: Identity) -> Result<(), c_int> {
    let Identity {
        uid,
        gid,
        lock_down,
    } = identity;
    let check = |result: c_long| if result == 0 { Ok(()) } else { Err(errno()) };
    // SAFETY: system calls on the process's own credentials, with pointers to live locals.
    unsafe {
        if libc::geteuid() == 0 {
            check(libc::syscall(libc::SYS_setgroups, 1, &raw const gid))?;
        }
        if lock_down {
            for capability in 0..64 {
                match libc::prctl(libc::PR_CAPBSET_READ, capability, 0, 0, 0) {
                    0 => {}
                    1 => check(c_long::from(libc::prctl(
                        libc::PR_CAPBSET_DROP,
                        capability,
                        0,
                        0,
                        0,
                    )))
                    .or_else(|errno| {
                        if libc::geteuid() == 0 {
                            Err(errno)
                        } else {
                            Ok(())
                        }
                    })?,
                    // Beyond the kernel's last capability.
                    _ => break,
                }
            }
        }
        if uid == 0 && !lock_down {
            // A learner who is root keeps less than the agent has, so that the kernel lets them
            // neither trace the agent nor read its memory. Fails only for a test's own user.
            libc::prctl(libc::PR_CAPBSET_DROP, CAP_SETPCAP, 0, 0, 0);
        }
        if lock_down || uid != 0 {
            libc::prctl(
                libc::PR_CAP_AMBIENT,
                libc::PR_CAP_AMBIENT_CLEAR_ALL,
                0,
                0,
                0,
            );
        }
        check(libc::syscall(libc::SYS_setresgid, gid, gid, gid))?;
        check(libc::syscall(libc::SYS_setresuid, uid, uid, uid))?;
        if lock_down || uid != 0 {
            // Version 3 of the interface, this process; two words per set.
            let header: [u32; 2] = [0x2008_0522, 0];
            let empty: [u32; 6] = [0; 6];
            check(libc::syscall(
                libc::SYS_capset,
                header.as_ptr(),
                empty.as_ptr(),
            ))?;
        }
        if lock_down {
            check(c_long::from(libc::prctl(
                libc::PR_SET_NO_NEW_PRIVS,
                1,
                0,
                0,
                0,
            )))?;
        }
    }
    Ok(())
}

/// Replaces this (single-threaded) program by another one under another identity.
pub(super) fn exec_as(
    identity: Identity,
    programs: &[CString],
    argv: &[CString],
    env: &[CString],
    cwd: &CString,
) -> SpawnError {
    if let Err(errno) = become_user(identity) {
        return SpawnError {
            stage: STAGE_IDENTITY,
            errno,
        };
    }
    let pointers = |strings: &[CString]| -> Vec<*const c_char> {
        strings
            .iter()
            .map(|s| s.as_ptr())
            .chain([std::ptr::null()])
            .collect()
    };
    let (argv, env) = (pointers(argv), pointers(env));
    reset_signals();
    // SAFETY: null-terminated arrays of live C strings; nothing else runs in this process.
    unsafe {
        libc::umask(0o022);
        if libc::chdir(cwd.as_ptr()) != 0 {
            return SpawnError {
                stage: STAGE_CWD,
                errno: errno(),
            };
        }
        for program in programs {
            libc::execve(program.as_ptr(), argv.as_ptr(), env.as_ptr());
        }
    }
    SpawnError {
        stage: STAGE_EXEC,
        errno: errno(),
    }
}

/// Gives the calling thread the file-system rights of somebody else, for good; the kernel drops
/// the capabilities that override file permissions along with it. Other threads keep theirs.
pub(super) fn become_for_files(uid: u32, gid: u32) -> io::Result<()> {
    // SAFETY: raw system calls act on this thread's credentials only.
    unsafe {
        if libc::geteuid() == 0 && libc::syscall(libc::SYS_setgroups, 1, &raw const gid) != 0 {
            return Err(io::Error::last_os_error());
        }
        libc::syscall(libc::SYS_setfsgid, gid);
        libc::syscall(libc::SYS_setfsuid, uid);
        // An impossible id changes nothing and returns the present one.
        let impossible = u32::MAX;
        let fsgid = libc::syscall(libc::SYS_setfsgid, impossible);
        let fsuid = libc::syscall(libc::SYS_setfsuid, impossible);
        if fsuid != c_long::from(uid) || fsgid != c_long::from(gid) {
            return Err(io::Error::from_raw_os_error(libc::EPERM));
        }
    }
    Ok(())
}

/// A child that has ended: any (PID 1), or the given one.
pub(super) fn reap(pid: Option<i32>) -> Option<(i32, i32)> {
    let mut status = 0;
    // SAFETY: waitpid with a live status.
    let pid = unsafe { libc::waitpid(pid.unwrap_or(-1), &raw mut status, libc::WNOHANG) };
    (pid > 0).then_some((pid, status))
}

/// Tells a terminal its size; the kernel signals its foreground processes.
pub(super) fn set_size(terminal: &OwnedFd, cols: u16, rows: u16) -> io::Result<()> {
    let size = libc::winsize {
        ws_row: rows,
        ws_col: cols,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: TIOCSWINSZ reads one live winsize.
    let result = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// No core dumps, no reading of this process's memory by others of the same user.
pub(super) fn hide_memory() {
    // SAFETY: sets a flag of this process.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
}

/// 128 random bits as text.
pub(super) fn random_name() -> io::Result<String> {
    use std::fmt::Write as _;
    let mut bytes = [0u8; 16];
    // SAFETY: fills a live buffer of the given length.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    if usize::try_from(got) != Ok(bytes.len()) {
        return Err(io::Error::last_os_error());
    }
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Registers a descriptor with the runtime, so that tasks can wait for it.
pub(super) fn wait_for(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an owned descriptor stays open and stays itself until it is dropped, and the
    // AsyncFd that owns it gives out shared references only.
    unsafe { AsyncFd::register(fd) }.map_err(io::Error::from)
}
