//! What labs were measured to need, as text, Markdown and JSON.
//!
//! Pure: whoever measures fills in the figures.

use std::fmt::Write as _;

use serde::Serialize;

use super::lab_report::seconds;
use crate::{
    domain::{
        ids::Slug,
        measurement::{Host, Images, Measurement},
    },
    grading::escape,
};

/// What measuring labs came to.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    /// On what.
    pub(super) host: Option<Host>,
    /// The labs in the order in which they were measured.
    pub(super) labs: Vec<Needs>,
    /// The images of all labs that were measured together.
    pub(super) images: Option<Images>,
}

/// What measuring one lab came to.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Needs {
    /// The figures.
    Measured(Measurement),
    /// It could not be measured.
    Unknown {
        /// Which lab.
        lab: Slug,
        /// Why. Untrusted text.
        problem: String,
    },
}

impl Needs {
    /// One line for whoever waits.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Measured(m) => format!(
                "{}: {} at rest, {} at most, of {}; ready after {}",
                m.lab,
                m.rest_bytes(),
                m.peak_bytes,
                m.promised_bytes(),
                seconds(m.start_ms)
            ),
            Self::Unknown { lab, problem } => {
                format!("{lab}: NOT MEASURED: {}", escape(problem))
            }
        }
    }
}

/// The cells of a lab: its name, the number of its machines, memory at rest, at its peak and
/// promised, time to start, images.
fn cells(m: &Measurement) -> [String; 7] {
    [
        m.lab.to_string(),
        m.machines.len().to_string(),
        m.rest_bytes().to_string(),
        m.peak_bytes.to_string(),
        m.promised_bytes().to_string(),
        seconds(m.start_ms),
        m.images.total_bytes.to_string(),
    ]
}

const HEAD: [&str; 7] = [
    "Lab", "Machines", "At rest", "Peak", "Promised", "Start", "Images",
];

impl Report {
    /// The figures there are.
    pub(super) fn measured(&self) -> impl Iterator<Item = &Measurement> {
        self.labs.iter().filter_map(|needs| match needs {
            Needs::Measured(measurement) => Some(measurement),
            Needs::Unknown { .. } => None,
        })
    }

    /// Whether every lab could be measured.
    pub(super) fn is_complete(&self) -> bool {
        self.measured().count() == self.labs.len()
    }

    /// For people: a line a lab, and one a machine.
    pub(super) fn table(&self) -> String {
        let rows: Vec<[String; 7]> = self.measured().map(cells).collect();
        let machines = self.measured().flat_map(|m| &m.machines);
        let widths: Vec<usize> = (0..HEAD.len())
            .map(|column| {
                let cells = rows.iter().map(|row| row[column].len());
                cells.chain([HEAD[column].len()]).max().unwrap_or(0)
            })
            .collect();
        // Names of machines stand below those of labs, two further in.
        let names = machines.map(|m| m.name.as_str().len() + 2);
        let first = names.chain([widths[0]]).max().unwrap_or(0);
        let line = |cells: &[&str]| {
            let mut line = format!("{:first$}", cells[0]);
            for (cell, width) in cells.iter().zip(&widths).skip(1) {
                let _ = write!(line, "  {cell:>width$}");
            }
            line.trim_end().to_owned() + "\n"
        };
        let mut out = String::new();
        if !rows.is_empty() {
            out += &line(&HEAD);
        }
        for (m, row) in self.measured().zip(&rows) {
            out += &line(&row.each_ref().map(String::as_str));
            for machine in &m.machines {
                let name = format!("  {}", machine.name);
                let (rest, promised) = (machine.rest_bytes, machine.promised_bytes);
                out += &line(&[&name, "", &rest.to_string(), "", &promised.to_string()]);
            }
        }
        for needs in &self.labs {
            if matches!(needs, Needs::Unknown { .. }) {
                let _ = writeln!(out, "{}", needs.line());
            }
        }
        if let Some(images) = &self.images {
            let _ = writeln!(out, "\n{}", together(images));
        }
        if let Some(host) = &self.host {
            let _ = writeln!(out, "{}", on(host));
        }
        out
    }

