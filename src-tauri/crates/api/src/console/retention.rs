//! What a change of the retention limits would take away, before it does.

use super::{Console, now_ms};
use crate::contract::{ApiError, CountRetention, RetentionCounts};

impl Console {
    /// Counts what would be forgotten at the end of the connection's next run under these limits.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn count_retention(
        &self,
        request: CountRetention,
    ) -> Result<RetentionCounts, ApiError> {
        let (_, profile) = self.profile(request.connection_id).await?;
        let mut limits = profile.limits;
        limits.request_log_days = request.request_log_days;
        limits.resolved_days = request.resolved_days;
        limits.history_days = request.history_days;
        let counts = self
            .read(move |conn| {
                zhengqiao_sync::count_forgettable(conn, request.connection_id, &limits, now_ms())
            })
            .await?;
        Ok(RetentionCounts {
            requests: counts.requests,
            resolved: counts.resolved,
            versions: counts.versions,
            runs: counts.runs,
        })
    }
}
