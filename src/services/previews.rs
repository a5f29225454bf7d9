//! Previews: what listens on a port of a learner's sandbox, shown in a browser.
//!
//! A preview has an origin of its own, named by its port, machine and sandbox. The lab page asks
//! for a link ([`App::link_preview`]); the preview's origin exchanges the link's token, once, for a
//! cookie of its own ([`App::open_preview`]); and every request that comes with the cookie is let
//! in or not ([`App::preview`]) and dialled ([`App::dial_preview`]). The cookie is good for one
//! place only, and as long as the login session that asked for the link.

use std::{num::NonZeroU16, sync::Arc, time::Duration};

use slipway_agent::{
    client::DialStream,
    protocol::{DialTarget, ErrorCode},
};

use super::{App, Refusal, ServiceError, events::Event};
use crate::{
    auth::token,
    domain::{
        clock::Timestamp,
        ids::{SandboxId, Slug},
        lab::{Lab, Machine},
        preview::{PreviewMachine, PreviewPlace},
        sandbox::SandboxState,
        text::{Locale, Text},
    },
    store::{
        attempts::Attempt,
        previews::{NewPreview, Preview},
    },
};

/// How long a link can be used.
const LINK_LIFETIME: Duration = Duration::from_secs(60);
/// How long a preview stays open without being used.
const IDLE: Duration = Duration::from_mins(30);
/// How long a preview stays open at most.
const LIFETIME: Duration = Duration::from_hours(12);
/// How much of [`IDLE`] passes before its end is moved: not one write a request.
const TOUCH_EVERY: Duration = Duration::from_mins(2);
/// How often machines are asked what listens in them.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// Ports of one machine that are offered without being named in the lab.
const MOST_UNNAMED: usize = 16;
/// Cookies of one name that are tried: others may have planted some beside ours.
const MOST_COOKIES: usize = 4;
/// Where a program may listen that does not listen on every address.
const LOOPBACK: [&str; 2] = ["127.0.0.1", "::1"];

/// A port that can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The machine.
    pub machine: Slug,
    /// The port.
    pub port: u16,
    /// What the lab calls it; `None` for a port that it does not name.
    pub title: Option<Text>,
    /// Whether something listens there.
    pub listens: bool,
}

/// A link to a preview.
#[derive(Debug, Clone)]
pub struct PreviewLink {
    /// Where it leads.
    pub place: PreviewPlace,
    /// What opens it, once.
    pub token: String,
}

/// Whoever has a preview open may look at this.
#[derive(Debug, Clone)]
pub struct PreviewAccess {
    /// The place.
    pub place: PreviewPlace,
    /// The machine's name.
    pub machine: Slug,
    /// Who, since when, with what.
    pub preview: Preview,
}

/// What a request to a preview meets.
#[derive(Debug)]
pub enum Door {
    /// It may pass.
    Open(PreviewAccess),
    /// It may look, but there is nothing to see.
    Closed(Preview),
    /// Nobody opened the preview with these cookies.
    Unknown,
}

/// Why a port can't be reached.
#[derive(Debug, thiserror::Error)]
pub enum DialFailure {
    /// Nothing listens there.
    #[error("nothing listens there")]
    NothingListens,
    /// The machine does not answer.
    #[error("the machine can't be reached: {0}")]
    Unreachable(String),
}

/// Whether a port may be shown: one that the lab names, or any where the learner has a terminal and
/// can reach it anyway.
fn may_show(lab: &Lab, machine: &Machine, port: u16) -> bool {
    machine.terminals > 0
        || lab
            .ports
            .iter()
            .any(|p| p.machine == machine.name && p.port == port)
}

fn end(preview_since: Timestamp, now: Timestamp) -> Timestamp {
    now.plus(IDLE).min(preview_since.plus(LIFETIME))
}

impl App {
    /// A link to a port of the learner's own sandbox, for a page of the origin `page`. `login` is
    /// the cookie of the login session that the preview will belong to.
    pub async fn link_preview(
        &self,
        attempt: &Attempt,
        login: &str,
        (machine, port): (&Slug, NonZeroU16),
        (page, locale): (&str, Locale),
    ) -> Result<PreviewLink, ServiceError> {
        let sandbox = self.ready_sandbox(attempt.id).await?;
        let version = self.lab_version(sandbox.lab_version_id).await?;
        let known = version.lab.machine(Some(machine));
        let place = PreviewMachine::of(&version.lab, machine)
            .filter(|_| known.is_some_and(|m| may_show(&version.lab, m, port.get())))
            .map(|machine| PreviewPlace {
                sandbox: sandbox.id,
                machine,
                port,
            })
            .ok_or(Refusal::NoSuchPort)?;
        let token = token::generate()?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        tx.insert_preview(&NewPreview {
            token_hash: &token::hash(&token),
            login_hash: &token::hash(login),
            place: &place,
            page,
            locale,
            created_at: now,
            expires_at: now.plus(LINK_LIFETIME),
        })
        .await?;
        tx.commit().await?;
        Ok(PreviewLink { place, token })
    }

