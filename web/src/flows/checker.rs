//! What documents are checked against here, and what a check of many documents found.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use engine::book::Published;
use engine::capability::crm::{CreateTicket, SetOwner};
use engine::connector::{Action, ApprovedTemplate, Catalog, Open};
use engine::crm::{self, Crm};
use engine::desk::Staff;
use engine::flow::{
    self, Bindings, CompiledDocument, ConnectionInfo, Environment, ExpressionKind, Kind, Needs, Outline, PlacedProblem,
    Problem, Readable, Severity,
};
use engine::runner::Compile;
use engine::store::{TagMeaning, VersionRow};
use schemars::JsonSchema;
use serde::Serialize;

use super::Owner;
use crate::connections::Connections;

/// What documents are checked against.
pub(crate) struct Checker {
    /// What this build offers.
    pub(crate) catalog: Arc<Catalog>,
    /// The accounts; `None` when they are not known.
    pub(crate) connections: RwLock<Option<Vec<ConnectionInfo>>>,
    /// The connection of a capability when several serve it and a step names none.
    pub(crate) defaults: BTreeMap<String, String>,
    /// Names that differ here from those in the files.
    pub(crate) bindings: Bindings,
    /// The teams there are; `None` when they are not known.
    pub(crate) teams: RwLock<Option<Vec<String>>>,
    /// The tags of the dictionary.
    pub(crate) tags: RwLock<Vec<String>>,
    /// The templates that may be sent, by connection, as far as the accounts told them.
    pub(crate) templates: RwLock<Templates>,
}

/// Templates by connection.
type Templates = BTreeMap<Arc<str>, Arc<[ApprovedTemplate]>>;

/// A problem and the file it is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FileProblem {
    /// The file.
    pub(crate) file: String,
    /// The problem.
    #[serde(flatten)]
    pub(crate) problem: Problem,
}

/// The problems of a plan, in the order of files and lines.
pub(crate) fn problems(plan: &flow::Plan) -> Vec<FileProblem> {
    let of = |item: &flow::PlanItem| {
        let file = |problem: &Problem| FileProblem { file: item.path.clone(), problem: problem.clone() };
        item.problems.iter().map(file).collect::<Vec<_>>()
    };
    plan.items.iter().flat_map(of).collect()
}

/// `file:line:col: error[code]: message`, and the hint below it.
impl std::fmt::Display for FileProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Problem { line, column, severity, code, message, hint, .. } = &self.problem;
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{line}:{column}: {severity}[{code}]: {message}", self.file)?;
        if hint.is_empty() { Ok(()) } else { write!(f, "\n    hint: {hint}") }
    }
}

impl Checker {
    /// A check against the build alone, as for files whose installation is not known.
    pub(crate) fn of_build(catalog: Arc<Catalog>) -> Self {
        Self {
            catalog,
            connections: RwLock::default(),
            defaults: BTreeMap::new(),
            bindings: Bindings::default(),
            teams: RwLock::default(),
            tags: RwLock::default(),
            templates: RwLock::default(),
        }
    }

