//! What is in the workspace: channels, their messages, uploaded files, and the record of every post.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::app::Connection;
use super::page::Panel;
use super::people;
use super::rate::Rates;
use super::response_url::Opened;
use super::views::Dialogs;

/// The id of the channel that is there from the start, `#alerts`.
pub const ALERTS_CHANNEL: &str = "C0SIMALERT";

/// The app's ids.
pub(super) const TEAM_ID: &str = "T0SIMTEAM1";
pub(super) const BOT_ID: &str = "B0NGHTSHFT";
pub(super) const BOT_USER_ID: &str = "U0NGHTSHFT";
pub(super) const APP_ID: &str = "A0NGHTSHFT";
pub(super) const TEAM_DOMAIN: &str = "nightshift-sim";

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Id, for example `C0SIMALERT`.
    pub id: String,
    /// Name without `#`.
    pub name: String,
    /// What it is for.
    pub topic: String,
}

impl Channel {
    /// Whether it is somebody's conversation with the app.
    pub fn is_direct(&self) -> bool {
        self.id.starts_with('D')
    }
}

/// The id of a person's conversation with the app.
pub fn direct_channel(user: &str) -> String {
    format!("D{}", user.strip_prefix('U').unwrap_or(user))
}

/// A file shared with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Id.
    pub id: String,
    /// File name.
    pub name: String,
    /// Title shown.
    pub title: String,
    /// Content.
    pub content: bytes::Bytes,
}

/// A message as the channel holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The channel's id.
    pub channel: String,
    /// Its id within the channel: seconds and microseconds.
    pub ts: String,
    /// The parent's `ts`, for a reply and for a parent that has replies.
    pub thread_ts: Option<String>,
    /// Who wrote it; `None` for the app.
    pub user: Option<String>,
    /// The text; with blocks, what notifications show.
    pub text: String,
    /// Blocks, as they were sent.
    pub blocks: Vec<Value>,
    /// Attachments, as they were sent.
    pub attachments: Vec<Value>,
    /// `{"event_type", "event_payload"}`.
    pub metadata: Option<Value>,
    /// When it was last changed, as a `ts`.
    pub edited: Option<String>,
    /// Shown to this user only.
    pub ephemeral_for: Option<String>,
    /// Names of reactions.
    pub reactions: Vec<String>,
    /// Files shared with it.
    pub files: Vec<File>,
}

impl Message {
    /// Whether it stands in a thread below another message.
    pub fn is_reply(&self) -> bool {
        self.thread_ts.as_ref().is_some_and(|parent| *parent != self.ts)
    }
}

/// How a message came to be as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostedKind {
    /// `chat.postMessage` or a shared file.
    Post,
    /// `chat.update`.
    Update,
    /// `chat.postEphemeral`.
    Ephemeral,
}

/// One entry of the record of posts: the message as it was after the call.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    /// When, by the machine's clock.
    pub time: Timestamp,
    /// By which call.
    pub kind: PostedKind,
    /// The message.
    pub message: Message,
}

/// What a message is made of, as it was sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) user: Option<String>,
    pub(super) text: String,
    pub(super) blocks: Vec<Value>,
    pub(super) attachments: Vec<Value>,
    pub(super) metadata: Option<Value>,
    pub(super) thread_ts: Option<String>,
    pub(super) ephemeral_for: Option<String>,
    pub(super) files: Vec<File>,
}

/// Parts of a message to replace; `None` keeps the part.
#[derive(Debug, Clone, Default)]
pub(super) struct Change {
    pub(super) text: Option<String>,
    pub(super) blocks: Option<Vec<Value>>,
    pub(super) attachments: Option<Vec<Value>>,
    pub(super) metadata: Option<Value>,
}

#[derive(Debug, Default)]
struct State {
    channels: Vec<Channel>,
    messages: Vec<Message>,
    posted: Vec<Posted>,
    files: BTreeMap<String, File>,
    panel: Option<Arc<Panel>>,
    clicks: Option<mpsc::UnboundedSender<String>>,
    connection: Option<Connection>,
    /// Where Slack itself is, with a slash at the end.
    address: String,
    response_urls: BTreeMap<String, Opened>,
    last_ts_us: i64,
    numbers: u64,
}

/// The workspace; clones share it.
#[derive(Debug, Clone)]
pub struct Workspace {
    state: Arc<Mutex<State>>,
    /// Rate limits of the API.
    pub rates: Rates,
    /// Dialogs, and what opens them.
    pub(super) dialogs: Dialogs,
    version: watch::Sender<u64>,
}

