//! A list of problems as a workbook: a cover, then a sheet for each department.

use std::collections::HashSet;

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DocProperties, Format, FormatAlign,
    FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::{ANSWER, ANSWERS, COLUMNS, Cover, Words};

/// Characters of a sheet's name.
const SHEET_NAME: usize = 31;
/// Rows of a sheet, the header included; Excel has 1,048,576.
const SHEET_ROWS: u32 = 1_000_000;
/// Rows above the records.
const ABOVE: u32 = 2;

const HEAD: Color = Color::RGB(0x1F_3A5F);
const FILL_IN: Color = Color::RGB(0xB4_5309);
const FILL_IN_GROUND: Color = Color::RGB(0xFF_FBEB);
const LINE: Color = Color::RGB(0xD0_D5DD);

struct Look {
    title: Format,
    head: Format,
    head_answer: Format,
    text: Format,
    answer: Format,
    plain: Format,
    bold: Format,
}

impl Look {
    fn new() -> Self {
        let head = Format::new()
            .set_bold()
            .set_font_color(Color::White)
            .set_background_color(HEAD)
            .set_align(FormatAlign::VerticalCenter)
            .set_border(FormatBorder::Thin)
            .set_border_color(LINE);
        // Texts, and quoted: whoever edits a cell does not make a number or a formula of it.
        let text = Format::new()
            .set_num_format("@")
            .set_quote_prefix()
            .set_text_wrap()
            .set_align(FormatAlign::Top)
            .set_border(FormatBorder::Thin)
            .set_border_color(LINE);
        Self {
            title: Format::new().set_bold().set_font_size(16),
            head_answer: head.clone().set_background_color(FILL_IN),
            head,
            answer: Format::new()
                .set_num_format("@")
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_background_color(FILL_IN_GROUND)
                .set_border(FormatBorder::Thin)
                .set_border_color(LINE),
            text,
            plain: Format::new()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_num_format("@"),
            bold: Format::new().set_bold().set_align(FormatAlign::Top),
        }
    }
}

/// A workbook under way.
pub struct Book {
    file: Workbook,
    look: Look,
    words: Words,
    names: HashSet<String>,
    sheet: Option<(Worksheet, u32)>,
    head: String,
}

impl Book {
    /// A workbook with its cover.
    ///
    /// # Errors
    /// The writer's.
    pub fn new(cover: &Cover, words: Words) -> Result<Self, XlsxError> {
        let mut this = Self {
            file: Workbook::new(),
            look: Look::new(),
            words,
            names: HashSet::new(),
            sheet: None,
            head: format!(
                "{} {} · {} · {} · {} {}",
                words.of("问题清单", "List of problems"),
                cover.report_id,
                cover.connection,
                cover.environment,
                words.of("答复期限", "answer by"),
                cover.due_on
            ),
        };
        this.file.set_properties(
            &DocProperties::new()
                .set_title(words.of("问题清单", "List of problems"))
                .set_comment(&this.head),
        );
        this.cover(cover)?;
        Ok(this)
    }

    fn cover(&mut self, cover: &Cover) -> Result<(), XlsxError> {
        let words = self.words;
        let name = self.name(words.of("填写说明", "How to answer"));
        let sheet = self.file.add_worksheet();
        sheet.set_name(&name)?;
        sheet.set_column_width(0, 20)?;
        sheet.set_column_width(1, 44)?;
        sheet.set_column_width(2, 14)?;
        let title = words.of("政务数据问题清单", "List of problems");
        sheet.write_string_with_format(0, 0, title, &self.look.title)?;
        let mut row = 2;
        for (name, value) in cover.facts(words) {
            sheet.write_string_with_format(row, 0, name, &self.look.bold)?;
            sheet.write_string_with_format(row, 1, value, &self.look.plain)?;
            row += 1;
        }
        row += 1;
        for (at, title) in [
            words.of("部门编码", "Department"),
            words.of("部门名称", "Name"),
            words.of("记录数", "Records"),
        ]
        .into_iter()
        .enumerate()
        {
            sheet.write_string_with_format(row, at as u16, title, &self.look.head)?;
        }
        for (code, name, records) in &cover.departments {
            row += 1;
            sheet.write_string_with_format(row, 0, words.department(code), &self.look.text)?;
            let name = name.as_deref().unwrap_or_default();
            sheet.write_string_with_format(row, 1, name, &self.look.text)?;
            sheet.write_number_with_format(row, 2, *records as f64, &self.look.plain)?;
        }
        row += 2;
        sheet.write_string_with_format(
            row,
            0,
            words.of("填写方法", "How to answer"),
            &self.look.bold,
        )?;
        for (at, line) in (1..).zip(Cover::instructions(words)) {
            row += 1;
            let text = format!("{at}. {line}");
            sheet.merge_range(row, 0, row, 2, &text, &self.look.plain)?;
            // Merged cells do not grow with their text.
            let lines = text.chars().count() / 38 + 1;
            sheet.set_row_height(row, 16.0 * lines as f64)?;
        }
        sheet.set_paper_size(9);
        sheet.set_print_fit_to_pages(1, 0);
        Ok(())
    }

