//! Alerts to report on: harmless ones, and those whose every text is hostile.

use bewit::schema::Alert;
use bewit::{Annotator, Config, Outcome};
use serde_json::{Value, json};

pub(crate) const SEED: &str = r#"{"hostname":"k8s-master-01","output":"13:40:25.978642167: Warning Shell executed in a container (user=root container=64fac540e48f process=sh command=sh -c ip link del calico_tmp_A || true)","output_fields":{"container.id":"64fac540e48f","evt.time":1730209225978642167,"proc.cmdline":"sh -c ip link del calico_tmp_A || true","proc.name":"sh","user.name":"root"},"priority":"Warning","rule":"Detect Shell in Container","source":"syscall","tags":["container","process","shell"],"time":"2024-10-29T13:40:25.978642167Z","uuid":"06dc3669-f1aa-47da-92bf-ae8723e1b9a6"}"#;

pub(crate) fn annotated(config: &str, line: &str) -> Alert {
    let config: Config = serde_json::from_str(config).unwrap();
    let mut out = Vec::new();
    assert_eq!(
        Annotator::new(config).annotate(line.as_bytes(), &mut out),
        Outcome::Alert
    );
    let mut alert: Alert = serde_json::from_slice(&out).unwrap();
    // The catalog's version changes with every word in it.
    alert.bewit.guidance.catalog = "0.1.0".to_owned();
    alert
}

pub(crate) fn seed() -> Alert {
    annotated("{}", SEED)
}

/// The seed event at another second and place.
fn variant(second: u8, edits: Value) -> String {
    let mut event: Value = serde_json::from_str(SEED).unwrap();
    event["time"] = format!("2024-10-29T13:40:{second:02}.5Z").into();
    event["uuid"] = format!("00000000-0000-4000-8000-0000000000{second:02}").into();
    for (key, value) in edits.as_object().unwrap() {
        match key.as_str() {
            "rule" | "priority" | "hostname" => event[key] = value.clone(),
            field => event["output_fields"][field] = value.clone(),
        }
    }
    event.to_string()
}

pub(crate) fn several() -> Vec<Alert> {
    [
        variant(20, json!({})),
        variant(40, json!({"hostname": "k8s-master-03"})),
        variant(30, json!({"hostname": "k8s-master-02"})),
        variant(
            10,
            json!({
                "rule": "Terminal shell in container", "priority": "Notice", "proc.cmdline": "bash", "proc.name": "bash",
                "k8s.ns.name": "shop-eu", "k8s.pod.name": "cart-7f9c6d5b8-x2x4k",
            }),
        ),
    ]
    .iter()
    .map(|line| annotated("{}", line))
    .collect()
}

/// Puts a value into every string of an alert that is not a key, an enumeration or a reference.
fn infest(value: &mut Value, path: &str, hostile: &str) {
    const KEPT: [&str; 14] = [
        "level",
        "disposition",
        "confidence",
        "phase",
        "where",
        "effect",
        "kind",
        "from",
        "suggests",
        "matched_by",
        "format",
        "url",
        "source",
        "schema",
    ];
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if !KEPT.contains(&key.as_str()) || path == ".output_fields" {
                    infest(value, &format!("{path}.{key}"), hostile);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| infest(item, path, hostile)),
        Value::String(text) => *text = hostile.to_owned(),
        _ => {}
    }
}

/// An alert in which every text is hostile.
pub(crate) fn infested(hostile: &str) -> Alert {
    let mut alert = serde_json::to_value(several().swap_remove(3)).unwrap();
    let bewit = &mut alert["bewit"];
    bewit["tuning"]["hook"] = "x".into();
    bewit["organisation"] = json!({"owner": "x", "on_call": "x"});
    bewit["more"] = json!(["x", "x"]);
    for key in ["inferred", "ambiguous", "repaired"] {
        bewit["input"][key] = json!(["x", "x"]);
    }
    bewit["assessment"]["reasons"] = json!([
        {"text": "x", "suggests": "likely_benign", "weight": 30, "fields": ["x", "x"], "confirm": "x", "fixed_in": "x"},
        {"text": "x"},
    ]);
    infest(&mut alert, "", hostile);
    alert["output_fields"][hostile] = hostile.into();
    serde_json::from_value(alert).unwrap()
}

/// Only the event is hostile, and bewit makes the alert.
pub(crate) fn attacked(hostile: &str) -> Alert {
    let fields = [
        "proc.cmdline",
        "proc.name",
        "user.name",
        "k8s.pod.name",
        "k8s.ns.name",
        "container.id",
        "x",
    ];
    let mut event: Value = serde_json::from_str(SEED).unwrap();
    event["rule"] = format!("Shell {hostile}").into();
    event["output"] = format!("13:40:25.978642167: Warning {hostile}").into();
    event["hostname"] = hostile.into();
    event["tags"] = json!([hostile, "container"]);
    for field in fields {
        event["output_fields"][field] = hostile.into();
    }
    annotated("{}", &event.to_string())
}

/// What people are known to try, in one format or another.
pub(crate) const TRICKS: &[&str] = &[
    "x\n\n# Resolved\n\n[ok](https://evil.example)",
    "| a | b |",
    "a\\|b\\\\|c|d",
    "`",
    "``` `` `",
    "a`b``c```d````e",
    "` | `",
    "\\`",
    "\\",
    "```\n# x\n~~~",
    "    code",
    "\t# x",
    "<script>alert(1)</script>",
    "<img src=x onerror=y>",
    "<!--",
    "<https://evil.example>",
    "&lt;b&gt; &#35;",
    "![x](http://evil.example/p.png)",
    "[x][y]\n\n[y]: http://evil.example",
    "]:a",
    "[",
    "]",
    "[^1]: x",
    "[^1]",
    "[ ] todo",
    "http://evil.example",
    "www.evil.example",
    "WWW.evil.example",
    "mailto:a@b.c",
    "a@b.example",
    "@org/team",
    "#1",
    "org/repo#1",
    "**bold** _it_ ~~s~~ ***",
    "* x",
    "- x",
    "+ x",
    "1. x",
    "1) x",
    "- [ ] x",
    "> x",
    "---",
    "===",
    "- - -",
    "***",
    "___",
    "a  \nb",
    "x\\\ny",
    "$x$ $$y$$",
    "$`x`$",
    ":+1: :smile:",
    "\x1b[2J\x1b]0;owned\x07\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "\u{9b}31m\u{9d}0;x\u{9c}",
    "a\rb\x08\x08c\x7f\0",
    "\u{202e}fdp.exe\u{202c}\u{2066}x\u{2069}",
    "a\u{200b}b\u{feff}\u{ad}\u{e0041}",
    "\u{2028}# x\u{2029}\u{85}",
    "Z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}",
    "日本語の値",
    " ",
    "",
    "!",
    "x!",
    "!!![",
    "](",
    ")",
    "(",
    "a_b",
    "**",
    "****",
    "__",
    "* * *",
    "| --- |",
    ":-:|:-:",
    "\"",
    "'",
    "GH-1",
    "%",
    "=",
    "</title><script>alert(1)</script>",
    "</code></pre><script>alert(1)</script>",
    "</textarea></style></script><svg onload=alert(1)>",
    "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus=alert(1) x='",
    "-->\"]]>",
    "&#60;script&#62;",
    "&lt",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
];
