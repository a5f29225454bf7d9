//! Follows a RabbitMQ broker by asking: its management API tells nothing by itself.
//!
//! Queues are asked for with their totals and without the samples that the broker's own pages
//! draw. These totals come from where the queues put them, so that they are not held up by the
//! interval at which samples are taken.

use std::{convert::Infallible, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::header::HeaderValue;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    Screen,
    reach::{Api, Reach, Trouble},
};
use crate::{
    boards::{
        Picture,
        rabbitmq::{self, Answers},
    },
    domain::ids::Slug,
};

/// Port of the management API.
const PORT: u16 = 15672;
/// How often the broker is asked.
const EVERY: Duration = Duration::from_millis(600);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);

pub(super) async fn follow(
    reach: &Reach<'_>,
    machine: &Slug,
    screen: &Screen,
) -> Result<Infallible, Trouble> {
    let login = format!("grader:{}", reach.secret());
    let login = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(login)))
        .map_err(|e| Trouble::Question(e.to_string()))?;
    let mut broker = reach.asker(Api::port(machine, PORT).with_login(login));
    let mut seen: Option<[Vec<u8>; 4]> = None;
    let mut again = interval(EVERY);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        again.tick().await;
        let now = [
            broker.get(rabbitmq::EXCHANGES, ANSWER).await?,
            broker.get(rabbitmq::BINDINGS, ANSWER).await?,
            broker.get(rabbitmq::QUEUES, ANSWER).await?,
            broker.get(rabbitmq::CONSUMERS, ANSWER).await?,
        ];
        // Most looks see what the one before saw: then there is nothing to take apart.
        if seen.as_ref() == Some(&now) {
            continue;
        }
        let [exchanges, bindings, queues, consumers] = &now;
        let picture = rabbitmq::picture(Answers {
            exchanges,
            bindings,
            queues,
            consumers,
        })?;
        screen.show(Picture::Rabbitmq(picture));
        seen = Some(now);
    }
}
