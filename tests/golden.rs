//! Whole alerts, as they go out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use bewit::{Annotator, Config, Detail, Outcome};
use serde_json::Value;

/// The event this project began with: a custom rule, in no upstream set, whose command is Calico's own.
const SEED: &str = r#"{"hostname":"k8s-master-01","output":"13:40:25.978642167: Warning Shell executed in a container (user=root container=64fac540e48f process=sh command=sh -c ip link del calico_tmp_A || true)","output_fields":{"container.id":"64fac540e48f","evt.time":1730209225978642167,"proc.cmdline":"sh -c ip link del calico_tmp_A || true","proc.name":"sh","user.name":"root"},"priority":"Warning","rule":"Detect Shell in Container","source":"syscall","tags":["container","process","shell"],"time":"2024-10-29T13:40:25.978642167Z","uuid":"06dc3669-f1aa-47da-92bf-ae8723e1b9a6"}"#;

/// A stable rule with everything an on-call engineer wants, inside CRI.
const SHELL: &str = r#"2026-04-13T17:57:43.728694426Z stdout F {"hostname":"falco-x7k2p","output":"17:57:43.700000000: Notice A shell was spawned in a container with an attached terminal | evt_type=execve user=root user_uid=0 user_loginuid=-1 process=bash proc_exepath=/usr/bin/bash parent=runc command=bash terminal=34816 exe_flags=EXE_LOWER_LAYER container_id=4cc4da328699 container_name=cart container_image_repository=quay.io/acme/cart container_image_tag=1.4 k8s_pod_name=cart-7f9c6d5b8-x2x4k k8s_ns_name=shop-eu","output_fields":{"container.id":"4cc4da328699","container.image.repository":"quay.io/acme/cart","container.image.tag":"1.4","container.name":"cart","evt.arg.flags":"EXE_LOWER_LAYER","evt.time":1776103063700000000,"evt.type":"execve","k8s.ns.name":"shop-eu","k8s.pod.name":"cart-7f9c6d5b8-x2x4k","proc.cmdline":"bash","proc.exepath":"/usr/bin/bash","proc.name":"bash","proc.pname":"runc","proc.tty":34816,"user.loginuid":-1,"user.name":"root","user.uid":0},"priority":"Notice","rule":"Terminal shell in container","source":"syscall","tags":["T1059","container","maturity_stable","mitre_execution","shell"],"time":"2026-04-13T17:57:43.700000000Z"}"#;

/// The same, as text inside a record of Fluent Bit.
const TEXT: &str = r#"{"time":"2026-04-13T17:57:43.728694426Z","stream":"stdout","_p":"F","log":"17:57:43.700000000: Notice A shell was spawned in a container with an attached terminal | evt_type=execve user=root user_uid=0 user_loginuid=-1 process=bash proc_exepath=/usr/bin/bash parent=runc command=bash terminal=34816 exe_flags=EXE_LOWER_LAYER container_id=4cc4da328699 container_name=cart container_image_repository=quay.io/acme/cart container_image_tag=1.4 k8s_pod_name=cart-7f9c6d5b8-x2x4k k8s_ns_name=shop-eu","kubernetes":{"pod_name":"falco-x7k2p","namespace_name":"falco"}}"#;

fn annotated(line: &str, config: Config) -> Value {
    let mut out = Vec::new();
    assert_eq!(
        Annotator::new(config).annotate(line.as_bytes(), &mut out),
        Outcome::Alert
    );
    let mut alert: Value = serde_json::from_slice(&out).unwrap();
    // The catalog's version changes with every word in it.
    alert["bewit"]["guidance"]["catalog"] = "<version>".into();
    alert
}

#[test]
fn seed() {
    insta::assert_json_snapshot!(annotated(SEED, Config::default()));
}

#[test]
fn terminal_shell_in_container() {
    insta::assert_json_snapshot!(annotated(SHELL, Config::default()));
}

#[test]
fn brief() {
    let config = Config {
        detail: Detail::Brief,
        ..Config::default()
    };
    insta::assert_json_snapshot!(annotated(SHELL, config));
}

#[test]
fn text_inside_a_log_key() {
    let config = Config {
        detail: Detail::Brief,
        ..Config::default()
    };
    insta::assert_json_snapshot!(annotated(TEXT, config));
}

#[test]
fn text_and_json_are_one_cause() {
    let fingerprint = |line| annotated(line, Config::default())["bewit"]["fingerprint"].clone();
    assert_eq!(fingerprint(SHELL), fingerprint(TEXT));
}

/// Fluent Bit's filter and Vector's source describe the pod that printed the line. That is Falco's own, unless the
/// container is the event's.
#[test]
fn a_shippers_metadata_fills_gaps_only_for_the_events_own_container() {
    let record = |kubernetes: &str| {
        format!(
            r#"{{"log":"{{\"rule\":\"Terminal shell in container\",\"priority\":\"Notice\",\"time\":\"2026-04-13T17:57:43.700000000Z\",\"output_fields\":{{\"container.id\":\"4cc4da328699\",\"k8s.pod.name\":null,\"k8s.ns.name\":null}}}}","kubernetes":{kubernetes}}}"#
        )
    };
    let entities = |kubernetes: &str| annotated(&record(kubernetes), Config::default())["bewit"]["entities"].clone();
    let falcos = r#"{"pod_name":"falco-x7k2p","namespace_name":"falco","host":"node-1","docker_id":"a7a4000000000000000000000000000000000000000000000000000000000000","container_name":"falco"}"#;
    assert_eq!(
        entities(falcos),
        serde_json::json!({"container": {"id": "4cc4da328699"}})
    );
    let own = serde_json::json!({
        "container": {"id": "4cc4da328699", "name": "cart", "image": "quay.io/acme/cart:1.4"},
        "kubernetes": {"pod": "cart-7f9c6d5b8-x2x4k", "namespace": "shop-eu", "node": "node-1"},
    });
    let fluent_bit = r#"{"pod_name":"cart-7f9c6d5b8-x2x4k","namespace_name":"shop-eu","host":"node-1","docker_id":"4cc4da3286990000000000000000000000000000000000000000000000000000","container_name":"cart","container_image":"quay.io/acme/cart:1.4"}"#;
    assert_eq!(entities(fluent_bit), own);
    let vector = r#"{"pod_name":"cart-7f9c6d5b8-x2x4k","pod_namespace":"shop-eu","pod_node_name":"node-1","container_id":"containerd://4cc4da3286990000000000000000000000000000000000000000000000000000","container_name":"cart","container_image":"quay.io/acme/cart:1.4"}"#;
    assert_eq!(entities(vector), own);
    let input = annotated(&record(vector), Config::default())["bewit"]["input"]["enriched"].clone();
    assert!(
        input
            .as_array()
            .is_some_and(|names| names.contains(&"k8s.pod.name".into())),
        "{input}"
    );
}
