//! What is counted, and how it is told: Prometheus' text format 0.0.4.

use std::rc::Rc;

use release::database::Sql;
use release::health::health;
use release::metrics::{Counts, text};

use crate::world::artifacts::Shipment;
use crate::world::executor::run;
use crate::world::ports::{Sqlite, Store, Time};
use crate::world::{ONE, World, evaluate_all, flush, shipped_id};

fn told(world: &Rc<World>) -> String {
    let db = Sqlite(Rc::clone(world));
    let sql = Sql::new(&db);
    let (store, time) = (Store(Rc::clone(world)), Time(Rc::clone(world)));
    let health = run(health(Ok(&store), Ok(&db), &time));
    run(text(&sql, &health)).unwrap()
}

/// A tick that counts, as the component does it.
fn counted(world: &Rc<World>, took_ms: u64) {
    let evaluated = run(evaluate_all(Rc::clone(world))).unwrap();
    let flushed = run(flush(Rc::clone(world))).unwrap();
    let db = Sqlite(Rc::clone(world));
    let counts = Counts::default().evaluation(&evaluated);
    let counts = counts.flush(&flushed, took_ms).git_requests(3);
    run(counts.keep(&Sql::new(&db))).unwrap();
}

#[test]
fn s8_what_ticks_did_is_added_up_under_few_labels() {
    let world = World::new(1, ONE);
    shipped_id(&world, &Shipment::new(1, &["staging/shop", "prod/cart"]));
    counted(&world, 300);
    shipped_id(&world, &Shipment::new(2, &["staging/shop"]));
    counted(&world, 3_000);
    let told = told(&world);
    for line in [
        "# TYPE wimble_pushes_total counter",
        "wimble_pushes_total{repository=\"https://git.example/acme/gitops.git\"} 2",
        "wimble_artifacts_evaluated_total 2",
        "wimble_requests_ended_total{kind=\"release\",outcome=\"committed\"} 3",
        "wimble_git_requests_total 6",
        "# TYPE wimble_flush_duration_seconds histogram",
        "wimble_flush_duration_seconds_bucket{le=\"0.25\"} 0",
        "wimble_flush_duration_seconds_bucket{le=\"0.5\"} 1",
        "wimble_flush_duration_seconds_bucket{le=\"5\"} 2",
        "wimble_flush_duration_seconds_bucket{le=\"+Inf\"} 2",
        "wimble_flush_duration_seconds_sum 3.300000",
        "wimble_flush_duration_seconds_count 2",
        "wimble_waiting_writes 0",
    ] {
        assert!(told.lines().any(|known| known == line), "{line}\n{told}");
    }
    assert!(!told.contains("shop"), "apps are not labels: {told}");
}

#[test]
fn the_text_is_in_prometheus_format() {
    let world = World::new(1, ONE);
    shipped_id(&world, &Shipment::new(1, &["staging/shop"]));
    counted(&world, 700);
    let told = told(&world);
    let lines = told.lines().map(|line| Ok(line.to_owned()));
    let scrape = prometheus_parse::Scrape::parse(lines).unwrap();
    let of = |name: &str| {
        let mut samples = scrape.samples.iter();
        samples.find(|sample| sample.metric == name).unwrap()
    };
    let prometheus_parse::Value::Histogram(buckets) = &of("wimble_flush_duration_seconds").value
    else {
        panic!("no histogram: {told}");
    };
    let bounds: Vec<f64> = buckets.iter().map(|bucket| bucket.less_than).collect();
    assert!(bounds.is_sorted() && bounds.len() == 10, "{bounds:?}");
    let counts: Vec<f64> = buckets.iter().map(|bucket| bucket.count).collect();
    assert!(
        counts.is_sorted() && counts.last() == Some(&1.0),
        "{counts:?}"
    );
    // Every family has its type before its samples, once.
    let typed = told
        .lines()
        .filter(|line| line.starts_with("# TYPE "))
        .count();
    assert_eq!(scrape.docs.len(), typed);
}

#[test]
fn a_tick_without_work_writes_nothing() {
    let world = World::new(1, ONE);
    let idle = Counts::default().evaluation(&run(evaluate_all(Rc::clone(&world))).unwrap());
    let idle = idle.flush(&run(flush(Rc::clone(&world))).unwrap(), 12);
    let db = Sqlite(Rc::clone(&world));
    run(idle.git_requests(0).keep(&Sql::new(&db))).unwrap();
    assert!(world.sql("SELECT series FROM metrics", &[]).is_empty());
}
