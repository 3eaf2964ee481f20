//! What no command, manifest or step may say: `denied.yaml`.

use regex_lite::Regex;

use crate::source;

/// Where something is said.
pub(crate) use crate::source::DeniedIn as Place;

/// Words before a command in a sentence that advises against it.
const AGAINST: &str = r"(?i)\b(not|never|no|nobody|without|instead of|rather than|avoid|refuse[sd]?|beware)\b";

/// All that is denied.
#[derive(Default)]
pub(crate) struct Denials {
    denials: Vec<Denial>,
    against: Option<Regex>,
}

struct Denial {
    patterns: Vec<Regex>,
    unless: Option<Regex>,
    written: source::Denied,
}

impl Denials {
    /// Compiles the patterns; an error is a pattern that is none, and what is wrong with it.
    pub(crate) fn new(written: Vec<source::Denied>) -> Result<Self, (String, String)> {
        let regex = |pattern: &String| Regex::new(pattern).map_err(|error| (pattern.clone(), error.to_string()));
        let compile = |written: source::Denied| -> Result<Denial, (String, String)> {
            Ok(Denial {
                patterns: written.pattern.iter().map(regex).collect::<Result<_, _>>()?,
                unless: written.unless.as_ref().map(regex).transpose()?,
                written,
            })
        };
        Ok(Self {
            denials: written.into_iter().map(compile).collect::<Result<_, _>>()?,
            against: Some(regex(&AGAINST.to_owned())?),
        })
    }

    /// What is wrong with a text in this place, of a block that says all of `block`.
    pub(crate) fn objection(&self, place: Place, text: &str, block: &str) -> Option<String> {
        self.denials.iter().find_map(|denial| {
            let written = &denial.written;
            let here = if written.places.is_empty() {
                place != Place::Manifests
            } else {
                written.places.contains(&place)
            };
            if !here || denial.unless.as_ref().is_some_and(|unless| unless.is_match(block)) {
                return None;
            }
            let found = denial.patterns.iter().find_map(|pattern| pattern.find(text))?;
            if place == Place::Prose && self.advises_against(text, found.end()) {
                return None;
            }
            Some(format!(
                "`{}` is denied ({}): {}; instead, {}",
                found.as_str().trim(),
                written.denied,
                written.why,
                written.instead
            ))
        })
    }

    /// Whether the sentence says so before it has said the command.
    fn advises_against(&self, text: &str, end: usize) -> bool {
        let before = text.get(..end).unwrap_or_default();
        let sentence = before.rsplit(". ").next().unwrap_or_default();
        self.against.as_ref().is_some_and(|against| against.is_match(sentence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denials() -> (Vec<source::Denied>, Denials) {
        let text = include_str!("../denied.yaml");
        let written: Vec<source::Denied> = serde_yaml_ng::from_str(text).unwrap();
        let denials = Denials::new(written.clone()).map_err(|(pattern, error)| format!("{pattern}: {error}"));
        (written, denials.unwrap())
    }

    #[test]
    fn examples_are_refused_and_allowed() {
        let (written, denials) = denials();
        for denied in &written {
            assert!(
                !denied.refuses.is_empty() && !denied.allows.is_empty(),
                "{}",
                denied.denied
            );
            let id = format!("({})", denied.denied);
            for text in &denied.refuses {
                let objection = denials.objection(Place::Commands, text, "");
                assert!(
                    objection.as_ref().is_some_and(|o| o.contains(&id)),
                    "{text}: {objection:?}"
                );
            }
            for text in &denied.allows {
                assert_eq!(denials.objection(Place::Commands, text, ""), None, "{text}");
            }
        }
    }

    #[test]
    fn prose_may_advise_against_it() {
        let (_, denials) = denials();
        let step = |text| denials.objection(Place::Prose, text, "");
        assert!(step("Run setenforce 0 and go on.").is_some());
        assert!(step("Do not panic. Run setenforce 0 and go on.").is_some());
        assert_eq!(step("Do not run setenforce 0, it switches SELinux off."), None);
    }

    #[test]
    fn a_warning_makes_some_of_it_possible() {
        let (_, denials) = denials();
        let command = "kubectl -n shop delete pod cart --force --grace-period=0";
        let objection = |block| denials.objection(Place::Commands, command, block);
        assert!(objection("Delete it.").is_some());
        assert_eq!(objection("The pod may go on running on its node."), None);
    }
}
