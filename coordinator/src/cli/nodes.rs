//! `tvaers nodes`.

use tvaers_host::output::{Format, Output, table};
use tvaers_protocol::problem::{Exit, Problem};

use tvaers_protocol::message::PolicyStatement;

use crate::control::{Reply, Request, ask};
use crate::home::Home;

pub(super) async fn run(home: &Home, output: Output) -> Result<(), Problem> {
    let Reply::Nodes(nodes) = ask(&home.socket(), &Request::Nodes, |_| {}).await? else {
        return Err(super::other_answer());
    };
    if output.format == Format::Json {
        let json = serde_json::to_string_pretty(&nodes)
            .map_err(|error| Problem::from_error(Exit::Failed, "nodes.json", &error))?;
        output.result(json);
        return Ok(());
    }
    let header = [
        "node",
        "sector",
        "key holder",
        "connected",
        "software",
        "made up",
        "import",
        "extracted on",
        "set aside",
        "policy",
        "left: period",
        "life",
        "certificate to",
    ];
    let mut table = table(header, &[6, 8, 10, 11]);
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    for node in nodes {
        table.add_row([
            node.node.to_string(),
            node.sector.to_string(),
            yes(node.holder),
            yes(node.connected),
            node.software,
            node.made_up.map(yes).unwrap_or_default(),
            node.import.map(|number| number.to_string()).unwrap_or_default(),
            node.extracted_on.map(|day| day.to_string()).unwrap_or_default(),
            node.rejected_rows.map(|rows| rows.to_string()).unwrap_or_default(),
            node.policy
                .as_ref()
                .map(policy)
                .unwrap_or_else(|| if node.connected { "none" } else { "" }.to_owned()),
            node.policy.as_ref().map(|policy| left(policy.left_period)).unwrap_or_default(),
            node.policy.as_ref().map(|policy| left(policy.left_life)).unwrap_or_default(),
            node.certificate_to.map(|day| day.to_string()).unwrap_or_default(),
        ]);
    }
    output.result(table);
    Ok(())
}

/// A policy in short: its version and the beginning of its digest.
fn policy(policy: &PolicyStatement) -> String {
    let digest: String = policy.digest.to_string().chars().take(8).collect();
    if policy.laboratory { format!("laboratory {digest}") } else { format!("{} {digest}", policy.version) }
}

/// A budget in rho; the greatest that can be counted stands for one without limit.
fn left(nano_rho: u64) -> String {
    const UNLIMITED: f64 = 1e9;
    let rho = crate::answer::rho(nano_rho);
    if rho > UNLIMITED { "unlimited".to_owned() } else { format!("{rho:.4}") }
}
