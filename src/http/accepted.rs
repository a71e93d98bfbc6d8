//! What a caller is told of an order that was accepted.

use serde::Serialize;

use crate::renderer::{OrderView, Started};

/// Where to go on.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Links {
    #[serde(rename = "self")]
    pub(super) own: String,
    output: String,
    copy: String,
}

impl Links {
    pub(super) fn of(id: &str) -> Self {
        let own = format!("/v1/renders/{id}");
        Self { output: format!("{own}/output"), copy: format!("{own}/copy"), own }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "StartedRender"))]
pub(super) struct StartedBody {
    #[serde(flatten)]
    started: Started,
    pub(super) links: Links,
}

/// An order that waits.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "AcceptedRender"))]
pub(super) struct QueuedBody {
    #[serde(flatten)]
    order: OrderView,
    pub(super) links: Links,
}

impl From<OrderView> for QueuedBody {
    fn from(order: OrderView) -> Self {
        Self { links: Links::of(&order.id), order }
    }
}

impl From<Started> for StartedBody {
    fn from(started: Started) -> Self {
        Self { links: Links::of(&started.id), started }
    }
}
