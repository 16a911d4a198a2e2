//! Which component answers a path, and the `spin-*` headers it is told so with: Spin's rules
//! (`crates/http/src/routes.rs` and `crates/trigger-http/src/headers.rs` there), on the router that Spin uses.

use std::net::SocketAddr;

use anyhow::{Result, anyhow, ensure};
use http::{HeaderName, HeaderValue, Request};

use crate::manifest::{HttpTrigger, Route};

/// The HTTP triggers of an application.
pub(crate) struct Router {
    router: routefinder::Router<Target>,
}

/// What a route leads to.
struct Target {
    component: String,
    /// As written in the manifest.
    raw_route: String,
    /// With a slash before and none after it; `/` is empty.
    based_route: String,
}

/// A path that found its component.
pub(crate) struct RouteMatch {
    /// The component to call.
    pub(crate) component: String,
    raw_route: String,
    based_route: String,
    /// What `...` stood for.
    trailing: String,
    /// What each `:name` stood for.
    named: Vec<(String, String)>,
}

impl Router {
    /// Builds the table. As in Spin, of two triggers with the same route the later one answers.
    pub(crate) fn new(triggers: &[HttpTrigger]) -> Result<Self> {
        let mut router = routefinder::Router::new();
        for trigger in triggers {
            let raw_route = match &trigger.route {
                Route::Path(route) => route.clone(),
                Route::Private { private } => {
                    ensure!(
                        private,
                        "the route of {:?} must be a path or {{ private = true }}",
                        trigger.component
                    );
                    continue;
                }
            };
            let absolute = if raw_route.starts_with('/') {
                raw_route.clone()
            } else {
                format!("/{raw_route}")
            };
            let based_route = absolute.strip_suffix('/').unwrap_or(&absolute).to_owned();
            let spec = match based_route.strip_suffix("/...") {
                Some(prefix) => format!("{prefix}/*"),
                None => based_route.clone(),
            };
            let target = Target {
                component: trigger.component.clone(),
                raw_route,
                based_route,
            };
            router
                .add(spec, target)
                .map_err(|error: String| anyhow!("bad route {absolute:?}: {error}"))?;
        }
        Ok(Self { router })
    }

    /// The most specific route for `path`: exact before `:name` before `...`, longer before shorter.
    pub(crate) fn find(&self, path: &str) -> Option<RouteMatch> {
        let found = self.router.best_match(path)?;
        let captures = found.captures();
        // Spin keeps the slash that ends a path; routefinder drops it.
        let trailing =
            captures
                .wildcard()
                .map(|rest| match (rest.is_empty(), path.ends_with('/')) {
                    (true, false) => String::new(),
                    (true, true) => "/".to_owned(),
                    (false, false) => format!("/{rest}"),
                    (false, true) => format!("/{rest}/"),
                });
        let target = found.handler();
        Some(RouteMatch {
            component: target.component.clone(),
            raw_route: target.raw_route.clone(),
            based_route: target.based_route.clone(),
            trailing: trailing.unwrap_or_default(),
            named: captures
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        })
    }

    /// Each route as `spin up` prints it, and its component.
    pub(crate) fn list(&self) -> Vec<(String, String)> {
        let line = |target: &Target| {
            let route = match target.based_route.strip_suffix("/...") {
                Some(prefix) => format!("{prefix} (wildcard)"),
                None => target.based_route.clone(),
            };
            (route, target.component.clone())
        };
        self.router.iter().map(|(_, target)| line(target)).collect()
    }
}

impl RouteMatch {
    /// The match of a request that another component sends (service chaining): as if the route were `/...`.
    pub(crate) fn chained(component: &str, path: &str) -> Self {
        Self {
            component: component.to_owned(),
            raw_route: "/...".to_owned(),
            based_route: "/...".to_owned(),
            trailing: path.to_owned(),
            named: Vec::new(),
        }
    }

