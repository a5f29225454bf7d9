//! Follows the members of an etcd cluster by asking each.

use std::{convert::Infallible, time::Duration};

use futures_util::future::join_all;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{
    Screen,
    reach::{Api, Asker, Reach, Trouble},
};
use crate::{
    boards::{
        Picture,
        etcd::{self, Answers},
    },
    domain::ids::Slug,
};

/// Port for clients.
const PORT: u16 = 2379;
/// How often members are asked.
const EVERY: Duration = Duration::from_millis(700);
/// How long a member may take before it counts as out of reach, connecting included.
const ANSWER: Duration = Duration::from_millis(600);

pub(super) async fn follow(
    reach: &Reach<'_>,
    machines: &[Slug],
    screen: &Screen,
) -> Result<Infallible, Trouble> {
    let mut members: Vec<(Slug, Asker<'_>)> = machines
        .iter()
        .map(|m| (m.clone(), reach.asker(Api::port(m, PORT))))
        .collect();
    let mut again = interval(EVERY);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        again.tick().await;
        let asked = members.iter_mut().map(|(machine, member)| async move {
            // A member that is down is part of the picture, not the end of it.
            let answers = timeout(ANSWER, ask(member)).await;
            let (status, members) = answers.ok().flatten().unzip();
            Answers {
                machine: machine.to_string(),
                status,
                members,
            }
        });
        let answers = join_all(asked).await;
        screen.show(Picture::Etcd(etcd::picture(&answers)?));
    }
}

/// What a member says; `None` when it does not answer both questions.
async fn ask(member: &mut Asker<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
    let status = member.post(etcd::STATUS, etcd::EMPTY, ANSWER).await.ok()?;
    let members = member.post(etcd::MEMBERS, etcd::EMPTY, ANSWER).await.ok()?;
    Some((status, members))
}
