//! The module for Fluent Bit, called as Fluent Bit calls it, beside the library: any record, under each configuration.

use std::borrow::Cow;
use std::cell::RefCell;

use bewit::{Annotator, Outcome};
use serde::de::IgnoredAny;

use crate::annotators::{configurations, of};
use crate::json::{Members, name};
use crate::make::string;

#[path = "../../host-test/tests/common/filter.rs"]
#[allow(dead_code, reason = "tests of the host use more of it")]
mod filter;
use filter::{Filter, Returned, compiled, module};

/// Memory that a module may take at most for such short records, in pages of 64 KiB.
const PAGES: u64 = 128;

thread_local! {
    static FACES: Vec<(Annotator, RefCell<Filter>)> = faces();
}

fn faces() -> Vec<(Annotator, RefCell<Filter>)> {
    let bytes = std::fs::read(module().expect("`cargo xtask fuzz` says where it is")).unwrap();
    let module = compiled(&bytes, wasmtime::Config::new());
    let face = |config: bewit::Config| {
        let mut filter = Filter::of(&module);
        filter.configure(&serde_json::to_string(&config).unwrap());
        (Annotator::new(config), RefCell::new(filter))
    };
    configurations().into_iter().map(face).collect()
}

/// The body of the target.
pub fn check(input: &[u8]) {
    // A record is an object, and as JSON it has no zero byte. A line that is none stands in one.
    let record = match input.first() {
        Some(b'{') if input.contains(&0) => return,
        Some(b'{') => Cow::Borrowed(input),
        _ => Cow::Owned(format!(r#"{{"log":{}}}"#, string(&String::from_utf8_lossy(input))).into_bytes()),
    };
    let record = &*record;
    FACES.with(|faces| {
        for (annotator, filter) in of(faces, record) {
            let mut filter = filter.borrow_mut();
            compare(annotator, record, filter.json(record));
            assert!(filter.pages() <= PAGES, "{} pages", filter.pages());
        }
    });
}

fn compare(annotator: &Annotator, record: &[u8], returned: Returned) {
    let mut out = Vec::new();
    let outcome = annotator.try_annotate(record, &mut out);
    let text = match (outcome, returned) {
        (Outcome::Passed, Returned::Same) => return,
        (Outcome::Dropped | Outcome::Failed, Returned::Text(text)) => return assert_eq!(text, out),
        (Outcome::Alert, Returned::Text(text)) => text,
        (outcome, returned) => panic!("{outcome:?}, but {returned:?}"),
    };
    if text == record {
        // Nothing can be said in it: it is no UTF-8, or says something of bewit already.
        assert!(std::str::from_utf8(record).is_err() || memchr::memmem::find(record, b"bewit").is_some());
        return;
    }
    // Anything else would crash Fluent Bit.
    assert_eq!(text.first(), Some(&b'{'));
    let text = String::from_utf8(text).unwrap();
    serde_json::from_str::<IgnoredAny>(&text).unwrap();
    if text.as_bytes() == out {
        return;
    }
    let members = Members::of(&text).unwrap();
    let of_schema = members.get(annotator.config().schema.as_str());
    let is_unreadable = || {
        members
            .get("bewit")
            .is_some_and(|bewit| bewit.contains(r#""code":"unreadable""#))
    };
    match of_schema.filter(|_| members.0.len() == 1) {
        // A schema that is no JSON.
        Some(line) => assert_eq!(name(line).as_bytes(), out),
        None => assert!(is_unreadable(), "not as the library: {text}"),
    }
}