    /// Adds the headers that Spin gives a component. Like Spin, it adds to headers of the same name that the client
    /// sent, and does not replace them.
    pub(crate) fn add_headers<B>(
        &self,
        request: &mut Request<B>,
        authority: &str,
        client: SocketAddr,
    ) {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let mut pairs = vec![
            ("spin-path-info".to_owned(), self.trailing.clone()),
            (
                "spin-full-url".to_owned(),
                format!("http://{authority}{path}"),
            ),
            ("spin-matched-route".to_owned(), self.based_route.clone()),
            ("spin-base-path".to_owned(), "/".to_owned()),
            (
                "spin-raw-component-route".to_owned(),
                self.raw_route.clone(),
            ),
            (
                "spin-component-route".to_owned(),
                self.raw_route
                    .strip_suffix("/...")
                    .unwrap_or(&self.raw_route)
                    .to_owned(),
            ),
            ("spin-client-addr".to_owned(), client.to_string()),
        ];
        for (name, value) in &self.named {
            pairs.push((
                format!("spin-path-match-{}", name.to_ascii_lowercase()),
                value.clone(),
            ));
        }
        for (name, value) in pairs {
            // A name or a value that HTTP cannot carry is left out, as Spin leaves it out.
            if let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), HeaderValue::from_str(&value))
            {
                request.headers_mut().append(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(routes: &[&str]) -> Router {
        let triggers: Vec<HttpTrigger> = routes
            .iter()
            .map(|route| {
                toml::from_str(&format!("component = {route:?}\nroute = {route:?}")).unwrap()
            })
            .collect();
        Router::new(&triggers).unwrap()
    }

    /// Routes, path, the route that answers.
    const CASES: &[(&[&str], &str, Option<&str>)] = &[
        (&["/foo", "/foo/bar"], "/foo", Some("/foo")),
        (&["/foo", "/foo/bar"], "/foo/bar", Some("/foo/bar")),
        (&["/foo"], "/foo/", Some("/foo")),
        (&["/foo"], "/foo/baz", None),
        (&["/..."], "/", Some("/...")),
        (&["/..."], "/a/b", Some("/...")),
        (
            &["/one/...", "/one/two/...", "/one/two/three/..."],
            "/one/two/three/four",
            Some("/one/two/three/..."),
        ),
        (
            &["/one/two/three/...", "/one/two/...", "/one/..."],
            "/one/two/x",
            Some("/one/two/..."),
        ),
        (&["/one", "/..."], "/one", Some("/one")),
        (&["/api/:id", "/api/..."], "/api/7", Some("/api/:id")),
        (&["/api/:id", "/api/..."], "/api/7/x", Some("/api/...")),
        (&["/api/list", "/api/:id"], "/api/list", Some("/api/list")),
        (&["/"], "/", Some("/")),
        (&["/"], "/x", None),
    ];

    #[test]
    fn the_most_specific_route_answers() {
        for (routes, path, expected) in CASES {
            let found = router(routes).find(path).map(|found| found.component);
            assert_eq!(found.as_deref(), *expected, "{routes:?} for {path}");
        }
    }

    /// Route, path, header, value.
    const HEADERS: &[(&str, &str, &str, &str)] = &[
        ("/foo/...", "/foo/bar?k=v", "spin-path-info", "/bar"),
        (
            "/foo/...",
            "/foo/bar?k=v",
            "spin-full-url",
            "http://h:1/foo/bar?k=v",
        ),
        ("/foo/...", "/foo/bar?k=v", "spin-matched-route", "/foo/..."),
        (
            "/foo/...",
            "/foo/bar?k=v",
            "spin-raw-component-route",
            "/foo/...",
        ),
        ("/foo/...", "/foo/bar?k=v", "spin-component-route", "/foo"),
        ("/foo/...", "/foo/bar?k=v", "spin-base-path", "/"),
        (
            "/foo/...",
            "/foo/bar?k=v",
            "spin-client-addr",
            "127.0.0.1:8777",
        ),
        ("/foo/...", "/foo/", "spin-path-info", "/"),
        ("/foo/...", "/foo", "spin-path-info", ""),
        ("/foo/...", "/foo/a/", "spin-path-info", "/a/"),
        ("/foo", "/foo", "spin-path-info", ""),
        (
            "/foo/:userID/...",
            "/foo/42/bar",
            "spin-path-match-userid",
            "42",
        ),
        ("/foo/:userID/...", "/foo/42/bar", "spin-path-info", "/bar"),
    ];

    #[test]
    fn the_component_is_told_how_it_was_found() {
        for (route, path, name, value) in HEADERS {
            let mut request = Request::get(*path).body(()).unwrap();
            let found = router(&[route]).find(request.uri().path()).unwrap();
            found.add_headers(&mut request, "h:1", "127.0.0.1:8777".parse().unwrap());
            assert_eq!(
                request.headers().get(*name).unwrap(),
                value,
                "{route} {path} {name}"
            );
        }
    }
}
