//! `zhengqiao quality`.

use zhengqiao_api::Console;
use zhengqiao_api::contract::{
    ApiError, QualityCell, QualityExport, QualityFigures, QualityRequest,
};

use crate::End;
use crate::args::QualityCommand;
use crate::output::{Output, line, table};

pub async fn run(
    console: &Console,
    command: QualityCommand,
    output: Output,
) -> Result<End, ApiError> {
    let connection_id = match &command.connection {
        Some(name) => Some(console.connection_by_name(name).await?.connection_id),
        None => None,
    };
    let request = QualityRequest {
        connection_id,
        from: command.from,
        to: command.to,
    };
    if let Some(path) = command.report {
        let written = console
            .export_quality(QualityExport {
                request,
                path: path.display().to_string(),
                language: command.language,
            })
            .await?;
        output.print(&written, |written| line(&format!("wrote {}", written.path)));
        return Ok(End::Done);
    }
    let report = console.get_quality(request).await?;
    output.print(&report, |report| {
        line(&format!("{} – {}", report.from, report.to));
        let row = |name: String, figures: &QualityFigures| {
            let share = |flawed: i64| {
                if figures.judged == 0 {
                    "–".to_owned()
                } else {
                    format!(
                        "{:.1} %",
                        100.0 - flawed as f64 * 100.0 / figures.judged as f64
                    )
                }
            };
            vec![
                name,
                figures.judged.to_string(),
                share(figures.judged - figures.passed),
                share(figures.incomplete),
                share(figures.inaccurate),
                share(figures.late),
                share(figures.inconsistent),
                share(figures.doubled),
            ]
        };
        let head = |first: &'static str| {
            [
                first,
                "judged",
                "passed",
                "complete",
                "accurate",
                "timely",
                "consistent",
                "unique",
            ]
        };
        let by_dataset = |cell: &QualityCell| row(cell.dataset.to_string(), &cell.figures);
        table(&head("dataset"), report.datasets.iter().map(by_dataset));
        let by_department = |cell: &QualityCell| row(cell.department.clone(), &cell.figures);
        table(
            &head("department"),
            report.departments.iter().take(20).map(by_department),
        );
    });
    Ok(End::Done)
}
