//! Mutations of files of lines: what an editor does, and what stands in other files.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use crate::Mutate;

/// Changes a text by lines, or half of the time by bytes. `donors` are the texts whose lines it may get.
pub(crate) fn mutate(
    data: &mut [u8],
    size: usize,
    size_max: usize,
    seed: u32,
    donors: &[String],
    bytes: Mutate,
) -> usize {
    let mut random = StdRng::seed_from_u64(u64::from(seed));
    let text = std::str::from_utf8(&data[..size]).map(str::to_owned);
    let Ok(text) =
        text.map_err(drop).and_then(|text| if random.random_bool(0.5) { Ok(text) } else { Err(()) })
    else {
        return bytes(data, size, size_max);
    };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..random.random_range(1..4) {
        change(&mut lines, donors, &mut random);
    }
    put(data, size_max, (lines.join("\n") + "\n").as_bytes())
}

/// Writes what fits.
pub(crate) fn put(data: &mut [u8], size_max: usize, bytes: &[u8]) -> usize {
    let size = bytes.len().min(size_max).min(data.len());
    data[..size].copy_from_slice(&bytes[..size]);
    size
}

fn change(lines: &mut Vec<String>, donors: &[String], random: &mut StdRng) {
    let donor = donors.choose(random).map(|text| text.lines().collect::<Vec<_>>()).unwrap_or_default();
    let given = donor.choose(random).map_or_else(String::new, |line| (*line).to_owned());
    if lines.is_empty() {
        return lines.push(given);
    }
    let at = random.random_range(0..lines.len());
    match random.random_range(0..9) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[at].clone()),
        2 => {
            let other = random.random_range(0..lines.len());
            lines.swap(at, other);
        }
        3 => lines[at] = given,
        4 => lines.insert(at, given),
        // A key with another's value.
        5 | 6 => {
            if let (Some((key, _)), Some((_, value))) = (lines[at].split_once('='), given.split_once('=')) {
                lines[at] = format!("{key}={value}");
            }
        }
        7 => lines[at] = with_another_number(&lines[at], random),
        // All of a section.
        _ => {
            let is_head = |line: &String| line.starts_with('[');
            let from = lines[..=at].iter().rposition(is_head).unwrap_or(0);
            let length = lines[from + 1..].iter().position(is_head).map_or(lines.len() - from, |to| to + 1);
            let section: Vec<String> = lines.drain(from..from + length).collect();
            if random.random_bool(0.5) {
                lines.extend(section);
            }
        }
    }
}

/// The first number of a line becomes another one: one near it, or one at the end of what a number can be.
pub(crate) fn with_another_number(line: &str, random: &mut StdRng) -> String {
    let Some(from) = line.find(|c: char| c.is_ascii_digit()) else { return line.to_owned() };
    let rest = &line[from..];
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let near = rest[..digits].parse::<u64>().unwrap_or(0);
    let ends = [0, 1, 2, 31, 100, 10_000, u64::from(u32::MAX), i64::MAX as u64, u64::MAX];
    let number = match random.random_range(0..3) {
        0 => near.wrapping_add(1),
        1 => near.wrapping_sub(1),
        _ => *ends.choose(random).unwrap_or(&0),
    };
    format!("{}{number}{}", &line[..from], &rest[digits..])
}
