//! The library: the documents of the folder `flows`, which every build carries.

use std::sync::OnceLock;

use rust_embed::Embed;

#[derive(Embed)]
#[folder = "../flows"]
struct Files;

/// Their texts, in the order of the files' names.
pub(crate) fn texts() -> &'static [String] {
    static TEXTS: OnceLock<Vec<String>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let mut names: Vec<_> = Files::iter().filter(|name| name.ends_with(".yaml")).collect();
        names.sort();
        let text = |name: &str| String::from_utf8(Files::get(name)?.data.into_owned()).ok();
        names.iter().filter_map(|name| text(name)).collect()
    })
}

/// The text of the document with this id.
pub(crate) fn text(id: &str) -> Option<&'static str> {
    let named = |text: &&String| engine::flow::outline(text).is_some_and(|outline| outline.summary().id == id);
    texts().iter().find(named).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_in_the_library() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../flows");
        let files = super::super::read(&[folder]).unwrap();
        assert_eq!(files.iter().map(|file| &file.text).collect::<Vec<_>>(), texts().iter().collect::<Vec<_>>());
        assert_eq!(
            text("order-to-ticket").unwrap().lines().find(|line| line.starts_with("flow:")),
            Some("flow: order-to-ticket")
        );
        assert_eq!(text("no-such-flow"), None);
    }
}
