//! Queries over nodes' data: right where there is hardly any noise, noised as claimed where there is, refused by rule
//! with nothing charged, and one answer for one charge whatever happens in between.

mod exact;
mod indicator;
mod kinds;
mod neighbours;
mod noise;
mod once;
mod refused;

pub(super) use self::neighbours::without;

use tvaers_node::audit::event::Event;
use tvaers_node::audit::read;
use tvaers_protocol::id::NodeId;
use tvaers_tests::federation::Federation;

fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

/// A small federation under laboratory policies, all connected.
async fn laboratory() -> Federation {
    let mut federation = Federation::builder().cases(3).build().await.unwrap();
    federation.connect_all().await.unwrap();
    federation
}

/// A small federation of which Lolland has a policy of its own.
async fn with_policy(policy: String) -> Federation {
    let put = move |data: &std::path::Path| Ok(std::fs::write(data.join("k360/policy.toml"), &policy)?);
    let mut federation = Federation::builder().cases(3).edit(put).build().await.unwrap();
    federation.connect_all().await.unwrap();
    federation
}

/// How many entries a node's ledger has, and what is spent in all.
async fn spent(federation: &Federation, id: &str) -> (u64, u64) {
    let totals = federation.node(&node(id)).unwrap().totals().await.unwrap();
    (totals.head.entries, totals.life.get())
}

/// The rules of every refusal in a node's audit log.
fn refusals(federation: &Federation, id: &str) -> Vec<Vec<String>> {
    let entries = read::read(&federation.node_home(&node(id)).audit()).unwrap();
    let rules = entries.filter_map(|entry| match entry.unwrap().event {
        Event::RequestRefused(refused) => Some(refused.rules.iter().map(ToString::to_string).collect()),
        _ => None,
    });
    rules.collect()
}
