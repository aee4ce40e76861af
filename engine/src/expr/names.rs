//! Which names a script reads that are not its own: found in its tokens, so that every place in the file is exact.

use super::tokens::{Kind, Token, tokens};
use super::{Origin, PathUse};

/// The name under which scripts call text functions (`text.mentions(…)`); it is ours, not a value.
pub(super) const TEXT: &str = "text";

/// Words of rhai that are no variables (rhai 1.27, list of keywords).
const KEYWORDS: [&str; 37] = [
    "true",
    "false",
    "let",
    "const",
    "if",
    "else",
    "switch",
    "do",
    "while",
    "until",
    "loop",
    "for",
    "in",
    "continue",
    "break",
    "return",
    "throw",
    "try",
    "catch",
    "fn",
    "private",
    "import",
    "export",
    "as",
    "global",
    "this",
    "is_def_var",
    "is_def_fn",
    "is_shared",
    "type_of",
    "print",
    "debug",
    "eval",
    "Fn",
    "call",
    "curry",
    "_",
];

/// What a script reads.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Paths in order of appearance, placed in the file.
    pub(super) paths: Vec<PathUse>,
    /// For each path, whether each part was reached by `?.`.
    pub(super) optional: Vec<Vec<bool>>,
    /// Whether it calls text functions.
    pub(super) uses_text: bool,
}

/// Finds the names `source` reads.
pub(super) fn names(source: &str, origin: Origin) -> Names {
    let tokens = tokens(source);
    let mut walk = Walk {
        tokens: &tokens,
        at: 0,
        origin,
        frames: vec![Frame::new(Opened::By('{'), Vec::new())],
        next_block: Vec::new(),
        names: Names::default(),
    };
    while walk.at < tokens.len() {
        walk.step();
    }
    walk.names
}

/// What opened a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opened {
    /// A bracket: `(`, `[`, `{`, or `#` for `#{`.
    By(char),
    /// The parameters of a closure without braces: ends before the next separator or closing bracket.
    Closure,
}

struct Frame<'s> {
    opened: Opened,
    own: Vec<&'s str>,
    /// Declared by `let`, own after the statement: `let event = event.order;` reads the outer one.
    declared: Option<&'s str>,
}

impl<'s> Frame<'s> {
    fn new(opened: Opened, own: Vec<&'s str>) -> Self {
        Self { opened, own, declared: None }
    }
}

struct Walk<'t, 's> {
    tokens: &'t [Token<'s>],
    at: usize,
    origin: Origin,
    frames: Vec<Frame<'s>>,
    /// Names (of loops, functions, closures, catch) that belong to the next `{` at this depth.
    next_block: Vec<(usize, Vec<&'s str>)>,
    names: Names,
}

