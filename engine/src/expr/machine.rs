//! The one rhai engine of the process: which packages, which bounds, which meaning of the operators.

use std::cell::Cell;
use std::sync::LazyLock;
use std::time::Duration;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage,
    BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, OptimizationLevel, Position};
use tokio::time::Instant;

use super::functions;

/// Longest text of a script, in bytes.
pub(super) const SOURCE_BYTES: usize = 16 * 1024;
/// Operations of one evaluation.
const OPERATIONS: u64 = 200_000;
/// Longest text a script may build, in bytes.
pub(super) const TEXT_BYTES: usize = 64 * 1024;
/// Wall time after which an evaluation is abandoned. Only a safety net: the turn is not committed, so that a slow machine
/// never decides what a flow does.
const ABANDON_AFTER: Duration = Duration::from_millis(250);
/// The clock is read once in so many operations; a script shorter than this never reads it.
const OPERATIONS_PER_LOOK: u64 = 1024;

/// What a script that is abandoned ends with.
pub(super) const TOO_SLOW: &str = "too slow";

thread_local! {
    /// When the evaluation on this thread first looked at the clock.
    static STARTED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The engine, shared by all threads.
pub(super) static MACHINE: LazyLock<Engine> = LazyLock::new(build);

/// Must be called before each evaluation: starts its wall time anew.
pub(super) fn start_watch() {
    STARTED.set(None);
}

fn build() -> Engine {
    // Not `Engine::new`: its core package has `sleep`, which no bound interrupts, and a clock.
    let mut engine = Engine::new_raw();
    for package in [
        ArithmeticPackage::new().as_shared_module(),
        LogicPackage::new().as_shared_module(),
        BasicStringPackage::new().as_shared_module(),
        MoreStringPackage::new().as_shared_module(),
        BasicArrayPackage::new().as_shared_module(),
        BasicMapPackage::new().as_shared_module(),
        BasicMathPackage::new().as_shared_module(),
        BasicIteratorPackage::new().as_shared_module(),
        BasicFnPackage::new().as_shared_module(),
    ] {
        engine.register_global_module(package);
    }
    set_bounds(&mut engine);
    // The optimizer panics on some scripts (rhai 1.27: `const E = #{a: 1}; E.a = 2;`).
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_strict_variables(true);
    engine.set_fail_on_invalid_map_property(true);
    // Else the built-in operators answer `false` to `"5" > 3` before ours are asked.
    engine.set_fast_operators(false);
    for symbol in ["eval", "print", "debug", "import", "export"] {
        engine.disable_symbol(symbol);
    }
    refuse_mixed_comparison(&mut engine);
    functions::register(&mut engine);
    engine
}

/// All explicit: the defaults of debug and release builds differ.
fn set_bounds(engine: &mut Engine) {
    engine.set_max_operations(OPERATIONS);
    engine.set_max_expr_depths(64, 32);
    engine.set_max_call_levels(16);
    engine.set_max_variables(64);
    engine.set_max_functions(16);
    engine.set_max_modules(0);
    engine.set_max_string_size(TEXT_BYTES);
    engine.set_max_array_size(5000);
    engine.set_max_map_size(1000);
    engine.set_max_strings_interned(0);
    engine.on_progress(|operations| {
        if !operations.is_multiple_of(OPERATIONS_PER_LOOK) {
            return None;
        }
        let started = STARTED.get().unwrap_or_else(|| {
            let now = Instant::now();
            STARTED.set(Some(now));
            now
        });
        (started.elapsed() > ABANDON_AFTER).then(|| TOO_SLOW.into())
    });
}

type Compared = Result<bool, Box<EvalAltResult>>;

fn refused(operator: &str, left: &str, right: &str) -> Compared {
    let way_out = if left == "nothing" || right == "nothing" { "; test with `!= ()` first" } else { "" };
    let message = format!("{left} and {right} cannot be compared with `{operator}`{way_out}");
    Err(EvalAltResult::ErrorRuntime(message.into(), Position::NONE).into())
}

/// Makes `operators` between two types, either way round, an error.
macro_rules! refuse {
    ($engine:ident, $operators:expr, $left:ty as $left_name:literal, $($right:ty as $right_name:literal),+) => {$(
        for operator in $operators {
            $engine.register_fn(operator, move |_: $left, _: $right| refused(operator, $left_name, $right_name));
            $engine.register_fn(operator, move |_: $right, _: $left| refused(operator, $right_name, $left_name));
        }
    )+};
}

/// Comparing values of different types is a mistake of the author, not `false`. Whole numbers and fractions are one type;
/// nothing, `()`, is equal to nothing only, and has no order.
fn refuse_mixed_comparison(engine: &mut Engine) {
    const ALL: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];
    const ORDER: [&str; 4] = ["<", "<=", ">", ">="];
    refuse!(engine, ALL, i64 as "a number", ImmutableString as "text", bool as "true/false", Array as "a list", Map as "a map");
    refuse!(engine, ALL, f64 as "a number", ImmutableString as "text", bool as "true/false", Array as "a list", Map as "a map");
    refuse!(engine, ALL, ImmutableString as "text", bool as "true/false", Array as "a list", Map as "a map");
    refuse!(engine, ALL, bool as "true/false", Array as "a list", Map as "a map");
    refuse!(engine, ALL, Array as "a list", Map as "a map");
    refuse!(engine, ORDER, () as "nothing", i64 as "a number", f64 as "a number", ImmutableString as "text");
    refuse!(engine, ORDER, () as "nothing", bool as "true/false", Array as "a list", Map as "a map");
    for operator in ORDER {
        engine.register_fn(operator, move |(): (), (): ()| refused(operator, "nothing", "nothing"));
    }
}

/// Makes an error of a host function, placed by rhai at the call.
pub(super) fn failure<T>(message: impl Into<String>) -> Result<T, Box<EvalAltResult>> {
    Err(EvalAltResult::ErrorRuntime(Dynamic::from(message.into()), Position::NONE).into())
}
