//! Schedules.

use zhengqiao_api::contract::{
    ComingRequest, ComingRuns, Nothing, PreviewSchedule, SaveSchedule, ScheduleFiles, ScheduleId,
    SchedulePreview, ScheduleRow,
};

hand_over! {
    save_schedule(SaveSchedule) -> ScheduleRow;
    remove_schedule(ScheduleId) -> Nothing;
    preview_schedule(PreviewSchedule) -> SchedulePreview;
    list_coming_runs(ComingRequest) -> Vec<ComingRuns>;
    get_schedule_files(ScheduleId) -> ScheduleFiles;
    list_schedules(Nothing) -> Vec<ScheduleRow>;
}
