//! Which subnet a sandbox gets. Pure: the caller lists what is taken.
//!
//! An engine's default address pools give about thirty networks; ours are small and come out of one
//! private range, so that thousands fit and a few firewall rules cover them all.

use std::{fmt, net::Ipv4Addr, str::FromStr};

/// An IPv4 range such as `10.213.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subnet {
    base: u32,
    prefix: u8,
}

/// The text is not a range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an IPv4 range as in `10.213.0.0/16`")]
pub struct InvalidSubnet(String);

impl Subnet {
    /// The range of this size that `address` lies in; `None` when `prefix` is above 32.
    pub fn around(address: Ipv4Addr, prefix: u8) -> Option<Self> {
        (prefix <= 32).then(|| Self {
            base: address.to_bits() & mask(prefix),
            prefix,
        })
    }

    /// Its first address, which names the range.
    pub const fn network(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.base)
    }

    /// Bits that all its addresses share.
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// The `n`th address after the first.
    pub const fn host(self, n: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.base.wrapping_add(n))
    }

    /// Where the bridge gets its address, unless the network has none.
    pub const fn gateway(self) -> Ipv4Addr {
        self.host(1)
    }

    /// Whether an address lies in it.
    pub fn contains(self, address: Ipv4Addr) -> bool {
        address.to_bits() & mask(self.prefix) == self.base
    }

    /// Whether the two share an address.
    pub fn overlaps(self, other: Self) -> bool {
        let shared = mask(self.prefix.min(other.prefix));
        self.base & shared == other.base & shared
    }
}

const fn mask(prefix: u8) -> u32 {
    match prefix {
        0 => 0,
        prefix => u32::MAX << (32 - prefix),
    }
}

impl FromStr for Subnet {
    type Err = InvalidSubnet;
    fn from_str(s: &str) -> Result<Self, InvalidSubnet> {
        s.split_once('/')
            .and_then(|(address, prefix)| Self::around(address.parse().ok()?, prefix.parse().ok()?))
            .ok_or_else(|| InvalidSubnet(s.to_owned()))
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network(), self.prefix)
    }
}

/// The range that sandboxes' networks come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubnetPool {
    range: Subnet,
}

/// The range can't be a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sandbox networks need a private range (10/8, 172.16/12 or 192.168/16) of /24 or larger")]
pub struct UnfitPool;

impl SubnetPool {
    /// Bits of each network: 13 machines and the bridge fit into a /28.
    pub const PREFIX: u8 = 28;

    /// Networks come out of `range`.
    pub fn new(range: Subnet) -> Result<Self, UnfitPool> {
        let last = range.host(!mask(range.prefix()));
        if range.prefix() <= 24 && range.network().is_private() && last.is_private() {
            Ok(Self { range })
        } else {
            Err(UnfitPool)
        }
    }

    /// The range itself, which firewall rules name.
    pub const fn range(self) -> Subnet {
        self.range
    }

    /// A free network, the search starting at `from` (any number) and going round; `None` when all
    /// are taken. Different numbers let two servers that share an engine rarely meet.
    pub fn allocate(self, taken: &[Subnet], from: u32) -> Option<Subnet> {
        let count = 1_u32 << (Self::PREFIX - self.range.prefix());
        (0..count)
            .map(|n| from.wrapping_add(n) % count)
            .map(|n| Subnet {
                base: self.range.base + (n << (32 - Self::PREFIX)),
                prefix: Self::PREFIX,
            })
            .find(|candidate| !taken.iter().any(|t| t.overlaps(*candidate)))
    }
}

/// The ranges that this machine has routes to, from the text of `/proc/net/route`; default routes
/// left out. A sandbox network must not hide them.
pub fn routed_ranges(proc_net_route: &str) -> Vec<Subnet> {
    proc_net_route
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            let destination = little_endian(fields.nth(1)?)?;
            let mask = little_endian(fields.nth(5)?)?;
            let prefix = u8::try_from(mask.leading_ones()).ok()?;
            (prefix > 0).then(|| Subnet::around(Ipv4Addr::from_bits(destination), prefix))?
        })
        .collect()
}

