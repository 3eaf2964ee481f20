//! Fields of an event become typed values, in `v`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bewit::catalog::model::{Catalog, Cause, Cond, List, ParamType, Take};
use serde_json::{Value, json};

use super::conditions::Conditions;
use super::text::{list, literal, path, search};

/// What stands beside Falco's fields, and the field that an alert names for it.
const BESIDE: [(&str, &str); 5] = [
    ("@rule", "rule"),
    ("@source", "source"),
    ("@priority", "priority"),
    ("@hostname", "hostname"),
    ("@message", "output"),
];

/// Characters that a terminal or a reader would not see as what they are.
const MISLEADING: &str = r"[\p{Cc}\u{ad}\u{61c}\u{180e}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{fff9}-\u{fffb}\u{e0000}-\u{e007f}]";

/// Whether `t` is an address.
pub(super) const IS_IP: &str = "is_ipv4(t) || is_ipv6(t)";

/// Whether `t` may be what its type says.
fn is_valid(kind: ParamType) -> String {
    let up_to = |most: usize, pattern: &str| format!("length(t) <= {most} && match(t, r'{pattern}')");
    match kind {
        ParamType::Text => format!("length(t) <= 4096 && !match(t, r'{MISLEADING}')"),
        ParamType::Path => format!("starts_with(t, \"/\") && length(t) <= 4096 && !match(t, r'{MISLEADING}')"),
        ParamType::ContainerId => r"match(t, r'^[0-9a-f]{12,64}$')".to_owned(),
        ParamType::DnsLabel => up_to(63, "^[0-9a-z](?:[0-9a-z-]*[0-9a-z])?$"),
        ParamType::DnsSubdomain => up_to(
            253,
            r"^[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?(?:\.[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?)*$",
        ),
        ParamType::Integer => r"match(t, r'^[0-9]{1,20}$')".to_owned(),
        ParamType::Port => {
            r"match(t, r'^[0-9]{1,5}$') && (parse_int(t, 10) ?? 0) >= 1 && (parse_int(t, 10) ?? 0) <= 65535".to_owned()
        }
        ParamType::Ip => IS_IP.to_owned(),
        ParamType::UserName => up_to(256, r"^[0-9A-Za-z._@$+][0-9A-Za-z._@$+-]*$"),
        ParamType::K8sUser => up_to(256, r"^[0-9A-Za-z._@$+:/][0-9A-Za-z._@$+:/-]*$"),
        ParamType::Image => up_to(512, r"^[0-9A-Za-z][0-9A-Za-z._:/@-]*$"),
        ParamType::Word => up_to(512, r"^[0-9A-Za-z][0-9A-Za-z._:/@+=-]*$"),
    }
}

/// A name of an unexpected form is still a name; of other types, prose shows only what has its form.
fn is_lenient(kind: ParamType) -> bool {
    matches!(
        kind,
        ParamType::Text | ParamType::Word | ParamType::UserName | ParamType::K8sUser | ParamType::Image
    )
}

/// The part of a value that counts; none where it is all of it.
fn part(take: Take) -> Option<&'static str> {
    Some(match take {
        Take::Whole => return None,
        Take::Path => "path",
        Take::ClientIp => "client-ip",
        Take::ClientPort => "client-port",
        Take::ServerIp => "server-ip",
        Take::ServerPort => "server-port",
        Take::ImageRepository => "image-repository",
        Take::ImageTag => "image-tag",
    })
}

/// Every type with its name.
const KINDS: [(ParamType, &str); 12] = [
    (ParamType::Text, "text"),
    (ParamType::Path, "path"),
    (ParamType::ContainerId, "container-id"),
    (ParamType::DnsLabel, "dns-label"),
    (ParamType::DnsSubdomain, "dns-subdomain"),
    (ParamType::Integer, "integer"),
    (ParamType::Port, "port"),
    (ParamType::Ip, "ip"),
    (ParamType::UserName, "user-name"),
    (ParamType::K8sUser, "k8s-user"),
    (ParamType::Image, "image"),
    (ParamType::Word, "word"),
];

/// Whether the text `t` is of the type `kind`, in `ok`.
pub(super) fn kinds() -> String {
    let cases = KINDS.map(|(kind, name)| (name.to_owned(), format!("ok = {}\n", is_valid(kind))));
    search("kind", cases.to_vec())
}

