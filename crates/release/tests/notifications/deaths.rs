//! Deaths, replicas at once and a platform that fails, in whatever order: no chat is told twice, and no event is lost.

use std::collections::BTreeSet;
use std::rc::Rc;

use release::notifications::LEASE_MS;

use super::services::{Manner, Services};
use super::{ALL, CART, MINUTE, SHOP, notify, states, ticking};
use crate::world::executor::{Task, step};
use crate::world::{ONE, World, release_version};

/// The process dies after each step of a tick in turn; later ticks finish what it left.
#[test]
fn a_tick_may_die_anywhere_and_no_chat_is_told_twice() {
    let mut unknown = 0;
    let mut deaths = 0;
    for after in 0.. {
        let (world, services) = (World::new(1, ONE), Rc::new(Services::default()));
        release_version(&world, 1, SHOP);
        release_version(&world, 2, CART);
        let mut dying = ticking(&world, &services);
        let ended = (0..after).any(|_| step(&mut dying));
        drop(dying);
        for _ in 0..4 {
            world.advance_ms(LEASE_MS);
            notify(&world, &services, ALL);
        }
        unknown += check(&world, &services, 2);
        if ended {
            break;
        }
        deaths += 1;
    }
    assert!(deaths > 25, "{deaths} points to die at");
    assert!(unknown > 0, "some died while the chat was being told");
}

/// Everybody was told of every event, or nobody knows; chats once at most. Gives how many nobody knows of.
fn check(world: &World, services: &Services, events: usize) -> usize {
    assert_eq!(world.sql("SELECT count(*) FROM outbox", &[]), [["0"]]);
    let states = states(world);
    assert_eq!(states.len(), 3 * events, "{states:?}");
    let unknown = states
        .iter()
        .filter(|state| *state == "slack unknown")
        .count();
    let sent = states
        .iter()
        .filter(|state| state.ends_with(" sent"))
        .count();
    assert_eq!(sent + unknown, 3 * events, "{states:?}");
    let chat = services.counts("slack");
    assert!(chat.values().all(|times| *times == 1), "{chat:?}");
    assert!(chat.len() + unknown >= events, "{chat:?}");
    for host in ["hook", "github"] {
        assert_eq!(services.counts(host).len(), events, "{host}");
    }
    unknown
}

/// Replicas at once, deaths, a failing platform and moody services, as a seed decides; then peace.
#[test]
fn no_schedule_tells_a_chat_twice_or_loses_an_event() {
    let mut seen = BTreeSet::new();
    for seed in 0..60 {
        let (world, services) = (World::new(seed, ONE), Rc::new(Services::default()));
        let random = |below: usize| world.random.below(below);
        let mut events = 0;
        let mut tasks: Vec<Task> = Vec::new();
        for _ in 0..200 + random(400) {
            match random(40) {
                0 if events < 6 => {
                    events += 1;
                    world.port_failures.set(0);
                    release_version(&world, events, [SHOP, CART, "production/shop"][events % 3]);
                    world.port_failures.set([0, 0, 60][seed as usize % 3]);
                }
                1..=3 if tasks.len() < 3 => tasks.push(ticking(&world, &services)),
                4 if !tasks.is_empty() => drop(tasks.swap_remove(random(tasks.len()))),
                5 => world.advance_ms(1 + random(9_000) as u64),
                6 if seed % 2 == 0 => world.advance_ms(LEASE_MS + 1),
                7 => {
                    let manner = [
                        Manner::Well,
                        Manner::Mute,
                        Manner::Gone,
                        Manner::Refusing(503, Some(7)),
                        Manner::Refusing(500, None),
                    ][random(5)];
                    services.behave(["slack", "hook", "github"][random(3)], manner);
                }
                _ if !tasks.is_empty() => {
                    let index = random(tasks.len());
                    if step(&mut tasks[index]) {
                        drop(tasks.swap_remove(index));
                    }
                }
                _ => {}
            }
        }
        // Late processes may still finish, or never.
        world.port_failures.set(0);
        for mut task in tasks {
            if world.random.one_in(2) {
                while !step(&mut task) {}
            }
        }
        for host in ["slack", "hook", "github"] {
            services.behave(host, Manner::Well);
        }
        for _ in 0..40 {
            world.advance_ms(10 * MINUTE);
            notify(&world, &services, ALL);
        }
        let unknown = check(&world, &services, events);
        seen.insert(unknown.min(2));
    }
    assert_eq!(
        seen,
        BTreeSet::from([0, 1, 2]),
        "schedules with and without a loss"
    );
}