    /// For documents.
    pub(super) fn markdown(&self) -> String {
        let mut out = format!("| {} |\n|---|---|--:|--:|--:|--:|--:|\n", HEAD.join(" | "));
        for m in self.measured() {
            let mut cells = cells(m);
            cells[0] = format!("`{}`", m.lab);
            let names: Vec<&str> = m.machines.iter().map(|m| m.name.as_str()).collect();
            cells[1] = names.join(", ");
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
        if let Some(images) = &self.images {
            let _ = writeln!(out, "\n{}", together(images));
        }
        out
    }

    /// For programs. Sizes are in bytes, times in milliseconds.
    pub(super) fn json(&self) -> String {
        // Nothing in it can fail to be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

fn together(images: &Images) -> String {
    let Images {
        each,
        total_bytes,
        shared_once,
    } = images;
    let how = if *shared_once {
        "layers that they share counted once"
    } else {
        "plain sum: the engine does not tell what they share"
    };
    let largest = each.iter().map(|i| i.bytes).max().unwrap_or_default();
    let count = each.len();
    format!("Images of these labs together: {count}, {total_bytes} ({how}); the largest {largest}.")
}

fn on(host: &Host) -> String {
    let Host {
        engine,
        cpus,
        memory_bytes,
    } = host;
    format!("Measured with {engine} on {cpus} cores and {memory_bytes} of memory.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{measurement::tests::measurement, quantity::Bytes};

    fn report() -> Report {
        let queue = measurement("rabbitmq-first-queue");
        let mut greet = measurement("greet");
        greet.machines.truncate(1);
        greet.peak_bytes = Bytes(1_600 << 20);
        Report {
            host: Some(queue.host.clone()),
            images: Some(queue.images.clone()),
            labs: vec![
                Needs::Measured(queue),
                Needs::Unknown {
                    lab: "broken".parse().unwrap(),
                    problem: "step one: \u{1b}[31mred".to_owned(),
                },
                Needs::Measured(greet),
            ],
        }
    }

    #[test]
    fn people_get_a_line_a_lab_and_a_line_a_machine() {
        assert_eq!(
            report().table(),
            "\
Lab                   Machines  At rest     Peak  Promised  Start   Images
rabbitmq-first-queue         2  131 MiB  180 MiB   768 MiB  4.3 s  320 MiB
  desk                           11 MiB            256 MiB
  broker                        120 MiB            512 MiB
greet                        1   11 MiB  1.6 GiB   256 MiB  4.3 s  320 MiB
  desk                           11 MiB            256 MiB
broken: NOT MEASURED: step one: \\u{1b}[31mred

Images of these labs together: 2, 320 MiB (layers that they share counted once); the largest 300 MiB.
Measured with Docker 20.10.24 on 2 cores and 24.0 GiB of memory.
"
        );
    }

    #[test]
    fn documents_get_the_labs_that_were_measured() {
        assert_eq!(
            report().markdown(),
            "\
| Lab | Machines | At rest | Peak | Promised | Start | Images |
|---|---|--:|--:|--:|--:|--:|
| `rabbitmq-first-queue` | desk, broker | 131 MiB | 180 MiB | 768 MiB | 4.3 s | 320 MiB |
| `greet` | desk | 11 MiB | 1.6 GiB | 256 MiB | 4.3 s | 320 MiB |

Images of these labs together: 2, 320 MiB (layers that they share counted once); the largest 300 MiB.
"
        );
    }

    #[test]
    fn programs_get_bytes_and_what_went_wrong() {
        let json: serde_json::Value = serde_json::from_str(&report().json()).unwrap();
        assert_eq!(json["host"]["cpus"], 2);
        assert_eq!(json["labs"][0]["start_ms"], 4321);
        assert_eq!(json["labs"][0]["machines"][1]["rest_bytes"], 120 << 20);
        assert_eq!(json["labs"][1]["lab"], "broken");
        assert!(json["labs"][1]["problem"].is_string());
        assert_eq!(json["images"]["shared_once"], true);
    }

    #[test]
    fn a_report_with_a_lab_that_failed_is_not_complete() {
        let mut report = report();
        assert!(!report.is_complete());
        report.labs.remove(1);
        assert!(report.is_complete());
    }

    #[test]
    fn without_layers_the_sum_says_that_it_is_a_plain_one() {
        let mut images = report().images.unwrap();
        images.shared_once = false;
        assert!(together(&images).contains("plain sum"));
    }
}
