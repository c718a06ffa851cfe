//! What is carried over from minute to minute, and the step from one to the next.
//!
//! Nothing is remembered of a node that is well and has been: the size of the memory is that of the trouble.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::config::NodeRules;

use super::bounds::{self, Bounds, Held};
use super::conditions::{self, Conditions};
use super::disk::Filling;
use super::episode::Episode;
use super::events::Events;
use super::look::{Look, NodeEvent, NodeLook, NodeName};
use super::sign::{Sign, Strength};
use super::{About, Call, Statement, YOUNG, restarts};

/// Who falls ill again within this has to be well for longer.
const RELAPSE: SignedDuration = SignedDuration::from_hours(24);
/// How often that doubles.
const MOST_RELAPSES: u32 = 3;
/// For how long a line through a disk's use is good.
const DISK_IS_GOOD: SignedDuration = SignedDuration::from_mins(45);
/// For how long a taint that was asked for counts as one that is about to be.
const ABOUT_TO_BE: SignedDuration = SignedDuration::from_hours(1);
/// After how long without it what ailed many is over.
const COMMON_IS_OVER: SignedDuration = SignedDuration::from_mins(30);

/// What is carried over.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    nodes: BTreeMap<NodeName, Remembered>,
    /// What ails many, by kind, and when it was last seen.
    common: BTreeMap<String, Timestamp>,
}

/// What is remembered of a node.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
struct Remembered {
    uid: String,
    conditions: Conditions,
    events: Events,
    disk: Option<(Timestamp, Filling)>,
    /// When something last ailed it.
    ill_at: Option<Timestamp>,
    episode: Option<Episode>,
    relapses: u32,
    over_at: Option<Timestamp>,
}

impl Remembered {
    fn is_empty(&self, at: Timestamp) -> bool {
        self.conditions.is_empty()
            && self.events.is_empty()
            && self.disk.is_none()
            && self.episode.is_none()
            && self.over_at.is_none_or(|over| at.duration_since(over) >= RELAPSE)
    }

    /// Takes in what was read of the node; returns what ails it.
    fn take<'a>(
        &mut self,
        node: &NodeLook,
        events: impl Iterator<Item = &'a NodeEvent>,
        restarts: Option<&Sign>,
        (at, rules): (Timestamp, &NodeRules),
    ) -> Vec<Sign> {
        let window = SignedDuration::from_mins(rules.window_minutes.into());
        self.uid.clone_from(&node.uid);
        self.conditions = conditions::remember(&self.conditions, &node.conditions, at, window);
        self.events.take(events, at, window);
        if !node.disk.is_empty() {
            self.disk = Filling::of(&node.disk, f64::from(rules.disk_percent)).map(|filling| (at, filling));
        }
        self.disk = self
            .disk
            .filter(|(read, filling)| at.duration_since(*read) < DISK_IS_GOOD && filling.sign(rules).is_some());
        let mut signs = conditions::signs(&self.conditions, &node.conditions, at, rules);
        signs.extend(self.events.signs(rules));
        let now = self.disk.and_then(|(_, filling)| filling.sign(rules)).into_iter().chain(restarts.cloned());
        let before = signs.len();
        signs.extend(now);
        let is_ill = conditions::is_any_ill(&node.conditions) || signs.len() > before;
        let ill_at = [is_ill.then_some(at), conditions::last_change(&self.conditions), self.events.last(), self.ill_at];
        self.ill_at = ill_at.into_iter().flatten().max();
        signs.sort_by(|one, other| {
            let key = |sign: &Sign| (std::cmp::Reverse((sign.strength(), !sign.is_kept_off())), sign.kind());
            key(one).cmp(&key(other))
        });
        signs
    }

    /// For how many minutes nothing has ailed it, where that is long enough.
    fn well_for(&self, at: Timestamp, rules: &NodeRules) -> Option<u32> {
        let since = self.ill_at.or(self.episode.as_ref().map(|episode| episode.since))?;
        let minutes = u32::try_from(at.duration_since(since).as_mins()).unwrap_or(0);
        (minutes >= rules.well_minutes << self.relapses.min(MOST_RELAPSES)).then_some(minutes)
    }

    /// The case is over: what led to it is not counted once more.
    fn end(&mut self, at: Timestamp) {
        let (uid, relapses) = (std::mem::take(&mut self.uid), self.relapses);
        *self = Self { uid, relapses, over_at: Some(at), ..Self::default() };
    }

    fn begin(&mut self, at: Timestamp) -> &mut Episode {
        if self.episode.is_none() {
            let relapse = self.over_at.is_some_and(|over| at.duration_since(over) < RELAPSE);
            self.relapses = if relapse { (self.relapses + 1).min(MOST_RELAPSES) } else { 0 };
        }
        self.episode.get_or_insert_with(|| Episode::new(at))
    }
}

