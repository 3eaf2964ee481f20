//! What somebody may have meant.

/// Words that differ more than this are not meant: 0 is nothing in common, 1 is equal.
const ALIKE: f64 = 0.8;

/// Up to `most` of the known words that are most like a word, the most alike first. Case does not count.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>, most: usize) -> Vec<&'k str> {
    let word = word.to_lowercase();
    let mut alike: Vec<(f64, &str)> = known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&word, &known.to_lowercase()), known))
        .filter(|(score, _)| *score >= ALIKE)
        .collect();
    alike.sort_by(|(a, x), (b, y)| b.total_cmp(a).then(x.cmp(y)));
    alike.dedup_by_key(|(_, known)| *known);
    alike.into_iter().take(most).map(|(_, known)| known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_understood_and_strangers_are_not() {
        let keys = ["schema", "detail", "min_priority", "keep_raw", "limits"];
        assert_eq!(nearest("detial", keys, 1), ["detail"]);
        assert_eq!(nearest("minPriority", keys, 1), ["min_priority"]);
        assert!(nearest("kubernetes", keys, 1).is_empty());
    }
}
