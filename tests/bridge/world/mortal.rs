//! A bridge that can be killed: it has a runtime of its own, which is torn down under it, and a store that lasts.

use std::time::Duration;

use threadbridge::demo::agent::{Ask, Scripted};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::World;
use crate::support::directory::TempDirectory;

/// How long the pieces of a killed bridge may take to fall; they only have to be dropped.
const FALL: Duration = Duration::from_secs(60);

/// What a bridge needs that can be killed.
pub(super) struct Mortal {
    runtime: Option<Runtime>,
    #[expect(dead_code, reason = "it is there as long as the world is")]
    directory: TempDirectory,
}

impl Mortal {
    /// Lets something be done that dies with the bridge.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.runtime.as_ref().unwrap().spawn(task)
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        // Nobody may wait for it here.
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl World {
    /// A world whose bridge remembers in a file, and can be killed.
    pub async fn mortal(
        settings: &[(&str, &str)],
        brain: impl Fn(&Ask) -> Scripted + Send + Sync + 'static,
    ) -> Self {
        let directory = TempDirectory::new();
        let url = format!("sqlite:{}", directory.join("store.db").display());
        let all = [&[("STORE_URL", &*url), ("SEAL_KEY", "a key of the tests")], settings].concat();
        let mut world = Self::with(&all, brain).await;
        world.terminate();
        world.stopped().await;
        world.mortal = Some(Mortal { runtime: Some(runtime()), directory });
        world.start().await;
        world
    }

    /// Kills the bridge: nothing of it is done any more.
    pub async fn kill(&mut self) {
        let alive = self.mortal.as_mut().and_then(|mortal| mortal.runtime.replace(runtime())).unwrap();
        tokio::task::spawn_blocking(move || alive.shutdown_timeout(FALL)).await.unwrap();
        assert_eq!(self.work.len(), 0, "something of the bridge has survived");
        self.serving = None;
    }

    /// Starts another bridge where one was killed.
    pub async fn start_again(&mut self) {
        self.start().await;
    }

    /// Starts another bridge where one was killed, and lets it finish what was left.
    pub async fn rise(&mut self) {
        self.start().await;
        self.idle().await;
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}
