//! What goes wrong in a fault enumeration, and where.

use serde_json::Value;
use sim::fault::{Call, Fault, Faults, Rule, Service};

use crate::memory::{Memory, StoreFault};

/// One call, and what goes wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// A call to the store.
    Store {
        /// Which, counted from the first.
        call: usize,
        /// What.
        fault: StoreFault,
    },
    /// A call to a service.
    Service {
        /// Which.
        service: Service,
        /// Which operation.
        operation: String,
        /// How many of it go well first.
        skip: usize,
        /// What goes wrong.
        fault: Fault,
        /// Whether the process ends then.
        crash: bool,
    },
}

/// A trouble, and its call site's name.
pub type Sited = (String, Trouble);

impl Trouble {
    /// Everything that can go wrong with the calls that this store and these faults have in their journals, of operations
    /// that are `known`, by call site.
    ///
    /// # Panics
    ///
    /// Where an operation is not known.
    pub fn all(store: &Memory, calls: &[Call], known: &[&str]) -> Vec<Sited> {
        for call in calls {
            assert!(
                known.contains(&call.operation.as_str()),
                "an operation not known to this test: {}",
                call.operation
            );
        }
        [Self::of_store(&store.journal(), |_| true), Self::of_calls(calls, |_| true)].concat()
    }

    /// Everything that can go wrong with the calls of a store that are `concerned`. Reading has no effect to be lost.
    pub fn of_store(journal: &[String], concerned: impl Fn(&str) -> bool) -> Vec<Sited> {
        let calls = journal.iter().enumerate().filter(|(_, name)| concerned(name));
        let site = |(call, name): (usize, &String)| {
            let reads = name.starts_with("get ") || name.starts_with("query ");
            let faults = if reads { &StoreFault::OF_READING[..] } else { &StoreFault::ALL[..] };
            let site = format!("store {name}");
            faults.iter().map(|&fault| (site.clone(), Self::Store { call, fault })).collect::<Vec<_>>()
        };
        calls.flat_map(site).collect()
    }

    /// Everything that can go wrong with the calls to services that are `concerned`.
    pub fn of_calls(calls: &[Call], concerned: impl Fn(&Call) -> bool) -> Vec<Sited> {
        let mut troubles = Vec::new();
        for (index, call) in calls.iter().enumerate().filter(|(_, call)| concerned(call)) {
            let same = |before: &&Call| (before.service, &before.operation) == (call.service, &call.operation);
            let skip = calls[..index].iter().filter(same).count();
            let crashes = [(Fault::Timeout, true), (Fault::TimeoutAfterEffect, true)];
            for (fault, crash) in Fault::ALL.into_iter().map(|fault| (fault, false)).chain(crashes) {
                let operation = call.operation.clone();
                let site = format!("{:?} {operation}", call.service).to_lowercase();
                troubles.push((site, Self::Service { service: call.service, operation, skip, fault, crash }));
            }
        }
        troubles
    }

    /// The store and the faults of a life that this happens in.
    pub fn arm(trouble: Option<&Self>) -> (Memory, Faults) {
        let faults = Faults::default();
        (Self::inject(trouble, &faults), faults)
    }

    /// The store of a life that this happens in; what happens to services is put into `faults`.
    pub fn inject(trouble: Option<&Self>, faults: &Faults) -> Memory {
        match trouble {
            None => Memory::default(),
            Some(Self::Store { call, fault }) => Memory::failing(*call, *fault),
            Some(Self::Service { service, operation, skip, fault, .. }) => {
                faults.inject(Rule { skip: *skip, ..Rule::once(*service, operation, *fault) });
                Memory::default()
            }
        }
    }

    /// Whether the process ends with a call to a service.
    pub const fn crashes(&self) -> bool {
        matches!(self, Self::Service { crash: true, .. })
    }

    /// Whether an answer never comes.
    pub const fn is_time_out(&self) -> bool {
        matches!(self, Self::Service { crash: false, fault: Fault::Timeout | Fault::TimeoutAfterEffect, .. })
    }

    /// What goes wrong, in a table's head.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Store { fault: StoreFault::Refused, .. } => "refused",
            Self::Store { fault: StoreFault::LostAnswer, .. } => "answer lost",
            Self::Store { fault: StoreFault::CrashBefore, .. } => "crash before",
            Self::Store { fault: StoreFault::CrashAfter, .. } => "crash after",
            Self::Service { crash: true, fault: Fault::Timeout, .. } => "crash before",
            Self::Service { crash: true, .. } => "crash after",
            Self::Service { fault, .. } => match fault {
                Fault::Throttle => "throttle",
                Fault::ServerError => "5xx",
                Fault::Timeout => "time-out before",
                Fault::Cut => "cut before",
                Fault::Malformed => "malformed",
                Fault::TimeoutAfterEffect => "time-out after",
                Fault::CutAfterEffect => "cut after",
            },
        }
    }
}

/// Whether the trouble of a life has come about.
pub fn has_struck(store: &Memory, faults: &Faults) -> bool {
    store.has_struck() || faults.journal().iter().any(|call| call.fault.is_some())
}

/// What a process makes of an invocation; `None` where its trouble ends it before.
pub async fn attempt<T>(work: impl Future<Output = T>, store: &Memory, faults: &Faults, crashes: bool) -> Option<T> {
    let hung = faults.hung();
    tokio::select! {
        answer = work => Some(answer),
        () = store.crash.notified() => None,
        () = hung, if crashes => None,
    }
}

/// Whether the queue is told that everything of its batch is dealt with.
pub fn is_taken<E>(answer: Option<Result<Value, E>>) -> bool {
    let answer = answer.and_then(Result::ok);
    answer.is_some_and(|answer| answer["batchItemFailures"].as_array().is_some_and(Vec::is_empty))
}
