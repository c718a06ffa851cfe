//! What goes wrong in a fault enumeration, and where.

use sim::fault::{Call, Fault, Faults, Rule, Service};

use crate::memory::{Memory, StoreFault};

/// One call, and what goes wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        operation: &'static str,
        /// How many of it go well first.
        skip: usize,
        /// What goes wrong.
        fault: Fault,
        /// Whether the process ends then.
        crash: bool,
    },
}

impl Trouble {
    /// Everything that can go wrong with the calls that this store and these faults have in their journals, of operations
    /// that are `known`, by call site.
    ///
    /// # Panics
    ///
    /// Where an operation is not known.
    pub fn all(store: &Memory, calls: &[Call], known: &[&'static str]) -> Vec<(String, Self)> {
        let mut troubles = Vec::new();
        for (call, name) in store.journal().into_iter().enumerate() {
            for fault in StoreFault::ALL {
                troubles.push((format!("store {name}"), Self::Store { call, fault }));
            }
        }
        for (index, call) in calls.iter().enumerate() {
            let Some(operation) = known.iter().copied().find(|known| *known == call.operation) else {
                panic!("an operation that this test does not know: {}", call.operation);
            };
            let skip = calls[..index].iter().filter(|before| before.operation == operation).count();
            let crashes = [(Fault::Timeout, true), (Fault::TimeoutAfterEffect, true)];
            for (fault, crash) in Fault::ALL.into_iter().map(|fault| (fault, false)).chain(crashes) {
                let trouble = Self::Service { service: call.service, operation, skip, fault, crash };
                troubles.push((format!("{:?} {operation}", call.service).to_lowercase(), trouble));
            }
        }
        troubles
    }

    /// The store and the faults of a life that this happens in.
    pub fn arm(trouble: Option<Self>) -> (Memory, Faults) {
        let faults = Faults::default();
        let store = match trouble {
            Some(Self::Store { call, fault }) => Memory::failing(call, fault),
            _ => Memory::default(),
        };
        if let Some(Self::Service { service, operation, skip, fault, .. }) = trouble {
            faults.inject(Rule { skip, ..Rule::once(service, operation, fault) });
        }
        (store, faults)
    }

    /// Whether the process ends with a call to a service.
    pub const fn crashes(&self) -> bool {
        matches!(self, Self::Service { crash: true, .. })
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
