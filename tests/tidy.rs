//! The rules of the house, as tests: which crate may know which, what stays out of where, sizes, names, words.
//!
//! Each rule lists everything that breaks it as `file:line: why`. An exception stands in a list here, with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What each crate may use of ours. Dependencies point one way: nothing else is an edge.
const EDGES: [(&str, &[&str]); 5] = [
    ("engine", &[]),
    ("engine-store", &["engine"]),
    ("connectors", &["engine"]),
    ("web", &["connectors", "engine", "engine-store"]),
    ("tests", &["connectors", "engine", "engine-store", "web"]),
];

/// Outside crates that are doors to the outside, and who may have them.
const DOORS: [(&str, &[&str]); 14] = [
    ("axum", &["connectors", "tests", "web"]),
    ("clap", &["web"]),
    ("hyper", &["web"]),
    ("hyper-util", &["web"]),
    ("lettre", &["connectors"]),
    ("metrics-exporter-prometheus", &["web"]),
    ("notify", &["web"]),
    ("reqwest", &["connectors", "tests", "web"]),
    ("rusqlite", &["engine-store"]),
    ("sqlx", &["engine-store", "tests"]),
    ("tokio-rustls", &["connectors"]),
    ("tower", &["tests", "web"]),
    ("tower-http", &["web"]),
    ("tracing-subscriber", &["tests", "web"]),
];

/// What the engine does not do, by the words that would do it.
const NOT_IN_ENGINE: [(&str, &str); 6] = [
    ("std::fs", "reads no files"),
    ("std::net", "opens no sockets"),
    ("std::process", "starts no programs"),
    ("std::thread", "starts no threads"),
    ("tokio::fs", "reads no files"),
    ("tokio::net", "opens no sockets"),
];

/// The parts of the engine that may know an async runtime; everything else there is plain functions.
const ASYNC_ENGINE: [(&str, &str); 2] = [
    ("engine/src/runner/", "the loops that carry out what turns decide"),
    ("engine/src/expr/machine.rs", "a stuck script abandons its turn, uncommitted"),
];

/// Where lints on clocks, settings and other forbidden calls may be silenced.
const SILENCED: [(&str, &str); 3] = [
    ("web/src/clock.rs", "the one place that reads the clock"),
    ("web/src/config/mod.rs", "the one place that reads the environment"),
    ("connectors/src/sandbox/world.rs", "the sandbox plays the outside world, which has clocks of its own"),
];

/// Where outgoing HTTP is made.
const CALLERS: [(&str, &str); 5] = [
    ("connectors/src/net/", "the one door for outgoing HTTP"),
    ("connectors/src/sandbox/", "plays providers, which call our webhooks"),
    (
        "web/src/accounts/oidc/remote.rs",
        "asks sign-in providers that an admin named: one request at a time, bounded, no redirects",
    ),
    ("web/src/cli/play.rs", "talks to the sandbox's control desk"),
    ("web/src/config/server.rs", "checks an address with reqwest's parser"),
];

/// Names at the top; dotfiles and what `.gitignore` names come on top of these.
const TOP: [&str; 11] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "connectors",
    "engine",
    "flows",
    "tests",
    "web",
];

/// Most lines of a file, and of one that holds tests only.
const MOST_LINES: usize = 600;
const MOST_TEST_LINES: usize = 900;
/// Files that may be longer, with the reason.
const LONG: [(&str, &str); 0] = [];

/// A file of the project.
struct Source {
    /// From the top, with `/`.
    path: String,
    text: String,
    /// Whether the whole file is compiled only for tests.
    test: bool,
}

