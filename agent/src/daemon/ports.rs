//! TCP ports on which something listens, out of `/proc/net`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};

/// Most bytes read of each table: some 27,000 sockets.
const MAX_TABLE: u64 = 4 * 1024 * 1024;
const LISTEN: &str = "0A";
/// 127.0.0.11 as the table writes it: the engine's name server, nothing of the learner's.
const ENGINE_DNS: &str = "0B00007F";

pub(super) fn listening() -> Vec<u16> {
    let mut ports = BTreeSet::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let Ok(file) = File::open(table) else {
            continue;
        };
        let lines = BufReader::new(file.take(MAX_TABLE)).lines();
        ports.extend(
            lines
                .map_while(Result::ok)
                .filter_map(|line| listening_port(&line)),
        );
    }
    ports.into_iter().collect()
}

fn listening_port(line: &str) -> Option<u16> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (address, port) = fields.next()?.split_once(':')?;
    let _remote = fields.next()?;
    let listens = fields.next()? == LISTEN && address != ENGINE_DNS;
    u16::from_str_radix(port, 16).ok().filter(|_| listens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listeners_of_the_machine_count() {
        let line = |address: &str, state: &str| {
            format!("   0: {address}:1F90 00000000:0000 {state} 00000000:00000000 00:0")
        };
        assert_eq!(listening_port(&line("00000000", "0A")), Some(8080));
        assert_eq!(listening_port(&line("0100007F", "0A")), Some(8080));
        assert_eq!(listening_port(&line("00000000", "01")), None);
        assert_eq!(listening_port(&line("0B00007F", "0A")), None);
        assert_eq!(listening_port("  sl  local_address rem_address   st"), None);
    }
}
