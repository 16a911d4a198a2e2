//! The clients of a schedule: CI that ships, and people who ask for releases. Whoever gets no answer asks again where that
//! is safe: with a key, or with the same artifact.

use std::cell::RefCell;
use std::rc::Rc;

use domain::{AppName, LiteralText, Login, Request, TriggeredBy};
use release::ask;
use release::database::Sql;
use release::delete::{DeleteWish, delete_request};
use release::enqueue::{Wish, enqueue};
use release::hold::lift;
use release::ingest::ingest;
use release::rollback::{RollbackWish, rollback_request};

use crate::world::World;
use crate::world::artifacts::{Shipment, Sort};
use crate::world::ports::{Sqlite, Store, Time};

pub(crate) const PLACES: [&str; 3] = ["staging/shop", "staging/cart", "prod/shop"];

pub(crate) type Clients = Rc<RefCell<Vec<Client>>>;

/// What a client is up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It has not begun, or got no answer and will ask again.
    Idle,
    Busy,
    /// It was told this id.
    Told(String),
    /// It got no answer and cannot ask again.
    GaveUp,
}

#[derive(Debug, Clone)]
pub(crate) enum Errand {
    Ship(Shipment),
    /// Release what another client shipped.
    Release {
        shipped_by: usize,
        env: &'static str,
        app: Option<&'static str>,
    },
    /// Roll back to a commit, which is chosen when it is asked for first.
    Rollback {
        place: &'static str,
        target: Option<String>,
    },
    Delete {
        place: &'static str,
    },
    /// Lift whatever holds a place.
    Lift {
        place: &'static str,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) errand: Errand,
    pub(crate) key: Option<String>,
    pub(crate) state: State,
    pub(crate) began: Option<u64>,
    /// How often it may ask again for what ended badly.
    pub(crate) retries: usize,
}

impl Client {
    pub(crate) fn new(errand: Errand, key: Option<String>) -> Self {
        Self {
            errand,
            key,
            state: State::Idle,
            began: None,
            retries: 1,
        }
    }
}

pub(crate) fn clients(world: &World) -> Vec<Client> {
    let random = &world.random;
    let mut clients = Vec::new();
    let crowd = random.one_in(2);
    for number in 0..2 + random.below(4) {
        // In a crowd, all want the same app.
        let from = random.below(if crowd { 1 } else { PLACES.len() });
        let places =
            &PLACES[from..=from + random.below(if crowd { 1 } else { PLACES.len() - from })];
        let sort = match random.below(14) {
            0 => Sort::Refused,
            1 | 2 => Sort::Failing(1 + random.below(2)),
            3 => Sort::Failing(99),
            4 => Sort::Poisoned,
            5 => Sort::Deadly,
            _ => Sort::Good,
        };
        let shipment = Shipment::new(number, places).sort(sort);
        let shipment = match random.one_in(3) {
            true => shipment.without_policy(),
            false => shipment,
        };
        let key = random.one_in(3).then(|| format!("ship-{number}"));
        clients.push(Client::new(Errand::Ship(shipment), key));
    }
    let ships = clients.len();
    for number in 0..random.below(5) {
        let shipped_by = random.below(ships);
        let Errand::Ship(shipment) = &clients[shipped_by].errand else {
            unreachable!()
        };
        let (env, app) = random.pick(&shipment.places).split_once('/').unwrap();
        let app = (!random.one_in(3)).then_some(app);
        let key = (!random.one_in(3)).then(|| format!("release-{number}"));
        clients.push(Client::new(
            Errand::Release {
                shipped_by,
                env,
                app,
            },
            key,
        ));
    }
    for number in 0..random.below(5) {
        let place = *random.pick(&PLACES[..if crowd { 1 } else { PLACES.len() }]);
        let errand = match random.below(6) {
            0..=2 => Errand::Rollback {
                place,
                target: None,
            },
            3..=4 => Errand::Delete { place },
            _ => Errand::Lift { place },
        };
        let key = (!random.one_in(3)).then(|| format!("change-{number}"));
        clients.push(Client::new(errand, key));
    }
    clients
}

/// A commit of a place that was released, if any was recorded by now.
fn some_release(world: &World, place: &str) -> Option<String> {
    let (env, app) = place.split_once('/').unwrap();
    let known = world.sql(
        "SELECT gitops_ref FROM requests WHERE kind = 'release' AND gitops_ref IS NOT NULL AND env = ?1 AND app = ?2
         ORDER BY landed",
        &[env.into(), app.into()],
    );
    (!known.is_empty()).then(|| world.random.pick(&known)[0].clone())
}

pub(crate) async fn run_client(world: Rc<World>, clients: Clients, index: usize) {
    let client = clients.borrow()[index].clone();
    let base = Sqlite(Rc::clone(&world));
    let (sql, store, time) = (
        Sql::new(&base),
        Store(Rc::clone(&world)),
        Time(Rc::clone(&world)),
    );
    let key = client.key.as_deref();
    let told = match &client.errand {
        Errand::Ship(shipment) => {
            let stored = ingest(&store, &sql, &time, shipment.shipped(), key, 1_000).await;
            stored.ok().map(|stored| {
                let artifact: serde_json::Value = serde_json::from_str(&stored.body).unwrap();
                let id = artifact["id"].as_str().unwrap().to_owned();
                let steps = (client.began.unwrap(), world.steps.get());
                world.ledger.borrow_mut().shipped.insert(id.clone(), steps);
                id
            })
        }
        Errand::Release {
            shipped_by,
            env,
            app,
        } => {
            let State::Told(artifact) = clients.borrow()[*shipped_by].state.clone() else {
                unreachable!()
            };
            let login: Login = "ann".parse().unwrap();
            let wish = Wish {
                artifact_id: artifact.parse().unwrap(),
                env: env.parse().unwrap(),
                app: app.map(|app| app.parse::<AppName>().unwrap()),
                triggered_by: TriggeredBy::Login(login),
                idempotency_key: client.key.clone(),
            };
            let id = wish.new_id(&time);
            let queued = enqueue(&store, &sql, &time, &LiteralText, &wish, &id, 1_000).await;
            queued.ok().map(|()| id.as_str().to_owned())
        }
        Errand::Rollback { place, target } => {
            let chosen = target.clone().or_else(|| some_release(&world, place));
            let Some(target) = chosen else {
                clients.borrow_mut()[index].state = State::GaveUp;
                return;
            };
            // Whoever asks again asks for the same.
            clients.borrow_mut()[index].errand = Errand::Rollback {
                place,
                target: Some(target.clone()),
            };
            let (env, app) = place.split_once('/').unwrap();
            let wish = RollbackWish {
                env: env.parse().unwrap(),
                app: app.parse().unwrap(),
                target: target.parse().unwrap(),
                triggered_by: "bob".parse().unwrap(),
                idempotency_key: client.key.clone(),
            };
            match rollback_request(&sql, &time, &wish).await {
                Ok(request) => queued(&store, &sql, &request).await,
                Err(_) => None,
            }
        }
        Errand::Delete { place } => {
            let (env, app) = place.split_once('/').unwrap();
            let wish = DeleteWish {
                env: env.parse().unwrap(),
                app: app.parse().unwrap(),
                triggered_by: "bob".parse().unwrap(),
                idempotency_key: client.key.clone(),
            };
            queued(&store, &sql, &delete_request(&time, &wish)).await
        }
        Errand::Lift { place } => {
            let (env, app) = place.split_once('/').unwrap();
            let held = world.sql(
                "SELECT id FROM holds WHERE lifted IS NULL AND env = ?1 AND app = ?2",
                &[env.into(), app.into()],
            );
            let by: TriggeredBy = "bob".parse().unwrap();
            let mut lifted = true;
            for id in held.concat() {
                lifted &= lift(&sql, &time, &id.parse().unwrap(), &by).await.is_ok();
            }
            lifted.then(String::new)
        }
    };
    if let Some(id) = told {
        clients.borrow_mut()[index].state = State::Told(id);
    }
}

/// The id that the client is told, unless the queue did not take the request.
async fn queued(store: &Store, sql: &Sql<'_, Sqlite>, request: &Request) -> Option<String> {
    let queued = ask::queue(store, sql, request, 1_000).await;
    queued.ok().map(|()| request.id.as_str().to_owned())
}
