use std::sync::Arc;

use tvaers_protocol::frame::Kind;
use tvaers_protocol::study::Grain;

use super::*;
use crate::testing::{Mischief, World};

struct Served {
    socket: PathBuf,
    task: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

/// Serves the world's coordinator on a socket.
fn serve_at(world: &World, socket: &Path) -> tokio::task::JoinHandle<()> {
    let listener = bind(socket).unwrap();
    let coordinator = Arc::clone(&world.coordinator);
    tokio::spawn(async move { serve(coordinator, listener).await.unwrap() })
}

fn served(world: &World) -> Served {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("control.sock");
    let task = serve_at(world, &socket);
    Served { socket, task, _dir: dir }
}

fn stratify(world: &World, deadline_s: u64) -> Request {
    Request::Stratify(world.request(deadline_s))
}

fn summary(reply: Reply) -> Summary {
    let Reply::Stratified(summary) = reply else { panic!("{reply:?}") };
    summary
}

#[tokio::test]
async fn a_client_hears_what_happens_and_what_came_of_it() {
    let world = World::new(Grain::Counts).await;
    let served = served(&world);
    let mut heard = Vec::new();
    let reply = ask(&served.socket, &stratify(&world, 5), |event| heard.push(event.clone())).await;
    let summary = summary(reply.unwrap());
    assert!(heard.contains(&Event::Begin(crate::event::Phase::Join)), "{heard:?}");
    assert!(heard.contains(&Event::End(crate::event::Phase::Handback)), "{heard:?}");

    let of = async |name| ask(&served.socket, &Request::Studies(name), |_| {}).await.unwrap();
    let Reply::Studies(rows) = of(None).await else { panic!("no list") };
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].outcome, Some(Outcome::Done(summary.clone())));
    let Reply::Studies(found) = of(Some(summary.run.to_string().parse().unwrap())).await else {
        panic!("no list")
    };
    assert_eq!(found, rows);
    let Reply::Studies(none) = of(Some(RequestId::random())).await else { panic!("no list") };
    assert!(none.is_empty());
}

#[tokio::test]
async fn a_failure_arrives_with_its_exit_code_and_is_remembered() {
    let world = World::new(Grain::Counts).await;
    let served = served(&world);
    let mut request = world.request(5);
    request.study.content.model = "unheard-of".to_owned();
    let problem = ask(&served.socket, &Request::Stratify(request), |_| {}).await.unwrap_err();
    assert_eq!((problem.exit, problem.code.as_str()), (Exit::BadInput, "stratify.model"));
    let refuse = Mischief::Refuse(tvaers_protocol::reject::RejectCode::PolicyRefused);
    world.puppet("k360").plot(Kind::Compute, refuse, 1);
    let problem = ask(&served.socket, &stratify(&world, 5), |_| {}).await.unwrap_err();
    assert_eq!(problem.exit, Exit::Refused);
    let Reply::Studies(rows) = ask(&served.socket, &Request::Studies(None), |_| {}).await.unwrap() else {
        panic!("no list")
    };
    assert!(matches!(&rows[0].outcome, Some(Outcome::Failed(_, Exit::Refused))), "{rows:?}");
}

#[tokio::test]
async fn a_client_that_leaves_stops_nothing_and_the_same_name_hears_the_same_answer() {
    let mut world = World::new(Grain::Counts).await;
    let id = RequestId::random();
    world.puppet("k360").plot(Kind::Compute, Mischief::Silence, 1);
    // The first leaves in the middle, and the second comes in the middle.
    drop(requests::follow(&world.coordinator, &id, &Asked::Stratify(world.request(5))).await.unwrap());
    world.until("k360", Kind::Compute).await;
    let mut second =
        requests::follow(&world.coordinator, &id, &Asked::Stratify(world.request(5))).await.unwrap();
    assert_eq!(second.next().await, Some(Event::Begin(crate::event::Phase::Features)));
    while second.next().await.is_some() {}
    let outcome = second.outcome().await;
    assert!(matches!(&outcome, Outcome::Done(_)));
    let late = requests::follow(&world.coordinator, &id, &Asked::Stratify(world.request(5))).await.unwrap();
    assert_eq!(late.outcome().await, outcome);
    assert_eq!(world.puppet("k376").heard(Kind::Propose), 1, "it was carried out once");
}

#[tokio::test]
async fn a_client_waits_for_a_coordinator_that_is_started_again_and_hears_what_came_of_it() {
    let mut world = World::new(Grain::Counts).await;
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("control.sock");
    // A runtime of its own stands for the process: whatever the coordinator is at ends with it.
    let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    {
        let _in_process = process.enter();
        serve_at(&world, &socket);
    }
    world.puppet("k360").plot(Kind::Contribute, Mischief::Silence, 1);
    let (path, request) = (socket.clone(), stratify(&world, 20));
    let client = tokio::spawn(async move { ask(&path, &request, |_| {}).await });
    world.until("k360", Kind::Contribute).await;
    process.shutdown_background();

    world.restart().await;
    world.connect_all();
    requests::go_on(&world.coordinator).await.unwrap();
    let again = serve_at(&world, &socket);
    let told = summary(client.await.unwrap().unwrap());
    assert!(told.missing.is_empty());
    assert_eq!(world.puppet("k376").heard(Kind::Propose), 1, "the study went on");
    again.abort();
}

#[tokio::test]
async fn where_no_coordinator_is_the_problem_says_how_to_start_one() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("control.sock");
    let world = World::alone(Grain::Counts).await;
    for request in [stratify(&world, 5), Request::Nodes] {
        let problem = ask(&socket, &request, |_| {}).await.unwrap_err();
        assert_eq!((problem.exit, problem.code.as_str()), (Exit::Failed, "control.unreachable"));
    }
}

#[tokio::test]
async fn a_coordinator_that_does_not_come_back_is_told_of_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("control.sock");
    let listener = bind(&socket).unwrap();
    let world = World::alone(Grain::Counts).await;
    let dies = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await.unwrap();
        line
    });
    let problem = ask(&socket, &stratify(&world, 0), |_| {}).await.unwrap_err();
    assert_eq!((problem.exit, problem.code.as_str()), (Exit::Failed, "control.gone"));
    assert!(problem.next.contains("tvaers study list"), "{problem}");
    assert!(dies.await.unwrap().contains("\"id\""));
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let world = World::alone(Grain::Counts).await;
    let served = served(&world);
    let (read, mut write) = UnixStream::connect(&served.socket).await.unwrap().into_split();
    write.write_all(b"{\"id\":\"x\",\"ask\":\"nodes\"}\n").await.unwrap();
    let mut line = String::new();
    BufReader::new(read).read_line(&mut line).await.unwrap();
    assert!(line.contains("control.request"), "{line}");
    served.task.abort();
}