impl<'s> Walk<'_, 's> {
    /// The sign or name `ahead` tokens on; empty when there is none, or a literal.
    fn peek(&self, ahead: usize) -> &'s str {
        self.tokens.get(self.at + ahead).filter(|token| token.kind != Kind::Literal).map_or("", |token| token.text)
    }

    fn peek_name(&self, ahead: usize) -> Option<&'s str> {
        self.tokens.get(self.at + ahead).filter(|token| token.kind == Kind::Name).map(|token| token.text)
    }

    fn previous(&self) -> Option<&Token<'s>> {
        self.at.checked_sub(1).map(|before| &self.tokens[before])
    }

    fn step(&mut self) {
        match self.tokens[self.at].kind {
            Kind::Literal => self.at += 1,
            Kind::Sign => self.sign(),
            Kind::Name => self.name(),
        }
    }

    fn sign(&mut self) {
        let sign = self.tokens[self.at].text;
        match sign {
            "|" | "||" if self.expects_value() => return self.closure(),
            "(" | "[" | "{" => {
                let own = if sign == "{" { self.block_names() } else { Vec::new() };
                self.frames.push(Frame::new(Opened::By(sign.chars().next().unwrap_or('{')), own));
            }
            "#{" => self.frames.push(Frame::new(Opened::By('#'), Vec::new())),
            ")" | "]" | "}" => {
                self.end_closures();
                if self.frames.len() > 1 {
                    self.frames.pop();
                }
            }
            "," => self.end_closures(),
            ";" => {
                self.end_closures();
                if let Some(frame) = self.frames.last_mut() {
                    frame.own.extend(frame.declared.take());
                }
            }
            _ => {}
        }
        self.at += 1;
    }

    fn end_closures(&mut self) {
        while self.frames.last().is_some_and(|frame| frame.opened == Opened::Closure) {
            self.frames.pop();
        }
    }

    fn block_names(&mut self) -> Vec<&'s str> {
        let depth = self.frames.len();
        match self.next_block.last() {
            Some((at, _)) if *at == depth => self.next_block.pop().map(|(_, own)| own).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// Whether a value comes next, so that `|` opens a closure.
    fn expects_value(&self) -> bool {
        match self.previous() {
            None => true,
            Some(token) if token.kind == Kind::Sign => !matches!(token.text, ")" | "]" | "}"),
            Some(token) => token.kind == Kind::Name && matches!(token.text, "return" | "in" | "else" | "throw"),
        }
    }

    /// `|a, b| …`, or `|| …`.
    fn closure(&mut self) {
        let mut own = Vec::new();
        let empty = self.tokens[self.at].text == "||";
        self.at += 1;
        if !empty {
            own = self.list_until("|");
        }
        self.open_for(own);
    }

    /// Gives `own` to the block that follows, or to the expression when none does.
    fn open_for(&mut self, own: Vec<&'s str>) {
        if self.peek(0) == "{" {
            self.next_block.push((self.frames.len(), own));
        } else {
            self.frames.push(Frame::new(Opened::Closure, own));
        }
    }

    /// The names up to `end`, which is passed too.
    fn list_until(&mut self, end: &str) -> Vec<&'s str> {
        let mut own = Vec::new();
        while self.at < self.tokens.len() && self.peek(0) != end {
            own.extend(self.peek_name(0));
            self.at += 1;
        }
        self.at += 1;
        own
    }

    fn name(&mut self) {
        let text = self.tokens[self.at].text;
        let after_sign = |token: &Token<'_>| token.kind == Kind::Sign && matches!(token.text, "." | "?." | "::");
        if self.previous().is_some_and(after_sign) {
            self.at += 1;
        } else if KEYWORDS.contains(&text) {
            self.at += 1;
            self.keyword(text);
        } else if matches!(self.peek(1), "(" | "::") || self.is_map_key() {
            self.at += 1;
        } else {
            self.path(text);
        }
    }

    fn is_map_key(&self) -> bool {
        self.peek(1) == ":" && self.frames.last().is_some_and(|frame| frame.opened == Opened::By('#'))
    }

    /// Takes up what a keyword declares; the walk stands behind it.
    fn keyword(&mut self, keyword: &str) {
        match keyword {
            "let" | "const" => {
                let declared = self.peek_name(0);
                if let Some(frame) = self.frames.last_mut() {
                    frame.declared = declared;
                }
                self.at += usize::from(declared.is_some());
            }
            "for" => {
                let own = self.list_until("in");
                self.next_block.push((self.frames.len(), own));
            }
            "catch" if self.peek(0) == "(" => {
                let own = self.list_until(")");
                self.open_for(own);
            }
            "fn" => {
                self.at += 1;
                let own = self.list_until(")");
                self.open_for(own);
            }
            _ => {}
        }
    }

    /// A variable with the properties read of it.
    fn path(&mut self, root: &'s str) {
        let token = self.tokens[self.at];
        self.at += 1;
        if self.frames.iter().any(|frame| frame.own.contains(&root)) {
            return;
        }
        if root == TEXT {
            self.names.uses_text = true;
            return;
        }
        let mut parts = vec![root.to_owned()];
        let mut optional = vec![false];
        while matches!(self.peek(0), "." | "?.") && self.peek(2) != "(" {
            let Some(part) = self.peek_name(1) else { break };
            parts.push(part.to_owned());
            optional.push(self.peek(0) == "?.");
            self.at += 2;
        }
        let (line, column) = self.origin.place(token.line, token.column);
        self.names.paths.push(PathUse { parts, line, column });
        self.names.optional.push(optional);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paths(source: &str) -> Vec<String> {
        names(source, Origin::default()).paths.iter().map(|path| path.parts.join(".")).collect()
    }

    #[test]
    fn names_are_paths_up_to_a_call_or_an_index() {
        assert_eq!(
            paths("event.order.total > 0 && contact.tags.contains(vars.tag)"),
            ["event.order.total", "contact.tags", "vars.tag"]
        );
        assert_eq!(paths("event.order.items[n].price + steps.a?.b"), ["event.order.items", "n", "steps.a.b"]);
        assert_eq!(paths("\"x\" in contact.fields || now < `t${run.id}`"), ["contact.fields", "now", "run.id"]);
        assert_eq!(paths("if event.a { b } else { c } // d"), ["event.a", "b", "c"]);
    }

    #[test]
    fn what_a_script_names_itself_is_not_read_from_outside() {
        assert!(paths("let a = 1; let b = a + 1; a * b").is_empty());
        assert_eq!(paths("let event = event.order; event.total"), ["event.order"]);
        assert_eq!(paths("{ let a = 1; a } a"), ["a"]);
        assert_eq!(paths("for item in event.items { item.price + sum } item"), ["event.items", "sum", "item"]);
        assert_eq!(paths("for (item, i) in items.filter(|x| { x > y }) { item + i }"), ["items", "y"]);
        assert_eq!(paths("items.map(|x, i| x.price * i * rate).len() + x"), ["items", "rate", "x"]);
        assert_eq!(paths("let f = || { z }; f.call()"), ["z"]);
        assert_eq!(paths("fn add(a, b) { a + b } add(c, 1)"), ["c"]);
        assert_eq!(paths("try { a } catch (e) { e } e"), ["a", "e"]);
        assert_eq!(paths("#{ event: event.id, \"b\": c, d: #{ e: f } }"), ["event.id", "c", "f"]);
        assert_eq!(paths("switch event.cur { \"EUR\" | \"USD\" => 1, _ => rest }"), ["event.cur", "rest"]);
    }

    #[test]
    fn text_functions_are_ours() {
        let found = names("text.mentions(event.text, [\"a\"])", Origin::default());
        assert!(found.uses_text);
        assert_eq!(found.paths.len(), 1);
    }

    #[test]
    fn places_are_those_in_the_file() {
        let found = names("a +\n b.c", Origin { line: 5, column: 9, indent: 4 });
        let places: Vec<_> = found.paths.iter().map(|path| (path.line, path.column)).collect();
        assert_eq!(places, [(5, 9), (6, 6)]);
    }

    proptest! {
        #[test]
        fn any_text_is_walked_without_a_panic(source in "([a-z .,;|(){}\\[\\]:#`$\"\n]|let |for |fn |in |\\PC){0,60}") {
            let _ = names(&source, Origin::default());
        }
    }
}
