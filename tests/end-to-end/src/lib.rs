//! The running application, driven from outside.
