//! What a render costs, estimated as the official client does.
//!
//! The estimate counts Lambda alone: memory and disk by time, and requests. The official client prices
//! time and disk as ARM and requests as x86; we do the same, so that both show the same number. See
//! <https://www.remotion.dev/docs/lambda/estimateprice> and <https://aws.amazon.com/lambda/pricing/>.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::number::as_javascript;

/// The disk in MB that the official client assumes when it prices a running render, whatever the function
/// really has.
pub const ASSUMED_DISK_MB: u32 = 10_240;

/// The part of a function's disk that AWS does not charge for, in MB.
const FREE_DISK_MB: u32 = 512;

const DISCLAIMER: &str =
    "Estimate of the Lambda charges alone; storage, transfer and other AWS services are not included.";

/// What a number of invocations used together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// Memory of each function in MB.
    pub memory_mb: u32,
    /// Size of each function's `/tmp` in MB; the first 512 are free.
    pub disk_mb: u32,
    /// Duration of all invocations together, in milliseconds.
    pub duration_ms: f64,
    /// How often a function was invoked.
    pub invocations: u64,
}

/// What can't be priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PriceError {
    /// Functions have 512 to 10240 MB of memory.
    Memory,
    /// Functions have 512 to 10240 MB of disk.
    Disk,
    /// A duration is a number from 0.
    Duration,
    /// No prices are known there. Use one of [`super::names::REGIONS`].
    Region,
}

impl fmt::Display for PriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory must be 512 to 10240 MB",
            Self::Disk => "disk must be 512 to 10240 MB",
            Self::Duration => "a duration is a number of milliseconds from 0",
            Self::Region => "no prices are known in this region",
        })
    }
}

impl Error for PriceError {}

/// Estimates a price before anything is rendered, in the region's currency (CNY in China, else USD), rounded
/// to five decimals. See <https://www.remotion.dev/docs/lambda/estimateprice>.
///
/// # Errors
/// [`PriceError`]
///
/// ```
/// # use rendergate::remotion::price::{estimate, Usage};
/// let usage = Usage { memory_mb: 2048, disk_mb: 2048, duration_ms: 20_000.0, invocations: 1 };
/// assert_eq!(estimate(&usage, "us-east-1"), Ok(0.00053));
/// ```
pub fn estimate(usage: &Usage, region: &str) -> Result<f64, PriceError> {
    let size = 512..=10_240;
    if !size.contains(&usage.memory_mb) {
        return Err(PriceError::Memory);
    }
    if !size.contains(&usage.disk_mb) {
        return Err(PriceError::Disk);
    }
    if !(usage.duration_ms.is_finite() && usage.duration_ms >= 0.0) {
        return Err(PriceError::Duration);
    }
    usage.price(region).ok_or(PriceError::Region)
}

impl Usage {
    /// The price of this usage in the region's currency, rounded to five decimals. `None` in a region whose
    /// prices are not known.
    pub fn price(&self, region: &str) -> Option<f64> {
        let (per_gb_s, per_disk_gb_s, per_request) = prices(region)?;
        let memory = per_gb_s * (f64::from(self.memory_mb) * self.duration_ms / 1000.0 / 1024.0);
        let charged_disk = f64::from(self.disk_mb.saturating_sub(FREE_DISK_MB));
        let disk = charged_disk * per_disk_gb_s * (self.duration_ms / 1000.0 / 1024.0);
        let requests = per_request * self.invocations as f64;
        Some(rounded(memory + disk + requests, 5))
    }
}

/// Costs as they appear in an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Costs {
    /// The amount so far.
    #[serde(serialize_with = "as_javascript")]
    pub accrued_so_far: f64,
    /// The same for people to read: `$0.012`, or `<$0.001` below a tenth of a cent.
    pub display_cost: String,
    /// `USD`, or `CNY` in China.
    pub currency: String,
    /// What the estimate leaves out.
    pub disclaimer: String,
}

impl Costs {
    /// Costs of what was used up to now, to five significant digits. 0 in a region whose prices are not known.
    pub fn so_far(usage: &Usage, region: &str) -> Self {
        Self::new(five_digits(usage.price(region).unwrap_or_default()), region)
    }

