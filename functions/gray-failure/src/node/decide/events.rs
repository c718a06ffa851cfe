//! Events of nodes that tell of trouble below the pods.
//!
//! The API server folds repetitions into one event and counts them; what counts here is by how much that grew within the
//! window. Reasons are the kubelet's, the EKS node monitoring agent's and the node problem detector's.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::config::NodeRules;

use super::look::NodeEvent;
use super::sign::{Sign, Strength};

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// Hung tasks, lockups, bugs of the kernel.
    Kernel,
    /// The system itself ran out of memory: not a container within its limit.
    SystemOom,
    /// It was rebooted.
    Reboot,
    /// The kubelet started anew.
    KubeletRestart,
    /// The container runtime started anew or does not answer.
    RuntimeRestart,
    /// The filesystem is read-only or fails.
    Filesystem,
    /// No space could be freed.
    DiskSpace,
    /// An accelerator reports errors.
    Accelerator,
}

impl EventKind {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::SystemOom => "system-oom",
            Self::Reboot => "reboot",
            Self::KubeletRestart => "kubelet-restart",
            Self::RuntimeRestart => "runtime-restart",
            Self::Filesystem => "filesystem",
            Self::DiskSpace => "disk-space",
            Self::Accelerator => "accelerator",
        }
    }

    /// How often within the window is reason enough: an update reboots once and starts every daemon once or twice.
    const fn enough(self) -> u32 {
        match self {
            Self::Filesystem => 1,
            Self::Reboot => 2,
            Self::Kernel | Self::SystemOom | Self::Accelerator => 3,
            Self::KubeletRestart | Self::RuntimeRestart | Self::DiskSpace => 4,
        }
    }
}

/// What kind of trouble an event of a node tells of, by its reason.
pub fn kind_of(reason: &str) -> Option<EventKind> {
    Some(match reason {
        "KernelOops" | "TaskHung" | "DockerHung" | "KernelDeadlock" | "KernelBug" | "SoftLockup" | "HardLockup"
        | "AppBlocked" | "RCUStall" => EventKind::Kernel,
        "SystemOOM" => EventKind::SystemOom,
        "Rebooted" => EventKind::Reboot,
        "Starting" | "KubeletStart" | "FrequentKubeletRestart" | "KubeletFailed" => EventKind::KubeletRestart,
        "ContainerdStart"
        | "DockerStart"
        | "FrequentContainerdRestart"
        | "FrequentDockerRestart"
        | "ContainerRuntimeFailed"
        | "ContainerRuntimeUnhealthy" => EventKind::RuntimeRestart,
        "FilesystemIsReadOnly" | "ReadonlyFilesystem" | "CorruptDockerOverlay2" => EventKind::Filesystem,
        "FreeDiskSpaceFailed" | "ImageGCFailed" | "EvictionThresholdMet" => EventKind::DiskSpace,
        "NvidiaDoubleBitError" | "NvidiaNVLinkError" | "NeuronDMAError" | "NeuronHBMUncorrectableError" => {
            EventKind::Accelerator
        }
        reason if reason.starts_with("NvidiaXID") => EventKind::Accelerator,
        _ => return None,
    })
}

/// What happened, and when it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Noted {
    at: Timestamp,
    kind: EventKind,
    reason: String,
    times: u32,
}

/// What is remembered of a node's events.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Events {
    /// What happened within the window, oldest first.
    noted: Vec<Noted>,
    /// How often each event was counted so far.
    counted: BTreeMap<String, u32>,
}

impl Events {
    pub(super) const fn is_empty(&self) -> bool {
        self.noted.is_empty()
    }

    /// When something last happened.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.noted.iter().map(|noted| noted.at).max()
    }

    /// Takes in the events of a node.
    pub(super) fn take<'a>(
        &mut self,
        events: impl Iterator<Item = &'a NodeEvent>,
        at: Timestamp,
        window: SignedDuration,
    ) {
        let mut counted = BTreeMap::new();
        for event in events.filter(|event| at.duration_since(event.last) < window) {
            let times = match self.counted.get(&event.id) {
                Some(before) => event.times.saturating_sub(*before),
                None if at.duration_since(event.first) < window => event.times,
                // Most of it lies before the window: only the last is certain to be within.
                None => 1,
            };
            counted.insert(event.id.clone(), event.times);
            if times > 0 {
                let (kind, reason) = (event.kind, event.reason.clone());
                self.noted.push(Noted { at: event.last.min(at), kind, reason, times });
            }
        }
        self.counted = counted;
        self.noted.retain(|noted| at.duration_since(noted.at) < window);
        self.noted.sort_by_key(|noted| noted.at);
    }

    /// What they say of the node.
    pub(super) fn signs(&self, rules: &NodeRules) -> Vec<Sign> {
        let mut by_kind: BTreeMap<EventKind, (u32, &str)> = BTreeMap::new();
        for noted in &self.noted {
            let (times, reason) = by_kind.entry(noted.kind).or_default();
            *times = times.saturating_add(noted.times);
            *reason = &noted.reason;
        }
        let fitting = by_kind.into_iter().filter_map(|(kind, (times, reason))| {
            let strength = match times {
                times if times >= kind.enough() => Strength::Strong,
                times if times >= kind.enough().div_ceil(2).max(1) && kind != EventKind::Reboot => Strength::Weak,
                _ => return None,
            };
            let (reason, within_minutes) = (reason.to_owned(), rules.window_minutes);
            Some(Sign::Events { kind, reason, times, within_minutes, strength })
        });
        fitting.collect()
    }
}
