//! `nightshift learn`: figures over the incidents that are over, and the thresholds that would have served better.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::json;
use shared::lessons::{Figures, IncidentDocument, Suggestion, Tried, suggestions};
use shared::store::{Store, StoreError, StoreLocation};
use shared::text::Duration;

use crate::{Format, Outcome, check_config};

/// Documents of one cluster.
const LIMIT: usize = 5000;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The store, `dynamodb:TABLE` or `file:PATH`; that of NIGHTSHIFT_STORE where it is left out.
    #[arg(long, value_name = "STORE")]
    store: Option<StoreLocation>,
    /// The settings' YAML file; that of NIGHTSHIFT_CONFIG where it is left out.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Clusters; all that are configured where it is left out.
    #[arg(long, value_name = "NAME")]
    cluster: Vec<String>,
    /// Incidents of so many days.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=730))]
    days: i64,
    /// Write each document into this directory, as text with its metadata beside it: what a Bedrock knowledge base over a
    /// bucket takes in.
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
    /// End with exit code 1 when there is a suggestion.
    #[arg(long)]
    fail_on_suggestion: bool,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, thiserror::Error)]
enum LearnError {
    #[error("name a store: --store or NIGHTSHIFT_STORE")]
    NoStore,
    #[error("name a cluster (--cluster), or set NIGHTSHIFT_CLUSTERS")]
    NoCluster,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{} cannot be written", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

pub(crate) async fn run(arguments: Arguments) -> Result<Outcome, Box<dyn std::error::Error>> {
    let settings = check_config::settings(arguments.config.as_deref()).await?;
    let store = arguments.store.as_ref().or(settings.store.as_ref()).ok_or(LearnError::NoStore)?;
    let configured = settings.clusters.iter().map(|cluster| cluster.name.clone());
    let clusters = if arguments.cluster.is_empty() { configured.collect() } else { arguments.cluster.clone() };
    if clusters.is_empty() {
        return Err(LearnError::NoCluster.into());
    }
    let documents = read(store, &clusters, arguments.days).await?;
    if let Some(directory) = &arguments.export {
        export(&documents, directory)?;
    }
    let figures = Figures::of(&documents);
    let suggested = suggestions(&figures, settings.structure.remediation.propose_from_percent);
    match arguments.format {
        Format::Text => print(&figures, &suggested, arguments.days),
        Format::Json => println!("{}", json!({ "figures": figures, "suggestions": suggested })),
    }
    let fails = arguments.fail_on_suggestion && !suggested.is_empty();
    Ok(if fails { Outcome::Finding } else { Outcome::Done })
}

async fn read(location: &StoreLocation, clusters: &[String], days: i64) -> Result<Vec<IncidentDocument>, LearnError> {
    let store = Store::open(location, async || shared::aws::laptop_config().await).await?;
    let now = Timestamp::now();
    let mut documents = Vec::new();
    for cluster in clusters {
        documents.extend(store.documents(cluster, now - (days * 24).hours(), LIMIT, now).await?);
    }
    Ok(documents)
}

fn print(figures: &Figures, suggested: &[Suggestion], days: i64) {
    let duration = |seconds: Option<f64>| {
        seconds.map_or_else(
            || "unknown".to_owned(),
            |seconds| Duration(SignedDuration::from_secs_f64(seconds)).to_string(),
        )
    };
    let percent =
        |share: Option<f64>| share.map_or_else(|| "unknown".to_owned(), |share| format!("{:.0} %", share * 100.0));
    println!("{} incidents in {days} days, the cause of {} was named", figures.incidents, figures.with_cause);
    println!(
        "time to recover     mean {}, median {}; with an action of ours {}",
        duration(figures.mttr_s),
        duration(figures.median_s),
        duration(figures.mttr_helped_s)
    );
    let line = |tried: &Tried| {
        let Tried { proposed, done, recovered, worse } = tried;
        format!(
            "{}: {recovered} of {done} done helped, {worse} made it worse, {proposed} proposed",
            percent(tried.success())
        )
    };
    println!("actions             {}", line(&figures.actions));
    for (name, tried) in &figures.by_action {
        println!("  {name:<40} {}", line(tried));
    }
    let accuracy = &figures.accuracy;
    println!(
        "diagnoses           {}: {} of {} judged were right",
        percent(accuracy.share()),
        accuracy.right,
        accuracy.judged()
    );
    for bin in figures.bins.iter().filter(|bin| bin.accuracy.judged() > 0) {
        let (share, right, judged) = (percent(bin.accuracy.share()), bin.accuracy.right, bin.accuracy.judged());
        println!("  {:>3} to {:>3} % sure                          {share}: {right} of {judged}", bin.from, bin.to);
    }
    if suggested.is_empty() {
        println!("nothing to change");
    }
    for suggestion in suggested {
        println!("suggestion          {suggestion}");
    }
}

/// Writes documents as a knowledge base reads them from a bucket: `ID.txt`, and `ID.txt.metadata.json` by which what is
/// found leads back to its incident.
fn export(documents: &[IncidentDocument], directory: &Path) -> Result<(), LearnError> {
    let write = |name: String, text: String| {
        let path = directory.join(name);
        std::fs::write(&path, text).map_err(|source| LearnError::File { path, source })
    };
    std::fs::create_dir_all(directory).map_err(|source| LearnError::File { path: directory.to_owned(), source })?;
    for document in documents {
        write(format!("{}.txt", document.id), document.text())?;
        let attributes: std::collections::BTreeMap<_, _> = document.attributes().into();
        write(format!("{}.txt.metadata.json", document.id), json!({ "metadataAttributes": attributes }).to_string())?;
    }
    println!("{} documents written to {}", documents.len(), directory.display());
    Ok(())
}
