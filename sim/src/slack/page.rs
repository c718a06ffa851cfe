//! The page: a channel as Slack would show it, kept up to date by server-sent events.

use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html as HtmlResponse, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::Stream;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::app::{COMMANDS, Delivery, SlashCommand};
use super::dialog::Dialog;
use super::people::{OPERATOR, PEOPLE, Person, SLACKBOT, name_of, person};
use super::render::{Html, attachment, block, mrkdwn};
use super::workspace::{Channel, Message, Workspace, direct_channel};

/// Nothing on the page comes from elsewhere, and nothing in a message can run.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; \
     connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(super) fn router(workspace: Workspace) -> Router {
    Router::new()
        .route("/", get(first_channel))
        .route("/channel/{channel}", get(channel))
        .route("/page.css", get(|| asset("text/css; charset=utf-8", include_str!("../../templates/slack/page.css"))))
        .route(
            "/page.js",
            get(|| asset("text/javascript; charset=utf-8", include_str!("../../templates/slack/page.js"))),
        )
        .route("/favicon.svg", get(|| asset("image/svg+xml", include_str!("../../templates/slack/favicon.svg"))))
        .route("/changes", get(changes))
        .route("/click/{name}", post(click))
        .route("/send", post(send))
        .route("/interact", post(interact))
        .with_state(workspace)
}

async fn asset(content_type: &'static str, content: &'static str) -> Response {
    ([("content-type", content_type), ("cache-control", "no-cache")], content).into_response()
}

async fn first_channel(State(workspace): State<Workspace>) -> Response {
    match workspace.channels().first() {
        Some(channel) => Redirect::temporary(&format!("/channel/{}", channel.id)).into_response(),
        None => (StatusCode::NOT_FOUND, "no channels").into_response(),
    }
}

async fn click(State(workspace): State<Workspace>, Path(name): Path<String>) -> StatusCode {
    if workspace.clicked(name) { StatusCode::ACCEPTED } else { StatusCode::NOT_FOUND }
}

#[derive(Debug, Deserialize)]
struct View {
    /// The thread shown beside the channel.
    thread: Option<String>,
    /// Who looks at it.
    #[serde(rename = "as")]
    as_user: Option<String>,
}

/// What the composer sends. That it is JSON keeps pages of others from sending it.
#[derive(Debug, Deserialize)]
struct Sent {
    #[serde(rename = "as")]
    as_user: String,
    channel: String,
    thread: Option<String>,
    text: String,
}

async fn send(State(workspace): State<Workspace>, Json(sent): Json<Sent>) -> Response {
    if person(&sent.as_user).is_none() || workspace.channel(&sent.channel).is_none() || sent.text.trim().is_empty() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    if sent.text.starts_with('/') {
        // What went wrong is told by Slackbot in the channel.
        workspace.command(&sent.as_user, &sent.channel, &sent.text).await;
        return StatusCode::ACCEPTED.into_response();
    }
    let message = workspace.write(&sent.as_user, &sent.channel, sent.thread.as_deref(), &sent.text);
    // An event is sent again for minutes where nobody takes it.
    tokio::spawn(async move { workspace.announce(&message).await });
    StatusCode::ACCEPTED.into_response()
}

/// A click on the element at the pointer `at`, or the choice of its option of this number.
#[derive(Debug, Deserialize)]
struct Click {
    #[serde(rename = "as")]
    as_user: String,
    channel: String,
    ts: String,
    at: String,
    option: Option<usize>,
}

async fn interact(State(workspace): State<Workspace>, Json(click): Json<Click>) -> Response {
    let Click { as_user, channel, ts, at, option } = click;
    let delivery = workspace.interact(&as_user, &channel, &ts, &at, option).await;
    Json(serde_json::json!({ "problem": problem(&delivery) })).into_response()
}

/// What Slack says below the composer where an app does not take what somebody did.
pub(super) fn problem(delivery: &Delivery) -> Option<String> {
    match delivery {
        delivery if delivery.is_acknowledged() => None,
        Delivery::Answered { status, .. } => Some(format!("This app responded with Status Code {status}.")),
        Delivery::TimedOut => Some("Operation timed out. Apps need to respond within three seconds.".to_owned()),
        Delivery::Failed => Some("This app could not be reached.".to_owned()),
        Delivery::NotSent => Some("Nobody answers clicks here.".to_owned()),
    }
}

#[derive(Template)]
#[template(path = "slack/page.html")]
struct Page<'a> {
    channels: &'a [Channel],
    direct: String,
    people: [Person; 3],
    me: Person,
    commands: [SlashCommand; 5],
    channel: &'a Channel,
    days: Vec<Day>,
    thread: Option<Thread>,
    panel: Option<Arc<Panel>>,
    dialog: Option<Dialog>,
}

struct Day {
    date: String,
    messages: Vec<Row>,
}

struct Thread {
    parent: Row,
    replies: Vec<Row>,
}

/// A message, ready to be shown.
#[derive(Clone)]
struct Row {
    ts: String,
    author: Author,
    time: String,
    rfc3339: String,
    body: Html,
    edited: bool,
    ephemeral: bool,
    /// Follows another message of the same author within five minutes.
    compact: bool,
    reactions: Vec<Html>,
    files: Vec<(String, String, usize)>,
    replies: usize,
    last_reply: String,
}

/// Who a message is by.
#[derive(Clone)]
struct Author {
    name: String,
    /// The person; neither the app nor Slackbot is one.
    person: Option<Person>,
}

impl Author {
    fn of(message: &Message) -> Self {
        let person = message.user.as_deref().and_then(person);
        let name = message.user.as_deref().map_or("Nightshift", |id| name_of(id).unwrap_or(id));
        Self { name: name.to_owned(), person }
    }

