//! How values of a policy file look in its explanation, and which others may stand in their place.

use toml::Value;

use super::*;

/// How a value of the file looks in an explanation: in Danish, in English.
pub(super) fn rendered(path: &str, value: &Value) -> Option<[String; 2]> {
    const MONTHS: [[&str; 2]; 12] = [
        ["januar", "January"],
        ["februar", "February"],
        ["marts", "March"],
        ["april", "April"],
        ["maj", "May"],
        ["juni", "June"],
        ["juli", "July"],
        ["august", "August"],
        ["september", "September"],
        ["oktober", "October"],
        ["november", "November"],
        ["december", "December"],
    ];
    let same = |text: String| Some([text.clone(), text]);
    match value {
        Value::Datetime(day) => {
            let date: Date = day.to_string().parse().unwrap();
            let [da, en] = MONTHS[date.month() as usize - 1];
            Some([
                format!("{}. {da} {}", date.day(), date.year()),
                format!("{} {en} {}", date.day(), date.year()),
            ])
        }
        Value::Integer(number) if path.ends_with(".rho") || path.ends_with(".epsilon") => {
            same(format!("{} {number}", path.rsplit('.').next().unwrap()))
        }
        Value::Integer(number) => {
            let mut digits = number.unsigned_abs().to_string();
            let mut parts = Vec::new();
            while digits.len() > 3 {
                parts.insert(0, digits.split_off(digits.len() - 3));
            }
            parts.insert(0, digits);
            let sign = if *number < 0 { "-" } else { "" };
            let shown = [parts.join("."), parts.join(",")].map(|number| format!("{sign}{number}"));
            let [da, en] = around(path, *number);
            Some([da.replace('#', &shown[0]), en.replace('#', &shown[1])])
        }
        Value::Float(number) => {
            let number = Decimal::parse(&number.to_string()).unwrap().to_string();
            let unit = path.rsplit('.').next().unwrap();
            Some([format!("{unit} {}", number.replace('.', ",")), format!("{unit} {number}")])
        }
        // Told as everything, in a sentence.
        Value::String(word) if word == "all" && !path.ends_with(".persons") => None,
        Value::String(hex) if hex.len() == 64 => same(hex.to_lowercase()),
        Value::String(word) => same(word.clone()).map(|same| word_of(path, word).unwrap_or(same)),
        _ => None,
    }
}

/// The sentence in which a number stands, so that no other number is taken for it.
pub(super) fn around(path: &str, number: i64) -> [&'static str; 2] {
    match path {
        "policy.version" => [", version #\n", ", version #\n"],
        "cells.smallest" if number == 0 => ["(grænsen er #)", "(the bound is #)"],
        "cells.smallest" => ["færre end # personer", "fewer than # persons"],
        "cells.rounding" => ["multipla af #", "multiples of #"],
        "cells.dimensions-max" => [" på # egenskaber", " by at most # features"],
        "cells.cells-max" => ["højst have # celler", "at most # cells"],
        "budget.period-days" => ["periode på # dag", "period of # day"],
        "release.reply-grid-ms" => [" # millisekund", " # milliseconds"],
        "release.witnesses" if number == 0 => ["(# vidner)", "(# witnesses)"],
        "release.witnesses" => ["kræver # af dem", "; # of them"],
        "retention.results-days" => ["\nFrigivne svar\n\nhøjst # dag", "\nReleased answers\n\nat most # day"],
        "retention.work-lists-days" => ["\nArbejdslister\n\nhøjst # dag", "\nWork lists\n\nat most # day"],
        "retention.pseudonyms-days" => ["slutter inden)\n\nhøjst # dag", "ends before)\n\nat most # day"],
        "retention.logs-days" => ["\nLogge\n\nmindst # dag", "\nLogs\n\nat least # day"],
        "permit.data.clamp.from" | "permit.data.clamp.to" | "permit.model.version" => ["\n#\n", "\n#\n"],
        "permit.population.age-from" => ["fyldt # år", "of # years and over"],
        "permit.population.age-to" => ["på højst # år", "at most # years"],
        "permit.pseudonyms.evaluations-per-study" => ["for # personer i ét", "for at most # persons in one"],
        "permit.pseudonyms.evaluations-per-peer" => ["for # personer for én", "at most # persons for one"],
        _ => panic!("{path}"),
    }
}

