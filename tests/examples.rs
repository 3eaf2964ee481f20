//! The examples are what they say: they parse, render and validate in the tools that will read them, give nothing more
//! rights than it needs, and their documents show what really comes out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bewit::{Annotator, Config, Outcome};
use serde::Deserialize as _;
use serde_yaml_ng::Value;

const FLUENT_BIT: &str = "examples/fluent-bit";
const KUBERNETES: &str = "examples/kubernetes";
const KUSTOMIZE: &str = "examples/kubernetes/kustomize";
/// The module of `cargo xtask build`.
const MODULE: &str = "dist/bewit-fluent-bit.wasm";
/// What a ConfigMap holds at most.
const CONFIG_MAP_LIMIT: u64 = 1 << 20;
/// Before, the arguments of each call were leaked.
const OLDEST_FLUENT_BIT: [u32; 3] = [4, 1, 2];

/// A program: as `cargo xtask test` put it there, or installed. Says so if there is none.
fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [std::env::current_dir().unwrap().join("target/tools/bin")]
        .into_iter()
        .chain(std::env::split_paths(&path));
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        println!("skipped: no {name} on PATH");
    }
    found
}

/// Runs a program, which must succeed, and returns its standard output.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{command:?}\n{stdout}\n{stderr}");
    stdout.into_owned()
}

/// A new, empty folder for one test.
fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("bewit-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { &mut folders } else { &mut files }.push(path);
        }
    }
    files.sort();
    files
}

fn parse(yaml: &str) -> Vec<Value> {
    serde_yaml_ng::Deserializer::from_str(yaml)
        .map(|document| Value::deserialize(document).unwrap_or_else(|e| panic!("{e}\n{yaml}")))
        .filter(|document| !document.is_null())
        .collect()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The only document of a file.
fn document(path: &str) -> Value {
    let mut documents = parse(&read(path));
    assert_eq!(documents.len(), 1, "{path}");
    documents.remove(0)
}

/// What is at a path of keys; null where there is nothing.
fn at<'v>(value: &'v Value, path: &[&str]) -> &'v Value {
    path.iter()
        .fold(value, |value, key| value.get(*key).unwrap_or(&Value::Null))
}

fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    at(value, path)
        .as_str()
        .unwrap_or_else(|| panic!("{path:?}: {value:?}"))
}

fn list<'v>(value: &'v Value, path: &[&str]) -> &'v [Value] {
    at(value, path).as_sequence().map_or(&[], Vec::as_slice)
}

fn of_kind<'d>(documents: &'d [Value], kind: &str) -> Vec<&'d Value> {
    documents.iter().filter(|d| text(d, &["kind"]) == kind).collect()
}

#[test]
fn every_yaml_file_parses() {
    let mut count = 0;
    for path in files(Path::new("examples")) {
        if path.extension().is_some_and(|e| e == "yaml") {
            assert!(!parse(&read(&path)).is_empty(), "{}", path.display());
            count += 1;
        }
    }
    assert!(count >= 15, "{count}");
}

#[test]
fn every_configuration_is_one() {
    let helm = document(&format!("{KUBERNETES}/helm/fluent-bit.yaml"));
    for yaml in [
        read(format!("{FLUENT_BIT}/bewit.yaml")),
        read(format!("{KUSTOMIZE}/init-image/bewit.yaml")),
        text(&helm, &["config", "extraFiles", "bewit.yaml"]).to_owned(),
    ] {
        let config: Config = serde_yaml_ng::from_str(&yaml).unwrap_or_else(|e| panic!("{e}\n{yaml}"));
        assert_ne!(config, Config::default(), "it shows nothing: {yaml}");
    }
}

#[test]
fn every_fluent_bit_is_new_enough() {
    let helm = document(&format!("{KUBERNETES}/helm/fluent-bit.yaml"));
    let compose = document(&format!("{FLUENT_BIT}/compose.yaml"));
    let daemon_set = document(&format!("{KUSTOMIZE}/base/daemonset.yaml"));
    let container = &list(&daemon_set, &["spec", "template", "spec", "containers"])[0];
    for tag in [
        text(&helm, &["image", "tag"]),
        text(&compose, &["services", "fluent-bit", "image"]),
        text(container, &["image"]),
    ] {
        let version = tag.rsplit(':').next().unwrap();
        let numbers: Vec<u32> = version.split('.').map(|n| n.parse().unwrap()).collect();
        assert!(numbers.as_slice() >= OLDEST_FLUENT_BIT.as_slice(), "{tag}");
        assert_eq!(numbers.len(), 3, "{tag} names no exact version");
    }
}

