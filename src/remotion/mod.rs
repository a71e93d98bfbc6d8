//! Remotion Lambda's protocol. Pure: no clock, no network, no environment.
//!
//! In the order of a render's life: `names` and `values` and `options` say what can be asked for,
//! `props` packs the props, `payload` is the `start` event, `reply` what it answers, `progress` reads
//! `progress.json`, `output` tells where the file is, `price` what it cost.

pub mod check;
pub mod chunks;
pub mod javascript;
pub mod names;
pub mod number;
pub mod options;
pub mod output;
pub mod payload;
pub mod price;
pub mod progress;
pub mod props;
pub mod reply;
pub mod values;
pub mod webhook;
