//! The command `counterfoil`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    counterfoil::cli::main()
}
