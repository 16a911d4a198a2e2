//! The cron trigger: calls components at the times that their expressions name. As in Spin's plugin `trigger-cron`,
//! ticks may overlap and missed ticks are not replayed; unlike there, a tick that fails is reported on stderr.

use anyhow::{Context, Result};
use chrono::Utc;
use croner::Cron;
use croner::parser::{CronParser, Seconds};

use crate::app::App;
use crate::manifest::CronTrigger;

/// One cron trigger.
pub(crate) struct Schedule {
    component: String,
    times: Cron,
}

impl Schedule {
    /// Parses the trigger's expression: six fields, seconds first, UTC.
    pub(crate) fn new(trigger: &CronTrigger) -> Result<Self> {
        let expression = &trigger.cron_expression;
        let times = CronParser::builder()
            .seconds(Seconds::Required)
            .build()
            .parse(expression);
        let times = times.with_context(|| {
            format!("bad cron_expression {expression:?}: six fields, seconds first")
        })?;
        Ok(Self {
            component: trigger.component.clone(),
            times,
        })
    }
}

impl App {
    /// Runs the cron triggers until it is dropped.
    pub async fn run_cron(&self) {
        let mut clocks = tokio::task::JoinSet::new();
        for schedule in &self.0.schedules {
            let (app, times, component) = (
                self.clone(),
                schedule.times.clone(),
                schedule.component.clone(),
            );
            clocks.spawn(async move {
                let mut last = Utc::now();
                // Counted from the last tick and not from now: a timer that fires early must not tick twice.
                while let Ok(next) = times.find_next_occurrence(&last.max(Utc::now()), false) {
                    tokio::time::sleep((next - Utc::now()).to_std().unwrap_or_default()).await;
                    last = next;
                    let (app, component) = (app.clone(), component.clone());
                    tokio::spawn(async move {
                        if let Err(error) = app.tick(&component).await {
                            crate::log(format_args!("{error}"));
                        }
                    });
                }
            });
        }
        while clocks.join_next().await.is_some() {}
    }
}
