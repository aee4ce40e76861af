//! What flows are checked against here, and what a check of many documents found.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use engine::connector::Catalog;
use engine::flow::{self, Bindings, Compiled, ConnectionInfo, Environment, Problem, Severity, Version};
use engine::runner::Compile;
use engine::store::VersionRow;
use serde::Serialize;

use super::Document;

/// What flows are checked against.
pub(crate) struct Rules {
    /// What this build offers.
    pub(crate) catalog: Arc<Catalog>,
    /// The accounts; `None` when they are not known.
    pub(crate) connections: Option<Vec<ConnectionInfo>>,
    /// The connection of a capability when several serve it and a step names none.
    pub(crate) defaults: BTreeMap<String, String>,
    /// Names that differ here from those in the files.
    pub(crate) bindings: Bindings,
}

/// A problem and the file it is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FileProblem {
    /// The file.
    pub(crate) file: String,
    /// The problem.
    #[serde(flatten)]
    pub(crate) problem: Problem,
}

impl FileProblem {
    /// An error about a whole file.
    pub(crate) fn whole(file: &str, code: &'static str, message: String, hint: &str) -> Self {
        let problem = Problem { line: 1, column: 1, severity: Severity::Error, code, message, hint: hint.to_owned() };
        Self { file: file.to_owned(), problem }
    }
}

/// `file:line:col: error[code]: message`, and the hint below it.
impl std::fmt::Display for FileProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Problem { line, column, severity, code, message, hint } = &self.problem;
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{line}:{column}: {severity}[{code}]: {message}", self.file)?;
        if hint.is_empty() { Ok(()) } else { write!(f, "\n    hint: {hint}") }
    }
}

/// A document that passed.
#[derive(Debug)]
pub(crate) struct CheckedFlow {
    /// Its file.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
    /// The flow.
    pub(crate) compiled: Compiled,
}

/// What a check of many documents found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Those that passed.
    pub(crate) flows: Vec<CheckedFlow>,
    /// Errors and warnings, in the order of files and lines.
    pub(crate) problems: Vec<FileProblem>,
}

impl Report {
    /// Whether anything is an error.
    pub(crate) fn has_errors(&self) -> bool {
        self.problems.iter().any(|found| found.problem.severity == Severity::Error)
    }
}

impl Rules {
    /// A check against the build alone, as for files whose installation is not known.
    pub(crate) fn of_build(catalog: Arc<Catalog>) -> Self {
        Self { catalog, connections: None, defaults: BTreeMap::new(), bindings: Bindings::default() }
    }

    /// Checks documents one by one, and that no two have the same id.
    pub(crate) fn check(&self, documents: &[Document]) -> Report {
        let environment = self.environment(self.connections.clone());
        let mut report = Report::default();
        let mut owners: HashMap<Arc<str>, String> = HashMap::new();
        for document in documents {
            let checked = flow::check(&document.text, &environment);
            let named = |problem| FileProblem { file: document.path.clone(), problem };
            report.problems.extend(checked.problems.into_iter().map(named));
            let Some(compiled) = checked.version else { continue };
            if let Some(other) = owners.insert(Arc::clone(&compiled.flow), document.path.clone()) {
                let message = format!("the flow `{}` is also in {other}", compiled.flow);
                report.problems.push(FileProblem::whole(
                    &document.path,
                    "flow_twice",
                    message,
                    "give each flow its own id",
                ));
            }
            let (path, text) = (document.path.clone(), document.text.clone());
            report.flows.push(CheckedFlow { path, text, compiled });
        }
        report
    }

    /// Compiles a stored text with all checks.
    ///
    /// # Errors
    /// Its problems, when there is an error among them.
    pub(crate) fn strict(&self, row: &VersionRow) -> Result<Version, Vec<FileProblem>> {
        let document = Document { path: row.flow.clone(), text: row.source.clone() };
        let mut report = self.check(std::slice::from_ref(&document));
        match report.flows.pop() {
            Some(flow) => Ok(flow.compiled.into_version(row.id)),
            None => Err(report.problems),
        }
    }

    /// Compiles what is stored when the engine starts. A text that passed once must not keep us from starting because an account is
    /// gone since: then its calls wait until the account is back.
    pub(crate) fn compile(self: &Arc<Self>) -> Compile {
        let rules = Arc::clone(self);
        Arc::new(move |row| {
            rules.strict(row).or_else(|problems| {
                let lenient = flow::check(&row.source, &rules.environment(None));
                let first = problems.first().map(ToString::to_string).unwrap_or_default();
                let version = lenient.version.ok_or_else(|| first.clone())?;
                tracing::warn!(flow = row.flow, problem = first, "a stored flow lacks something here; its calls wait");
                Ok(version.into_version(row.id))
            })
        })
    }

    fn environment(&self, connections: Option<Vec<ConnectionInfo>>) -> Environment<'_> {
        Environment {
            catalog: &self.catalog,
            connections,
            defaults: self.defaults.clone(),
            bindings: self.bindings.clone(),
        }
    }
}
