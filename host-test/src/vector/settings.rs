//! Where bewit stands in a Vector configuration, and what is wrong with how it stands there.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::Result;
use serde_json::Value;

use super::codec::{Decoding, Encoding};
use super::variables;
use crate::misuse::Misuse;

/// The port that `bewit serve` has by default.
const PORT: &str = ":2802";

/// Bytes of a body that `bewit serve` takes by default.
const BODY: u64 = 16 << 20;

/// Compressions that `bewit serve` reads.
const COMPRESSIONS: [&str; 2] = ["none", "gzip"];

/// Where bewit stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind an `http` sink, and before an `http_server` source: together they are a transform.
    Http {
        /// How messages call the two.
        sink: String,
        source: String,
        encoding: Encoding,
        decoding: Decoding,
    },
    /// In an `exec` source.
    Exec {
        source: String,
        /// The command, `bewit annotate` at its beginning.
        command: Vec<String>,
        /// Where its paths are meant from.
        folder: PathBuf,
        decoding: Decoding,
    },
}

/// What a configuration says of bewit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) place: Place,
    /// Settings that can lose events, with what to do about each.
    pub(super) remarks: Vec<String>,
}

/// Reads a configuration file of Vector, by the name of its ending as Vector does.
pub(super) fn read(file: &Path) -> Result<Found> {
    let name = file.display();
    let text = fs::read_to_string(file)
        .map_err(|error| Misuse(format!("cannot read the Vector configuration {name}: {error}")))?;
    understand(&text, Format::of(file)).map_err(|mistake| Misuse(format!("{name}: {mistake}")).into())
}

fn understand(text: &str, format: Option<Format>) -> Result<Found, String> {
    let format = format.ok_or("expected a name that ends in .yaml, .yml, .toml or .json")?;
    let filled = variables::fill(text, |name| env::var(name).ok())?;
    let mut found = find(&format.read(&filled)?)?;
    if filled != text {
        let what = "variables: they are filled in here; from 0.57 on, Vector does so only with \
                    --dangerously-allow-env-var-interpolation";
        found.remarks.push(what.to_owned());
    }
    Ok(found)
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Yaml,
    Toml,
    Json,
}

impl Format {
    fn of(file: &Path) -> Option<Self> {
        match file.extension()?.to_str()? {
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    fn read(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Yaml => serde_yaml_ng::from_str(text).map_err(|error| format!("it is no YAML: {error}")),
            Self::Toml => toml::from_str(text).map_err(|error| format!("it is no TOML: {error}")),
            Self::Json => serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}")),
        }
    }
}

/// A source or a sink.
struct Component<'c> {
    /// `sinks.bewit`
    path: String,
    id: &'c str,
    config: &'c Value,
}

impl<'c> Component<'c> {
    fn all(root: &'c Value, kind: &str, types: &[&str]) -> Vec<Self> {
        let components = root[kind].as_object().into_iter().flatten();
        components
            .filter(|(_, config)| config["type"].as_str().is_some_and(|name| types.contains(&name)))
            .map(|(id, config)| Self {
                path: format!("{kind}.{id}"),
                id,
                config,
            })
            .collect()
    }

