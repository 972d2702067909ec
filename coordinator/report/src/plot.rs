//! A panel as a plot: a row a label, a dot at what is shown, a bar from end to end of its interval.
//!
//! plotters draws; what it cannot know is put right in its output: its colours are names of roles, which the page's
//! style fills in for light, dark and paper, and the image has a name and a description. A hidden cell is a word in its
//! row, and the scale is that of what is shown: neither says where the hidden number lies.

use maud::{Markup, PreEscaped, html};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::number::{Unit, decimal, per_cent, trimmed};
use crate::object::Seen;
use crate::words::Tongue;

/// Of the drawing, in its own units; a phone is as wide, so that letters are never made smaller than they are here.
const WIDTH: u32 = 340;
/// Letters, as plotters measures them: drawn they are a fifth smaller.
const FONT: u32 = 15;
/// A row with one mark, and what each further one adds.
const ROW: u32 = 26;
const ROW_MORE: u32 = 14;
/// From line to line of a label.
const LINE: i32 = 15;
/// Above and below the rows.
const TOP: u32 = 6;
const BOTTOM: u32 = 42;
/// Beside them: half of the last number of the axis stands there.
const RIGHT: u32 = 18;
/// About the width of a letter.
const LETTER: u32 = 7;
/// Of a label's line, in letters; there are two lines at most.
const LABEL_MAX: usize = 18;
/// The ends of a bar, from tip to tip; the dot is as wide.
const CAP: u32 = 9;

/// Beyond these plotters overflows where it turns numbers into pixels; no released number comes near.
const LARGEST: f64 = 1e15;
const SMALLEST: f64 = 1e-9;

/// Roles of colours, as plotters can name them: the style of the page says what they look like.
const ROLES: [(RGBColor, &str, &str); 5] = [
    (RGBColor(1, 1, 1), "#010101", "var(--ink)"),
    (RGBColor(2, 2, 2), "#020202", "var(--grid)"),
    (RGBColor(3, 3, 3), "#030303", "var(--mark-1)"),
    (RGBColor(4, 4, 4), "#040404", "var(--mark-2)"),
    (RGBColor(5, 5, 5), "#050505", "var(--muted)"),
];
const INK: RGBColor = ROLES[0].0;
const GRID: RGBColor = ROLES[1].0;
const MARKS: [RGBColor; 2] = [ROLES[2].0, ROLES[3].0];
const MUTED: RGBColor = ROLES[4].0;

/// A row of a plot.
pub(crate) struct Row {
    pub(crate) label: String,
    /// One for each series; none where the object has no such cell.
    pub(crate) marks: Vec<Option<Seen>>,
}

/// What all panels of a figure share.
pub(crate) struct Scale {
    low: f64,
    high: f64,
    unit: Unit,
    /// Wide enough for the longest label of any panel.
    left: u32,
    /// Whether plotters can place all of it on its pixels.
    drawable: bool,
}

