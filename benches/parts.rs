//! The parts of an annotation, by Criterion: `cargo bench --manifest-path benches/Cargo.toml`.

use std::hint::black_box;

use bewit::{Annotator, Config, annotate_batch};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// The event this project began with.
fn seed() -> Vec<u8> {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/falco.log");
    let lines = std::fs::read_to_string(examples).unwrap_or_default();
    let seed = lines.lines().find(|line| line.contains("calico_tmp_A") && line.starts_with('{'));
    seed.unwrap_or_default().into()
}

fn parts(criterion: &mut Criterion) {
    let seed = seed();
    assert!(!seed.is_empty(), "examples/falco.log has lost its seed");
    let log = serde_json::json!({"log": String::from_utf8_lossy(&seed)}).to_string().into_bytes();
    let other = br#"{"log":"I0413 17:57:43.401122       1 controller.go:615] \"Finished syncing\" key=\"shop-eu/cart-7f9c6d5b8\"","stream":"stderr"}"#;
    let config = |text: &str| -> Config { serde_json::from_str(text).unwrap_or_default() };
    let brief = Annotator::new(config(r#"{"detail":"brief"}"#));
    let full = Annotator::default();
    let mut group = criterion.benchmark_group("annotate");
    let cases: [(&str, &Annotator, &[u8]); 5] = [
        ("brief", &brief, &seed),
        ("full", &full, &seed),
        ("brief, in log", &brief, &log),
        ("no alert", &brief, other),
        // What a start costs: guidance is unpacked, and what a kind of alerts has in common is worked out.
        ("first alert of its kind", &brief, &seed),
    ];
    for (name, annotator, line) in cases {
        group.throughput(Throughput::Bytes(line.len() as u64));
        let mut out = Vec::new();
        if name.starts_with("first") {
            group.bench_function(name, |bencher| {
                bencher.iter_batched(
                    || Annotator::new(config(r#"{"detail":"brief"}"#)),
                    |annotator| {
                        out.clear();
                        annotator.annotate(black_box(line), &mut out)
                    },
                    criterion::BatchSize::SmallInput,
                );
            });
        } else {
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    out.clear();
                    annotator.annotate(black_box(line), &mut out)
                });
            });
        }
    }
    group.finish();

    let batch = [seed.as_slice(), b"\n"].concat().repeat(256);
    let mut group = criterion.benchmark_group("batch");
    group.throughput(Throughput::Elements(256));
    group.bench_function("256 alerts, brief", |bencher| {
        let mut out = Vec::new();
        bencher.iter(|| {
            out.clear();
            annotate_batch(&brief, black_box(&batch), &mut out)
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("peers");
    group.throughput(Throughput::Bytes(seed.len() as u64));
    group.bench_function("serde_json, IgnoredAny", |bencher| {
        bencher.iter(|| serde_json::from_slice::<serde::de::IgnoredAny>(black_box(&seed)).is_ok());
    });
    group.bench_function("serde_json, Value and back", |bencher| {
        bencher.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(&seed)).map(|value| value.to_string()).ok());
    });
    group.finish();
}

criterion_group!(benches, parts);
criterion_main!(benches);
