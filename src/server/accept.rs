//! The accept loop. axum's own has no limit on connections and none on slow headers.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::Settings;

/// How long to wait after a failed accept: out of file descriptors is not to become a busy loop.
const PAUSE: Duration = Duration::from_millis(50);
/// How long open connections may take to end once the loop has stopped.
const CLOSING: Duration = Duration::from_secs(2);
/// The most header fields of a request.
const MAX_HEADERS: usize = 64;
/// The most bytes that are buffered for a request's head.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Serves until `stop`, then lets open requests end. Connections beyond the cap wait in the listener's backlog.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    settings: &Settings,
    tracker: &TaskTracker,
    stop: CancellationToken,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(settings.header_seconds))
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .keep_alive(true);
    let permits = Arc::new(Semaphore::new(settings.max_connections));
    let graceful = GracefulShutdown::new();
    while let Some((socket, permit)) = next(&listener, &permits, &stop).await {
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(http.serve_connection(TokioIo::new(socket), service));
        tracker.spawn(async move {
            if let Err(error) = connection.await {
                debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(CLOSING, graceful.shutdown()).await.is_err() {
        warn!("some connections did not end in time and are cut");
    }
}

/// The next connection, with the permit that it holds; `None` when it is time to stop.
async fn next(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let accept = async {
        let permit = Arc::clone(permits).acquire_owned().await.expect("nothing closes the semaphore");
        loop {
            match listener.accept().await {
                Ok((socket, _)) => {
                    // A small acknowledgement must not wait for more to send.
                    let _ = socket.set_nodelay(true);
                    return Ok::<_, Infallible>((socket, permit));
                }
                Err(error) => {
                    warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => None,
        accepted = accept => accepted.ok(),
    }
}
