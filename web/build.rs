//! Builds the binary anew when the pages that `make ui` made have changed.

fn main() {
    // Before the first `make ui` there is nothing to watch; its folder appearing is the change then.
    let folder = if std::path::Path::new("ui/dist").is_dir() { "ui/dist" } else { "ui" };
    println!("cargo::rerun-if-changed={folder}");
    println!("cargo::rerun-if-changed=build.rs");
}