    /// Costs of this amount, in the currency of this region.
    pub fn new(accrued_so_far: f64, region: &str) -> Self {
        let (currency, symbol) = if region.starts_with("cn-") { ("CNY", "¥") } else { ("USD", "$") };
        let display_cost = if accrued_so_far < 0.001 {
            format!("<{symbol}0.001")
        } else {
            format!("{symbol}{}", three_decimals(accrued_so_far))
        };
        Self { accrued_so_far, display_cost, currency: currency.to_owned(), disclaimer: DISCLAIMER.to_owned() }
    }
}

/// Rounds a positive number, and a tie upwards as JavaScript's `toFixed` does, where Rust rounds it to even.
/// Only a multiple of 2^-(decimals + 1) can be a tie; the smallest step above it is none.
fn rounded(number: f64, decimals: usize) -> f64 {
    let tie = (number * 2f64.powi(decimals as i32 + 1)).fract() == 0.0;
    let number = if tie { number.next_up() } else { number };
    format!("{number:.decimals$}").parse().unwrap_or(number)
}

/// Rounds to five significant digits an amount that has at most five decimals. From 100 000 on, which no
/// render costs, to whole numbers.
fn five_digits(amount: f64) -> f64 {
    let integer_digits = (amount as u64).checked_ilog10().map_or(0, |log| log + 1);
    rounded(amount, 5u32.saturating_sub(integer_digits) as usize)
}

/// `1234.5675` as `1,234.568`: rounds the decimal digits that are shown of a number, not its binary value,
/// half upwards, as JavaScript's number format does.
fn three_decimals(amount: f64) -> String {
    let text = amount.to_string();
    let (integer, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits: String = fraction.chars().chain("0000".chars()).take(4).collect();
    let ten_thousandths: u64 = format!("{integer}{digits}").parse().unwrap_or(u64::MAX);
    let thousandths = ten_thousandths / 10 + u64::from(ten_thousandths % 10 >= 5);
    let mut integer = (thousandths / 1000).to_string();
    for comma in (1..integer.len()).rev().filter(|i| (integer.len() - i).is_multiple_of(3)).collect::<Vec<_>>() {
        integer.insert(comma, ',');
    }
    format!("{integer}.{:03}", thousandths % 1000)
}

/// Prices of a region: per GB-second of memory (ARM), per GB-second of disk (ARM), per request (x86). In USD,
/// in China in CNY; AWS's public list as Remotion 4.0.527 knows it.
fn prices(region: &str) -> Option<(f64, f64, f64)> {
    Some(match region {
        "af-south-1" => (0.0000176800, 0.0000000404, 0.00000027),
        "ap-east-1" => (0.0000183000, 0.0000000407, 0.00000028),
        "ap-south-1" | "ap-northeast-2" => (0.0000133334, 0.0000000352, 0.00000020),
        "ap-northeast-1" | "ap-northeast-3" | "ap-southeast-1" | "ap-southeast-2" | "ap-southeast-4" | "us-west-1" => {
            (0.0000133334, 0.0000000370, 0.00000020)
        }
        "ap-southeast-5" => (0.0000120000, 0.0000000333, 0.00000018),
        "ca-central-1" | "eu-west-1" => (0.0000133334, 0.0000000340, 0.00000020),
        "eu-central-1" => (0.0000133334, 0.0000000367, 0.00000020),
        "eu-west-2" | "eu-west-3" => (0.0000133334, 0.0000000358, 0.00000020),
        "eu-south-1" => (0.0000156138, 0.0000000357, 0.00000023),
        "eu-north-1" => (0.0000133334, 0.0000000323, 0.00000020),
        "eu-central-2" => (0.0000146667, 0.0000000441, 0.00000022),
        "sa-east-1" => (0.0000133334, 0.0000000586, 0.00000020),
        "us-east-1" | "us-east-2" | "us-west-2" => (0.0000133334, 0.0000000309, 0.00000020),
        "cn-north-1" => (0.000090800, 0.0000002303, 0.00000136),
        "cn-northwest-1" => (0.000090800, 0.0000002049, 0.00000136),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
