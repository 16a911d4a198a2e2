//! The platform's clock and randomness (wasi:clocks, wasi:random).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use release::ports::Clock;

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn random(&self) -> [u8; 16] {
        uuid::Uuid::new_v4().into_bytes()
    }

    async fn sleep_ms(&self, ms: u64) {
        // A component has one thread and nothing else to do meanwhile.
        std::thread::sleep(Duration::from_millis(ms));
    }
}
