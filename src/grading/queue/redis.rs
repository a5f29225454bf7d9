//! Redis: streams and their consumer groups, asked in Redis' own protocol by commands that only
//! read (`EXISTS`, `XLEN`, `XINFO GROUPS`) as the user `grader`.

use std::collections::BTreeMap;

use tokio::{
    io::{
        AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
        BufReader,
    },
    time::timeout,
};

use crate::domain::check::{QueueCheck, Range};

use super::{
    super::{
        look::{Finding, Stop},
        machines::Machines,
        messages::{self, Count},
        reach::{self, Dialled, Trouble},
    },
    Asking,
};

const PORT: u16 = 6379;
/// Most bytes of all answers.
const MAX_ANSWER: u64 = 256 * 1024;
/// Most parts of one answer.
const MAX_PARTS: usize = 4096;
/// How deep lists may lie in lists.
const MAX_DEPTH: u8 = 4;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reply {
    Text(String),
    Number(i64),
    Nothing,
    List(Vec<Reply>),
    Refusal(String),
}

impl Reply {
    fn number(&self) -> Option<u64> {
        match self {
            Self::Number(n) => u64::try_from(*n).ok(),
            _ => None,
        }
    }
}

pub(super) async fn look<M: Machines>(
    asking: &mut Asking<'_, M>,
    check: &QueueCheck,
) -> Result<Finding, Stop> {
    let key = check.name.as_str();
    let dialled = reach::dial_port(asking.machines, asking.machine, PORT, asking.left()).await?;
    let (stream, _agent) = match dialled {
        Dialled::Connected(stream, agent) => (stream, agent),
        Dialled::Refused => return Err(asking.silent("refuses connections")),
        Dialled::OutOfReach(reason) => return Err(asking.silent(reason)),
    };
    let secret = asking.machines.secret().expose().to_owned();
    let commands: [&[&str]; 4] = [
        &["AUTH", "grader", &secret],
        &["EXISTS", key],
        &["XLEN", key],
        &["XINFO", "GROUPS", key],
    ];
    let asked = timeout(asking.left(), ask(stream, &commands)).await;
    let replies = match asked {
        Ok(Ok(replies)) => replies,
        Ok(Err(reason)) => return Err(asking.silent(reason)),
        Err(_) => return Err(asking.silent("no complete answer in time")),
    };
    let [login, exists, length, groups] = replies.as_slice() else {
        return Err(asking.silent("too few answers"));
    };
    for reply in [login, exists, length, groups] {
        if let Reply::Refusal(reason) = reply
            && ["WRONGPASS", "NOAUTH", "NOPERM"]
                .iter()
                .any(|sign| reason.starts_with(sign))
        {
            let machine = asking.machine;
            let reason = format!("{machine}: redis does not let the grader in: {reason}");
            return Err(Stop::Trouble(Trouble::Ours(reason)));
        }
    }
    let state = match (exists.number(), length) {
        (Some(0), _) => Stream::Missing,
        (Some(_), Reply::Refusal(reason)) if reason.starts_with("WRONGTYPE") => Stream::OtherType,
        (Some(_), length) => match (length.number(), self::groups(groups)) {
            (Some(length), Some(groups)) => Stream::There { length, groups },
            _ => return Err(asking.silent(format_args!("{length:?}, {groups:?}"))),
        },
        (None, _) => return Err(asking.silent(format_args!("{exists:?}"))),
    };
    asking.evidence.line("seen", format_args!("{state:?}"));
    compare(check, &state).ok_or_else(|| asking.silent("a number that is asked for is missing"))
}

/// What Redis says of a key.
#[derive(Debug, PartialEq, Eq)]
enum Stream {
    Missing,
    OtherType,
    There {
        length: u64,
        groups: BTreeMap<String, Group>,
    },
}

/// What Redis says of a consumer group. The lag is not known after entries were deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Group {
    consumers: Option<u64>,
    pending: Option<u64>,
    read: Option<u64>,
    lag: Option<u64>,
}