impl Scale {
    /// The scale of these rows, from what is shown of them alone. Zero is always on it.
    pub(crate) fn of<'a>(rows: impl IntoIterator<Item = &'a Row>, unit: Unit) -> Self {
        let (mut low, mut high, mut letters) = (0.0_f64, 0.0_f64, 0);
        for row in rows {
            letters = wrapped(&row.label).iter().map(|line| line.chars().count()).fold(letters, usize::max);
            for seen in row.marks.iter().flatten() {
                if let Seen::Shown(shown, interval) = seen {
                    let [from, to] = interval.unwrap_or([*shown, *shown]);
                    low = low.min(*shown).min(from).min(to);
                    high = high.max(*shown).max(from).max(to);
                }
            }
        }
        let drawable = low >= -LARGEST && high <= LARGEST && (high - low == 0.0 || high - low >= SMALLEST);
        if !drawable || high - low == 0.0 {
            (low, high) = (0.0, 1.0);
        }
        let margin = (high - low) * 0.03;
        let left = u32::try_from(letters).unwrap_or_default() * LETTER + 16;
        let edge = |end: f64, by: f64| if end == 0.0 { 0.0 } else { end + by };
        Self { low: edge(low, -margin), high: edge(high, margin), unit, left, drawable }
    }

    /// What an axis says of a number; large amounts of money are in millions.
    fn tick(&self, value: f64, tongue: Tongue) -> String {
        // Steps are not exact: what should be zero is a tiny number.
        let value = if value.abs() < (self.high - self.low) * 1e-9 { 0.0 } else { value };
        match self.unit {
            Unit::Share => per_cent(trimmed(value * 100.0, 2, tongue), tongue),
            _ if self.in_millions() => trimmed(value / 1e6, 2, tongue),
            _ if (self.high - self.low) >= 20.0 => decimal(value, 0, tongue),
            _ if (self.high - self.low) >= 0.1 => trimmed(value, 3, tongue),
            _ => trimmed(value, 6, tongue),
        }
    }

    /// How many numbers fit under the axis.
    fn ticks(&self, tongue: Tongue) -> usize {
        let letters =
            [self.low, self.high / 2.0, self.high].map(|end| self.tick(end, tongue).chars().count());
        // With a blank between two; half of the first and of the last one stands outside.
        let each = letters.into_iter().max().unwrap_or(1).min(12) + 1;
        (self.letters() / each + 1).clamp(2, 6)
    }

    /// How many letters fit between the first number of the axis and the last.
    fn letters(&self) -> usize {
        usize::try_from(WIDTH.saturating_sub(self.left + RIGHT) / LETTER).unwrap_or_default()
    }

    fn in_millions(&self) -> bool {
        self.high.max(-self.low) >= 2e6
    }

    /// What the axis says it is of; the unit alone where there is no room for more, for the figure's title says it too.
    fn title(&self, what: &str, tongue: Tongue) -> String {
        let millions = if self.in_millions() { tongue.say("mio.", "million") } else { "" };
        let unit = [millions, self.unit.name(tongue)].into_iter().filter(|part| !part.is_empty());
        let unit = unit.collect::<Vec<_>>().join(" ");
        match (what.is_empty(), unit.is_empty()) {
            (_, true) if what.chars().count() <= self.letters() => what.to_owned(),
            (_, true) => String::new(),
            (true, false) => unit,
            (false, false) => {
                let title = format!("{what} ({unit})");
                if title.chars().count() <= self.letters() { title } else { unit }
            }
        }
    }
}

/// What is seen on a day.
pub(crate) struct Moment {
    /// Its number, from one day on.
    pub(crate) day: i32,
    pub(crate) label: String,
    pub(crate) seen: Seen,
}

/// What a plot says to those who do not see it.
pub(crate) struct Told {
    /// Unlike any other on the page.
    pub(crate) id: String,
    /// Its name.
    pub(crate) title: String,
    /// What stands in it, in words.
    pub(crate) description: String,
    /// What its axis is of.
    pub(crate) axis: String,
}

/// A plot as inline SVG; a sentence where it cannot be drawn.
pub(crate) fn svg(rows: &[Row], scale: &Scale, told: &Told, tongue: Tongue) -> Markup {
    let n_series = rows.iter().map(|row| row.marks.len()).max().unwrap_or(1);
    let two_lines = rows.iter().any(|row| wrapped(&row.label).len() > 1);
    let row = if two_lines { ROW + ROW_MORE } else { ROW };
    let per_row = row + ROW_MORE * u32::try_from(n_series.saturating_sub(1)).unwrap_or_default();
    let height = TOP + BOTTOM + per_row.saturating_mul(u32::try_from(rows.len()).unwrap_or(u32::MAX));
    let mut drawn = String::new();
    if !scale.drawable || draw(&mut drawn, height, rows, scale, &told.axis, tongue).is_err() {
        return html! { p { (tongue.say("Figuren kan ikke tegnes.", "The plot cannot be drawn.")) } };
    }
    image(&drawn, height, told)
}

/// The height of a plot over time.
const TIME_HEIGHT: u32 = 200;
/// Above it, where the unit stands, and below it, where days stand.
const TIME_TOP: u32 = 26;
const TIME_BOTTOM: u32 = 28;
/// A day in letters.
const DAY_LETTERS: i32 = 11;

/// A plot over time as inline SVG, days from left to right; a sentence where it cannot be drawn.
pub(crate) fn over_time(moments: &[Moment], scale: &Scale, told: &Told, tongue: Tongue) -> Markup {
    let mut drawn = String::new();
    if !scale.drawable || draw_over_time(&mut drawn, moments, scale, tongue).is_err() {
        return html! { p { (tongue.say("Figuren kan ikke tegnes.", "The plot cannot be drawn.")) } };
    }
    image(&drawn, TIME_HEIGHT, told)
}

