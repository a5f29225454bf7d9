//! What every handler can get at.

use axum::extract::FromRef;

use super::{api::events::MachineWatches, limits::StreamLimits};
use crate::services::App;

/// The state of the web layer. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Web {
    /// The use cases.
    pub(crate) app: App,
    /// How many streams each login session has open.
    pub(crate) limits: StreamLimits,
    /// The followed machines.
    pub(crate) watches: MachineWatches,
}

impl Web {
    /// Nothing is open yet.
    pub(crate) fn new(app: App) -> Self {
        Self {
            app,
            limits: StreamLimits::default(),
            watches: MachineWatches::default(),
        }
    }
}

impl FromRef<Web> for App {
    fn from_ref(web: &Web) -> Self {
        web.app.clone()
    }
}
