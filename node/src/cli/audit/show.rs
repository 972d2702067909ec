//! `tvaers-node audit show`.

use std::collections::VecDeque;

use serde_json::json;
use tvaers_host::output::{Format, Output, table};
use tvaers_protocol::audit::Seer;
use tvaers_protocol::problem::Problem;

use super::{own_log, problem, told};
use crate::audit::code::Code;
use crate::audit::event::{Asked, Closing, Event, KeyUse, ObjectionChange, SeriesClosing, Share, Study};
use crate::audit::line::Entry;
use crate::audit::read::{self, Verified};
use crate::cli::looking::{rho, short, time};
use crate::home::Home;
use crate::ledger::name::{Name, Requester};

/// Entries that are shown where nobody says how many.
const LAST: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many entries to show, the newest
    #[arg(long, value_name = "N", default_value_t = LAST)]
    last: usize,
    /// Show refusals only
    #[arg(long)]
    refused: bool,
}

pub(super) fn run(home: &Home, args: &Args, output: Output) -> Result<(), Problem> {
    let log = own_log(home)?;
    let mut entries = read::read(&log).map_err(|error| problem(&log, &error))?;
    let (mut newest, mut verified) = (VecDeque::new(), Verified::default());
    for entry in entries.by_ref() {
        let entry = entry.map_err(|error| problem(&log, &error))?;
        verified.take(&entry);
        let wanted =
            !args.refused || matches!(entry.event, Event::RequestRefused(_) | Event::StudyRefused(_));
        if wanted && args.last > 0 {
            if newest.len() == args.last {
                newest.pop_front();
            }
            newest.push_back(entry);
        }
    }
    verified.torn_bytes = entries.torn_bytes();
    match output.format {
        Format::Json => output.result(json!({ "entries": newest, "log": super::json(&verified) })),
        Format::Text => output.result(format_args!("{}\n\n{}", shown(&newest), told(&verified))),
    }
    Ok(())
}

/// An entry in the words of the table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) who: String,
    pub(super) what: String,
    pub(super) decision: &'static str,
    pub(super) rules: String,
    pub(super) rho: String,
}

fn shown(entries: &VecDeque<Entry>) -> String {
    if entries.is_empty() {
        return "No such entries.".to_owned();
    }
    let mut shown = table(["number", "time", "who", "what", "decision", "rules", "rho"], &[0, 6]);
    for entry in entries {
        let Row { who, what, decision, rules, rho } = row(&entry.event);
        shown.add_row([entry.number.to_string(), time(entry.at), who, what, decision.to_owned(), rules, rho]);
    }
    shown.to_string()
}

