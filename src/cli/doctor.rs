//! `slipway doctor`: what is missing on this machine, and how to mend it. The checks are data; how
//! they are shown is the caller's.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::ExitCode,
};

use crate::sandbox::{
    Engine, EngineError, EngineInfo,
    docker::DockerEngine,
    engine::HostIsolation,
    images::{BASE_IMAGE, ImageCatalog},
};
use crate::{
    config::Config,
    lifecycle::{StartError, docker_config},
};

/// Less free memory than this leaves room for no lab.
const LOW_MEMORY: u64 = 1 << 30;

/// Less free disk than this is not enough to build the lab images.
const LOW_DISK: u64 = 6 << 30;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Works, with something to know.
    Warn,
    /// Something will not work.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in a few words.
    pub name: &'static str,
    /// How it came out.
    pub level: Level,
    /// What was found.
    pub explanation: String,
    /// What to do about it; empty when all is well.
    pub remedy: String,
}

impl Finding {
    fn ok(name: &'static str, explanation: impl Into<String>) -> Self {
        Self::new(name, Level::Ok, explanation, "")
    }

    fn new(
        name: &'static str,
        level: Level,
        explanation: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            name,
            level,
            explanation: explanation.into(),
            remedy: remedy.into(),
        }
    }
}

/// Where to look.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The folder of the database.
    pub data: &'a Path,
    /// `labs/images`.
    pub images: &'a Path,
    /// The agent's program.
    pub agent: &'a Path,
    /// Where the server shall listen.
    pub listen: SocketAddr,
}

