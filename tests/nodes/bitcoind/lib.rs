//! Empty: cargo wants a target before it vendors the one dependency.
