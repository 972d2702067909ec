//! Writes a made-up audit log of many entries, and measures how long its verification takes.
//!
//! ```text
//! cargo run --release -p tvaers-audit --example audit_log -- make 1000000 DIR
//! cargo run --release -p tvaers-audit --example audit_log -- verify DIR
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a program for developers"
)]

#[path = "../tests/made/mod.rs"]
#[expect(dead_code, reason = "tests use the rest")]
mod made;

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use tvaers_audit::{files, verify};

/// Bytes of a file, as the node fills it.
const FILE_BYTES: usize = 64 << 20;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", entries, dir] => make(entries.parse().unwrap(), Path::new(dir)),
        ["verify", dir] => measure(Path::new(dir)),
        _ => println!("make ENTRIES DIR | verify DIR"),
    }
}

fn make(entries: u64, dir: &Path) {
    let running = dir.join("audit.jsonl");
    let mut writer = made::Writer::new();
    let mut heads = BufWriter::new(File::create(dir.join("heads.jsonl")).unwrap());
    let (mut file, mut bytes, mut first) = (BufWriter::new(File::create(&running).unwrap()), 0, 1);
    while writer.head.entries < entries {
        let line = if bytes >= FILE_BYTES {
            file.flush().unwrap();
            std::fs::rename(&running, files::full(&running, first)).unwrap();
            (file, bytes) = (BufWriter::new(File::create(&running).unwrap()), 0);
            first = writer.head.entries + 1;
            writer.rotated()
        } else {
            writer.typical()
        };
        bytes += line.len();
        file.write_all(line.as_bytes()).unwrap();
        for seen in writer.seen.drain(..) {
            writeln!(heads, "{}", serde_json::to_string(&seen).unwrap()).unwrap();
        }
    }
    file.flush().unwrap();
}

fn measure(dir: &Path) {
    let begun = Instant::now();
    let all = files::of_paths(&[PathBuf::from(dir)]).unwrap();
    let files = all.iter().map(|path| File::open(path).map(|file| BufReader::with_capacity(1 << 20, file)));
    let verdict = verify::verify(files, &made::evidence(), &mut |_| ()).unwrap();
    for sentence in verdict.sentences() {
        println!("{}", sentence.en);
    }
    for finding in &verdict.findings {
        println!("{}: {}", finding.code, finding.sentence.en);
    }
    println!("{} files, {:.2} s", all.len(), begun.elapsed().as_secs_f64());
}