    /// Exchanges a link's token for the value of a cookie, once; `None` when it opens nothing here,
    /// or was made for another page than the one it was followed from, if that is known.
    pub async fn open_preview(
        &self,
        place: &PreviewPlace,
        link: &str,
        page: Option<&str>,
        partitioned: bool,
    ) -> Result<Option<String>, ServiceError> {
        let cookie = token::generate()?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let opened = tx
            .open_preview(
                &token::hash(link),
                (place, page),
                &token::hash(&cookie),
                partitioned,
                now,
                end(now, now),
            )
            .await?;
        tx.commit().await?;
        Ok(opened.then_some(cookie))
    }

    /// Whether a request to a preview with one of these cookies may pass.
    pub async fn preview(
        &self,
        place: &PreviewPlace,
        cookies: &[String],
    ) -> Result<Door, ServiceError> {
        let now = self.clock.now();
        for cookie in cookies.iter().take(MOST_COOKIES) {
            let found = self.store.preview(&token::hash(cookie), place, now).await?;
            let Some(preview) = found else { continue };
            let moved = end(preview.created_at, now);
            if moved.since(preview.expires_at) >= TOUCH_EVERY {
                let mut tx = self.store.begin().await?;
                tx.touch_preview(&preview.token_hash, moved).await?;
                tx.commit().await?;
            }
            if preview.state != SandboxState::Ready {
                return Ok(Door::Closed(preview));
            }
            let version = self.lab_version(preview.lab_version_id).await?;
            let machine = place.machine.find(&version.lab);
            let machine = machine.filter(|m| may_show(&version.lab, m, place.port.get()));
            return Ok(match machine {
                Some(machine) => Door::Open(PreviewAccess {
                    place: place.clone(),
                    machine: machine.name.clone(),
                    preview,
                }),
                None => Door::Unknown,
            });
        }
        Ok(Door::Unknown)
    }

    /// Whether what was let in may still go on: signed in, and the machines are the same. A store
    /// that can't tell for the moment changes nothing.
    pub async fn preview_holds(&self, access: &PreviewAccess) -> bool {
        let known = &access.preview;
        let found = self
            .store
            .preview(&known.token_hash, &access.place, self.clock.now());
        match found.await {
            Ok(now) => now.is_some_and(|now| {
                now.state == SandboxState::Ready && now.generation == known.generation
            }),
            Err(error) => {
                tracing::warn!(%error, "previews can't be looked up");
                true
            }
        }
    }

    /// Connects to the port, from inside the machine: to nothing else.
    pub async fn dial_preview(&self, access: &PreviewAccess) -> Result<DialStream, DialFailure> {
        let (sandbox, generation) = (access.place.sandbox, access.preview.generation);
        let agent = self.agents.get(sandbox, generation, &access.machine).await;
        let agent = agent.map_err(|e| DialFailure::Unreachable(e.to_string()))?;
        for host in LOOPBACK {
            let target = DialTarget::Tcp {
                host: host.to_owned(),
                port: access.place.port.get(),
            };
            match agent.dial(&target).await {
                Ok(stream) => return Ok(stream),
                Err(error) if error.code() == Some(ErrorCode::Unreachable) => {}
                Err(error) => return Err(DialFailure::Unreachable(error.to_string())),
            }
        }
        Err(DialFailure::NothingListens)
    }

