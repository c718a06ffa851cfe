//! What must outlive an invocation: incidents, idempotency, outbox, decision records.
//!
//! Below, [`Backend`]: items with conditional writes, over DynamoDB ([`DynamoStore`], one table with the keys `pk` and `sk`)
//! or a file ([`FileStore`]); one contract test judges both. Above it [`Store`]: what Nightshift keeps, written once, in
//! terms of read, compare and write. Every write repeats harmlessly: whoever is interrupted is repeated from the start.
//!
//! | partition | sort key | what |
//! |---|---|---|
//! | `effect#EVENT` | effect | idempotency record |
//! | `outbox#KEY` | `row` | a message on its way |
//! | `outbox` | time`#`key | which messages are not known to be sent |
//! | `decision#ID` | `record` | situation and decision |
//! | `decisions` | time`#`id | the list of them |
//! | `alarm#CLUSTER#ALARM` | `track` | what is known of an alarm |
//! | `incident#FINGERPRINT` | `current`, `alias`, `replaced#ID` | the latest incident of a fingerprint; another fingerprint it goes under; one before it of which something is left to show |
//! | `open#CLUSTER` | fingerprint | incidents that are not over |
//! | `past#CLUSTER` | time`#`id | incidents that are |
//! | `unshown` | channel`#`fingerprint | incidents people have yet to be shown something of |
//! | `slot#CHANNEL` | `slot` | when the next message may go |
//! | `gathering#CLUSTER#CHANNEL` | `gathering` | the incident that alarms without a known cause share |
//! | `remediation#ID` | `case` | an action on its way |
//! | `remediation-open` | id | actions that are not over |
//! | `remediation-of#INCIDENT` | id | actions that were proposed in an incident |
//! | `lock#CLUSTER` | object | the action that may change it |
//! | `audit` | number | an entry of the audit log; `audit-head` holds the latest's number and hash |
//! | `document#CLUSTER` | time`#`id | what an incident that is over teaches; `document-of#INCIDENT` says where |
//! | `nodes#CLUSTER` | `current` | what is remembered of its nodes, and what is still to be said of them |
//! | `finding#ID` | `current` | a finding of GuardDuty and what was done about it; `findings-open#CLUSTER` lists those that wait |
//! | `vote#INCIDENT` | user | what somebody says of its diagnosis |
//! | `zones#CLUSTER` | `current` | what is wanted of its zones, and the memory of the judgement |
//! | `zone-thread#STORY` | `thread` | where a suspicion of a zone is told |
//! | `zone-named#REGION` | zone | that AWS says a zone is impaired |
//! | `blob#HASH` | number | a part of an item that is larger than one item may be |

mod backend;
#[cfg(test)]
mod contract;
mod decision;
#[cfg(feature = "remediation")]
mod documents;
#[cfg(feature = "dynamodb")]
mod dynamodb;
#[cfg(feature = "embedded-store")]
mod file;
mod format;
mod idempotency;
mod incidents;
#[cfg(test)]
pub(crate) mod memory;
mod nodes;
mod outbox;
#[cfg(feature = "remediation")]
mod remediation;
mod table;
#[cfg(feature = "remediation")]
mod zone_notes;
mod zones;

pub use backend::{Backend, Expect, Item, Key, Query, SortRange, StoreError, Version};
pub use decision::{DecisionId, DecisionRecord, DecisionSummary};
#[cfg(feature = "dynamodb")]
pub use dynamodb::DynamoStore;
#[cfg(feature = "embedded-store")]
pub use file::FileStore;
pub use idempotency::{Begin, Claim, EffectKey};
pub use incidents::{PastIncident, Repeated, Triage};
pub use outbox::{OutboxClaim, OutboxKey, OutboxRow, OutboxState, TakeOutbox};
#[cfg(feature = "remediation")]
pub use remediation::{KeptCase, Lock};
pub use table::Store;
#[cfg(feature = "remediation")]
pub use zone_notes::ZoneThread;
pub use zones::Zones;

use std::path::PathBuf;

/// Where the store is: the setting `NIGHTSHIFT_STORE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// `dynamodb:TABLE`.
    DynamoDb {
        /// The table's name.
        table: String,
    },
    /// `file:PATH`.
    File {
        /// The file.
        path: PathBuf,
    },
}

impl std::str::FromStr for StoreLocation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("dynamodb", table)) if !table.is_empty() => Ok(Self::DynamoDb { table: table.to_owned() }),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File { path: path.into() }),
            _ => Err(format!("is \"{text}\"; write dynamodb:TABLE or file:PATH")),
        }
    }
}
