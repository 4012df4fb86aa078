//! The `tokopt` program: hands the arguments to the library and returns its
//! exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    tokopt::cli::run(std::env::args_os())
}