/// Shows what the doctor found; the code is 0 unless something will not work.
pub(super) async fn run(config: &Config) -> Result<ExitCode, StartError> {
    let engine = DockerEngine::new(docker_config(config, "doctor")?);
    let (images, agent) = (config.images_dir(), config.agent_path());
    let places = Places {
        data: &config.data_dir,
        images: &images,
        agent: &agent,
        listen: config.listen,
    };
    let findings = examine(&engine, places).await;
    for finding in &findings {
        let mark = match finding.level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        println!("{mark}  {}: {}", finding.name, finding.explanation);
        if !finding.remedy.is_empty() {
            println!("      → {}", finding.remedy);
        }
    }
    let fails = verdict(&findings) == Level::Fail;
    Ok(if fails {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Looks at everything. Changes nothing.
pub async fn examine(engine: &DockerEngine, places: Places<'_>) -> Vec<Finding> {
    let mut findings = vec![
        port(places.listen, TcpListener::bind(places.listen).map(drop)),
        data_folder(places.data, try_to_write(places.data)),
        disk(
            "Room for the database",
            places.data,
            free_bytes(places.data),
        ),
        agent(places.agent),
        memory(&std::fs::read_to_string("/proc/meminfo").unwrap_or_default()),
    ];
    match engine.info().await {
        Ok(info) => {
            findings.extend(engine_findings(&info));
            if engine.is_local() {
                if info.product == "Podman" {
                    let passes = std::fs::read_to_string(BRIDGED_PASSES_FIREWALL);
                    let passes = passes.is_ok_and(|text| text.trim() == "1");
                    findings.extend(bridged_traffic(passes, &forward_rules()));
                }
                let data = Path::new(&info.data_folder);
                findings.push(disk("Room for images", data, free_bytes(data)));
            }
            findings.extend(images(engine, places.images).await);
        }
        Err(error) => findings.push(no_engine(&error, engine.host())),
    }
    findings
}

/// The worst of them.
pub fn verdict(findings: &[Finding]) -> Level {
    findings.iter().map(|f| f.level).max().unwrap_or(Level::Ok)
}

fn no_engine(error: &EngineError, host: &str) -> Finding {
    Finding::new(
        "Container engine",
        Level::Fail,
        format!("{error}. Lessons work without it; labs can't start."),
        format!(
            "Run `scripts/setup`, which installs and starts Docker Engine, or point DOCKER_HOST to one \
             that runs (now: {host})."
        ),
    )
}

fn engine_findings(info: &EngineInfo) -> Vec<Finding> {
    let mut found = vec![version(info)];
    found.push(match &info.host_isolation {
        HostIsolation::NoAddress => Finding::ok(
            "Isolation from this host",
            "sandboxes' networks have no address of the host",
        ),
        HostIsolation::Firewall => Finding::ok(
            "Isolation from this host",
            "the firewall drops what comes from sandboxes' networks",
        ),
        HostIsolation::None(why) => Finding::new(
            "Isolation from this host",
            Level::Warn,
            format!("{why}: learners may reach services that listen on every address."),
            "Use Docker Engine 20.10 or later, or bind the host's services to 127.0.0.1.",
        ),
    });
    found.push(match &info.internet_refused {
        None => Finding::ok(
            "Labs with internet",
            "the firewall can keep them from private networks",
        ),
        Some(why) => Finding::new(
            "Labs with internet",
            Level::Warn,
            format!("{why}. Labs that ask for it are refused; all others run."),
            if info.product == "Podman" {
                "Use Docker Engine for them."
            } else {
                "Run the server as root on the engine's host, with nftables installed and name \
                 servers configured."
            },
        ),
    });
    found.push(if info.layer_quota {
        Finding::ok("Disk limits", "the engine can limit every container's disk")
    } else {
        Finding::ok(
            "Disk limits",
            format!(
                "{} here limits no container's disk, so machines are read-only but for folders in \
                 memory with limits of their own",
                info.storage_driver
            ),
        )
    });
    found
}

/// The kernel's switch by which traffic within a bridge goes through the firewall as well.
const BRIDGED_PASSES_FIREWALL: &str = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/// The rule that lets traffic within a sandbox's bridge pass. One of ours, first in its chain.
const LET_BRIDGED_PASS: &str =
    "FORWARD -i slw-+ -o slw-+ -m physdev --physdev-is-bridged -j ACCEPT";

/// What the firewall does with forwarded packets; empty when it can't be told.
fn forward_rules() -> String {
    let out = std::process::Command::new("iptables")
        .args(["-S", "FORWARD"])
        .output();
    out.map(|out| String::from_utf8_lossy(&out.stdout).into_owned())
        .unwrap_or_default()
}

/// Docker drops what is forwarded and opens its own bridges alone; Podman opens none for isolated
/// networks. With both on a host, a sandbox's machines don't reach each other.
fn bridged_traffic(passes_firewall: bool, rules: &str) -> Option<Finding> {
    let drops = rules.lines().any(|line| line.trim() == "-P FORWARD DROP");
    let opened = rules
        .lines()
        .any(|line| line.trim().strip_prefix("-A ") == Some(LET_BRIDGED_PASS));
    (passes_firewall && drops && !opened).then(|| {
        Finding::new(
            "Traffic within a sandbox",
            Level::Fail,
            "the host's firewall drops it (policy DROP of FORWARD, as Docker sets it, and \
             net.bridge.bridge-nf-call-iptables=1): checks over the network won't reach machines.",
            format!("Let it pass: `iptables -I {LET_BRIDGED_PASS}`."),
        )
    })
}

fn version(info: &EngineInfo) -> Finding {
    let name = "Container engine";
    let what = format!(
        "{} {} (API {}, {}, cgroup v{})",
        info.product, info.version, info.api_version, info.storage_driver, info.cgroup_version
    );
    let major = info.version.split('.').next().and_then(|v| v.parse().ok());
    match (info.product.as_str(), major) {
        ("Docker", Some(0..20)) => Finding::new(
            name,
            Level::Fail,
            format!("{what} is too old."),
            "Install Docker Engine 20.10 or later: `apt-get install docker.io`.",
        ),
        ("Docker", Some(20..29)) => Finding::ok(name, what),
        ("Podman", _) => Finding::new(
            name,
            Level::Warn,
            format!(
                "{what} answers. Of Podman, 4.3 as root was tried: labs with a nested engine and \
                 labs with internet are refused, all others run."
            ),
            "Docker Engine 20.10 to 28 run every lab.",
        ),
        _ => Finding::new(
            name,
            Level::Warn,
            format!("{what} answers, but Slipway was not tried with it."),
            "Docker Engine 20.10 to 28 are known to work.",
        ),
    }
}

async fn images(engine: &DockerEngine, folder: &Path) -> Vec<Finding> {
    let name = "Lab images";
    let catalog = match ImageCatalog::read(folder) {
        Ok(catalog) => catalog,
        Err(error) => {
            return vec![Finding::new(
                name,
                Level::Fail,
                error.to_string(),
                "Mend the folder, or point the configuration to the right one.",
            )];
        }
    };
    let mut missing = Vec::new();
    let tags = catalog.images().iter().map(|i| i.tag.as_str());
    for tag in tags.chain([BASE_IMAGE]) {
        match engine.image_present(tag).await {
            Ok(true) => {}
            Ok(false) => missing.push(tag),
            Err(error) => return vec![no_engine(&error, engine.host())],
        }
    }
    vec![if missing.is_empty() {
        Finding::ok(name, format!("all {} are built", catalog.images().len()))
    } else {
        Finding::new(
            name,
            Level::Warn,
            format!("not there yet: {}.", missing.join(", ")),
            "The server builds them by itself when it runs; labs say how far they are.",
        )
    }]
}

fn agent(path: &Path) -> Finding {
    let name = "Agent";
    match std::fs::read(path) {
        Ok(program) if program.starts_with(b"\x7fELF") => {
            Finding::ok(name, path.display().to_string())
        }
        Ok(_) => Finding::new(
            name,
            Level::Fail,
            format!("{} is not a program for Linux.", path.display()),
            "Build it with `make build`.",
        ),
        Err(error) => Finding::new(
            name,
            Level::Fail,
            format!(
                "{} can't be read ({error}); no lab can start.",
                path.display()
            ),
            "Build it with `make build`, or point the configuration to it.",
        ),
    }
}

fn port(listen: SocketAddr, bound: io::Result<()>) -> Finding {
    let name = "Port";
    match bound {
        Ok(()) => Finding::ok(name, format!("{listen} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Finding::new(
            name,
            Level::Warn,
            format!("something listens on {listen} already: the server itself, or something else."),
            format!(
                "See what it is with `ss -ltnp 'sport = :{}'`, or choose another address.",
                listen.port()
            ),
        ),
        Err(error) => Finding::new(
            name,
            Level::Fail,
            format!("the server can't listen on {listen}: {error}."),
            "Choose another address in the configuration.",
        ),
    }
}

/// Makes a file and takes it away again; the folder is made when it is missing.
fn try_to_write(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let probe = folder.join(".slipway-doctor");
    std::fs::write(&probe, b"x")?;
    std::fs::remove_file(&probe)
}

fn data_folder(folder: &Path, written: io::Result<()>) -> Finding {
    let name = "Folder of the database";
    match written {
        Ok(()) => Finding::ok(name, format!("{} can be written", folder.display())),
        Err(error) => Finding::new(
            name,
            Level::Fail,
            format!("{} can't be written: {error}.", folder.display()),
            "Give the server's user the right to write there, or choose another folder.",
        ),
    }
}

fn disk(name: &'static str, folder: &Path, free: Option<u64>) -> Finding {
    match free {
        None => Finding::new(
            name,
            Level::Warn,
            format!("how much is free at {} can't be told.", folder.display()),
            "See `df` yourself.",
        ),
        Some(free) if free < LOW_DISK => Finding::new(
            name,
            Level::Warn,
            format!("{} free at {}.", gib(free), folder.display()),
            format!("Free some: {} are a good start.", gib(LOW_DISK)),
        ),
        Some(free) => Finding::ok(name, format!("{} free at {}", gib(free), folder.display())),
    }
}

/// As `df` tells: the standard library can't.
fn free_bytes(folder: &Path) -> Option<u64> {
    let out = std::process::Command::new("df")
        .args(["--output=avail", "-B1"])
        .arg(folder)
        .output()
        .ok()?;
    parse_df(&String::from_utf8_lossy(&out.stdout))
}

fn parse_df(text: &str) -> Option<u64> {
    text.lines().nth(1)?.trim().parse().ok()
}

fn memory(meminfo: &str) -> Finding {
    let name = "Memory";
    let available = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok())
        .map(|kib| kib << 10);
    match available {
        None => Finding::new(name, Level::Warn, "how much is free can't be told.", ""),
        Some(free) if free < LOW_MEMORY => Finding::new(
            name,
            Level::Warn,
            format!("{} free: hardly room for a lab.", gib(free)),
            "End other programs, or run the engine on another machine (DOCKER_HOST).",
        ),
        Some(free) => Finding::ok(name, format!("{} free", gib(free))),
    }
}

fn gib(bytes: u64) -> String {
    let tenths = bytes / ((1 << 30) / 10);
    format!("{}.{} GiB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(product: &str, version: &str) -> EngineInfo {
        EngineInfo {
            product: product.to_owned(),
            version: version.to_owned(),
            api_version: "1.41".to_owned(),
            cgroup_version: 2,
            storage_driver: "overlay2".to_owned(),
            layer_quota: false,
            isolated_gateway: false,
            host_isolation: HostIsolation::None("no reason".to_owned()),
            internet_refused: Some("no root".to_owned()),
            rootless: false,
            security_options: vec![],
            cpus: 2,
            memory_bytes: 0,
            data_folder: String::new(),
        }
    }

    #[test]
    fn whatever_is_not_well_comes_with_a_remedy() {
        let mut findings = engine_findings(&info("Docker", "19.3.1"));
        findings.push(no_engine(
            &EngineError::EngineUnreachable("x".to_owned()),
            "unix:///x",
        ));
        findings.push(agent(Path::new("/nowhere")));
        findings.push(memory("MemAvailable:     1000 kB\n"));
        findings.push(disk("Disk", Path::new("/"), Some(1)));
        findings.push(data_folder(Path::new("/x"), Err(io::Error::other("x"))));
        let listen = "127.0.0.1:8080".parse().unwrap();
        findings.push(port(listen, Err(io::ErrorKind::AddrInUse.into())));
        for finding in &findings {
            assert_eq!(
                finding.level == Level::Ok,
                finding.remedy.is_empty(),
                "{finding:?}"
            );
        }
        assert_eq!(verdict(&findings), Level::Fail);
    }

    #[test]
    fn engines_that_were_tried_are_told_from_those_that_were_not() {
        for (product, version_of, level) in [
            ("Docker", "20.10.24+dfsg1", Level::Ok),
            ("Docker", "28.5.1", Level::Ok),
            ("Docker", "19.03.15", Level::Fail),
            ("Docker", "31.0.0", Level::Warn),
            ("Podman", "5.4.0", Level::Warn),
        ] {
            assert_eq!(
                version(&info(product, version_of)).level,
                level,
                "{version_of}"
            );
        }
    }

    #[test]
    fn a_firewall_that_cuts_sandboxes_apart_is_found_and_its_remedy_clears_it() {
        let docker = "-P FORWARD DROP\n-A FORWARD -j DOCKER-USER\n";
        let found = bridged_traffic(true, docker).unwrap();
        assert_eq!(found.level, Level::Fail);
        assert!(found.remedy.contains(LET_BRIDGED_PASS));
        let mended = format!("{docker}-A {LET_BRIDGED_PASS}\n");
        assert_eq!(bridged_traffic(true, &mended), None);
        assert_eq!(bridged_traffic(false, docker), None);
        assert_eq!(bridged_traffic(true, "-P FORWARD ACCEPT\n"), None);
        assert_eq!(bridged_traffic(true, ""), None);
    }

    #[test]
    fn free_room_is_read_from_df_and_meminfo() {
        assert_eq!(parse_df("     Avail\n123456789\n"), Some(123_456_789));
        assert_eq!(parse_df(""), None);
        let finding = memory("MemTotal: 9 kB\nMemAvailable:   16777216 kB\n");
        assert_eq!(
            (finding.level, finding.explanation.as_str()),
            (Level::Ok, "16.0 GiB free")
        );
    }
}