    /// A value that is text, or stands for it.
    fn text(&self, pointer: &str) -> Option<String> {
        match self.config.pointer(pointer)? {
            Value::String(text) => Some(text.clone()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
            other => Some(other.to_string()),
        }
    }

    fn fail<T>(&self, pointer: &str, what: &str) -> Result<T, String> {
        Err(format!("{}{}: {what}", self.path, pointer.replace('/', ".")))
    }

    fn decoding(&self) -> Result<Decoding, String> {
        match self.text("/decoding/codec").as_deref() {
            Some("json") => Ok(Decoding::Json),
            None | Some("bytes") => Ok(Decoding::Bytes),
            Some(other) => self.fail("/decoding/codec", &format!("{other}: bewit writes JSON, so take json")),
        }
    }

    fn command(&self) -> Option<Vec<String>> {
        let words = self.config["command"].as_array()?;
        words.iter().map(|word| word.as_str().map(str::to_owned)).collect()
    }

    fn runs_bewit(&self) -> bool {
        let Some(command) = self.command() else {
            return false;
        };
        let program = command.first().and_then(|program| Path::new(program).file_stem());
        program.is_some_and(|program| program == "bewit") && command.get(1).is_some_and(|word| word == "annotate")
    }

    fn posts_to_bewit(&self) -> bool {
        let uri = self.text("/uri").unwrap_or_default();
        let authority = uri
            .split_once("://")
            .map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
        self.id.contains("bewit") || authority.ends_with(PORT)
    }
}

fn find(root: &Value) -> Result<Found, String> {
    let mut sinks = Component::all(root, "sinks", &["http"]);
    sinks.retain(Component::posts_to_bewit);
    let mut commands = Component::all(root, "sources", &["exec"]);
    commands.retain(Component::runs_bewit);
    match (sinks.as_slice(), commands.as_slice()) {
        ([sink], []) => http(root, sink),
        ([], [source]) => exec(source),
        ([], []) => Err(format!(
            "it names no bewit: neither an `http` sink whose id has `bewit` in it or whose uri has the port {}, nor an \
             `exec` source whose command begins with `bewit`, `annotate`",
            PORT.trim_start_matches(':')
        )),
        (sinks, commands) => {
            let paths: Vec<&str> = sinks
                .iter()
                .chain(commands)
                .map(|component| component.path.as_str())
                .collect();
            Err(format!(
                "it names bewit more than once ({}), and one place is shown at a time",
                paths.join(", ")
            ))
        }
    }
}

fn http(root: &Value, sink: &Component<'_>) -> Result<Found, String> {
    let sources = Component::all(root, "sources", &["http_server", "http"]);
    let named: Vec<&Component<'_>> = sources.iter().filter(|source| source.id.contains("bewit")).collect();
    let source = match (sources.as_slice(), named.as_slice()) {
        ([source], _) => source,
        (_, [source]) => *source,
        ([], _) => {
            return Err("it has no source `http_server`, to which `bewit serve --forward` could post".to_owned());
        }
        _ => {
            return Err(
                "it has several sources `http_server`: which one bewit posts to says `bewit` in its id".to_owned(),
            );
        }
    };
    if let Some(method) = sink.text("/method")
        && method != "post"
    {
        return sink.fail("/method", &format!("{method}: bewit takes post"));
    }
    for key in ["/payload_prefix", "/payload_suffix"] {
        if sink.text(key).is_some_and(|text| !text.is_empty()) {
            return sink.fail(
                key,
                "with anything around it the array is one record, which passes as it came",
            );
        }
    }
    let compression = sink
        .text("/compression")
        .or_else(|| sink.text("/compression/algorithm"));
    if let Some(compression) = compression
        && !COMPRESSIONS.contains(&compression.as_str())
    {
        let what = format!(
            "{compression}: bewit answers 415, and Vector drops the events; take {}",
            COMPRESSIONS.join(" or ")
        );
        return sink.fail("/compression", &what);
    }
    let found = Found {
        place: Place::Http {
            sink: sink.path.clone(),
            source: source.path.clone(),
            encoding: encoding(sink)?,
            decoding: source.decoding()?,
        },
        remarks: http_remarks(root, sink, source),
    };
    Ok(found)
}

fn encoding(sink: &Component<'_>) -> Result<Encoding, String> {
    let codec = sink.text("/encoding/codec").unwrap_or_default();
    let framing = sink.text("/framing/method");
    match (codec.as_str(), framing.as_deref()) {
        ("json", None) => Ok(Encoding::JsonArray),
        ("json", Some("character_delimited"))
            if sink
                .text("/framing/character_delimited/delimiter")
                .is_some_and(|delimiter| delimiter == ",") =>
        {
            Ok(Encoding::JsonArray)
        }
        ("json", Some("newline_delimited")) => Ok(Encoding::JsonLines),
        ("text" | "raw_message", None | Some("newline_delimited")) => Ok(Encoding::Text),
        ("json" | "text" | "raw_message", Some(other)) => sink.fail(
            "/framing/method",
            &format!("{other}: bewit cannot tell the events apart; take newline_delimited, or none"),
        ),
        (other, _) => sink.fail(
            "/encoding/codec",
            &format!("{other}: bewit reads json, text and raw_message"),
        ),
    }
}

/// What loses events.
fn http_remarks(root: &Value, sink: &Component<'_>, source: &Component<'_>) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut remark = |path: &str, pointer: &str, what: &str| {
        remarks.push(format!("{path}{}: {what}", pointer.replace('/', ".")));
    };
    let acknowledges = |config: &Value| {
        let value = &config["acknowledgements"];
        value.as_bool().or(value["enabled"].as_bool())
    };
    if acknowledges(sink.config).or(acknowledges(root)) != Some(true) {
        let what = "not enabled: what bewit has not accepted yet is lost when Vector ends";
        remark(&sink.path, "/acknowledgements", what);
    }
    let bytes = sink.config["batch"]["max_bytes"].as_u64();
    if let Some(bytes) = bytes.filter(|bytes| *bytes > BODY) {
        let what =
            format!("{bytes}: more than bewit takes without --max-body; it answers 413, and Vector drops the events");
        remark(&sink.path, "/batch/max_bytes", &what);
    }
    if let Some(attempts) = sink.text("/request/retry_attempts") {
        remark(
            &sink.path,
            "/request/retry_attempts",
            &format!("{attempts}: then Vector drops the events"),
        );
    }
    if let Some(strategy) = sink
        .text("/retry_strategy/type")
        .filter(|name| name != "default" && name != "all")
    {
        remark(
            &sink.path,
            "/retry_strategy/type",
            &format!("{strategy}: a request that is to be tried again may not be"),
        );
    }
    if source.text("/decoding/codec").as_deref() != Some("json") {
        remark(
            &source.path,
            "/decoding/codec",
            "not json: annotated records arrive as text, under `message`",
        );
    }
    remarks
}

