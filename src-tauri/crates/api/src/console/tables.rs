//! Tables of a front-end database: what there is, and what a sample gets from their columns.

use std::sync::Arc;

use zhengqiao_domain::SourceColumn;
use zhengqiao_exchange::{Column, DatasetSource, Interface, NoObserver, Provider, TableSource};

use super::{Console, invalid};
use crate::contract::{ApiError, InspectTable, TableInspection};

impl Console {
    /// Looks into a front-end database: its tables, and the columns of one.
    ///
    /// # Errors
    /// [`crate::contract::ErrorCode::Provider`] saying what is wrong with the connection, its details
    /// naming the advice.
    pub async fn inspect_table(&self, request: InspectTable) -> Result<TableInspection, ApiError> {
        let mut profile = request.profile;
        if profile.interface != Interface::Database {
            return Err(invalid("interface: this connection reads no database"));
        }
        // What is set about other datasets may still be unfinished.
        profile.datasets.clear();
        let secrets = match request.connection_id {
            Some(id) => self.secrets_to_test(id).await?.0,
            None => zhengqiao_exchange::Secrets::new(None),
        };
        let provider = Provider::new(&profile, secrets, Arc::new(NoObserver))?;
        let tables = provider.tables().await?;
        let columns = if request.table.trim().is_empty() {
            Vec::new()
        } else {
            let table = TableSource {
                table: request.table,
                ..TableSource::default()
            };
            provider
                .columns(&DatasetSource {
                    table: Some(table),
                    ..DatasetSource::default()
                })
                .await?
        };
        Ok(TableInspection { tables, columns })
    }
}

/// A sample's places with the comments of the table's columns, and with the columns that have no value
/// in the sample.
pub(super) fn with_columns(
    mut places: Vec<(SourceColumn, u64)>,
    columns: &[Column],
) -> Vec<(SourceColumn, u64)> {
    for column in columns {
        match places
            .iter_mut()
            .find(|(place, _)| place.name == column.name)
        {
            Some((place, _)) => place.comment.clone_from(&column.comment),
            None => places.push((
                SourceColumn {
                    name: column.name.clone(),
                    comment: column.comment.clone(),
                    samples: Vec::new(),
                },
                0,
            )),
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_reach_the_places_and_columns_without_values_are_listed() {
        let place = SourceColumn {
            name: "zhbz".into(),
            comment: String::new(),
            samples: vec!["A1".into()],
        };
        let column = |name: &str, comment: &str| Column {
            name: name.into(),
            comment: comment.into(),
            ..Column::default()
        };
        let columns = [column("zhbz", "门户账号标识"), column("gxsj", "更新时间")];
        let places = with_columns(vec![(place, 3)], &columns);
        assert_eq!(places.len(), 2);
        assert_eq!(
            (places[0].0.comment.as_str(), places[0].1),
            ("门户账号标识", 3)
        );
        assert_eq!((places[1].0.comment.as_str(), places[1].1), ("更新时间", 0));
    }
}
