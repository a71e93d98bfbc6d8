//! A day of bursts against the real budget and the real pauses; functions are counted as they really run.

mod render;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use super::pauses::{ask_again, look_again};
use crate::records::{Budget, Lease};
use crate::remotion::concurrency;
use crate::remotion::number::Whole;
use crate::remotion::options::MediaOptions;
use render::{Render, SECOND, SECONDS, between, ms, play, what};

const LIMIT: u64 = 1000;
const DAY: u64 = 24 * 3600 * SECOND;
/// Of main function and chunks together, as a lease has it.
const LASTS: u64 = (SECONDS + SECONDS + 60) * SECOND;
/// How long SQS hides the message of a worker that died.
const HIDDEN: u64 = 720 * SECOND;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives(usize),
    /// A message to start it.
    Start(usize),
    /// The worker has claimed it and invokes.
    Invoke(usize),
    Renamed(usize),
    Look(usize),
    /// So many functions more, or fewer.
    Began(usize),
    Ended(usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Queued,
    Claimed,
    Started,
    Unknown,
}

struct Order {
    options: MediaOptions,
    frames: u64,
    arrived: u64,
    state: State,
    refused: bool,
    /// What was sent.
    concurrency: Option<i64>,
    render: Option<Render>,
}

#[derive(Default)]
struct World {
    now: u64,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    number: u64,
    orders: Vec<Order>,
    budget: Budget,
    running: u64,
    most: u64,
    /// Orders that were refused by the budget and do not run.
    waiting: u64,
    /// Function milliseconds while orders wait, and all milliseconds of that.
    used: u64,
    held: u64,
    awaited: u64,
    last: u64,
    /// Orders in a hundred of which nothing is known.
    unknown: u32,
    looks: u64,
    asks: u64,
    writes: u64,
    longest: BTreeMap<&'static str, Vec<u64>>,
}

impl World {
    fn at(&mut self, time: u64, event: Event) {
        self.number += 1;
        self.events.push(Reverse((time, self.number, event)));
    }

    /// A message with a delay in whole seconds, and the time until a worker has it.
    fn send(&mut self, delay: Duration, event: Event) {
        let time = self.now + delay.as_secs() * SECOND + ms(between(0.05, 0.5));
        self.at(time, event);
        if fastrand::u32(0..200) == 0 {
            self.at(time + ms(between(0.0, 30.0)), event);
        }
    }

    fn order(&mut self, time: u64) {
        let (frames, options) = what(self.unknown);
        let state = State::Queued;
        self.orders.push(Order {
            options,
            frames,
            arrived: time,
            state,
            refused: false,
            concurrency: None,
            render: None,
        });
        self.at(time, Event::Arrives(self.orders.len() - 1));
    }

    fn pass(&mut self, time: u64) {
        if self.waiting > 0 {
            let passed = time - self.last;
            self.used += self.running * passed;
            self.held += self.budget.in_use() * passed;
            self.awaited += passed;
        }
        self.last = time;
        self.now = time;
    }

    fn start(&mut self, at: usize) {
        let order = &self.orders[at];
        if order.state != State::Queued {
            return;
        }
        self.asks += 1;
        let need = concurrency::need(&order.options, LIMIT, SECONDS).unwrap();
        let (id, now) = (at.to_string(), self.now);
        let lease = Lease { id: id.clone(), functions: need.functions, until: now + LASTS };
        if let Some(functions) = self.budget.take(lease, need.least, LIMIT, now) {
            let sent = need.concurrency(functions).or(self.orders[at].options.concurrency);
            self.orders[at].concurrency = sent.map(|Whole(chunks)| chunks);
            self.writes += 1;
            // From now on it does not wait for the budget, whatever becomes of its worker.
            self.waiting -= u64::from(std::mem::take(&mut self.orders[at].refused));
            match fastrand::u32(0..1000) {
                // The worker dies before it claims the order.
                0 => self.at(now + HIDDEN, Event::Start(at)),
                _ => {
                    self.orders[at].state = State::Claimed;
                    self.at(now + ms(between(0.05, 0.3)), Event::Invoke(at));
                }
            }
            return;
        }
        let arrived = self.orders[at].arrived;
        let place = self.budget.wait(&id, need.least, arrived, now);
        if !self.orders[at].refused {
            self.orders[at].refused = true;
            self.waiting += 1;
        }
        self.send(ask_again(place, Duration::from_millis(now - arrived)), Event::Start(at));
    }

