//! A course as its authors write it in `course.yaml`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ids::Slug, text::Text};

/// `course.yaml`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Course {
    /// The course's name in addresses; also its folder's name.
    pub id: Slug,
    /// Its title.
    pub title: Text,
    /// One or two sentences for lists.
    pub summary: Text,
    /// Who teaches it.
    pub teacher: Teacher,
    /// Whom it is for.
    pub audience: Text,
    /// What one can do afterwards.
    pub learn: Vec<Text>,
    /// The long introduction: `<introduction>.zh.md` and `<introduction>.en.md` beside this file.
    pub introduction: String,
    /// Where learners find help.
    pub contact: Contact,
    /// The teacher's other courses.
    #[serde(default)]
    pub other_courses: Vec<OtherCourse>,
    /// The outline.
    pub modules: Vec<Module>,
}

/// Who teaches a course.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Teacher {
    /// Their name.
    pub name: Text,
    /// A few words about them.
    #[serde(default)]
    pub bio: Option<Text>,
}

/// Where learners find help.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// What to do.
    pub text: Text,
    /// An `https:` or `mailto:` address.
    #[serde(default)]
    pub url: Option<String>,
}

/// Another course of the same teacher.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherCourse {
    /// Its title.
    pub title: Text,
    /// A few words about it.
    #[serde(default)]
    pub summary: Option<Text>,
    /// An `https:` address.
    #[serde(default)]
    pub url: Option<String>,
}

/// A part of a course.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// Its name in addresses; also its folder's name.
    pub id: Slug,
    /// Its title.
    pub title: Text,
    /// A few words about it.
    pub summary: Text,
    /// Lessons and labs in teaching order.
    pub items: Vec<Item>,
}

/// A line of the outline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Item {
    /// `<module>/<lesson>.zh.md` and `.en.md`
    Lesson(Slug),
    /// `<module>/<lab>/lab.yaml`
    Lab(Slug),
}