/// The answer to `XINFO GROUPS`: names and values in turns.
fn groups(reply: &Reply) -> Option<BTreeMap<String, Group>> {
    let Reply::List(list) = reply else {
        return None;
    };
    let mut groups = BTreeMap::new();
    for entry in list {
        let Reply::List(fields) = entry else {
            return None;
        };
        let mut name = None;
        let mut group = Group::default();
        for pair in fields.chunks_exact(2) {
            let [Reply::Text(field), value] = pair else {
                return None;
            };
            match (field.as_str(), value) {
                ("name", Reply::Text(text)) => name = Some(text.clone()),
                ("consumers", value) => group.consumers = value.number(),
                ("pending", value) => group.pending = value.number(),
                ("entries-read", value) => group.read = value.number(),
                ("lag", value) => group.lag = value.number(),
                _ => {}
            }
        }
        groups.insert(name?, group);
    }
    Some(groups)
}

/// The finding; `None` when a number that is asked for is not known.
fn compare(check: &QueueCheck, state: &Stream) -> Option<Finding> {
    let key = &check.name;
    let (length, groups) = match state {
        Stream::Missing if !check.exists => return Some(Finding::Passed),
        Stream::Missing => {
            return Some(Finding::unmet("exists", messages::stream_missing(key)));
        }
        Stream::OtherType => {
            return Some(Finding::unmet("exists", messages::key_is_no_stream(key)));
        }
        Stream::There { length, groups } => (*length, groups),
    };
    if !check.exists {
        return Some(Finding::unmet("exists", messages::stream_present(key)));
    }
    let judge = |what: Count, wanted: Range, seen: u64| {
        (!wanted.holds(seen)).then(|| {
            let text = messages::count(what, key, seen, wanted);
            Finding::unmet(wanted.missed(what.name(), seen), text)
        })
    };
    if let Some(wanted) = check.length
        && let Some(finding) = judge(Count::Length, wanted, length)
    {
        return Some(finding);
    }
    let Some(name) = &check.group else {
        return Some(Finding::Passed);
    };
    let Some(group) = groups.get(name) else {
        return Some(Finding::unmet("group", messages::group_missing(key, name)));
    };
    let done = group.read.zip(group.pending);
    for (what, wanted, seen) in [
        (Count::GroupConsumers, check.consumers, group.consumers),
        (Count::Pending, check.pending, group.pending),
        (Count::Lag, check.lag, group.lag),
        (
            Count::Acknowledged,
            check.acknowledged,
            done.map(|(read, pending)| read.saturating_sub(pending)),
        ),
    ] {
        if let Some(wanted) = wanted
            && let Some(finding) = judge(what, wanted, seen?)
        {
            return Some(finding);
        }
    }
    Some(Finding::Passed)
}

/// Sends the commands and reads an answer to each.
async fn ask<S>(stream: S, commands: &[&[&str]]) -> Result<Vec<Reply>, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (reader, mut writer) = tokio::io::split(stream);
    let mut request = Vec::new();
    for command in commands {
        request.extend_from_slice(format!("*{}\r\n", command.len()).as_bytes());
        for word in *command {
            request.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
        }
    }
    let broken = |e: std::io::Error| e.to_string();
    writer.write_all(&request).await.map_err(broken)?;
    writer.flush().await.map_err(broken)?;
    let mut reader = BufReader::new(reader.take(MAX_ANSWER));
    let mut parts = MAX_PARTS;
    let mut replies = Vec::new();
    for _ in commands {
        replies.push(reply(&mut reader, &mut parts, MAX_DEPTH).await?);
    }
    Ok(replies)
}

type Reader<R> = BufReader<tokio::io::Take<R>>;

