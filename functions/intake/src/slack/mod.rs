//! What Slack sends, as events of the bus.

mod command;
mod event;
mod interaction;

pub use command::command;
pub use event::event;
pub use interaction::interaction;
