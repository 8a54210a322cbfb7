//! The test of a connection by files, layer by layer.

use std::time::Instant;

use bytes::Bytes;
use zhengqiao_domain::DatasetId;

use super::row::RowWriter;
use super::{FileFormat, FileSource, Trouble, identity, reader};
use crate::diagnose::{Layer, LayerState, Sample};
use crate::error::Fault;
use crate::profile::Profile;

/// Rows of a sample.
const SAMPLE_ROWS: usize = 50;

fn ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Tests each file: whether it is there, what it is, a sample of its rows.
pub async fn diagnose(profile: &Profile, mut on_layer: impl FnMut(Layer)) -> Vec<Sample> {
    on_layer(Layer {
        name: "settings",
        dataset: None,
        state: LayerState::Ok,
        seen: format!("file ({} datasets)", profile.datasets.len()),
        advice: None,
        ms: 0,
    });
    let mut samples = Vec::new();
    for (id, source) in &profile.datasets {
        let (id, file) = (*id, source.file.clone().unwrap_or_default());
        let (layers, sample) = tokio::task::spawn_blocking(move || one(id, &file))
            .await
            .unwrap_or_default();
        for layer in layers {
            on_layer(layer);
        }
        samples.extend(sample);
    }
    samples
}

fn one(dataset: DatasetId, file: &FileSource) -> (Vec<Layer>, Option<Sample>) {
    let mut layers = Vec::new();
    let mut tell = |name: &'static str, begun: Instant, outcome: Result<String, &Trouble>| {
        let (state, seen, advice) = match outcome {
            Ok(seen) => (LayerState::Ok, seen, None),
            Err(trouble) => (
                LayerState::Failed,
                trouble.what.clone(),
                Some(trouble.fault.code()),
            ),
        };
        layers.push(Layer {
            name,
            dataset: Some(dataset),
            state,
            seen,
            advice,
            ms: ms(begun),
        });
    };
    let begun = Instant::now();
    match identity::of(&file.path) {
        Ok(seen) => tell(
            "file",
            begun,
            Ok(format!(
                "{} · {} B · {}",
                seen.name, seen.bytes, seen.changed
            )),
        ),
        Err(trouble) => {
            tell("file", begun, Err(&trouble));
            return (layers, None);
        }
    }
    let begun = Instant::now();
    let settled = match reader::settle(file) {
        Ok(settled) => settled,
        Err(trouble) => {
            tell("format", begun, Err(&trouble));
            return (layers, None);
        }
    };
    let mut seen = match settled.format {
        FileFormat::Auto | FileFormat::Csv => "CSV",
        FileFormat::Xlsx => "XLSX",
        FileFormat::Ndjson => "NDJSON",
        FileFormat::Json => "JSON",
    }
    .to_owned();
    if let Some(encoding) = settled.encoding {
        seen.push_str(&format!(" · {}", encoding.name()));
    }
    if let Some(delimiter) = settled.delimiter {
        seen.push_str(&format!(" · {:?}", char::from(delimiter)));
    }
    if settled.header.row > 0 {
        seen.push_str(&format!(
            " · {} × {}",
            settled.header.row,
            settled.header.names.len()
        ));
    }
    tell("format", begun, Ok(seen));
    let begun = Instant::now();
    let writer = RowWriter {
        identity: &settled.identity,
        header: &settled.header,
        key_from: settled.key_from(),
    };
    let (mut body, mut records) = (Vec::new(), Vec::new());
    let outcome = settled.rows(&mut |row, number| {
        let from = body.len();
        writer.write(row, number, &mut body);
        records.push(from..body.len());
        Ok(records.len() < SAMPLE_ROWS)
    });
    match outcome {
        Ok(()) if records.is_empty() => {
            let trouble = Trouble::new(Fault::FileEmpty, "there is no row below the header");
            tell("sample", begun, Err(&trouble));
            (layers, None)
        }
        Ok(()) => {
            tell("sample", begun, Ok(records.len().to_string()));
            let sample = Sample {
                dataset,
                body: Bytes::from(body),
                records,
            };
            (layers, Some(sample))
        }
        Err(trouble) => {
            tell("sample", begun, Err(&trouble));
            (layers, None)
        }
    }
}
