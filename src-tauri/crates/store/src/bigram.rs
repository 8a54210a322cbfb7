//! Search text: overlapping pairs of characters, because Chinese names have two.
//!
//! FTS5's own trigram index finds nothing shorter than three characters. Here every run of letters,
//! digits or Chinese characters becomes its overlapping pairs, and a query becomes the phrase of its
//! pairs, so that any part of two or more characters is found.

/// The pairs of a text, separated by spaces.
pub fn index_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for run in runs(text) {
        pairs(&run, &mut out);
    }
    out
}

/// The FTS5 query for a text, or `None` when it has nothing that can be searched.
pub fn query(text: &str) -> Option<String> {
    let mut phrases = Vec::new();
    for run in runs(text) {
        if run.len() < 2 {
            phrases.push(format!("\"{}\" *", run.iter().collect::<String>()));
        } else {
            let words: Vec<String> = run.windows(2).map(|pair| pair.iter().collect()).collect();
            phrases.push(format!("\"{}\"", words.join(" ")));
        }
    }
    (!phrases.is_empty()).then(|| phrases.join(" AND "))
}

fn runs(text: &str) -> impl Iterator<Item = Vec<char>> {
    text.split(|char: char| !char.is_alphanumeric())
        .filter(|run| !run.is_empty())
        .map(|run| run.chars().flat_map(char::to_lowercase).collect())
}

fn pairs(run: &[char], out: &mut String) {
    for pair in run.windows(2) {
        out.extend(pair);
        out.push(' ');
    }
    // The last character alone, so that a query of one character finds it at a run's end too.
    if let Some(last) = run.last() {
        out.push(*last);
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finds(body: &str, wanted: &str) -> bool {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE VIRTUAL TABLE s USING fts5 (body, content = '', contentless_delete = 1)",
            )
            .unwrap();
        connection
            .execute(
                "INSERT INTO s (rowid, body) VALUES (1, ?1)",
                [index_text(body)],
            )
            .unwrap();
        let Some(query) = query(wanted) else {
            return false;
        };
        connection
            .query_row("SELECT COUNT(*) FROM s WHERE s MATCH ?1", [query], |row| {
                row.get::<_, i64>(0)
            })
            .unwrap()
            == 1
    }

    #[test]
    fn a_two_character_name_inside_a_longer_text_is_found() {
        assert!(finds("申请人张三 230102", "张三"));
        assert!(finds("2024HRB000123", "hrb0001"));
        assert!(!finds("申请人张三", "张四"));
        assert!(!finds("abc", "\" OR 1"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_part_of_two_or_more_characters_is_found(text in "[一-十张李王a-zA-Z0-9]{2,12}", from in 0usize..11, length in 2usize..12) {
            let chars: Vec<char> = text.chars().collect();
            let from = from.min(chars.len() - 2);
            let until = (from + length).min(chars.len());
            let part: String = chars[from..until].iter().collect();
            prop_assert!(finds(&text, &part), "{} in {}", part, text);
        }
    }
}
