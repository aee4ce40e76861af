//! What a parsed template is made of: refuses what is not allowed, finds the names it reads, and puts a count into its loops.

use std::sync::LazyLock;

use handlebars::template::{BlockParam, HelperTemplate, Parameter, TemplateElement};
use handlebars::{Path, PathSeg, Template};

use super::helpers::{BLOCKS, COUNT, INLINE};
use super::{Error, Origin, PathUse};

/// Deepest nesting of blocks, and of helpers within helpers.
const DEPTH: usize = 16;
/// Deepest nesting of loops.
const LOOPS: usize = 2;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// The names it inserts or tests, in order.
    pub(super) paths: Vec<PathUse>,
    /// How many parts it has: text, expressions, blocks, all depths.
    pub(super) elements: usize,
}

/// Checks `template`, which stands at `origin`, and makes its loops count their rounds.
pub(super) fn check(template: &mut Template, origin: Origin) -> Result<Shape, Error> {
    let mut walk = Walk { origin, shape: Shape::default(), place: (1, 1), blocks: Vec::new(), depth: 0, loops: 0 };
    walk.template(template)?;
    Ok(walk.shape)
}

/// `{{__count}}`, parsed.
static COUNT_ELEMENT: LazyLock<Template> =
    LazyLock::new(|| Template::compile(&format!("{{{{{COUNT}}}}}")).expect("a name in braces is a template"));

struct Walk {
    origin: Origin,
    shape: Shape,
    /// Line and column of the element in hand.
    place: (usize, usize),
    /// The names that each block around gives its content; only blocks that change what names refer to.
    blocks: Vec<Vec<String>>,
    depth: usize,
    loops: usize,
}

impl Walk {
    fn error(&self, code: &'static str, message: impl Into<String>) -> Error {
        let (line, column) = self.place;
        let place = u32::try_from(line).ok().zip(u32::try_from(column).ok());
        self.origin.error(place, code, message.into())
    }

    fn refused<T>(&self, message: impl Into<String>) -> Result<T, Error> {
        Err(self.error("template_syntax", message))
    }

    fn deeper(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error("template_limit", format!("blocks and helpers are nested more than {DEPTH} deep")));
        }
        Ok(())
    }

    fn template(&mut self, template: &mut Template) -> Result<(), Error> {
        self.deeper()?;
        for (index, element) in template.elements.iter_mut().enumerate() {
            self.shape.elements += 1;
            if let Some(mapping) = template.mapping.get(index) {
                self.place = (mapping.0, mapping.1);
            }
            match element {
                TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
                TemplateElement::Expression(expression) | TemplateElement::HtmlExpression(expression) => {
                    self.expression(expression)?;
                }
                TemplateElement::HelperBlock(block) => self.block(block)?,
                _ => return self.refused("partials `{{> }}` and decorators `{{* }}` are not allowed"),
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// A value, or a helper with its values.
    fn expression(&mut self, expression: &HelperTemplate) -> Result<(), Error> {
        let name = name_of(&expression.name);
        if !expression.params.is_empty() || !expression.hash.is_empty() {
            if !name.is_some_and(|name| INLINE.contains(&name)) {
                return self.refused(format!(
                    "there is no helper `{}`; helpers are {}",
                    name.unwrap_or("?"),
                    INLINE.join(", ")
                ));
            }
            return self.values(expression);
        }
        match name.filter(|name| INLINE.contains(name) || BLOCKS.contains(name) || name.starts_with(COUNT)) {
            Some(name) => {
                self.refused(format!("`{name}` is a helper and needs a value; for a field write `this.{name}`"))
            }
            None => self.value(&expression.name),
        }
    }

    /// The values given to a helper.
    fn values(&mut self, helper: &HelperTemplate) -> Result<(), Error> {
        if !helper.hash.is_empty() {
            return self.refused("helpers take values by order, not as `name=value`");
        }
        self.deeper()?;
        for value in &helper.params {
            self.value(value)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn value(&mut self, value: &Parameter) -> Result<(), Error> {
        match value {
            Parameter::Path(path) => self.path(path),
            Parameter::Subexpression(inner) => match inner.as_element() {
                TemplateElement::Expression(expression) => self.expression(expression),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn block(&mut self, block: &mut HelperTemplate) -> Result<(), Error> {
        let name = name_of(&block.name).and_then(|name| BLOCKS.into_iter().find(|known| *known == name));
        let Some(name) = name else {
            return self.refused(format!("there is no such block; blocks are {}", BLOCKS.join(", ")));
        };
        if block.params.len() != 1 {
            return self.refused(format!("`{name}` takes one value"));
        }
        self.values(block)?;

        let is_loop = name == "each";
        self.loops += usize::from(is_loop);
        if self.loops > LOOPS {
            return Err(self.error("template_limit", format!("loops are nested more than {LOOPS} deep")));
        }
        let changes_names = is_loop || name == "with";
        if changes_names {
            self.blocks.push(block.block_param.as_ref().map(block_names).unwrap_or_default());
        }
        if let Some(content) = &mut block.template {
            self.template(content)?;
            if is_loop {
                content.elements.splice(0..0, COUNT_ELEMENT.elements.iter().cloned());
                content.mapping.splice(0..0, COUNT_ELEMENT.mapping.iter().cloned());
            }
        }
        if changes_names {
            self.blocks.pop();
        }
        self.loops -= usize::from(is_loop);
        block.inverse.as_mut().map_or(Ok(()), |content| self.template(content))
    }

    /// Notes the path, unless it is of a loop's item, which belongs to the list noted at the loop.
    fn path(&mut self, path: &Path) -> Result<(), Error> {
        let Path::Relative((parts, written)) = path else { return Ok(()) };
        let from_root = written.contains("@root");
        let steps_up = parts.iter().filter(|part| matches!(part, PathSeg::Ruled(_))).count();
        let names = parts.iter().filter_map(|part| match part {
            PathSeg::Named(name) => Some(name),
            _ => None,
        });
        let is_name = |name: &&String| !name.bytes().all(|byte| byte.is_ascii_digit());
        let names: Vec<String> = names.take_while(is_name).cloned().collect();
        if !from_root {
            let own =
                steps_up == 0 && names.first().is_some_and(|name| self.blocks.iter().any(|own| own.contains(name)));
            if own || self.blocks.len() > steps_up {
                return Ok(());
            }
        }
        if names.is_empty() {
            return self.refused(format!("`{written}` is everything there is; name a value, such as event.id"));
        }
        let (line, column) = self.place;
        let (line, column) = self.origin.place(u32::try_from(line).unwrap_or(1), u32::try_from(column).unwrap_or(1));
        self.shape.paths.push(PathUse { parts: names, line, column });
        Ok(())
    }
}

fn name_of(name: &Parameter) -> Option<&str> {
    match name {
        Parameter::Name(name) | Parameter::Path(Path::Relative((_, name))) => Some(name),
        _ => None,
    }
}

fn block_names(names: &BlockParam) -> Vec<String> {
    let both = match names {
        BlockParam::Single(name) => [name_of(name), None],
        BlockParam::Pair((name, key)) => [name_of(name), name_of(key)],
        _ => [None, None],
    };
    both.into_iter().flatten().map(str::to_owned).collect()
}