    /// Follows what listens in the machines of an attempt and tells of it, until dropped or the
    /// server ends.
    pub async fn follow_ports(&self, attempt: &Attempt) {
        loop {
            match self.offers(attempt).await {
                Ok(offers) => {
                    let event = Event::Ports(Arc::new(offers));
                    self.events.publish(attempt.id, event);
                }
                Err(error) => {
                    tracing::debug!(attempt.id = %attempt.id, %error, "ports can't be looked at");
                }
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// The ports that can be shown: first those that the lab names, in its order.
    async fn offers(&self, attempt: &Attempt) -> Result<Vec<Offer>, ServiceError> {
        let sandbox = self.ready_sandbox(attempt.id).await?;
        let version = self.lab_version(sandbox.lab_version_id).await?;
        let lab = &version.lab;
        let mut listening = Vec::new();
        for machine in &lab.machines {
            if machine.terminals > 0 || lab.ports.iter().any(|p| p.machine == machine.name) {
                let ports = self.listening(sandbox.id, sandbox.generation, &machine.name);
                listening.push((machine, ports.await));
            }
        }
        Ok(offers(lab, &listening))
    }

    /// What listens in a machine; nothing when it can't be asked.
    async fn listening(&self, sandbox: SandboxId, generation: u32, machine: &Slug) -> Vec<u16> {
        let ask = async {
            let agent = self.agents.get(sandbox, generation, machine).await?;
            Ok::<_, super::agents::ConnectError>(agent.listening_ports().await?)
        };
        ask.await.unwrap_or_else(|error| {
            tracing::debug!(sandbox.id = %sandbox, %error, "a machine's ports can't be looked at");
            Vec::new()
        })
    }
}

fn offers(lab: &Lab, listening: &[(&Machine, Vec<u16>)]) -> Vec<Offer> {
    let listens = |machine: &Slug, port: u16| {
        listening
            .iter()
            .any(|(m, ports)| m.name == *machine && ports.contains(&port))
    };
    let named = lab.ports.iter().map(|p| Offer {
        machine: p.machine.clone(),
        port: p.port,
        title: Some(p.title.clone()),
        listens: listens(&p.machine, p.port),
    });
    let unnamed = listening
        .iter()
        .filter(|(machine, _)| machine.terminals > 0)
        .flat_map(|(machine, ports)| {
            let is_named = |port: u16| {
                lab.ports
                    .iter()
                    .any(|p| p.machine == machine.name && p.port == port)
            };
            ports
                .iter()
                .filter(move |port| !is_named(**port))
                .take(MOST_UNNAMED)
                .map(|port| Offer {
                    machine: machine.name.clone(),
                    port: *port,
                    title: None,
                    listens: true,
                })
        });
    named.chain(unnamed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab() -> Lab {
        serde_json::from_value(serde_json::json!({
            "id": "a", "title": {"zh": "一", "en": "a"}, "summary": {"zh": "一", "en": "a"},
            "level": "beginner", "duration": "30m",
            "machines": [
                {"name": "desk", "image": "desk", "profile": "plain"},
                {"name": "broker", "image": "rabbitmq", "profile": "plain", "terminals": 0},
            ],
            "ports": [
                {"machine": "broker", "port": 15672, "title": {"zh": "页面", "en": "Pages"}},
                {"machine": "desk", "port": 8080, "title": {"zh": "服务", "en": "Service"}},
            ],
            "steps": [],
        }))
        .unwrap()
    }

    #[test]
    fn a_machine_without_terminals_shows_what_the_lab_names_and_nothing_else() {
        let lab = lab();
        let shows = |machine: usize, port| may_show(&lab, &lab.machines[machine], port);
        assert!(shows(0, 8080) && shows(0, 3000));
        assert!(shows(1, 15672));
        assert!(!shows(1, 5672) && !shows(1, 8080));
    }

    #[test]
    fn named_ports_come_first_and_unnamed_ones_only_where_there_is_a_terminal() {
        let lab = lab();
        let listening = [
            (&lab.machines[0], vec![3000, 8080]),
            (&lab.machines[1], vec![4369, 5672]),
        ];
        let offered: Vec<_> = offers(&lab, &listening)
            .into_iter()
            .map(|o| (o.machine.to_string(), o.port, o.title.is_some(), o.listens))
            .collect();
        let machine = |name: &str| name.to_owned();
        assert_eq!(
            offered,
            [
                (machine("broker"), 15672, true, false),
                (machine("desk"), 8080, true, true),
                (machine("desk"), 3000, false, true),
            ]
        );
    }

    #[test]
    fn a_preview_that_is_used_stays_open_but_not_for_ever() {
        let since = Timestamp::from_millis(0);
        let later = since.plus(Duration::from_mins(5));
        assert_eq!(end(since, later), later.plus(IDLE));
        assert_eq!(end(since, since.plus(LIFETIME)), since.plus(LIFETIME));
    }
}
