//! A hand-made executor: futures are polled one step at a time, in whatever order the caller likes. A port call gives up
//! its turn once before and once after it acts, so that dropping the future there is a crash at that point.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

pub(crate) type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Gives up the turn once.
pub(crate) async fn turn() {
    let mut given_up = false;
    poll_fn(|_| {
        if given_up {
            return Poll::Ready(());
        }
        given_up = true;
        Poll::Pending
    })
    .await;
}

/// One step of a task; whether it has ended.
pub(crate) fn step(task: &mut Task) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    task.as_mut().poll(&mut context).is_ready()
}

/// Runs a future to its end, alone.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..5_000_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("a future that runs alone does not end");
}
