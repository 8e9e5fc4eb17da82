//! A wire between the bridge and a server, which the test can cut: then connections are refused.

use std::net::SocketAddr;
use std::sync::Mutex;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::{host, spawn};

/// Passes connections on to a server.
pub struct Wire {
    address: SocketAddr,
    upstream: String,
    passing: Mutex<Option<JoinHandle<()>>>,
}

impl Wire {
    /// A wire to this router, which is served behind it.
    pub async fn to(router: Router) -> Self {
        let upstream = host(router).await.replace("http://", "");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let passing = Mutex::new(Some(spawn(pass(listener, upstream.clone()))));
        Self { address, upstream, passing }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Breaks every connection and refuses new ones; returns when that is so.
    pub async fn cut(&self) {
        let passing = self.passing.lock().unwrap().take().unwrap();
        passing.abort();
        passing.await.unwrap_err();
    }

    /// Takes connections again.
    pub async fn mend(&self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        *self.passing.lock().unwrap() = Some(spawn(pass(listener, self.upstream.clone())));
    }
}

async fn pass(listener: TcpListener, upstream: String) {
    // Dropped with this task, and all connections with it.
    let mut connections = JoinSet::new();
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        let upstream = upstream.clone();
        connections.spawn(async move {
            let mut server = TcpStream::connect(upstream).await.unwrap();
            // Either side may break off at any time.
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        });
    }
}
