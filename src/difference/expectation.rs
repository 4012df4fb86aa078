//! Last month's plan held against a later log.
