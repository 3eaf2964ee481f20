//! Order among few.

/// Puts an item behind those that come before it or are its equals.
///
/// A sort from the standard library is some kilobytes of code for each type, and a plugin must be small.
pub(crate) fn put<T, K: Ord>(sorted: &mut Vec<T>, item: T, key: impl Fn(&T) -> K) {
    let place = sorted.partition_point(|known| key(known) <= key(&item));
    sorted.insert(place, item);
}

/// Few, in order.
#[cfg(feature = "report")]
pub(crate) fn sorted<T, K: Ord>(items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut sorted = Vec::new();
    for item in items {
        put(&mut sorted, item, &key);
    }
    sorted
}
