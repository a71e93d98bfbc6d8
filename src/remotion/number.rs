//! JSON numbers as JavaScript sees them: `30.0` is a whole number, and is written `30`.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A whole number, such as a count of frames; `30` and `30.0` alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[serde(transparent)]
pub struct Whole(pub i64);

/// Any finite number, written without a needless fraction.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "f64", inline))]
#[serde(transparent)]
pub struct Real(serde_json::Number);

/// Whole numbers up to here are exact in a double.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn whole(value: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and within 2^53")]
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

/// Writes a double as JavaScript does: other languages' integers refuse `1.0`.
pub(super) fn as_javascript<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    match whole(*number) {
        Some(whole) => serializer.serialize_i64(whole),
        None => serializer.serialize_f64(*number),
    }
}

impl From<i64> for Real {
    fn from(value: i64) -> Self {
        Self(value.into())
    }
}

impl Real {
    /// The value as a double.
    pub fn get(&self) -> f64 {
        self.0.as_f64().unwrap_or(f64::NAN)
    }
}

struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = Whole;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Whole, E> {
        Ok(Whole(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Whole, E> {
        i64::try_from(value).map(Whole).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Whole, E> {
        whole(value).map(Whole).ok_or_else(|| E::invalid_type(de::Unexpected::Float(value), &self))
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(WholeVisitor)
    }
}

struct RealVisitor;

impl Visitor<'_> for RealVisitor {
    type Value = Real;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Real, E> {
        Ok(Real(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Real, E> {
        Ok(Real(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Real, E> {
        let number = match whole(value) {
            Some(whole) => Some(whole.into()),
            None => serde_json::Number::from_f64(value),
        };
        number.map(Real).ok_or_else(|| E::invalid_value(de::Unexpected::Float(value), &self))
    }
}

impl<'de> Deserialize<'de> for Real {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RealVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_javascript_reads_them() {
        assert_eq!(serde_json::from_str::<Whole>("30.0").unwrap(), Whole(30));
        assert!(serde_json::from_str::<Whole>("30.5").is_err());
        assert!(serde_json::from_str::<Whole>("\"30\"").is_err());
        for (text, written) in [("18.0", "18"), ("0.5", "0.5"), ("-3", "-3"), ("1e3", "1000")] {
            let real: Real = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&real).unwrap(), written);
        }
    }
}