pub(super) fn row(event: &Event) -> Row {
    match event {
        Event::Start => plain("the node starts".to_owned()),
        Event::Stop => plain("the node stops".to_owned()),
        Event::PolicyLoaded(loaded) => {
            let laboratory = if loaded.laboratory { ", for made-up data alone" } else { "" };
            plain(format!("policy {} version {}{laboratory}", short(loaded.policy), loaded.version))
        }
        Event::PolicyRefused(refused) => Row {
            what: "a policy that cannot be used; nothing is permitted".to_owned(),
            rules: codes(&refused.rules),
            ..Row::default()
        },
        Event::PolicyWithdrawn(_) => plain("the policy was taken away; nothing is permitted".to_owned()),
        Event::ListsRead(read) => {
            plain(format!("lists or signatures changed beside policy {}", short(read.policy)))
        }
        Event::PolicyRevoked(revoked) => Row {
            who: revoked.by.to_string(),
            what: match &revoked.permit {
                Some(permit) => format!("permit {permit} revoked from {}", revoked.from),
                None => format!("policy {} revoked from {}", short(revoked.policy), revoked.from),
            },
            ..Row::default()
        },
        Event::RosterFollowed(followed) => {
            plain(format!("roster version {}, {}", followed.version, followed.roster.fingerprint()))
        }
        Event::KeyChanged(key) => {
            let what = match key.what {
                KeyUse::Signing => "signing",
                KeyUse::Sealing => "sealing",
            };
            plain(format!("{what} key {}", key.fingerprint.fingerprint()))
        }
        Event::CertificateRenewed(renewed) => plain(format!(
            "certificate until {}, key {}",
            renewed.valid_until.strftime("%Y-%m-%d"),
            renewed.spki.fingerprint()
        )),
        Event::Import(import) => {
            plain(format!("import {} of {}, data {}", import.import, import.extracted_on, short(import.data)))
        }
        Event::RequestPermitted(permitted) => Row {
            who: who(permitted.asked.requester.as_ref()),
            what: asked(&permitted.asked),
            decision: "permitted",
            rules: codes(&permitted.rules),
            rho: rho(permitted.charge.nano_rho.get()),
        },
        Event::RequestStored(stored) => Row {
            who: who(stored.asked.requester.as_ref()),
            what: asked(&stored.asked),
            decision: "stored answer",
            rules: format!("charge {}", stored.charge),
            rho: "0".to_owned(),
        },
        Event::RequestRefused(refused) => Row {
            who: who(refused.asked.requester.as_ref()),
            what: asked(&refused.asked),
            decision: "refused",
            rules: codes(&refused.rules),
            rho: String::new(),
        },
        Event::StudyAgreed(agreed) => Row {
            who: who(agreed.requester.as_ref()),
            what: study(&agreed.study),
            decision: "agreed",
            ..Row::default()
        },
        Event::StudyCharged(charged) => Row {
            what: format!("tables of study {} under {}", short(charged.manifest), charged.permit),
            decision: "charged",
            rho: rho(charged.charge.nano_rho.get()),
            ..Row::default()
        },
        Event::StudyRefused(refused) => Row {
            who: who(refused.requester.as_ref()),
            what: refused.study.as_ref().map_or_else(|| format!("study {}", short(refused.manifest)), study),
            decision: "refused",
            rules: codes(&refused.rules),
            ..Row::default()
        },
        Event::ObjectionsChanged(changed) => plain(
            match changed.how {
                ObjectionChange::Entered => "objections were entered",
                ObjectionChange::Lifted => "objections were lifted",
            }
            .to_owned(),
        ),
        Event::ObjectionsReceived(received) => {
            let share = match received.share {
                Share::Few => "up to 1 %",
                Share::Some => "up to 10 %",
                Share::Many => "above 10 %",
            };
            let study = short(received.manifest);
            plain(format!("other nodes' objections in study {study}: {share} of the persons contributed"))
        }
        Event::EvaluatedFor(told) => plain(format!(
            "evaluated for {} in study {}: {} of {} persons, quota {}",
            told.requester,
            short(told.manifest),
            told.elements,
            told.persons,
            told.quota
        )),
        Event::EvaluationsOpened(told) => plain(format!(
            "a sample of {} own persons in study {} was opened to an auditor, {}",
            told.persons,
            short(told.manifest),
            short(told.digest)
        )),
        Event::SeriesKept(kept) => plain(format!(
            "key and {} pseudonyms of study {} are kept for follow-up until {}, first study {}, epoch {}",
            kept.persons,
            short(kept.manifest),
            kept.until,
            short(kept.first),
            kept.epoch
        )),
        Event::SeriesClosed(closed) => Row {
            what: format!("shares and pseudonyms kept from study {} on are erased", short(closed.first)),
            decision: match closed.reason {
                SeriesClosing::Asked => "closed",
                SeriesClosing::Expired => "closed on its last day",
                SeriesClosing::Policy => "closed by the policy",
            },
            ..Row::default()
        },
        Event::StudyClosed(closed) => Row {
            what: format!("study {}", short(closed.manifest)),
            decision: match closed.how {
                Closing::HandedBack => "closed with a work list",
                Closing::Closed => "closed",
                Closing::Deadline => "closed at its deadline",
                Closing::Abandoned => "abandoned",
            },
            ..Row::default()
        },
        Event::LedgerRecovered(recovered) => Row {
            who: recovered.approved_by.iter().map(Name::as_str).collect::<Vec<_>>().join(", "),
            what: format!(
                "the ledger's loss of {} entries, shown by {}",
                recovered.lost.entries, recovered.witness
            ),
            decision: "charged",
            rho: rho(recovered.nano_rho.get()),
            ..Row::default()
        },
        Event::HeadSigned(signed) => plain(format!("the log to entry {} is signed", signed.content.entries)),
        Event::LogRecovered(recovered) => Row {
            who: recovered.approved_by.iter().map(Name::as_str).collect::<Vec<_>>().join(", "),
            what: format!(
                "the log's loss of {} entries, shown by {}",
                recovered.lost.content.entries,
                seer(&recovered.seer)
            ),
            decision: "answered for",
            ..Row::default()
        },
        Event::HeadCountersigned(seen) => Row {
            who: seer(&seen.by.content.by),
            what: format!("the log to entry {} is countersigned", seen.head.content.entries),
            ..Row::default()
        },
        Event::Truncated(truncated) => {
            plain(format!("{} bytes of half an entry were replaced", truncated.bytes))
        }
        Event::Rotated(rotated) => {
            plain(format!("a new file; the one before ends with entry {}", rotated.through.entries))
        }
        Event::Pruned(pruned) => plain(format!("entries 1 to {} are deleted", pruned.through.entries)),
        Event::Exported(exported) => {
            plain(format!("export of {}, {} to {}", exported.what, exported.first, exported.last))
        }
        Event::SubjectExtract {} => plain("a citizen was told what their data was used for".to_owned()),
        Event::BreachPack(pack) => plain(format!(
            "a breach pack of {} to {}, {}",
            time(pack.from),
            time(pack.to),
            short(pack.digest)
        )),
    }
}

fn seer(seer: &Seer) -> String {
    match seer {
        Seer::Coordinator => "the coordinator".to_owned(),
        Seer::Witness(node) => node.to_string(),
    }
}

fn plain(what: String) -> Row {
    Row { what, ..Row::default() }
}

fn who(requester: Option<&Requester>) -> String {
    requester.map_or_else(|| "nobody of the roster".to_owned(), |requester| requester.name.to_string())
}

fn asked(asked: &Asked) -> String {
    let query = asked.query.as_ref().map(ToString::to_string);
    let what = query.unwrap_or_else(|| format!("request {}", short(asked.request)));
    asked.permit.as_ref().map_or_else(|| what.clone(), |permit| format!("{what}, under {permit}"))
}

fn study(study: &Study) -> String {
    format!("study of {} as of {}, manifest {}", study.model, study.as_of, short(study.manifest))
}

fn codes(codes: &[Code]) -> String {
    codes.iter().map(Code::as_str).collect::<Vec<_>>().join(", ")
}