impl Source {
    fn is(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    fn below(&self, places: &[(&str, &str)]) -> bool {
        places.iter().any(|(place, _)| self.path.starts_with(place))
    }

    /// Lines that are code and run in production, with their numbers from 1.
    fn production(&self) -> Vec<(usize, &str)> {
        if self.test { Vec::new() } else { production(&self.text) }
    }

    fn at(&self, line: usize, why: &str) -> String {
        format!("{}:{line}: {why}", self.path)
    }
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Names that `.gitignore` keeps out: local to a checkout, so no rule concerns them.
fn local_names() -> BTreeSet<String> {
    let ignored = fs::read_to_string(top().join(".gitignore")).expect(".gitignore is readable");
    ignored.lines().map(|line| line.trim_matches('/').to_owned()).chain([".git".to_owned()]).collect()
}

fn names_in(dir: &Path) -> Vec<String> {
    let name = |entry: fs::DirEntry| entry.file_name().into_string().expect("names are UTF-8");
    let mut names: Vec<String> =
        fs::read_dir(dir).expect("the folder is readable").map(|entry| name(entry.expect("its names are"))).collect();
    let local = local_names();
    names.retain(|name| !local.contains(name));
    names.sort();
    names
}

/// All text files of the project.
fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for name in names_in(&top().join(&folder)) {
            let path = format!("{folder}{name}");
            let file = top().join(&path);
            if file.is_dir() {
                folders.push(format!("{path}/"));
            } else if let Ok(text) = fs::read_to_string(&file) {
                sources.push(Source { test: false, path, text });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    let tests = test_files(&sources);
    for source in &mut sources {
        let inside = |place: &String| source.path == *place || source.path.starts_with(&format!("{place}/"));
        source.test = source.path.starts_with("tests/") || tests.iter().any(inside);
    }
    sources
}

/// Files and folders of modules declared under `#[cfg(test)]`.
fn test_files(sources: &[Source]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in sources.iter().filter(|source| source.is("rs")) {
        let (dir, file) = source.path.rsplit_once('/').unwrap_or_default();
        let own = match file {
            "lib.rs" | "main.rs" | "mod.rs" => dir.to_owned(),
            other => format!("{dir}/{}", other.trim_end_matches(".rs")),
        };
        for module in test_modules(&source.text) {
            match module {
                Module::Named(name) => found.extend([format!("{own}/{name}.rs"), format!("{own}/{name}")]),
                Module::File(file) => found.extend([format!("{dir}/{file}")]),
            }
        }
    }
    found
}

/// A module that is compiled only for tests and stands in another file.
#[derive(Debug, PartialEq)]
enum Module<'a> {
    /// `mod name;`
    Named(&'a str),
    /// The same with `#[path = "file"]`.
    File(&'a str),
}

/// Modules declared under `#[cfg(test)]`, whatever other attributes stand between.
fn test_modules(text: &str) -> Vec<Module<'_>> {
    let mut modules = Vec::new();
    let (mut test, mut file) = (false, None);
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            test |= line == "#[cfg(test)]";
            file = file.or(line.strip_prefix("#[path = \"").and_then(|path| path.strip_suffix("\"]")));
            continue;
        }
        if test && let Some((_, name)) = line.strip_suffix(';').and_then(|line| line.rsplit_once("mod ")) {
            modules.push(file.map_or(Module::Named(name), Module::File));
        }
        (test, file) = (false, None);
    }
    modules
}

/// The code of a file without comments and without blocks under `#[cfg(test)]`, with line numbers.
fn production(text: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let mut test = false;
    let mut inside: Option<usize> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let indent = line.len() - line.trim_start().len();
        let code = line.trim_start();
        if let Some(opened_at) = inside {
            if code.starts_with('}') && indent == opened_at {
                inside = None;
            }
        } else if code == "#[cfg(test)]" {
            test = true;
        } else if test {
            if code.ends_with('{') {
                inside = Some(indent);
            }
            test = code.starts_with("#[");
        } else if !code.starts_with("//") {
            lines.push((number, line));
        }
    }
    lines
}

/// Whether `word` stands in `line` on its own, not as a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let part = |found: Option<char>| found.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word)
        .any(|(at, _)| !part(line[..at].chars().next_back()) && !part(line[at + word.len()..].chars().next()))
}

#[track_caller]
fn none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{} found:\n{}\n", broken.len(), broken.join("\n"));
}

/// What our crates depend on: (crate, dependency, whether it is ours), for production and tests alike.
fn dependencies() -> Vec<(String, String, bool)> {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(top())
        .output()
        .expect("cargo runs");
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let metadata: Value = serde_json::from_slice(&cargo.stdout).expect("cargo speaks JSON");
    let list = |value: &Value| value.as_array().cloned().expect("a list");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let mut found = Vec::new();
    for package in list(&metadata["packages"]) {
        for dependency in list(&package["dependencies"]) {
            found.push((text(&package["name"]), text(&dependency["name"]), dependency["path"].is_string()));
        }
    }
    assert!(!found.is_empty());
    found
}

