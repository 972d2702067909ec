//! One line a person, model by model.

use std::io::Write;

use jiff::civil::Date;
use tvaers_tests::oracle::{Federation, somv};

pub(crate) fn sad(federation: &Federation, as_of: Date, out: impl Write) -> anyhow::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record([
        "person_id",
        "sad_eligible",
        "known",
        "repeat",
        "last",
        "labour",
        "treatment",
        "gp",
        "civil",
        "citizen",
        "akasse",
        "sad_total",
        "kommune",
        "stratum",
        "spells_cross",
        "gp_cross",
        "several_residences",
    ])?;
    for (person, a) in federation.sad(as_of)? {
        let mut record = vec![person.expose().to_owned(), flag(a.eligible)];
        let items =
            [a.known, a.repeat, a.last, a.labour, a.treatment, a.gp, a.civil, a.citizen, a.akasse, a.total];
        record.extend(items.iter().map(u16::to_string));
        record.push(a.kommune.map(|k| k.to_string()).unwrap_or_default());
        record.push(a.stratum.as_str().to_owned());
        record.extend([a.spells_cross, a.gp_cross, a.several_residences].map(flag));
        out.write_record(record)?;
    }
    Ok(out.flush()?)
}

pub(crate) fn somv(federation: &Federation, as_of: Date, out: impl Write) -> anyhow::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record([
        "person_id",
        "somv_eligible",
        "somv_register",
        "total",
        "somatic",
        "psychiatric",
        "substance",
        "social",
        "two_in_30",
        "three_in_6m",
        "frontline",
        "somv_with_frontline",
        "kommune",
        "stays_cross",
        "several_residences",
    ])?;
    for (person, a) in federation.somv(as_of, &somv::MUNICIPALITIES.into())? {
        let mut record = vec![person.expose().to_owned(), flag(a.eligible), flag(a.included)];
        record.push(a.total.to_string());
        record.extend(a.criteria().map(|(_, points)| points.to_string()));
        record.extend([a.frontline, a.included_with_frontline].map(flag));
        record.push(a.kommune.map(|k| k.to_string()).unwrap_or_default());
        record.extend([a.stays_cross, a.several_residences].map(flag));
        out.write_record(record)?;
    }
    Ok(out.flush()?)
}

fn flag(value: bool) -> String {
    u8::from(value).to_string()
}
