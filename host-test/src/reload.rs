//! A configuration that is read again while the host runs: it is checked in full before it is in force, at the border
//! of a batch. One with a mistake in it changes nothing.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

use crate::console::Console;
use crate::pipeline::{Reload, Reloaded};
use crate::signals::Signals;
use crate::stats::Reloads;

/// Reads again when the signal came, with `read`, and counts.
pub(crate) fn on_signal(
    signals: &Signals,
    console: &Console,
    counted: &Arc<Mutex<Reloads>>,
    mut read: impl FnMut() -> Result<Reloaded> + Send + 'static,
) -> Reload {
    let (signal, console, counted) = (Arc::clone(&signals.reload), console.clone(), Arc::clone(counted));
    Box::new(move || {
        if !signal.swap(false, Ordering::Relaxed) {
            return None;
        }
        let read = read();
        let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(reloaded) => {
                counted.taken += 1;
                console.say("the configuration was read again and is in force");
                Some(reloaded)
            }
            Err(error) => {
                counted.refused += 1;
                console.say(format_args!(
                    "{error:#}\nbewit: the configuration from before stays in force"
                ));
                None
            }
        }
    })
}
