//! A connection to a Unix socket whose other end is one process only.
//!
//! Whoever owns a socket's folder can put a program of their own in front of the one that is meant,
//! or share the listening socket with it. The kernel knows better: it says who listens, and with
//! each piece of an answer who wrote it.

use super::failure::Failure;
use nix::cmsg_space;
use nix::sys::socket::sockopt::{PassCred, PeerCredentials};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, UnixAddr, UnixCredentials, getsockopt, recvmsg, setsockopt,
};
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::UnixStream;

/// Reads fail from the first byte on that another process than the listening one wrote.
#[derive(Debug)]
pub(super) struct OneWriter {
    stream: UnixStream,
    peer: i32,
}

impl OneWriter {
    /// Asks the kernel for the writer of each piece; to be done before connecting.
    pub(super) fn ask(socket: &impl AsFd) -> Result<(), Failure> {
        Ok(setsockopt(socket, PassCred, &true)?)
    }

    /// A connection that was [asked](Self::ask) for its writers.
    pub(super) fn new(stream: UnixStream) -> Result<Self, Failure> {
        let peer = getsockopt(&stream, PeerCredentials)?.pid();
        Ok(Self { stream, peer })
    }

    /// The process that listens, in this machine's numbering; 0 for one outside of it.
    pub(super) fn peer(&self) -> i32 {
        self.peer
    }

    fn receive(&self, out: &mut ReadBuf<'_>) -> io::Result<()> {
        let mut space = cmsg_space!(UnixCredentials);
        let (bytes, writer) = {
            let mut parts = [IoSliceMut::new(out.initialize_unfilled())];
            let fd = self.stream.as_raw_fd();
            let flags = MsgFlags::MSG_CMSG_CLOEXEC;
            let seen = recvmsg::<UnixAddr>(fd, &mut parts, Some(&mut space), flags)?;
            let writer = seen.cmsgs()?.find_map(|message| match message {
                ControlMessageOwned::ScmCredentials(writer) => Some(writer.pid()),
                _ => None,
            });
            (seen.bytes, writer)
        };
        if bytes > 0 && writer != Some(self.peer) {
            return Err(io::Error::other("another process answers"));
        }
        out.advance(bytes);
        Ok(())
    }
}

impl AsyncRead for OneWriter {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            let read = self.stream.try_io(Interest::READABLE, || self.receive(out));
            match read {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read),
            }
        }
    }
}

impl AsyncWrite for OneWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