    fn connections(&self) -> Option<Vec<ConnectionInfo>> {
        self.connections.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on there are these teams.
    pub(crate) fn put_teams(&self, staff: &Staff) {
        let teams = staff.teams.keys().map(ToString::to_string).collect();
        *self.teams.write().unwrap_or_else(PoisonError::into_inner) = Some(teams);
    }

    /// From now on this is the dictionary of tags.
    pub(crate) fn put_tags(&self, meanings: Vec<TagMeaning>) {
        let tags = meanings.into_iter().map(|meaning| meaning.tag).collect();
        *self.tags.write().unwrap_or_else(PoisonError::into_inner) = tags;
    }

    /// From now on the templates are those that these accounts told last.
    pub(crate) fn put_templates(&self, connections: &Connections) {
        let told = |open: &Open| Some((Arc::clone(&open.id), open.connection.known_templates()?));
        let told = connections.all().values().filter_map(told).collect();
        *self.templates.write().unwrap_or_else(PoisonError::into_inner) = told;
    }

    /// Whether the accounts are known.
    pub(crate) fn knows_connections(&self) -> bool {
        self.connections().is_some()
    }

    /// Takes note of the accounts that are open now.
    pub(crate) fn put_connections(&self, infos: Vec<ConnectionInfo>) {
        *self.connections.write().unwrap_or_else(PoisonError::into_inner) = Some(infos);
    }

    /// What bringing `documents` in would do over the `stored` versions.
    pub(crate) fn plan(&self, documents: &[flow::Document], stored: &[VersionRow]) -> flow::Plan {
        flow::plan(documents, stored, &self.environment(self.connections()))
    }

    /// What a text is, and what it needs of an installation, whether that is here or not; nothing when it is wrong in itself.
    pub(crate) fn needs(&self, text: &str) -> Option<(Kind, String, Needs)> {
        let compiled = flow::check_document(text, &self.environment(None)).version?;
        Some((compiled.kind(), compiled.id().to_string(), compiled.needs().clone()))
    }

    /// The problems of a text with their places, and its outline. `id` is the document that it is edited as, `stored` what there is of
    /// every document.
    pub(crate) fn validate(
        &self,
        text: &str,
        id: Option<&str>,
        stored: &[VersionRow],
    ) -> (Vec<PlacedProblem>, Option<Outline>) {
        let outline = flow::outline(text);
        let said = outline.as_ref().map(|outline| outline.summary().id);
        // Whoever edits a document owns it already.
        let owner = stored.iter().find(|row| Some(&row.flow) == said.as_ref()).map(|row| row.owner.clone());
        let owner = owner.unwrap_or_else(|| Owner::Editor.name(""));
        let document = flow::Document { path: String::new(), text: text.to_owned(), owner };
        let planned = self.plan(&[document], stored);
        let mut problems: Vec<Problem> = planned.items.into_iter().flat_map(|item| item.problems).collect();
        problems.extend(id.zip(outline.as_ref()).and_then(|(id, outline)| outline.other_id(id)));
        problems.sort_by_key(|problem| (problem.line, problem.column));
        (flow::placed(problems, text, outline.as_ref()), outline)
    }

    /// A text of which nothing else is known.
    ///
    /// # Errors
    /// Its problems, when there is an error among them.
    pub(crate) fn check(&self, text: &str) -> Result<CompiledDocument, Vec<Problem>> {
        let checked = flow::check_document(text, &self.environment(self.connections()));
        checked.version.ok_or(checked.problems)
    }

    /// What can be read at a place of a text; see [`flow::scope`].
    pub(crate) fn scope(&self, text: &str, path: &str) -> Option<Vec<Readable>> {
        flow::scope(text, path, &self.environment(self.connections()))
    }

    /// What is wrong with an expression; see [`flow::expression_problems`].
    pub(crate) fn expression(&self, text: &str, kind: ExpressionKind, at: Option<(&str, &str)>) -> Vec<Problem> {
        flow::expression_problems(text, kind, at, &self.environment(self.connections()))
    }

    /// The id of the document in a text, as far as it can be read.
    pub(crate) fn id(&self, text: &str) -> Option<String> {
        flow::check_document(text, &self.environment(None)).flow.map(|flow| flow.id)
    }

    /// Compiles a stored text with all checks.
    ///
    /// # Errors
    /// Its problems, when there is an error among them.
    pub(crate) fn strict(&self, row: &VersionRow) -> Result<Published, Vec<FileProblem>> {
        let checked = flow::check_document(&row.source, &self.environment(self.connections()));
        let file = |problem| FileProblem { file: row.flow.clone(), problem };
        match checked.version {
            Some(compiled) => Ok(compiled.into_version(row.id)),
            None => Err(checked.problems.into_iter().map(file).collect()),
        }
    }

    /// Compiles what is stored when the engine starts. A text that passed once must not keep us from starting because an account is
    /// gone since: then the calls that name it wait until the account is back, and the others go where they went.
    pub(crate) fn compile(self: &Arc<Self>) -> Compile {
        let checker = Arc::clone(self);
        Arc::new(move |row| {
            checker.strict(row).or_else(|problems| {
                let at_hand = checker.connections().unwrap_or_default();
                let lenient = flow::check_document(&row.source, &Environment { at_hand, ..checker.environment(None) });
                let first = problems.first().map(ToString::to_string).unwrap_or_default();
                let version = lenient.version.ok_or_else(|| first.clone())?;
                tracing::warn!(flow = row.flow, problem = first, "a stored flow lacks something here; its calls wait");
                Ok(version.into_version(row.id))
            })
        })
    }

    /// The connection through which `action` goes where none is named: the default of its capability, else the only one that
    /// performs it.
    pub(crate) fn serves(&self, action: &str) -> Option<String> {
        let capability = action.split('.').next().unwrap_or(action);
        if let Some(default) = self.defaults.get(capability) {
            return Some(default.clone());
        }
        let connections = self.connections.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let performs = |info: &&ConnectionInfo| {
            self.catalog.serves.get(info.connector.as_str()).is_some_and(|actions| actions.contains(&action))
        };
        let mut able = connections.iter().flatten().filter(performs);
        able.next().filter(|_| able.next().is_none()).map(|only| only.id.clone())
    }

    /// Whether the account `connection` performs `action`.
    pub(crate) fn performs(&self, connection: &str, action: &str) -> bool {
        self.connector_of(connection, action).is_some()
    }

    /// The CRM that the engine itself calls.
    pub(crate) fn crm(&self) -> Crm {
        let account = |action| {
            let connection = self.serves(action)?;
            let connector = self.connector_of(&connection, action)?.into();
            Some(crm::Account { connection: connection.into(), connector })
        };
        Crm { tickets: account(CreateTicket::NAME), owners: account(SetOwner::NAME) }
    }

    /// The connector of an account that performs `action`.
    fn connector_of(&self, connection: &str, action: &str) -> Option<String> {
        let connections = self.connections.read().unwrap_or_else(PoisonError::into_inner);
        let info = connections.iter().flatten().find(|info| info.id == connection)?;
        let actions = self.catalog.serves.get(info.connector.as_str())?;
        actions.contains(&action).then(|| info.connector.clone())
    }

    fn environment(&self, connections: Option<Vec<ConnectionInfo>>) -> Environment<'_> {
        Environment {
            catalog: &self.catalog,
            connections,
            at_hand: Vec::new(),
            defaults: self.defaults.clone(),
            bindings: self.bindings.clone(),
            teams: self.teams.read().unwrap_or_else(PoisonError::into_inner).clone(),
            tags: self.tags.read().unwrap_or_else(PoisonError::into_inner).clone(),
            templates: self.templates.read().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::clock::At;
    use engine::flow::{FORMAT, Op};
    use engine::ids::VersionId;
    use engine::store::VersionState;

    use super::*;

    const FLOW: &str = "\
format: 1
flow: two-accounts
on: [whatsapp.message_received]
steps:
  - do: crm.create_ticket
    with: { subject: one }
  - do: whatsapp.send_text
    connection: wa-gone
    with: { text: two }
";

    fn row() -> VersionRow {
        VersionRow {
            id: VersionId(1),
            kind: Kind::Flow,
            flow: "two-accounts".into(),
            meaning: [0; 32],
            text_no: 1,
            language: FORMAT,
            source: FLOW.into(),
            state: VersionState::Live,
            owner: "db".into(),
            by: "cli".into(),
            at: At(0),
        }
    }

    #[test]
    fn an_account_that_is_gone_does_not_send_the_calls_of_others_astray() {
        let info = |id: &str, connector: &str| ConnectionInfo { id: id.to_owned(), connector: connector.to_owned() };
        let accounts = vec![info("hubspot-main", "hubspot"), info("wa-main", "whatsapp.cloud_api")];
        let catalog = Arc::new(connectors::registry().catalog());
        let checker = Arc::new(Checker { connections: RwLock::new(Some(accounts)), ..Checker::of_build(catalog) });
        assert_eq!(checker.strict(&row()).unwrap_err()[0].problem.code, "unknown_connection");
        let Published::Flow(version) = checker.compile()(&row()).unwrap() else { panic!("a flow") };
        let through: Vec<_> = version
            .program
            .steps
            .iter()
            .map(|step| match &step.op {
                Op::Do(step) => step.connection.as_deref(),
                other => panic!("not a call: {other:?}"),
            })
            .collect();
        assert_eq!(through, [Some("hubspot-main"), Some("wa-gone")]);
    }
}
