//! Splits a CSV file into rows and fields (RFC 4180), strictly, in memory bounded by one row.
//!
//! The `csv` crate is made to read whatever it is given: it takes an open quote to the end of the file for a long
//! field and text after a closing quote for part of it. An import that promises never to load half a file must see
//! both, and the line on which a row starts, so the splitting is done here. Blank lines carry nothing and are skipped.

use std::io::{self, BufRead};
use std::ops::Range;

/// The most bytes a row may have: far above any real one, far below what a quote that is never closed would fill.
pub(super) const ROW_BYTES_MAX: usize = 64 * 1024;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The rows of one file.
pub(super) struct Rows<R> {
    input: R,
    /// The line after those read so far; the first is 1.
    line: u64,
    raw: Vec<u8>,
    row: Row,
}

/// One row, split. Its fields borrow from it.
#[derive(Default)]
pub(super) struct Row {
    /// The line on which it starts.
    pub(super) line: u64,
    /// Whether a line end follows it; the last row of a file may lack one.
    pub(super) terminated: bool,
    text: Vec<u8>,
    fields: Vec<Range<usize>>,
}

/// Why a row could not be split.
#[derive(Debug)]
pub(super) enum Unsplit {
    /// The file cannot be read on.
    Io(io::Error),
    /// More than [`ROW_BYTES_MAX`]; the line is where the row starts.
    TooLong(u64),
    /// The file ends inside a quoted field of the row that starts on this line.
    OpenQuote(u64),
    /// A quotation mark stands inside an unquoted field, or text after a quoted one. The row can be set aside.
    Quoting(u64),
}

impl<R: BufRead> Rows<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, line: 1, raw: Vec::new(), row: Row::default() }
    }

    /// The next row, or none at the end of the file. After [`Unsplit::Quoting`] reading goes on with the next line.
    pub(super) fn next_row(&mut self) -> Result<Option<&Row>, Unsplit> {
        loop {
            let start = self.line;
            self.raw.clear();
            if !self.read_line(start)? {
                return Ok(None);
            }
            if start == 1 && self.raw.starts_with(BOM) {
                self.raw.drain(..BOM.len());
            }
            if matches!(self.raw.as_slice(), b"" | b"\n" | b"\r\n") {
                continue;
            }
            self.row.line = start;
            self.split(start)?;
            return Ok(Some(&self.row));
        }
    }

    /// The row split last.
    pub(super) fn row(&self) -> &Row {
        &self.row
    }

    /// The bytes of the row read last, as they stand in the file.
    pub(super) fn raw(&self) -> &[u8] {
        &self.raw
    }

    pub(super) fn input(&self) -> &R {
        &self.input
    }

    pub(super) fn into_input(self) -> R {
        self.input
    }

    /// Appends one physical line, with its end, to `raw`. False at the end of the file.
    fn read_line(&mut self, start: u64) -> Result<bool, Unsplit> {
        let room = ROW_BYTES_MAX.saturating_sub(self.raw.len());
        let mut limited = io::Read::take(&mut self.input, room as u64 + 1);
        let n = limited.read_until(b'\n', &mut self.raw).map_err(Unsplit::Io)?;
        if n > room {
            return Err(Unsplit::TooLong(start));
        }
        self.line += 1;
        Ok(n > 0)
    }

    fn split(&mut self, start: u64) -> Result<(), Unsplit> {
        self.row.fields.clear();
        self.row.text.clear();
        if self.raw.contains(&b'"') {
            return self.split_quoted(start);
        }
        let (body, terminated) = without_line_end(&self.raw);
        self.row.terminated = terminated;
        self.row.text.extend_from_slice(body);
        let mut from = 0;
        for (i, &byte) in body.iter().enumerate() {
            if byte == b',' {
                self.row.fields.push(from..i);
                from = i + 1;
            }
        }
        self.row.fields.push(from..body.len());
        Ok(())
    }

    /// The slow way, for rows with quotation marks; a quoted field may run over several lines.
    fn split_quoted(&mut self, start: u64) -> Result<(), Unsplit> {
        let mut state = State::FieldStart;
        let mut from = 0;
        let mut next = 0;
        loop {
            let (body, terminated) = without_line_end(self.raw.get(next..).unwrap_or_default());
            for &byte in body {
                state = match (state, byte) {
                    (State::Quoted, b'"') => State::QuoteInQuoted,
                    (State::Quoted, _) => self.row.keep(byte, State::Quoted),
                    (State::QuoteInQuoted, b'"') => self.row.keep(byte, State::Quoted),
                    (_, b',') => {
                        self.row.fields.push(from..self.row.text.len());
                        self.row.text.push(byte);
                        from = self.row.text.len();
                        State::FieldStart
                    }
                    (State::FieldStart, b'"') => State::Quoted,
                    (State::Plain, b'"') | (State::QuoteInQuoted, _) => return Err(Unsplit::Quoting(start)),
                    (State::FieldStart | State::Plain, _) => self.row.keep(byte, State::Plain),
                };
            }
            if !matches!(state, State::Quoted) {
                self.row.fields.push(from..self.row.text.len());
                self.row.terminated = terminated;
                return Ok(());
            }
            // The line end belongs to the field.
            let after = next + body.len();
            self.row.text.extend_from_slice(self.raw.get(after..).unwrap_or_default());
            next = self.raw.len();
            if !terminated || !self.read_line(start)? {
                return Err(Unsplit::OpenQuote(start));
            }
        }
    }
}

