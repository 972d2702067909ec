//! Reading and verifying an audit log, of this node or copied from another; changes nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use tvaers_protocol::id::Digest;

use crate::error::AuditError;
use crate::event::{CertificateRenewed, Event, KeyUse};
use crate::files;
use crate::head::Head;
use crate::line::{Entry, LINE_BYTES_MAX};

/// The entries of a log, each checked against those before it. Ends at the first that is broken, or at half an entry
/// (see [`Entries::torn_bytes`]).
pub struct Entries<R> {
    from: R,
    head: Head,
    /// What the first entry follows, where it is not the log's first; to be proved by one that tells of deleting it.
    front: Option<Head>,
    bytes: u64,
    line: Vec<u8>,
    torn: Vec<u8>,
    done: bool,
}

/// How far an entry may be before the one before it: what is written at the same time is not always written in order.
pub(crate) const CLOCK_BACK_MAX: SignedDuration = SignedDuration::from_secs(60);

/// Opens a log to read, with the files that were full before it. Where the oldest entries were deleted, an entry that
/// is left must say so.
///
/// # Errors
/// [`AuditError::Io`].
pub fn read(path: &Path) -> Result<Entries<BufReader<Files>>, AuditError> {
    let (full, last) = files::opened(path)?;
    let place = files::first_place(full.first().map_or(path, PathBuf::as_path))?;
    let front = place.filter(|place| place.number > 1);
    let front = front.map(|place| Head { entries: place.number - 1, digest: place.previous });
    let from = BufReader::new(Files { now: None, full: full.into(), last: Some(last) });
    Ok(Entries { front, ..Entries::after(from, front.unwrap_or(Head::EMPTY)) })
}

/// Opens a part of a log, as it was exported, that begins with entry `first`. What stood before it is taken from its
/// own word: the first entry says which digest it follows.
///
/// # Errors
/// [`AuditError::Io`]; [`AuditError::Broken`] where it begins with no entry.
pub fn read_part(path: &Path, first: u64) -> Result<Entries<BufReader<Files>>, AuditError> {
    let Some(before) = first.checked_sub(1).filter(|before| *before > 0) else { return read(path) };
    let place = files::first_place(path)?
        .ok_or(AuditError::Broken { entry: first, what: "it is not an entry that this version knows" })?;
    let from = BufReader::new(Files { now: None, full: [path.to_owned()].into(), last: None });
    Ok(Entries::after(from, Head { entries: before, digest: place.previous }))
}

/// The files of a log as one stream.
pub struct Files {
    now: Option<File>,
    full: VecDeque<PathBuf>,
    last: Option<File>,
}

impl Read for Files {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(file) = &mut self.now {
                let read = file.read(buffer)?;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
            }
            self.now = match self.full.pop_front() {
                Some(path) => Some(File::open(path)?),
                None => Some(match self.last.take() {
                    Some(last) => last,
                    None => return Ok(0),
                }),
            };
        }
    }
}

impl<R: BufRead> Entries<R> {
    /// What follows a head.
    pub const fn after(from: R, head: Head) -> Self {
        Self { from, head, front: None, bytes: 0, line: Vec::new(), torn: Vec::new(), done: false }
    }

    /// The head with the last entry given.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// The line of the last entry given, byte for byte, without its end.
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// Bytes of half an entry at the end: a power cut, or a node in the middle of writing.
    pub const fn torn_bytes(&self) -> usize {
        self.torn.len()
    }

    /// That half entry.
    pub fn torn(&self) -> &[u8] {
        &self.torn
    }

    /// Bytes of whole entries so far.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    fn step(&mut self) -> Result<Option<Entry>, AuditError> {
        let number = self.head.entries + 1;
        let broken = |what| AuditError::Broken { entry: number, what };
        let mut line = Vec::new();
        let read = self
            .from
            .by_ref()
            .take(LINE_BYTES_MAX as u64 + 1)
            .read_until(b'\n', &mut line)
            .map_err(|source| AuditError::Read { entry: number, source })?;
        if line.pop_if(|last| *last == b'\n').is_none() {
            if read > LINE_BYTES_MAX {
                return Err(broken("its line is longer than an entry"));
            }
            self.torn = line;
            return self.front.map_or(Ok(None), |_| {
                let what =
                    "the log begins with a later one, and no entry tells of deleting what stood before it";
                Err(AuditError::Broken { entry: 1, what })
            });
        }
        let entry = Entry::read(&line, number, self.head.digest).map_err(|error| broken(error.0))?;
        self.head = Head { entries: number, digest: entry.digest };
        if matches!(&entry.event, Event::Pruned(pruned) if self.front == Some(pruned.through)) {
            self.front = None;
        }
        self.bytes += read as u64;
        self.line = line;
        Ok(Some(entry))
    }
}

impl<R: BufRead> Iterator for Entries<R> {
    type Item = Result<Entry, AuditError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let step = self.step().transpose();
        self.done = !matches!(step, Some(Ok(_)));
        step
    }
}