/// Whether signs are reason enough for a taint.
fn is_enough(signs: &[Sign]) -> bool {
    let ours = || signs.iter().filter(|sign| !sign.is_kept_off());
    let kinds: BTreeSet<_> = ours().map(|sign| format!("{:?}", std::mem::discriminant(sign))).collect();
    ours().any(|sign| sign.strength() == Strength::Strong) || kinds.len() > 1
}

impl Memory {
    /// One minute further.
    pub(super) fn step(&mut self, look: &Look, rules: &NodeRules) -> Vec<Statement> {
        let at = look.at;
        let mut statements = self.gone(look);
        let restarts = restarts::signs(look.restarts.as_deref().unwrap_or_default());
        let mut judged: Vec<(&NodeLook, Vec<Sign>)> = Vec::new();
        for node in look.nodes.iter().filter(|node| node.hands.is_none() && !is_young(node, at)) {
            let remembered = self.nodes.entry(node.name.clone()).or_default();
            if remembered.uid != node.uid {
                *remembered = Remembered::default();
            }
            let events = look.events.iter().flatten().filter(|event| event.node == node.name);
            let signs = remembered.take(node, events, restarts.get(&node.name), (at, rules));
            judged.push((node, signs));
        }
        statements.extend(self.common(&mut judged, look));
        judged.sort_by_cached_key(|(node, signs)| {
            let strongest = signs.first().map(|sign| (sign.strength(), signs.len()));
            (std::cmp::Reverse(strongest), node.name.clone())
        });
        let asked = self.about_to_be_tainted(look);
        let mut bounds = Bounds::new(look, asked.iter().collect(), rules);
        for (node, signs) in judged {
            let Some(remembered) = self.nodes.get_mut(&node.name) else { continue };
            statements.extend(judge(remembered, node, signs, &mut bounds, (look, rules)));
        }
        self.nodes.retain(|_, remembered| !remembered.is_empty(at));
        statements
    }

    fn about_to_be_tainted(&self, look: &Look) -> BTreeSet<NodeName> {
        let is_asked = |remembered: &Remembered| {
            let asked = remembered.episode.as_ref().and_then(|episode| episode.taint.at);
            asked.is_some_and(|asked| look.at.duration_since(asked) < ABOUT_TO_BE)
        };
        self.nodes.iter().filter(|(_, it)| is_asked(it)).map(|(name, _)| name.clone()).collect()
    }

    /// Forgets nodes that are no more.
    fn gone(&mut self, look: &Look) -> Vec<Statement> {
        let there: BTreeSet<(&NodeName, &str)> =
            look.nodes.iter().map(|node| (&node.name, node.uid.as_str())).collect();
        let mut statements = Vec::new();
        self.nodes.retain(|name, remembered| {
            let stays = there.contains(&(name, remembered.uid.as_str()));
            if let Some(episode) = remembered.episode.as_ref().filter(|_| !stays) {
                let about = About::Node { name: name.clone(), uid: remembered.uid.clone() };
                statements.push(Statement::new(look.at, episode.since, about, Call::Gone));
            }
            stays
        });
        statements
    }

