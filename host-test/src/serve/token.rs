//! Bearer tokens.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::Result;
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderValue};
use subtle::ConstantTimeEq as _;

use crate::misuse::Misuse;

/// A secret that a client brings.
pub(super) struct Token(String);

impl Token {
    /// The first line of a file.
    pub(super) fn read(file: &Path) -> Result<Self> {
        let name = file.display();
        let text =
            fs::read_to_string(file).map_err(|error| Misuse(format!("cannot read the token {name}: {error}")))?;
        let token = text.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = format!("{name}: expected a token of visible ASCII characters on one line");
            return Err(Misuse(message).into());
        }
        Ok(Self(token.to_owned()))
    }

    /// Whether a request brings it. How long that takes tells nothing but the token's length.
    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(AUTHORIZATION) else {
            return false;
        };
        let Some((scheme, token)) = value.as_bytes().split_at_checked("Bearer ".len()) else {
            return false;
        };
        scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(token.trim_ascii().ct_eq(self.0.as_bytes()))
    }

    /// The header that brings it.
    pub(super) fn header(&self) -> Result<HeaderValue> {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.0))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_is_the_token() {
        let token = Token("s3cret".to_owned());
        let is_in = |value: &'static str| {
            token.is_in(&HeaderMap::from_iter([(
                AUTHORIZATION,
                HeaderValue::from_static(value),
            )]))
        };
        for value in ["Bearer s3cret", "bearer s3cret", "BEARER  s3cret "] {
            assert!(is_in(value), "{value}");
        }
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer s3cre",
            "Bearer s3crets",
            "Basic s3cret",
            "s3cret",
        ] {
            assert!(!is_in(value), "{value}");
        }
        assert!(!token.is_in(&HeaderMap::new()));
        assert_eq!(token.header().unwrap(), "Bearer s3cret");
        assert_eq!(
            format!("{token:?} {:?}", token.header().unwrap()),
            "Token(..) Sensitive"
        );
    }
}
