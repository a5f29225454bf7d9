//! The members of an etcd cluster, by the JSON gateway of each (version 3.5).

use serde::{Deserialize, Serialize};

use super::{Unreadable, text};

/// A member's own state, asked with [`EMPTY`].
pub const STATUS: &str = "/v3/maintenance/status";
/// The members as a member knows them, asked with [`EMPTY`].
pub const MEMBERS: &str = "/v3/cluster/member/list";
/// A question without parameters. (Asking for alarms would write to the cluster's log; a member's
/// state names them too.)
pub const EMPTY: &str = "{}";

/// The alarms there are.
const ALARMS: [&str; 2] = ["NOSPACE", "CORRUPT"];
const MAX_ERRORS: usize = 3;

/// The cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// One for each machine that the lab names, in its order.
    pub members: Vec<Member>,
    /// How many members the cluster has, as the members say; 0 when nobody can tell.
    pub size: usize,
    /// Whether a majority of them answers and follows one leader.
    pub quorum: bool,
    /// `NOSPACE`, `CORRUPT`: alarms that some member tells of.
    pub alarms: Vec<&'static str>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The machine.
    pub machine: String,
    /// The name it has in the cluster, once somebody told.
    pub name: Option<String>,
    /// What it says; `None` when it does not answer.
    pub status: Option<Status>,
}

/// What a member says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Its number in the cluster, in hexadecimal.
    pub id: String,
    /// Whether it leads.
    pub leads: bool,
    /// The machine that it follows, or the leader's number; `None` without a leader.
    pub leader: Option<String>,
    /// Whether it only learns and does not vote.
    pub learner: bool,
    /// The term it is in.
    pub term: u64,
    /// The last change it knows.
    pub revision: u64,
    /// The last entry of the log that it applied.
    pub applied: u64,
    /// The size of its database, in bytes.
    pub size: u64,
    /// The version of the program.
    pub version: String,
    /// What it complains of.
    pub errors: Vec<String>,
}

/// What a machine answered to each question; `None` where no answer came.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// The machine.
    pub machine: String,
    /// [`STATUS`]
    pub status: Option<Vec<u8>>,
    /// [`MEMBERS`]
    pub members: Option<Vec<u8>>,
}

/// 64-bit numbers are texts in the gateway's JSON; zeros are left out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
struct Number(String);

impl Number {
    fn get(&self) -> u64 {
        self.0.parse().unwrap_or(0)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Header {
    member_id: Number,
    revision: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StatusAnswer {
    header: Header,
    version: String,
    db_size: Number,
    leader: Number,
    raft_term: Number,
    raft_applied_index: Number,
    is_learner: bool,
    errors: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MembersAnswer {
    members: Vec<ListedMember>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ListedMember {
    #[serde(rename = "ID")]
    id: Number,
    name: String,
    #[serde(rename = "clientURLs")]
    client_urls: Vec<String>,
    is_learner: bool,
}

/// The picture that the answers of all machines give.
pub fn picture(answers: &[Answers]) -> Result<Picture, Unreadable> {
    let mut statuses = Vec::with_capacity(answers.len());
    for answer in answers {
        let status = answer.status.as_deref().map(serde_json::from_slice);
        statuses.push(status.transpose()?);
    }
    let mut known = MembersAnswer::default();
    for answer in answers {
        if let Some(body) = answer.members.as_deref() {
            let list: MembersAnswer = serde_json::from_slice(body)?;
            if list.members.len() > known.members.len() {
                known = list;
            }
        }
    }
    let machine_of = |id: u64| {
        let by_status = |status: &Option<StatusAnswer>| {
            status
                .as_ref()
                .is_some_and(|s| s.header.member_id.get() == id)
        };
        let answering = statuses.iter().position(by_status);
        let listed = known.members.iter().find(|m| m.id.get() == id);
        let listed = listed.and_then(|m| answers.iter().position(|a| is_at(m, &a.machine)));
        answering
            .or(listed)
            .and_then(|at| answers.get(at))
            .map(|a| a.machine.clone())
    };
    let member = |(answer, status): (&Answers, &Option<StatusAnswer>)| {
        let listed = known.members.iter().find(|m| match status {
            Some(status) => m.id.get() == status.header.member_id.get(),
            None => is_at(m, &answer.machine),
        });
        Member {
            machine: text::name(&answer.machine),
            name: listed
                .map(|m| text::name(&m.name))
                .filter(|n| !n.is_empty()),
            status: status.as_ref().map(|s| {
                let id = s.header.member_id.get();
                let leader = s.leader.get();
                Status {
                    id: format!("{id:x}"),
                    leads: leader != 0 && leader == id,
                    leader: (leader != 0)
                        .then(|| machine_of(leader).unwrap_or_else(|| format!("{leader:x}"))),
                    learner: s.is_learner,
                    term: s.raft_term.get(),
                    revision: s.header.revision.get(),
                    applied: s.raft_applied_index.get(),
                    size: s.db_size.get(),
                    version: text::clean(&s.version, 20),
                    errors: s
                        .errors
                        .iter()
                        .take(MAX_ERRORS)
                        .map(|e| text::clean(e, text::SENTENCE))
                        .collect(),
                }
            }),
        }
    };
    let members: Vec<Member> = answers.iter().zip(&statuses).map(member).collect();
    let voters = known.members.iter().filter(|m| !m.is_learner).count();
    let following = |leader: &str| {
        let statuses = members.iter().filter_map(|m| m.status.as_ref());
        statuses
            .filter(|s| !s.learner && s.leader.as_deref() == Some(leader))
            .count()
    };
    let most = members
        .iter()
        .filter_map(|m| m.status.as_ref()?.leader.as_deref())
        .map(following)
        .max();
    let told = |alarm: &&str| {
        let statuses = members.iter().filter_map(|m| m.status.as_ref());
        statuses
            .flat_map(|s| &s.errors)
            .any(|error| error.contains(*alarm))
    };
    let alarms = ALARMS.into_iter().filter(told).collect();
    Ok(Picture {
        size: known.members.len(),
        quorum: voters > 0 && most.unwrap_or(0) > voters / 2,
        alarms,
        members,
    })
}

/// Whether a member announces that its clients find it at this machine, or is named like it.
fn is_at(member: &ListedMember, machine: &str) -> bool {
    let host = |url: &String| {
        let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        rest.split([':', '/']).next() == Some(machine)
    };
    member.name == machine || member.client_urls.iter().any(host)
}

#[cfg(test)]
mod tests;