fn draw_over_time(
    to: &mut String,
    moments: &[Moment],
    scale: &Scale,
    tongue: Tongue,
) -> Result<(), DrawError> {
    let fail = |error: &dyn std::fmt::Display| DrawError::from(error.to_string());
    let root = SVGBackend::with_string(to, (WIDTH, TIME_HEIGHT)).into_drawing_area();
    let days = || moments.iter().map(|moment| f64::from(moment.day));
    let (first, last) = (days().fold(f64::MAX, f64::min), days().fold(f64::MIN, f64::max));
    // Half of the first and of the last day's label stands beyond its dot.
    let margin = ((last - first) * 0.14).max(1.0);
    let ends = [scale.low, scale.high / 2.0, scale.high].map(|end| scale.tick(end, tongue).chars().count());
    let letters = u32::try_from(ends.into_iter().max().unwrap_or(1).clamp(3, 16))?;
    let left = letters * LETTER + 12;
    let mut chart = ChartBuilder::on(&root)
        .margin_top(TIME_TOP)
        .margin_right(RIGHT / 2)
        .set_label_area_size(LabelAreaPosition::Left, left)
        .set_label_area_size(LabelAreaPosition::Bottom, TIME_BOTTOM)
        .build_cartesian_2d(first - margin..last + margin, scale.low..scale.high)
        .map_err(|error| fail(&error))?;
    let letters = ("sans-serif", FONT).into_font().color(&INK);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .max_light_lines(0)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .y_labels(5)
        .y_label_style(letters.clone())
        .y_label_formatter(&|value| scale.tick(*value, tongue))
        .draw()
        .map_err(|error| fail(&error))?;
    let (start, zero) = chart.backend_coord(&(first - margin, 0.0));
    let (end, bottom) = chart.backend_coord(&(last + margin, scale.low));
    root.draw(&PathElement::new([(start, zero), (end, zero)], MUTED)).map_err(|error| fail(&error))?;
    let unit = scale.title("", tongue);
    if !unit.is_empty() {
        let beside = letters.clone().pos(Pos::new(HPos::Left, VPos::Top));
        root.draw(&Text::new(unit, (4, 4), &beside)).map_err(|error| fail(&error))?;
    }
    // A line from each dot to the next; where one of them is hidden there is none.
    for pair in moments.windows(2) {
        if let [
            Moment { day: from, seen: Seen::Shown(one, _), .. },
            Moment { day: to, seen: Seen::Shown(other, _), .. },
        ] = pair
        {
            let ends = [(f64::from(*from), *one), (f64::from(*to), *other)];
            chart.draw_series([PathElement::new(ends, MARKS[0])]).map_err(|error| fail(&error))?;
        }
    }
    let under = letters.pos(Pos::new(HPos::Center, VPos::Top));
    let above = ("sans-serif", FONT).into_font().color(&MUTED).pos(Pos::new(HPos::Center, VPos::Bottom));
    let room = DAY_LETTERS * i32::try_from(LETTER)?;
    let n_moments = moments.len();
    let at = |moment: &Moment| chart.backend_coord(&(f64::from(moment.day), 0.0)).0;
    let last_at = moments.last().map_or(0, at);
    let mut free_from = i32::MIN;
    for (index, moment) in moments.iter().enumerate() {
        let x = at(moment);
        let is_last = index + 1 == n_moments;
        // The last day is told, and of the others those that have room.
        if is_last || (x >= free_from && x + room <= last_at) {
            root.draw(&Text::new(moment.label.clone(), (x, bottom + 6), &under))
                .map_err(|error| fail(&error))?;
            free_from = x + room;
        }
    }
    for moment in moments {
        let day = f64::from(moment.day);
        match moment.seen {
            Seen::Shown(shown, interval) => {
                let [from, to] = interval.unwrap_or([shown, shown]);
                let style = ShapeStyle { color: MARKS[0].into(), filled: true, stroke_width: 2 };
                let bar = ErrorBar::new_vertical(day, from, shown, to, style, CAP);
                chart.draw_series([bar]).map_err(|error| fail(&error))?;
            }
            Seen::Hidden | Seen::Unanswered => {
                let (x, _) = chart.backend_coord(&(day, 0.0));
                let word = seen_word(moment.seen, tongue);
                root.draw(&Text::new(word, (x, zero - 4), &above)).map_err(|error| fail(&error))?;
            }
        }
    }
    root.present().map_err(|error| fail(&error))
}

