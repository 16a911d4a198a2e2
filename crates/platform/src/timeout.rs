//! Waiting with an end. Must be polled by spin-sdk's executor, which waits for pollables.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{Either, poll_fn, select};
use spin_executor::{CancelOnDropToken, push_waker_and_get_token};
use wasi::clocks::monotonic_clock::{now, subscribe_instant};

/// What the future gives, or nothing if it takes longer.
pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let nanoseconds = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
    let end = now().saturating_add(nanoseconds);
    let mut token: Option<CancelOnDropToken> = None;
    let clock = poll_fn(|context| {
        if now() >= end {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        token = Some(push_waker_and_get_token(subscribe_instant(end), waker).into());
        Poll::Pending
    });
    match select(pin!(future), pin!(clock)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}
