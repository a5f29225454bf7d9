//! What labs were measured to need.

use crate::{
    services::{App, ServiceError},
    web::{i18n::Translator, present, view::admin::AdminNeeds},
};

/// Every lab in teaching order, measured or not.
pub(super) async fn list(app: &App, t: Translator) -> Result<Vec<AdminNeeds>, ServiceError> {
    let mut known = app.measurements().await?;
    let loaded = app.loaded();
    let labs = loaded.catalog.labs_in_order().map(|lab| AdminNeeds {
        course: lab.course.clone(),
        id: lab.lab.id.clone(),
        title: lab.lab.title.get(t.locale()).to_owned(),
        needs: present::needs(known.remove(&lab.lab.id), t),
    });
    Ok(labs.collect())
}