fn image(drawn: &str, height: u32, told: &Told) -> Markup {
    let (name, description) = (format!("{}-t", told.id), format!("{}-d", told.id));
    html! {
        svg role="img" aria-labelledby=(name) aria-describedby=(description) viewBox={ "0 0 " (WIDTH) " " (height) } {
            title id=(name) { (told.title) }
            desc id=(description) { (told.description) }
            (PreEscaped(inner(drawn)))
        }
    }
}

/// What plotters drew, without its own root and with roles for colours.
fn inner(drawn: &str) -> String {
    let inner = drawn.split_once('>').map_or("", |(_, rest)| rest);
    let mut inner = inner.trim_end().trim_end_matches("</svg>").to_owned();
    for (_, colour, role) in ROLES {
        // Between quotation marks it is an attribute: in a text they are written otherwise.
        inner = inner.replace(&format!("\"{colour}\""), &format!("\"{role}\""));
    }
    inner
}

type DrawError = Box<dyn std::error::Error>;

fn draw(
    to: &mut String,
    height: u32,
    rows: &[Row],
    scale: &Scale,
    axis: &str,
    tongue: Tongue,
) -> Result<(), DrawError> {
    let fail = |error: &dyn std::fmt::Display| DrawError::from(error.to_string());
    let root = SVGBackend::with_string(to, (WIDTH, height)).into_drawing_area();
    let n_rows = f64::from(u32::try_from(rows.len().max(1))?);
    let mut chart = ChartBuilder::on(&root)
        .margin_top(TOP)
        .margin_right(RIGHT)
        .set_label_area_size(LabelAreaPosition::Left, scale.left)
        .set_label_area_size(LabelAreaPosition::Bottom, BOTTOM)
        .build_cartesian_2d(scale.low..scale.high, 0.0..n_rows)
        .map_err(|error| fail(&error))?;
    let letters = ("sans-serif", FONT).into_font().color(&INK);
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .max_light_lines(0)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .x_labels(scale.ticks(tongue))
        .x_label_style(letters.clone())
        .x_label_formatter(&|value| scale.tick(*value, tongue))
        .x_desc(scale.title(axis, tongue))
        .axis_desc_style(letters.clone())
        .draw()
        .map_err(|error| fail(&error))?;
    let (_, bottom) = chart.backend_coord(&(0.0, 0.0));
    let (zero, top) = chart.backend_coord(&(0.0, n_rows));
    root.draw(&PathElement::new([(zero, top), (zero, bottom)], MUTED)).map_err(|error| fail(&error))?;
    let at_right = letters.clone().pos(Pos::new(HPos::Right, VPos::Center));
    let beside = ("sans-serif", FONT).into_font().color(&MUTED).pos(Pos::new(HPos::Left, VPos::Center));
    let left = i32::try_from(scale.left)?;
    for (index, row) in rows.iter().enumerate() {
        let middle = n_rows - f64::from(u32::try_from(index)?) - 0.5;
        let (_, y) = chart.backend_coord(&(0.0, middle));
        let lines = wrapped(&row.label);
        let first = y - LINE / 2 * i32::try_from(lines.len().saturating_sub(1))?;
        for (line, y) in lines.into_iter().zip((first..).step_by(usize::try_from(LINE)?)) {
            root.draw(&Text::new(line, (left - 8, y), &at_right)).map_err(|error| fail(&error))?;
        }
        let n_marks = f64::from(u32::try_from(row.marks.len().max(1))?);
        for (series, (seen, colour)) in row.marks.iter().zip(MARKS).enumerate() {
            let at = middle + 0.5 - (f64::from(u32::try_from(series)?) + 0.5) / n_marks;
            let Some(seen) = seen else { continue };
            match seen {
                Seen::Shown(shown, interval) => {
                    let [from, to] = interval.unwrap_or([*shown, *shown]);
                    // The first series is filled, the second hollow: colour is not what tells them apart.
                    let style = ShapeStyle { color: colour.into(), filled: series == 0, stroke_width: 2 };
                    let bar = ErrorBar::new_horizontal(at, from, *shown, to, style, CAP);
                    chart.draw_series([bar]).map_err(|error| fail(&error))?;
                }
                Seen::Hidden | Seen::Unanswered => {
                    let (_, y) = chart.backend_coord(&(0.0, at));
                    let word = seen_word(*seen, tongue);
                    root.draw(&Text::new(word, (zero + 6, y), &beside)).map_err(|error| fail(&error))?;
                }
            }
        }
    }
    root.present().map_err(|error| fail(&error))
}

