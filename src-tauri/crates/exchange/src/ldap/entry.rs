//! An entry as a flat row.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ldap3::SearchEntry;
use serde_json::{Map, Value};

/// What stands between two values of one attribute. A comma would divide the names of other entries.
const BETWEEN: &str = ";";

/// The row of an entry: its name as `dn`, its attributes by their names, binary ones in base64. The
/// values of one attribute have no order (RFC 4511, 4.1.7), so that they are given one.
pub fn row(entry: SearchEntry) -> Map<String, Value> {
    let mut row = Map::new();
    row.insert("dn".into(), entry.dn.into());
    for (name, mut values) in entry.attrs {
        values.sort_unstable();
        insert(&mut row, name, &values);
    }
    for (name, values) in entry.bin_attrs {
        let mut values: Vec<String> = values.iter().map(|one| STANDARD.encode(one)).collect();
        values.sort_unstable();
        insert(&mut row, name, &values);
    }
    row
}

fn insert(row: &mut Map<String, Value>, name: String, values: &[String]) {
    if !values.is_empty() {
        row.insert(name, values.join(BETWEEN).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn values_that_stand_side_by_side_have_an_order_and_bytes_are_written_in_base64() {
        let row = row(SearchEntry {
            dn: "uid=a,dc=example".into(),
            attrs: HashMap::from([
                ("uid".into(), vec!["a".into()]),
                (
                    "memberOf".into(),
                    vec!["cn=b,dc=x".into(), "cn=a,dc=x".into()],
                ),
                ("empty".into(), Vec::new()),
            ]),
            bin_attrs: HashMap::from([("photo".into(), vec![vec![0xff, 0xd8]])]),
        });
        assert_eq!(row["dn"], "uid=a,dc=example");
        assert_eq!(row["memberOf"], "cn=a,dc=x;cn=b,dc=x");
        assert_eq!(row["photo"], "/9g=");
        assert!(!row.contains_key("empty"));
    }
}