/// The words of the file's own words, stated here once more.
pub(super) fn word_of(path: &str, word: &str) -> Option<[String; 2]> {
    let last = path.rsplit('.').next().unwrap();
    let [da, en] = match (last, word) {
        ("opt-outs" | "protected-addresses" | "objections", "none") => ["ingen liste", "no list"],
        ("each", "month") => ["Hver kalendermåned", "Each month of the calendar"],
        ("each", "quarter") => ["Hvert kvartal", "Each quarter of the calendar"],
        ("each", "year") => ["Hvert kalenderår", "Each year of the calendar"],
        ("role", "dpo") => ["\ndatabeskyttelsesrådgiver\n", "\ndata-protection officer\n"],
        ("role", "analyst") => ["\nanalytiker\n", "\nanalyst\n"],
        ("article-6", letter) => return Some([format!("\nlitra {letter}: "), format!("\n({letter}): ")]),
        ("article-9", letter) => return Some([format!("\nlitra {letter}: "), format!("\n({letter}): ")]),
        ("ehds-53", letter) => {
            return Some([
                format!("artikel 53, stk. 1, litra {letter}, "),
                format!("Article 53(1)({letter}) "),
            ]);
        }
        ("grain", "points") => ["\npoint\n", "\npoints\n"],
        ("grain", "counts") => ["\nantal\n", "\ncounts\n"],
        ("grain", "events") => ["\nhændelser\n", "\nevents\n"],
        ("disclosure", "inclusion") => ["udvalgt, og intet andet", "selected, and nothing else"],
        ("disclosure", "stratum") => ["udvalgt, og i hvilken gruppe", "selected, and in which stratum"],
        ("disclosure", "total") => [
            "i hvilken gruppe og med hvor mange point i alt.",
            "in which stratum and with how many points in all.",
        ],
        ("disclosure", "items") => {
            ["hvor mange point for hvert kriterium", "with how many for each criterion"]
        }
        ("persons", "selected") => {
            ["kun dem, som modellen udvælger", "those whom the model selects, and no others"]
        }
        ("persons", "all") => ["alle i modellens målgruppe", "everyone in the model's population"],
        _ => return None,
    };
    Some([da.to_owned(), en.to_owned()])
}

/// Other values that a key could have, of which some may be no policy.
pub(super) fn others(path: &str, now: &Value) -> Vec<Value> {
    let last = path.rsplit('.').next().unwrap();
    let words = |words: &[&str]| words.iter().map(|word| Value::String((*word).to_owned())).collect();
    let row = ROWS
        .iter()
        .find(|row| row.0 == path && row.1.is_empty() && !row.4.is_empty())
        .map(|row| value(row.4));
    let mut values: Vec<Value> = row.into_iter().collect();
    values.extend(match now {
        Value::Datetime(day) => {
            let day: Date = day.to_string().parse().unwrap();
            let by = |days: i64| value(&day.checked_add(jiff::Span::new().days(days)).unwrap().to_string());
            vec![by(1), by(-1)]
        }
        Value::Integer(number) => {
            vec![Value::Integer(number + 1), Value::Integer(number - 1), Value::Float(*number as f64 * 0.9)]
        }
        Value::Float(number) => {
            let times = |factor: f64| Value::Float((number * factor * 1e6).round() / 1e6);
            vec![times(0.9), times(1.1)]
        }
        Value::Boolean(yes) => vec![Value::Boolean(!yes)],
        Value::String(text) if text.len() == 64 => vec![Value::String("7e".repeat(32))],
        Value::String(_) => match last {
            "each" => words(&["month", "quarter", "year"]),
            "role" => words(&["analyst", "dpo"]),
            "article-6" | "ehds-53" | "article-9" => words(&["c", "a"]),
            "grain" => words(&["points", "counts", "events"]),
            "disclosure" => words(&["inclusion", "stratum", "total", "items"]),
            "persons" => words(&["selected", "all"]),
            "node" => words(&["k461", "region_1084"]),
            "opt-outs" | "protected-addresses" | "objections" => words(&["else.csv", "none"]),
            "name" if path == "permit.data.clamp.feature" => Vec::new(),
            "cvr" => words(&["30000005", "10000009"]),
            "id" | "domain" => words(&["something-7"]),
            "feature" => words(&["gp_contacts_1y", "cost_municipal_health_1y", "cost_gp_1y"]),
            _ => words(&["Noget helt andet"]),
        },
        _ => Vec::new(),
    });
    // A text that stands within the one before could not be told from it.
    let within =
        |value: &Value| value.as_str().is_some_and(|text| now.as_str().is_some_and(|now| now.contains(text)));
    values.retain(|value| value != now && !within(value));
    values
}

/// Keys that have one value only, or that no policy can change alone; what they say is tested by itself.
pub(super) const ONE_VALUE: [&str; 4] =
    ["budget.unit", "permit.pseudonyms.key", "permit.mode", "permit.data.clamp.feature"];
