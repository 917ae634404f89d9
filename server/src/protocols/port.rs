//! The open port: accepts connections, counts them, and ends them in good order.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::limits::{ACCEPT_PAUSE, DRAIN_PATIENCE, HEAD_BYTES_MAX, SEND_PATIENCE};
use super::stream::Stream;
use super::{http, websocket};
use crate::app::App;
use crate::config;

/// What a client hears that comes when all connections are taken. Written by
/// hand: it is not worth reading its request.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n";

/// A listening port that nobody answers yet.
#[derive(Debug)]
pub(crate) struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

/// What all connections share.
pub(super) struct Server {
    pub(super) app: Arc<App>,
    /// Becomes true when the server stops.
    stop: watch::Receiver<bool>,
    places: Arc<Semaphore>,
    http: http1::Builder,
}

/// One of the connections that may be open; given back when it is dropped.
pub(super) type Place = Arc<OwnedSemaphorePermit>;

impl Server {
    /// Waits for the end of the server.
    pub(super) async fn stopped(&self) {
        let mut stop = self.stop.clone();
        // Fails when nobody is left who could stop it: then nobody answers either.
        let _ = stop.wait_for(|it| *it).await;
    }
}

impl Port {
    /// Takes the port, or says what to do.
    pub(crate) async fn open(settings: &config::Server) -> io::Result<Self> {
        let (host, port) = (settings.host.as_str(), settings.port);
        let mut bound = TcpListener::bind((host, port)).await;
        let is_taken = |it: &io::Error| {
            let kinds = [io::ErrorKind::AddrInUse, io::ErrorKind::PermissionDenied];
            kinds.contains(&it.kind())
        };
        if host == "::" && bound.as_ref().is_err_and(|it| !is_taken(it)) {
            // A machine without IPv6 may say so in several ways.
            bound = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await;
        }
        let listener = bound.map_err(|it| explain(host, port, &it))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where clients find it; the real port, if any was asked for.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers clients until `stop` becomes true; then ends what is open, and
    /// waits for it, but not for ever.
    pub(crate) async fn serve(self, app: Arc<App>, stop: watch::Receiver<bool>) {
        let connections_max = app.config.server.max_connections;
        let server = Arc::new(Server {
            places: Arc::new(Semaphore::new(connections_max)),
            http: http_builder(&app.config),
            stop,
            app,
        });
        tokio::select! {
            () = self.accept(&server) => {}
            () = server.stopped() => {}
        }
        drop(self.listener);
        let all = u32::try_from(connections_max).unwrap_or(u32::MAX);
        let drained = timeout(DRAIN_PATIENCE, server.places.acquire_many(all)).await;
        if drained.is_err() {
            let left = connections_max - server.places.available_permits();
            tracing::warn!(left, "connections are cut off: their clients take too long");
        }
    }

    async fn accept(&self, server: &Arc<Server>) {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => welcome(server, stream, peer.ip().to_canonical()),
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "cannot accept connections");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

fn explain(host: &str, port: u16, error: &io::Error) -> io::Error {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program, perhaps another koncorde-server, uses it: stop that one, or choose another port with --port"
        }
        io::ErrorKind::PermissionDenied => {
            "not allowed, ports below 1024 often need rights: choose another port with --port"
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine does not have that address: choose another one with --host"
        }
        _ => {
            return io::Error::new(
                error.kind(),
                format!("cannot listen on {host} port {port}: {error}"),
            );
        }
    };
    io::Error::new(
        error.kind(),
        format!("cannot listen on {host} port {port}: {advice}"),
    )
}

fn http_builder(config: &config::Config) -> http1::Builder {
    let patience = Duration::from_millis(config.server.protocols.http.receive_timeout_ms);
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(HEAD_BYTES_MAX);
    builder
}

/// Errors that say nothing about the port itself.
fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

/// Gives the connection a task of its own.
fn welcome(server: &Arc<Server>, stream: TcpStream, peer: IpAddr) {
    // Without it small answers may wait for the client's next packet.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    match Arc::clone(&server.places).try_acquire_owned() {
        Ok(place) => {
            tokio::spawn(converse(Arc::clone(server), stream, peer, Arc::new(place)));
        }
        Err(_) => {
            tracing::warn!(%peer, "connection refused: server.maxConnections are open");
            // Fits the empty send buffer of a new connection; if not, so be it.
            let _ = stream.try_write(FULL);
        }
    }
}

/// One connection, to its end or to its upgrade.
async fn converse(server: Arc<Server>, stream: TcpStream, peer: IpAddr, place: Place) {
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let (server, place) = (Arc::clone(&server), Arc::clone(&place));
        async move {
            let answer = match websocket::asks_for_upgrade(&server, &request) {
                true => websocket::upgrade(server, peer, place, request),
                false => http::answer(&server.app, peer, request).await,
            };
            Ok::<_, Infallible>(answer)
        }
    });
    let io = TokioIo::new(Stream::new(stream, SEND_PATIENCE));
    let connection = server.http.serve_connection(io, service).with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = server.stopped() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection broken off");
    }
}
