//! From check results to points.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ids::Slug, lab::Lab, submission::Outcome};

/// Points earned out of those there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Score {
    /// Points earned.
    pub earned: u32,
    /// Points there are.
    pub possible: u32,
}

impl Score {
    /// Whole percent, rounded down: only everything is 100.
    pub fn percent(self) -> u32 {
        match self.possible {
            0 => 0,
            possible => {
                u32::try_from(u64::from(self.earned) * 100 / u64::from(possible)).unwrap_or(100)
            }
        }
    }

    /// Whether every point was earned.
    pub const fn is_full(self) -> bool {
        self.possible > 0 && self.earned == self.possible
    }
}

/// The score of a lab from the best outcome of each check so far. A check that was ever passed in
/// a submission keeps its points: later steps may undo on purpose what earlier ones asked for.
pub fn lab_score(lab: &Lab, best: &BTreeMap<Slug, Outcome>) -> Score {
    let earned = lab
        .steps
        .iter()
        .flat_map(|step| &step.checks)
        .filter(|check| best.get(&check.id) == Some(&Outcome::Passed))
        .map(|check| check.points)
        .sum();
    Score {
        earned,
        possible: lab.points(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_every_point_is_a_hundred_percent() {
        assert_eq!(
            Score {
                earned: 199,
                possible: 200
            }
            .percent(),
            99
        );
        assert_eq!(
            Score {
                earned: 200,
                possible: 200
            }
            .percent(),
            100
        );
        assert_eq!(
            Score {
                earned: 0,
                possible: 0
            }
            .percent(),
            0
        );
    }
}