#[test]
fn our_crates_know_each_other_in_one_direction_only() {
    let allowed: BTreeMap<&str, &[&str]> = EDGES.into();
    let mut broken = Vec::new();
    for (from, to, ours) in dependencies() {
        match allowed.get(&*from) {
            None => broken.push(format!("Cargo.toml: crate `{from}` is not a part of the house")),
            Some(may) if ours && !may.contains(&&*to) => {
                broken.push(format!("{from} -> {to}: this edge is not one of the house (README, \"The map\")"));
            }
            Some(_) => {}
        }
    }
    none(&broken);
}

#[test]
fn doors_to_the_outside_stay_in_their_crates() {
    let doors: BTreeMap<&str, &[&str]> = DOORS.into();
    let mut broken = Vec::new();
    for (from, to, _) in dependencies() {
        if doors.get(&*to).is_some_and(|may| !may.contains(&&*from)) {
            broken.push(format!("{from} -> {to}: only {} may use it", doors[&*to].join(", ")));
        }
    }
    none(&broken);
}

#[test]
fn versions_and_lints_stand_in_the_root_only() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.path.ends_with("/Cargo.toml")) {
        let mut section = "";
        for (number, line) in (1..).zip(source.text.lines()) {
            if line.starts_with('[') {
                section = line;
            } else if section.contains("dependencies") && !line.is_empty() && !line.contains("workspace = true") {
                broken
                    .push(source.at(number, "write the version in the root Cargo.toml, and `.workspace = true` here"));
            }
        }
        if !source.text.contains("[lints]\nworkspace = true") {
            broken.push(source.at(1, "add `[lints] workspace = true`"));
        }
    }
    none(&broken);
}

#[test]
fn the_engine_has_no_io_and_only_its_loops_know_a_runtime() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("engine/src/") && source.is("rs")) {
        for (number, line) in source.production() {
            for (words, what) in NOT_IN_ENGINE {
                if line.contains(words) {
                    broken.push(source.at(number, &format!("{words}: the engine {what}")));
                }
            }
            if line.contains("tokio::") && !source.below(&ASYNC_ENGINE) {
                broken.push(source.at(number, "tokio outside engine/src/runner: rules are plain functions"));
            }
        }
    }
    none(&broken);
}

#[test]
fn sql_and_outgoing_http_have_one_place_each() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.is("rs")) {
        for (number, line) in source.production() {
            let sql = ["sqlx", "rusqlite"].iter().any(|word| has_word(line, word));
            if sql && !source.path.starts_with("engine/store/src/") {
                broken.push(source.at(number, "a database outside engine/store"));
            }
            if has_word(line, "reqwest") && !source.below(&CALLERS) {
                broken.push(
                    source.at(number, "reqwest outside connectors/src/net: every call goes out through one door"),
                );
            }
        }
    }
    none(&broken);
}

#[test]
fn only_one_place_reads_the_clock() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.is("rs") && !source.below(&SILENCED)) {
        for (number, line) in source.production() {
            let clock = ["SystemTime::now", "Utc::now", "Local::now"].iter().any(|call| line.contains(call));
            let instant = line.contains("std::time") && has_word(line, "Instant");
            if clock || instant {
                broken.push(source.at(number, "time is a parameter (engine::clock); durations: tokio::time::Instant"));
            }
            if line.contains("clippy::disallowed_methods") {
                broken.push(source.at(number, "this lint may be silenced only where tests/tidy.rs lists it"));
            }
        }
    }
    none(&broken);
}

#[test]
fn production_code_does_not_unwrap() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.is("rs")) {
        for (number, line) in source.production() {
            if line.contains(".unwrap()") || line.contains(".expect(\"\")") {
                broken.push(source.at(number, "say why it cannot fail: expect(\"…\"), or handle it"));
            }
        }
    }
    none(&broken);
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.is("rs")) {
        let most = if source.test { MOST_TEST_LINES } else { MOST_LINES };
        let lines = source.text.lines().count();
        if lines > most && !source.below(&LONG) {
            broken.push(source.at(most + 1, &format!("{lines} lines, at most {most}: split it by meaning")));
        }
        let first = source.text.lines().next().unwrap_or_default();
        if first.trim_start_matches("//!").trim().len() < 10 || !first.starts_with("//! ") {
            broken.push(source.at(1, "begin with `//!`: what it is for, where it stands in the way of the data"));
        }
    }
    none(&broken);
}

