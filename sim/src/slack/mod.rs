//! A Slack workspace with one app in it: the Web API, and a page that shows a channel as Slack would.
//!
//! The API keeps to what Slack documents where a caller could be wrong about it: Block Kit limits (with Slack's
//! `invalid_blocks` and the pointer to the block), one message a second and channel with `Retry-After`, threads,
//! metadata, the three steps of an upload, response URLs, dialogs by triggers of
//! three seconds. What people do on the page, or through [`Workspace::command`],
//! [`Workspace::say`], [`Workspace::press`] and [`Workspace::submit`], reaches the app signed as by Slack. Everything is in memory.

mod api;
mod app;
mod arguments;
mod block_limits;
mod dialog;
mod files;
mod page;
mod people;
mod rate;
mod render;
mod response_url;
mod views;
mod wire;
mod workspace;

use axum::Router;

use crate::fault::Faults;

pub use app::{COMMANDS, Connection, Delivery, NotVerified, SlashCommand, signature};
pub use page::{Panel, PanelAction};
pub use people::{APPROVER, OPERATOR, PEOPLE, Person, REQUESTER};
pub use rate::Rates;
pub use views::OpenView;
pub use workspace::{ALERTS_CHANNEL, Channel, File, Message, Posted, PostedKind, Workspace, direct_channel};

/// The routes of the Web API (under `/api/`, which is what `SLACK_API_URL` names) and of the page (`/`).
pub fn router(workspace: Workspace, faults: Faults) -> Router {
    api::router(workspace.clone(), faults.clone())
        .merge(files::router(workspace.clone(), faults.clone()))
        .merge(response_url::router(workspace.clone(), faults))
        .merge(dialog::router(workspace.clone()))
        .merge(page::router(workspace))
}
