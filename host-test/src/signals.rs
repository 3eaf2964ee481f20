//! What the system asks of a run.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Set when a signal came.
#[derive(Clone, Default)]
pub(crate) struct Signals {
    /// To end: what has been read is still written.
    pub(crate) stop: Arc<AtomicBool>,
    /// To read the configuration again.
    pub(crate) reload: Arc<AtomicBool>,
}

impl Signals {
    /// The first SIGINT or SIGTERM ends the input, and what has been read is still written; the second one ends the
    /// process. As the first process of a container it would otherwise get none of them.
    pub(crate) fn end_in_order(&self) -> Result<()> {
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(signal, 1, Arc::clone(&self.stop))
                .and_then(|_| flag::register(signal, Arc::clone(&self.stop)))
                .context("cannot handle signals")?;
        }
        Ok(())
    }

    /// SIGHUP asks for the configuration to be read again.
    #[cfg(unix)]
    pub(crate) fn reload(&self) -> Result<()> {
        flag::register(signal_hook::consts::SIGHUP, Arc::clone(&self.reload))
            .map(drop)
            .context("cannot handle signals")
    }

    /// There is no such signal here.
    #[cfg(not(unix))]
    pub(crate) fn reload(&self) -> Result<()> {
        Ok(())
    }
}
