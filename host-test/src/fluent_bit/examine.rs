//! What a module is made of, and whether Fluent Bit can run it. Nothing is executed.

use wasmparser::{
    ExternalKind, FuncType, MemoryType, Parser, Payload, TypeRef, ValType, Validator, WasmFeatures as Features,
};

/// What the WebAssembly runtime of Fluent Bit, WAMR, takes. It is built the same way since Fluent Bit 4.0.3.
const ACCEPTED: Features = Features::FLOATS
    .union(Features::MUTABLE_GLOBAL)
    .union(Features::SATURATING_FLOAT_TO_INT)
    .union(Features::SIGN_EXTENSION)
    .union(Features::MULTI_VALUE)
    .union(Features::BULK_MEMORY)
    .union(Features::REFERENCE_TYPES)
    .union(Features::GC_TYPES)
    .union(Features::THREADS);

/// Features with the names that compilers give them; the last ones depend on earlier ones.
const NAMED: [(&str, Features); 16] = [
    ("mutable-globals", Features::MUTABLE_GLOBAL),
    ("nontrapping-fptoint", Features::SATURATING_FLOAT_TO_INT),
    ("sign-ext", Features::SIGN_EXTENSION),
    ("multivalue", Features::MULTI_VALUE),
    ("bulk-memory", Features::BULK_MEMORY),
    ("reference-types", Features::REFERENCE_TYPES),
    ("atomics", Features::THREADS),
    ("simd128", Features::SIMD),
    ("relaxed-simd", Features::RELAXED_SIMD),
    ("tail-call", Features::TAIL_CALL),
    ("extended-const", Features::EXTENDED_CONST),
    ("multimemory", Features::MULTI_MEMORY),
    ("memory64", Features::MEMORY64),
    ("exception-handling", Features::EXCEPTIONS),
    ("gc", Features::GC),
    ("wide-arithmetic", Features::WIDE_ARITHMETIC),
];

/// What Fluent Bit hands over: tag and its length, seconds, nanoseconds, record and its length.
const ARGUMENTS: [ValType; 6] = [ValType::I32; 6];

/// What there is to know of a module before it runs.
#[derive(Default)]
pub(super) struct Examined {
    /// `module.name` of each import.
    pub(super) imports: Vec<String>,
    /// Names of all exports.
    pub(super) exports: Vec<String>,
    /// Exported functions that Fluent Bit can call: `function_name`.
    pub(super) entry_points: Vec<String>,
    /// Pages of memory at first, and at most.
    pub(super) memory: Option<(u64, Option<u64>)>,
    /// Features beyond WebAssembly 1.0 that it uses.
    pub(super) features: Vec<&'static str>,
    /// Why Fluent Bit cannot use it; empty if it can.
    pub(super) refusals: Vec<String>,
    /// What will hurt, though Fluent Bit loads it.
    pub(super) warnings: Vec<String>,
}

