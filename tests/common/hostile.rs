//! Events as somebody would choose them who wants his values to be run, read as options, or shown as something else.

use bewit::catalog::BUILT_IN;
use bewit::catalog::model::ParamType;
use serde_json::{Map, Value, json};

use super::random::Random;

/// What careless tools let out of quotes, expand, take for options, or show wrongly.
const PIECES: [&str; 64] = [
    "$(touch /tmp/pwned)",
    "`id`",
    "'; id; '",
    "\"; id; \"",
    "a'b\"c`d$e\\f",
    "--help",
    "-rf",
    "--",
    "-",
    "*",
    "?",
    "[a-z]",
    "{a,b}",
    "~root",
    "~",
    "!!",
    "#comment",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\n- ",
    "\n---\n",
    ";",
    "&",
    "|",
    ">x",
    "<x",
    "%s%n",
    "\\",
    "\\'",
    "''",
    "'",
    "\"",
    "=ls",
    "x=1",
    "$IFS",
    "${IFS}",
    "$'\\n'",
    "<(id)",
    "|| reboot",
    "é",
    "☃",
    "＄（ｉｄ）",
    "‐rf",
    "\u{202e}fdp.exe",
    "\u{200b}",
    "\u{2028}",
    "\u{feff}",
    "\u{1b}[2K",
    "\u{1b}]0;x\u{7}",
    "\u{7f}",
    "\u{85}",
    "\u{0}",
    "../",
    "/etc/shadow",
    "::1",
    "null",
    "0x1f",
    "[x](javascript:1)",
    "<script>",
    "-->",
    "|pipe|",
    "A",
];

/// A stream of values and of alerts with them, the same for the same seed.
pub struct Hostile {
    random: Random,
    /// Values that were given out so far.
    pub values: u64,
}

impl Hostile {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            values: 0,
        }
    }

    /// A value: up to six pieces, and now and then a very long one.
    pub fn value(&mut self) -> String {
        self.values += 1;
        let count = 1 + self.random.below(6);
        let mut value: String = (0..count).map(|_| self.random.one(&PIECES)).collect();
        if self.random.below(50_000) == 0 {
            value = value.repeat((1 << 20) / value.len() + 1);
        }
        value
    }

    /// A value for a parameter: of the form that commands want, with something hostile in what the form leaves free.
    fn of(&mut self, kind: ParamType) -> String {
        let formed = match kind {
            ParamType::Text => return self.value(),
            ParamType::Path => return format!("/{}", self.value()),
            ParamType::ContainerId => "4cc4da328699",
            ParamType::DnsLabel | ParamType::Word | ParamType::UserName => "shop-eu",
            ParamType::DnsSubdomain => "cart-7f9c6d5b8-x2x4k",
            ParamType::Integer | ParamType::Port => "4711",
            ParamType::Ip => "203.0.113.9",
            ParamType::K8sUser => "system:serviceaccount:shop-eu:cart",
            ParamType::Image => "registry.example.com/shop/cart",
        };
        // Most are as they should be, or hardly a command would be ready.
        match self.random.below(8) {
            0 => self.value(),
            1 => format!("{formed}{}", self.value()),
            _ => formed.to_owned(),
        }
    }

    /// An alert of a rule, with a value in every field that the catalog reads.
    pub fn alert(&mut self, rule: &str) -> Vec<u8> {
        let mut fields = Map::new();
        for field in BUILT_IN.fields.iter() {
            let Some(feed) = field.feeds.first().filter(|_| !field.name.starts_with('@')) else {
                continue;
            };
            // Fields that stand back for others would never be seen.
            if feed.rank == 0 || self.random.below(3) == 0 {
                let kind = BUILT_IN.params[usize::from(feed.param)].kind;
                fields.insert(field.name.to_string(), Value::String(self.of(kind)));
            }
        }
        json!({
            "rule": rule, "priority": "Warning", "time": "2026-04-13T17:57:43.700000000Z",
            "hostname": self.value(), "output": self.value(), "output_fields": fields,
        })
        .to_string()
        .into_bytes()
    }

    /// Alerts of all rules in turn, for ever.
    pub fn alerts(mut self, count: u64) -> impl Iterator<Item = Vec<u8>> {
        let mut rules = BUILT_IN.rules.iter().cycle();
        std::iter::from_fn(move || (self.values < count).then(|| self.alert(&rules.next().unwrap().name)))
    }
}

/// How many of something a test tries: `BEWIT_<what>` says, for those who have more time than CI.
pub fn amount(what: &str, otherwise: u64) -> u64 {
    std::env::var(what).map_or(otherwise, |text| {
        text.parse().unwrap_or_else(|_| panic!("{what}={text} is no number"))
    })
}
