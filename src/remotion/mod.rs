//! Remotion Lambda's protocol. Pure: no clock, no network, no environment.
//!
//! In the order of a render's life: `names` and `values` and `options` say what can be asked for,
//! `check` refuses what would fail, `chunks` tells how the work is divided, `concurrency` among how many functions, `props` packs the props (as
//! `javascript` writes them), `payload` is the `start` event, `reply` the answer, `still` and `compositions` are
//! the other two orders, `stream` decodes what a still tells while it renders, `links` lead to AWS's console,
//! `progress` reads `progress.json`, `output` tells where the file is, `object` with what headers, `price` what
//! it cost, `webhook` that it ended.

pub mod check;
pub mod chunks;
pub mod compositions;
pub mod concurrency;
pub mod javascript;
pub mod links;
pub mod names;
pub mod number;
pub mod object;
pub mod options;
pub mod output;
pub mod payload;
pub mod price;
pub mod progress;
pub mod props;
pub mod reply;
pub mod still;
pub mod stream;
pub mod values;
pub mod webhook;