    fn is_app(&self) -> bool {
        self.person.is_none() && Some(self.name.as_str()) != name_of(SLACKBOT)
    }

    fn initial(&self) -> &str {
        self.name.get(..1).unwrap_or_default()
    }
}

/// What the demo adds to the side of the page: where it stands, and what can be broken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Panel {
    /// Lines about what is running.
    pub status: Vec<String>,
    /// What a click does.
    pub actions: Vec<PanelAction>,
}

/// A button of the panel: posts to `path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanelAction {
    /// What it says.
    pub label: String,
    /// What it does, in a few words.
    pub hint: String,
    /// Where it posts to.
    pub path: String,
    /// Whether it is what runs now.
    pub active: bool,
}

async fn channel(State(workspace): State<Workspace>, Path(id): Path<String>, Query(view): Query<View>) -> Response {
    let Some(channel) = workspace.channel(&id) else {
        return (StatusCode::NOT_FOUND, "no such channel").into_response();
    };
    let me = view.as_user.as_deref().and_then(person).unwrap_or(OPERATOR);
    let direct = direct_channel(me.id);
    if channel.is_direct() && channel.id != direct {
        // Whoever acts as somebody else has a conversation of their own.
        return Redirect::temporary(&format!("/channel/{direct}?as={}", me.id)).into_response();
    }
    let mut messages = workspace.messages();
    let seen = |message: &Message| message.ephemeral_for.as_deref().is_none_or(|only| only == me.id);
    messages.retain(|message| message.channel == channel.id && seen(message));
    let thread = view.thread.and_then(|ts| {
        let parent = messages.iter().find(|message| message.ts == ts)?;
        let replies = messages.iter().filter(|message| message.is_reply() && message.thread_ts.as_deref() == Some(&ts));
        Some(Thread { parent: row(parent, &[]), replies: replies.map(|reply| row(reply, &[])).collect() })
    });
    let mut channels = workspace.channels();
    channels.retain(|channel| !channel.is_direct());
    let page = Page {
        channels: &channels,
        direct,
        people: PEOPLE,
        me,
        commands: COMMANDS,
        channel: &channel,
        days: days(&messages),
        thread,
        panel: workspace.panel(),
        dialog: Dialog::before(&workspace, me.id),
    };
    match page.render() {
        Ok(html) => {
            let headers = [("content-security-policy", CONTENT_SECURITY_POLICY), ("referrer-policy", "no-referrer")];
            (headers, HtmlResponse(html)).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn days(messages: &[Message]) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    let mut previous: Option<(i64, bool, String)> = None;
    for message in messages.iter().filter(|message| !message.is_reply()) {
        let mut row = row(message, messages);
        let date = time(&message.ts).strftime("%A, %B %-d").to_string();
        let seconds = time(&message.ts).as_second();
        // What comes with a colour bar is an incident of its own, and gets its own head.
        row.compact = message.attachments.is_empty()
            && previous.is_some_and(|(before, ephemeral, author)| {
                seconds - before < 300 && ephemeral == row.ephemeral && author == row.author.name
            });
        previous = Some((seconds, row.ephemeral, row.author.name.clone()));
        match days.last_mut().filter(|day| day.date == date) {
            Some(day) => day.messages.push(row),
            None => {
                row.compact = false;
                days.push(Day { date, messages: vec![row] });
            }
        }
    }
    days
}

fn time(ts: &str) -> Timestamp {
    let seconds = ts.split('.').next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
    Timestamp::from_second(seconds).unwrap_or_default()
}

fn row(message: &Message, all: &[Message]) -> Row {
    let mut body = Html::default();
    // As in Slack, text stands above attachments; where the message itself has blocks, text is for notifications only.
    if message.blocks.is_empty() && !message.text.is_empty() {
        body.markup("<div class=\"section\"><div>").html(&mrkdwn(&message.text)).markup("</div></div>");
    }
    for (index, value) in message.blocks.iter().enumerate() {
        body.html(&block(value, &format!("/blocks/{index}")));
    }
    for (index, value) in message.attachments.iter().enumerate() {
        body.html(&attachment(value, &format!("/attachments/{index}")));
    }
    let mut replies =
        all.iter().filter(|reply| reply.is_reply() && reply.thread_ts.as_deref() == Some(&message.ts)).peekable();
    let count = replies.clone().count();
    let last = if replies.peek().is_some() { replies.last().map(|reply| clock(&reply.ts)) } else { None };
    Row {
        ts: message.ts.clone(),
        author: Author::of(message),
        time: clock(&message.ts),
        rfc3339: time(&message.ts).to_string(),
        body,
        edited: message.edited.is_some(),
        ephemeral: message.ephemeral_for.is_some(),
        compact: false,
        reactions: message.reactions.iter().map(|name| super::render::emoji(&format!(":{name}:"))).collect(),
        files: message.files.iter().map(|file| (file.id.clone(), file.title.clone(), file.content.len())).collect(),
        replies: count,
        last_reply: last.unwrap_or_default(),
    }
}

/// In UTC; the page's script puts it into the reader's time zone.
fn clock(ts: &str) -> String {
    time(ts).to_zoned(TimeZone::UTC).strftime("%H:%M").to_string()
}

/// One event at once and one after each change.
async fn changes(State(workspace): State<Workspace>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let versions = futures::stream::unfold((workspace.subscribe(), true), |(mut version, first)| async move {
        if !first {
            version.changed().await.ok()?;
        }
        let number = *version.borrow_and_update();
        Some((Ok(Event::default().data(number.to_string())), (version, false)))
    });
    Sse::new(versions).keep_alive(KeepAlive::default())
}