    fn invoke(&mut self, at: usize) {
        let now = self.now;
        let order = &mut self.orders[at];
        let size = match order.frames {
            ..450 => "short",
            450..3600 => "medium",
            _ => "long",
        };
        self.longest.entry(size).or_default().push(now - order.arrived);
        let (render, events) = play(now, order.frames, order.concurrency);
        let started = render.started;
        order.render = Some(render);
        // Or the worker dies, and nobody ever follows this render.
        let lost = fastrand::u32(0..2000) == 0;
        order.state = if lost { State::Unknown } else { State::Started };
        for (time, began) in events {
            self.at(time, if began { Event::Began(at) } else { Event::Ended(at) });
        }
        if !lost {
            self.at(started + ms(between(0.05, 0.3)), Event::Renamed(at));
        }
    }

    fn look(&mut self, at: usize) {
        self.looks += 1;
        let (now, id) = (self.now, format!("r{at}"));
        let render = self.orders[at].render.as_ref().unwrap();
        let over = now >= render.over;
        let left = render.ends.iter().filter(|end| **end > now.min(render.over)).count() as u64;
        let known = now >= render.chunks_known_at;
        let age = Duration::from_millis(now - render.began);
        let budget = &mut self.budget;
        budget.expire(now);
        let held = budget.in_use();
        match (over, render.failed) {
            (true, false) => budget.resize(&id, 0, None),
            (true, true) => budget.resize(&id, left, Some(render.chunks_known_at + (SECONDS + 20) * SECOND)),
            _ if known => budget.resize(&id, left + 1, None),
            _ => {}
        }
        let is_awaited = budget.is_awaited();
        self.writes += u64::from(budget.in_use() != held);
        if !over {
            self.send(look_again(age, is_awaited, known), Event::Look(at));
        }
    }

    fn run(&mut self) {
        while let Some(Reverse((time, _, event))) = self.events.pop() {
            self.pass(time);
            match event {
                Event::Arrives(at) => self.send(Duration::ZERO, Event::Start(at)),
                Event::Start(at) => self.start(at),
                Event::Invoke(at) => self.invoke(at),
                Event::Renamed(at) => {
                    self.budget.rename(&at.to_string(), &format!("r{at}"));
                    self.writes += 1;
                    let awaited = self.budget.is_awaited();
                    self.send(look_again(Duration::ZERO, awaited, false), Event::Look(at));
                }
                Event::Look(at) => self.look(at),
                Event::Began(_) => {
                    self.running += 1;
                    self.most = self.most.max(self.running);
                }
                Event::Ended(_) => self.running -= 1,
            }
        }
    }
}

/// The share of the budget that really ran while orders waited, percent.
fn day(unknown: u32) -> f64 {
    fastrand::seed(20_261_125);
    let mut world = World { unknown, ..World::default() };
    let mut time = 0;
    while time < DAY {
        time += ms(-f64::ln(1.0 - fastrand::f64()) * 8.0);
        world.order(time);
    }
    for hour in (0..24).step_by(3) {
        let burst = if hour % 6 == 0 { 1000 } else { fastrand::u64(100..1000) };
        for _ in 0..burst {
            world.order(hour * 3600 * SECOND + ms(between(0.0, 2.0)));
        }
    }
    world.run();
    let awaited = world.awaited as f64;
    let share = |of: u64| 100.0 * of as f64 / (awaited * LIMIT as f64);
    println!(
        "{} orders in 24 h, of {unknown} % nothing is known, budget {LIMIT}: at most {} functions ran at once; while \
         orders waited ({:.1} h) {:.1} % of the budget ran, {:.1} % was held; {} asks, {} looks, {} writes",
        world.orders.len(),
        world.most,
        awaited / 3_600_000.0,
        share(world.used),
        share(world.held),
        world.asks,
        world.looks,
        world.writes
    );
    for (size, waits) in &mut world.longest {
        waits.sort_unstable();
        let minutes = |wait: u64| wait as f64 / 60_000.0;
        let (half, all) = (minutes(waits[waits.len() / 2]), minutes(waits[waits.len() - 1]));
        println!("  {size}: {} started, half of them within {half:.1} min, all within {all:.1} min", waits.len());
        assert!(all < 120.0, "{size} orders starve");
    }
    assert!(world.most <= LIMIT, "{}", world.most);
    assert!(world.orders.iter().all(|order| matches!(order.state, State::Started | State::Unknown)));
    assert_eq!((world.running, world.waiting), (0, 0));
    share(world.used)
}

#[test]
fn a_day_of_bursts_uses_the_budget_and_never_more() {
    let used = day(5);
    assert!(used > 90.0, "{used}");
}

/// What is not known has to be held: that costs, but never exceeds.
#[test]
fn a_day_of_unknown_orders_never_exceeds_the_budget() {
    let used = day(30);
    assert!(used > 80.0, "{used}");
}
