//! A small resolver: the hosts file, then IPv4 addresses from the configured name server.
//!
//! The C library's resolver loads plug-ins that the machine's files choose, which a static
//! binary that runs as PID 1 in a learner's machine must not do.

use super::failure::Failure;
use super::sys;
use crate::protocol::ErrorCode;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::UdpSocket;
use tokio::time::timeout;

const TRIES: u32 = 3;
const WAIT: Duration = Duration::from_secs(1);
const MAX_FILE: u64 = 64 * 1024;
const TYPE_A: u16 = 1;

/// All addresses of a name or of a literal address; at least one.
pub(super) async fn resolve(host: &str) -> Result<Vec<IpAddr>, Failure> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let found = from_hosts(&read("/etc/hosts").await, host);
    if !found.is_empty() {
        return Ok(found);
    }
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into()]);
    }
    for server in servers(&read("/etc/resolv.conf").await) {
        if let Some(found) = ask(server, host).await {
            if found.is_empty() {
                break;
            }
            return Ok(found);
        }
    }
    Err(Failure::new(
        ErrorCode::Unreachable,
        "the name has no address",
    ))
}

async fn read(path: &str) -> String {
    let Ok(file) = tokio::fs::File::open(path).await else {
        return String::new();
    };
    let mut bytes = Vec::new();
    let _ = file.take(MAX_FILE).read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

fn from_hosts(hosts: &str, name: &str) -> Vec<IpAddr> {
    hosts
        .lines()
        .filter_map(|line| {
            let mut words = line.split('#').next()?.split_ascii_whitespace();
            let address = words.next()?.parse().ok()?;
            words
                .any(|word| word.eq_ignore_ascii_case(name))
                .then_some(address)
        })
        .take(8)
        .collect()
}

fn servers(resolv_conf: &str) -> Vec<IpAddr> {
    resolv_conf
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver")?.trim().parse().ok())
        .take(3)
        .collect()
}

/// Asks one server; `None` when it does not answer.
async fn ask(server: IpAddr, name: &str) -> Option<Vec<IpAddr>> {
    let id = u16::from_str_radix(sys::random_name().ok()?.get(..4)?, 16).ok()?;
    let query = query(id, name)?;
    let local: SocketAddr = match server {
        IpAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        IpAddr::V6(_) => ([0u16; 8], 0).into(),
    };
    let socket = UdpSocket::bind(local).await.ok()?;
    // Connected: answers from elsewhere never arrive.
    socket.connect((server, 53)).await.ok()?;
    let mut answer = [0; 1500];
    for _ in 0..TRIES {
        socket.send(&query).await.ok()?;
        let heard = timeout(WAIT, async {
            loop {
                let count = socket.recv(&mut answer).await.ok()?;
                if let Some(found) = addresses(&answer[..count], id) {
                    return Some(found);
                }
            }
        });
        if let Ok(Some(found)) = heard.await {
            return Some(found);
        }
    }
    None
}

fn query(id: u16, name: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(300);
    out.extend(id.to_be_bytes());
    // Recursion desired; one question.
    out.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len())
            .ok()
            .filter(|n| (1..=63).contains(n))?;
        out.push(length);
        out.extend(label.bytes());
    }
    out.extend([0, 0, 1, 0, 1]);
    Some(out)
}

/// The IPv4 addresses in an answer; `None` when it is not an answer to this question.
fn addresses(message: &[u8], id: u16) -> Option<Vec<IpAddr>> {
    let word = |at: usize| {
        Some(u16::from_be_bytes([
            *message.get(at)?,
            *message.get(at + 1)?,
        ]))
    };
    let is_answer = word(2)? & 0x8000 != 0;
    if word(0)? != id || !is_answer {
        return None;
    }
    let (questions, answers) = (word(4)?, word(6)?);
    let mut at = 12;
    for _ in 0..questions {
        at = skip_name(message, at)? + 4;
    }
    let mut found = Vec::new();
    for _ in 0..answers.min(64) {
        at = skip_name(message, at)?;
        let (kind, length) = (word(at)?, usize::from(word(at + 8)?));
        let data = message.get(at + 10..at + 10 + length)?;
        if let (TYPE_A, &[a, b, c, d]) = (kind, data) {
            found.push(Ipv4Addr::new(a, b, c, d).into());
        }
        at += 10 + length;
    }
    found.truncate(8);
    Some(found)
}

/// The position after a name. Pointers end a name, and are not followed.
fn skip_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(length),
            192.. => return Some(at + 2),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_gives_its_addresses() {
        let mut message = query(7, "broker.lab").unwrap();
        message[2] |= 0x80;
        message[7] = 2;
        // A CNAME that points at the question's name, then an address.
        message.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 2, 0xc0, 12]);
        message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 1, 2, 3]);
        assert_eq!(
            addresses(&message, 7),
            Some(vec!["10.1.2.3".parse().unwrap()])
        );
        assert_eq!(addresses(&message, 8), None);
    }

    #[test]
    fn hosts_and_servers_are_read_as_written() {
        let hosts = "127.0.0.1 localhost\n# 1.1.1.1 broker\n10.0.0.2\tbroker Broker2 # x\n";
        assert_eq!(
            from_hosts(hosts, "BROKER"),
            ["10.0.0.2".parse::<IpAddr>().unwrap()]
        );
        assert!(from_hosts(hosts, "other").is_empty());
        assert_eq!(servers("search x\nnameserver 127.0.0.11\n").len(), 1);
    }

    #[test]
    fn odd_names_are_not_asked() {
        assert_eq!(query(1, "a..b"), None);
        assert_eq!(query(1, &"a".repeat(64)), None);
    }

    proptest! {
        #[test]
        fn noise_from_a_name_server_is_survived(noise in prop::collection::vec(any::<u8>(), 0..200)) {
            let id = noise.get(..2).map_or(0, |b| u16::from_be_bytes([b[0], b[1]]));
            let _ = addresses(&noise, id);
        }
    }
}
