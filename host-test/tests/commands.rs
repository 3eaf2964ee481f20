//! The commands for people.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{SEED, annotated, component, folder, run, stderr, stdout, text};

#[test]
fn mistakes_in_a_configuration_are_shown_where_they_are() {
    let folder = folder("config");
    let file = folder.join("bewit.yaml");
    for (yaml, said) in [
        (
            "detial: brief\n",
            "bewit.yaml:1:1: unknown key `detial`, expected one of `schema`, `detail`",
        ),
        ("detail: breif\n", "did you mean `brief`?"),
        (
            "limits:\n  batch_lines: many\n",
            "bewit.yaml:2:16: limits.batch_lines: invalid type: string \"many\", expected usize",
        ),
        (
            "limits:\n  batch_lines: 0\n",
            "bewit.yaml:2:3: limits.batch_lines: 0 is out of range, expected 1 to 4294967295",
        ),
        ("overlays: [ours.yaml]\n", "ours.yaml: No such file"),
        ("detail: [\n", "bewit.yaml:"),
    ] {
        fs::write(&file, yaml).unwrap();
        let output = run(&["config", "check", text(&file)], "");
        assert_eq!(output.status.code(), Some(2), "{yaml}");
        assert!(stderr(&output).contains(said), "{yaml}: {}", stderr(&output));
    }
    fs::write(&file, "# all defaults\n").unwrap();
    assert!(run(&["config", "check", text(&file)], "").status.success());
    let output = run(&["config", "check", text(&folder.join("none.yaml"))], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("none.yaml: No such file"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn mistakes_in_the_command_line_name_what_was_expected() {
    for (args, said) in [
        (&["annotate", "--detail", "breif"][..], "[possible values: brief, full]"),
        (&["annotate", "--min-priority", "warn"], "'warning'"),
        (&["annotate", "--batch-timeout", "soon"], "expected seconds"),
        (&["annotate", "--jobs", "0"], "1..=256"),
        (&["anotate"], "'annotate'"),
    ] {
        let output = run(args, "");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(said), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn explain_is_a_runbook() {
    let output = run(&["explain", "terminal", "SHELL", "in", "container"], "");
    let page = stdout(&output);
    for part in [
        "# Terminal shell in container\n",
        "## Why it matters\n",
        "## Contain\n",
        "'<k8s.pod.name>'",
        "## Quiet it in Falco\n",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let output = run(&["explain", "Terminal shel in container"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("did you mean:\n  Terminal shell in container"),
        "{}",
        stderr(&output)
    );
    let page = stdout(&run(
        &["explain", "--format", "html", "Terminal shell in container"],
        "",
    ));
    assert!(page.starts_with("<!doctype html>"), "{page}");
    assert!(page.contains("&lt;k8s.pod.name&gt;"), "holes are text");
}

#[test]
fn the_catalog_is_listed_and_its_schema_printed() {
    let list = run(&["catalog", "list"], "");
    assert!(stdout(&list).contains("Terminal shell in container"));
    let json: serde_json::Value = serde_json::from_slice(&run(&["catalog", "list", "--json"], "").stdout).unwrap();
    let rules = json["rules"].as_array().unwrap().len();
    assert_eq!(json["counts"]["rules"], rules);
    assert!(stdout(&list).contains(&format!("{rules} rules: ")));
    for command in ["catalog", "config"] {
        let schema: serde_json::Value = serde_json::from_slice(&run(&[command, "schema"], "").stdout).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}

#[test]
fn the_component_describes_itself() {
    if !component() {
        let output = run(&["describe"], "");
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("cargo xtask build"), "{}", stderr(&output));
        return;
    }
    let said = stdout(&run(&["describe"], ""));
    assert!(
        said.contains("imports    none\n") && said.contains("schema     bewit.alert/1\n"),
        "{said}"
    );
}

#[test]
fn reports_take_raw_and_annotated_lines() {
    if !component() {
        return;
    }
    let report = stdout(&run(&["report", "--format", "markdown"], format!("{SEED}\nnoise\n")));
    assert!(report.contains("64fac540e48f") && report.starts_with("# "), "{report}");
    assert_eq!(
        report,
        stdout(&run(&["report", "--format", "markdown"], annotated(SEED)))
    );
    let plain = run(&["report", "--format", "terminal"], SEED);
    assert!(!plain.stdout.contains(&0x1b) && plain.stdout.len() > 500);
    let page = stdout(&run(&["report", "--format", "html"], SEED));
    assert!(page.starts_with("<!doctype html>"), "{page}");
    assert!(page.contains("The line as it came"), "only this format keeps the line");
    let layer: serde_json::Value =
        serde_json::from_slice(&run(&["report", "--format", "navigator"], SEED).stdout).unwrap();
    assert_eq!(layer["techniques"][0]["techniqueID"], "T1059.004");
}

/// A user's own catalog file, named in the configuration beside which it stands, or on the command line.
#[test]
fn overlays_are_laid_over_the_catalog() {
    if !component() {
        return;
    }
    let folder = folder("overlays");
    let (config, ours) = (folder.join("bewit.yaml"), folder.join("ours.yaml"));
    fs::write(&config, "overlays: [ours.yaml]\n").unwrap();
    let overlay = "rules:\n  - rule: Acme till opened\n    summary: \"{proc.name|A till} was opened.\"\n    why: Tills are opened by hand only.\n";
    fs::write(&ours, overlay).unwrap();
    let line = r#"{"rule":"Acme till opened","priority":"Notice","time":"x","output_fields":{"proc.name":"till"}}"#;
    for args in [
        ["annotate", "--config", text(&config)],
        ["annotate", "--overlay", text(&ours)],
    ] {
        let output = run(&args, line);
        assert!(
            stdout(&output).contains(r#""summary":"till was opened.""#),
            "{}",
            stderr(&output)
        );
    }
    assert!(run(&["catalog", "check", text(&ours)], "").status.success());
    fs::write(&ours, overlay.replace("proc.name", "proc.nmae")).unwrap();
    for args in [
        ["config", "check", text(&config)],
        ["catalog", "check", text(&ours)],
        ["annotate", "--overlay", text(&ours)],
    ] {
        let output = run(&args, line);
        assert_eq!(output.status.code(), Some(2));
        let said = "ours.yaml:3:16: `proc.nmae` is neither a parameter nor a Falco field";
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
}

/// A page for each rule, an index whose links all lead to one, and a user's own rules among them.
#[test]
fn the_catalog_is_written_as_pages() {
    for (format, index, link, end, parts) in [
        (
            "markdown",
            "README.md",
            "](",
            ')',
            [
                "## By source",
                "## By tactic (ATT\\&CK ",
                "## By mitigation",
                "### `k8s_audit`",
                "### Execution",
            ],
        ),
        (
            "html",
            "index.html",
            "<a href=\"",
            '"',
            [
                ">By source</h2>",
                ">By tactic (ATT&amp;CK ",
                ">By mitigation</h2>",
                "<h3>k8s_audit</h3>",
                "<h3>Execution</h3>",
            ],
        ),
    ] {
        let folder = folder(&format!("pages-{format}"));
        let overlay = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/overlay/acme.yaml");
        let args = [
            "catalog",
            "pages",
            "--overlay",
            overlay,
            "--output",
            text(&folder),
            "--format",
            format,
        ];
        let output = run(&args, "");
        assert!(output.status.success(), "{}", stderr(&output));
        let overview = fs::read_to_string(folder.join(index)).unwrap();
        let linked: BTreeSet<String> = overview
            .split(link)
            .skip(1)
            .map(|rest| rest.split(end).next().unwrap().to_owned())
            // Places in the index itself.
            .filter(|address| !address.starts_with('#'))
            .collect();
        let pages: BTreeSet<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != index)
            .collect();
        assert_eq!(linked, pages);
        assert!(pages.len() >= 249, "{}", pages.len());
        assert!(pages.iter().any(|page| page.starts_with("acme-till-opened-by-hand.")));
        for part in parts {
            assert!(overview.contains(part), "{part}");
        }
        for page in pages {
            let text = fs::read_to_string(folder.join(&page)).unwrap();
            for heading in ["Why it matters", "Inspect"] {
                assert!(text.contains(heading), "{page}: {heading}");
            }
        }
    }
}
