//! One reading's bounds, used up by all its requests together.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use jiff::Timestamp;
use tokio::{
    sync::{Semaphore, SetOnce},
    time::Instant,
};

use super::{ReadError, ReadPlan, keep::Scale};
use crate::snapshot::Gap;

/// The state of one reading.
pub(super) struct Reading<'a> {
    pub(super) plan: &'a ReadPlan,
    deadline: Instant,
    bytes_left: AtomicUsize,
    slots: Semaphore,
    answered: AtomicBool,
    dead: AtomicBool,
    notes: Mutex<Notes>,
    scale: SetOnce<Scale>,
}

#[derive(Default)]
struct Notes {
    gaps: Vec<Gap>,
    first_error: Option<ReadError>,
    server_time: Option<Timestamp>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(plan: &'a ReadPlan) -> Self {
        Self {
            plan,
            deadline: Instant::now() + plan.time,
            bytes_left: AtomicUsize::new(plan.bytes),
            slots: Semaphore::new(plan.concurrency.max(1)),
            answered: AtomicBool::new(false),
            dead: AtomicBool::new(false),
            notes: Mutex::default(),
            scale: SetOnce::new(),
        }
    }

    /// Waits for its turn; the request's time starts after it.
    pub(super) async fn turn(&self, what: &str) -> Result<(tokio::sync::SemaphorePermit<'_>, Instant), ReadError> {
        let over = || ReadError::Budget { what: what.to_owned(), limit: format!("{} ms", self.plan.time.as_millis()) };
        let permit = tokio::time::timeout_at(self.deadline, self.slots.acquire()).await.map_err(|_elapsed| over())?;
        let permit = permit.map_err(|_closed| over())?;
        if self.dead.load(Ordering::Relaxed) {
            return Err(ReadError::Budget { what: what.to_owned(), limit: "the first requests failed".to_owned() });
        }
        if self.bytes_left.load(Ordering::Relaxed) == 0 {
            let limit = format!("{} bytes", self.plan.bytes);
            return Err(ReadError::Budget { what: what.to_owned(), limit });
        }
        Ok((permit, (Instant::now() + self.plan.request_time).min(self.deadline)))
    }

    /// The scale to read a kind at: for one that waits, as soon as it is known.
    pub(super) async fn scale(&self, waits: bool) -> Scale {
        let mut scale = match waits {
            true => match tokio::time::timeout_at(self.deadline, self.scale.wait()).await {
                Ok(scale) => scale.clone(),
                Err(_elapsed) => Scale::of(&self.plan.focus),
            },
            false => Scale::of(&self.plan.focus),
        };
        scale.now = self.notes().server_time;
        scale
    }

    /// Lets those that wait for the scale go on; the first word counts.
    pub(super) fn set_scale(&self, scale: Scale) {
        let _ = self.scale.set(scale);
    }

    /// Counts bytes that came.
    pub(super) fn took(&self, bytes: usize) {
        let _ =
            self.bytes_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(bytes)));
    }

    /// Notes that the API answered, and its clock.
    pub(super) fn answered(&self, server_time: Option<Timestamp>) {
        self.answered.store(true, Ordering::Relaxed);
        if let Some(time) = server_time {
            let mut notes = self.notes();
            notes.server_time = notes.server_time.max(Some(time));
        }
    }

    /// Notes what could not be read. The first failure of a reading that nothing has answered yet ends it, when no other
    /// request can fare better.
    pub(super) fn missing(&self, what: impl Into<String>, error: ReadError) {
        if error.is_total() && !self.answered.load(Ordering::Relaxed) {
            self.dead.store(true, Ordering::Relaxed);
        }
        let gap = Gap { what: what.into(), why: error.chain() };
        let mut notes = self.notes();
        notes.gaps.push(gap);
        notes.first_error.get_or_insert(error);
    }

    /// Notes something missing for a reason of our own.
    pub(super) fn left_out(&self, what: impl Into<String>, why: impl Into<String>) {
        self.notes().gaps.push(Gap { what: what.into(), why: why.into() });
    }

    /// What is missing, and the API's clock; or the first error, when nothing was answered.
    pub(super) fn end(self) -> Result<(Vec<Gap>, Option<Timestamp>), ReadError> {
        let answered = self.answered.into_inner();
        let notes = self.notes.into_inner().unwrap_or_else(PoisonError::into_inner);
        match notes.first_error {
            Some(error) if !answered => Err(error),
            _ => Ok((notes.gaps, notes.server_time)),
        }
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
