//! docs/slack-app.md against the code: the manifest declares what the functions use, and nothing else.

use std::collections::BTreeSet;

use serde_json::Value;
use sim::slack::COMMANDS;
use tests::judges::repository;

fn document() -> String {
    std::fs::read_to_string(repository().join("docs/slack-app.md")).expect("the document is there")
}

/// The first YAML block.
fn manifest(document: &str) -> Value {
    let yaml = document.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a YAML block");
    serde_yaml_ng::from_str(yaml).expect("the manifest is YAML")
}

fn texts(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn the_manifest_declares_the_commands_that_there_are() {
    let manifest = manifest(&document());
    let declared = manifest["features"]["slash_commands"].as_array().expect("commands").clone();
    let declared: Vec<_> = declared
        .iter()
        .map(|command| {
            let text = |name: &str| command[name].as_str().unwrap_or_default().to_owned();
            (text("command"), text("usage_hint"), text("description"))
        })
        .collect();
    let known: Vec<_> = COMMANDS
        .iter()
        .map(|command| (command.name.to_owned(), command.usage.to_owned(), command.description.to_owned()))
        .collect();
    assert_eq!(declared, known);
}

#[test]
fn the_manifest_sends_everything_to_the_paths_of_intake() {
    let manifest = manifest(&document());
    let sources = std::fs::read_to_string(repository().join("functions/intake/src/request.rs")).expect("intake");
    let commands = manifest["features"]["slash_commands"].as_array().expect("commands").clone();
    let mut addresses: Vec<String> =
        commands.iter().filter_map(|command| command["url"].as_str().map(str::to_owned)).collect();
    for section in ["event_subscriptions", "interactivity"] {
        addresses.extend(manifest["settings"][section]["request_url"].as_str().map(str::to_owned));
    }
    assert_eq!(addresses.len(), 7);
    for address in addresses {
        let path = address.strip_prefix("https://DOOR.example").expect("one address for all");
        assert!(sources.contains(&format!("\"{path}\"")), "{path} is no path of intake");
    }
}

#[test]
fn the_manifest_asks_for_the_scopes_that_the_methods_need_and_explains_each() {
    let document = document();
    let manifest = manifest(&document);
    let client = std::fs::read_to_string(repository().join("shared/src/slack/client.rs")).expect("the client");
    // What each method of the Web API needs: https://docs.slack.dev/reference/methods.
    let methods = [
        ("chat.postMessage", "chat:write"),
        ("chat.update", "chat:write"),
        ("chat.postEphemeral", "chat:write"),
        ("conversations.history", "channels:history"),
        ("conversations.history", "groups:history"),
        ("files.getUploadURLExternal", "files:write"),
        ("files.completeUploadExternal", "files:write"),
        ("usergroups.list", "usergroups:read"),
        ("usergroups.users.list", "usergroups:read"),
    ];
    let mut needed: BTreeSet<&str> = methods
        .into_iter()
        .filter(|(method, _)| client.contains(&format!("\"{method}\"")))
        .map(|(_, scope)| scope)
        .collect();
    // Of the features that are declared, and of posting without an invitation.
    needed.extend(["commands", "app_mentions:read", "im:history", "chat:write.public"]);
    let declared = texts(&manifest["oauth_config"]["scopes"]["bot"]);
    assert_eq!(declared, needed);
    for scope in declared {
        assert!(document.contains(&format!("| `{scope}` | ")), "{scope} is not explained");
    }
}

#[test]
fn the_manifest_subscribes_to_the_events_that_intake_takes() {
    let manifest = manifest(&document());
    let events = texts(&manifest["settings"]["event_subscriptions"]["bot_events"]).into_iter().collect::<Vec<_>>();
    assert_eq!(events, ["app_mention", "message.im"]);
    let source = std::fs::read_to_string(repository().join("functions/intake/src/slack/event.rs")).expect("intake");
    assert!(source.contains("\"app_mention\"") && source.contains("\"message\"") && source.contains("\"im\""));
}
