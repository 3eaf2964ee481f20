//! A table that is looked up by a hash.

/// Positions in a list, each at its hash or at the next place that was free. What has the same hash stays in order.
pub(crate) struct Slots(Vec<u16>);

impl Slots {
    /// Bits of a hash. That makes far more places than there are of anything in a catalog.
    pub(crate) const BITS: u32 = 12;

    /// Positions are those of the hashes, which have [`Self::BITS`].
    pub(crate) fn of(hashes: impl Iterator<Item = usize>) -> Self {
        let mut slots = vec![0; 1 << Self::BITS];
        for (hash, position) in hashes.zip(1..) {
            let free = places(hash).find(|place| slots.get(*place) == Some(&0));
            if let Some(slot) = free.and_then(|place| slots.get_mut(place)) {
                *slot = position;
            }
        }
        Self(slots)
    }

    /// Positions of what may have a hash, in order.
    #[inline]
    pub(crate) fn at(&self, hash: usize) -> impl Iterator<Item = usize> {
        let taken = places(hash).map_while(|place| self.0.get(place).filter(|position| **position > 0));
        taken.map(|position| usize::from(*position) - 1)
    }
}

fn places(hash: usize) -> impl Iterator<Item = usize> {
    (hash..1 << Slots::BITS).chain(0..hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_hash_is_found_in_order() {
        let last = (1 << Slots::BITS) - 1;
        let slots = Slots::of([last, 5, last, 0].into_iter());
        assert_eq!(slots.at(last).collect::<Vec<_>>(), [0, 2, 3]);
        assert_eq!(slots.at(5).collect::<Vec<_>>(), [1]);
        assert_eq!(slots.at(0).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(slots.at(7).count(), 0);
    }
}