impl Default for Workspace {
    fn default() -> Self {
        let alerts = Channel {
            id: ALERTS_CHANNEL.to_owned(),
            name: "alerts".to_owned(),
            topic: "Alarms of prod-eks, as Nightshift understands them".to_owned(),
        };
        let direct = people::PEOPLE.map(|person| Channel {
            id: direct_channel(person.id),
            name: "Nightshift".to_owned(),
            topic: format!("{} and the app, alone", person.real_name),
        });
        let direct = direct.to_vec();
        Self {
            state: Arc::new(Mutex::new(State { channels: [vec![alerts], direct].concat(), ..State::default() })),
            rates: Rates::default(),
            dialogs: Dialogs::default(),
            version: watch::Sender::new(0),
        }
    }
}

impl Workspace {
    /// Adds a channel.
    pub fn add_channel(&self, channel: Channel) {
        self.lock().channels.push(channel);
        self.changed();
    }

    /// All channels.
    pub fn channels(&self) -> Vec<Channel> {
        self.lock().channels.clone()
    }

    /// A channel by its id, or by its name with or without `#`; by a person's id, their conversation with the app.
    pub fn channel(&self, id_or_name: &str) -> Option<Channel> {
        let name = id_or_name.trim_start_matches('#');
        let direct = direct_channel(id_or_name);
        let is_meant = |channel: &&Channel| match channel.is_direct() {
            true => channel.id == id_or_name || (id_or_name.starts_with('U') && channel.id == direct),
            false => channel.id == id_or_name || channel.name == name,
        };
        self.lock().channels.iter().find(is_meant).cloned()
    }

    /// Tells the workspace where it is served, which response URLs begin with.
    pub(crate) fn serve_at(&self, address: String) {
        self.lock().address = address;
    }

    pub(super) fn set_connection(&self, connection: Connection) {
        self.lock().connection = Some(connection);
    }

    /// The app, where one is connected.
    pub fn connection(&self) -> Option<Connection> {
        self.lock().connection.clone()
    }

    /// Keeps a response URL; returns the address it begins with.
    pub(super) fn remember_response_url(&self, key: String, opened: Opened) -> String {
        let mut state = self.lock();
        state.response_urls.insert(key, opened);
        if state.address.is_empty() { "http://localhost/".to_owned() } else { state.address.clone() }
    }

    pub(super) fn response_url(&self, key: &str) -> Option<Opened> {
        self.lock().response_urls.get(key).cloned()
    }

    pub(super) fn use_response_url(&self, key: &str) {
        if let Some(opened) = self.lock().response_urls.get_mut(key) {
            opened.uses += 1;
        }
    }

    /// How often each response URL that was given out has been used, the oldest first.
    pub fn response_url_uses(&self) -> Vec<u32> {
        self.lock().response_urls.values().map(|opened| opened.uses).collect()
    }

    /// A number that no other call gives.
    pub(super) fn number(&self) -> u64 {
        let mut state = self.lock();
        state.numbers += 1;
        7_000_000_000 + state.numbers
    }

    /// This many characters that nobody can guess.
    pub(super) fn token(&self, length: usize) -> String {
        // Each state hashes with a key of its own, made from the system's randomness.
        let digits = (0..).map(|number: u64| format!("{:016x}", RandomState::new().hash_one(number)));
        digits.take(length.div_ceil(16)).collect::<String>()[..length].to_owned()
    }

    /// All messages, oldest first, replies and ephemeral ones included.
    pub fn messages(&self) -> Vec<Message> {
        self.lock().messages.clone()
    }

    /// The record of posts and updates, in the order in which they were made.
    pub fn posted(&self) -> Vec<Posted> {
        self.lock().posted.clone()
    }

