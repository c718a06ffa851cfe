//! `nightshift demo`.

use crate::Outcome;

#[derive(clap::Args)]
pub(crate) struct Arguments {}

pub(crate) async fn run(_arguments: Arguments) -> Result<Outcome, Box<dyn std::error::Error>> {
    Err("not built yet".into())
}
