//! The simulated services: what each does with what reaches it, and how often what reached it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use release::ports::{HttpClient, HttpError};
use serde_json::Value;

use crate::world::executor::turn;

/// What a service does with what reaches it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Manner {
    /// Takes it.
    Well,
    /// Answers with this status, and for how many seconds it wants to be left alone.
    Refusing(u16, Option<u32>),
    /// There is no connection.
    Gone,
    /// Takes it, and the answer is lost.
    Mute,
    /// Never answers.
    Silent,
}

/// The services: by host, what each does and what reached it.
#[derive(Default)]
pub(super) struct Services {
    manners: RefCell<BTreeMap<String, Manner>>,
    /// Host, and what tells one message from another.
    pub(super) taken: RefCell<Vec<(String, String)>>,
    pub(super) asked: Cell<usize>,
}

impl Services {
    pub(super) fn behave(&self, host: &str, manner: Manner) {
        self.manners.borrow_mut().insert(host.to_owned(), manner);
    }

    /// How often a host was told, message by message.
    pub(super) fn counts(&self, host: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (_, message) in self
            .taken
            .borrow()
            .iter()
            .filter(|(known, _)| known == host)
        {
            *counts.entry(message.clone()).or_default() += 1;
        }
        counts
    }

    pub(super) fn told(&self, host: &str) -> Vec<String> {
        let taken = self.taken.borrow();
        let of_host = taken.iter().filter(|(known, _)| known == host);
        of_host.map(|(_, message)| message.clone()).collect()
    }
}

/// What tells one message from another.
fn message(request: &http::Request<Vec<u8>>) -> String {
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match (&body["text"], &body["context"]) {
        (Value::String(title), _) => format!(
            "{title} {}",
            text(&body["blocks"][1]["elements"][1]["text"])
        ),
        (_, Value::String(context)) => format!(
            "{} {context} {}",
            request.uri().path(),
            text(&body["state"])
        ),
        _ => format!("{} {}", text(&body["type"]), text(&body["data"]["id"])),
    }
}

impl HttpClient for &Services {
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
        _: usize,
    ) -> Result<http::Response<Vec<u8>>, HttpError> {
        turn().await;
        self.asked.set(self.asked.get() + 1);
        let host = request.uri().host().unwrap().to_owned();
        let manner = self
            .manners
            .borrow()
            .get(&host)
            .copied()
            .unwrap_or(Manner::Well);
        let origin = format!("https://{host}");
        let (status, pause) = match manner {
            Manner::Gone => {
                return Err(HttpError::Unreachable {
                    origin,
                    source: "refused".into(),
                });
            }
            Manner::Silent => {
                std::future::pending::<()>().await;
                unreachable!()
            }
            Manner::Refusing(status, pause) => (status, pause),
            Manner::Well | Manner::Mute => {
                self.taken.borrow_mut().push((host, message(&request)));
                (200, None)
            }
        };
        turn().await;
        if manner == Manner::Mute {
            return Err(HttpError::Network {
                origin,
                source: "it broke off".into(),
            });
        }
        let mut answer = http::Response::builder().status(status);
        if let Some(pause) = pause {
            answer = answer.header("retry-after", pause.to_string());
        }
        Ok(answer.body(br#"{"ok":true}"#.to_vec()).unwrap())
    }
}
