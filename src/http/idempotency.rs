//! The `Idempotency-Key` header: a string as the IETF's draft has it, or the same without quotes.

use axum::http::{HeaderMap, HeaderName};

use crate::error::{Error, Kind, Result};
use crate::renderer::{Once, Renderer};

pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Marks an answer to an order that had been accepted before; the name that payment services use.
pub(super) const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The longest key, in characters.
const LONGEST: usize = 255;

/// The key, if there is one.
///
/// # Errors
/// [`Kind::InvalidParameter`] for a header that holds none, or several.
fn key(headers: &HeaderMap) -> Result<Option<String>> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.to_str().ok().filter(|_| values.next().is_none()).and_then(|value| read(value.trim()));
    key.filter(|key| (1..=LONGEST).contains(&key.len())).map(Some).ok_or_else(|| {
        let expected = format!("one string of 1 to {LONGEST} visible letters, in quotes or without spaces");
        Error::new(Kind::InvalidParameter, format!("`Idempotency-Key`: expected {expected}."))
            .with("field", "Idempotency-Key")
    })
}

/// RFC 9651, section 3.3.3: printable ASCII in quotes, where `\` stands before a quote or itself only.
fn read(value: &str) -> Option<String> {
    let Some(quoted) = value.strip_prefix('"') else {
        let plain = |letter: char| letter.is_ascii_graphic() && !matches!(letter, '"' | '\\' | ',' | ';');
        return value.chars().all(plain).then(|| value.to_owned());
    };
    let (mut key, mut letters) = (String::new(), quoted.strip_suffix('"')?.chars());
    while let Some(letter) = letters.next() {
        key.push(match letter {
            '\\' => letters.next().filter(|letter| matches!(letter, '"' | '\\'))?,
            '"' => return None,
            ' '..='~' => letter,
            _ => return None,
        });
    }
    Some(key)
}

/// What a request with a key is recognized by.
///
/// # Errors
/// As [`key`].
pub(super) fn once(renderer: &Renderer, headers: &HeaderMap, body: &[u8]) -> Result<Option<Once>> {
    key(headers)?.map(|key| renderer.once(&key, body)).transpose()
}

/// For stills, which are answered with their image: ignoring a key would render a second one.
///
/// # Errors
/// [`Kind::InvalidParameter`] for a request with a key.
pub(super) fn refuse(headers: &HeaderMap) -> Result<()> {
    if headers.contains_key(IDEMPOTENCY_KEY) {
        let detail = "`Idempotency-Key` is for renders. Leave it out; a still that is ordered again is rendered again.";
        return Err(Error::new(Kind::InvalidParameter, detail).with("field", "Idempotency-Key"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn keys_come_with_quotes_or_without() {
        let long = "k".repeat(255);
        for (value, expected) in [
            (r#""8e03978e-40d5-43dd-bc93-6894a57f9324""#, "8e03978e-40d5-43dd-bc93-6894a57f9324"),
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
            (r#""order 7: \"a\\b\"""#, r#"order 7: "a\b""#),
            (" order/7=x ", "order/7=x"),
            (&long, &long),
        ] {
            let headers = HeaderMap::from_iter([(IDEMPOTENCY_KEY, HeaderValue::from_str(value).unwrap())]);
            assert_eq!(key(&headers).unwrap().as_deref(), Some(expected), "{value}");
        }
        assert_eq!(key(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "k".repeat(256);
        let wrong =
            ["", "\"\"", "\"", "\"a", "a b", "a,b", "\"a\", \"b\"", "\"a\";b=1", "a\"b", r#""a\b""#, r#""a\""#, &long];
        for value in wrong {
            let headers = HeaderMap::from_iter([(IDEMPOTENCY_KEY, HeaderValue::from_str(value).unwrap())]);
            assert_eq!(key(&headers).unwrap_err().kind(), Kind::InvalidParameter, "{value}");
        }
        let letters =
            HeaderMap::from_iter([(IDEMPOTENCY_KEY, HeaderValue::from_bytes("schlüssel".as_bytes()).unwrap())]);
        assert_eq!(key(&letters).unwrap_err().kind(), Kind::InvalidParameter);
        let mut twice = HeaderMap::new();
        twice.append(IDEMPOTENCY_KEY, HeaderValue::from_static("a"));
        twice.append(IDEMPOTENCY_KEY, HeaderValue::from_static("a"));
        assert_eq!(key(&twice).unwrap_err().kind(), Kind::InvalidParameter);
    }
}
