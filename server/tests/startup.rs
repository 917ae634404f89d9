//! Starting and stopping the binary.

mod harness;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::Message;
use tungstenite::protocol::frame::coding::CloseCode;

use harness::{PATIENCE, Server, run};

#[test]
fn the_start_says_where_to_go_next() {
    let folder = tempfile::tempdir().unwrap();
    // Two servers at once, each on a free port of its own.
    let one = Server::on_folder(&folder.path().join("one"), &[]);
    let two = Server::on_folder(&folder.path().join("two"), &["--host", "127.0.0.1"]);
    assert_ne!(one.port(), two.port());
    let first = one.started();
    for part in [
        "http://localhost:",
        "ws://localhost:",
        "/one\n",
        "curl ",
        "whoever",
    ] {
        assert!(first.contains(part), "{part} is not in\n{first}");
    }
    assert!(!two.started().contains("whoever"), "{}", two.started());
    // The first command works as it stands there.
    let (_, command) = first.split_once("curl '").unwrap();
    let url = command.split('\'').next().unwrap();
    let (_, path) = url.split_once(&format!(":{}", one.port())).unwrap();
    assert_eq!(one.get(path).status, 200);
}

#[test]
fn a_taken_port_is_told_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--host", "127.0.0.1", "--port", &port, "--data", "data"];
    let ended = run(&arguments, &[], folder.path());
    assert_eq!(ended.status.code(), Some(1));
    let expected = format!("cannot listen on 127.0.0.1 port {port}: another program");
    assert!(ended.stderr.contains(&expected), "{}", ended.stderr);
    assert!(ended.stderr.contains("--port"), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
}

#[test]
fn a_data_folder_that_cannot_be_used_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    let ended = run(&["--port", "0", "--data", "file"], &[], folder.path());
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("file") && ended.stderr.contains("--data"),
        "{}",
        ended.stderr
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "not a folder");

    let sealed = folder.path().join("sealed");
    fs::create_dir(&sealed).unwrap();
    fs::set_permissions(&sealed, fs::Permissions::from_mode(0o500)).unwrap();
    let is_root = fs::write(sealed.join("probe"), "").is_ok();
    if !is_root {
        let ended = run(
            &["--port", "0", "--data", "sealed/data"],
            &[],
            folder.path(),
        );
        assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
        assert!(ended.stderr.contains("--data"), "{}", ended.stderr);
    }
}

#[test]
fn a_data_folder_has_one_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut first = Server::on_folder(&data, &[]);
    let data_text = data.to_str().unwrap();
    let ended = run(&["--port", "0", "--data", data_text], &[], folder.path());
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains(data_text) && ended.stderr.contains("--data"),
        "{}",
        ended.stderr
    );
    assert_eq!(first.get("/_ready").status, 200);
    first.kill();
    // What a killed server leaves is no obstacle.
    assert_eq!(Server::on_folder(&data, &[]).get("/_ready").status, 200);
}

#[test]
fn signals_stop_it_in_good_order() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::start();
        let mut client = server.websocket();
        let mut http = server.http();
        assert_eq!(http.call("GET", "/_now", &[], b"").status, 200);
        let port = server.port();
        server.signal(signal);
        let (code, _) = client.closed().unwrap();
        assert_eq!(code, CloseCode::Away, "{signal}");
        assert!(http.is_closed());
        assert!(server.wait().success(), "{signal}: {}", server.log());
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    }
}

/// Wrappers pass a signal on to a program that has got it already.
#[test]
fn a_signal_that_comes_twice_at_once_is_one() {
    let mut server = Server::start();
    let mut http = server.http();
    http.send(
        "POST /_query HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 38\r\n\r\n",
    );
    assert_eq!(http.read_head().status, 100);
    server.signal("TERM");
    server.signal("TERM");
    std::thread::sleep(Duration::from_millis(100)); // would be enough to end
    http.send(r#"{"controller":"server","action":"now"}"#);
    assert!([200, 503].contains(&http.read().status));
    assert!(server.wait().success());
}

#[test]
fn what_was_asked_for_before_the_signal_is_answered() {
    let mut server = Server::start();
    let mut client = server.websocket();
    let ids: Vec<_> = (0..50)
        .map(|_| client.send_query(json!({ "controller": "server", "action": "publicApi" })))
        .collect();
    let first = client.reply(&ids[0]);
    server.signal("TERM");
    assert_eq!(first["status"], 200);
    // Each gets its result, hears why not, or hears that the server left; none
    // gets silence.
    for _ in &ids[1..] {
        let Some(Message::Text(text)) = client.next_frame(PATIENCE) else {
            break;
        };
        let reply: Value = serde_json::from_str(&text).unwrap();
        let id = reply["error"]["id"].as_str();
        let is_told = matches!(id, None | Some("network.entrypoint.shutting_down"));
        assert!(is_told, "{reply}");
    }
    let closed = client.closed();
    assert!(closed.is_none_or(|it| it.0 == CloseCode::Away));
    assert!(server.wait().success());
}

#[test]
fn a_restart_finds_its_folder_again() {
    let mut server = Server::start();
    let data = server.data().to_owned();
    server.restart();
    assert_eq!(server.get("/_ready").status, 200);
    assert_eq!(server.data(), data);
    assert!(server.terminate().success());
    server.restart();
    assert_eq!(server.get("/_ready").status, 200);
}

/// Generous here, as tests run unoptimised and side by side; `cargo bench` measures.
#[test]
fn the_start_is_quick() {
    let started = Instant::now();
    let server = Server::start();
    assert_eq!(server.get("/_ready").status, 200);
    assert!(started.elapsed() < Duration::from_secs(5));
}
