//! Accepts connections: at most a number of them at a time, and none whose client stops reading.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum_server::{AddrListener, Address};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};

use crate::config::Limits;

/// The address of a client or a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(SocketAddr);

impl Connected<Place> for SocketAddr {
    fn connect_info(client: Place) -> Self {
        client.0
    }
}

impl Address for Place {
    type Stream = Connection;
    type Listener = Connections;
}

/// A listening socket that leaves further connections to the system while enough are open.
pub(crate) struct Connections {
    listener: TcpListener,
    free: Arc<Semaphore>,
    pause: Duration,
}

impl Connections {
    /// Listens on an address.
    pub(crate) async fn bind(address: SocketAddr, limits: &Limits) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let free = Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
        Ok(Self { listener, free, pause: limits.pause })
    }

    /// Returns the address, with the port that the system has chosen.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl AddrListener<Connection, Place> for Connections {
    async fn bind_to(address: Place) -> io::Result<Self> {
        Self::bind(address.0, &Limits::default()).await
    }

    async fn accept_stream(&self) -> io::Result<(Connection, Place)> {
        let permit = self.free.clone().acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer) = self.listener.accept().await?;
        // Answers are small and complete: waiting to fill packets would only delay them.
        stream.set_nodelay(true)?;
        Ok((Connection { stream, stalled: None, pause: self.pause, _permit: permit }, Place(peer)))
    }

    fn get_local_addr(&self) -> io::Result<Place> {
        self.address().map(Place)
    }
}

/// A connection that fails once its client has read nothing of an answer for a while.
pub(crate) struct Connection {
    stream: TcpStream,
    /// Ends when the pause of a client that does not read becomes too long.
    stalled: Option<Pin<Box<Sleep>>>,
    pause: Duration,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    /// Passes on what a write came to, and watches the time while it must wait.
    fn watch<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let pause = self.pause;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(pause)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.watch(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
