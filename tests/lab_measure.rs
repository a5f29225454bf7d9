//! `slipway lab measure` as it is run at the console, with real sandboxes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails says so"
)]

mod sandbox_support;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use bollard::{
    Docker,
    query_parameters::{
        ListContainersOptionsBuilder, ListImagesOptionsBuilder, RemoveImageOptionsBuilder,
    },
};
use serde_json::Value;
use slipway::{
    domain::{measurement::Measurement, quantity::Bytes},
    store::Store,
};

use sandbox_support::{agent_program, image};

const MIB: u64 = 1 << 20;
/// An image of the test's own.
const IMAGE: &str = "measured-extra";

/// A folder of labs and one for data.
struct Place(tempfile::TempDir);

impl Place {
    /// The fixture's lab `first`, between one that uses memory and has an image of its own, and one
    /// whose solution fails.
    async fn new() -> Self {
        image("base").await;
        let place = Self(tempfile::tempdir().unwrap());
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        copy(&here.join("tests/fixtures/labs"), &place.labs());
        copy(
            &here.join("labs/images/base"),
            &place.labs().join("images/base"),
        );
        let extra = "FROM slipway/base\nRUN head -c 3000000 /dev/urandom > /usr/share/extra\n";
        place.write(&format!("images/{IMAGE}/Dockerfile"), extra);
        let second = format!("{{name: second, image: {IMAGE}, profile: plain, memory: 48MiB}}\n");
        place.lab(
            "measured-heavy",
            &second,
            "echo 42 >answer; head -c 8M /dev/zero >big",
        );
        place.lab("measured-broken", "", "exit 3");
        let outline = "- lab: measured-heavy\n      - lab: measured-broken\n      - lab: first";
        place.change("course/course.yaml", "- lab: first", outline);
        place
    }

    fn labs(&self) -> PathBuf {
        self.0.path().join("labs")
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.labs().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn change(&self, path: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.labs().join(path)).unwrap();
        assert!(text.contains(from), "{path} has no {from}");
        self.write(path, &text.replace(from, to));
    }

    /// A lab like `first`, with another machine and solution.
    fn lab(&self, name: &str, machine: &str, solution: &str) {
        let folder = format!("course/basics/{name}");
        let first = self.labs().join("course/basics/first");
        copy(&first, &self.labs().join(&folder));
        let manifest = format!("{folder}/lab.yaml");
        self.change(&manifest, "id: first", &format!("id: {name}"));
        if !machine.is_empty() {
            let list = format!("  - {machine}editor:");
            self.change(&manifest, "editor:", &list);
        }
        self.write(&format!("{folder}/solution/write.sh"), solution);
    }

    async fn measure(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slipway"));
        command
            .args(["lab", "measure"])
            .args(args)
            .current_dir(self.0.path())
            .env("SLIPWAY_DATA_DIR", self.data())
            .env("SLIPWAY_LABS_DIR", self.labs())
            .env("SLIPWAY_AGENT_BINARY", agent_program())
            .env("SLIPWAY_SANDBOX_SUBNETS", "10.217.0.0/16");
        tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn measurement(value: &Value) -> Measurement {
    serde_json::from_value(value.clone()).unwrap()
}

/// Whether any container of these labs is left.
async fn is_left(docker: &Docker, labs: &[&str]) -> bool {
    for lab in labs {
        let label = vec![format!("io.slipway.lab={lab}")];
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&HashMap::from([("label", label)]))
            .build();
        if !docker
            .list_containers(Some(options))
            .await
            .unwrap()
            .is_empty()
        {
            return true;
        }
    }
    false
}

async fn remove_image(docker: &Docker) {
    let name = vec![format!("slipway/{IMAGE}")];
    let options = ListImagesOptionsBuilder::default()
        .filters(&HashMap::from([("reference", name)]))
        .build();
    for found in docker.list_images(Some(options)).await.unwrap() {
        let options = RemoveImageOptionsBuilder::default().force(true).build();
        docker
            .remove_image(&found.id, Some(options), None)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn labs_are_measured_in_order_kept_and_one_that_fails_does_not_stop_the_others() {
    let place = Place::new().await;
    let output = place.measure(&["--json"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let docker = Docker::connect_with_defaults().unwrap();
    remove_image(&docker).await;
    let report: Value = serde_json::from_slice(&output.stdout).expect(&said);
    assert_eq!(output.status.code(), Some(1), "one lab failed: {said}");

    let names: Vec<&str> = report["labs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lab| lab["lab"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["measured-heavy", "measured-broken", "first"]);
    let problem = report["labs"][1]["problem"].as_str().unwrap();
    assert!(problem.starts_with("step write: "), "{problem}");
    assert!(said.contains("measured-broken: NOT MEASURED: step write: "));

    let first = measurement(&report["labs"][2]);
    assert!(first.start_ms > 0);
    assert_eq!(first.promised_bytes(), Bytes(64 * MIB));
    // The agent alone takes some of it, and no lab rests at its limit.
    let rest = first.rest_bytes().0;
    assert!((MIB / 2..60 * MIB).contains(&rest), "{rest}");
    assert!(first.host.cpus > 0 && first.host.memory_bytes.0 > 256 * MIB);

    let heavy = measurement(&report["labs"][0]);
    let machines: Vec<&str> = heavy.machines.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(machines, ["desk", "second"]);
    assert_eq!(heavy.promised_bytes(), Bytes(112 * MIB));
    // The solution leaves 8 MiB in the home, which lies in memory.
    let grown = heavy.peak_bytes.0.saturating_sub(heavy.rest_bytes().0);
    assert!(grown >= 7 * MIB, "{grown}");

    let size = |name: &str| {
        let image = heavy.images.each.iter().find(|i| i.name.as_str() == name);
        image.unwrap().bytes.0
    };
    assert_eq!(size(IMAGE), size("base") + 3_000_000);
    assert!(heavy.images.shared_once);
    assert_eq!(heavy.images.total_bytes, Bytes(size(IMAGE)));

    let store = Store::open(&place.data().join("slipway.db")).await.unwrap();
    assert_eq!(store.measurements().await.unwrap(), [first, heavy]);
    assert!(!is_left(&docker, &["measured-heavy", "measured-broken"]).await);
}

#[tokio::test]
async fn without_saving_no_database_is_made_and_the_table_is_markdown() {
    let place = Place::new().await;
    let output = place.measure(&["first", "--markdown", "--no-save"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("| `first` | desk | "), "{table}");
    assert!(!place.data().exists());
}