fn exec(source: &Component<'_>) -> Result<Found, String> {
    if source.text("/mode").as_deref() != Some("streaming") {
        return source.fail(
            "/mode",
            "not streaming: Vector would start bewit again and again, and read the log each time",
        );
    }
    let command = source.command().unwrap_or_default();
    let decoding = source.decoding()?;
    let mut remarks = Vec::new();
    if source.config["include_stderr"].as_bool() != Some(false) {
        remarks.push(format!(
            "{}.include_stderr: not false: what bewit says to people becomes events",
            source.path
        ));
    }
    if decoding == Decoding::Json && !command.iter().any(|word| word == "--only-alerts") {
        remarks.push(format!(
            "{}.command: without --only-alerts Vector drops the lines that are no JSON",
            source.path
        ));
    }
    let folder = source.text("/working_directory").map(PathBuf::from).unwrap_or_default();
    Ok(Found {
        place: Place::Exec {
            source: source.path.clone(),
            command,
            folder,
            decoding,
        },
        remarks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: &str = "
sources:
  falco: {type: file, include: [/var/log/falco.log]}
  annotated: {type: http_server, address: '127.0.0.1:2803', decoding: {codec: json}}
sinks:
  bewit:
    type: http
    inputs: [falco]
    uri: http://127.0.0.1:2802/
    encoding: {codec: json}
    acknowledgements: {enabled: true}
";

    const EXEC: &str = "
sources:
  falco:
    type: exec
    mode: streaming
    command: [/usr/bin/bewit, annotate, --only-alerts, falco.log]
    working_directory: /var/log
    include_stderr: false
    decoding: {codec: json}
";

    fn yaml(text: &str) -> Result<Found, String> {
        find(&Format::Yaml.read(text)?)
    }

    #[test]
    fn a_pair_is_found_in_every_format() {
        let found = yaml(PAIR).unwrap();
        let place = Place::Http {
            sink: "sinks.bewit".to_owned(),
            source: "sources.annotated".to_owned(),
            encoding: Encoding::JsonArray,
            decoding: Decoding::Json,
        };
        assert_eq!(found, Found { place, remarks: vec![] });
        let root = Format::Yaml.read(PAIR).unwrap();
        for (format, text) in [
            (Format::Json, serde_json::to_string(&root).unwrap()),
            (
                Format::Toml,
                "[sources.annotated]\ntype = \"http_server\"\ndecoding.codec = \"json\"\n[sinks.bewit]\ntype = \"http\"\n\
                 uri = \"http://127.0.0.1:2802/\"\nencoding.codec = \"json\"\nacknowledgements.enabled = true\n"
                    .to_owned(),
            ),
        ] {
            assert_eq!(find(&format.read(&text).unwrap()).unwrap(), found, "{format:?}");
        }
    }

    #[test]
    fn variables_are_remarked() {
        let filled = |text: &str| understand(text, Some(Format::Yaml)).unwrap();
        assert_eq!(filled(PAIR), yaml(PAIR).unwrap());
        let found = filled(&PAIR.replace("127.0.0.1:2803", "${BACK:-127.0.0.1:2803}"));
        assert_eq!(found.place, yaml(PAIR).unwrap().place);
        assert!(found.remarks[0].starts_with("variables: "), "{found:?}");
    }

    #[test]
    fn a_command_is_found() {
        let place = Place::Exec {
            source: "sources.falco".to_owned(),
            command: ["/usr/bin/bewit", "annotate", "--only-alerts", "falco.log"]
                .map(str::to_owned)
                .to_vec(),
            folder: "/var/log".into(),
            decoding: Decoding::Json,
        };
        assert_eq!(yaml(EXEC).unwrap(), Found { place, remarks: vec![] });
    }

    #[test]
    fn what_cannot_work_is_named() {
        let sink = |line: &str| yaml(&format!("{PAIR}    {line}\n"));
        for (line, said) in [
            ("method: put", "sinks.bewit.method: put: bewit takes post"),
            ("compression: zstd", "sinks.bewit.compression: zstd: bewit answers 415"),
            ("compression: {algorithm: zlib}", "sinks.bewit.compression: zlib: "),
            ("payload_prefix: '{\"a\":'", "sinks.bewit.payload_prefix: "),
            ("framing: {method: bytes}", "sinks.bewit.framing.method: bytes: "),
        ] {
            let mistake = sink(line).unwrap_err();
            assert!(mistake.starts_with(said), "{line}: {mistake}");
        }
        for (from, to, said) in [
            (
                "{codec: json}\n    ack",
                "{codec: avro}\n    ack",
                "sinks.bewit.encoding.codec: avro: bewit reads",
            ),
            (
                "decoding: {codec: json}",
                "decoding: {codec: gelf}",
                "sources.annotated.decoding.codec: gelf: ",
            ),
            ("http_server", "socket", "it has no source `http_server`"),
            (
                "bewit:\n    type: http",
                "bewit:\n    type: console",
                "it names no bewit: ",
            ),
        ] {
            let mistake = yaml(&PAIR.replace(from, to)).unwrap_err();
            assert!(mistake.starts_with(said), "{from}: {mistake}");
        }
        let mistake = yaml(&EXEC.replace("streaming", "scheduled")).unwrap_err();
        assert!(mistake.starts_with("sources.falco.mode: not streaming"), "{mistake}");
        let twice = format!("{}{}", PAIR, "  more:\n    type: http\n    uri: http://[::1]:2802/\n");
        assert!(
            yaml(&twice)
                .unwrap_err()
                .starts_with("it names bewit more than once (sinks.bewit, sinks.more)")
        );
        assert!(yaml("a: [").unwrap_err().starts_with("it is no YAML: "));
    }

    #[test]
    fn what_loses_events_is_remarked() {
        let text = PAIR.replace("acknowledgements: {enabled: true}", "batch: {max_bytes: 20000000}")
            + "    request: {retry_attempts: 3}\n    retry_strategy: {type: none}\n";
        let remarks = yaml(&text.replace("{codec: json}}", "{codec: bytes}}"))
            .unwrap()
            .remarks;
        let said: Vec<&str> = remarks.iter().filter_map(|remark| remark.split(": ").next()).collect();
        assert_eq!(
            said,
            [
                "sinks.bewit.acknowledgements",
                "sinks.bewit.batch.max_bytes",
                "sinks.bewit.request.retry_attempts",
                "sinks.bewit.retry_strategy.type",
                "sources.annotated.decoding.codec"
            ]
        );
        let text = EXEC
            .replace("--only-alerts, ", "")
            .replace("    include_stderr: false\n", "");
        assert_eq!(yaml(&text).unwrap().remarks.len(), 2);
    }
}
