//! Labs on disk and what is wrong with them.

use std::collections::BTreeMap;

use crate::{
    content::{Loaded, problem},
    domain::{ids::Slug, text::Locale},
    services::{App, ServiceError},
    web::view::admin::{AdminLab, Problem},
};

/// Every lab that is loaded, then what could not be loaded, by its folder.
pub(super) async fn list(
    app: &App,
    loaded: &Loaded,
    locale: Locale,
) -> Result<Vec<AdminLab>, ServiceError> {
    let mut problems: BTreeMap<(Slug, Slug), Vec<Problem>> = BTreeMap::new();
    for problem in &loaded.problems {
        let Some(key) = place(&problem.file) else {
            tracing::debug!(problem.file, "a problem outside of any course");
            continue;
        };
        problems.entry(key).or_default().push(shown(problem));
    }
    let mut labs = Vec::new();
    for lab in loaded.catalog.labs() {
        let key = (lab.course.clone(), lab.lab.id.clone());
        labs.push(AdminLab {
            course: lab.course.clone(),
            id: lab.lab.id.clone(),
            title: lab.lab.title.get(locale).to_owned(),
            published_at: app
                .store
                .published_lab(&lab.lab.id)
                .await?
                .map(|v| v.published_at),
            problems: problems.remove(&key).unwrap_or_default(),
        });
    }
    for ((course, id), problems) in problems {
        let published_at = app.store.published_lab(&id).await?.map(|v| v.published_at);
        labs.push(AdminLab {
            title: id.to_string(),
            course,
            id,
            published_at,
            problems,
        });
    }
    Ok(labs)
}

/// Course and lab of a file `course/module/lab/…`; a file of the course itself stands for the
/// course.
fn place(file: &str) -> Option<(Slug, Slug)> {
    let mut parts = file.split('/');
    let course: Slug = parts.next()?.parse().ok()?;
    let lab = match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(lab), Some(_)) => lab.parse().ok(),
        _ => None,
    };
    Some((course.clone(), lab.unwrap_or(course)))
}

fn shown(problem: &problem::Problem) -> Problem {
    Problem {
        file: problem.file.clone(),
        line: problem.line,
        message: problem.message.clone(),
        remedy: Some(problem.remedy.clone()).filter(|r| !r.is_empty()),
        warning: problem.severity == problem::Severity::Warning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_belongs_to_the_lab_whose_folder_it_is_in() {
        let key = |file: &str| place(file).map(|(c, l)| format!("{c}/{l}"));
        assert_eq!(key("go/basics/hello/lab.yaml").as_deref(), Some("go/hello"));
        assert_eq!(
            key("go/basics/hello/solution/a.sh").as_deref(),
            Some("go/hello")
        );
        assert_eq!(key("go/course.yaml").as_deref(), Some("go/go"));
        assert_eq!(key("go/basics/intro.zh.md").as_deref(), Some("go/go"));
        assert_eq!(key("Not A Slug/x"), None);
    }
}
