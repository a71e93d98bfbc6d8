//! Progress as server-sent events.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stack::{Answer, World, minimal, progress};

/// `(id, event, data)` of each event.
fn read(answer: &Answer) -> Vec<(u64, String, Value)> {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/event-stream")), "{answer:#?}");
    let blocks = answer.text.split("\n\n").filter(|block| block.contains("data: "));
    let event = |block: &str| {
        let field = |name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {block}")).to_owned()
        };
        (field("id: ").parse().unwrap(), field("event: "), serde_json::from_str(&field("data: ")).unwrap())
    };
    blocks.map(event).collect()
}

fn names(events: &[(u64, String, Value)]) -> Vec<&str> {
    events.iter().map(|(_, name, _)| name.as_str()).collect()
}

/// Waits until `progress.json` has been read so often.
fn looked(world: &World, times: usize) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while world.aws.calls_like("/progress.json").len() < times {
        assert!(Instant::now() < deadline, "{:?}", world.aws.summaries());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_render_is_told_of_until_its_copy_is_there() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, json!({ "copyTo": format!("s3://{}/x.mp4", world.videos) }));
    world.forget_calls();
    let answer = std::thread::scope(|scope| {
        let listening = scope.spawn(|| server.get(&render.path("/events")));
        // The server follows it, too: it has looked twice as often.
        looked(&world, 3);
        world.writes(&render.render_id, &progress::rendering(&render.render_id, 5));
        world.forget_calls();
        looked(&world, 4);
        // As a store that shows an older state.
        world.writes(&render.render_id, &progress::initial());
        world.forget_calls();
        looked(&world, 4);
        world.finishes(&render.render_id);
        listening.join().unwrap()
    });
    let events = read(&answer);
    assert!(answer.text.starts_with("retry: 3000\n"), "{}", answer.text);
    assert_eq!(events.iter().map(|(id, ..)| *id).collect::<Vec<_>>(), (1..=events.len() as u64).collect::<Vec<_>>());
    let (names, last) = (names(&events), events.len() - 1);
    assert!(last >= 2 && names[..last].iter().all(|name| *name == "progress") && names[last] == "done", "{names:?}");
    let told: Vec<f64> = events.iter().map(|(_, _, data)| data["overallProgress"].as_f64().unwrap()).collect();
    assert!(told.is_sorted() && told[0] < told[last] && told[last] == 1.0, "{told:?}");
    assert!(told.iter().any(|progress| *progress > 0.1 && *progress < 1.0), "{told:?}");
    let data = &events[last].2;
    assert_eq!((&data["status"], &data["copy"]["status"]), (&json!("done"), &json!("done")), "{data:#}");
    let mut body = server.get(&render.path("")).expect(200);
    body["currentTime"] = data["currentTime"].clone();
    assert_eq!(*data, body, "the same as without events");
}

#[test]
fn every_end_has_its_name() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    world.writes(&render.render_id, &progress::failed(&render.render_id));
    for (last, expected) in [("", 1), ("41", 42), ("nonsense", 1), ("18446744073709551615", u64::MAX)] {
        let answer = server.get_with(&render.path("/events"), &[("last-event-id", last)]);
        let events = read(&answer);
        assert_eq!((names(&events), events[0].0), (vec!["failed"], expected), "{last}");
        assert_eq!(events[0].2["status"], "failed");
    }
    world.writes(&render.render_id, &progress::cancelled(&render.render_id));
    assert_eq!(names(&read(&server.get(&render.path("/events")))), ["cancelled"]);
    let nobody = render.path("/events").replace(&render.render_id, "zzzzzzzzzz");
    server.get(&nobody).problem(404, "render_not_found");
}

#[test]
fn a_render_that_goes_away_is_the_last_news() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let answer = std::thread::scope(|scope| {
        let listening = scope.spawn(|| server.get(&render.path("/events")));
        looked(&world, 2);
        world.moto.delete_object(&world.bucket, &format!("renders/{}/progress.json", render.render_id));
        listening.join().unwrap()
    });
    let events = read(&answer);
    assert_eq!(names(&events), ["progress", "problem"]);
    assert_eq!(events[1].2["code"], "render_not_found");
}

#[test]
fn silence_is_commented_and_the_servers_end_ends_it() {
    let world = World::new();
    let server = world.serve();
    let render = world.submit(&server, minimal());
    let (answer, took) = std::thread::scope(|scope| {
        let listening = scope.spawn(|| server.get(&render.path("/events")));
        std::thread::sleep(Duration::from_secs(17));
        let began = Instant::now();
        server.terminate();
        (listening.join().unwrap(), began.elapsed())
    });
    assert_eq!(names(&read(&answer)), ["progress"], "no end is made up");
    assert!(answer.text.contains("\n\n:"), "{}", answer.text);
    assert!(took < Duration::from_secs(5), "{took:?}");
    server.stop();
}