    /// A name for a sheet that no other has and that may be one.
    fn name(&mut self, wanted: &str) -> String {
        let clean: String = wanted
            .chars()
            .map(|char| {
                if "[]:*?/\\'".contains(char) || char.is_control() {
                    '_'
                } else {
                    char
                }
            })
            .collect();
        let mut number = 1;
        loop {
            let tail = if number == 1 {
                String::new()
            } else {
                format!(" ({number})")
            };
            let room = SHEET_NAME - tail.chars().count();
            let name: String = clean.chars().take(room).collect::<String>() + &tail;
            // Names that differ in capitals only are the same.
            if self.names.insert(name.to_lowercase()) {
                return name;
            }
            number += 1;
        }
    }

    /// Begins a department's sheet.
    ///
    /// # Errors
    /// The writer's.
    pub fn department(&mut self, code: &str, name: Option<&str>) -> Result<(), XlsxError> {
        self.end_sheet()?;
        let words = self.words;
        let shown = words.department(code);
        let sheet_name = self.name(name.unwrap_or(&shown));
        let mut sheet = Worksheet::new();
        sheet.set_name(&sheet_name)?;
        let head = match name {
            Some(name) => format!("{} · {name} {shown}", self.head),
            None => format!("{} · {shown}", self.head),
        };
        sheet.write_string_with_format(0, 0, head, &self.look.bold)?;
        for (at, column) in (0_u16..).zip(&COLUMNS) {
            let look = if column.answers {
                &self.look.head_answer
            } else {
                &self.look.head
            };
            sheet.write_string_with_format(ABOVE - 1, at, words.title(column), look)?;
            sheet.set_column_width(at, column.width)?;
        }
        sheet.set_row_height(ABOVE - 1, 22)?;
        sheet.set_freeze_panes(ABOVE, 1)?;
        sheet.set_landscape();
        sheet.set_paper_size(9);
        sheet.set_print_fit_to_pages(1, 0);
        sheet.set_repeat_rows(ABOVE - 1, ABOVE - 1)?;
        self.sheet = Some((sheet, ABOVE));
        Ok(())
    }

    /// Writes a record of the department.
    ///
    /// # Errors
    /// The writer's.
    pub fn record(&mut self, cells: &[String; COLUMNS.len()]) -> Result<(), XlsxError> {
        let Some((sheet, row)) = &mut self.sheet else {
            return Ok(());
        };
        if *row >= SHEET_ROWS {
            return Err(XlsxError::RowColumnLimitError);
        }
        for ((at, column), cell) in (0_u16..).zip(&COLUMNS).zip(cells) {
            if column.answers {
                sheet.write_blank(*row, at, &self.look.answer)?;
            } else {
                sheet.write_string_with_format(*row, at, cell, &self.look.text)?;
            }
        }
        *row += 1;
        Ok(())
    }

    fn end_sheet(&mut self) -> Result<(), XlsxError> {
        let Some((mut sheet, row)) = self.sheet.take() else {
            return Ok(());
        };
        if row > ABOVE {
            let words = self.words;
            let list = ANSWERS.map(|(_, zh, en, ..)| words.of(zh, en));
            let choice = DataValidation::new()
                .allow_list_strings(&list)?
                .set_error_style(DataValidationErrorStyle::Warning)
                .set_error_title(words.of("答复", "Answer"))?
                .set_error_message(words.of(
                    "请从下拉列表中选择，其他内容请写在“答复说明”中。",
                    "Choose from the list; anything else goes under Explanation.",
                ))?;
            let column = ANSWER as u16;
            sheet.add_data_validation(ABOVE, column, row - 1, column, &choice)?;
            sheet.autofilter(ABOVE - 1, 0, row - 1, COLUMNS.len() as u16 - 1)?;
        }
        self.file.push_worksheet(sheet);
        Ok(())
    }

    /// The workbook's bytes.
    ///
    /// # Errors
    /// The writer's.
    pub fn bytes(mut self) -> Result<Vec<u8>, XlsxError> {
        self.end_sheet()?;
        self.file.save_to_buffer()
    }
}
