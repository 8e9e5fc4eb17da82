//! Servers on loopback that end together.

use std::io;
use std::net::Ipv4Addr;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::server;

/// Tasks that end together.
#[derive(Default)]
pub(in crate::demo) struct House {
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
}

impl House {
    /// Serves a router on a free port of loopback; returns its address.
    pub(super) async fn host(&self, router: Router, settings: &server::Settings) -> io::Result<String> {
        let (listener, url) = listen(0).await?;
        self.serve(listener, router, settings);
        Ok(url)
    }

    /// Serves a router.
    pub(in crate::demo) fn serve(&self, listener: TcpListener, router: Router, settings: &server::Settings) {
        let (settings, tasks, stop) = (settings.clone(), self.tasks.clone(), self.stop.clone());
        self.tasks.spawn(async move { server::serve(listener, router, &settings, &tasks, stop).await });
    }

    /// Ends when the house closes.
    pub(in crate::demo) fn closing(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Ends everything, and waits until it has ended.
    pub(in crate::demo) async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Listens on a port of 127.0.0.1; 0 is any free one. Returns the address, too.
pub(in crate::demo) async fn listen(port: u16) -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}
