//! Results of tests as JUnit XML, which build servers read.

use std::fmt::Write;

/// The tests of one flow.
pub(super) struct Suite {
    /// The flow.
    pub(super) name: String,
    /// Its file; empty when they are of several.
    pub(super) file: String,
    /// The tests, in order.
    pub(super) cases: Vec<Case>,
}

/// One test.
pub(super) struct Case {
    /// What it shows.
    pub(super) name: String,
    /// Its line in the file, from 1.
    pub(super) line: u32,
    /// What was not as expected; `None` when all was.
    pub(super) failure: Option<String>,
}

/// The whole file.
pub(super) fn document(suites: &[Suite]) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let all = || suites.iter().flat_map(|suite| &suite.cases);
    let _ = writeln!(out, "<testsuites tests=\"{}\" failures=\"{}\">", all().count(), failed(all()));
    for Suite { name, file, cases } in suites {
        let (name, file) = (escaped(name), escaped(file));
        let (tests, failures) = (cases.len(), failed(cases.iter()));
        let _ =
            writeln!(out, "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" file=\"{file}\">");
        for Case { name: case, line, failure } in cases {
            let head = format!("classname=\"{name}\" name=\"{}\" file=\"{file}\" line=\"{line}\"", escaped(case));
            let _ = match failure {
                None => writeln!(out, "    <testcase {head}/>"),
                Some(why) => {
                    let first = escaped(why.lines().next().unwrap_or_default());
                    let why = escaped(why);
                    writeln!(out, "    <testcase {head}><failure message=\"{first}\">{why}</failure></testcase>")
                }
            };
        }
        out.push_str("  </testsuite>\n");
    }
    out + "</testsuites>\n"
}

fn failed<'a>(cases: impl Iterator<Item = &'a Case>) -> usize {
    cases.filter(|case| case.failure.is_some()).count()
}

/// Text as XML may hold it: control characters cannot even be written as references.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(sign),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            sign if sign.is_control() => out.push('\u{fffd}'),
            sign => out.push(sign),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_test_tells_why_and_text_is_escaped() {
        let case =
            |name: &str, failure: Option<&str>| Case { name: name.into(), line: 7, failure: failure.map(Into::into) };
        let cases = vec![case("a < \"b\"", None), case("c", Some("wrong & late\n\u{1b}[0m"))];
        let suites = [Suite { name: "price".into(), file: "flows/price.yaml".into(), cases }];
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <testsuites tests=\"2\" failures=\"1\">\n\
            \x20 <testsuite name=\"price\" tests=\"2\" failures=\"1\" file=\"flows/price.yaml\">\n\
            \x20   <testcase classname=\"price\" name=\"a &lt; &quot;b&quot;\" file=\"flows/price.yaml\" line=\"7\"/>\n\
            \x20   <testcase classname=\"price\" name=\"c\" file=\"flows/price.yaml\" line=\"7\">\
            <failure message=\"wrong &amp; late\">wrong &amp; late\n\u{fffd}[0m</failure></testcase>\n\
            \x20 </testsuite>\n</testsuites>\n";
        assert_eq!(document(&suites), expected);
    }
}