/// What a verified log says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries, and the digest that they lead to.
    pub head: Head,
    /// The number of the first entry that is there: after deleting the oldest it is not 1.
    pub first: Option<u64>,
    /// The digest of the log's first entry, whether or not it is there still; it names the log.
    pub log: Option<Digest>,
    /// The time of the first entry.
    pub first_at: Option<Timestamp>,
    /// The time of the last entry.
    pub last_at: Option<Timestamp>,
    /// Entries before which the clock had been set back.
    pub clock_back: u64,
    /// Entries that tell of a torn line.
    pub truncations: u64,
    /// Bytes of half an entry at the end.
    pub torn_bytes: usize,
    /// What its newest entries say of the node.
    pub said: Said,
}

/// What a log's newest entries say of the node that writes it: what may not be older than they say, and what need not
/// be told again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The newest head of the ledger.
    pub ledger: Head,
    /// The digest of the roster that it follows; none where that is not told.
    pub roster: Option<Digest>,
    /// The fingerprint of each of its keys that was told.
    pub keys: BTreeMap<KeyUse, Digest>,
    /// Its certificate.
    pub certificate: Option<CertificateRenewed>,
    /// The highest version of a policy that came into force, with its digest; none where none counted versions.
    pub policy: Option<(u64, Digest)>,
    /// Studies to which it agreed, and of whose end it has not told.
    pub studies: BTreeSet<Digest>,
}

/// Verifies a log from the first entry to the last, in all its files.
///
/// # Errors
/// [`AuditError::Broken`] with the first entry that is not as it was written; [`AuditError::Io`].
pub fn verify(path: &Path) -> Result<Verified, AuditError> {
    verified(read(path)?)
}

/// Verifies a part of a log that begins with entry `first`.
///
/// # Errors
/// As [`verify`].
pub fn verify_part(path: &Path, first: u64) -> Result<Verified, AuditError> {
    verified(read_part(path, first)?)
}

fn verified(mut entries: Entries<impl BufRead>) -> Result<Verified, AuditError> {
    let mut verified = Verified::default();
    for entry in entries.by_ref() {
        verified.take(&entry?);
    }
    verified.head = entries.head();
    verified.torn_bytes = entries.torn_bytes();
    Ok(verified)
}

impl Verified {
    /// Adds an entry that was checked.
    pub fn take(&mut self, entry: &Entry) {
        let earliest = self.last_at.and_then(|last| last.checked_sub(CLOCK_BACK_MAX).ok());
        self.first_at.get_or_insert(entry.at);
        self.first.get_or_insert(entry.number);
        match &entry.event {
            _ if entry.number == 1 => self.log = Some(entry.digest),
            Event::Rotated(rotated) => self.log = Some(self.log.unwrap_or(rotated.log)),
            Event::Pruned(pruned) => self.log = Some(self.log.unwrap_or(pruned.log)),
            _ => {}
        }
        self.clock_back += u64::from(earliest.is_some_and(|earliest| entry.at < earliest));
        self.last_at = Some(entry.at);
        self.truncations += u64::from(matches!(entry.event, Event::Truncated(_)));
        self.said.take(&entry.event);
        self.head = Head { entries: entry.number, digest: entry.digest };
    }
}

impl Default for Verified {
    fn default() -> Self {
        Self {
            head: Head::EMPTY,
            first: None,
            log: None,
            first_at: None,
            last_at: None,
            clock_back: 0,
            truncations: 0,
            torn_bytes: 0,
            said: Said::default(),
        }
    }
}

impl Said {
    /// Adds what an entry tells, in the order of the log.
    pub fn take(&mut self, event: &Event) {
        // Requests that are answered at the same time are logged in another order than they were charged.
        if let Some(head) = ledger_head(event).filter(|head| head.entries > self.ledger.entries) {
            self.ledger = head;
        }
        match event {
            Event::RosterFollowed(told) => self.roster = Some(told.roster),
            Event::KeyChanged(told) => {
                self.keys.insert(told.what, told.fingerprint);
            }
            Event::CertificateRenewed(told) => self.certificate = Some(told.clone()),
            Event::PolicyLoaded(told) if told.version > self.policy.map_or(0, |(version, _)| version) => {
                self.policy = Some((told.version, told.policy));
            }
            Event::StudyAgreed(told) => {
                self.studies.insert(told.study.manifest);
            }
            Event::StudyClosed(told) => {
                self.studies.remove(&told.manifest);
            }
            _ => {}
        }
    }
}

impl Default for Said {
    fn default() -> Self {
        Self {
            ledger: Head::EMPTY,
            roster: None,
            keys: BTreeMap::new(),
            certificate: None,
            policy: None,
            studies: BTreeSet::new(),
        }
    }
}

fn ledger_head(event: &Event) -> Option<Head> {
    match event {
        Event::RequestPermitted(permitted) => Some(permitted.charge.ledger),
        Event::StudyCharged(charged) => Some(charged.charge.ledger),
        Event::LedgerRecovered(recovered) => Some(recovered.ledger),
        Event::Pruned(pruned) => Some(pruned.ledger),
        _ => None,
    }
}
