//! What the guards say of a run, and what a person decides.

use zhengqiao_api::contract::{DecideRun, Nothing, RunGuards, RunId};

hand_over! {
    get_run_guards(RunId) -> RunGuards;
    decide_run(DecideRun) -> Nothing;
}