impl Examined {
    /// Looks at a file's bytes, whatever they are.
    pub(super) fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(b"\0aot") {
            return Self::refused(
                "it is compiled ahead of time, for one processor: look at the .wasm that it was made of",
            );
        }
        if Parser::is_component(bytes) {
            return Self::refused("it is a component: Fluent Bit takes core modules only");
        }
        if !Parser::is_core_wasm(bytes) {
            return Self::refused("it is no WebAssembly");
        }
        if let Err(error) = validate(bytes, Features::all()) {
            return Self::refused(&format!("it is not valid: {error}"));
        }
        let mut examined = Self::default();
        examined.features(bytes);
        if let Err(error) = examined.sections(bytes) {
            return Self::refused(&format!("it is not valid: {error}"));
        }
        examined.judge();
        examined
    }

    fn refused(why: &str) -> Self {
        Self {
            refusals: vec![why.to_owned()],
            ..Self::default()
        }
    }

    fn features(&mut self, bytes: &[u8]) {
        let uses = |feature: Features| validate(bytes, Features::all().difference(feature)).is_err();
        for (name, feature) in NAMED {
            if !uses(feature) {
                continue;
            }
            self.features.push(name);
            if !ACCEPTED.contains(feature) {
                self.refusals
                    .push(format!("it uses {name}, which Fluent Bit's runtime does not have"));
            }
        }
        if self.refusals.is_empty()
            && let Err(error) = validate(bytes, ACCEPTED)
        {
            self.refusals
                .push(format!("Fluent Bit's runtime does not know all it uses: {error}"));
        }
    }

    fn sections(&mut self, bytes: &[u8]) -> Result<(), wasmparser::BinaryReaderError> {
        let mut types: Vec<Option<FuncType>> = Vec::new();
        let mut functions: Vec<u32> = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        for ty in group?.into_types() {
                            types.push(match ty.composite_type.inner {
                                wasmparser::CompositeInnerType::Func(ty) => Some(ty),
                                _ => None,
                            });
                        }
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        self.imports.push(format!("{}.{}", import.module, import.name));
                        match import.ty {
                            TypeRef::Func(ty) => functions.push(ty),
                            _ => self.refusals.push(format!(
                                "it imports {}.{}, which is no function: Fluent Bit has none to give",
                                import.module, import.name
                            )),
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        functions.push(ty?);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        let MemoryType { initial, maximum, .. } = memory?;
                        self.memory.get_or_insert((initial, maximum));
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        self.exports.push(export.name.to_owned());
                        let ty = at(&functions, export.index).and_then(|ty| at(&types, *ty)?.as_ref());
                        let callable =
                            ty.is_some_and(|ty| *ty.params() == ARGUMENTS && *ty.results() == [ValType::I32]);
                        if export.kind == ExternalKind::Func && callable {
                            self.entry_points.push(export.name.to_owned());
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn judge(&mut self) {
        if self.entry_points.is_empty() {
            self.refusals.push(
                "it exports no function that takes six i32 and returns one: every record would be dropped".to_owned(),
            );
        }
        if !self.exports("memory") {
            self.refusals.push("it exports no `memory`".to_owned());
        }
        if !self.exports("malloc") || !self.exports("free") {
            self.warnings.push(
                "it exports no `malloc` and `free`: a record that does not fit into `wasm_heap_size` arrives as NULL"
                    .to_owned(),
            );
        }
        if !self.imports.is_empty() {
            self.warnings.push(
                "it imports functions: a call of one that Fluent Bit does not have is a trap, and loses the record"
                    .to_owned(),
            );
        }
    }

    pub(super) fn exports(&self, name: &str) -> bool {
        self.exports.iter().any(|export| export == name)
    }
}

fn at<T>(items: &[T], index: u32) -> Option<&T> {
    items.get(usize::try_from(index).ok()?)
}

fn validate(bytes: &[u8], features: Features) -> Result<(), wasmparser::BinaryReaderError> {
    Validator::new_with_features(features).validate_all(bytes).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = r#"(memory (export "memory") 1)
        (func (export "malloc") (param i32) (result i32) local.get 0)
        (func (export "free") (param i32))
        (func (export "f") (param i32 i32 i32 i32 i32 i32) (result i32) local.get 4)"#;

    fn examine(wat: &str) -> Examined {
        Examined::of(&wat::parse_str(wat).unwrap())
    }

    #[test]
    fn an_ordinary_module_is_taken() {
        let examined = examine(&format!("(module {ENTRY})"));
        assert!(
            examined.refusals.is_empty() && examined.warnings.is_empty(),
            "{:?}",
            examined.refusals
        );
        assert_eq!(examined.entry_points, ["f"]);
        assert_eq!(examined.memory, Some((1, None)));
        assert!(examined.features.is_empty(), "{:?}", examined.features);
    }

    #[test]
    fn features_that_fluent_bit_has_are_named_and_taken() {
        for (name, body) in [
            ("sign-ext", "(func (drop (i32.extend8_s (i32.const 1))))"),
            (
                "bulk-memory",
                "(func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))",
            ),
            (
                "nontrapping-fptoint",
                "(func (drop (i32.trunc_sat_f32_s (f32.const 1))))",
            ),
            ("multivalue", "(func (result i32 i32) i32.const 1 i32.const 2)"),
            ("reference-types", "(table 1 externref)"),
            ("atomics", "(func (drop (i32.atomic.load (i32.const 0))))"),
            ("mutable-globals", r#"(global (export "g") (mut i32) (i32.const 0))"#),
        ] {
            let examined = examine(&format!("(module {ENTRY} {body})"));
            assert_eq!(examined.features, [name]);
            assert!(examined.refusals.is_empty(), "{name}: {:?}", examined.refusals);
        }
    }

    #[test]
    fn features_that_fluent_bit_lacks_are_refused() {
        for (name, body) in [
            ("simd128", "(func (drop (v128.const i32x4 0 0 0 0)))"),
            ("tail-call", "(func $a return_call $a)"),
            ("extended-const", "(global i32 (i32.add (i32.const 1) (i32.const 2)))"),
            ("multimemory", "(memory 1)"),
            ("memory64", "(table i64 1 funcref)"),
            ("exception-handling", "(tag)"),
            (
                "wide-arithmetic",
                "(func (i64.mul_wide_u (i64.const 1) (i64.const 2)) drop drop)",
            ),
        ] {
            let examined = examine(&format!("(module {ENTRY} {body})"));
            assert!(examined.features.contains(&name), "{name}: {:?}", examined.features);
            let why = format!("it uses {name}, which Fluent Bit's runtime does not have");
            assert!(examined.refusals.contains(&why), "{name}: {:?}", examined.refusals);
        }
    }

    #[test]
    fn other_files_are_refused() {
        for (bytes, why) in [
            (&b"#!/bin/sh"[..], "it is no WebAssembly"),
            (b"", "it is no WebAssembly"),
            (b"\0aot\x05\0\0\0", "it is compiled ahead of time"),
            (b"\0asm\x0d\0\x01\0", "it is a component"),
            (b"\0asm\x01\0\0\0\xff", "it is not valid"),
            (b"\0asm\x01\0\0\0", "it exports no function that takes six i32"),
        ] {
            let refusals = Examined::of(bytes).refusals;
            assert!(refusals.iter().any(|said| said.starts_with(why)), "{why}: {refusals:?}");
        }
    }
}
