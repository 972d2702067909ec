//! The parts that hold for all permits.

use jiff::civil::Date;
use tvaers_protocol::id::Digest;

use super::value::{self, Need};
use super::{PolicyTable, Reader};
use crate::fault::Reason;
use crate::limit;
use crate::policy::{Assessment, Cells, Controller, Edition, Exclusions, Processor, Release, Retention};

impl Reader<'_> {
    pub(super) fn edition(&self, table: &PolicyTable<'_>) -> Option<Edition> {
        let node = value::node(table, "node");
        let version = value::whole(table, "version", 1, u32::MAX);
        let predecessor =
            value::checked(table, "predecessor", Need::Optional, || value::hex(table, "predecessor"));
        match (version, &predecessor) {
            (Some(1), Some(Some(_))) => table.refuse("predecessor", Reason::First),
            (Some(2..), Some(None)) => table.refuse("predecessor", Reason::NotFirst),
            _ => {}
        }
        let validity = value::validity(table);
        table.close();
        Some(Edition {
            node: node?,
            version: version?.into(),
            predecessor: predecessor?.map(Digest),
            validity: validity?,
        })
    }

    pub(super) fn controller(&self, table: &PolicyTable<'_>) -> Option<Controller> {
        let name = value::text(table, "name");
        let cvr = value::cvr(table, "cvr");
        let contact = value::text(table, "contact");
        let dpo = value::text(table, "dpo");
        let processors = table.tables("processor");
        let processors: Vec<Option<Processor>> = processors.iter().map(processor).collect();
        table.close();
        Some(Controller {
            name: name?,
            cvr: cvr?,
            contact: contact?,
            dpo: dpo?,
            processors: processors.into_iter().collect::<Option<_>>()?,
        })
    }

    pub(super) fn assessment(&self, table: &PolicyTable<'_>, holds_from: Option<Date>) -> Option<Assessment> {
        let reference = value::text(table, "reference");
        let version = value::text(table, "version");
        let date = table.required::<Date>("date");
        if let (Some(date), Some(from)) = (&date, holds_from)
            && date.value > from
        {
            table.faults().refuse(date, Reason::Late);
        }
        table.close();
        Some(Assessment { reference: reference?, version: version?, date: date?.value })
    }

    pub(super) fn exclusions(&self, table: &PolicyTable<'_>) -> Option<Exclusions> {
        let opt_outs = value::file_or_none(table, "opt-outs");
        let protected_addresses = value::file_or_none(table, "protected-addresses");
        let objections = value::checked(table, "objections", Need::unless(self.laboratory), || {
            value::file_or_none(table, "objections")
        });
        table.close();
        Some(Exclusions {
            opt_outs: opt_outs?,
            protected_addresses: protected_addresses?,
            objections: objections?.flatten(),
        })
    }

    pub(super) fn cells(&self, table: &PolicyTable<'_>) -> Option<Cells> {
        use tvaers_query::limit::{CELLS_MAX, DIMENSIONS_MAX};
        let most = |max: usize| u32::try_from(max).unwrap_or(u32::MAX);
        let smallest = value::checked(table, "smallest", Need::Optional, || {
            let (floor, max) = (limit::SMALLEST_CELL_FLOOR, limit::CELL_MAX);
            value::whole_from(table, "smallest", floor, max, self.laboratory)
        });
        let rounding = value::whole(table, "rounding", 1, limit::CELL_MAX);
        // Conditions tell persons apart too, so there can be more of them than categories.
        let dimensions_max = value::whole(table, "dimensions-max", 0, most(4 * DIMENSIONS_MAX));
        let cells_max = value::whole(table, "cells-max", 1, most(CELLS_MAX));
        table.close();
        Some(Cells {
            smallest: smallest?.unwrap_or(limit::SMALLEST_CELL_DEFAULT),
            rounding: rounding?,
            dimensions_max: dimensions_max?,
            cells_max: cells_max?,
        })
    }

    pub(super) fn release(&self, table: &PolicyTable<'_>) -> Option<Release> {
        let (floor, max) = (limit::REPLY_GRID_MS_MIN, limit::REPLY_GRID_MS_MAX);
        let reply_grid_ms = value::whole_from(table, "reply-grid-ms", floor, max, self.laboratory);
        let witnesses = value::checked(table, "witnesses", Need::Optional, || {
            value::whole(table, "witnesses", 0, limit::WITNESSES_MAX)
        });
        table.close();
        Some(Release { reply_grid_ms: reply_grid_ms?, witnesses: witnesses? })
    }

    pub(super) fn retention(&self, table: &PolicyTable<'_>) -> Option<Retention> {
        let days = |key| value::whole(table, key, 1, limit::DAYS_MAX);
        let results_days = days("results-days");
        let work_lists_days = days("work-lists-days");
        let pseudonyms_days = days("pseudonyms-days");
        let logs_days =
            value::whole_from(table, "logs-days", limit::LOGS_DAYS_MIN, limit::DAYS_MAX, self.laboratory);
        table.close();
        Some(Retention {
            results_days: results_days?,
            work_lists_days: work_lists_days?,
            pseudonyms_days: pseudonyms_days?,
            logs_days: logs_days?,
        })
    }
}

fn processor(table: &PolicyTable<'_>) -> Option<Processor> {
    let name = value::text(table, "name");
    let cvr = value::cvr(table, "cvr");
    let task = value::text(table, "task");
    table.close();
    Some(Processor { name: name?, cvr: cvr?, task: task? })
}