#[derive(Clone, Copy)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    QuoteInQuoted,
}

fn without_line_end(line: &[u8]) -> (&[u8], bool) {
    match line.strip_suffix(b"\n") {
        Some(body) => (body.strip_suffix(b"\r").unwrap_or(body), true),
        None => (line, false),
    }
}

impl Row {
    /// How many fields it has; at least one.
    pub(super) fn n_fields(&self) -> usize {
        self.fields.len()
    }

    /// Field `index`, the first is 0; empty where there is none.
    pub(super) fn bytes(&self, index: usize) -> &[u8] {
        let range = self.fields.get(index).cloned().unwrap_or_default();
        self.text.get(range).unwrap_or_default()
    }

    /// The whole row as text, or the index of the first field that is not UTF-8.
    pub(super) fn text(&self) -> Result<Text<'_>, usize> {
        // The text keeps the commas between fields, so the row is UTF-8 exactly where each field is.
        match std::str::from_utf8(&self.text) {
            Ok(text) => Ok(Text { text, fields: &self.fields }),
            Err(_) => {
                Err((0..self.n_fields()).find(|&i| std::str::from_utf8(self.bytes(i)).is_err()).unwrap_or(0))
            }
        }
    }

    fn keep(&mut self, byte: u8, state: State) -> State {
        self.text.push(byte);
        state
    }
}

/// A row that is UTF-8.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    text: &'a str,
    fields: &'a [Range<usize>],
}

impl<'a> Text<'a> {
    /// Field `index`, the first is 0; empty where there is none.
    pub(super) fn field(&self, index: usize) -> &'a str {
        let range = self.fields.get(index).cloned().unwrap_or_default();
        self.text.get(range).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A row's line and its fields.
    type Split = (u64, Vec<Vec<u8>>);

    fn read(file: &[u8]) -> Result<Vec<Split>, Unsplit> {
        let mut rows = Rows::new(file);
        let mut out = Vec::new();
        while let Some(row) = rows.next_row()? {
            out.push((row.line, (0..row.n_fields()).map(|i| row.bytes(i).to_vec()).collect()));
        }
        Ok(out)
    }

    #[test]
    fn bom_carriage_returns_quotes_and_blank_lines_change_no_field() {
        let plain = read(b"a,b\n1,\n2,x\n").unwrap();
        assert_eq!(read(b"\xEF\xBB\xBFa,b\r\n1,\r\n2,x\r\n").unwrap(), plain);
        assert_eq!(read(b"\"a\",b\n1,\"\"\n2,\"x\"").unwrap(), plain);
        let spread = read(b"a,b\n\n\"1\n1\",\"say \"\"x\"\"\"\n\n2,y\n").unwrap();
        assert_eq!(spread[1], (3, vec![b"1\n1".to_vec(), b"say \"x\"".to_vec()]));
        assert_eq!(spread[2].0, 6, "lines are counted inside quotes and where they are blank");
    }

    #[test]
    fn an_open_quote_a_stray_quote_and_an_endless_row_are_seen_where_they_start() {
        assert!(matches!(read(b"a,b\n1,\"2\n3,4\n"), Err(Unsplit::OpenQuote(2))));
        assert!(matches!(read(b"a,b\n1,2\"3\n"), Err(Unsplit::Quoting(2))));
        assert!(matches!(read(b"a,b\n1,\"2\"3\n"), Err(Unsplit::Quoting(2))));
        let long = [b"a,b\n".as_slice(), &vec![b'x'; ROW_BYTES_MAX + 1]].concat();
        assert!(matches!(read(&long), Err(Unsplit::TooLong(2))));
        let quoted = [b"a,b\n\"".as_slice(), &b"x\n".repeat(ROW_BYTES_MAX)].concat();
        assert!(matches!(read(&quoted), Err(Unsplit::TooLong(2))));
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read_back(
            rows in prop::collection::vec(prop::collection::vec("[a,\"\r\né ]{0,6}", 2..5), 1..20)
        ) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let file = writer.into_inner().unwrap();
            let back: Vec<Vec<Vec<u8>>> = read(&file).unwrap().into_iter().map(|(_, row)| row).collect();
            let rows: Vec<Vec<Vec<u8>>> =
                rows.iter().map(|row| row.iter().map(|f| f.clone().into_bytes()).collect()).collect();
            prop_assert_eq!(back, rows);
        }

        #[test]
        fn any_bytes_are_split_or_refused(file in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&file);
        }
    }
}
