//! Every interruption of every call, over a small ARC of our own.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::*;

const CLUSTER: &str = "prod-eks";

/// ARC as its documentation has it: one shift a resource, expiry, conflicts.
#[derive(Debug, Clone, Default)]
struct Arc {
    standing: Vec<(ResourceArn, Standing)>,
    begun: usize,
}

impl Arc {
    fn pass(&mut self, now: Timestamp) {
        self.standing.retain(|(_, one)| one.expires_at > now);
    }

    fn seen(&self, resources: &[ResourceArn]) -> Seen {
        let of = |resource: &ResourceArn| {
            let standing = self.standing.iter().filter(|(known, _)| known == resource).map(|(_, one)| one.clone());
            State::Managed(standing.collect())
        };
        resources.iter().map(|resource| (resource.clone(), of(resource))).collect()
    }

    fn call(&mut self, step: &Step, now: Timestamp) {
        let until = |minutes: i64| now + SignedDuration::from_mins(minutes);
        match step {
            Step::Start { resource, .. } if self.standing.iter().any(|(known, _)| known == resource) => {
                panic!("a second shift of {resource:?}: ConflictException")
            }
            Step::Start { resource, away_from, minutes, comment } => {
                self.begun += 1;
                let one = Standing {
                    id: ShiftId(format!("shift-{}", self.begun)),
                    away_from: away_from.clone(),
                    expires_at: until(*minutes),
                    comment: comment.to_string(),
                };
                self.standing.push((resource.clone(), one));
            }
            Step::Extend { id, minutes } => {
                let held = self.standing.iter_mut().find(|(_, one)| one.id == *id);
                held.expect("what is extended stands").1.expires_at = until(*minutes);
            }
            Step::Cancel { id } => self.standing.retain(|(_, one)| one.id != *id),
            Step::Leave { .. } => {}
        }
    }

    /// No two zones are left at once by us.
    fn zones(&self) -> BTreeSet<&ZoneId> {
        let ours = self.standing.iter().filter(|(_, one)| Comment::parse(&one.comment).is_some());
        ours.map(|(_, one)| &one.away_from).collect()
    }
}

fn at(minute: i64) -> Timestamp {
    "2026-03-02T03:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

fn zone(name: &str) -> ZoneId {
    ZoneId(name.to_owned())
}

fn want(name: &str, since: i64, until: i64) -> Want {
    Want { zone: zone(name), since: at(since), expires_at: at(until) }
}

fn resources() -> Vec<ResourceArn> {
    ["cluster/prod-eks", "loadbalancer/app/shop", "loadbalancer/app/pay"]
        .map(|name| ResourceArn(format!("arn:aws:example:{name}")))
        .into()
}

/// What is wanted at each minute: a zone is left, the want renewed, returned to, and another left at once.
fn wanted(minute: i64) -> Option<Want> {
    match minute {
        2..10 => Some(want("use1-az1", 2, 12)),
        10..20 => Some(want("use1-az1", 2, 30)),
        20..24 => None,
        24..30 => Some(want("use1-az2", 24, 54)),
        // A want of another zone without an end of the first in between.
        30..36 => Some(want("use1-az3", 30, 60)),
        _ => None,
    }
}

/// Where an invocation ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Crash {
    Before(usize),
    After(usize),
}

#[test]
fn whatever_call_is_interrupted_there_are_never_two_shifts_and_none_is_forgotten() {
    let mut enumerated = 0;
    for crashed in 0..40 {
        for call in 0..6 {
            for crash in [Crash::Before(call), Crash::After(call)] {
                enumerated += 1;
                let (mut arc, resources) = (Arc::default(), resources());
                for minute in 0..40 {
                    let now = at(minute);
                    arc.pass(now);
                    let want = wanted(minute);
                    for (number, step) in steps(CLUSTER, want.as_ref(), &arc.seen(&resources), now).iter().enumerate() {
                        let here = |crash: Crash| minute == crashed && crash == self::crash_of(crash, number);
                        if here(crash) && matches!(crash, Crash::Before(_)) {
                            break;
                        }
                        arc.call(step, now);
                        assert!(arc.zones().len() <= 1, "{crash:?} at {crashed}: {arc:?}");
                        if here(crash) {
                            break;
                        }
                    }
                    // One minute for the call that was interrupted, one for what had to end first.
                    if minute - crashed >= 2 || minute < crashed {
                        let settled = (minute - 2..=minute).all(|before| {
                            wanted(before).map(|want| want.zone) == want.as_ref().map(|want| want.zone.clone())
                        });
                        if settled {
                            let held: BTreeSet<_> = arc.standing.iter().map(|(resource, _)| resource).collect();
                            let expected = if want.is_some() { resources.len() } else { 0 };
                            assert_eq!(held.len(), expected, "{crash:?} at {crashed}, minute {minute}: {arc:?}");
                        }
                    }
                }
                assert!(arc.standing.is_empty(), "{crash:?} at {crashed}: {arc:?}");
            }
        }
    }
    assert_eq!(enumerated, 480);
}

