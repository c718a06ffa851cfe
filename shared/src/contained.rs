//! A panic stays within the record or the cluster whose work it ended: the others of the invocation go on.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;

/// Runs `work`; a panic in it becomes the error that `panicked` makes of its message.
///
/// # Errors
///
/// That of `work`, or that of its panic.
pub async fn contained<T, E>(
    work: impl Future<Output = Result<T, E>>,
    panicked: impl FnOnce(String) -> E,
) -> Result<T, E> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.unwrap_or_else(|panic| Err(panicked(message(&*panic))))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_error_with_its_message() {
        let outcome = contained(async { if true { panic!("index out of bounds") } else { Ok(()) } }, Some).await;
        assert_eq!(outcome, Err(Some("index out of bounds".to_owned())));
        let at = 7;
        let outcome = contained(async { if true { panic!("no record {at}") } else { Ok(()) } }, Some).await;
        assert_eq!(outcome, Err(Some("no record 7".to_owned())));
        let outcome = contained(async { if true { std::panic::panic_any(at) } else { Ok(()) } }, Some).await;
        assert_eq!(outcome, Err(Some("no message".to_owned())));
    }

    #[tokio::test]
    async fn what_does_not_panic_is_left_as_it_is() {
        assert_eq!(contained(async { Ok::<_, String>(1) }, |text| text).await, Ok(1));
        assert_eq!(
            contained(async { Err::<(), _>("refused".to_owned()) }, |text| text).await,
            Err("refused".to_owned())
        );
    }
}