    /// Removes all messages and the record of posts.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.messages.clear();
        state.posted.clear();
        drop(state);
        self.changed();
    }

    /// Puts a panel beside the channel.
    pub fn show_panel(&self, panel: Panel) {
        self.lock().panel = Some(Arc::new(panel));
        self.changed();
    }

    /// The names that the panel's buttons post to `/click/NAME`, from now on, to this receiver alone.
    pub fn clicks(&self) -> mpsc::UnboundedReceiver<String> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.lock().clicks = Some(sender);
        receiver
    }

    /// Passes a click on; false when nobody listens.
    pub(super) fn clicked(&self, name: String) -> bool {
        self.lock().clicks.as_ref().is_some_and(|clicks| clicks.send(name).is_ok())
    }

    pub(super) fn panel(&self) -> Option<Arc<Panel>> {
        self.lock().panel.clone()
    }

    /// A number that grows with every change.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    pub(super) fn post(&self, channel: &str, draft: Draft, now: Timestamp) -> Message {
        let mut state = self.lock();
        // Two messages of one channel never share a ts.
        let ts = state.next_ts(now);
        if let Some(parent) = &draft.thread_ts
            && let Some(parent) = state.find(channel, parent)
        {
            parent.thread_ts = Some(parent.ts.clone());
        }
        let kind = if draft.ephemeral_for.is_some() { PostedKind::Ephemeral } else { PostedKind::Post };
        let message = Message {
            channel: channel.to_owned(),
            ts,
            thread_ts: draft.thread_ts,
            user: draft.user,
            text: draft.text,
            blocks: draft.blocks,
            attachments: draft.attachments,
            metadata: draft.metadata,
            edited: None,
            ephemeral_for: draft.ephemeral_for,
            reactions: Vec::new(),
            files: draft.files,
        };
        state.messages.push(message.clone());
        state.posted.push(Posted { time: now, kind, message: message.clone() });
        drop(state);
        self.changed();
        message
    }

    pub(super) fn update(&self, channel: &str, ts: &str, change: Change, now: Timestamp) -> Option<Message> {
        self.change(|message| message.ephemeral_for.is_none(), channel, ts, change, now)
    }

    /// Changes a message that `user` sees, one that only they see included.
    pub(super) fn replace(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        change: Change,
        now: Timestamp,
    ) -> Option<Message> {
        let seen = |message: &Message| message.ephemeral_for.as_deref().is_none_or(|only| only == user);
        self.change(seen, channel, ts, change, now)
    }

    /// Removes a message with its replies.
    pub(super) fn delete(&self, channel: &str, ts: &str) {
        let of = |message: &Message| message.ts == ts || message.thread_ts.as_deref() == Some(ts);
        self.lock().messages.retain(|message| message.channel != channel || !of(message));
        self.changed();
    }

    /// A message, if `user` sees it.
    pub(super) fn message_seen_by(&self, user: &str, channel: &str, ts: &str) -> Option<Message> {
        let state = self.lock();
        let mut messages = state.messages.iter().filter(|message| message.channel == channel && message.ts == ts);
        messages.find(|message| message.ephemeral_for.as_deref().is_none_or(|only| only == user)).cloned()
    }

    fn change(
        &self,
        concerned: impl Fn(&Message) -> bool,
        channel: &str,
        ts: &str,
        change: Change,
        now: Timestamp,
    ) -> Option<Message> {
        let mut state = self.lock();
        let edited = state.next_ts(now);
        let mut messages = state.messages.iter_mut();
        let message = messages.find(|message| message.channel == channel && message.ts == ts && concerned(message))?;
        if let Some(text) = change.text {
            message.text = text;
        }
        if let Some(blocks) = change.blocks {
            message.blocks = blocks;
        }
        if let Some(attachments) = change.attachments {
            message.attachments = attachments;
        }
        if let Some(metadata) = change.metadata {
            message.metadata = Some(metadata);
        }
        message.edited = Some(edited);
        let message = message.clone();
        state.posted.push(Posted { time: now, kind: PostedKind::Update, message: message.clone() });
        drop(state);
        self.changed();
        Some(message)
    }

    /// Adds a reaction; false when it was there.
    pub(super) fn react(&self, channel: &str, ts: &str, name: &str) -> Option<bool> {
        let mut state = self.lock();
        let message = state.find(channel, ts)?;
        let new = !message.reactions.iter().any(|reaction| reaction == name);
        if new {
            message.reactions.push(name.to_owned());
        }
        drop(state);
        self.changed();
        Some(new)
    }

    pub(super) fn message(&self, channel: &str, ts: &str) -> Option<Message> {
        self.lock().find(channel, ts).cloned()
    }

    /// Opens an upload and returns the file's id.
    pub(super) fn open_upload(&self, name: &str) -> String {
        let mut state = self.lock();
        state.numbers += 1;
        let id = format!("F0SIM{:06}", state.numbers);
        let file = File { id: id.clone(), name: name.to_owned(), title: name.to_owned(), content: bytes::Bytes::new() };
        state.files.insert(id.clone(), file);
        id
    }

    /// Stores an opened upload's content; false when there is none of this id.
    pub(super) fn receive_upload(&self, id: &str, content: bytes::Bytes) -> bool {
        self.lock().files.get_mut(id).map(|file| file.content = content).is_some()
    }

    pub(super) fn file(&self, id: &str) -> Option<File> {
        self.lock().files.get(id).cloned()
    }

    pub(super) fn changed(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next_ts(&mut self, now: Timestamp) -> String {
        self.last_ts_us = now.as_microsecond().max(self.last_ts_us + 1);
        format!("{}.{:06}", self.last_ts_us / 1_000_000, self.last_ts_us % 1_000_000)
    }

    fn find(&mut self, channel: &str, ts: &str) -> Option<&mut Message> {
        self.messages
            .iter_mut()
            .find(|message| message.channel == channel && message.ts == ts && message.ephemeral_for.is_none())
    }
}