#[test]
fn compose_gives_no_rights() {
    let compose = document(&format!("{FLUENT_BIT}/compose.yaml"));
    let service = at(&compose, &["services", "fluent-bit"]);
    assert_eq!(at(service, &["read_only"]).as_bool(), Some(true));
    assert_eq!(list(service, &["cap_drop"]), ["ALL"]);
    assert_eq!(list(service, &["security_opt"]), ["no-new-privileges:true"]);
    assert_ne!(text(service, &["user"]), "0");
    for key in ["privileged", "cap_add", "devices", "pid", "ipc"] {
        assert!(at(service, &[key]).is_null(), "{key}");
    }
    for limit in ["cpus", "memory", "pids"] {
        assert!(
            !at(service, &["deploy", "resources", "limits", limit]).is_null(),
            "{limit}"
        );
    }
    for volume in list(service, &["volumes"]) {
        assert_eq!(at(volume, &["read_only"]).as_bool(), Some(true), "{volume:?}");
        let source = text(volume, &["source"]);
        let source = source
            .strip_prefix("${BEWIT_MODULE:-")
            .map_or(source, |s| s.trim_end_matches('}'));
        // The module is built later; all else is here, and stands in the container where the configuration looks.
        if source != format!("../../{MODULE}") {
            assert!(Path::new(FLUENT_BIT).join(source).exists(), "{source}");
        }
    }
}

/// No container of a pod has more than it needs. Only Fluent Bit is root, without capabilities.
fn assert_confined(pod: &Value) {
    assert_eq!(
        text(pod, &["securityContext", "seccompProfile", "type"]),
        "RuntimeDefault"
    );
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        assert_ne!(at(pod, &[key]).as_bool(), Some(true), "{key}");
    }
    let host_paths: Vec<&str> = list(pod, &["volumes"])
        .iter()
        .filter(|volume| !at(volume, &["hostPath"]).is_null())
        .map(|volume| text(volume, &["name"]))
        .collect();
    let init = list(pod, &["initContainers"]);
    for container in init.iter().chain(list(pod, &["containers"])) {
        let name = text(container, &["name"]);
        let context = at(container, &["securityContext"]);
        assert_eq!(at(context, &["readOnlyRootFilesystem"]).as_bool(), Some(true), "{name}");
        assert_eq!(
            at(context, &["allowPrivilegeEscalation"]).as_bool(),
            Some(false),
            "{name}"
        );
        assert_eq!(list(context, &["capabilities", "drop"]), ["ALL"], "{name}");
        assert!(at(context, &["capabilities", "add"]).is_null(), "{name}");
        assert_ne!(at(context, &["privileged"]).as_bool(), Some(true), "{name}");
        let root = at(context, &["runAsNonRoot"]).as_bool() != Some(true);
        assert_eq!(root, name == "fluent-bit", "{name}");
        for limit in ["cpu", "memory"] {
            assert!(
                !at(container, &["resources", "limits", limit]).is_null(),
                "{name}: {limit}"
            );
        }
        for mount in list(container, &["volumeMounts"]) {
            let volume = text(mount, &["name"]);
            if host_paths.contains(&volume) && volume != "state" {
                assert_eq!(at(mount, &["readOnly"]).as_bool(), Some(true), "{name}: {volume}");
            }
        }
    }
}

/// Fluent Bit looks for the module where the init container, or the ConfigMap, puts it.
fn assert_module_is_found(pod: &Value, fluent_bit_config: &str) {
    let path = fluent_bit_config
        .lines()
        .map(str::trim)
        .find(|line| line.to_lowercase().starts_with("wasm_path"))
        .and_then(|line| line.split([' ', ':']).rfind(|word| !word.is_empty()))
        .unwrap();
    let mount = |container: &Value| {
        let mounts = list(container, &["volumeMounts"]);
        let mount = mounts.iter().find(|mount| text(mount, &["name"]) == "bewit").unwrap();
        text(mount, &["mountPath"]).to_owned()
    };
    let container = &list(pod, &["containers"])[0];
    assert_eq!(path, mount(container) + "/module.wasm");
    for packer in list(pod, &["initContainers"]) {
        let args: Vec<&str> = list(packer, &["args"]).iter().filter_map(Value::as_str).collect();
        assert_eq!(args.last(), Some(&path));
        assert_eq!(path, mount(packer) + "/module.wasm");
    }
}

