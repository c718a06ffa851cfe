//! Dialogs that are submitted: <https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload>.

use serde_json::{Value, json};

use super::super::people::person;
use super::super::views::inputs;
use super::super::workspace::{APP_ID, TEAM_DOMAIN, TEAM_ID, Workspace};
use super::request::{self, Delivery, form};

impl Workspace {
    /// Submits a dialog that is open for `user`, filled in with `texts` (block and text); what is acknowledged closes it. As
    /// Slack's own page does, it refuses what is too long and what is left out.
    pub async fn submit(&self, user: &str, view_id: &str, texts: &[(&str, &str)]) -> Delivery {
        let found = self.views().into_iter().find(|open| open.id == view_id && open.user == user);
        let (Some(connection), Some(open), Some(who)) = (self.connection(), found, person(user)) else {
            return Delivery::NotSent;
        };
        let mut view = open.view.clone();
        for (block, element, longest, required) in inputs(&open.view) {
            let text = texts.iter().find(|(name, _)| *name == block).map_or("", |(_, text)| text);
            let length = text.chars().count() as u64;
            if length > longest || (required && length == 0) {
                return Delivery::NotSent;
            }
            let value = if text.is_empty() { Value::Null } else { json!(text) };
            view["state"]["values"][block][element] = json!({"type": "plain_text_input", "value": value});
        }
        let payload = json!({
            "type": "view_submission",
            "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
            "user": {"id": user, "username": who.name, "name": who.name, "team_id": TEAM_ID},
            "api_app_id": APP_ID,
            "token": "sim",
            "trigger_id": self.trigger_id(user),
            "view": view,
            "response_urls": [],
            "is_enterprise_install": false,
            "enterprise": null,
        });
        let body = form(&[("payload", &payload.to_string())]);
        let path = "slack/interactivity";
        let delivery = request::send(&connection, path, "application/x-www-form-urlencoded", body, &[]).await;
        if delivery.is_acknowledged() {
            self.close_view(user, view_id);
        }
        delivery
    }
}
