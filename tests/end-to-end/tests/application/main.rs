//! The application as its clients see it, on the local host or on the real Spin (`SPIN_BIN`), with real Git.

mod shipping;