/// Refuses what the newest three versions of Kubernetes would not know.
fn assert_valid(manifests: &Path) {
    let Some(validate) = tool("kubernetes-validate") else {
        return;
    };
    let help = output(Command::new(&validate).arg("--help"));
    let newest = help.split("Defaults to").nth(1).unwrap();
    let newest: u32 = newest.trim().split('.').nth(1).unwrap().parse().unwrap();
    for minor in newest - 2..=newest {
        let version = format!("1.{minor}");
        output(
            Command::new(&validate)
                .args(["--strict", "--kubernetes-version", &version])
                .arg(manifests),
        );
        println!("{}: valid for Kubernetes {version}", manifests.display());
    }
}

/// The kustomizations, and a module beside the one that wants it.
fn kustomizations(folder: &Path) {
    for path in files(Path::new(KUSTOMIZE)) {
        let copy = folder.join(path.strip_prefix(KUSTOMIZE).unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(path, copy).unwrap();
    }
    let module = fs::read(MODULE).unwrap_or_else(|_| {
        println!("skipped: whether {MODULE} fits into a ConfigMap, it is not built");
        b"\0asm\x01\0\0\0\xff".to_vec()
    });
    let size = module.len() as u64;
    assert!(size < CONFIG_MAP_LIMIT, "{size} bytes do not fit into a ConfigMap");
    fs::write(folder.join("module/module.wasm"), module).unwrap();
}

#[test]
fn kustomizations_render_and_are_valid() {
    let Some(kubectl) = tool("kubectl") else {
        return;
    };
    let folder = scratch("kustomize");
    kustomizations(&folder);
    for variant in ["init-image", "module"] {
        let manifests = output(Command::new(&kubectl).arg("kustomize").arg(folder.join(variant)));
        let rendered = folder.join(format!("{variant}.yaml"));
        fs::write(&rendered, &manifests).unwrap();
        let documents = parse(&manifests);
        let [daemon_set] = of_kind(&documents, "DaemonSet")[..] else {
            panic!("{variant}");
        };
        let pod = at(daemon_set, &["spec", "template", "spec"]);
        assert_confined(pod);

        // Each ConfigMap that the pod takes is there, under its generated name.
        let maps = of_kind(&documents, "ConfigMap");
        let named = |name: &str| {
            let found = maps.iter().find(|map| text(map, &["metadata", "name"]) == name);
            *found.unwrap_or_else(|| panic!("{variant}: no ConfigMap {name}"))
        };
        let mut config = None;
        for volume in list(pod, &["volumes"]) {
            let Some(name) = at(volume, &["configMap", "name"]).as_str() else {
                continue;
            };
            let map = named(name);
            match text(volume, &["name"]) {
                "config" => config = Some(text(map, &["data", "fluent-bit.yaml"])),
                "bewit" => assert!(!at(map, &["binaryData", "module.wasm"]).is_null()),
                "bewit-config" => assert!(!at(map, &["data", "bewit.yaml"]).is_null()),
                other => panic!("{variant}: {other}"),
            }
        }
        assert_module_is_found(pod, config.unwrap());
        // What may be read is pods, and nothing may be changed.
        assert!(of_kind(&documents, "ClusterRole").is_empty());
        for role in of_kind(&documents, "Role") {
            for rule in list(role, &["rules"]) {
                assert_eq!(list(rule, &["resources"]), ["pods"]);
                assert_eq!(list(rule, &["verbs"]), ["get"]);
            }
        }
        assert_valid(&rendered);
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn helm_values_are_of_one_piece() {
    let values = document(&format!("{KUBERNETES}/helm/fluent-bit.yaml"));
    let filters = text(&values, &["config", "filters"]);
    assert!(filters.contains("Wasm_Path      /bewit/module.wasm"));
    let falco = document(&format!("{KUBERNETES}/helm/falco.yaml"));
    assert_eq!(at(&falco, &["falco", "json_output"]).as_bool(), Some(true));
    assert_eq!(at(&falco, &["falco", "stdout_output", "enabled"]).as_bool(), Some(true));
}

/// Charts come from no package registry: whoever has them in `target/tools/charts` sees them rendered.
#[test]
fn helm_values_render() {
    let Some(helm) = tool("helm") else {
        return;
    };
    let folder = scratch("helm");
    for (chart, variant, values) in [
        ("falco", "falco", &["falco.yaml"][..]),
        ("fluent-bit", "fluent-bit", &["fluent-bit.yaml"]),
        (
            "fluent-bit",
            "fluent-bit-without-image",
            &["fluent-bit.yaml", "fluent-bit-without-image.yaml"],
        ),
    ] {
        let source = Path::new("target/tools/charts").join(chart);
        if !source.exists() {
            println!("skipped: no chart {}", source.display());
            continue;
        }
        let mut command = Command::new(&helm);
        command.args(["template", chart]).arg(source);
        for file in values {
            command.arg("--values").arg(format!("{KUBERNETES}/helm/{file}"));
        }
        let manifests = output(&mut command);
        let rendered = folder.join(format!("{variant}.yaml"));
        fs::write(&rendered, &manifests).unwrap();
        assert_valid(&rendered);
        let documents = parse(&manifests);
        let maps = of_kind(&documents, "ConfigMap");
        let config = |key: &str| maps.iter().find_map(|map| at(map, &["data", key]).as_str()).unwrap();
        if chart == "falco" {
            let falco = &parse(config("falco.yaml"))[0];
            assert_eq!(at(falco, &["json_output"]).as_bool(), Some(true));
            continue;
        }
        let [daemon_set] = of_kind(&documents, "DaemonSet")[..] else {
            panic!("{variant}");
        };
        let pod = at(daemon_set, &["spec", "template", "spec"]);
        assert_confined(pod);
        assert_module_is_found(pod, config("fluent-bit.conf"));
        let packs = !list(pod, &["initContainers"]).is_empty();
        assert_eq!(packs, variant == "fluent-bit");
        assert_eq!(
            maps.iter().any(|map| !at(map, &["data", "bewit.yaml"]).is_null()),
            packs
        );
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn fluent_bit_accepts_every_configuration() {
    let Some(fluent_bit) = tool("fluent-bit") else {
        return;
    };
    let plugins = output(Command::new(&fluent_bit).arg("--help"));
    let folder = scratch("fluent-bit-dry-run");
    // A dry run looks whether the module is there, not what is in it.
    let module = folder.join("module.wasm");
    fs::write(&module, b"\0asm").unwrap();
    let helm = document(&format!("{KUBERNETES}/helm/fluent-bit.yaml"));
    let sections = ["inputs", "filters", "outputs"].map(|section| text(&helm, &["config", section]));
    for (name, config) in [
        ("example.yaml", read(format!("{FLUENT_BIT}/fluent-bit.yaml"))),
        ("example.conf", read(format!("{FLUENT_BIT}/fluent-bit.conf"))),
        ("kustomize.yaml", read(format!("{KUSTOMIZE}/base/fluent-bit.yaml"))),
        ("helm.conf", sections.join("\n")),
    ] {
        if config.contains(" kubernetes\n") && !plugins.contains("Kubernetes metadata") {
            println!("skipped: {name}, this fluent-bit has no filter kubernetes");
            continue;
        }
        let here = module.to_str().unwrap();
        let config = config.replace(MODULE, here).replace("/bewit/module.wasm", here);
        assert!(config.contains(here), "{name}");
        let path = folder.join(name);
        fs::write(&path, config).unwrap();
        output(Command::new(&fluent_bit).args(["--dry-run", "-c"]).arg(path));
        println!("fluent-bit accepts {name}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// The records of the example, as Fluent Bit's inputs make them.
fn records() -> Vec<String> {
    let config = document(&format!("{FLUENT_BIT}/fluent-bit.yaml"));
    let dummy = text(&list(&config, &["pipeline", "inputs"])[0], &["dummy"]).to_owned();
    let log = read("examples/falco.log");
    let lines = log.lines().map(|line| serde_json::json!({ "log": line }).to_string());
    [dummy].into_iter().chain(lines).collect()
}

/// What the README's jq program makes of a record.
fn gist(record: &serde_json::Value) -> String {
    let bewit = &record["bewit"];
    let part = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    match bewit.is_null() {
        true => part(&record["log"]),
        false => format!("{}: {}", part(&bewit["severity"]["level"]), part(&bewit["summary"])),
    }
}

/// The text between a fence of this language and the next.
fn block<'t>(markdown: &'t str, language: &str) -> &'t str {
    let (_, rest) = markdown.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("\n```").unwrap().0
}

/// Whether all that `part` says stands in `whole`, in the same order.
fn says(whole: &serde_json::Value, part: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Object};
    match (whole, part) {
        (Object(whole), Object(part)) => part
            .iter()
            .all(|(key, value)| whole.get(key).is_some_and(|whole| says(whole, value))),
        (Array(whole), Array(part)) => {
            let mut rest = whole.iter();
            part.iter().all(|value| rest.any(|whole| says(whole, value)))
        }
        _ => whole == part,
    }
}

#[test]
fn the_readme_shows_what_comes_out() {
    let readme = read(format!("{FLUENT_BIT}/README.md"));
    let annotator = Annotator::default();
    let mut out = Vec::new();
    let records: Vec<serde_json::Value> = records()
        .iter()
        .map(|record| {
            out.clear();
            match annotator.annotate(record.as_bytes(), &mut out) {
                Outcome::Alert => serde_json::from_slice(&out).unwrap(),
                Outcome::Passed => serde_json::from_str(record).unwrap(),
                outcome => panic!("{outcome:?}: {record}"),
            }
        })
        .collect();
    let gists: Vec<String> = records.iter().map(gist).collect();
    let shown: Vec<&str> = block(&readme, "text").lines().collect();
    assert_eq!(gists, shown);
    let alerts = records.iter().filter(|record| !record["bewit"].is_null()).count();
    let said = format!("{} records, of which {alerts} are alerts", records.len());
    assert!(readme.contains(&said), "{said}");
    let mut shown: serde_json::Value = serde_json::from_str(block(&readme, "json")).unwrap();
    shown.as_object_mut().unwrap().remove("date").unwrap();
    assert!(says(&records[0], &shown), "{:#}", records[0]);
    // Both configurations have the same alert.
    let classic = read(format!("{FLUENT_BIT}/fluent-bit.conf"));
    assert!(classic.contains(self::records()[0].as_str()));
}

/// Runs Fluent Bit until it ends by itself, and returns what it printed.
fn run(fluent_bit: &Path, config: &str, folder: &Path) -> String {
    let printed = folder.join("stdout");
    let mut child = Command::new(fluent_bit)
        .args(["--quiet", "-c", config])
        .stdout(File::create(&printed).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() > end => {
                child.kill().unwrap();
                panic!("fluent-bit does not end with {config}");
            }
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    assert!(status.success(), "{config}: {status}");
    read(printed)
}

#[test]
fn fluent_bit_runs_the_example() {
    let Some(fluent_bit) = tool("fluent-bit") else {
        return;
    };
    if !Path::new(MODULE).exists() {
        println!("skipped: {MODULE} is not built");
        return;
    }
    let folder = scratch("fluent-bit-run");
    let written = Path::new("target/alerts/fluent-bit.jsonl");
    let _ = fs::remove_file(written);
    let printed = run(&fluent_bit, &format!("{FLUENT_BIT}/fluent-bit.yaml"), &folder);
    run(&fluent_bit, &format!("{FLUENT_BIT}/fluent-bit.conf"), &folder);
    let readme = read(format!("{FLUENT_BIT}/README.md"));
    let shown: Vec<&str> = block(&readme, "text").lines().collect();
    for lines in [printed, read(written)] {
        let gists: Vec<String> = lines
            .lines()
            .map(|line| gist(&serde_json::from_str(line).unwrap()))
            .collect();
        assert_eq!(gists, shown, "or {MODULE} is old: `cargo xtask build` makes it anew");
    }
    fs::remove_dir_all(&folder).unwrap();
}
