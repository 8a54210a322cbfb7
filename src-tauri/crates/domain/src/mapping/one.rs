//! One field's mapping on its own, for those who fill something else than a whole record with it.

use serde_json::{Map, Value};

use super::{FieldMap, MappingError, Path, Step, slot, steps_of};
use crate::dataset::DatasetId;
use crate::field::Field;
use crate::record::Slot;

/// A field's mapping made ready for many records.
#[derive(Debug)]
pub struct CompiledField {
    field: &'static Field,
    path: Path,
    steps: Vec<Step>,
}

impl CompiledField {
    /// Makes a field's mapping ready.
    ///
    /// # Errors
    /// When the dataset does not have the field, or a step cannot be done.
    pub fn new(id: DatasetId, map: &FieldMap) -> Result<Self, MappingError> {
        let dataset = id.dataset();
        let at = dataset
            .position(&map.field)
            .ok_or_else(|| MappingError::UnknownField {
                dataset: id,
                field: map.field.clone(),
            })?;
        Ok(Self {
            field: &dataset.fields[at],
            path: Path::new(&map.source),
            steps: steps_of(id, map)?,
        })
    }

    /// What a raw record holds in the field.
    pub fn read(&self, raw: &Map<String, Value>) -> Slot {
        slot(self.field, &self.path, &self.steps, raw, &mut 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{CompiledMapping, Mapping, Transform};
    use serde_json::json;

    #[test]
    fn a_field_on_its_own_is_what_it_is_in_the_record() {
        let map = FieldMap {
            field: "user_mobile".into(),
            source: "/person/phone".into(),
            transforms: vec![Transform::HalfWidth],
        };
        let raw = json!({"person": {"phone": "１３８00000000 "}});
        let raw = raw.as_object().unwrap();
        let id = DatasetId::NaturalPerson;
        let one = CompiledField::new(id, &map).unwrap().read(raw);
        let mapping = Mapping { fields: vec![map] };
        let whole = CompiledMapping::new(id, &mapping).unwrap().apply(raw);
        assert_eq!(one.value(), Some("13800000000"));
        assert_eq!(one.value(), whole.get("user_mobile"));
    }
}
