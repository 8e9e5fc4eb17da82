//! Stands between Slack and the bridge, and keeps what the bridge answers.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

use crate::world::spawn;

/// A proxy; see the [module](self).
pub struct Listener {
    /// Where it listens.
    pub url: String,
    said: Arc<Mutex<Vec<u8>>>,
}

impl Listener {
    /// Before a bridge.
    pub async fn before(bridge: &str) -> Self {
        Self::keeping(bridge, Arc::default()).await
    }

    /// Before another bridge, with what was said until now.
    pub async fn taking_over(before: Self, bridge: &str) -> Self {
        Self::keeping(bridge, before.said).await
    }

    /// Everything that the bridges answered, byte for byte.
    pub fn said(&self) -> String {
        String::from_utf8(self.said.lock().unwrap().clone()).unwrap()
    }

    async fn keeping(bridge: &str, said: Arc<Mutex<Vec<u8>>>) -> Self {
        let address = bridge.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept = Arc::clone(&said);
        spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                spawn(pass(client, address.clone(), Arc::clone(&kept)));
            }
        });
        Self { url, said }
    }
}

/// Passes bytes both ways until either side has enough.
async fn pass(client: TcpStream, address: String, said: Arc<Mutex<Vec<u8>>>) {
    let Ok(bridge) = TcpStream::connect(address).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_bridge, mut to_bridge) = bridge.into_split();
    let answers = async {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = from_bridge.read(&mut bytes).await {
            said.lock().unwrap().extend_from_slice(&bytes[..count]);
            if to_client.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
        let _ = to_client.shutdown().await;
    };
    let requests = async {
        let _ = copy(&mut from_client, &mut to_bridge).await;
        let _ = to_bridge.shutdown().await;
    };
    tokio::join!(answers, requests);
}