async fn reply<R>(reader: &mut Reader<R>, parts: &mut usize, depth: u8) -> Result<Reply, String>
where
    R: AsyncRead + Unpin,
{
    *parts = parts.checked_sub(1).ok_or("an answer of too many parts")?;
    let mut line = Vec::new();
    let read = reader.read_until(b'\n', &mut line).await;
    read.map_err(|e| e.to_string())?;
    let line = line
        .strip_suffix(b"\r\n")
        .ok_or("an answer that is cut off")?;
    let line = std::str::from_utf8(line).map_err(|_| "an answer that is no text")?;
    let (kind, rest) = line.split_at_checked(1).ok_or("an empty answer")?;
    let number = || {
        rest.parse::<i64>()
            .map_err(|_| format!("`{rest}` is no number"))
    };
    match kind {
        "+" => Ok(Reply::Text(rest.to_owned())),
        "-" => Ok(Reply::Refusal(rest.to_owned())),
        ":" => Ok(Reply::Number(number()?)),
        "$" => {
            let Ok(length) = usize::try_from(number()?) else {
                return Ok(Reply::Nothing);
            };
            if length as u64 > MAX_ANSWER {
                return Err("an answer that is too long".to_owned());
            }
            let mut text = vec![0; length + 2];
            let read = reader.read_exact(&mut text).await;
            read.map_err(|e| e.to_string())?;
            text.truncate(length);
            Ok(Reply::Text(String::from_utf8_lossy(&text).into_owned()))
        }
        "*" => {
            let Ok(length) = usize::try_from(number()?) else {
                return Ok(Reply::Nothing);
            };
            let depth = depth.checked_sub(1).ok_or("lists too deep in lists")?;
            let mut list = Vec::new();
            for _ in 0..length {
                list.push(Box::pin(reply(reader, parts, depth)).await?);
            }
            Ok(Reply::List(list))
        }
        _ => Err(format!("an answer that begins with {kind:?}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::{domain::check::CheckKind, grading::testing::check_kind};

    async fn read(bytes: &[u8]) -> Result<Reply, String> {
        let mut reader = BufReader::new(Cursor::new(bytes.to_vec()).take(MAX_ANSWER));
        reply(&mut reader, &mut MAX_PARTS.clone(), MAX_DEPTH).await
    }

    fn check(yaml: &str) -> QueueCheck {
        match check_kind(yaml) {
            CheckKind::Queue(check) => *check,
            other => panic!("{other:?}"),
        }
    }

    const GROUPS: &[u8] = b"*1\r\n*12\r\n$4\r\nname\r\n$4\r\nwork\r\n$9\r\nconsumers\r\n:2\r\n$7\r\npending\r\n:1\r\n\
        $17\r\nlast-delivered-id\r\n$3\r\n1-1\r\n$12\r\nentries-read\r\n:5\r\n$3\r\nlag\r\n$-1\r\n";

    #[tokio::test]
    async fn groups_are_read_and_a_lag_that_redis_does_not_know_is_no_number() {
        let groups = groups(&read(GROUPS).await.unwrap()).unwrap();
        let work = Group {
            consumers: Some(2),
            pending: Some(1),
            read: Some(5),
            lag: None,
        };
        assert_eq!(groups["work"], work);
        let state = Stream::There { length: 6, groups };
        let judged = |rest: &str| {
            let check = check(&format!("queue: {{broker: redis, name: orders, {rest}}}"));
            match compare(&check, &state) {
                Some(Finding::Failed { condition, .. }) => condition,
                other => format!("{other:?}"),
            }
        };
        assert_eq!(judged("length: {min: 6}"), "Some(Passed)");
        assert_eq!(judged("length: {min: 7}"), "length.min");
        assert_eq!(judged("group: none"), "group");
        assert_eq!(
            judged("group: work, pending: {max: 1}, acknowledged: {min: 4, max: 4}"),
            "Some(Passed)"
        );
        assert_eq!(judged("group: work, pending: {max: 0}"), "pending.max");
        assert_eq!(judged("group: work, lag: {max: 0}"), "None");
        assert_eq!(judged("exists: false"), "exists");
    }

    #[tokio::test]
    async fn answers_that_are_not_redis_s_are_no_answers() {
        for bad in [
            &b""[..],
            b"HTTP/1.1 400 Bad Request\r\n",
            b":12",
            b"$99999999999\r\n",
            b"$5\r\nab\r\n",
            b"*2\r\n:1\r\n",
            b"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
            b"*99999999\r\n",
        ] {
            assert!(read(bad).await.is_err(), "{}", String::from_utf8_lossy(bad));
        }
        let numbers = b":1\r\n".repeat(100_000);
        let many = [&b"*100000\r\n"[..], &numbers].concat();
        assert!(read(&many).await.is_err());
    }
}