/// What each field feeds.
pub(super) fn fields(catalog: &Catalog, late: &mut Late) -> BTreeMap<String, Value> {
    let rows = catalog.fields.iter().map(|field| {
        let beside = BESIDE.iter().find(|(name, _)| *name == field.name);
        let shown = beside.map_or(field.name.as_ref(), |(_, shown)| shown);
        let feeds = field.feeds.iter().filter_map(|feed| {
            let param = catalog.params.get(usize::from(feed.param))?;
            let kind = KINDS.iter().find(|(kind, _)| *kind == param.kind)?;
            let mut row = json!({"param": param.name, "kind": kind.1, "rank": feed.rank, "field": shown});
            if is_lenient(param.kind) {
                row["lenient"] = json!(true);
            }
            if let Some(part) = part(feed.take) {
                row["take"] = json!(part);
            }
            if !feed.when.is_empty() {
                row["when"] = json!(late.id(&feed.when));
            }
            Some(row)
        });
        (field.name.to_string(), feeds.collect())
    });
    rows.collect()
}

/// Conditions for a field to feed a parameter; they are called by their position.
#[derive(Default)]
pub(super) struct Late(Vec<List<Cond>>);

impl Late {
    fn id(&mut self, when: &List<Cond>) -> String {
        let at = self.0.iter().position(|known| known == when).unwrap_or_else(|| {
            self.0.push(when.clone());
            self.0.len() - 1
        });
        at.to_string()
    }

    /// Whether those called `when` hold, in `holds`.
    pub(super) fn code(&self, conditions: &Conditions<'_>) -> String {
        let cases = self.0.iter().enumerate();
        let cases = cases.map(|(at, when)| (at.to_string(), conditions.at_once(when)));
        search("when", cases.collect())
    }
}

/// The values that have a place in `entities`.
pub(super) fn entities(catalog: &Catalog) -> String {
    let mut code = String::new();
    for param in catalog.params.iter() {
        if let Some(entity) = &param.entity {
            let value = path("v", &param.name);
            let _ = writeln!(
                code,
                "if exists({value}) {{\n  entities = set(entities, {}, {value}.e) ?? {{}}\n}}",
                list(entity.split('.'))
            );
        }
    }
    code
}

/// Parameters whose value a log shipper gave.
pub(super) fn enriched(catalog: &Catalog) -> String {
    let fed = |at: usize| {
        let of_shipper = |field: &&bewit::catalog::model::Field| field.name.starts_with("@kubernetes.");
        let mut feeds = catalog
            .fields
            .iter()
            .filter(of_shipper)
            .flat_map(|field| field.feeds.iter());
        feeds.any(|feed| usize::from(feed.param) == at)
    };
    let mut code = String::new();
    for (_, param) in catalog.params.iter().enumerate().filter(|(at, _)| fed(*at)) {
        let _ = writeln!(
            code,
            "if starts_with(string({}.f) ?? \"\", \"@kubernetes.\") {{\n  names = push(names, {})\n}}",
            path("v", &param.name),
            literal(&param.name)
        );
    }
    code
}

/// What tells one cause from another, behind the rule's name in `cause`.
pub(super) fn causes(catalog: &Catalog) -> String {
    const SHAPE: &str = r##"t = replace_with(t, r'[0-9A-Fa-f]{8,}|[0-9]+') -> |run| {
  if match(run.string, r'[0-9]') { "#" } else { run.string }
}
"##;
    const WORKLOAD: &str = r##"if match(t, r'-[0-9]+$') {
  t = replace(t, r'-[0-9]+$', "")
} else if match(t, r'-[bcdfghjklmnpqrstvwxz2456789]{5}$') {
  t = replace(t, r'-[^-]*$', "")
  if match(t, r'-[bcdfghjklmnpqrstvwxz0-9a-f]{6,10}$') && match(t, r'-[^-]*[0-9][^-]*$') {
    t = replace(t, r'-[^-]*$', "")
  }
}
"##;
    let mut code = String::new();
    for param in catalog.params.iter() {
        let Some(cause) = param.cause else {
            continue;
        };
        let value = path("v", &param.name);
        let shaped = match cause {
            Cause::Exact => "",
            Cause::Shape => SHAPE,
            Cause::Workload => WORKLOAD,
        };
        let _ = writeln!(code, "if exists({value}) {{\n  t = string({value}.t) ?? \"\"");
        for line in shaped.lines() {
            let _ = writeln!(code, "  {line}");
        }
        let mark = String::from_utf8_lossy(&param.mark()).into_owned();
        let _ = writeln!(code, "  cause = cause + {} + t + end\n}}", literal(&mark));
    }
    code
}

/// What the configuration says of the organisation, among the fields.
pub(super) fn organisation(values: &BTreeMap<&str, &str>) -> String {
    let mut code = String::new();
    for (key, value) in values {
        let _ = writeln!(
            code,
            "{} = {}",
            path("items", &format!("@organisation.{key}")),
            literal(value)
        );
    }
    code
}
