//! Threshold alarms, kept in CloudWatch by the hour's schedule: what the settings ask for is made, what they changed is changed,
//! what they no longer ask for goes. Where the settings have no `thresholds`, nothing is read or written.
//!
//! It is idempotent, and a run that is cut off is finished by the next one.

use serde_json::{Value, json};
use shared::deadline::Deadline;
use shared::telemetry::Unit;

use crate::App;
use crate::layer::RecordError;

/// Makes CloudWatch's threshold alarms what the settings ask for; what that came to.
pub(crate) async fn keep(app: &App, deadline: Deadline) -> Result<Value, RecordError> {
    let settings = app.clients.settings();
    let Some(levels) = &settings.structure.thresholds else { return Ok(json!({ "outcome": "none asked for" })) };
    let aws = app.clients.aws().await;
    let work = shared::thresholds::keep(aws, &settings.clusters, &settings.structure.services, levels, true);
    let plans =
        tokio::time::timeout(deadline.remaining(), Box::pin(work)).await.map_err(|_| RecordError::OutOfTime)??;
    let [mut made, mut changed, mut deleted, mut kept] = [0; 4];
    for plan in &plans {
        made += plan.create.len();
        changed += plan.update.len();
        deleted += plan.delete.len();
        kept += plan.keep.len();
        for name in &plan.foreign {
            tracing::warn!(alarm = name, "an alarm of this name is not ours and is left alone; rename or delete it");
        }
    }
    let differences = made + changed + deleted;
    if differences > 0 {
        tracing::info!(made, changed, deleted, kept, "threshold alarms are what the settings ask for");
        #[allow(clippy::cast_precision_loss, reason = "a count of alarms")]
        app.metrics.add("ThresholdAlarmsChanged", Unit::Count, differences as f64);
    }
    Ok(json!({ "made": made, "changed": changed, "deleted": deleted, "kept": kept }))
}