/// What is said in the place of a number.
pub(crate) fn seen_word(seen: Seen, tongue: Tongue) -> &'static str {
    match seen {
        Seen::Shown(..) => "",
        Seen::Hidden => tongue.say("skjult", "hidden"),
        Seen::Unanswered => tongue.say("intet svar", "no answer"),
    }
}

/// A label in one line or two that fit; where there is more, the table has it in full.
fn wrapped(label: &str) -> Vec<String> {
    let length = |text: &str| text.chars().count();
    if length(label) <= LABEL_MAX {
        return vec![label.to_owned()];
    }
    let words: Vec<&str> = label.split(' ').collect();
    let fitting = (1..words.len()).rev().map(|n_words| words.split_at(n_words));
    let halves = fitting.map(|(first, second)| (first.join(" "), second.join(" ")));
    match halves.into_iter().find(|(first, _)| length(first) <= LABEL_MAX) {
        Some((first, second)) => vec![first, cut(&second)],
        None => vec![cut(label)],
    }
}

fn cut(line: &str) -> String {
    if line.chars().count() <= LABEL_MAX {
        return line.to_owned();
    }
    line.chars().take(LABEL_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::{Row, Scale, Told, svg, wrapped};
    use crate::number::Unit;
    use crate::object::Seen;
    use crate::words::Tongue;

    fn plot(rows: &[Row]) -> String {
        let told = Told {
            id: "p".to_owned(),
            title: "T".to_owned(),
            description: "D".to_owned(),
            axis: "A".to_owned(),
        };
        svg(rows, &Scale::of(rows, Unit::Count), &told, Tongue::Da).into_string()
    }

    fn row(label: &str, seen: Seen) -> Row {
        Row { label: label.to_owned(), marks: vec![Some(seen)] }
    }

    #[test]
    fn an_interval_is_a_bar_and_a_hidden_cell_a_word() {
        let shown = plot(&[row("a", Seen::Shown(10.0, Some([5.0, 15.0])))]);
        assert_eq!(shown.matches("<circle").count(), 1);
        assert_eq!(shown.matches("var(--mark-1)").count(), 4, "a dot, a line and its two ends");
        let hidden = plot(&[row("a", Seen::Hidden)]);
        assert!(hidden.contains("skjult") && !hidden.contains("<circle"));
        assert!(!hidden.contains("var(--mark-1)"));
    }

    #[test]
    fn what_is_not_shown_does_not_stretch_the_axis() {
        let shown = || row("a", Seen::Shown(10.0, Some([5.0, 15.0])));
        let with = [shown(), row("a", Seen::Hidden), row("a", Seen::Unanswered)];
        let ends = |scale: Scale| (scale.low, scale.high);
        assert_eq!(ends(Scale::of(&with, Unit::Count)), ends(Scale::of(&[shown()], Unit::Count)));
    }

    #[test]
    fn a_long_label_has_two_lines() {
        assert_eq!(wrapped("Almen praksis"), ["Almen praksis"]);
        assert_eq!(wrapped("Tilfredshed med livet"), ["Tilfredshed med", "livet"]);
        assert_eq!(wrapped("psychiatry + somatic + abuse and more"), ["psychiatry +", "somatic + abuse a…"]);
        assert_eq!(wrapped("Speciallægekonsultation"), ["Speciallægekonsul…"]);
        assert!(wrapped(&" ".repeat(50)).len() <= 2);
    }

    #[test]
    fn colours_are_roles_and_texts_are_escaped() {
        let drawn = plot(&[row("<b>\"#010101\"&", Seen::Shown(1.0, None))]);
        assert!(!drawn.contains("=\"#0"), "every colour is a role: {drawn}");
        assert!(drawn.contains("&lt;b&gt;") && !drawn.contains("<b>"), "{drawn}");
        assert!(!drawn.contains("http"), "{drawn}");
    }

    #[test]
    fn odd_numbers_are_drawn_or_said_not_to_be() {
        for value in [0.0, -1.0, 1e-320, 1e-8, 1e15, -1e15, 1e308, -1e308, f64::MAX, f64::MIN] {
            for interval in [None, Some([value, value]), Some([f64::MIN, f64::MAX]), Some([3.0, -3.0])] {
                assert!(!plot(&[row("a", Seen::Shown(value, interval))]).is_empty());
            }
        }
        assert!(!plot(&[]).is_empty());
    }
}
