//! Buttons for services; a menu where there are many.

use shared::slack::{Block, Button, Choice as Option_, Colour, Element, Message, StaticSelect};

use super::{Style, barred, gaps, more, quote};
use crate::event::{Command, Target};
use crate::situation::{Choice, Services};

/// Up to this many get a button each.
const BUTTONS: usize = 20;
/// What one menu holds.
const MENU: usize = 100;
/// Menus that are shown.
const MENUS: usize = 5;

pub(super) fn message(command: Command, services: &Services, cluster: &str, style: &Style) -> Message {
    let all = services.all.value().map(Vec::as_slice).unwrap_or_default();
    let why: Vec<String> = services.all.gap().map(str::to_owned).into_iter().collect();
    if all.is_empty() {
        let headline = match (&services.discovered_in, why.is_empty()) {
            (Some(namespace), true) => {
                style.phrases.say_with("choose-no-deployments", &[("namespace", namespace.into())])
            }
            _ => style.phrases.say("choose-none"),
        };
        let mut blocks = vec![Block::context([&quote(&style.phrases.say("choose-none-help"))])];
        blocks.extend(gaps(&why, style));
        return barred(Colour::Warning, &quote(&headline), blocks);
    }
    let headline = match services.asked.is_empty() {
        true => style.phrases.say("choose-service"),
        false => style.phrases.say_with("choose-not-found", &[("asked", (&services.asked).into())]),
    };
    let headline = quote(&headline);
    let mut blocks = vec![Block::section(&shared::mrkdwn!("*{}*", headline))];
    blocks.extend(elements(command, all, cluster, style));
    blocks.extend(gaps(&why, style));
    Message::new(&headline).blocks(blocks)
}

/// Something to choose a service with.
pub(super) fn elements(command: Command, all: &[Choice], cluster: &str, style: &Style) -> Vec<Block> {
    let action = format!("{}.pick", command.name());
    let value = |choice: &Choice| Target { cluster: cluster.to_owned(), workload: choice.workload.clone() }.to_string();
    if all.len() <= BUTTONS {
        let buttons = all.iter().enumerate().map(|(index, choice)| {
            // Each element of a block needs an action id of its own.
            Element::from(Button::new(&choice.name, &format!("{action}.{index}"), &value(choice)))
        });
        return vec![Block::actions(buttons)];
    }
    let placeholder = style.phrases.say("choose-placeholder");
    let menus = all.chunks(MENU).take(MENUS).enumerate().map(|(index, part)| {
        let label = |choice: &Choice| format!("{}/{}", choice.workload.namespace, choice.name);
        // A value of a menu holds 150 characters; names of more are left to be written after the command.
        let fitting = part.iter().filter(|choice| value(choice).len() <= 150);
        let options = fitting.map(|choice| Option_::new(&label(choice), &value(choice)));
        Element::from(StaticSelect::new(&placeholder, &format!("{action}.menu{index}"), options))
    });
    let mut blocks = vec![Block::actions(menus)];
    if all.len() > MENU * MENUS {
        blocks.push(Block::context([&more(all.len() - MENU * MENUS, style)]));
    }
    blocks
}
