//! The `switchboard` binary: everything is in the library, so that tests can use it too.

use std::process::ExitCode;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    web::cli::main()
}
