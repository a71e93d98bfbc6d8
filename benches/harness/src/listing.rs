//! ListObjectsV2 of a state bucket with so many orders on its list; S3 finds a page without reading those before.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::stub::{BUCKET, RENDER};

/// The newest order's time, counted backwards as `src/records/list.rs` does.
fn newest() -> u64 {
    static NEWEST: OnceLock<u64> = OnceLock::new();
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_millis() as u64;
    *NEWEST.get_or_init(|| 9_999_999_999_999 - now())
}

/// The name of the `index`th order's entry.
pub fn name(index: u64) -> String {
    format!("{}~default~us-east-1~{BUCKET}~{RENDER}", newest() + index)
}

/// The page that a query asks for, of so many orders.
pub fn page(query: &str, orders: u64) -> String {
    let value = |name: &str| {
        let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        pair.unwrap_or_default().replace("%2F", "/").replace("%7E", "~")
    };
    let prefix = value("prefix");
    let most = value("max-keys").parse().unwrap_or(1000);
    let after = value("start-after");
    let after = after.strip_prefix(&prefix).and_then(|name| name.split('~').next()?.parse::<u64>().ok());
    let from = after.map_or(0, |time| time - newest() + 1);
    let until = orders.min(from + most);
    let entries: String = (from..until)
        .map(|index| format!("<Contents><Key>{prefix}{}.json</Key><Size>2</Size></Contents>", name(index)))
        .collect();
    format!("<ListBucketResult><IsTruncated>{}</IsTruncated>{entries}</ListBucketResult>", until < orders)
}
