//! ListObjectsV2 of a state bucket with so many orders on its list; S3 finds a page without reading those before.

use crate::stub::{BUCKET, RENDER};

/// The first order's time, counted backwards as `records/list.rs` does.
const FIRST: u64 = 8_236_000_000_000;

/// The name of the `index`th order's entry.
pub fn name(index: u64) -> String {
    format!("{}~default~us-east-1~{BUCKET}~{RENDER}", FIRST + index)
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
    let from = after.map_or(0, |time| time - FIRST + 1);
    let until = orders.min(from + most);
    let entries: String = (from..until)
        .map(|index| {
            let name = name(index);
            format!("<Contents><Key>{prefix}{name}.json</Key><Size>2</Size></Contents>")
        })
        .collect();
    format!("<ListBucketResult><IsTruncated>{}</IsTruncated>{entries}</ListBucketResult>", until < orders)
}
