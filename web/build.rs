//! Builds the binary anew when what is inside it has changed: the pages that `make ui` made, the library of flows.

fn main() {
    // Before the first `make ui` there is nothing to watch; its folder appearing is the change then.
    let folder = if std::path::Path::new("ui/dist").is_dir() { "ui/dist" } else { "ui" };
    println!("cargo::rerun-if-changed={folder}");
    println!("cargo::rerun-if-changed=../flows");
    println!("cargo::rerun-if-changed=build.rs");
}
