//! Reads the guide: every command line of its code blocks, in order, and the files that it prints.

const GUIDE: &str = include_str!("../../../SETUP.md");
const README: &str = include_str!("../../../../README.md");

/// One command as it is printed, continued lines joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The heading under which it stands.
    pub section: String,
    /// The command.
    pub text: String,
}

/// A code block: its language (none for commands), the heading above it, its lines.
struct Block {
    language: String,
    section: String,
    lines: Vec<String>,
}

fn blocks(markdown: &str) -> Vec<Block> {
    let (mut blocks, mut section): (Vec<Block>, String) = (Vec::new(), String::new());
    let mut inside = false;
    for line in markdown.lines() {
        match (inside, line.strip_prefix("```")) {
            (false, Some(language)) => {
                blocks.push(Block {
                    language: language.to_owned(),
                    section: section.clone(),
                    lines: Vec::new(),
                });
                inside = true;
            }
            (true, Some(_)) => inside = false,
            (true, None) => blocks.last_mut().unwrap().lines.push(line.to_owned()),
            (false, None) => {
                if let Some(title) = line.strip_prefix("## ") {
                    section = title.to_owned();
                }
            }
        }
    }
    blocks
}

fn commands(markdown: &str) -> Vec<Line> {
    let mut found = Vec::new();
    for block in blocks(markdown).into_iter().filter(|block| block.language.is_empty()) {
        let mut text = String::new();
        for line in &block.lines {
            text.push_str(line.trim());
            match text.strip_suffix('\\') {
                Some(rest) => text.truncate(rest.len()),
                None => {
                    found.push(Line { section: block.section.clone(), text: std::mem::take(&mut text) });
                }
            }
        }
    }
    found
}

/// Every command of the guide.
pub(crate) fn lines() -> Vec<Line> {
    commands(GUIDE)
}

/// What no test types would rot: a new section with commands needs someone to type them.
#[test]
fn every_section_with_commands_is_typed() {
    let typed = |section: &str| {
        let step = section.split_once(". ").and_then(|(number, _)| number.parse::<u8>().ok());
        step.is_some_and(|step| (1..=7).contains(&step))
            || ["When something changes", "Upgrade"].contains(&section)
    };
    // Before the first step the programs are built, which needs no typing here.
    let before = |line: &Line| line.section == "The package" && line.text == "deploy/package/build";
    for line in lines() {
        assert!(typed(&line.section) || before(&line), "nobody types `{}`", line.text);
    }
}

/// The README's commands for machines of their own are the guide's, so that they are run with it.
#[test]
fn what_the_readme_prints_of_it_stands_in_the_guide() {
    let guide: Vec<String> = lines().into_iter().map(|line| line.text).collect();
    let short = commands(README).into_iter().filter(|line| line.section == "On machines of their own");
    let short: Vec<String> = short.map(|line| line.text).collect();
    assert!(short.len() >= 10, "{} commands", short.len());
    for line in short {
        assert!(guide.contains(&line), "{line}");
    }
}

/// The files that the guide prints, by the name in their first line.
pub(crate) fn files() -> Vec<(String, String)> {
    let printed = blocks(GUIDE).into_iter().filter(|block| block.language == "toml");
    printed
        .map(|block| {
            let name = block.lines[0].strip_prefix("# ").unwrap().to_owned();
            (name, block.lines.join("\n") + "\n")
        })
        .collect()
}

/// The words of a command line, with double quotes, up to a comment.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted) = (String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted && word.is_empty() => break,
            ' ' if !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