#[test]
fn nothing_is_left_half_done() {
    // Put together here, so that this file does not find itself.
    let words = [concat!("todo", "!"), concat!("unimplemented", "!"), concat!("dbg", "!")];
    let marks = [concat!("FIX", "ME"), concat!("X", "XX"), concat!("TO", "DO")];
    let mut broken = Vec::new();
    for source in sources() {
        if !["rs", "sql", "yaml", "toml", "md"].iter().any(|extension| source.is(extension)) {
            continue;
        }
        for (number, line) in (1..).zip(source.text.lines()) {
            let code = source.is("rs") && words.iter().any(|word| line.contains(word));
            if code || marks.iter().any(|mark| has_word(line, mark)) {
                broken.push(source.at(number, "finish it, or write an issue"));
            }
        }
    }
    none(&broken);
}

#[test]
fn no_path_of_a_machine_is_in_the_project() {
    let paths = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("/wo", "rk/")];
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.path != "Cargo.lock") {
        for (number, line) in (1..).zip(source.text.lines()) {
            for path in paths {
                let at = line.find(path);
                // The same word inside an address or a longer path is none.
                let starts =
                    at.is_some_and(|at| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "}>.-_".contains(c)));
                if starts {
                    broken.push(source.at(number, &format!("`{path}` is a path of somebody's machine")));
                }
            }
        }
    }
    none(&broken);
}

#[test]
fn migrations_are_numbered_without_gaps_and_never_twice() {
    let folder = top().join("engine/store/migrations");
    let mut broken = Vec::new();
    let mut drivers = BTreeMap::new();
    for driver in names_in(&folder) {
        let files = names_in(&folder.join(&driver));
        for (expected, file) in (1..).zip(&files) {
            let good = file.split_once('_').is_some_and(|(number, _)| {
                number.len() == 4
                    && number.parse() == Ok(expected)
                    && Path::new(file).extension().is_some_and(|e| e == "sql")
            });
            if !good {
                broken.push(format!(
                    "engine/store/migrations/{driver}/{file}:1: expected {expected:04}_what_it_does.sql"
                ));
            }
        }
        drivers.insert(driver, files);
    }
    assert!(!drivers.is_empty(), "there are no migrations in {}", folder.display());
    if drivers.values().collect::<BTreeSet<_>>().len() > 1 {
        broken.push(format!("engine/store/migrations:1: databases have different migrations: {drivers:?}"));
    }
    none(&broken);
}

#[test]
fn the_top_of_the_house_has_its_fixed_names() {
    let names: BTreeSet<String> = names_in(&top()).into_iter().filter(|name| !name.starts_with('.')).collect();
    let fixed: BTreeSet<String> = TOP.into_iter().map(str::to_owned).collect();
    let extra = names.difference(&fixed).map(|name| format!("{name}:1: does not belong at the top"));
    let missing = fixed.difference(&names).map(|name| format!("{name}:1: is missing"));
    none(&extra.chain(missing).collect::<Vec<_>>());
}

#[test]
fn exceptions_are_still_needed() {
    let sources = sources();
    let places = ASYNC_ENGINE.iter().chain(&SILENCED).chain(&CALLERS).chain(&LONG);
    let gone = places.filter(|(place, _)| !sources.iter().any(|source| source.path.starts_with(place)));
    none(&gone.map(|(place, _)| format!("tests/tidy.rs:1: `{place}` is not there any more")).collect::<Vec<_>>());
}

#[test]
fn test_code_and_comments_are_no_production_code() {
    let text = "a\n// b\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n    fn c() {\n    }\n}\nd\n#[cfg(test)]\nuse e;\nf\n";
    assert_eq!(production(text), [(1, "a"), (9, "d"), (12, "f")]);
    let text =
        "#[cfg(test)]\n#[path = \"x.rs\"]\nmod one;\nmod two;\n#[cfg(test)]\nmod three {\n}\n#[cfg(test)]\nmod four;\n";
    assert_eq!(test_modules(text), [Module::File("x.rs"), Module::Named("four")]);
    assert!(has_word("use sqlx::Row;", "sqlx") && !has_word("my_sqlx", "sqlx"));
}
