//! Saved views: a user's named filters of rejected records.

use zhengqiao_store::saved_view;

use super::inbox::parts;
use super::{Console, actor, invalid, not_found, now_ms};
use crate::contract::{ApiError, Nothing, RejectionFilter, SaveView, SavedView, ViewName};

/// Longest name of a view, in characters.
const LONGEST_NAME: usize = 60;

impl Console {
    /// The present user's views by name.
    ///
    /// # Errors
    /// The cache's.
    pub async fn list_views(&self) -> Result<Vec<SavedView>, ApiError> {
        self.read(|conn| {
            saved_view::list(conn, &actor())?
                .into_iter()
                .map(|view| {
                    Ok(SavedView {
                        filter: serde_json::from_str(&view.filter)?,
                        name: view.name,
                        saved_at: view.saved_at,
                    })
                })
                .collect()
        })
        .await
    }

    /// Saves a filter under a name. The connection is no part of it: a view holds for whichever is
    /// looked at.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::InvalidRequest`] for a name that is none, or a filter that
    /// cannot be used.
    pub async fn save_view(&self, request: SaveView) -> Result<Nothing, ApiError> {
        let name = request.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(invalid(format!(
                "name: give a name of at most {LONGEST_NAME} characters"
            )));
        }
        parts(&request.filter)?;
        let filter = RejectionFilter {
            connection_id: None,
            ..request.filter
        };
        self.write(move |tx| {
            let text = serde_json::to_string(&filter)?;
            saved_view::save(tx, &actor(), &name, &text, now_ms())
        })
        .await?;
        Ok(Nothing {})
    }

    /// The filter of a view of the present user.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn view_filter(&self, name: &str) -> Result<RejectionFilter, ApiError> {
        let wanted = name.to_owned();
        self.read(move |conn| {
            saved_view::filter(conn, &actor(), &wanted)?
                .map(|text| Ok(serde_json::from_str(&text)?))
                .transpose()
        })
        .await?
        .ok_or_else(|| not_found(format!("there is no view {name:?}")))
    }

    /// Removes a view of the present user.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::NotFound`].
    pub async fn remove_view(&self, request: ViewName) -> Result<Nothing, ApiError> {
        let name = request.name.clone();
        let was_there = self
            .write(move |tx| saved_view::remove(tx, &actor(), &name))
            .await?;
        if was_there {
            Ok(Nothing {})
        } else {
            Err(not_found(format!("there is no view {:?}", request.name)))
        }
    }
}