fn little_endian(hex: &str) -> Option<u32> {
    u32::from_str_radix(hex, 16).ok().map(u32::swap_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn subnet(s: &str) -> Subnet {
        s.parse().unwrap()
    }

    fn pool(s: &str) -> SubnetPool {
        SubnetPool::new(subnet(s)).unwrap()
    }

    #[test]
    fn ranges_read_back_and_know_what_they_share() {
        assert_eq!(subnet("10.213.7.9/16").to_string(), "10.213.0.0/16");
        assert!(subnet("10.0.0.0/8").overlaps(subnet("10.213.0.16/28")));
        assert!(subnet("10.213.0.16/28").overlaps(subnet("0.0.0.0/0")));
        assert!(!subnet("10.213.0.16/28").overlaps(subnet("10.213.0.32/28")));
        for bad in ["", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "::/0"] {
            assert!(bad.parse::<Subnet>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_a_private_range_with_room_is_a_pool() {
        for good in [
            "10.213.0.0/16",
            "192.168.0.0/16",
            "172.16.0.0/12",
            "10.1.2.0/24",
        ] {
            assert!(SubnetPool::new(subnet(good)).is_ok(), "{good}");
        }
        for bad in ["8.8.0.0/16", "10.0.0.0/25", "172.16.0.0/11", "0.0.0.0/0"] {
            assert_eq!(SubnetPool::new(subnet(bad)), Err(UnfitPool), "{bad}");
        }
    }

    #[test]
    fn networks_of_others_are_stepped_over() {
        let taken = [subnet("10.213.0.0/25"), subnet("192.168.1.0/24")];
        assert_eq!(
            pool("10.213.0.0/16").allocate(&taken, 0),
            Some(subnet("10.213.0.128/28"))
        );
        assert_eq!(
            pool("10.213.0.0/16").allocate(&[subnet("10.0.0.0/8")], 7),
            None
        );
    }

    #[test]
    fn a_full_pool_gives_its_last_network_and_then_none() {
        let pool = pool("10.9.8.0/24");
        let mut taken = Vec::new();
        while let Some(next) = pool.allocate(&taken, 11) {
            taken.push(next);
        }
        assert_eq!(taken.len(), 16);
    }

    #[test]
    fn the_machine_s_own_routes_are_read() {
        let text = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
            eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
            eth0\t0000D50A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        assert_eq!(routed_ranges(text), [subnet("10.213.0.0/24")]);
    }

    proptest! {
        #[test]
        fn a_network_given_out_lies_in_the_pool_and_meets_nobody_s(
            taken in prop::collection::vec((any::<u32>(), 8..=32u8), 0..40), from in any::<u32>()
        ) {
            let pool = pool("10.0.0.0/16");
            let taken: Vec<Subnet> = taken
                .into_iter()
                .filter_map(|(bits, prefix)| {
                    // Near the pool, so that they do meet it.
                    Subnet::around(Ipv4Addr::from_bits(0x0a00_0000 | bits & 0x00ff_ffff), prefix.max(17))
                })
                .collect();
            let is_taken = |network: Subnet| taken.iter().any(|t| t.overlaps(network));
            if let Some(given) = pool.allocate(&taken, from) {
                prop_assert!(pool.range().overlaps(given) && given.prefix() == SubnetPool::PREFIX);
                prop_assert!(!is_taken(given));
            } else {
                // Now and then those of others cover the whole pool.
                let mut all = (0..=u16::MAX).step_by(16).map(|host| {
                    Subnet::around(Ipv4Addr::from_bits(0x0a00_0000 | u32::from(host)), SubnetPool::PREFIX)
                });
                prop_assert!(all.all(|network| network.is_some_and(is_taken)));
            }
        }
    }
}
