//! Which keys each refusal is about.

/// The keys whose change can bring or lift a refusal of that code; none for a code that does not exist.
///
/// Where a permit comes, goes or gets another mode, everything under it does. Where one rule is not reached because
/// another has refused, the key that did so is named too.
fn keys(code: &str) -> &'static [&'static str] {
    const BUDGET_DEFAULT: &str = "permit.budget.default-query";
    match code {
        "policy.not-yet-valid" => &["policy", "policy.valid-from"],
        "policy.expired" => &["policy", "policy.valid-to"],
        "policy.other-node" => &["policy", "policy.node"],
        "policy.superseded" | "policy.replaced" => &["policy", "policy.version"],
        "policy.predecessor" => &["policy", "policy.version", "policy.predecessor"],
        "policy.raised" => &[
            "budget.raised-by",
            "budget.per-period",
            "budget.for-life",
            "permit.budget.per-query",
            "permit.budget.in-all",
        ],
        "policy.not-made-up" => &["laboratory"],
        "permit.unknown" => &["permit"],
        "permit.mode" => &["permit", "permit.mode"],
        "permit.not-yet-valid" => &["permit.valid-from"],
        "permit.expired" => &["permit.valid-to"],
        "permit.revoked" => &["permit.revoked"],
        "permit.not-approved" => &["permit.approval", "permit.approval.date"],
        "asker.unknown" => &["permit.asker"],
        "asker.role" => &["permit.asker", "permit.asker.role"],
        "second-signature.missing" | "second-signature.same" | "second-signature.unknown" => {
            &["permit.second-signature"]
        }
        "second-signature.role" => &["permit.second-signature", "permit.second-signature.role"],
        "purpose.other" => &["permit.purpose", "permit.purpose.id"],
        "request.as-of" | "request.repeated" => &["laboratory"],
        "data.feature" => &["permit.data.features", "permit.data.categories"],
        "data.category" => &["permit.data.categories"],
        "data.table" => &["permit.data.tables"],
        "data.sensitive" => &["permit.data.sensitive"],
        "data.sum" => &["permit.data.clamp"],
        "data.clamp" => &["permit.data.clamp", "permit.data.clamp.from", "permit.data.clamp.to"],
        "cells.dimensions" => &["cells.dimensions-max"],
        "cells.number" => &["cells.cells-max"],
        "budget.unstated" | "budget.nothing" => &[BUDGET_DEFAULT],
        "budget.query" => &["permit.budget.per-query", BUDGET_DEFAULT],
        "budget.permit" => &["permit.budget.in-all", BUDGET_DEFAULT],
        "budget.period" => &["budget.per-period", "budget.period-days", BUDGET_DEFAULT],
        "budget.calendar" => {
            &["budget.calendar", "budget.calendar.each", "budget.calendar.at-most", BUDGET_DEFAULT]
        }
        "budget.life" => &["budget.for-life", BUDGET_DEFAULT],
        "model.unknown" | "model.version" | "model.digest" => &["permit.model"],
        "grain.component" | "grain.too-fine" => {
            &["permit.model", "permit.model.grain", "permit.model.component"]
        }
        "work-list.disclosure" => &["permit.work-list.disclosure"],
        "work-list.recipient" => &["permit.work-list.to"],
        "pseudonyms.study" => &["permit.pseudonyms.evaluations-per-study"],
        "pseudonyms.peer" => &["permit.pseudonyms.evaluations-per-peer"],
        "follow-up.not-allowed" => &["permit.follow-up"],
        "follow-up.until" => &["permit.follow-up", "permit.follow-up.until"],
        "retention.pseudonyms" => &["retention.pseudonyms-days"],
        _ => &[],
    }
}

/// Whether a change of the key can bring or lift a refusal of that code.
#[must_use]
pub fn explains(key: &str, code: &str) -> bool {
    let about = keys(code);
    let of_permit = !code.starts_with("policy.") && ["permit", "permit.mode"].contains(&key);
    about.contains(&key) || (of_permit && !about.is_empty())
}
