//! Recorded incidents with their answers, and what counts as the right one.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use shared::{
    diagnosis::{Diagnosis, Trigger},
    model::{Kind, ObjectRef},
    snapshot::Snapshot,
};

use crate::change::rename::Names;

#[derive(Deserialize)]
struct Expected {
    root_cause: String,
    object: String,
}

/// One incident.
#[derive(Clone)]
pub(crate) struct Incident {
    /// Name of its directory.
    pub(crate) name: String,
    /// The right cause, with underscores.
    pub(crate) cause: String,
    /// The right object, as recorded.
    pub(crate) object: String,
    /// What was collected.
    pub(crate) snapshot: Snapshot,
    /// What started it.
    pub(crate) trigger: Trigger,
    /// The names it has been given instead of the recorded ones.
    pub(crate) names: Option<Names>,
}

/// Where the incidents are, if anywhere.
pub(crate) fn directory() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/incidents");
    let named = std::env::var_os("NIGHTSHIFT_INCIDENTS").map(PathBuf::from);
    named.into_iter().chain([beside]).find(|path| path.is_dir())
}

/// The incidents' directories, by name.
pub(crate) fn directories(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let mut cases: Vec<PathBuf> = entries.map(|it| it.path()).filter(|it| it.join("expected.json").is_file()).collect();
    cases.sort();
    cases
}

impl Incident {
    /// Reads one.
    pub(crate) fn read(case: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let expected: Expected = serde_json::from_slice(&std::fs::read(case.join("expected.json"))?)?;
        let alarm: serde_json::Value = serde_json::from_slice(&std::fs::read(case.join("alarm.json"))?)?;
        let mut snapshot = Snapshot::read_dir(case)?;
        let trigger = Trigger::from_alarm_event(&alarm);
        snapshot.taken_at = snapshot.taken_at.or(trigger.since);
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, cause: expected.root_cause, object: expected.object, snapshot, trigger, names: None })
    }

    /// Which of a diagnosis' causes is the right one.
    pub(crate) fn rank(&self, diagnosis: &Diagnosis) -> Option<usize> {
        diagnosis.causes.iter().position(|cause| {
            cause.id.as_str().replace('-', "_") == self.cause
                && (self.is_meant(&cause.object)
                    || (cause.id.as_str() == "gateway-misroute"
                        && cause.affected.first().is_some_and(|it| self.is_meant(&it.object))))
        })
    }

    /// Whether `object` is the recorded one: `app/<name>` is the workload or something whose name begins with it.
    fn is_meant(&self, object: &ObjectRef) -> bool {
        let name = self.names.as_ref().map_or_else(|| object.name.clone(), |names| names.old(&object.name));
        match self.object.split_once('/') {
            Some(("node", node)) => object.kind == Kind::Node && name == node,
            Some(("namespace", namespace)) => object.kind == Kind::Namespace && name == namespace,
            Some(("app", app)) => {
                !matches!(object.kind, Kind::Node | Kind::Namespace)
                    && (name == app || name.strip_prefix(app).is_some_and(|rest| rest.starts_with('-')))
            }
            _ => false,
        }
    }
}
