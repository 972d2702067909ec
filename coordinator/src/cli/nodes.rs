//! `tvaers nodes`.

use tvaers_host::output::{Format, Output, table};
use tvaers_protocol::problem::{Exit, Problem};

use crate::control::{Reply, Request, ask};
use crate::home::Home;

pub(super) async fn run(home: &Home, output: Output) -> Result<(), Problem> {
    let Reply::Nodes(nodes) = ask(&home.socket(), &Request::Nodes, |_| {}).await? else {
        return Err(Problem::new(Exit::Failed, "control.answer", "the coordinator answered something else"));
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
    ];
    let mut table = table(header, &[6, 8]);
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
        ]);
    }
    output.result(table);
    Ok(())
}
