//! One file or folder per outside service, and the sandbox that imitates them.

pub mod sandbox;