/// The same kind of crash at this call.
fn crash_of(crash: Crash, number: usize) -> Crash {
    match crash {
        Crash::Before(_) => Crash::Before(number),
        Crash::After(_) => Crash::After(number),
    }
}

#[test]
fn where_nobody_is_left_to_end_it_a_shift_ends_by_itself() {
    let (mut arc, resources) = (Arc::default(), resources());
    let wanted = want("use1-az1", 0, 30);
    steps(CLUSTER, Some(&wanted), &arc.seen(&resources), at(0)).iter().for_each(|step| arc.call(step, at(0)));
    assert_eq!(arc.standing.len(), 3);
    arc.pass(at(30));
    assert!(arc.standing.is_empty());
    // Whoever comes back later finds a want that has lapsed, and begins nothing.
    assert_eq!(steps(CLUSTER, Some(&wanted), &arc.seen(&resources), at(31)), []);
}

#[test]
fn what_stands_long_enough_is_not_called_for_again() {
    let (mut arc, resources) = (Arc::default(), resources());
    let run = |arc: &mut Arc, want: &Want, now| {
        let steps = steps(CLUSTER, Some(want), &arc.seen(&resources), now);
        steps.iter().for_each(|step| arc.call(step, now));
        steps.len()
    };
    assert_eq!(run(&mut arc, &want("use1-az1", 0, 30), at(0)), 3);
    assert_eq!(run(&mut arc, &want("use1-az1", 0, 30), at(1)), 0);
    assert_eq!(run(&mut arc, &want("use1-az1", 0, 60), at(26)), 3);
    assert_eq!(run(&mut arc, &want("use1-az1", 0, 60), at(27)), 0);
}

fn others(zone_name: &str) -> Standing {
    Standing {
        id: ShiftId("autoshift-1".to_owned()),
        away_from: zone(zone_name),
        expires_at: at(600),
        comment: "practice run".to_owned(),
    }
}

#[test]
fn what_others_began_is_left_alone_and_no_second_zone_is_left_beside_it() {
    let resources = resources();
    let mut arc = Arc::default();
    arc.standing.push((resources[1].clone(), others("use1-az2")));
    let said = steps(CLUSTER, Some(&want("use1-az1", 0, 30)), &arc.seen(&resources), at(0));
    assert!(said.iter().all(|step| matches!(step, Step::Leave { why: Why::AnotherZone(_), .. })), "{said:?}");
    assert_eq!(steps(CLUSTER, None, &arc.seen(&resources), at(0)), []);
    // The same zone: what is left to do is done.
    arc.standing = vec![(resources[1].clone(), others("use1-az1"))];
    let said = steps(CLUSTER, Some(&want("use1-az1", 0, 30)), &arc.seen(&resources), at(0));
    assert_eq!(said.iter().filter(|step| matches!(step, Step::Start { .. })).count(), 2, "{said:?}");
    assert!(said.iter().any(|step| matches!(step, Step::Leave { why: Why::LeftByOthers(_), .. })), "{said:?}");
}

#[test]
fn what_could_not_be_read_may_be_another_zone_so_nothing_is_started() {
    let resources = resources();
    let mut seen = Arc::default().seen(&resources);
    seen.insert(resources[0].clone(), State::Unread);
    let said = steps(CLUSTER, Some(&want("use1-az1", 0, 30)), &seen, at(0));
    assert!(said.iter().all(|step| matches!(step, Step::Leave { why: Why::Unread, .. })), "{said:?}");
    // What is not managed holds nothing up.
    seen.insert(resources[0].clone(), State::Unmanaged);
    let said = steps(CLUSTER, Some(&want("use1-az1", 0, 30)), &seen, at(0));
    assert_eq!(said.iter().filter(|step| matches!(step, Step::Start { .. })).count(), 2, "{said:?}");
}

#[test]
fn another_clusters_shift_is_not_ours() {
    let resources = resources();
    let mut arc = Arc::default();
    let comment = Comment { cluster: "stage-eks".to_owned(), since: at(0) };
    arc.standing.push((resources[1].clone(), Standing { comment: comment.to_string(), ..others("use1-az1") }));
    assert_eq!(steps(CLUSTER, None, &arc.seen(&resources), at(1)), []);
    assert_eq!(Comment::parse(&comment.to_string()), Some(comment));
    assert_eq!(Comment::parse("nightshift prod-eks since yesterday"), None);
}
