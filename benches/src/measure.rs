//! Measuring side by side.

use std::time::Duration;

use anyhow::{Context as _, Result};
use cpu_time::ThreadTime;

/// Rounds; each measures every contender once, so that what disturbs one disturbs all.
const ROUNDS: usize = 15;
/// How long a contender runs in a round.
const SLICE: Duration = Duration::from_millis(60);

/// Something that takes a whole load once.
pub(crate) struct Contender<'c> {
    name: String,
    /// Works through all records, and returns how many there were.
    pub(crate) run: Box<dyn FnMut() -> Result<usize> + 'c>,
}

impl<'c> Contender<'c> {
    pub(crate) fn new(name: impl Into<String>, run: impl FnMut() -> Result<usize> + 'c) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }
}

/// Median CPU time of this thread for a record, in nanoseconds, of each.
pub(crate) fn side_by_side(contenders: &mut [Contender<'_>]) -> Result<Vec<f64>> {
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); contenders.len()];
    for contender in contenders.iter_mut() {
        (contender.run)()?;
    }
    for _ in 0..ROUNDS {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            let (start, mut records) = (ThreadTime::now(), 0);
            let spent = loop {
                let name = &contender.name;
                records += (contender.run)().with_context(|| format!("{name} failed"))?;
                let spent = start.elapsed();
                if spent >= SLICE {
                    break spent;
                }
            };
            times.push(spent.as_secs_f64() * 1e9 / records as f64);
        }
    }
    Ok(times.into_iter().map(median).collect())
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