    /// Takes what ails many off each of them; says it once.
    fn common(&mut self, judged: &mut [(&NodeLook, Vec<Sign>)], look: &Look) -> Vec<Statement> {
        let at = look.at;
        let ill = judged.iter().map(|(node, signs)| (&node.name, signs.as_slice()));
        let common = bounds::common(ill, look.nodes.len());
        let mut statements = Vec::new();
        for (kind, names) in &common {
            let of_kind = judged.iter().flat_map(|(_, signs)| signs).filter(|sign| sign.kind() == *kind);
            let strongest = of_kind.max_by_key(|sign| sign.strength()).cloned();
            if self.common.insert(kind.clone(), at).is_none() {
                let about = About::Many { names: names.clone(), of: look.nodes.len() };
                let signs = strongest.into_iter().collect();
                let said = Statement { signs, held: Some(Held::Common), ..Statement::new(at, at, about, Call::Watch) };
                statements.push(said);
            }
        }
        self.common.retain(|_, last| at.duration_since(*last) < COMMON_IS_OVER);
        // What ailed many a moment ago and is left on few is its tail.
        for (_, signs) in judged.iter_mut() {
            signs.retain(|sign| !self.common.contains_key(&sign.kind()));
        }
        statements
    }
}

fn is_young(node: &NodeLook, at: Timestamp) -> bool {
    node.created_at.is_some_and(|created| at.duration_since(created) < YOUNG)
}

/// What is to be said of one node.
fn judge<'a>(
    remembered: &mut Remembered,
    node: &'a NodeLook,
    signs: Vec<Sign>,
    bounds: &mut Bounds<'a>,
    (look, rules): (&Look, &NodeRules),
) -> Option<Statement> {
    let at = look.at;
    if signs.is_empty() && !node.tainted && remembered.episode.is_none() {
        return None;
    }
    if remembered.episode.as_ref().is_some_and(|episode| episode.is_relieved(node.tainted)) {
        // What we asked for has happened: whatever ails it from now on is another case.
        remembered.end(at);
        return None;
    }
    let about = About::Node { name: node.name.clone(), uid: node.uid.clone() };
    let well_for = remembered.well_for(at, rules).filter(|_| look.events.is_some());
    if remembered.episode.is_none() && signs.is_empty() {
        // Our taint, and nobody remembers why: its time begins.
        remembered.ill_at = remembered.ill_at.max(Some(at));
    }
    let episode = remembered.begin(at);
    episode.see(node.tainted);
    let statement = Statement::new(at, episode.since, about, Call::Watch);
    if let Some(well_minutes) = well_for {
        if node.tainted {
            let due = episode.untaint.is_due(at);
            return due.then(|| {
                let again = episode.untaint.ask(at);
                Statement { decision: Call::Untaint, again, well_minutes, ..statement }
            });
        }
        let said = !episode.said.is_empty();
        remembered.end(at);
        return said.then_some(Statement { decision: Call::Clear, well_minutes, ..statement });
    }
    // Whoever is ill again has to be well again.
    if !signs.is_empty() {
        episode.untaint.at = None;
    }
    let held = if node.tainted || !is_enough(&signs) {
        signs.first().filter(|sign| sign.is_kept_off()).map(|_| Held::KeptOff)
    } else if episode.overruled {
        Some(Held::Overruled)
    } else if !episode.taint.is_due(at) {
        None
    } else {
        match bounds.take(node) {
            Ok(()) => {
                episode.say(&signs, None);
                let again = episode.taint.ask(at);
                return Some(Statement { decision: Call::Taint, signs, again, ..statement });
            }
            Err(held) => Some(held),
        }
    };
    episode.say(&signs, held.as_ref()).then_some(Statement { signs, held, ..statement })
}

impl Statement {
    fn new(timestamp: Timestamp, since: Timestamp, about: About, decision: Call) -> Self {
        Self { timestamp, since, about, decision, signs: Vec::new(), held: None, again: 0, well_minutes: 0 }
    }
}
